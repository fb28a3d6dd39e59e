//! `sweep list` and `sweep slurm` from outside, without a Slurm.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_hiresnet-tui");

const SWEEP: &str = "family = 'plain'\ndataset = 'fashion-embedded'\nepochs = 1\nblocks = [1, 1]\nwidths = [4, 8]\n\
                     batch = 10\ntrain_limit = 60\nval_limit = 20\ntest_limit = 20\n[axes]\n\
                     version = ['original', 'hires[P1]']\nseed = '0..1'\n";

fn said(command: &mut Command) -> (String, Option<i32>) {
    let ended = command.output().unwrap();
    let text =
        [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (text, ended.status.code())
}

fn sweep(words: &[&str], folder: &Path) -> (String, Option<i32>) {
    said(Command::new(PROGRAM).current_dir(folder).arg("sweep").args(words))
}

/// A script's text, without where this test is.
fn script(path: &Path, root: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let root = root.canonicalize().unwrap();
    text.replace(PROGRAM, "/bin/hiresnet-tui").replace(root.to_str().unwrap(), "/shared")
}

fn is_bash(path: &Path) {
    let (text, code) = said(Command::new("bash").arg("-n").arg(path));
    assert_eq!((text.as_str(), code), ("", Some(0)));
}

#[test]
fn a_sweeps_runs_have_numbers() {
    let root = TempDir::new().unwrap();
    let (text, code) = sweep(&["list", "table2", "--out", "none"], root.path());
    assert!(code == Some(0) && text.contains("40 runs: 40 missing"), "{text}");
    let (text, _) = sweep(&["list", "table2", "dataset=fashion", "--seeds", "3", "--json"], root.path());
    let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
    assert_eq!((rows.len(), rows[7]["number"].as_u64()), (8, Some(8)));
    assert_eq!(rows[7]["line"], "resnet+hires[P3]@fashion seed=3");
    assert!(rows[7]["state"].is_null());
    let (text, code) = sweep(&["list", "table3"], root.path());
    assert!(code == Some(2) && text.contains("did you mean 'table2'?"), "{text}");
}

#[test]
fn the_script_is_this() {
    let root = TempDir::new().unwrap();
    let words =
        ["slurm", "table2", "dataset=fashion", "--out", "runs", "--seeds", "0..2", "--set", "epochs=5"];
    let more = "--gpus 1 --mem 4G --time 4:00:00 --partition gpu --threads 2 --tasks-at-once 8 --data-dir data \
                --tensorboard boards \
                --device cuda --checkpoint-every 100 --runs-per-task 5";
    let all: Vec<&str> = words.into_iter().chain(more.split_whitespace()).collect();
    let (text, code) = sweep(&all, root.path());
    assert!(code == Some(0) && text.contains("24 runs in 5 tasks") && text.contains("sbatch /"), "{text}");
    let path = root.path().join("runs/sweep.sbatch");
    is_bash(&path);
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o755);
    insta::assert_snapshot!("sweeps_script", script(&path, root.path()));
    for task in ["", "0", "6", "x"] {
        let alone = Command::new("bash").arg(&path).env("SLURM_ARRAY_TASK_ID", task).output().unwrap();
        let text = String::from_utf8_lossy(&alone.stderr);
        assert!(alone.status.code() == Some(2) && text.contains("submit this script with sbatch"), "{text}");
    }
}

#[test]
fn a_long_array_is_made_shorter() {
    let root = TempDir::new().unwrap();
    let (text, code) = sweep(&["slurm", "table2", "--out", "runs", "--seeds", "0..499"], root.path());
    assert!(code == Some(0) && text.contains("4000 runs in 1000 tasks"), "{text}");
    assert!(text.contains("4 runs a task: an array has at most 1000"), "{text}");
    let text = fs::read_to_string(root.path().join("runs/sweep.sbatch")).unwrap();
    assert!(text.contains("#SBATCH --array=1-1000\n"));
}

#[test]
fn one_run_is_one_and_gpus_that_nothing_computes_on_are_said() {
    let root = TempDir::new().unwrap();
    let one = ["slurm", "plain@fashion", "plain@fashion", "--out", "runs", "--gpus", "1"];
    let (text, code) = sweep(&one, root.path());
    assert!(code == Some(0) && text.contains("1 run in 1 task"), "{text}");
    assert!(text.contains("1 repeated run is left out"), "{text}");
    assert_eq!(
        text.contains("warning: --gpus, but"),
        !cfg!(any(feature = "cuda", feature = "gpu")),
        "{text}"
    );
    let (text, _) = sweep(&[&one[..], &["--device", "cpu"]].concat(), root.path());
    assert!(text.contains("warning: --gpus with --device cpu"), "{text}");
    let script = script(&root.path().join("runs/sweep.sbatch"), root.path());
    assert!(script.contains("\n# 1 run, 1 a task."), "{script}");
}

#[test]
fn what_slurm_or_a_shell_would_take_otherwise_is_refused_or_quoted() {
    let root = TempDir::new().unwrap();
    let refused = |words: &[&str]| {
        let all: Vec<&str> = ["slurm", "table2", "--out", "runs"].iter().chain(words).copied().collect();
        let (text, code) = sweep(&all, root.path());
        assert_eq!(code, Some(2), "{words:?}: {text}");
        text
    };
    refused(&["--partition", "a b"]);
    refused(&["--partition", "x\n#SBATCH --uid=0"]);
    refused(&["--time", "1:2:3:4"]);
    refused(&["--time", "soon"]);
    refused(&["--mem", "4 G"]);
    refused(&["--set", "colour=red"]);
    assert!(refused(&["--set", "epochs=5\n"]).contains("control character"));
    assert!(refused(&["--set", "epochs=5", "--seeds", "0..2\n"]).contains("control character"));
    assert!(refused(&["--runs-per-task", "0"]).contains("expected a number of at least 1"));
    assert!(refused(&["--tasks-at-once", "0"]).contains("expected a number of at least 1"));
    assert!(refused(&["--time", "2"]).contains("--time: 2 is too short"));
    assert!(!root.path().join("runs").exists());
    for bad in ["a\"b", "a\\b", "a\nb", "it's"] {
        let (text, code) = sweep(&["slurm", "table2", "--out", bad], root.path());
        assert!(code == Some(2) && !text.contains('\u{1b}'), "{bad}: {text}");
    }
}

/// The script runs as a task would, in a folder with a hostile name and with a sweep's file
/// that has one.
#[test]
fn a_task_takes_the_runs_of_its_number() {
    let root = TempDir::new().unwrap();
    let file = "a $(touch pwned) `touch pwned` it's; #x.toml";
    fs::write(root.path().join(file), SWEEP).unwrap();
    let out = "runs $(touch pwned) 100% #1; & x";
    let words = ["slurm", file, "--out", out, "--device", "cpu", "--threads", "1", "--runs-per-task", "3"];
    let (text, code) = sweep(&words, root.path());
    assert!(code == Some(0) && text.contains("4 runs in 2 tasks"), "{text}");
    let path = root.path().join(out).join("sweep.sbatch");
    is_bash(&path);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("runs $(touch pwned) 100%% #1; & x/slurm-%A_%a.out\"\n"), "{text}");
    let task = |number: &str| {
        let mut task = Command::new("bash");
        task.arg(&path).env("SLURM_ARRAY_TASK_ID", number).env("SLURM_CPUS_PER_TASK", "1");
        said(task.current_dir(root.path()))
    };
    let (text, code) = task("2");
    assert_eq!(code, Some(0), "{text}");
    let counts = |expected: &str| {
        let (text, _) = sweep(&["list", file, "--out", out], root.path());
        assert!(text.contains(expected), "{text}");
    };
    counts("4 runs: 1 finished, 3 missing");
    let (text, code) = task("1");
    assert_eq!(code, Some(0), "{text}");
    counts("4 runs: 4 finished");
    let (text, code) = task("1");
    assert!(code == Some(0) && text.contains("3 of 3 runs already finished"), "{text}");
    assert!(!root.path().join("pwned").exists() && !root.path().join(out).join("pwned").exists());
}

/// A signal to the script, or to it and its program at once, stops the program with a
/// checkpoint; only that of a time limit queues the task again.
#[test]
fn a_task_that_is_told_to_stop_goes_on_later() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("sweep.toml"), SWEEP.replace("epochs = 1", "epochs = 400")).unwrap();
    let words = ["slurm", "sweep.toml", "--out", "runs", "--device", "cpu", "--threads", "1"];
    assert_eq!(sweep(&words, root.path()).1, Some(0));
    let path = root.path().join("runs/sweep.sbatch");
    let bin = root.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let scontrol = bin.join("scontrol");
    fs::write(&scontrol, "#!/bin/sh\necho asked: \"$@\"\n").unwrap();
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&scontrol, fs::Permissions::from_mode(0o755)).unwrap();
    let search = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    for (number, signal, to_all, queued) in
        [("1", "USR1", false, true), ("2", "TERM", false, false), ("3", "TERM", true, false)]
    {
        // A session of its own, so that all its processes can be signalled.
        let mut task = Command::new("setsid");
        task.args(["--wait", "bash", "-c", "echo $$ > pid; exec bash runs/sweep.sbatch"]);
        task.env("SLURM_ARRAY_TASK_ID", number).env("SLURM_JOB_ID", "77").env("PATH", &search);
        task.current_dir(root.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let task = task.spawn().unwrap();
        let list = || sweep(&["list", "sweep.toml", "--out", "runs"], root.path()).0;
        let is_training =
            || list().lines().any(|line| line.contains(" training, ") && !line.contains(", 0 of"));
        let give_up = std::time::Instant::now() + std::time::Duration::from_secs(120);
        while !is_training() {
            assert!(std::time::Instant::now() < give_up, "{}", list());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        let pid = fs::read_to_string(root.path().join("pid")).unwrap();
        let target = format!("{}{}", if to_all { "-" } else { "" }, pid.trim());
        assert!(Command::new("kill").args(["-s", signal, "--", &target]).status().unwrap().success());
        let ended = task.wait_with_output().unwrap();
        let text = [ended.stdout, ended.stderr].map(|b| String::from_utf8_lossy(&b).into_owned()).concat();
        assert_eq!(ended.status.code(), Some(143), "{signal}: {text}");
        assert_eq!(text.contains("asked: requeue 77"), queued, "{signal}: {text}");
        assert!(text.contains("stopping after the current step") && !text.contains("abandoned"), "{text}");
        assert!(list().contains("unfinished"), "{}", list());
    }
    assert!(fs::read_dir(root.path().join("runs")).unwrap().count() >= 3);
    assert!(path.exists());
}
