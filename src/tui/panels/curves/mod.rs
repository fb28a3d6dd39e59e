//! Curves: loss and accuracy of several runs, as they are trained.
//!
//! Train is what each batch gave, smoothed; validation is drawn as it is, a mark for each
//! epoch. [`CurvesPanel::prepare`] does all arithmetic, [`CurvesPanel::paint`] only paints.

mod chart;
mod choices;
mod groups;
mod legend;
mod panel;
mod series;
mod view;

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Position, Rect};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use self::groups::{SeedGroup, alike};
use self::legend::Legend;
use self::series::{Cached, Series, SeriesChange};
pub use self::view::CurveSettings;
use self::view::{CurveView, Metrics, PlottedMetric, Splits};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::tui::log::Level;
use crate::tui::plot::axis::{AxisLimits, AxisScale};
use crate::tui::plot::picture::Picture;
use crate::tui::session::Session;
use crate::tui::theme::Theme;

/// The least rows of a plot, with its axis and a heading, beside a legend that all runs are read in.
const PLOT: u16 = 7;

/// One run to draw.
#[derive(Debug, Clone, Copy)]
pub struct ShownRun<'a> {
    /// Stands for the run from frame to frame.
    pub key: usize,
    /// What it is called.
    pub name: &'a str,
    /// What runs are called that differ from it only in seed.
    pub group: &'a str,
    /// Colour and letter.
    pub slot: usize,
    /// What it is.
    pub spec: &'a ExperimentSpec,
    /// How it went.
    pub state: &'a RunState,
    /// Whether others are compared to it.
    pub baseline: bool,
    /// Whether it is the one under the cursor in Runs.
    pub current: bool,
}

/// One curve of each split: a run, or the mean of several.
struct Item<'a> {
    slot: usize,
    name: String,
    /// Runs in it.
    count: usize,
    baseline: bool,
    /// Whether the run under the cursor in Runs is in it.
    current: bool,
    series: &'a Series,
}

/// What was prepared for painting.
#[derive(Debug, Default)]
struct Scene {
    pictures: Vec<Picture>,
    legend: Option<Legend>,
    /// Instead of anything else.
    message: Option<&'static str>,
}

/// The state of the panel, and what it keeps of the runs.
#[derive(Debug, Default)]
pub struct CurvesPanel {
    view: CurveView,
    runs: HashMap<usize, Cached>,
    groups: Vec<SeedGroup>,
    scene: Scene,
    /// Runs of the legend that are scrolled past.
    legend_top: usize,
    /// What all drawn runs have alike, which their names leave out.
    shared: String,
}

impl CurvesPanel {
    /// A panel that shows loss by step.
    pub fn new() -> Self {
        Self::default()
    }

    /// What of it outlives the session.
    pub const fn settings(&self) -> CurveSettings {
        self.view.settings()
    }

    /// As in an earlier session.
    pub fn set_settings(&mut self, settings: &CurveSettings) {
        self.view.set_settings(settings);
    }

    /// Takes in what is new in `runs` and works out what to paint into `area`, which lies
    /// within the panel's frame.
    pub fn prepare(&mut self, runs: &[ShownRun], area: Rect) {
        let changes = self.follow(runs);
        self.group(runs, &changes);
        let items = items(runs, &self.runs, if self.view.bands { &self.groups } else { &[] });
        let end = items.iter().map(|i| i.series.end(self.view.x)).fold(0.0, f64::max);
        let first = items.iter().filter_map(|i| i.series.first(self.view.x)).fold(f64::INFINITY, f64::min);
        let end = (first, end);
        self.scene = Scene::default();
        self.scene.message = message(&items, self.view.splits);
        if self.scene.message.is_some() || area.is_empty() {
            self.view.fit(end, area.width);
            return;
        }
        let legend_height = self.legend_height(items.len(), area);
        let below = Rect { y: area.y + legend_height, height: area.height - legend_height, ..area };
        let panes = panes(self.view.metrics, below);
        self.view.fit(end, panes[0].1.width);
        for (metric, pane) in &panes {
            let picture = chart::picture(&items, &self.view, *metric, *pane, panes.len() > 1);
            self.view.fit(end, picture.plot.width);
            self.scene.pictures.push(picture);
        }
        if legend_height > 0 {
            let metrics: Vec<PlottedMetric> = panes.iter().map(|(metric, _)| *metric).collect();
            let area = Rect { height: legend_height, ..area };
            let legend = Legend::new(&items, &self.view, &metrics, area, self.legend_top);
            self.legend_top = legend.top();
            self.scene.legend = Some(legend);
        }
    }

    /// The legend's rows. With the cursor on, reading all runs is what is wanted, so that the
    /// legend grows at the plots' expense, though none of them goes for it.
    fn legend_height(&self, runs: usize, area: Rect) -> u16 {
        let usual = Legend::height(runs, area.height);
        let plots = |legend: u16| {
            let height = area.height - legend;
            panes(self.view.metrics, Rect { height, ..area }).len()
        };
        if self.view.cursor.is_none() || usual < 2 {
            return usual;
        }
        let most = area.height.saturating_sub(PLOT).min(u16::try_from(runs + 1).unwrap_or(u16::MAX));
        (usual..=most).rev().find(|rows| plots(*rows) == plots(usual)).unwrap_or(usual)
    }

    /// Paints what was prepared, within `area`.
    pub fn paint(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
        let clip = area.intersection(buf.area);
        if let Some(message) = self.scene.message {
            let text = theme.plain(message);
            let lines = (text.len() as u16).div_ceil(clip.width.max(1));
            let y = clip.y + clip.height.saturating_sub(lines) / 2;
            let middle = Rect { y, height: lines, ..clip }.intersection(clip);
            let text = Paragraph::new(text).style(theme.dim()).alignment(Alignment::Center);
            text.wrap(Wrap { trim: true }).render(middle, buf);
        }
        for picture in &self.scene.pictures {
            picture.draw(clip, buf, theme);
        }
        if let Some(legend) = &self.scene.legend {
            legend.draw(clip, buf, theme);
        }
    }

    /// What is shown and how, in a line.
    pub fn view_summary(&self) -> String {
        let view = &self.view;
        let metrics = match view.metrics {
            Metrics::Loss => "loss",
            Metrics::Top1 => "top-1",
            Metrics::Both => "loss and top-1",
            Metrics::LearningRate => "learning rate",
        };
        let mut parts = vec![metrics.to_owned()];
        let is_rate = view.metrics == Metrics::LearningRate;
        match view.splits {
            _ if is_rate => {}
            Splits::Both => {}
            Splits::Validation => parts.push("validation".into()),
            Splits::Train => parts.push("train".into()),
        }
        let is_log = |metric: PlottedMetric| view.y_scale(metric) == AxisScale::Log;
        match (view.metrics, is_log(PlottedMetric::Loss), is_log(PlottedMetric::Top1)) {
            (Metrics::Both, true, false) => parts.push("log loss".into()),
            (Metrics::Both, false, true) => parts.push("log top-1".into()),
            (Metrics::Loss | Metrics::Both, true, _) | (Metrics::Top1, _, true) => parts.push("log y".into()),
            (Metrics::LearningRate, ..) if is_log(PlottedMetric::LearningRate) => parts.push("log y".into()),
            _ => {}
        }
        if self.metrics_shown().any(|metric| view.limits_of(metric) != AxisLimits::default()) {
            parts.push("limits".into());
        }
        parts.push(format!("by {}{}", if view.log_x { "log " } else { "" }, view.x.name()));
        if view.splits.train() && view.beta() > 0.0 && !is_rate {
            let of = if view.splits.validation() { " of train" } else { "" };
            parts.push(format!("EMA {}{of}", view.beta()));
        }
        if view.bands {
            parts.push("±std".into());
        }
        if !view.ignore_outliers && matches!(view.metrics, Metrics::Loss | Metrics::Both) {
            parts.push("all points".into());
        }
        if view.is_zoomed() {
            parts.push("zoomed".into());
        }
        parts.join(" · ")
    }

    /// Loss, top-1, both, learning rate.
    fn cycle_metric(&mut self) {
        self.view.metrics = match self.view.metrics {
            Metrics::Loss => Metrics::Top1,
            Metrics::Top1 => Metrics::Both,
            Metrics::Both => Metrics::LearningRate,
            Metrics::LearningRate => Metrics::Loss,
        };
    }

    /// Train and validation, validation, train.
    fn cycle_lines(&mut self) {
        self.view.splits = match self.view.splits {
            Splits::Both => Splits::Validation,
            Splits::Validation => Splits::Train,
            Splits::Train => Splits::Both,
        };
    }

    /// The metrics that have a picture, or would have one in more room.
    fn metrics_shown(&self) -> impl Iterator<Item = PlottedMetric> + use<> {
        let metrics = self.view.metrics;
        let is_shown = move |metric: &PlottedMetric| match metric {
            PlottedMetric::Loss => matches!(metrics, Metrics::Loss | Metrics::Both),
            PlottedMetric::Top1 => matches!(metrics, Metrics::Top1 | Metrics::Both),
            PlottedMetric::LearningRate => metrics == Metrics::LearningRate,
        };
        PlottedMetric::ALL.into_iter().filter(is_shown)
    }

    /// A linear or a logarithmic y axis of what is shown; each metric keeps its own.
    fn toggle_log_y(&mut self) {
        let shown: Vec<_> = self.metrics_shown().collect();
        self.view.toggle_log_y(&shown);
    }

    /// Begins to ask for the ends of the y axis of what is shown, of both metrics for the loss.
    fn edit_limits(&self, session: &mut Session) {
        match self.metrics_shown().next() {
            Some(PlottedMetric::LearningRate) => {
                session.say(Level::Info, "the learning rate's axis has no limits: it shows all of it");
            }
            Some(metric) => session.edit_limits(metric as usize),
            None => {}
        }
    }

    /// Step, epoch, wall time. What is in view and under the cursor stays, as far as the
    /// longest run tells where it is on the other axis.
    fn cycle_x(&mut self) {
        let longest = self.runs.values().map(|run| &run.series.train).max_by_key(|points| points.len());
        self.view.next_x(|x, from, to| longest.map_or(x, |points| points.convert(x, from, to)));
    }

    /// Moves a zoomed view right by so many tenths of its width.
    fn pan(&mut self, tenths: i32) {
        self.view.shift(f64::from(tenths) / 10.0);
    }

    /// Moves the cursor by so many columns, or where there is none the view.
    fn move_or_pan(&mut self, by: i32) {
        if self.is_inspecting() { self.view.move_cursor(by) } else { self.pan(by) }
    }

    /// Scrolls the legend, as far as it has more runs than rows; `false` where it has not.
    fn scroll_legend(&mut self, by: isize) -> bool {
        self.legend_top = self.legend_top.saturating_add_signed(by);
        self.scene.legend.as_ref().is_some_and(Legend::is_scrolled)
    }

    /// Scrolls the legend by as many runs as it shows.
    fn page_legend(&mut self, by: isize) {
        let page = self.scene.legend.as_ref().map_or(1, Legend::page);
        self.scroll_legend(by.saturating_mul(page.max(1).cast_signed()));
    }

    /// Whether there is a cursor, at which all runs are read.
    pub const fn is_inspecting(&self) -> bool {
        self.view.cursor.is_some()
    }

    fn fraction_at(&self, at: Position) -> Option<f64> {
        let plots = self.scene.pictures.iter().map(|p| p.plot);
        let plot = plots.into_iter().find(|plot| plot.contains(at))?;
        Some((f64::from(at.x - plot.x) + 0.5) / f64::from(plot.width))
    }

    /// Takes in what is new in each run; in the same order.
    fn follow(&mut self, runs: &[ShownRun]) -> Vec<SeriesChange> {
        self.runs.retain(|key, _| runs.iter().any(|run| run.key == *key));
        let beta = self.view.beta();
        let cached = |run: &ShownRun| {
            self.runs.entry(run.key).or_insert_with(|| Cached::new(beta)).follow(run.state, beta)
        };
        runs.iter().map(cached).collect()
    }

    /// Brings the means of runs that differ only in seed up to date.
    fn group(&mut self, runs: &[ShownRun], changes: &[SeriesChange]) {
        if !self.view.bands {
            self.groups.clear();
            return;
        }
        let mut old = std::mem::take(&mut self.groups);
        for keys in alike(runs) {
            let found = old.iter().position(|group| group.keys == keys);
            let mut group = found.map_or_else(|| SeedGroup::new(keys), |i| old.swap_remove(i));
            let of_group = |run: &ShownRun| group.keys.contains(&run.key);
            let changes =
                runs.iter().zip(changes).filter(|(run, _)| of_group(run)).map(|(_, changes)| *changes).max();
            let members: Vec<&Series> =
                group.keys.iter().filter_map(|key| self.runs.get(key)).map(|run| &run.series).collect();
            group.follow(&members, changes.unwrap_or(SeriesChange::None));
            self.groups.push(group);
        }
    }
}

/// What to draw: each group where its first run would be, and all other runs.
fn items<'a>(
    runs: &[ShownRun],
    cached: &'a HashMap<usize, Cached>,
    groups: &'a [SeedGroup],
) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    for run in runs {
        let group = groups.iter().find(|group| group.keys.contains(&run.key));
        match (group, cached.get(&run.key)) {
            (Some(group), _) if group.keys[0] == run.key => items.push(Item {
                slot: run.slot,
                name: run.group.to_owned(),
                count: group.keys.len(),
                baseline: runs.iter().any(|other| other.baseline && group.keys.contains(&other.key)),
                current: runs.iter().any(|other| other.current && group.keys.contains(&other.key)),
                series: &group.series,
            }),
            (None, Some(cached)) => items.push(Item {
                slot: run.slot,
                name: run.name.to_owned(),
                count: 1,
                baseline: run.baseline,
                current: run.current,
                series: &cached.series,
            }),
            _ => {}
        }
    }
    items
}

/// What to say where there is nothing to draw.
fn message(items: &[Item], splits: Splits) -> Option<&'static str> {
    let train = items.iter().any(|i| i.series.train.len() > 0);
    let validation = items.iter().any(|i| i.series.validation.len() > 0);
    if items.is_empty() {
        Some("No curves yet: press t to train")
    } else if !train && !validation {
        Some("Waiting for the first step")
    } else if !validation && !splits.train() {
        Some("No validation yet: it comes after each epoch")
    } else {
        None
    }
}

/// Metrics, and where each has its picture.
fn panes(metrics: Metrics, area: Rect) -> Vec<(PlottedMetric, Rect)> {
    let gap = 2;
    match metrics {
        Metrics::Loss => vec![(PlottedMetric::Loss, area)],
        Metrics::Top1 => vec![(PlottedMetric::Top1, area)],
        Metrics::LearningRate => vec![(PlottedMetric::LearningRate, area)],
        Metrics::Both if area.width >= 84 && area.height >= 6 => {
            let width = (area.width - gap) / 2;
            let right = Rect { x: area.right() - width, width, ..area };
            vec![(PlottedMetric::Loss, Rect { width, ..area }), (PlottedMetric::Top1, right)]
        }
        Metrics::Both if area.height >= 16 => {
            let height = area.height / 2;
            let lower = Rect { y: area.bottom() - height, height, ..area };
            vec![(PlottedMetric::Loss, Rect { height, ..area }), (PlottedMetric::Top1, lower)]
        }
        Metrics::Both => vec![(PlottedMetric::Loss, area)],
    }
}
