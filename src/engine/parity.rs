//! What PyTorch needs to walk the same first steps: weights, batches, and what came of them.

use std::collections::HashMap;
use std::path::Path;

use burn::backend::Autodiff;
use burn::module::{AutodiffModule, Module, ModuleMapper, Param};
use burn::optim::Optimizer;
use burn::tensor::{FloatDType, Int, Tensor};
use burn_flex::{Flex, FlexDevice};
use serde::Serialize;

use super::data::{Batch, Batches, Dataset, epoch_order};
use super::error::{EngineError, Result};
use super::files;
use super::model::{Network, Tensor32, Weights, named_gradients};
use super::ops::to_vec_f32;
use super::optimizer::{self, NetworkOptimizer};
use super::trainer::{ForwardBackward, forward_backward};
use crate::domain::architecture::BasicBlockShape;
use crate::domain::spec::ExperimentSpec;

/// The CPU, with gradients.
pub type Cpu = Autodiff<Flex>;

/// Steps recorded.
pub const STEPS: usize = 20;

/// `parity.json`: everything that is not a tensor.
#[derive(Debug, Serialize)]
struct Sheet<'a> {
    spec: &'a ExperimentSpec,
    line: String,
    /// Every basic block, by block.
    blocks: &'a [Vec<BasicBlockShape>],
    /// Source and target of every hop.
    hops: Vec<[usize; 2]>,
    classes: usize,
    /// Loss of each step, before it.
    losses: Vec<f64>,
    /// The same computed in double precision.
    losses_double: Vec<f64>,
    /// Learning rate of each step.
    lr: Vec<f64>,
}

/// Takes the first [`STEPS`] steps of `spec` on the CPU and writes into `folder`:
///
/// - `weights.safetensors`: the initial weights;
/// - `batches.safetensors`: `inputs.N` `[batch, 3, size, size]` and `targets.N` (as floats);
/// - `step0.safetensors`: `logits` and `grad.NAME` of step 0, and the same computed in
///   double precision as `double.logits` and `double.grad.NAME`;
/// - `parity.json`: the losses of every step in both precisions, and all that is no tensor.
///
/// Two correct programs part within a few steps in single precision, because some of the
/// millions of activations lie so near to zero that rounding decides which side of a ReLU
/// they are on; in double precision, which burn's own operations compute, the same network
/// can be followed step by step.
///
/// # Errors
/// When the spec is no network, its training diverges, or the folder cannot be written.
pub fn write(
    folder: &Path,
    spec: &ExperimentSpec,
    data: &Dataset,
    mut done: impl FnMut(usize),
) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(EngineError::io("create the folder", folder))?;
    let save = |name: &str, weights: &Weights| {
        let path = folder.join(name);
        files::write_own(&path, &weights.to_safetensors(HashMap::new(), &path)?)
    };
    let architecture = spec.architecture()?;
    let network = Network::<Cpu>::new(&architecture, spec.seed, &FlexDevice);
    let initial = Weights::of(&network.valid());

    let double = in_double(spec)?;
    let (mut single, mut double) = (Walk::new(spec, network), Walk::new(spec, double));
    let mut batches = Weights::default();
    for (step, (epoch, batch)) in first_batches(spec, data).take(STEPS).enumerate() {
        let (images, targets) = (batch.images::<Cpu>(&FlexDevice), batch.targets::<Cpu>(&FlexDevice));
        single.step(images.clone(), targets.clone(), spec.lr_at(epoch));
        double.step(images.cast(FloatDType::F64), targets, spec.lr_at(epoch));
        keep_batch(&mut batches, step, batch);
        done(step + 1);
    }
    if let Some(step) = single.losses.iter().chain(&double.losses).position(|loss| !loss.is_finite()) {
        let step = step % STEPS;
        return Err(EngineError::run(folder, format!("not written: the loss of step {step} is not finite")));
    }
    save("weights.safetensors", &initial)?;
    save("batches.safetensors", &batches)?;
    let renamed = double.first.0.into_iter().map(|(name, tensor)| (format!("double.{name}"), tensor));
    single.first.0.extend(renamed);
    save("step0.safetensors", &single.first)?;

    let sheet = Sheet {
        spec,
        line: spec.to_string(),
        blocks: &architecture.blocks,
        hops: architecture.hops.iter().map(|h| [h.source, h.target]).collect(),
        classes: architecture.classes,
        lr: single.rates,
        losses: single.losses,
        losses_double: double.losses,
    };
    let path = folder.join("parity.json");
    let json = serde_json::to_vec_pretty(&sheet)
        .map_err(|e| EngineError::run(&path, format!("cannot be encoded: {e}")))?;
    files::write_own(&path, &json)
}

/// A network walking its first steps.
struct Walk {
    /// Taken out only while it takes a step.
    network: Option<Network<Cpu>>,
    optimizer: NetworkOptimizer<Cpu>,
    /// Logits and gradients of step 0.
    first: Weights,
    losses: Vec<f64>,
    rates: Vec<f64>,
}

impl Walk {
    fn new(spec: &ExperimentSpec, network: Network<Cpu>) -> Self {
        let optimizer = optimizer::of_spec(spec);
        Self { network: Some(network), optimizer, first: Weights::default(), losses: vec![], rates: vec![] }
    }

    fn step(&mut self, images: Tensor<Cpu, 4>, targets: Tensor<Cpu, 1, Int>, lr: f64) {
        let Some(network) = self.network.take() else { return };
        let ForwardBackward { logits, loss, gradients } = forward_backward(&network, images, targets);
        if self.losses.is_empty() {
            for (name, gradient) in named_gradients(&network, &gradients).0 {
                self.first.0.insert(format!("grad.{name}"), gradient);
            }
            let shape = logits.dims().to_vec();
            self.first.0.insert("logits".into(), Tensor32 { shape, values: to_vec_f32(logits) });
        }
        self.losses.extend(loss.into_data().convert::<f64>().iter::<f64>());
        self.rates.push(lr);
        self.network = Some(self.optimizer.step(lr, network, gradients));
    }
}

/// The initial network of `spec` in double precision: what every device's numbers are held
/// against.
///
/// # Errors
/// When the spec is no network.
pub fn in_double(spec: &ExperimentSpec) -> Result<Network<Cpu>> {
    Ok(Network::new(&spec.architecture()?, spec.seed, &FlexDevice).map(&mut InDouble))
}

/// Turns every tensor of a network into double precision.
struct InDouble;

impl ModuleMapper<Cpu> for InDouble {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<Cpu, D>>) -> Param<Tensor<Cpu, D>> {
        let (id, tensor, mapper) = param.consume();
        let learns = tensor.is_require_grad();
        let double = Tensor::from_inner(tensor.inner().cast(FloatDType::F64)).set_require_grad(learns);
        Param::from_mapped_value(id, double, mapper)
    }
}

/// The batches that training would see, with their epoch.
fn first_batches(spec: &ExperimentSpec, data: &Dataset) -> impl Iterator<Item = (usize, Batch)> {
    (1..).flat_map(|epoch| {
        let order = epoch_order(data, spec.seed, epoch);
        Batches::training(data, epoch, order, spec.batch).map(move |batch| (epoch, batch))
    })
}

fn keep_batch(batches: &mut Weights, step: usize, batch: Batch) {
    let shape = vec![batch.len(), 3, batch.size, batch.size];
    let targets = Tensor32 {
        shape: vec![batch.len()],
        values: batch.labels.iter().map(|label| *label as f32).collect(),
    };
    batches.0.insert(format!("inputs.{step}"), Tensor32 { shape, values: batch.inputs });
    batches.0.insert(format!("targets.{step}"), targets);
}
