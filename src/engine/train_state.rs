//! What a run changes from step to step beside its weights, as it starts or is resumed.

use std::path::Path;

use burn::module::AutodiffModule;

use super::average::WeightAverage;
use super::data::{DataFingerprint, Dataset};
use super::device::DeviceContext;
use super::error::{EngineError, Result};
use super::model::Network;
use super::ops::{NetworkOps, TrainingBackend};
use super::optimizer::{self, NetworkOptimizer};
use super::snapshot::{Best, Position, Snapshot};
use crate::domain::event::SplitSizes;
use crate::domain::spec::ExperimentSpec;

/// All that changes from step to step, besides the network itself.
pub struct TrainState<B: TrainingBackend> {
    /// With its moments.
    pub optimizer: NetworkOptimizer<B>,
    /// Where the spec asks for it.
    pub average: Option<WeightAverage<B::InnerBackend>>,
    /// The best epoch so far, with its weights.
    pub best: Option<Best<Network<B::InnerBackend>>>,
    /// How far the run is.
    pub position: Position,
}

impl<B: TrainingBackend> TrainState<B> {
    /// Before the first step.
    pub fn new(spec: &ExperimentSpec) -> Self {
        Self {
            optimizer: optimizer::of_spec::<B>(spec),
            average: average(spec, None),
            best: None,
            position: Position::start(),
        }
    }

    /// What is validated, tested and kept: the averaged weights where there are some, else those of
    /// `network`.
    pub fn kept(&self, network: &Network<B>) -> Network<B::InnerBackend> {
        let average = self.average.as_ref().and_then(WeightAverage::network);
        average.cloned().unwrap_or_else(|| network.valid())
    }
}

/// The weight average, if `spec` asks for one, starting from `network`.
fn average<B: NetworkOps>(spec: &ExperimentSpec, network: Option<Network<B>>) -> Option<WeightAverage<B>> {
    (spec.ema > 0.0).then(|| WeightAverage::new(spec.ema, network))
}

/// The network and the state that `from` holds; `network` gives its shape.
///
/// # Errors
/// When `from` is of other data, another network or another optimizer.
pub fn resumed<B: TrainingBackend>(
    spec: &ExperimentSpec,
    data: &Dataset,
    context: &DeviceContext<B::Device>,
    network: Network<B>,
    from: Snapshot,
) -> Result<(Network<B>, TrainState<B>)> {
    let here = data.fingerprint();
    if from.data != here {
        return Err(other_data(&from.data, &here));
    }
    let place = Path::new("checkpoint");
    let network = from.weights.load_into(network, place)?;
    let optimizer = optimizer::of_spec::<B>(spec);
    let optimizer = optimizer::with_state(optimizer, &network, &from.optimizer, &context.device)
        .map_err(|reason| EngineError::run(place, reason))?;
    let averaged = match from.average {
        Some(weights) => Some(weights.load_into(network.valid(), place)?),
        None => None,
    };
    let average = average(spec, averaged);
    let best = match from.best {
        Some(Best { epoch, top1, weights }) => {
            Some(Best { epoch, top1, weights: weights.load_into(network.valid(), place)? })
        }
        None => None,
    };
    Ok((network, TrainState { optimizer, average, best, position: from.position }))
}

/// The error for resuming on other data: it would be a run of neither.
fn other_data(began: &DataFingerprint, here: &DataFingerprint) -> EngineError {
    let sizes = |on: &DataFingerprint| {
        let SplitSizes { train, validation, test } = on.images;
        format!("{train} training, {validation} validation and {test} test images")
    };
    let other = if began.images == here.images { " with other pixels" } else { "" };
    let reason = format!(
        "the run began on {}, and the data here are {}{other}: resume it with the same data, or start a new run in \
         another folder",
        sizes(began),
        sizes(here)
    );
    EngineError::run("checkpoint", reason)
}
