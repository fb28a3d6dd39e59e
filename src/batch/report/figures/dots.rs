//! A table of results drawn: what was measured beside what the paper has.

use super::canvas::{Anchor, Canvas, FAINT, INK, Svg, width_of};
use super::scale::FigureScale;
use crate::domain::paper::Accuracy;
use crate::domain::report::table::{ReportTable, TableCell, TableKind, TableRow};
use crate::domain::text::harmless;

const ROW: f64 = 26.0;
const PANEL: f64 = 210.0;
const GAP: f64 = 26.0;
const TOP: f64 = 54.0;
const MEASURED: &str = "#0072b2";
const PAPER: &str = "#d55e00";

/// Panels side by side, before another row of them begins.
const ACROSS: usize = 4;

/// One panel a column, one line a network.
pub fn draw(table: &ReportTable) -> Svg {
    let name = |row: &TableRow| match table.which {
        TableKind::Table1 => format!("{} {}", row.family, row.version),
        TableKind::Table2 => row.version.clone(),
    };
    let names: Vec<String> = table.rows.iter().map(name).collect();
    let left = names.iter().map(|name| width_of(name, 12.0)).fold(60.0, f64::max) + 20.0;
    let tall = names.len() as f64 * ROW + 44.0 + 34.0;
    let across = table.columns.len().min(ACROSS);
    let width = (left + across as f64 * (PANEL + GAP) + 10.0).max(left + 2.0 * PANEL);
    let rows = table.columns.len().div_ceil(ACROSS);
    let mut canvas = Canvas::new(width, TOP - 34.0 + rows as f64 * tall);
    legend(&mut canvas, left, table.columns.iter().any(|column| column.published));
    for (place, column) in table.columns.iter().enumerate() {
        let top = TOP + (place / ACROSS) as f64 * tall;
        let x = left + (place % ACROSS) as f64 * (PANEL + GAP);
        if place % ACROSS == 0 {
            for (n, name) in names.iter().enumerate() {
                canvas.text(left - 10.0, top + middle(n) + 4.0, 12.0, Anchor::End, name);
            }
        }
        let cells: Vec<&TableCell> = table.rows.iter().filter_map(|row| row.cells.get(place)).collect();
        let title = match column.accuracy {
            Accuracy::Top1 => column.title.clone(),
            Accuracy::Top5 => format!("{}, top-5", column.title),
        };
        panel(&mut canvas, &harmless(&title, 34), &cells, (x, top));
    }
    canvas.done()
}

/// The results of one column, from its upper left corner on.
fn panel(canvas: &mut Canvas, title: &str, cells: &[&TableCell], (left, top): (f64, f64)) {
    let bottom = top + cells.len() as f64 * ROW;
    let x = FigureScale::over(cells.iter().flat_map(|cell| extent(cell)), (left, left + PANEL));
    canvas.text(left + PANEL / 2.0, top - 10.0, 12.0, Anchor::Middle, title);
    for (value, name) in x.ticks(4) {
        canvas.line((x.at(value), top), (x.at(value), bottom), FAINT, 0.7);
        canvas.text(x.at(value), bottom + 16.0, 11.0, Anchor::Middle, &name);
    }
    canvas.line((left, bottom), (left + PANEL, bottom), INK, 1.0);
    canvas.text(left + PANEL / 2.0, bottom + 34.0, 11.0, Anchor::Middle, "test accuracy, %");
    for (n, cell) in cells.iter().enumerate() {
        result(canvas, cell, x, top + middle(n), left);
    }
}

fn middle(row: usize) -> f64 {
    (row as f64 + 0.5) * ROW
}

fn extent(cell: &TableCell) -> Vec<f64> {
    let of = |mean: f64, std: f64| [mean - std, mean + std];
    let measured = cell.measured.iter().flat_map(|s| of(s.mean, s.std.unwrap_or(0.0)));
    let seeds = cell.measured.iter().flat_map(|s| s.values.iter().map(|(_, value)| *value));
    let published = cell.published.iter().flat_map(|p| of(p.mean, p.std));
    measured.chain(seeds).chain(published).collect()
}

fn result(canvas: &mut Canvas, cell: &TableCell, x: FigureScale, y: f64, left: f64) {
    if let Some(paper) = cell.published {
        let y = y + 6.0;
        canvas.spread((x.at(paper.mean - paper.std), y), (x.at(paper.mean + paper.std), y), PAPER);
        canvas.marker((x.at(paper.mean), y), 4.0, 1, PAPER, true);
    }
    match &cell.measured {
        Some(sample) => {
            let y = if cell.published.is_some() { y - 5.0 } else { y };
            for (_, value) in &sample.values {
                canvas.line((x.at(*value), y - 5.0), (x.at(*value), y + 5.0), "#888", 1.0);
            }
            if let Some(std) = sample.std {
                canvas.spread((x.at(sample.mean - std), y), (x.at(sample.mean + std), y), MEASURED);
            }
            canvas.marker((x.at(sample.mean), y), 4.0, 0, MEASURED, false);
        }
        None if cell.published.is_none() || cell.command.is_some() => {
            let y = if cell.published.is_some() { y - 3.0 } else { y + 4.0 };
            canvas.coloured_text(
                left + 4.0,
                y,
                10.0,
                Anchor::Start,
                "#767676",
                super::super::compose::MISSING,
            );
        }
        None => {}
    }
}

fn legend(canvas: &mut Canvas, x: f64, paper: bool) {
    canvas.marker((x + 6.0, 16.0), 4.0, 0, MEASURED, false);
    canvas.text(x + 18.0, 20.0, 11.0, Anchor::Start, "these runs: mean, std, each seed");
    if paper {
        let x = x + 260.0;
        canvas.marker((x + 6.0, 16.0), 4.0, 1, PAPER, true);
        canvas.text(x + 18.0, 20.0, 11.0, Anchor::Start, "the paper: mean, std");
    }
}
