//! `--parallel`: several runs at the same time are the same runs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

use super::{TINY, text, timeless, training};

/// The runs in a folder, by their names without date and time.
fn runs(root: &Path) -> BTreeMap<String, PathBuf> {
    let runs = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    runs.map(|run| {
        let name = run.file_name().unwrap().to_str().unwrap();
        (name.rsplitn(3, '-').last().unwrap().to_owned(), run)
    })
    .collect()
}

/// The run among those in `root` whose name ends in `end`, once an epoch of it has ended.
fn with_an_epoch(root: &Path, end: &str) -> PathBuf {
    let started = Instant::now();
    loop {
        let run = runs(root).into_iter().find(|(name, _)| name.ends_with(end)).map(|(_, run)| run);
        let events = run.as_ref().and_then(|run| fs::read_to_string(run.join("events.jsonl")).ok());
        match run {
            Some(run) if events.is_some_and(|e| e.contains("epoch_ended")) => return run,
            _ => assert!(started.elapsed() < Duration::from_secs(120), "no epoch of {end} ended"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The program training in the background; dropping it ends it.
struct Background(Option<Child>);

impl Background {
    fn start(out: &Path, words: &[&str]) -> Self {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("hiresnet-tui"));
        command.args(["--device", "cpu", "--out"]).arg(out).args(words);
        Self(Some(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()))
    }

    fn id(&self) -> String {
        self.0.as_ref().unwrap().id().to_string()
    }

    /// Waits for its end: exit code, stdout and stderr.
    fn end(mut self) -> (Option<i32>, String, String) {
        let output = self.0.take().unwrap().wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// [`TINY`] with another number of epochs.
fn epochs(epochs: usize) -> String {
    TINY.replace("epochs=2", &format!("epochs={epochs}"))
}

/// How a run ended.
fn outcome(run: &Path) -> Value {
    timeless(run).last().unwrap()["outcome"].clone()
}

#[test]
fn two_at_a_time_write_what_one_at_a_time_does() {
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let words = |parallel| ["--batch", TINY, "--seeds", "0..2", "--json", "--parallel", parallel, "--out"];
    training().args(words("1")).arg(one.path()).assert().success();
    let parallel = training().args(words("2")).arg(two.path()).assert().success();
    let (alone, together) = (runs(one.path()), runs(two.path()));
    assert_eq!(alone.len(), 3);
    assert!(alone.keys().eq(together.keys()));
    for (name, run) in &alone {
        assert_eq!(timeless(run), timeless(&together[name]), "{name}");
        for file in ["best.safetensors", "last.safetensors"] {
            let read = |run: &Path| fs::read(run.join(file)).unwrap();
            assert!(read(run) == read(&together[name]), "{file} of {name} differs");
        }
    }
    // Whole lines, each run's own in the order of its record, and some of two runs in turn.
    let stdout = String::from_utf8(parallel.get_output().stdout.clone()).unwrap();
    let mut told: Vec<(String, Value)> = Vec::new();
    for line in stdout.lines() {
        let mut event: Value = serde_json::from_str(line).unwrap();
        let run = event.as_object_mut().unwrap().remove("run").unwrap();
        told.push((run.as_str().unwrap().to_owned(), event));
    }
    for run in together.values() {
        let name = run.file_name().unwrap().to_str().unwrap();
        let own: Vec<_> = told.iter().filter(|(run, _)| run == name).map(|(_, event)| event).collect();
        let record = text(run.join("events.jsonl"));
        let record: Vec<Value> = record.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(own.into_iter().eq(&record), "{name}");
    }
    assert!(told.windows(2).filter(|pair| pair[0].0 != pair[1].0).count() > 2, "one after the other");
}

#[test]
fn lines_name_their_run_and_the_table_keeps_the_order_of_the_specs() {
    let out = TempDir::new().unwrap();
    let slow = epochs(12).replace("plain+hires", "resnet+hires");
    let run = training()
        .args(["--batch", &slow, TINY, "--parallel", "2", "--out"])
        .arg(out.path())
        .assert()
        .success();
    let stdout = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    let (progress, table) = stdout.split_once("\n\n").unwrap();
    assert!(
        progress.lines().all(|line| line.starts_with("[1/2] ") || line.starts_with("[2/2] ")),
        "{stdout}"
    );
    let place = |text: &str, words: &str| text.find(words).unwrap_or_else(|| panic!("{words}: {stdout}"));
    assert!(place(progress, "[2/2] saved to") < place(progress, "[1/2] saved to"), "{stdout}");
    assert!(place(table, "\nresnet+hires") < place(table, "\nplain+hires"), "{stdout}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_all_runs_and_starts_no_other() {
    let out = TempDir::new().unwrap();
    let words = ["--batch", &epochs(1_000_000), "--seeds", "0..2", "--parallel", "2"];
    let program = Background::start(out.path(), &words);
    with_an_epoch(out.path(), "-s0");
    with_an_epoch(out.path(), "-s1");
    let kill = std::process::Command::new("kill").args(["-s", "INT", &program.id()]).status();
    assert!(kill.unwrap().success());
    let (code, stdout, _) = program.end();
    assert_eq!(code, Some(130));
    assert!(stdout.contains("0 of 2: stopped") && stdout.contains("1 run was not started"), "{stdout}");
    let runs = runs(out.path());
    assert_eq!(runs.len(), 2);
    for run in runs.values() {
        assert_eq!(outcome(run), "stopped");
        super::eval(run).assert().success();
    }
}

#[test]
fn a_run_that_diverges_leaves_the_others_alone() {
    let out = TempDir::new().unwrap();
    let bad = format!("{TINY} lr=1e38");
    training()
        .args(["--batch", &bad, TINY, &format!("{TINY} seed=1"), "--parallel", "2", "--out"])
        .arg(out.path())
        .assert()
        .code(1)
        .stdout(contains("[1/3] diverged: the train loss is NaN"));
    let all = fs::read_dir(out.path()).unwrap().map(|run| outcome(&run.unwrap().path()));
    let mut outcomes: Vec<String> = all.map(|outcome| outcome.as_str().unwrap().to_owned()).collect();
    outcomes.sort();
    assert_eq!(outcomes, ["completed", "completed", "diverged"]);
}

#[test]
fn a_folder_that_takes_no_more_ends_its_run_and_starts_no_other() {
    let out = TempDir::new().unwrap();
    let (endless, long) = (format!("{} seed=0", epochs(1_000_000)), format!("{} seed=1", epochs(30)));
    let never = format!("{TINY} seed=2");
    let words = ["--batch", &endless, &long, &never, "--parallel", "2"];
    let program = Background::start(out.path(), &words);
    let run = with_an_epoch(out.path(), "-s0");
    let elsewhere = TempDir::new().unwrap();
    fs::rename(&run, elsewhere.path().join("run")).unwrap();
    let (code, stdout, stderr) = program.end();
    assert_eq!(code, Some(1));
    assert!(stderr.contains(run.to_str().unwrap()), "{stderr}");
    assert!(stdout.contains("1 run was not started"), "{stdout}");
    let others = runs(out.path());
    assert_eq!(others.len(), 1, "{others:?}");
    assert!(others.values().all(|run| outcome(run) == "completed"));
}

#[test]
fn at_least_one_and_at_most_64_train_at_the_same_time() {
    for parallel in ["0", "65", "two"] {
        let words = ["--batch", TINY, "--parallel", parallel];
        training().args(words).assert().code(2).stderr(contains("--parallel"));
    }
}
