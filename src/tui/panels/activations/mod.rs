//! The paper's Fig. 2 of a run, epoch by epoch: how strong each block's own output F is
//! beside the hops that are added to it; or how their values are spread.

mod bars;
mod spreads;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

pub use self::bars::three;
use self::bars::{BarScale, TermBars};
use super::wiring::mark;
use crate::domain::event::{BlockActivity, Split};
use crate::domain::run_state::{ProbeRecord, RunState};
use crate::domain::text::wrap;
use crate::tui::panel::{Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind};
use crate::tui::run::TrackedRun;
use crate::tui::session::Session;
use crate::tui::theme::Theme;

/// Which of a run's measurements is shown, and from which row on.
#[derive(Debug, Clone, Default)]
pub struct ActivationsPanel {
    /// Index of the measurement; `None` for the newest there is.
    pinned: Option<usize>,
    /// Whether histograms are drawn instead of means.
    spread: bool,
    /// Rows scrolled.
    top: usize,
}

/// Narrowest group of bars that stands beside another.
const NARROWEST: u16 = 26;
/// Widest group of bars.
const WIDEST: u16 = 64;
/// Columns between groups.
const GAP: u16 = 2;

impl PanelKind for ActivationsPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Activations",
        short: "Activ.",
        name: "activations",
        focus: ("activations", &["A"], "focus Activations"),
        mouse: "wheel: scroll",
        share: (20, 13),
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
        PanelKey::<Self>::new("spread", &["v"], "means as bars, or histograms of the values", |panel, _| {
            panel.spread = !panel.spread;
        })
        .hint("histograms"),
        PanelKey::<Self>::new("bars-up", &["up", "k"], "scroll up", |panel, _| panel.scroll(-1)),
        PanelKey::<Self>::new("bars-down", &["down", "j"], "scroll down", |panel, _| panel.scroll(1)),
    ];
}

impl Panel for ActivationsPanel {
    fn summary(&self, session: &Session, _room: usize) -> String {
        session.runs.current().map_or(String::new(), |run| run.spec.network_name())
    }

    fn layout(&mut self, session: &Session, area: Rect) {
        self.prepare(session.runs.current().map(|run| &run.state), area);
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        let runs = &canvas.session.runs;
        let (current, named) = (runs.current(), |run: &TrackedRun| run.spec.network_name());
        let baseline = runs.baseline().filter(|b| current.is_none_or(|run| run.id != b.id));
        let (name, its) = (current.map(named), baseline.map(named));
        let run = current.zip(name.as_deref()).map(|(run, name)| (name, &run.state));
        let baseline = baseline.zip(its.as_deref()).map(|(run, name)| (name, &run.state));
        self.paint(run, baseline, canvas.area, buf, canvas.theme());
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

    /// Scrolls no further than `run` has rows that do not fit into `area`.
    pub fn prepare(&mut self, run: Option<&RunState>, area: Rect) {
        let [_, groups, _] = parts(area);
        let hidden = run
            .and_then(|run| self.shown(run))
            .map(|(_, probe)| Groups::new(probe, groups).rows.saturating_sub(groups.height.into()));
        self.top = self.top.min(hidden.unwrap_or(0));
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
        let Some((at, probe)) = self.shown(run) else {
            return sentence(why_nothing(run), area, buffer, theme);
        };
        let other = baseline.and_then(|(name, run)| Some((name, same(probe, run)?)));

        let [title, groups, below] = parts(area);
        self.title(run, at, title, buffer, theme);
        let (hidden, mut said) = if self.spread {
            let Some(extent) = spreads::extent(probe) else {
                let text = "This run recorded means only; newer runs also record histograms.";
                return sentence(text, groups, buffer, theme);
            };
            let hidden = self.groups(probe, groups, buffer, theme, |block, row, area, buffer| {
                spreads::row(block, row, extent, area, buffer, theme);
            });
            let axis = format!("{}{extent} to {extent}", theme.glyph("−", "-"));
            (hidden, vec![format!("activations {axis}"), "% = near 0".into()])
        } else {
            let record = other.map(|(_, record)| record);
            let scale = BarScale::of(probe, record);
            let hidden = self.groups(probe, groups, buffer, theme, |block, row, area, buffer| {
                let beside = record.and_then(|o| o.blocks.iter().find(|b| b.block == block.block));
                TermBars { block, beside, scale }.row(row, area, buffer, theme);
            });
            let mut said = vec![format!("mean |activation|, scale 0–{}", bars::three(scale.most))];
            said.push("% = hop/F".into());
            said.extend(other.map(|(name, _)| format!("{} = baseline {name}", bars::tick(theme))));
            (hidden, said)
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

    /// Paints every block, as many side by side as there is room for, under its heading the
    /// rows of F and the hops by `draw`; the rows that did not fit above and below.
    fn groups(
        &self,
        probe: &ProbeRecord,
        area: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
        draw: impl Fn(&BlockActivity, usize, Rect, &mut Buffer),
    ) -> (usize, usize) {
        let Groups { rows, width, placed } = Groups::new(probe, area);
        let most = rows.saturating_sub(area.height.into());
        let top = self.top.min(most);
        for (start, x, block) in placed {
            for (i, row) in (start..start + rows_of(block)).enumerate() {
                if let Some(y) = row.checked_sub(top).filter(|y| *y < area.height.into()) {
                    let line = Rect { x: area.x + x, y: area.y + y as u16, width, height: 1 };
                    let line = line.intersection(area);
                    if i == 0 {
                        let title = format!("block {}", block.block);
                        buffer.set_stringn(line.x, line.y, title, line.width.into(), theme.strong());
                    }
                    draw(block, i, line, buffer);
                }
            }
        }
        (top, most - top)
    }
}

/// Where the groups of bars are, one for each block.
struct Groups<'a> {
    /// Rows of all of them.
    rows: usize,
    /// Columns of each.
    width: u16,
    /// First row and column of each.
    placed: Vec<(usize, u16, &'a BlockActivity)>,
}

/// Its heading, F, and its hops.
fn rows_of(block: &BlockActivity) -> usize {
    2 + block.hops.len()
}

impl<'a> Groups<'a> {
    /// As many side by side as `area` has room for.
    fn new(probe: &'a ProbeRecord, area: Rect) -> Self {
        let blocks = probe.blocks.len().clamp(1, u16::MAX.into()) as u16;
        let across = ((area.width + GAP) / (NARROWEST + GAP)).clamp(1, blocks);
        let width = ((area.width + GAP) / across).saturating_sub(GAP).min(WIDEST);
        let lines = || probe.blocks.chunks(across.into());
        let height = |line: &[BlockActivity]| line.iter().map(rows_of).max().unwrap_or(0);
        let all: usize = lines().map(height).sum();
        // A row between groups is the first thing to go.
        let gap = usize::from(all + lines().count() <= area.height as usize + 1);
        let (mut rows, mut placed) = (0, Vec::new());
        for line in lines() {
            let start = if rows > 0 { rows + gap } else { 0 };
            for (i, block) in line.iter().enumerate() {
                placed.push((start, i as u16 * (width + GAP), block));
            }
            rows = start + height(line);
        }
        Self { rows, width, placed }
    }
}

/// The measurement of another run to be set beside `probe`.
fn same<'a>(probe: &ProbeRecord, run: &'a RunState) -> Option<&'a ProbeRecord> {
    let is_test = probe.split == Split::Test;
    run.probes.iter().find(|p| p.split == probe.split && (is_test || p.epoch == probe.epoch))
}

/// Why a run has no measurement.
fn why_nothing(run: &RunState) -> &'static str {
    if run.outcome.is_some() {
        return "no activations recorded";
    }
    match &run.started {
        Some(facts) if facts.spec.probe_images == 0 => {
            "probe_images is 0: activations are recorded only at the end, on the test split."
        }
        _ => {
            "After the first epoch: the mean |activation| of each block's F and of every projection added to it, \
             on the validation split."
        }
    }
}

fn sentence(text: &str, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    for (line, y) in wrap(text, area.width.into()).iter().zip(area.top()..area.bottom()) {
        buffer.set_stringn(area.x, y, line, area.width.into(), theme.dim());
    }
}

/// Where in a run's measurements the shown one is: a knob on a line.
fn slider(at: usize, count: usize, room: Rect, buffer: &mut Buffer, theme: &Theme) {
    let number = format!(" {}/{count}", at + 1);
    let most = (room.width as usize).saturating_sub(number.len() + 2).min(24);
    if count < 2 || most < 5 {
        return;
    }
    let length = most.min(count);
    let knob = at * (length - 1) / (count - 1);
    let line = theme.glyph("─", "-");
    let x = room.right() - (length + number.len()) as u16;
    let mut put = |x, text: &str, style: Style| buffer.set_string(x, room.y, text, style);
    for i in 0..length {
        put(x + i as u16, line, theme.off());
    }
    put(x + knob as u16, mark(true, theme), theme.accent());
    put(x + length as u16, &number, theme.dim());
}

/// As many of `parts` as fit in `width`, the first ones first.
fn fitting(parts: &[String], width: usize, theme: &Theme) -> String {
    let mut said = String::new();
    for part in parts.iter().map(|part| theme.plain(part)) {
        if !said.is_empty() && said.width() + 3 + part.width() > width {
            break;
        }
        said.push_str(if said.is_empty() { "" } else { theme.glyph(" · ", " | ") });
        said.push_str(&part);
    }
    said
}

/// Says that there is more above or below; the columns that takes.
fn more((above, below): (usize, usize), area: Rect, buffer: &mut Buffer, theme: &Theme) -> u16 {
    let mut said = Vec::new();
    if above > 0 {
        said.push(format!("{} {above}", theme.glyph("↑", "^")));
    }
    if below > 0 {
        said.push(format!("{} {below}", theme.glyph("↓", "v")));
    }
    if said.is_empty() {
        return 0;
    }
    let text = format!(" {} more rows", said.join(" "));
    let width = text.chars().count() as u16;
    let x = area.right().saturating_sub(width).max(area.x);
    let room = (area.right() - x) as usize;
    buffer.set_stringn(x, area.bottom() - 1, text, room, theme.warn());
    room as u16
}

/// Title, groups, and, where there is room, the legend.
fn parts(area: Rect) -> [Rect; 3] {
    let title = area.height.min(1);
    let rest = area.height - title;
    let legend = u16::from(rest > 3);
    let row = |y, height| Rect { y, height, ..area };
    [row(area.y, title), row(area.y + title, rest - legend), row(area.bottom() - legend, legend)]
}
