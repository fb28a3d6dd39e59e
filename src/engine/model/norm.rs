//! Batch normalisation with PyTorch's arithmetic.

use burn::module::{Module, Param, RunningState};
use burn::tensor::{Tensor, backend::Backend};

use super::init::Init;

/// Whether batch norms use the batch's statistics and learn from them, or the running ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The batch's own; running statistics move towards them.
    Train,
    /// The running ones.
    Eval,
}

/// PyTorch's defaults.
const EPS: f64 = 1e-5;
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

    /// Same shape in and out.
    pub fn forward(&self, x: Tensor<B, 4>, mode: Mode) -> Tensor<B, 4> {
        let [batch, channels, height, width] = x.dims();
        let x = x.reshape([batch, channels, height * width]);
        let (weight, bias) = (channelwise(self.weight.val()), channelwise(self.bias.val()));
        let y = match mode {
            Mode::Train => {
                // Over positions, then images: no sum is long enough to lose digits.
                let mean = x.clone().mean_dim(2).mean_dim(0);
                let centred = x - mean.clone();
                let var = (centred.clone() * centred.clone()).mean_dim(2).mean_dim(0);
                self.learn(mean.clone(), var.clone(), batch * height * width);
                centred * (weight / (var + EPS).sqrt()) + bias
            }
            Mode::Eval => {
                let mean = channelwise(self.running_mean.value_sync());
                let var = channelwise(self.running_var.value_sync());
                let scale = weight / (var + EPS).sqrt();
                x * scale.clone() + (bias - mean * scale)
            }
        };
        y.reshape([batch, channels, height, width])
    }

    /// Moves the running statistics towards those of a batch of `count` values a channel.
    fn learn(&self, mean: Tensor<B, 3>, var: Tensor<B, 3>, count: usize) {
        // A single value has no unbiased variance; PyTorch refuses it, here it counts as is.
        let unbiased = count as f64 / count.saturating_sub(1).max(1) as f64;
        let towards = |state: &RunningState<Tensor<B, 1>>, value: Tensor<B, 3>, factor: f64| {
            let channels = value.dims()[1];
            let value = value.detach().reshape([channels]) * (MOMENTUM * factor);
            state.update(state.value_sync() * (1.0 - MOMENTUM) + value);
        };
        towards(&self.running_mean, mean, 1.0);
        towards(&self.running_var, var, unbiased);
    }
}

/// `[channel]` as `[1, channel, 1]`.
fn channelwise<B: Backend>(x: Tensor<B, 1>) -> Tensor<B, 3> {
    let channels = x.dims()[0];
    x.reshape([1, channels, 1])
}
