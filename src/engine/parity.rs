//! What PyTorch needs to walk the same first steps: weights, batches, and what came of them.

use std::collections::HashMap;
use std::path::Path;

use burn::backend::Autodiff;
use burn::module::{AutodiffModule, Module, ModuleMapper, Param};
use burn::optim::Optimizer;
use burn::tensor::{FloatDType, Tensor};
use burn_flex::{Flex, FlexDevice};
use serde::Serialize;

use super::average::WeightAverage;
use super::clip::clip_norm;
use super::data::{Batch, Batches, Dataset, DeviceBatch, DrawnAugmentation, epoch_order};
use super::error::{EngineError, Result};
use super::files;
use super::loss::Targets;
use super::model::{Network, Tensor32, Weights, named_gradients};
use super::ops::to_vec_f32;
use super::optimizer::{self, NetworkOptimizer};
use super::trainer::{ForwardBackward, forward_backward};
use crate::domain::architecture::BasicBlockShape;
use crate::domain::event::Split;
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
    steps_per_epoch: usize,
    /// Black as the network sees it, by channel.
    black: Vec<f32>,
    /// What was done to every image of every batch, where they are augmented.
    draws: Vec<Vec<DrawnAugmentation>>,
    /// The share of the image that was mixed into each of a batch; `null` where none was.
    mixed: Vec<Option<f64>>,
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
/// - `batches.safetensors`: `inputs.N` `[batch, 3, size, size]` and `targets.N` (as floats), and of
///   augmented images `plain.N`, as they were before, and `mixed.N`, the classes mixed in;
/// - `step0.safetensors`: `logits` and `grad.NAME` of step 0, and the same computed in
///   double precision as `double.logits` and `double.grad.NAME`;
/// - `end.safetensors`: the weights after the last step in double precision, as `double.NAME`, and
///   their moving average, where the spec has one, as `ema.NAME`;
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
    let (mut draws, mut mixed) = (Vec::new(), Vec::new());
    let steps_per_epoch = data.sizes().train.div_ceil(spec.batch);
    let schedule = spec.schedule(steps_per_epoch);
    for (step, First { epoch, indices, batch }) in first_batches(spec, data).take(STEPS).enumerate() {
        let device_batch = batch.clone().into_device::<Cpu>(&FlexDevice);
        let DeviceBatch { images, targets: classes, mixed: mixed_in, .. } = device_batch;
        let targets = Targets { classes, mixed: mixed_in, smoothing: spec.label_smoothing };
        single.step(images.clone(), targets.clone(), schedule.at(step));
        double.step(images.cast(FloatDType::F64), targets, schedule.at(step));
        if let Some(augmentation) = data.augmentation {
            let plain = Batches::new(data, Split::Train, indices.clone(), spec.batch).next();
            let shape = vec![batch.len(), 3, batch.size, batch.size];
            let values = plain.map(|plain| plain.inputs).unwrap_or_default();
            batches.0.insert(format!("plain.{step}"), Tensor32 { shape, values });
            draws.push(indices.iter().map(|index| augmentation.draw(epoch, *index, batch.size)).collect());
        }
        mixed.push(batch.mixed.as_ref().map(|(_, share)| *share));
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

    let end = double.network.map(|network| Weights::of(&network.valid())).unwrap_or_default();
    let average = double.average.network().map(Weights::of).unwrap_or_default();
    let parts = [("double", end), ("ema", if spec.ema > 0.0 { average } else { Weights::default() })];
    let named = parts.into_iter().flat_map(|(part, weights)| {
        weights.0.into_iter().map(move |(name, tensor)| (format!("{part}.{name}"), tensor))
    });
    save("end.safetensors", &Weights(named.collect()))?;

    let sheet = Sheet {
        spec,
        line: spec.to_string(),
        blocks: &architecture.blocks,
        hops: architecture.hops.iter().map(|h| [h.source, h.target]).collect(),
        classes: architecture.classes,
        steps_per_epoch,
        black: (0..3).map(|channel| data.normalisation.black(channel)).collect(),
        draws,
        mixed,
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
    grad_clip: f64,
    /// Used where the spec asks for it.
    average: WeightAverage<Flex>,
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
        Self {
            grad_clip: spec.grad_clip,
            average: WeightAverage::new(spec.ema, None),
            network: Some(network),
            optimizer,
            first: Weights::default(),
            losses: vec![],
            rates: vec![],
        }
    }

    fn step(&mut self, images: Tensor<Cpu, 4>, targets: Targets<Cpu>, lr: f64) {
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
        let gradients = match self.grad_clip {
            0.0 => gradients,
            max => clip_norm(&network, gradients, max),
        };
        let network = self.optimizer.step(lr, network, gradients);
        self.average.update(network.valid());
        self.network = Some(network);
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

/// A batch that training would see.
struct First {
    epoch: usize,
    /// Of its images among their file's.
    indices: Vec<u32>,
    batch: Batch,
}

/// The batches that training would see.
fn first_batches(spec: &ExperimentSpec, data: &Dataset) -> impl Iterator<Item = First> {
    (1..).flat_map(|epoch| {
        let order = epoch_order(data, spec.seed, epoch);
        let chunks: Vec<Vec<u32>> = order.chunks(spec.batch).map(<[u32]>::to_vec).collect();
        let batches = Batches::training(data, epoch, order, spec.batch);
        chunks.into_iter().zip(batches).map(move |(indices, batch)| First { epoch, indices, batch })
    })
}

fn keep_batch(batches: &mut Weights, step: usize, batch: Batch) {
    let shape = vec![batch.len(), 3, batch.size, batch.size];
    let classes = |labels: &[i32]| Tensor32 {
        shape: vec![labels.len()],
        values: labels.iter().map(|label| *label as f32).collect(),
    };
    let targets = classes(&batch.labels);
    if let Some((labels, _)) = &batch.mixed {
        batches.0.insert(format!("mixed.{step}"), classes(labels));
    }
    batches.0.insert(format!("inputs.{step}"), Tensor32 { shape, values: batch.inputs });
    batches.0.insert(format!("targets.{step}"), targets);
}
