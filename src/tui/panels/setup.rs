//! Setup: the draft's fields.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};

use crate::domain::text::{harmless, wrap};
use crate::tui::chrome::input::{draw_below_frame, draw_line};
use crate::tui::log::Level;
use crate::tui::paint::{cut, put};
use crate::tui::panel::{Click, Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind, PanelTarget};
use crate::tui::panes::Wish;
use crate::tui::session::{EditedText, Editing, Session};
use crate::tui::setup::Field;
use crate::tui::theme::Theme;

/// Columns of the names.
const NAMES: u16 = 16;
/// Columns below which the title is as short as can be.
const NARROW: u16 = 20;

/// Rows of a page.
const PAGE: isize = 10;

/// The panel. Which field is under the cursor is in the session.
#[derive(Debug, Default)]
pub struct SetupPanel {
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
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("field-up", &["up", "k"], "previous field", |_, session| move_by(-1, session)),
        PanelKey::<Self>::new("field-down", &["down", "j"], "next field", |_, session| move_by(1, session)),
        PanelKey::<Self>::new(
            "field-previous",
            &["left", "h"],
            "previous choice, or a smaller number",
            |_, session| {
                change(false, session);
            },
        ),
        PanelKey::<Self>::new(
            "field-next",
            &["right", "l"],
            "next choice, or a larger number",
            |_, session| {
                change(true, session);
            },
        )
        .hint("change"),
        PanelKey::<Self>::new("field-edit", &["enter"], "type a value; checked as you type", |_, session| {
            session.edit_field(session.setup.field());
        })
        .hint("edit"),
        PanelKey::<Self>::new(
            "field-default",
            &["d", "delete"],
            "the default value for this dataset",
            |_, session| {
                set_default(session);
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
        PanelKey::<Self>::new(
            "find-field",
            &["/"],
            "go to a field: type the beginning of its name",
            |_, session| {
                session.find_field();
            },
        )
        .hint("find"),
        PanelKey::<Self>::new("fields-up", &["pageup"], "page up", |_, session| move_by(-PAGE, session)),
        PanelKey::<Self>::new("fields-down", &["pagedown"], "page down", |_, session| move_by(PAGE, session)),
        PanelKey::<Self>::new("field-first", &["home"], "first field", |_, session| session.setup.select(0)),
        PanelKey::<Self>::new("field-last", &["end"], "last field", |_, session| {
            session.setup.select(usize::MAX);
        }),
    ];
}

/// A row of the panel.
#[derive(Clone, Copy)]
enum Row {
    Heading(&'static str),
    /// A field, by its place among all.
    Field(usize, Field),
}

/// All rows: headings, and the fields below them.
fn rows() -> impl Iterator<Item = Row> {
    Field::all().enumerate().flat_map(|(place, field)| {
        field.heading().map(Row::Heading).into_iter().chain([Row::Field(place, field)])
    })
}

/// The first row that is seen in so many.
fn first_seen(session: &Session, height: u16) -> u16 {
    let chosen = rows().position(|row| matches!(row, Row::Field(place, _) if place == session.setup.row()));
    let chosen = chosen.unwrap_or(0) as u16;
    chosen.saturating_sub(height / 2).min((rows().count() as u16).saturating_sub(height))
}

/// What the field under the cursor means, and its default where it has another value.
fn help(session: &Session) -> String {
    let (field, setup, draft) = (session.setup.field(), &session.setup, &session.draft);
    let usual = setup.default_of(field, draft).filter(|_| setup.is_unusual(field, draft));
    let device = matches!(field, Field::Device).then(|| setup.about_device()).flatten();
    let device = device.map_or(String::new(), |device| format!(": {}", harmless(&device, 400)));
    // Where the end is cut off, this is not.
    let usual = usual.map_or(String::new(), |usual| format!("default: {usual} · "));
    format!("{usual}{}{device}", field.about())
}

impl Panel for SetupPanel {
    /// Which fields are seen, where not all of them are.
    fn summary(&self, session: &Session, _room: usize) -> String {
        let (first, height) = (first_seen(session, self.area.height), self.area.height);
        if height == 0 || usize::from(height) >= rows().count() {
            return "the next run".into();
        }
        let of = if self.area.width < NARROW { "/" } else { " of " };
        let seen = rows().skip(first.into()).take(height.into());
        let mut places = seen.filter_map(|row| match row {
            Row::Field(place, _) => Some(place + 1),
            Row::Heading(_) => None,
        });
        let from = places.next().unwrap_or(1);
        format!("{from}–{}{of}{}", places.last().unwrap_or(from), Field::all().len())
    }

    fn columns_wanted(&self, _session: &Session) -> Wish {
        Wish::new(NAMES + 11, NAMES + 30)
    }

    fn rows_wanted(&self, _session: &Session, _width: u16) -> Wish {
        Wish::new(6, rows().count() as u16)
    }

    fn layout(&mut self, _session: &Session, area: Rect) {
        self.area = area;
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        let (session, area, theme) = (canvas.session, canvas.area, canvas.theme());
        let typing = typing(session);
        let first = first_seen(session, area.height);
        let mut drawn = Drawn::default();
        let mut chosen = area.y;
        for (y, row) in (area.y..area.bottom()).zip(rows().skip(first.into())) {
            let (row, field) = match row {
                Row::Field(place, field) => (place, field),
                Row::Heading(heading) => {
                    put(buf, area, area.x, y, heading, theme.strong(), theme);
                    continue;
                }
            };
            let is_chosen = row == session.setup.row();
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
            if is_chosen {
                chosen = y;
            }
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
        match typing.map(|editing| editing.error.as_deref()) {
            Some(Some(error)) => note_at(error, chosen, theme.bad(), area, buf, theme),
            Some(None) => note_at(&help(session), chosen, theme.dim(), area, buf, theme),
            None => drawn.cursor = draw_below(canvas, buf).or(drawn.cursor),
        }
        drawn
    }

    fn click(&mut self, click: Click, session: &mut Session) {
        if let PanelTarget::Row(row) = click.target
            && !click.is_drag
        {
            // The second click on a field edits it.
            let again = click.was_focused && session.setup.row() == row;
            session.setup.select(row);
            if again {
                session.edit_field(session.setup.field());
            }
        }
    }

    fn wheel(&mut self, by: isize, _at: Position, session: &mut Session) {
        move_by(by, session);
    }
}

/// What is said of the field being typed: over other fields, in the rows below it, or above it
/// where there is more room.
fn note_at(text: &str, row: u16, style: Style, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let mut lines = wrap(text, usize::from(area.width).saturating_sub(2));
    let (above, below) = (row - area.y, area.bottom().saturating_sub(row + 1));
    let room = usize::from(above.max(below));
    if lines.len() > room {
        lines.truncate(room);
        let width = usize::from(area.width).saturating_sub(2);
        lines.last_mut().into_iter().for_each(|line| *line = cut(&format!("{line} …"), width));
    }
    let count = lines.len() as u16;
    let y = if count <= below { row + 1 } else { row.saturating_sub(count) };
    for (line, y) in lines.iter().zip(y..) {
        Clear.render(Rect { y, height: 1, ..area }.intersection(area), buf);
        put(buf, area, area.x + 2, y, line, style, theme);
    }
}

/// What the field under the cursor means, or the name that is typed to find one.
fn draw_below(canvas: &PanelCanvas, buf: &mut Buffer) -> Option<Position> {
    let (session, area, theme) = (canvas.session, canvas.area, canvas.theme());
    let finding = session.editing.as_ref().filter(|it| matches!(it.what, EditedText::FieldName(_)));
    draw_below_frame(&help(session), finding, area, buf, theme)
}

/// The field being typed in the panel; what has a box of its own is shown there.
fn typing(session: &Session) -> Option<&Editing> {
    let is_here = |editing: &&Editing| matches!(editing.what, EditedText::Field(_)) && !editing.is_long();
    session.editing.as_ref().filter(is_here)
}

fn move_by(by: isize, session: &mut Session) {
    session.setup.select(session.setup.row().saturating_add_signed(by));
}

fn change(forward: bool, session: &mut Session) {
    let field = session.setup.field();
    match session.setup.neighbour(field, &session.draft, forward) {
        Some(value) => set(field, &value, session),
        None => {
            let text = format!("{}: no further choice; press Enter to type a value", field.name());
            session.say(Level::Info, text);
        }
    }
}

fn set_default(session: &mut Session) {
    let field = session.setup.field();
    match session.setup.default_of(field, &session.draft) {
        Some(value) => set(field, &value, session),
        None => session.say(Level::Info, format!("{}: no default", field.name())),
    }
}

fn set(field: Field, value: &str, session: &mut Session) {
    if let Err(error) = session.setup.set(field, value, &mut session.draft) {
        session.say(Level::Warn, error.to_string());
    }
}
