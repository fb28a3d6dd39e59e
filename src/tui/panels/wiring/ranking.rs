//! Lesions as a table: what was left out, what it costs, the worst first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{WiringTarget, below_heading};
use crate::domain::term::Term;
use crate::domain::text::signed;
use crate::tui::draft::Draft;
use crate::tui::lesions::{Loss, Study, names};
use crate::tui::paint::{cut, put};
use crate::tui::theme::Theme;

/// The rows of the table: lesions of one term, the worst first, then those of more.
pub fn ranked(study: &Study) -> Vec<(&[Term], Loss)> {
    let mut all = study.worst(1);
    all.extend(study.worst_of(|cuts| cuts.len() > 1));
    all
}

/// A column of numbers: its heading, and its columns on the screen.
struct TableColumn {
    title: &'static str,
    width: u16,
}

const NUMBERS: [TableColumn; 5] = [
    TableColumn { title: "top-1 %", width: 7 },
    TableColumn { title: "change", width: 6 },
    TableColumn { title: "loss", width: 6 },
    TableColumn { title: "change", width: 8 },
    TableColumn { title: "interaction", width: 11 },
];

/// Most columns of the names of what was left out, and what they are called.
const NAMES: u16 = 24;
const WITHOUT: &str = "without";

/// Bars have so many columns at least, or there are none.
const BAR: u16 = 8;

/// Which columns there is room for, from left to right.
struct Fit {
    names: u16,
    numbers: usize,
    bar: u16,
}

impl Fit {
    fn of(rows: &[(&[Term], Loss)], width: u16) -> Self {
        let longest = rows.iter().map(|(cuts, _)| names(cuts).len() as u16).max().unwrap_or(0);
        let names = longest.clamp(WITHOUT.len() as u16, NAMES).min(width);
        let useful = if rows.iter().any(|(cuts, _)| cuts.len() > 1) { 5 } else { 4 };
        let mut left = width - names;
        let mut numbers = 0;
        for column in &NUMBERS[..useful] {
            let Some(rest) = left.checked_sub(column.width + 2) else { break };
            (left, numbers) = (rest, numbers + 1);
        }
        let bar = left.checked_sub(2).filter(|bar| *bar >= BAR).unwrap_or(0);
        Self { names, numbers, bar }
    }
}

/// Paints the table with the row under the cursor in view; says which rows are where.
pub fn draw_ranking(
    study: &Study,
    draft: &Draft,
    selected: usize,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) -> Vec<(Rect, WiringTarget)> {
    let area = area.intersection(buffer.area);
    let rows = ranked(study);
    if area.is_empty() || rows.is_empty() {
        return Vec::new();
    }
    let area = below_heading(study, draft, area, buffer, theme);
    let fit = Fit::of(&rows, area.width);
    let heading = Rect { height: area.height.min(2), ..area };
    let titles: Vec<String> = NUMBERS.iter().map(|column| column.title.to_owned()).collect();
    row(buffer, heading, WITHOUT, &titles, &fit, theme.dim(), theme);
    if let Some(intact) = study.intact() {
        let numbers = [format!("{:.2}", intact.top1()), String::new(), format!("{:.4}", intact.loss)];
        let heading = Rect { y: heading.y + 1, height: heading.height.saturating_sub(1), ..heading };
        row(buffer, heading, "(intact)", &numbers, &fit, theme.text(), theme);
    }

    let body = Rect { y: area.y + heading.height, height: area.height - heading.height, ..area };
    let selected = selected.min(rows.len() - 1);
    let shown = usize::from(body.height);
    let top = selected.saturating_sub(shown / 2).min(rows.len().saturating_sub(shown));
    let most = rows.iter().map(|(_, loss)| loss.change.abs()).fold(0.0, f64::max);
    let mut targets = Vec::new();
    for (index, y) in (top..rows.len()).zip(body.top()..body.bottom()) {
        let (cuts, loss) = &rows[index];
        let line = Rect { y, height: 1, ..body };
        let interaction = if cuts.len() > 1 { study.interaction(cuts) } else { None };
        let numbers = [
            format!("{:.2}", loss.top1),
            signed(loss.change, 2),
            format!("{:.4}", loss.loss),
            signed(loss.gained, 4),
            interaction.map_or_else(String::new, |points| signed(points, 2)),
        ];
        let style = if loss.is_notable() { theme.warn() } else { theme.text() };
        let name = cut(&names(cuts), fit.names.into());
        let x = row(buffer, line, &name, &numbers, &fit, style, theme);
        if fit.bar > 0 && most > 0.0 {
            let length = (loss.change.abs() / most * f64::from(fit.bar)).round() as usize;
            let style = if loss.change > 0.0 { theme.good() } else { style };
            put(buffer, line, x, y, &theme.glyph("█", "#").repeat(length), style, theme);
        }
        if focused && index == selected {
            let width = (x - line.x).min(line.width);
            buffer.set_style(Rect { width, ..line }, theme.selected());
        }
        targets.push((line, WiringTarget::Lesion(index)));
    }
    targets
}

/// Writes a name and numbers at the right of their columns; says where the bar begins.
fn row(
    buffer: &mut Buffer,
    line: Rect,
    name: &str,
    numbers: &[String],
    fit: &Fit,
    style: Style,
    theme: &Theme,
) -> u16 {
    put(buffer, line, line.x, line.y, name, style, theme);
    let mut x = line.x + fit.names;
    for (i, column) in NUMBERS.iter().enumerate().take(fit.numbers) {
        x += 2 + column.width;
        if let Some(number) = numbers.get(i) {
            put(buffer, line, x - number.chars().count() as u16, line.y, number, style, theme);
        }
    }
    x + 2
}
