//! What a run reports: one vocabulary for the live screen, batch output, the run's own
//! log on disk and replay.

use serde::{Deserialize, Serialize};

use super::dataset::missing;
use super::histogram::Histogram;
use super::spec::{ExperimentSpec, ValidationSource};
use super::system::SystemUse;

/// Version of the vocabulary, written into every event. Readers accept this and older.
/// 2 has [`EventKind::Continued`], 3 has [`EventKind::System`].
pub const EVENT_VERSION: u32 = 3;

/// One line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// [`EVENT_VERSION`] of the writer.
    pub v: u32,
    /// Seconds since the run started.
    pub t: f64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

impl Event {
    /// Whether it belongs in the run's record.
    pub fn is_recorded(&self) -> bool {
        !matches!(
            self.kind,
            EventKind::Tick { .. } | EventKind::Compiling { .. } | EventKind::BoardFailed { .. }
        )
    }
}

/// What happened. Apart from `t`, `at` and the machine's use, everything is determined by the spec.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// First of all.
    RunStarted(Box<RunStarted>),
    /// The run resumes where an earlier process left it; what that one did after the
    /// checkpoint is done again.
    Continued(RunResumed),
    /// What the engine does from here on.
    Phase {
        /// The activity.
        phase: Phase,
    },
    /// An epoch begins.
    EpochStarted {
        /// From 1.
        epoch: usize,
        /// Learning rate of all its steps.
        lr: f64,
    },
    /// A training step was taken.
    Step {
        /// From 1.
        epoch: usize,
        /// Over the whole run, from 1.
        step: usize,
        /// Mean cross-entropy of the batch before the step, nats.
        loss: f32,
        /// Images in the batch.
        images: usize,
        /// Images of the batch whose class had the highest logit.
        hits: usize,
    },
    /// An epoch ended and was validated.
    EpochEnded {
        /// From 1.
        epoch: usize,
        /// Steps of the run so far.
        step: usize,
        /// Over the epoch's training batches, each scored just before its step.
        train: Score,
        /// Of the validation split, after the epoch.
        validation: Score,
        /// Whether this is the best validation top-1 so far.
        best: bool,
    },
    /// Mean absolute activations were measured (Fig. 2).
    Probed {
        /// Epoch of the weights, from 1.
        epoch: usize,
        /// Images they were measured on.
        split: Split,
        /// One entry a block, in order.
        blocks: Vec<BlockActivity>,
    },
    /// The test split was scored.
    Tested {
        /// Which weights.
        checkpoint: Checkpoint,
        /// Their epoch, from 1.
        epoch: usize,
        /// The result.
        score: Score,
    },
    /// How busy the machine was, as [`seconds_to_next`](super::system::seconds_to_next) has it.
    System(SystemUse),
    /// The run waits until it is told to continue.
    Paused,
    /// It continues.
    Resumed,
    /// Nothing happened yet: how far the current phase is, and a chance to give orders.
    /// Never recorded.
    Tick {
        /// Images scored so far; 0 while paused.
        done: usize,
        /// Images to score; 0 while paused.
        total: usize,
    },
    /// The device waits for its kernels. Never recorded.
    Compiling {
        /// Kernels compiled since the run began.
        kernels: usize,
        /// Operations for which the fastest of several kernels was looked for.
        tuned: usize,
        /// Since the run began.
        seconds: f64,
    },
    /// The run's `TensorBoard` event file cannot be written any more. Never recorded.
    BoardFailed {
        /// That, and why.
        message: String,
    },
    /// The loss stopped being a finite number.
    Diverged {
        /// Epoch, from 1.
        epoch: usize,
        /// Step over the whole run, from 1.
        step: usize,
        /// Where it was seen: a training batch, or a split being scored.
        split: Split,
        /// `NaN`, `inf` or `-inf`.
        loss: String,
    },
    /// Last of all.
    Finished {
        /// How it ended.
        outcome: Outcome,
        /// The error of a failed run.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
}

impl EventKind {
    /// The epoch that it is of; `None` where it is of none.
    pub const fn epoch(&self) -> Option<usize> {
        match self {
            Self::EpochStarted { epoch, .. }
            | Self::Step { epoch, .. }
            | Self::EpochEnded { epoch, .. }
            | Self::Probed { epoch, .. }
            | Self::Tested { epoch, .. }
            | Self::Diverged { epoch, .. } => Some(*epoch),
            _ => None,
        }
    }
}

/// The facts of a run that are known before its first step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunStarted {
    /// The resolved spec.
    pub spec: ExperimentSpec,
    /// Such as `cpu` or `cuda:0`.
    pub device: String,
    /// The CPU's vector instructions, such as `avx512`: others round sums differently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// Trainable parameters.
    pub parameters: usize,
    /// Images in each split.
    pub images: SplitSizes,
    /// Training steps in an epoch.
    pub steps_per_epoch: usize,
    /// Program and version that ran it.
    pub program: String,
    /// Wall-clock start, RFC 3339.
    pub at: String,
    /// The folder of the shorter run that it extends: all up to that run's last epoch was
    /// computed there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extends: Option<String>,
}

/// Where a run resumes, and on what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunResumed {
    /// The current epoch, from 1; one past the last when only the test is left.
    pub epoch: usize,
    /// Steps taken.
    pub step: usize,
    /// Such as `cpu` or `cuda:0`.
    pub device: String,
    /// The CPU's vector instructions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instructions: Option<String>,
    /// Wall-clock time, RFC 3339.
    pub at: String,
}

/// Images in each split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitSizes {
    /// Trained on.
    pub train: usize,
    /// Held out to choose the epoch.
    pub validation: usize,
    /// Scored at the end.
    pub test: usize,
}

impl SplitSizes {
    /// What a run of `spec` lacks of the whole dataset, in words; `None` where nothing is
    /// missing, or nobody knows how much there is.
    pub fn shortage(self, spec: &ExperimentSpec) -> Option<String> {
        let (training, test) = spec.dataset.images()?;
        let (held_out, validation) = match spec.val_from {
            ValidationSource::Train => {
                let held_out = (training as f64 * spec.val_fraction) as usize;
                (held_out, held_out)
            }
            ValidationSource::Test => (0, test),
        };
        let limited = |all: usize, limit: usize| if limit == 0 { all } else { all.min(limit) };
        // Every class is split by itself, and rounded.
        let rounding = spec.dataset.classes().unwrap_or_default();
        let splits = [
            (self.train, limited(training - held_out, spec.train_limit), "training"),
            (self.validation, limited(validation, spec.val_limit), "validation"),
            (self.test, limited(test, spec.test_limit), "test"),
        ];
        missing(splits.into_iter().filter(|(here, all, _)| here + rounding < *all))
    }
}

/// What the engine is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Building the network; on a GPU also uploading the data, and compiling and tuning
    /// kernels in the first steps.
    Preparing,
    /// Taking steps.
    Training,
    /// Scoring the validation split and measuring activations on it.
    Validating,
    /// The same on the test split.
    Testing,
}

/// A part of the data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// Trained on.
    Train,
    /// Held out to choose the epoch.
    Validation,
    /// Scored at the end.
    Test,
}

/// Which weights of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checkpoint {
    /// After the epoch with the best validation top-1 (the first of equals).
    Best,
    /// After the last step taken.
    Last,
}

impl Checkpoint {
    /// Both, best first.
    pub const ALL: [Self; 2] = [Self::Best, Self::Last];

    /// `best` or `last`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Last => "last",
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every epoch was trained.
    Completed,
    /// It was told to stop.
    Stopped,
    /// The loss stopped being finite.
    Diverged,
    /// An error ended it.
    Failed,
}

impl Outcome {
    /// One word for tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Stopped => "stopped",
            Self::Diverged => "diverged",
            Self::Failed => "failed",
        }
    }
}

/// Loss and hits over some images.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Mean cross-entropy, nats.
    pub loss: f64,
    /// Images scored.
    pub images: usize,
    /// Images whose class had the highest logit.
    pub hits: usize,
    /// Images whose class was among the five highest; only with more than 10 classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hits5: Option<usize>,
}

impl Score {
    /// Top-1 accuracy, percent.
    pub fn top1(&self) -> f64 {
        100.0 * self.hits as f64 / self.images.max(1) as f64
    }

    /// Top-5 accuracy, percent, where it was counted.
    pub fn top5(&self) -> Option<f64> {
        self.hits5.map(|h| 100.0 * h as f64 / self.images.max(1) as f64)
    }
}

/// One group of bars of Fig. 2: mean |activation| over images, positions and maps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BlockActivity {
    /// From 1.
    pub block: usize,
    /// Of the block's own output F, before the hierarchical sum.
    pub residual: f64,
    /// How F's values are spread over some of the images; records of older programs lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
    /// Of each incoming hop's term, by source level.
    pub hops: Vec<HopActivity>,
}

/// One bar of Fig. 2: the term of one incoming hop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HopActivity {
    /// Level the hop reads.
    pub source: usize,
    /// Mean absolute activation.
    pub value: f64,
    /// How the term's values are spread, as [`BlockActivity::histogram`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub histogram: Option<Histogram>,
}

/// What whoever hears an event wants the trainer to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Control {
    /// Continue, or resume.
    Continue,
    /// Wait; the trainer keeps asking with [`EventKind::Tick`].
    Pause,
    /// End the run after the current step, keeping what there is.
    Stop,
}
