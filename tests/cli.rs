//! The program from outside: what a user types, reads and finds on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

#[path = "cli/bench.rs"]
mod bench;
#[path = "cli/lesion.rs"]
mod lesion;
#[path = "cli/manual.rs"]
mod manual;
#[path = "cli/notes.rs"]
mod notes;
#[path = "cli/parallel.rs"]
mod parallel;
#[path = "cli/replay.rs"]
mod replay;
#[path = "cli/screen.rs"]
mod screen;
#[path = "cli/system.rs"]
mod system;

/// Trains in a second or two.
const TINY: &str = "plain+hires@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=2 train_limit=60 \
                    val_limit=40 test_limit=50 probe_images=20";

fn program() -> Command {
    let mut command = Command::cargo_bin("hiresnet-tui").unwrap();
    command.env_remove("HIRESNET_DATA").timeout(Duration::from_secs(300));
    command
}

/// The program about to train, on the CPU whatever else there is.
fn training() -> Command {
    let mut command = program();
    command.args(["--device", "cpu"]);
    command
}

/// The program about to score a run again.
fn eval(run: &Path) -> Command {
    let mut command = program();
    command.args(["eval", "--device", "cpu"]).arg(run);
    command
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.as_ref().display()))
}

/// The only run in a folder.
fn only_run(root: &TempDir) -> PathBuf {
    let runs: Vec<_> = fs::read_dir(root).unwrap().map(|e| e.unwrap().path()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].clone()
}

/// The events of a run folder, without what is a time.
fn timeless(run: &Path) -> Vec<Value> {
    let lines = text(run.join("events.jsonl"));
    let events = lines.lines().map(|line| {
        let mut event: Value = serde_json::from_str(line).unwrap();
        let fields = event.as_object_mut().unwrap();
        fields.remove("t").unwrap();
        fields.remove("at");
        event
    });
    // How busy the machine was depends on the machine.
    events.filter(|event| event["event"] != "system").collect()
}

#[test]
fn a_run_is_kept_whole_and_its_test_score_comes_out_again() {
    let out = TempDir::new().unwrap();
    // Given twice, it is one run all the same.
    training()
        .args(["--batch", TINY, TINY, "--out"])
        .arg(out.path())
        .assert()
        .success()
        .stderr(contains("1 repeated run is left out: each spec and seed counts once"))
        .stdout(contains("epoch 2/2").and(contains("top-1 in percent")).and(contains("Mean |activation|")));
    let run = only_run(&out);

    let spec = text(run.join("spec.toml"));
    assert!(spec.contains("dataset = \"fashion-embedded\"") && spec.contains("hops = [\"All\"]"), "{spec}");
    let events = timeless(&run);
    assert_eq!(events[0]["event"], "run_started");
    assert_eq!(events[0]["images"]["train"], 60);
    assert_eq!(events.last().unwrap()["outcome"], "completed");
    assert_eq!(events.iter().filter(|e| e["event"] == "step").count(), 6);
    let metrics = text(run.join("metrics.csv"));
    assert_eq!(metrics.lines().count(), 3);
    assert!(
        metrics.starts_with("epoch,step,seconds,lr,train_loss,train_top1,val_loss,val_top1,"),
        "{metrics}"
    );

    let eval = eval(&run).arg("--json").assert().success();
    let rows: Value = serde_json::from_slice(&eval.get_output().stdout).unwrap();
    for row in rows.as_array().unwrap() {
        assert_eq!(row["agrees"], true, "{row}");
        assert_eq!(row["score"], row["said"]);
    }
    assert_eq!(rows.as_array().unwrap().len(), 2);
    // The spec that the run wrote is a preset like any other.
    program().arg("params").arg(run.join("spec.toml")).assert().success();
    program().args(["runs"]).arg(out.path()).assert().success().stdout(contains("completed"));
}

#[test]
fn a_record_that_does_not_hold_is_found_out() {
    let out = TempDir::new().unwrap();
    training().args(["--batch", TINY, "--set", "epochs=1", "--out"]).arg(out.path()).assert().success();
    let run = only_run(&out);
    let events = run.join("events.jsonl");
    let (whole, weights) = (text(&events), run.join("best.safetensors"));

    let first = whole.find("\"event\":\"tested\"").unwrap();
    let at = first + whole[first..].find("\"hits\":").unwrap() + 7;
    let digits = whole[at..].find(|c: char| !c.is_ascii_digit()).unwrap();
    let hits: usize = whole[at..at + digits].parse().unwrap();
    let other = if hits > 0 { hits - 1 } else { 1 };
    fs::write(&events, format!("{}{other}{}", &whole[..at], &whole[at + digits..])).unwrap();
    eval(&run).assert().code(1).stdout(contains("NO"));

    // A crash while writing tears the last line only.
    fs::write(&events, &whole[..whole.len() - 10]).unwrap();
    eval(&run).assert().success();
    program().arg("runs").arg(out.path()).assert().success().stdout(contains("unfinished"));

    fs::write(&events, whole.replacen("\"event\":\"step\"", "\"event\":\"stop\"", 1)).unwrap();
    eval(&run).assert().code(2).stderr(contains("line 4 is not an event"));
    program().arg("runs").arg(out.path()).assert().success().stderr(contains("skipped: "));
    fs::write(&events, whole.replacen("\"v\":3", "\"v\":99", 1)).unwrap();
    eval(&run).assert().code(2).stderr(contains("version 99"));

    fs::write(&events, &whole).unwrap();
    let bytes = fs::read(&weights).unwrap();
    fs::write(&weights, &bytes[..bytes.len() - 100]).unwrap();
    program()
        .arg("eval")
        .arg(&run)
        .assert()
        .code(2)
        .stderr(contains("best.safetensors: not a safetensors file"));
}

#[test]
fn one_and_two_threads_write_identical_events() {
    // Full width and a batch large enough for every operation to use its threads.
    let line = "resnet+hires@fashion-embedded blocks=1,1,1 batch=64 epochs=1 train_limit=128 val_limit=64 \
                test_limit=64 probe_images=64";
    let (one, two) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for (threads, out) in [("1", &one), ("2", &two)] {
        training().args(["--threads", threads, "--batch", line, "--out"]).arg(out.path()).assert().success();
    }
    assert_eq!(timeless(&only_run(&one)), timeless(&only_run(&two)));
    for name in ["best.safetensors", "last.safetensors"] {
        let read = |out: &TempDir| fs::read(only_run(out).join(name)).unwrap();
        assert!(read(&one) == read(&two), "{name} differs");
    }
}

#[test]
fn seeds_are_gathered_into_mean_and_deviation() {
    let out = TempDir::new().unwrap();
    let mut words = vec!["--batch"];
    words.extend(TINY.split_whitespace());
    words.extend(["--seeds", "0..1", "--set", "epochs=1", "--target", "0", "--out"]);
    let run = training().args(words).arg(out.path()).assert().success();
    let shown = String::from_utf8_lossy(&run.get_output().stdout).into_owned();
    assert!(
        shown.contains("[2/2]") && shown.contains("mean(std) over seeds") && shown.contains("epochs to 0%")
    );
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 2);
}

#[test]
fn json_puts_events_and_nothing_else_on_stdout() {
    let out = TempDir::new().unwrap();
    let run = training().args(["--batch", TINY, "--json", "--out"]).arg(out.path()).assert().success();
    let stdout = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    let name = only_run(&out).file_name().unwrap().to_str().unwrap().to_owned();
    let events: Vec<Value> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(events.iter().all(|e| e["run"] == name.as_str() && e["v"] == 3));
    assert_eq!(events.len(), text(only_run(&out).join("events.jsonl")).lines().count());
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_after_the_step_and_keeps_the_run() {
    // Where the tests themselves run under nohup, the program ignores SIGHUP as it should.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = u64::from_str_radix(ignored.unwrap_or("1").trim(), 16).unwrap();
    let signals = [("INT", 130), ("TERM", 143), ("HUP", 129)];
    for (signal, code) in signals.into_iter().filter(|(name, _)| *name != "HUP" || mask & 1 == 0) {
        let out = TempDir::new().unwrap();
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("hiresnet-tui"))
            .args(["--device", "cpu", "--batch", TINY, "--set", "epochs=1000000", "--out"])
            .arg(out.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let started = std::time::Instant::now();
        let trains = || {
            let run = fs::read_dir(out.path()).ok()?.filter_map(Result::ok).find(|e| e.path().is_dir())?;
            fs::read_to_string(run.path().join("events.jsonl")).ok()?.contains("epoch_ended").then_some(())
        };
        while trains().is_none() {
            assert!(started.elapsed() < Duration::from_secs(120), "no epoch ended");
            std::thread::sleep(Duration::from_millis(50));
        }
        let kill = std::process::Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(code));
        let run = only_run(&out);
        assert_eq!(timeless(&run).last().unwrap()["outcome"], "stopped");
        eval(&run).assert().success();
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_among_the_runs_does_not_hold_up_the_listing() {
    let root = TempDir::new().unwrap();
    let run = root.path().join("pipe");
    fs::create_dir(&run).unwrap();
    fs::write(run.join("spec.toml"), "family = 'plain'\ndataset = 'fashion'").unwrap();
    let made = std::process::Command::new("mkfifo").arg(run.join("events.jsonl")).status().unwrap();
    assert!(made.success());
    program().arg("runs").arg(root.path()).assert().success().stderr(contains("not a regular file"));
    eval(&run).assert().code(2).stderr(contains("not a regular file"));
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_said_but_a_closed_pipe_is_no_error() {
    for words in [&["params", "--json"][..], &["--help"], &["--version"], &["sweep", "--help"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("hiresnet-tui"));
        let run = command.args(words).stdout(full).output().unwrap();
        assert_eq!(run.status.code(), Some(1), "{words:?}");
        assert!(String::from_utf8_lossy(&run.stderr).contains("cannot print to stdout"), "{words:?}");
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin("hiresnet-tui"));
    assert_eq!(command.arg("params").stdout(writer).status().unwrap().code(), Some(0));
}

#[test]
fn words_of_a_spec_after_an_option_are_not_a_command() {
    let tip = "the words of a spec directly follow --batch";
    let words = ["--batch", "plain@fashion", "--resume", "seed=3"];
    program().args(words).assert().code(2).stderr(contains(tip));
    program().args(["nosuch"]).assert().code(2).stderr(contains(tip).not());
}

#[test]
fn escape_sequences_from_outside_reach_no_terminal() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("x.toml");
    fs::write(&file, "family = \"\\u001b[31mred\"\ndataset = \"fashion\"").unwrap();
    let run = dir.path().join("run");
    fs::create_dir(&run).unwrap();
    fs::write(run.join("spec.toml"), fs::read(&file).unwrap()).unwrap();
    fs::write(run.join("events.jsonl"), "").unwrap();
    for command in [
        program().arg("params").arg(&file),
        program().arg("params").arg("plain@fashion \u{1b}[31mred=1"),
        program().arg("runs").arg(dir.path()),
        eval(&run).arg("--json"),
    ] {
        let output = command.output().unwrap();
        assert!(!output.stderr.contains(&0x1b), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stderr).contains("␛[31mred"));
    }
}

#[test]
fn a_run_that_diverges_says_where_and_exits_with_1() {
    let out = TempDir::new().unwrap();
    training()
        .args(["--batch", TINY, "lr=1e38", "--out"])
        .arg(out.path())
        .assert()
        .code(1)
        .stdout(contains("diverged: the train loss is NaN at step").and(contains("0 of 1: diverged")));
    program().arg("runs").arg(out.path()).assert().success().stdout(contains("diverged"));
    let parity = out.path().join("parity");
    let mut command = program();
    command.arg("parity").arg(&parity).args(TINY.split_whitespace()).arg("lr=1e38");
    command.assert().code(2).stderr(contains("is not finite"));
    assert!(!parity.join("parity.json").exists());
}

#[test]
fn the_papers_table_agrees_as_printed() {
    let run = program().args(["params", "--json"]).assert().success();
    let rows: Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 14);
    assert!(rows.iter().all(|row| row["agrees"] == true));
    assert_eq!(rows[5]["parameters"], 273_466);
}

#[test]
fn bad_input_is_one_message_exit_code_2_and_no_run() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("bad.toml");
    fs::write(&file, "family = \"resnet\"\nepocs = 3\n").unwrap();
    let axis = dir.path().join("axis.toml");
    fs::write(&axis, "family = 'resnet'\ndataset = 'fashion'\n[axis]\nseed = '0..4'\n").unwrap();
    let axis = axis.to_str().unwrap();
    let (file, gone) = (file.to_str().unwrap(), dir.path().join("gone"));
    let gone = gone.to_str().unwrap();
    let out = dir.path().join("runs");
    for (words, said) in [
        (vec!["--batch", "quikstart"], "did you mean 'quickstart'?"),
        (vec!["--batch", "quickstart", "--set", "epoch=3"], "did you mean 'epochs'?"),
        (vec!["--batch", "quickstart", "--set", "epochs"], "not of the form key=value"),
        (
            vec!["--batch", "quickstart", "--set", "widths=0,32,64"],
            "widths: '0' is not a number from 1 to 1024",
        ),
        (vec!["--batch", "quickstart", "--set", "hops=0-9"], "hop 0-9 does not exist"),
        (vec!["--batch", "quickstart", "--seeds", "4..0"], "runs backwards"),
        (vec!["--batch", "quickstart", "--set", "dataset=tiny-imagenet"], "no tiny-imagenet here"),
        (vec!["--batch", "quickstart", "--device", "tpu"], "a device is auto, cpu, gpu[:N] or cuda[:N]"),
        (vec!["--batch", file], "did you mean 'epochs'?"),
        (vec!["--batch", "none.toml"], "none.toml: cannot open"),
        (vec!["--batch", "resnet@fashion", "--data-dir", gone], "no Fashion-MNIST here"),
        (vec!["--batch", axis], "axis.toml: [axis] is not a table of a spec (did you mean [axes]?)"),
        (
            vec!["--batch", "depth", "--set", "blocks=1,1"],
            "3 widths for 2 blocks; give one width a block, e.g. widths=16,32,64 (of seed=0 version=original \
             widths=16,32,64 blocks=1,1)",
        ),
        (vec!["--batch", "resnet@fashion", "--set", "blocks=1"], "3 widths for 1 block;"),
        (vec!["eval", gone], "not a folder"),
        (vec!["runs", gone], "cannot read the folder"),
        (vec!["params", "resnext@fashion widths=15,30,60"], "do not divide"),
        (vec![], "needs a terminal"),
    ] {
        let mut command = program();
        if words.first() == Some(&"--batch") {
            command.arg("--out").arg(&out);
        }
        let run = command.args(&words).assert().code(2);
        let error = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(error.contains(said), "{words:?} said: {error}");
        assert!(!error.contains("panicked"), "{words:?} said: {error}");
        assert!(!out.exists() || fs::read_dir(&out).unwrap().next().is_none(), "{words:?} left a run");
    }
}

#[test]
fn broken_data_files_are_named_with_what_is_wrong() {
    let idx = |magic: u32, dims: &[u32], data: usize| {
        let mut bytes = magic.to_be_bytes().to_vec();
        dims.iter().for_each(|d| bytes.extend(d.to_be_bytes()));
        bytes.resize(bytes.len() + data, 1);
        bytes
    };
    let good = [
        ("train-images-idx3-ubyte", idx(0x803, &[20, 28, 28], 20 * 784)),
        ("train-labels-idx1-ubyte", idx(0x801, &[20], 20)),
        ("t10k-images-idx3-ubyte", idx(0x803, &[10, 28, 28], 10 * 784)),
        ("t10k-labels-idx1-ubyte", idx(0x801, &[10], 10)),
    ];
    let mut bad_label = idx(0x801, &[20], 20);
    bad_label[8 + 7] = 10;
    for (name, bytes, said) in [
        ("train-images-idx3-ubyte", idx(0x801, &[20, 28, 28], 20 * 784), "magic number"),
        ("train-images-idx3-ubyte", idx(0x803, &[20, 28, 28], 20 * 784 - 1), "truncated"),
        ("train-images-idx3-ubyte", idx(0x803, &[20, 28, 28], 20 * 784 + 1), "more data"),
        ("train-images-idx3-ubyte", idx(0x803, &[20, 32, 32], 20 * 1024), "images of 32×32"),
        ("train-labels-idx1-ubyte", bad_label, "label 10 of image 7"),
        ("train-labels-idx1-ubyte", idx(0x801, &[19], 19), "19 labels for the 20 images"),
        ("t10k-labels-idx1-ubyte", vec![], "shorter than an IDX header"),
        ("t10k-images-idx3-ubyte", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 2, 3], "gzip"),
        ("t10k-images-idx3-ubyte", idx(0x803, &[u32::MAX, 28, 28], 9), "beyond what such a file holds"),
    ] {
        let dir = TempDir::new().unwrap();
        for (name, bytes) in &good {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        fs::write(dir.path().join(name), bytes).unwrap();
        let out = dir.path().join("runs");
        let run = training()
            .args(["--batch", "plain@fashion", "--data-dir"])
            .arg(dir.path())
            .arg("--out")
            .arg(&out)
            .assert()
            .code(2);
        let error = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(error.contains(name) && error.contains(said), "{error}");
        assert!(!out.exists());
    }
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join(good[0].0), &good[0].1).unwrap();
    let mut command = program();
    command.env("HIRESNET_DATA", dir.path()).args(["--batch", "plain@fashion"]);
    command.assert().code(2).stderr(contains("train-labels-idx1-ubyte[.gz] is missing"));
}

#[test]
fn an_output_folder_that_cannot_be_written_is_known_before_training() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let run = training().args(["--batch", TINY, "--out"]).arg(file.join("runs")).assert().code(2);
    let error = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(error.contains("cannot create the folder"), "{error}");
}

#[test]
fn parity_writes_what_pytorch_needs() {
    let out = TempDir::new().unwrap();
    program().arg("parity").arg(out.path()).args(TINY.split_whitespace()).assert().success();
    let sheet: Value = serde_json::from_str(&text(out.path().join("parity.json"))).unwrap();
    for losses in ["losses", "losses_double"] {
        let losses = sheet[losses].as_array().unwrap();
        assert!(losses.len() == 20 && losses.iter().all(|l| l.as_f64().unwrap() > 0.0));
    }
    let tensors = |name: &str| {
        let bytes = fs::read(out.path().join(name)).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        file.names().into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let weights = tensors("weights.safetensors");
    let step0 = tensors("step0.safetensors");
    for name in weights.iter().filter(|n| !n.contains("running_")) {
        assert!(
            step0.contains(&format!("grad.{name}")) && step0.contains(&format!("double.grad.{name}")),
            "{name}"
        );
    }
    assert_eq!(tensors("batches.safetensors").len(), 40);

    // The same code in both precisions: what differs is rounding.
    let bytes = fs::read(out.path().join("step0.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let logits = |name: &str| -> Vec<f32> {
        let tensor = file.tensor(name).unwrap();
        tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
    };
    let (single, double) = (logits("logits"), logits("double.logits"));
    let largest = double.iter().fold(0.0, |m: f32, v| m.max(v.abs()));
    let apart = single.iter().zip(&double).fold(0.0, |m: f32, (a, b)| m.max((a - b).abs()));
    assert!(single.len() == 20 * 10 && apart > 0.0 && apart < 1e-4 * largest, "{apart} of {largest}");
}
