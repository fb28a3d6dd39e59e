//! What became of the runs that were asked for, and what is said of it.

use std::path::Path;

use super::specs::RequestedRun;
use super::summary;
use crate::domain::event::Outcome;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::plural;
use crate::engine::error::shown;
use crate::engine::resume::{Damage, RunIndex, RunProgress};

/// Most damaged folders named at the end.
const MOST_NAMED: usize = 20;

/// What became of a run.
#[derive(Debug)]
pub enum RunOutcome {
    /// It was not started.
    Waiting,
    /// It ended, now or before.
    Ended(Box<RunState>),
    /// Another process has it.
    Busy,
    /// Another process had it and did not finish it.
    Abandoned,
    /// Its folder cannot be read.
    Damaged(Damage),
}

/// The runs that were asked for, in their order.
#[derive(Debug)]
pub struct RunOutcomes(Vec<(ExperimentSpec, RunOutcome)>);

impl RunOutcomes {
    /// None of them is started.
    pub fn new(runs: &[RequestedRun]) -> Self {
        Self(runs.iter().map(|run| (run.spec.clone(), RunOutcome::Waiting)).collect())
    }

    /// Says what became of run `index`.
    pub fn set(&mut self, index: usize, outcome: RunOutcome) {
        self.0[index].1 = outcome;
    }

    /// How many runs there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// What they are.
    pub fn specs(&self) -> Vec<&ExperimentSpec> {
        self.0.iter().map(|(spec, _)| spec).collect()
    }

    /// The damaged folders.
    pub fn damaged(&self) -> impl Iterator<Item = &Damage> {
        self.0.iter().filter_map(|(_, outcome)| match outcome {
            RunOutcome::Damaged(damage) => Some(damage),
            _ => None,
        })
    }

    fn ended(&self) -> impl Iterator<Item = &RunState> {
        self.0.iter().filter_map(|(_, outcome)| match outcome {
            RunOutcome::Ended(state) => Some(&**state),
            _ => None,
        })
    }

    /// Whether a run diverged, failed, or could not be read.
    pub fn failed(&self) -> bool {
        let failed = |state: &RunState| matches!(state.outcome, Some(Outcome::Diverged | Outcome::Failed));
        self.damaged().next().is_some() || self.ended().any(failed)
    }

    /// What there is to say of the runs that ended before.
    pub fn before(&self) -> Vec<String> {
        let of = plural(self.len(), "run");
        let count = |outcome| self.ended().filter(|state| state.outcome == Some(outcome)).count();
        let mut lines = Vec::new();
        match count(Outcome::Completed) {
            0 => {}
            n => lines.push(format!("{n} of {of} already finished; not repeated")),
        }
        match count(Outcome::Diverged) {
            0 => {}
            n => lines.push(format!(
                "{n} of {of} diverged before; not repeated: the same spec has the same numbers and would again"
            )),
        }
        lines
    }

    /// Looks into the folder again: what other processes did to these runs meanwhile counts, too.
    pub fn look_again(&mut self, out: &Path) {
        let open = |outcome: &RunOutcome| matches!(outcome, RunOutcome::Waiting | RunOutcome::Busy);
        if !self.0.iter().any(|(_, outcome)| open(outcome)) {
            return;
        }
        // What could be read before and cannot be now leaves everything as it was.
        let Ok(known_runs) = RunIndex::of(out) else { return };
        for (spec, outcome) in self.0.iter_mut().filter(|(_, outcome)| open(outcome)) {
            match known_runs.progress(spec) {
                RunProgress::Finished(run) | RunProgress::Diverged(run) => {
                    *outcome = RunOutcome::Ended(Box::new(run.state));
                }
                RunProgress::Training(_) => *outcome = RunOutcome::Busy,
                RunProgress::Damaged(damage) => *outcome = RunOutcome::Damaged(damage),
                RunProgress::Unfinished(_) | RunProgress::Missing if matches!(outcome, RunOutcome::Busy) => {
                    *outcome = RunOutcome::Abandoned;
                }
                RunProgress::Unfinished(_) | RunProgress::Missing => {}
            }
        }
    }

    /// The tables of those that ended, whichever ended first, and what of the others.
    pub fn text(&self, target: Option<f64>, out: &Path) -> String {
        let mut text = summary::text(self.ended(), target);
        let count = |is: fn(&RunOutcome) -> bool| self.0.iter().filter(|(_, outcome)| is(outcome)).count();
        let mut say = |n: usize, one: &str, several: &str| match n {
            0 => {}
            1 => text += &format!("\n\n1 run {one}"),
            n => text += &format!("\n\n{n} runs {several}"),
        };
        let by = "still being trained by another process";
        say(count(|outcome| matches!(outcome, RunOutcome::Busy)), &format!("is {by}"), &format!("are {by}"));
        let by = "left unfinished by another process; run the same command again to resume";
        say(
            count(|outcome| matches!(outcome, RunOutcome::Abandoned)),
            &format!("was {by} it"),
            &format!("were {by} them"),
        );
        say(count(|outcome| matches!(outcome, RunOutcome::Waiting)), "was not started", "were not started");
        let out = shown(out);
        say(
            self.damaged().count(),
            &format!("was not trained, as its folder is damaged; move it out of {out} to train it again:"),
            &format!(
                "were not trained, as their folders are damaged; move them out of {out} to train them again:"
            ),
        );
        for damage in self.damaged().take(MOST_NAMED) {
            text += &format!("\n  {}", shown(&damage.folder));
        }
        match self.damaged().count().saturating_sub(MOST_NAMED) {
            0 => {}
            more => text += &format!("\n  and {more} more"),
        }
        text
    }
}
