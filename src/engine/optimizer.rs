//! Adam, AdamW and SGD with PyTorch's arithmetic, in PyTorch's order.
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
use super::snapshot::OptimizerState;
use crate::domain::recipe::OptimizerKind;
use crate::domain::spec::ExperimentSpec;

/// The optimizer of a [`Network`]; `step` takes the learning rate.
pub type NetworkOptimizer<B> = OptimizerAdaptor<UpdateRule, Network<B>, B>;

/// How a parameter follows from its gradient.
#[derive(Debug, Clone)]
pub enum UpdateRule {
    /// Adam (Kingma and Ba), as `torch.optim.Adam`, or as `torch.optim.AdamW`.
    Adam {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the denominator.
        eps: f64,
        /// L2 penalty or, where decoupled, the part that is taken off a parameter.
        weight_decay: f64,
        /// Whether the decay leaves the gradient alone: AdamW.
        decoupled: bool,
    },
    /// As `torch.optim.SGD`, without dampening.
    Sgd {
        /// 0 for none.
        momentum: f64,
        /// Whether a step looks ahead.
        nesterov: bool,
        /// L2 penalty.
        weight_decay: f64,
    },
}

/// What is kept of one parameter between steps.
#[derive(Record, Clone)]
pub struct ParameterState<B: Backend, const D: usize> {
    /// Steps taken.
    time: usize,
    /// As [`UpdateRule::buffers`] names them.
    buffers: Vec<Tensor<B, D>>,
}

impl UpdateRule {
    /// As `spec` sets it.
    pub const fn new(spec: &ExperimentSpec) -> Self {
        let ExperimentSpec { beta1, beta2, eps, weight_decay, momentum, nesterov, optimizer, .. } = *spec;
        match optimizer {
            OptimizerKind::Sgd => Self::Sgd { momentum, nesterov, weight_decay },
            OptimizerKind::Adam => Self::Adam { beta1, beta2, eps, weight_decay, decoupled: false },
            OptimizerKind::AdamW => Self::Adam { beta1, beta2, eps, weight_decay, decoupled: true },
        }
    }

    /// The names of the tensors that are kept of every parameter: Adam's running means of
    /// gradients and of their squares, or SGD's momentum.
    pub const fn buffers(&self) -> &'static [&'static str] {
        match self {
            Self::Adam { .. } => &["adam.first", "adam.second"],
            Self::Sgd { momentum, .. } if *momentum == 0.0 => &[],
            Self::Sgd { .. } => &["sgd.momentum"],
        }
    }
}

/// The optimizer that `spec` sets, for a network on `B`.
pub fn of_spec<B: TrainingBackend>(spec: &ExperimentSpec) -> NetworkOptimizer<B> {
    OptimizerAdaptor::from(UpdateRule::new(spec))
}

/// What `optimizer` keeps of every parameter of `network` that has had a step.
pub fn state<B: TrainingBackend>(optimizer: &NetworkOptimizer<B>, network: &Network<B>) -> OptimizerState {
    struct Reader<B: TrainingBackend> {
        names: &'static [&'static str],
        records: Records<B>,
        found: OptimizerState,
    }
    impl<B: TrainingBackend> ByParameter<B> for Reader<B> {
        fn parameter<const D: usize>(&mut self, id: ParamId, name: String, _: &Tensor<B, D>) {
            if let Some(record) = self.records.remove(&id) {
                let state: ParameterState<B::InnerBackend, D> = record.into_state();
                self.found.time = state.time;
                for (buffer, value) in self.names.iter().zip(&state.buffers) {
                    let all = self.found.buffers.entry((*buffer).to_owned()).or_default();
                    all.0.insert(name.clone(), Tensor32::of(value));
                }
            }
        }
    }
    let names = optimizer.optim().buffers();
    let mut reader = Reader { names, records: optimizer.to_record(), found: OptimizerState::default() };
    each_parameter(network, &mut reader);
    reader.found
}

/// `optimizer` as it was when it had kept `state` of `network`'s parameters.
///
/// # Errors
/// When that is of another network or another optimizer; the message says what.
pub fn with_state<B: TrainingBackend>(
    optimizer: NetworkOptimizer<B>,
    network: &Network<B>,
    state: &OptimizerState,
    device: &Device<B>,
) -> Result<NetworkOptimizer<B>, String> {
    struct Writer<'a, B: TrainingBackend> {
        names: &'static [&'static str],
        state: &'a OptimizerState,
        device: &'a Device<B>,
        records: Records<B>,
        error: Option<String>,
    }
    impl<B: TrainingBackend> ByParameter<B> for Writer<'_, B> {
        fn parameter<const D: usize>(&mut self, id: ParamId, name: String, value: &Tensor<B, D>) {
            let found = self.names.iter().filter_map(|buffer| self.state.buffers.get(*buffer)?.0.get(&name));
            let found: Vec<_> = found.collect();
            if found.is_empty() {
                return;
            }
            let is_alike = |buffer: &&Tensor32| buffer.shape == value.dims();
            let on = |buffer: &Tensor32| buffer.on(self.device);
            let buffers = found.iter().copied().filter(is_alike).filter_map(on).collect::<Vec<_>>();
            if buffers.len() != self.names.len() {
                self.error = Some(format!("the optimizer's state of {name} has another shape"));
                return;
            }
            let state = ParameterState { time: self.state.time, buffers };
            self.records.insert(id, AdaptorRecord::from_state::<D>(state));
        }
    }
    let names = optimizer.optim().buffers();
    if let Some(other) = state.buffers.keys().find(|buffer| !names.contains(&buffer.as_str())) {
        return Err(format!("it holds the state of another optimizer, {other}"));
    }
    let records = optimizer.to_record();
    let mut writer = Writer { names, state, device, records, error: None };
    each_parameter(network, &mut writer);
    match writer.error {
        Some(error) => Err(error),
        None if state.buffers.values().any(|all| all.0.len() != writer.records.len()) => {
            Err("it holds an optimizer's state of parameters that this network does not have".into())
        }
        None => Ok(optimizer.load_record(writer.records)),
    }
}

/// burn's form of the optimizer's state.
type Records<B> = <NetworkOptimizer<B> as Optimizer<Network<B>, B>>::Record;

impl<B: NetworkOps> SimpleOptimizer<B> for UpdateRule {
    type State<const D: usize> = ParameterState<B, D>;

    fn step<const D: usize>(
        &self,
        lr: f64,
        parameter: Tensor<B, D>,
        gradient: Tensor<B, D>,
        state: Option<ParameterState<B, D>>,
    ) -> (Tensor<B, D>, Option<ParameterState<B, D>>) {
        let (time, buffers) = state.map_or((1, Vec::new()), |s| (s.time + 1, s.buffers));
        let (parameter, buffers) = match *self {
            Self::Adam { beta1, beta2, eps, weight_decay, decoupled } => {
                let step = AdamStep {
                    towards_first: 1.0 - beta1,
                    beta2,
                    towards_second: 1.0 - beta2,
                    correction2: (1.0 - beta2.powf(time as f64)).sqrt(),
                    eps,
                    rate: lr / (1.0 - beta1.powf(time as f64)),
                    weight_decay: if decoupled { 0.0 } else { weight_decay },
                    keep: if decoupled { 1.0 - lr * weight_decay } else { 1.0 },
                };
                let [first, second] = <[_; 2]>::try_from(buffers)
                    .unwrap_or_else(|_| [gradient.zeros_like(), gradient.zeros_like()]);
                let [parameter, first, second] = B::adam(step, gradient, [parameter, first, second]);
                (parameter, vec![first, second])
            }
            Self::Sgd { momentum, nesterov, weight_decay } => {
                let gradient = match weight_decay {
                    0.0 => gradient,
                    decay => gradient + parameter.clone() * decay,
                };
                if momentum == 0.0 {
                    return (parameter - gradient * lr, None);
                }
                // The first buffer is the gradient itself.
                let buffer = match buffers.into_iter().next() {
                    Some(buffer) => buffer * momentum + gradient.clone(),
                    None => gradient.clone(),
                };
                let towards = if nesterov { gradient + buffer.clone() * momentum } else { buffer.clone() };
                (parameter - towards * lr, vec![buffer])
            }
        };
        (parameter, Some(ParameterState { time, buffers }))
    }

    fn to_device<const D: usize>(state: ParameterState<B, D>, device: &Device<B>) -> ParameterState<B, D> {
        let buffers = state.buffers.into_iter().map(|buffer| buffer.to_device(device)).collect();
        ParameterState { time: state.time, buffers }
    }
}

#[cfg(test)]
mod tests {
    use burn_flex::{Flex, FlexDevice};

    use super::*;

    /// What `rule` makes of p = 1 at a learning rate of 0.1 with gradients 0.5, −2, 0.25.
    fn three_steps(rule: &UpdateRule) -> Vec<f64> {
        let mut parameter = Tensor::<Flex, 1>::from_data([1.0], &FlexDevice);
        let mut state = None;
        let mut seen = Vec::new();
        for gradient in [0.5, -2.0, 0.25] {
            let gradient = Tensor::from_data([gradient], &FlexDevice);
            (parameter, state) = rule.step(0.1, parameter, gradient, state);
            seen.push(f64::from(parameter.clone().into_scalar()));
        }
        seen
    }

    /// The same in PyTorch, in double precision.
    #[test]
    fn three_steps_as_pytorch_takes_them() {
        let rule = |keys: &str| {
            let spec = format!("plain@cifar10 weight_decay=0.01 {keys}").parse().unwrap();
            UpdateRule::new(&spec)
        };
        for (keys, torch) in TORCH {
            let ours = three_steps(&rule(keys));
            for (ours, torch) in ours.iter().zip(torch) {
                assert!((ours - torch).abs() < 1e-6, "{keys}: {ours:?}");
            }
        }
    }

    /// Of `torch.optim.Adam`, `AdamW` and `SGD`, with `weight_decay=0.01`.
    const TORCH: [(&str, [f64; 3]); 5] = [
        ("", [0.900000001961, 0.955469427738, 0.990001239554]),
        ("optimizer=adamw", [0.899000002000, 0.954051351018, 0.988337776504]),
        ("optimizer=sgd", [0.949000000000, 1.148051000000, 1.121902949000]),
        ("optimizer=sgd momentum=0.9", [0.949000000000, 1.102151000000, 1.213884749000]),
        ("optimizer=sgd momentum=0.9 nesterov=true", [0.903100000000, 1.240074110000, 1.314307458191]),
    ];
}
