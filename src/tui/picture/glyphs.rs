//! Characters that are drawn, not set in a font: boxes, blocks, braille and a few marks.
//!
//! Fonts leave gaps between them, lack them, or have them in another width than a cell's.

use std::fmt::Write;

use super::{HEIGHT, WIDTH};

/// What a character looks like, in pixels from the upper left corner of its cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Glyph {
    /// A rectangle (x, y, width, height) in this share of the ink; the rest is paper.
    Fill([f64; 4], f64),
    /// Several rectangles (x, y, width, height).
    Fills(Vec<[f64; 4]>),
    /// A line along an SVG path, this wide.
    Stroke(String, f64),
    /// An area within an SVG path.
    Area(String),
    /// Dots with these centres.
    Dots(Vec<(f64, f64)>),
}

/// Where lines cross: half a pixel in, so that one pixel is theirs.
const CENTRE: (f64, f64) = (WIDTH / 2.0, HEIGHT / 2.0 + 0.5);
/// Widths of lines.
pub const LIGHT: f64 = 1.2;
/// Of heavy lines.
pub const HEAVY: f64 = 2.4;

/// How `c` is drawn; `None` where a font has to.
pub fn glyph(c: char) -> Option<Glyph> {
    match c {
        '\u{2500}'..='\u{257f}' => lines(c),
        '\u{2580}'..='\u{259f}' => blocks(c),
        '\u{2801}'..='\u{28ff}' => Some(Glyph::Dots(dots(c))),
        _ => marks(c),
    }
}

/// Which arms of a cross a line has: left, right, up, down.
fn arms(c: char) -> Option<([bool; 4], f64)> {
    const TABLE: [(&str, [bool; 4]); 15] = [
        ("─━", [true, true, false, false]),
        ("│┃", [false, false, true, true]),
        ("┌┏", [false, true, false, true]),
        ("┐┓", [true, false, false, true]),
        ("└┗", [false, true, true, false]),
        ("┘┛", [true, false, true, false]),
        ("├┣", [false, true, true, true]),
        ("┤┫", [true, false, true, true]),
        ("┬┳", [true, true, false, true]),
        ("┴┻", [true, true, true, false]),
        ("┼╋", [true, true, true, true]),
        ("╴╸", [true, false, false, false]),
        ("╶╺", [false, true, false, false]),
        ("╵╹", [false, false, true, false]),
        ("╷╻", [false, false, false, true]),
    ];
    let (both, arms) = TABLE.into_iter().find(|(both, _)| both.contains(c))?;
    Some((arms, if both.starts_with(c) { LIGHT } else { HEAVY }))
}

fn lines(c: char) -> Option<Glyph> {
    let (x, y) = CENTRE;
    if let Some(([left, right, up, down], width)) = arms(c) {
        let horizontal = (if left { 0.0 } else { x }, if right { WIDTH } else { x });
        let vertical = (if up { 0.0 } else { y }, if down { HEIGHT } else { y });
        let path = match (left != right, up != down) {
            // A corner is one path, so that its ends meet.
            (true, true) => {
                let (side, end) = (if left { 0.0 } else { WIDTH }, if up { 0.0 } else { HEIGHT });
                format!("M{side} {y}H{x}V{end}")
            }
            _ => {
                let mut path = String::new();
                if left || right {
                    let _ = write!(path, "M{} {y}H{}", horizontal.0, horizontal.1);
                }
                if up || down {
                    let _ = write!(path, "M{x} {}V{}", vertical.0, vertical.1);
                }
                path
            }
        };
        return Some(Glyph::Stroke(path, width));
    }
    let corner = |side: f64, end: f64| {
        let bend = y + (end - y).signum() * x;
        Some(Glyph::Stroke(format!("M{side} {y}Q{x} {y} {x} {bend}V{end}"), LIGHT))
    };
    match c {
        '╭' => return corner(WIDTH, HEIGHT),
        '╮' => return corner(0.0, HEIGHT),
        '╯' => return corner(0.0, 0.0),
        '╰' => return corner(WIDTH, 0.0),
        _ => {}
    }
    /// Dashed lines, light and heavy, by the number of dashes: lying and upright.
    const DASHED: [(&str, &str, u8); 3] = [("╌╍", "╎╏", 2), ("┄┅", "┆┇", 3), ("┈┉", "┊┋", 4)];
    let (lying, upright, count) =
        DASHED.into_iter().find(|(lying, upright, _)| lying.contains(c) || upright.contains(c))?;
    let is_lying = lying.contains(c);
    let width = if lying.starts_with(c) || upright.starts_with(c) { LIGHT } else { HEAVY };
    let pitch = if is_lying { WIDTH } else { HEIGHT } / f64::from(count);
    let mut path = String::new();
    for n in 0..count {
        let (from, to) = (pitch * (f64::from(n) + 0.2), pitch * (f64::from(n) + 0.8));
        let _ = match is_lying {
            true => write!(path, "M{from:.2} {y}H{to:.2}"),
            false => write!(path, "M{x} {from:.2}V{to:.2}"),
        };
    }
    Some(Glyph::Stroke(path, width))
}

fn blocks(c: char) -> Option<Glyph> {
    let (half, middle) = (WIDTH / 2.0, HEIGHT / 2.0);
    let whole = |rect| Some(Glyph::Fill(rect, 1.0));
    match c {
        '▀' => whole([0.0, 0.0, WIDTH, middle]),
        '▁'..='█' => {
            let height = HEIGHT * f64::from(c as u32 - 0x2580) / 8.0;
            whole([0.0, HEIGHT - height, WIDTH, height])
        }
        '▉'..='▏' => whole([0.0, 0.0, WIDTH * f64::from(0x2590 - c as u32) / 8.0, HEIGHT]),
        '▐' => whole([half, 0.0, half, HEIGHT]),
        '░' => Some(Glyph::Fill([0.0, 0.0, WIDTH, HEIGHT], 0.25)),
        '▒' => Some(Glyph::Fill([0.0, 0.0, WIDTH, HEIGHT], 0.5)),
        '▓' => Some(Glyph::Fill([0.0, 0.0, WIDTH, HEIGHT], 0.75)),
        '▔' => whole([0.0, 0.0, WIDTH, HEIGHT / 8.0]),
        '▕' => whole([WIDTH * 7.0 / 8.0, 0.0, WIDTH / 8.0, HEIGHT]),
        '▖'..='▟' => {
            /// Upper left, upper right, lower left, lower right, a bit each, from the last.
            const QUARTERS: [u8; 10] =
                [0b0100, 0b1000, 0b0001, 0b1101, 0b1001, 0b0111, 0b1011, 0b0010, 0b0110, 0b1110];
            let bits = QUARTERS[(c as usize) - 0x2596];
            let corners = [(0.0, 0.0), (half, 0.0), (0.0, middle), (half, middle)];
            let set = corners.into_iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
            Some(Glyph::Fills(set.map(|(_, (x, y))| [x, y, half, middle]).collect()))
        }
        _ => None,
    }
}

/// The centres of a braille character's dots.
fn dots(c: char) -> Vec<(f64, f64)> {
    /// Column and row of the dot of each bit.
    const PLACES: [(u8, u8); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    let bits = c as u32 - 0x2800;
    let set = PLACES.into_iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    set.map(|(_, (column, row))| {
        (WIDTH * (0.25 + 0.5 * f64::from(column)), HEIGHT * (0.125 + 0.25 * f64::from(row)))
    })
    .collect()
}

/// Circles, squares and triangles, which some fonts have as wide as two cells.
fn marks(c: char) -> Option<Glyph> {
    let (x, y) = CENTRE;
    let circle = |r: f64| format!("M{} {y}a{r} {r} 0 1 0 {d} 0a{r} {r} 0 1 0 -{d} 0z", x - r, d = 2.0 * r);
    let square = |r: f64| format!("M{} {}h{d}v{d}h-{d}z", x - r, y - r, d = 2.0 * r);
    /// A triangle that points `right` or left.
    fn aside((x, y): (f64, f64), r: f64, right: bool) -> String {
        let side = if right { r } else { -r };
        format!("M{} {}L{} {y}L{} {}z", x - side, y - r, x + side, x - side, y + r)
    }
    let upright = |r: f64, up: bool| {
        let end = if up { -r } else { r };
        format!("M{} {}L{x} {}L{} {}z", x - r, y - end, y + end, x + r, y - end)
    };
    Some(match c {
        '●' => Glyph::Area(circle(3.5)),
        '○' => Glyph::Stroke(circle(3.0), LIGHT),
        '■' => Glyph::Area(square(3.5)),
        '□' => Glyph::Stroke(square(3.0), LIGHT),
        '▸' => Glyph::Area(aside(CENTRE, 3.0, true)),
        '◂' => Glyph::Area(aside(CENTRE, 3.0, false)),
        '▶' | '►' => Glyph::Area(aside(CENTRE, 4.0, true)),
        '◀' | '◄' => Glyph::Area(aside(CENTRE, 4.0, false)),
        '▲' => Glyph::Area(upright(4.0, true)),
        '▼' | '▾' => Glyph::Area(upright(if c == '▼' { 4.0 } else { 3.0 }, false)),
        '▽' => Glyph::Stroke(upright(3.5, false), LIGHT),
        _ => return None,
    })
}

/// `path` with its absolute positions moved; its commands are those of this module.
pub fn moved(path: &str, (left, top): (f64, f64)) -> String {
    let mut out = String::with_capacity(path.len() + 16);
    let mut rest = path;
    while let Some(command) = rest.chars().next() {
        let after = &rest[command.len_utf8()..];
        let end = after.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(after.len());
        out.push(command);
        let offsets: &[f64] = match command {
            'M' | 'L' | 'Q' => &[left, top],
            'H' => &[left],
            'V' => &[top],
            _ => &[],
        };
        for (n, word) in after[..end].split_whitespace().enumerate() {
            if n > 0 {
                out.push(' ');
            }
            match (word.parse::<f64>(), offsets.is_empty()) {
                (Ok(number), false) => {
                    let _ = write!(out, "{}", rounded(number + offsets[n % offsets.len()]));
                }
                _ => out.push_str(word),
            }
        }
        rest = &after[end..];
    }
    out
}

/// To hundredths of a pixel, so that sums are as short as they are exact.
pub fn rounded(x: f64) -> f64 {
    (x * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stroke(c: char) -> (String, f64) {
        match glyph(c) {
            Some(Glyph::Stroke(path, width)) => (path, width),
            other => panic!("{c}: {other:?}"),
        }
    }

    #[test]
    fn lines_reach_the_edges_that_they_are_continued_at() {
        assert_eq!(stroke('─'), ("M0 9.5H9".into(), LIGHT));
        assert_eq!(stroke('┃'), ("M4.5 0V18".into(), HEAVY));
        assert_eq!(stroke('┐'), ("M0 9.5H4.5V18".into(), LIGHT));
        assert_eq!(stroke('├'), ("M4.5 9.5H9M4.5 0V18".into(), LIGHT));
        assert_eq!(stroke('╯'), ("M0 9.5Q4.5 9.5 4.5 5V0".into(), LIGHT));
        assert_eq!(stroke('┆').0.matches('M').count(), 3);
        assert_eq!(stroke('┉').1, HEAVY);
    }

    #[test]
    fn blocks_fill_their_part_of_the_cell() {
        assert_eq!(glyph('▀'), Some(Glyph::Fill([0.0, 0.0, WIDTH, HEIGHT / 2.0], 1.0)));
        assert_eq!(glyph('▄'), Some(Glyph::Fill([0.0, HEIGHT / 2.0, WIDTH, HEIGHT / 2.0], 1.0)));
        assert_eq!(glyph('█'), Some(Glyph::Fill([0.0, 0.0, WIDTH, HEIGHT], 1.0)));
        assert_eq!(glyph('▌'), Some(Glyph::Fill([0.0, 0.0, WIDTH / 2.0, HEIGHT], 1.0)));
        assert_eq!(glyph('▏'), Some(Glyph::Fill([0.0, 0.0, WIDTH / 8.0, HEIGHT], 1.0)));
        assert_eq!(glyph('▒'), Some(Glyph::Fill([0.0, 0.0, WIDTH, HEIGHT], 0.5)));
        let (w, h) = (WIDTH / 2.0, HEIGHT / 2.0);
        assert_eq!(glyph('▚'), Some(Glyph::Fills(vec![[0.0, 0.0, w, h], [w, h, w, h]])));
        assert_eq!(glyph('▝'), Some(Glyph::Fills(vec![[w, 0.0, w, h]])));
        assert_eq!(glyph('▟'), Some(Glyph::Fills(vec![[w, 0.0, w, h], [0.0, h, w, h], [w, h, w, h]])));
    }

    #[test]
    fn letters_are_a_fonts() {
        assert!("aÅ7 →層╬".chars().all(|c| glyph(c).is_none()));
    }

    #[test]
    fn paths_move_with_their_cell() {
        assert_eq!(moved("M0 9.5Q4.5 9.5 4.5 5V0", (10.0, 20.0)), "M10 29.5Q14.5 29.5 14.5 25V20");
        assert_eq!(moved("M1 9a3 3 0 1 0 6 0z", (10.0, 20.0)), "M11 29a3 3 0 1 0 6 0z");
        assert_eq!(moved("M0.1 0H0.2", (0.1, 0.0)), "M0.2 0H0.3");
    }
}
