//! `note`: names, tags and notes from the command line, and where they turn up.

use std::fs;
use std::path::PathBuf;

use hiresnet_tui::domain::event::{Event, EventKind};
use hiresnet_tui::engine::store::RunDir;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

use super::{TINY, only_run, program, text, training};

/// A folder with two runs of a tiny network that differ in their seeds.
fn kept() -> (TempDir, Vec<PathBuf>) {
    let out = TempDir::new().unwrap();
    training().args(["--batch", TINY, "--seeds", "0..1", "--out"]).arg(out.path()).assert().success();
    let mut runs: Vec<_> = fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    (out, runs)
}

#[test]
fn runs_are_named_and_tagged_and_say_so_everywhere() {
    let (out, runs) = kept();
    let note = |arguments: &[&str], runs: &[PathBuf]| {
        let mut command = program();
        command.arg("note").args(runs).args(arguments);
        command.assert()
    };
    note(&["--name", "the best", "--note", "first line\nsecond", "--tag", "a,b"], &runs[..1]).success();
    note(&["--tag", "c", "--untag", "b"], &runs).success().stdout(
        contains("name  the best").and(contains("tags  #a #c")).and(contains("note  first line second")),
    );
    note(&["--name", "both"], &runs).code(2).stderr(contains("a name is one run's"));
    note(&["--tag", "a b#c"], &runs).code(2).stderr(contains("--tag: 'b#c': a tag is one word"));
    note(&["--note", "\u{1b}[2J"], &runs).code(2).stderr(contains("without the character U+001B"));
    program()
        .arg("note")
        .arg(out.path())
        .args(["--tag", "x"])
        .assert()
        .code(2)
        .stderr(contains("a folder of runs"));
    program().args(["runs"]).arg(out.path()).assert().success().stdout(
        contains("the best · #a #c · first line second")
            .and(contains("* the best validation top-1 of runs that differ only in seed")),
    );
    let listed = program().args(["runs", "--json"]).arg(out.path()).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let rows = listed.as_array().unwrap();
    assert_eq!(rows.iter().filter(|row| row["best_of_seeds"] == true).count(), 1);
    assert_eq!((&rows[0]["name"], &rows[0]["tags"]), (&"the best".into(), &serde_json::json!(["a", "c"])));
    assert_eq!((&rows[1]["tags"], rows[1].get("name")), (&serde_json::json!(["c"]), None));
    // In reports and exports.
    program()
        .args(["report", "curves"])
        .arg(out.path())
        .assert()
        .success()
        .stdout(contains("## Notes on runs").and(contains("| the best | a c | first line second |")));
    let exported = out.path().join("exported");
    program().arg("export").args(&runs).args(["--format", "csv", "-o"]).arg(&exported).assert().success();
    let summary = text(exported.join("summary.csv"));
    assert!(summary.lines().next().unwrap().ends_with(",name,tags,note"), "{summary}");
    assert!(summary.lines().nth(1).unwrap().ends_with(",the best,a c,first line second"), "{summary}");
    assert!(summary.lines().nth(2).unwrap().ends_with(",,c,"), "{summary}");
    // And away again: nothing is left.
    note(&["--name", "", "--note", "", "--untag", "a,c"], &runs)
        .success()
        .stdout(contains("no name, tags or note"));
    assert!(runs.iter().all(|run| !run.join("notes.json").exists()));
}

#[test]
fn a_run_that_a_program_trains_gets_a_note_and_a_damaged_one_is_left_alone() {
    let out = TempDir::new().unwrap();
    let spec = "resnet@fashion-embedded".parse().unwrap();
    let held = RunDir::create(out.path(), &spec).unwrap();
    let run = only_run(&out);
    program().arg("note").arg(&run).args(["--tag", "live"]).assert().success();
    drop(held);
    let file = run.join("notes.json");
    for (damaged, reason) in [
        (r#"{"version":2,"run":{}}"#.to_owned(), "notes in version 2 of the format; this program reads 1"),
        (r#"{"version":1,"run":{"name":"\u001b[2J"}}"#.to_owned(), "not a run's notes: a name without"),
        ("{".to_owned(), "not a run's notes"),
        ("x".repeat(70 << 10), "bytes"),
    ] {
        fs::write(&file, &damaged).unwrap();
        for arguments in [&[][..], &["--tag", "y"]] {
            program().arg("note").arg(&run).args(arguments).assert().code(2).stderr(contains(reason));
        }
        assert_eq!(text(&file), damaged, "it is not overwritten");
    }
}

#[test]
fn unread_notes_leave_runs_listed() {
    let (out, runs) = kept();
    fs::write(runs[0].join("notes.json"), r#"{"version":9}"#).unwrap();
    program()
        .args(["runs"])
        .arg(out.path())
        .assert()
        .success()
        .stdout(contains("plain+hires@").count(2))
        .stderr(contains("notes.json left out").and(contains("version 9")));
    let event: Event =
        serde_json::from_str(text(runs[0].join("events.jsonl")).lines().next().unwrap()).unwrap();
    assert!(matches!(event.kind, EventKind::RunStarted(_)));
}
