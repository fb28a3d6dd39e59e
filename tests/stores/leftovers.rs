//! What is left over of programs that were killed, what disappears, and what cannot be read.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hiresnet_tui::engine::store::{self, RunDir};
use tempfile::TempDir;

use crate::events::record;
use crate::{KEPT, names, said, trained, write};

const LONG: &str = "plain@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=2000";

#[test]
fn what_a_kill_at_the_very_end_leaves_goes_at_the_next_start() {
    let home = TempDir::new().unwrap();
    let run = trained(home.path());
    assert_eq!(names(&run), KEPT);
    let host = Command::new("uname").arg("-n").output().unwrap();
    let host = String::from_utf8(host.stdout).unwrap();
    let plant = || {
        fs::write(run.join("checkpoint-0000000006.safetensors"), "left").unwrap();
        fs::write(run.join(".writing-x1"), "half").unwrap();
        fs::write(run.join("claim"), format!("{{\"host\":\"{}\",\"process\":1}}", host.trim())).unwrap();
    };
    plant();
    trained(home.path());
    assert_eq!(names(&run), KEPT);
    // Not while another machine has it.
    plant();
    fs::write(run.join("claim"), "{\"host\":\"elsewhere\",\"process\":1}").unwrap();
    trained(home.path());
    assert_eq!(names(&run).len(), KEPT.len() + 3);
}

/// Waits for the first epoch of the only run in `out`.
fn first_epoch(out: &Path) -> std::path::PathBuf {
    let give_up = Instant::now() + Duration::from_secs(120);
    loop {
        assert!(Instant::now() < give_up, "no epoch");
        sleep(Duration::from_millis(10));
        let run = store::folders_of_runs(out).ok().and_then(|runs| runs.into_iter().next());
        if let Some(run) = run.filter(|run| run.join("summary.json").exists()) {
            return run;
        }
    }
}

#[test]
fn a_run_whose_record_is_removed_fails() {
    for all in [false, true] {
        let home = TempDir::new().unwrap();
        let out = home.path().join("runs");
        let child = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"))
            .args(["--device", "cpu", "--threads", "1", "--batch", LONG, "--out"])
            .arg(&out)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let run = first_epoch(&out);
        match all {
            // A file may come while they are removed.
            true => while run.exists() && fs::remove_dir_all(&run).is_err() {},
            false => fs::remove_file(run.join("events.jsonl")).unwrap(),
        }
        let ended = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{text}");
        assert!(text.contains(run.file_name().unwrap().to_str().unwrap()), "{text}");
    }
    let root = TempDir::new().unwrap();
    let events = record("plain@fashion-embedded batch=900 epochs=2", "", 1);
    let spec = "plain@fashion-embedded batch=900 epochs=2".parse().unwrap();
    let mut run = RunDir::create(root.path(), &spec).unwrap();
    run.append(&events[0]).unwrap();
    fs::remove_file(run.path().join("events.jsonl")).unwrap();
    let error = run.append(&events[1]).unwrap_err().to_string();
    assert!(error.contains("events.jsonl: removed while the run was being trained"), "{error}");
}

#[test]
fn a_folder_that_cannot_be_read_is_listed_as_such() {
    let home = TempDir::new().unwrap();
    let root = home.path().join("runs");
    write(&root, &record("plain@fashion-embedded batch=900 epochs=2", "", 1));
    symlink("round", root.join("round")).unwrap();
    let (text, code) = said(home.path(), &["runs"]);
    assert!(code == Some(0) && text.contains("completed"), "{text}");
    assert!(text.contains("skipped: runs/round: cannot read the folder"), "{text}");
    let (text, code) = said(home.path(), &["picture", "a.txt", "--keys", "L z", "--size", "120x40"]);
    assert_eq!(code, Some(0), "{text}");
    let screen = fs::read_to_string(home.path().join("a.txt")).unwrap();
    assert!(screen.contains("skipped: runs/round: cannot read the folder"), "{screen}");

    // Root may read everything.
    let closed = root.join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o0)).unwrap();
    for path in [home.path(), &root] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
    command.arg("runs").current_dir(home.path());
    if fs::read_dir(&closed).is_ok() {
        command.uid(65534).gid(65534);
    }
    match command.output() {
        Ok(ended) => {
            let text = String::from_utf8_lossy(&ended.stderr).into_owned();
            assert!(text.contains("skipped: runs/closed"), "{text}");
            assert!(text.contains("ermission denied"), "{text}");
        }
        Err(error) => eprintln!("skipped: as nobody there is no program to run ({error})"),
    }
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
}
