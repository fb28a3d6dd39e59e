//! Runs in the formats of others, read back by those others.
//!
//! `TensorBoard`, `PyTorch` and pyarrow read what was written where Python has them; elsewhere
//! those tests pass and say so, unless `HIRESNET_REQUIRE_TENSORBOARD`, `…_TORCH` or
//! `…_PYARROW` is set. `HIRESNET_PYTHON` names another interpreter.

#[path = "export/open.rs"]
mod open;

#[path = "made/mod.rs"]
mod events;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use hiresnet_tui::domain::annotation::{self, AnnotationEdit};
use hiresnet_tui::engine::annotation_file;
use hiresnet_tui::engine::export::{FileFormat, export, masked_crc};
use hiresnet_tui::engine::store::SavedRun;
use serde_json::Value;

/// Two epochs of a small network, scored on the whole test split.
const SPEC: &str = "resnet+hires[P1,0-2]@fashion-embedded epochs=2 train_limit=200 val_limit=100 \
                    probe_images=20 blocks=1,1 widths=8,16";

fn program() -> assert_cmd::Command {
    assert_cmd::Command::cargo_bin("hiresnet-tui").unwrap()
}

/// A run that was trained once for all tests.
fn run() -> &'static Path {
    static RUN: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, run) = RUN.get_or_init(|| {
        let root = tempfile::tempdir().unwrap();
        program()
            .args(["--out", root.path().to_str().unwrap(), "--device", "cpu", "--batch", SPEC])
            .assert()
            .success();
        let run = fs::read_dir(root.path()).unwrap().next().unwrap().unwrap().path();
        (root, run)
    });
    run
}

fn name() -> &'static str {
    run().file_name().unwrap().to_str().unwrap()
}

fn exported(format: FileFormat) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let written = export(&[run().to_path_buf()], format, folder.path(), false, None).unwrap().written;
    assert!(written.iter().all(|path| path.is_file()));
    (folder, written)
}

/// The script that reads with Python's `packages`; `None` without them.
fn script(what: &str, packages: &str) -> Option<Command> {
    let python = std::env::var("HIRESNET_PYTHON").unwrap_or_else(|_| "python3".into());
    let has = Command::new(&python).args(["-c", &format!("import {packages}")]).output();
    if !has.is_ok_and(|out| out.status.success()) {
        let variable = format!("HIRESNET_REQUIRE_{}", what.to_uppercase());
        assert!(std::env::var_os(variable).is_none(), "no {python} with {packages}");
        eprintln!("skipped: no {python} with {packages}");
        return None;
    }
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/export/check.py"));
    Some(command)
}

/// What a Python package says of `folder`; `None` without the package.
fn python(what: &str, packages: &str, folder: &Path) -> Option<Value> {
    let out = script(what, packages)?.arg(what).arg(folder).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    Some(serde_json::from_slice(&out.stdout).unwrap())
}

#[test]
fn records_are_framed_with_their_checksums() {
    let (_folder, written) = exported(FileFormat::Tensorboard);
    let bytes = fs::read(&written[0]).unwrap();
    let (mut rest, mut records) = (&bytes[..], 0);
    while !rest.is_empty() {
        let len = u64::from_le_bytes(rest[..8].try_into().unwrap()) as usize;
        let crc = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        assert_eq!(crc(8), masked_crc(&rest[..8]));
        assert_eq!(crc(12 + len), masked_crc(&rest[12..12 + len]));
        if records == 0 {
            assert!(rest[12..12 + len].ends_with(b"brain.Event:2"));
        }
        rest = &rest[16 + len..];
        records += 1;
    }
    let steps = SavedRun::open(run()).unwrap().state.steps.len();
    assert!(records > 4 + steps, "{records}");
}

#[test]
fn tensorboard_reads_scalars_histograms_and_hyperparameters() {
    let (folder, written) = exported(FileFormat::Tensorboard);
    assert_eq!(written[0].parent().unwrap(), folder.path().join(name()));
    let Some(read) = python("tensorboard", "tensorboard", &folder.path().join(name())) else { return };
    let saved = SavedRun::open(run()).unwrap();
    let state = &saved.state;
    let series = |tag: &str| -> Vec<(u64, f64)> {
        let points = read["scalars"][tag].as_array().unwrap_or_else(|| panic!("{tag}: {}", read["scalars"]));
        points.iter().map(|p| (p[0].as_u64().unwrap(), p[1].as_f64().unwrap())).collect()
    };
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-6 * b.abs().max(1.0);
    let validation = series("loss/validation");
    assert_eq!(validation.len(), 2);
    for (epoch, (step, loss)) in state.epochs.iter().zip(&validation) {
        assert_eq!(*step, epoch.step as u64);
        assert!(near(*loss, epoch.validation.loss));
    }
    assert!(near(series("top1/train")[1].1, state.epochs[1].train.top1()));
    let steps = series("loss/train_step");
    assert_eq!(steps.len(), state.steps.len());
    assert!(
        state
            .steps
            .iter()
            .zip(&steps)
            .all(|(a, (step, loss))| a.step as u64 == *step && near(*loss, a.loss.into()))
    );
    assert_eq!(series("lr").len(), 2);
    let best = state.tests.iter().find(|(checkpoint, ..)| checkpoint.name() == "best").unwrap();
    assert!(near(series("top1/test_best")[0].1, best.2.top1()));
    // Fig. 2, after every epoch.
    let probe = state.probes.iter().rfind(|probe| probe.epoch == 2).unwrap();
    assert_eq!(series("activation/block2/from0").len(), 2);
    assert_eq!(probe.blocks.len(), 2);
    assert!(series("activation/block1/F")[0].1 > 0.0);

    let started: jiff::Timestamp = state.started.as_ref().unwrap().at.parse().unwrap();
    let seconds = started.as_millisecond() as f64 / 1000.0;
    assert!((read["start"].as_f64().unwrap() - seconds).abs() < 0.01);
    let last = read["scalars"]["loss/validation"][1][2].as_f64().unwrap();
    assert!((last - seconds - state.epochs[1].t).abs() < 0.01);
    let stem = &read["histograms"]["weights_best/stem.conv.weight"][0];
    assert_eq!(stem[1].as_f64(), Some(8.0 * 3.0 * 9.0), "{stem}");
    assert_eq!(stem[0].as_u64(), Some(state.best_epoch().unwrap().step as u64));
    // The spread of every term after every epoch: 20 images of 8 maps of 32 × 32.
    let spread = read["histograms"]["activations/block1/from0"].as_array().unwrap();
    assert_eq!(spread.len(), 2);
    for (epoch, spread) in state.epochs.iter().zip(spread) {
        assert_eq!((spread[0].as_u64(), spread[1].as_f64()), (Some(epoch.step as u64), Some(163_840.0)));
    }
    for tag in ["activations/block1/F", "activations/block2/from0", "activations_test/block2/F"] {
        assert!(read["histograms"][tag].is_array(), "{tag}");
    }
    assert_eq!(read["hparams"]["lr"], 0.01);
    assert_eq!(read["hparams"]["dataset"], "fashion-embedded");
    assert_eq!(read["hparams"]["flip"], false);
    assert_eq!(read["infos"].as_array().unwrap().len(), saved.spec.pairs().count());
    assert_eq!((&read["status"], &read["metrics"][0]), (&1.into(), &"top1/validation".into()));
}

#[test]
fn what_is_said_of_a_run_is_exported_and_a_later_note_is_added() {
    let runs = tempfile::tempdir().unwrap();
    let run = runs.path().join(name());
    fs::create_dir(&run).unwrap();
    for entry in fs::read_dir(self::run()).unwrap().flatten() {
        fs::copy(entry.path(), run.join(entry.file_name())).unwrap();
    }
    let say = |note: &str| {
        let edit = AnnotationEdit {
            name: Some("wide".into()),
            note: Some(note.into()),
            add: annotation::tags("b a").unwrap(),
            ..AnnotationEdit::default()
        };
        annotation_file::edit(&run, &edit).unwrap();
    };
    let folder = tempfile::tempdir().unwrap();
    let export = |format| export(std::slice::from_ref(&run), format, folder.path(), false, None).unwrap();
    say("first");
    assert_eq!(export(FileFormat::Tensorboard).written.len(), 1);
    assert_eq!(export(FileFormat::Tensorboard).extended[0].1, Some(0), "nothing new");
    say("second");
    assert_eq!(export(FileFormat::Tensorboard).extended[0].1, Some(1));
    export(FileFormat::Csv);
    let mut reader = csv::Reader::from_path(folder.path().join("summary.csv")).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = reader.records().next().unwrap().unwrap();
    let at = |name: &str| &row[header.iter().position(|column| column == name).unwrap()];
    assert_eq!((at("name"), at("tags"), at("note")), ("wide", "a b", "second"));
    let Some(read) = python("tensorboard", "tensorboard", &folder.path().join(name())) else { return };
    let texts =
        serde_json::json!({"run/name": ["wide"], "run/tags": ["#a #b"], "run/note": ["first", "second"]});
    assert_eq!(read["texts"], texts);
}

#[test]
fn csv_has_every_value_and_every_run() {
    let (folder, _) = exported(FileFormat::Csv);
    let saved = SavedRun::open(run()).unwrap();
    let read = |file: &str| -> (Vec<String>, Vec<csv::StringRecord>) {
        let mut reader = csv::Reader::from_path(folder.path().join(file)).unwrap();
        let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
        (header, reader.records().map(Result::unwrap).collect())
    };
    let (header, rows) = read("metrics.csv");
    assert_eq!(header, ["run", "spec", "seed", "epoch", "step", "seconds", "metric", "value"]);
    assert!(rows.iter().all(|row| &row[0] == name() && row[1] == *saved.spec.to_string() && &row[2] == "0"));
    let of = |metric: &str| rows.iter().filter(|row| &row[6] == metric).collect::<Vec<_>>();
    assert_eq!(of("loss/train_step").len(), saved.state.steps.len());
    let loss = of("loss/validation")[1];
    assert_eq!(
        (&loss[3], loss[7].parse()),
        ("2", Ok(saved.state.epochs[1].validation.loss)),
        "to the last bit"
    );
    let metrics: HashSet<_> = rows.iter().map(|row| row[6].to_owned()).collect();
    for metric in ["lr", "top1/test_last", "activation/block1/from0", "activation_test/block2/F"] {
        assert!(metrics.contains(metric), "{metric}: {metrics:?}");
    }
    let (header, rows) = read("summary.csv");
    let at = |name: &str| rows[0][header.iter().position(|column| column == name).unwrap()].to_owned();
    assert_eq!((rows.len(), at("outcome"), at("epochs")), (1, "completed".into(), "2".into()));
    assert_eq!(at("parameters"), saved.state.started.as_ref().unwrap().parameters.to_string());
    let best = saved.state.tests.iter().find(|(checkpoint, ..)| checkpoint.name() == "best").unwrap();
    assert_eq!(at("test_top1").parse(), Ok(best.2.top1()));
}

#[test]
fn parquet_has_the_same_as_csv() {
    let (folder, _) = exported(FileFormat::Parquet);
    let (csv, _) = exported(FileFormat::Csv);
    for name in ["metrics", "summary"] {
        let bytes = fs::read(folder.path().join(format!("{name}.parquet"))).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }
    let Some(read) = python("pyarrow", "pyarrow.parquet", folder.path()) else { return };
    for name in ["metrics", "summary"] {
        let mut reader = csv::Reader::from_path(csv.path().join(format!("{name}.csv"))).unwrap();
        let header = reader.headers().unwrap().clone();
        let rows = read[name]["rows"].as_array().unwrap();
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), records.len());
        for (row, record) in rows.iter().zip(&records) {
            for (column, text) in header.iter().zip(record) {
                match &row[column] {
                    Value::Null => assert_eq!(text, "", "{column}"),
                    Value::String(value) => assert_eq!(value, text, "{column}"),
                    value => assert_eq!(value.as_f64(), text.parse().ok(), "{column}"),
                }
            }
        }
    }
    let types = &read["metrics"]["types"];
    assert_eq!(
        (&types["run"], &types["step"], &types["value"]),
        (&"string".into(), &"uint64".into(), &"double".into())
    );
}

#[test]
fn pytorch_loads_it_strictly_and_reproduces_the_test_score() {
    let (folder, written) = exported(FileFormat::Pytorch);
    let folder = folder.path().join(name());
    let mut names: Vec<_> = written.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["best.safetensors", "hiresnet.py", "last.safetensors", "load.py", "spec.json"]);
    assert_eq!(
        fs::read(folder.join("best.safetensors")).unwrap(),
        fs::read(run().join("best.safetensors")).unwrap()
    );
    let sheet: Value = serde_json::from_slice(&fs::read(folder.join("spec.json")).unwrap()).unwrap();
    let line: hiresnet_tui::domain::spec::ExperimentSpec = sheet["line"].as_str().unwrap().parse().unwrap();
    assert_eq!(line, SavedRun::open(run()).unwrap().spec);
    assert_eq!(sheet["network"]["hops"], serde_json::json!([[0, 1], [0, 2], [1, 2]]));
    assert_eq!(sheet["normalisation"]["mean"].as_array().unwrap().len(), 1);

    let Some(read) = python("torch", "torch, numpy, safetensors", &folder) else { return };
    assert_eq!((&read[0][0], &read[0][1]), (&0.into(), &"logits 1 10\n".into()), "{read}");
    assert_eq!(read[1][0], 0, "{read}");
    let said = read[1][1].as_str().unwrap();
    let percent: Vec<f64> =
        said.split_whitespace().filter_map(|word| word.strip_suffix('%')?.parse().ok()).collect();
    // Rounding may turn an image or two.
    assert!(percent.len() == 2 && (percent[0] - percent[1]).abs() <= 0.101, "{said}");
}

#[test]
fn what_is_there_stays_unless_it_is_forced() {
    let (folder, written) = exported(FileFormat::Csv);
    fs::write(&written[0], "mine").unwrap();
    let again = |force: bool| {
        let mut command = program();
        command.arg("export").arg(run()).args(["--format", "csv", "-o"]).arg(folder.path());
        if force { command.arg("--force") } else { &mut command }.assert()
    };
    let refused = again(false).code(2);
    assert!(String::from_utf8_lossy(&refused.get_output().stderr).contains("--force replaces it"));
    assert_eq!(fs::read_to_string(&written[0]).unwrap(), "mine");
    again(true).success();
    assert!(fs::read_to_string(&written[0]).unwrap().starts_with("run,spec"));
    // None is written where one cannot be.
    let empty = tempfile::tempdir().unwrap();
    fs::write(empty.path().join("summary.csv"), "mine").unwrap();
    assert!(export(&[run().to_path_buf()], FileFormat::Csv, empty.path(), false, None).is_err());
    assert!(!empty.path().join("metrics.csv").exists());
}

#[test]
#[cfg(unix)]
fn nothing_leaves_the_folder() {
    use std::os::unix::fs::symlink;
    let root = tempfile::tempdir().unwrap();
    let copy = |name: &str| {
        let to = root.path().join("runs").join(name);
        fs::create_dir_all(&to).unwrap();
        for entry in fs::read_dir(run()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
        to
    };
    // Two names that become the same, and one that would hide or be an option.
    let runs = [copy("..a b"), copy("a\u{1b}b"), copy("-x\n..")];
    let out = root.path().join("out");
    let written = export(&runs, FileFormat::Pytorch, &out, false, None).unwrap().written;
    let folders: HashSet<_> = written.iter().map(|path| path.parent().unwrap().to_path_buf()).collect();
    assert_eq!(folders, HashSet::from(["a-b", "a-b-2", "-x-.."].map(|name| out.join(name))));
    // A run named twice is written twice, side by side.
    let twice = [runs[0].clone(), runs[0].clone()];
    let written =
        export(&twice, FileFormat::Tensorboard, &root.path().join("tb"), false, None).unwrap().written;
    assert_eq!(written.len(), 2);

    // Links in the way, forced or not.
    let (elsewhere, trap) = (root.path().join("elsewhere"), root.path().join("trap"));
    fs::create_dir_all(&elsewhere).unwrap();
    fs::create_dir_all(&trap).unwrap();
    symlink(&elsewhere, trap.join("a-b")).unwrap();
    symlink(elsewhere.join("file"), trap.join("metrics.csv")).unwrap();
    for format in [FileFormat::Pytorch, FileFormat::Tensorboard, FileFormat::Csv] {
        let fault = export(&runs[..1], format, &trap, true, None).unwrap_err().to_string();
        assert!(fault.contains("left alone"), "{fault}");
    }
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn what_is_no_run_or_has_no_weights_is_refused() {
    let root = tempfile::tempdir().unwrap();
    program().arg("export").arg(root.path()).args(["--format", "csv", "-o", "x"]).assert().code(2);
    program().arg("export").arg(run()).args(["--format", "hdf5", "-o", "x"]).assert().code(2);
    let bare = root.path().join("bare");
    fs::create_dir(&bare).unwrap();
    for file in ["spec.toml", "events.jsonl"] {
        fs::copy(run().join(file), bare.join(file)).unwrap();
    }
    let out = root.path().join("out");
    assert!(export(std::slice::from_ref(&bare), FileFormat::Pytorch, &out, false, None).is_err());
    assert!(!out.exists());
    // Its record is worth something without them.
    let written =
        export(std::slice::from_ref(&bare), FileFormat::Tensorboard, &out, false, None).unwrap().written;
    assert_eq!(written.len(), 1);
    // Among others it is left out.
    let both = [bare, run().to_path_buf()];
    let exported = export(&both, FileFormat::Pytorch, &root.path().join("both"), false, None).unwrap();
    assert_eq!((exported.written.len(), exported.left.errors.len()), (5, 1));
}

/// What a shell's pattern finds in a sweep's folder: runs, damaged ones, and other files.
#[test]
fn what_lies_beside_runs_is_passed_over() {
    let root = tempfile::tempdir().unwrap();
    let at = |name: &str| root.path().join(name);
    fs::create_dir(at("whole")).unwrap();
    for file in fs::read_dir(run()).unwrap().map(|entry| entry.unwrap()) {
        fs::copy(file.path(), at("whole").join(file.file_name())).unwrap();
    }
    fs::create_dir(at("damaged")).unwrap();
    fs::write(at("damaged/spec.toml"), "").unwrap();
    fs::create_dir(at("empty")).unwrap();
    fs::write(at("sweep.sbatch"), "#!/bin/bash").unwrap();
    let command = |words: &[&str], names: &[&str]| {
        let mut command = program();
        command.current_dir(root.path()).args(words).args(names);
        let ended = command.output().unwrap();
        (String::from_utf8(ended.stderr).unwrap(), ended.status.code())
    };
    let all = ["damaged", "empty", "sweep.sbatch", "whole"];
    for words in [&["export", "--format", "csv", "-o", "out"][..], &["record", "-o", "all.hrec"]] {
        let (text, code) = command(words, &all);
        assert_eq!(code, Some(0), "{text}");
        assert!(text.contains("left out: damaged/spec.toml: not a spec"), "{text}");
        assert!(text.contains("passed over, no runs: empty, sweep.sbatch\n"), "{text}");
        let no = |names: &[&str], why: &str| {
            let (text, code) = command(words, names);
            assert!(code == Some(2) && text.contains(why), "{names:?}: {text}");
        };
        no(&["sweep.sbatch"], "no run here");
        no(&["damaged"], "not a spec");
        no(&["whole", "gone"], "gone: no run here");
        no(&["whole", "."], "a folder of runs");
        no(&["empty", "sweep.sbatch"], "empty: no run, nor is anything else");
    }
    assert_eq!(fs::read_to_string(at("out/summary.csv")).unwrap().lines().count(), 2);
}
