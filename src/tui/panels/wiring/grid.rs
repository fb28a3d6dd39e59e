//! A sheet on which lines are laid before they become characters.
//!
//! A cell knows in which of four directions lines leave it, so that lines laid one by
//! one end up as one right corner, join or crossing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::tui::theme::{Symbols, Theme};

/// A cell of the sheet, column and row.
pub type GridPoint = (usize, usize);

/// What a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stroke {
    /// The network itself.
    Trunk,
    /// A hop that is on.
    On,
    /// A hop that is off.
    Off,
}

const UP: u8 = 1;
const RIGHT: u8 = 2;
const DOWN: u8 = 4;
const LEFT: u8 = 8;

/// One character for each set of directions, bit by bit as above.
type Lines = [char; 16];

const ROUNDED: Lines = [' ', '│', '─', '╰', '│', '│', '╭', '├', '─', '╯', '─', '┴', '╮', '┤', '┬', '┼'];
const SQUARE: Lines = [' ', '│', '─', '└', '│', '│', '┌', '├', '─', '┘', '─', '┴', '┐', '┤', '┬', '┼'];
const DASHED: Lines = [' ', '┆', '┄', '╰', '┆', '┆', '╭', '├', '┄', '╯', '┄', '┴', '╮', '┤', '┬', '┼'];
/// The Linux console's font has no dashed lines.
const DOTTED: Lines = [' ', ':', '·', '·', ':', ':', '·', ':', '·', '·', '·', '·', '·', ':', '·', ':'];
/// A crossing is drawn as a line passing under the other: `+` is for joins.
const ASCII: Lines = [' ', '|', '-', '+', '|', '|', '+', '+', '-', '+', '-', '+', '+', '+', '+', '|'];
/// Frames have no joins, so that a `+` beside them is one of a hop.
const ASCII_TRUNK: Lines = [' ', '|', '-', '+', '|', '|', '+', '|', '-', '+', '-', '+', '+', '|', '+', '|'];
const ASCII_DOTTED: Lines = [' ', ':', '.', '.', ':', ':', '.', ':', '.', '.', '.', '.', '.', ':', '.', ':'];

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    trunk: u8,
    on: u8,
    off: u8,
    selected: bool,
    symbol: Option<(char, Style)>,
}

/// The sheet.
#[derive(Debug)]
pub struct LineGrid {
    width: usize,
    cells: Vec<Cell>,
}

impl LineGrid {
    /// An empty sheet.
    pub fn new(width: usize, height: usize) -> Self {
        Self { width, cells: vec![Cell::default(); width * height] }
    }

    fn cell(&mut self, (x, y): GridPoint) -> Option<&mut Cell> {
        if x < self.width { self.cells.get_mut(y * self.width + x) } else { None }
    }

    /// Lays a line through `corners`.
    pub fn line(&mut self, stroke: Stroke, corners: &[GridPoint]) {
        for (from, to) in steps(corners) {
            let there = direction(from, to);
            self.leave(from, stroke, there);
            self.leave(to, stroke, direction(to, from));
        }
    }

    fn leave(&mut self, at: GridPoint, stroke: Stroke, direction: u8) {
        if let Some(cell) = self.cell(at) {
            match stroke {
                Stroke::Trunk => cell.trunk |= direction,
                Stroke::On => cell.on |= direction,
                Stroke::Off => cell.off |= direction,
            }
        }
    }

    /// Marks the cells of a line as those under the cursor.
    pub fn select(&mut self, corners: &[GridPoint]) {
        for at in steps(corners).flat_map(|(from, to)| [from, to]) {
            if let Some(cell) = self.cell(at) {
                cell.selected = true;
            }
        }
    }

    /// Writes `text` over whatever lines there are.
    pub fn text(&mut self, (x, y): GridPoint, text: &str, style: Style) {
        for (i, c) in text.chars().enumerate() {
            if let Some(cell) = self.cell((x + i, y)) {
                cell.symbol = Some((c, style));
            }
        }
    }

    /// Paints the columns from `left` on.
    pub fn paint(&self, left: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
        for (row, y) in self.cells.chunks(self.width.max(1)).zip(area.top()..area.bottom()) {
            for (cell, x) in row.iter().skip(left).zip(area.left()..area.right()) {
                if let Some((symbol, style)) = cell.resolve(theme)
                    && let Some(target) = buffer.cell_mut((x, y))
                {
                    target.set_char(symbol).set_style(style);
                }
            }
        }
    }
}

impl Cell {
    /// The one character that shows what meets here; what is on wins.
    fn resolve(&self, theme: &Theme) -> Option<(char, Style)> {
        let solid = self.trunk | self.on;
        let (character, style) = match self.symbol {
            Some(written) => written,
            None if self.on != 0 => (lines(Stroke::On, theme)[solid as usize], theme.accent()),
            None if solid != 0 => (lines(Stroke::Trunk, theme)[solid as usize], theme.text()),
            None if self.off != 0 => (lines(Stroke::Off, theme)[self.off as usize], theme.off()),
            None => return None,
        };
        Some((character, if self.selected { style.patch(theme.selected()) } else { style }))
    }
}

fn lines(stroke: Stroke, theme: &Theme) -> &'static Lines {
    match (theme.symbols, stroke) {
        (Symbols::Braille, Stroke::Off) => &DASHED,
        (Symbols::Braille, _) => &ROUNDED,
        (Symbols::Block, Stroke::Off) => &DOTTED,
        (Symbols::Block, _) => &SQUARE,
        (Symbols::Ascii, Stroke::Off) => &ASCII_DOTTED,
        (Symbols::Ascii, Stroke::Trunk) => &ASCII_TRUNK,
        (Symbols::Ascii, Stroke::On) => &ASCII,
    }
}

/// Pairs of neighbouring cells on the way through `corners`.
fn steps(corners: &[GridPoint]) -> impl Iterator<Item = (GridPoint, GridPoint)> + '_ {
    corners.windows(2).flat_map(|ends| {
        let mut at = ends[0];
        let towards = ends[1];
        std::iter::from_fn(move || {
            let from = at;
            at = (nearer(at.0, towards.0), nearer(at.1, towards.1));
            (from != at).then_some((from, at))
        })
    })
}

fn nearer(from: usize, to: usize) -> usize {
    match from.cmp(&to) {
        std::cmp::Ordering::Less => from + 1,
        std::cmp::Ordering::Equal => from,
        std::cmp::Ordering::Greater => from - 1,
    }
}

fn direction(from: GridPoint, to: GridPoint) -> u8 {
    let horizontal = if to.0 > from.0 { RIGHT } else { LEFT };
    let vertical = if to.1 > from.1 { DOWN } else { UP };
    if to.0 == from.0 { vertical } else { horizontal }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(theme: &Theme, lay: impl Fn(&mut LineGrid)) -> Vec<String> {
        let mut grid = LineGrid::new(5, 3);
        lay(&mut grid);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 5, 3));
        grid.paint(0, buffer.area, &mut buffer, theme);
        buffer.content().chunks(5).map(|row| row.iter().map(|c| c.symbol()).collect()).collect()
    }

    fn two_hops(second: Stroke) -> impl Fn(&mut LineGrid) {
        move |grid| {
            grid.line(Stroke::On, &[(0, 2), (0, 1), (4, 1), (4, 2)]);
            grid.line(second, &[(2, 2), (2, 0), (4, 0), (4, 2)]);
        }
    }

    #[test]
    fn lines_meet_in_joins_and_cross_in_crossings() {
        assert_eq!(painted(&Theme::FULL, two_hops(Stroke::On)), ["  ╭─╮", "╭─┼─┤", "│ │ │"]);
        let ascii = Theme { symbols: Symbols::Ascii, ..Theme::FULL };
        assert_eq!(painted(&ascii, two_hops(Stroke::On)), ["  +-+", "+-|-+", "| | |"]);
    }

    #[test]
    fn what_is_on_wins_where_it_meets_what_is_off() {
        assert_eq!(painted(&Theme::FULL, two_hops(Stroke::Off)), ["  ╭┄╮", "╭───╮", "│ ┆ │"]);
        let block = Theme { symbols: Symbols::Block, ..Theme::FULL };
        assert_eq!(painted(&block, two_hops(Stroke::Off)), ["  ···", "┌───┐", "│ : │"]);
    }
}
