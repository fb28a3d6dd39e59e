//! Setup: the draft's fields.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::domain::text::{harmless, wrap};
use crate::tui::chrome::input::draw_line;
use crate::tui::log::Level;
use crate::tui::paint::{cut, put};
use crate::tui::panel::{Click, Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind, PanelTarget};
use crate::tui::session::{EditedText, Editing, Session};
use crate::tui::setup::Field;

/// Columns of the names.
const NAMES: u16 = 15;
/// Columns below which the title is as short as can be.
const NARROW: u16 = 20;

/// The panel.
#[derive(Debug, Default)]
pub struct SetupPanel {
    /// The field under the cursor.
    row: usize,
    /// Where the panel is.
    area: Rect,
}

impl PanelKind for SetupPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Setup",
        short: "Setup",
        name: "setup",
        focus: ("setup", &["S"], "focus Setup"),
        mouse: "click: choose a field; click again: edit it; wheel: move",
        share: (10, 11),
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("field-up", &["up", "k"], "previous field", |panel, _| panel.move_by(-1)),
        PanelKey::<Self>::new("field-down", &["down", "j"], "next field", |panel, _| panel.move_by(1)),
        PanelKey::<Self>::new(
            "field-previous",
            &["left", "h"],
            "previous choice, or a smaller number",
            |panel, session| {
                panel.change(false, session);
            },
        ),
        PanelKey::<Self>::new(
            "field-next",
            &["right", "l"],
            "next choice, or a larger number",
            |panel, session| {
                panel.change(true, session);
            },
        )
        .hint("change"),
        PanelKey::<Self>::new(
            "field-edit",
            &["enter"],
            "type a value; checked as you type",
            |panel, session| {
                session.edit_field(panel.field());
            },
        )
        .hint("edit"),
        PanelKey::<Self>::new(
            "field-default",
            &["d", "delete"],
            "the paper's value for this dataset",
            |panel, session| {
                panel.set_default(session);
            },
        )
        .hint("default"),
        PanelKey::<Self>::new(
            "save-preset",
            &["w"],
            "save the draft as a preset of your own",
            |_, session| {
                session.edit_preset_name();
            },
        )
        .hint("save"),
        PanelKey::<Self>::new("field-first", &["home"], "first field", |panel, _| panel.select(0)),
        PanelKey::<Self>::new("field-last", &["end"], "last field", |panel, _| panel.select(usize::MAX)),
    ];
}

impl SetupPanel {
    /// The row under the cursor.
    pub const fn row(&self) -> usize {
        self.row
    }

    /// The field under the cursor.
    pub fn field(&self) -> Field {
        Field::all().nth(self.row).unwrap_or(Field::Line)
    }

    /// Moves the cursor to a row; to the last where there are not so many.
    pub fn select(&mut self, row: usize) {
        self.row = row.min(Field::all().len() - 1);
    }

    fn move_by(&mut self, by: isize) {
        self.select(self.row.saturating_add_signed(by));
    }

    fn change(&self, forward: bool, session: &mut Session) {
        let field = self.field();
        match session.setup.neighbour(field, &session.draft, forward) {
            Some(value) => set(field, &value, session),
            None => {
                let text = format!("{}: no further choice; press Enter to type a value", field.name());
                session.say(Level::Info, text);
            }
        }
    }

    fn set_default(&self, session: &mut Session) {
        let field = self.field();
        match session.setup.default_of(field, &session.draft) {
            Some(value) => set(field, &value, session),
            None => session.say(Level::Info, format!("{}: no default", field.name())),
        }
    }

    /// The first field that is seen, and how many are, above so many notes.
    fn visible(&self, notes: usize, area: Rect) -> (u16, u16) {
        let height = area.height.saturating_sub(notes as u16);
        let fields = Field::all().len() as u16;
        let first = (self.row as u16).saturating_sub(height / 2).min(fields.saturating_sub(height));
        (first, height)
    }

    /// What the chosen field means, or what is wrong with what is being typed.
    fn notes(&self, session: &Session, area: Rect) -> Vec<String> {
        if area.height < 6 {
            return Vec::new();
        }
        let (field, setup, draft) = (self.field(), &session.setup, &session.draft);
        let text = match typing(session).and_then(|editing| editing.error.as_deref()) {
            Some(error) => error.to_owned(),
            None => {
                let usual = setup.default_of(field, draft).filter(|_| setup.is_unusual(field, draft));
                let device = matches!(field, Field::Device).then(|| setup.about_device()).flatten();
                let device = device.map_or(String::new(), |device| format!(": {}", harmless(&device, 400)));
                let usual = usual.map_or(String::new(), |usual| format!(" (paper: {usual})"));
                format!("{}{device}{usual}", field.about())
            }
        };
        let most = usize::from(area.height / 3);
        let mut lines = wrap(&text, area.width.into());
        if lines.len() > most {
            lines.truncate(most);
            let width = area.width.into();
            lines.last_mut().into_iter().for_each(|line| *line = cut(&format!("{line} …"), width));
        }
        lines
    }
}

impl Panel for SetupPanel {
    /// Which fields are seen, where not all of them are.
    fn summary(&self, session: &Session, _room: usize) -> String {
        let (first, height) = self.visible(self.notes(session, self.area).len(), self.area);
        let fields = Field::all().len() as u16;
        if height == 0 || height >= fields {
            return "the next run".into();
        }
        let of = if self.area.width < NARROW { "/" } else { " of " };
        format!("{}–{}{of}{fields}", first + 1, first + height)
    }

    fn layout(&mut self, _session: &Session, area: Rect) {
        self.area = area;
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        let (session, area, theme) = (canvas.session, canvas.area, canvas.theme());
        let typing = typing(session);
        let notes = self.notes(session, area);
        let (first, height) = self.visible(notes.len(), area);
        let mut drawn = Drawn::default();
        for (row, field) in Field::all().enumerate().skip(first.into()).take(height.into()) {
            let y = area.y + row as u16 - first;
            let is_chosen = row == self.row;
            let style = match is_chosen {
                true if canvas.is_focused => theme.selected(),
                true => theme.strong(),
                false => theme.dim(),
            };
            let name = format!("{:<width$}", field.name(), width = usize::from(NAMES) - 1);
            put(buf, area, area.x, y, &name, style, theme);
            let x = area.x + NAMES;
            let room = area.right().saturating_sub(x);
            drawn.hits.push((Rect { y, height: 1, ..area }, PanelTarget::Row(row)));
            if let Some(editing) = typing.filter(|_| is_chosen) {
                drawn.cursor = draw_line(editing, Rect { x, y, width: room, height: 1 }, buf, theme);
                continue;
            }
            let unusual = session.setup.is_unusual(field, &session.draft);
            let style = if unusual { theme.accent() } else { theme.text() };
            let value = session.setup.value(field, &session.draft);
            let value = if value.is_empty() { "–" } else { &value };
            put(buf, area, x, y, &cut(value, room.into()), style, theme);
        }
        let is_wrong = typing.is_some_and(|editing| editing.error.is_some());
        let style = if is_wrong { theme.bad() } else { theme.dim() };
        for (i, note) in notes.iter().enumerate() {
            put(buf, area, area.x, area.y + height + i as u16, note, style, theme);
        }
        drawn
    }

    fn click(&mut self, click: Click, session: &mut Session) {
        if let PanelTarget::Row(row) = click.target
            && !click.is_drag
        {
            // The second click on a field edits it.
            let again = click.was_focused && self.row == row;
            self.select(row);
            if again {
                session.edit_field(self.field());
            }
        }
    }

    fn wheel(&mut self, by: isize, _at: Position, _session: &mut Session) {
        self.move_by(by);
    }
}

/// The field being typed in the panel; what has a box of its own is shown there.
fn typing(session: &Session) -> Option<&Editing> {
    let is_here = |editing: &&Editing| matches!(editing.what, EditedText::Field(_)) && !editing.is_long();
    session.editing.as_ref().filter(is_here)
}

fn set(field: Field, value: &str, session: &mut Session) {
    if let Err(error) = session.setup.set(field, value, &mut session.draft) {
        session.say(Level::Warn, error.to_string());
    }
}
