//! A sheet of SVG, and the marks that figures are made of.

use std::fmt::Write;

use crate::domain::text::xml_escaped;

/// The ink of axes and text.
pub const INK: &str = "#1a1a1a";
/// The ink of grids and what is secondary.
pub const FAINT: &str = "#c8c8c8";

/// A finished figure.
#[derive(Debug, Clone)]
pub struct Svg {
    /// Pixels.
    pub width: f64,
    /// Pixels.
    pub height: f64,
    body: String,
}

impl Svg {
    /// As an element of an HTML page; `label` is for those who do not see it.
    pub fn inline(&self, label: &str) -> String {
        format!(
            "<svg width=\"{0:.0}\" height=\"{1:.0}\" viewBox=\"0 0 {0:.0} {1:.0}\" role=\"img\" aria-label=\"{2}\">\n{3}{4}</svg>\n",
            self.width,
            self.height,
            xml_escaped(label),
            patterns(),
            self.body
        )
    }

    /// As a file, on white.
    pub fn file(&self, title: &str) -> String {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0}\" height=\"{1:.0}\" viewBox=\"0 0 {0:.0} {1:.0}\">\n\
             <title>{2}</title>\n{3}<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{4}</svg>\n",
            self.width,
            self.height,
            xml_escaped(title),
            patterns(),
            self.body
        )
    }
}

/// Which side of a text its position is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Left.
    Start,
    /// Centre.
    Middle,
    /// Right.
    End,
}

/// How a series is told from others: colour, dashes and marker, so that any of these is
/// enough for eight, and all together for more.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Colour.
    pub colour: &'static str,
    /// `stroke-dasharray`.
    pub dash: &'static str,
    /// Which marker.
    pub marker: usize,
}

impl Style {
    /// The style of the `n`-th series.
    pub fn of(n: usize) -> Self {
        const COLOURS: [&str; 8] =
            ["#000000", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"];
        const DASHES: [&str; 5] = ["none", "7 3", "2 2", "9 3 2 3", "4 2"];
        Self { colour: COLOURS[n % 8], dash: DASHES[n % 5], marker: n % 7 }
    }
}

/// Fills of bars, each with a colour and a hatching of its own.
pub const FILLS: [(&str, &str); 9] = [
    ("#8a8a8a", ""),
    ("#0072b2", "M0 6L6 0M-1 1L1 -1M5 7L7 5"),
    ("#e69f00", ""),
    ("#56b4e9", "M0 3H6"),
    ("#d55e00", "M3 0V6"),
    ("#009e73", "M0 0L6 6M-1 5L1 7M5 -1L7 1"),
    ("#cc79a7", "M0 3H6M3 0V6"),
    ("#f0e442", "M2 3a1 1 0 1 0 2 0a1 1 0 1 0 -2 0"),
    ("#ffffff", ""),
];

fn patterns() -> String {
    let pattern = |(n, (colour, hatch)): (usize, &(&str, &str))| {
        format!(
            "<pattern id=\"fill{n}\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">\
             <rect width=\"6\" height=\"6\" fill=\"{colour}\"/>\
             <path d=\"{hatch}\" stroke=\"#fff\" stroke-width=\"1.2\" fill=\"none\"/></pattern>"
        )
    };
    let hatched = FILLS.iter().enumerate().filter(|(_, (_, hatch))| !hatch.is_empty());
    let patterns: Vec<String> = hatched.map(pattern).collect();
    format!("<defs>{}</defs>\n", patterns.join(""))
}

/// A figure being drawn.
#[derive(Debug)]
pub struct Canvas {
    svg: Svg,
}

impl Canvas {
    /// An empty one, in pixels.
    pub fn new(width: f64, height: f64) -> Self {
        Self { svg: Svg { width, height, body: String::new() } }
    }

    /// What was drawn.
    pub fn done(self) -> Svg {
        self.svg
    }

    fn add(&mut self, element: std::fmt::Arguments) {
        // Writing into a string does not fail.
        let _ = self.svg.body.write_fmt(element);
        self.svg.body.push('\n');
    }

    /// Another figure, moved.
    pub fn place(&mut self, x: f64, y: f64, other: &Svg) {
        self.add(format_args!("<g transform=\"translate({x:.1} {y:.1})\">\n{}</g>", other.body));
    }

    /// A text with its baseline at `y`.
    pub fn text(&mut self, x: f64, y: f64, size: f64, anchor: Anchor, text: &str) {
        self.coloured_text(x, y, size, anchor, INK, text);
    }

    /// A text in some colour.
    pub fn coloured_text(&mut self, x: f64, y: f64, size: f64, anchor: Anchor, colour: &str, text: &str) {
        let anchor = anchor_name(anchor);
        self.add(format_args!(
            "<text x=\"{x:.1}\" y=\"{y:.1}\" font-family=\"{FONTS}\" font-size=\"{size}\" text-anchor=\"{anchor}\" fill=\"{colour}\">{}</text>",
            xml_escaped(text)
        ));
    }

    /// A text read from bottom to top, centred at a point.
    pub fn upright_text(&mut self, x: f64, y: f64, size: f64, text: &str) {
        self.add(format_args!(
            "<text transform=\"translate({x:.1} {y:.1}) rotate(-90)\" font-family=\"{FONTS}\" font-size=\"{size}\" text-anchor=\"middle\" fill=\"{INK}\">{}</text>",
            xml_escaped(text)
        ));
    }

    /// A straight line.
    pub fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64) {
        self.dashed(from, to, colour, width, "none");
    }

    /// A straight line with dashes.
    pub fn dashed(&mut self, from: (f64, f64), to: (f64, f64), colour: &str, width: f64, dash: &str) {
        self.add(format_args!(
            "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-dasharray=\"{dash}\"/>",
            from.0, from.1, to.0, to.1
        ));
    }

    /// A bar with the `n`-th of [`FILLS`].
    pub fn bar(&mut self, x: f64, y: f64, width: f64, height: f64, n: usize) {
        let n = n % FILLS.len();
        let fill = if FILLS[n].1.is_empty() { FILLS[n].0.to_owned() } else { format!("url(#fill{n})") };
        self.add(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" fill=\"{fill}\" stroke=\"{INK}\" stroke-width=\"0.6\"/>",
            height.max(0.0)
        ));
    }

    /// A line through points.
    pub fn path(&mut self, points: &[(f64, f64)], style: Style) {
        let points = joined(points);
        let Style { colour, dash, .. } = style;
        self.add(format_args!(
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\" stroke-dasharray=\"{dash}\" stroke-linejoin=\"round\"/>"
        ));
    }

    /// A translucent area.
    pub fn area(&mut self, points: &[(f64, f64)], colour: &str, opacity: f64) {
        let points = joined(points);
        self.add(format_args!(
            "<polygon points=\"{points}\" fill=\"{colour}\" fill-opacity=\"{opacity:.2}\" stroke=\"none\"/>"
        ));
    }

    /// A marker; hollow ones are white inside.
    pub fn marker(&mut self, (x, y): (f64, f64), r: f64, which: usize, colour: &str, hollow: bool) {
        let fill = if hollow { "#fff" } else { colour };
        let (d, e) = (r * 2.0, r * 1.6);
        let path = match which % 7 {
            0 => format!("M{:.1} {y:.1}a{r} {r} 0 1 0 {d:.1} 0a{r} {r} 0 1 0 -{d:.1} 0z", x - r),
            1 => format!("M{x:.1} {:.1}l{r} {r}l-{r} {r}l-{r} -{r}z", y - r),
            2 => format!("M{:.1} {:.1}h{e:.1}v{e:.1}h-{e:.1}z", x - r * 0.8, y - r * 0.8),
            3 => format!("M{x:.1} {:.1}l{r} {e:.1}h-{d:.1}z", y - r),
            4 => format!("M{x:.1} {:.1}l{r} -{e:.1}h-{d:.1}z", y + r),
            5 => format!("M{:.1} {:.1}l{e:.1} {e:.1}m0 -{e:.1}l-{e:.1} {e:.1}", x - r * 0.8, y - r * 0.8),
            _ => format!("M{x:.1} {:.1}v{d:.1}M{:.1} {y:.1}h{d:.1}", y - r, x - r),
        };
        self.add(format_args!(
            "<path d=\"{path}\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"1.4\"/>"
        ));
    }

    /// A bar of spread, upright or lying, with caps.
    pub fn spread(&mut self, from: (f64, f64), to: (f64, f64), colour: &str) {
        self.line(from, to, colour, 1.2);
        let (dx, dy) = if (from.0 - to.0).abs() > (from.1 - to.1).abs() { (0.0, 3.0) } else { (3.0, 0.0) };
        for (x, y) in [from, to] {
            self.line((x - dx, y - dy), (x + dx, y + dy), colour, 1.2);
        }
    }
}

/// The first is what PNGs are made with.
const FONTS: &str = "DejaVu Sans, Verdana, sans-serif";

fn anchor_name(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Start => "start",
        Anchor::Middle => "middle",
        Anchor::End => "end",
    }
}

fn joined(points: &[(f64, f64)]) -> String {
    points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ")
}

/// About how wide a text is, pixels.
pub fn width_of(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.62
}
