//! Info: all about a run, or several runs beside each other.

mod differences;
mod facts;
mod lines;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use self::differences::Differences;
use self::facts::facts;
use self::lines::{LABEL, Line, Look, beside, block_lines, look_of};
use crate::domain::text::wrap;
use crate::tui::labels::{DistinctNames, cut_apart};
use crate::tui::paint::{cut, put};
use crate::tui::panel::{Click, Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind, PanelTarget};
use crate::tui::panels::PanelId;
use crate::tui::panes::Wish;
use crate::tui::run::{RunId, TrackedRun};
use crate::tui::session::Session;

/// Rows of a page.
const PAGE: isize = 10;
/// From this width on facts stand in two columns, and keys with what the paper has.
const TWO_COLUMNS: u16 = 100;
/// Columns of a run beside others.
const NARROWEST: u16 = 16;
const WIDEST: u16 = 48;

/// What is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum InfoView {
    /// Runs beside each other where two or more are marked, else the current one.
    #[default]
    Auto,
    /// The current run, whatever is marked.
    Alone,
    /// The current run beside the baseline.
    BesideBaseline,
}

/// The panel.
#[derive(Debug, Default)]
pub struct InfoPanel {
    view: InfoView,
    /// Whether also what runs have alike is shown.
    all: bool,
    scroll: usize,
    /// Runs after the first that are left of those shown.
    column: usize,
    /// What is shown, as the last layout made it.
    shown: ShownInfo,
    /// How far it can be scrolled.
    limits: (usize, usize),
}

#[derive(Debug, Default)]
struct ShownInfo {
    /// Lines that stay.
    head: Vec<Line>,
    /// Lines that scroll.
    lines: Vec<Line>,
    /// What stays at the bottom.
    foot: String,
    summary: String,
    /// The runs in the head, and where they begin.
    heads: Vec<(RunId, u16)>,
    /// How many runs there are, and how many of them fit.
    runs: usize,
    fit: usize,
}

impl PanelKind for InfoPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Info",
        short: "Info",
        name: "info",
        focus: ("info", &["I"], "focus Info"),
        mouse: "click the name of a run beside others: make it the current one; wheel: scroll",
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("info-up", &["up", "k"], "scroll up", |panel, _| panel.scroll(-1)),
        PanelKey::<Self>::new("info-down", &["down", "j"], "scroll down", |panel, _| panel.scroll(1)),
        PanelKey::<Self>::new("info-page-up", &["pageup"], "page up", |panel, _| panel.scroll(-PAGE)),
        PanelKey::<Self>::new("info-page-down", &["pagedown"], "page down", |panel, _| panel.scroll(PAGE)),
        PanelKey::<Self>::new("info-first", &["home"], "first line", |panel, _| panel.scroll(isize::MIN)),
        PanelKey::<Self>::new("info-last", &["end"], "last line", |panel, _| panel.scroll(isize::MAX)),
        PanelKey::<Self>::new("info-left", &["left", "h"], "runs on the left", |panel, _| {
            panel.column = panel.column.saturating_sub(1);
        }),
        PanelKey::<Self>::new("info-right", &["right", "l"], "runs on the right", |panel, _| {
            panel.column = (panel.column + 1).min(panel.limits.1);
        }),
        PanelKey::<Self>::new("info-previous", &["["], "previous run", |_, session| {
            session.runs.move_cursor(-1);
        }),
        PanelKey::<Self>::new("info-next", &["]"], "next run", |_, session| session.runs.move_cursor(1))
            .hint("next run")
            .enabled(|panel, session| panel.compared(session).is_empty()),
        PanelKey::<Self>::new(
            "info-view",
            &["v"],
            "one run, or side by side: the marked runs (m in Runs), else the run and the baseline (p)",
            |panel, session| panel.change_view(session),
        )
        .hint("one/compare"),
        PanelKey::<Self>::new(
            "info-all",
            &["a"],
            "side by side: all keys and results, or only those that differ",
            |panel, _| panel.all = !panel.all,
        )
        .hint("all/differing")
        .enabled(|panel, session| panel.compared(session).len() > 1),
        PanelKey::<Self>::new("info-name", &["N"], "name the run", |_, session| session.edit_run_name()),
        PanelKey::<Self>::new("info-note", &["n"], "write a note on the run", |_, session| {
            session.edit_run_note();
        })
        .hint("note"),
        PanelKey::<Self>::new("info-tags", &["#"], "tag the run, or all marked runs", |_, session| {
            session.edit_tags();
        }),
        PanelKey::<Self>::new("info-runs", &["i"], "back to Runs; Esc, too", |_, session| {
            session.wanted_focus = Some(PanelId::Runs);
        })
        .hint("runs"),
    ];
}

impl InfoPanel {
    fn scroll(&mut self, by: isize) {
        self.scroll = self.scroll.saturating_add_signed(by).min(self.limits.0);
    }

    fn change_view(&mut self, session: &mut Session) {
        let can_compare = session.runs.marked_len() > 1;
        let baseline = session.runs.baseline().map(|run| run.id);
        let has_other = baseline.is_some() && session.runs.current().map(|run| run.id) != baseline;
        self.view = match self.view {
            InfoView::Auto if can_compare => InfoView::Alone,
            InfoView::Auto | InfoView::Alone if !can_compare && has_other => InfoView::BesideBaseline,
            _ => InfoView::Auto,
        };
        (self.scroll, self.column) = (0, 0);
        if !can_compare && !has_other {
            let text = "nothing to compare with: mark runs in Runs (m), or pin a baseline (p)";
            session.say(crate::tui::log::Level::Info, text);
        }
    }

    /// The runs that are shown side by side, the baseline first; none where one is shown alone.
    fn compared(&self, session: &Session) -> Vec<RunId> {
        let runs = &session.runs;
        let marked: Vec<RunId> = runs.marked().iter().map(|run| run.id).collect();
        let baseline = runs.baseline().map(|run| run.id);
        let mut compared = match self.view {
            InfoView::Auto | InfoView::BesideBaseline if marked.len() > 1 => marked,
            InfoView::BesideBaseline if baseline.is_some() => {
                runs.current().map(|run| run.id).into_iter().collect()
            }
            _ => return Vec::new(),
        };
        if let Some(baseline) = baseline {
            compared.retain(|id| *id != baseline);
            compared.insert(0, baseline);
        }
        if compared.len() > 1 { compared } else { Vec::new() }
    }

    /// One run, in `width` columns.
    fn alone(run: &TrackedRun, width: u16) -> ShownInfo {
        let [identity, results, keys] = facts(run);
        let lines = if width >= TWO_COLUMNS {
            let left = width / 2;
            let mut one = block_lines(&identity, 0, left - 2);
            one.push(Line::new());
            one.extend(block_lines(&results, 0, left - 2));
            let other = block_lines(&keys, left, width - left);
            beside(one, other)
        } else {
            let blocks = [identity, results, keys];
            let mut lines = Vec::new();
            for block in &blocks {
                if !lines.is_empty() {
                    lines.push(Line::new());
                }
                lines.extend(block_lines(block, 0, width));
            }
            lines
        };
        ShownInfo { lines, summary: run.name(), runs: 1, fit: 1, ..ShownInfo::default() }
    }

    /// Several beside each other.
    fn side_by_side(&self, session: &Session, runs: &[&TrackedRun], width: u16) -> ShownInfo {
        let made = Differences::of(runs, self.all);
        let room = width.saturating_sub(LABEL);
        let names = DistinctNames::of(runs).names;
        let widest = |i: usize| {
            let cells = made.rows.iter().map(|row| &row.cells[i]);
            let cells = cells.map(|cell| cell.text.width() + cell.delta.width() + 3);
            cells.chain([names[i].width() + 5]).max().unwrap_or(0) as u16
        };
        let wanted = (0..runs.len()).map(widest).max().unwrap_or(0).clamp(NARROWEST, WIDEST);
        // As wide as all of them fit, where they do.
        let each = wanted.min((room / runs.len() as u16).max(NARROWEST)).min(room.max(1));
        let fit = usize::from((room / each.max(1)).max(1)).min(runs.len());
        let column = self.column.min(runs.len() - fit);
        let places: Vec<usize> = std::iter::once(0).chain((1 + column)..(column + fit)).collect();
        let x = |place: usize| LABEL + place as u16 * each;
        let cuts: Vec<_> =
            names.iter().map(|name| (name.as_str(), usize::from(each).saturating_sub(3))).collect();
        let heads = cut_apart(&cuts, "…");
        let baseline = session.runs.baseline().map(|run| run.id);
        let head = places.iter().enumerate().map(|(place, i)| {
            let star = if Some(runs[*i].id) == baseline { session.theme.glyph("★ ", "B ") } else { "" };
            let is_current = session.runs.current().is_some_and(|run| run.id == runs[*i].id);
            let look = if is_current { Look::Current } else { Look::Run(session.runs.slot(runs[*i])) };
            (x(place), format!("{star}{}", heads[*i]), look)
        });
        let shown_heads = places.iter().enumerate().map(|(place, i)| (runs[*i].id, x(place))).collect();
        let mut lines: Vec<Line> = Vec::new();
        for is_key in [true, false] {
            let rows: Vec<_> = made.rows.iter().filter(|row| row.is_key == is_key).collect();
            let title = match (is_key, self.all) {
                (true, false) if rows.is_empty() => "No key differs: one spec, trained more than once",
                (true, false) => "Keys that differ",
                (true, true) => "Keys",
                (false, false) => "Results that differ",
                (false, true) => "Results",
            };
            if !is_key {
                lines.push(Line::new());
            }
            if is_key || !rows.is_empty() {
                lines.push(vec![(0, title.into(), Look::Title)]);
            }
            for row in rows {
                let first = lines.len();
                lines.push(vec![(0, row.label.into(), Look::Label)]);
                for (place, i) in places.iter().enumerate() {
                    let cell = &row.cells[*i];
                    let text = if cell.text.is_empty() { "–" } else { &cell.text };
                    let wrapped = wrap(text, usize::from(each.saturating_sub(2)));
                    for (n, part) in wrapped.iter().enumerate() {
                        if first + n == lines.len() {
                            lines.push(Line::new());
                        }
                        lines[first + n].push((x(place), part.clone(), Look::Text));
                    }
                    if !cell.delta.is_empty() {
                        let at = x(place) + text.width() as u16 + 1;
                        lines[first].push((at, cell.delta.clone(), look_of(row.label, &cell.delta)));
                    }
                }
            }
        }
        let hidden = if fit < runs.len() {
            format!("{fit} of {} runs fit, ←→ scrolls · ", runs.len())
        } else {
            String::new()
        };
        let unlike = made.unlike.as_ref().map_or_else(String::new, |why| format!(" · {why}"));
        ShownInfo {
            head: vec![head.collect()],
            lines,
            foot: format!("{hidden}{}{unlike}", made.alike_text()),
            summary: format!("{} runs", runs.len()),
            heads: shown_heads,
            runs: runs.len(),
            fit,
        }
    }
}

impl Panel for InfoPanel {
    fn summary(&self, _session: &Session, _room: usize) -> String {
        match self.limits.0 - self.scroll {
            0 => self.shown.summary.clone(),
            below => format!("{} · {below} more below", self.shown.summary),
        }
    }

    fn rows_wanted(&self, _session: &Session, _width: u16) -> Wish {
        Wish::new(10, 26).or_more()
    }

    fn layout(&mut self, session: &Session, area: Rect) {
        if area.is_empty() {
            return;
        }
        let compared = self.compared(session);
        let runs: Vec<&TrackedRun> = compared.iter().filter_map(|id| session.runs.get(*id)).collect();
        self.shown = match session.runs.current() {
            _ if runs.len() > 1 => self.side_by_side(session, &runs, area.width),
            Some(run) => Self::alone(run, area.width),
            None => ShownInfo::default(),
        };
        let rows = rows(area, &self.shown);
        self.limits =
            (self.shown.lines.len().saturating_sub(rows), self.shown.runs.saturating_sub(self.shown.fit));
        self.scroll = self.scroll.min(self.limits.0);
        self.column = self.column.min(self.limits.1);
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        let (area, theme) = (canvas.area, canvas.theme());
        let style = |look: Look| -> Style {
            match look {
                Look::Title => theme.strong(),
                Look::Label | Look::Dim => theme.dim(),
                Look::Text => theme.text(),
                Look::Noticed => theme.accent(),
                Look::Better => theme.good(),
                Look::Worse => theme.warn(),
                Look::Run(slot) => theme.series(slot),
                Look::Current => theme.selected(),
            }
        };
        let head = self.shown.head.iter();
        let body = self.shown.lines.iter().skip(self.scroll).take(rows(area, &self.shown));
        for (i, line) in head.chain(body).enumerate() {
            for (x, text, look) in line {
                let y = area.y + i as u16;
                put(buf, area, area.x + x, y, text, style(*look), theme);
            }
        }
        if !self.shown.foot.is_empty() && area.height > 2 {
            let foot = cut(&self.shown.foot, area.width.into());
            put(buf, area, area.x, area.bottom() - 1, &foot, theme.dim(), theme);
        }
        if self.shown.runs == 0 {
            let text = "No run selected: choose one in Runs (R), or train the draft (t).";
            put(buf, area, area.x + 1, area.y, text, theme.dim(), theme);
        }
        let mut drawn = Drawn::default();
        for (i, (id, x)) in self.shown.heads.iter().enumerate() {
            let end = self.shown.heads.get(i + 1).map_or(area.width, |(_, next)| *next);
            let head = Rect { x: area.x + x, y: area.y, width: end.saturating_sub(*x), height: 1 };
            drawn.hits.push((head.intersection(area), PanelTarget::Row(*id)));
        }
        drawn
    }

    /// A run's name makes it the current one.
    fn click(&mut self, click: Click, session: &mut Session) {
        if let PanelTarget::Row(id) = click.target
            && !click.is_drag
        {
            session.runs.select(id);
        }
    }

    /// Back to the list.
    fn close(&mut self, session: &mut Session) -> bool {
        session.wanted_focus = Some(PanelId::Runs);
        true
    }

    fn wheel(&mut self, by: isize, _at: Position, _session: &mut Session) {
        self.scroll(by * 3);
    }
}

/// Rows for what scrolls.
fn rows(area: Rect, shown: &ShownInfo) -> usize {
    let foot = usize::from(!shown.foot.is_empty() && area.height > 2);
    usize::from(area.height).saturating_sub(shown.head.len() + foot)
}
