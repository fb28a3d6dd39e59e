//! A GPU's numbers against the CPU's double precision.
//!
//! Any GPU will do; without one, Mesa's software Vulkan (`mesa-vulkan-drivers`) runs the same
//! kernels. Where there is neither, these tests pass and say so, unless `HIRESNET_REQUIRE_GPU` is
//! set.

#![allow(unsafe_code, reason = "the environment is changed before any thread starts")]
#![cfg(feature = "gpu")]

use std::collections::BTreeMap;
use std::sync::OnceLock;

use burn::module::AutodiffModule;
use burn::optim::Optimizer;
use burn::tensor::{DType, FloatDType};
use burn_flex::FlexDevice;
use hiresnet_tui::domain::event::Outcome;
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::bench::steps::synthetic_batch;
use hiresnet_tui::engine::data::{Batch, Dataset};
use hiresnet_tui::engine::device::{Device, DeviceContext, OnDevice, all_facts, on_cpu, prepare_environment};
use hiresnet_tui::engine::model::{Mode, Network, Weights, named_gradients};
use hiresnet_tui::engine::observer::Collected;
use hiresnet_tui::engine::ops::TrainingBackend;
use hiresnet_tui::engine::optimizer::{self, NetworkOptimizer};
use hiresnet_tui::engine::parity::{Cpu, in_double};
use hiresnet_tui::engine::snapshot::Snapshot;
use hiresnet_tui::engine::trainer::{ForwardBackward, RunPlan, forward_backward, train};
use tempfile::TempDir;

/// The first GPU, a software renderer at last.
fn gpu() -> Option<Device> {
    static FOUND: OnceLock<(bool, TempDir)> = OnceLock::new();
    let (found, _) = FOUND.get_or_init(|| {
        let cache = TempDir::new().unwrap();
        // A software renderer compiles slowly: nothing is tuned.
        // SAFETY: the first thing that these tests do, before any thread reads variables.
        unsafe {
            std::env::set_var("HIRESNET_CACHE", cache.path());
            // The choices are of this level's sizes.
            std::env::set_var("CUBECL_AUTOTUNE_LEVEL", "minimal");
            std::env::set_var(
                "HIRESNET_KERNEL_CHOICES",
                concat!(env!("CARGO_MANIFEST_DIR"), "/tests/gpu/choices.json"),
            );
        }
        prepare_environment();
        (all_facts().iter().any(|facts| facts.device == "gpu:0"), cache)
    });
    if !found {
        assert!(std::env::var_os("HIRESNET_REQUIRE_GPU").is_none(), "no GPU answers");
        eprintln!("skipped: no GPU answers, and no software renderer either");
        return None;
    }
    Some(Device::choose("gpu:0".parse().unwrap()).unwrap().0)
}

fn spec(line: &str) -> ExperimentSpec {
    line.parse().unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// Few kernels, as a software renderer takes a second for each, but every kind of layer: strides,
/// skips with and without convolution, pooling, projections over one and over two levels, groups.
const SIZES: &str = "blocks=1,1 widths=8,16 batch=8 cardinality=4";
/// Networks, and steps that are taken.
const NETWORKS: [(&str, usize); 4] =
    [("resnet+hires", 10), ("plain", 1), ("resnet+hires[0-2]", 1), ("resnext+hires[Out]", 1)];

/// What a device made of a network.
#[derive(Debug, Default)]
struct Walked {
    /// Of the first step.
    gradients: BTreeMap<String, Vec<f64>>,
    /// Of the first step, in training mode, then of the trained network in evaluation mode.
    logits: [Vec<f64>; 2],
    losses: Vec<f64>,
}

struct Walk<'a>(&'a ExperimentSpec, usize);

impl OnDevice for Walk<'_> {
    type Output = Walked;

    fn run<B: TrainingBackend>(self, context: &DeviceContext<B::Device>) -> Walked {
        let Self(spec, steps) = self;
        let network = Network::<B>::new(&spec.architecture().unwrap(), spec.seed, &context.device);
        walk(spec, steps, network, optimizer::of_spec::<B>(spec), &context.device, DType::F32)
    }
}

/// So many steps on one batch.
fn walk<B: TrainingBackend>(
    spec: &ExperimentSpec,
    steps: usize,
    mut network: Network<B>,
    mut optimizer: NetworkOptimizer<B>,
    device: &B::Device,
    precision: DType,
) -> Walked {
    let batch: Batch = synthetic_batch(spec);
    let images = batch.images::<B>(device);
    let images = if precision == DType::F64 { images.cast(FloatDType::F64) } else { images };
    let doubles = |data: burn::tensor::TensorData| data.convert::<f64>().into_vec::<f64>().unwrap();
    let mut walked = Walked::default();
    for step in 0..steps {
        let ForwardBackward { logits, loss, gradients } =
            forward_backward(&network, images.clone(), batch.targets::<B>(device));
        if step == 0 {
            let named = named_gradients(&network, &gradients).0.into_iter();
            walked.gradients = named
                .map(|(name, tensor)| (name, tensor.values.into_iter().map(f64::from).collect()))
                .collect();
            walked.logits[0] = doubles(logits.into_data());
        }
        walked.losses.extend(doubles(loss.into_data()));
        // Small steps: near a ReLU's edge rounding decides, and a large step makes much of it.
        network = optimizer.step(1e-4, network, gradients);
    }
    walked.logits[1] = doubles(network.valid().forward(images.inner(), Mode::Eval).into_data());
    walked
}

/// Asserts that values differ by at most `bound` of the largest.
#[track_caller]
fn assert_close(what: &str, ours: &[f64], double: &[f64], bound: f64) {
    assert_eq!(ours.len(), double.len(), "{what}");
    let scale = double.iter().fold(1e-3, |top: f64, value| top.max(value.abs()));
    let worst = ours.iter().zip(double).map(|(a, b)| (a - b).abs() / scale).fold(0.0, f64::max);
    assert!(worst <= bound && ours.iter().all(|value| value.is_finite()), "{what}: {worst:e} apart");
}

#[test]
fn logits_gradients_and_ten_steps_agree_with_double_precision() {
    let Some(gpu) = gpu() else { return };
    for (network, steps) in NETWORKS {
        let spec = spec(&format!("{network}@fashion-embedded {SIZES}"));
        let ours = gpu.run(Walk(&spec, steps)).unwrap();
        let double = walk::<Cpu>(
            &spec,
            steps,
            in_double(&spec).unwrap(),
            optimizer::of_spec::<Cpu>(&spec),
            &FlexDevice,
            DType::F64,
        );
        assert_close(&format!("{network}: logits"), &ours.logits[0], &double.logits[0], 1e-5);
        assert_eq!(ours.gradients.keys().collect::<Vec<_>>(), double.gradients.keys().collect::<Vec<_>>());
        for (name, gradient) in &ours.gradients {
            assert_close(&format!("{network}: gradient of {name}"), gradient, &double.gradients[name], 1e-3);
        }
        assert_close(&format!("{network}: losses"), &ours.losses, &double.losses, 1e-3);
        assert_close(&format!("{network}: logits after training"), &ours.logits[1], &double.logits[1], 1e-2);
    }
}

/// A run as the trainer makes it: data on the device, losses read back every ten steps.
struct Run<'a> {
    spec: &'a ExperimentSpec,
    data: &'a Dataset,
    plan: RunPlan,
}

impl OnDevice for Run<'_> {
    type Output = (RunState, Weights, Vec<Snapshot>);

    fn run<B: TrainingBackend>(self, context: &DeviceContext<B::Device>) -> Self::Output {
        let mut collected = Collected::default();
        let outcome = train::<B>(self.spec, self.data, context, self.plan, &mut collected);
        assert_eq!(outcome.unwrap(), Outcome::Completed);
        let Collected { events, mut weights, snapshots } = collected;
        (RunState::replay(&events), weights.pop().unwrap().1, snapshots)
    }
}

#[test]
fn a_run_probes_and_resumes_as_on_the_cpu() {
    let Some(gpu) = gpu() else { return };
    // No batch divides the splits; what is left needs no other kernels than a whole batch.
    let line = format!(
        "resnet+hires@fashion-embedded {SIZES} epochs=2 train_limit=125 val_limit=29 test_limit=29 \
         probe_images=13 lr=0.0001"
    );
    let spec = spec(&line);
    let data = Dataset::load(&spec, None).unwrap();
    let run = |plan| Run { spec: &spec, data: &data, plan };
    let (ours, last, snapshots) = gpu.run(run(RunPlan::default())).unwrap();
    let (cpus, ..) = on_cpu(run(RunPlan::default()));

    let losses = |state: &RunState| state.steps.iter().map(|step| f64::from(step.loss)).collect::<Vec<_>>();
    assert_eq!(ours.steps.len(), 2 * 16);
    assert_close("losses", &losses(&ours), &losses(&cpus), 1e-3);
    let validation =
        |state: &RunState| state.epochs.iter().map(|epoch| epoch.validation.loss).collect::<Vec<_>>();
    assert_close("validation losses", &validation(&ours), &validation(&cpus), 1e-3);
    assert_eq!(ours.probes.len(), 3);
    for (ours, cpus) in ours.probes.iter().zip(&cpus.probes) {
        for (ours, cpus) in ours.blocks.iter().zip(&cpus.blocks) {
            let values = |block: &hiresnet_tui::domain::event::BlockActivity| {
                std::iter::once(block.residual)
                    .chain(block.hops.iter().map(|hop| hop.value))
                    .collect::<Vec<_>>()
            };
            assert_close("mean |activation|", &values(ours), &values(cpus), 1e-3);
        }
    }

    let from = snapshots.into_iter().next().unwrap();
    assert_eq!(from.position.epoch, 2, "the end of the first epoch");
    let (resumed, weights, _) = gpu.run(run(RunPlan { from: Some(from), snapshot_every: 0 })).unwrap();
    assert_eq!(resumed.steps.len(), 16);
    assert_close("losses after a resume", &losses(&resumed), &losses(&ours)[16..], 1e-5);
    for (name, tensor) in &weights.0 {
        let values = |tensor: &[f32]| tensor.iter().map(|value| f64::from(*value)).collect::<Vec<_>>();
        assert_close(name, &values(&tensor.values), &values(&last.0[name].values), 1e-5);
    }
}

#[test]
fn a_software_renderer_is_only_taken_by_its_number() {
    let Some(gpu) = gpu() else { return };
    let facts = gpu.facts().unwrap();
    if !facts.kind.is_software() {
        return;
    }
    let error = Device::choose("gpu".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains(&facts.name) && error.contains("give its index to use it"), "{error}");
    let (chosen, why) = Device::choose("auto".parse().unwrap()).unwrap();
    assert_ne!(chosen, gpu);
    assert!(why.unwrap().contains("is a software renderer: select it with --device gpu:0"));
}
