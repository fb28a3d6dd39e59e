//! Several programs at one run: one trains it, also where there are no locks.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use hiresnet_tui::engine::store::{self, RunDir, SavedRun};
use tempfile::TempDir;

use crate::TINY;
use crate::events::record;

/// The library that takes the locks away; `None`, said on stderr, where nothing compiles it.
fn without_locks(folder: &Path) -> Option<PathBuf> {
    if !cfg!(target_os = "linux") || Command::new("cc").arg("--version").output().is_err() {
        assert!(std::env::var_os("HIRESNET_REQUIRE_CC").is_none(), "cc is missing");
        eprintln!("skipped: not Linux, or no C compiler (cc)");
        return None;
    }
    let library = folder.join("locks.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores/locks.c");
    let compiled =
        Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).output().unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    Some(library)
}

#[test]
fn of_programs_that_start_together_one_trains_a_run() {
    let home = TempDir::new().unwrap();
    let library = without_locks(home.path());
    for round in 0..8 {
        let out = home.path().join(format!("runs-{round}"));
        // Every other round with locks.
        let library = library.as_ref().filter(|_| round % 2 == 0);
        let start = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
            command.args(["--device", "cpu", "--threads", "1", "--out"]).arg(&out);
            command.args(["--batch", TINY, "--resume", "--json"]).stdin(Stdio::null());
            if let Some(library) = library {
                command.env("LD_PRELOAD", library);
            }
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let ended: Vec<_> = (0..5)
            .map(|_| start())
            .collect::<Vec<_>>()
            .into_iter()
            .map(|child| child.wait_with_output())
            .collect();
        let mut trained = 0;
        for end in ended.into_iter().map(Result::unwrap) {
            let text = String::from_utf8_lossy(&end.stderr).into_owned();
            assert!(end.status.success(), "{text}");
            trained += String::from_utf8_lossy(&end.stdout).matches("\"run_started\"").count();
        }
        assert_eq!(trained, 1, "round {round}");
        let (runs, errors) = store::list(&out).unwrap();
        assert!(runs.len() == 1 && errors.is_empty(), "{errors:?}");
        assert_eq!(crate::names(&runs[0].path), crate::KEPT);
    }
}

#[test]
fn a_record_that_two_programs_write_is_recognised() {
    let root = TempDir::new().unwrap();
    let events = record("plain@fashion-embedded batch=900 epochs=3", "2026-11-24T10:00:00Z", 1);
    let spec = "plain@fashion-embedded batch=900 epochs=3".parse().unwrap();
    let mut run = RunDir::create(root.path(), &spec).unwrap();
    let log = run.path().join("events.jsonl");
    events[..9].iter().for_each(|event| run.append(event).unwrap());
    // Whoever writes sees it.
    let line = serde_json::to_string(&events[8]).unwrap() + "\n";
    fs::File::options().append(true).open(&log).unwrap().write_all(line.as_bytes()).unwrap();
    let error = run.append(&events[9]).unwrap_err().to_string();
    assert!(error.contains("events.jsonl: another program has written this record"), "{error}");
    // So does whoever reads.
    let error = SavedRun::open(run.path()).unwrap_err().to_string();
    assert!(error.contains("line 10: ") && error.contains("two programs seem to have written"), "{error}");
    let text = fs::read_to_string(&log).unwrap();
    let first = text.lines().next().unwrap();
    fs::write(&log, format!("{first}\n{first}\n")).unwrap();
    let error = SavedRun::open(run.path()).unwrap_err().to_string();
    assert!(error.contains("starts twice: two programs seem to have written"), "{error}");
}

#[test]
fn a_run_that_another_machine_claims_is_in_progress() {
    let home = TempDir::new().unwrap();
    let line = "plain@fashion-embedded batch=900 epochs=3";
    let mut run = RunDir::create(home.path(), &line.parse().unwrap()).unwrap();
    run.append(&record(line, "2026-11-24T10:00:00Z", 1)[0]).unwrap();
    let path = run.path().to_path_buf();
    drop(run);
    let is_in_progress = || {
        let listed = store::list(home.path()).unwrap().0[0].being_written;
        assert_eq!(SavedRun::open(&path).unwrap().being_written, listed);
        assert_eq!(store::is_being_written(&path), listed);
        listed
    };
    assert!(!is_in_progress());
    // Its locks are not seen here.
    let claim = path.join("claim");
    fs::write(&claim, r#"{"host":"elsewhere","process":7}"#).unwrap();
    assert!(is_in_progress());
    // Nobody has renewed it for long.
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    fs::File::options().append(true).open(&claim).unwrap().set_modified(long_ago).unwrap();
    assert!(!is_in_progress());
}
