//! Help: every key of the focused panel, then those that hold everywhere.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::question::middle;
use crate::domain::text::wrap;
use crate::tui::app::{App, inside};
use crate::tui::command::KeyScope;
use crate::tui::paint::{frame, put};

/// Widest box, columns.
const WIDEST: u16 = 78;

/// A line of the help.
enum HelpLine {
    Title(String),
    Row(String, String),
    Blank,
}

fn lines(app: &App, width: usize) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    let replaying = app.session.playback.map(|_| KeyScope::Replay);
    let scopes: Vec<_> = [Some(KeyScope::In(app.focus)), replaying, Some(KeyScope::Everywhere)]
        .into_iter()
        .flatten()
        .collect();
    let keys: Vec<_> = scopes.iter().map(|scope| app.keymap.help(*scope)).collect();
    let first = keys.iter().flatten().map(|(keys, _)| keys.width()).max().unwrap_or(0).min(18);
    for (scope, keys) in scopes.into_iter().zip(keys) {
        lines.push(HelpLine::Title(scope.to_string()));
        let about_mouse = match scope {
            KeyScope::In(panel) => Some(("mouse".to_owned(), panel.facts().mouse)),
            KeyScope::Everywhere => Some((
                "mouse".to_owned(),
                "hold Shift to select text in most terminals; mouse = false in the config turns it off",
            )),
            _ => None,
        };
        for (keys, about) in keys.into_iter().chain(about_mouse) {
            let words = wrap(about, width.saturating_sub(first + 2).max(10));
            for (i, text) in words.into_iter().enumerate() {
                let keys = if i == 0 { keys.as_str() } else { "" };
                lines.push(HelpLine::Row(format!("{keys:<first$}  "), text));
            }
        }
        lines.push(HelpLine::Blank);
    }
    lines.pop();
    lines
}

/// The line that the help can be scrolled to on a terminal of `size`.
pub fn last_line(app: &App, size: Size) -> usize {
    let width = WIDEST.min(size.width);
    let lines = lines(app, usize::from(width.saturating_sub(4))).len();
    lines.saturating_sub(usize::from(size.height).saturating_sub(2))
}

/// Paints the help from line `scrolled` on.
pub fn draw(app: &App, scrolled: usize, area: Rect, buf: &mut Buffer) {
    let theme = &app.session.theme;
    let width = WIDEST.min(area.width);
    let lines = lines(app, usize::from(width.saturating_sub(4)));
    let height = (lines.len() as u16 + 2).min(area.height);
    let at = middle(area, width, height);
    Clear.render(at, buf);
    let inner = inside(at);
    let last = lines.len().saturating_sub(inner.height.into());
    let first = scrolled.min(last);
    let more = match (first, last - first) {
        (0, 0) => String::new(),
        (_, 0) => "end".into(),
        (_, below) => format!("{below} more below"),
    };
    frame(buf, at, "Help", &more, true, theme);
    for (i, line) in lines.iter().skip(first).take(inner.height.into()).enumerate() {
        let y = inner.y + i as u16;
        match line {
            HelpLine::Title(text) => _ = put(buf, inner, inner.x + 1, y, text, theme.strong(), theme),
            HelpLine::Row(keys, text) => {
                let x = put(buf, inner, inner.x + 1, y, keys, theme.accent(), theme);
                put(buf, inner, x, y, text, theme.text(), theme);
            }
            HelpLine::Blank => {}
        }
    }
}
