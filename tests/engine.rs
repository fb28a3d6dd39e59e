//! Networks as built: their size, their initial weights, their training.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::backend::Autodiff;
use burn::module::AutodiffModule;
use burn_flex::{Flex, FlexDevice};
use hiresnet_tui::domain::architecture::Family;
use hiresnet_tui::domain::dataset::DatasetId;
use hiresnet_tui::domain::event::{Control, Event, EventKind, Outcome};
use hiresnet_tui::domain::hops::{HopSelection, HopSet, all_hops};
use hiresnet_tui::domain::params;
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::{ExperimentSpec, Version};
use hiresnet_tui::engine::data::{Dataset, Images};
use hiresnet_tui::engine::device::{Device, DeviceContext, OnDevice, on_cpu};
use hiresnet_tui::engine::model::{Network, Tensor32, Weights, trainable_parameters};
use hiresnet_tui::engine::observer::Collected;
use hiresnet_tui::engine::trainer::{RunPlan, train};
use proptest::prelude::*;

type Cpu = Autodiff<Flex>;

/// A network small enough to train in a test.
const TINY: &str =
    "blocks=1,1,1 widths=4,8,8 batch=10 train_limit=40 val_limit=20 test_limit=20 probe_images=10";

fn spec(line: &str) -> ExperimentSpec {
    line.parse().unwrap_or_else(|e| panic!("{line}: {e}"))
}

fn initial(line: &str) -> BTreeMap<String, Tensor32> {
    let spec = spec(line);
    Weights::of(&Network::<Flex>::new(&spec.architecture().unwrap(), spec.seed, &FlexDevice)).0
}

/// Every event of a run that obeys `control`, and its outcome.
fn events(line: &str, control: impl FnMut(&Event) -> Control + Send) -> (Vec<Event>, Outcome) {
    struct Job<F>(ExperimentSpec, F);
    impl<F: FnMut(&Event) -> Control + Send> OnDevice for Job<F> {
        type Output = (Vec<Event>, Outcome);
        fn run<B: hiresnet_tui::engine::ops::TrainingBackend>(
            mut self,
            context: &DeviceContext<B::Device>,
        ) -> Self::Output {
            let data = Dataset::load(&self.0, None).unwrap();
            let mut events = Vec::new();
            let outcome = train::<B>(&self.0, &data, context, RunPlan::default(), &mut |event: Event| {
                let order = (self.1)(&event);
                events.push(event);
                order
            });
            (events, outcome.unwrap())
        }
    }
    on_cpu(Job(spec(line), control))
}

/// Recorded events without their times.
fn timeless(events: &[Event]) -> Vec<EventKind> {
    let recorded = events.iter().filter(|e| e.is_recorded());
    recorded
        .map(|e| match e.kind.clone() {
            EventKind::RunStarted(mut facts) => {
                facts.at.clear();
                EventKind::RunStarted(facts)
            }
            kind => kind,
        })
        .collect()
}

#[test]
fn a_run_goes_on_with_the_data_that_it_began_on_or_not_at_all() {
    struct Job(ExperimentSpec);
    impl OnDevice for Job {
        type Output = ();
        fn run<B: hiresnet_tui::engine::ops::TrainingBackend>(self, context: &DeviceContext<B::Device>) {
            let data = Dataset::load(&self.0, None).unwrap();
            let mut whole = Collected::default();
            let outcome = train::<B>(&self.0, &data, context, RunPlan::default(), &mut whole);
            assert_eq!(outcome.unwrap(), Outcome::Completed);
            let on = |from| {
                let plan = RunPlan { from: Some(from), ..RunPlan::default() };
                train::<B>(&self.0, &data, context, plan, &mut |_: Event| Control::Continue)
            };
            let kept = whole.snapshots.swap_remove(0);
            assert_eq!(on(kept.clone()).unwrap(), Outcome::Completed);
            let mut fewer = kept.clone();
            fewer.data.images.train -= 1;
            let said = on(fewer).unwrap_err().to_string();
            assert!(said.contains("began on 39 training") && said.contains("here are 40"), "{said}");
            let mut others = kept;
            others.data.mean[0] += 0.01;
            let said = on(others).unwrap_err().to_string();
            assert!(said.contains("with other pixels"), "{said}");
        }
    }
    on_cpu(Job(spec(&format!("plain@fashion-embedded epochs=2 {TINY}"))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn built_networks_have_the_counted_parameters(
        (depths, widths, hops) in (1usize..=8).prop_flat_map(|n| {
            let hops: Vec<_> = all_hops(n).collect();
            let count = hops.len();
            (
                proptest::collection::vec(1usize..=2, n),
                proptest::collection::vec((1usize..=3).prop_map(|w| 4 * w), n),
                proptest::collection::vec(any::<bool>(), count).prop_map(move |on| {
                    hops.iter().zip(on).filter(|(_, on)| *on).map(|(h, _)| *h).collect::<HopSet>()
                }),
            )
        }),
        family in prop::sample::select(Family::ALL.to_vec()),
        version in 0u8..3,
        cardinality in prop::sample::select(vec![1usize, 2, 4]),
    ) {
        let version = match version {
            0 => Version::Original,
            1 => Version::Adjusted,
            _ => Version::HiRes(HopSelection::shortest(&hops, depths.len())),
        };
        let mut s = ExperimentSpec::paper(family, version, DatasetId::Cifar100);
        (s.blocks, s.widths, s.cardinality) = (depths, widths, cardinality);
        let network = s.checked().unwrap().architecture().unwrap();
        let built = Network::<Flex>::new(&network, 0, &FlexDevice);
        prop_assert_eq!(trainable_parameters(&built), params::count(&network));
    }
}

#[test]
fn switching_hops_leaves_every_other_initial_weight() {
    let all = initial("resnet+hires@fashion seed=5");
    for line in
        ["resnet@fashion seed=5", "resnet+hires[In]@fashion seed=5", "resnet+hires[1-2]@fashion seed=5"]
    {
        let some = initial(line);
        assert!(some.len() < all.len());
        for (name, tensor) in some {
            assert_eq!(all[&name], tensor, "{line}: {name}");
        }
    }
    let other = initial("resnet+hires@fashion seed=6");
    assert_ne!(all["stem.conv.weight"], other["stem.conv.weight"]);
}

#[test]
fn tensors_have_pytorchs_names_and_shapes() {
    let tensors = initial("resnext+hires@fashion");
    let shape = |name: &str| tensors.get(name).unwrap_or_else(|| panic!("{name} is missing")).shape.clone();
    assert_eq!(shape("stem.conv.weight"), [16, 3, 3, 3]);
    assert_eq!(shape("stem.bn.running_var"), [16]);
    assert_eq!(shape("blocks.1.0.conv1.weight"), [32, 4, 3, 3]);
    assert_eq!(shape("blocks.2.2.bn2.bias"), [64]);
    assert_eq!(shape("blocks.2.0.shortcut.conv.weight"), [64, 32, 1, 1]);
    assert_eq!(shape("blocks.2.0.shortcut.bn.running_mean"), [64]);
    assert_eq!(shape("tap.weight"), [16]);
    assert_eq!(shape("projections.0_3.conv.weight"), [64, 16, 1, 1]);
    assert_eq!(shape("projections.1_2.bn.weight"), [32]);
    assert_eq!(shape("head.weight"), [10, 64]);
    assert_eq!(shape("head.bias"), [10]);
    assert!(!tensors.contains_key("projections.0_1.conv.weight"), "0→1 is the tap alone");
}

#[test]
fn weights_survive_safetensors_and_wrong_ones_are_refused() {
    let path = std::path::Path::new("x.safetensors");
    let network = |line: &str| {
        let spec = spec(line);
        Network::<Flex>::new(&spec.architecture().unwrap(), spec.seed, &FlexDevice)
    };
    let weights = Weights::of(&network("resnet+hires[In]@fashion seed=1"));
    let bytes = weights.to_safetensors(Default::default(), path).unwrap();
    let reread = Weights::from_safetensors(&bytes, path).unwrap();
    assert_eq!(reread, weights);
    let loaded = reread.load_into(network("resnet+hires[In]@fashion seed=2"), path).unwrap();
    assert_eq!(Weights::of(&loaded), weights);

    let said = |line: &str| reread.load_into(network(line), path).unwrap_err().to_string();
    assert!(said("resnet@fashion").contains("does not belong"));
    assert!(said("resnet+hires@fashion").contains("is missing"));
    assert!(said("resnet+hires[In]@fashion widths=16,32,32").contains("has shape"));
    assert!(Weights::from_safetensors(&bytes[..bytes.len() / 2], path).is_err());
    assert!(Weights::from_safetensors(b"\xff\xff\xff\xff\xff\xff\xff\x7f{}", path).is_err());
}

#[test]
fn a_copy_for_evaluation_does_not_follow_the_training() {
    let spec = spec(&format!("resnet@fashion-embedded {TINY}"));
    let data = Dataset::load(&spec, None).unwrap();
    let network = Network::<Cpu>::new(&spec.architecture().unwrap(), 0, &FlexDevice);
    let copy = network.valid();
    let before = Weights::of(&copy);
    let split = hiresnet_tui::domain::event::Split::Train;
    let batch = hiresnet_tui::engine::data::Batches::in_order(&data, split, 10).next().unwrap();
    let (images, targets) = (batch.images(&FlexDevice), batch.targets(&FlexDevice));
    hiresnet_tui::engine::trainer::forward_backward(&network, images, targets);
    assert_eq!(Weights::of(&copy), before);
    assert_ne!(Weights::of(&network.valid()), before, "running statistics moved");
}

#[test]
fn a_run_tells_its_whole_story_and_training_learns() {
    let line =
        format!("resnet+hires@fashion-embedded epochs=4 {TINY}").replace("train_limit=40", "train_limit=120");
    let (events, outcome) = events(&line, |_| Control::Continue);
    assert_eq!(outcome, Outcome::Completed);
    let state = RunState::replay(&events);
    assert_eq!((state.epochs.len(), state.steps.len(), state.tests.len()), (4, 48, 2));
    assert_eq!(state.started.as_ref().unwrap().parameters, {
        params::count(&spec(&line).architecture().unwrap())
    });
    let losses: Vec<f64> = state.epochs.iter().map(|e| e.train.loss).collect();
    assert!(losses.is_sorted_by(|a, b| a > b), "{losses:?}");
    assert_eq!(state.probes.len(), 5, "one an epoch, one on the test split");
    for probe in &state.probes {
        let hops: Vec<usize> = probe.blocks.iter().map(|b| b.hops.len()).collect();
        assert_eq!(hops, [1, 2, 3]);
        assert!(probe.blocks.iter().all(|b| b.residual > 0.0 && b.hops.iter().all(|h| h.value > 0.0)));
    }
    let best = state.best_epoch().unwrap().validation.top1();
    assert!(state.epochs.iter().all(|e| e.validation.top1() <= best));
    assert_eq!(state.epochs_to(0.0), Some(1));
    assert_eq!(state.epochs_to(100.1), None);
}

#[test]
fn the_same_spec_gives_the_same_numbers_whatever_the_threads() {
    let line = format!("resnext+hires@fashion-embedded epochs=2 {TINY} cardinality=2");
    let with_threads = |n| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n).build().unwrap();
        timeless(&pool.install(|| events(&line, |_| Control::Continue).0))
    };
    let one = with_threads(1);
    assert_eq!(one, with_threads(1));
    assert_eq!(one, with_threads(2));
    assert_eq!(one, with_threads(5));
}

#[test]
fn data_on_the_device_and_rare_reading_back_change_no_number() {
    // Splits that no batch divides, and more batches than one reading back takes.
    let line = format!("resnet+hires@fashion-embedded epochs=3 {TINY} seed=2").replace("batch=10", "batch=7");
    let spec = spec(&line);
    let data = Dataset::load(&spec, None).unwrap();
    let run = |resident_bytes, sync_interval| {
        let name = "cpu".into();
        let context =
            DeviceContext { device: FlexDevice, name, instructions: None, sync_interval, resident_bytes };
        let mut collected = Collected::default();
        let outcome = train::<Cpu>(&spec, &data, &context, RunPlan::default(), &mut collected);
        assert_eq!(outcome.unwrap(), Outcome::Completed);
        (timeless(&collected.events), collected.weights)
    };
    let host = run(0, 1);
    assert!(host == run(usize::MAX, 1), "resident data");
    assert!(host == run(0, 4), "reading back every 4 batches");
    assert!(host == run(usize::MAX, 4), "both");
}

#[test]
fn an_engine_that_breaks_down_leaves_a_failed_run() {
    use hiresnet_tui::engine::store::SavedRun;
    use hiresnet_tui::engine::worker::Worker;
    let root = tempfile::TempDir::new().unwrap();
    let small = "blocks=1,1 widths=4,8 batch=10 epochs=1";
    let images = |count: u32, classes: u32| {
        let pixels = vec![0; count as usize * 3 * 32 * 32].into();
        let labels = (0..count).map(|i| (i % classes) as u16).collect();
        Arc::new(Images { pixels, labels, channels: 3, size: 32 })
    };
    // A test split of classes that the network has no logit for: nothing that is read from a file
    // gets so far.
    let hundred = spec(&format!("plain@cifar100 {small}"));
    let data = Dataset::new(&hundred, images(200, 10), images(200, 100)).unwrap();
    let spec = spec(&format!("plain@cifar10 {small}"));
    let worker = Worker::start(spec, data, Device::CPU, root.path()).unwrap();
    let folder = worker.folder.clone();
    assert_eq!(worker.join().unwrap(), Outcome::Failed);
    let state = SavedRun::open(&folder).unwrap().state;
    assert_eq!(state.outcome, Some(Outcome::Failed));
    assert!(state.message.unwrap().starts_with("the engine failed: "));
}

#[test]
fn stop_ends_the_run_at_once() {
    let line = format!("plain@fashion-embedded epochs=5 {TINY}");
    let (events, outcome) = events(&line, |e| match e.kind {
        EventKind::Step { step: 3, .. } => Control::Stop,
        _ => Control::Continue,
    });
    assert_eq!(outcome, Outcome::Stopped);
    let state = RunState::replay(&events);
    assert_eq!((state.step(), state.outcome), (3, Some(Outcome::Stopped)));
}

#[test]
fn a_paused_run_waits_and_its_numbers_do_not_change() {
    let line = format!("plain@fashion-embedded epochs=1 {TINY}");
    let mut asked = 0;
    let (paused, _) = events(&line, |e| match e.kind {
        EventKind::Step { step: 2, .. } => Control::Pause,
        EventKind::Tick { total: 0, .. } => {
            asked += 1;
            if asked < 3 { Control::Pause } else { Control::Continue }
        }
        _ => Control::Continue,
    });
    assert_eq!(asked, 3);
    let is_pause = |e: &EventKind| matches!(e, EventKind::Paused | EventKind::Resumed);
    let kinds = timeless(&paused);
    assert_eq!(kinds.iter().filter(|e| is_pause(e)).count(), 2);
    let (straight, _) = events(&line, |_| Control::Continue);
    let unpaused: Vec<_> = kinds.into_iter().filter(|e| !is_pause(e)).collect();
    assert_eq!(unpaused, timeless(&straight));
}

#[test]
fn a_loss_that_is_no_number_ends_the_run_as_diverged() {
    let (events, outcome) = events(&format!("plain@fashion-embedded {TINY} lr=1e38"), |_| Control::Continue);
    let state = RunState::replay(&events);
    assert_eq!(outcome, Outcome::Diverged);
    let (epoch, step, loss) = state.divergence.unwrap();
    assert!(epoch >= 1 && step >= 1 && ["NaN", "inf", "-inf"].contains(&loss.as_str()), "{loss}");
}

#[test]
fn the_last_batch_may_be_a_single_image() {
    let line = "resnet+hires@fashion-embedded blocks=1,1,1,1,1,1,1,1 widths=2,2,2,2,2,2,2,2 epochs=1 batch=3 \
                train_limit=10 val_limit=10 test_limit=10";
    let (_, outcome) = events(line, |_| Control::Continue);
    assert_ne!(outcome, Outcome::Failed);
}
