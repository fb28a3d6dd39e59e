//! What stands around the bars: the slider, the legend, how much more there is, why there is
//! nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::domain::run_state::RunState;
use crate::domain::text::wrap;
use crate::tui::panels::wiring::mark;
use crate::tui::theme::Theme;

/// Why a run has no measurement.
pub fn why_nothing(run: &RunState) -> &'static str {
    if run.outcome.is_some() {
        return "no activations recorded";
    }
    match &run.started {
        Some(facts) if facts.spec.probe_images == 0 => {
            "probe_images is 0: activations are recorded only at the end, on the test split."
        }
        _ => {
            "After the first epoch: the mean |activation| of each block's F and of every projection added to it, \
             on the validation split."
        }
    }
}

pub fn sentence(text: &str, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    for (line, y) in wrap(text, area.width.into()).iter().zip(area.top()..area.bottom()) {
        buffer.set_stringn(area.x, y, line, area.width.into(), theme.dim());
    }
}

/// Where in a run's measurements the shown one is: a knob on a line.
pub fn slider(at: usize, count: usize, room: Rect, buffer: &mut Buffer, theme: &Theme) {
    let number = format!(" {}/{count}", at + 1);
    let most = (room.width as usize).saturating_sub(number.len() + 2);
    if count < 2 || most < 5 {
        return;
    }
    let length = most.min(count);
    let knob = at * (length - 1) / (count - 1);
    let line = theme.glyph("─", "-");
    let x = room.right() - (length + number.len()) as u16;
    let mut put = |x, text: &str, style: Style| buffer.set_string(x, room.y, text, style);
    for i in 0..length {
        put(x + i as u16, line, theme.off());
    }
    put(x + knob as u16, mark(true, theme), theme.accent());
    put(x + length as u16, &number, theme.dim());
}

/// As many of `parts` as fit in `width`, the first ones first.
pub fn fitting(parts: &[String], width: usize, theme: &Theme) -> String {
    let mut said = String::new();
    for part in parts.iter().map(|part| theme.plain(part)) {
        if !said.is_empty() && said.width() + 3 + part.width() > width {
            break;
        }
        said.push_str(if said.is_empty() { "" } else { theme.glyph(" · ", " | ") });
        said.push_str(&part);
    }
    said
}

/// Says that there is more above or below; the columns that takes.
pub fn more((above, below): (usize, usize), area: Rect, buffer: &mut Buffer, theme: &Theme) -> u16 {
    let mut said = Vec::new();
    if above > 0 {
        said.push(format!("{} {above}", theme.glyph("↑", "^")));
    }
    if below > 0 {
        said.push(format!("{} {below}", theme.glyph("↓", "v")));
    }
    if said.is_empty() {
        return 0;
    }
    let text = format!(" {} more {}", said.join(" "), if above + below == 1 { "row" } else { "rows" });
    let width = text.chars().count() as u16;
    let x = area.right().saturating_sub(width).max(area.x);
    let room = (area.right() - x) as usize;
    buffer.set_stringn(x, area.bottom() - 1, text, room, theme.warn());
    room as u16
}

/// Title, groups, and, where there is room, the legend.
pub fn parts(area: Rect) -> [Rect; 3] {
    let title = area.height.min(1);
    let rest = area.height - title;
    let legend = u16::from(rest > 3);
    let row = |y, height| Rect { y, height, ..area };
    [row(area.y, title), row(area.y + title, rest - legend), row(area.bottom() - legend, legend)]
}
