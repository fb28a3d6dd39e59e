//! Where the cells of a table go.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::runs::{ColumnRuns, has_runs};
use super::{TablePanel, UnderWay};
use crate::domain::paper::Accuracy;
use crate::domain::report::SeedSample;
use crate::domain::report::table::{ReportTable, TableCell, TableRow};
use crate::domain::stats;
use crate::domain::text::{grouped, signed, wrap};
use crate::tui::paint::{cut, cut_words, put};
use crate::tui::theme::Theme;

/// Columns of a cell: `89.46(0.30)`, its number of seeds, and what is under way.
pub(super) const CELL: u16 = 24;
/// From so wide on networks have their full names.
const ROOMY: u16 = 70;
/// Columns of the numbers of parameters.
const PARAMETERS: u16 = 10;
/// Rows that notes have where the table's own could be taller.
const NOTES: u16 = 5;
/// Blank lines between rows where there is room, at most.
const APART: u16 = 2;

/// How much of a table fits.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableFit {
    /// Columns of the networks' names, and of parameters where they are a column.
    first: u16,
    parameters: u16,
    /// Lines of a row: the paper's values are below the measured ones, single seeds below or
    /// beside these.
    each: u16,
    /// Rows below the header.
    pub(super) rows: usize,
    /// The table's columns.
    pub(super) columns: usize,
    /// Columns of each of them.
    cell: u16,
}

impl TablePanel {
    /// Where there is room to spare, parameters are a column, cells are wider, and rows are as
    /// tall as what there is to say of single seeds.
    pub(super) fn fit(&self, table: &ReportTable, area: Rect) -> TableFit {
        let longest = table.rows.iter().map(|row| name(table, row).width()).max().unwrap_or(0) as u16;
        let names = longest.min(if area.width >= ROOMY { 20 } else { 13 }) + 1;
        let all = table.columns.len().max(1) as u16;
        let parameters = if area.width >= names + PARAMETERS + all * CELL { PARAMETERS } else { 0 };
        let room = area.width.saturating_sub(names + parameters);
        let columns = (room / CELL).clamp(1, all);
        let cell = (room / columns).max(CELL);
        let least = if table.columns.iter().any(|column| column.published) { 2 } else { 1 };
        let wanted = self.lines_of_seeds(table, cell, least) + APART;
        let height = area.height.saturating_sub(1);
        let there_is = height.saturating_sub(NOTES) / table.rows.len().max(1) as u16;
        let each = there_is.min(wanted).max(least);
        let rows = usize::from(height / each).max(1);
        TableFit { first: names, parameters, each, rows, columns: columns.into(), cell }
    }

    /// Lines of the tallest row, seeds and all.
    fn lines_of_seeds(&self, table: &ReportTable, cell: u16, least: u16) -> u16 {
        let lines = |cell_of: &TableCell| match &cell_of.measured {
            Some(sample) if has_runs(cell) => least.max(sample.n() as u16),
            Some(sample) => least + seeds(sample, cell).len() as u16,
            None => least,
        };
        table.cells().map(|(.., cell)| lines(cell)).max().unwrap_or(least)
    }

    /// Paints the table as [`Self::prepare`] made it.
    pub(super) fn paint(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let area = area.intersection(buf.area);
        let Some((_, table)) = self.shown() else { return };
        if area.is_empty() {
            return;
        }
        let TableFit { first: of_names, parameters, each, columns: fit, cell: wide, .. } =
            self.fit(table, area);
        let first = of_names + parameters;
        let names: Vec<String> = table.rows.iter().map(|row| name(table, row)).collect();
        let column = self.column.min(table.columns.len().saturating_sub(fit));
        let columns = column..(column + fit).min(table.columns.len());
        let published = table.columns.iter().any(|column| column.published);

        let header = Rect { height: 1.min(area.height), ..area };
        for (place, index) in columns.clone().enumerate() {
            let x = area.x + first + place as u16 * wide;
            let more = match (place, index) {
                (0, 1..) => theme.glyph("◂ ", "< "),
                _ => "",
            };
            let column = &table.columns[index];
            let is_last = index + 1 == columns.end;
            let width = if is_last { area.right().saturating_sub(x + 2) } else { wide - 1 };
            let measure = if column.accuracy == Accuracy::Top5 { ", top-5" } else { "" };
            let title = format!("{more}{}{measure}", column.title);
            let beside = has_runs(wide).then(|| ColumnRuns::of(table, index, wide));
            let width = if beside.is_some() { CELL - 1 } else { width };
            put(buf, header, x, header.y, &cut(&title, width.into()), theme.strong(), theme);
            if let Some(beside) = beside {
                beside.head(x + CELL, header, buf, theme);
            }
        }
        if parameters > 0 {
            let x = area.x + of_names + parameters - 4;
            put(buf, header, x, header.y, "#P", theme.strong(), theme);
        }
        if columns.end < table.columns.len() {
            put(buf, header, area.right() - 1, header.y, theme.glyph("▸", ">"), theme.dim(), theme);
        }

        // Notes and the key only where the whole table is seen as well.
        let notes = self.notes(table, published, parameters > 0, theme, usize::from(area.width));
        let rest = area.height.saturating_sub(1);
        let all = table.rows.len() as u16 * each;
        let free = usize::from(rest.saturating_sub(all));
        let mut lines = 0;
        let fitting = notes.into_iter().take_while(|note| {
            lines += note.len();
            lines <= free
        });
        let notes: Vec<String> = fitting.flatten().collect();
        let room = notes.len() as u16;
        let body = Rect { y: area.y + 1, height: rest - room, ..area };
        let fits = usize::from(body.height / each).max(1);
        let top = self.row.min(table.rows.len().saturating_sub(fits));
        for (row, y) in (top..table.rows.len()).zip((body.top()..body.bottom()).step_by(each.into())) {
            let TableRow { network, parameters: count, cells, .. } = &table.rows[row];
            put(buf, body, area.x, y, &cut(&names[row], usize::from(of_names) - 1), theme.text(), theme);
            if parameters > 0 {
                let count = grouped(*count);
                let x = area.x + (first - 2).saturating_sub(count.len() as u16);
                put(buf, body, x, y, &count, theme.dim(), theme);
            }
            for (place, index) in columns.clone().enumerate() {
                let x = area.x + first + place as u16 * wide;
                let data = &table.columns[index].data;
                let at = Rect { x, y, width: (wide - 1).min(area.right().saturating_sub(x)), height: each };
                let at = at.intersection(body);
                let under_way = self.under_way(network, data, &table.recipe);
                cell(&cells[index], under_way, at, buf, theme);
                if has_runs(wide) {
                    let runs = self.runs(network, data, &table.recipe);
                    let at = Rect { x: x + CELL, width: at.width.saturating_sub(CELL), ..at };
                    ColumnRuns::of(table, index, wide).paint(&cells[index], runs, at, buf, theme);
                } else if let Some(sample) = &cells[index].measured {
                    let least = if published { 2 } else { 1 };
                    let at = Rect { y: y + least, height: at.height.saturating_sub(least), ..at };
                    below(&seeds(sample, wide), at, buf, theme);
                }
            }
        }
        for (note, y) in notes.iter().zip(body.bottom()..area.bottom()) {
            put(buf, area, area.x, y, note, theme.dim(), theme);
        }
    }
}

/// Signs of runs that train, wait, and are unfinished.
pub(super) fn marks(theme: &Theme) -> [&'static str; 3] {
    theme.glyph(["▸", "+", "‖"], [">", "+", "="])
}

/// A row's name: the paper's, with its family where the table has several.
fn name(table: &ReportTable, row: &TableRow) -> String {
    let several = table.rows.iter().any(|other| other.family != row.family);
    if several { format!("{} {}", row.family, row.version) } else { row.version.clone() }
}

/// `0: 86.31, 1: 86.77`: the seeds of a cell that is so wide, in lines.
fn seeds(sample: &SeedSample, wide: u16) -> Vec<String> {
    if sample.n() < 2 {
        return Vec::new();
    }
    let all: Vec<String> = sample.values.iter().map(|(seed, value)| format!("{seed}: {value:.2}")).collect();
    wrap(&all.join(", "), usize::from(wide).saturating_sub(1))
}

/// Lines below the rest of a cell, a mark where they do not fit.
fn below(lines: &[String], area: Rect, buf: &mut Buffer, theme: &Theme) {
    let fit = usize::from(area.height);
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        let is_cut = lines.len() > fit && y + 1 == area.bottom();
        let room = usize::from(area.width).min(line.len() + 2);
        let text = if is_cut { cut_words(&format!("{line} and more"), room) } else { line.clone() };
        put(buf, area, area.x, y, &text, theme.dim(), theme);
    }
}

fn cell(cell: &TableCell, under_way: UnderWay, area: Rect, buf: &mut Buffer, theme: &Theme) {
    if area.is_empty() {
        return;
    }
    let mut x = match &cell.measured {
        None => put(buf, area, area.x, area.y, theme.glyph("–", "-"), theme.dim(), theme),
        Some(sample) => {
            let x = put(buf, area, area.x, area.y, &sample.text(2), theme.strong(), theme);
            put(buf, area, x, area.y, &format!(" n={}", sample.n()), theme.dim(), theme)
        }
    };
    let UnderWay { training, done, of, waiting, unfinished } = under_way;
    let [on, wait, off] = marks(theme);
    let parts = [
        (training > 0, format!("{on}{done}/{of}"), theme.accent()),
        (waiting > 0, format!("{wait}{waiting}"), theme.dim()),
        (unfinished > 0, format!("{off}{unfinished}"), theme.warn()),
    ];
    for (_, text, style) in parts.into_iter().filter(|(there, ..)| *there) {
        x = put(buf, area, x, area.y, " ", theme.dim(), theme);
        x = put(buf, area, x, area.y, &text, style, theme);
    }
    let Some(published) = cell.published.filter(|_| area.height > 1) else { return };
    let y = area.y + 1;
    let text = stats::mean_std_text(published.mean, Some(published.std), 2);
    let x = put(buf, area, area.x, y, &text, theme.dim(), theme);
    if let Some(difference) = cell.difference {
        let style = if difference >= 0.0 { theme.good() } else { theme.warn() };
        put(buf, area, x, y, &format!(" {}", signed(difference, 2)), style, theme);
    }
}
