//! Adam with PyTorch's arithmetic, in PyTorch's order.
//!
//! burn's own Adam keeps its decays and their powers in single precision, which moves the
//! bias correction of the first steps by some 1e-5; here scalars are double, as there.

use burn::module::ParamId;
use burn::optim::adaptor::OptimizerAdaptor;
use burn::optim::record::AdaptorRecord;
use burn::optim::{Optimizer, SimpleOptimizer};
use burn::record::Record;
use burn::tensor::backend::Backend;
use burn::tensor::{Device, Tensor};

use super::model::{ByParameter, Network, Tensor32, each_parameter};
use super::ops::{AdamStep, NetworkOps, TrainingBackend};
use super::snapshot::AdamState;
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
pub struct ParameterState<B: Backend, const D: usize> {
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

/// The moments of every parameter of `network` that has had a step.
pub fn moments<B: TrainingBackend>(adam: &NetworkAdam<B>, network: &Network<B>) -> AdamState {
    struct Reader<B: TrainingBackend> {
        records: Records<B>,
        found: AdamState,
    }
    impl<B: TrainingBackend> ByParameter<B> for Reader<B> {
        fn parameter<const D: usize>(&mut self, id: ParamId, name: String, _: &Tensor<B, D>) {
            if let Some(record) = self.records.remove(&id) {
                let state: ParameterState<B::InnerBackend, D> = record.into_state();
                self.found.time = state.time;
                self.found.first.0.insert(name.clone(), Tensor32::of(&state.first));
                self.found.second.0.insert(name, Tensor32::of(&state.second));
            }
        }
    }
    let mut reader = Reader { records: adam.to_record(), found: AdamState::default() };
    each_parameter(network, &mut reader);
    reader.found
}

/// Adam as it was when it had these moments of `network`'s parameters.
///
/// # Errors
/// When they are those of another network; the message names the parameter.
pub fn with_moments<B: TrainingBackend>(
    adam: NetworkAdam<B>,
    network: &Network<B>,
    moments: &AdamState,
    device: &Device<B>,
) -> Result<NetworkAdam<B>, String> {
    struct Writer<'a, B: TrainingBackend> {
        moments: &'a AdamState,
        device: &'a Device<B>,
        records: Records<B>,
        error: Option<String>,
    }
    impl<B: TrainingBackend> ByParameter<B> for Writer<'_, B> {
        fn parameter<const D: usize>(&mut self, id: ParamId, name: String, value: &Tensor<B, D>) {
            let (first, second) = (self.moments.first.0.get(&name), self.moments.second.0.get(&name));
            let (Some(first), Some(second)) = (first, second) else { return };
            let is_alike = |moment: &Tensor32| moment.shape == value.dims();
            match (first.on(self.device), second.on(self.device)) {
                (Some(a), Some(b)) if is_alike(first) && is_alike(second) => {
                    let state = ParameterState { time: self.moments.time, first: a, second: b };
                    self.records.insert(id, AdaptorRecord::from_state::<D>(state));
                }
                _ => self.error = Some(format!("the moments of {name} have another shape")),
            }
        }
    }
    let records = adam.to_record();
    let mut writer = Writer { moments, device, records, error: None };
    each_parameter(network, &mut writer);
    match writer.error {
        Some(error) => Err(error),
        None if writer.records.len() != moments.first.0.len() => {
            Err("it holds moments of parameters that this network does not have".into())
        }
        None => Ok(adam.load_record(writer.records)),
    }
}

/// burn's form of the optimiser's state.
type Records<B> = <NetworkAdam<B> as Optimizer<Network<B>, B>>::Record;

impl<B: NetworkOps> SimpleOptimizer<B> for Adam {
    type State<const D: usize> = ParameterState<B, D>;

    fn step<const D: usize>(
        &self,
        lr: f64,
        parameter: Tensor<B, D>,
        gradient: Tensor<B, D>,
        state: Option<ParameterState<B, D>>,
    ) -> (Tensor<B, D>, Option<ParameterState<B, D>>) {
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
        (parameter, Some(ParameterState { time, first, second }))
    }

    fn to_device<const D: usize>(state: ParameterState<B, D>, device: &Device<B>) -> ParameterState<B, D> {
        ParameterState {
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
