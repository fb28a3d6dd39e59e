//! A frame as an SVG picture, for papers' notes and the README.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::theme::{Ground, Theme};

/// Of the text, pixels.
const FONT: f64 = 14.0;
/// A cell; as wide as most monospaced fonts are, and as high as their box lines, which
/// meet only then.
const WIDTH: f64 = 0.602 * FONT;
const HEIGHT: f64 = 1.165 * FONT;
/// Around the frame, and above it, where a window has its title.
const MARGIN: f64 = 14.0;
const TITLE: f64 = 26.0;

/// What cells of one run of text have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    ink: u32,
    paper: u32,
    modifier: Modifier,
}

/// `buffer` as the text of an SVG file.
pub fn svg(buffer: &Buffer, theme: &Theme) -> String {
    let area = buffer.area;
    let (ink, paper, frame) = ground(theme.ground);
    let width = 2.0 * MARGIN + WIDTH * f64::from(area.width);
    let height = TITLE + MARGIN + HEIGHT * f64::from(area.height);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.1} {height:.1}\">\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{:.1}\" height=\"{:.1}\" rx=\"8\" fill=\"#{paper:06x}\" \
         stroke=\"#{frame:06x}\"/>\n",
        width - 1.0,
        height - 1.0,
    );
    for (i, light) in ["ff5f57", "febc2e", "28c840"].into_iter().enumerate() {
        let x = MARGIN + 5.0 + 16.0 * i as f64;
        line(&mut out, format_args!("<circle cx=\"{x:.0}\" cy=\"14\" r=\"5\" fill=\"#{light}\"/>"));
    }
    let fonts = "'JetBrains Mono','Cascadia Mono','DejaVu Sans Mono',Menlo,Consolas,monospace";
    line(
        &mut out,
        format_args!(
            "<g font-family=\"{fonts}\" font-size=\"{FONT}\" xml:space=\"preserve\" fill=\"#{ink:06x}\">"
        ),
    );
    let rows = buffer.content().chunks(area.width.max(1).into());
    for (y, row) in rows.enumerate() {
        let mut x = 0;
        while x < row.len() {
            let look = look(&row[x], theme.ground);
            let start = x;
            let mut text = String::new();
            while x < row.len() && self::look(&row[x], theme.ground) == look {
                text.push_str(row[x].symbol());
                // The cell after a wide character belongs to it.
                x += row[x].symbol().width().max(1);
            }
            run(&mut out, (start, y), x - start, &text, look, theme.ground);
        }
    }
    out.push_str("</g>\n</svg>\n");
    out
}

/// One run of cells that look alike.
fn run(out: &mut String, (x, y): (usize, usize), cells: usize, text: &str, look: Look, ground: Ground) {
    let left = |x: usize| MARGIN + WIDTH * x as f64;
    let top = TITLE + HEIGHT * y as f64;
    let (ink, paper, _) = self::ground(ground);
    if look.paper != paper {
        line(
            out,
            format_args!(
                "<rect x=\"{:.2}\" y=\"{top:.2}\" width=\"{:.2}\" height=\"{HEIGHT:.2}\" fill=\"#{:06x}\"/>",
                left(x),
                WIDTH * cells as f64,
                look.paper,
            ),
        );
    }
    let dots = dots(text, left(x), top);
    if !dots.is_empty() {
        let ink = look.ink;
        line(
            out,
            format_args!(
                "<path d=\"{dots}\" stroke=\"#{ink:06x}\" stroke-width=\"1.9\" stroke-linecap=\"round\"/>"
            ),
        );
    }
    for (start, cells) in half_blocks(text) {
        line(
            out,
            format_args!(
                "<rect x=\"{:.2}\" y=\"{top:.2}\" width=\"{:.2}\" height=\"{:.2}\" fill=\"#{:06x}\"/>",
                left(x + start),
                WIDTH * cells as f64,
                HEIGHT / 2.0,
                look.ink,
            ),
        );
    }
    let text = text.replace(|c| BRAILLE.contains(&c) || c == UPPER_HALF, " ");
    let shown = text.trim_start_matches(' ');
    let skipped = text.len() - shown.len();
    let shown = shown.trim_end_matches(' ');
    if shown.is_empty() {
        return;
    }
    let mut style = String::new();
    if look.ink != ink {
        style.push_str(&format!(" fill=\"#{:06x}\"", look.ink));
    }
    for (modifier, attribute) in [
        (Modifier::BOLD, " font-weight=\"bold\""),
        (Modifier::DIM, " opacity=\"0.55\""),
        (Modifier::ITALIC, " font-style=\"italic\""),
        (Modifier::UNDERLINED, " text-decoration=\"underline\""),
    ] {
        if look.modifier.contains(modifier) {
            style.push_str(attribute);
        }
    }
    line(
        out,
        format_args!(
            "<text x=\"{:.2}\" y=\"{:.2}\" textLength=\"{:.2}\" lengthAdjust=\"spacingAndGlyphs\"{style}>{}</text>",
            left(x + skipped),
            top + 0.93 * FONT,
            WIDTH * shown.width() as f64,
            escaped(shown),
        ),
    );
}

/// What pixels are drawn with; fonts leave gaps between them.
const UPPER_HALF: char = '▀';

/// Where upper half blocks stand in `text`, and how many beside each other.
fn half_blocks(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    let mut column = 0;
    for c in text.chars() {
        if c == UPPER_HALF {
            match found.last_mut() {
                Some((start, cells)) if *start + *cells == column => *cells += 1,
                _ => found.push((column, 1)),
            }
        }
        column += c.width().unwrap_or(0);
    }
    found
}

/// Braille characters, which curves are drawn with and few fonts have in a cell's width.
const BRAILLE: std::ops::RangeInclusive<char> = '\u{2801}'..='\u{28ff}';

/// The dots of the braille characters in `text`, as a path.
fn dots(text: &str, left: f64, top: f64) -> String {
    /// Column and row of the dot of each bit.
    const PLACES: [(u8, u8); 8] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)];
    let mut path = String::new();
    let mut x = left;
    for c in text.chars() {
        let bits = if BRAILLE.contains(&c) { c as u32 - 0x2800 } else { 0 };
        for (_, (column, row)) in PLACES.into_iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1) {
            let at = (
                x + WIDTH * (0.25 + 0.5 * f64::from(column)),
                top + HEIGHT * (0.125 + 0.25 * f64::from(row)),
            );
            let _ = write!(path, "M{:.1} {:.1}h0", at.0, at.1);
        }
        x += WIDTH * c.to_string().width() as f64;
    }
    path
}

fn line(out: &mut String, text: std::fmt::Arguments) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn look(cell: &Cell, ground: Ground) -> Look {
    let (ink, paper, _) = self::ground(ground);
    let (ink, paper) = (colour(cell.fg, ink), colour(cell.bg, paper));
    let reversed = cell.modifier.contains(Modifier::REVERSED);
    let (ink, paper) = if reversed { (paper, ink) } else { (ink, paper) };
    Look { ink, paper, modifier: cell.modifier - Modifier::REVERSED }
}

/// Text, background and frame of a window.
const fn ground(ground: Ground) -> (u32, u32, u32) {
    match ground {
        Ground::Dark => (0xd8dce3, 0x15181e, 0x3a3f4a),
        Ground::Light => (0x23262b, 0xfcfcfa, 0xc8ccd2),
    }
}

/// xterm's sixteen, a little softened.
const ANSI: [u32; 16] = [
    0x000000, 0xcd3131, 0x0f9d58, 0xc7a500, 0x2472c8, 0xbc3fbc, 0x11a8cd, 0xc8ccd2, 0x666c76, 0xf14c4c,
    0x23d18b, 0xf5f543, 0x3b8eea, 0xd670d6, 0x29b8db, 0xffffff,
];

fn colour(colour: Color, usual: u32) -> u32 {
    let indexed = |n: u8| match n {
        0..=15 => ANSI[n as usize],
        16..=231 => {
            let step = |n: u32| if n == 0 { 0 } else { 55 + 40 * n };
            let n = u32::from(n) - 16;
            step(n / 36) << 16 | step(n / 6 % 6) << 8 | step(n % 6)
        }
        _ => (8 + 10 * (u32::from(n) - 232)) * 0x01_01_01,
    };
    match colour {
        Color::Reset => usual,
        Color::Rgb(r, g, b) => u32::from(r) << 16 | u32::from(g) << 8 | u32::from(b),
        Color::Indexed(n) => indexed(n),
        Color::Black => ANSI[0],
        Color::Red => ANSI[1],
        Color::Green => ANSI[2],
        Color::Yellow => ANSI[3],
        Color::Blue => ANSI[4],
        Color::Magenta => ANSI[5],
        Color::Cyan => ANSI[6],
        Color::Gray => ANSI[7],
        Color::DarkGray => ANSI[8],
        Color::LightRed => ANSI[9],
        Color::LightGreen => ANSI[10],
        Color::LightYellow => ANSI[11],
        Color::LightBlue => ANSI[12],
        Color::LightMagenta => ANSI[13],
        Color::LightCyan => ANSI[14],
        Color::White => ANSI[15],
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn picture(paint: impl Fn(&mut Buffer)) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
        paint(&mut buffer);
        svg(&buffer, &Theme::FULL)
    }

    fn texts(svg: &str) -> Vec<&str> {
        svg.lines().filter(|line| line.starts_with("<text")).collect()
    }

    #[test]
    fn a_run_of_one_look_is_one_text() {
        let shown = picture(|buffer| {
            buffer.set_string(1, 0, "a < b & c", Style::new());
            buffer.set_string(0, 1, "on", Theme::FULL.accent());
            buffer.set_string(2, 1, "off", Theme::FULL.off());
        });
        let texts = texts(&shown);
        assert_eq!(texts.len(), 3, "{shown}");
        assert!(texts[0].ends_with(">a &lt; b &amp; c</text>"));
        assert!(texts[0].contains(&format!("x=\"{:.2}\"", MARGIN + WIDTH)));
        assert!(texts[1].contains("fill=\"#56b4e9\" font-weight=\"bold\">on<"));
        assert!(texts[2].contains("fill=\"#5c626b\">off<"));
        assert!(!shown.contains("<rect x=\"14"));
    }

    #[test]
    fn braille_is_drawn_as_dots_where_the_font_may_not_have_it() {
        let shown = picture(|buffer| buffer.set_string(1, 0, "a⢁b", Theme::FULL.series(0)));
        let path = shown.lines().find(|line| line.starts_with("<path")).unwrap();
        // The upper left and the lower right dot of the character after the `a`.
        assert_eq!(path.matches("h0").count(), 2, "{path}");
        assert!(
            path.contains(&format!("M{:.1} {:.1}h0", MARGIN + 2.25 * WIDTH, TITLE + 0.125 * HEIGHT)),
            "{path}"
        );
        assert!(path.contains("stroke=\"#56b4e9\""));
        assert!(texts(&shown)[0].ends_with(">a b</text>"));
    }

    #[test]
    fn half_blocks_are_drawn_as_rectangles_without_gaps() {
        let style = Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Rgb(4, 5, 6));
        let shown = picture(|buffer| {
            buffer.set_string(2, 0, "▀▀a▀", style);
        });
        let halves = shown.lines().filter(|line| line.contains("#010203") && line.starts_with("<rect"));
        let height = format!("height=\"{:.2}\"", HEIGHT / 2.0);
        let halves: Vec<_> = halves.inspect(|line| assert!(line.contains(&height), "{line}")).collect();
        assert_eq!(halves.len(), 2, "{shown}");
        assert!(halves[0].contains(&format!("width=\"{:.2}\"", 2.0 * WIDTH)));
        assert!(shown.contains("fill=\"#040506\"") && texts(&shown)[0].ends_with(">a</text>"));
    }

    #[test]
    fn reversed_cells_have_a_background() {
        let shown = picture(|buffer| {
            buffer.set_string(0, 0, "  ", Theme::FULL.selected());
            buffer.set_string(4, 0, "x", Style::new().bg(Color::Indexed(196)).fg(Color::Indexed(255)));
        });
        let backgrounds: Vec<_> = shown.lines().filter(|line| line.starts_with("<rect x=\"1")).collect();
        assert!(backgrounds[0].contains("fill=\"#d8dce3\"") && backgrounds[0].contains("width=\"16.86\""));
        let other: Vec<_> = shown.lines().filter(|line| line.contains("#ff0000")).collect();
        assert_eq!(other.len(), 1);
        assert!(texts(&shown)[0].contains("fill=\"#eeeeee\">x<"));
    }

    #[test]
    fn wide_characters_take_two_cells() {
        let shown = picture(|buffer| {
            buffer.set_string(0, 0, "層a", Style::new());
        });
        assert!(texts(&shown)[0].contains(&format!("textLength=\"{:.2}\"", 3.0 * WIDTH)));
        assert!(texts(&shown)[0].ends_with(">層a</text>"));
        assert_eq!(svg(&Buffer::empty(Rect::ZERO), &Theme::FULL).matches("<text").count(), 0);
    }
}
