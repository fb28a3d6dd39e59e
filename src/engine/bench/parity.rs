//! Whether a device computes what the CPU computes.

use burn::module::AutodiffModule;
use serde::Serialize;

use crate::domain::spec::ExperimentSpec;
use crate::engine::bench::steps::synthetic_batch;
use crate::engine::device::{Device, DeviceContext, OnDevice, on_cpu};
use crate::engine::error::{EngineError, Result};
use crate::engine::model::{Mode, Network};
use crate::engine::ops::TrainingBackend;
use crate::engine::ops::to_vec_f32;

/// Largest difference of logits, over the largest logit, that counts as agreement.
pub const TOLERANCE: f64 = 1e-3;

/// How far apart the logits of a device and of the CPU are.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The device.
    pub device: String,
    /// The network and its inputs' seed and number.
    pub spec: String,
    /// Largest difference of two logits.
    pub max_abs_difference: f64,
    /// The same over the largest logit of the CPU.
    pub max_relative_difference: f64,
    /// Whether the latter is within [`TOLERANCE`].
    pub agrees: bool,
}

/// Logits of the initial network of `spec` on a synthetic batch, in training mode and in
/// evaluation mode after it, on `device` and on the CPU.
///
/// # Errors
/// When `spec` is no network, or the device is the CPU.
pub fn compare(spec: &ExperimentSpec, device: Device) -> Result<Difference> {
    if device == Device::CPU {
        let reason = "nothing to compare: this would be the CPU with itself; name a GPU by --device";
        return Err(EngineError::Device(reason.into()));
    }
    let (ours, cpu) = (device.run(Logits(spec))??, on_cpu(Logits(spec))?);
    let gap = |(a, b): (&f32, &f32)| f64::from((a - b).abs());
    // A NaN on either side must not look like agreement.
    let worst = |a: f64, b: f64| if b.is_nan() || b > a { b } else { a };
    let max_abs_difference = ours.iter().zip(&cpu).map(gap).fold(0.0, worst);
    let largest = cpu.iter().map(|v| f64::from(v.abs())).fold(0.0, f64::max);
    let max_relative_difference = max_abs_difference / largest;
    Ok(Difference {
        device: device.to_string(),
        spec: spec.to_string(),
        max_abs_difference,
        max_relative_difference,
        agrees: max_relative_difference <= TOLERANCE,
    })
}

struct Logits<'a>(&'a ExperimentSpec);

impl OnDevice for Logits<'_> {
    type Output = Result<Vec<f32>>;

    fn run<B: TrainingBackend>(self, context: &DeviceContext<B::Device>) -> Self::Output {
        let batch = synthetic_batch(self.0);
        let network = Network::<B>::new(&self.0.architecture()?, self.0.seed, &context.device);
        let mut logits = to_vec_f32(network.forward(batch.images(&context.device), Mode::Train));
        logits.extend(to_vec_f32(network.valid().forward(batch.images(&context.device), Mode::Eval)));
        Ok(logits)
    }
}
