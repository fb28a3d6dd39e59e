//! The state of a run, made from its events and nothing else. Live screens, batch
//! tables, listings and replay all read this.

use serde::{Deserialize, Serialize};

use super::event::{BlockActivity, Checkpoint, Event, EventKind, Outcome, Phase, RunStarted, Score, Split};
use super::system::SystemUse;

/// One training step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StepPoint {
    /// Over the whole run, from 1.
    pub step: usize,
    /// From 1.
    pub epoch: usize,
    /// Seconds since the run started.
    pub t: f64,
    /// Mean cross-entropy of the batch, nats.
    pub loss: f32,
    /// Top-1 of the batch, percent.
    pub top1: f64,
}

/// One finished epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// From 1.
    pub epoch: usize,
    /// Steps of the run at its end.
    pub step: usize,
    /// Seconds since the run started, at its end.
    pub t: f64,
    /// Learning rate of its first step.
    pub lr: f64,
    /// Over its training batches.
    pub train: Score,
    /// Of the validation split.
    pub validation: Score,
    /// Training throughput, validation and pauses not counted; `None` where the epoch
    /// was too short to measure.
    pub images_per_s: Option<f64>,
}

/// One measurement of Fig. 2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeRecord {
    /// Epoch of the weights.
    pub epoch: usize,
    /// What it was measured on.
    pub split: Split,
    /// One entry a block.
    pub blocks: Vec<BlockActivity>,
}

/// A run as its events tell it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunState {
    /// Facts known at the start.
    pub started: Option<RunStarted>,
    /// Current activity.
    pub phase: Option<Phase>,
    /// Images scored and to score, while a split is being scored.
    pub scored: Option<(usize, usize)>,
    /// Kernels compiled so far and seconds since the start, while the device waits for more.
    pub compiling: Option<(usize, f64)>,
    /// Whether it waits.
    pub paused: bool,
    /// Current epoch, from 1; 0 before the first.
    pub epoch: usize,
    /// Learning rate at the beginning of the current epoch; see [`Self::learning_rate`].
    pub lr: f64,
    /// Every step.
    pub steps: Vec<StepPoint>,
    /// Every finished epoch.
    pub epochs: Vec<EpochRecord>,
    /// Index into `epochs` of the best validation top-1.
    pub best: Option<usize>,
    /// Every probe; the last one is on the test split when the run completed.
    pub probes: Vec<ProbeRecord>,
    /// Test scores: weights, their epoch, result.
    pub tests: Vec<(Checkpoint, usize, Score)>,
    /// How busy the machine was, with the seconds since the run started.
    #[serde(default)]
    pub system: Vec<(f64, SystemUse)>,
    /// Epoch, step and value of a non-finite loss.
    pub divergence: Option<(usize, usize, String)>,
    /// How it ended; `None` while it runs, or when it was cut off.
    pub outcome: Option<Outcome>,
    /// The error of a failed run.
    pub message: Option<String>,
    /// Seconds since the run started, of the last event.
    pub t: f64,
    /// Time since the last mark counts as training while this is set.
    training_since: Option<f64>,
    epoch_seconds: f64,
    epoch_images: usize,
    active_seconds: f64,
    active_since: Option<f64>,
}

impl RunState {
    /// The state that a sequence of events leads to.
    pub fn replay<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut state = Self::default();
        events.into_iter().for_each(|e| state.apply(e));
        state
    }

    /// Takes in the next event.
    pub fn apply(&mut self, event: &Event) {
        if let EventKind::Compiling { kernels, seconds, .. } = event.kind {
            self.compiling = Some((kernels, seconds));
            return;
        }
        self.compiling = None;
        let (t, before) = (event.t, self.t);
        self.t = t;
        match &event.kind {
            EventKind::RunStarted(facts) => self.started = Some(facts.as_ref().clone()),
            EventKind::Continued(_) => {
                // Whatever the last process was in the middle of ended with it.
                self.phase = None;
                self.scored = None;
                self.paused = false;
                self.training_since = None;
                self.outcome = None;
                self.message = None;
                // Its steps count towards the pace, and so does the time they took.
                if let Some(since) = self.active_since.replace(t) {
                    self.active_seconds += (before - since).max(0.0);
                }
            }
            EventKind::Phase { phase } => {
                self.mark(t);
                self.phase = Some(*phase);
                self.scored = None;
                self.training_since = (*phase == Phase::Training).then_some(t);
            }
            EventKind::EpochStarted { epoch, lr } => {
                self.epoch = *epoch;
                self.lr = *lr;
                self.epoch_seconds = 0.0;
                self.epoch_images = 0;
                self.active_since.get_or_insert(t);
            }
            EventKind::Step { epoch, step, loss, images, hits } => {
                self.mark(t);
                if self.training_since.is_some() {
                    self.epoch_images += images;
                }
                let top1 = 100.0 * *hits as f64 / (*images).max(1) as f64;
                self.steps.push(StepPoint { step: *step, epoch: *epoch, t, loss: *loss, top1 });
            }
            EventKind::EpochEnded { epoch, step, train, validation, best } => {
                let images_per_s = self.images_per_s();
                self.epochs.push(EpochRecord {
                    epoch: *epoch,
                    step: *step,
                    t,
                    lr: self.lr,
                    train: *train,
                    validation: *validation,
                    images_per_s,
                });
                if *best {
                    self.best = Some(self.epochs.len() - 1);
                }
            }
            EventKind::Probed { epoch, split, blocks } => {
                self.probes.push(ProbeRecord { epoch: *epoch, split: *split, blocks: blocks.clone() });
            }
            EventKind::Tested { checkpoint, epoch, score } => {
                self.tests.push((*checkpoint, *epoch, *score));
            }
            EventKind::System(seen) => self.system.push((t, *seen)),
            EventKind::Paused => {
                self.mark(t);
                self.paused = true;
                self.training_since = None;
                if let Some(since) = self.active_since.take() {
                    self.active_seconds += t - since;
                }
            }
            EventKind::Resumed => {
                self.paused = false;
                self.training_since = (self.phase == Some(Phase::Training)).then_some(t);
                self.active_since = Some(t);
            }
            EventKind::Compiling { .. } | EventKind::BoardFailed { .. } => {}
            EventKind::Tick { done, total } => self.scored = (*total > 0).then_some((*done, *total)),
            EventKind::Diverged { epoch, step, loss, .. } => {
                self.divergence = Some((*epoch, *step, loss.clone()));
            }
            EventKind::Finished { outcome, message } => {
                self.outcome = Some(*outcome);
                self.message = message.clone();
                self.phase = None;
                self.scored = None;
                self.paused = false;
            }
        }
    }

    /// Drops what only curves and activations show: all steps and samples of the machine's use but
    /// the last, all probes but those of the test split, and histograms. Later events lead to what
    /// they would have led to otherwise, but for that.
    pub fn condense(&mut self) {
        if let Some(last) = self.steps.pop() {
            self.steps.clear();
            self.steps.push(last);
        }
        if let Some(last) = self.system.pop() {
            self.system.clear();
            self.system.push(last);
        }
        self.probes.retain(|probe| probe.split == Split::Test);
        for block in self.probes.iter_mut().flat_map(|probe| &mut probe.blocks) {
            block.histogram = None;
            block.hops.iter_mut().for_each(|hop| hop.histogram = None);
        }
    }

    /// Seconds that it counts with, beside those of its epochs.
    pub(super) fn clocks(&self) -> impl Iterator<Item = f64> {
        let at =
            [self.training_since, self.active_since, Some(self.epoch_seconds), Some(self.active_seconds)];
        at.into_iter().flatten()
    }

    fn mark(&mut self, t: f64) {
        if let Some(since) = self.training_since {
            self.epoch_seconds += (t - since).max(0.0);
            self.training_since = Some(t);
        }
    }

    /// Training throughput of the current epoch, images a second.
    pub fn images_per_s(&self) -> Option<f64> {
        (self.epoch_seconds > 0.0 && self.epoch_images > 0)
            .then(|| self.epoch_images as f64 / self.epoch_seconds)
    }

    /// Steps of the whole run, were it to end as planned.
    pub fn total_steps(&self) -> usize {
        self.started.as_ref().map_or(0, |s| s.steps_per_epoch.saturating_mul(s.spec.epochs))
    }

    /// Steps taken.
    pub fn step(&self) -> usize {
        self.steps.last().map_or(0, |s| s.step)
    }

    /// Learning rate of a step, counted from 1; that of the current epoch where the run does not
    /// say how it is scheduled.
    pub fn learning_rate(&self, step: usize) -> f64 {
        match &self.started {
            Some(facts) => facts.spec.schedule(facts.steps_per_epoch).at(step.saturating_sub(1)),
            None => self.lr,
        }
    }

    /// Seconds until the last epoch ends, at the pace so far, pauses not counted.
    pub fn eta(&self) -> Option<f64> {
        let running = self.active_since.map_or(0.0, |since| self.t - since);
        let active = self.active_seconds + running;
        let step = self.step();
        (step > 0 && self.outcome.is_none())
            .then(|| active / step as f64 * self.total_steps().saturating_sub(step) as f64)
    }

    /// The epoch with the best validation top-1.
    pub fn best_epoch(&self) -> Option<&EpochRecord> {
        self.epochs.get(self.best?)
    }

    /// The test score of one checkpoint.
    pub fn test(&self, checkpoint: Checkpoint) -> Option<&Score> {
        self.tests.iter().find(|(c, ..)| *c == checkpoint).map(|(.., score)| score)
    }

    /// First epoch whose validation top-1 is at least `percent`: the paper's "faster
    /// learning", as a number.
    pub fn epochs_to(&self, percent: f64) -> Option<usize> {
        self.epochs.iter().find(|e| e.validation.top1() >= percent).map(|e| e.epoch)
    }
}
