//! Sixels of a grid: bands of six rows of pixels, each once for every colour in it.
//!
//! Encoders for photographs spread what a palette lacks over the pixels nearby, which would
//! draw patterns into a map that are not in it. Here a value has one colour wherever it
//! is, and what a terminal is sent grows with the grid rather than with the screen's pixels.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::PixelGrid;

/// Colour registers that terminals have.
const COLOURS: usize = 256;
/// Rows of pixels in a band.
const BAND: usize = 6;

/// The sequence that draws `grid`, each of its values as a square of `times` pixels, where
/// the cursor is. Colours are in percent, as the format has them; a grid with more than 256
/// gets coarser ones.
pub fn sixels(grid: &PixelGrid, times: usize) -> String {
    let (size, side) = (grid.size, grid.size * times);
    let (palette, registers) = palette(grid);
    let mut out = String::new();
    // What is not drawn stays as it is; pixels are as wide as high.
    let _ = write!(out, "\x1bP0;1;0q\"1;1;{side};{side}");
    for (i, [r, g, b]) in palette.iter().enumerate() {
        let _ = write!(out, "#{i};2;{r};{g};{b}");
    }
    for top in (0..side).step_by(BAND) {
        if top > 0 {
            out.push('-');
        }
        // The pixels of each colour: a column's six as bits.
        let mut columns: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
        for (bit, y) in (top..side.min(top + BAND)).enumerate() {
            for (x, register) in registers[y / times * size..][..size].iter().enumerate() {
                columns.entry(*register).or_insert_with(|| vec![0; size])[x] |= 1 << bit;
            }
        }
        for (i, (register, columns)) in columns.iter().enumerate() {
            let _ = write!(out, "{}#{register}", if i > 0 { "$" } else { "" });
            for run in columns.chunk_by(|a, b| a == b) {
                let (length, c) = (run.len() * times, char::from(b'?' + run[0]));
                match length {
                    1..=3 => out.extend(std::iter::repeat_n(c, length)),
                    _ => _ = write!(out, "!{length}{c}"),
                }
            }
        }
    }
    out.push_str("\x1b\\");
    out
}

/// The colours of `grid` in percent, and which of them each value has.
fn palette(grid: &PixelGrid) -> (Vec<[u8; 3]>, Vec<usize>) {
    let mut step = 1;
    loop {
        let percent = |part: u8| {
            let part = (u32::from(part) * 100 + 127) / 255;
            ((part + step / 2) / step * step).min(100) as u8
        };
        let colours: Vec<_> = grid.colours.iter().map(|rgb| rgb.map(percent)).collect();
        let mut palette = colours.clone();
        palette.sort_unstable();
        palette.dedup();
        if palette.len() <= COLOURS {
            let place = |colour| palette.binary_search(colour).unwrap_or(0);
            let registers = colours.iter().map(place).collect();
            return (palette, registers);
        }
        step += 1;
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// What a terminal makes of a sequence: its pixels in percent, row by row; `None` where
    /// nothing is drawn.
    pub fn decode(text: &str) -> (usize, Vec<Option<[u8; 3]>>) {
        let body = text.strip_prefix("\x1bP0;1;0q\"1;1;").unwrap().strip_suffix("\x1b\\").unwrap();
        let (width, body) = body.split_once(';').unwrap();
        let width: usize = width.parse().unwrap();
        let start = body.find('#').unwrap();
        assert_eq!(body[..start].parse(), Ok(width), "square");
        let mut pixels = vec![None; width * width];
        let mut colours = BTreeMap::new();
        let (mut x, mut top, mut colour) = (0, 0, [0; 3]);
        let mut rest = &body[start..];
        let number = |rest: &mut &str| {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (number, after) = rest.split_at(end);
            *rest = after;
            number.parse::<usize>().unwrap()
        };
        while let Some(c) = rest.chars().next() {
            rest = &rest[1..];
            match c {
                '#' => {
                    let register = number(&mut rest);
                    if let Some(after) = rest.strip_prefix(";2;") {
                        rest = after;
                        let mut part = || {
                            let part = number(&mut rest) as u8;
                            rest = rest.strip_prefix(';').unwrap_or(rest);
                            part
                        };
                        colours.insert(register, [part(), part(), part()]);
                    } else {
                        colour = colours[&register];
                    }
                }
                '$' => x = 0,
                '-' => (x, top) = (0, top + BAND),
                _ => {
                    let (times, c) = match c {
                        '!' => {
                            let times = number(&mut rest);
                            let c = rest.chars().next().unwrap();
                            rest = &rest[1..];
                            (times, c)
                        }
                        c => (1, c),
                    };
                    let bits = c as u8 - b'?';
                    for _ in 0..times {
                        for bit in (0..BAND).filter(|bit| bits & (1 << bit) != 0) {
                            let pixel = &mut pixels[(top + bit) * width + x];
                            assert_eq!(*pixel, None, "drawn once");
                            *pixel = Some(colour);
                        }
                        x += 1;
                    }
                }
            }
        }
        (width, pixels)
    }

    #[test]
    fn every_pixel_has_the_colour_of_its_value() {
        let colours = (0..49_u8).map(|i| [i * 5, 255 - i, i % 7 * 40]).collect();
        let grid = PixelGrid { size: 7, colours };
        for times in [1, 3, 4, 10] {
            let (width, pixels) = decode(&sixels(&grid, times));
            assert_eq!(width, 7 * times);
            for (i, pixel) in pixels.iter().enumerate() {
                let rgb = grid.colours[i / width / times * 7 + i % width / times];
                let percent = rgb.map(|part| (f32::from(part) * 100.0 / 255.0).round() as u8);
                assert_eq!(*pixel, Some(percent), "{i} of {times}");
            }
        }
    }

    #[test]
    fn too_many_colours_become_coarser_and_stay_near() {
        let colours: Vec<_> =
            (0..1024_u32).map(|i| [(i / 4) as u8, (i * 37) as u8, (i * 11) as u8]).collect();
        let grid = PixelGrid { size: 32, colours };
        let text = sixels(&grid, 2);
        let (_, pixels) = decode(&text);
        let distinct: std::collections::BTreeSet<_> = pixels.iter().collect();
        assert!(distinct.len() <= COLOURS && distinct.len() > 100, "{}", distinct.len());
        for (i, pixel) in pixels.iter().enumerate() {
            let rgb = grid.colours[i / 64 / 2 * 32 + i % 64 / 2];
            let far =
                rgb.iter().zip(pixel.unwrap()).map(|(a, b)| (f32::from(*a) / 2.55 - f32::from(b)).abs());
            assert!(far.fold(0.0, f32::max) < 12.0, "{i}");
        }
    }
}
