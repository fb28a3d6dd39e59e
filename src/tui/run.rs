//! One run as the screen knows it, from the queue to the disk.

use std::path::PathBuf;

use crate::domain::event::{Checkpoint, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::engine::store::SavedRun;

/// A run's number in this session; never used twice.
pub type RunId = usize;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStage {
    /// In the queue.
    Waiting,
    /// Its data are being read.
    Starting,
    /// It trains.
    Live,
    /// It has ended, here or before.
    Over,
}

/// The status of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunStatus {
    /// In the queue.
    Queued,
    /// Its data are being read.
    Starting,
    /// In progress, here.
    Training,
    /// Paused, here.
    Paused,
    /// In progress in another process.
    Elsewhere,
    /// Interrupted: it can be resumed.
    Unfinished,
    /// It has ended.
    Ended(Outcome),
}

impl RunStatus {
    /// In a word or two.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Starting => "starting",
            Self::Training => "training",
            Self::Paused => "paused",
            Self::Elsewhere => "running (other process)",
            Self::Unfinished => "unfinished",
            Self::Ended(outcome) => outcome.name(),
        }
    }
}

/// Whether its steps are in memory: of runs on disk they are read when they are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepsState {
    /// All of them.
    Loaded,
    /// Only the last.
    OnDisk,
    /// They are being read.
    Loading,
}

/// A run.
#[derive(Debug)]
pub struct TrackedRun {
    /// Its number.
    pub id: RunId,
    /// Its folder, once there is one.
    pub path: Option<PathBuf>,
    /// What is run.
    pub spec: ExperimentSpec,
    /// The spec's one-line form.
    pub line: String,
    /// What its events add up to.
    pub state: RunState,
    /// How far it is.
    pub stage: RunStage,
    /// Where its steps are.
    pub steps: StepsState,
    /// The colour it is drawn in, while it is drawn.
    pub slot: Option<usize>,
    /// Why it could not start, or be saved.
    pub error: Option<String>,
    /// Whether another process was training it when it was found.
    pub elsewhere: bool,
}

impl TrackedRun {
    /// A run that waits.
    pub fn waiting(id: RunId, spec: ExperimentSpec) -> Self {
        let line = spec.to_string();
        Self {
            id,
            path: None,
            spec,
            line,
            state: RunState::default(),
            stage: RunStage::Waiting,
            steps: StepsState::Loaded,
            slot: None,
            error: None,
            elsewhere: false,
        }
    }

    /// A run found on disk, as its folder records it.
    pub fn found(id: RunId, saved: SavedRun) -> Self {
        let SavedRun { path, spec, state, being_written, .. } = saved;
        let (stage, steps) = (RunStage::Over, StepsState::OnDisk);
        Self { path: Some(path), state, stage, steps, elsewhere: being_written, ..Self::waiting(id, spec) }
    }

    /// Whether it trains or is about to.
    pub const fn is_active(&self) -> bool {
        matches!(self.stage, RunStage::Starting | RunStage::Live)
    }

    /// Its status.
    pub fn status(&self) -> RunStatus {
        match self.stage {
            RunStage::Waiting => RunStatus::Queued,
            RunStage::Starting => RunStatus::Starting,
            RunStage::Live if self.state.paused => RunStatus::Paused,
            RunStage::Live => RunStatus::Training,
            RunStage::Over if self.error.is_some() => RunStatus::Ended(Outcome::Failed),
            RunStage::Over if self.elsewhere => RunStatus::Elsewhere,
            // No last event: it was killed.
            RunStage::Over => self.state.outcome.map_or(RunStatus::Unfinished, RunStatus::Ended),
        }
    }

    /// Why it cannot be resumed; `None` where it can.
    pub fn why_not_resumed(&self) -> Option<&'static str> {
        match self.stage {
            RunStage::Waiting => Some("this run is queued already"),
            RunStage::Starting | RunStage::Live => Some("this run is in progress; space pauses it"),
            RunStage::Over if self.path.is_none() => Some("this run was not saved; t trains its spec again"),
            RunStage::Over if self.elsewhere => Some("another process is training this run"),
            RunStage::Over => match self.state.outcome {
                Some(Outcome::Completed) => Some("this run is complete"),
                Some(Outcome::Diverged) => Some("this run diverged, and would again"),
                _ => None,
            },
        }
    }

    /// When it began, RFC 3339.
    pub fn began(&self) -> Option<&str> {
        self.state.started.as_ref().map(|started| started.at.as_str())
    }

    /// Validation top-1 of its best epoch, percent.
    pub fn validation(&self) -> Option<f64> {
        self.state.best_epoch().map(|epoch| epoch.validation.top1())
    }

    /// Test top-1 with the weights of that epoch, percent.
    pub fn test(&self) -> Option<f64> {
        self.state.test(Checkpoint::Best).map(|score| score.top1())
    }

    /// `3/10`: epochs it has finished, of those it was to last.
    pub fn epochs(&self) -> String {
        format!("{}/{}", self.state.epochs.len(), self.spec.epochs)
    }
}
