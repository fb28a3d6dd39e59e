//! The state of the screen, and the one way in which it changes: [`App::update`].
//!
//! What happens goes to the [`Session`], which all panels share, and to the panels that are
//! concerned; what is on the screen then asks the background for what it lacks.

mod commands;
mod draw;
mod mouse;
mod overlays;
mod panes;
mod preferring;
mod remembering;

use ratatui::layout::{Rect, Size};

use self::panes::Asking;
pub use self::panes::DraggedBorder;
use self::remembering::Memory;
use super::action::{Action, Effect, Message, TerminalEffect};
use super::command::{AppCommand, GlobalCommand, KeyScope};
use super::config::Config;
use super::draft::Draft;
use super::images::{Gallery, PictureKey};
use super::keymap::Keymap;
use super::layout::{Arrangement, LEAST, Page, Pages};
use super::overlay::Overlay;
use super::panels::{PanelId, Panels};
use super::panes::PaneSizes;
use super::preferences::Preferences;
use super::run::RunStage;
use super::session::{Editing, Session};
use super::theme::Theme;
pub use mouse::{HitTarget, Hits};

/// What is where on the screen.
#[derive(Debug)]
pub struct ScreenState {
    /// Of the terminal.
    pub size: Size,
    /// Panels and where they are; `None` where the terminal is too small.
    pub arrangement: Option<Arrangement>,
    /// The page that is shown, by its number among those for the size; a panel that is on none
    /// is shown alone.
    pub page: usize,
    /// The panel on one of those pages that had the focus last.
    pub home: PanelId,
    /// A border that the mouse has hold of.
    pub dragged: Option<DraggedBorder>,
    /// Where the seek bar is, while the mouse has hold of it.
    pub seeking: Option<Rect>,
    /// Whether the focused panel has the whole screen.
    pub zoomed: bool,
    /// What lies over the panels.
    pub overlay: Option<Overlay>,
    /// What was painted where.
    pub hits: Hits,
}

impl ScreenState {
    /// Of a terminal whose size is not known, where `home` has the focus.
    fn new(home: PanelId) -> Self {
        Self {
            size: Size::ZERO,
            arrangement: None,
            page: 0,
            home,
            dragged: None,
            seeking: None,
            zoomed: false,
            overlay: None,
            hits: Hits::new(),
        }
    }
}

/// Everything on the screen.
#[derive(Debug)]
pub struct App {
    /// What all panels share.
    pub session: Session,
    /// The panels.
    pub panels: Panels,
    /// The panel that keys go to.
    pub focus: PanelId,
    /// The screen.
    pub screen: ScreenState,
    /// Keys.
    pub keymap: Keymap,
    /// Pictures in the terminal's pixels, where it has a protocol for them.
    pub gallery: Gallery,
    /// What decided the pictures that are in the gallery.
    pictured: Vec<PictureKey>,
    pages: Pages,
    pane_sizes: PaneSizes,
    /// What a later session begins with, where that is kept.
    memory: Option<Memory>,
}

impl App {
    /// A screen with `draft` to edit, looking for runs on disk.
    ///
    /// # Errors
    /// When the config's keys are wrong.
    pub fn new(draft: Draft, config: &Config, theme: Theme) -> Result<Self, String> {
        let mut session = Session::new(draft, theme);
        session.preferences = Preferences::new(config.clone(), theme);
        Ok(Self {
            session,
            panels: Panels::default(),
            focus: PanelId::Wiring,
            screen: ScreenState::new(PanelId::Wiring),
            keymap: Keymap::new(&config.keys)?,
            gallery: Gallery::default(),
            pictured: Vec::new(),
            pages: config.layout.clone(),
            pane_sizes: PaneSizes::default(),
            memory: None,
        })
    }

    /// Takes in what happened. Nothing else changes the screen.
    pub fn update(&mut self, action: Action) {
        if !matches!(action, Action::Sent(_)) {
            self.session.runs.refresh();
        }
        // Of which there are very many, and none draws another run from disk.
        let is_event = matches!(action, Action::Sent(Message::Event(..)));
        match action {
            Action::Key(key) => {
                self.session.notice = None;
                match self.keymap.command(key, &self.key_scopes()) {
                    Some(command) => self.handle_command(command),
                    None => self.type_key(key),
                }
            }
            Action::Paste(text) => self.paste(&text),
            Action::Mouse(mouse) => self.handle_mouse(mouse),
            Action::Do(command) => self.handle_command(command),
            Action::Leave => self.session.leave(),
            Action::Sent(message) => {
                for id in PanelId::ALL {
                    self.panels.get_mut(*id).handle_message(&message, &self.session);
                }
                let (has_searched, is_second) =
                    (matches!(message, Message::Searched(_)), matches!(message, Message::Second { .. }));
                if let Message::NotKept(reason) = &message {
                    self.forget(reason);
                }
                self.session.handle_message(message);
                if has_searched {
                    self.recall_runs();
                }
                if is_second {
                    self.remember();
                }
            }
        }
        if let Some(panel) = self.session.wanted_focus.take() {
            self.focus = panel;
        }
        self.follow_preferences();
        if !is_event {
            self.session.load_what_is_drawn();
        }
        self.session.renew_notice();
        for id in self.visible() {
            if let Some(effect) = self.panels.get_mut(id).request(&mut self.session) {
                self.session.want(effect);
            }
        }
    }

    /// Where keys have their meaning now.
    pub fn key_scopes(&self) -> Vec<KeyScope> {
        if self.session.editing.is_some() {
            vec![KeyScope::Edit]
        } else if self.session.question.is_some() {
            vec![KeyScope::Question]
        } else if let Some(overlay) = &self.screen.overlay {
            match overlay {
                Overlay::Help(help) if help.is_typing => vec![KeyScope::Edit],
                Overlay::Help(_) => vec![KeyScope::Help],
                Overlay::Palette(_) => vec![KeyScope::Palette, KeyScope::Edit],
            }
        } else if self.session.playback.is_some() {
            vec![KeyScope::In(self.focus), KeyScope::Replay, KeyScope::Everywhere]
        } else {
            vec![KeyScope::In(self.focus), KeyScope::Everywhere]
        }
    }

    /// What the app wants done, once.
    pub fn effects(&mut self) -> Vec<Effect> {
        let mut effects = self.session.effects();
        if let Some(quit) = effects.iter().position(|it| *it == Effect::Terminal(TerminalEffect::Quit)) {
            self.remember();
            effects.splice(quit..quit, self.session.effects());
        }
        effects
    }

    /// Works out everything that painting a terminal of `size` needs.
    pub fn prepare(&mut self, size: Size) {
        self.session.runs.refresh();
        self.screen.size = size;
        self.arrange(size);
        self.keep_overlay_inside();
        for id in PanelId::ALL {
            let area = self.area(*id).map_or(Rect::ZERO, inside);
            self.panels.get_mut(*id).layout(&self.session, area);
        }
        self.prepare_pictures();
    }

    /// Works out which panels are on the screen, and where.
    fn arrange(&mut self, size: Size) {
        let page = self.page();
        let has_seek_bar = self.session.playback.is_some();
        let wishes = Asking { panels: &self.panels, session: &self.session };
        self.screen.arrangement = page.arrange(size, has_seek_bar, &wishes, &self.pane_sizes);
    }

    /// The page with the focused panel.
    fn page(&mut self) -> Page {
        if self.screen.zoomed {
            return Page::single(self.focus);
        }
        let found = self.pages.find(self.screen.size, self.focus, self.screen.page);
        if let Some(found) = found {
            (self.screen.page, self.screen.home) = (found, self.focus);
        }
        self.pages.page(self.screen.size, self.focus, found)
    }

    /// Whether something is painted over the panels.
    fn is_covered(&self) -> bool {
        let session = &self.session;
        let is_boxed = session.editing.as_ref().is_some_and(Editing::is_long);
        self.screen.overlay.is_some() || session.question.is_some() || is_boxed
    }

    /// Where a panel is, with its frame; `None` while it is on another page.
    pub fn area(&self, panel: PanelId) -> Option<Rect> {
        let panels = &self.screen.arrangement.as_ref()?.panels;
        panels.iter().find(|(id, _)| *id == panel).map(|(_, area)| *area)
    }

    /// The panels of the next frame.
    fn visible(&mut self) -> Vec<PanelId> {
        let Size { width, height } = self.screen.size;
        let is_shown = width >= LEAST.width && height >= LEAST.height;
        if is_shown { self.page().panels().collect() } else { Vec::new() }
    }

    /// The terminal may have lost its pictures: they are made anew.
    pub fn forget_pictures(&mut self) {
        self.pictured.clear();
    }

    /// Whether `command` makes sense now, for the footer.
    pub fn makes_sense(&self, command: AppCommand) -> bool {
        let session = &self.session;
        let trains = session.playback.is_none();
        let active = session.runs.active().is_some();
        match command {
            AppCommand::Panel(id, key) => self.panels.get(id).is_enabled(key, session),
            AppCommand::Answer(answer) => {
                session.question.is_none_or(|question| session.takes_answer(question, answer))
            }
            // What is wrong with the text is said beside it.
            AppCommand::Edit(super::command::EditCommand::Accept) => {
                session.editing.as_ref().is_none_or(|editing| editing.error.is_none())
            }
            AppCommand::Global(GlobalCommand::Train) => trains,
            AppCommand::Global(GlobalCommand::Stop) => trains && (active || session.fetching.is_some()),
            AppCommand::Global(GlobalCommand::Pause) => trains && active,
            AppCommand::Global(GlobalCommand::Twin) => {
                trains && session.runs.chosen().is_some_and(|run| run.stage != RunStage::Waiting)
            }
            AppCommand::Global(GlobalCommand::Detach) => session.can_detach(),
            AppCommand::Global(GlobalCommand::Lesions | GlobalCommand::LesionPairs) => session.can_lesion(),
            AppCommand::Global(GlobalCommand::Zoom) => {
                let several = self.screen.arrangement.as_ref().is_some_and(|all| all.panels.len() > 1);
                several || self.screen.zoomed
            }
            AppCommand::Global(_)
            | AppCommand::Replay(_)
            | AppCommand::Edit(_)
            | AppCommand::Help(_)
            | AppCommand::Palette(_) => true,
        }
    }
}

/// What a frame leaves of an area.
pub fn inside(area: Rect) -> Rect {
    area.inner(ratatui::layout::Margin::new(1, 1))
}
