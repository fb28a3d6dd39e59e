//! The lines above the plots: which run is which, and its values.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::Item;
use super::series::Series;
use super::view::{CurveView, PlottedMetric, Splits, XAxis};
use crate::domain::event::Split::{self, Train, Validation};
use crate::domain::text::{learning_rate, signed};
use crate::tui::labels::cut_apart;
use crate::tui::plot::axis;
use crate::tui::plot::write;
use crate::tui::theme::Theme;

/// Columns before a name: letter, sample of the lines, gap.
const SAMPLE: u16 = 5;

/// The least columns that a name gets before values are left out.
const NAME: u16 = 10;

/// Between columns.
const GAP: u16 = 2;

/// Whether a value is better or worse than the baseline's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Plain,
    Better,
    Worse,
}

#[derive(Debug, Clone, PartialEq)]
struct Column {
    heading: String,
    cells: Vec<(String, Tone)>,
    width: u16,
}

#[derive(Debug, Clone, PartialEq)]
struct Row {
    slot: usize,
    name: String,
    tag: String,
}

/// The lines above the plots.
#[derive(Debug, Clone, PartialEq)]
pub struct Legend {
    area: Rect,
    splits: Splits,
    /// Where the cursor reads, if anywhere.
    heading: Option<Option<String>>,
    /// How many runs have no line, above and below.
    hidden: (usize, usize),
    rows: Vec<Row>,
    columns: Vec<Column>,
    /// Columns for names and tags.
    name_width: u16,
}

impl Legend {
    /// How many runs it shows.
    pub fn page(&self) -> usize {
        self.rows.len()
    }

    /// The lines that a legend of `count` takes of `height`.
    pub fn height(count: usize, height: u16) -> u16 {
        match height {
            0..5 => 0,
            5..8 => 1,
            _ => 1 + (height / 3 - 1).min(count.try_into().unwrap_or(u16::MAX)),
        }
    }

    /// Reads the values of all `items`, and keeps what fits into `area`.
    pub fn new(items: &[Item], view: &CurveView, metrics: &[PlottedMetric], area: Rect, top: usize) -> Self {
        let has_heading = area.height > 1;
        let count = items.len().min(usize::from(area.height - u16::from(has_heading)));
        let top = top.min(items.len() - count);
        let hidden = (top, items.len() - count - top);
        let kept = kept(items, count, top);
        let rows = kept.iter().map(|item| Row {
            slot: item.slot,
            name: item.name.clone(),
            tag: tag(item, if has_heading { (0, 0) } else { hidden }),
        });
        let rows: Vec<Row> = rows.collect();
        let baseline = items.iter().find(|i| i.baseline).map(|i| i.series).filter(|_| items.len() > 1);
        let mut columns = Vec::new();
        for metric in metrics {
            let alone = metrics.len() == 1;
            columns.extend(columns_of(*metric, alone, &kept, baseline, view));
        }
        let longest = rows.iter().map(|r| (r.name.width() + r.tag.width()) as u16).max().unwrap_or(0);
        let least = rows.iter().map(|r| r.tag.width() as u16).max().unwrap_or(0) + NAME;
        let at = view.cursor.map(|x| place(view.x, x));
        let heading = has_heading.then_some(at);
        let longest = longest.max(if has_heading && view.cursor.is_some() { 16 } else { 0 });
        let room = area.width.saturating_sub(SAMPLE);
        let wide = |columns: &[Column]| columns.iter().map(|c| c.width + GAP).sum::<u16>();
        while !columns.is_empty() && wide(&columns) + least.min(longest) > room {
            columns.pop();
        }
        let name_width = longest.min(room - wide(&columns));
        Self { area, splits: view.splits, heading, hidden, rows, columns, name_width }
    }

    /// Runs that are scrolled past.
    pub const fn top(&self) -> usize {
        self.hidden.0
    }

    /// Whether there are more runs than rows.
    pub const fn is_scrolled(&self) -> bool {
        self.hidden.0 + self.hidden.1 > 0
    }

    /// Whether a cell is the legend's.
    pub const fn contains(&self, at: Position) -> bool {
        self.area.contains(at)
    }

    /// Paints it; `clip` is where it may paint.
    pub fn draw(&self, clip: Rect, buf: &mut Buffer, theme: &Theme) {
        let clip = clip.intersection(self.area);
        let mut y = self.area.y;
        if let Some(at) = &self.heading {
            let more = match more(self.hidden) {
                Some(more) => theme.plain(&format!("{more}  ")).into_owned(),
                None => String::new(),
            };
            write(buf, clip, (self.area.x + SAMPLE, y), &more, theme.dim());
            let x = self.area.x + SAMPLE + more.width() as u16;
            write(buf, clip, (x, y), &theme.plain(at.as_deref().unwrap_or("")), theme.accent());
            for (column, right) in self.columns.iter().zip(self.rights()) {
                self.write_right(buf, clip, (right, y), &theme.plain(&column.heading), theme.dim());
            }
            y += 1;
        }
        let room = |row: &Row| usize::from(self.name_width).saturating_sub(theme.plain(&row.tag).width());
        let names: Vec<_> = self.rows.iter().map(|row| (theme.plain(&row.name), room(row))).collect();
        let names: Vec<_> = names.iter().map(|(name, room)| (name.as_ref(), *room)).collect();
        let names = cut_apart(&names, theme.glyph("…", ".."));
        for (i, (row, name)) in self.rows.iter().zip(&names).enumerate() {
            self.draw_row(i, row, name, y, clip, buf, theme);
            y += 1;
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a row and where it is")]
    fn draw_row(&self, i: usize, row: &Row, name: &str, y: u16, clip: Rect, buf: &mut Buffer, theme: &Theme) {
        let style = theme.series(row.slot);
        let letter = Theme::letter(row.slot);
        let mark = if theme.needs_letters() { letter } else { theme.glyph("●", "o") };
        let dash = theme.glyph("━", "-");
        let sample = match self.splits {
            Splits::Both => format!("{dash}{mark}{dash}"),
            Splits::Train if theme.needs_letters() => format!("{dash}{dash}{letter}"),
            Splits::Train => format!("{dash}{dash}{dash}"),
            Splits::Validation => format!("{mark}{dash}{mark}"),
        };
        write(buf, clip, (self.area.x, y), &sample, style);
        let tag = theme.plain(&row.tag);
        let x = self.area.x + SAMPLE - 1;
        write(buf, clip, (x, y), name, theme.text());
        write(buf, clip, (x + name.width() as u16, y), &tag, theme.dim());
        for (column, right) in self.columns.iter().zip(self.rights()) {
            let (text, tone) = &column.cells[i];
            let style = match tone {
                Tone::Plain => theme.text(),
                Tone::Better => theme.good(),
                Tone::Worse => theme.bad(),
            };
            self.write_right(buf, clip, (right, y), &theme.plain(text), style);
        }
    }

    /// Where columns end.
    fn rights(&self) -> impl Iterator<Item = u16> + '_ {
        let start = self.area.x + SAMPLE + self.name_width;
        self.columns.iter().scan(start, |right, column| {
            *right += column.width + GAP;
            Some(*right)
        })
    }

    fn write_right(&self, buf: &mut Buffer, clip: Rect, (right, y): (u16, u16), text: &str, style: Style) {
        write(buf, clip, (right.saturating_sub(text.width() as u16 + 1), y), text, style);
    }
}

/// So many of `items` from `top` on; where that is not all, the run under the cursor in Runs
/// and the baseline come before the others.
fn kept<'a, 'b>(items: &'a [Item<'b>], count: usize, top: usize) -> Vec<&'a Item<'b>> {
    let mut kept: Vec<&Item> = items.iter().collect();
    if count < items.len() {
        kept.sort_by_key(|item| (!item.current, !item.baseline));
        kept.drain(..top);
        kept.truncate(count);
    }
    kept
}

/// How many runs have no line.
fn more(hidden: (usize, usize)) -> Option<String> {
    match hidden {
        (0, 0) => None,
        (0, below) => Some(format!("+{below} more")),
        (above, below) => Some(format!("↑{above} ↓{below}")),
    }
}

fn tag(item: &Item, hidden: (usize, usize)) -> String {
    let mut tag = String::new();
    if item.count > 1 {
        tag += &format!(" ×{} seeds", item.count);
    }
    if item.baseline {
        tag += " (baseline)";
    }
    if let Some(more) = more(hidden) {
        tag += &format!(" {more}");
    }
    tag
}

/// The columns of one metric: what the cursor reads, or where runs are now.
fn columns_of(
    metric: PlottedMetric,
    alone: bool,
    items: &[&Item],
    baseline: Option<&Series>,
    view: &CurveView,
) -> Vec<Column> {
    let mut columns = Vec::new();
    let mut push = |heading: String, cells: Vec<(String, Tone)>| {
        let width = cells.iter().map(|(text, _)| text.width()).chain([heading.width()]).max().unwrap_or(0);
        columns.push(Column { heading, cells, width: width as u16 });
    };
    let of = view.splits_of(metric);
    let splits = [(of.train(), Train, "train "), (of.validation(), Validation, "val ")];
    let splits = splits.into_iter().filter(|(shown, ..)| *shown);
    for (_, split, name) in splits {
        let decimals = decimals(metric, split);
        let read = |series: &Series| reading(series, split, metric, view);
        let cells = items.iter().map(|i| (shown(read(i.series), metric, decimals), Tone::Plain));
        let name = if metric == PlottedMetric::LearningRate { "" } else { name };
        push(format!("{name}{}", metric.name()), cells.collect());
        if let Some(baseline) = baseline.filter(|_| view.cursor.is_some()) {
            let base = read(baseline).map(|(value, _)| value);
            let cells = items.iter().map(|item| match (read(item.series), base) {
                _ if item.baseline => (String::new(), Tone::Plain),
                (Some((value, _)), Some(base)) => difference(value - base, metric, decimals),
                _ => ("–".into(), Tone::Plain),
            });
            push("Δ".into(), cells.collect());
        }
    }
    if alone && view.cursor.is_none() && of.validation() {
        let best = |item: &Item| shown(best(item.series, metric), metric, decimals(metric, Validation));
        push("best val".into(), items.iter().map(|item| (best(item), Tone::Plain)).collect());
    }
    columns
}

/// Value and, of a mean, its standard deviation: at the cursor, or the last.
fn reading(
    series: &Series,
    split: Split,
    metric: PlottedMetric,
    view: &CurveView,
) -> Option<(f64, Option<f64>)> {
    let points = if split == Train { &series.train } else { &series.validation };
    let strand = points.of(metric);
    let last = points.len().checked_sub(1)?;
    let at = match view.cursor {
        None => last,
        Some(x) if x > series.end(view.x) => return None,
        Some(x) => points.latest(view.x, x)?,
    };
    let value = f64::from(strand.y.values()[at]);
    let std = strand.band.as_ref().map(|(low, high)| {
        let (low, high) = (f64::from(low.values()[at]), f64::from(high.values()[at]));
        (high - low) / 2.0
    });
    let std = std.filter(|std| std.is_finite());
    Some((value, std))
}

fn best(series: &Series, metric: PlottedMetric) -> Option<(f64, Option<f64>)> {
    let points = &series.validation;
    let track = &points.of(metric).y;
    let (low, high) = track.extremes(0..points.len(), f32::NEG_INFINITY)?;
    let at = if metric == PlottedMetric::Loss { low } else { high };
    Some((f64::from(track.values()[at]), None))
}

/// Batches are too small for the second digit of their accuracy to mean anything.
fn decimals(metric: PlottedMetric, split: Split) -> usize {
    match (metric, split) {
        (PlottedMetric::Loss, _) => 3,
        (PlottedMetric::LearningRate, _) => 5,
        (PlottedMetric::Top1, Train) => 1,
        (PlottedMetric::Top1, _) => 2,
    }
}

fn shown(reading: Option<(f64, Option<f64>)>, metric: PlottedMetric, decimals: usize) -> String {
    let Some((value, std)) = reading else {
        return "–".into();
    };
    let std = std.map_or_else(String::new, |std| format!("±{std:.decimals$}"));
    match metric {
        PlottedMetric::LearningRate => learning_rate(value),
        PlottedMetric::Loss if value.abs() < 1e-3 && value != 0.0 => format!("{value:.1e}{std}"),
        PlottedMetric::Loss if value.abs() >= 1e4 => format!("{value:.1e}"),
        PlottedMetric::Loss => format!("{value:.decimals$}{std}"),
        PlottedMetric::Top1 => format!("{value:.decimals$}{std}%"),
    }
}

fn difference(by: f64, metric: PlottedMetric, decimals: usize) -> (String, Tone) {
    let text = signed(by, decimals);
    let visible = text.bytes().any(|b| (b'1'..=b'9').contains(&b));
    let tone = match metric {
        _ if !visible => Tone::Plain,
        // Neither is better.
        PlottedMetric::LearningRate => Tone::Plain,
        PlottedMetric::Loss if by < 0.0 => Tone::Better,
        PlottedMetric::Top1 if by > 0.0 => Tone::Better,
        _ => Tone::Worse,
    };
    (text, tone)
}

/// Where the cursor is, with its unit.
fn place(axis: XAxis, x: f64) -> String {
    match axis {
        XAxis::Step => format!("step {x:.0}"),
        XAxis::Epoch => format!("epoch {x:.2}"),
        XAxis::Time => format!("at {}", axis::duration(x, if x < 60.0 { 0.1 } else { 1.0 })),
    }
}
