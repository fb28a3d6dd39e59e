//! Terminals, pipes and files that can no longer be written: they cost the output, and
//! nothing else. SIGHUP stops in order where it is not ignored.
//!
//! Terminals are held by a script in Python; without it these tests say so and pass, unless
//! `HIRESNET_REQUIRE_PYTHON` is set.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hiresnet_tui::domain::event::Outcome;
use hiresnet_tui::engine::store;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::rig::{LIMIT, LONG};

/// Trains on for a while after its first epoch, and ends by itself.
const SOME: &str = "plain+hires@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=25 train_limit=200 \
                    val_limit=40 test_limit=50 probe_images=20";

/// How the program ended whose terminal was closed while it trained; `None`, said on stderr,
/// where there is no Python.
fn hung_up(how: &str, keys: &str, home: &Path, arguments: &[&str]) -> Option<String> {
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var_os("HIRESNET_REQUIRE_PYTHON").is_none(), "python3 is missing");
        eprintln!("skipped: there is no python3");
        return None;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/terminal/hangup.py");
    let mut command = Command::new("python3");
    command.args([script, how, keys]).arg(home.join("runs")).arg(env!("CARGO_BIN_EXE_hiresnet-tui"));
    command.args(["--device", "cpu", "--threads", "1"]).args(arguments).current_dir(home);
    command.env("TERM", "xterm-256color").env("XDG_CONFIG_HOME", home).env("LANG", "C.UTF-8");
    let ended = command.output().unwrap();
    let fault = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(ended.status.success(), "{how} {arguments:?}: {fault}");
    Some(String::from_utf8(ended.stdout).unwrap().trim().to_owned())
}

/// How the runs in `home` ended; each can be read.
fn outcomes(home: &Path) -> Vec<Option<Outcome>> {
    let (runs, faults) = store::list(&home.join("runs")).unwrap();
    assert!(faults.is_empty() && runs.iter().all(|run| !run.torn), "{faults:?}");
    runs.iter().map(|run| run.state.outcome).collect()
}

#[test]
fn a_signal_stops_a_run_whose_output_nobody_reads() {
    let home = TempDir::new().unwrap();
    let runs = home.path().join("runs");
    let mut child = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"))
        .args(["--device", "cpu", "--threads", "1", "--json", "--batch", LONG, "--out"])
        .arg(&runs)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // More than any pipe holds.
    let started = Instant::now();
    let recorded = || {
        let run = store::folders_of_runs(&runs).ok().and_then(|all| all.into_iter().next());
        run.and_then(|run| fs::metadata(run.join("events.jsonl")).ok()).map_or(0, |facts| facts.len())
    };
    while recorded() < 192 << 10 {
        assert!(started.elapsed() < LIMIT, "it does not train on");
        sleep(Duration::from_millis(20));
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        assert!(started.elapsed() < 2 * LIMIT, "it never ends");
        sleep(Duration::from_millis(20));
    };
    assert_eq!(status.code(), Some(143));
    assert_eq!(outcomes(home.path()), [Some(Outcome::Stopped)]);
}

#[test]
fn a_batch_stops_in_order_when_its_terminal_is_closed() {
    for more in [&[][..], &["--json"], &["--parallel", "2", "--seeds", "0,1"]] {
        let home = TempDir::new().unwrap();
        let arguments = [&["--batch", LONG][..], more].concat();
        let Some(said) = hung_up("leader", "", home.path(), &arguments) else { return };
        assert_eq!(said, "exit 129", "{more:?}");
        let runs = outcomes(home.path());
        assert!(
            !runs.is_empty() && runs.iter().all(|outcome| *outcome == Some(Outcome::Stopped)),
            "{runs:?}"
        );
    }
}

#[test]
fn a_batch_trains_on_without_its_terminal_where_no_signal_ends_it() {
    for how in ["ignored", "background"] {
        for more in [&[][..], &["--json"], &["--parallel", "2", "--seeds", "0,1"]] {
            let home = TempDir::new().unwrap();
            let arguments = [&["--batch", SOME][..], more].concat();
            let Some(said) = hung_up(how, "", home.path(), &arguments) else { return };
            assert_eq!(said, "exit 0", "{how} {more:?}");
            let runs = outcomes(home.path());
            let all = if more.contains(&"--seeds") { 2 } else { 1 };
            assert_eq!(runs, vec![Some(Outcome::Completed); all], "{how} {more:?}");
        }
    }
}

#[test]
fn the_workbench_stops_in_order_when_its_terminal_is_closed() {
    let home = TempDir::new().unwrap();
    let keys = format!("\\x1b[200~{LONG}\\x1b[201~t");
    let Some(said) = hung_up("leader", &keys, home.path(), &[]) else { return };
    assert_eq!(said, "exit 129");
    assert_eq!(outcomes(home.path()), [Some(Outcome::Stopped)]);
}

#[test]
fn the_workbench_ends_what_trains_and_what_waits_where_the_signal_is_ignored() {
    let home = TempDir::new().unwrap();
    let keys = format!("\\x1b[200~{SOME}\\x1b[201~t\\x1b[200~{SOME} seed=1\\x1b[201~t");
    let Some(said) = hung_up("ignored", &keys, home.path(), &[]) else { return };
    assert_eq!(said, "exit 129");
    assert_eq!(outcomes(home.path()), [Some(Outcome::Completed); 2]);
}

#[test]
fn pipes_and_files_that_take_no_more_cost_the_output_only() {
    for (json, code) in [(false, 1), (true, 1)] {
        let home = TempDir::new().unwrap();
        let train = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
            command.args(["--device", "cpu", "--batch", SOME, "--resume"]).current_dir(home.path());
            command.args(json.then_some("--json")).stdin(Stdio::null()).env("HIRESNET_LOG", "trace");
            command
        };
        // A full disk under both; what stdout does not take is said by the status.
        let full = || File::options().write(true).open("/dev/full").unwrap();
        let ended = train().stdout(full()).stderr(full()).status().unwrap();
        assert_eq!(ended.code(), Some(code));
        assert_eq!(outcomes(home.path()), [Some(Outcome::Completed)]);
        fs::remove_dir_all(home.path().join("runs")).unwrap();

        // Pipes that nobody reads any more.
        let mut child = train().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(outcomes(home.path()), [Some(Outcome::Completed)]);
    }
}
