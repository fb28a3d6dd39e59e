//! Runs: queued, started, paused, stopped, resumed; and what a person does with them.

use super::{Leaving, NoticeState, Question, Session};
use crate::domain::event::Control;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::plural;
use crate::tui::action::{Effect, TerminalEffect};
use crate::tui::log::Level;
use crate::tui::run::{RunId, RunStage};
use crate::tui::theme::Theme;

impl Session {
    /// Queues the draft. A run in progress is never altered. Where the queue is held it
    /// continues, and a draft that waits in it already is not queued once more.
    pub fn train(&mut self) {
        if self.is_replay("nothing is trained here") {
            return;
        }
        let spec = self.draft.spec();
        let waits = self.runs.queue().any(|id| self.runs.get(id).is_some_and(|run| run.spec == *spec));
        if std::mem::take(&mut self.held) && waits {
            self.declined = None;
            self.say(Level::Info, "resuming the queue");
            return self.start_next();
        }
        self.queue_or_ask(self.draft.spec().clone());
    }

    pub(super) fn queue(&mut self, spec: ExperimentSpec) {
        self.declined = None;
        let is_first = self.runs.queue().len() == 0 && self.runs.active().is_none();
        let id = self.runs.enqueue(spec);
        if is_first {
            self.runs.select(id);
        }
        self.start_next();
        self.say_begins(id);
    }

    /// Starts the next run of the queue, unless one is active.
    pub(super) fn start_next(&mut self) {
        if self.playback.is_some() || self.held || self.is_leaving() || self.runs.active().is_some() {
            return;
        }
        let next = self.runs.queue().next();
        if next.is_some_and(|next| self.is_declined(next)) {
            return;
        }
        if let Some(id) = self.runs.next_waiting()
            && let Some(run) = self.runs.get(id)
        {
            let (spec, left) = (Box::new(run.spec.clone()), run.path.clone());
            self.want(Effect::Start(id, spec, left, self.setup.device));
            self.machine.silent = 0;
        }
    }

    /// Pauses the run in progress, or resumes it.
    pub fn pause(&mut self) {
        if self.is_replay("nothing is trained here") {
            return;
        }
        let Some(run) = self.runs.active() else {
            return self.say_while(NoticeState::Idle, Level::Info, "no run in progress; t trains the draft");
        };
        if self.run_fetching().is_some() {
            let text = "its dataset is being downloaded; x cancels that";
            return self.say_while(NoticeState::Fetches, Level::Info, text);
        }
        let order = if run.state.paused { Control::Continue } else { Control::Pause };
        self.want(Effect::Order(order));
    }

    /// Stops the run in progress, or the download it waits for.
    pub fn stop(&mut self) {
        if self.is_replay("nothing is trained here") {
            return;
        }
        match self.runs.active().map(|run| run.id) {
            _ if self.end_fetch() => {
                let text = "cancelling the download; it resumes from here next time";
                self.say_while(NoticeState::Fetches, Level::Info, text);
            }
            None => self.say_while(NoticeState::Idle, Level::Info, "no run in progress"),
            Some(id) => {
                self.want(Effect::Order(Control::Stop));
                let text = "stopping after the current step; the run can be resumed";
                self.say_while(NoticeState::Stops(id), Level::Info, text);
            }
        }
    }

    /// Same-seed A/B: the current run's spec with the draft's version and hops. Weights are
    /// drawn by seed and name, so what both networks have starts alike.
    pub fn twin(&mut self) {
        if self.is_replay("nothing is trained here") {
            return;
        }
        let Some(run) = self.runs.chosen().filter(|run| run.stage != RunStage::Waiting) else {
            let text = "A/B needs a run that has started; choose one in Runs";
            return match self.runs.chosen().map(|run| run.id) {
                Some(id) => self.say_of(id, Level::Info, text),
                None => self.say_while(NoticeState::NoneChosen, Level::Info, text),
            };
        };
        let (id, version) = (run.id, self.draft.spec().version.clone());
        match (ExperimentSpec { version, ..run.spec.clone() }).checked() {
            Ok(twin) if twin == run.spec => {
                self.say(Level::Warn, "the draft has the same projections as this run; toggle some first");
            }
            Ok(twin) => {
                if let Err(error) = self.runs.show(id) {
                    return self.say(Level::Warn, error);
                }
                self.runs.pin(Some(id));
                self.queue(twin);
            }
            Err(error) => self.say(Level::Warn, format!("no twin: {error}")),
        }
    }

    /// Says that a recording is shown, where one is.
    pub(super) fn is_replay(&mut self, what: &str) -> bool {
        if self.playback.is_some() {
            self.say(Level::Info, format!("this is a recording: {what}"));
        }
        self.playback.is_some()
    }

    /// The run under the cursor, where it is listed; says so where there is none.
    fn chosen(&mut self) -> Option<RunId> {
        let chosen = self.runs.chosen().map(|run| run.id);
        if chosen.is_none() {
            self.say_while(NoticeState::NoneChosen, Level::Info, "no run selected");
        }
        chosen
    }

    /// Keeps the chosen run drawn, or hides it.
    pub fn toggle_shown(&mut self) {
        let Some(run) = self.chosen().and_then(|id| self.runs.get(id)) else { return };
        let (id, is_shown) = (run.id, run.slot.is_some());
        if run.stage == RunStage::Waiting {
            self.say_of(id, Level::Info, "this run has not started");
        } else if is_shown {
            self.runs.hide(id);
        } else if let Err(error) = self.runs.show(id) {
            self.say(Level::Warn, error);
        }
    }

    /// Keeps all listed runs drawn.
    pub fn show_listed(&mut self) {
        match self.runs.show_listed() {
            (_, 0) => self.say(Level::Info, "no run listed that has started"),
            (drawn, all) if drawn < all => {
                let most = Theme::MOST_DRAWN;
                let text = format!("{drawn} of {all} listed runs drawn: at most {most} can be; c hides all");
                self.say(Level::Warn, text);
            }
            (_, all) => self.say(Level::Info, format!("{} drawn; c hides all", plural(all, "listed run"))),
        }
    }

    /// Makes the chosen run the baseline, or unpins it.
    pub fn toggle_baseline(&mut self) {
        let Some(run) = self.chosen().and_then(|id| self.runs.get(id)) else { return };
        let id = run.id;
        if run.stage == RunStage::Waiting {
            return self.say_of(id, Level::Info, "this run has not started");
        }
        let pinned = self.runs.baseline().is_some_and(|run| run.id == id);
        self.runs.pin((!pinned).then_some(id));
        // What others are compared with is seen beside them.
        if !pinned && let Err(error) = self.runs.show(id) {
            self.say_of(id, Level::Info, error);
        }
    }

    /// Queues the chosen run to be resumed from its last checkpoint.
    pub fn resume(&mut self) {
        let Some(id) = self.chosen() else { return };
        if self.is_replay("nothing is trained here") {
            return;
        }
        self.resume_run(id);
    }

    /// Queues this run to be resumed.
    pub(super) fn resume_run(&mut self, id: RunId) {
        let Some(run) = self.runs.get(id) else { return };
        if run.is_elsewhere() {
            self.question = Some(Question::Attach(id));
            return;
        }
        if let Some(reason) = run.why_not_resumed() {
            return self.say_of(id, Level::Info, reason);
        }
        (self.held, self.declined) = (false, None);
        self.runs.enqueue_again(id);
        self.start_next();
        self.say_begins(id);
    }

    /// Makes the chosen run's spec the draft.
    pub fn use_spec(&mut self) {
        let Some(run) = self.chosen().and_then(|id| self.runs.get(id)) else { return };
        let spec = run.spec.clone();
        match self.draft.replace(spec) {
            Ok(()) => self.say(Level::Good, "the run's spec is now the draft"),
            Err(error) => self.say(Level::Warn, error.to_string()),
        }
    }

    /// Moves the chosen run in the queue.
    pub fn reorder(&mut self, by: isize) {
        let Some(run) = self.chosen().and_then(|id| self.runs.get(id)) else { return };
        let id = run.id;
        if run.stage != RunStage::Waiting {
            self.say_of(id, Level::Info, "only queued runs can be moved");
        }
        self.runs.reorder(id, by);
    }

    /// Takes the chosen run out of the queue, or asks whether to delete it, or the marked ones,
    /// from disk.
    pub fn delete(&mut self) {
        if self.runs.marked_len() > 0 {
            if !self.is_replay("nothing is deleted here") {
                self.delete_marked();
            }
            return;
        }
        let Some(id) = self.chosen() else { return };
        if self.is_replay("nothing is deleted here") {
            return;
        }
        let Some(run) = self.runs.get(id) else { return };
        match run.stage {
            RunStage::Waiting => {
                self.say(Level::Info, "removed from the queue");
                self.runs.unqueue(id);
                // A queue that holds nothing is not held.
                self.held &= self.runs.queue().len() > 0;
            }
            RunStage::Over if run.path.is_none() => self.runs.remove(id),
            RunStage::Over => self.question = Some(Question::Delete(id)),
            RunStage::Starting | RunStage::Live => {
                self.say_of(id, Level::Warn, "this run is in progress; x stops it");
            }
        }
    }

    /// Ends the program, or asks whether to.
    pub fn quit(&mut self) {
        let is_busy = self.runs.active().is_some() || self.runs.queue().len() > 0;
        if is_busy && self.playback.is_none() {
            self.question = Some(Question::Quit);
        } else {
            self.want_of_terminal(TerminalEffect::Quit);
        }
    }

    /// Ends the program when the run in progress has ended by itself.
    pub fn quit_when_over(&mut self) {
        self.leaving = Leaving::WhenStopped;
    }

    /// Stops the run in progress, and ends the program when it has stopped.
    pub fn leave(&mut self) {
        self.leaving = Leaving::WhenStopped;
        self.end_lesions();
        match self.playback.is_none() && self.runs.active().is_some() {
            true if self.end_fetch() => {}
            true => self.want(Effect::Order(Control::Stop)),
            false => self.want_of_terminal(TerminalEffect::Quit),
        }
    }

    /// A run has ended.
    pub(super) fn end(&mut self, id: RunId, error: Option<String>, holds: bool) {
        if let Some(run) = self.runs.get_mut(id) {
            (run.stage, run.error) = (RunStage::Over, error.clone());
        }
        self.runs.list();
        if let Some(error) = error {
            self.say(Level::Bad, error);
        }
        if self.leaving == Leaving::Detaching && !holds {
            return self.hand_over(Some(id));
        }
        if self.is_leaving() {
            self.want_of_terminal(TerminalEffect::Quit);
        }
        // What the disk does not take now it will not take from the next run either.
        if holds && self.runs.queue().len() > 0 {
            self.held = true;
            self.note(Level::Warn, "queue held: fix this, then press t to resume it");
        }
        self.start_next();
    }
}
