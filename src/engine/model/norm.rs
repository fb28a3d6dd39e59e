//! Batch normalisation with PyTorch's arithmetic.

use burn::module::{Module, Param, RunningState};
use burn::tensor::{Tensor, backend::Backend};

use super::init::Init;
use crate::engine::ops::{BatchStats, NetworkOps, NormParams};

/// Whether batch norms use the batch's statistics and learn from them, or the running ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The batch's own; running statistics move towards them.
    Train,
    /// The running ones.
    Eval,
}

/// PyTorch's default.
const MOMENTUM: f64 = 0.1;

/// Batch norm over `[batch, channel, height, width]`.
///
/// Unlike burn's own, the running variance is updated with the unbiased variance of the
/// batch, as PyTorch does (in both, the batch itself is normalised by the biased one).
#[derive(Module, Debug)]
pub struct BatchNorm<B: Backend> {
    weight: Param<Tensor<B, 1>>,
    bias: Param<Tensor<B, 1>>,
    running_mean: RunningState<Tensor<B, 1>>,
    running_var: RunningState<Tensor<B, 1>>,
}

impl<B: Backend> BatchNorm<B> {
    /// Weight and variance one, bias and mean zero.
    pub fn new(init: &Init<B>, channels: usize) -> Self {
        Self {
            weight: init.constant(1.0, channels),
            bias: init.constant(0.0, channels),
            running_mean: RunningState::new(Tensor::zeros([channels], init.device)),
            running_var: RunningState::new(Tensor::ones([channels], init.device)),
        }
    }

    /// What a forward pass needs: without statistics in training, where the batch's own
    /// are used.
    pub fn norm(&self, mode: Mode) -> NormParams<B> {
        let running =
            || BatchStats { mean: self.running_mean.value_sync(), var: self.running_var.value_sync() };
        NormParams {
            weight: self.weight.val(),
            bias: self.bias.val(),
            running: matches!(mode, Mode::Eval).then(running),
        }
    }

    /// Moves the running statistics towards those of a batch of `count` values a channel.
    pub fn update_running_stats(&self, moments: BatchStats<B>, count: usize) {
        // A single value has no unbiased variance; PyTorch refuses it, here it counts as is.
        let unbiased = count as f64 / count.saturating_sub(1).max(1) as f64;
        let towards = |state: &RunningState<Tensor<B, 1>>, value: Tensor<B, 1>, factor: f64| {
            state.update(state.value_sync() * (1.0 - MOMENTUM) + value * (MOMENTUM * factor));
        };
        towards(&self.running_mean, moments.mean, 1.0);
        towards(&self.running_var, moments.var, unbiased);
    }
}

impl<B: NetworkOps> BatchNorm<B> {
    /// Same shape in and out.
    pub fn forward(&self, x: Tensor<B, 4>, mode: Mode) -> Tensor<B, 4> {
        let count = values_a_channel(&x);
        let (y, moments) = B::batch_norm(x, self.norm(mode));
        if let Some([moments]) = moments {
            self.update_running_stats(moments, count);
        }
        y
    }
}

/// Images times positions.
pub fn values_a_channel<B: Backend>(x: &Tensor<B, 4>) -> usize {
    let [batch, _, height, width] = x.dims();
    batch * height * width
}
