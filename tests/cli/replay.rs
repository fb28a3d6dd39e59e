//! `record`, `--replay … --batch`, `presets`, `bench replay`.

use std::fs;
use std::path::Path;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

use super::{TINY, program, text, training};

/// Events in the record of a run.
fn recorded(run: &Path) -> usize {
    text(run.join("events.jsonl")).lines().count()
}

#[test]
fn a_recording_prints_the_table_that_its_runs_ended_with() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("runs");
    let others = format!("{} seed=1", TINY.replace("plain+hires@", "plain@"));
    let ended = training().args(["--batch", TINY, &others, "--out"]).arg(&out).assert().success();
    let said = String::from_utf8(ended.get_output().stdout.clone()).unwrap();
    let table = &said[said.find("\nrun ").unwrap()..];
    let mut runs: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
    // In the order in which they were trained.
    runs.sort_by_key(|run| fs::read_to_string(run.join("spec.toml")).unwrap().contains("seed = 1"));
    let file = folder.path().join("two.hrec");
    program().arg("record").args(&runs).arg("-o").arg(&file).assert().success().stdout(contains("2 runs in"));
    let replay = || {
        let mut command = program();
        command.arg("--replay").arg(&file).arg("--batch");
        command
    };
    replay().assert().success().stdout(table.to_owned());
    // Its events are the runs' own.
    let lines = replay().arg("--json").assert().success().get_output().stdout.clone();
    let events = String::from_utf8(lines).unwrap();
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), runs.iter().map(|run| recorded(run)).sum::<usize>());
    assert_eq!(events[0]["run"].as_str(), runs[0].file_name().unwrap().to_str());
    // Of a spec and seed that was trained twice one run counts.
    training().args(["--batch", TINY, "--out"]).arg(&out).assert().success();
    let all: Vec<_> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
    let again = folder.path().join("again.hrec");
    program().arg("record").args(&all).arg("-o").arg(&again).assert().success().stdout(contains("3 runs in"));
    let mut thrice = program();
    thrice.arg("--replay").arg(&again).arg("--batch");
    thrice.assert().success().stdout(contains("the newest counts").and(contains("mean(std)").not()));
    // A part of them.
    let part = folder.path().join("part.hrec");
    let pack = |from: &str, to: &str| {
        let mut command = program();
        command.arg("record").args(&runs).args(["--from", from, "--to", to, "-o"]).arg(&part);
        command.assert()
    };
    pack("e1", "e1").success().stdout(contains("2 runs in").and(contains("starts at ")));
    let lines = program().arg("--replay").arg(&part).args(["--batch", "--json"]).output().unwrap().stdout;
    let of_part = String::from_utf8(lines).unwrap();
    let ends = of_part.lines().filter(|line| line.contains("\"epoch_ended\"")).count();
    assert_eq!(ends, 3, "two of the first run, one of the second");
    let first =
        |text: &str| text.lines().filter(|line| line.contains(events[0]["run"].as_str().unwrap())).count();
    assert_eq!(first(&of_part), recorded(&runs[0]), "what was before is there");
    pack("0", "e1").success().stdout(contains("starts at ").not());
    pack("90%", "10%").code(2).stderr(contains("nothing to record"));
    pack("100%", "100%").code(2).stderr(contains("nothing to record"));
    pack("yesterday", "e1").code(2).stderr(contains("write 37%, e12 for an epoch"));
    // A recording stands alone.
    fs::remove_dir_all(&out).unwrap();
    replay().assert().success();
    let args = ["--rounds", "2", "--json"];
    let sought = program().args(["bench", "replay"]).arg(&file).args(args).assert().success();
    let sought: Value = serde_json::from_slice(&sought.get_output().stdout).unwrap();
    assert_eq!((&sought["runs"], &sought["epochs"]), (&2.into(), &4.into()));
    assert_eq!(sought["places"].as_array().unwrap().len(), 3);
}

#[test]
fn what_cannot_be_recorded_or_replayed_is_said() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("x.hrec");
    let refused = |args: &[&str], why: &str| {
        program().args(args).assert().code(2).stderr(contains(why.to_owned()));
    };
    let path = file.to_str().unwrap();
    refused(&["record", folder.path().to_str().unwrap(), "-o", path], "spec.toml");
    assert!(!file.exists());
    refused(&["--replay", "no-such", "--batch"], "no such file");
    fs::write(&file, "hello").unwrap();
    refused(&["--replay", path, "--batch"], "not a recording");
    refused(&["--replay", path, "--batch", "quickstart"], "takes no specs");
    refused(&["--batch"], "say what to train");
    refused(&["--speed", "2"], "--replay");
    refused(&["--replay", path, "--speed", "0.1"], "0.25 to 1000");
    refused(&["--replay", path, "--speed", "2", "--fit", "3"], "cannot be used with");
    // Without --batch it needs a terminal.
    refused(&["--replay", path], "not a recording");
    program().args(["--replay", "no-such"]).assert().code(2).stderr(
        contains("no-such: no such file").and(contains("terminal").not()).and(contains("Usage").not()),
    );
    refused(&["--replay", "demo"], "needs a terminal");
}

#[test]
fn presets_are_listed_shown_and_the_users_own_among_them() {
    let home = TempDir::new().unwrap();
    let presets = |args: &[&str]| {
        let mut command = program();
        command.env("XDG_CONFIG_HOME", home.path()).arg("presets").args(args);
        command.assert()
    };
    let own = home.path().join("hiresnet-tui/presets");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("mine.toml"), "family = \"plain\"\ndataset = \"fashion\"\nepochs = 3\n").unwrap();
    fs::write(own.join("bad.toml"), "family = 7").unwrap();
    let listed = presets(&["list", "--json"]).success().stderr(contains("skipped").and(contains("bad.toml")));
    let rows: Value = serde_json::from_slice(&listed.get_output().stdout).unwrap();
    let row = |name: &str| rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone();
    assert_eq!(row("table1-resnext-adjusted-cifar10")["parameters"], 76_474);
    assert_eq!(
        (row("mine")["own"].as_bool(), row("mine")["line"].as_str()),
        (Some(true), Some("plain@fashion epochs=3"))
    );
    assert_eq!(row("quickstart")["own"], false);
    presets(&["list"]).success().stdout(contains("mine (yours)").and(contains("table2-p3")));
    presets(&["show", "mine"]).success().stdout(contains("epochs = 3"));
    presets(&["show", "table2-in"]).success().stdout(contains("# Table 2").and(contains("hops = [\"In\"]")));
    presets(&["show", "table2-inn"]).code(2).stderr(contains("did you mean 'table2-in'?"));
    presets(&["show", "../x"]).code(2);
    // Sweeps.
    fs::write(own.join("wide.toml"), "family = 'plain'\ndataset = 'fashion'\n[axes]\nseed = '0..6'\n")
        .unwrap();
    let listed = presets(&["list", "--json"]).success();
    let rows: Value = serde_json::from_slice(&listed.get_output().stdout).unwrap();
    let row = |name: &str| rows.as_array().unwrap().iter().find(|row| row["name"] == name).unwrap().clone();
    assert_eq!((row("table2")["runs"].as_u64(), row("table2")["own"].as_bool()), (Some(40), Some(false)));
    assert_eq!(row("hop-sets")["axes"][0], "hops (64)");
    assert_eq!((row("wide")["runs"].as_u64(), row("wide")["own"].as_bool()), (Some(7), Some(true)));
    presets(&["list"]).success().stdout(contains("a sweep of 40 runs: version (8), seed (5)"));
    presets(&["show", "table2"]).success().stdout(contains("# The paper's Table 2").and(contains("[axes]")));
    presets(&["show", "wide"]).success().stdout(contains("seed = '0..6'"));
    // Names that a shipped preset or sweep has mean that one; others are no names.
    fs::copy(own.join("mine.toml"), own.join("quickstart.toml")).unwrap();
    fs::copy(own.join("wide.toml"), own.join("table1.toml")).unwrap();
    for name in ["a b.toml", "\u{1b}[31m.toml", ".hidden.toml", "notes.txt"] {
        fs::copy(own.join("mine.toml"), own.join(name)).unwrap();
    }
    let listed = presets(&["list", "--json"]).success().get_output().clone();
    let rows: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let hidden = rows.as_array().unwrap().iter().filter(|row| row["hidden"] == true);
    let names: Vec<_> = hidden.map(|row| (&row["name"], &row["own"])).collect();
    assert_eq!(names, [(&"quickstart".into(), &true.into()), (&"table1".into(), &true.into())]);
    let noted = String::from_utf8(listed.stderr).unwrap();
    for said in ["/a b.toml: a name is up to 64", "/␛[31m.toml: a name is up to 64"] {
        let lines = noted.lines().filter(|line| line.starts_with("skipped: ") && line.contains(said));
        assert_eq!(lines.count(), 1, "{noted}");
    }
    assert!(!noted.contains("hidden.toml") && !noted.contains("notes.txt"), "{noted}");
    let said = "quickstart (yours, hidden by the shipped preset of that name)";
    presets(&["list"]).success().stdout(contains(said).and(contains("table1 (yours, hidden by")));
}

#[test]
fn a_recording_replaces_files_only_and_never_what_it_is_made_of() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("runs");
    training().args(["--batch", TINY, "--out"]).arg(&out).assert().success();
    let run = fs::read_dir(&out).unwrap().next().unwrap().unwrap().path();
    let record = |runs: &[&std::path::Path], to: &std::path::Path, why: &str| {
        program()
            .arg("record")
            .args(runs)
            .arg("-o")
            .arg(to)
            .assert()
            .code(2)
            .stderr(contains(why.to_owned()));
    };
    let events = run.join("events.jsonl");
    let before = fs::read(&events).unwrap();
    record(&[&run], &events, "a run that it is made of");
    assert_eq!(fs::read(&events).unwrap(), before);
    record(&[&run, &run], &folder.path().join("x.hrec"), "given twice");
    record(&[&run], &out, "left alone");
    let other = folder.path().join("notes.txt");
    for text in ["weeks of work", "{\"hiresnet_recording\":1,\"runs\":1}\n"] {
        fs::write(&other, text).unwrap();
        record(&[&run], &other, "not a recording; --force replaces it");
        assert_eq!(fs::read_to_string(&other).unwrap(), text);
    }
    let make = |args: &[&str]| {
        program().arg("record").arg(&run).arg("-o").arg(&other).args(args).assert().success();
        program().arg("--replay").arg(&other).arg("--batch").assert().success();
    };
    make(&["--force"]);
    // A recording is replaced, and so is nothing.
    make(&[]);
    fs::write(&other, "").unwrap();
    make(&[]);
    #[cfg(unix)]
    record(&[&run], std::path::Path::new("/dev/null"), "left alone");
    program().arg("--replay").arg(&run).arg("--batch").assert().code(2).stderr(contains("makes a recording"));
    program().args(["--replay", "quickstart", "--batch"]).assert().code(2).stderr(contains("a preset"));
}
