//! Runs that go on in the background when the workbench is left, and the way back.

use super::{Leaving, NoticeState, Session};
use crate::domain::event::{Control, Outcome};
use crate::domain::text::{harmless, plural};
use crate::engine::detach::{Attached, DetachedProcess, DetachedWork};
use crate::tui::action::{Effect, TerminalEffect};
use crate::tui::log::Level;
use crate::tui::run::RunId;

impl Session {
    /// Whether there is anything that could go on in the background.
    pub fn can_detach(&self) -> bool {
        let has_work = self.runs.active().is_some() || self.runs.queue().len() > 0;
        has_work && self.playback.is_none() && self.fetching.is_none() && !self.is_leaving()
    }

    /// Lets the run in progress and the queue go on in the background, and ends the program.
    pub fn detach(&mut self) {
        if self.is_replay("nothing is trained here") {
            return;
        }
        if !self.can_detach() {
            return match self.fetching {
                Some(_) => self.say_while(
                    NoticeState::Fetches,
                    Level::Info,
                    "its dataset is missing; detach when the run trains",
                ),
                None => self.say_while(NoticeState::Idle, Level::Info, "no run in progress; q quits"),
            };
        }
        self.leaving = Leaving::Detaching;
        self.end_lesions();
        if self.runs.active().is_some() {
            self.want(Effect::Order(Control::Stop));
            self.say(Level::Info, "detaching: the run stops, and another process resumes it");
        } else {
            self.hand_over(None);
        }
    }

    /// Has another process go on with the run that stopped for it, and with the queue.
    pub(super) fn hand_over(&mut self, stopped: Option<RunId>) {
        let stopped = stopped.and_then(|id| self.runs.get(id));
        // It may have come to its end first.
        let stopped =
            stopped.filter(|run| run.state.outcome == Some(Outcome::Stopped) && run.error.is_none());
        let queue = self.runs.queue().filter_map(|id| self.runs.get(id));
        let runs: Vec<_> =
            stopped.into_iter().chain(queue).map(|run| (run.spec.clone(), run.path.clone())).collect();
        if runs.is_empty() {
            return self.want_of_terminal(TerminalEffect::Quit);
        }
        let (device, tensorboard) = (self.setup.device, self.boards.folder());
        self.want(Effect::Detach(DetachedWork { runs, device, tensorboard }));
    }

    /// Another process goes on, or does not.
    pub(super) fn detached(&mut self, result: Result<DetachedProcess, String>) {
        match result {
            Ok(DetachedProcess { id, log }) => {
                let log = harmless(&log.to_string_lossy(), 400);
                self.farewell = Some(format!(
                    "detached: process {id} goes on training (log: {log}); to attach, start the workbench \
                     again and resume the run"
                ));
                self.want_of_terminal(TerminalEffect::Quit);
            }
            Err(error) => {
                self.leaving = Leaving::No;
                // Nothing starts before somebody has seen it.
                self.held = self.runs.queue().len() > 0;
                self.say(Level::Bad, format!("not detached; the run can be resumed: {error}"));
            }
        }
    }

    /// What attaching to this run does.
    pub(super) fn attach_text(&self, id: RunId) -> Option<String> {
        let line = &self.runs.get(id)?.line;
        Some(format!(
            "Another process trains this run. It stops after its current step, and the run resumes here; so does \
             the queue of a detached workbench. {line}"
        ))
    }

    /// Has the process stop that trains the run, to resume it here.
    pub(super) fn attach(&mut self, id: RunId) {
        if let Some(path) = self.runs.get(id).and_then(|run| run.path.clone()) {
            self.want(Effect::Attach(id, path));
            self.say(Level::Info, "attaching: the other process stops after its current step");
        }
    }

    /// The process that trained a run has stopped, or has not.
    pub(super) fn attached(&mut self, id: RunId, result: Result<Box<Attached>, String>) {
        let Attached { run, queue } = match result {
            Ok(attached) => *attached,
            Err(error) => return self.say(Level::Warn, error),
        };
        self.found(run);
        self.resume_run(id);
        if !queue.is_empty() {
            let queued = plural(queue.len(), "run");
            queue.into_iter().for_each(|spec| self.queue(spec));
            self.say(
                Level::Good,
                format!("attached; queued {queued} that the other process had still to train"),
            );
        }
    }
}
