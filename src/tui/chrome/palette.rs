//! The command palette: a line to type in, and the commands that it finds.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::widgets::{Clear, Widget};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::input::draw_input;
use super::question::middle;
use crate::domain::text::plural;
use crate::tui::app::{App, HitTarget, Hits, inside};
use crate::tui::overlay::{CommandPalette, PaletteRow};
use crate::tui::paint::{frame, put};

/// Largest box.
const WIDEST: u16 = 120;
const TALLEST: u16 = 24;

/// The last row that the cursor can be on.
pub fn last_row(app: &App, open: &CommandPalette) -> usize {
    app.palette_rows(open).len().saturating_sub(1)
}

/// Paints the palette over everything; where its text cursor is.
pub fn draw(
    app: &App,
    open: &CommandPalette,
    area: Rect,
    buf: &mut Buffer,
    hits: &mut Hits,
) -> Option<Position> {
    let theme = &app.session.theme;
    let rows = app.palette_rows(open);
    let width = WIDEST.min(area.width.saturating_sub(2).max(area.width.min(40)));
    // As tall whatever is found, so that nothing moves while one types.
    let at = middle(area, width, TALLEST.min(area.height.saturating_sub(2)));
    Clear.render(at, buf);
    frame(buf, at, "Commands", &plural(rows.len(), "command"), true, theme);
    let inner = inside(at);
    let line =
        Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), height: 1.min(inner.height), ..inner };
    let x = put(buf, line, line.x, line.y, "> ", theme.accent(), theme);
    let cursor = draw_input(
        &open.input,
        Rect { x, width: line.right().saturating_sub(x), ..line },
        theme.strong(),
        buf,
        theme,
    );
    let list = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    let room = usize::from(list.height);
    let first = (open.row + 1).saturating_sub(room);
    if rows.is_empty() {
        put(buf, list, list.x + 1, list.y, "no such command; Esc: close", theme.dim(), theme);
    }
    for (i, row) in rows.iter().enumerate().skip(first).take(room) {
        let place = Rect { y: list.y + (i - first) as u16, height: 1, ..list };
        draw_row(app, row, i == open.row, place, buf);
        hits.push((place, HitTarget::PaletteRow(i)));
    }
    cursor
}

fn draw_row(app: &App, row: &PaletteRow, is_chosen: bool, area: Rect, buf: &mut Buffer) {
    let theme = &app.session.theme;
    let key = app.keymap.key_of(row.binding.command).unwrap_or_default();
    let style = if app.makes_sense(row.binding.command) { theme.text() } else { theme.dim() };
    let mark = if is_chosen { theme.glyph("▸", ">") } else { " " };
    let mut x = put(buf, area, area.x, area.y, mark, theme.accent(), theme);
    let text = Rect { width: area.width.saturating_sub(key.width() as u16 + 3), ..area };
    for (i, c) in (0..).zip(row.text.chars()) {
        if x + c.width().unwrap_or(0) as u16 > text.right() {
            // The last column that there is.
            put(buf, area, text.right() - 1, area.y, theme.glyph("…", "~"), theme.dim(), theme);
            break;
        }
        let style = if row.matched.binary_search(&i).is_ok() { theme.accent() } else { style };
        x = put(buf, text, x, area.y, c.encode_utf8(&mut [0; 4]), style, theme);
    }
    put(buf, area, area.right().saturating_sub(key.width() as u16 + 1), area.y, &key, theme.accent(), theme);
    if is_chosen {
        buf.set_style(area, theme.selected());
    }
}
