//! Where the cells of a table go.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::{TablePanel, UnderWay};
use crate::domain::paper::Accuracy;
use crate::domain::report::table::{ReportTable, TableCell, TableRow};
use crate::domain::stats;
use crate::domain::text::signed;
use crate::tui::paint::{cut, put};
use crate::tui::theme::Theme;

/// Columns of a cell: `89.46(0.30)`, its number of seeds, and what is under way; where there
/// is room it is wider, up to the longest name of a dataset.
const CELL: u16 = 24;
const WIDEST_CELL: u16 = 28;
/// From so wide on networks have their full names.
const ROOMY: u16 = 70;

/// How much of a table fits.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableFit {
    /// Columns of the networks' names.
    first: u16,
    /// Lines of a row: the paper's values are below the measured ones.
    each: u16,
    /// Rows below the header.
    pub(super) rows: usize,
    /// The table's columns.
    pub(super) columns: usize,
    /// Columns of each of them.
    cell: u16,
}

impl TableFit {
    pub(super) fn of(table: &ReportTable, area: Rect) -> Self {
        let longest = table.rows.iter().map(|row| name(table, row).width()).max().unwrap_or(0) as u16;
        let first = longest.min(if area.width >= ROOMY { 20 } else { 13 }) + 1;
        let each = if table.columns.iter().any(|column| column.published) { 2 } else { 1 };
        let room = area.width.saturating_sub(first);
        let columns = usize::from(room / CELL).clamp(1, table.columns.len().max(1));
        let cell = (room / columns as u16).clamp(CELL, WIDEST_CELL);
        let rows = usize::from(area.height.saturating_sub(1) / each).max(1);
        Self { first, each, rows, columns, cell }
    }
}

impl TablePanel {
    /// Paints the table as [`Self::prepare`] made it.
    pub(super) fn paint(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let area = area.intersection(buf.area);
        let Some((_, table)) = self.shown() else { return };
        if area.is_empty() {
            return;
        }
        let TableFit { first, each, columns: fit, cell: wide, .. } = TableFit::of(table, area);
        let names: Vec<String> = table.rows.iter().map(|row| name(table, row)).collect();
        let column = self.column.min(table.columns.len().saturating_sub(fit));
        let columns = column..(column + fit).min(table.columns.len());
        let published = each > 1;

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
            put(buf, header, x, header.y, &cut(&title, width.into()), theme.strong(), theme);
        }
        if columns.end < table.columns.len() {
            put(buf, header, area.right() - 1, header.y, theme.glyph("▸", ">"), theme.dim(), theme);
        }

        // Notes and the key only where the whole table is seen as well.
        let notes = self.notes(table, published, theme, usize::from(area.width));
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
            put(buf, body, area.x, y, &cut(&names[row], usize::from(first) - 1), theme.text(), theme);
            for (place, index) in columns.clone().enumerate() {
                let x = area.x + first + place as u16 * wide;
                let at = Rect { x, y, width: (wide - 1).min(area.right().saturating_sub(x)), height: each };
                let under_way =
                    self.under_way(&table.rows[row].network, &table.columns[index].data, &table.recipe);
                cell(&table.rows[row].cells[index], under_way, at.intersection(body), buf, theme);
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
