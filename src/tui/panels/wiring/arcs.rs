//! The network and its hops as lines: the paper's Fig. 1, arcs above a trunk.

use super::columns::Columns;
use super::grid::{GridPoint, LineGrid, Stroke};
use crate::domain::hops::{Hop, HopGroup, HopSet, all_hops};
use crate::domain::term::Term;
use crate::tui::draft::Draft;
use crate::tui::theme::{Symbols, Theme};

/// What decides the lane that a hop's horizontal line is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Its order: P1 nearest the trunk. Hops of one order share a lane where the one ends
    /// no later than the next begins.
    ByOrder,
    /// Its source: one lane for all hops from a level, with a dot at each target.
    BySource,
}

impl Packing {
    fn lanes(self, blocks: usize) -> usize {
        match self {
            Self::ByOrder => (1..=blocks).map(|k| lanes_of_order(k, blocks)).sum(),
            Self::BySource => blocks,
        }
    }

    /// Counted upwards from the trunk.
    fn lane(self, hop: Hop, blocks: usize) -> usize {
        match self {
            Self::ByOrder => {
                let below: usize = (1..hop.order()).map(|k| lanes_of_order(k, blocks)).sum();
                below + hop.source % hop.order()
            }
            Self::BySource => blocks - 1 - hop.source,
        }
    }
}

/// Hops of order k from levels that differ by k fit in one lane.
fn lanes_of_order(k: usize, blocks: usize) -> usize {
    k.min(blocks - k + 1)
}

/// The tallest diagram whose lanes are worth a blank row between them, rows.
const AIRY: usize = 12;

/// What is where, from top to bottom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    /// How hops are packed.
    pub packing: Packing,
    /// Lines of text in a box; 0 for a box without a frame.
    pub lines: usize,
    /// Rows from lane to lane.
    pitch: usize,
    blocks: usize,
}

impl Rows {
    /// The most that fits in `room` rows, if anything does, for boxes of up to `lines`. `spare`
    /// of the rows are not there for lanes to be further apart.
    pub fn fit(blocks: usize, lines: usize, room: usize, spare: usize) -> Option<Self> {
        use Packing::{ByOrder, BySource};
        // Boxes give up a line before arcs give up their lanes, and the last two after.
        let choices = [
            (ByOrder, 3),
            (ByOrder, 2),
            (BySource, 3),
            (ByOrder, 1),
            (BySource, 2),
            (BySource, 1),
            (ByOrder, 0),
            (BySource, 0),
        ];
        let tight = choices
            .into_iter()
            .filter(|choice| choice.1 <= lines)
            .map(|(packing, lines)| Self { packing, lines, pitch: 1, blocks })
            .find(|rows| rows.height() <= room)?;
        let airy = Self { pitch: 2, ..tight };
        Some(if airy.height() + spare <= room { airy } else { tight })
    }

    /// The rows of the form that should have its place, for boxes of up to `lines`, and of the
    /// one with most room between lanes that is not too tall.
    pub fn least_and_wanted(blocks: usize, lines: usize) -> (usize, usize) {
        let of = |packing, lines, pitch| Self { packing, lines, pitch, blocks }.height();
        match of(Packing::ByOrder, lines, 1) {
            tight @ ..=AIRY => (tight, of(Packing::ByOrder, lines, 2)),
            tight => (of(Packing::BySource, 1, 1), tight),
        }
    }

    fn top_of_boxes(&self) -> usize {
        (self.packing.lanes(self.blocks) - 1) * self.pitch + 1
    }

    /// The row of the trunk.
    pub fn trunk(&self) -> usize {
        self.top_of_boxes() + if self.lines == 3 { 2 } else { 1 }
    }

    /// Rows in all. A box without a frame has a row of arrow heads above it.
    pub fn height(&self) -> usize {
        self.top_of_boxes() + self.lines + 2
    }

    /// The row of a hop's line.
    pub fn of(&self, hop: Hop) -> usize {
        self.top_of_boxes() - 1 - self.packing.lane(hop, self.blocks) * self.pitch
    }
}

/// The network's boxes, from the image to the head; the one under the cursor marked. Says
/// which cells are which block's.
pub fn lay_trunk(
    grid: &mut LineGrid,
    columns: &Columns,
    rows: &Rows,
    draft: &Draft,
    cursor: Option<Term>,
    theme: &Theme,
) -> Vec<(Reach, usize)> {
    let mut places = Vec::new();
    let trunk = rows.trunk();
    let [image, size] = &columns.image;
    let start = columns.start;
    grid.text((start, trunk), image, theme.text());
    if rows.lines > 1 {
        grid.text((start, trunk + 1), size, theme.dim());
    }
    let mut from = start + image.chars().count();
    for (level, stage) in columns.stages.iter().enumerate() {
        grid.line(Stroke::Trunk, &[(from, trunk), (stage.left, trunk)]);
        from = stage.right;
        if !stage.framed {
            let head = stage.lines[0].chars().take(1).collect::<String>();
            grid.text((stage.left, trunk), &head, theme.strong());
            continue;
        }
        let inner = stage.right - stage.left - 1;
        let top = rows.top_of_boxes();
        let bottom = top + rows.lines + 1;
        let is_block = (1..=rows.blocks).contains(&level);
        if is_block {
            let (from, to) = (stage.left, stage.right);
            let own = if rows.lines == 0 { trunk..=trunk } else { top..=bottom };
            places.extend(own.map(|row| (Reach { row, from, to }, level)));
        }
        if is_block && cursor == Some(Term::Residual(level)) {
            let (top, bottom) = if rows.lines == 0 { (trunk, trunk) } else { (top, bottom) };
            (top..=bottom).for_each(|row| grid.select(&[(stage.left, row), (stage.right, row)]));
        }
        if rows.lines == 0 {
            grid.text((stage.left, trunk), "[", theme.text());
            grid.text((stage.right, trunk), "]", theme.text());
        } else {
            // A block that is only what comes in is drawn as a hop that is off.
            let stroke = if draft.is_without(level) { Stroke::Off } else { Stroke::Trunk };
            let corners =
                [(stage.left, top), (stage.right, top), (stage.right, bottom), (stage.left, bottom)];
            grid.line(stroke, &corners);
            grid.line(stroke, &[corners[3], corners[0]]);
        }
        for (i, line) in stage.lines.iter().take(rows.lines.max(1)).enumerate() {
            let left = stage.left + 1 + inner.saturating_sub(line.chars().count()) / 2;
            let row = if rows.lines == 0 { trunk } else { top + 1 + i };
            grid.text((left, row), line, if i == 0 { theme.strong() } else { theme.text() });
        }
    }
    for block in 1..=rows.blocks {
        let x = columns.arriving(block);
        let any = draft.hops().into_block(block).next().is_some();
        let sum = match theme.symbols {
            Symbols::Braille => "⊕",
            Symbols::Block => "Σ",
            Symbols::Ascii => "@",
        };
        grid.text((x, trunk), sum, if any { theme.accent() } else { theme.off() });
        let (head, style) = match (any, theme.symbols) {
            (true, Symbols::Ascii) => ("v", theme.accent()),
            (true, _) => ("▼", theme.accent()),
            (false, Symbols::Braille) => ("▽", theme.off()),
            (false, _) => ("v", theme.off()),
        };
        grid.text((x, trunk - 1), head, style);
    }
    places
}

/// Every hop, on or off; the one under the cursor marked. Says which cells are whose.
pub fn lay_hops(
    grid: &mut LineGrid,
    columns: &Columns,
    rows: &Rows,
    on: &HopSet,
    cursor: Option<Hop>,
    theme: &Theme,
) -> Vec<(Reach, Hop)> {
    let mut places = Vec::new();
    for hop in all_hops(rows.blocks) {
        let is_on = on.contains(hop);
        let (row, trunk) = (rows.of(hop), rows.trunk());
        let (from, to) = (columns.leaving(hop.source), columns.arriving(hop.target));
        let corners: [GridPoint; 4] = [(from, trunk), (from, row), (to, row), (to, trunk - 1)];
        grid.line(if is_on { Stroke::On } else { Stroke::Off }, &corners);
        if cursor == Some(hop) {
            grid.select(&corners);
        }
        let start = match rows.packing {
            Packing::ByOrder => from,
            Packing::BySource => {
                grid.text((to, row), mark(is_on, theme), if is_on { theme.accent() } else { theme.off() });
                // The part of the shared line that only this and longer hops run through.
                columns.leaving(hop.target - 1)
            }
        };
        places.push((Reach { row, from: start, to }, hop));
    }
    places
}

/// Cells in a row, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// The row.
    pub row: usize,
    /// Leftmost column.
    pub from: usize,
    /// Rightmost column.
    pub to: usize,
}

/// A dot that says whether something is on.
pub fn mark(on: bool, theme: &Theme) -> &'static str {
    match (on, theme.symbols) {
        (true, Symbols::Braille) => "●",
        (true, Symbols::Block) => "■",
        (true, Symbols::Ascii) => "*",
        (false, Symbols::Ascii) => "o",
        (false, _) => "○",
    }
}

/// What is written at the left of lanes, and what pressing it would press.
pub fn lay_labels(grid: &mut LineGrid, rows: &Rows, on: &HopSet, theme: &Theme) -> Vec<(Reach, HopGroup)> {
    let blocks = rows.blocks;
    let mut places = Vec::new();
    for n in 1..=blocks {
        match rows.packing {
            Packing::ByOrder => {
                let group = HopGroup::Order(n);
                let is_on = group.hops(blocks).is_ok_and(|hops| on.includes(&hops));
                let row = rows.of(Hop::new(0, n));
                grid.text((0, row), &group.to_string(), if is_on { theme.accent() } else { theme.dim() });
                places.push((Reach { row, from: 0, to: 1 }, group));
            }
            Packing::BySource => {
                let source = n - 1;
                let row = rows.of(Hop::new(source, n));
                grid.text((0, row), &format!("{source}{}", theme.glyph("→", ">")), theme.dim());
            }
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_in_one_lane_do_not_overlap() {
        for blocks in 1..=8 {
            let packing = Packing::ByOrder;
            for a in all_hops(blocks) {
                assert!(packing.lane(a, blocks) < packing.lanes(blocks));
                for b in all_hops(blocks)
                    .filter(|b| *b != a && packing.lane(a, blocks) == packing.lane(*b, blocks))
                {
                    assert!(a.target <= b.source || b.target <= a.source, "{blocks} blocks: {a} and {b}");
                }
            }
        }
        assert_eq!((Packing::ByOrder.lanes(3), Packing::ByOrder.lanes(8)), (4, 20));
    }

    #[test]
    fn fewer_rows_show_less() {
        let fit = |blocks, room| Rows::fit(blocks, 3, room, 0).map(|r| (r.packing, r.lines, r.pitch));
        assert_eq!(fit(3, 30), Some((Packing::ByOrder, 3, 2)));
        assert_eq!(fit(3, 9), Some((Packing::ByOrder, 3, 1)));
        assert_eq!(Rows::fit(3, 3, 15, 4).map(|rows| rows.pitch), Some(1));
        assert_eq!(fit(3, 7), Some((Packing::ByOrder, 1, 1)));
        assert_eq!(fit(8, 25), Some((Packing::ByOrder, 3, 1)));
        assert_eq!(fit(8, 15), Some((Packing::BySource, 3, 1)));
        assert_eq!(fit(8, 10), Some((Packing::BySource, 0, 1)));
        assert_eq!(fit(8, 9), None);
        assert_eq!(Rows::fit(3, 1, 30, 0).map(|rows| rows.lines), Some(1));
    }
}
