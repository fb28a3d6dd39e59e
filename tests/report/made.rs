//! Made-up runs, told as events are.

use hiresnet_tui::domain::event::{
    BlockActivity, Checkpoint, EVENT_VERSION, Event, EventKind, HopActivity, Outcome, RunStarted, Score,
    Split, SplitSizes,
};
use hiresnet_tui::domain::report::groups::{Group, groups};
use hiresnet_tui::domain::report::{Options, Run};
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::ExperimentSpec;

/// A made-up run.
pub struct Made {
    pub name: String,
    pub spec: ExperimentSpec,
    pub events: Vec<Event>,
    pub state: RunState,
}

/// A run whose test top-1 is `top1` percent with the best weights, and half a point less
/// with the last.
pub fn run(line: &str, top1: f64) -> Made {
    ended(line, top1, Outcome::Completed, "2026-11-24T10:00:00Z")
}

/// The same, ended as `outcome`, begun at `at`.
pub fn ended(line: &str, top1: f64, outcome: Outcome, at: &str) -> Made {
    let spec: ExperimentSpec = line.parse().unwrap();
    let network = spec.architecture().unwrap();
    let (training, test) = spec.dataset.images().unwrap_or((50_000, 10_000));
    let images = SplitSizes { train: training / 10 * 9, validation: training / 10, test };
    let mut events = Vec::new();
    let mut tell = |kind| events.push(Event { v: EVENT_VERSION, t: events.len() as f64, kind });
    tell(EventKind::RunStarted(Box::new(RunStarted {
        spec: spec.clone(),
        device: "cpu".into(),
        instructions: None,
        parameters: 1,
        images,
        steps_per_epoch: 450,
        program: "test".into(),
        at: at.into(),
    })));
    let score = |percent: f64, loss: f64| Score {
        loss,
        images: 10_000,
        hits: (percent * 100.0).round() as usize,
        hits5: (spec.classes() > 10).then(|| (percent * 100.0).round() as usize + 2_500),
    };
    // Rises to its best in the fifth of six epochs.
    for epoch in 1..=6 {
        let part = [0.5, 0.75, 0.9, 0.97, 1.0, 0.99][epoch - 1];
        tell(EventKind::EpochStarted { epoch, lr: 0.01 });
        tell(EventKind::EpochEnded {
            epoch,
            step: epoch * 450,
            train: score(part * top1 + 1.0, 2.3 - 1.8 * part),
            validation: score(part * top1, 2.4 - 1.7 * part),
            best: epoch < 6,
        });
    }
    if outcome == Outcome::Completed {
        tell(EventKind::Tested { checkpoint: Checkpoint::Best, epoch: 5, score: score(top1, 0.4) });
        let blocks = (1..=spec.blocks.len()).map(|block| BlockActivity {
            block,
            residual: block as f64 + spec.seed as f64 / 10.0,
            histogram: None,
            hops: network
                .hops
                .into_block(block)
                .map(|hop| HopActivity {
                    source: hop.source,
                    value: 0.5 * block as f64 + 0.1 * hop.source as f64,
                    histogram: None,
                })
                .collect(),
        });
        tell(EventKind::Probed { epoch: 5, split: Split::Test, blocks: blocks.collect() });
        tell(EventKind::Tested { checkpoint: Checkpoint::Last, epoch: 6, score: score(top1 - 0.5, 0.5) });
    }
    tell(EventKind::Finished { outcome, message: None });
    let name = format!("runs/{}", line.replace(' ', "-"));
    Made { name, state: RunState::replay(&events), spec, events }
}

/// One run a seed, from 0 on.
pub fn seeds(line: &str, top1: &[f64]) -> Vec<Made> {
    top1.iter().enumerate().map(|(seed, top1)| run(&format!("{line} seed={seed}"), *top1)).collect()
}

/// Runs of most kinds there are: complete and incomplete cells, two recipes, three datasets,
/// a folder of images, runs that did not complete, and one that was run again.
pub fn many() -> Vec<Made> {
    let mut runs = seeds("resnet@cifar10", &[89.15, 88.70, 89.60, 89.41, 89.05]);
    runs.extend(seeds("resnet+adjusted@cifar10", &[89.20, 88.80, 89.30, 89.50, 89.00]));
    runs.extend(seeds("resnet+hires@cifar10", &[90.46, 90.10, 90.88, 90.30, 90.72]));
    runs.extend(seeds("resnet+hires[Out]@cifar10", &[89.30, 89.60, 89.10]));
    runs.extend(seeds("resnet@tiny-imagenet", &[43.10, 43.90]));
    runs.extend(seeds("resnet+hires@tiny-imagenet", &[44.20, 44.70]));
    runs.extend(seeds("resnet+hires[P1]@cifar10 epochs=3", &[80.10, 81.90]));
    runs.extend(seeds("plain@fashion", &[91.00]));
    runs.extend(seeds("resnet@folder folder=cats.and-dogs classes=12", &[70.0, 71.0]));
    runs.push(ended("plain@cifar10", 10.0, Outcome::Diverged, "2026-11-24T10:00:00Z"));
    runs.push(ended("resnet+hires@cifar10 seed=7", 10.0, Outcome::Stopped, "2026-11-24T10:00:00Z"));
    // Older, and so left out, wherever it stands in the list.
    runs.push(ended("resnet@cifar10 seed=2", 50.0, Outcome::Completed, "2026-11-23T10:00:00Z"));
    runs
}

/// The groups that `runs` are.
pub fn grouped(runs: &[Made]) -> Vec<Group<'_>> {
    let all: Vec<Run> = runs
        .iter()
        .map(|made| Run { name: &made.name, spec: &made.spec, state: &made.state, training: false })
        .collect();
    groups(&all)
}

/// Options on `dataset`, or on all.
pub fn on(dataset: &str) -> Options {
    let datasets = match dataset {
        "" => Vec::new(),
        name => vec![hiresnet_tui::domain::dataset::DatasetId::parse(name).unwrap()],
    };
    Options { datasets, ..Options::default() }
}
