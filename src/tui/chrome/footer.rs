//! The last line, with the keys that matter now, and the last message just above it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::tui::app::{App, HitTarget, Hits};
use crate::tui::command::{AppCommand, GlobalCommand, KeyScope};
use crate::tui::keymap::shown;
use crate::tui::log::Level;
use crate::tui::paint::{cut, cut_front, put};
use crate::tui::panels::PanelId;

/// The last message, on the lower frames of the panels above the row `below`: it hides neither
/// keys nor anything that a panel shows.
pub fn draw_notice(app: &App, below: Rect, buf: &mut Buffer) {
    let theme = &app.session.theme;
    let (Some(notice), Some(y)) = (&app.session.notice, below.y.checked_sub(1)) else { return };
    // The corners stay.
    let area = Rect { x: below.x + 1, y, width: below.width.saturating_sub(2), height: 1 };
    let style = match notice.level {
        Level::Info => theme.text(),
        Level::Good => theme.good(),
        Level::Warn => theme.warn(),
        Level::Bad => theme.bad(),
    };
    let most = usize::from(area.width).saturating_sub(2);
    // What is cut off here is whole in the log.
    let more = app
        .keymap
        .key_of(GlobalCommand::Focus(PanelId::Status).into())
        .filter(|_| notice.text.width() > most && notice.level != Level::Info);
    let more = more.map_or(String::new(), |key| format!("({key}: full text) "));
    let room = most.saturating_sub(more.width());
    let text =
        if notice.level == Level::Bad { cut_front(&notice.text, room) } else { cut(&notice.text, room) };
    let x = put(buf, area, area.x, y, &format!(" {text} "), style, theme);
    let end = put(buf, area, x, y, &more, theme.accent(), theme);
    // Of what the frame says, no part is left that would read on from the message.
    let line = theme.glyph("─", "-");
    for x in end..area.right() {
        match buf.cell_mut((x, y)) {
            Some(cell) if !is_frame(cell.symbol()) => _ = cell.set_symbol(line).set_style(theme.dim()),
            _ => break,
        }
    }
}

/// Whether this is a part of a frame's lower line.
fn is_frame(symbol: &str) -> bool {
    matches!(symbol, "─" | "╰" | "╯" | "-" | "+")
}

/// The keys that matter now.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer, hits: &mut Hits) {
    let hints = hints(app);
    // How to get help, how to get out and, of a zoomed panel, how to get back are always there.
    let zoomed = app.screen.zoomed;
    let (last, first): (Vec<_>, Vec<_>) = hints.into_iter().partition(|hint| match hint.command {
        AppCommand::Global(GlobalCommand::Zoom) => zoomed,
        AppCommand::Global(command) => matches!(command, GlobalCommand::Help | GlobalCommand::Quit),
        _ => false,
    });
    let reserved: usize = last.iter().map(|hint| hint.width() + 2).sum();
    let mut left = area;
    left.width = left.width.saturating_sub(reserved as u16);
    let mut x = area.x;
    for hint in &first {
        if usize::from(x - area.x) + hint.width() > left.width.into() {
            break;
        }
        x = hint.draw(app, left, x, buf, hits);
    }
    let mut x = left.right() + 2;
    for hint in &last {
        x = hint.draw(app, area, x, buf, hits);
    }
}

/// A key that matters now, and what it does.
struct Hint {
    command: AppCommand,
    key: String,
    word: &'static str,
}

impl Hint {
    fn width(&self) -> usize {
        self.key.width() + 1 + self.word.width()
    }

    /// Paints it, and returns where the next one begins.
    fn draw(&self, app: &App, area: Rect, x: u16, buf: &mut Buffer, hits: &mut Hits) -> u16 {
        let theme = &app.session.theme;
        let end = put(buf, area, x, area.y, &self.key, theme.accent(), theme);
        let end = put(buf, area, end, area.y, &format!(" {}", self.word), theme.dim(), theme);
        hits.push((Rect { x, y: area.y, width: end - x, height: 1 }, HitTarget::Key(self.command)));
        (end + 2).min(area.right())
    }
}

/// The keys that matter now: those of training, then most special first.
fn hints(app: &App) -> Vec<Hint> {
    let mut hints = Vec::new();
    for scope in app.key_scopes() {
        for (binding, keys) in app.keymap.rows(scope) {
            let (Some(word), Some(key)) = (binding.hint, keys.first()) else { continue };
            let word = match (binding.command, app.session.question) {
                (AppCommand::Answer(answer), Some(question)) => question.label(answer),
                (AppCommand::Global(GlobalCommand::Zoom), _) if app.screen.zoomed => "back",
                _ => word,
            };
            if app.makes_sense(binding.command) && !is_shadowed(app, scope, *key) {
                hints.push(Hint { command: binding.command, key: shown(*key), word });
            }
        }
    }
    // First those of the run in progress, or what starts one.
    let first: &[_] = match app.session.runs.active() {
        Some(_) => &[GlobalCommand::Pause, GlobalCommand::Stop],
        None => &[GlobalCommand::Train],
    };
    let is_first = |hint: &Hint| matches!(hint.command, AppCommand::Global(it) if first.contains(&it));
    hints.sort_by_key(|hint| !is_first(hint));
    hints
}

/// Whether the focused panel has another use for a key that holds everywhere.
fn is_shadowed(app: &App, scope: KeyScope, key: crokey::KeyCombination) -> bool {
    let here = KeyScope::In(app.focus);
    scope == KeyScope::Everywhere && app.keymap.rows(here).any(|(_, keys)| keys.contains(&key))
}
