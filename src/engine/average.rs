//! The exponential moving average of weights, as `torch.optim.swa_utils.AveragedModel` with
//! `get_ema_multi_avg_fn(decay)` and `use_buffers=True`: running statistics are averaged, too.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use burn::tensor::backend::Backend;

use super::model::Network;

/// The average of a network's weights over its steps.
#[derive(Debug, Clone)]
pub struct WeightAverage<B: Backend> {
    decay: f64,
    /// `None` before the first step, whose weights it begins with.
    network: Option<Network<B>>,
}

impl<B: Backend> WeightAverage<B> {
    /// Of no step yet, or of those that led to `network`.
    pub const fn new(decay: f64, network: Option<Network<B>>) -> Self {
        Self { decay, network }
    }

    /// The averaged weights; `None` before the first step.
    pub const fn network(&self) -> Option<&Network<B>> {
        self.network.as_ref()
    }

    /// Takes in the weights after another step.
    pub fn update(&mut self, now: Network<B>) {
        self.network = Some(match self.network.take() {
            None => now,
            Some(average) => {
                // burn's container of tensors by parameter, whatever their dimensions.
                let mut latest = Latest(GradientsParams::new());
                now.visit(&mut latest);
                average.map(&mut Towards { latest: latest.0, part: 1.0 - self.decay })
            }
        });
    }
}

struct Latest(GradientsParams);

impl<B: Backend> ModuleVisitor<B> for Latest {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        self.0.register::<B, D>(param.id, param.val());
    }
}

/// Moves every tensor a part of the way.
struct Towards {
    latest: GradientsParams,
    part: f64,
}

impl<B: Backend> ModuleMapper<B> for Towards {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<B, D>>) -> Param<Tensor<B, D>> {
        let (id, average, mapper) = param.consume();
        let moved = match self.latest.remove::<B, D>(id) {
            Some(latest) => average.clone() + (latest - average) * self.part,
            None => average,
        };
        Param::from_mapped_value(id, moved, mapper)
    }
}
