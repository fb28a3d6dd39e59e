//! The folder of runs: many, shared, damaged, with hostile names.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Stdio;

use assert_cmd::Command;

use crate::rig::{LONG, TINY, Terminal};

/// Trains one run into a terminal's store, and copies it under other names.
fn fill<'a>(terminal: &Terminal, names: impl IntoIterator<Item = &'a [u8]>) {
    let made = terminal.home().join("made");
    Command::cargo_bin("hiresnet-tui")
        .unwrap()
        .args(["--device", "cpu", "--threads", "1", "--batch", TINY, "--out"])
        .arg(&made)
        .assert()
        .success();
    let made = fs::read_dir(made).unwrap().next().unwrap().unwrap().path();
    for name in names {
        copy(&made, &terminal.home().join("runs").join(OsStr::from_bytes(name)));
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn two_screens_share_one_store() {
    let Some(one) = Terminal::start((80, 24)) else { return };
    let store = one.home().join("runs").display().to_string();
    let two = Terminal::with((80, 24), &[("OUT", &store)]).unwrap();
    one.open("");
    two.open("");
    // With the same seed the second would ask what to do about the run of the first.
    for (terminal, seed) in [(&one, 0), (&two, 1)] {
        terminal.paste(&format!("{TINY} seed={seed}"));
        terminal.wait_for("the pasted spec is now the draft");
        terminal.keys("t R");
    }
    for terminal in [&one, &two] {
        terminal.wait_for("completed");
    }
    for terminal in [&one, &two] {
        let both = |screen: &str| screen.contains("2 · newest") && screen.matches("completed").count() == 2;
        terminal.wait_until("both runs", both);
    }
    assert_eq!(one.runs().len(), 2);

    // What one trains the other cannot delete.
    one.train(LONG);
    two.wait_for("running");
    two.keys("Home d");
    two.wait_for("─Delete run?─");
    two.keys("y");
    two.wait_for("a program is training this run");
    two.keys("q");
    two.left_with(0);
    assert_eq!(one.runs().len(), 3);
    one.keys("q");
    one.wait_for("─Quit?─");
    one.keys("y");
    one.left_with(0);
    assert_eq!(one.outcome(), "stopped");
}

#[test]
fn runs_of_a_batch_process_are_followed_without_a_key() {
    let Some(terminal) = Terminal::start((120, 40)) else { return };
    terminal.open("");
    terminal.keys("R");
    terminal.wait_for("No runs yet");
    let batch = |more: &[&str]| {
        std::process::Command::new(assert_cmd::cargo::cargo_bin("hiresnet-tui"))
            .args(["--device", "cpu", "--threads", "1", "--batch", LONG, "--out"])
            .arg(terminal.home().join("runs"))
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut first = batch(&[]);
    // Its folder is not there at first, nor is the one it is in.
    terminal.wait_for("running");
    terminal.wait_until("a curve", |screen| screen.contains("train loss"));
    terminal.wait_until("epochs", |screen| (3..100).any(|n| screen.contains(&format!(" {n}/100000"))));
    terminal.wait_until("its activations", |screen| screen.contains("block 1") && screen.contains("0→1"));
    // What is not told is seen all the same: it is killed.
    first.kill().unwrap();
    first.wait().unwrap();
    terminal.wait_for("unfinished");
    // Resumed from its checkpoint, and ended properly.
    let mut second = batch(&["--resume"]);
    let has = |name: &str| terminal.events().iter().any(|event| event["event"] == name);
    terminal.wait_until("its going on", |screen| has("continued") && screen.contains("running"));
    let kill = std::process::Command::new("kill").args(["-INT", &second.id().to_string()]).status();
    assert!(kill.unwrap().success());
    assert!(!second.wait().unwrap().success());
    let screen = terminal.wait_for("stopped");
    assert!(screen.contains("stopped in another process"), "{screen}");
    assert_eq!(terminal.runs().len(), 1);
    let run = terminal.runs().remove(0);
    fs::remove_dir_all(&run).unwrap();
    terminal.wait_for("No runs yet");
    terminal.keys("q");
    terminal.left_with(0);
}

#[test]
fn a_store_of_two_hundred_runs_is_listed() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    let names: Vec<_> = (0..200).map(|number| format!("run-{number}")).collect();
    fill(&terminal, names.iter().map(String::as_bytes));
    terminal.open("");
    terminal.keys("R");
    terminal.wait_for("200 · newest");
    terminal.keys("End Enter");
    terminal.wait_for("● plain+hires");
    terminal.keys("/");
    terminal.type_text("nothing like it");
    terminal.wait_until("an empty list", |screen| !screen.contains("completed"));
    terminal.keys("C-c");
    terminal.wait_for("completed");
    // One is deleted, from disk too.
    terminal.keys("d");
    terminal.wait_for("─Delete run?─");
    terminal.keys("y");
    terminal.wait_for("199 · newest");
    assert_eq!(terminal.runs().len(), 199);
    terminal.keys("q");
    terminal.left_with(0);
}

#[test]
fn damaged_runs_are_said_and_their_names_are_harmless() {
    let Some(terminal) = Terminal::start((120, 40)) else { return };
    let hostile: [&[u8]; 2] = [b"name\x1b[31mred\x07\n", b"\xff\x1b]0;owned\x07"];
    let names: [&[u8]; 4] = [b"good", b"torn", b"garbage", b"no-spec"];
    fill(&terminal, names.into_iter().chain(hostile));
    let runs = terminal.home().join("runs");
    let cut_off = |name: &str, by: usize| {
        let path = runs.join(name).join("events.jsonl");
        let bytes = fs::read(&path).unwrap();
        fs::write(path, &bytes[..bytes.len() - by]).unwrap();
    };
    cut_off("torn", 10);
    fs::write(runs.join("garbage/events.jsonl"), b"\x00\xff\x1b[2Jgarbage\n{}\n").unwrap();
    fs::write(runs.join("no-spec/spec.toml"), "family = \"\x1b[31mred\"").unwrap();
    fs::write(runs.join(OsStr::from_bytes(hostile[0])).join("events.jsonl"), "[]\n").unwrap();

    terminal.open("");
    terminal.keys("L z");
    let said = |words: &'static str| move |screen: &str| screen.replace(['│', '\n', ' '], "").contains(words);
    terminal.wait_until("the torn one", said("torn:thelastlineofitsrecordiscutoff"));
    terminal.wait_until("the one of garbage", said("garbage/events.jsonl:line1isnotanevent"));
    terminal.wait_until("the one without a spec", said("no-spec/spec.toml"));
    terminal.wait_until("the hostile name", said("name␛[31mred␇␊"));
    terminal.keys("z R");
    // The good one, the torn one, and the one with the other name.
    let screen = terminal.wait_for("3 · newest");
    assert_eq!(screen.matches("unfinished").count(), 1, "{screen}");
    assert_eq!(screen.matches("completed").count(), 2, "{screen}");
    // Its name is in no title, and its colour in no cell.
    let written = String::from_utf8_lossy(&terminal.written()).into_owned();
    assert!(!written.contains("\x1b[31mred") && !written.contains("\x1b]0;"), "{written:?}");
    terminal.keys("q");
    terminal.left_with(0);
}
