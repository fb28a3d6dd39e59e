//! Records that are followed while another program writes them.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use hiresnet_tui::domain::event::Event;
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::engine::store::{Appended, RecordFollower, SavedRun};
use tempfile::TempDir;

use crate::events::record;
use crate::write;

const LINE: &str = "resnet+hires[P1]@fashion-embedded batch=500 epochs=3";

fn append(run: &Path, bytes: &[u8]) {
    OpenOptions::new().append(true).open(run.join("events.jsonl")).unwrap().write_all(bytes).unwrap();
}

fn read_on(follower: &mut RecordFollower) -> Vec<(u64, Event)> {
    match follower.read_on().unwrap() {
        Appended::Events(events) => events,
        Appended::Rewritten => panic!("rewritten"),
    }
}

/// A run whose record has its first half, and the rest.
fn half(root: &Path) -> (std::path::PathBuf, Vec<u8>) {
    let run = write(root, &record(LINE, "2026-01-05T20:01:00Z", 3));
    let path = run.join("events.jsonl");
    let bytes = fs::read(&path).unwrap();
    let middle = bytes[..bytes.len() / 2].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(&path, &bytes[..middle]).unwrap();
    fs::remove_file(run.join("summary.json")).unwrap();
    (run, bytes[middle..].to_vec())
}

#[test]
fn what_is_added_is_read_once_however_it_is_cut() {
    let home = TempDir::new().unwrap();
    let (run, rest) = half(home.path());
    let (saved, mut follower) = RecordFollower::open(&run).unwrap();
    let mut state = saved.state;
    let mut ends = vec![saved.bytes];
    for piece in rest.chunks(61) {
        append(&run, piece);
        for (end, event) in read_on(&mut follower) {
            state.apply(&event);
            state.condense();
            ends.push(end);
        }
        assert!(read_on(&mut follower).is_empty(), "nothing is told twice");
    }
    let mut whole = SavedRun::open(&run).unwrap();
    assert_eq!(ends.last(), Some(&whole.bytes));
    assert!(ends.windows(2).all(|pair| pair[0] < pair[1]));
    whole.state.condense();
    assert_eq!(state, whole.state);
    assert_eq!(follower.outcome(), whole.state.outcome);
}

#[test]
fn a_line_that_lacked_only_its_end_is_not_told_again() {
    let home = TempDir::new().unwrap();
    let (run, rest) = half(home.path());
    let line = rest.iter().position(|byte| *byte == b'\n').unwrap();
    append(&run, &rest[..line]);
    let (saved, mut follower) = RecordFollower::open(&run).unwrap();
    append(&run, &rest[line..]);
    let all: Vec<Event> = read_on(&mut follower).into_iter().map(|(_, event)| event).collect();
    let whole = SavedRun::open(&run).unwrap().state;
    let mut state = saved.state;
    all.iter().for_each(|event| state.apply(event));
    assert_eq!((&state.epochs, state.step()), (&whole.epochs, whole.step()));
}

#[test]
fn a_record_that_was_cut_back_is_read_from_its_beginning() {
    let home = TempDir::new().unwrap();
    let (run, rest) = half(home.path());
    let path = run.join("events.jsonl");
    let (_, mut follower) = RecordFollower::open(&run).unwrap();
    // Cut back, as when it is resumed, and written further than before.
    let text = fs::read_to_string(&path).unwrap();
    let kept: usize = text.lines().take(5).map(|line| line.len() + 1).sum();
    let again = text[kept..].replace("\"t\":", "\"t\":1");
    fs::write(&path, [&text.as_bytes()[..kept], again.as_bytes(), &rest].concat()).unwrap();
    assert!(matches!(follower.read_on().unwrap(), Appended::Rewritten));
    fs::write(&path, &text.as_bytes()[..kept]).unwrap();
    assert!(matches!(follower.read_on().unwrap(), Appended::Rewritten));
    fs::remove_file(&path).unwrap();
    assert!(follower.read_on().is_err());
}

#[test]
fn what_cannot_come_next_is_refused() {
    let home = TempDir::new().unwrap();
    let (run, _) = half(home.path());
    let (saved, mut follower) = RecordFollower::open(&run).unwrap();
    let first = fs::read(run.join("events.jsonl")).unwrap();
    let end = first.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    append(&run, &first[..end]);
    let error = follower.read_on().unwrap_err().to_string();
    let line = first.iter().filter(|byte| **byte == b'\n').count() + 1;
    assert!(error.contains(&format!("events.jsonl: line {line}: ")), "{error}");
    assert_ne!(saved.state, RunState::default());
}
