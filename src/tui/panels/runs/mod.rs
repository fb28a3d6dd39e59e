//! Runs: in progress, queued, on disk.

mod columns;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use self::columns::{Column, SPEC, all_columns, columns, why_unlike};
use crate::tui::chrome::input::draw_line;
use crate::tui::paint::{cut, put};
use crate::tui::panel::{Click, Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind, PanelTarget};
use crate::tui::panels::PanelId;
use crate::tui::panes::Wish;
use crate::tui::run::{RunStage, TrackedRun};
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
        mouse: "click: choose a run; click its dot: draw or hide it; wheel: move",
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
            "mark",
            &["m"],
            "mark the run, or unmark it, and move on; d, w and # then mean the marked runs, and Info compares them",
            |_, session| session.toggle_mark(),
        )
        .hint("mark"),
        PanelKey::<Self>::new("mark-all", &["M"], "mark all listed runs; if all are, unmark all", |_, session| {
            session.runs.toggle_all_marks();
        }),
        PanelKey::<Self>::new(
            "details",
            &["i"],
            "all about the run, or how the marked runs differ (Info)",
            |_, session| session.wanted_focus = Some(PanelId::Info),
        )
        .hint("info"),
        PanelKey::<Self>::new(
            "run-name",
            &["N"],
            "name the run: shown before network and seed in Runs, in their place elsewhere",
            |_, session| session.edit_run_name(),
        ),
        PanelKey::<Self>::new("run-note", &["n"], "write a note on the run", |_, session| {
            session.edit_run_note();
        })
        .hint("note"),
        PanelKey::<Self>::new(
            "run-tags",
            &["#"],
            "tag the run, or all marked runs; filter by tag=WORD",
            |_, session| session.edit_tags(),
        ),
        PanelKey::<Self>::new(
            "export",
            &["w"],
            "export the run, or the marked runs: CSV, Parquet, TensorBoard, PyTorch or a recording (Tab)",
            |_, session| session.edit_export(),
        ),
        PanelKey::<Self>::new("show-all", &["a"], "draw the curves of all listed runs", |_, session| {
            session.show_listed();
        }),
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
            "filter by words, keys and results: hires seed=0..2 val>60 status=done tag=x ~P[12]; Tab completes",
            |_, session| {
                session.edit_filter();
            },
        )
        .hint("filter"),
        PanelKey::<Self>::new("sort", &["s"], "sort by the next column; * marks the best of runs that differ only in seed", |_, session| {
            session.runs.sort_next();
        })
        .hint("sort"),
        PanelKey::<Self>::new("reverse", &["o"], "reverse the sort order", |_, session| {
            session.runs.reverse();
        }),
        PanelKey::<Self>::new("earlier", &["K"], "move a queued run towards the front", |_, session| {
            session.reorder(-1);
        }),
        PanelKey::<Self>::new("later", &["J"], "move a queued run towards the back", |_, session| {
            session.reorder(1);
        }),
        PanelKey::<Self>::new(
            "delete",
            &["d", "delete"],
            "delete the run, or the marked runs, from disk (asks first); remove queued ones from the queue",
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
        let marked = match session.runs.marked_len() {
            0 => String::new(),
            n => format!("{n} marked · "),
        };
        format!("{held}{marked}{queued}{count} · {} {}{filter}", by.name(), if reversed { "↑" } else { "↓" })
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
            // Which all runs meet.
            let _ = session.runs.set_filter("");
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
    let error = filtering.and_then(|editing| editing.error.as_deref()).filter(|_| area.height >= 3);
    if let Some(editing) = filtering {
        let x = put(buf, area, area.x, last, "/", theme.accent(), theme);
        let line = Rect { x, y: last, width: area.right() - x, height: 1 };
        drawn.cursor = draw_line(editing, line, buf, theme);
        if let Some(error) = error {
            put(buf, area, area.x, last - 1, &cut(error, area.width.into()), theme.bad(), theme);
        }
    } else if let Some(run) = session.runs.current().filter(|_| has_last) {
        let why = why_unlike(session, run).unwrap_or_default();
        let room = usize::from(area.width).saturating_sub(why.width() + usize::from(!why.is_empty()));
        let note = &run.annotation.note;
        let line = if note.is_empty() { run.line.clone() } else { format!("{} · {note}", run.line) };
        put(buf, area, area.x, last, &cut(&line, room), theme.dim(), theme);
        put(buf, area, area.right().saturating_sub(why.width() as u16), last, &why, theme.warn(), theme);
    }
    let columns = columns(session, area.width);
    let taken: u16 = columns.iter().map(|column| column.width + 1).sum();
    // Marks have a column of their own while there are any.
    let marks = 2 + u16::from(session.runs.marked_len() > 0);
    let spec = Rect { x: area.x + marks, width: area.width.saturating_sub(taken + marks), ..area };
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
    let below = u16::from(has_last) + u16::from(error.is_some());
    let rows = usize::from(area.height.saturating_sub(head + below));
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
    if session.runs.is_marked(run.id) {
        put(buf, area, area.x + 1, y, theme.glyph("✓", "+"), theme.accent(), theme);
    }
    let name = name(session, run, spec.width.into());
    let style = match is_current {
        true if canvas.is_focused => theme.selected(),
        _ if session.runs.is_marked(run.id) => theme.accent(),
        true => theme.strong(),
        false => theme.text(),
    };
    put(buf, spec, spec.x, y, &format!("{name:<width$}", width = usize::from(spec.width)), style, theme);
    let mut x = spec.right() + 1;
    for column in columns {
        let (text, style) = column.cell(session, run);
        let text = cut(&text, column.width.into());
        put(buf, area, right(x, column, &text), y, &text, style, theme);
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
    let mark = match run.slot {
        _ if is_baseline => theme.glyph("★", "B"),
        Some(slot) if theme.needs_letters() => Theme::letter(slot),
        Some(_) => theme.glyph("●", "*"),
        None if run.stage == RunStage::Waiting => " ",
        None => theme.glyph("○", "o"),
    };
    (mark, style)
}

/// The name it was given, network and seed, data and keys, tags: what tells runs apart comes
/// first.
fn name(session: &Session, run: &TrackedRun, room: usize) -> String {
    let label = session.runs.labels().label(run);
    let labels = session.runs.labels();
    let most = if labels.alike { room.saturating_sub(4) } else { room * 2 / 3 };
    let tags: Vec<String> = run.annotation.tags.iter().map(|tag| format!("#{tag}")).collect();
    let rest = [label.rest, tags.join(" ")].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>();
    let rest = rest.join(" ");
    if !run.annotation.name.is_empty() {
        return cut(&format!("{} · {} {} {rest}", run.annotation.name, label.network, label.seed), room);
    }
    let column = labels.widest.clamp(8, most.max(8));
    let network = cut(&label.network, column);
    let blank = " ".repeat(column - network.width().min(column));
    cut(&format!("{network}{blank} {:<3} {rest}", label.seed), room)
}
