//! A question, in the middle of the screen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use crate::domain::text::wrap;
use crate::tui::app::{App, HitTarget, Hits, inside};
use crate::tui::command::{AppCommand, KeyScope};
use crate::tui::keymap::shown;
use crate::tui::paint::{frame, put};
use crate::tui::session::Question;

/// Widest box, columns.
const WIDEST: u16 = 60;

/// Paints what is asked and the keys that answer it.
pub fn draw(app: &App, question: Question, text: &str, area: Rect, buf: &mut Buffer, hits: &mut Hits) {
    let theme = &app.session.theme;
    let width = WIDEST.min(area.width);
    let lines = wrap(text, usize::from(width.saturating_sub(4)));
    let height = (lines.len() as u16 + 4).min(area.height);
    let at = middle(area, width, height);
    Clear.render(at, buf);
    frame(buf, at, question.title(), "", true, theme);
    let inner = inside(at);
    for (i, line) in lines.iter().enumerate() {
        put(buf, inner, inner.x + 1, inner.y + i as u16, line, theme.text(), theme);
    }
    let row = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), ..inner };
    answers(app, question, row, at.bottom().saturating_sub(2), buf, hits);
}

/// The same without a frame, where there is no room for one: answers first, then as much of
/// the question as fits.
pub fn draw_plainly(
    app: &App,
    question: Question,
    text: &str,
    area: Rect,
    buf: &mut Buffer,
    hits: &mut Hits,
) {
    let below = answers(app, question, area, area.y, buf, hits) + 1;
    let text = format!("{} {text}", question.title());
    for (i, line) in wrap(&text, area.width.into()).iter().enumerate() {
        put(buf, area, area.x, below + i as u16, line, app.session.theme.text(), &app.session.theme);
    }
}

/// The keys that answer a question, in a row, or in several where it is too long; the last row.
fn answers(app: &App, question: Question, area: Rect, y: u16, buf: &mut Buffer, hits: &mut Hits) -> u16 {
    let theme = &app.session.theme;
    let (mut x, mut y) = (area.x, y);
    for (binding, keys) in app.keymap.rows(KeyScope::Question) {
        let (Some(word), Some(key)) = (binding.hint, keys.first()) else { continue };
        let word = match binding.command {
            AppCommand::Answer(answer) if !app.session.takes_answer(question, answer) => continue,
            AppCommand::Answer(answer) => question.label(answer),
            _ => word,
        };
        let key = shown(*key);
        let width = (key.width() + 1 + word.width()) as u16;
        if x > area.x && x + width > area.right() {
            (x, y) = (area.x, y + 1);
        }
        let start = x;
        x = put(buf, area, x, y, &key, theme.accent(), theme);
        x = put(buf, area, x, y, &format!(" {word}"), theme.text(), theme);
        hits.push((Rect { x: start, y, width: x - start, height: 1 }, HitTarget::Key(binding.command)));
        x += 3;
    }
    y
}

/// A box of this size in the middle of `area`.
pub fn middle(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect { x: area.x + (area.width - width) / 2, y: area.y + (area.height - height) / 2, width, height }
}
