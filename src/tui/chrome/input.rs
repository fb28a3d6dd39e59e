//! Text being typed: a line of it, or a box.

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};
use tui_input::Input;

use super::question::middle;
use crate::domain::text::wrap;
use crate::tui::app::inside;
use crate::tui::paint::{frame, put};
use crate::tui::session::Editing;
use crate::tui::theme::Theme;

/// Widest box, columns.
const WIDEST: u16 = 110;

/// A long text in a box of its own, with what is wrong with it; where its cursor is.
pub fn draw_box(editing: &Editing, area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
    let width = WIDEST.min(area.width);
    let room = usize::from(width.saturating_sub(4));
    let (text, style) = match &editing.error {
        Some(error) => (error.as_str(), theme.bad()),
        None if !editing.about.is_empty() => (editing.about.as_str(), theme.dim()),
        None => ("Enter: apply · Esc: cancel", theme.dim()),
    };
    let notes = wrap(text, room);
    let at = middle(area, width, notes.len() as u16 + 4);
    Clear.render(at, buf);
    frame(buf, at, editing.title(), "", true, theme);
    let inner = inside(at).inner(Margin::new(1, 0));
    for (i, note) in notes.iter().enumerate() {
        put(buf, inner, inner.x, inner.y + 2 + i as u16, note, style, theme);
    }
    draw_line(editing, Rect { height: 1.min(inner.height), ..inner }, buf, theme)
}

/// A line of text; where its cursor is.
pub fn draw_line(editing: &Editing, area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
    let style = if editing.error.is_some() { theme.bad() } else { theme.strong() };
    draw_input(&editing.input, area, style, buf, theme)
}

/// A text and its cursor; where that is.
pub fn draw_input(
    input: &Input,
    area: Rect,
    style: Style,
    buf: &mut Buffer,
    theme: &Theme,
) -> Option<Position> {
    if area.width < 2 || area.height == 0 {
        return None;
    }
    let scroll = input.visual_scroll(usize::from(area.width) - 1);
    let shown: String = input.value().chars().skip(scroll).collect();
    put(buf, area, area.x, area.y, &shown, style, theme);
    let at = input.visual_cursor().saturating_sub(scroll) as u16;
    Some(Position::new((area.x + at).min(area.right() - 1), area.y))
}
