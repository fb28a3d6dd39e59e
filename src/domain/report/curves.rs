//! Learning curves, mean and standard deviation over seeds, and epochs to an accuracy.

use serde::Serialize;

use super::groups::{DataSignature, RunGroup, left_out, settings};
use super::{ReportOptions, ReportRun, SeedSample, recipe_name};
use crate::domain::event::Outcome;
use crate::domain::run_state::{EpochRecord, RunState};
use crate::domain::text::plural;

/// What is drawn over epochs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CurveMetric {
    /// Percent of the training batches, each scored before its step.
    TrainTop1,
    /// Percent of the validation images.
    ValTop1,
    /// Mean cross-entropy of the training batches, nats.
    TrainLoss,
    /// Mean cross-entropy of the validation images, nats.
    ValLoss,
}

impl CurveMetric {
    /// Every metric.
    pub const ALL: [Self; 4] = [Self::TrainTop1, Self::ValTop1, Self::TrainLoss, Self::ValLoss];

    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrainTop1 => "train_top1",
            Self::ValTop1 => "val_top1",
            Self::TrainLoss => "train_loss",
            Self::ValLoss => "val_loss",
        }
    }

    /// Its name on an axis.
    pub const fn title(self) -> &'static str {
        match self {
            Self::TrainTop1 => "training top-1, %",
            Self::ValTop1 => "validation top-1, %",
            Self::TrainLoss => "training loss",
            Self::ValLoss => "validation loss",
        }
    }

    fn of(self, epoch: &EpochRecord) -> f64 {
        match self {
            Self::TrainTop1 => epoch.train.top1(),
            Self::ValTop1 => epoch.validation.top1(),
            Self::TrainLoss => epoch.train.loss,
            Self::ValLoss => epoch.validation.loss,
        }
    }
}

/// The curves of all networks on one dataset with one recipe.
#[derive(Debug, Clone, Serialize)]
pub struct CurveSet {
    /// The dataset.
    #[serde(rename = "dataset")]
    pub data: DataSignature,
    /// What differs from the paper's recipe.
    pub recipe: String,
    /// The level of [`Line::epochs_to`], percent of validation top-1.
    pub target: f64,
    /// Whether somebody asked for that level.
    pub target_asked: bool,
    /// One a network.
    pub lines: Vec<CurveLine>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// One network over its seeds.
#[derive(Debug, Clone, Serialize)]
pub struct CurveLine {
    /// As specs name it.
    pub network: String,
    /// Seeds that it is over.
    pub seeds: Vec<u64>,
    /// In order.
    pub epochs: Vec<EpochPoint>,
    /// Best validation top-1, percent.
    pub best: Option<SeedSample>,
    /// First epoch whose validation top-1 reached the target, of the seeds that did.
    pub epochs_to: Option<SeedSample>,
    /// Seeds that never did.
    pub never: usize,
}

/// One epoch over seeds.
#[derive(Debug, Clone, Serialize)]
pub struct EpochPoint {
    /// From 1.
    pub epoch: usize,
    /// Seeds that have it.
    pub n: usize,
    /// Means and standard deviations, in the order of [`Metric::ALL`].
    pub metrics: [(f64, Option<f64>); 4],
}

impl EpochPoint {
    /// Mean and standard deviation of `metric`.
    pub fn of(&self, metric: CurveMetric) -> (f64, Option<f64>) {
        self.metrics[CurveMetric::ALL.iter().position(|m| *m == metric).unwrap_or(0)]
    }
}

impl CurveSet {
    /// `CIFAR-10, the paper's recipe`.
    pub fn title(&self) -> String {
        format!("{}, {}", self.data.title(), recipe_name(&self.recipe))
    }
}

/// The level for `groups` where none was asked for: the highest whole percent of validation
/// top-1 that each of their runs reached.
pub fn common_level<'a, 'b: 'a>(groups: impl IntoIterator<Item = &'a RunGroup<'b>>) -> f64 {
    let best = |state: &RunState| state.best_epoch().map_or(0.0, |epoch| epoch.validation.top1());
    let runs = groups.into_iter().flat_map(|group| group.runs.values());
    runs.map(|run| best(run.state)).fold(100.0, f64::min).floor()
}

/// The groups as they are drawn: where no run of a dataset and recipe completed, those that
/// diverged, until they did.
fn drawn<'a>(groups: &[RunGroup<'a>]) -> Vec<RunGroup<'a>> {
    let of_group = |group: &RunGroup<'a>| {
        let is_alike = |other: &&RunGroup| other.data == group.data && other.recipe == group.recipe;
        let has_completed = groups.iter().filter(is_alike).any(|other| !other.runs.is_empty());
        let mut group = group.clone();
        if !has_completed {
            let has_epochs = |run: &&ReportRun| !run.state.epochs.is_empty();
            let diverged = group.diverged.iter().filter(|(_, run)| has_epochs(run));
            group.runs = diverged.map(|(seed, run)| (*seed, *run)).collect();
        }
        group
    };
    groups.iter().map(of_group).collect()
}

/// The curves of every setting, the one with most runs first.
pub fn curves(groups: &[RunGroup], options: &ReportOptions) -> Vec<CurveSet> {
    let groups = &drawn(groups)[..];
    let wanted = settings(groups).into_iter().filter(|setting| options.wants(&setting.data));
    let of_setting = |setting: super::groups::Setting| {
        let all: Vec<&RunGroup> = groups.iter().filter(|group| setting.has(group)).collect();
        let trained: Vec<&RunGroup> = all.iter().copied().filter(|group| !group.runs.is_empty()).collect();
        let target = options.target.unwrap_or_else(|| common_level(trained.iter().copied()));
        let lines: Vec<CurveLine> = trained.iter().map(|group| line(group, target)).collect();
        let never: usize = lines.iter().map(|line| line.never).sum();
        let (diverged, others): (Vec<&RunGroup>, _) = all.into_iter().partition(|group| is_diverged(group));
        let mut notes: Vec<String> = diverged.iter().map(|group| said_diverged(group)).collect();
        notes.extend(left_out(others));
        if never > 0 {
            notes.push(format!(
                "{} never reached {target}%; means are over those that did.",
                plural(never, "run")
            ));
        }
        let target_asked = options.target.is_some();
        CurveSet { data: setting.data, recipe: setting.recipe, target, target_asked, lines, notes }
    };
    wanted.map(of_setting).collect()
}

/// Whether what is drawn of a group are runs that diverged.
fn is_diverged(group: &RunGroup) -> bool {
    group.runs.values().any(|run| run.state.outcome == Some(Outcome::Diverged))
}

fn said_diverged(group: &RunGroup) -> String {
    let runs = plural(group.diverged.len(), "run");
    format!("{}: no run completed; {runs} diverged and are drawn until they did.", group.network())
}

fn line(group: &RunGroup, target: f64) -> CurveLine {
    let last = group.runs.values().filter_map(|run| run.state.epochs.last()).map(|e| e.epoch).max();
    // Epochs are numbered from 1 without gaps, so a run has the n-th at n − 1.
    let epoch = |epoch: usize| {
        let record = |state: &RunState| state.epochs.get(epoch - 1).filter(|e| e.epoch == epoch).copied();
        let metrics =
            CurveMetric::ALL.map(|metric| group.sample(|state| record(state).map(|e| metric.of(&e))));
        let n = metrics[0].as_ref().map_or(0, SeedSample::n);
        let values = metrics.map(|sample| sample.map_or((f64::NAN, None), |s| (s.mean, s.std)));
        (n > 0).then_some(EpochPoint { epoch, n, metrics: values })
    };
    let epochs_to = group.sample(|state| state.epochs_to(target).map(|epoch| epoch as f64));
    CurveLine {
        network: match is_diverged(group) {
            true => format!("{} (diverged)", group.network()),
            false => group.network(),
        },
        seeds: group.runs.keys().copied().collect(),
        epochs: (1..=last.unwrap_or(0)).filter_map(epoch).collect(),
        best: group.sample(|state| state.best_epoch().map(|e| e.validation.top1())),
        never: group.runs.len() - epochs_to.as_ref().map_or(0, SeedSample::n),
        epochs_to,
    }
}
