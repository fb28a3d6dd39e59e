//! Scoring the test set again with the weights that a run kept.

use std::path::PathBuf;

use serde::Serialize;

use super::data::{Dataset, Feed};
use super::device::{Device, DeviceContext, OnDevice};
use super::error::{EngineError, Result};
use super::evaluate::{Task, evaluate};
use super::model::{Network, Weights};
use super::ops::TrainingBackend;
use super::store::SavedRun;
use crate::domain::event::{Checkpoint, Score, Split};

/// One checkpoint scored again, beside what the run said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Rescored {
    /// Which weights.
    pub checkpoint: Checkpoint,
    /// Their score now.
    pub score: Score,
    /// The score in the run's own record; `None` when it ended before it was tested.
    pub said: Option<Score>,
}

impl Rescored {
    /// Whether both agree: exactly on a device that computes as the run's did, and otherwise up to what
    /// another order of summation does to the loss and to close calls.
    pub fn agrees(&self, exact: bool) -> Option<bool> {
        self.said.map(|said| {
            let hits = self.score.hits.abs_diff(said.hits);
            let loss = (self.score.loss - said.loss).abs();
            match exact {
                true => self.score == said,
                false => hits * 500 <= said.images && loss <= 1e-3 * said.loss.max(1.0),
            }
        })
    }
}

/// Scores every checkpoint of `run` on the test split of `data`.
///
/// # Errors
/// When the run kept no weights, or they are not its network's.
pub fn rescore(run: &SavedRun, data: &Dataset, device: Device) -> Result<Vec<Rescored>> {
    let mut all = Vec::new();
    for checkpoint in Checkpoint::ALL {
        let said = run.state.test(checkpoint).copied();
        if let Some((path, weights)) = run.weights(checkpoint)? {
            let score = device.run(Scoring { run, data, weights, path })??;
            all.push(Rescored { checkpoint, score, said });
        } else if said.is_some() {
            let reason = format!("the {} weights, which its record scores, are missing", checkpoint.name());
            return Err(EngineError::run(&run.path, reason));
        }
    }
    if all.is_empty() {
        return Err(EngineError::run(
            &run.path,
            "the run kept no weights: it ended before its first epoch did",
        ));
    }
    Ok(all)
}

struct Scoring<'a> {
    run: &'a SavedRun,
    data: &'a Dataset,
    weights: Weights,
    path: PathBuf,
}

impl OnDevice for Scoring<'_> {
    type Output = Result<Score>;

    fn run<B: TrainingBackend>(self, context: &DeviceContext<B::Device>) -> Result<Score> {
        let spec = &self.run.spec;
        let device = &context.device;
        let network = Network::<B::InnerBackend>::new(&spec.architecture()?, spec.seed, device);
        let network = self.weights.load_into(network, &self.path)?;
        // Every image is scored once: there is nothing to gain by keeping it on the device.
        let feed = Feed::new(self.data, device, 0);
        let sync_interval = context.sync_interval;
        let task = Task { split: Split::Test, batch: spec.batch, probe: 0, sync_interval };
        Ok(evaluate(&network, &feed, task, |_, _| Ok::<(), EngineError>(()))?.score)
    }
}
