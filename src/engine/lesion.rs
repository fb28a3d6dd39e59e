//! Scoring a trained network without some of its terms.

use std::path::PathBuf;

use super::data::{Dataset, Feed};
use super::device::{Device, DeviceContext, OnDevice};
use super::error::{EngineError, Result};
use super::evaluate::{Task, evaluate_without};
use super::lesion_file;
use super::model::{Network, Weights};
use super::ops::TrainingBackend;
use super::store::SavedRun;
use crate::domain::error::SpecError;
use crate::domain::event::{Checkpoint, Split};
use crate::domain::lesion::Lesioned;
use crate::domain::term::{Term, terms};

/// Why a run cannot be looked into.
pub const NO_WEIGHTS: &str = "no weights in its folder (best.safetensors, last.safetensors): it ended before its first epoch did, or they were removed";

/// What is told while lesions are scored.
#[derive(Debug)]
pub enum LesionProgress<'a> {
    /// Another one is done; the first is the intact network.
    Scored(&'a Lesioned),
    /// Nothing yet: a chance to stop.
    Tick,
}

/// Scores the validation split with the best weights that `run` kept so far, intact and
/// then with each of `lesions`. `tell` hears of each and ends it all by returning false.
///
/// Returns the checkpoint that was scored. The scores are kept in the run's folder.
///
/// # Errors
/// When the run kept no weights yet, or has not the terms that are to be cut.
pub fn lesion(
    run: &SavedRun,
    data: &Dataset,
    device: Device,
    lesions: &[Vec<Term>],
    tell: &mut (dyn FnMut(LesionProgress) -> bool + Send),
) -> Result<Checkpoint> {
    let there = terms(&run.spec.hops()?, run.spec.blocks.len());
    if let Some(cut) = lesions.iter().flatten().find(|cut| !there.contains(cut)) {
        let names: Vec<_> = there.iter().map(Term::to_string).collect();
        let reason = format!("the network has no {cut}; it has {}", names.join(", "));
        return Err(SpecError::new("lesion", reason).into());
    }
    for checkpoint in Checkpoint::ALL {
        if let Some((path, weights)) = run.weights(checkpoint)? {
            let (digest, mut scored) = (weights.digest(), Vec::new());
            let mut tell = |progress: LesionProgress| {
                if let LesionProgress::Scored(lesioned) = &progress {
                    scored.push((*lesioned).clone());
                }
                tell(progress)
            };
            device.run(Lesions { run, data, lesions, weights, path, tell: &mut tell })??;
            if !scored.is_empty()
                && let Err(error) = lesion_file::keep(run, checkpoint, digest, scored)
            {
                // A folder that is only read is no reason to show nothing.
                tracing::warn!("lesions not saved: {error}");
            }
            return Ok(checkpoint);
        }
    }
    Err(EngineError::run(&run.path, NO_WEIGHTS))
}

struct Lesions<'a> {
    run: &'a SavedRun,
    data: &'a Dataset,
    lesions: &'a [Vec<Term>],
    weights: Weights,
    path: PathBuf,
    tell: &'a mut (dyn FnMut(LesionProgress) -> bool + Send),
}

/// Somebody wants no more.
struct Enough;

impl OnDevice for Lesions<'_> {
    type Output = Result<()>;

    fn run<B: TrainingBackend>(self, context: &DeviceContext<B::Device>) -> Result<()> {
        let Self { run: SavedRun { spec, .. }, data, lesions, weights, path, tell } = self;
        let network = Network::<B::InnerBackend>::new(&spec.architecture()?, spec.seed, &context.device);
        let network = weights.load_into(network, &path)?;
        // The same images again and again: kept on the device where they fit.
        let feed = Feed::new(data, &context.device, context.resident_bytes);
        let sync_interval = context.sync_interval;
        let task = Task { split: Split::Validation, batch: spec.batch, probe: 0, sync_interval };
        for without in std::iter::once(&Vec::new()).chain(lesions) {
            let tick = |_, _| if tell(LesionProgress::Tick) { Ok(()) } else { Err(Enough) };
            let Ok(evaluation) = evaluate_without(&network, &feed, task, without, tick) else {
                return Ok(());
            };
            let lesioned = Lesioned { without: without.clone(), score: evaluation.score };
            if !tell(LesionProgress::Scored(&lesioned)) {
                return Ok(());
            }
        }
        Ok(())
    }
}
