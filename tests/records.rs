//! Records with one number changed: whatever follows from the spec and from what came before
//! is refused when it is read, by every face, and what does not does no harm.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use hiresnet_tui::engine::store::{self, SavedRun};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::numbers::numbers;

#[path = "made/numbers.rs"]
mod numbers;

const SPEC: &str = "plain+hires@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=3 train_limit=110 \
                    val_limit=40 test_limit=50 probe_images=20 lr_halve_every=2";
/// Numbers that could be others: what was measured. `v` may be an older version.
const MEASURED: [&str; 6] = ["t", "loss", "residual", "value", "from", "v"];
/// Far more than anything here takes.
const LIMIT: Duration = Duration::from_secs(300);

fn program(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("hiresnet-tui").unwrap();
    command.current_dir(folder).env("XDG_CONFIG_HOME", folder).timeout(LIMIT).args(arguments);
    command
}

/// A folder whose `runs` has one run, its record in lines.
fn trained() -> (TempDir, PathBuf, Vec<String>) {
    let folder = TempDir::new().unwrap();
    program(folder.path(), &["--device", "cpu", "--batch", SPEC, "--resume"]).assert().success();
    let run = store::folders_of_runs(&folder.path().join("runs")).unwrap().remove(0);
    let text = fs::read_to_string(run.join("events.jsonl")).unwrap();
    assert!(SavedRun::open(&run).is_ok());
    (folder, run, text.lines().map(str::to_owned).collect())
}

/// What a number may have become.
fn others(number: &Value) -> Vec<Value> {
    let mut all = vec![json!(0), json!(2_147_483_647), json!(u64::MAX), json!(-1), json!(1e300)];
    match number.as_u64() {
        Some(n) => all.extend([json!(n + 1), json!(n.saturating_sub(1)), json!(n * 2 + 7)]),
        None => all.extend(number.as_f64().map(|x| json!(x * 1.5 + 0.25))),
    }
    all.retain(|other| other.as_f64() != number.as_f64());
    all
}

#[test]
fn a_changed_number_is_refused_or_was_measured() {
    let (_folder, run, lines) = trained();
    let events: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    // The first, one in the middle and the last of every kind.
    let mut kinds: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, event) in events.iter().enumerate() {
        kinds.entry(event["event"].as_str().unwrap()).or_default().push(i);
    }
    let (mut refused, mut kept) = (0, 0);
    for (kind, places) in kinds {
        let mut chosen = vec![places[0], places[places.len() / 2], places[places.len() - 1]];
        chosen.dedup();
        for line in chosen {
            let mut pointers = Vec::new();
            numbers(&events[line], "", &mut pointers);
            for pointer in pointers {
                let key = pointer.rsplit('/').find(|key| key.parse::<usize>().is_err()).unwrap();
                for other in others(events[line].pointer(&pointer).unwrap()) {
                    let mut changed = events[line].clone();
                    *changed.pointer_mut(&pointer).unwrap() = other.clone();
                    let mut lines = lines.clone();
                    lines[line] = changed.to_string();
                    fs::write(run.join("events.jsonl"), lines.join("\n") + "\n").unwrap();
                    match SavedRun::open(&run) {
                        Err(fault) => {
                            let said = fault.to_string();
                            // Often it is a later line that shows it.
                            let told =
                                said.contains(": line ") || said.contains("not the spec of its record");
                            assert!(told, "{kind} {pointer}: {said}");
                            refused += 1;
                        }
                        Ok(_) => {
                            // Other counts of hits are only told by which epoch was the best.
                            let measured = MEASURED.contains(&key)
                                || ["/validation/hits", "/score/hits"].contains(&pointer.as_str());
                            assert!(measured, "{kind} {pointer} = {other} is believed");
                            kept += 1;
                        }
                    }
                }
            }
        }
    }
    eprintln!("{refused} changed numbers refused, {kept} of what was measured kept");
    assert!(refused > 500 && kept > 0);
}

/// The record with `from` replaced in the first line that has it and `event`.
fn replaced(lines: &[String], event: &str, key: &str, value: &Value) -> String {
    let mut lines = lines.to_vec();
    let line = lines.iter_mut().find(|line| line.contains(&format!("\"{event}\""))).unwrap();
    let mut changed: Value = serde_json::from_str(line).unwrap();
    *changed.pointer_mut(key).unwrap() = value.clone();
    *line = changed.to_string();
    lines.join("\n") + "\n"
}

#[test]
fn every_face_refuses_an_epoch_that_is_none() {
    let (folder, run, lines) = trained();
    let at = folder.path();
    let text = replaced(&lines, "epoch_ended", "/epoch", &json!(2_147_483_647));
    fs::write(run.join("events.jsonl"), &text).unwrap();
    let path = run.to_str().unwrap();
    let mut recording = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let count = text.lines().count();
    writeln!(recording, "{{\"hiresnet_recording\":1,\"runs\":1}}").unwrap();
    writeln!(recording, "{{\"name\":\"changed\",\"events\":{count}}}").unwrap();
    recording.write_all(text.as_bytes()).unwrap();
    fs::write(at.join("changed.hrec"), recording.finish().unwrap()).unwrap();

    let faces: [(&[&str], i32); 12] = [
        (&["runs"], 0),
        (&["report", "curves"], 2),
        (&["report", "all", "runs", "-o", "all.html"], 2),
        (&["export", path, "--format", "csv", "-o", "out"], 2),
        (&["export", path, "--format", "tensorboard", "-o", "out"], 2),
        (&["record", path, "-o", "out.hrec"], 2),
        (&["eval", path], 2),
        (&["lesion", path], 2),
        (&["sweep", "list", SPEC, "--out", "runs"], 0),
        (&["--batch", SPEC, "--resume"], 1),
        (&["--replay", "changed.hrec", "--batch"], 2),
        (&["--replay", "changed.hrec"], 2),
    ];
    for (arguments, code) in faces {
        let ended = program(at, arguments).output().unwrap();
        let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
        assert!(said.contains("epoch 2147483647"), "{arguments:?}: {said}");
        assert_eq!(ended.status.code(), Some(code), "{arguments:?}: {said}");
    }
    program(at, &["picture", "a.txt", "--size", "160x50", "--keys", "L z"]).assert().success();
    let screen = fs::read_to_string(at.join("a.txt")).unwrap();
    assert!(!screen.contains("completed"), "{screen}");
}

#[test]
fn what_was_measured_may_be_anything_and_no_face_hangs() {
    let (folder, run, lines) = trained();
    let at = folder.path();
    let changes = [
        ("epoch_ended", "/validation/loss", json!(1e300)),
        ("epoch_ended", "/train/loss", json!(f64::MAX)),
        ("step", "/loss", json!(3e38)),
        ("probed", "/blocks/0/residual", json!(f64::MAX)),
        ("probed", "/blocks/1/hops/0/value", json!(5e-324)),
        ("finished", "/t", json!(1e9)),
    ];
    for (event, key, value) in changes {
        fs::write(run.join("events.jsonl"), replaced(&lines, event, key, &value)).unwrap();
        assert!(SavedRun::open(&run).is_ok(), "{key} = {value}");
        let path = run.to_str().unwrap();
        let faces: [&[&str]; 8] = [
            &["runs"],
            &["report", "all", "runs", "-o", "all.html"],
            &["report", "curves", "runs", "-o", "curves.svg"],
            &["report", "fig2", "runs", "-o", "fig2.svg"],
            &["export", path, "--format", "csv", "-o", "out", "--force"],
            &["export", path, "--format", "tensorboard", "-o", "out", "--force"],
            &["record", path, "-o", "out.hrec"],
            &["picture", "a.txt", "--size", "160x50", "--keys", "R down enter C m A v"],
        ];
        for arguments in faces {
            let ended = program(at, arguments).output().unwrap();
            let said = String::from_utf8_lossy(&ended.stderr);
            assert!(matches!(ended.status.code(), Some(0..=2)), "{key} = {value}: {arguments:?}: {said}");
        }
        program(at, &["--replay", "out.hrec", "--batch"]).assert().success();
    }
}
