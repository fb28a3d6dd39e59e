//! The Curves panel: loss and accuracy of several runs, as they are trained.
//!
//! Train is what each batch gave, smoothed; validation is drawn as it is, a mark for each
//! epoch. [`Curves::prepare`] does all arithmetic, [`Curves::draw`] only paints.

mod chart;
mod groups;
mod legend;
mod series;
mod view;

use std::collections::HashMap;

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Rect};
use ratatui::widgets::{Paragraph, Widget, Wrap};

use self::groups::Group;
use self::legend::Legend;
use self::series::{Cached, News, Series};
use self::view::{Metric, Metrics, Splits, View};
use super::plot::picture::Picture;
use super::theme::Theme;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;

/// The least rows of a plot, with its axis and a heading, beside a legend that all runs are read in.
const PLOT: u16 = 7;

/// One run to draw.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// Stands for the run from frame to frame.
    pub key: usize,
    /// What it is called.
    pub name: &'a str,
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
pub struct Curves {
    view: View,
    runs: HashMap<usize, Cached>,
    groups: Vec<Group>,
    scene: Scene,
}

impl Curves {
    /// A panel that shows loss by step.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what is new in `runs` and works out what to paint into `area`, which lies
    /// within the panel's frame.
    pub fn prepare(&mut self, runs: &[Shown], area: Rect) {
        let news = self.follow(runs);
        self.group(runs, &news);
        let items = items(runs, &self.runs, if self.view.bands { &self.groups } else { &[] });
        let end = items.iter().map(|i| i.series.end(self.view.x)).fold(0.0, f64::max);
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
            let metrics: Vec<Metric> = panes.iter().map(|(metric, _)| *metric).collect();
            let area = Rect { height: legend_height, ..area };
            self.scene.legend = Some(Legend::new(&items, &self.view, &metrics, area));
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
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) {
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
    pub fn summary(&self) -> String {
        let view = &self.view;
        let metrics = match view.metrics {
            Metrics::Loss => "loss",
            Metrics::Top1 => "top-1",
            Metrics::Both => "loss and top-1",
        };
        let mut parts = vec![metrics.to_owned()];
        match view.splits {
            Splits::Both => {}
            Splits::Validation => parts.push("validation".into()),
            Splits::Train => parts.push("train".into()),
        }
        if view.log_y {
            parts.push("log y".into());
        }
        parts.push(format!("by {}", view.x.name()));
        if view.splits.train() && view.beta() > 0.0 {
            let of = if view.splits.validation() { " of train" } else { "" };
            parts.push(format!("EMA {}{of}", view.beta()));
        }
        if view.bands {
            parts.push("±std".into());
        }
        if view.is_zoomed() {
            parts.push("zoomed".into());
        }
        parts.join(" · ")
    }

    /// Loss, top-1, both.
    pub fn cycle_metric(&mut self) {
        self.view.metrics = match self.view.metrics {
            Metrics::Loss => Metrics::Top1,
            Metrics::Top1 => Metrics::Both,
            Metrics::Both => Metrics::Loss,
        };
    }

    /// Train and validation, validation, train.
    pub fn cycle_lines(&mut self) {
        self.view.splits = match self.view.splits {
            Splits::Both => Splits::Validation,
            Splits::Validation => Splits::Train,
            Splits::Train => Splits::Both,
        };
    }

    /// A linear or a logarithmic y axis.
    pub fn toggle_log_y(&mut self) {
        self.view.log_y = !self.view.log_y;
    }

    /// Step, epoch, wall time. What is in view and under the cursor stays, as far as the
    /// longest run tells where it is on the other axis.
    pub fn cycle_x(&mut self) {
        let longest = self.runs.values().map(|run| &run.series.train).max_by_key(|points| points.len());
        self.view.next_x(|x, from, to| longest.map_or(x, |points| points.convert(x, from, to)));
    }

    /// One smoothing more.
    pub fn smoother(&mut self) {
        self.view.smooth(true);
    }

    /// One smoothing less.
    pub fn rougher(&mut self) {
        self.view.smooth(false);
    }

    /// Closer, about the cursor or the middle.
    pub fn zoom_in(&mut self) {
        self.view.zoom(true, None);
    }

    /// Further away, about the cursor or the middle.
    pub fn zoom_out(&mut self) {
        self.view.zoom(false, None);
    }

    /// Moves a zoomed view right by so many tenths of its width.
    pub fn pan(&mut self, tenths: i32) {
        self.view.shift(f64::from(tenths) / 10.0);
    }

    /// All of the x axis, growing with the runs.
    pub fn reset_view(&mut self) {
        self.view.reset();
    }

    /// A line at which all runs are read.
    pub fn toggle_cursor(&mut self) {
        self.view.toggle_cursor();
    }

    /// Whether there is such a line.
    pub const fn is_inspecting(&self) -> bool {
        self.view.cursor.is_some()
    }

    /// Moves that line right by so many columns.
    pub fn move_cursor(&mut self, columns: i32) {
        self.view.move_cursor(columns);
    }

    /// Runs that differ only in seed as their mean ± standard deviation, or each by itself.
    pub fn toggle_bands(&mut self) {
        self.view.bands = !self.view.bands;
    }

    /// A loss axis for most values, or for all.
    pub fn toggle_outliers(&mut self) {
        self.view.ignore_outliers = !self.view.ignore_outliers;
    }

    /// Reads all runs at a cell of the screen.
    pub fn click(&mut self, column: u16, row: u16) {
        if let Some(fraction) = self.fraction_at(column, row) {
            self.view.put_cursor(fraction);
        }
    }

    /// Drags a zoomed view along by so many columns.
    pub fn drag(&mut self, dx: i32) {
        self.view.shift_columns(dx.saturating_neg());
    }

    /// Zooms about a cell of the screen.
    pub fn wheel(&mut self, column: u16, row: u16, up: bool) {
        if let Some(fraction) = self.fraction_at(column, row) {
            self.view.zoom(up, Some(self.view.at(fraction)));
        }
    }

    fn fraction_at(&self, column: u16, row: u16) -> Option<f64> {
        let plots = self.scene.pictures.iter().map(|p| p.plot);
        let plot = plots.into_iter().find(|plot| plot.contains((column, row).into()))?;
        Some((f64::from(column - plot.x) + 0.5) / f64::from(plot.width))
    }

    /// Takes in what is new in each run; the news, in the same order.
    fn follow(&mut self, runs: &[Shown]) -> Vec<News> {
        self.runs.retain(|key, _| runs.iter().any(|run| run.key == *key));
        let beta = self.view.beta();
        let cached = |run: &Shown| {
            self.runs.entry(run.key).or_insert_with(|| Cached::new(beta)).follow(run.state, beta)
        };
        runs.iter().map(cached).collect()
    }

    /// Brings the means of runs that differ only in seed up to date.
    fn group(&mut self, runs: &[Shown], news: &[News]) {
        if !self.view.bands {
            self.groups.clear();
            return;
        }
        let mut old = std::mem::take(&mut self.groups);
        for keys in alike(runs) {
            let found = old.iter().position(|group| group.keys == keys);
            let mut group = found.map_or_else(|| Group::new(keys), |i| old.swap_remove(i));
            let of_group = |run: &Shown| group.keys.contains(&run.key);
            let news = runs.iter().zip(news).filter(|(run, _)| of_group(run)).map(|(_, news)| *news).max();
            let members: Vec<&Series> =
                group.keys.iter().filter_map(|key| self.runs.get(key)).map(|run| &run.series).collect();
            group.follow(&members, news.unwrap_or(News::None));
            self.groups.push(group);
        }
    }
}

/// Keys of runs that have begun and differ only in seed, two or more together.
fn alike(runs: &[Shown]) -> Vec<Vec<usize>> {
    let mut found: Vec<(String, Vec<usize>)> = Vec::new();
    for run in runs.iter().filter(|run| !run.state.steps.is_empty()) {
        let name = run.spec.without_seed();
        match found.iter_mut().find(|(other, _)| *other == name) {
            Some((_, keys)) => keys.push(run.key),
            None => found.push((name, vec![run.key])),
        }
    }
    found.into_iter().map(|(_, keys)| keys).filter(|keys| keys.len() > 1).collect()
}

/// What to draw: each group where its first run would be, and all other runs.
fn items<'a>(runs: &[Shown], cached: &'a HashMap<usize, Cached>, groups: &'a [Group]) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    for run in runs {
        let group = groups.iter().find(|group| group.keys.contains(&run.key));
        match (group, cached.get(&run.key)) {
            (Some(group), _) if group.keys[0] == run.key => items.push(Item {
                slot: run.slot,
                name: run.spec.without_seed(),
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
fn panes(metrics: Metrics, area: Rect) -> Vec<(Metric, Rect)> {
    let gap = 2;
    match metrics {
        Metrics::Loss => vec![(Metric::Loss, area)],
        Metrics::Top1 => vec![(Metric::Top1, area)],
        Metrics::Both if area.width >= 84 && area.height >= 6 => {
            let width = (area.width - gap) / 2;
            let right = Rect { x: area.right() - width, width, ..area };
            vec![(Metric::Loss, Rect { width, ..area }), (Metric::Top1, right)]
        }
        Metrics::Both if area.height >= 16 => {
            let height = area.height / 2;
            let lower = Rect { y: area.bottom() - height, height, ..area };
            vec![(Metric::Loss, Rect { height, ..area }), (Metric::Top1, lower)]
        }
        Metrics::Both => vec![(Metric::Loss, area)],
    }
}
