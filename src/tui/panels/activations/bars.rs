//! The bars of one block.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::event::BlockActivity;
use crate::domain::run_state::ProbeRecord;
use crate::tui::theme::{Symbols, Theme};

/// What the longest possible bar stands for; one for all bars on the screen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BarScale {
    /// The value.
    pub most: f64,
}

impl BarScale {
    /// A round number that no value exceeds, so that bars seldom change scale as they
    /// change.
    pub fn of<'a>(probes: impl IntoIterator<Item = &'a ProbeRecord>) -> Self {
        let blocks = probes.into_iter().flat_map(|probe| &probe.blocks);
        let values = blocks.flat_map(|b| b.hops.iter().map(|h| h.value).chain([b.residual]));
        let largest = values.filter(|v| v.is_finite()).fold(0.0, f64::max);
        if largest <= 0.0 {
            return Self { most: 1.0 };
        }
        let decade = 10f64.powi(largest.log10().floor() as i32);
        let steps = [1.0, 1.5, 2.0, 3.0, 5.0, 7.5];
        let most = steps.into_iter().map(|s| s * decade).find(|most| *most >= largest);
        Self { most: most.unwrap_or(10.0 * decade) }
    }

    /// `value` in eighths of a column, of `columns`.
    fn eighths(self, value: f64, columns: usize) -> usize {
        let full = columns * 8;
        let eighths = (value / self.most * full as f64).round();
        if value > 0.0 { (eighths as usize).max(1).min(full) } else { 0 }
    }
}

/// What is drawn of one block.
#[derive(Debug)]
pub struct TermBars<'a> {
    /// The block's values.
    pub block: &'a BlockActivity,
    /// Those of the run it is compared with.
    pub beside: Option<&'a BlockActivity>,
    /// Of all bars.
    pub scale: BarScale,
}

/// Columns of the parts of a row, from left to right.
struct Parts {
    bar: u16,
    ratio: bool,
    beside: bool,
}

pub const LABEL: u16 = 4;
const VALUE: u16 = 6;
const RATIO: u16 = 6;
/// A value in brackets and a space.
const BESIDE: u16 = 9;
const SHORTEST_BAR: u16 = 4;

impl TermBars<'_> {
    /// Paints a term of the block by its number: F, then each hop.
    pub fn row(&self, term: usize, area: Rect, buffer: &mut Buffer, theme: &Theme) {
        let source = term.checked_sub(1).map(|hop| self.block.hops[hop].source);
        let Some(value) = value(self.block, source) else { return };
        let beside = self.beside.and_then(|block| self::value(block, source));
        let parts = self.parts(area.width);
        let (name, style) = label(source, self.block.block, theme);
        let mut pen = Pen { x: area.x, area, buffer };
        pen.write(&name, LABEL, style);
        let start = pen.x;
        let length = self.scale.eighths(value, parts.bar.into());
        pen.write(&bar(length, theme), parts.bar, style);
        if let Some(other) = beside
            && parts.bar > 0
        {
            let at = self.scale.eighths(other, parts.bar.into()).saturating_sub(1) / 8;
            // Term out of the bar, which would else look shorter.
            let within = at < length / 8 && !theme.is_ascii();
            let style = if within { style.patch(theme.selected()) } else { theme.dim() };
            pen.buffer.set_string(start + at as u16, area.y, tick(theme), style);
        }
        pen.write(&format!("{:>6}", three(value)), VALUE, theme.text());
        if parts.ratio {
            let text = source.map(|_| percent(value, self.block.residual)).unwrap_or_default();
            pen.write(&format!("{text:>6}"), RATIO, theme.text());
        }
        if let Some(other) = beside
            && parts.beside
        {
            pen.write(&format!("{:>9}", format!("({})", three(other))), BESIDE, theme.dim());
        }
    }

    /// The value comes first, then the ratio, then a bar, then the other run's value.
    fn parts(&self, width: u16) -> Parts {
        let rest = width.saturating_sub(LABEL + VALUE);
        let ratio = rest >= RATIO;
        let rest = if ratio { rest - RATIO } else { rest };
        let beside = self.beside.is_some() && rest >= BESIDE + 3 * SHORTEST_BAR;
        let rest = if beside { rest - BESIDE } else { rest };
        Parts { bar: if rest >= SHORTEST_BAR { rest } else { 0 }, ratio, beside }
    }
}

/// Writes one thing after the other in a row, each in columns of its own.
pub struct Pen<'a> {
    pub x: u16,
    pub area: Rect,
    pub buffer: &'a mut Buffer,
}

impl Pen<'_> {
    pub fn write(&mut self, text: &str, columns: u16, style: Style) {
        let room = columns.min(self.area.right().saturating_sub(self.x));
        self.buffer.set_stringn(self.x, self.area.y, text, room.into(), style);
        self.x += room;
    }
}

/// What a term is called, F or the hop from `source`, and how it is drawn.
pub fn label(source: Option<usize>, block: usize, theme: &Theme) -> (String, Style) {
    match source {
        None => ("F".into(), theme.text()),
        Some(s) => (format!("{s}{}{block}", theme.glyph("→", ">")), theme.accent()),
    }
}

/// The value of F, or of the hop from `source`.
pub fn value(block: &BlockActivity, source: Option<usize>) -> Option<f64> {
    match source {
        None => Some(block.residual),
        Some(source) => block.hops.iter().find(|h| h.source == source).map(|h| h.value),
    }
}

/// What marks the compared run's value in a bar.
pub fn tick(theme: &Theme) -> &'static str {
    theme.glyph("│", "|")
}

/// A bar of so many eighths of a column, as exact as the font allows.
fn bar(eighths: usize, theme: &Theme) -> String {
    let (full, parts): (_, [&str; 8]) = match theme.symbols {
        Symbols::Braille => ("█", ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]),
        Symbols::Block => ("█", ["", "▌", "▌", "▌", "▌", "▌", "█", "█"]),
        Symbols::Ascii => ("#", ["", "#", "", "", "#", "#", "#", "#"]),
    };
    // Whatever is more than nothing is seen.
    let part = if theme.is_ascii() && eighths > 8 && eighths % 8 == 1 { "" } else { parts[eighths % 8] };
    full.repeat(eighths / 8) + part
}

/// `value` with three digits that count.
pub fn three(value: f64) -> String {
    match value {
        v if !v.is_finite() => format!("{v}"),
        v if v >= 99_999.5 => format!("{v:.0e}"),
        v if v >= 99.95 => format!("{v:.0}"),
        v if v >= 9.995 => format!("{v:.1}"),
        v if v >= 0.9995 => format!("{v:.2}"),
        v if v >= 0.0005 || v == 0.0 => format!("{v:.3}"),
        v => format!("{v:.0e}"),
    }
}

fn percent(value: f64, of: f64) -> String {
    let ratio = 100.0 * value / of;
    match ratio {
        r if !r.is_finite() => "-".into(),
        r if r >= 999.5 => ">999%".into(),
        r => format!("{r:.0}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_digits_count() {
        let shown =
            [0.0, 0.000_04, 0.812_34, 0.9999, 1.234, 12.34, 123.4, 12_345.0, 1e9, f64::NAN].map(three);
        assert_eq!(shown, ["0.000", "4e-5", "0.812", "1.00", "1.23", "12.3", "123", "12345", "1e9", "NaN"]);
        assert_eq!([percent(0.5, 1.0), percent(1.0, 0.0), percent(20.0, 1.0)], ["50%", "-", ">999%"]);
    }

    #[test]
    fn bars_are_exact_to_an_eighth_and_never_vanish() {
        let scale = BarScale { most: 2.0 };
        let drawn = |value| bar(scale.eighths(value, 4), &Theme::FULL);
        assert_eq!(
            [drawn(2.0), drawn(1.0), drawn(0.8), drawn(1e-9), drawn(0.0)],
            ["████", "██", "█▋", "▏", ""]
        );
        assert_eq!(drawn(f64::NAN), "");
        let ascii = Theme { symbols: Symbols::Ascii, ..Theme::FULL };
        assert_eq!([1, 4, 9, 12, 16].map(|n| bar(n, &ascii)), ["#", "#", "#", "##", "##"]);
    }

    #[test]
    fn scales_are_round() {
        let probe = |value| ProbeRecord {
            epoch: 1,
            split: crate::domain::event::Split::Validation,
            blocks: vec![BlockActivity { block: 1, residual: value, histogram: None, hops: Vec::new() }],
        };
        let most = |value| BarScale::of([&probe(value)]).most;
        assert_eq!(
            [most(0.0), most(f64::NAN), most(1.0), most(1.2), most(4.0), most(8.0)],
            [1.0, 1.0, 1.0, 1.5, 5.0, 10.0]
        );
        assert_eq!(BarScale::of([&probe(1.0), &probe(2.5)]).most, 3.0);
    }
}
