//! Help: every key of the focused panel, then those that hold everywhere; or, of all keys,
//! those whose lines have the words that are searched for.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::widgets::{Clear, Widget};
use unicode_width::UnicodeWidthStr;

use super::input::draw_input;
use super::question::middle;
use crate::domain::text::{plural, wrap};
use crate::tui::app::{App, inside};
use crate::tui::command::KeyScope;
use crate::tui::overlay::HelpView;
use crate::tui::paint::{frame, put};
use crate::tui::panels::PanelId;

/// Widest box, columns.
const WIDEST: u16 = 78;

/// A line of the help.
enum HelpLine {
    Title(String),
    Row(String, String),
    Blank,
}

/// The keys of one place, each with what it does.
struct Chapter {
    title: String,
    rows: Vec<(String, &'static str)>,
}

impl Chapter {
    fn new(app: &App, scope: KeyScope) -> Self {
        let about_mouse = match scope {
            KeyScope::In(panel) => Some(panel.facts().mouse),
            KeyScope::Everywhere => {
                Some("hold Shift to select text in most terminals; mouse = false in the config turns it off")
            }
            KeyScope::Replay => {
                Some("click or drag on the seek bar: go there; wheel on it: an epoch back or on")
            }
            _ => None,
        };
        let mouse = about_mouse.map(|about| ("mouse".to_owned(), about));
        let rows = app.keymap.help(scope).into_iter().chain(mouse).collect();
        Self { title: scope.to_string(), rows }
    }

    /// Only the rows that have each of `words`, in them or in the title.
    fn with(mut self, words: &[String]) -> Self {
        let title = self.title.to_lowercase();
        self.rows.retain(|(keys, about)| {
            let about = about.to_lowercase();
            let has = |word: &String| {
                // A key is a word of its own, and its case tells it from others.
                let is_key =
                    keys.split(' ').any(|key| key == word || key.eq_ignore_ascii_case(word) && key.len() > 1);
                let word = word.to_lowercase();
                is_key || about.contains(&word) || title.contains(&word)
            };
            words.iter().all(has)
        });
        self
    }
}

/// What the help shows now.
fn chapters(app: &App, view: &HelpView) -> Vec<Chapter> {
    let words: Vec<_> = view.search.value().split_whitespace().map(str::to_owned).collect();
    let replay = app.session.playback.map(|_| KeyScope::Replay);
    let here = [Some(KeyScope::In(app.focus)), replay, Some(KeyScope::Everywhere)];
    let here: Vec<_> = here.into_iter().flatten().collect();
    if words.is_empty() {
        return here.into_iter().map(|scope| Chapter::new(app, scope)).collect();
    }
    let others = PanelId::ALL.iter().map(|panel| KeyScope::In(*panel));
    let rest = [KeyScope::Replay, KeyScope::Edit, KeyScope::Question, KeyScope::Help, KeyScope::Palette];
    let others: Vec<_> = others.chain(rest).filter(|scope| !here.contains(scope)).collect();
    let all = here.into_iter().chain(others).map(|scope| Chapter::new(app, scope).with(&words));
    all.filter(|chapter| !chapter.rows.is_empty()).collect()
}

fn lines(chapters: &[Chapter], width: usize) -> Vec<HelpLine> {
    let mut lines = Vec::new();
    let keys = chapters.iter().flat_map(|chapter| &chapter.rows).map(|(keys, _)| keys.width());
    let first = keys.max().unwrap_or(0).min(18);
    for Chapter { title, rows } in chapters {
        lines.push(HelpLine::Title(title.clone()));
        for (keys, about) in rows {
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

/// Rows of the line that says what is searched for.
fn search_rows(view: &HelpView) -> u16 {
    u16::from(view.is_typing || !view.search.value().is_empty())
}

/// The line that the help can be scrolled to on a terminal of `size`.
pub fn last_line(app: &App, view: &HelpView, size: Size) -> usize {
    let width = WIDEST.min(size.width);
    let lines = lines(&chapters(app, view), usize::from(width.saturating_sub(4))).len();
    lines.saturating_sub(usize::from(size.height.saturating_sub(2 + search_rows(view))))
}

/// Paints the help; where its text cursor is.
pub fn draw(app: &App, view: &HelpView, area: Rect, buf: &mut Buffer) -> Option<Position> {
    let theme = &app.session.theme;
    let width = WIDEST.min(area.width);
    let chapters = chapters(app, view);
    let lines = lines(&chapters, usize::from(width.saturating_sub(4)));
    let searching = search_rows(view);
    // As tall whatever is found, so that nothing moves while one types.
    let height = if searching > 0 { area.height } else { (lines.len() as u16 + 2).min(area.height) };
    let at = middle(area, width, height);
    Clear.render(at, buf);
    let inner = inside(at);
    let text = Rect { y: inner.y + searching, height: inner.height.saturating_sub(searching), ..inner };
    let last = lines.len().saturating_sub(text.height.into());
    let first = view.line.min(last);
    let found: usize = chapters.iter().map(|chapter| chapter.rows.len()).sum();
    let more = match (first, last - first) {
        _ if searching > 0 && last == 0 => plural(found, "line"),
        (0, 0) => String::new(),
        (_, 0) => "end".into(),
        (_, below) => format!("{below} more below"),
    };
    frame(buf, at, "Help", &more, true, theme);
    let mut cursor = None;
    if searching > 0 {
        let line = Rect { x: inner.x + 1, width: inner.width.saturating_sub(1), height: 1, ..inner };
        let x = put(buf, line, line.x, line.y, "/ ", theme.accent(), theme);
        let line = Rect { x, width: line.right().saturating_sub(x), ..line };
        cursor = draw_input(&view.search, line, theme.strong(), buf, theme).filter(|_| view.is_typing);
    }
    if lines.is_empty() {
        put(
            buf,
            text,
            text.x + 1,
            text.y,
            "nothing found; Esc shows all keys of this panel again",
            theme.dim(),
            theme,
        );
    }
    for (i, line) in lines.iter().skip(first).take(text.height.into()).enumerate() {
        let y = text.y + i as u16;
        match line {
            HelpLine::Title(title) => _ = put(buf, text, text.x + 1, y, title, theme.strong(), theme),
            HelpLine::Row(keys, about) => {
                let x = put(buf, text, text.x + 1, y, keys, theme.accent(), theme);
                put(buf, text, x, y, about, theme.text(), theme);
            }
            HelpLine::Blank => {}
        }
    }
    cursor
}
