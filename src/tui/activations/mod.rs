//! The paper's Fig. 2 of a run, epoch by epoch: how strong each block's own output F is
//! beside the hops that are added to it; or how their values are spread.

mod bars;
mod spreads;

use std::cell::Cell;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

pub use self::bars::three;
use self::bars::{Group, Scale};
use super::theme::Theme;
use super::wiring::mark;
use crate::domain::event::{BlockActivity, Split};
use crate::domain::run_state::{ProbeRecord, RunState};
use crate::domain::text::wrap;

/// Which of a run's measurements is shown, and from which row on.
#[derive(Debug, Clone, Default)]
pub struct Activations {
    /// Index of the measurement; `None` for the newest there is.
    fixed: Option<usize>,
    /// Whether histograms are drawn instead of means.
    spread: bool,
    /// Rows scrolled; how many there are is known only where they are drawn, so that
    /// drawing takes back what is too much.
    top: Cell<usize>,
}

/// Narrowest group of bars that stands beside another.
const NARROWEST: u16 = 26;
/// Widest group of bars.
const WIDEST: u16 = 64;
/// Columns between groups.
const GAP: u16 = 2;

impl Activations {
    /// Goes `by` measurements on, or back. At the newest it follows again.
    pub fn scrub(&mut self, by: i32, run: &RunState) {
        let last = run.probes.len().saturating_sub(1);
        let to = self.fixed.unwrap_or(last).min(last).saturating_add_signed(by as isize);
        self.fixed = (to < last).then_some(to);
    }

    /// Goes to the first measurement and stays there.
    pub fn first(&mut self) {
        self.fixed = Some(0);
    }

    /// Shows the newest measurement from here on.
    pub fn follow(&mut self) {
        self.fixed = None;
    }

    /// Draws histograms instead of means, or means again.
    pub fn toggle_spread(&mut self) {
        self.spread = !self.spread;
    }

    /// Scrolls `by` rows down, or up.
    pub fn scroll(&mut self, by: i32) {
        self.top.set(self.top.get().saturating_add_signed(by as isize));
    }

    /// Paints the shown measurement of `run`, each a name and a state, with that of
    /// `baseline` at the same epoch marked in it.
    pub fn draw(
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
            let text = "No run to show yet: start one, and Fig. 2 of it comes here after its first epoch.";
            return sentence(text, area, buffer, theme);
        };
        let Some(last) = run.probes.len().checked_sub(1) else {
            return sentence(why_nothing(run), area, buffer, theme);
        };
        let at = self.fixed.unwrap_or(last).min(last);
        let probe = &run.probes[at];
        let other = baseline.and_then(|(name, run)| Some((name, same(probe, run)?)));

        self.title(run, at, Rect { height: 1, ..area }, buffer, theme);
        let [_, rest] = split(area, 1);
        let legend = u16::from(rest.height > 3);
        let [groups, below] = split(rest, rest.height - legend);
        let (hidden, mut said) = if self.spread {
            let Some(extent) = spreads::extent(probe) else {
                let text = "This record has means only: runs of this version also record histograms.";
                return sentence(text, groups, buffer, theme);
            };
            let hidden = self.groups(probe, groups, buffer, theme, |block, row, area, buffer| {
                spreads::row(block, row, extent, area, buffer, theme);
            });
            let axis = format!("{}{extent} to {extent}", theme.glyph("−", "-"));
            (hidden, vec![axis, "% near 0".into(), "activations".into()])
        } else {
            let record = other.map(|(_, record)| record);
            let scale = Scale::of(probe, record);
            let hidden = self.groups(probe, groups, buffer, theme, |block, row, area, buffer| {
                let beside = record.and_then(|o| o.blocks.iter().find(|b| b.block == block.block));
                Group { block, beside, scale }.row(row, area, buffer, theme);
            });
            let mut said = vec![format!("bars 0 to {}", bars::three(scale.most)), "% of F".into()];
            said.extend(other.map(|(name, _)| format!("{} {name}", bars::tick(theme))));
            said.push("mean |activation|".into());
            (hidden, said)
        };
        let taken = more(hidden, area, buffer, theme);
        if legend > 0 {
            said.push(name.into());
            let room = usize::from(below.width.saturating_sub(taken));
            buffer.set_stringn(below.x, below.y, fitting(&said, room, theme), room, theme.dim());
        }
    }

    /// Which measurement this is, and where in the run.
    fn title(&self, run: &RunState, at: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
        let probe = &run.probes[at];
        let state = match (self.fixed, run.outcome) {
            (Some(_), _) => "fixed",
            (None, None) => "live",
            (None, Some(_)) => "end",
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
        let (x, _) = buffer.set_stringn(x, area.y, state, (area.right() - x).into(), style);
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
        let blocks = probe.blocks.len().clamp(1, u16::MAX.into()) as u16;
        let across = ((area.width + GAP) / (NARROWEST + GAP)).clamp(1, blocks);
        let width = ((area.width + GAP) / across).saturating_sub(GAP).min(WIDEST);

        let lines = || probe.blocks.chunks(across.into());
        let height_of = |block: &BlockActivity| 2 + block.hops.len();
        let height = |line: &[BlockActivity]| line.iter().map(height_of).max().unwrap_or(0);
        let all: usize = lines().map(height).sum();
        // A row between groups is the first thing to go.
        let gap = usize::from(all + lines().count() <= area.height as usize + 1);
        let mut rows = 0;
        let mut placed = Vec::new();
        for line in lines() {
            let start = if rows > 0 { rows + gap } else { 0 };
            for (i, block) in line.iter().enumerate() {
                placed.push((start, i as u16 * (width + GAP), block));
            }
            rows = start + height(line);
        }
        let most = rows.saturating_sub(area.height.into());
        let top = self.top.get().min(most);
        self.top.set(top);
        for (start, x, block) in placed {
            for (i, row) in (start..start + height_of(block)).enumerate() {
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

/// The measurement of another run to be set beside `probe`.
fn same<'a>(probe: &ProbeRecord, run: &'a RunState) -> Option<&'a ProbeRecord> {
    let is_test = probe.split == Split::Test;
    run.probes.iter().find(|p| p.split == probe.split && (is_test || p.epoch == probe.epoch))
}

/// Why a run has no measurement.
fn why_nothing(run: &RunState) -> &'static str {
    if run.outcome.is_some() {
        return "This run ended before anything was measured.";
    }
    match &run.started {
        Some(facts) if facts.spec.probe_images == 0 => {
            "probe_images is 0: nothing is measured while this run trains, only its test split at the end."
        }
        _ => {
            "After the first epoch: the mean |activation| of each block's F, and of every hop added to it, \
             measured on the validation split."
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
        if !said.is_empty() && said.width() + 2 + part.width() > width {
            break;
        }
        said.push_str(if said.is_empty() { "" } else { "; " });
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
    let text = format!(" {} rows more", said.join(" "));
    let width = text.chars().count() as u16;
    let x = area.right().saturating_sub(width).max(area.x);
    let room = (area.right() - x) as usize;
    buffer.set_stringn(x, area.bottom() - 1, text, room, theme.warn());
    room as u16
}

/// The first `height` rows, and the rest.
fn split(area: Rect, height: u16) -> [Rect; 2] {
    let height = height.min(area.height);
    [Rect { height, ..area }, Rect { y: area.y + height, height: area.height - height, ..area }]
}
