//! What PyTorch needs to walk the same first steps: weights, batches, and what came of them.

use std::collections::HashMap;
use std::path::Path;

use burn::backend::Autodiff;
use burn::module::AutodiffModule;
use burn::optim::Optimizer;
use burn_flex::{Flex, FlexDevice};
use serde::Serialize;

use super::data::{Batch, Batches, Dataset, epoch_order};
use super::error::{EngineError, Result};
use super::evaluate::floats;
use super::files;
use super::model::{Network, Tensor32, Weights, named_gradients};
use super::trainer::{adam, pass};
use crate::domain::event::Split;
use crate::domain::spec::ExperimentSpec;

/// Steps recorded.
pub const STEPS: usize = 20;

/// `parity.json`: everything that is not a tensor.
#[derive(Debug, Serialize)]
struct Sheet<'a> {
    spec: &'a ExperimentSpec,
    line: String,
    /// Channels, hidden channels, strides and groups of every basic block.
    blocks: Vec<Vec<Block>>,
    /// Source and target of every hop.
    hops: Vec<[usize; 2]>,
    classes: usize,
    /// Loss of each step, before it.
    losses: Vec<f32>,
    /// Learning rate of each step.
    lr: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Block {
    input: usize,
    hidden: usize,
    output: usize,
    stride: usize,
    groups: usize,
    skip: bool,
}

/// Takes the first [`STEPS`] steps of `spec` on the CPU and writes into `folder`:
/// `parity.json`, `weights.safetensors` (initial), `batches.safetensors`
/// (`inputs.N` `[batch, 3, size, size]`, `targets.N` as floats) and `step0.safetensors`
/// (`logits` and `grad.NAME`).
///
/// # Errors
/// When the spec is no network or the folder cannot be written.
pub fn write(folder: &Path, spec: &ExperimentSpec, data: &Dataset, mut done: impl FnMut(usize)) -> Result<()> {
    type Cpu = Autodiff<Flex>;
    std::fs::create_dir_all(folder).map_err(EngineError::io("create the folder", folder))?;
    let save = |name: &str, weights: &Weights| {
        let path = folder.join(name);
        files::write_atomically(&path, &weights.to_safetensors(HashMap::new(), &path)?)
    };
    let architecture = spec.architecture()?;
    let mut network = Network::<Cpu>::new(&architecture, spec.seed, &FlexDevice);
    save("weights.safetensors", &Weights::of(&network.valid()))?;

    let mut adam = adam::<Cpu>(spec);
    let (mut batches, mut losses, mut rates) = (Weights::default(), Vec::new(), Vec::new());
    for (step, (epoch, batch)) in first_batches(spec, data).take(STEPS).enumerate() {
        keep_batch(&mut batches, step, &batch);
        let passed = pass(&network, &batch, &FlexDevice);
        if step == 0 {
            let shape = passed.logits.dims().to_vec();
            let logits = Tensor32 { shape, values: floats(passed.logits) };
            let mut tensors = Weights::default();
            for (name, gradient) in named_gradients(&network, &passed.gradients).0 {
                tensors.0.insert(format!("grad.{name}"), gradient);
            }
            tensors.0.insert("logits".into(), logits);
            save("step0.safetensors", &tensors)?;
        }
        losses.extend(floats(passed.loss));
        rates.push(spec.lr_at(epoch));
        network = adam.step(spec.lr_at(epoch), network, passed.gradients);
        done(step + 1);
    }
    save("batches.safetensors", &batches)?;

    let block = |b: &crate::domain::architecture::BasicBlockShape| Block {
        input: b.input,
        hidden: b.hidden,
        output: b.output,
        stride: b.stride,
        groups: b.groups,
        skip: b.skip,
    };
    let sheet = Sheet {
        spec,
        line: spec.to_string(),
        blocks: architecture.blocks.iter().map(|b| b.iter().map(block).collect()).collect(),
        hops: architecture.hops.iter().map(|h| [h.source, h.target]).collect(),
        classes: architecture.classes,
        losses,
        lr: rates,
    };
    let path = folder.join("parity.json");
    let json = serde_json::to_vec_pretty(&sheet)
        .map_err(|e| EngineError::run(&path, format!("cannot be encoded: {e}")))?;
    files::write_atomically(&path, &json)
}

/// The batches that training would see, with their epoch.
fn first_batches(spec: &ExperimentSpec, data: &Dataset) -> impl Iterator<Item = (usize, Batch)> {
    (1..).flat_map(|epoch| {
        let order = epoch_order(data, spec.seed, epoch);
        Batches::new(data, Split::Train, order, spec.batch).map(move |batch| (epoch, batch))
    })
}

fn keep_batch(batches: &mut Weights, step: usize, batch: &Batch) {
    let inputs = Tensor32 { shape: vec![batch.len(), 3, batch.size, batch.size], values: batch.inputs.clone() };
    let targets = Tensor32 {
        shape: vec![batch.len()],
        values: batch.labels.iter().map(|label| *label as f32).collect(),
    };
    batches.0.insert(format!("inputs.{step}"), inputs);
    batches.0.insert(format!("targets.{step}"), targets);
}
