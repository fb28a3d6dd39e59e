//! Runs of other programs, as they go on.

use std::path::Path;

use super::Session;
use crate::domain::event::{Event, EventKind, Outcome};
use crate::engine::store::SavedRun;
use crate::tui::log::Level;
use crate::tui::run::{RunStage, TrackedRun};

impl Session {
    /// A run was found on disk, or read again from its beginning.
    pub(super) fn found(&mut self, saved: SavedRun) {
        let path = saved.path.clone();
        let outcome = saved.state.outcome;
        let before = self.runs.at(&path).and_then(|id| self.runs.get(id));
        let was = before.map(|run| (run.elsewhere, run.state.outcome));
        let is_own = before.is_some_and(|run| run.stage != RunStage::Over);
        let being_written = saved.being_written;
        self.runs.found(saved);
        let run = self.runs.at(&path).and_then(|id| self.runs.get(id));
        let Some(name) = run.map(TrackedRun::name).filter(|_| !self.searching && !is_own) else { return };
        match (was, being_written) {
            (None | Some((false, _)), true) if outcome.is_none() => {
                self.note(Level::Info, format!("{name}: training in another process"));
            }
            (Some((true, None)), _) => self.say_ended(&path, outcome),
            (None, _) => {
                let status = outcome.map_or("unfinished", Outcome::name);
                self.note(Level::Info, format!("{name}: new run, {status}"));
            }
            _ => {}
        }
    }

    /// Another program has added to a run's record, or let go of it.
    pub(super) fn append(&mut self, path: &Path, events: Vec<(u64, Event)>, being_written: bool) {
        let Some(id) = self.runs.at(path) else { return };
        let Some(run) = self.runs.get_mut(id).filter(|run| run.stage == RunStage::Over) else { return };
        let was_written = std::mem::replace(&mut run.elsewhere, being_written);
        let events = run.append(events);
        let (best, name) = (run.state.best_epoch().map(|best| best.epoch), run.name());
        let is_cut_off = was_written && !being_written && run.state.outcome.is_none();
        let counts =
            |event: &Event| matches!(event.kind, EventKind::EpochEnded { .. } | EventKind::Tested { .. });
        let ended = events.iter().find_map(|event| match event.kind {
            EventKind::Finished { outcome, .. } => Some(outcome),
            _ => None,
        });
        if events.iter().any(counts) {
            self.lesions.moved_on(id, best);
        }
        if events.iter().any(counts) || ended.is_some() || was_written != being_written {
            self.runs.outdate();
        }
        if ended.is_some() {
            self.say_ended(path, ended);
        } else if is_cut_off {
            self.say(Level::Warn, format!("{name}: interrupted in another process; it can be resumed"));
        }
    }

    /// A run's folder is there no longer.
    pub(super) fn gone(&mut self, path: &Path) {
        let gone = self.runs.at(path).and_then(|id| self.runs.get(id));
        if let Some(id) = gone.filter(|run| run.stage == RunStage::Over).map(|run| run.id) {
            self.runs.remove(id);
            self.lesions.forget(id);
        }
    }

    /// Says how a run ended in another process.
    fn say_ended(&mut self, path: &Path, outcome: Option<Outcome>) {
        let Some(run) = self.runs.at(path).and_then(|id| self.runs.get(id)) else { return };
        let Some(outcome) = outcome else { return };
        let level = match outcome {
            Outcome::Completed => Level::Good,
            Outcome::Stopped => Level::Info,
            Outcome::Diverged | Outcome::Failed => Level::Warn,
        };
        let test = run.test().map_or_else(String::new, |top1| format!(", test {top1:.2}%"));
        let text = format!("{} {} in another process{test}", run.name(), outcome.name());
        if level != Level::Warn {
            self.note(level, text.clone());
        }
        self.say(level, text);
    }
}
