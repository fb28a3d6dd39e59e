//! Runs: what trains, what waits, what is on disk.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::setup::draw_input;
use crate::domain::text::duration;
use crate::tui::app::{App, Hits, Spot, Typing};
use crate::tui::command::Panel;
use crate::tui::paint::{cut, put};
use crate::tui::run::{Run, Stage};
use crate::tui::theme::Theme;

/// The panel's title says how many runs there are, and in which order.
pub fn summary(app: &App) -> String {
    let (by, reversed) = app.runs.sorted_by();
    let waiting = match app.runs.queue().len() {
        0 => String::new(),
        n => format!("{n} waiting · "),
    };
    let filter = match app.runs.filter() {
        "" => String::new(),
        words => format!(" · /{words}"),
    };
    let held = if app.is_held() { "queue held · " } else { "" };
    let count = match app.runs.filter() {
        "" => app.runs.len().to_string(),
        _ => format!("{} of {}", app.runs.listed_len(), app.runs.len()),
    };
    format!("{held}{waiting}{count} · {} {}{filter}", by.name(), if reversed { "↑" } else { "↓" })
}

/// A column: its title, how wide it is, and its cell of a run.
struct Column {
    title: &'static str,
    width: u16,
    cell: fn(&App, &Run) -> String,
    style: fn(&App, &Run) -> Style,
}

const fn column(title: &'static str, width: u16, cell: fn(&App, &Run) -> String) -> Column {
    Column { title, width, cell, style: |app, _| app.theme.text() }
}

fn percent(value: Option<f64>) -> String {
    value.map_or("–".into(), |value| format!("{value:.2}"))
}

/// Test top-1 less the baseline's, or of validation where one is not tested, percent points.
fn difference(app: &App, run: &Run) -> Option<f64> {
    let baseline = app.runs.baseline().filter(|baseline| baseline.id != run.id)?;
    match (run.test(), baseline.test()) {
        (Some(own), Some(its)) => Some(own - its),
        _ => Some(run.validation()? - baseline.validation()?),
    }
}

fn status_style(app: &App, run: &Run) -> Style {
    let theme = &app.theme;
    match run.status() {
        "training" | "starting" => theme.good(),
        "failed" | "diverged" => theme.bad(),
        "paused" | "unfinished" | "stopped" => theme.warn(),
        "waiting" | "elsewhere" => theme.accent(),
        _ => theme.dim(),
    }
}

/// Columns after the spec, in the order in which they are given up where there is no room.
fn columns(app: &App, width: u16) -> Vec<Column> {
    let status = |app: &App, run: &Run| match app.runs.queue().position(|id| id == run.id) {
        Some(place) => format!("waiting {}", place + 1),
        None => run.status().to_owned(),
    };
    let mut all = vec![
        (0, Column { style: status_style, ..column("status", 10, status) }),
        (3, column("epochs", 7, |_, run| run.epochs())),
        (1, column("val", 6, |_, run| percent(run.validation()))),
        (2, column("test", 6, |_, run| percent(run.test()))),
        (
            5,
            column("time", 7, |_, run| match run.stage {
                Stage::Waiting => "–".into(),
                _ => duration(run.state.t),
            }),
        ),
        (
            6,
            column("began, UTC", 16, |_, run| {
                run.began()
                    .map_or(String::new(), |at| at.chars().take(16).collect::<String>().replace('T', " "))
            }),
        ),
    ];
    if app.runs.baseline().is_some() {
        let cell = |app: &App, run: &Run| difference(app, run).map_or(String::new(), |d| format!("{d:+.2}"));
        let style = |app: &App, run: &Run| match difference(app, run) {
            Some(d) if d > 0.0 => app.theme.good(),
            Some(d) if d < 0.0 => app.theme.warn(),
            _ => app.theme.dim(),
        };
        all.insert(4, (4, Column { style, ..column("Δ base", 7, cell) }));
    }
    // Enough of the spec to tell runs apart comes first.
    let mut room = width.saturating_sub(SPEC);
    let mut order: Vec<u8> = all.iter().map(|(rank, _)| *rank).collect();
    order.sort_unstable();
    let fits: Vec<u8> = order
        .into_iter()
        .take_while(|rank| {
            let width = all.iter().find(|(r, _)| r == rank).map_or(0, |(_, column)| column.width + 1);
            let fits = room >= width;
            room = room.saturating_sub(width);
            fits
        })
        .collect();
    all.into_iter().filter(|(rank, _)| fits.contains(rank)).map(|(_, column)| column).collect()
}

/// The least width of mark and spec.
const SPEC: u16 = 26;

/// Paints the list, and says where the text cursor is.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer, hits: &mut Hits) -> Option<Position> {
    let theme = &app.theme;
    if area.width < 4 || area.height == 0 {
        return None;
    }
    let filtering = app.editing.as_ref().filter(|editing| matches!(editing.what, Typing::Filter));
    let last = area.bottom() - 1;
    let mut cursor = None;
    let has_last = filtering.is_some() || area.height >= 6;
    if let Some(editing) = filtering {
        let x = put(buf, area, area.x, last, "/", theme.accent(), theme);
        cursor = draw_input(app, editing, Rect { x, y: last, width: area.right() - x, height: 1 }, buf);
    } else if let Some(run) = app.runs.current().filter(|_| has_last) {
        put(buf, area, area.x, last, &cut(&run.line, area.width.into()), theme.dim(), theme);
    }
    let columns = columns(app, area.width);
    let taken: u16 = columns.iter().map(|column| column.width + 1).sum();
    let spec = Rect { x: area.x + 2, width: area.width.saturating_sub(taken + 2), ..area };
    // Where there is one row only it is a run's.
    let head = u16::from(area.height > 1 + u16::from(has_last));
    if head > 0 {
        put(buf, spec, spec.x, area.y, "run", theme.dim(), theme);
        let mut x = spec.right() + 1;
        for column in &columns {
            put(buf, area, right(x, column, column.title), area.y, column.title, theme.dim(), theme);
            x += column.width + 1;
        }
    }
    let rows = usize::from(area.height.saturating_sub(head + u16::from(has_last)));
    let chosen = app.runs.row().unwrap_or(0);
    let count = app.runs.listed().count();
    let first = chosen.saturating_sub(rows / 2).min(count.saturating_sub(rows));
    for (i, run) in app.runs.listed().skip(first).take(rows).enumerate() {
        let y = area.y + head + i as u16;
        draw_row(app, run, Row { y, area, spec, columns: &columns }, buf, hits);
    }
    if count == 0 {
        let text = match app.runs.filter() {
            "" => "No runs yet: t trains the draft.",
            _ => "No run has these words; Esc clears the filter.",
        };
        put(buf, area, area.x + 2, area.y + 2 * head, text, theme.dim(), theme);
    }
    cursor
}

/// Where a cell's text begins so that numbers end at the same column.
fn right(x: u16, column: &Column, text: &str) -> u16 {
    let is_text = matches!(column.title, "status" | "began, UTC");
    if is_text { x } else { x + column.width.saturating_sub(text.width() as u16) }
}

struct Row<'a> {
    y: u16,
    area: Rect,
    spec: Rect,
    columns: &'a [Column],
}

fn draw_row(app: &App, run: &Run, row: Row, buf: &mut Buffer, hits: &mut Hits) {
    let theme = &app.theme;
    let Row { y, area, spec, columns } = row;
    let line = Rect { y, height: 1, ..area };
    let is_current = app.runs.current().is_some_and(|current| current.id == run.id);
    hits.push((line, Spot::Run(run.id)));
    hits.push((Rect { width: 2.min(area.width), ..line }, Spot::Mark(run.id)));
    let (mark, style) = mark(app, run);
    put(buf, area, area.x, y, mark, style, theme);
    let name = name(app, run, spec.width.into());
    let style = match is_current {
        true if app.focus == Panel::Runs => theme.selected(),
        true => theme.strong(),
        false => theme.text(),
    };
    put(buf, spec, spec.x, y, &format!("{name:<width$}", width = usize::from(spec.width)), style, theme);
    let mut x = spec.right() + 1;
    for column in columns {
        let text = cut(&(column.cell)(app, run), column.width.into());
        put(buf, area, right(x, column, &text), y, &text, (column.style)(app, run), theme);
        x += column.width + 1;
    }
}

/// Whether and as which curve a run is drawn, or that it is the baseline.
fn mark(app: &App, run: &Run) -> (&'static str, Style) {
    let theme = &app.theme;
    let is_baseline = app.runs.baseline().is_some_and(|baseline| baseline.id == run.id);
    let is_current = app.runs.current().is_some_and(|current| current.id == run.id);
    let style = match run.slot {
        Some(slot) => theme.series(slot),
        None if is_current && run.stage != Stage::Waiting => theme.series(app.runs.slot(run)),
        None => theme.off(),
    };
    let letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mark = match run.slot {
        _ if is_baseline => theme.glyph("★", "B"),
        Some(slot) if theme.needs_letters() => letters[slot % Theme::SERIES],
        Some(_) => theme.glyph("●", "*"),
        None if run.stage == Stage::Waiting => " ",
        None => theme.glyph("○", "o"),
    };
    (mark, style)
}

/// Network, seed, then data and keys: what tells runs apart comes first.
fn name(app: &App, run: &Run, room: usize) -> String {
    let label = app.runs.labels().label(run);
    let labels = app.runs.labels();
    let most = if labels.alike { room.saturating_sub(4) } else { room * 2 / 3 };
    let column = labels.widest.clamp(8, most.max(8));
    let network = cut(&label.network, column);
    let blank = " ".repeat(column - network.width().min(column));
    cut(&format!("{network}{blank} {:<3} {}", label.seed, label.rest), room)
}
