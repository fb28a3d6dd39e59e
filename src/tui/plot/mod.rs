//! A plot: axes and lines, whatever they mean.
//!
//! [`axis`] finds ticks, [`decimate`] leaves out what would not be seen, [`picture`] is what
//! is to be drawn in fractions of the plot, [`raster`] turns it into characters.

pub mod axis;
pub mod decimate;
pub mod picture;
pub mod raster;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Writes `text` at a cell, cut at the right end of `clip`, and nothing where the cell lies
/// outside it.
pub fn write(buf: &mut Buffer, clip: Rect, (x, y): (u16, u16), text: &str, style: Style) {
    let clip = clip.intersection(buf.area);
    if clip.contains((x, y).into()) {
        buf.set_stringn(x, y, text, usize::from(clip.right() - x), style);
    }
}
