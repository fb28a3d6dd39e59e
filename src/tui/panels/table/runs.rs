//! The runs that a cell is the mean of, beside it where there is room: seed by seed in numbers,
//! and where they lie between the others and the paper's.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::CellKey;
use super::draw::CELL;
use crate::domain::event::Checkpoint;
use crate::domain::report::groups::RunGroup;
use crate::domain::report::table::{ReportTable, TableCell};
use crate::domain::text::harmless;
use crate::tui::paint::{cut, put};
use crate::tui::theme::Theme;

/// A run that completed.
#[derive(Debug, Clone)]
pub(super) struct CellRun {
    seed: u64,
    /// Test cross-entropy of the best epoch's weights, nats.
    loss: Option<f64>,
    /// The best epoch, and how many there were.
    best: Option<usize>,
    epochs: usize,
    /// Its directory.
    name: String,
}

/// Longest name of a directory that is kept, characters.
const NAME: usize = 80;

/// The runs of a group, and which cell they belong in.
pub(super) fn of_group(group: &RunGroup) -> (CellKey, Vec<CellRun>) {
    let runs = group.runs.iter().map(|(seed, run)| CellRun {
        seed: *seed,
        loss: run.state.test(Checkpoint::Best).map(|score| score.loss),
        best: run.state.best_epoch().map(|best| best.epoch),
        epochs: run.spec.epochs,
        name: harmless(run.name, NAME),
    });
    ((group.network(), group.data.name(), group.recipe.clone()), runs.collect())
}

/// Columns of seed, result, loss and best epoch; with the directory, at least and at most.
const NUMBERS: [(&str, u16); 4] = [("seed", 6), ("test %", 8), ("loss", 8), ("epoch", 9)];
const LEAST: u16 = 39;
const MOST: u16 = 64;
/// Columns of the plot at least, with the blanks before it.
const PLOT: u16 = 28;
const BLANKS: u16 = 2;

/// Whether a cell that is so wide has its runs beside it.
pub(super) const fn has_runs(wide: u16) -> bool {
    wide >= CELL + LEAST
}

/// What is beside the cells of one column.
pub(super) struct ColumnRuns {
    /// Columns of the list, and of the plot: 0 for none.
    list: u16,
    plot: u16,
    /// What the plot's ends stand for, percent.
    from: f64,
    to: f64,
}

impl ColumnRuns {
    /// Of the column `index` of `table`, whose cells are `wide`.
    pub(super) fn of(table: &ReportTable, index: usize, wide: u16) -> Self {
        let room = wide.saturating_sub(CELL + 1);
        let list = room.saturating_sub(PLOT).clamp(LEAST, MOST).min(room);
        let plot = room.saturating_sub(list + BLANKS);
        let plot = if plot + BLANKS >= PLOT { plot } else { 0 };
        let list = if plot == 0 { room } else { list };
        let cells = table.rows.iter().map(|row| &row.cells[index]);
        let values = cells.flat_map(|cell| {
            let measured =
                cell.measured.iter().flat_map(|sample| sample.values.iter().map(|(_, value)| *value));
            let published = cell.published.iter().flat_map(|p| [p.mean - p.std, p.mean + p.std]);
            measured.chain(published)
        });
        let (from, to) = values
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(from, to), value| (from.min(value), to.max(value)));
        Self { list, plot, from, to }
    }

    fn has_scale(&self) -> bool {
        self.plot > 0 && self.from.is_finite() && self.to > self.from
    }

    /// The headings, from column `x` on.
    pub(super) fn head(&self, x: u16, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let mut at = x;
        for (title, wide) in NUMBERS {
            put(buf, area, at, area.y, title, theme.dim(), theme);
            at += wide;
        }
        put(buf, area, at, area.y, "run", theme.dim(), theme);
        if self.has_scale() {
            let [from, to] = [self.from, self.to].map(|end| format!("{end:.2}"));
            let left = x + self.list + BLANKS;
            put(buf, area, left, area.y, &from, theme.dim(), theme);
            let middle = "seeds; paper's below";
            let middle_at = left + (self.plot.saturating_sub(middle.len() as u16)) / 2;
            if usize::from(self.plot) > middle.len() + from.len() + to.len() + 2 {
                put(buf, area, middle_at, area.y, middle, theme.dim(), theme);
            }
            let right = (left + self.plot).saturating_sub(to.len() as u16);
            put(buf, area, right, area.y, &to, theme.dim(), theme);
        }
    }

    /// The runs of one cell, one a line, and the plot.
    pub(super) fn paint(
        &self,
        cell: &TableCell,
        runs: &[CellRun],
        area: Rect,
        buf: &mut Buffer,
        theme: &Theme,
    ) {
        let values = cell.measured.as_ref().map_or(&[][..], |sample| &sample.values);
        let list = Rect { width: self.list.min(area.width), ..area };
        for (i, ((seed, value), y)) in values.iter().zip(list.top()..list.bottom()).enumerate() {
            let rest = values.len() - i;
            if rest > 1 && y + 1 == list.bottom() {
                put(buf, list, list.x, y, &format!("and {rest} more"), theme.dim(), theme);
                break;
            }
            let run = runs.iter().find(|run| run.seed == *seed);
            let loss = run.and_then(|run| run.loss).map_or_else(String::new, |loss| format!("{loss:.4}"));
            let epoch = run.and_then(|run| Some(format!("{}/{}", run.best?, run.epochs)));
            let numbers = [seed.to_string(), format!("{value:.2}"), loss, epoch.unwrap_or_default()];
            let mut x = list.x;
            for (number, (_, wide)) in numbers.iter().zip(NUMBERS) {
                put(buf, list, x, y, &cut(number, usize::from(wide) - 1), theme.text(), theme);
                x += wide;
            }
            let name = run.map_or("", |run| &run.name);
            put(buf, list, x, y, &cut(name, list.right().saturating_sub(x).into()), theme.dim(), theme);
        }
        if self.has_scale() {
            let x = area.x + self.list + BLANKS;
            let plot = Rect { x, width: self.plot, ..area }.intersection(area);
            self.points(cell, plot, buf, theme);
        }
    }

    /// Every seed as a dot with their mean, and below it the paper's mean and deviation.
    fn points(&self, cell: &TableCell, area: Rect, buf: &mut Buffer, theme: &Theme) {
        if area.is_empty() {
            return;
        }
        let last = f64::from(self.plot - 1);
        let at = |value: f64| {
            let part = (value - self.from) / (self.to - self.from);
            area.x + (part.clamp(0.0, 1.0) * last).round() as u16
        };
        let mut mark =
            |x: u16, y: u16, symbol: &str, style: Style| put(buf, area, x, y, symbol, style, theme);
        if let Some(sample) = &cell.measured {
            for (_, value) in &sample.values {
                mark(at(*value), area.y, theme.glyph("•", "o"), theme.accent());
            }
            if sample.n() > 1 {
                mark(at(sample.mean), area.y, theme.glyph("│", "|"), theme.strong());
            }
        }
        if let Some(published) = cell.published {
            let (from, to) = (at(published.mean - published.std), at(published.mean + published.std));
            for x in from..=to {
                mark(x, area.y + 1, theme.glyph("─", "-"), theme.dim());
            }
            mark(at(published.mean), area.y + 1, theme.glyph("│", "|"), theme.text());
        }
    }
}
