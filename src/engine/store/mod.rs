//! Runs on disk: `ROOT/<id>/` with `spec.toml`, `events.jsonl`, `metrics.csv`, `summary.json`,
//! `best.safetensors` and `last.safetensors`; while it is not complete, also its last two
//! checkpoints, and while it is written, the claim of whoever does that; afterwards, where that
//! was to be kept, the checkpoint of its end; and `lesions.json` and `notes.json`, where somebody
//! asked for lesions or wrote a note.
//!
//! `events.jsonl` is the run; everything else can be made from it and the weights. It is
//! appended to, a line at a time, so a crash loses at most a torn last line. A run that goes
//! on from a checkpoint takes back the lines that came after it.
//!
//! A power cut costs no more than a crash that comes after the last checkpoint: a checkpoint
//! is written when its lines are on the disk, an older one goes when the newer is there, and
//! the last ones go when the whole record and the weights are.

mod follow;
mod record;
mod run_dir;
mod summary;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use self::record::RecordReader;
use self::summary::CondensedRun;
use super::error::{EngineError, Result};
use super::model::Weights;
use super::{annotation_file, checkpoint, files, lease, toml_error};
use crate::domain::annotation::Annotation;
use crate::domain::event::{Checkpoint, Event, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;

pub use follow::{Appended, RecordFollower};
pub use record::{first_events, read_events};
pub use run_dir::RunDir;
pub(super) use summary::SUMMARY;

/// Longest spec file read, bytes.
const MAX_SPEC: u64 = 64 << 10;
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

/// Whether folder `path` has a run, or what remains of one. One that cannot be looked into may
/// have.
pub fn is_run(path: &Path) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let may_be_there = |name: &str| match fs::symlink_metadata(path.join(name)) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), NotFound | NotADirectory),
    };
    may_be_there(SPEC) || may_be_there(EVENTS)
}

/// Refuses the run in folder `path` where the folder, or a file that the program would write in
/// it, is a link: it would be followed to what somebody else chose.
///
/// # Errors
/// When there is one, by its name.
pub fn refuse_links(path: &Path) -> Result<()> {
    let is_link = |path: &Path| fs::symlink_metadata(path).is_ok_and(|facts| facts.is_symlink());
    let refuse = |path: &Path| Err(EngineError::run(path, "a link; a run is not written through one"));
    if is_link(path) {
        return refuse(path);
    }
    let own = [SPEC, EVENTS, METRICS, SUMMARY, lease::CLAIM].map(|name| path.join(name));
    let weights = Checkpoint::ALL.map(|checkpoint| weights_path(path, checkpoint));
    let mut all = own.into_iter().chain(weights).chain(checkpoint::all(path));
    all.find(|file| is_link(file)).map_or(Ok(()), |file| refuse(&file))
}

pub(super) fn weights_path(run: &Path, checkpoint: Checkpoint) -> PathBuf {
    run.join(format!("{}.safetensors", checkpoint.name()))
}

/// A run read back.
#[derive(Debug, Clone)]
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
    /// Bytes of its record that led to the state.
    pub bytes: u64,
    /// What a person says of it.
    pub annotation: Annotation,
    /// Why that cannot be read, where it cannot.
    pub annotation_error: Option<String>,
}

impl SavedRun {
    /// Reads the run in folder `path`, with all its steps.
    ///
    /// # Errors
    /// When files are missing, are not what they should be, or are from a newer version.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_by(path, |_| {
            let mut reader = RecordReader::open(&path.join(EVENTS))?;
            let mut state = RunState::default();
            while let Some(event) = reader.next_event()? {
                state.apply(&event);
            }
            let being_written = files::is_locked(reader.file());
            Ok(CondensedRun { state, torn: reader.torn, being_written, bytes: reader.whole })
        })
    }

    /// Reads the run in folder `path` for lists and tables: its state is
    /// [condensed](RunState::condense), and where its summary fits, its record is not read.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_condensed(path: &Path) -> Result<Self> {
        Self::open_by(path, |spec| summary::read(path, spec))
    }

    fn open_by(path: &Path, read: impl FnOnce(&ExperimentSpec) -> Result<CondensedRun>) -> Result<Self> {
        match fs::metadata(path) {
            Ok(facts) if facts.is_dir() => {}
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(EngineError::io("read the folder", path)(error));
            }
            _ => return Err(EngineError::run(path, "no run here: not a folder")),
        }
        let spec = read_spec(path)?;
        let CondensedRun { state, torn, being_written, bytes } = read(&spec)?;
        let being_written = being_written || state.outcome.is_none() && is_claimed(path);
        if let Some(facts) = state.started.as_ref().filter(|facts| facts.spec != spec) {
            let reason = format!("not the spec of its record, which is {}", facts.spec);
            return Err(EngineError::run(path.join(SPEC), reason));
        }
        let (annotation, annotation_error) = match annotation_file::read(path) {
            Ok(annotation) => (annotation, None),
            // A run without its note is a run.
            Err(error) => (Annotation::default(), Some(error.to_string())),
        };
        let path = path.to_path_buf();
        Ok(Self { path, spec, state, torn, being_written, bytes, annotation, annotation_error })
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

/// When the record of the run in folder `path` was written last; `None` where there is none.
pub fn last_change(path: &Path) -> Option<std::time::SystemTime> {
    record_stamp(path).map(|(_, at)| at)
}

/// The length of that record, bytes, and when it was written last; `None` where there is none.
pub fn record_stamp(path: &Path) -> Option<(u64, std::time::SystemTime)> {
    let facts = fs::metadata(path.join(EVENTS)).ok()?;
    Some((facts.len(), facts.modified().ok()?))
}

/// Whether a program, this one or another, is writing the run in folder `path`.
pub fn is_being_written(path: &Path) -> bool {
    is_locked(path) || is_claimed(path)
}

/// Whether a program has the record in folder `path` open to write it, as far as locks tell.
fn is_locked(path: &Path) -> bool {
    let path = path.join(EVENTS);
    // Before opening: opening a pipe would wait for its writer.
    path.is_file() && File::open(path).is_ok_and(|events| files::is_locked(&events))
}

/// Whether another process has claimed the folder `path`: where locks are not seen, as on some
/// network folders, only that tells of a run which another machine trains.
fn is_claimed(path: &Path) -> bool {
    !lease::is_mine(path) && lease::is_held(path)
}

/// Removes what a program left of a run that is complete, when it was ended before it could:
/// checkpoints, a claim, what was half written. With `keeps_checkpoint` the last one is kept.
pub fn tidy(run: &SavedRun, keeps_checkpoint: bool) {
    let path = &run.path;
    let is_over = run.state.outcome == Some(Outcome::Completed) && !run.being_written && !run.torn;
    let is_left = |name: &str| {
        name == lease::CLAIM || name.starts_with(files::TEMPORARY) || checkpoint::is_checkpoint(name)
    };
    // Of most runs nothing is.
    let mut entries = fs::read_dir(path).into_iter().flatten().flatten();
    if !is_over || !entries.any(|entry| entry.file_name().to_str().is_some_and(is_left)) {
        return;
    }
    if refuse_links(path).is_err() || lease::is_held(path) {
        return;
    }
    lease::remove_left(path);
    files::remove_temporary(path);
    // As when the run ends: not before the record is on the disk.
    let flush = || -> std::io::Result<()> {
        File::options().read(true).append(cfg!(windows)).open(path.join(EVENTS))?.sync_data()?;
        files::sync_folder(path)
    };
    let is_kept = || !keeps_checkpoint || checkpoint::keep_end(path).is_ok();
    if !checkpoint::all(path).is_empty() && flush().is_ok() && is_kept() {
        checkpoint::remove_all(path);
    }
}

/// Every run in `root`, oldest first and condensed, and what could not be read there.
///
/// # Errors
/// When the folder itself cannot be read.
pub fn list(root: &Path) -> Result<(Vec<SavedRun>, Vec<EngineError>)> {
    let (mut runs, mut errors) = (Vec::new(), Vec::new());
    for read in open_all(&folders_of_runs(root)?) {
        match read {
            Ok(run) => runs.push(run),
            Err(error) => errors.push(error),
        }
    }
    let began = |run: &SavedRun| run.state.started.as_ref().map(|s| s.at.clone());
    runs.sort_by_cached_key(began);
    Ok((runs, errors))
}

/// The runs in these folders, condensed, in their order.
pub fn open_all(paths: &[PathBuf]) -> Vec<Result<SavedRun>> {
    paths.par_iter().map(|path| SavedRun::open_condensed(path)).collect()
}
