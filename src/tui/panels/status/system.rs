//! How busy the machine is: a small curve and the last value each of CPU, memory and GPU.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::bar;
use ratatui::widgets::{Sparkline, Widget};
use unicode_width::UnicodeWidthStr;

use crate::domain::system::SystemUse;
use crate::tui::paint::put;
use crate::tui::theme::Theme;

/// Columns of a curve.
const LEAST: usize = 4;
const MOST: usize = 16;

/// Heights where there are no blocks.
const ASCII: bar::Set<'static> = bar::Set {
    full: "#",
    seven_eighths: "#",
    three_quarters: "*",
    five_eighths: "+",
    half: "=",
    three_eighths: "-",
    one_quarter: ":",
    one_eighth: ".",
    empty: " ",
};

/// One number over time.
struct Gauge {
    name: &'static str,
    /// The top of the curve; where `None`, the largest value.
    top: Option<f64>,
    values: Vec<f64>,
    /// The last value.
    text: String,
}

/// The numbers that were recorded, those of the GPU last.
fn gauges(looks: &[(f64, SystemUse)]) -> Vec<Gauge> {
    let Some((_, last)) = looks.last() else { return Vec::new() };
    let names = last.numbers();
    // Its temperature stands beside its load.
    let shown = names.iter().filter(|(name, _)| *name != "gpu_temperature");
    let all = shown.map(|(name, value)| {
        let of = |seen: &SystemUse| {
            seen.numbers().iter().find(|(other, _)| other == name).map(|(_, value)| *value)
        };
        let values = looks.iter().filter_map(|(_, seen)| of(seen)).collect();
        let celsius = last.gpu.and_then(|gpu| gpu.temperature);
        match *name {
            "cpu" => Gauge { name: "cpu", top: Some(100.0), values, text: format!("{value:.0}%") },
            "gpu" => {
                let warm = celsius.map_or(String::new(), |celsius| format!(" {celsius:.0}°"));
                Gauge { name: "gpu", top: Some(100.0), values, text: format!("{value:.0}%{warm}") }
            }
            "gpu_memory" => Gauge { name: "vram", top: None, values, text: mebibytes(*value) },
            _ => Gauge { name: "mem", top: None, values, text: mebibytes(*value) },
        }
    });
    all.collect()
}

/// `152M`, `3.1G`.
fn mebibytes(value: f64) -> String {
    if value < 1024.0 { format!("{value:.0}M") } else { format!("{:.1}G", value / 1024.0) }
}

/// Paints the numbers side by side in one row, as many as fit.
pub fn draw(looks: &[(f64, SystemUse)], area: Rect, buf: &mut Buffer, theme: &Theme) {
    let gauges = gauges(looks);
    let words = |gauge: &Gauge| gauge.name.width() + gauge.text.width() + 4;
    let taken: usize = gauges.iter().map(words).sum();
    let room = usize::from(area.width).saturating_sub(taken) / gauges.len().max(1);
    let width = room.clamp(LEAST, MOST);
    let mut x = area.x;
    for gauge in &gauges {
        if usize::from(area.right().saturating_sub(x)) + 2 < words(gauge) + width {
            break;
        }
        x = put(buf, area, x, area.y, gauge.name, theme.dim(), theme) + 1;
        curve(gauge, Rect { x, width: width as u16, height: 1, ..area }, buf, theme);
        x = put(buf, area, x + width as u16 + 1, area.y, &gauge.text, theme.text(), theme) + 2;
    }
}

/// The last values that there are columns for.
fn curve(gauge: &Gauge, area: Rect, buf: &mut Buffer, theme: &Theme) {
    let last = gauge.values.len().saturating_sub(area.width.into());
    let values = &gauge.values[last..];
    let top = gauge.top.unwrap_or_else(|| values.iter().copied().fold(0.0, f64::max)).max(f64::MIN_POSITIVE);
    // In eighths, which are what a row can show; a value that is small is still seen.
    let parts: Vec<u64> = values.iter().map(|value| (8.0 * value / top).round().max(1.0) as u64).collect();
    let set = theme.glyph(bar::NINE_LEVELS, ASCII);
    Sparkline::default().data(&parts).max(8).bar_set(set).style(theme.accent()).render(area, buf);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::system::GpuUse;
    use crate::tui::theme::Symbols;

    fn looks(with_gpu: bool) -> Vec<(f64, SystemUse)> {
        let gpu = GpuUse { load: 93.0, memory: 3 << 30, temperature: Some(61.0) };
        let look = |i: usize| SystemUse {
            cpu: 25.0 * (i % 5) as f32,
            memory: 152 << 20,
            gpu: with_gpu.then_some(gpu),
        };
        (0..50).map(|i| (i as f64, look(i))).collect()
    }

    fn drawn(looks: &[(f64, SystemUse)], width: u16, theme: &Theme) -> String {
        let area = Rect::new(0, 0, width, 1);
        let mut buf = Buffer::empty(area);
        draw(looks, area, &mut buf, theme);
        buf.content().iter().map(|cell| cell.symbol()).collect()
    }

    #[test]
    fn curves_stand_beside_their_last_values() {
        let line = drawn(&looks(false), 50, &Theme::FULL);
        assert!(line.contains("cpu ") && line.contains("▁▂▄▆█") && line.contains(" 100%"), "{line}");
        assert!(line.contains("mem ████") && line.contains(" 152M"), "{line}");
        assert!(!line.contains("gpu"), "{line}");
        let line = drawn(&looks(true), 80, &Theme::FULL);
        assert!(line.contains("93% 61°") && line.contains("3.0G"), "{line}");
    }

    #[test]
    fn what_has_no_room_is_left_out() {
        let ascii = Theme { symbols: Symbols::Ascii, ..Theme::FULL };
        for width in 0..100 {
            for looks in [looks(true), looks(false), Vec::new()] {
                assert!(drawn(&looks, width, &ascii).is_ascii());
            }
        }
        let line = drawn(&looks(true), 20, &Theme::FULL);
        assert!(line.contains("cpu") && !line.contains("gpu"), "{line}");
    }
}
