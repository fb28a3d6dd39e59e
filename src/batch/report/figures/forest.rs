//! Differences with their intervals, one under the other.

use super::canvas::{Anchor, Canvas, FAINT, INK, Svg, width_of};
use super::scale::FigureScale;
use crate::domain::report::compare::{Comparison, p_text};
use crate::domain::report::hop_effects::HopEffects;
use crate::domain::significance::TTest;
use crate::domain::text::harmless;

const ROW: f64 = 24.0;
const PANEL: f64 = 340.0;
const TOP: f64 = 36.0;
const COLOUR: &str = "#0072b2";

/// One line of the figure.
struct Entry {
    name: String,
    /// `None` where there is none, because not every run got that far.
    difference: Option<f64>,
    /// With its corrected p.
    test: Option<(TTest, f64)>,
}

/// Networks and their baselines.
pub fn of_comparison(comparison: &Comparison) -> Svg {
    let entries = comparison.entries.iter().map(|entry| Entry {
        name: format!("{} − {}", harmless(&entry.network, 60), harmless(&entry.baseline, 60)),
        difference: entry.difference,
        test: entry.test.ok().zip(entry.corrected_p),
    });
    let axis = format!("difference of {}", comparison.measure.title());
    draw(&entries.collect::<Vec<_>>(), &axis, comparison.measure.decimals())
}

/// Hops, and what they add.
pub fn of_hops(effects: &HopEffects) -> Svg {
    let entries = effects.effects.iter().map(|effect| Entry {
        name: effect.hop.clone(),
        difference: Some(effect.difference),
        test: effect.test.ok().zip(effect.corrected_p),
    });
    draw(&entries.collect::<Vec<_>>(), "what the hop adds to test top-1, points", 2)
}

/// A filled marker where the difference is significant.
fn draw(entries: &[Entry], axis: &str, digits: usize) -> Svg {
    let left = entries.iter().map(|entry| width_of(&entry.name, 12.0)).fold(60.0, f64::max) + 20.0;
    let bottom = TOP + entries.len() as f64 * ROW;
    let mut canvas = Canvas::new(left + PANEL + 290.0, bottom + 44.0);
    let ends = entries.iter().flat_map(|entry| match entry.test {
        Some((test, _)) => [test.interval.0, test.interval.1],
        None => [entry.difference.unwrap_or(0.0); 2],
    });
    let x = FigureScale::over(ends.chain([0.0]), (left, left + PANEL));
    for (value, name) in x.ticks(6) {
        canvas.line((x.at(value), TOP), (x.at(value), bottom), FAINT, 0.7);
        canvas.text(x.at(value), bottom + 16.0, 11.0, Anchor::Middle, &name);
    }
    canvas.line((x.at(0.0), TOP), (x.at(0.0), bottom), INK, 1.2);
    canvas.line((left, bottom), (left + PANEL, bottom), INK, 1.0);
    canvas.text(left + PANEL / 2.0, bottom + 34.0, 11.0, Anchor::Middle, axis);
    let key = "mean and 95% interval; filled where p < 0.05 after Holm's correction";
    canvas.text(left, 20.0, 11.0, Anchor::Start, key);
    for (n, entry) in entries.iter().enumerate() {
        let y = TOP + (n as f64 + 0.5) * ROW;
        canvas.text(left - 10.0, y + 4.0, 12.0, Anchor::End, &entry.name);
        let Some(difference) = entry.difference else {
            canvas.text(left + PANEL + 14.0, y + 4.0, 11.0, Anchor::Start, "not reached by every run");
            continue;
        };
        let mut label = format!("{difference:+.digits$}");
        if let Some((test, p)) = entry.test {
            let (low, high) = test.interval;
            canvas.spread((x.at(low), y), (x.at(high), y), COLOUR);
            canvas.marker((x.at(difference), y), 4.2, 0, COLOUR, p >= 0.05);
            label += &format!(" [{low:+.digits$}, {high:+.digits$}] {}", p_text(p));
        } else {
            canvas.marker((x.at(difference), y), 4.2, 5, COLOUR, true);
            label += " (no test)";
        }
        canvas.text(left + PANEL + 14.0, y + 4.0, 11.0, Anchor::Start, &label);
    }
    canvas.done()
}
