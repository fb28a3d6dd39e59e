//! Folders of runs: long ones, shared ones, and those in which somebody has planted something.
#![cfg(unix)]

#[path = "made/mod.rs"]
mod events;

#[path = "made/numbers.rs"]
mod numbers;

#[path = "stores/following.rs"]
mod following;
#[path = "stores/leftovers.rs"]
mod leftovers;
#[path = "stores/links.rs"]
mod links;
#[path = "stores/locks.rs"]
mod locks;
#[path = "stores/notes.rs"]
mod notes;
#[path = "stores/permissions.rs"]
mod permissions;
#[path = "stores/summaries.rs"]
mod summaries;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use hiresnet_tui::domain::event::Event;
use hiresnet_tui::engine::store::RunDir;

/// Two epochs of a tiny network.
const TINY: &str = "plain+hires@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=2 train_limit=60 \
                    val_limit=20 test_limit=20 probe_images=10";

/// The program, in a home of its own.
fn program(home: &Path) -> Command {
    let mut command = Command::cargo_bin("hiresnet-tui").unwrap();
    command.current_dir(home).env("HOME", home);
    for (variable, folder) in
        [("XDG_CONFIG_HOME", "config"), ("XDG_CACHE_HOME", "cache"), ("XDG_STATE_HOME", "state")]
    {
        command.env(variable, home.join(folder));
    }
    command
}

/// What the program says of `arguments`, and its status.
fn said(home: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let ended = program(home).args(arguments).output().unwrap();
    let text = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    (text.concat(), ended.status.code())
}

/// Writes a run's record as the program does.
fn write(root: &Path, events: &[Event]) -> PathBuf {
    use hiresnet_tui::domain::event::EventKind;
    let EventKind::RunStarted(facts) = &events[0].kind else { panic!("a run starts first") };
    let mut run = RunDir::create(root, &facts.spec).unwrap();
    events.iter().for_each(|event| run.append(event).unwrap());
    run.path().to_path_buf()
}

/// Trains the tiny run in `home`.
fn trained(home: &Path) -> PathBuf {
    let (text, code) = said(home, &["--device", "cpu", "--threads", "1", "--batch", TINY, "--resume"]);
    assert_eq!(code, Some(0), "{text}");
    only(&home.join("runs"))
}

/// The one thing in a folder.
fn only(folder: &Path) -> PathBuf {
    let all: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.into_iter().next().unwrap()
}

/// The names in a folder, in order.
fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

/// What a run that is complete leaves.
const KEPT: [&str; 6] =
    ["best.safetensors", "events.jsonl", "last.safetensors", "metrics.csv", "spec.toml", "summary.json"];
