//! Made-up runs, told as events are.

use hiresnet_tui::domain::event::{
    Checkpoint, Event, EventKind, Outcome, RunStarted, Score, Split, SplitSizes,
};
use hiresnet_tui::domain::report::groups::{RunGroup, groups};
use hiresnet_tui::domain::report::{ReportOptions, ReportRun};
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::ExperimentSpec;

use crate::events::{RunEvents, probed, started};

/// A made-up run.
pub struct Made {
    pub name: String,
    pub spec: ExperimentSpec,
    pub events: Vec<Event>,
    pub state: RunState,
    top1: f64,
}

impl Made {
    /// The events of all epochs that its spec has, as a record on disk must have them.
    pub fn whole(&self) -> Vec<Event> {
        let (outcome, facts) = (self.state.outcome.unwrap(), self.state.started.as_ref().unwrap());
        let epochs = if outcome == Outcome::Completed { self.spec.epochs } else { 6.min(self.spec.epochs) };
        told(&self.spec, self.top1, outcome, &facts.at, epochs)
    }
}

/// A run whose test top-1 is `top1` percent with the best weights, and half a point less
/// with the last.
pub fn run(line: &str, top1: f64) -> Made {
    ended(line, top1, Outcome::Completed, "2026-11-24T10:00:00Z")
}

/// The same, ended as `outcome`, begun at `at`.
pub fn ended(line: &str, top1: f64, outcome: Outcome, at: &str) -> Made {
    let spec: ExperimentSpec = line.parse().unwrap();
    let events = told(&spec, top1, outcome, at, 6);
    let name = format!("runs/{}", line.replace(' ', "-"));
    Made { name, state: RunState::replay(&events), spec, events, top1 }
}

/// A run of so many epochs. It rises to its best in the one before the last, but in the fifth at the latest.
fn told(spec: &ExperimentSpec, top1: f64, outcome: Outcome, at: &str, epochs: usize) -> Vec<Event> {
    let training = spec.dataset.images().map_or(50_000, |(training, _)| training);
    let images = SplitSizes { train: training / 10 * 9, validation: 10_000, test: 10_000 };
    let steps_per_epoch = images.train.div_ceil(spec.batch);
    let facts = RunStarted { images, steps_per_epoch, instructions: None, ..started(spec, at) };
    let mut run = RunEvents::of(facts);
    let score_of = |percent: f64, loss: f64, images: usize| {
        let hits = (percent * images as f64 / 100.0).round() as usize;
        Score { loss, images, hits, hits5: (spec.classes() > 10).then(|| hits + images / 4) }
    };
    let score = |percent: f64, loss: f64| score_of(percent, loss, 10_000);
    let rise = [0.5, 0.75, 0.9, 0.97, 1.0];
    let rise = &rise[5 - (epochs - 1).clamp(1, 5)..];
    for epoch in 1..=epochs {
        let part = rise.get(epoch - 1).copied().unwrap_or(0.99);
        run.then(EventKind::EpochStarted { epoch, lr: spec.schedule(steps_per_epoch).at_epoch(epoch) });
        run.then(EventKind::EpochEnded {
            epoch,
            step: epoch * steps_per_epoch,
            train: score_of(part * top1 + 1.0, 2.3 - 1.8 * part, images.train),
            validation: score(part * top1, 2.4 - 1.7 * part),
            best: epoch <= rise.len(),
        });
    }
    let best = rise.len();
    if outcome == Outcome::Completed {
        run.then(EventKind::Tested { checkpoint: Checkpoint::Best, epoch: best, score: score(top1, 0.4) });
        run.then(probed(spec, best, Split::Test, &|block, source| {
            let (block, seed) = (block as f64, spec.seed as f64);
            (source.map_or(block + seed / 10.0, |source| 0.5 * block + 0.1 * source as f64), None)
        }));
        run.then(EventKind::Tested {
            checkpoint: Checkpoint::Last,
            epoch: epochs,
            score: score(top1 - 0.5, 0.5),
        });
    }
    run.then(EventKind::Finished { outcome, message: None });
    run.events
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
pub fn grouped(runs: &[Made]) -> Vec<RunGroup<'_>> {
    let all: Vec<ReportRun> = runs
        .iter()
        .map(|made| ReportRun { name: &made.name, spec: &made.spec, state: &made.state, training: false })
        .collect();
    groups(&all)
}

/// ReportOptions on `dataset`, or on all.
pub fn on(dataset: &str) -> ReportOptions {
    let datasets = match dataset {
        "" => Vec::new(),
        name => vec![hiresnet_tui::domain::dataset::DatasetId::parse(name).unwrap()],
    };
    ReportOptions { datasets, ..ReportOptions::default() }
}
