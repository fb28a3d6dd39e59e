//! Setup: the draft's fields.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::widgets::{Clear, Widget};

use super::question::middle;
use crate::domain::text::{harmless, wrap};
use crate::tui::app::{App, Editing, Hits, Spot, Typing, inside};
use crate::tui::command::Panel;
use crate::tui::paint::{cut, frame, put};
use crate::tui::setup::Field;

/// Columns of the names.
const NAMES: u16 = 15;

/// Columns below which the title is as short as can be.
const NARROW: u16 = 20;

/// Widest box for a long text, columns.
const WIDEST: u16 = 110;

/// The field being typed in the panel; what has a box of its own is said there.
fn typing(app: &App) -> Option<&Editing> {
    app.editing.as_ref().filter(|editing| matches!(editing.what, Typing::Field(_)) && !editing.is_long())
}

/// The first field that is seen, and how many are, above so many notes.
fn visible(app: &App, notes: usize, area: Rect) -> (u16, u16) {
    let height = area.height.saturating_sub(notes as u16);
    let fields = Field::all().len() as u16;
    let first = (app.setup.row() as u16).saturating_sub(height / 2).min(fields.saturating_sub(height));
    (first, height)
}

/// The panel's title says which fields are seen, where not all of them are.
pub fn summary(app: &App, area: Rect) -> String {
    let (first, height) = visible(app, notes(app, typing(app), area).len(), area);
    let fields = Field::all().len() as u16;
    if height == 0 || height >= fields {
        return "the next run".into();
    }
    let of = if area.width < NARROW { "/" } else { " of " };
    format!("{}–{}{of}{fields}", first + 1, first + height)
}

/// Paints the fields, and says where the text cursor is.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer, hits: &mut Hits) -> Option<Position> {
    let theme = &app.theme;
    let typing = typing(app);
    let notes = notes(app, typing, area);
    let chosen = app.setup.row() as u16;
    let (first, height) = visible(app, notes.len(), area);
    let focused = app.focus == Panel::Setup;
    let mut cursor = None;
    for (place, field) in Field::all().enumerate().skip(first.into()).take(height.into()) {
        let y = area.y + place as u16 - first;
        let is_chosen = place == usize::from(chosen);
        let name = match is_chosen {
            true if focused => theme.selected(),
            true => theme.strong(),
            false => theme.dim(),
        };
        put(
            buf,
            area,
            area.x,
            y,
            &format!("{:<width$}", field.name(), width = usize::from(NAMES) - 1),
            name,
            theme,
        );
        let x = area.x + NAMES;
        let room = area.right().saturating_sub(x);
        hits.push((Rect { y, height: 1, ..area }, Spot::Field(place)));
        match typing.filter(|_| is_chosen) {
            Some(editing) => cursor = draw_input(app, editing, Rect { x, y, width: room, height: 1 }, buf),
            None => {
                let unusual = app.setup.is_unusual(field, &app.draft);
                let style = if unusual { theme.accent() } else { theme.text() };
                let value = app.setup.value(field, &app.draft);
                let value = if value.is_empty() { "–" } else { &value };
                put(buf, area, x, y, &cut(value, room.into()), style, theme);
            }
        }
    }
    for (i, note) in notes.iter().enumerate() {
        let style = match typing.is_some_and(|editing| editing.fault.is_some()) {
            true => theme.bad(),
            false => theme.dim(),
        };
        put(buf, area, area.x, area.y + height + i as u16, note, style, theme);
    }
    cursor
}

/// What the chosen field means, or what is wrong with what is being typed.
fn notes(app: &App, typing: Option<&Editing>, area: Rect) -> Vec<String> {
    if area.height < 6 {
        return Vec::new();
    }
    let field = app.setup.field();
    let text = match typing.and_then(|editing| editing.fault.as_deref()) {
        Some(fault) => fault.to_owned(),
        None => {
            let usual =
                app.setup.default_of(field, &app.draft).filter(|_| app.setup.is_unusual(field, &app.draft));
            let device = matches!(field, Field::Device).then(|| app.setup.about_device()).flatten();
            let device = device.map_or(String::new(), |device| format!(": {}", harmless(&device, 400)));
            let usual = usual.map_or(String::new(), |usual| format!(" (the paper's: {usual})"));
            format!("{}{device}{usual}", field.about())
        }
    };
    let most = usize::from(area.height / 3);
    let mut lines = wrap(&text, area.width.into());
    if lines.len() > most {
        lines.truncate(most);
        lines.last_mut().into_iter().for_each(|line| *line = cut(&format!("{line} …"), area.width.into()));
    }
    lines
}

/// A long text being typed, in a box of its own, with what is wrong with it.
pub fn draw_box(app: &App, editing: &Editing, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.theme;
    let width = WIDEST.min(area.width);
    let room = usize::from(width.saturating_sub(4));
    let (text, style) = match &editing.fault {
        Some(fault) => (fault.as_str(), theme.bad()),
        None => ("Enter takes it, Esc leaves it as it was", theme.dim()),
    };
    let notes = wrap(text, room);
    let at = middle(area, width, notes.len() as u16 + 4);
    Clear.render(at, buf);
    frame(buf, at, editing.title(), "", true, theme);
    let inner = inside(at).inner(Margin::new(1, 0));
    for (i, note) in notes.iter().enumerate() {
        put(buf, inner, inner.x, inner.y + 2 + i as u16, note, style, theme);
    }
    draw_input(app, editing, Rect { height: 1.min(inner.height), ..inner }, buf)
}

/// A line of text being typed; where its cursor is.
pub fn draw_input(app: &App, editing: &Editing, area: Rect, buf: &mut Buffer) -> Option<Position> {
    if area.width < 2 || area.height == 0 {
        return None;
    }
    let scroll = editing.input.visual_scroll(usize::from(area.width) - 1);
    let shown: String = editing.input.value().chars().skip(scroll).collect();
    let style = if editing.fault.is_some() { app.theme.bad() } else { app.theme.strong() };
    put(buf, area, area.x, area.y, &shown, style, &app.theme);
    let at = editing.input.visual_cursor().saturating_sub(scroll) as u16;
    Some(Position::new((area.x + at).min(area.right() - 1), area.y))
}
