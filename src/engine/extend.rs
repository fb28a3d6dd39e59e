//! Longer runs that begin where a shorter one ended.
//!
//! What a run computes up to an epoch does not depend on how many are to follow: the learning
//! rate falls by epochs that have passed, and random numbers depend on seed, purpose, epoch
//! and index. So the end of a run is the middle of a longer one, to the bit, where its last
//! checkpoint was kept.

use std::path::Path;

use super::checkpoint;
use super::error::{EngineError, Result};
use super::snapshot::Snapshot;
use super::store::{self, RunDir, SavedRun};
use crate::domain::event::{Checkpoint, EventKind};
use crate::domain::spec::ExperimentSpec;

/// Whether the run of `spec` goes on where that of `shorter` ended: they agree in all but epochs.
pub fn is_longer(spec: &ExperimentSpec, shorter: &ExperimentSpec) -> bool {
    shorter.epochs < spec.epochs && ExperimentSpec { epochs: spec.epochs, ..shorter.clone() } == *spec
}

/// The state in which the finished run `shorter` ended, and how many bytes of its record led
/// there; `None` where it kept no checkpoint of its end.
///
/// # Errors
/// When its files cannot be read.
pub fn end_of(shorter: &SavedRun) -> Result<Option<(Snapshot, u64)>> {
    let found = checkpoint::end(&shorter.path, &shorter.spec)?;
    let epochs = shorter.spec.epochs;
    Ok(found.filter(|(Snapshot { position, .. }, _)| (position.epoch, position.done) == (epochs + 1, 0)))
}

/// Begins the run of `spec` in folder `path`, which has none, with the end of `shorter`.
///
/// # Errors
/// When files cannot be read or written.
pub fn begin(
    path: &Path,
    spec: &ExperimentSpec,
    shorter: &SavedRun,
    end: (&Snapshot, u64),
) -> Result<RunDir> {
    let (snapshot, length) = end;
    let mut folder = RunDir::begin(path.to_path_buf(), spec)?;
    let name = shorter.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for mut event in store::first_events(&shorter.path, length)? {
        if let EventKind::RunStarted(facts) = &mut event.kind {
            facts.spec = spec.clone();
            facts.extends = Some(name.clone());
        }
        folder.append(&event)?;
    }
    if folder.state().epochs.len() != shorter.spec.epochs {
        return Err(EngineError::run(&shorter.path, "its checkpoint is not of its last epoch"));
    }
    if let Some(best) = &snapshot.best {
        folder.save(Checkpoint::Best, &best.weights)?;
    }
    folder.checkpoint(snapshot)?;
    Ok(folder)
}
