//! One map or image: in the terminal's pixels where it has them, else in cells, two pixels
//! to a cell, one above the other.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Color, Style};

use super::palette::{Rgb, brightness, colour, diverging, is_shaded, shade};
use super::pixels::{Font, Paint, PixelGrid};
use crate::tui::theme::{Depth, Theme};

/// Where a square of `pixels`×`pixels` is painted; it takes as many columns and half as
/// many rows.
#[derive(Debug, Clone, Copy)]
pub struct Tile<'a> {
    /// Nothing is painted outside.
    pub area: Rect,
    /// Its upper left corner.
    pub at: Position,
    /// Its side.
    pub pixels: u16,
    /// What it is painted as.
    pub paint: Paint<'a>,
}

impl Tile<'_> {
    /// Paints a square map, its values relative to `peak`.
    pub fn map(self, values: &[f32], size: usize, peak: f32, buf: &mut Buffer, theme: &Theme) {
        let relative = |v: f32| if peak > 0.0 { v / peak } else { v.signum() * f32::from(v != 0.0) };
        let relative = |v: f32| if v.is_nan() { v } else { relative(v) };
        if is_shaded(theme) {
            self.characters(&[values], size, buf, |v| shade(relative(v[0]), theme));
        } else {
            self.colours(&[values], size, buf, theme, |v, dither| {
                let value = relative(v[0]);
                // What is zero stays one colour.
                diverging(value + dither * BAND.min(value.abs()), theme.ground)
            });
        }
    }

    /// Paints an image in grey or in colour, 8-bit `[channel, height, width]`.
    pub fn image(self, pixels: &[u8], size: usize, buf: &mut Buffer, theme: &Theme) {
        let values: Vec<f32> = pixels.iter().map(|pixel| f32::from(*pixel)).collect();
        let planes: Vec<&[f32]> = values.chunks_exact((size * size).max(1)).collect();
        if planes.is_empty() {
            return;
        }
        if is_shaded(theme) {
            self.characters(&planes, size, buf, |v| {
                brightness(v.iter().sum::<f32>() / v.len() as f32 / 255.0, theme)
            });
        } else {
            self.colours(&planes, size, buf, theme, |v, dither| {
                // Greys are near enough to each other.
                let dither = if v.len() > 1 { dither * CUBE } else { 0.0 };
                std::array::from_fn(|i| (v[i % v.len()] + dither).round() as u8)
            });
        }
    }

    /// In pixels, or in the halves of cells.
    fn colours(
        self,
        planes: &[&[f32]],
        size: usize,
        buf: &mut Buffer,
        theme: &Theme,
        look: impl Fn(&[f32], f32) -> Rgb,
    ) {
        let place = Rect::new(self.at.x, self.at.y, self.pixels, self.pixels.div_ceil(2));
        // What sticks out is cut, which only characters can be; and after a picture in one
        // column the cursor would be believed to be where it is not.
        let is_whole = place.width > 1 && self.area.intersection(buf.area).intersection(place) == place;
        match self.paint {
            Paint::Listed(list, font) if is_whole => {
                list.borrow_mut().push((place, grid(planes, size, place, font, |v| look(v, 0.0))));
            }
            Paint::Shown(gallery) if is_whole && gallery.paint(place, buf) => {}
            _ => self.blocks(planes, size, buf, theme, look),
        }
    }

    /// One character a cell.
    fn characters(
        self,
        planes: &[&[f32]],
        size: usize,
        buf: &mut Buffer,
        look: impl Fn(&[f32]) -> (char, Style),
    ) {
        let (width, height) = (usize::from(self.pixels), usize::from(self.pixels.div_ceil(2)));
        let planes: Vec<_> = planes.iter().map(|plane| resample(plane, size, width, height)).collect();
        for i in 0..width * height {
            let values: Vec<f32> = planes.iter().map(|plane| plane[i]).collect();
            let (c, style) = look(&values);
            self.cell(i % width, i / width, buf, |cell| {
                cell.set_char(c).set_style(style);
            });
        }
    }

    /// The upper half of each cell is its ink, the lower its ground.
    fn blocks(
        self,
        planes: &[&[f32]],
        size: usize,
        buf: &mut Buffer,
        theme: &Theme,
        look: impl Fn(&[f32], f32) -> Rgb,
    ) {
        let side = usize::from(self.pixels);
        let planes: Vec<_> = planes.iter().map(|plane| resample(plane, size, side, side)).collect();
        let pixel = |x: usize, y: usize| {
            if y >= side {
                return Color::Reset;
            }
            let values: Vec<f32> = planes.iter().map(|plane| plane[y * side + x]).collect();
            let dither = if theme.depth == Depth::Ansi256 { threshold(x, y) } else { 0.0 };
            colour(look(&values, dither), theme)
        };
        for row in 0..side.div_ceil(2) {
            for x in 0..side {
                let (upper, lower) = (pixel(x, 2 * row), pixel(x, 2 * row + 1));
                self.cell(x, row, buf, |cell| {
                    cell.set_char('▀').set_fg(upper).set_bg(lower);
                });
            }
        }
    }

    fn cell(self, x: usize, y: usize, buf: &mut Buffer, paint: impl FnOnce(&mut ratatui::buffer::Cell)) {
        let at = Position::new(self.at.x.saturating_add(x as u16), self.at.y.saturating_add(y as u16));
        if self.area.contains(at)
            && let Some(cell) = buf.cell_mut(at)
        {
            paint(cell);
        }
    }
}

/// How far two colours of a map are apart that 256 colours have, as parts of the largest value;
/// and how far steps of their cube are, of 255.
const BAND: f32 = 0.25;
const CUBE: f32 = 40.0;

/// Ordered dithering, from -0.5 to 0.5: what lies between two colours becomes a pattern of both,
/// and no band of one of them.
fn threshold(x: usize, y: usize) -> f32 {
    const BAYER: [[u8; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];
    (f32::from(BAYER[y % 4][x % 4]) + 0.5) / 16.0 - 0.5
}

/// The colours of square maps, one for each of their values; with fewer pixels than values,
/// one for each pixel.
fn grid(planes: &[&[f32]], size: usize, place: Rect, font: Font, look: impl Fn(&[f32]) -> Rgb) -> PixelGrid {
    let most = (usize::from(place.width) * usize::from(font.width))
        .min(usize::from(place.height) * usize::from(font.height));
    let side = size.min(most);
    let planes: Vec<_> = planes.iter().map(|plane| resample(plane, size, side, side)).collect();
    let colour = |i: usize| look(&planes.iter().map(|plane| plane[i]).collect::<Vec<_>>());
    PixelGrid { size: side, colours: (0..side * side).map(colour).collect() }
}

/// A square map of `size`×`size` in `width`×`height` pixels: each is the mean of what it
/// covers.
fn resample(map: &[f32], size: usize, width: usize, height: usize) -> Vec<f32> {
    // How much of each source pixel every target pixel covers, in units in which both are whole.
    let covered = |target: usize, targets: usize| {
        let (start, end) = (target * size, (target + 1) * size);
        (start / targets..end.div_ceil(targets)).map(move |source| {
            let (from, to) = (start.max(source * targets), end.min((source + 1) * targets));
            (source, (to - from) as f32)
        })
    };
    let mut out = Vec::with_capacity(width * height);
    for y in 0..height {
        for x in 0..width {
            let (mut sum, mut area) = (0.0, 0.0);
            for (row, high) in covered(y, height) {
                for (column, wide) in covered(x, width) {
                    let value = map.get(row * size + column).copied().unwrap_or(f32::NAN);
                    sum += value * (high * wide);
                    area += high * wide;
                }
            }
            out.push(sum / area);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::pixels::Gallery;
    use super::*;

    #[test]
    fn maps_are_averaged_down_and_repeated_up() {
        let map = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(resample(&map, 2, 1, 1), [2.5]);
        assert_eq!(resample(&map, 2, 2, 1), [2.0, 3.0]);
        assert_eq!(resample(&map, 2, 4, 2), [1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
        let thirds = resample(&[0.0, 3.0, 6.0].repeat(3), 3, 2, 1);
        assert_eq!(thirds, [1.0, 5.0]);
        assert!(resample(&[], 1, 1, 1)[0].is_nan());
    }

    #[test]
    fn two_hundred_and_fifty_six_colours_make_no_bands() {
        // From nothing on the left to the largest value on the right.
        let side = 32;
        let map: Vec<f32> = (0..side * side).map(|i| (i % side) as f32 / (side - 1) as f32).collect();
        let gallery = Gallery::default();
        let area = Rect::new(0, 0, side as u16, side as u16 / 2);
        let mixed = |depth: Depth| {
            let mut buf = Buffer::empty(area);
            let tile =
                Tile { area, at: Position::ORIGIN, pixels: side as u16, paint: Paint::Shown(&gallery) };
            tile.map(&map, side, 1.0, &mut buf, &Theme { depth, ..Theme::FULL });
            let column =
                |x: u16| (0..area.height).flat_map(|y| [buf[(x, y)].fg, buf[(x, y)].bg]).collect::<Vec<_>>();
            let is_mixed = |x: &u16| column(*x).windows(2).any(|pair| pair[0] != pair[1]);
            (0..area.width).filter(is_mixed).count()
        };
        assert_eq!(mixed(Depth::Truecolor), 0, "every colour there is");
        assert!(mixed(Depth::Ansi256) > side / 3);
    }

    #[test]
    fn thresholds_are_even() {
        let all: Vec<f32> = (0..16).map(|i| threshold(i % 4, i / 4)).collect();
        assert!(all.iter().sum::<f32>().abs() < 1e-6 && all.iter().all(|t| t.abs() < 0.5));
    }

    #[test]
    fn nothing_is_painted_outside() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 8, 3));
        let gallery = Gallery::default();
        let paint = Paint::Shown(&gallery);
        let tile = Tile { area: Rect::new(1, 1, 2, 1), at: Position::new(1, 1), pixels: 6, paint };
        tile.map(&[1.0], 1, 1.0, &mut buf, &Theme::FULL);
        assert_eq!(buf.content().iter().filter(|cell| cell.symbol() == "▀").count(), 2);
        let area = Rect::new(0, 0, u16::MAX, u16::MAX);
        let far = Tile { area, at: Position::new(u16::MAX, 9), pixels: 9, paint };
        far.map(&[0.0], 1, 0.0, &mut buf, &Theme::FULL);
    }
}
