//! What all panels share: the draft, the runs, the queue, the log, what is being asked.
//!
//! It does no I/O and knows no threads: what it wants done it leaves as [`Effect`]s, and
//! what was done comes back as [`Message`](super::action::Message)s. So a test can be the world.

mod editing;
mod events;
mod fetching;
mod following;
mod lesions;
mod pasting;
mod question;
mod training;

use super::action::{Effect, TerminalEffect};
use super::draft::Draft;
use super::fetching::Fetching;
use super::lesions::Lesions;
use super::log::{Level, Log, LogEntry};
use super::player::Playback;
use super::plot::axis::AxisLimits;
use super::run::{RunStage, StepsState, TrackedRun};
use super::runs::RunList;
use super::setup::Setup;
use super::theme::Theme;
use crate::domain::spec::ExperimentSpec;
pub use editing::{EditedText, Editing};
pub use question::Question;

/// Seconds for which a message stays in the footer unless a key is pressed.
const NOTICE: u32 = 10;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// It does not.
    No,
    /// When the run in progress has ended.
    WhenStopped,
}

/// The machine, and how long it has been silent.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// Wall-clock time, `21:04:07`.
    pub clock: String,
    /// Memory this process holds, bytes.
    pub memory: Option<u64>,
    /// Seconds since the run in progress sent anything.
    pub silent: u32,
    /// Seconds since the footer's message came.
    pub notice_age: u32,
}

/// What all panels share.
#[derive(Debug)]
pub struct Session {
    /// The spec being edited.
    pub draft: Draft,
    /// What its fields can be.
    pub setup: Setup,
    /// All runs.
    pub runs: RunList,
    /// What runs lose without their terms.
    pub lesions: Lesions,
    /// A dataset that is missing or being downloaded, and the run that waits for it.
    pub fetching: Option<Fetching>,
    /// What happened.
    pub log: Log,
    /// The ends of the y axis in Curves that were typed, by metric.
    pub y_limits: [AxisLimits; 2],
    /// Text being typed.
    pub editing: Option<Editing>,
    /// A question being asked.
    pub question: Option<Question>,
    /// Specs that were pasted, until the user says whether to train them.
    pasted: Vec<ExperimentSpec>,
    /// The last message, until the next key.
    pub notice: Option<(Level, String)>,
    /// The machine.
    pub machine: Machine,
    /// Colours and symbols.
    pub theme: Theme,
    /// Where the recording is, where one is shown instead of training.
    pub playback: Option<Playback>,
    leaving: Leaving,
    /// Whether the queue waits for the user, after a run that could not be saved.
    held: bool,
    /// The dataset that was not to be downloaded, until somebody starts a run again.
    declined: Option<&'static str>,
    /// Whether runs on disk are being looked for the first time.
    searching: bool,
    effects: Vec<Effect>,
}

impl Session {
    /// One with `draft` to edit, looking for runs on disk.
    pub fn new(draft: Draft, theme: Theme) -> Self {
        Self {
            draft,
            setup: Setup::default(),
            runs: RunList::default(),
            lesions: Lesions::default(),
            fetching: None,
            log: Log::default(),
            y_limits: [AxisLimits::default(); 2],
            editing: None,
            question: None,
            pasted: Vec::new(),
            notice: None,
            machine: Machine::default(),
            theme,
            playback: None,
            leaving: Leaving::No,
            held: false,
            declined: None,
            searching: true,
            effects: vec![Effect::Search],
        }
    }

    /// What it wants done, once.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Wants something done.
    pub fn want(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Wants the terminal to do something.
    pub fn want_of_terminal(&mut self, effect: TerminalEffect) {
        self.want(Effect::Terminal(effect));
    }

    /// Adds a line to the log.
    pub fn note(&mut self, level: Level, text: impl Into<String>) {
        self.log.add(LogEntry { at: self.machine.clock.clone(), level, text: text.into() });
    }

    /// Says something in the footer, and in the log where it went wrong.
    pub fn say(&mut self, level: Level, text: impl Into<String>) {
        let text = text.into();
        // The log has in full what the footer has no room for.
        if matches!(level, Level::Bad | Level::Warn) {
            self.note(level, text.clone());
        }
        self.machine.notice_age = 0;
        self.notice = Some((level, text));
    }

    /// Copies the draft's line.
    pub fn copy_spec(&mut self) {
        self.want_of_terminal(TerminalEffect::Copy(self.draft.line().to_owned()));
        self.say(Level::Good, "spec copied to the terminal's clipboard");
    }

    /// Presses the switch of a group of hops.
    pub fn press(&mut self, group: crate::domain::hops::HopGroup) {
        if let Err(error) = self.draft.press(group) {
            self.say(Level::Warn, error.reason);
        }
    }

    /// Reads the steps of runs that are drawn and are on disk only, and lets go of others.
    pub fn load_what_is_drawn(&mut self) {
        self.runs.let_go();
        let on_disk = |run: &&&TrackedRun| run.steps == StepsState::OnDisk && run.stage == RunStage::Over;
        let wanted: Vec<_> = self.runs.drawn().iter().filter(on_disk).map(|run| run.id).collect();
        for id in wanted {
            if let Some(TrackedRun { path: Some(path), steps, .. }) = self.runs.get_mut(id) {
                *steps = StepsState::Loading;
                self.effects.push(Effect::Load(id, path.clone()));
            }
        }
    }

    /// Whether a run is being stopped so that the program can end.
    pub fn is_leaving(&self) -> bool {
        self.leaving != Leaving::No
    }

    /// Whether nothing happens any more until somebody does something.
    pub fn is_idle(&self) -> bool {
        let waits = self.runs.active().is_none_or(|run| run.state.paused) && self.fetching.is_none();
        self.playback.is_some() || self.question == Some(Question::Fetch) || waits
    }

    /// Whether the queue waits for the user.
    pub const fn is_held(&self) -> bool {
        self.held
    }
}
