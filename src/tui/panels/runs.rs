//! Runs: in progress, queued, on disk.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::domain::event::Outcome;
use crate::domain::text::duration;
use crate::tui::chrome::input::draw_line;
use crate::tui::paint::{cut, put};
use crate::tui::panel::{Click, Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind, PanelTarget};
use crate::tui::panes::Wish;
use crate::tui::run::{RunStage, RunStatus, TrackedRun};
use crate::tui::session::{EditedText, Session};
use crate::tui::theme::Theme;

/// The most rows that it asks for, before others have what they want.
const MANY: u16 = 16;
/// Rows of a page.
const PAGE: isize = 10;

/// The panel. Which run is the current one matters to others, and is in the session.
#[derive(Debug, Default)]
pub struct RunsPanel;

impl PanelKind for RunsPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Runs",
        short: "Runs",
        name: "runs",
        focus: ("runs", &["R"], "focus Runs"),
        mouse: "click: choose a run; click its mark: draw or hide it; wheel: move",
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new(
            "run-up",
            &["up", "k"],
            "previous run; the current run's curves are always drawn",
            |_, session| {
                session.runs.move_cursor(-1);
            },
        ),
        PanelKey::<Self>::new("run-down", &["down", "j"], "next run", |_, session| {
            session.runs.move_cursor(1);
        }),
        PanelKey::<Self>::new("runs-page-up", &["pageup"], "page up", |_, session| {
            session.runs.move_cursor(-PAGE);
        }),
        PanelKey::<Self>::new("runs-page-down", &["pagedown"], "page down", |_, session| {
            session.runs.move_cursor(PAGE);
        }),
        PanelKey::<Self>::new("run-first", &["home"], "first run", |_, session| {
            session.runs.move_cursor(isize::MIN);
        }),
        PanelKey::<Self>::new("run-last", &["end"], "last run", |_, session| {
            session.runs.move_cursor(isize::MAX);
        }),
        PanelKey::<Self>::new(
            "show",
            &["enter", "v"],
            "keep the run's curves drawn, or hide them",
            |_, session| {
                session.toggle_shown();
            },
        )
        .hint("overlay"),
        PanelKey::<Self>::new(
            "show-none",
            &["c"],
            "hide all curves but the current run's and the baseline's",
            |_, session| {
                session.runs.hide_all();
            },
        ),
        PanelKey::<Self>::new(
            "pin",
            &["p"],
            "pin the run as the baseline for comparison, or unpin it",
            |_, session| {
                session.toggle_baseline();
            },
        )
        .hint("baseline"),
        PanelKey::<Self>::new(
            "resume",
            &["r"],
            "resume a stopped or interrupted run exactly from its last checkpoint",
            |_, session| {
                session.resume();
            },
        )
        .hint("resume"),
        PanelKey::<Self>::new("use", &["u"], "make the run's spec the draft", |_, session| {
            session.use_spec();
        })
        .hint("use"),
        PanelKey::<Self>::new(
            "filter",
            &["/"],
            "filter: only runs that contain all these words",
            |_, session| {
                session.edit_filter();
            },
        )
        .hint("filter"),
        PanelKey::<Self>::new("sort", &["s"], "sort by the next column", |_, session| {
            session.runs.sort_next();
        })
        .hint("sort"),
        PanelKey::<Self>::new("reverse", &["o"], "reverse the order", |_, session| session.runs.reverse()),
        PanelKey::<Self>::new("earlier", &["K"], "move a queued run towards the front", |_, session| {
            session.reorder(-1);
        }),
        PanelKey::<Self>::new("later", &["J"], "move it towards the back", |_, session| session.reorder(1)),
        PanelKey::<Self>::new(
            "delete",
            &["d", "delete"],
            "delete the run from disk (asks first), or remove it from the queue",
            |_, session| {
                session.delete();
            },
        ),
    ];
}

impl Panel for RunsPanel {
    /// How many runs there are, and in which order.
    fn summary(&self, session: &Session, _room: usize) -> String {
        let (by, reversed) = session.runs.sorted_by();
        let queued = match session.runs.queue().len() {
            0 => String::new(),
            n => format!("{n} queued · "),
        };
        let filter = match session.runs.filter() {
            "" => String::new(),
            words => format!(" · /{words}"),
        };
        let held = if session.is_held() { "queue held · " } else { "" };
        let count = match session.runs.filter() {
            "" => session.runs.len().to_string(),
            _ => format!("{} of {}", session.runs.listed_len(), session.runs.len()),
        };
        format!("{held}{queued}{count} · {} {}{filter}", by.name(), if reversed { "↑" } else { "↓" })
    }

    /// With every column.
    fn columns_wanted(&self, session: &Session) -> Wish {
        let all: u16 = all_columns(session, true).iter().map(|(_, column)| column.width + 1).sum();
        Wish::new(SPEC + 11, SPEC + all)
    }

    fn rows_wanted(&self, session: &Session, _width: u16) -> Wish {
        let count = session.runs.listed_len().min(1000) as u16;
        let wish = Wish::new(4, (count + 3).clamp(6, MANY));
        if count + 3 > MANY { wish.or_more() } else { wish }
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        draw_list(canvas, buf)
    }

    fn close(&mut self, session: &mut Session) -> bool {
        let is_filtered = !session.runs.filter().is_empty();
        if is_filtered {
            session.runs.set_filter("");
        }
        is_filtered
    }

    fn click(&mut self, click: Click, session: &mut Session) {
        match click.target {
            PanelTarget::Row(id) if !click.is_drag => session.runs.select(id),
            PanelTarget::Mark(id) if !click.is_drag => {
                session.runs.select(id);
                session.toggle_shown();
            }
            _ => {}
        }
    }

    fn wheel(&mut self, by: isize, _at: Position, session: &mut Session) {
        session.runs.move_cursor(by);
    }
}

/// A column: its title, how wide it is, and its cell of a run.
struct Column {
    title: &'static str,
    width: u16,
    cell: fn(&Session, &TrackedRun) -> String,
    style: fn(&Session, &TrackedRun) -> Style,
}

const fn column(title: &'static str, width: u16, cell: fn(&Session, &TrackedRun) -> String) -> Column {
    Column { title, width, cell, style: |session, _| session.theme.text() }
}

fn percent(value: Option<f64>) -> String {
    value.map_or("–".into(), |value| format!("{value:.2}"))
}

/// Test top-1 less the baseline's, or of validation where one is not tested, percent points.
fn difference(session: &Session, run: &TrackedRun) -> Option<f64> {
    let baseline = session.runs.baseline().filter(|baseline| baseline.id != run.id)?;
    match (run.test(), baseline.test()) {
        (Some(own), Some(its)) => Some(own - its),
        _ => Some(run.validation()? - baseline.validation()?),
    }
}

fn status_style(session: &Session, run: &TrackedRun) -> Style {
    let theme = &session.theme;
    match run.status() {
        RunStatus::Training | RunStatus::Starting => theme.good(),
        RunStatus::Ended(Outcome::Failed | Outcome::Diverged) => theme.bad(),
        RunStatus::Paused | RunStatus::Unfinished | RunStatus::Ended(Outcome::Stopped) => theme.warn(),
        RunStatus::Queued | RunStatus::Elsewhere => theme.accent(),
        RunStatus::Ended(Outcome::Completed) => theme.dim(),
    }
}

/// Columns after the spec, each with its rank: the highest is the first to be given up. Where
/// it is `wide`, the longest status is whole.
fn all_columns(session: &Session, wide: bool) -> Vec<(u8, Column)> {
    let status_width = if wide { RunStatus::Elsewhere.name().len() as u16 } else { 10 };
    let status = if wide { status } else { short_status };
    let mut all = vec![
        (0, Column { style: status_style, ..column("status", status_width, status) }),
        (3, column("epochs", 7, |_, run| run.epochs())),
        (1, column("val", 6, |_, run| percent(run.validation()))),
        (2, column("test", 6, |_, run| percent(run.test()))),
        (
            5,
            column("time", 7, |_, run| match run.stage {
                RunStage::Waiting => "–".into(),
                _ => duration(run.state.t),
            }),
        ),
        (
            6,
            column("started (UTC)", 16, |_, run| {
                run.began()
                    .map_or(String::new(), |at| at.chars().take(16).collect::<String>().replace('T', " "))
            }),
        ),
    ];
    if session.runs.baseline().is_some() {
        let cell = |session: &Session, run: &TrackedRun| {
            difference(session, run).map_or(String::new(), |d| format!("{d:+.2}"))
        };
        let style = |session: &Session, run: &TrackedRun| match difference(session, run) {
            Some(d) if d > 0.0 => session.theme.good(),
            Some(d) if d < 0.0 => session.theme.warn(),
            _ => session.theme.dim(),
        };
        all.insert(4, (4, Column { style, ..column("Δ base", 7, cell) }));
    }
    all
}

/// As many of them as there is room for.
fn columns(session: &Session, width: u16) -> Vec<Column> {
    // Only where somebody else trains one is the longest status there.
    let is_elsewhere = |run: &TrackedRun| run.status() == RunStatus::Elsewhere;
    let all = all_columns(session, width >= ROOMY && session.runs.listed().any(is_elsewhere));
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

fn status(session: &Session, run: &TrackedRun) -> String {
    match session.runs.queue().position(|id| id == run.id) {
        Some(place) => format!("queued {}", place + 1),
        None => run.status().name().to_owned(),
    }
}

/// Without what is in brackets.
fn short_status(session: &Session, run: &TrackedRun) -> String {
    let status = status(session, run);
    status.split_once(" (").map_or(status.as_str(), |(short, _)| short).to_owned()
}

/// From this width on the longest status is whole.
const ROOMY: u16 = 90;
/// The least width of mark and spec.
const SPEC: u16 = 26;

/// Paints the list.
fn draw_list(canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
    let (session, area, theme) = (canvas.session, canvas.area, canvas.theme());
    let mut drawn = Drawn::default();
    if area.width < 4 || area.height == 0 {
        return drawn;
    }
    let filtering = session.editing.as_ref().filter(|editing| matches!(editing.what, EditedText::Filter));
    let last = area.bottom() - 1;
    let has_last = filtering.is_some() || area.height >= 6;
    if let Some(editing) = filtering {
        let x = put(buf, area, area.x, last, "/", theme.accent(), theme);
        let line = Rect { x, y: last, width: area.right() - x, height: 1 };
        drawn.cursor = draw_line(editing, line, buf, theme);
    } else if let Some(run) = session.runs.current().filter(|_| has_last) {
        put(buf, area, area.x, last, &cut(&run.line, area.width.into()), theme.dim(), theme);
    }
    let columns = columns(session, area.width);
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
    let chosen = session.runs.row().unwrap_or(0);
    let count = session.runs.listed().count();
    let first = chosen.saturating_sub(rows / 2).min(count.saturating_sub(rows));
    for (i, run) in session.runs.listed().skip(first).take(rows).enumerate() {
        let y = area.y + head + i as u16;
        draw_row(canvas, run, Row { y, area, spec, columns: &columns }, buf, &mut drawn.hits);
    }
    if count == 0 {
        let text = match session.runs.filter() {
            "" => "No runs yet: t trains the draft.",
            _ => "No matching runs. Esc clears the filter.",
        };
        put(buf, area, area.x + 2, area.y + 2 * head, text, theme.dim(), theme);
    }
    drawn
}

/// Where a cell's text begins so that numbers end at the same column.
fn right(x: u16, column: &Column, text: &str) -> u16 {
    let is_text = matches!(column.title, "status" | "started (UTC)");
    if is_text { x } else { x + column.width.saturating_sub(text.width() as u16) }
}

struct Row<'a> {
    y: u16,
    area: Rect,
    spec: Rect,
    columns: &'a [Column],
}

fn draw_row(
    canvas: &PanelCanvas,
    run: &TrackedRun,
    row: Row,
    buf: &mut Buffer,
    hits: &mut Vec<(Rect, PanelTarget)>,
) {
    let (session, theme) = (canvas.session, canvas.theme());
    let Row { y, area, spec, columns } = row;
    let line = Rect { y, height: 1, ..area };
    let is_current = session.runs.current().is_some_and(|current| current.id == run.id);
    hits.push((line, PanelTarget::Row(run.id)));
    hits.push((Rect { width: 2.min(area.width), ..line }, PanelTarget::Mark(run.id)));
    let (mark, style) = mark(session, run);
    put(buf, area, area.x, y, mark, style, theme);
    let name = name(session, run, spec.width.into());
    let style = match is_current {
        true if canvas.is_focused => theme.selected(),
        true => theme.strong(),
        false => theme.text(),
    };
    put(buf, spec, spec.x, y, &format!("{name:<width$}", width = usize::from(spec.width)), style, theme);
    let mut x = spec.right() + 1;
    for column in columns {
        let text = cut(&(column.cell)(session, run), column.width.into());
        put(buf, area, right(x, column, &text), y, &text, (column.style)(session, run), theme);
        x += column.width + 1;
    }
}

/// Whether and as which curve a run is drawn, or that it is the baseline.
fn mark(session: &Session, run: &TrackedRun) -> (&'static str, Style) {
    let theme = &session.theme;
    let is_baseline = session.runs.baseline().is_some_and(|baseline| baseline.id == run.id);
    let is_current = session.runs.current().is_some_and(|current| current.id == run.id);
    let style = match run.slot {
        Some(slot) => theme.series(slot),
        None if is_current && run.stage != RunStage::Waiting => theme.series(session.runs.slot(run)),
        None => theme.off(),
    };
    let letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let mark = match run.slot {
        _ if is_baseline => theme.glyph("★", "B"),
        Some(slot) if theme.needs_letters() => letters[slot % Theme::SERIES],
        Some(_) => theme.glyph("●", "*"),
        None if run.stage == RunStage::Waiting => " ",
        None => theme.glyph("○", "o"),
    };
    (mark, style)
}

/// Network, seed, then data and keys: what tells runs apart comes first.
fn name(session: &Session, run: &TrackedRun, room: usize) -> String {
    let label = session.runs.labels().label(run);
    let labels = session.runs.labels();
    let most = if labels.alike { room.saturating_sub(4) } else { room * 2 / 3 };
    let column = labels.widest.clamp(8, most.max(8));
    let network = cut(&label.network, column);
    let blank = " ".repeat(column - network.width().min(column));
    cut(&format!("{network}{blank} {:<3} {}", label.seed, label.rest), room)
}
