//! Summaries: a record is only read where none fits it, and what a summary says is checked.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::engine::store::{self, RunDir, SavedRun};
use serde_json::Value;
use tempfile::TempDir;

use crate::events::{noise, record};
use crate::numbers::numbers;
use crate::{said, write};

const LINE: &str = "resnet+hires[P1]@fashion-embedded batch=500 epochs=6";

/// A record, and what it adds up to in lists.
fn condensed(run: &Path) -> RunState {
    let mut state = SavedRun::open(run).unwrap().state;
    state.condense();
    state
}

fn listed(run: &Path) -> RunState {
    SavedRun::open_condensed(run).unwrap().state
}

/// Changes a file and nothing that a look at its folder would show.
fn change_unseen(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let modified = fs::metadata(path).unwrap().modified().unwrap();
    let mut bytes = fs::read(path).unwrap();
    let length = bytes.len();
    change(&mut bytes);
    assert_eq!(bytes.len(), length);
    fs::write(path, bytes).unwrap();
    File::options().append(true).open(path).unwrap().set_modified(modified).unwrap();
}

/// Makes the middle of a record unreadable, unseen.
fn poison(run: &Path) {
    change_unseen(&run.join("events.jsonl"), |bytes| {
        let middle = bytes.len() / 2;
        bytes[middle..middle + 200].fill(b'?');
    });
    assert!(SavedRun::open(run).is_err());
}

fn copy(from: &Path, to: &Path) -> PathBuf {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::write(to.join(entry.file_name()), fs::read(entry.path()).unwrap()).unwrap();
    }
    to.to_path_buf()
}

#[test]
fn a_store_is_listed_without_reading_its_records() {
    let home = TempDir::new().unwrap();
    let root = home.path().join("runs");
    for seed in 0..3 {
        let run = write(&root, &record(&format!("{LINE} seed={seed}"), "2026-11-24T10:00:00Z", seed));
        assert_eq!(listed(&run), condensed(&run));
        assert_eq!(listed(&run).steps.len(), 1);
        poison(&run);
    }
    let (runs, errors) = store::list(&root).unwrap();
    assert_eq!((runs.len(), errors.len()), (3, 0));
    let (text, code) = said(home.path(), &["runs", "--json"]);
    assert!(code == Some(0) && text.matches("\"completed\"").count() == 3, "{text}");
    for what in ["table1", "curves", "fig2", "all"] {
        let (text, code) = said(home.path(), &["report", what, "-o", "report.html"]);
        assert!(code == Some(0) && text.contains("of 3 runs"), "{what}: {text}");
    }
    let (text, code) = said(home.path(), &["picture", "a.txt", "--keys", "R", "--size", "120x40"]);
    assert_eq!(code, Some(0), "{text}");
    let screen = fs::read_to_string(home.path().join("a.txt")).unwrap();
    assert_eq!(screen.matches("completed").count(), 3, "{screen}");
    // The steps are read for what needs them.
    let (text, code) = said(home.path(), &["record", "-o", "a.hrec", runs[0].path.to_str().unwrap()]);
    assert!(code == Some(2) && text.contains("is not an event"), "{text}");
}

#[test]
fn a_summary_that_does_not_fit_is_made_again() {
    let root = TempDir::new().unwrap();
    let events = record(LINE, "2026-11-24T10:00:00Z", 4);
    let made = write(&root.path().join("made"), &events);
    let run = |name: &str| copy(&made, &root.path().join(name));

    // A copy has other times, and the same content.
    let moved = run("moved");
    assert_eq!(listed(&moved), condensed(&moved));
    poison(&moved);
    assert!(SavedRun::open_condensed(&moved).is_ok(), "its summary was renewed");

    // One changed digit shows in the time, and so in the checksum.
    let edited = run("edited");
    change_unseen(&edited.join("events.jsonl"), |bytes| {
        let text = String::from_utf8(bytes.clone()).unwrap();
        *bytes = text.replacen("\"hits\":1", "\"hits\":2", 1).into_bytes();
    });
    File::options().append(true).open(edited.join("events.jsonl")).unwrap().set_len(0).unwrap();
    let whole = fs::read_to_string(made.join("events.jsonl")).unwrap();
    fs::write(edited.join("events.jsonl"), whole.replacen("\"epoch\":3", "\"epoch\":4", 1)).unwrap();
    assert!(SavedRun::open_condensed(&edited).is_err());

    // None, nonsense, of another version, of another run.
    for (name, text) in [("none", None), ("nonsense", Some("{}")), ("cut", Some("{\"version\":1"))] {
        let run = run(name);
        match text {
            None => fs::remove_file(run.join("summary.json")).unwrap(),
            Some(text) => fs::write(run.join("summary.json"), text).unwrap(),
        }
        assert_eq!(listed(&run), condensed(&run), "{name}");
        poison(&run);
        assert!(SavedRun::open_condensed(&run).is_ok(), "{name}: it was made again");
    }
    let other = write(&root.path().join("other"), &record("plain@fashion-embedded epochs=2", "", 1));
    let foreign = run("foreign");
    fs::copy(other.join("summary.json"), foreign.join("summary.json")).unwrap();
    assert_eq!(listed(&foreign), condensed(&foreign));
}

#[test]
fn of_a_record_that_grew_the_rest_is_read() {
    let root = TempDir::new().unwrap();
    let events = record(LINE, "2026-11-24T10:00:00Z", 5);
    let whole = write(&root.path().join("whole"), &events);
    let bytes = fs::read(whole.join("events.jsonl")).unwrap();
    for share in [20, 45, 70, 95, 100] {
        // Killed in the middle, with a summary of the last epoch that ended.
        let so_far = events.len() * share / 100;
        let name = root.path().join(format!("{share}"));
        let run = write(&name, &events[..so_far]);
        assert_eq!(listed(&run), condensed(&run), "{share}%");
        // Gone on with by a program that keeps no summaries.
        let log = run.join("events.jsonl");
        fs::write(&log, &bytes).unwrap();
        assert_eq!(listed(&run), condensed(&run), "{share}%, and the rest");
        // The last line is cut off.
        fs::write(&log, &bytes[..bytes.len() - 7]).unwrap();
        let torn = SavedRun::open_condensed(&run).unwrap();
        assert!(torn.torn && torn.state == condensed(&run), "{share}%, cut off");
        assert!(SavedRun::open_condensed(&run).unwrap().torn);
    }
    // What was believed of the beginning is no more where that is another.
    let run = write(&root.path().join("changed"), &events[..events.len() / 2]);
    let mut changed = bytes;
    let at = changed.windows(10).position(|window| window == b"\"epoch\":2,").unwrap();
    changed[at + 8] = b'5';
    fs::write(run.join("events.jsonl"), changed).unwrap();
    let error = SavedRun::open_condensed(&run).unwrap_err().to_string();
    assert!(error.contains("events.jsonl: line "), "{error}");
}

#[test]
fn no_summary_is_written_for_a_run_that_another_program_writes() {
    let root = TempDir::new().unwrap();
    let events = record(LINE, "2026-11-24T10:00:00Z", 6);
    let spec = LINE.parse().unwrap();
    let mut run = RunDir::create(root.path(), &spec).unwrap();
    let path = run.path().to_path_buf();
    let summary = path.join("summary.json");
    for (i, event) in events.iter().enumerate() {
        run.append(event).unwrap();
        if i % 50 == 1 {
            let _ = fs::remove_file(&summary);
            let read = SavedRun::open_condensed(&path).unwrap();
            assert!(read.being_written && read.state == condensed(&path));
            assert!(!summary.exists());
        }
    }
    assert!(summary.exists(), "its own program writes one");
    drop(run);
    fs::remove_file(&summary).unwrap();
    listed(&path);
    assert!(summary.exists());
}

#[test]
fn a_number_that_no_record_leads_to_is_not_believed() {
    let root = TempDir::new().unwrap();
    let run = write(root.path(), &record(LINE, "2026-11-24T10:00:00Z", 7));
    let summary = run.join("summary.json");
    let whole: Value = serde_json::from_slice(&fs::read(&summary).unwrap()).unwrap();
    let expected = condensed(&run);
    let mut pointers = Vec::new();
    numbers(&whole["state"], "/state", &mut pointers);
    // What was measured can be anything, and what is only shown while a run trains, too.
    let free = ["t", "loss", "hits", "residual", "value", "images_per_s", "top1", "lr", "epoch_seconds"];
    let free = [&free[..], &["epoch_images", "active_seconds", "active_since", "training_since"]].concat();
    let (mut refused, mut kept, mut believed) = (0, 0, Vec::new());
    for pointer in pointers {
        let key = pointer.rsplit('/').find(|key| key.parse::<usize>().is_err()).unwrap();
        for other in [0_i64, 1, 2_147_483_647, -1] {
            let mut changed = whole.clone();
            let place = changed.pointer_mut(&pointer).unwrap();
            if place.as_f64() == Some(other as f64) {
                continue;
            }
            *place = other.into();
            fs::write(&summary, changed.to_string()).unwrap();
            let state = listed(&run);
            if state == expected {
                refused += 1;
            } else if free.contains(&key) {
                kept += 1;
            } else {
                believed.push(format!("{pointer} = {other}"));
            }
        }
    }
    eprintln!("{refused} changed numbers refused, {kept} of what was measured kept");
    assert!(believed.is_empty(), "{believed:#?}");
    assert!(refused > 300 && kept > 0);
}

/// How many mutated summaries; `FUZZ_CASES=1000000` for a long night.
fn cases() -> usize {
    std::env::var("FUZZ_CASES").map_or(400, |text| text.parse().unwrap())
}

#[test]
fn no_bytes_of_a_summary_do_harm() {
    let root = TempDir::new().unwrap();
    let line = "plain@fashion-embedded batch=900 epochs=2";
    let run = write(root.path(), &record(line, "2026-11-24T10:00:00Z", 8));
    let summary = run.join("summary.json");
    let whole = fs::read(&summary).unwrap();
    for case in 0..cases() {
        let mut bytes = whole.clone();
        for change in 0..1 + case % 3 {
            let random =
                |salt: usize, below: usize| (noise(case, 10 * change + salt) * below as f64) as usize;
            let at = random(0, bytes.len());
            match random(1, 4) {
                0 => bytes[at] = random(2, 256) as u8,
                1 => bytes.truncate(at),
                2 => drop(bytes.drain(at..(at + random(2, 40)).min(whole.len()).min(bytes.len()))),
                _ => bytes[at] = b"0123456789-.eE[]{},:\"tfn"[random(2, 24)],
            }
            if bytes.is_empty() {
                break;
            }
        }
        fs::write(&summary, bytes).unwrap();
        let read = SavedRun::open_condensed(&run).unwrap();
        assert_eq!(read.spec, line.parse().unwrap());
    }
}

/// A store of real length, to measure with: `HIRESNET_STORE` names the folder, `HIRESNET_RUNS`
/// how many runs of 80 epochs of 450 steps.
#[test]
#[ignore = "writes gigabytes"]
fn a_store_of_real_length() {
    let root = PathBuf::from(std::env::var_os("HIRESNET_STORE").expect("HIRESNET_STORE"));
    let count: usize = std::env::var("HIRESNET_RUNS").map_or(1000, |text| text.parse().unwrap());
    for i in 0..count {
        let network = ["resnet", "resnet+hires", "resnet+hires[P1]", "resnet+hires[P2,P3]"][i % 4];
        let line = format!("{network}@fashion-embedded batch=20 epochs=80 seed={}", i / 4);
        let at = format!("2026-11-24T{:02}:{:02}:{:02}Z", i / 3600, i / 60 % 60, i % 60);
        let run = write(&root, &record(&line, &at, i));
        if std::env::var_os("HIRESNET_WITHOUT_SUMMARIES").is_some() {
            fs::remove_file(run.join("summary.json")).unwrap();
        }
    }
}
