//! A `TensorBoard` that is open while a run trains sees what is new.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hiresnet_tui::domain::event::{Event, EventKind, Outcome, Split};
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::data::DatasetCache;
use hiresnet_tui::engine::deletion;
use hiresnet_tui::engine::device::Device;
use hiresnet_tui::engine::export::{BoardSwitch, FileFormat, export};
use hiresnet_tui::engine::store::{self, RunDir, SavedRun};
use hiresnet_tui::engine::trainer::RunPlan;
use hiresnet_tui::engine::worker::Worker;
use serde_json::Value;

use crate::events::{RunEvents, record};
use crate::script;

const LINE: &str = "resnet+hires[P1]@fashion-embedded batch=900 epochs=4";

/// A reader of `TensorBoard`'s that stays open.
struct OpenBoard {
    child: Child,
    ask: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl OpenBoard {
    fn open(folder: &Path) -> Option<Self> {
        let mut command = script("tensorboard", "tensorboard")?;
        command.arg("watch").arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (ask, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Some(Self { child, ask, answers })
    }

    /// What it has after it has looked again.
    fn look(&mut self) -> Value {
        writeln!(self.ask, "look").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The steps at which it has a value.
    fn steps(&mut self, tag: &str) -> Vec<u64> {
        let read = self.look();
        let points = read["scalars"][tag].as_array().cloned().unwrap_or_default();
        points.iter().map(|point| point[0].as_u64().unwrap()).collect()
    }
}

impl Drop for OpenBoard {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn exported(run: &Path, folder: &Path, force: bool) -> (usize, Vec<Option<usize>>) {
    let runs = [run.to_path_buf()];
    let exported = export(&runs, FileFormat::Tensorboard, folder, force, None).unwrap();
    (exported.written.len(), exported.extended.into_iter().map(|(_, added)| added).collect())
}

#[test]
fn an_export_that_is_repeated_adds_what_is_new() {
    let home = tempfile::tempdir().unwrap();
    let board = home.path().join("board");
    let events = record(LINE, "2026-11-24T10:00:00Z", 1);
    let spec: ExperimentSpec = LINE.parse().unwrap();
    let mut run = RunDir::create(&home.path().join("runs"), &spec).unwrap();
    let path = run.path().to_path_buf();
    let ends = |events: &[Event]| {
        events.iter().filter(|event| matches!(event.kind, EventKind::EpochEnded { .. })).count()
    };
    let third = events.len() / 3;
    events[..third].iter().for_each(|event| run.append(event).unwrap());
    assert_eq!(exported(&path, &board, false), (1, vec![]));
    let mut reader = OpenBoard::open(&board.join(path.file_name().unwrap()));
    let mut seen = |expected: &[Event]| {
        let Some(reader) = &mut reader else { return };
        let steps: Vec<u64> = (1..=ends(expected) as u64).map(|epoch| 10 * epoch).collect();
        assert_eq!(reader.steps("loss/validation"), steps);
        assert!(reader.steps("loss/train_step").is_sorted_by(|a, b| a < b));
    };
    seen(&events[..third]);
    assert_eq!(exported(&path, &board, false), (0, vec![Some(0)]), "nothing is new");
    events[third..2 * third].iter().for_each(|event| run.append(event).unwrap());
    // Forced or not.
    let (new, added) = exported(&path, &board, true);
    assert!(new == 0 && added[0].is_some_and(|added| added > 10), "{added:?}");
    seen(&events[..2 * third]);
    events[2 * third..].iter().for_each(|event| run.append(event).unwrap());
    exported(&path, &board, false);
    seen(&events);

    // A record that was cut off while it was written is finished.
    let file = fs::read_dir(board.join(path.file_name().unwrap())).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&file).unwrap();
    for cut in [1, 9, 30, whole.len() / 2] {
        fs::write(&file, &whole[..whole.len() - cut]).unwrap();
        exported(&path, &board, false);
        assert!(fs::read(&file).unwrap() == whole, "{cut} bytes cut off");
    }
    // What is another run's, or no event file, stays unless it is forced.
    let (_folder, other) = crate::exported(FileFormat::Tensorboard);
    for content in [fs::read(&other[0]).unwrap(), b"mine".to_vec(), vec![0; 4000]] {
        fs::write(&file, &content).unwrap();
        let runs = std::slice::from_ref(&path);
        let error = export(runs, FileFormat::Tensorboard, &board, false, None).unwrap_err().to_string();
        assert!(error.contains("--force replaces it") && fs::read(&file).unwrap() == content, "{error}");
        assert_eq!(exported(&path, &board, true), (1, vec![]));
        assert!(fs::read(&file).unwrap() == whole);
    }
}

fn program(out: &Path, spec: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
    command.args(["--device", "cpu", "--threads", "1", "--resume", "--tensorboard"]);
    command.arg(out.join("board")).arg("--out").arg(out.join("runs")).args(["--batch", spec]).args(more);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

#[test]
fn event_files_are_written_while_runs_train() {
    let home = tempfile::tempdir().unwrap();
    let line = "plain+hires@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=40 train_limit=600 val_limit=20 \
                test_limit=20 probe_images=10";
    let mut child = program(home.path(), line, &[]).spawn().unwrap();
    let give_up = Instant::now() + Duration::from_secs(120);
    let wait = |what: &mut dyn FnMut() -> bool| {
        while !what() {
            assert!(Instant::now() < give_up, "nothing comes");
            sleep(Duration::from_millis(20));
        }
    };
    let run = || store::folders_of_runs(&home.path().join("runs")).ok().and_then(|mut runs| runs.pop());
    wait(&mut || run().is_some_and(|run| run.join("summary.json").exists()));
    let run = run().unwrap();
    let folder = home.path().join("board").join(run.file_name().unwrap());
    let mut reader = OpenBoard::open(&folder);
    if let Some(reader) = &mut reader {
        // It is open already when later epochs end.
        let mut first = 0;
        wait(&mut || {
            first = reader.steps("loss/validation").len();
            first > 0
        });
        wait(&mut || {
            reader.steps("loss/validation").len() > first
                || SavedRun::open(&run).unwrap().state.outcome.is_some()
        });
    }
    // Killed, and gone on with.
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(program(home.path(), line, &[]).status().unwrap().success());
    let state = SavedRun::open(&run).unwrap().state;
    assert_eq!(state.outcome, Some(Outcome::Completed));
    if let Some(reader) = &mut reader {
        let steps: Vec<u64> = (1..=40).map(|epoch| epoch * 30).collect();
        assert_eq!(reader.steps("loss/validation"), steps);
        assert_eq!(reader.steps("loss/train_step"), (1..=1200).collect::<Vec<u64>>());
        assert_eq!(reader.steps("top1/test_best").len(), 1);
        let histograms = reader.look()["histograms"].to_string();
        assert!(histograms.contains("weights_best/stem.conv.weight"), "{histograms}");
    }
    // An export has nothing to add.
    assert_eq!(exported(&run, &home.path().join("board"), false), (0, vec![Some(0)]));

    // Two at a time have a file each; a folder that cannot be had is said before anything trains.
    let two = tempfile::tempdir().unwrap();
    let tiny = "plain@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=1 train_limit=60 val_limit=20 test_limit=20";
    assert!(program(two.path(), tiny, &["--seeds", "0..1", "--parallel", "2"]).status().unwrap().success());
    let files: Vec<PathBuf> = fs::read_dir(two.path().join("board"))
        .unwrap()
        .flat_map(|folder| fs::read_dir(folder.unwrap().path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    assert_eq!(files.len(), 2, "{files:?}");
    let none = tempfile::tempdir().unwrap();
    fs::write(none.path().join("board"), "").unwrap();
    assert_eq!(program(none.path(), tiny, &[]).status().unwrap().code(), Some(2));
    assert!(!none.path().join("runs").exists() || run_count(&none.path().join("runs")) == 0);
}

fn run_count(out: &Path) -> usize {
    store::folders_of_runs(out).unwrap().len()
}

#[test]
fn a_loss_that_is_no_number_is_exported() {
    let home = tempfile::tempdir().unwrap();
    let spec: ExperimentSpec = LINE.parse().unwrap();
    for (loss, text) in [("NaN", "NaN"), ("inf", "inf"), ("-inf", "-inf")] {
        let mut run = RunDir::create(&home.path().join("runs"), &spec).unwrap();
        let facts = record(LINE, "2026-11-24T10:00:00Z", 1).swap_remove(0);
        let EventKind::RunStarted(facts) = facts.kind else { panic!("a run starts first") };
        let mut events = RunEvents::of(*facts);
        events.then(EventKind::EpochStarted { epoch: 1, lr: spec.lr });
        events.then(EventKind::Diverged { epoch: 1, step: 1, split: Split::Train, loss: loss.into() });
        events.then(EventKind::Finished { outcome: Outcome::Diverged, message: None });
        events.events.iter().for_each(|event| run.append(event).unwrap());
        let path = run.path().to_path_buf();
        let table = fs::read_to_string(path.join("metrics.csv")).unwrap();
        assert!(
            table.starts_with("epoch,step,seconds,lr,train_loss") && table.lines().count() == 1,
            "{table}"
        );
        let out = home.path().join(format!("out{loss}"));
        for format in [FileFormat::Csv, FileFormat::Parquet, FileFormat::Tensorboard] {
            export(std::slice::from_ref(&path), format, &out, false, None).unwrap();
        }
        let metrics = fs::read_to_string(out.join("metrics.csv")).unwrap();
        let row = metrics.lines().find(|row| row.contains("loss/train_step")).unwrap();
        assert!(row.ends_with(&format!("loss/train_step,{text}")), "{row}");
        if let Some(mut reader) = OpenBoard::open(&out.join(path.file_name().unwrap())) {
            let read = reader.look();
            let value = read["scalars"]["loss/train_step"][0][1].as_str().unwrap().to_lowercase();
            assert_eq!(value, text.to_lowercase());
        }
        if let Some(read) = crate::python("pyarrow", "pyarrow.parquet", &out) {
            let rows = read["metrics"]["rows"].as_array().unwrap();
            let row = rows.iter().find(|row| row["metric"] == "loss/train_step").unwrap();
            assert_eq!(row["value"], text, "{row}");
        }
        drop(run);
    }
    // Without any event there is a header, and no row.
    let run = RunDir::create(&home.path().join("begun"), &spec).unwrap().path().to_path_buf();
    let out = home.path().join("empty");
    for format in [FileFormat::Csv, FileFormat::Parquet, FileFormat::Tensorboard] {
        export(std::slice::from_ref(&run), format, &out, false, None).unwrap();
    }
    let metrics = fs::read_to_string(out.join("metrics.csv")).unwrap();
    assert_eq!(metrics, "run,spec,seed,epoch,step,seconds,metric,value\n");
    assert_eq!(fs::read_to_string(out.join("summary.csv")).unwrap().lines().count(), 2);
}

#[test]
fn an_event_file_can_be_switched_on_in_the_middle_of_a_run() {
    let home = tempfile::tempdir().unwrap();
    let runs = home.path().join("runs");
    let line = "plain@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=6 train_limit=600 val_limit=20 \
                test_limit=20";
    let spec: ExperimentSpec = line.parse().unwrap();
    let data = DatasetCache::with_cache(None, None).dataset(&spec).unwrap();
    let folder = RunDir::create(&runs, &spec).unwrap();
    let run = folder.path().to_path_buf();
    let boards = BoardSwitch::default();
    let plan = RunPlan::default();
    let mut worker = Worker::begin(spec, data, Device::CPU, folder, plan, boards.clone()).unwrap();
    let event_file = || {
        let names = fs::read_dir(&run).unwrap().map(|file| file.unwrap().path());
        names.into_iter().find(|path| path.to_string_lossy().contains("tfevents"))
    };
    let (mut ends, mut failed) = (0, Vec::new());
    while let Some(event) = worker.events.blocking_recv() {
        match event.kind {
            // Where a file is in the way, with the run's own files, and no more.
            EventKind::RunStarted(_) => {
                assert_eq!(event_file(), None);
                fs::write(home.path().join("file"), "mine").unwrap();
                boards.set(Some(home.path().join("file")));
            }
            EventKind::EpochEnded { .. } => {
                ends += 1;
                if ends == 1 {
                    boards.set(Some(runs.clone()));
                }
            }
            EventKind::BoardFailed { message } => failed.push(message),
            _ => {}
        }
    }
    assert_eq!(worker.join().unwrap(), Outcome::Completed);
    assert!(
        failed.len() == 1
            && failed[0].contains("file")
            && failed[0].ends_with("the run continues without it"),
        "said once: {failed:?}"
    );
    assert_eq!(fs::read(home.path().join("file")).unwrap(), b"mine");
    // All that it did before is in it: an export has nothing to add.
    assert!(event_file().is_some());
    assert_eq!(exported(&run, &runs, false), (0, vec![Some(0)]));
    // It is one of the run's files, and goes with it.
    assert!(SavedRun::open(&run).is_ok());
    deletion::delete(&runs, &run).unwrap();
    assert!(!run.exists());
}

#[test]
fn an_event_file_that_is_taken_away_is_said_once_and_costs_the_run_nothing() {
    type Harm = fn(&Path);
    let harms: [(Harm, &str); 4] = [
        (|file| fs::remove_file(file).unwrap(), "removed or replaced while it was being written"),
        (|file| fs::remove_dir_all(file.parent().unwrap()).unwrap(), "removed or replaced"),
        (|file| fs::write(file, "").unwrap(), "cut off while it was being written: it has 0 of "),
        (
            |file| {
                fs::rename(file, file.with_extension("old")).unwrap();
                fs::write(file, "another").unwrap();
            },
            "removed or replaced",
        ),
    ];
    for (harm, words) in harms {
        let home = tempfile::tempdir().unwrap();
        let line = "plain@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=5 train_limit=200 val_limit=20 \
                    test_limit=20";
        let spec: ExperimentSpec = line.parse().unwrap();
        let data = DatasetCache::with_cache(None, None).dataset(&spec).unwrap();
        let folder = RunDir::create(&home.path().join("runs"), &spec).unwrap();
        let board = home.path().join("board").join(folder.path().file_name().unwrap());
        let boards = BoardSwitch::default();
        boards.set(Some(home.path().join("board")));
        let run = folder.path().to_path_buf();
        let mut worker = Worker::begin(spec, data, Device::CPU, folder, RunPlan::default(), boards).unwrap();
        let (mut is_harmed, mut failed) = (false, Vec::new());
        while let Some(event) = worker.events.blocking_recv() {
            match event.kind {
                EventKind::EpochEnded { .. } if !is_harmed => {
                    let file = fs::read_dir(&board).unwrap().next().unwrap().unwrap().path();
                    harm(&file);
                    is_harmed = true;
                }
                EventKind::BoardFailed { message } => failed.push(message),
                _ => {}
            }
        }
        assert_eq!(worker.join().unwrap(), Outcome::Completed);
        assert!(failed.len() == 1 && failed[0].contains(words), "said once: {failed:?}");
        assert_eq!(SavedRun::open(&run).unwrap().state.epochs.len(), 5);
    }
}

#[test]
fn a_batch_whose_event_files_are_lost_ends_with_1() {
    let home = tempfile::tempdir().unwrap();
    let tiny = "plain@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=1 train_limit=60 val_limit=20 test_limit=20";
    assert!(program(home.path(), tiny, &[]).status().unwrap().success());
    // Where its file would be there is a folder.
    let folder = fs::read_dir(home.path().join("board")).unwrap().next().unwrap().unwrap().path();
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let run = store::folders_of_runs(&home.path().join("runs")).unwrap().remove(0);
    fs::remove_file(file).unwrap();
    fs::remove_dir(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    fs::remove_dir_all(run).unwrap();
    let mut again = program(home.path(), tiny, &[]);
    let out = again.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let said = String::from_utf8_lossy(&[out.stdout, out.stderr].concat()).into_owned();
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(
        said.matches("the run continues without it").count() == 1 && said.contains("saved to "),
        "{said}"
    );
}
