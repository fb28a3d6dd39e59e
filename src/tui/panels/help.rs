//! Help: every key of the focused panel, then those that hold everywhere.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::question::middle;
use crate::domain::text::wrap;
use crate::tui::app::{App, inside};
use crate::tui::command::{Panel, Place};
use crate::tui::paint::{frame, put};

/// Widest box, columns.
const WIDEST: u16 = 78;

/// What the mouse does in each panel.
const fn mouse(panel: Panel) -> &'static str {
    match panel {
        Panel::Wiring => {
            "a click on an arc switches that hop, on a block leaves its F out of the next lesion, on a button switches its group, on the spec copies it"
        }
        Panel::Setup => "a click chooses a field, a second one edits it; the wheel moves",
        Panel::Curves => {
            "a click puts the cursor there, dragging moves it; the wheel zooms about the pointer"
        }
        Panel::Activations => "the wheel scrolls",
        Panel::Features => "the wheel moves through the channels",
        Panel::Data => "the wheel moves through the classes",
        Panel::Table => "the wheel scrolls",
        Panel::Runs => "a click chooses a run, on its mark draws it or no more; the wheel moves",
        Panel::Status => "the wheel scrolls",
    }
}

/// A line of the help.
enum Line {
    Title(String),
    Row(String, String),
    Blank,
}

fn lines(app: &App, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    let replaying = app.playback.map(|_| Place::Replaying);
    let places: Vec<_> =
        [Some(Place::In(app.focus)), replaying, Some(Place::Anywhere)].into_iter().flatten().collect();
    let keys: Vec<_> = places.iter().map(|place| app.keymap.help(*place)).collect();
    let first = keys.iter().flatten().map(|(keys, _)| keys.width()).max().unwrap_or(0).min(18);
    for (place, keys) in places.into_iter().zip(keys) {
        lines.push(Line::Title(place.to_string()));
        let about_mouse = match place {
            Place::In(panel) => Some(("mouse".to_owned(), mouse(panel))),
            Place::Anywhere => Some((
                "mouse".to_owned(),
                "with Shift held most terminals select text; mouse = false in the config gives it back",
            )),
            _ => None,
        };
        for (keys, about) in keys.into_iter().chain(about_mouse) {
            let words = wrap(about, width.saturating_sub(first + 2).max(10));
            for (i, text) in words.into_iter().enumerate() {
                let keys = if i == 0 { keys.as_str() } else { "" };
                lines.push(Line::Row(format!("{keys:<first$}  "), text));
            }
        }
        lines.push(Line::Blank);
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
    let theme = &app.theme;
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
        (_, 0) => "the end".into(),
        (_, below) => format!("{below} more below"),
    };
    frame(buf, at, "Help", &more, true, theme);
    for (i, line) in lines.iter().skip(first).take(inner.height.into()).enumerate() {
        let y = inner.y + i as u16;
        match line {
            Line::Title(text) => _ = put(buf, inner, inner.x + 1, y, text, theme.strong(), theme),
            Line::Row(keys, text) => {
                let x = put(buf, inner, inner.x + 1, y, keys, theme.accent(), theme);
                put(buf, inner, x, y, text, theme.text(), theme);
            }
            Line::Blank => {}
        }
    }
}
