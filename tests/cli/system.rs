//! How busy the machine was is recorded with a run, and exported.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::{TINY, program, text};

#[test]
fn cpu_and_memory_are_recorded_and_exported() {
    let home = TempDir::new().unwrap();
    let out = home.path().join("runs");
    let spec = TINY.replace("epochs=2", "epochs=100000").replace("train_limit=60", "train_limit=2000");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"))
        .args(["--device", "cpu", "--threads", "1", "--batch", &spec, "--out"])
        .arg(&out)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let record = loop {
        assert!(started.elapsed() < Duration::from_secs(120), "the machine is never looked at");
        std::thread::sleep(Duration::from_millis(50));
        let run = fs::read_dir(&out).ok().and_then(|mut all| all.next()).map(|run| run.unwrap().path());
        let record = run.map(|run| run.join("events.jsonl")).filter(|path| path.exists());
        if let Some(path) = record.filter(|path| text(path).matches("\"system\"").count() > 1) {
            break path;
        }
    };
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let run = record.parent().unwrap();
    let looks: Vec<Value> = text(&record)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &Value| event["event"] == "system")
        .collect();
    for look in &looks {
        assert!((0.0..=100.0).contains(&look["cpu"].as_f64().unwrap()), "{look}");
        assert!(look["memory"].as_u64().unwrap() > 1 << 20, "{look}");
        assert!(look["gpu"].is_null(), "nothing trains there: {look}");
    }
    // Not with every step.
    let apart = looks[1]["t"].as_f64().unwrap() - looks[0]["t"].as_f64().unwrap();
    assert!(apart >= 2.0, "{apart}");

    let csv = home.path().join("csv");
    program().arg("export").arg(run).args(["--format", "csv", "-o"]).arg(&csv).assert().success();
    let curves = text(csv.join("metrics.csv"));
    assert_eq!(curves.matches("system/cpu").count(), looks.len());
    assert_eq!(curves.matches("system/memory").count(), looks.len());
}
