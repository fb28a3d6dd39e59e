//! The screen with a test around it in place of a terminal, a user, an engine and a disk.

use std::path::PathBuf;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use hiresnet_tui::domain::event::{Control, Event};
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::store::SavedRun;
use hiresnet_tui::tui::action::{Action, Effect, Message, TerminalEffect};
use hiresnet_tui::tui::app::{App, HitTarget};
use hiresnet_tui::tui::command::AppCommand;
use hiresnet_tui::tui::config::Config;
use hiresnet_tui::tui::draft::Draft;
use hiresnet_tui::tui::keymap::{Keymap, parse};
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::overlay::Overlay;
use hiresnet_tui::tui::panel::PanelTarget;
use hiresnet_tui::tui::panels::{PanelId, WiringTarget};
use hiresnet_tui::tui::player::Playback;
use hiresnet_tui::tui::run::{RunId, TrackedRun};
use hiresnet_tui::tui::theme::Theme;
use hiresnet_tui::tui::{frame, text};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use crate::made::{last_step_only, three};

/// What the draft is at first.
pub const DRAFT: &str = "resnet+hires@fashion-embedded";

/// An app and what it has wanted since the last look.
pub struct World {
    pub app: App,
}

impl World {
    pub fn new() -> Self {
        Self::with(DRAFT, &Config::default(), Theme::FULL)
    }

    pub fn of(line: &str) -> Self {
        Self::with(line, &Config::default(), Theme::FULL)
    }

    pub fn with(line: &str, config: &Config, theme: Theme) -> Self {
        let draft = Draft::new(line.parse().unwrap()).unwrap();
        let mut world = Self { app: App::new(draft, config, theme).unwrap() };
        assert_eq!(world.effects(), [Effect::Search]);
        world.tell(Message::Second { clock: "21:04:07".into(), memory: Some(312 << 20) });
        world
    }

    /// With three ended runs on disk, drawn, the newest under the cursor in Runs.
    pub fn with_three(theme: Theme) -> Self {
        let mut world = Self::with(DRAFT, &Config::default(), theme);
        world.find_all(three());
        world.keys("R home v down v down v home");
        world.load_from(three());
        world
    }

    /// Presses keys, each written as in the config; `text:abc` types abc.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        for word in keys.split_whitespace() {
            match word.strip_prefix("text:") {
                Some(text) => self.type_text(text),
                None => self.app.update(Action::Key(parse(word).unwrap().into())),
            }
        }
        self
    }

    /// Types text, spaces and all.
    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.app.update(Action::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
        }
    }

    /// Empties the text being typed and types another.
    pub fn retype(&mut self, text: &str) {
        assert!(self.app.session.editing.is_some(), "nothing is being typed");
        self.keys("end ctrl-u");
        self.type_text(text);
    }

    /// A recording is shown, which has been stopped in its middle.
    pub fn replaying(&mut self) -> &mut Self {
        let playback = Playback { t: 30.0, seconds: 60.0, playing: false, speed: 2.0, looping: false };
        self.tell(Message::Playing(playback))
    }

    pub fn tell(&mut self, message: Message) -> &mut Self {
        self.app.update(Action::Sent(message));
        self
    }

    pub fn events(&mut self, id: RunId, events: impl IntoIterator<Item = Event>) -> &mut Self {
        events.into_iter().for_each(|event| _ = self.tell(Message::Event(id, event)));
        self
    }

    /// The run's folder is there.
    pub fn begin(&mut self, id: RunId) -> &mut Self {
        self.tell(Message::Started(id, PathBuf::from(format!("runs/r{id}"))))
    }

    /// The run has ended as it should.
    pub fn end(&mut self, id: RunId) -> &mut Self {
        self.tell(Message::Ended { id, error: None, holds: false })
    }

    /// A search finds these runs and no other.
    pub fn find_all(&mut self, runs: Vec<SavedRun>) {
        let paths = runs.iter().map(|run| run.path.clone()).collect();
        for run in runs {
            self.tell(Message::Found(Box::new(last_step_only(run))));
        }
        self.tell(Message::Searched(paths));
    }

    /// Answers what was asked to be loaded with those of `runs` that it is.
    pub fn load_from(&mut self, runs: Vec<SavedRun>) {
        for effect in self.effects() {
            if let Effect::Load(id, path) = effect {
                let run = runs.iter().find(|run| run.path == path).unwrap();
                self.tell(Message::Loaded(id, 0, Ok(Box::new(run.state.clone()))));
            }
        }
    }

    pub fn effects(&mut self) -> Vec<Effect> {
        self.app.effects()
    }

    /// The only effect there is: a start; the run and its spec.
    pub fn started(&mut self) -> (RunId, ExperimentSpec) {
        match &self.effects()[..] {
            [Effect::Start(id, spec, _, _)] => (*id, spec.as_ref().clone()),
            other => panic!("not one start: {other:?}"),
        }
    }

    /// Trains the draft until its folder is there, also where there is a run of it.
    pub fn train(&mut self) -> RunId {
        self.keys("t");
        if self.app.session.question.is_some() {
            self.keys("y");
        }
        let (id, _) = self.started();
        self.begin(id);
        id
    }

    pub fn orders(&mut self) -> Vec<Control> {
        let order = |effect| match effect {
            Effect::Order(control) => control,
            other => panic!("not an order: {other:?}"),
        };
        self.effects().into_iter().map(order).collect()
    }

    pub fn run(&self, id: RunId) -> &TrackedRun {
        self.app.session.runs.get(id).unwrap()
    }

    pub fn queue(&self) -> Vec<RunId> {
        self.app.session.runs.queue().collect()
    }

    /// Numbers of the listed runs, from the top.
    pub fn listed(&self) -> Vec<RunId> {
        self.app.session.runs.listed().map(|run| run.id).collect()
    }

    pub fn current(&self) -> Option<RunId> {
        self.app.session.runs.current().map(|run| run.id)
    }

    /// Numbers of the runs whose curves are drawn.
    pub fn drawn(&self) -> Vec<RunId> {
        self.app.session.runs.shown().iter().map(|run| run.id).collect()
    }

    pub fn baseline(&self) -> Option<RunId> {
        self.app.session.runs.baseline().map(|run| run.id)
    }

    pub fn line(&self) -> &str {
        self.app.session.draft.line()
    }

    /// What the message above the footer says.
    pub fn notice(&self) -> &str {
        self.app.session.notice.as_ref().map_or("", |notice| &notice.text)
    }

    pub fn level(&self) -> Option<Level> {
        self.app.session.notice.as_ref().map(|notice| notice.level)
    }

    /// What the log has, a line an entry.
    pub fn log(&self) -> String {
        self.app.session.log.entries().map(|entry| entry.text.clone() + "\n").collect()
    }

    pub fn error(&self) -> Option<&str> {
        self.app.session.editing.as_ref().expect("nothing is being typed").error.as_deref()
    }

    pub fn buffer(&mut self, (width, height): (u16, u16)) -> Buffer {
        frame(&mut self.app, Size { width, height })
    }

    pub fn screen(&mut self, size: (u16, u16)) -> String {
        text(&self.buffer(size))
    }

    /// Where something is on the frame painted last.
    pub fn place(&self, what: HitTarget) -> Rect {
        let mut hits = self.app.screen.hits.iter().rev();
        hits.find(|(_, spot)| *spot == what).unwrap_or_else(|| panic!("{what:?} is not on the screen")).0
    }

    pub fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) -> &mut Self {
        self.app.update(Action::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
        self
    }

    /// Clicks on something that is on the frame painted last.
    pub fn click(&mut self, what: HitTarget) -> &mut Self {
        let place = self.place(what);
        self.mouse(MouseEventKind::Down(MouseButton::Left), place.x, place.y)
    }

    /// How far the help is scrolled, while it is open.
    pub fn help_line(&self) -> Option<usize> {
        match &self.app.screen.overlay {
            Some(Overlay::Help(help)) => Some(help.line),
            _ => None,
        }
    }

    /// Whether keys are commands: nothing is open that has them for itself.
    pub fn keys_are_commands(&self) -> bool {
        self.app.session.editing.is_none()
            && self.app.session.question.is_none()
            && self.app.screen.overlay.is_none()
    }
}

/// What ends the program.
pub const QUIT: Effect = Effect::Terminal(TerminalEffect::Quit);

/// A row of Setup.
pub fn field(row: usize) -> HitTarget {
    HitTarget::In(PanelId::Setup, PanelTarget::Row(row))
}

/// A run's row.
pub fn run_row(id: RunId) -> HitTarget {
    HitTarget::In(PanelId::Runs, PanelTarget::Row(id))
}

/// The mark that says whether a run is drawn.
pub fn run_mark(id: RunId) -> HitTarget {
    HitTarget::In(PanelId::Runs, PanelTarget::Mark(id))
}

/// Part of the diagram.
pub fn wired(target: WiringTarget) -> HitTarget {
    HitTarget::In(PanelId::Wiring, PanelTarget::Wiring(target))
}

/// A key of the footer, or of a question.
pub fn key(command: impl Into<AppCommand>) -> HitTarget {
    HitTarget::Key(command.into())
}

/// The key map of the table.
pub fn keymap() -> Keymap {
    Keymap::new(&Default::default()).unwrap()
}
