//! Lines and areas as characters: braille dots, half blocks or ASCII.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Style};

use crate::tui::theme::Symbols;

/// A place in a picture: right from 0 to 1, up from 0 to 1.
pub type PlotPoint = (f64, f64);

/// How something is seen among the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// An area, thinly dotted.
    Shade,
    /// A line behind the others.
    Faint,
    /// A line that joins marks.
    Joint,
    /// A line.
    Solid,
}

impl Weight {
    /// Of what falls into one character, only the foremost is shown: a line keeps its shape
    /// where it crosses a cloud of faint ones.
    const fn front(self) -> u8 {
        match self {
            Self::Shade => 0,
            Self::Faint => 1,
            Self::Joint | Self::Solid => 2,
        }
    }
}

/// What a thing is drawn with.
#[derive(Debug, Clone, Copy)]
struct Ink {
    style: Style,
    weight: Weight,
}

/// A picture in dots, several to a character.
#[derive(Debug)]
pub struct Raster {
    symbols: Symbols,
    /// In dots.
    size: (usize, usize),
    /// Dots to a character.
    cell: (usize, usize),
    inks: Vec<Ink>,
    /// Of each dot, the ink that came last, counted from 1.
    dots: Vec<u16>,
    /// The same for areas.
    shades: Vec<u16>,
}

impl Raster {
    /// An empty picture of so many characters.
    pub fn new(columns: u16, rows: u16, symbols: Symbols) -> Self {
        let cell = match symbols {
            Symbols::Braille => (2, 4),
            Symbols::Block => (1, 2),
            Symbols::Ascii => (1, 1),
        };
        let size = (usize::from(columns) * cell.0, usize::from(rows) * cell.1);
        let dots = vec![0; size.0 * size.1];
        Self { symbols, size, cell, inks: Vec::new(), shades: dots.clone(), dots }
    }

    /// Takes up another ink, with which everything is drawn from here on.
    pub fn dip(&mut self, style: Style, weight: Weight) {
        self.inks.push(Ink { style, weight });
    }

    /// The character in which a place lies, `None` outside of the picture.
    pub fn cell_at(&self, (x, y): PlotPoint) -> Option<(u16, u16)> {
        let inside = (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y) && !self.dots.is_empty();
        inside.then(|| {
            let (column, row) = self.dot_at((x, y));
            ((column / self.cell.0) as u16, (row / self.cell.1) as u16)
        })
    }

    /// Whether a line goes through a character; faint ones do not count.
    pub fn holds_line(&self, column: u16, row: u16) -> bool {
        let (column, row) = (usize::from(column), usize::from(row));
        let inside = (column + 1) * self.cell.0 <= self.size.0 && (row + 1) * self.cell.1 <= self.size.1;
        let weight = |dot: u16| usize::from(dot).checked_sub(1).map(|i| self.inks[i].weight);
        inside
            && self
                .dots_of(&self.dots, column, row)
                .into_iter()
                .filter_map(weight)
                .any(|w| w >= Weight::Joint)
    }

    fn dot_at(&self, (x, y): PlotPoint) -> (usize, usize) {
        let (width, height) = self.size;
        let column = (x * width as f64) as usize;
        let row = ((1.0 - y) * (height - 1) as f64).round() as usize;
        (column.min(width - 1), row.min(height - 1))
    }

    /// A dot at a place, if it is in the picture.
    pub fn dot(&mut self, at: PlotPoint) {
        if self.cell_at(at).is_some() {
            let (column, row) = self.dot_at(at);
            self.dots[row * self.size.0 + column] = self.inks.len() as u16;
        }
    }

    /// A straight line, as much of it as is in the picture.
    pub fn line(&mut self, from: PlotPoint, to: PlotPoint) {
        let Some((from, to)) = clipped(from, to).filter(|_| !self.dots.is_empty()) else {
            return;
        };
        let ink = self.inks.len() as u16;
        let ((x, y), (end_x, end_y)) = (self.dot_at(from), self.dot_at(to));
        let (dx, dy) = (end_x.abs_diff(x), end_y.abs_diff(y));
        let steps = dx.max(dy);
        for i in 0..=steps {
            // Whole numbers, rounded to nearest, so that lines are the same on every machine.
            let along = |a: usize, b: usize, d: usize| {
                let moved = (2 * d * i + steps).checked_div(2 * steps).unwrap_or(0);
                if b >= a { a + moved } else { a - moved }
            };
            let (column, row) = (along(x, end_x, dx), along(y, end_y, dy));
            self.dots[row * self.size.0 + column] = ink;
        }
    }

    /// The area between two heights at each place along: `(x, low, high)` from left to
    /// right, straight in between.
    pub fn area(&mut self, edges: &[(f64, f64, f64)]) {
        if self.dots.is_empty() {
            return;
        }
        if let [only] = edges {
            self.upright(*only);
        }
        for pair in edges.windows(2) {
            let ((x0, low0, high0), (x1, low1, high1)) = (pair[0], pair[1]);
            let columns = (x1 - x0) * self.size.0 as f64;
            let parts = columns.ceil().clamp(1.0, 2.0 * self.size.0 as f64) as usize;
            for part in 0..=parts {
                let f = part as f64 / parts as f64;
                let between = |a: f64, b: f64| a + (b - a) * f;
                self.upright((between(x0, x1), between(low0, low1), between(high0, high1)));
            }
        }
    }

    fn upright(&mut self, (x, low, high): (f64, f64, f64)) {
        if !(0.0..=1.0).contains(&x) || high < 0.0 || low > 1.0 {
            return;
        }
        let (column, top) = self.dot_at((x, high.min(1.0)));
        let (_, bottom) = self.dot_at((x, low.max(0.0)));
        for row in top..=bottom {
            // In braille two dots of eight are a shade that lines stand out from.
            if self.symbols != Symbols::Braille || (row + 2 * column) % 4 == 1 {
                self.shades[row * self.size.0 + column] = self.inks.len() as u16;
            }
        }
    }

    /// Paints every character that has a dot, and leaves the others as they are.
    pub fn paint(&self, area: Rect, buf: &mut Buffer) {
        let (columns, rows) = (self.size.0 / self.cell.0, self.size.1 / self.cell.1);
        for row in 0..rows {
            for column in 0..columns {
                let place = (area.x + column as u16, area.y + row as u16);
                if area.contains(place.into())
                    && let Some((symbol, style)) = self.character(column, row)
                    && let Some(cell) = buf.cell_mut(place)
                {
                    cell.set_char(symbol).set_style(style);
                }
            }
        }
    }

    fn character(&self, column: usize, row: usize) -> Option<(char, Style)> {
        let mut dots = self.dots_of(&self.dots, column, row);
        if dots.iter().all(|d| *d == 0) {
            dots = self.dots_of(&self.shades, column, row);
        }
        let ink = |dot: u16| usize::from(dot).checked_sub(1).map(|i| self.inks[i]);
        let front = dots.iter().filter_map(|d| ink(*d)).map(|i| i.weight.front()).max()?;
        let shown = dots.map(|d| ink(d).filter(|i| i.weight.front() == front).map_or(0, |_| d));
        let top = ink(shown.into_iter().max().unwrap_or(0))?;
        Some(match (self.symbols, top.weight) {
            (Symbols::Braille, _) => (braille(&shown), top.style),
            (Symbols::Block, Weight::Shade) => ('░', top.style),
            (Symbols::Block, _) => half_block(ink(shown[0]), ink(shown[1]), top),
            (Symbols::Ascii, Weight::Shade | Weight::Faint) => ('.', top.style),
            (Symbols::Ascii, Weight::Joint) => ('-', top.style),
            (Symbols::Ascii, Weight::Solid) => ('*', top.style),
        })
    }

    /// Of one character, row by row.
    fn dots_of(&self, all: &[u16], column: usize, row: usize) -> [u16; 8] {
        let mut out = [0; 8];
        let (wide, high) = self.cell;
        for y in 0..high {
            let from = (row * high + y) * self.size.0 + column * wide;
            out[y * wide..(y + 1) * wide].copy_from_slice(&all[from..from + wide]);
        }
        out
    }
}

fn braille(dots: &[u16; 8]) -> char {
    const BITS: [u32; 8] = [0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80];
    let pattern: u32 = dots.iter().zip(BITS).filter(|(dot, _)| **dot > 0).map(|(_, bit)| bit).sum();
    char::from_u32(0x2800 + pattern).unwrap_or(' ')
}

fn half_block(upper: Option<Ink>, lower: Option<Ink>, top: Ink) -> (char, Style) {
    match (upper, lower) {
        (Some(_), None) => ('▀', top.style),
        (None, Some(_)) => ('▄', top.style),
        (Some(upper), Some(lower)) if upper.style != lower.style => {
            ('▀', upper.style.bg(lower.style.fg.unwrap_or(Color::Reset)))
        }
        _ => ('█', top.style),
    }
}

/// The part of a line that is inside of the picture (Liang and Barsky).
fn clipped(from: PlotPoint, to: PlotPoint) -> Option<(PlotPoint, PlotPoint)> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enter, mut leave) = (0f64, 1f64);
    for (delta, room) in [(-dx, from.0), (dx, 1.0 - from.0), (-dy, from.1), (dy, 1.0 - from.1)] {
        if !(delta.is_finite() && room.is_finite()) || (delta == 0.0 && room < 0.0) {
            return None;
        }
        let at = room / delta;
        if delta < 0.0 {
            enter = enter.max(at);
        } else if delta > 0.0 {
            leave = leave.min(at);
        }
    }
    let at = |f: f64| ((from.0 + f * dx).clamp(0.0, 1.0), (from.1 + f * dy).clamp(0.0, 1.0));
    (enter <= leave).then(|| (at(enter), at(leave)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(raster: &Raster, columns: u16, rows: u16) -> Vec<String> {
        let area = Rect::new(0, 0, columns, rows);
        let mut buf = Buffer::empty(area);
        raster.paint(area, &mut buf);
        (0..rows).map(|y| (0..columns).map(|x| buf[(x, y)].symbol()).collect()).collect()
    }

    fn diagonal(symbols: Symbols) -> Vec<String> {
        let mut raster = Raster::new(4, 2, symbols);
        raster.dip(Style::new(), Weight::Solid);
        raster.line((0.0, 0.0), (1.0, 1.0));
        rows(&raster, 4, 2)
    }

    #[test]
    fn lines_in_every_font() {
        assert_eq!(diagonal(Symbols::Braille), ["  ⡠⠊", "⡠⠊  "]);
        assert_eq!(diagonal(Symbols::Block), ["  ▄▀", "▄▀  "]);
        assert_eq!(diagonal(Symbols::Ascii), ["  **", "**  "]);
    }

    #[test]
    fn a_faint_line_gives_way() {
        let mut raster = Raster::new(3, 1, Symbols::Ascii);
        raster.dip(Style::new(), Weight::Solid);
        raster.dot((0.4, 0.5));
        raster.dip(Style::new(), Weight::Shade);
        raster.area(&[(0.0, 0.0, 1.0), (1.0, 0.0, 1.0)]);
        assert_eq!(rows(&raster, 3, 1), [".*."]);
    }

    #[test]
    fn two_colours_share_a_half_block() {
        let mut raster = Raster::new(1, 1, Symbols::Block);
        raster.dip(Style::new().fg(Color::Red), Weight::Solid);
        raster.dot((0.0, 1.0));
        raster.dip(Style::new().fg(Color::Blue), Weight::Solid);
        raster.dot((0.0, 0.0));
        let expected = ('▀', Style::new().fg(Color::Red).bg(Color::Blue));
        assert_eq!(raster.character(0, 0), Some(expected));
    }

    #[test]
    fn lines_are_cut_at_the_edges() {
        let (from, to) = clipped((-1.0, 0.5), (3.0, 0.5)).unwrap();
        assert_eq!((from, to), ((0.0, 0.5), (1.0, 0.5)));
        assert_eq!(clipped((0.2, 1.5), (0.4, 1.1)), None);
        assert_eq!(clipped((0.2, f64::NAN), (0.4, 0.5)), None);
    }

    proptest! {
        #[test]
        fn nothing_is_drawn_outside(
            lines in prop::collection::vec((-9.0..9.0f64, -1e12..1e12f64, -9.0..9.0f64, -3.0..3.0f64), 0..9),
            size in (0u16..9, 0u16..5),
        ) {
            for symbols in [Symbols::Braille, Symbols::Block, Symbols::Ascii] {
                let mut raster = Raster::new(size.0, size.1, symbols);
                raster.dip(Style::new(), Weight::Solid);
                for (x0, y0, x1, y1) in &lines {
                    raster.line((*x0, *y0), (*x1, *y1));
                    raster.area(&[(*x0, *y0, *y1), (*x1, *y1, *y0)]);
                    raster.dot((*x0, *y1));
                }
                let area = Rect::new(1, 1, size.0, size.1);
                let mut buf = Buffer::empty(Rect::new(0, 0, size.0 + 2, size.1 + 2));
                raster.paint(area, &mut buf);
                for position in buf.area.positions().filter(|p| !area.contains(*p)) {
                    prop_assert_eq!(buf[position].symbol(), " ");
                }
            }
        }
    }
}
