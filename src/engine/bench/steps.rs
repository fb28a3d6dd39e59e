//! Training steps and forward passes on a synthetic batch, timed one by one.

use std::time::Instant;

use burn::module::AutodiffModule;
use burn::optim::Optimizer;
use burn::tensor::backend::Backend;

use serde::Serialize;

use crate::domain::cost;
use crate::domain::spec::ExperimentSpec;
use crate::domain::stats;
use crate::engine::data::Batch;
use crate::engine::device::{DeviceContext, OnDevice};
use crate::engine::error::Result;
use crate::engine::model::{Mode, Network};
use crate::engine::ops::TrainingBackend;
use crate::engine::ops::to_vec_f32;
use crate::engine::optimizer;
use crate::engine::random;
use crate::engine::trainer::{ForwardBackward, forward_backward};

/// What is timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Forward, cross-entropy, backward, Adam, and reading the loss.
    Train,
    /// A forward pass with running statistics, and reading the logits.
    Evaluate,
}

/// Timed steps of the network and batch size of a spec.
#[derive(Debug, Clone)]
pub struct StepBench<'a> {
    /// Network, batch size and seed.
    pub spec: &'a ExperimentSpec,
    /// Training or evaluation.
    pub work: Work,
    /// Steps that are timed.
    pub steps: usize,
    /// Steps before them that are not: memory is found, kernels are compiled.
    pub warmup: usize,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timing {
    /// Median over steps, seconds.
    pub step_median_s: f64,
    /// Batch size over the median.
    pub images_per_s: f64,
    /// Arithmetic of the convolutions over the median, 10⁹ operations a second.
    pub gflops: f64,
}

/// Images and labels of no meaning, for the network of `spec`.
pub fn synthetic_batch(spec: &ExperimentSpec) -> Batch {
    let size = spec.image_size();
    // Uniform with a variance of one, like normalised images.
    let inputs = random::uniform(spec.seed, "bench/images", spec.batch * 3 * size * size, 3f32.sqrt());
    let labels = (0..spec.batch).map(|i| (i % spec.classes()) as i32).collect();
    Batch { inputs, labels, mixed: None, size }
}

impl OnDevice for StepBench<'_> {
    type Output = Result<Timing>;

    fn run<B: TrainingBackend>(self, context: &DeviceContext<B::Device>) -> Result<Timing> {
        let architecture = self.spec.architecture()?;
        let batch = synthetic_batch(self.spec);
        let mut network = Network::<B>::new(&architecture, self.spec.seed, &context.device);
        let mut times = Vec::with_capacity(self.steps);
        let mut note = |step: usize, start: Instant| {
            if step >= self.warmup {
                times.push(start.elapsed().as_secs_f64());
            }
        };
        let total = self.warmup + self.steps;
        let forward = cost::forward_flops(&architecture);
        let flops = match self.work {
            Work::Train => {
                let (images, targets) =
                    (batch.images::<B>(&context.device), batch.targets::<B>(&context.device));
                let mut optimizer = optimizer::of_spec::<B>(self.spec);
                for step in 0..total {
                    let start = Instant::now();
                    let ForwardBackward { loss, gradients, .. } =
                        forward_backward(&network, images.clone(), targets.clone());
                    network = optimizer.step(self.spec.lr, network, gradients);
                    to_vec_f32(loss);
                    // Only the loss has been waited for; a device may still be at the rest.
                    let _ = B::sync(&context.device);
                    note(step, start);
                }
                3 * forward - cost::stem_flops(&architecture)
            }
            Work::Evaluate => {
                let images = batch.images::<B::InnerBackend>(&context.device);
                let network = network.valid();
                for step in 0..total {
                    let start = Instant::now();
                    to_vec_f32(network.forward(images.clone(), Mode::Eval));
                    let _ = <B::InnerBackend as Backend>::sync(&context.device);
                    note(step, start);
                }
                forward
            }
        };
        let step_median_s = stats::median(&times).unwrap_or(f64::NAN);
        let images = self.spec.batch as f64;
        Ok(Timing {
            step_median_s,
            images_per_s: images / step_median_s,
            gflops: flops as f64 * images / step_median_s / 1e9,
        })
    }
}
