//! One run as the screen knows it, from waiting in the queue to lying on disk.

use std::path::PathBuf;

use crate::domain::event::{Checkpoint, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::engine::store::SavedRun;

/// A run's number in this session; never used twice.
pub type RunId = usize;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// In the queue.
    Waiting,
    /// Its data are being read.
    Starting,
    /// It trains.
    Live,
    /// It has ended, here or before.
    Over,
}

/// Whether its steps are in memory: of runs on disk they are read when they are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// All of them.
    Here,
    /// Only the last.
    OnDisk,
    /// They are being read.
    Coming,
}

/// A run.
#[derive(Debug)]
pub struct Run {
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
    pub stage: Stage,
    /// Where its steps are.
    pub steps: Steps,
    /// The colour it is drawn in, while it is drawn.
    pub slot: Option<usize>,
    /// Why it could not start, or be kept.
    pub fault: Option<String>,
    /// Whether another program trained it when it was found.
    pub elsewhere: bool,
}

impl Run {
    /// A run that waits.
    pub fn waiting(id: RunId, spec: ExperimentSpec) -> Self {
        let line = spec.to_string();
        Self {
            id,
            path: None,
            spec,
            line,
            state: RunState::default(),
            stage: Stage::Waiting,
            steps: Steps::Here,
            slot: None,
            fault: None,
            elsewhere: false,
        }
    }

    /// A run found on disk, as it was told by its folder.
    pub fn found(id: RunId, saved: SavedRun) -> Self {
        let SavedRun { path, spec, state, being_written, .. } = saved;
        let (stage, steps) = (Stage::Over, Steps::OnDisk);
        Self { path: Some(path), state, stage, steps, elsewhere: being_written, ..Self::waiting(id, spec) }
    }

    /// Whether it trains or is about to.
    pub const fn is_active(&self) -> bool {
        matches!(self.stage, Stage::Starting | Stage::Live)
    }

    /// One word for how far it is.
    pub fn status(&self) -> &'static str {
        match self.stage {
            Stage::Waiting => "waiting",
            Stage::Starting => "starting",
            Stage::Live if self.state.paused => "paused",
            Stage::Live => "training",
            Stage::Over if self.fault.is_some() => "failed",
            Stage::Over if self.elsewhere => "elsewhere",
            // No last event: it was killed.
            Stage::Over => self.state.outcome.map_or("unfinished", |outcome| outcome.name()),
        }
    }

    /// Why it cannot be gone on with; `None` where it can.
    pub fn why_not_resumed(&self) -> Option<&'static str> {
        match self.stage {
            Stage::Waiting => Some("it waits already"),
            Stage::Starting | Stage::Live => Some("it trains; space pauses it"),
            Stage::Over if self.path.is_none() => Some("nothing of it was kept; t trains its spec anew"),
            Stage::Over if self.elsewhere => Some("another program trains it"),
            Stage::Over => match self.state.outcome {
                Some(Outcome::Completed) => Some("it is complete"),
                Some(Outcome::Diverged) => Some("it diverged, and would again"),
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
