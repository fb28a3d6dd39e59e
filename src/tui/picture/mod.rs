//! A frame as an SVG picture, for papers' notes and the README.
//!
//! It looks the same in every viewer and with every font: each letter has an x of its own, in the
//! middle of its cell; a letter's neighbours, spaces and the font's widths move nothing. Boxes,
//! blocks and braille are drawn as shapes.

mod colours;
mod glyphs;

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use self::colours::{colour, ground, mixed};
use self::glyphs::{Glyph, HEAVY, LIGHT, glyph, moved, rounded};
use super::theme::{Ground, Theme};
use crate::domain::text::xml_escaped;

/// Size of the font, in pixels: most monospaced letters are 0.6 of it wide, which is a cell.
const FONT: f64 = 15.0;
/// A cell, in whole pixels, so that areas that meet leave no gap; its half is a square.
const WIDTH: f64 = 9.0;
const HEIGHT: f64 = 18.0;
/// From a cell's top to its baseline, and to the line under text.
const BASELINE: f64 = 14.0;
const UNDERLINE: f64 = 16.5;
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
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\">\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\" fill=\"#{paper:06x}\" \
         stroke=\"#{frame:06x}\"/>\n",
        width - 1.0,
        height - 1.0,
    );
    for (i, light) in ["ff5f57", "febc2e", "28c840"].into_iter().enumerate() {
        let x = MARGIN + 5.0 + 16.0 * i as f64;
        line(&mut out, format_args!("<circle cx=\"{x}\" cy=\"14\" r=\"5\" fill=\"#{light}\"/>"));
    }
    let mut sheet = Sheet::default();
    for (y, row) in buffer.content().chunks(area.width.max(1).into()).enumerate() {
        let mut x = 0;
        while x < row.len() {
            let look = look(&row[x], theme.ground);
            let start = x;
            while x < row.len() && self::look(&row[x], theme.ground) == look {
                // The cell after a wide character belongs to it.
                x += row[x].symbol().width().max(1);
            }
            x = x.min(row.len());
            let corner = (MARGIN + WIDTH * start as f64, TITLE + HEIGHT * y as f64);
            sheet.run(&row[start..x], corner, look, (ink, paper));
        }
    }
    let fonts = "'JetBrains Mono','Cascadia Mono','DejaVu Sans Mono',Menlo,Consolas,monospace";
    let Sheet { areas, lines, texts } = sheet;
    let _ = write!(
        out,
        "<g shape-rendering=\"crispEdges\">\n{areas}</g>\n<g fill=\"none\">\n{lines}</g>\n\
         <g font-family=\"{fonts}\" font-size=\"{FONT}\" text-anchor=\"middle\" \
         style=\"font-variant-ligatures:none\" fill=\"#{ink:06x}\">\n{texts}</g>\n</svg>\n"
    );
    out
}

/// What was drawn so far, by what lies over what.
#[derive(Default)]
struct Sheet {
    areas: String,
    lines: String,
    texts: String,
}

impl Sheet {
    /// Cells beside each other that look alike, from the corner (`left`, `top`) on, on a page of
    /// this ink and paper.
    fn run(&mut self, cells: &[Cell], (left, top): (f64, f64), look: Look, (ink, paper): (u32, u32)) {
        let width = WIDTH * cells.len() as f64;
        if look.paper != paper {
            self.rect([left, top, width, HEIGHT], look.paper);
        }
        let (mut strokes, mut dots) = ([(LIGHT, String::new()), (HEAVY, String::new())], String::new());
        if look.modifier.contains(Modifier::UNDERLINED) {
            let _ = write!(strokes[0].1, "M{left} {}h{width}", top + UNDERLINE);
        }
        let mut letters = Letters::default();
        let mut column = 0;
        while column < cells.len() {
            let symbol = cells[column].symbol();
            let corner = (left + WIDTH * column as f64, top);
            let mut chars = symbol.chars();
            let drawn = chars.next().and_then(glyph).filter(|_| chars.next().is_none());
            // Lines and areas that go on in the next cell are one.
            let same = cells[column..].iter().take_while(|cell| cell.symbol() == symbol).count();
            let mut columns = symbol.width().max(1);
            match drawn {
                None => letters.cell(symbol, corner.0 + WIDTH * columns as f64 / 2.0),
                Some(Glyph::Fill([x, y, mut width, height], share)) => {
                    if width == WIDTH {
                        (columns, width) = (same, WIDTH * same as f64);
                    }
                    let ink = mixed(look.ink, look.paper, share);
                    self.rect([corner.0 + x, corner.1 + y, width, height], ink);
                }
                Some(Glyph::Fills(rects)) => {
                    for [x, y, width, height] in rects {
                        self.rect([corner.0 + x, corner.1 + y, width, height], look.ink);
                    }
                }
                Some(Glyph::Stroke(path, width)) => {
                    let mut path = moved(&path, corner);
                    if matches!(symbol, "─" | "━") {
                        columns = same;
                        path.truncate(path.find('H').unwrap_or(path.len()));
                        let _ = write!(path, "H{}", corner.0 + WIDTH * same as f64);
                    }
                    strokes[usize::from(width == HEAVY)].1 += &path;
                }
                Some(Glyph::Area(path)) => {
                    let path = moved(&path, corner);
                    line(&mut self.lines, format_args!("<path d=\"{path}\" fill=\"#{:06x}\"/>", look.ink));
                }
                Some(Glyph::Dots(centres)) => {
                    for (x, y) in centres {
                        let _ = write!(dots, "M{} {}h0", rounded(corner.0 + x), rounded(corner.1 + y));
                    }
                }
            }
            column += columns;
        }
        for (width, path) in strokes.iter().filter(|(_, path)| !path.is_empty()) {
            line(
                &mut self.lines,
                format_args!("<path d=\"{path}\" stroke=\"#{:06x}\" stroke-width=\"{width}\"/>", look.ink),
            );
        }
        if !dots.is_empty() {
            line(
                &mut self.lines,
                format_args!(
                    "<path d=\"{dots}\" stroke=\"#{:06x}\" stroke-width=\"2\" stroke-linecap=\"round\"/>",
                    look.ink
                ),
            );
        }
        let mut style = String::new();
        if look.ink != ink {
            let _ = write!(style, " fill=\"#{:06x}\"", look.ink);
        }
        for (modifier, attribute) in
            [(Modifier::BOLD, " font-weight=\"bold\""), (Modifier::ITALIC, " font-style=\"italic\"")]
        {
            if look.modifier.contains(modifier) {
                style.push_str(attribute);
            }
        }
        for (text, places) in letters.texts {
            let places: Vec<String> = places.iter().map(f64::to_string).collect();
            line(
                &mut self.texts,
                format_args!(
                    "<text x=\"{}\" y=\"{}\"{style}>{}</text>",
                    places.join(" "),
                    top + BASELINE,
                    xml_escaped(&text)
                ),
            );
        }
    }

    /// A rectangle: x, y, width, height.
    fn rect(&mut self, [x, y, width, height]: [f64; 4], ink: u32) {
        line(
            &mut self.areas,
            format_args!(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"#{ink:06x}\"/>",
                rounded(x),
                rounded(y),
                rounded(width),
                rounded(height)
            ),
        );
    }
}

/// Texts, each with the x of every letter's middle.
#[derive(Default)]
struct Letters {
    texts: Vec<(String, Vec<f64>)>,
    /// The x of a space that is one if a letter follows.
    space: Option<f64>,
    /// Whether the last text takes no more letters.
    closed: bool,
}

impl Letters {
    /// The next cell's `symbol`, whose middle is at `x`.
    fn cell(&mut self, symbol: &str, x: f64) {
        if symbol.trim().is_empty() {
            // Viewers make one of several spaces: a text ends there.
            self.closed |= self.space.is_some();
            self.space = Some(x);
            return;
        }
        let space = self.space.take();
        // Viewers do not agree on how many places a letter of several characters takes.
        let is_one = matches!(symbol.chars().collect::<Vec<_>>()[..], ['\u{20}'..='\u{ffff}']);
        match self.texts.last_mut() {
            Some((text, places)) if is_one && !self.closed => {
                if let Some(space) = space {
                    text.push(' ');
                    places.push(space);
                }
                text.push_str(symbol);
                places.push(x);
            }
            _ => self.texts.push((symbol.to_owned(), vec![x])),
        }
        self.closed = !is_one;
    }
}

fn line(out: &mut String, text: std::fmt::Arguments) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn look(cell: &Cell, ground: Ground) -> Look {
    let (ink, paper, _) = self::colours::ground(ground);
    let (ink, paper) = (colour(cell.fg, ink), colour(cell.bg, paper));
    let reversed = cell.modifier.contains(Modifier::REVERSED);
    let (ink, paper) = if reversed { (paper, ink) } else { (ink, paper) };
    let share = if cell.modifier.contains(Modifier::DIM) { 0.55 } else { 1.0 };
    Look { ink: mixed(ink, paper, share), paper, modifier: cell.modifier - Modifier::REVERSED }
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Style};

    use super::*;

    fn picture(paint: impl Fn(&mut Buffer)) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
        paint(&mut buffer);
        svg(&buffer, &Theme::FULL)
    }

    fn texts(svg: &str) -> Vec<&str> {
        svg.lines().filter(|line| line.starts_with("<text")).collect()
    }

    fn middle(column: usize) -> f64 {
        MARGIN + WIDTH * (column as f64 + 0.5)
    }

    #[test]
    fn every_letter_of_a_run_has_its_place() {
        let shown = picture(|buffer| {
            buffer.set_string(1, 0, "a < b  &c", Style::new());
            buffer.set_string(0, 1, "on", Theme::FULL.accent());
            buffer.set_string(2, 1, "off", Theme::FULL.off());
        });
        let places = |columns: &[usize]| {
            let places: Vec<_> = columns.iter().map(|column| middle(*column).to_string()).collect();
            format!("x=\"{}\"", places.join(" "))
        };
        let texts = texts(&shown);
        assert_eq!(texts.len(), 4, "{shown}");
        assert!(texts[0].ends_with(">a &lt; b</text>") && texts[0].contains(&places(&[1, 2, 3, 4, 5])));
        // Two spaces are none.
        assert!(texts[1].ends_with(">&amp;c</text>") && texts[1].contains(&places(&[8, 9])));
        assert!(texts[2].contains("fill=\"#56b4e9\" font-weight=\"bold\">on<"));
        assert!(texts[3].contains("fill=\"#5c626b\">off<") && texts[3].contains(&places(&[2, 3, 4])));
        assert!(!shown.contains("<rect x=\"14"));
    }

    #[test]
    fn braille_is_drawn_as_dots_where_the_font_may_not_have_it() {
        let shown = picture(|buffer| buffer.set_string(1, 0, "a⢁b", Theme::FULL.series(0)));
        let path = shown.lines().find(|line| line.starts_with("<path")).unwrap();
        // The upper left and the lower right dot of the character after the `a`.
        assert_eq!(path.matches("h0").count(), 2, "{path}");
        assert!(path.contains(&format!("M{} {}h0", MARGIN + 2.25 * WIDTH, TITLE + 0.125 * HEIGHT)), "{path}");
        assert!(path.contains("stroke=\"#56b4e9\""));
        assert!(texts(&shown)[0].ends_with(">ab</text>"));
        assert!(texts(&shown)[0].contains(&format!("x=\"{} {}\"", middle(1), middle(3))));
    }

    #[test]
    fn half_blocks_are_drawn_as_rectangles_without_gaps() {
        let style = Style::new().fg(Color::Rgb(1, 2, 3)).bg(Color::Rgb(4, 5, 6));
        let shown = picture(|buffer| {
            buffer.set_string(2, 0, "▀▀a▀", style);
        });
        let halves = shown.lines().filter(|line| line.contains("#010203") && line.starts_with("<rect"));
        let height = format!("height=\"{}\"", HEIGHT / 2.0);
        let halves: Vec<_> = halves.inspect(|line| assert!(line.contains(&height), "{line}")).collect();
        assert_eq!(halves.len(), 2, "{shown}");
        assert!(halves[0].contains(&format!("width=\"{}\"", 2.0 * WIDTH)));
        assert!(shown.contains("fill=\"#040506\"") && texts(&shown)[0].ends_with(">a</text>"));
    }

    #[test]
    fn lines_are_drawn_on_and_dim_ink_is_nearer_to_the_paper() {
        let shown = picture(|buffer| {
            buffer.set_string(0, 0, "╭───┐", Style::new().add_modifier(Modifier::DIM));
            buffer.set_string(0, 1, "x", Style::new().add_modifier(Modifier::UNDERLINED));
        });
        let (left, y) = (MARGIN, TITLE + HEIGHT / 2.0 + 0.5);
        let path = shown.lines().find(|line| line.starts_with("<path")).unwrap();
        assert!(path.contains(&format!("M{} {y}H{}", left + WIDTH, left + 4.0 * WIDTH)), "{path}");
        assert!(path.contains("stroke=\"#80848a\""), "{path}");
        let under = format!("M{left} {}h{WIDTH}", TITLE + HEIGHT + UNDERLINE);
        assert!(shown.contains(&under) && texts(&shown).len() == 1, "{shown}");
    }

    #[test]
    fn reversed_cells_have_a_background() {
        let shown = picture(|buffer| {
            buffer.set_string(0, 0, "  ", Theme::FULL.selected());
            buffer.set_string(4, 0, "x", Style::new().bg(Color::Indexed(196)).fg(Color::Indexed(255)));
        });
        let backgrounds: Vec<_> = shown.lines().filter(|line| line.starts_with("<rect x=\"1")).collect();
        assert!(backgrounds[0].contains("fill=\"#d8dce3\"") && backgrounds[0].contains("width=\"18\""));
        let other: Vec<_> = shown.lines().filter(|line| line.contains("#ff0000")).collect();
        assert_eq!(other.len(), 1);
        assert!(texts(&shown)[0].contains("fill=\"#eeeeee\">x<"));
    }

    #[test]
    fn wide_letters_take_two_cells_and_composed_ones_a_text_of_their_own() {
        let shown = picture(|buffer| {
            buffer.set_string(0, 0, "層ae\u{301}b", Style::new());
        });
        let texts = texts(&shown);
        let places = format!("x=\"{} {}\"", MARGIN + WIDTH, middle(2));
        assert!(texts[0].contains(&places) && texts[0].ends_with(">層a</text>"), "{shown}");
        assert!(texts[1].contains(&format!("x=\"{}\"", middle(3))), "{shown}");
        assert!(texts[2].contains(&format!("x=\"{}\"", middle(4))) && texts[2].ends_with(">b</text>"));
        assert_eq!(svg(&Buffer::empty(Rect::ZERO), &Theme::FULL).matches("<text").count(), 0);
    }
}
