//! Calls that change files fail, each once: as on a disk that is full for a moment, that
//! stays full, or that takes half of a write. The program says so and ends in order, in both
//! of its faces, and the run goes on later to the end that it would have had.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::thread;

use hiresnet_tui::engine::resume::{RunIndex, RunProgress};
use tempfile::TempDir;

use super::{Rig, result, training_of};

const SHORT: &str = "plain+hires@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=1 train_limit=60 \
                     val_limit=20 test_limit=20 probe_images=10";

/// Calls that fail at the same time, each of a program of its own.
const AT_ONCE: usize = 2;

/// The names of the calls that failed in `rig`.
fn failed(rig: &Rig) -> Vec<String> {
    let log = fs::read(rig.home.path().join("log")).unwrap_or_default();
    let names = log.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"E "));
    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

/// Whether the run in `rig` has all that a run can have.
fn is_finished(rig: &Rig) -> bool {
    let runs = RunIndex::of(&rig.runs());
    runs.is_ok_and(|runs| matches!(runs.progress(&SHORT.parse().unwrap()), RunProgress::Finished(_)))
}

/// What a run is that nothing disturbed.
fn undisturbed() -> BTreeMap<&'static str, Vec<u8>> {
    let home = TempDir::new().unwrap();
    assert!(training_of(SHORT, home.path()).output().unwrap().status.success());
    result(home.path())
}

/// Has every call fail in turn, in every way, while `program` trains in the folder that it is
/// given; `check` looks at how it ended.
fn fail_each(
    ways: &[&str],
    program: impl Fn(&Rig) -> Command + Sync,
    check: impl Fn(&Rig, &Output, &str) + Sync,
) {
    if Rig::new().is_none() {
        return;
    }
    let expected = undisturbed();
    for how in ways {
        // The next call to fail, and whether there is one.
        let next = Mutex::new((1, true));
        let seen = Mutex::new(BTreeMap::<String, usize>::new());
        let work = || loop {
            let call = {
                let mut next = next.lock().unwrap();
                let (call, is_any) = *next;
                if !is_any {
                    return;
                }
                next.0 += 1;
                call
            };
            let Some(rig) = Rig::new() else { return };
            let mut command = program(&rig);
            rig.watched(&mut command, None);
            command.env("POWER_FAIL", call.to_string()).env("POWER_HOW", how);
            let ended = command.output().unwrap();
            let Some(name) = failed(&rig).into_iter().next() else {
                next.lock().unwrap().1 = false;
                return;
            };
            let text = String::from_utf8_lossy(&ended.stderr).into_owned();
            let place = format!("call {call} ({name}) fails, {how}: {text}");
            assert!(!text.contains("panicked"), "{place}");
            check(&rig, &ended, &place);
            if !is_finished(&rig) {
                let again = training_of(SHORT, &rig.runs()).output().unwrap();
                let text = String::from_utf8_lossy(&again.stderr);
                assert!(again.status.success(), "{place}; afterwards: {text}");
            }
            assert!(result(&rig.runs()) == expected, "{place}; another end");
            *seen.lock().unwrap().entry(name).or_default() += 1;
        };
        thread::scope(|scope| {
            for _ in 0..AT_ONCE {
                scope.spawn(work);
            }
        });
        let seen = seen.into_inner().unwrap();
        eprintln!("{how}: {seen:?}");
        for name in ["open", "write", "flushed", "rename", "mkdir", "unlink"] {
            assert!(seen.contains_key(name), "{how}: no {name} failed: {seen:?}");
        }
    }
}

#[test]
fn a_batch_says_which_call_failed_and_goes_on_later() {
    fail_each(
        &["once", "on", "short"],
        |rig| training_of(SHORT, &rig.runs()),
        |_, ended, place| {
            let code = ended.status.code();
            assert!(matches!(code, Some(0..=2)), "{code:?}: {place}");
            let says = String::from_utf8_lossy(&ended.stderr).contains("error: ");
            assert!(code == Some(0) || says, "{code:?}, without a word: {place}");
        },
    );
}

#[test]
fn the_workbench_outlives_every_call_that_fails() {
    let has_python = Command::new("python3").arg("--version").output().is_ok();
    if !has_python {
        assert!(std::env::var_os("HIRESNET_REQUIRE_PYTHON").is_none(), "python3 is missing");
        eprintln!("skipped: there is no python3");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power/screen.py");
    fail_each(
        &["once"],
        |rig| {
            let mut command = Command::new("python3");
            command.arg(&script).arg(SHORT).arg(env!("CARGO_BIN_EXE_hiresnet-tui"));
            command.args(["--device", "cpu", "--out"]).arg(rig.runs());
            command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env("RAYON_NUM_THREADS", "1");
            command.env("XDG_CONFIG_HOME", rig.home.path()).env("XDG_CACHE_HOME", rig.home.path());
            command
        },
        |_, ended, place| assert!(ended.status.success(), "{place}"),
    );
}
