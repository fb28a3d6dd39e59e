//! A missing dataset: asked about, downloaded, and then the run begins.

use super::{NoticeState, Question, Session};
use crate::engine::fetch::{FetchProgress, Fetched, Offer};
use crate::tui::action::Effect;
use crate::tui::fetching::{FetchState, Fetching};
use crate::tui::log::Level;
use crate::tui::run::{RunId, RunStage};

impl Session {
    /// The fetch that a run waits for.
    pub fn run_fetching(&self) -> Option<&Fetching> {
        self.fetching.as_ref().filter(|fetching| fetching.run.is_some())
    }

    /// A run could not begin for want of its dataset, which could be fetched.
    pub(super) fn missing(&mut self, run: RunId, offer: Offer, error: String) {
        if self.is_leaving() {
            return self.end(run, Some(error), false);
        }
        match &mut self.fetching {
            // It is being fetched already, for somebody who wants to look at it.
            Some(fetching) if fetching.offer == offer => fetching.run = Some(run),
            Some(_) => return self.end(run, Some(error), false),
            none => *none = Some(Fetching { run: Some(run), offer, error, state: FetchState::Asked }),
        }
        self.ask_to_fetch();
    }

    /// Asks whether to fetch what is missing, unless something else is being asked.
    pub(super) fn ask_to_fetch(&mut self) {
        if self.question.is_none()
            && let Some(Fetching { state: FetchState::Asked, .. }) = &self.fetching
        {
            self.question = Some(Question::Fetch);
        }
    }

    /// Fetches what nobody waits for but the one who looks.
    pub fn fetch(&mut self, error: String, offer: Offer) {
        self.want(Effect::Fetch(offer.clone()));
        self.say_while(NoticeState::Fetches, Level::Info, "downloading; x cancels");
        self.fetching = Some(Fetching { run: None, offer, error, state: FetchState::Going(None) });
    }

    /// Yes, fetch it, or no.
    pub(super) fn answer_fetch(&mut self, yes: bool) {
        // Also where nobody was asked: a signal ends the program.
        if matches!(self.question, Some(Question::Fetch)) {
            self.question = None;
        }
        let Some(fetching) = &mut self.fetching else { return };
        if yes {
            fetching.state = FetchState::Going(None);
            let offer = fetching.offer.clone();
            self.want(Effect::Fetch(offer));
            let text = "the run starts when the download is complete; x cancels";
            self.say_while(NoticeState::Fetches, Level::Info, text);
        } else {
            let (run, error) = (fetching.run, fetching.error.clone());
            self.declined = Some(fetching.offer.dataset);
            self.fetching = None;
            if let Some(run) = run {
                self.say(Level::Info, format!("download declined; run cancelled: {error}"));
                self.never_begun(run);
            }
        }
    }

    /// A run ends that somebody did not want to wait for its data: nothing is left of it, but
    /// for what an earlier session kept.
    fn never_begun(&mut self, run: RunId) {
        let is_kept = self.runs.get(run).is_some_and(|run| run.path.is_some());
        self.end(run, None, false);
        if !is_kept {
            self.runs.remove(run);
        }
    }

    /// Whether the next run in the queue wants a dataset that somebody has just said not to
    /// fetch. It waits then: to ask again would be to ask the same.
    pub(super) fn is_declined(&mut self, run: RunId) -> bool {
        let wants = self.runs.get(run).map(|run| run.spec.dataset.name());
        let Some(dataset) = self.declined.filter(|declined| wants == Some(*declined)) else { return false };
        self.held = true;
        self.note(
            Level::Warn,
            format!("queue held: {dataset} was not downloaded; t resumes the queue and asks again"),
        );
        true
    }

    /// Ends a fetch, or the question whether to; `false` when there is none, or another run
    /// trains than one that waits for it.
    pub(super) fn end_fetch(&mut self) -> bool {
        let trains = self.runs.active().is_some();
        let Some(fetching) = self.fetching.as_mut().filter(|f| f.run.is_some() || !trains) else {
            return false;
        };
        if fetching.state == FetchState::Asked {
            self.answer_fetch(false);
        } else {
            fetching.state = FetchState::Ending;
            self.want(Effect::EndFetch);
        }
        true
    }

    /// How far it is.
    pub(super) fn fetch_progress(&mut self, progress: FetchProgress, rate: f64) {
        if let Some(Fetching { state: state @ FetchState::Going(_), .. }) = &mut self.fetching {
            self.machine.silent = 0;
            *state = FetchState::Going(Some((progress, rate)));
        }
    }

    /// It has ended: the run begins, or has ended as well.
    pub(super) fn fetch_ended(&mut self, result: Result<Fetched, String>) {
        let Some(fetching) = self.fetching.take() else { return };
        let dataset = fetching.offer.dataset;
        let is_complete = matches!(result, Ok(Fetched::Now | Fetched::Already));
        if is_complete {
            self.note(Level::Good, format!("{dataset} downloaded; checksums verified"));
            self.declined = None;
        }
        if result == Ok(Fetched::Interrupted) {
            self.declined = Some(dataset);
            if let Some(run) = fetching.run {
                // As if it had been declined: nobody waits for these data any more.
                let text = "download cancelled; it resumes from here next time";
                self.note(Level::Info, text);
                self.say(Level::Info, text);
                return self.never_begun(run);
            }
        }
        let error = match result {
            Err(error) => format!("{dataset} could not be downloaded: {error}"),
            Ok(_) => format!("download of {dataset} cancelled; it resumes from here next time"),
        };
        let Some(run) = fetching.run else {
            return match is_complete {
                true => self.say(Level::Good, format!("{dataset} downloaded")),
                false => self.say(Level::Bad, error),
            };
        };
        let wanted = self.runs.get(run).map(|run| (Box::new(run.spec.clone()), run.path.clone()));
        match wanted.filter(|_| is_complete && !self.is_leaving()) {
            Some((spec, left)) => {
                let text = format!("{dataset} downloaded; starting the run");
                self.say_while(NoticeState::Stage(run, RunStage::Starting), Level::Good, text);
                self.machine.silent = 0;
                self.want(Effect::Start(run, spec, left, self.setup.device));
            }
            None => self.end(run, Some(error), false),
        }
    }
}
