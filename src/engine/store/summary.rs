//! What lists and tables show of a run, beside its record: a store of a thousand runs is listed
//! without reading gigabytes of steps.
//!
//! `summary.json` has the [condensed](RunState::condense) state, and of how much of the record
//! it is. It is written after every epoch and at the end, and is believed only where it fits
//! the record: by length and time of change, else by length and checksum. Of a record that has
//! grown since, only the rest is read. Where it does not fit, the record is read, and the
//! summary written again. Nothing is lost with it, so it is never flushed.

use std::borrow::Cow;
use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::EVENTS;
use super::record::RecordReader;
use crate::domain::condensed::check_condensed;
use crate::domain::record::RecordCheck;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::engine::error::{EngineError, Result};
use crate::engine::files;

/// The file's name.
pub(in crate::engine) const SUMMARY: &str = "summary.json";
/// Version of the format; others are not read.
const VERSION: u32 = 1;
/// Longest summary read, bytes: of some thousands of epochs.
const MAX_SUMMARY: u64 = 4 << 20;

/// How much of a record, and which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RecordStamp {
    /// Length.
    pub bytes: u64,
    /// CRC-32 of these bytes.
    pub checksum: u32,
    /// When the record was changed last.
    pub modified: SystemTime,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunSummary<'a> {
    version: u32,
    record: RecordStamp,
    torn: bool,
    state: Cow<'a, RunState>,
}

/// A run without what only curves and activations show.
pub(super) struct CondensedRun {
    /// What its events add up to, condensed.
    pub state: RunState,
    /// Whether the last line of its record is cut off.
    pub torn: bool,
    /// Whether a program was writing it.
    pub being_written: bool,
    /// Bytes of its record that led to the state.
    pub bytes: u64,
}

/// Writes the summary of the run in folder `run`, whose record has led to `state`, which is
/// condensed. Where that fails, as through a link, there is none.
pub(super) fn keep(run: &Path, record: RecordStamp, torn: bool, state: &RunState) {
    let summary = RunSummary { version: VERSION, record, torn, state: Cow::Borrowed(state) };
    let is_folder = fs::symlink_metadata(run).is_ok_and(|facts| facts.is_dir());
    let Some(bytes) = serde_json::to_vec(&summary).ok().filter(|_| is_folder) else { return };
    if let Err(error) = files::write_unflushed(&run.join(SUMMARY), &bytes) {
        tracing::info!(%error, "no summary is kept");
    }
}

/// When the open record was changed last.
///
/// # Errors
/// When the disk does not say.
pub(super) fn modified(record: &File) -> std::io::Result<SystemTime> {
    record.metadata()?.modified()
}

/// The summary in folder `run`, and its events' check, where there is one that can be.
fn load(run: &Path) -> Option<(RunSummary<'static>, RecordCheck)> {
    let path = run.join(SUMMARY);
    files::refuse_other_than_files(&path).ok()?;
    let bytes = files::read_bounded(&path, MAX_SUMMARY).ok()?;
    let summary: RunSummary = serde_json::from_slice(&bytes).ok()?;
    if summary.version != VERSION {
        return None;
    }
    match check_condensed(&summary.state) {
        Ok(check) => Some((summary, check)),
        Err(reason) => {
            tracing::info!("{}: {reason}", path.display());
            None
        }
    }
}

/// The run of `spec` in folder `run`, by its summary where that fits the record.
///
/// # Errors
/// When its record is not what it should be.
pub(super) fn read(run: &Path, spec: &ExperimentSpec) -> Result<CondensedRun> {
    let path = run.join(EVENTS);
    let mut reader = RecordReader::open(&path)?;
    let being_written = files::is_locked(reader.file());
    let facts = reader.file().metadata().map_err(EngineError::io("read", &path))?;
    let changed = facts.modified().map_err(EngineError::io("read", &path))?;
    if let Some((RunSummary { record, torn, state, .. }, check)) =
        load(run).filter(|(_, check)| check.spec() == Some(spec))
    {
        let mut state = state.into_owned();
        if (record.bytes, record.modified) == (facts.len(), changed) {
            return Ok(CondensedRun { state, torn, being_written, bytes: record.bytes });
        }
        // It may have been copied, or have grown.
        let is_start = record.bytes < facts.len() && !torn && check.is_between_epochs();
        if is_start || record.bytes == facts.len() {
            reader.pass_over(record.bytes, check)?;
            if reader.checksum() == record.checksum && reader.bytes == record.bytes {
                // What is wrong there is said when all is read.
                if let Ok(()) = read_on(&mut reader, &mut state) {
                    let torn = torn || reader.torn;
                    renew(run, &reader, changed, being_written, torn, &state);
                    return Ok(CondensedRun { state, torn, being_written, bytes: reader.whole });
                }
            }
            reader = reader.rewind()?;
        }
    }
    let mut state = RunState::default();
    read_on(&mut reader, &mut state)?;
    renew(run, &reader, changed, being_written, reader.torn, &state);
    Ok(CondensedRun { state, torn: reader.torn, being_written, bytes: reader.whole })
}

fn read_on(reader: &mut RecordReader, state: &mut RunState) -> Result<()> {
    while let Some(event) = reader.next_event()? {
        state.apply(&event);
        state.condense();
    }
    Ok(())
}

/// Writes the summary of what was read of a record, which had been `changed` before, unless a
/// program is about to do that itself.
fn renew(
    run: &Path,
    reader: &RecordReader,
    changed: SystemTime,
    being_written: bool,
    torn: bool,
    state: &RunState,
) {
    let is_still = reader
        .file()
        .metadata()
        .is_ok_and(|facts| facts.len() == reader.bytes && facts.modified().is_ok_and(|at| at == changed));
    if is_still && !being_written && (reader.ends_line || torn) && state.started.is_some() {
        let stamp = RecordStamp { bytes: reader.bytes, checksum: reader.checksum(), modified: changed };
        keep(run, stamp, torn, state);
    }
}
