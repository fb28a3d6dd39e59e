//! The network as the paper's Fig. 1 draws it, with every hop that there could be, and
//! what follows from those that are on.

mod arcs;
mod columns;
mod facts;
mod grid;
mod losses;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

pub(super) use self::arcs::mark;
use self::arcs::{Reach, Rows};
use self::columns::Columns;
use self::grid::Grid;
use super::draft::Draft;
use super::lesions::Study;
use super::theme::Theme;
use crate::domain::hops::{Hop, HopGroup, all_hops};
use crate::domain::lesion::Cut;
use crate::domain::text::wrap;

/// What a click meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    /// A hop.
    Hop(Hop),
    /// What a block itself computes.
    Residual(usize),
    /// The switch of a group.
    Group(HopGroup),
    /// The spec in one line.
    Spec,
}

/// Columns from which on facts stand beside the diagram, if it leaves so many.
const SIDE: u16 = 38;

/// Paints the wiring of `draft`, with what lesions of its network have cost, and says what is
/// where, for the mouse. The cursor shows where the panel is focused.
pub fn draw(
    draft: &Draft,
    study: Option<&Study>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) -> Vec<(Rect, Spot)> {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return Vec::new();
    }
    let panel = Panel { draft, study, focused, theme };
    let full = Columns::full(draft.network(), theme).width as u16;
    if area.width >= full + 2 + SIDE {
        let words = Rect { x: area.right() - SIDE, width: SIDE, ..area };
        let room = Rect { width: area.width - SIDE - 2, ..area };
        let (mut spots, _) = panel.diagram(room, buffer);
        spots.extend(panel.words(words, 1, buffer));
        return spots;
    }
    let words = panel.rows_of_words(area.width as usize) as u16;
    // Words may take all but a third, so that some hops can always be pressed; with losses
    // to be seen on the hops, half.
    let least = if study.is_some() { area.height / 2 } else { area.height / 3 };
    let room = Rect { height: area.height.saturating_sub(words).max(least), ..area };
    let (mut spots, used) = panel.diagram(room, buffer);
    let gap = u16::from(used > 0 && used < room.height);
    let below = used + gap;
    let rest = Rect { y: area.y + below, height: area.height - below, ..area };
    spots.extend(panel.words(rest, 0, buffer));
    spots
}

/// What all parts of the panel are drawn from.
struct Panel<'a> {
    draft: &'a Draft,
    study: Option<&'a Study>,
    focused: bool,
    theme: &'a Theme,
}

impl Panel<'_> {
    /// Paints the diagram; says what is where, and the rows taken.
    fn diagram(&self, area: Rect, buffer: &mut Buffer) -> (Vec<(Rect, Spot)>, u16) {
        if area.is_empty() {
            return (Vec::new(), 0);
        }
        let columns = Columns::fit(self.draft.network(), area.width as usize, self.theme);
        let is_cut = self.study.is_some() || self.draft.without().next().is_some();
        let below = usize::from(is_cut && losses::needs_row(&columns));
        let room = usize::from(area.height).saturating_sub(below);
        let Some(rows) = Rows::fit(self.draft.blocks(), columns.lines(), room) else {
            return self.list(area, buffer);
        };
        let hops = self.draft.hops();
        let term = self.draft.term().filter(|_| self.focused);
        let cursor = self.draft.cursor().filter(|_| self.focused);
        let height = rows.height() + below;
        let mut grid = Grid::new(columns.width, height);
        let blocks = arcs::lay_trunk(&mut grid, &columns, &rows, self.draft, term, self.theme);
        let hops = arcs::lay_hops(&mut grid, &columns, &rows, hops, cursor, self.theme);
        let labels = arcs::lay_labels(&mut grid, &rows, self.draft.hops(), self.theme);
        if let Some(study) = self.study {
            losses::lay_on_arcs(&mut grid, &columns, &rows, study, self.theme);
        }
        losses::lay_at_blocks(&mut grid, &columns, &rows, self.draft, self.study, self.theme);

        let left = scroll(&columns, self.draft.term(), area.width as usize);
        grid.paint(left, area, buffer, self.theme);
        let trunk = area.y + rows.trunk() as u16;
        if left > 0 {
            buffer.set_string(area.x, trunk, self.theme.glyph("◄", "<"), self.theme.warn());
        }
        if left + (area.width as usize) < columns.width {
            buffer.set_string(area.right() - 1, trunk, self.theme.glyph("►", ">"), self.theme.warn());
        }
        let hops = hops.into_iter().map(|(reach, hop)| (reach, Spot::Hop(hop)));
        let labels = labels.into_iter().map(|(reach, group)| (reach, Spot::Group(group)));
        let blocks = blocks.into_iter().map(|(reach, block)| (reach, Spot::Residual(block)));
        let spots = hops
            .chain(labels)
            .chain(blocks)
            .filter_map(|(reach, spot)| Some((visible(reach, left, area)?, spot)));
        (spots.collect(), height as u16)
    }

    /// Every hop as a word, where there is no room for lines.
    fn list(&self, area: Rect, buffer: &mut Buffer) -> (Vec<(Rect, Spot)>, u16) {
        let chips = facts::hops(self.draft, self.study, self.focused, self.theme);
        let hops = all_hops(self.draft.blocks()).map(Cut::Hop);
        let mut terms = hops.chain((1..=self.draft.blocks()).map(Cut::Residual));
        let at = terms.position(|term| Some(term) == self.draft.term());
        let spots = facts::paint_chips(&chips, at, area, buffer);
        (spots, facts::rows_of(&chips, area.width as usize).min(area.height as usize) as u16)
    }

    fn rows_of_words(&self, width: usize) -> usize {
        facts::rows_of(&facts::switches(self.draft, self.theme), width)
            + facts::facts(self.draft, self.study, self.focused, width, self.theme).len()
            + wrap(self.draft.line(), width).len()
    }

    /// Paints switches, facts and spec, `gap` rows apart.
    fn words(&self, area: Rect, gap: u16, buffer: &mut Buffer) -> Vec<(Rect, Spot)> {
        let width = area.width as usize;
        let chips = facts::switches(self.draft, self.theme);
        let mut spots = facts::paint_chips(&chips, None, area, buffer);
        let mut y = area.y + facts::rows_of(&chips, width) as u16 + gap;
        for line in facts::facts(self.draft, self.study, self.focused, width, self.theme) {
            y += paint_line(&line, y, area, buffer);
        }
        y += gap;
        for line in wrap(self.draft.line(), width) {
            let row = Rect { y, height: 1, ..area }.intersection(area);
            if !row.is_empty() {
                spots.push((row, Spot::Spec));
            }
            y += paint_line(&Line::styled(line, self.theme.accent()), y, area, buffer);
        }
        if y > area.bottom() && !area.is_empty() {
            let more = self.theme.glyph("…", "~");
            buffer.set_string(area.right() - 1, area.bottom() - 1, more, self.theme.warn());
        }
        spots
    }
}

/// Paints a line if its row is in `area`; the rows it takes.
fn paint_line(line: &Line, y: u16, area: Rect, buffer: &mut Buffer) -> u16 {
    if y < area.bottom() {
        buffer.set_line(area.x, y, line, area.width);
    }
    1
}

/// First column shown, so that the arc of the hop under the cursor is.
fn scroll(columns: &Columns, cursor: Option<Cut>, room: usize) -> usize {
    let most = columns.width.saturating_sub(room);
    let block = match cursor {
        None => return 0,
        Some(Cut::Hop(hop)) => hop.target,
        Some(Cut::Residual(block)) => block,
    };
    // Two columns more, for what is at the edges.
    (columns.arriving(block) + 3).saturating_sub(room).min(most)
}

/// Where cells of the sheet are on the screen, as far as they are.
fn visible(reach: Reach, left: usize, area: Rect) -> Option<Rect> {
    let from = reach.from.max(left) - left;
    let to = (reach.to + 1).checked_sub(left)?;
    let place = Rect {
        x: area.x.saturating_add(u16::try_from(from).ok()?),
        y: area.y.saturating_add(u16::try_from(reach.row).ok()?),
        width: u16::try_from(to.checked_sub(from)?).ok()?,
        height: 1,
    };
    let place = place.intersection(area);
    (!place.is_empty()).then_some(place)
}
