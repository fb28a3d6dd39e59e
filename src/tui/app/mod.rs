//! The state of the screen, and the one way in which it changes: [`App::update`].
//!
//! It does no I/O and knows no threads: what it wants done it leaves as [`Effect`]s, and
//! what was done comes back as [`Message`](super::action::Message)s. So a test can be the world.

mod commands;
mod data;
mod editing;
mod fetching;
mod lesions;
mod looking;
mod news;
mod pictures;
mod pointing;
mod tables;

use ratatui::layout::{Rect, Size};

use super::action::{Action, Effect, Message};
use super::activations::Activations;
use super::command::{Command, Panel, Place};
use super::config::Config;
use super::curves::{Curves, Shown};
use super::data::DataPanel;
use super::draft::Draft;
use super::features::FeatureMaps;
use super::fetching::Fetching;
use super::images::Gallery;
use super::keymap::Keymap;
use super::layout::{Arrangement, Pages};
use super::lesions::Lesions;
use super::log::{Entry, Level, Log};
use super::panels::{help, status};
use super::player::Playback;
use super::run::{Run, RunId, Stage, Steps};
use super::runs::Runs;
use super::setup::Setup;
use super::table::TablePanel;
use super::theme::Theme;
pub use editing::{Editing, Typing};
pub use pointing::{Hits, Spot};

/// A question that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Whether to quit although something trains or waits.
    Quit,
    /// Whether to delete this run from disk.
    Delete(RunId),
    /// Whether the draft replaces a preset of the user's own.
    ReplacePreset,
    /// Whether to fetch the dataset of this run.
    Fetch,
}

/// Seconds for which a message stays in the footer unless a key is pressed.
const NOTICE: u32 = 10;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// It does not.
    No,
    /// When the run that trains has ended.
    WhenStopped,
}

/// What the machine is like.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// Wall-clock time, `21:04:07`.
    pub clock: String,
    /// Memory this process holds, bytes.
    pub memory: Option<u64>,
    /// Seconds since the current run told anything.
    pub silent: u32,
    /// Seconds since the footer's message was said.
    pub notice_age: u32,
}

/// Where everything is on the screen.
#[derive(Debug, Default)]
pub struct View {
    /// Of the terminal.
    pub size: Size,
    /// Panels and where they are; `None` where the terminal is too small.
    pub arrangement: Option<Arrangement>,
    /// Whether the focused panel has the whole screen.
    pub zoomed: bool,
    /// How far the help is scrolled; `None` while it is closed.
    pub help: Option<usize>,
    /// What was painted where.
    pub hits: Hits,
}

/// Everything on the screen.
#[derive(Debug)]
pub struct App {
    /// The spec being edited.
    pub draft: Draft,
    /// Its fields.
    pub setup: Setup,
    /// All runs.
    pub runs: Runs,
    /// Loss and accuracy.
    pub curves: Curves,
    /// Fig. 2's bars.
    pub activations: Activations,
    /// What runs lose without their terms.
    pub lesions: Lesions,
    /// Feature maps of one image.
    pub features: FeatureMaps,
    /// Images of the draft's dataset.
    pub data: DataPanel,
    /// The paper's tables from the runs there are.
    pub table: TablePanel,
    /// Pictures in the terminal's pixels, where it has a protocol for them.
    pub gallery: Gallery,
    /// A dataset that is missing or being fetched, and the run that waits for it.
    pub fetching: Option<Fetching>,
    /// What happened.
    pub log: Log,
    /// The panel that keys go to.
    pub focus: Panel,
    /// Text being typed.
    pub editing: Option<Editing>,
    /// A question being asked.
    pub question: Option<Question>,
    /// The last message, until the next key.
    pub notice: Option<(Level, String)>,
    /// The machine.
    pub machine: Machine,
    /// The screen.
    pub view: View,
    /// Looks.
    pub theme: Theme,
    /// Keys.
    pub keymap: Keymap,
    /// Where the recording is, where one is shown instead of training.
    pub playback: Option<Playback>,
    /// What the pictures show.
    pictured: pictures::Pictured,
    pages: Pages,
    leaving: Leaving,
    /// Whether the queue waits for the user, after a run that could not be kept.
    held: bool,
    /// The dataset that was not to be fetched, until somebody starts a run again.
    declined: Option<&'static str>,
    /// Whether runs on disk are being looked for.
    searching: bool,
    /// Seconds since they were.
    since_search: u32,
    effects: Vec<Effect>,
}

impl App {
    /// A screen with `draft` to edit, looking for runs on disk.
    ///
    /// # Errors
    /// When the config's keys are wrong.
    pub fn new(draft: Draft, config: &Config, theme: Theme) -> Result<Self, String> {
        Ok(Self {
            draft,
            setup: Setup::default(),
            runs: Runs::default(),
            curves: Curves::default(),
            activations: Activations::default(),
            lesions: Lesions::default(),
            features: FeatureMaps::default(),
            data: DataPanel::default(),
            table: TablePanel::default(),
            gallery: Gallery::default(),
            pictured: (None, None),
            fetching: None,
            log: Log::default(),
            focus: Panel::Wiring,
            editing: None,
            question: None,
            notice: None,
            machine: Machine::default(),
            view: View::default(),
            theme,
            keymap: Keymap::new(&config.keys)?,
            playback: None,
            pages: config.layout.clone(),
            leaving: Leaving::No,
            held: false,
            declined: None,
            searching: true,
            since_search: 0,
            effects: vec![Effect::Search],
        })
    }

    /// Takes in what happened. Nothing else changes the screen.
    pub fn update(&mut self, action: Action) {
        if !matches!(action, Action::Told(_)) {
            self.runs.refresh();
        }
        // Of which there are very many, and none draws another run from disk.
        let is_event = matches!(action, Action::Told(Message::Event(..)));
        match action {
            Action::Key(key) => {
                self.notice = None;
                match self.keymap.command(key, &self.places()) {
                    Some(command) => self.obey(command),
                    None => self.type_key(key),
                }
            }
            Action::Paste(text) => self.type_text(&text),
            Action::Mouse(mouse) => self.point(mouse),
            Action::Do(command) => self.obey(command),
            Action::Leave => self.leave(),
            Action::Told(message) => self.hear(message),
        }
        if !is_event {
            self.load_what_is_drawn();
        }
        self.look_at_what_is_shown();
    }

    /// Where keys have their meaning now.
    pub fn places(&self) -> Vec<Place> {
        if self.editing.is_some() {
            vec![Place::Editing]
        } else if self.question.is_some() {
            vec![Place::Asking]
        } else if self.view.help.is_some() {
            vec![Place::Helping]
        } else if self.playback.is_some() {
            vec![Place::In(self.focus), Place::Replaying, Place::Anywhere]
        } else {
            vec![Place::In(self.focus), Place::Anywhere]
        }
    }

    /// What the app wants done, once.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Works out everything that painting a terminal of `size` needs.
    pub fn prepare(&mut self, size: Size) {
        self.runs.refresh();
        self.view.size = size;
        self.view.arrangement = self.pages.arrange(size, self.focus, self.view.zoomed);
        if let Some(line) = self.view.help {
            self.view.help = Some(line.min(help::last_line(self, size)));
        }
        let log = status::log_area(self, self.area(Panel::Status).map_or(Rect::ZERO, inside));
        self.log.lay_out(log.width.into(), log.height.into());
        let area = self.area(Panel::Curves).map_or(Rect::ZERO, inside);
        let baseline = self.runs.baseline().map(|run| run.id);
        let current = self.runs.current().map(|run| run.id);
        let runs = self.runs.shown();
        let names: Vec<_> = runs.iter().map(|run| self.runs.labels().label(run).to_string()).collect();
        let shown: Vec<_> = runs
            .iter()
            .zip(&names)
            .map(|(run, name)| Shown {
                key: run.id,
                name,
                slot: self.runs.slot(run),
                spec: &run.spec,
                state: &run.state,
                baseline: Some(run.id) == baseline,
                current: Some(run.id) == current,
            })
            .collect();
        self.curves.prepare(&shown, area);
        if let Some(area) = self.area(Panel::Table) {
            self.table.prepare(&self.runs, inside(area));
        }
        self.prepare_pictures();
    }

    /// Whether something is painted over the panels.
    fn is_covered(&self) -> bool {
        self.view.help.is_some()
            || self.question.is_some()
            || self.editing.as_ref().is_some_and(Editing::is_long)
    }

    /// Where a panel is, with its frame; `None` while it is on another page.
    pub fn area(&self, panel: Panel) -> Option<Rect> {
        let panels = &self.view.arrangement.as_ref()?.panels;
        panels.iter().find(|(which, _)| *which == panel).map(|(_, area)| *area)
    }

    /// Adds a line to the log.
    fn note(&mut self, level: Level, text: impl Into<String>) {
        self.log.add(Entry { at: self.machine.clock.clone(), level, text: text.into() });
    }

    /// Says something in the footer, and in the log where it went wrong.
    fn say(&mut self, level: Level, text: impl Into<String>) {
        let text = text.into();
        // The log has in full what the footer has no room for.
        if matches!(level, Level::Bad | Level::Warn) {
            self.note(level, text.clone());
        }
        self.machine.notice_age = 0;
        self.notice = Some((level, text));
    }

    /// Starts the next run of the queue, unless one is active.
    fn start_next(&mut self) {
        if self.playback.is_some() || self.held || self.leaving != Leaving::No || self.runs.active().is_some()
        {
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
            self.effects.push(Effect::Start(id, spec, left, self.setup.device));
            self.machine.silent = 0;
        }
    }

    /// Reads the steps of runs that are drawn and are on disk only.
    fn load_what_is_drawn(&mut self) {
        let wanted: Vec<RunId> = self
            .runs
            .shown()
            .iter()
            .filter(|run| run.steps == Steps::OnDisk && run.stage == Stage::Over)
            .map(|run| run.id)
            .collect();
        for id in wanted {
            if let Some(Run { path: Some(path), steps, .. }) = self.runs.get_mut(id) {
                *steps = Steps::Coming;
                self.effects.push(Effect::Load(id, path.clone()));
            }
        }
    }

    /// Whether a run is being ended so that the program can.
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

    /// Whether `command` makes sense now, for the footer.
    pub fn makes_sense(&self, command: Command) -> bool {
        let active = self.runs.active().is_some();
        match command {
            Command::Train | Command::Pause | Command::Stop | Command::Twin if self.playback.is_some() => {
                false
            }
            Command::Stop => active || self.fetching.is_some(),
            Command::Pause => active,
            // What is wrong with the text is said beside it.
            Command::Enter => self.editing.as_ref().is_none_or(|editing| editing.fault.is_none()),
            Command::FetchData => self.fetching.is_none() && self.data.offer().is_some(),
            Command::Twin => self.runs.chosen().is_some_and(|run| run.stage != Stage::Waiting),
            Command::Lesions | Command::LesionPairs => self.can_lesion(),
            Command::Zoom => {
                self.view.arrangement.as_ref().is_some_and(|a| a.panels.len() > 1) || self.view.zoomed
            }
            _ => true,
        }
    }
}

/// What a frame leaves of an area.
pub fn inside(area: Rect) -> Rect {
    area.inner(ratatui::layout::Margin::new(1, 1))
}
