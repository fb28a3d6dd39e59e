//! Learning curves: means with bands of one standard deviation.

use super::canvas::{Anchor, Canvas, FAINT, INK, Style, Svg, width_of};
use super::scale::FigureScale;
use crate::domain::report::curves::{CurveLine, CurveMetric, CurveSet};
use crate::domain::text::harmless;

const PANEL: f64 = 400.0;
const GAP: f64 = 84.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 20.0;
const PLOT: f64 = 270.0;
const ROW: f64 = 18.0;

/// Validation top-1 and training loss, and a legend below.
pub fn draw(curves: &CurveSet) -> Svg {
    let names: Vec<String> = curves.lines.iter().map(|line| name(line, curves.target)).collect();
    let longest = names.iter().map(|name| width_of(name, 11.0)).fold(0.0, f64::max);
    let width = LEFT + 2.0 * PANEL + GAP + 16.0;
    let columns = (((width - LEFT) / (longest + 50.0)).floor() as usize).clamp(1, 4);
    let rows = names.len().div_ceil(columns);
    let height = TOP + PLOT + 56.0 + rows as f64 * ROW + 8.0;
    let mut canvas = Canvas::new(width, height);
    panel(&mut canvas, curves, CurveMetric::ValTop1, LEFT);
    panel(&mut canvas, curves, CurveMetric::TrainLoss, LEFT + PANEL + GAP);
    for (n, name) in names.iter().enumerate() {
        let x = LEFT + (n / rows) as f64 * ((width - LEFT) / columns as f64);
        let y = TOP + PLOT + 56.0 + (n % rows) as f64 * ROW;
        let style = Style::of(n);
        canvas.path(&[(x, y), (x + 30.0, y)], style);
        canvas.marker((x + 15.0, y), 3.5, style.marker, style.colour, false);
        canvas.text(x + 38.0, y + 4.0, 11.0, Anchor::Start, name);
    }
    canvas.done()
}

fn name(line: &CurveLine, target: f64) -> String {
    let seeds = line.seeds.len();
    let to = line
        .epochs_to
        .as_ref()
        .map(|sample| format!("; {target}% at epoch {}", sample.text(1)))
        .unwrap_or_default();
    format!("{} (n={seeds}{to})", harmless(&line.network, 60))
}

fn panel(canvas: &mut Canvas, curves: &CurveSet, metric: CurveMetric, left: f64) {
    let bottom = TOP + PLOT;
    let epochs = curves.lines.iter().flat_map(|line| &line.epochs);
    let last = epochs.clone().map(|epoch| epoch.epoch).max().unwrap_or(1);
    let x = FigureScale::new((1.0, last as f64), (left, left + PANEL));
    let ends = epochs.flat_map(|epoch| {
        let (mean, std) = epoch.of(metric);
        [mean - std.unwrap_or(0.0), mean + std.unwrap_or(0.0)]
    });
    // No accuracy above 100, no loss below 0, whatever a deviation says.
    let bounded = ends.map(|v| if metric == CurveMetric::ValTop1 { v.clamp(0.0, 100.0) } else { v.max(0.0) });
    let y = FigureScale::over(bounded, (bottom, TOP));
    for (value, name) in y.ticks(6) {
        canvas.line((left, y.at(value)), (left + PANEL, y.at(value)), FAINT, 0.7);
        canvas.text(left - 6.0, y.at(value) + 4.0, 11.0, Anchor::End, &name);
    }
    for (value, name) in x.ticks(8).into_iter().filter(|(value, _)| value.fract() == 0.0) {
        canvas.line((x.at(value), bottom), (x.at(value), bottom + 4.0), INK, 1.0);
        let name = name.split('.').next().unwrap_or_default();
        canvas.text(x.at(value), bottom + 17.0, 11.0, Anchor::Middle, name);
    }
    canvas.text(left + PANEL / 2.0, bottom + 35.0, 12.0, Anchor::Middle, "epoch");
    canvas.upright_text(left - 44.0, TOP + PLOT / 2.0, 12.0, metric.title());
    for (n, line) in curves.lines.iter().enumerate() {
        let points = band(line, metric, x, y);
        if points.len() > 2 {
            canvas.area(&points, Style::of(n).colour, 0.05 + 0.3 / (curves.lines.len() as f64 + 1.0));
        }
    }
    for (n, line) in curves.lines.iter().enumerate() {
        let style = Style::of(n);
        let point = |epoch: &crate::domain::report::curves::EpochPoint| {
            let mean = epoch.of(metric).0;
            mean.is_finite().then(|| (x.at(epoch.epoch as f64), y.within(mean)))
        };
        let points: Vec<(f64, f64)> = line.epochs.iter().filter_map(point).collect();
        canvas.path(&points, style);
        // Staggered, so that markers of lines that lie upon each other are apart.
        let every = points.len().div_ceil(8).max(1);
        for point in points.iter().skip(n % every).step_by(every) {
            canvas.marker(*point, 3.2, style.marker, style.colour, false);
        }
    }
    if metric == CurveMetric::ValTop1 {
        let level = y.within(curves.target);
        canvas.dashed((left, level), (left + PANEL, level), INK, 1.0, "1 3");
        let label = format!("{}%", curves.target);
        canvas.text(left + PANEL + 4.0, level + 3.5, 10.0, Anchor::Start, &label);
    }
    canvas.line((left, bottom), (left + PANEL, bottom), INK, 1.0);
    canvas.line((left, TOP), (left, bottom), INK, 1.0);
}

fn band(line: &CurveLine, metric: CurveMetric, x: FigureScale, y: FigureScale) -> Vec<(f64, f64)> {
    let edge = |sign: f64| {
        line.epochs.iter().filter_map(move |epoch| {
            let (mean, std) = epoch.of(metric);
            Some((x.at(epoch.epoch as f64), y.within(mean + sign * std?)))
        })
    };
    let mut points: Vec<(f64, f64)> = edge(1.0).collect();
    let mut back: Vec<(f64, f64)> = edge(-1.0).collect();
    back.reverse();
    points.extend(back);
    points
}
