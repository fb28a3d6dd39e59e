//! What of the curves is looked at, and how.

use serde::{Deserialize, Serialize};

pub use super::choices::{Metrics, PlottedMetric, Splits, XAxis};
use crate::tui::plot::axis::{AxisLimits, AxisScale};

/// What of a view outlives the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurveSettings {
    metrics: Metrics,
    splits: Splits,
    x: XAxis,
    log_x: bool,
    /// By metric.
    log_y: [bool; 2],
    /// Of the learning rate, which earlier versions did not draw.
    #[serde(default)]
    log_rate: bool,
    guides: bool,
    bands: bool,
    ignore_outliers: bool,
    /// Which of the smoothings, from 0.
    smoothing: usize,
}

impl Default for CurveSettings {
    fn default() -> Self {
        CurveView::default().settings()
    }
}

/// How much of its past a smoothed curve keeps, from nothing to nearly all.
const SMOOTHINGS: [f64; 5] = [0.0, 0.6, 0.9, 0.97, 0.99];

/// How much narrower one zoom makes the view.
const ZOOM: f64 = 1.5;

/// What of the curves is looked at, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveView {
    /// Metrics drawn.
    pub metrics: Metrics,
    /// Splits drawn.
    pub splits: Splits,
    /// Whether y is logarithmic, by metric.
    log_y: [bool; 3],
    /// Whether x is.
    pub log_x: bool,
    /// Whether ticks of y have lines across the plot.
    pub guides: bool,
    /// The ends of y that somebody typed, by metric; the learning rate has none.
    pub limits: [AxisLimits; 2],
    /// What x is.
    pub x: XAxis,
    /// Whether runs that differ only in seed are drawn as one.
    pub bands: bool,
    /// Whether the loss axis leaves out what is far above the rest.
    pub ignore_outliers: bool,
    /// Where all runs are read.
    pub cursor: Option<f64>,
    smoothing: usize,
    /// Part of the x axis in view; `None` for all, growing with the runs.
    window: Option<(f64, f64)>,
    /// The first place beyond 0 where a run has a point, and how far the furthest has got.
    ends: (f64, f64),
    /// Columns that the plot had when it was last drawn.
    columns: u16,
}

impl Default for CurveView {
    fn default() -> Self {
        Self {
            metrics: Metrics::Loss,
            splits: Splits::Both,
            log_y: [false; 3],
            log_x: false,
            guides: false,
            limits: [AxisLimits::default(); 2],
            x: XAxis::Step,
            bands: false,
            ignore_outliers: true,
            cursor: None,
            smoothing: 2,
            window: None,
            ends: (1e-3, 1.0),
            columns: 1,
        }
    }
}

impl CurveView {
    /// What of it outlives the session.
    pub const fn settings(&self) -> CurveSettings {
        let Self { metrics, splits, x, log_x, guides, bands, ignore_outliers, smoothing, .. } = *self;
        let [loss, top1, log_rate] = self.log_y;
        let log_y = [loss, top1];
        CurveSettings {
            metrics,
            splits,
            x,
            log_x,
            log_y,
            log_rate,
            guides,
            bands,
            ignore_outliers,
            smoothing,
        }
    }

    /// As in an earlier session.
    pub fn set_settings(&mut self, settings: &CurveSettings) {
        let CurveSettings {
            metrics,
            splits,
            x,
            log_x,
            log_y,
            log_rate,
            guides,
            bands,
            ignore_outliers,
            smoothing,
        } = *settings;
        let log_y = [log_y[0], log_y[1], log_rate];
        let smoothing = smoothing.min(SMOOTHINGS.len() - 1);
        let rest = std::mem::take(self);
        *self = Self { metrics, splits, x, log_x, log_y, guides, bands, ignore_outliers, smoothing, ..rest };
    }

    /// The β of the smoothing.
    pub const fn beta(&self) -> f64 {
        SMOOTHINGS[self.smoothing]
    }

    /// One smoothing more, or less.
    pub fn smooth(&mut self, more: bool) {
        let last = SMOOTHINGS.len() - 1;
        self.smoothing = if more { (self.smoothing + 1).min(last) } else { self.smoothing.saturating_sub(1) };
    }

    /// Takes notice of where runs begin and how far they have got, and how many columns show
    /// it.
    pub fn fit(&mut self, (first, end): (f64, f64), columns: u16) {
        let end = if end.is_finite() && end > 0.0 { end } else { 1.0 };
        let first = if first > 0.0 && first < end { first } else { end * 1e-3 };
        self.ends = (first, end);
        self.columns = columns.max(1);
        self.window = self.window.and_then(|window| self.kept_inside(window));
        self.cursor = self.cursor.map(|x| x.clamp(0.0, end));
    }

    /// The scale of x.
    pub const fn x_scale(&self) -> AxisScale {
        if self.log_x { AxisScale::Log } else { AxisScale::Linear }
    }

    /// What is drawn of a metric: learning rates are of steps alone.
    pub fn splits_of(&self, metric: PlottedMetric) -> Splits {
        if metric == PlottedMetric::LearningRate { Splits::Train } else { self.splits }
    }

    /// The ends of y that somebody typed.
    pub fn limits_of(&self, metric: PlottedMetric) -> AxisLimits {
        self.limits.get(metric as usize).copied().unwrap_or_default()
    }

    /// A linear or a logarithmic y axis of all `metrics`.
    pub fn toggle_log_y(&mut self, metrics: &[PlottedMetric]) {
        let log = metrics.iter().any(|metric| !self.log_y[*metric as usize]);
        metrics.iter().for_each(|metric| self.log_y[*metric as usize] = log);
    }

    /// The scale of y.
    pub const fn y_scale(&self, metric: PlottedMetric) -> AxisScale {
        if self.log_y[metric as usize] { AxisScale::Log } else { AxisScale::Linear }
    }

    /// The whole x axis.
    const fn whole_range(&self) -> (f64, f64) {
        (if self.log_x { self.ends.0 } else { 0.0 }, self.ends.1)
    }

    /// The part of the x axis in view.
    pub fn range(&self) -> (f64, f64) {
        self.window.unwrap_or_else(|| self.whole_range())
    }

    /// How far along the view a place is.
    pub fn fraction(&self, x: f64) -> f64 {
        // Where there is no logarithm it is far left.
        let fraction = self.x_scale().fraction(x, self.range());
        if fraction.is_finite() { fraction } else { -1.0 }
    }

    /// A logarithmic x axis, or a linear one again; what is in view stays.
    pub fn toggle_log_x(&mut self) {
        self.log_x = !self.log_x;
        self.window = self.window.and_then(|window| self.kept_inside(window));
    }

    /// Whether only a part is in view.
    pub const fn is_zoomed(&self) -> bool {
        self.window.is_some()
    }

    /// All of it again, growing with the runs.
    pub fn reset(&mut self) {
        self.window = None;
    }

    /// The next x axis; window and cursor stay where `convert` finds them on it.
    pub fn next_x(&mut self, convert: impl Fn(f64, XAxis, XAxis) -> f64) {
        let from = self.x;
        self.x = match from {
            XAxis::Step => XAxis::Epoch,
            XAxis::Epoch => XAxis::Time,
            XAxis::Time => XAxis::Step,
        };
        let there = |x: f64| convert(x, from, self.x);
        self.ends = (there(self.ends.0), there(self.ends.1));
        self.window = self.window.map(|(low, high)| (there(low), there(high))).filter(|w| w.0 < w.1);
        self.cursor = self.cursor.map(there);
    }

    /// Closer, or further away, about a place; about the cursor or the middle where none
    /// is given.
    pub fn zoom(&mut self, closer: bool, about: Option<f64>) {
        let (low, high) = self.range();
        let about =
            about.or(self.cursor).filter(|x| (low..=high).contains(x)).unwrap_or_else(|| self.at(0.5));
        let factor = if closer { 1.0 / ZOOM } else { ZOOM };
        let scale = self.x_scale();
        let (low, high, about) = (scale.length(low), scale.length(high), scale.length(about));
        let moved = |end: f64| scale.value(about + (end - about) * factor);
        self.look_at((moved(low), moved(high)));
    }

    /// Moves the view right by so many parts of its width.
    pub fn shift(&mut self, parts: f64) {
        if self.is_zoomed() {
            self.look_at((self.at(parts), self.at(1.0 + parts)));
        }
    }

    /// The cursor, in the middle of the view where there was none.
    pub fn toggle_cursor(&mut self) {
        self.cursor = self.cursor.is_none().then(|| self.whole(self.at(0.5)));
    }

    /// The cursor at a fraction of the view.
    pub fn put_cursor(&mut self, fraction: f64) {
        self.cursor = Some(self.whole(self.at(fraction)));
    }

    /// Moves the cursor by columns, at least by a step each; the view comes along.
    pub fn move_cursor(&mut self, columns: i32) {
        let Some(cursor) = self.cursor else {
            return self.toggle_cursor();
        };
        let columns = f64::from(columns);
        let next = self.at(self.fraction(cursor) + columns / f64::from(self.columns));
        // A column of less than a step is a step.
        let next = match self.x {
            XAxis::Step if columns < 0.0 => next.min(cursor + columns),
            XAxis::Step => next.max(cursor + columns),
            _ => next,
        };
        let moved = self.whole(next.clamp(self.whole_range().0, self.ends.1));
        self.cursor = Some(moved);
        let along = self.fraction(moved);
        let beyond = (along - 1.0).max(0.0) + along.min(0.0);
        if beyond != 0.0 && self.is_zoomed() {
            self.look_at((self.at(beyond), self.at(1.0 + beyond)));
        }
    }

    /// The place at a fraction of the view.
    pub fn at(&self, fraction: f64) -> f64 {
        let scale = self.x_scale();
        let (low, high) = self.range();
        let (low, high) = (scale.length(low), scale.length(high));
        scale.value(low + (high - low) * fraction)
    }

    /// The nearest place that can be: there are no halves of steps.
    fn whole(&self, x: f64) -> f64 {
        if self.x == XAxis::Step { x.round().min(self.ends.1) } else { x }
    }

    fn look_at(&mut self, window: (f64, f64)) {
        self.window = self.kept_inside(window);
    }

    /// The window moved to where runs are; `None` where it would show all.
    fn kept_inside(&self, (low, high): (f64, f64)) -> Option<(f64, f64)> {
        let scale = self.x_scale();
        let (first, end) = self.whole_range();
        let (first, end) = (scale.length(first), scale.length(end));
        let narrowest = match self.x {
            _ if self.log_x => (end - first) * 1e-2,
            XAxis::Step => 4f64.min(end),
            XAxis::Epoch | XAxis::Time => end * 1e-4,
        };
        let (low, high) = (scale.length(low), scale.length(high));
        let low = if low.is_finite() { low } else { first };
        let width = (high - low).max(narrowest);
        let is_part = width < (end - first) * (1.0 - 1e-9);
        let low = low.min(end - width).max(first);
        is_part.then(|| (scale.value(low), scale.value(low + width)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(end: f64) -> CurveView {
        let mut view = CurveView::default();
        view.fit((1.0, end), 100);
        view
    }

    #[test]
    fn the_view_grows_with_the_run_until_it_is_zoomed() {
        let mut view = view(100.0);
        view.fit((1.0, 150.0), 100);
        assert_eq!(view.range(), (0.0, 150.0));
        view.zoom(true, None);
        let zoomed = view.range();
        view.fit((1.0, 200.0), 100);
        assert_eq!(view.range(), zoomed);
        view.reset();
        assert_eq!(view.range(), (0.0, 200.0));
    }

    #[test]
    fn zoom_keeps_the_place_it_is_about() {
        let mut view = view(100.0);
        view.zoom(true, Some(30.0));
        let (low, high) = view.range();
        assert!(((30.0 - low) / (high - low) - 0.3).abs() < 1e-12);
        view.zoom(false, Some(30.0));
        assert!(!view.is_zoomed(), "out again is the whole");
    }

    #[test]
    fn the_view_stays_where_runs_are() {
        let mut view = view(100.0);
        view.zoom(true, None);
        view.zoom(true, None);
        let width = view.range().1 - view.range().0;
        view.shift(99.0);
        assert_eq!(view.range().1, 100.0);
        view.shift(-99.0);
        assert_eq!(view.range().0, 0.0);
        assert!((view.range().1 - width).abs() < 1e-9);
        for _ in 0..99 {
            view.zoom(true, None);
        }
        assert!(view.range().1 - view.range().0 >= 4.0);
    }

    #[test]
    fn the_cursor_moves_by_columns_and_takes_the_view_along() {
        let mut view = view(1000.0);
        view.toggle_cursor();
        assert_eq!(view.cursor, Some(500.0));
        view.move_cursor(-3);
        assert_eq!(view.cursor, Some(470.0));
        for _ in 0..30 {
            view.zoom(true, None);
        }
        view.move_cursor(7);
        assert_eq!(view.cursor, Some(477.0), "a column of less than a step is a step");
        let (low, high) = view.range();
        assert!(low <= 477.0 && 477.0 <= high);
        view.move_cursor(i32::MAX);
        assert_eq!(view.cursor, Some(1000.0));
    }

    #[test]
    fn another_axis_shows_the_same_part() {
        let mut view = view(100.0);
        view.zoom(true, None);
        view.toggle_cursor();
        let (low, high) = view.range();
        view.next_x(|x, _, _| x / 10.0);
        assert_eq!((view.x, view.cursor), (XAxis::Epoch, Some(5.0)));
        assert_eq!(view.range(), (low / 10.0, high / 10.0));
    }

    #[test]
    fn smoothing_goes_through_its_steps() {
        let mut view = CurveView::default();
        let seen: Vec<f64> = std::iter::repeat_with(|| (view.beta(), view.smooth(true)).0).take(5).collect();
        assert_eq!(seen, [0.9, 0.97, 0.99, 0.99, 0.99]);
        (0..9).for_each(|_| view.smooth(false));
        assert_eq!(view.beta(), 0.0);
    }
}
