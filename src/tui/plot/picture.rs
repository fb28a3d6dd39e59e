//! What is to be drawn, worked out to fractions of the plot, and its drawing.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::raster::{PlotPoint, Raster, Weight};
use super::write;
use crate::tui::theme::{Depth, Ground, Theme};

/// Columns from a mark to the next, at least: closer together they would hide the line.
const BETWEEN_MARKS: u16 = 3;

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub struct PlotLine {
    /// Colour and letter.
    pub slot: usize,
    /// How it is seen among the others; [`Weight::Joint`] has a mark at each point.
    pub weight: Weight,
    /// From left to right.
    pub points: Vec<PlotPoint>,
}

/// The area around a line.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    /// Colour.
    pub slot: usize,
    /// Place along, lower and upper edge, from left to right.
    pub edges: Vec<(f64, f64, f64)>,
}

/// Axes and everything between them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Picture {
    /// Inside of the axes.
    pub plot: Rect,
    /// Heading over the plot.
    pub heading: Option<String>,
    /// Where along the y axis there is a label.
    pub y_ticks: Vec<(f64, String)>,
    /// Whether the labels of y have lines across.
    pub has_guides: bool,
    /// Where along the x axis there is a label.
    pub x_ticks: Vec<(f64, String)>,
    /// What x is.
    pub unit: &'static str,
    /// Areas, behind the lines.
    pub bands: Vec<Band>,
    /// Lines, from back to front.
    pub lines: Vec<PlotLine>,
    /// Where a line's values stopped being numbers: its colour, and how far along.
    pub diverged: Vec<(usize, f64)>,
    /// Where a line goes straight up to be read at.
    pub cursor: Option<f64>,
    /// Remark in the upper right corner.
    pub note: Option<String>,
}

impl Picture {
    /// The rows that the x axis and its labels take of `height`.
    pub const fn rows_below(height: u16) -> u16 {
        if height >= 5 { 2 } else { 0 }
    }

    /// The columns that the y axis and its labels take of `width`; the unit of x stands
    /// below them.
    pub fn columns_left(&self, width: u16) -> u16 {
        let labels = self.y_ticks.iter().map(|(_, label)| label.as_str()).chain([self.unit]);
        let widest = labels.map(|label| label.width() as u16).max().unwrap_or(0);
        if width >= 16 { (widest + 1).min(width / 2) } else { 0 }
    }

    /// Paints it; `clip` is where it may paint.
    pub fn draw(&self, clip: Rect, buf: &mut Buffer, theme: &Theme) {
        self.draw_axes(clip, buf, theme);
        let raster = self.raster(theme);
        self.draw_guides(clip, buf, theme);
        raster.paint(self.plot.intersection(clip), buf);
        self.draw_cursor(&raster, clip, buf, theme);
        self.draw_marks(&raster, clip, buf, theme);
        if let Some(note) = &self.note {
            let note = theme.plain(note);
            let x = self.plot.right().saturating_sub(note.width() as u16).max(self.plot.x);
            write(buf, clip, (x, self.plot.y), &note, theme.warn());
        }
    }

    fn raster(&self, theme: &Theme) -> Raster {
        let mut raster = Raster::new(self.plot.width, self.plot.height, theme.symbols);
        for band in &self.bands {
            raster.dip(faint(theme, theme.series(band.slot)), Weight::Shade);
            raster.area(&band.edges);
        }
        for line in &self.lines {
            if line.weight == Weight::Faint && theme.depth == Depth::None {
                continue;
            }
            let style = theme.series(line.slot);
            let style = if line.weight == Weight::Faint { faint(theme, style) } else { style };
            raster.dip(style, line.weight);
            line.points.iter().for_each(|at| raster.dot(*at));
            line.points.windows(2).for_each(|pair| raster.line(pair[0], pair[1]));
        }
        raster
    }

    fn draw_axes(&self, clip: Rect, buf: &mut Buffer, theme: &Theme) {
        let Rect { x, y, width, height } = self.plot;
        let (line, label) = (theme.off(), theme.dim());
        if let Some(heading) = &self.heading {
            write(buf, clip, (x, y.saturating_sub(1)), &theme.plain(heading), theme.strong());
        }
        if let Some(axis) = x.checked_sub(1).filter(|axis| *axis >= clip.x) {
            for row in y..y + height {
                write(buf, clip, (axis, row), theme.glyph("│", "|"), line);
            }
            for (at, text) in &self.y_ticks {
                let row = y + row_of(*at, height);
                write(buf, clip, (axis, row), theme.glyph("┤", "+"), line);
                let start = axis.saturating_sub(text.width() as u16);
                write(buf, clip, (start, row), text, label);
            }
            let corner = (axis, y + height);
            write(buf, clip, corner, theme.glyph("└", "+"), line);
            let start = axis.saturating_sub(self.unit.width() as u16);
            write(buf, clip, (start, y + height + 1), self.unit, line);
        }
        for column in x..x + width {
            write(buf, clip, (column, y + height), theme.glyph("─", "-"), line);
        }
        let mut free = x;
        for (at, text) in &self.x_ticks {
            let column = x + column_of(*at, width);
            write(buf, clip, (column, y + height), theme.glyph("┬", "+"), line);
            let wide = text.width() as u16;
            let start = column.saturating_sub(wide / 2).min((x + width).saturating_sub(wide)).max(x);
            if start >= free && start + wide <= x + width {
                write(buf, clip, (start, y + height + 1), text, label);
                free = start + wide + 1;
            }
        }
    }

    /// Lines across, behind all else.
    fn draw_guides(&self, clip: Rect, buf: &mut Buffer, theme: &Theme) {
        let Rect { x, y, width, height } = self.plot;
        for (at, _) in self.y_ticks.iter().filter(|_| self.has_guides) {
            for column in x..x + width {
                write(buf, clip, (column, y + row_of(*at, height)), theme.glyph("┈", "."), theme.off());
            }
        }
    }

    /// The line to read at, over everything but lines.
    fn draw_cursor(&self, raster: &Raster, clip: Rect, buf: &mut Buffer, theme: &Theme) {
        let Some(at) = self.cursor.filter(|at| (0.0..=1.0).contains(at)) else {
            return;
        };
        let column = column_of(at, self.plot.width);
        let x = self.plot.x + column;
        for row in (0..self.plot.height).filter(|row| !raster.holds_line(column, *row)) {
            write(buf, clip, (x, self.plot.y + row), theme.glyph("│", "|"), theme.accent());
        }
        write(buf, clip, (x, self.plot.bottom()), theme.glyph("┴", "^"), theme.accent());
    }

    /// Marks at the points of joints; without colours the marks are letters, and each other
    /// line has its letter as far right as there is place for it.
    fn draw_marks(&self, raster: &Raster, clip: Rect, buf: &mut Buffer, theme: &Theme) {
        let clip = clip.intersection(self.plot);
        let mut taken = Vec::new();
        for line in self.lines.iter().filter(|l| l.weight == Weight::Joint) {
            let mut free = 0;
            for (column, row) in line.points.iter().filter_map(|at| raster.cell_at(*at)) {
                if column >= free {
                    free = column + BETWEEN_MARKS;
                    taken.push((line.slot, column, row));
                }
            }
        }
        for line in self.lines.iter().filter(|l| theme.needs_letters() && l.weight == Weight::Solid) {
            let cells = line.points.iter().rev().filter_map(|at| raster.cell_at(*at));
            let is_free = |cell: &(u16, u16)| taken.iter().all(|(_, column, row)| (*column, *row) != *cell);
            if let Some((column, row)) = cells.into_iter().find(is_free) {
                taken.push((line.slot, column, row));
            }
        }
        for (slot, at) in self.diverged.iter().filter(|(_, at)| (0.0..=1.0).contains(at)) {
            let column = self.plot.x + column_of(*at, self.plot.width);
            write(buf, clip, (column, self.plot.y), theme.glyph("✕", "X"), theme.series(*slot));
        }
        for (slot, column, row) in taken {
            let letter = Theme::letter(slot);
            let mark = if theme.needs_letters() { letter } else { theme.glyph("●", "o") };
            write(buf, clip, (self.plot.x + column, self.plot.y + row), mark, theme.series(slot));
        }
    }
}

/// The column of `width` at a fraction of the way.
fn column_of(at: f64, width: u16) -> u16 {
    ((at * f64::from(width)) as u16).min(width.saturating_sub(1))
}

/// The row of `height` at a fraction of the way up.
fn row_of(at: f64, height: u16) -> u16 {
    ((1.0 - at) * f64::from(height.saturating_sub(1))).round() as u16
}

/// A colour half gone into the ground.
fn faint(theme: &Theme, style: Style) -> Style {
    let Some(Color::Rgb(r, g, b)) = style.fg else {
        return style.add_modifier(Modifier::DIM);
    };
    let ground = match theme.ground {
        Ground::Dark => 0x18,
        Ground::Light => 0xf4,
    };
    let mixed = |c: u8| ((2 * u16::from(c) + 3 * ground) / 5) as u8;
    style.fg(Color::Rgb(mixed(r), mixed(g), mixed(b)))
}
