//! Runs on disk: `ROOT/<id>/` with `spec.toml`, `events.jsonl`, `metrics.csv`,
//! `best.safetensors` and `last.safetensors`; while it is not complete, also its last two
//! checkpoints, and afterwards the one of its end where that was to be kept.
//!
//! `events.jsonl` is the run; everything else can be made from it and the weights. It is
//! appended to, a line at a time, so a crash loses at most a torn last line. A run that goes
//! on from a checkpoint takes back the lines that came after it.
//!
//! A power cut costs no more than a crash that comes after the last checkpoint: a checkpoint
//! is written when its lines are on the disk, an older one goes when the newer is there, and
//! the last ones go when the whole record and the weights are.

mod run_dir;

use std::fs::{self, File, TryLockError};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::error::{EngineError, Result};
use super::event_log::{self, LogLine};
use super::model::Weights;
use super::{files, toml_error};
use crate::domain::event::{Checkpoint, Event};
use crate::domain::record::RecordCheck;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;

pub use run_dir::RunDir;

/// Longest spec file read, bytes.
const MAX_SPEC: u64 = 64 << 10;
/// Longest event log read, bytes: some millions of steps.
const MAX_EVENTS: u64 = 1 << 30;
/// Longest weights file read, bytes: the largest network allowed, and its header.
const MAX_WEIGHTS: u64 = 1 << 30;

pub(super) const SPEC: &str = "spec.toml";
pub(super) const EVENTS: &str = "events.jsonl";
pub(super) const METRICS: &str = "metrics.csv";

/// Creates `root` if need be and tries to write in it, so that a run fails before it
/// starts and not after.
///
/// # Errors
/// When that is not possible.
pub fn check_writable(root: &Path) -> Result<()> {
    files::create_folders(root)?;
    tempfile::tempfile_in(root).map_err(EngineError::io("write in the folder", root))?;
    Ok(())
}

/// What a run is, as a folder's name begins: `resnet-hires-P1-P2-fashion-s3`.
pub(super) fn short_name(spec: &ExperimentSpec) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let network: String = spec.network_name().chars().map(plain).take(60).collect();
    format!("{}-{}-s{}", network.trim_end_matches('-'), spec.dataset.name(), spec.seed)
}

/// Whether folder `path` has a run, or what remains of one.
pub fn is_run(path: &Path) -> bool {
    path.join(SPEC).exists() || path.join(EVENTS).exists()
}

pub(super) fn weights_path(run: &Path, checkpoint: Checkpoint) -> PathBuf {
    run.join(format!("{}.safetensors", checkpoint.name()))
}

/// A run read back.
#[derive(Debug)]
pub struct SavedRun {
    /// Its folder.
    pub path: PathBuf,
    /// What was run.
    pub spec: ExperimentSpec,
    /// What its events add up to.
    pub state: RunState,
    /// Whether the last line of its log is torn: it was cut off while writing.
    pub torn: bool,
    /// Whether a program was writing it when it was read.
    pub being_written: bool,
}

impl SavedRun {
    /// Reads the run in folder `path`.
    ///
    /// # Errors
    /// When files are missing, are not what they should be, or are from a newer version.
    pub fn open(path: &Path) -> Result<Self> {
        if !path.is_dir() {
            return Err(EngineError::run(path, "no run here: not a folder"));
        }
        let spec = read_spec(path)?;
        let (events, torn) = read_events(&path.join(EVENTS))?;
        let state = RunState::replay(&events);
        if let Some(facts) = state.started.as_ref().filter(|facts| facts.spec != spec) {
            let reason = format!("not the spec of its record, which is {}", facts.spec);
            return Err(EngineError::run(path.join(SPEC), reason));
        }
        Ok(Self { path: path.to_path_buf(), spec, state, torn, being_written: is_being_written(path) })
    }

    /// The weights of one checkpoint; `None` where it kept none.
    ///
    /// # Errors
    /// When the file is there but cannot be read.
    pub fn weights(&self, checkpoint: Checkpoint) -> Result<Option<(PathBuf, Weights)>> {
        let path = weights_path(&self.path, checkpoint);
        if !path.exists() {
            return Ok(None);
        }
        let weights = read_weights(&path)?;
        Ok(Some((path, weights)))
    }
}

/// The spec of the run in folder `path`.
///
/// # Errors
/// When there is none.
pub fn read_spec(path: &Path) -> Result<ExperimentSpec> {
    let spec_path = path.join(SPEC);
    if !spec_path.exists() && folders_of_runs(path).is_ok_and(|runs| !runs.is_empty()) {
        return Err(EngineError::run(path, "a folder of runs, not a run; give one of the folders in it"));
    }
    let text = String::from_utf8(files::read_bounded(&spec_path, MAX_SPEC)?)
        .map_err(|_| EngineError::run(&spec_path, "not text"))?;
    toml::from_str(&text)
        .map_err(|e| EngineError::run(&spec_path, format!("not a spec: {}", toml_error::describe(&text, &e))))
}

/// The best weights that the run in folder `path` kept so far, else the last; `None` where
/// it kept none.
pub fn kept_weights(path: &Path) -> Option<(Checkpoint, PathBuf)> {
    Checkpoint::ALL.map(|kept| (kept, weights_path(path, kept))).into_iter().find(|(_, file)| file.exists())
}

/// Reads the weights in one file.
///
/// # Errors
/// When it cannot be read, or holds something else.
pub fn read_weights(file: &Path) -> Result<Weights> {
    Weights::from_safetensors(&files::read_bounded(file, MAX_WEIGHTS)?, file)
}

/// The events of the run in folder `path`; a torn last line is left out.
///
/// # Errors
/// As [`read_events`].
pub fn events_of(path: &Path) -> Result<Vec<Event>> {
    Ok(read_events(&path.join(EVENTS))?.0)
}

/// The events in the first `length` bytes of the record of the run in folder `path`, which can
/// be read.
///
/// # Errors
/// When there are fewer, or they are none.
pub fn first_events(path: &Path, length: u64) -> Result<Vec<Event>> {
    let log = path.join(EVENTS);
    let bytes = files::read_bounded(&log, MAX_EVENTS)?;
    let bytes = usize::try_from(length).ok().and_then(|length| bytes.get(..length));
    let bytes = bytes.ok_or_else(|| EngineError::run(&log, format!("shorter than {length} bytes")))?;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines
        .map(event_log::parse)
        .collect::<std::result::Result<_, _>>()
        .map_err(|reason| EngineError::run(&log, reason))
}

/// Every event of a log, and whether its last line is torn. They are held against the spec
/// that the run began with: whoever has them need not doubt a number.
///
/// # Errors
/// When a line before the last is no event, an event is from a newer version, or it cannot
/// come where it does.
pub fn read_events(path: &Path) -> Result<(Vec<Event>, bool)> {
    // Before opening: opening a pipe would wait for its writer.
    let facts = fs::metadata(path).map_err(EngineError::io("open", path))?;
    if !facts.is_file() || facts.len() > MAX_EVENTS {
        return Err(EngineError::run(path, format!("not a regular file of at most {MAX_EVENTS} bytes")));
    }
    let file = File::open(path).map_err(EngineError::io("open", path))?;
    let mut reader = BufReader::new(file);
    let (mut events, mut line) = (Vec::new(), Vec::new());
    let mut check = RecordCheck::default();
    for number in 1.. {
        let state = event_log::next_line(&mut reader, &mut line).map_err(EngineError::io("read", path))?;
        match (state, event_log::parse(&line)) {
            (LogLine::End, _) => break,
            (LogLine::Whole | LogLine::Torn, Ok(event)) => {
                check
                    .accept(&event)
                    .map_err(|reason| EngineError::run(path, format!("line {number}: {reason}")))?;
                events.push(event);
            }
            (LogLine::Torn, Err(_)) => return Ok((events, true)),
            (LogLine::Whole | LogLine::TooLong, Err(reason)) => {
                return Err(EngineError::run(path, format!("line {number} is {reason}")));
            }
            (LogLine::TooLong, Ok(_)) => {
                return Err(EngineError::run(path, format!("line {number} is too long")));
            }
        }
    }
    Ok((events, false))
}

/// The folders in `root` that are runs or remains of one, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn folders_of_runs(root: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(root).map_err(EngineError::io("read the folder", root))?;
    let mut paths: Vec<_> = entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| is_run(p)).collect();
    paths.sort();
    Ok(paths)
}

/// Whether a program, this one or another, is writing the run in folder `path`.
pub fn is_being_written(path: &Path) -> bool {
    let path = path.join(EVENTS);
    // Before opening: opening a pipe would wait for its writer.
    path.is_file()
        && File::open(path)
            .is_ok_and(|events| matches!(events.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// Every run in `root`, oldest first, and what could not be read there.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn list(root: &Path) -> Result<(Vec<SavedRun>, Vec<EngineError>)> {
    let (mut runs, mut errors) = (Vec::new(), Vec::new());
    for path in folders_of_runs(root)? {
        match SavedRun::open(&path) {
            Ok(run) => runs.push(run),
            Err(error) => errors.push(error),
        }
    }
    let began = |run: &SavedRun| run.state.started.as_ref().map(|s| s.at.clone());
    runs.sort_by_key(began);
    Ok((runs, errors))
}
