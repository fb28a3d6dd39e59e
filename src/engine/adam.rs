//! Adam with PyTorch's arithmetic, in PyTorch's order.
//!
//! burn's own Adam keeps its decays and their powers in single precision, which moves the
//! bias correction of the first steps by some 1e-5; here scalars are double, as there.

use burn::optim::SimpleOptimizer;
use burn::optim::adaptor::OptimizerAdaptor;
use burn::record::Record;
use burn::tensor::backend::Backend;
use burn::tensor::{Device, Tensor};

use super::model::Network;
use super::ops::{AdamStep, NetworkOps, TrainingBackend};
use crate::domain::spec::ExperimentSpec;

/// Adam for a [`Network`]; `step` takes the learning rate.
pub type NetworkAdam<B> = OptimizerAdaptor<Adam, Network<B>, B>;

/// Adam (Kingma and Ba) with an L2 penalty, as `torch.optim.Adam`.
#[derive(Debug, Clone)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    eps: f64,
    weight_decay: f64,
}

/// Moments of one parameter.
#[derive(Record, Clone)]
pub struct AdamState<B: Backend, const D: usize> {
    /// Steps taken.
    time: usize,
    /// Running mean of gradients.
    first: Tensor<B, D>,
    /// Running mean of squared gradients.
    second: Tensor<B, D>,
}

impl Adam {
    /// As `spec` sets it, for a network on `B`.
    pub fn of<B: TrainingBackend>(spec: &ExperimentSpec) -> NetworkAdam<B> {
        let ExperimentSpec { beta1, beta2, eps, weight_decay, .. } = *spec;
        OptimizerAdaptor::from(Self { beta1, beta2, eps, weight_decay })
    }
}

impl<B: NetworkOps> SimpleOptimizer<B> for Adam {
    type State<const D: usize> = AdamState<B, D>;

    fn step<const D: usize>(
        &self,
        lr: f64,
        parameter: Tensor<B, D>,
        gradient: Tensor<B, D>,
        state: Option<AdamState<B, D>>,
    ) -> (Tensor<B, D>, Option<AdamState<B, D>>) {
        let (time, first, second) = match state {
            Some(s) => (s.time + 1, s.first, s.second),
            None => (1, gradient.zeros_like(), gradient.zeros_like()),
        };
        let step = AdamStep {
            towards_first: 1.0 - self.beta1,
            beta2: self.beta2,
            towards_second: 1.0 - self.beta2,
            correction2: (1.0 - self.beta2.powf(time as f64)).sqrt(),
            eps: self.eps,
            rate: lr / (1.0 - self.beta1.powf(time as f64)),
            weight_decay: self.weight_decay,
        };
        let [parameter, first, second] = B::adam(step, gradient, [parameter, first, second]);
        (parameter, Some(AdamState { time, first, second }))
    }

    fn to_device<const D: usize>(state: AdamState<B, D>, device: &Device<B>) -> AdamState<B, D> {
        AdamState {
            time: state.time,
            first: state.first.to_device(device),
            second: state.second.to_device(device),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn_flex::{Flex, FlexDevice};

    /// `torch.optim.Adam([p], lr=0.1, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)` in
    /// double precision, p = 1, gradients 0.5, −2, 0.25.
    #[test]
    fn three_steps_as_pytorch_takes_them() {
        let adam = Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
        let mut parameter = Tensor::<Flex, 1>::from_data([1.0], &FlexDevice);
        let mut state = None;
        let mut seen = Vec::new();
        for gradient in [0.5, -2.0, 0.25] {
            let gradient = Tensor::from_data([gradient], &FlexDevice);
            (parameter, state) = adam.step(0.1, parameter, gradient, state);
            seen.push(parameter.clone().into_scalar());
        }
        for (ours, torch) in seen.iter().zip(TORCH) {
            assert!((f64::from(*ours) - torch).abs() < 1e-6, "{seen:?}");
        }
    }

    const TORCH: [f64; 3] = [0.900000001961, 0.955469427738, 0.990001239554];
}
