//! What a panel is: one part of the screen, with its state, its keys, what it asks the
//! background for, and how it is drawn.
//!
//! A panel is a type in [`panels`](super::panels) that implements [`PanelKind`] (what it is
//! called, its keys) and [`Panel`] (what it does), and a line in the registry there. It
//! reads and changes what all panels share, the [`Session`], and never another panel.

use std::fmt;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::action::{Effect, Message};
use super::images::{Font, Paint, PictureKey};
use super::panels::WiringTarget;
use super::panes::Wish;
use super::session::Session;
use super::theme::Theme;

/// What a panel is called.
#[derive(Debug)]
pub struct PanelFacts {
    /// On its frame; underlined there is the first letter, which with Shift focuses it.
    pub title: &'static str,
    /// Where there is little room.
    pub short: &'static str,
    /// In the config file.
    pub name: &'static str,
    /// The binding that focuses it: name, key and help.
    pub focus: (&'static str, &'static [&'static str], &'static str),
    /// What the mouse does in it, for the help.
    pub mouse: &'static str,
}

/// A key of a panel and what it does.
#[derive(Debug)]
pub struct PanelKey<P> {
    /// In the config file.
    pub name: &'static str,
    /// Keys, unless the config file says others.
    pub keys: &'static [&'static str],
    /// The help's words.
    pub about: &'static str,
    /// The footer's word, for the few that belong there.
    pub hint: Option<&'static str>,
    /// Whether the footer shows it now.
    pub is_enabled: fn(&P, &Session) -> bool,
    /// What it does.
    pub run: fn(&mut P, &mut Session),
}

impl<P> PanelKey<P> {
    /// A key that the help lists.
    pub const fn new(
        name: &'static str,
        keys: &'static [&'static str],
        about: &'static str,
        run: fn(&mut P, &mut Session),
    ) -> Self {
        Self { name, keys, about, hint: None, is_enabled: |_, _| true, run }
    }

    /// One that the footer shows, too.
    pub const fn hint(mut self, word: &'static str) -> Self {
        self.hint = Some(word);
        self
    }

    /// Shows the hint only where it can do something.
    pub const fn enabled(mut self, is_enabled: fn(&P, &Session) -> bool) -> Self {
        self.is_enabled = is_enabled;
        self
    }
}

/// What is the same for every instance of a panel.
pub trait PanelKind: Sized + 'static {
    /// Its names.
    const FACTS: PanelFacts;
    /// Its keys, in the order of the help.
    const KEYS: &'static [PanelKey<Self>];
}

/// The keys of a panel whose type is not known; every [`PanelKind`] has it.
pub trait PressKey {
    /// Does what the key at this place of [`PanelKind::KEYS`] does.
    fn press(&mut self, key: usize, session: &mut Session);

    /// Whether the footer shows it.
    fn is_enabled(&self, key: usize, session: &Session) -> bool;
}

impl<P: PanelKind> PressKey for P {
    fn press(&mut self, key: usize, session: &mut Session) {
        if let Some(key) = P::KEYS.get(key) {
            (key.run)(self, session);
        }
    }

    fn is_enabled(&self, key: usize, session: &Session) -> bool {
        P::KEYS.get(key).is_some_and(|key| (key.is_enabled)(self, session))
    }
}

/// A part of the screen.
///
/// Before each frame [`layout`](Panel::layout) computes what depends on the size, then
/// [`draw`](Panel::draw) paints and says what can be clicked. Neither changes anything else.
pub trait Panel: PressKey + fmt::Debug {
    /// Beside the title, in about `room` columns.
    fn summary(&self, session: &Session, room: usize) -> String;

    /// The columns that it asks for, for what it has to show now. What changes with every key
    /// should have no part in it, or all panes would move.
    fn columns_wanted(&self, _session: &Session) -> Wish {
        Wish::new(40, 100).or_more()
    }

    /// The rows that it asks for where it is `width` columns wide.
    fn rows_wanted(&self, _session: &Session, _width: u16) -> Wish {
        Wish::new(8, 30).or_more()
    }

    /// Takes notice of where the panel is inside its frame; empty while it is not on the screen.
    fn layout(&mut self, _session: &Session, _area: Rect) {}

    /// Paints the panel.
    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn;

    /// What it needs from the background and has not asked for; called after every change
    /// while the panel is on the screen.
    fn request(&mut self, _session: &mut Session) -> Option<Effect> {
        None
    }

    /// Takes in an answer, or what else matters to it, before [`Session`] does.
    fn handle_message(&mut self, _message: &Message, _session: &Session) {}

    /// Ask again for what could not be read.
    fn retry(&mut self) {}

    /// Closes what is open in it; `false` where nothing is.
    fn close(&mut self, _session: &mut Session) -> bool {
        false
    }

    /// The left button on something in the panel.
    fn click(&mut self, _click: Click, _session: &mut Session) {}

    /// The wheel: -1 is one notch up, 1 one down.
    fn wheel(&mut self, by: isize, at: Position, session: &mut Session);

    /// What decides which pictures it has, where it has any that a terminal could show in
    /// its own pixels.
    fn picture_key(&self, _session: &Session, _area: Rect, _font: Font) -> Option<PictureKey> {
        None
    }
}

/// What a panel is painted with.
#[derive(Debug, Clone, Copy)]
pub struct PanelCanvas<'a> {
    /// What all panels share.
    pub session: &'a Session,
    /// Inside the frame.
    pub area: Rect,
    /// Whether keys go to this panel.
    pub is_focused: bool,
    /// How pictures are painted.
    pub paint: Paint<'a>,
}

impl PanelCanvas<'_> {
    /// Colours and symbols.
    pub const fn theme(&self) -> &Theme {
        &self.session.theme
    }
}

/// What painting a panel says.
#[derive(Debug, Default)]
pub struct Drawn {
    /// What can be clicked; later ones lie above earlier ones.
    pub hits: Vec<(Rect, PanelTarget)>,
    /// Where the text cursor is.
    pub cursor: Option<Position>,
}

/// Something in a panel that can be clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PanelTarget {
    /// The panel itself.
    Background,
    /// The row with this number.
    Row(usize),
    /// The mark at the beginning of the row with this number.
    Mark(usize),
    /// Part of the diagram.
    Wiring(WiringTarget),
}

/// A click, or a drag.
#[derive(Debug, Clone, Copy)]
pub struct Click {
    /// What it met.
    pub target: PanelTarget,
    /// The cell.
    pub at: Position,
    /// Whether the panel had the focus before.
    pub was_focused: bool,
    /// Whether the button was held while the mouse moved here.
    pub is_drag: bool,
}
