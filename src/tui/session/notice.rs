//! The message on the screen. One that names a state changes or goes when the state does.

use super::Session;
use crate::domain::event::Outcome;
use crate::tui::log::{Level, LogEntry};
use crate::tui::run::{RunId, RunStage, TrackedRun};

/// Seconds for which a message stays unless a key is pressed.
const STAYS: u32 = 10;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How bad it is.
    pub level: Level,
    /// What it says.
    pub text: String,
    about: NoticeState,
}

/// The state that a message names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeState {
    /// None: it tells what was done, or what cannot be done.
    Past,
    /// A run's way from the queue to training; what it says is worked out.
    Begins(RunId),
    /// A run's way to its end; what it says then is worked out.
    Stops(RunId),
    /// What a run's stage allows or does not.
    Stage(RunId, RunStage),
    /// That a run is in progress.
    Active(RunId),
    /// That none is.
    Idle,
    /// That no run is selected.
    NoneChosen,
    /// That a dataset is being downloaded.
    Fetches,
    /// That lesions are being scored.
    Lesions,
}

impl Session {
    /// Says something, and in the log, too, where it went wrong.
    pub fn say(&mut self, level: Level, text: impl Into<String>) {
        self.say_while(NoticeState::Past, level, text);
    }

    /// Says something that is true while a run is not in another stage than it is in.
    pub(super) fn say_of(&mut self, run: RunId, level: Level, text: impl Into<String>) {
        let about = self.runs.get(run).map_or(NoticeState::Past, |run| match run.is_active() {
            true => NoticeState::Active(run.id),
            false => NoticeState::Stage(run.id, run.stage),
        });
        self.say_while(about, level, text);
    }

    /// Says something that is true while a state lasts.
    pub fn say_while(&mut self, about: NoticeState, level: Level, text: impl Into<String>) {
        let text = text.into();
        // The log has in full what there is no room for here.
        if matches!(level, Level::Bad | Level::Warn) {
            self.note(level, text.clone());
        }
        self.machine.notice_age = 0;
        self.notice = Some(Notice { level, text, about });
    }

    /// Says that a run starts, or how long it waits.
    pub(super) fn say_begins(&mut self, run: RunId) {
        let Some((level, text)) = self.begins(run) else { return };
        self.say_while(NoticeState::Begins(run), level, text);
    }

    /// A line of the log.
    pub fn note(&mut self, level: Level, text: impl Into<String>) {
        self.log.add(LogEntry { at: self.machine.clock.clone(), level, text: text.into() });
    }

    /// Lets the message say what is true now, or go.
    pub fn renew_notice(&mut self) {
        let Some(notice) = &self.notice else { return };
        let stays = |is_true: bool| is_true.then(|| (notice.level, notice.text.clone()));
        let stage = |run: RunId| self.runs.get(run).map(|run| run.stage);
        let now = match notice.about {
            NoticeState::Past => return,
            NoticeState::Begins(run) => self.begins(run),
            NoticeState::Stops(run) => match self.runs.get(run) {
                Some(run) if run.is_active() => stays(true),
                Some(TrackedRun { state, .. }) if state.outcome == Some(Outcome::Stopped) => {
                    Some((Level::Info, "stopped; r in Runs resumes it".into()))
                }
                _ => None,
            },
            NoticeState::Stage(run, then) => stays(stage(run) == Some(then)),
            NoticeState::Active(run) => stays(self.runs.get(run).is_some_and(TrackedRun::is_active)),
            NoticeState::Idle => stays(self.runs.active().is_none()),
            NoticeState::NoneChosen => stays(self.runs.chosen().is_none()),
            NoticeState::Fetches => stays(self.fetching.is_some()),
            NoticeState::Lesions => stays(self.lesions.running().is_some()),
        };
        match (now, &mut self.notice) {
            (Some((level, text)), Some(notice)) => (notice.level, notice.text) = (level, text),
            (_, notice) => *notice = None,
        }
    }

    /// A second has passed.
    pub(super) fn age_notice(&mut self) {
        self.machine.notice_age = self.machine.notice_age.saturating_add(1);
        if self.machine.notice_age > STAYS {
            self.notice = None;
        }
    }

    /// What is true of a run that was queued: how many are ahead of it, or that it starts;
    /// nothing once it trains, which the header says.
    fn begins(&self, run: RunId) -> Option<(Level, String)> {
        let run = self.runs.get(run)?;
        let (line, verb) = (&run.line, if run.path.is_some() { "resuming" } else { "starting" });
        match run.stage {
            RunStage::Starting => Some((Level::Info, format!("{verb} {line}"))),
            RunStage::Waiting => {
                let same = |other: &TrackedRun| {
                    other.id != run.id && other.spec == run.spec && other.stage != RunStage::Over
                };
                let place = self.runs.queue().position(|id| id == run.id)?;
                let ahead = place + usize::from(self.runs.active().is_some());
                Some(match ahead {
                    _ if self.runs.all().any(same) => {
                        let text = "queued; an identical run is in progress or queued";
                        (Level::Warn, format!("{text}: {line}"))
                    }
                    0 => (Level::Info, format!("queued: {line}")),
                    ahead => (Level::Info, format!("queued ({ahead} ahead): {line}")),
                })
            }
            RunStage::Live | RunStage::Over => None,
        }
    }
}
