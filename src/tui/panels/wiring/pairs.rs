//! Lesions of every two terms as a heat map: rows and columns are terms, a cell is the change of
//! top-1 without both, on the diagonal without the one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::{WiringTarget, below_heading};
use crate::domain::event::Score;
use crate::domain::term::Term;
use crate::domain::text::{signed, wrap};
use crate::tui::draft::Draft;
use crate::tui::images::palette::{colour, diverging, is_shaded, shade};
use crate::tui::lesions::{Loss, Study, names};
use crate::tui::paint::{cut, put};
use crate::tui::theme::Theme;

/// Columns of a cell: with one decimal, with none, and of one that is only a colour; the widest.
const DECIMAL: u16 = 6;
const WHOLE: u16 = 4;
const BARE: u16 = 2;
const WIDEST: u16 = 10;
/// Rows of the tallest cell.
const TALLEST: u16 = 3;
/// Rows that are left to the map at least, where words below it could take them.
const LEAST_ROWS: u16 = 3;

/// What is drawn, and where its cells are.
struct Map<'a> {
    study: &'a Study,
    terms: &'a [Term],
    theme: &'a Theme,
    /// The largest change, which has the deepest colour.
    scale: f64,
    /// Columns and rows of a cell.
    cell: (u16, u16),
    selected: (usize, usize),
}

/// Paints the heat map with the cell under the cursor in view, and reads it out below; says which
/// cells are where.
pub fn draw_pairs(
    study: &Study,
    draft: &Draft,
    selected: (usize, usize),
    focused: bool,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) -> Vec<(Rect, WiringTarget)> {
    let area = area.intersection(buffer.area);
    let terms = study.terms();
    if area.is_empty() || terms.is_empty() {
        return Vec::new();
    }
    let area = below_heading(study, draft, area, buffer, theme);
    let selected = (selected.0.min(terms.len() - 1), selected.1.min(terms.len() - 1));
    let pair = [terms[selected.0], terms[selected.1]];

    let words =
        readout(study, pair).into_iter().flat_map(|part| wrap(&theme.plain(&part), area.width.into()));
    let words: Vec<String> = words.collect();
    // The map keeps its size while the cursor moves, so that room is for the longest.
    let room = longest_readout(study, &terms, area.width, theme).max(words.len() as u16);
    let room = room.min(area.height.saturating_sub(LEAST_ROWS));
    let below = Rect { y: area.bottom() - room, height: room, ..area };
    for (line, y) in words.iter().zip(below.top()..below.bottom()) {
        put(buffer, below, below.x, y, line, theme.text(), theme);
    }
    if words.len() > usize::from(room) && room > 0 {
        let shown = words[usize::from(room) - 1].chars().count() as u16;
        let x = below.x + shown.min(below.width - 1);
        put(buffer, below, x, below.bottom() - 1, theme.glyph("…", "~"), theme.warn(), theme);
    }

    let map = Rect { height: area.height - room, ..area };
    let labels = terms.iter().map(|term| term.to_string().len() as u16).max().unwrap_or(0) + 1;
    let count = terms.len() as u16;
    let wide = (map.width.saturating_sub(labels) / count).clamp(BARE, WIDEST);
    let head = if wide >= WHOLE { 1 } else { 0 };
    let head = if map.height > 1 { head } else { 0 };
    let tall = (map.height.saturating_sub(head) / count).clamp(1, TALLEST);
    let changes = study.worst_of(|cuts| cuts.len() <= 2);
    let scale = changes.iter().map(|(_, loss)| loss.change.abs()).fold(0.0, f64::max);
    let map_of = Map { study, terms: &terms, theme, scale, cell: (wide, tall), selected };
    map_of.draw(map, labels, head, focused, buffer)
}

/// Both out, each alone, and the interaction.
fn readout(study: &Study, [first, second]: [Term; 2]) -> Vec<String> {
    let scored = |cuts: &[Term]| study.without(cuts);
    let said = |loss: Option<Loss>, text: fn(&Loss) -> String| {
        loss.as_ref().map_or_else(|| "not scored".into(), text)
    };
    let intact = study.intact().map_or(f64::NAN, Score::top1);
    let intact =
        format!("intact {intact:.2}%; cells: change of top-1 in points, on the diagonal of one term alone");
    if first == second {
        return vec![format!("without {first}: {}", said(scored(&[first]), Loss::full)), intact];
    }
    let both = sorted(first, second);
    let alone = both.map(|term| {
        let change = scored(&[term]).map_or_else(|| "not scored".into(), |loss| signed(loss.change, 2));
        format!("{term} alone {change}")
    });
    let interaction = study.interaction(&both);
    let interaction = interaction
        .map(|points| format!("interaction {} (the pair less the sum of both alone)", signed(points, 2)));
    let mut lines = vec![format!("without {}: {}", names(&both), said(scored(&both), Loss::full))];
    lines.push(alone.join(", "));
    lines.extend(interaction);
    lines.push(intact);
    lines
}

/// Rows that the words of a cell take at most.
fn longest_readout(study: &Study, terms: &[Term], width: u16, theme: &Theme) -> u16 {
    let rows = |pair| -> usize {
        let parts = readout(study, pair);
        parts.iter().map(|part| wrap(&theme.plain(part), width.into()).len()).sum()
    };
    let [first, .., last] = terms else { return 1 };
    let ends = [[*first, *last], [*first, *first], [terms[terms.len() / 2], *last]];
    ends.into_iter().map(rows).max().unwrap_or(1) as u16
}

fn sorted(first: Term, second: Term) -> [Term; 2] {
    if first <= second { [first, second] } else { [second, first] }
}

impl Map<'_> {
    fn draw(
        &self,
        area: Rect,
        labels: u16,
        head: u16,
        focused: bool,
        buffer: &mut Buffer,
    ) -> Vec<(Rect, WiringTarget)> {
        let ((wide, tall), theme, count) = (self.cell, self.theme, self.terms.len());
        let columns = usize::from(area.width.saturating_sub(labels) / wide).min(count);
        let rows = usize::from(area.height.saturating_sub(head) / tall).min(count);
        // The cursor's cell in the middle, where not all fit.
        let first = |at: usize, fit: usize| at.saturating_sub(fit / 2).min(count - fit);
        let (top, left) = (first(self.selected.0, rows), first(self.selected.1, columns));
        let style = |is_cursor: bool| if is_cursor { theme.strong() } else { theme.dim() };
        for (i, column) in (left..left + columns).enumerate() {
            let x = area.x + labels + i as u16 * wide;
            if head > 0 {
                let name = cut(&self.terms[column].to_string(), usize::from(wide) - 1);
                let at = x + (wide - name.chars().count() as u16) / 2;
                put(buffer, area, at, area.y, &name, style(column == self.selected.1), theme);
            }
        }
        let is_cut = (left > 0 || top > 0, left + columns < count || top + rows < count);
        let mark = match is_cut {
            (true, true) => theme.glyph("◂▸", "<>"),
            (true, false) => theme.glyph("◂", "<"),
            (false, true) => theme.glyph("▸", ">"),
            (false, false) => "",
        };
        if head > 0 {
            put(buffer, area, area.x, area.y, mark, theme.dim(), theme);
        }
        let mut targets = Vec::new();
        for (j, row) in (top..top + rows).enumerate() {
            let y = area.y + head + j as u16 * tall;
            let name = self.terms[row].to_string();
            put(buffer, area, area.x, y + (tall - 1) / 2, &name, style(row == self.selected.0), theme);
            for (i, column) in (left..left + columns).enumerate() {
                let place = Rect::new(area.x + labels + i as u16 * wide, y, wide, tall).intersection(area);
                if place.is_empty() {
                    continue;
                }
                self.paint(row, column, place, buffer);
                if focused && (row, column) == self.selected {
                    buffer.set_style(place, theme.selected());
                }
                targets.push((place, WiringTarget::Pair(row, column)));
            }
        }
        targets
    }

    /// One cell: its colour or its character, and its number where there is room.
    fn paint(&self, row: usize, column: usize, place: Rect, buffer: &mut Buffer) {
        let theme = self.theme;
        let (first, second) = (self.terms[row], self.terms[column]);
        let cuts = sorted(first, second);
        let cuts = if first == second { &cuts[..1] } else { &cuts[..] };
        let middle = place.y + (place.height - 1) / 2;
        let Some(loss) = self.study.without(cuts) else {
            put(
                buffer,
                place,
                place.x + (place.width - 1) / 2,
                middle,
                theme.glyph("·", "."),
                theme.dim(),
                theme,
            );
            return;
        };
        // What is lost is the palette's positive side.
        let value = if self.scale > 0.0 { (-loss.change / self.scale) as f32 } else { 0.0 };
        let shaded = is_shaded(theme);
        let digits = |room: u16| match room {
            DECIMAL.. => Some(1),
            WHOLE.. => Some(0),
            _ => None,
        };
        if shaded {
            let number = digits(place.width.saturating_sub(1)).map(|digits| signed(loss.change, digits));
            let (mark, style) = shade(value, theme);
            // A digit beside a number would be one of its own: what is gained has a sign anyway.
            let mark = if number.is_some() && value < 0.0 { ' ' } else { mark };
            let marks = if number.is_some() { 1 } else { usize::from(place.width) - 1 };
            for y in place.top()..place.bottom() {
                put(buffer, place, place.x, y, &mark.to_string().repeat(marks), style, theme);
            }
            if let Some(number) = number {
                put(buffer, place, place.x + 1, middle, &number, theme.text(), theme);
            }
            return;
        }
        let rgb = diverging(value, theme.ground);
        let [red, green, blue] = rgb.map(u32::from);
        // As eyes weigh colours.
        let is_light = 21 * red + 72 * green + 7 * blue > 100 * 110;
        let ink = if is_light { [0; 3] } else { [255; 3] };
        buffer.set_style(place, Style::new().bg(colour(rgb, theme)).fg(colour(ink, theme)));
        if let Some(digits) = digits(place.width) {
            let number = signed(loss.change, digits);
            let x = place.x + (place.width.saturating_sub(number.chars().count() as u16)) / 2;
            put(buffer, place, x, middle, &number, Style::new(), theme);
        }
    }
}
