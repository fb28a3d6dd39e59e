//! Whether a device trains as the CPU does: a few steps on both.

use std::time::Instant;

use burn::optim::Optimizer;
use serde::Serialize;

use crate::domain::error::SpecError;
use crate::domain::spec::ExperimentSpec;
use crate::engine::bench::steps::synthetic_batch;
use crate::engine::device::{Device, DeviceContext, OnDevice, compilation, on_cpu};
use crate::engine::error::Result;
use crate::engine::model::Network;
use crate::engine::ops::TrainingBackend;
use crate::engine::ops::to_vec_f32;
use crate::engine::optimizer;
use crate::engine::trainer::{ForwardBackward, forward_backward};

/// Steps that are taken.
const STEPS: usize = 3;

/// Every kind of layer, in a network small enough for any device.
const SPEC: &str = "resnet+hires@fashion-embedded batch=8 widths=8,16,32 blocks=1,1,1";

/// Learning rate: small, as Adam's first steps move every weight by so much, whichever way the
/// rounding of a gradient near zero points.
const RATE: f64 = 1e-4;

/// Largest difference of a loss, over the CPU's, that counts as agreement. Matrices multiplied
/// in TF32 give the first loss to some 1e-4; each step makes more of it.
const TOLERANCE: f64 = 0.005;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Training losses, one a step.
    pub losses: Vec<f32>,
    /// The CPU's.
    pub cpu_losses: Vec<f32>,
    /// Largest difference of two, over the CPU's.
    pub max_relative_difference: f64,
    /// Whether that is small enough.
    pub agrees: bool,
    /// Time of the steps, seconds; most of it for kernels that were compiled.
    pub seconds: f64,
    /// Kernels compiled.
    pub kernels: usize,
}

/// Trains a few steps on `device` and on the CPU, from the same weights on the same images.
///
/// # Errors
/// When the device breaks down.
pub fn check(device: Device) -> Result<Check> {
    let spec = spec()?;
    let (start, before) = (Instant::now(), compilation());
    let losses = device.run(Losses(&spec))??;
    let (seconds, kernels) = (start.elapsed().as_secs_f64(), compilation().kernels - before.kernels);
    let cpu_losses = on_cpu(Losses(&spec))?;
    let gap = |(ours, cpu): (&f32, &f32)| f64::from((ours - cpu).abs() / cpu.abs());
    // A NaN on either side must not look like agreement.
    let worst = |a: f64, b: f64| if b.is_nan() || b > a { b } else { a };
    let max_relative_difference = losses.iter().zip(&cpu_losses).map(gap).fold(0.0, worst);
    let agrees = max_relative_difference <= TOLERANCE;
    Ok(Check { losses, cpu_losses, max_relative_difference, agrees, seconds, kernels })
}

fn spec() -> std::result::Result<ExperimentSpec, SpecError> {
    SPEC.parse()
}

struct Losses<'a>(&'a ExperimentSpec);

impl OnDevice for Losses<'_> {
    type Output = Result<Vec<f32>>;

    fn run<B: TrainingBackend>(self, context: &DeviceContext<B::Device>) -> Self::Output {
        let Self(spec) = self;
        let batch = synthetic_batch(spec);
        let mut network = Network::<B>::new(&spec.architecture()?, spec.seed, &context.device);
        let mut optimizer = optimizer::of_spec::<B>(spec);
        let mut losses = Vec::new();
        for _ in 0..STEPS {
            let (images, targets) = (batch.images::<B>(&context.device), batch.targets::<B>(&context.device));
            let ForwardBackward { loss, gradients, .. } = forward_backward(&network, images, targets);
            network = optimizer.step(RATE, network, gradients);
            losses.extend(to_vec_f32(loss));
        }
        Ok(losses)
    }
}
