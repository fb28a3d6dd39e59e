//! A dataset that is not here: asked about, fetched, and then the run begins.

use super::{App, Leaving, Question};
use crate::engine::fetch::{Fetched, Offer, Progress};
use crate::tui::action::Effect;
use crate::tui::fetching::{Fetching, State};
use crate::tui::log::Level;
use crate::tui::run::RunId;

impl App {
    /// A run could not begin for want of its dataset, which could be fetched.
    pub(super) fn missing(&mut self, run: RunId, offer: Offer, fault: String) {
        if self.leaving != Leaving::No {
            return self.end(run, Some(fault), false);
        }
        self.fetching = Some(Fetching { run, offer, fault, state: State::Asked });
        self.ask_to_fetch();
    }

    /// Asks whether to fetch what is missing, unless something else is being asked.
    pub(super) fn ask_to_fetch(&mut self) {
        if self.question.is_none()
            && let Some(Fetching { run, state: State::Asked, .. }) = &self.fetching
        {
            self.question = Some(Question::Fetch(*run));
        }
    }

    /// Yes, fetch it, or no.
    pub(super) fn answer_fetch(&mut self, yes: bool) {
        // Also where nobody was asked: a signal ends the program.
        if matches!(self.question, Some(Question::Fetch(_))) {
            self.question = None;
        }
        let Some(fetching) = &mut self.fetching else { return };
        if yes {
            fetching.state = State::Going(None);
            self.effects.push(Effect::Fetch(fetching.run, fetching.offer.clone()));
            self.say(Level::Info, "the run begins when its data are here; x ends the fetch");
        } else {
            let (run, fault) = (fetching.run, fetching.fault.clone());
            self.fetching = None;
            self.end(run, Some(fault), false);
        }
    }

    /// Ends a fetch, or the question whether to; `false` when there is neither.
    pub(super) fn end_fetch(&mut self) -> bool {
        let Some(fetching) = &mut self.fetching else { return false };
        if fetching.state == State::Asked {
            self.answer_fetch(false);
        } else {
            fetching.state = State::Ending;
            self.effects.push(Effect::EndFetch);
        }
        true
    }

    /// How far it is.
    pub(super) fn fetch_goes_on(&mut self, run: RunId, progress: Progress, rate: f64) {
        if let Some(Fetching { run: this, state: state @ State::Going(_), .. }) = &mut self.fetching
            && *this == run
        {
            self.machine.silent = 0;
            *state = State::Going(Some((progress, rate)));
        }
    }

    /// It has ended: the run begins, or has ended as well.
    pub(super) fn fetch_ended(&mut self, run: RunId, result: Result<Fetched, String>) {
        let Some(fetching) = self.fetching.take_if(|fetching| fetching.run == run) else { return };
        let dataset = fetching.offer.dataset;
        let wanted = self.runs.get(run).map(|run| (Box::new(run.spec.clone()), run.path.clone()));
        match (result, wanted) {
            (Ok(Fetched::Now | Fetched::Already), Some((spec, left))) if self.leaving == Leaving::No => {
                self.note(Level::Good, format!("{dataset} is here; its checksums are right"));
                self.say(Level::Good, format!("{dataset} is here: starting the run"));
                self.machine.silent = 0;
                self.effects.push(Effect::Start(run, spec, left, self.setup.device));
            }
            (Ok(_), _) => {
                let fault =
                    format!("{dataset} was not fetched to its end; what has come is gone on with next time");
                self.end(run, Some(fault), false);
            }
            (Err(fault), _) => self.end(run, Some(format!("{dataset} could not be fetched: {fault}")), false),
        }
    }
}
