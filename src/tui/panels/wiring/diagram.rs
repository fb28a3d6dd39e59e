//! The diagram with its words: what is where, and how much of it there is room for.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::arcs::{self, Reach, Rows};
use super::columns::Columns;
use super::grid::LineGrid;
use super::{WiringTarget, facts, losses};
use crate::domain::hops::all_hops;
use crate::domain::term::Term;
use crate::domain::text::wrap;
use crate::tui::draft::Draft;
use crate::tui::lesions::Study;
use crate::tui::theme::Theme;

/// Columns from which on facts stand beside the diagram, if it leaves so many.
const SIDE: u16 = 38;

/// Rows that are left to words below the diagram, besides the switches, where it has a form
/// that is low enough. What they say has no part in it, so that the diagram keeps its form
/// while the cursor moves and specs are typed.
pub(super) const WORDS: u16 = 4;

/// Paints the wiring of `draft`, with what lesions of its network have cost, and says what is
/// where, for the mouse. The cursor shows where the panel is focused.
pub fn draw(
    draft: &Draft,
    study: Option<&Study>,
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) -> Vec<(Rect, WiringTarget)> {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return Vec::new();
    }
    let panel = Diagram { draft, study, focused, theme };
    let full = Columns::full(draft.network(), theme).width as u16;
    if area.width >= full + 2 + SIDE {
        let words = Rect { x: area.right() - SIDE, width: SIDE, ..area };
        let room = Rect { width: area.width - SIDE - 2, ..area };
        let (mut targets, _) = panel.diagram(room, 0, buffer);
        targets.extend(panel.words(words, 1, buffer));
        return targets;
    }
    let (mut targets, used) = panel.diagram(area, WORDS, buffer);
    let left = area.height - used;
    // Not from what there is to be said, which changes with every step of the cursor.
    let gap = u16::from(used > 0 && left >= panel.rows_of_switches(area.width) + 2 * WORDS);
    let below = used + gap.min(left);
    let rest = Rect { y: area.y + below, height: area.height - below, ..area };
    targets.extend(panel.words(rest, 0, buffer));
    targets
}

/// What all parts of the panel are drawn from.
struct Diagram<'a> {
    draft: &'a Draft,
    study: Option<&'a Study>,
    focused: bool,
    theme: &'a Theme,
}

impl Diagram<'_> {
    /// Paints the diagram, which leaves `words` rows and those of the switches below it if it
    /// can; says what is where, and the rows taken.
    fn diagram(&self, area: Rect, words: u16, buffer: &mut Buffer) -> (Vec<(Rect, WiringTarget)>, u16) {
        if area.is_empty() {
            return (Vec::new(), 0);
        }
        let columns = Columns::fit(self.draft.network(), area.width as usize, self.theme);
        let kept = if words > 0 { words + self.rows_of_switches(area.width) } else { 0 };
        let rooms = (0..=kept).rev().filter_map(|kept| area.height.checked_sub(kept));
        let fit = |room: u16| Rows::fit(self.draft.blocks(), columns.lines(), room.into(), words.into());
        let Some(rows) = rooms.into_iter().find_map(fit) else {
            return self.list(area, kept, buffer);
        };
        // What is written below boxes takes a row from the words: a switch must not change
        // what the rest looks like.
        let is_cut = self.study.is_some() || self.draft.without().next().is_some();
        let below = usize::from(is_cut && losses::needs_row(&columns));
        let below = below.min(usize::from(area.height).saturating_sub(rows.height()));
        let height = rows.height() + below;
        // Scores of another network only where there is a row that says so.
        let (rest, taken) = match words {
            0 => (area.height, self.rows_of_switches(SIDE) + 1),
            _ => (area.height.saturating_sub(height as u16), self.rows_of_switches(area.width)),
        };
        let study = self.study.filter(|study| rest > taken || study.unlike(self.draft).is_none());
        let hops = self.draft.hops();
        let term = self.draft.term().filter(|_| self.focused);
        let cursor = self.draft.cursor().filter(|_| self.focused);
        let mut grid = LineGrid::new(columns.width, height);
        let blocks = arcs::lay_trunk(&mut grid, &columns, &rows, self.draft, term, self.theme);
        let hops = arcs::lay_hops(&mut grid, &columns, &rows, hops, cursor, self.theme);
        let labels = arcs::lay_labels(&mut grid, &rows, self.draft.hops(), self.theme);
        if let Some(study) = study {
            losses::lay_on_arcs(&mut grid, &columns, &rows, study, self.theme);
        }
        losses::lay_at_blocks(&mut grid, &columns, &rows, self.draft, study, self.theme);

        let left = scroll(&columns, self.draft.term(), area.width as usize);
        grid.paint(left, area, buffer, self.theme);
        let trunk = area.y + rows.trunk() as u16;
        if left > 0 {
            buffer.set_string(area.x, trunk, self.theme.glyph("◄", "<"), self.theme.warn());
        }
        if left + (area.width as usize) < columns.width {
            buffer.set_string(area.right() - 1, trunk, self.theme.glyph("►", ">"), self.theme.warn());
        }
        let hops = hops.into_iter().map(|(reach, hop)| (reach, WiringTarget::Hop(hop)));
        let labels = labels.into_iter().map(|(reach, group)| (reach, WiringTarget::Group(group)));
        let blocks = blocks.into_iter().map(|(reach, block)| (reach, WiringTarget::Residual(block)));
        let targets = hops
            .chain(labels)
            .chain(blocks)
            .filter_map(|(reach, spot)| Some((visible(reach, left, area)?, spot)));
        (targets.collect(), height as u16)
    }

    /// Every hop as a word, where there is no room for lines. Words get up to `kept` rows.
    fn list(&self, area: Rect, kept: u16, buffer: &mut Buffer) -> (Vec<(Rect, WiringTarget)>, u16) {
        let chips = facts::hops(self.draft, self.study, self.focused, self.theme);
        let hops = all_hops(self.draft.blocks()).map(Term::Hop);
        let mut terms = hops.chain((1..=self.draft.blocks()).map(Term::Residual));
        let at = terms.position(|term| Some(term) == self.draft.term());
        let height = area.height.saturating_sub(kept).max(area.height.div_ceil(2));
        let area = Rect { height, ..area };
        let targets = facts::paint_chips(&chips, at, area, buffer);
        (targets, facts::rows_of(&chips, area.width as usize).min(height as usize) as u16)
    }

    fn rows_of_switches(&self, width: u16) -> u16 {
        facts::rows_of(&facts::switches(self.draft, self.theme), width.into()) as u16
    }

    /// Paints switches, facts and spec, `gap` rows apart. Where rows are few, the spec keeps
    /// one, facts have the others, and what is cut ends in a mark.
    fn words(&self, area: Rect, gap: u16, buffer: &mut Buffer) -> Vec<(Rect, WiringTarget)> {
        let width = area.width as usize;
        let chips = facts::switches(self.draft, self.theme);
        let mut targets = facts::paint_chips(&chips, None, area, buffer);
        let mut y = area.y + self.rows_of_switches(area.width) + gap;
        let left = usize::from(area.bottom().saturating_sub(y));
        let facts = facts::facts(self.draft, self.study, self.focused, width, self.theme);
        let spec = wrap(self.draft.line(), width);
        let shown = facts.len().min(if left > 1 { left - 1 } else { left });
        for line in &facts[..shown] {
            buffer.set_line(area.x, y, line, area.width);
            y += 1;
        }
        if shown < facts.len() && shown > 0 {
            self.mark_cut(&facts[shown - 1].to_string(), y - 1, area, buffer);
        }
        let left = left - shown;
        let gap = if left > usize::from(gap) + spec.len() { gap } else { 0 };
        y += gap;
        let lines = spec.len().min(left);
        let mut rest = self.draft.line();
        for (i, line) in spec.iter().take(lines).enumerate() {
            // The last line has as much of the rest as there is place for.
            let is_cut = i + 1 == lines && lines < spec.len();
            let shown = if is_cut { rest } else { line };
            buffer.set_stringn(area.x, y, shown, width, self.theme.accent());
            if is_cut {
                self.mark_cut(shown, y, area, buffer);
            }
            rest = rest.strip_prefix(line.as_str()).unwrap_or(rest).trim_start();
            targets.push((Rect { y, height: 1, ..area }, WiringTarget::Spec));
            y += 1;
        }
        targets
    }

    /// Says that `text`, which is in row `y`, goes on.
    fn mark_cut(&self, text: &str, y: u16, area: Rect, buffer: &mut Buffer) {
        let x = area.x + (text.chars().count() as u16).min(area.width - 1);
        buffer.set_string(x, y, self.theme.glyph("…", "~"), self.theme.warn());
    }
}

/// First column shown, so that the arc of the hop under the cursor is.
fn scroll(columns: &Columns, cursor: Option<Term>, room: usize) -> usize {
    let most = columns.width.saturating_sub(room);
    let block = match cursor {
        None => return 0,
        Some(Term::Hop(hop)) => hop.target,
        Some(Term::Residual(block)) => block,
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
