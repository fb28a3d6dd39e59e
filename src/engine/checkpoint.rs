//! A run's checkpoints on disk: the last two, each a [`Snapshot`].

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::error::{EngineError, Result};
use super::files;
use super::snapshot::Snapshot;
use crate::domain::spec::ExperimentSpec;

/// How the files are called; a step's number comes between.
pub(super) const PREFIX: &str = "checkpoint-";
pub(super) const SUFFIX: &str = ".safetensors";
/// The one at the end of a complete run, where it was to be kept.
pub(super) const END: &str = "checkpoint-end.safetensors";
/// How many are kept: the newest, and one that was whole before it.
const KEPT: usize = 2;
/// Longest file read, bytes: four times the largest network allowed.
const MAX_BYTES: u64 = 4 << 30;

/// Keeps `snapshot` of the run called `spec` in folder `run`, whose record has `events`
/// bytes.
///
/// # Errors
/// When the disk does not take it.
pub fn keep(run: &Path, snapshot: &Snapshot, spec: &str, events: u64) -> Result<()> {
    let path = run.join(format!("{PREFIX}{:010}{SUFFIX}", snapshot.position.step));
    files::write_own(&path, &snapshot.to_bytes(spec, events, &path)?)?;
    for old in all(run).into_iter().rev().skip(KEPT) {
        // One that stays takes room and does no harm.
        let _ = fs::remove_file(old);
    }
    Ok(())
}

/// The newest checkpoint in folder `run` that is whole, of this run, and of lines that its
/// record `log` has; and how many bytes of it these are. Whoever wrote or copied it, it
/// outlasts a power cut from here on: what the record has beyond it can be cut off.
///
/// # Errors
/// When the record cannot be read, or the disk refuses.
pub fn newest(run: &Path, spec: &ExperimentSpec, log: &Path) -> Result<Option<(Snapshot, u64)>> {
    let mut log_file = File::open(log).map_err(EngineError::io("open", log))?;
    for path in all(run).into_iter().rev() {
        let bytes = files::read_bounded(&path, MAX_BYTES);
        let read = bytes.and_then(|bytes| Snapshot::from_bytes(&bytes, &spec.to_string(), &path));
        match read {
            Ok((snapshot, events)) if ends_line(&mut log_file, events) => {
                secure(&path).map_err(EngineError::io("write", &path))?;
                return Ok(Some((snapshot, events)));
            }
            Ok(_) => tracing::warn!("{}: its lines are not in the record", path.display()),
            Err(error) => tracing::warn!(%error, "a checkpoint is passed over"),
        }
    }
    Ok(None)
}

/// Makes a file and its name outlast a power cut.
fn secure(path: &Path) -> std::io::Result<()> {
    // Only Windows wants it open for writing.
    File::options().read(true).write(cfg!(windows)).open(path)?.sync_data()?;
    files::sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Keeps the newest checkpoint of a run that is complete under the name [`END`].
///
/// # Errors
/// When the disk refuses.
pub fn keep_end(run: &Path) -> std::io::Result<()> {
    match all(run).last() {
        Some(newest) => fs::rename(newest, run.join(END)),
        None => Ok(()),
    }
}

/// The state in which the complete run of `spec` in folder `run` ended, and how many bytes of
/// its record led there; `None` where it was not kept.
///
/// # Errors
/// When the file cannot be read, or is of another run.
pub fn end(run: &Path, spec: &ExperimentSpec) -> Result<Option<(Snapshot, u64)>> {
    let path = run.join(END);
    if !path.exists() {
        return Ok(None);
    }
    let bytes = files::read_bounded(&path, MAX_BYTES)?;
    Snapshot::from_bytes(&bytes, &spec.to_string(), &path).map(Some)
}

/// Removes all checkpoints of a run that is complete.
pub fn remove_all(run: &Path) {
    for path in all(run) {
        let _ = fs::remove_file(path);
    }
}

/// By step.
pub(super) fn all(run: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(run).into_iter().flatten().flatten();
    let is_one = |path: &PathBuf| path.file_name().and_then(|n| n.to_str()).is_some_and(is_checkpoint);
    let mut paths: Vec<_> = entries.map(|entry| entry.path()).filter(is_one).collect();
    paths.sort();
    paths
}

/// Whether a file of this name is a checkpoint.
pub(super) fn is_checkpoint(name: &str) -> bool {
    let number = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    number.is_some_and(|number| number.len() == 10 && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a line of `log` ends after so many bytes.
fn ends_line(log: &mut File, bytes: u64) -> bool {
    let Some(last) = bytes.checked_sub(1) else { return false };
    let mut byte = [0];
    log.seek(SeekFrom::Start(last)).and_then(|_| log.read_exact(&mut byte)).is_ok() && byte == *b"\n"
}
