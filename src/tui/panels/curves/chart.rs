//! The picture of one metric: what is in view, how high it reaches, where lines go.

use std::ops::Range;

use ratatui::layout::Rect;

use super::Item;
use super::series::{Points, Strand};
use super::view::{CurveView, PlottedMetric, XAxis};
use crate::tui::plot::axis::{self, AxisScale, Tick};
use crate::tui::plot::decimate::{Track, columns, decimate};
use crate::tui::plot::picture::{Band, Picture, PlotLine};
use crate::tui::plot::raster::{PlotPoint, Weight};

/// Dots that a character has side by side, at most.
const DOTS: usize = 2;

/// Fewer epochs say little about which of them are outliers.
const FEW: usize = 5;
/// So many times what is usual in training, a few epochs are.
const FAR: f64 = 2.5;

/// Values looked at to find what is usual.
const SAMPLE: usize = 2048;

/// What one item has in view.
struct Visible<'a> {
    slot: usize,
    weight: Weight,
    xs: &'a [f64],
    /// Where each column of dots begins.
    bounds: Vec<usize>,
    strand: &'a Strand,
}

impl Visible<'_> {
    fn range(&self) -> Range<usize> {
        self.bounds[0]..self.bounds[self.bounds.len() - 1]
    }

    /// The values measured, before any smoothing.
    fn measured(&self) -> &Track {
        if self.strand.raw.values().is_empty() { &self.strand.y } else { &self.strand.raw }
    }
}

/// The y axis, and how many measured values lie above it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Heights {
    scale: AxisScale,
    range: (f64, f64),
    above: usize,
}

/// The picture of `metric` in `area`, which has its heading in its first row.
pub fn picture(
    items: &[Item],
    view: &CurveView,
    metric: PlottedMetric,
    area: Rect,
    heading: bool,
) -> Picture {
    let top = u16::from(heading).min(area.height);
    let height = area.height - top;
    let height = height - Picture::rows_below(height);
    let mut picture = Picture {
        heading: heading.then(|| metric.name().to_owned()),
        unit: view.x.name(),
        ..Picture::default()
    };
    // The labels of y decide how wide the plot is, and so the columns to look for extremes
    // in; their range does not depend on the columns.
    let rough = visible(items, view, metric, 1);
    let heights = heights(&rough, view, metric);
    picture.y_ticks = y_ticks(&heights, metric, height);
    let left = picture.columns_left(area.width);
    picture.plot = Rect { x: area.x + left, y: area.y + top, width: area.width - left, height };
    if picture.plot.is_empty() {
        return picture;
    }

    let x = |at: f64| view.fraction(at);
    picture.x_ticks = x_ticks(view, picture.plot.width).into_iter().map(|t| (x(t.at), t.label)).collect();
    picture.cursor = view.cursor.map(x);
    picture.has_guides = view.guides;
    let diverged = |item: &Item| {
        item.series.diverged.on(view.x).iter().map(|at| (item.slot, x(*at))).collect::<Vec<_>>()
    };
    picture.diverged = items.iter().flat_map(diverged).collect();
    picture.note = (heights.above > 0).then(|| format!("↑ {} above", heights.above));
    let visible = visible(items, view, metric, usize::from(picture.plot.width) * DOTS);
    picture.bands = visible.iter().filter_map(|v| band(v, view, &heights)).collect();
    let line = |v: &Visible, weight, track: &Track| PlotLine {
        slot: v.slot,
        weight,
        points: points(v, track, view, &heights),
    };
    let faint = visible.iter().filter(|v| !v.strand.raw.values().is_empty());
    picture.lines = faint.map(|v| line(v, Weight::Faint, &v.strand.raw)).collect();
    for weight in [Weight::Solid, Weight::Joint] {
        let of_weight = visible.iter().filter(|v| v.weight == weight);
        picture.lines.extend(of_weight.map(|v| line(v, weight, &v.strand.y)));
    }
    picture
}

fn visible<'a>(
    items: &[Item<'a>],
    view: &CurveView,
    metric: PlottedMetric,
    count: usize,
) -> Vec<Visible<'a>> {
    let mut out = Vec::new();
    for item in items {
        let splits: [(bool, Weight, &'a Points); 2] = [
            (view.splits_of(metric).train(), Weight::Solid, &item.series.train),
            (view.splits_of(metric).validation(), Weight::Joint, &item.series.validation),
        ];
        for (_, weight, points) in splits.into_iter().filter(|(shown, ..)| *shown) {
            let xs = points.at.on(view.x);
            let bounds = columns(xs, |at| view.at(at), count);
            out.push(Visible { slot: item.slot, weight, xs, bounds, strand: points.of(metric) });
        }
    }
    out
}

fn points(visible: &Visible, track: &Track, view: &CurveView, heights: &Heights) -> Vec<PlotPoint> {
    let kept = decimate(track, &visible.bounds, heights.scale.floor());
    let place = |i: usize| {
        let y = heights.scale.fraction(f64::from(track.values()[i]), heights.range);
        (view.fraction(visible.xs[i]), y)
    };
    kept.into_iter().map(place).collect()
}

/// The band around a mean: in each column as wide as it gets there.
fn band(visible: &Visible, view: &CurveView, heights: &Heights) -> Option<Band> {
    let (low, high) = visible.strand.band.as_ref()?;
    let y = |value: f32| match heights.scale {
        // What has no place on the axis lies below it.
        AxisScale::Log if value <= 0.0 => -1.0,
        scale => scale.fraction(f64::from(value), heights.range),
    };
    let mut edges = Vec::new();
    for column in visible.bounds.windows(2) {
        let range = column[0]..column[1];
        let least = low.extremes(range.clone(), f32::NEG_INFINITY);
        let most = high.extremes(range, f32::NEG_INFINITY);
        if let (Some((least, _)), Some((_, most))) = (least, most) {
            let x = view.fraction(visible.xs[least.min(most)]);
            edges.push((x, y(low.values()[least]), y(high.values()[most])));
        }
    }
    (!edges.is_empty()).then_some(Band { slot: visible.slot, edges })
}

fn heights(visible: &[Visible], view: &CurveView, metric: PlottedMetric) -> Heights {
    let scale = view.y_scale(metric);
    let mut range: Option<(f64, f64)> = None;
    let mut usual: Option<f64> = None;
    for weight in [Weight::Solid, Weight::Joint] {
        let tracks: Vec<(&Track, Range<usize>)> = visible
            .iter()
            .filter(|v| v.weight == weight)
            .flat_map(|v| {
                let upper = v.strand.band.iter().map(|(_, high)| high);
                [&v.strand.y, v.measured()].into_iter().chain(upper).map(|track| (track, v.range()))
            })
            .collect();
        for (track, part) in &tracks {
            if let Some((low, high)) = track.extremes(part.clone(), scale.floor()) {
                let (low, high) = (f64::from(track.values()[low]), f64::from(track.values()[high]));
                let (least, most) = range.unwrap_or((low, high));
                range = Some((least.min(low), most.max(high)));
            }
        }
        let top = match weight {
            Weight::Joint => {
                let top =
                    |(track, part): &(&Track, Range<usize>)| settled_top(track, part.clone(), scale, usual);
                tracks.iter().filter_map(top).reduce(f64::max)
            }
            _ => usual_top(&tracks, scale),
        };
        usual = usual.into_iter().chain(top).reduce(f64::max);
    }
    range = range.map(|range| with_bands(range, visible, scale));
    let Some((low, high)) = range else {
        let range = if scale == AxisScale::Log { (0.1, 1.0) } else { (0.0, 1.0) };
        return Heights { scale, range: limited(range, view, metric), above: 0 };
    };
    let length = |value| scale.length(value) - scale.length(low);
    let cut = usual.filter(|top| {
        // A little less height is not worth hiding anything for.
        let ignored = view.ignore_outliers && metric == PlottedMetric::Loss;
        ignored && *top > low && length(high) > 1.5 * length(*top)
    });
    let range = limited(rounded(scale, metric, low, cut.unwrap_or(high)), view, metric);
    let above = |v: &Visible| v.measured().count_above(v.range(), range.1 as f32);
    let is_cut = cut.is_some() || view.limits_of(metric).high.is_some();
    let above = if is_cut { visible.iter().map(above).sum() } else { 0 };
    Heights { scale, range, above }
}

/// `range` with the ends that somebody typed, as far as the scale has a place for them.
fn limited(range: (f64, f64), view: &CurveView, metric: PlottedMetric) -> (f64, f64) {
    let limits = view.limits_of(metric);
    let floor = f64::from(view.y_scale(metric).floor());
    let (low, high) = (limits.low.filter(|low| *low > floor), limits.high.filter(|high| *high > floor));
    match (low.unwrap_or(range.0), high.unwrap_or(range.1)) {
        (low, high) if low < high => (low, high),
        // The curves are all beyond the one end that was typed.
        _ => range,
    }
}

/// `range` with the lower edges of bands, as far down as values can be: a standard deviation
/// may be more than the mean, yet neither losses nor shares are below zero. On a logarithmic
/// axis what is next to zero is endlessly far down, so there bands get half a decade.
fn with_bands((low, high): (f64, f64), visible: &[Visible], scale: AxisScale) -> (f64, f64) {
    let floor = match scale {
        AxisScale::Linear => low.min(0.0),
        AxisScale::Log => low / 3.0,
    };
    let edge = |v: &Visible| {
        let (track, _) = v.strand.band.as_ref()?;
        let (least, _) = track.extremes(v.range(), scale.floor())?;
        Some(f64::from(track.values()[least]))
    };
    (visible.iter().filter_map(edge).fold(low, f64::min).max(floor), high)
}

/// The height that nearly all values stay below: half the spread of nine in ten of them
/// above these. `None` for too few to tell.
fn usual_top(tracks: &[(&Track, Range<usize>)], scale: AxisScale) -> Option<f64> {
    let total: usize = tracks.iter().map(|(_, range)| range.len()).sum();
    let stride = total.div_ceil(SAMPLE).max(1);
    let mut sample: Vec<f64> = tracks
        .iter()
        .flat_map(|(track, range)| track.values()[range.clone()].iter().step_by(stride))
        .filter(|value| **value > scale.floor() && value.is_finite())
        .map(|value| scale.length(f64::from(*value)))
        .collect();
    sample.sort_by(f64::total_cmp);
    let rank = |part: f64| sample.get((part * (sample.len() as f64 - 1.0)) as usize).copied();
    let (low, high) = (rank(0.05)?, rank(0.95)?);
    (sample.len() >= 5).then(|| scale.value(high + (high - low) / 2.0))
}

/// The height up to which epochs matter: all that are not far out among their like, as the
/// first ones are whose running statistics have not settled, and the later half in any case,
/// as it stays where it is. A few epochs say nothing about each other; they matter as far as
/// they are near `train`, what is usual in training, and not at all without that.
fn settled_top(track: &Track, part: Range<usize>, scale: AxisScale, train: Option<f64>) -> Option<f64> {
    let drawn = |value: &&f32| **value > scale.floor() && value.is_finite();
    let values = track.values()[part].iter().filter(drawn).map(|value| scale.length(f64::from(*value)));
    let values: Vec<f64> = values.collect();
    let mut sorted = values.clone();
    sorted.sort_by(f64::total_cmp);
    let fence = if sorted.len() < FEW {
        scale.length(FAR * train?)
    } else {
        let quartile = |n: usize| sorted[n * (sorted.len() - 1) / 4];
        let later = values[values.len() / 2..].iter().copied().fold(f64::NEG_INFINITY, f64::max);
        later.max(quartile(3) + 1.5 * (quartile(3) - quartile(1)))
    };
    sorted.into_iter().rfind(|value| *value <= fence).map(|top| scale.value(top))
}

/// The axis for values from `low` to `high`.
fn rounded(scale: AxisScale, metric: PlottedMetric, low: f64, high: f64) -> (f64, f64) {
    // Zero belongs to the picture where it is not far.
    let near_zero = scale == AxisScale::Linear && low >= 0.0 && low < 0.35 * high;
    let (low, high) = scale.rounded_out(if near_zero { 0.0 } else { low }, high);
    match metric {
        PlottedMetric::Top1 if high > 100.0 && low < 100.0 => (low, 100.0),
        _ => (low, high),
    }
}

fn y_ticks(heights: &Heights, metric: PlottedMetric, height: u16) -> Vec<(f64, String)> {
    let Heights { scale, range, .. } = *heights;
    let unit = if metric == PlottedMetric::Top1 { "%" } else { "" };
    // Three rows to a tick. On a logarithmic axis every decade has one where it has a row, and
    // there are three in all where they have a row between them.
    let least = match scale {
        AxisScale::Log => {
            let decades = (range.1.log10().floor() - range.0.log10().ceil()).max(0.0) as usize + 1;
            decades.min(height.into()).max(if height >= 5 { 3 } else { 2 })
        }
        AxisScale::Linear => 2,
    };
    let ticks = scale.ticks(range.0, range.1, usize::from(height / 3).max(least));
    let placed = ticks.into_iter().map(|t| (scale.fraction(t.at, range), t.label + unit));
    placed.filter(|(at, _)| (0.0..=1.0).contains(at)).collect()
}

fn x_ticks(view: &CurveView, width: u16) -> Vec<Tick> {
    let (low, high) = view.range();
    let most = usize::from(width / 10).max(2);
    if view.log_x {
        let ticks = AxisScale::Log.ticks(low, high, most).into_iter();
        let time = |tick: Tick| Tick { label: axis::duration(tick.at, tick.at), ..tick };
        return if view.x == XAxis::Time { ticks.map(time).collect() } else { ticks.collect() };
    }
    match view.x {
        XAxis::Step => axis::counted(low, high, most),
        XAxis::Epoch => axis::linear(low, high, most),
        XAxis::Time => axis::time(low, high, most),
    }
}
