//! The paper's Fig. 2 of a run, epoch by epoch: how strong each block's own output F is
//! beside the hops that are added to it; or how their values are spread.

mod bars;
mod course;
mod groups;
mod spreads;
mod words;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub use self::bars::three;
use self::bars::{BarScale, TermBars};
use self::course::TermCourse;
use self::groups::{GAP, Groups, NARROWEST, rows_of};
use self::words::{fitting, more, parts, sentence, slider, why_nothing};
use crate::domain::event::{BlockActivity, Split};
use crate::domain::run_state::{ProbeRecord, RunState};
use crate::tui::labels::DistinctNames;
use crate::tui::paint::cut;
use crate::tui::panel::{Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind};
use crate::tui::panes::Wish;
use crate::tui::run::{RunId, RunStatus, TrackedRun};
use crate::tui::session::Session;
use crate::tui::theme::Theme;

/// Which of a run's measurements is shown, and from which row on.
#[derive(Debug, Clone, Default)]
pub struct ActivationsPanel {
    /// Index of the measurement; `None` for the newest there is.
    pinned: Option<usize>,
    view: ActivationsView,
    /// Whether the current run stands alone where there is room for others beside it.
    alone: bool,
    /// The run that is shown: of another the newest measurement is.
    run: Option<RunId>,
    /// Rows scrolled.
    top: usize,
    /// Whether the run that is painted has neither ended nor does it train.
    cut_off: bool,
}

/// What is drawn of each term.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ActivationsView {
    /// Its mean at one epoch, as a bar.
    #[default]
    Means,
    /// How its values are spread at one epoch.
    Spreads,
    /// Its mean at every epoch.
    Course,
}

/// The rows that a term has, and which of them this is, from the bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    row: usize,
    of: usize,
}

/// The most rows of a term.
const TALLEST: usize = 12;
/// Columns that a run wants to stand beside another, and the least rows.
const BESIDE: u16 = 56;
const BESIDE_ROWS: u16 = 20;

/// Whether a run has no end and nobody trains it.
fn is_cut_off(run: &TrackedRun) -> bool {
    run.status() == RunStatus::Unfinished
}

impl PanelKind for ActivationsPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Activations",
        short: "Activ.",
        name: "activations",
        focus: ("activations", &["A"], "focus Activations"),
        mouse: "wheel: scroll",
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("epoch-back", &["left", "h"], "previous epoch", |panel, session| {
            panel.scrub(-1, session);
        })
        .hint("epochs"),
        PanelKey::<Self>::new("epoch-on", &["right", "l"], "next epoch", |panel, session| {
            panel.scrub(1, session);
        }),
        PanelKey::<Self>::new("epoch-first", &["home"], "first epoch", |panel, _| panel.pinned = Some(0)),
        PanelKey::<Self>::new("epoch-last", &["end", "f"], "newest epoch, and follow it", |panel, _| {
            panel.pinned = None;
        })
        .hint("follow"),
        PanelKey::<Self>::new(
            "spread",
            &["v"],
            "means as bars, histograms of the values, or means over all epochs",
            |panel, _| {
                panel.view = match panel.view {
                    ActivationsView::Means => ActivationsView::Spreads,
                    ActivationsView::Spreads => ActivationsView::Course,
                    ActivationsView::Course => ActivationsView::Means,
                };
            },
        )
        .hint("view"),
        PanelKey::<Self>::new(
            "runs-beside",
            &["s"],
            "the drawn runs side by side, where there is room (zoomed), or the current run alone",
            |panel, _| {
                panel.alone = !panel.alone;
            },
        )
        .hint("side by side")
        .enabled(|_, session| session.runs.shown().len() > 1),
        PanelKey::<Self>::new("bars-up", &["up", "k"], "scroll up", |panel, _| panel.scroll(-1)),
        PanelKey::<Self>::new("bars-down", &["down", "j"], "scroll down", |panel, _| panel.scroll(1)),
    ];
}

impl Panel for ActivationsPanel {
    fn summary(&self, session: &Session, _room: usize) -> String {
        session.runs.current().map_or(String::new(), |run| run.spec.network_name())
    }

    fn columns_wanted(&self, _session: &Session) -> Wish {
        Wish::new(NARROWEST, 2 * NARROWEST + GAP + 26)
    }

    /// As if every hop were on, so that panes stay where they are from run to run.
    fn rows_wanted(&self, session: &Session, width: u16) -> Wish {
        let spec = session.runs.current().map_or(session.draft.spec(), |run| &run.spec);
        let blocks = spec.blocks.len().clamp(1, 100) as u16;
        let across = Groups::across(width, blocks);
        let ends = (1..=blocks.div_ceil(across)).map(|line| (line * across).min(blocks));
        // The last block of a line has the most hops.
        let rows: u16 = ends.map(|last| 2 + last + 1).sum();
        Wish::new(6, rows + 1)
    }

    fn layout(&mut self, session: &Session, area: Rect) {
        let current = session.runs.current();
        let run = current.map(|run| run.id);
        if std::mem::replace(&mut self.run, run) != run {
            self.pinned = None;
        }
        self.prepare(current.map(|run| &run.state), area);
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        if self.draw_beside(canvas, buf) {
            return Drawn::default();
        }
        let runs = &canvas.session.runs;
        let (current, named) = (runs.current(), |run: &TrackedRun| run.spec.network_name());
        let baseline = runs.baseline().filter(|b| current.is_none_or(|run| run.id != b.id));
        let (name, its) = (current.map(named), baseline.map(named));
        let run = current.zip(name.as_deref()).map(|(run, name)| (name, &run.state));
        let baseline = baseline.zip(its.as_deref()).map(|(run, name)| (name, &run.state));
        let panel = Self { cut_off: current.is_some_and(is_cut_off), ..self.clone() };
        panel.paint(run, baseline, canvas.area, buf, canvas.theme());
        Drawn::default()
    }

    fn wheel(&mut self, by: isize, _at: Position, _session: &mut Session) {
        self.scroll(by);
    }
}

impl ActivationsPanel {
    /// Goes `by` measurements on, or back. At the newest it follows again.
    fn scrub(&mut self, by: isize, session: &Session) {
        let Some(run) = session.runs.current() else { return };
        let last = run.state.probes.len().saturating_sub(1);
        let to = self.pinned.unwrap_or(last).min(last).saturating_add_signed(by);
        self.pinned = (to < last).then_some(to);
    }

    fn scroll(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by);
    }

    /// Paints several runs side by side, on one scale: the current one, the baseline, and as
    /// many others that are drawn as there is room for; `false` where there is none.
    fn draw_beside(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> bool {
        let (session, area, theme) = (canvas.session, canvas.area, canvas.theme());
        let room = usize::from((area.width + GAP) / (BESIDE + GAP));
        if self.alone || room < 2 || area.height < BESIDE_ROWS {
            return false;
        }
        let mut runs = session.runs.shown();
        runs.retain(|run| !run.state.probes.is_empty());
        let is = |one: Option<&TrackedRun>, run: &TrackedRun| one.is_some_and(|one| one.id == run.id);
        let (current, baseline) = (session.runs.current(), session.runs.baseline());
        runs.sort_by_key(|run| (!is(current, run), !is(baseline, run)));
        let hidden = runs.len().saturating_sub(room);
        runs.truncate(room);
        if runs.len() < 2 || !is(current, runs[0]) {
            return false;
        }
        let names = DistinctNames::of(&runs).names;
        let shown = self.shown(&runs[0].state).map(|(_, probe)| probe);
        let of = |run: &TrackedRun| shown.and_then(|probe| same_place(probe, &run.state));
        let newest = |run: &TrackedRun| run.state.probes.len() - 1;
        let probes: Vec<_> =
            runs.iter().map(|run| &run.state.probes[of(run).unwrap_or_else(|| newest(run))]).collect();
        let count = runs.len() as u16;
        let width = (area.width + GAP) / count - GAP;
        for (i, (run, name)) in (0..).zip(runs.iter().zip(&names)) {
            let column = Rect { x: area.x + i * (width + GAP), width, ..area };
            let tag = if is(baseline, run) { " (baseline)" } else { "" };
            let style = theme.series(session.runs.slot(run));
            // The last one says how many there was no room for.
            let more = if hidden > 0 && i + 1 == count { format!(" +{hidden} more") } else { String::new() };
            let title = cut(&format!("{name}{tag}"), usize::from(width).saturating_sub(more.len())) + &more;
            buf.set_stringn(column.x, column.y, theme.plain(&title), width.into(), style);
            let below = Rect { y: column.y + 1, height: column.height - 1, ..column };
            // Each at the same epoch, or at its newest where it has no such.
            let pinned = if i == 0 { self.pinned } else { of(run).filter(|_| self.pinned.is_some()) };
            let panel = Self { pinned, cut_off: is_cut_off(run), ..self.clone() };
            panel.paint_scaled((name, &run.state), None, &probes, below, buf, theme);
        }
        true
    }

    /// Scrolls no further than `run` has rows that do not fit into `area`.
    pub fn prepare(&mut self, run: Option<&RunState>, area: Rect) {
        let [_, groups, _] = parts(area);
        let hidden = run.and_then(|run| self.shown(run)).map(|(_, probe)| {
            let each = self.rows_each(probe, groups);
            Groups::new(probe, groups, each).rows.saturating_sub(groups.height.into())
        });
        self.top = self.top.min(hidden.unwrap_or(0));
    }

    /// The rows of a term: more than one only where all have place.
    fn rows_each(&self, probe: &ProbeRecord, area: Rect) -> usize {
        let fits = |each: &usize| Groups::new(probe, area, *each).rows <= area.height.into();
        match self.view {
            ActivationsView::Means => 1,
            _ => (1..=TALLEST).rev().find(fits).unwrap_or(1),
        }
    }

    /// The measurement that is shown, and its place among those of its run.
    fn shown<'a>(&self, run: &'a RunState) -> Option<(usize, &'a ProbeRecord)> {
        let last = run.probes.len().checked_sub(1)?;
        let at = self.pinned.unwrap_or(last).min(last);
        Some((at, &run.probes[at]))
    }

    /// Paints the shown measurement of `run`, each a name and a state, with that of
    /// `baseline` at the same epoch marked in it.
    pub fn paint(
        &self,
        run: Option<(&str, &RunState)>,
        baseline: Option<(&str, &RunState)>,
        area: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
    ) {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return;
        }
        let Some((name, run)) = run else {
            let text = "No run yet. After the first epoch of a run, its activations (the paper's Fig. 2) appear here.";
            return sentence(text, area, buffer, theme);
        };
        self.paint_scaled((name, run), baseline, &[], area, buffer, theme);
    }

    /// Paints one run on a scale that also holds `others`.
    fn paint_scaled(
        &self,
        (name, run): (&str, &RunState),
        baseline: Option<(&str, &RunState)>,
        others: &[&ProbeRecord],
        area: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
    ) {
        let Some((at, probe)) = self.shown(run) else {
            return sentence(why_nothing(run), area, buffer, theme);
        };
        let other = baseline.and_then(|(name, run)| Some((name, same(probe, run)?)));

        let [title, groups, below] = parts(area);
        self.title(run, at, title, buffer, theme);
        let each = self.rows_each(probe, groups);
        let record = other.map(|(_, record)| record);
        let (hidden, mut said) = match self.view {
            ActivationsView::Spreads => {
                let probes = others.iter().copied().chain([probe]);
                let Some(extent) = probes.filter_map(spreads::extent).reduce(f64::max) else {
                    let text = "This run recorded means only; newer runs also record histograms.";
                    return sentence(text, groups, buffer, theme);
                };
                let hidden =
                    self.groups(probe, groups, each, buffer, theme, |block, term, level, area, buffer| {
                        spreads::row(block, term, level, extent, area, buffer, theme);
                    });
                let axis = format!("{}{extent} to {extent}", theme.glyph("−", "-"));
                (hidden, vec![format!("activations {axis}"), "% = near 0".into()])
            }
            ActivationsView::Course => {
                let all = run.probes.iter().chain(others.iter().copied());
                let course = TermCourse::new(run, probe, BarScale::of(all));
                let said =
                    format!("mean |activation|, epochs 1–{}, scale 0–{}", course.epochs, course.scale());
                let hidden =
                    self.groups(probe, groups, each, buffer, theme, |block, term, level, area, buffer| {
                        course.row(block, term, level, area, buffer, theme);
                    });
                (hidden, vec![said])
            }
            ActivationsView::Means => {
                let scale = BarScale::of(others.iter().copied().chain([probe]).chain(record));
                let hidden =
                    self.groups(probe, groups, each, buffer, theme, |block, term, _, area, buffer| {
                        let beside = record.and_then(|o| o.blocks.iter().find(|b| b.block == block.block));
                        TermBars { block, beside, scale }.row(term, area, buffer, theme);
                    });
                let mut said = vec![format!("mean |activation|, scale 0–{}", bars::three(scale.most))];
                said.push("% = hop/F".into());
                said.extend(other.map(|(name, _)| format!("{} = baseline {name}", bars::tick(theme))));
                (hidden, said)
            }
        };
        let taken = more(hidden, area, buffer, theme);
        if !below.is_empty() {
            said.push(name.into());
            let room = usize::from(below.width.saturating_sub(taken));
            buffer.set_stringn(below.x, below.y, fitting(&said, room, theme), room, theme.dim());
        }
    }

    /// Which measurement this is, and where in the run.
    fn title(&self, run: &RunState, at: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
        let probe = &run.probes[at];
        let state = match (self.pinned, run.outcome) {
            (Some(_), _) => format!("pinned at epoch {}", probe.epoch),
            (None, None) if self.cut_off => RunStatus::Unfinished.name().to_owned(),
            (None, None) => "live".into(),
            (None, Some(_)) => "final".into(),
        };
        let what = match probe.split {
            Split::Test => format!("test split, best weights (epoch {})", probe.epoch),
            split => {
                let epochs = run.started.as_ref().map_or(probe.epoch, |s| s.spec.epochs);
                let split = if split == Split::Train { "train" } else { "validation" };
                format!("epoch {}/{epochs}, {split} split", probe.epoch)
            }
        };
        let (x, _) = buffer.set_stringn(area.x, area.y, what, area.width.into(), theme.strong());
        let (x, _) = buffer.set_stringn(x, area.y, "  ", (area.right() - x).into(), theme.text());
        let style = if state == "live" { theme.good() } else { theme.warn() };
        let (x, _) = buffer.set_stringn(x, area.y, &state, (area.right() - x).into(), style);
        let room = Rect { x, width: area.right() - x, ..area };
        slider(at, run.probes.len(), room, buffer, theme);
    }

    /// Paints every block, as many side by side as there is room for, under its heading F and
    /// the hops, so many rows each, by `draw`, which is told the number of the term; the rows
    /// that did not fit above and below.
    fn groups(
        &self,
        probe: &ProbeRecord,
        area: Rect,
        each: usize,
        buffer: &mut Buffer,
        theme: &Theme,
        draw: impl Fn(&BlockActivity, usize, Level, Rect, &mut Buffer),
    ) -> (usize, usize) {
        let Groups { rows, width, placed } = Groups::new(probe, area, each);
        let most = rows.saturating_sub(area.height.into());
        let top = self.top.min(most);
        for (start, x, block) in placed {
            for (i, row) in (start..start + rows_of(block, each)).enumerate() {
                if let Some(y) = row.checked_sub(top).filter(|y| *y < area.height.into()) {
                    let line = Rect { x: area.x + x, y: area.y + y as u16, width, height: 1 };
                    let line = line.intersection(area);
                    if i == 0 {
                        let title = format!("block {}", block.block);
                        buffer.set_stringn(line.x, line.y, title, line.width.into(), theme.strong());
                    }
                    if let Some(i) = i.checked_sub(1) {
                        let level = Level { row: each - 1 - i % each, of: each };
                        draw(block, i / each, level, line, buffer);
                    }
                }
            }
        }
        (top, most - top)
    }
}

/// The measurement of another run to be set beside `probe`.
fn same<'a>(probe: &ProbeRecord, run: &'a RunState) -> Option<&'a ProbeRecord> {
    same_place(probe, run).map(|at| &run.probes[at])
}

/// Its place among that run's.
fn same_place(probe: &ProbeRecord, run: &RunState) -> Option<usize> {
    let is_test = probe.split == Split::Test;
    run.probes.iter().position(|p| p.split == probe.split && (is_test || p.epoch == probe.epoch))
}
