//! Preferences: settings and keys of the config file, changed here and kept there.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::tui::chrome::input::draw_below_frame;
use crate::tui::paint::{cut, put};
use crate::tui::panel::{Click, Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind, PanelTarget};
use crate::tui::panes::Wish;
use crate::tui::preferences::{Preference, Preferences};
use crate::tui::session::{EditedText, Session};

/// Columns of the names.
const NAMES: u16 = 20;
/// Columns of the values, at least, before what they do.
const VALUES: usize = 12;
/// Rows of a page.
const PAGE: usize = 10;

/// The panel. The settings and the cursor are in the session.
#[derive(Debug, Default)]
pub struct PreferencesPanel {
    /// Where the panel is.
    area: Rect,
}

impl PanelKind for PreferencesPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Preferences",
        short: "Prefs",
        name: "preferences",
        focus: ("preferences", &["P"], "focus Preferences: theme, symbols, images, mouse, keys"),
        mouse: "click: choose a setting; click again: change it; wheel: move",
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("preference-up", &["up", "k"], "previous setting", |_, session| {
            session.preferences.select(session.preferences.row().saturating_sub(1));
        }),
        PanelKey::<Self>::new("preference-down", &["down", "j"], "next setting", |_, session| {
            session.preferences.select(session.preferences.row() + 1);
        }),
        PanelKey::<Self>::new("preference-previous", &["left", "h"], "previous choice", |_, session| {
            session.change_preference(false);
        }),
        PanelKey::<Self>::new("preference-next", &["right", "l"], "next choice", |_, session| {
            session.change_preference(true);
        })
        .hint("change")
        .enabled(|_, session| !matches!(session.preferences.chosen(), Preference::Keys(_))),
        PanelKey::<Self>::new(
            "preference-edit",
            &["enter"],
            "next choice; of a command, type its keys, such as t ctrl-t f5",
            |_, session| session.edit_preference(),
        )
        .hint("edit"),
        PanelKey::<Self>::new(
            "preference-default",
            &["d", "delete"],
            "the default, and nothing of it in the config file",
            |_, session| session.reset_preference(),
        )
        .hint("default"),
        PanelKey::<Self>::new(
            "preference-find",
            &["/"],
            "go to a setting: type part of its name",
            |_, session| {
                session.find_preference();
            },
        )
        .hint("find"),
        PanelKey::<Self>::new("preferences-up", &["pageup"], "page up", |_, session| {
            session.preferences.select(session.preferences.row().saturating_sub(PAGE));
        }),
        PanelKey::<Self>::new("preferences-down", &["pagedown"], "page down", |_, session| {
            session.preferences.select(session.preferences.row() + PAGE);
        }),
        PanelKey::<Self>::new("preference-first", &["home"], "first setting", |_, session| {
            session.preferences.select(0);
        }),
        PanelKey::<Self>::new("preference-last", &["end"], "last setting", |_, session| {
            session.preferences.select(usize::MAX);
        }),
    ];
}

impl PreferencesPanel {
    /// The first row that is seen.
    fn first(&self, session: &Session) -> usize {
        let rows = usize::from(self.area.height);
        let last = Preference::count().saturating_sub(rows);
        session.preferences.row().saturating_sub(rows / 2).min(last)
    }
}

impl Panel for PreferencesPanel {
    fn summary(&self, session: &Session, _room: usize) -> String {
        let (first, rows, all) = (self.first(session), usize::from(self.area.height), Preference::count());
        if rows == 0 || rows >= all {
            return "kept in the config file".into();
        }
        format!("{}–{} of {all}", first + 1, first + rows)
    }

    fn columns_wanted(&self, _session: &Session) -> Wish {
        Wish::new(NAMES + 11, NAMES + 80)
    }

    fn rows_wanted(&self, _session: &Session, _width: u16) -> Wish {
        Wish::new(6, Preference::count() as u16)
    }

    fn layout(&mut self, _session: &Session, area: Rect) {
        self.area = area;
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        let (session, area, theme) = (canvas.session, canvas.area, canvas.theme());
        let preferences = &session.preferences;
        let mut drawn = Drawn::default();
        let rows = (self.first(session)..Preference::count()).take(area.height.into());
        for (row, y) in rows.zip(area.y..) {
            let which = Preference::at(row);
            let style = match row == preferences.row() {
                true if canvas.is_focused => theme.selected(),
                true => theme.strong(),
                false => theme.dim(),
            };
            let name = format!("{:<width$}", which.name(), width = usize::from(NAMES) - 1);
            put(buf, area, area.x, y, &name, style, theme);
            let value = preferences.value(which);
            let is_own = value != Preferences::default_of(which);
            let style = if is_own { theme.accent() } else { theme.text() };
            let value = if value.is_empty() { "–" } else { &value };
            let x = area.x + NAMES;
            let room = usize::from(area.right().saturating_sub(x));
            let values = (room / 4).max(VALUES);
            put(buf, area, x, y, &cut(value, room.min(values)), style, theme);
            let about = x + values as u16 + 1;
            let left = usize::from(area.right().saturating_sub(about));
            // Less of it says nothing.
            if left > 12 {
                put(buf, area, about, y, &cut(&which.about(), left), theme.dim(), theme);
            }
            drawn.hits.push((Rect { y, height: 1, ..area }, PanelTarget::Row(row)));
        }
        let finding = session.editing.as_ref();
        let finding = finding.filter(|editing| matches!(editing.what, EditedText::PreferenceName(_)));
        drawn.cursor = draw_below_frame(&preferences.chosen().about(), finding, area, buf, theme);
        drawn
    }

    fn click(&mut self, click: Click, session: &mut Session) {
        if let PanelTarget::Row(row) = click.target
            && !click.is_drag
        {
            let again = click.was_focused && session.preferences.row() == row;
            session.preferences.select(row);
            if again {
                session.edit_preference();
            }
        }
    }

    fn wheel(&mut self, by: isize, _at: Position, session: &mut Session) {
        session.preferences.select(session.preferences.row().saturating_add_signed(by));
    }
}
