//! A spec that is to be trained and has been: what is there, and what to do about it.

use super::{Question, Session};
use crate::domain::spec::ExperimentSpec;
use crate::tui::run::{RunId, RunStage, TrackedRun};

/// A spec that waits for an answer, and the run of it that is there.
#[derive(Debug)]
pub struct Repeated {
    spec: ExperimentSpec,
    run: RunId,
    /// The lowest seed that no run of the spec has.
    free_seed: u64,
}

impl Session {
    /// Queues a spec; asks first where there is a run of it already.
    pub(super) fn queue_or_ask(&mut self, spec: ExperimentSpec) {
        let same = |run: &&TrackedRun| run.spec == spec && run.stage == RunStage::Over && run.path.is_some();
        // One that can be resumed before one that is complete.
        let known = self.runs.all().filter(same).min_by_key(|run| run.why_not_resumed().is_some());
        let Some(run) = known.map(|run| run.id) else { return self.queue(spec) };
        let seedless = spec.without_seed();
        let is_taken = |seed: &u64| {
            self.runs.all().any(|run| run.spec.seed == *seed && run.spec.without_seed() == seedless)
        };
        let Some(free_seed) = (0..).find(|seed| !is_taken(seed)) else { return self.queue(spec) };
        self.repeated = Some(Repeated { spec, run, free_seed });
        self.question = Some(Question::Repeat);
    }

    /// Whether the run that is there can be resumed.
    pub fn repeated_can_be_resumed(&self) -> bool {
        let run = self.repeated.as_ref().and_then(|repeated| self.runs.get(repeated.run));
        run.is_some_and(|run| run.why_not_resumed().is_none())
    }

    /// What is there of it.
    pub(super) fn repeated_text(&self) -> Option<String> {
        let Repeated { spec, run, free_seed } = self.repeated.as_ref()?;
        let run = self.runs.get(*run)?;
        let mut parts = vec![format!("{}, epoch {}", run.status().name(), run.epochs())];
        parts.extend(run.validation().map(|top1| format!("val {top1:.2}%")));
        parts.extend(run.test().map(|top1| format!("test {top1:.2}%")));
        let resumable = if run.why_not_resumed().is_none() { "; it can be resumed" } else { "" };
        Some(format!(
            "There is a run of this spec: {}{resumable}. The next free seed is {free_seed}. {spec}",
            parts.join(", ")
        ))
    }

    /// Trains it from the start all the same.
    pub(super) fn repeat(&mut self) {
        if let Some(repeated) = self.repeated.take() {
            self.queue(repeated.spec);
        }
    }

    /// Trains it with a seed that no run has.
    pub(super) fn repeat_with_free_seed(&mut self) {
        if let Some(Repeated { spec, free_seed, .. }) = self.repeated.take() {
            self.queue(ExperimentSpec { seed: free_seed, ..spec });
        }
    }

    /// Resumes the run that is there.
    pub(super) fn resume_repeated(&mut self) {
        if let Some(Repeated { run, .. }) = self.repeated.take() {
            self.resume_run(run);
        }
    }
}
