//! What all panels share: the draft, the runs, the queue, the log, what is being asked.
//!
//! It does no I/O and knows no threads: what it wants done it leaves as [`Effect`]s, and
//! what was done comes back as [`Message`](super::action::Message)s. So a test can be the world.

mod boards;
mod detaching;
mod editing;
mod events;
mod fetching;
mod following;
mod lesions;
mod marked;
mod notice;
mod pasting;
mod preferring;
mod question;
mod repeating;
mod training;

use self::marked::Deleting;
use self::repeating::Repeated;
use super::action::{Effect, TerminalEffect};
use super::config::Config;
use super::draft::Draft;
use super::fetching::Fetching;
use super::lesions::Lesions;
use super::log::{Level, Log};
use super::panels::PanelId;
use super::player::{Playback, TapeMarks};
use super::plot::axis::AxisLimits;
use super::preferences::Preferences;
use super::run::{RunStage, StepsState, TrackedRun};
use super::runs::RunList;
use super::setup::Setup;
use super::theme::Theme;
use crate::domain::spec::ExperimentSpec;
pub use boards::Boards;
pub use editing::{EditedText, Editing};
pub use notice::{Notice, NoticeState};
pub use question::Question;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// It does not.
    No,
    /// When the run in progress has ended.
    WhenStopped,
    /// When it has, and another process goes on with it.
    Detaching,
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
    /// Seconds since the message came.
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
    /// The options beside them, as the end of a message.
    unused_of_pasted: String,
    /// A spec of which there is a run, until the user says what to do.
    repeated: Option<Repeated>,
    /// The last message, until the next key or until it is no longer true.
    pub notice: Option<Notice>,
    /// Event files of runs that train.
    pub boards: Boards,
    /// The machine.
    pub machine: Machine,
    /// Colours and symbols.
    pub theme: Theme,
    /// The settings of the config file.
    pub preferences: Preferences,
    /// Where the recording is, where one is shown instead of training.
    pub playback: Option<Playback>,
    /// What its seek bar shows besides.
    pub tape_marks: TapeMarks,
    /// A panel that is to get the focus.
    pub wanted_focus: Option<PanelId>,
    /// Runs that are being deleted together.
    deleting: Option<Deleting>,
    leaving: Leaving,
    /// What is said when the terminal has been given back.
    pub farewell: Option<String>,
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
            unused_of_pasted: String::new(),
            repeated: None,
            notice: None,
            boards: Boards::default(),
            machine: Machine::default(),
            theme,
            preferences: Preferences::new(Config::default(), theme),
            playback: None,
            tape_marks: TapeMarks::default(),
            wanted_focus: None,
            deleting: None,
            leaving: Leaving::No,
            farewell: None,
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
