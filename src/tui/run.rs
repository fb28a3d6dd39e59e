//! One run as the screen knows it, from the queue to the disk.

use std::path::PathBuf;

use crate::domain::annotation::Annotation;
use crate::domain::event::{Checkpoint, Event, Outcome};
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
    /// Whether another process is training it.
    pub elsewhere: bool,
    /// What a person says of it.
    pub annotation: Annotation,
    /// Its line without the seed, which runs that differ in nothing else share.
    pub group: String,
    /// Bytes of its record that the state is made of; 0 of a run that this process wrote.
    pub recorded: u64,
    /// What another process has added since its steps were asked for.
    pub(super) pending: Vec<(u64, Event)>,
}

impl TrackedRun {
    /// A run that waits.
    pub fn waiting(id: RunId, spec: ExperimentSpec) -> Self {
        let (line, group) = (spec.to_string(), spec.without_seed());
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
            annotation: Annotation::default(),
            group,
            recorded: 0,
            pending: Vec::new(),
        }
    }

    /// A run found on disk, as its folder records it.
    pub fn found(id: RunId, saved: SavedRun) -> Self {
        let SavedRun { path, spec, state, being_written, bytes, annotation, .. } = saved;
        let (stage, steps) = (RunStage::Over, StepsState::OnDisk);
        let waiting = Self::waiting(id, spec);
        Self {
            path: Some(path),
            state,
            stage,
            steps,
            elsewhere: being_written,
            annotation,
            recorded: bytes,
            ..waiting
        }
    }

    /// Whether `saved`, of the same folder, has nothing that is not known.
    pub fn knows(&self, saved: &SavedRun) -> bool {
        match (self.recorded, saved.bytes) {
            // What this process wrote another one may have gone on with from a checkpoint.
            (0, _) if saved.being_written => false,
            (0, _) | (_, 0) => self.state.t >= saved.state.t,
            (known, bytes) => known == bytes && self.state.t >= saved.state.t,
        }
    }

    /// Takes in what another process has added to its record; those events that are new.
    pub fn append(&mut self, events: Vec<(u64, Event)>) -> Vec<Event> {
        let known = self.recorded;
        let mut new = Vec::new();
        for (end, event) in events.into_iter().filter(|(end, _)| *end > known) {
            self.recorded = end;
            self.state.apply(&event);
            match self.steps {
                StepsState::Loaded => {}
                StepsState::OnDisk => self.state.condense(),
                StepsState::Loading => {
                    self.state.condense();
                    self.pending.push((end, event.clone()));
                }
            }
            new.push(event);
        }
        new
    }

    /// Its state as it was read, from so many bytes of its record, and what was added since.
    pub fn set_loaded(&mut self, state: RunState, bytes: u64) {
        let newer = std::mem::take(&mut self.pending).into_iter().filter(|(end, _)| *end > bytes);
        (self.state, self.steps, self.recorded) = (state, StepsState::Loaded, bytes);
        newer.for_each(|(end, event)| {
            self.state.apply(&event);
            self.recorded = end;
        });
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
            // It lets go of the folder a moment after it has ended.
            RunStage::Over if self.elsewhere && self.state.outcome.is_none() => RunStatus::Elsewhere,
            // No last event: it was killed.
            RunStage::Over => self.state.outcome.map_or(RunStatus::Unfinished, RunStatus::Ended),
        }
    }

    /// Whether another process trains it.
    pub fn is_elsewhere(&self) -> bool {
        self.status() == RunStatus::Elsewhere
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

    /// The name it was given, else network and seed.
    pub fn name(&self) -> String {
        match self.annotation.name.as_str() {
            "" => format!("{} s{}", self.spec.network_name(), self.spec.seed),
            name => name.to_owned(),
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
