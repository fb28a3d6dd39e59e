//! Longer runs that begin where a shorter one ended.
//!
//! What a run computes up to an epoch does not depend on how many are to follow: random numbers
//! depend on seed, purpose, epoch and index, and the learning rate on epochs that have passed,
//! unless its schedule is stretched over the run, as a cosine is. So the end of a run is the middle of a longer one, to the bit, where its last
//! checkpoint was kept.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::checkpoint;
use super::error::{EngineError, Result, shown};
use super::lease::Lease;
use super::snapshot::Snapshot;
use super::store::{self, EVENTS, RunDir, SavedRun};
use crate::domain::event::{Checkpoint, EventKind, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;

/// A run's folder, where it resumes, and what there is to say of that.
type Begun = (RunDir, Option<Snapshot>, Option<String>);

/// Begins the run of `spec` in folder `path`, which has none and is leased: with the end of a
/// finished run among `known`, by spec, that is the same but shorter, where one kept it.
///
/// # Errors
/// When the folder cannot be written.
pub fn begin(
    known: &HashMap<String, PathBuf>,
    path: &Path,
    spec: &ExperimentSpec,
    lease: Lease,
) -> Result<Begun> {
    let fresh = |lease, note| Ok((RunDir::begin(path.to_path_buf(), spec, lease)?, None, note));
    // Of the longest one: why it is not extended.
    let mut reason = None;
    for shorter in shorter(known, spec) {
        let (epochs, place) = (shorter.spec.epochs, shown(&shorter.path));
        if spec.schedule.depends_on_epochs() {
            let name = spec.schedule.name();
            let why = format!(
                "with schedule={name}, the finished run of epochs={epochs} in {place} had other learning rates"
            );
            reason.get_or_insert(why);
            break;
        }
        let why = match end_of(&shorter) {
            Ok(Some((end, length))) => {
                let folder = extended(path, spec, &shorter, (&end, length), lease)?;
                let passed_over = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
                let note = format!("extending the finished run of epochs={epochs} in {place}{passed_over}");
                return Ok((folder, Some(end), Some(note)));
            }
            Ok(None) => format!(
                "the finished run of epochs={epochs} in {place} kept no checkpoint to extend; train with \
                 --keep-checkpoint to keep one"
            ),
            Err(error) => format!("cannot extend epochs={epochs}: {error}"),
        };
        reason.get_or_insert(why);
    }
    fresh(lease, reason.map(|reason| format!("training from the start: {reason}")))
}

/// The finished runs that are the run of `spec` but shorter, the longest first.
fn shorter(known: &HashMap<String, PathBuf>, spec: &ExperimentSpec) -> impl Iterator<Item = SavedRun> {
    let mut shorter: Vec<_> = known
        .iter()
        .filter_map(|(line, path)| {
            let known: ExperimentSpec = line.parse().ok()?;
            is_longer(spec, &known).then_some((known.epochs, path.clone()))
        })
        .collect();
    shorter.sort();
    let finished = |run: &SavedRun| run.state.outcome == Some(Outcome::Completed);
    shorter.into_iter().rev().filter_map(|(_, path)| SavedRun::open_condensed(&path).ok()).filter(finished)
}

/// Whether two runs agree in all but epochs, of which the first has more.
fn is_longer(spec: &ExperimentSpec, shorter: &ExperimentSpec) -> bool {
    shorter.epochs < spec.epochs && ExperimentSpec { epochs: spec.epochs, ..shorter.clone() } == *spec
}

/// The state in which a finished run ended, and how many bytes of its record led there; `None`
/// where it was not kept.
fn end_of(run: &SavedRun) -> Result<Option<(Snapshot, u64)>> {
    let found = checkpoint::end(&run.path, &run.spec)?;
    Ok(found.filter(|(end, _)| (end.position.epoch, end.position.done) == (run.spec.epochs + 1, 0)))
}

/// The run of `spec` in folder `path`, with all that `shorter` did until its end.
fn extended(
    path: &Path,
    spec: &ExperimentSpec,
    shorter: &SavedRun,
    (end, length): (&Snapshot, u64),
    lease: Lease,
) -> Result<RunDir> {
    let mut events = store::first_events(&shorter.path.join(EVENTS), length)?;
    let name = shorter.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for event in &mut events {
        if let EventKind::RunStarted(facts) = &mut event.kind {
            (facts.spec, facts.extends) = (spec.clone(), Some(name.clone()));
        }
    }
    let state = RunState::replay(&events);
    if state.epochs.len() != shorter.spec.epochs {
        return Err(EngineError::run(&shorter.path, "its checkpoint is not of its last epoch"));
    }
    let mut folder = RunDir::begin(path.to_path_buf(), spec, lease)?;
    events.iter().try_for_each(|event| folder.append(event))?;
    if let Some(best) = &end.best {
        folder.save(Checkpoint::Best, &best.weights)?;
    }
    folder.checkpoint(end)?;
    folder.set_before(state);
    Ok(folder)
}
