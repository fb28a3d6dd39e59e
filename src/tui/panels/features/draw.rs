//! Where the image, the maps and their captions go.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::FeaturesPanel;
use crate::domain::dataset::DatasetId;
use crate::domain::features::{BlockMaps, Features};
use crate::domain::term::Term;
use crate::domain::text::grouped;
use crate::tui::images::palette::{colour, diverging, is_shaded, shade};
use crate::tui::images::{Paint, Tile};
use crate::tui::paint::{cut, put};
use crate::tui::panels::activations::three;
use crate::tui::theme::Theme;

/// Fewest rows of a map that shows anything.
const LEAST_ROWS: u16 = 2;
/// Maps are made larger than they are up to this side, pixels.
const LARGE: u16 = 16;
/// Columns of a term's name and its mean.
const LABEL: u16 = 7;
/// Columns of the classes below the image, where there is room for any.
const CLASSES: u16 = 17;

/// Where everything goes; it depends on sizes only.
pub(super) struct MapsGeometry {
    /// The image's side, columns; 0 where there is no room for it.
    image: u16,
    /// Columns of the image and the classes below it.
    left: u16,
    /// Between caption and legend.
    body: Rect,
    /// What the maps have of it.
    maps: Rect,
    /// Rows above the maps: what block this is, and the channels' numbers.
    heads: u16,
    /// The row of the legend; empty where there is no room for it.
    legend: Rect,
    pub(super) plan: MapsPlan,
}

impl MapsGeometry {
    pub(super) fn new(features: &Features, maps: &BlockMaps, area: Rect, all: bool) -> Self {
        let legend = u16::from(area.height > 5);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1 + legend), ..area };
        let fits = |pixels: u16| pixels > 0 && pixels <= body.width / 4 && pixels.div_ceil(2) <= body.height;
        let size = features.image.size.min(1024) as u16;
        let image = [size, size / 2, size / 4].into_iter().find(|pixels| fits(*pixels)).unwrap_or(0);
        let left = match image {
            0 => 0,
            image => image.max(if body.width >= 66 { CLASSES } else { 0 }) + 2,
        };
        let rest = Rect { x: body.x + left, width: body.width - left, ..body };
        let heads = if rest.height >= 8 { 2 } else { 1 };
        let plan = MapsPlan::new(maps, rest.width, rest.height.saturating_sub(heads), all);
        let legend = Rect { y: area.bottom() - legend, height: legend, ..area };
        Self { image, left, body, maps: rest, heads, legend, plan }
    }
}

/// What is painted and how.
pub(super) struct MapsPicture<'a> {
    pub(super) panel: &'a FeaturesPanel,
    pub(super) features: &'a Features,
    pub(super) dataset: DatasetId,
    pub(super) theme: &'a Theme,
    pub(super) paint: Paint<'a>,
}

impl MapsPicture<'_> {
    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer) {
        self.caption(area, buf);
        let Some(maps) = self.panel.maps() else { return };
        let geometry = MapsGeometry::new(self.features, maps, area, self.panel.all);
        self.image(&geometry, buf);
        let hidden = self.maps(maps, &geometry, buf);
        if !geometry.legend.is_empty() {
            self.legend(maps, hidden, geometry.legend, buf);
        }
    }

    /// `7 Sneaker`.
    fn class(&self, class: usize) -> String {
        match self.dataset.class_name(class) {
            Some(name) => format!("{class} {name}"),
            None => class.to_string(),
        }
    }

    /// Which image this is, its class, and what the network takes it for.
    fn caption(&self, area: Rect, buf: &mut Buffer) {
        let (theme, image) = (self.theme, &self.features.image);
        let next = match self.panel.asked.is_waiting() {
            true => format!(" (reading {}…)", grouped(self.panel.image.saturating_add(1))),
            false => String::new(),
        };
        let of = format!("image {} of {}{next}: ", grouped(image.index + 1), grouped(image.of));
        let x = put(buf, area, area.x, area.y, &of, theme.dim(), theme);
        let class = format!("class {}", self.class(image.class));
        let x = put(buf, area, x, area.y, &class, theme.strong(), theme);
        if let Some(first) = self.features.predicted.first() {
            let right = first.class == image.class;
            let style = if right { theme.good() } else { theme.warn() };
            let text = match first.probability.is_finite() {
                true => {
                    format!(", predicted {} ({:.1}%)", self.class(first.class), 100.0 * first.probability)
                }
                false => ", no prediction: the logits are not finite".into(),
            };
            put(buf, area, x, area.y, &text, style, theme);
        }
    }

    /// Paints the image and the likeliest classes below it.
    fn image(&self, geometry: &MapsGeometry, buf: &mut Buffer) {
        let (theme, image, area) = (self.theme, &self.features.image, geometry.body);
        let Some(width) = geometry.left.checked_sub(2) else { return };
        let pixels = geometry.image;
        let tile = Tile { area, at: area.as_position(), pixels, paint: self.paint };
        tile.image(&image.pixels, image.size, buf, theme);
        if width < CLASSES {
            return;
        }
        let column = Rect { width, ..area };
        for (y, prediction) in (area.y + pixels.div_ceil(2) + 1..area.bottom()).zip(&self.features.predicted)
        {
            let share = format!("{:.1}%", 100.0 * prediction.probability);
            let name = self
                .dataset
                .class_name(prediction.class)
                .map_or_else(|| format!("class {}", prediction.class), str::to_owned);
            let style = if prediction.class == image.class { theme.good() } else { theme.text() };
            let room = usize::from(width).saturating_sub(share.len() + 1);
            put(buf, column, column.x, y, &cut(&name, room), style, theme);
            let at = column.right().saturating_sub(share.len() as u16);
            put(buf, column, at, y, &share, theme.dim(), theme);
        }
    }

    /// Paints a row of maps for every term; the terms for which there was no room.
    fn maps(&self, maps: &BlockMaps, geometry: &MapsGeometry, buf: &mut Buffer) -> usize {
        let theme = self.theme;
        let MapsGeometry { maps: area, heads, plan, .. } = *geometry;
        let (panel, channels, peak) = (self.panel, maps.channels(), maps.scale);
        let first = panel.channel.min(channels.saturating_sub(plan.across));
        if heads == 2 {
            let size = maps.size();
            let text = format!(
                "block {} of {} · {size}×{size} maps · channels {first}–{} of {channels}",
                maps.block,
                self.features.blocks.len(),
                first + plan.across.saturating_sub(1),
            );
            put(buf, area, area.x, area.y, &text, theme.strong(), theme);
        }
        let numbers = area.y + heads - 1;
        let what = if heads == 2 { "channel".to_owned() } else { format!("block{}", maps.block) };
        put(buf, Rect { width: LABEL.min(area.width), ..area }, area.x, numbers, &what, theme.dim(), theme);
        let column = |i: usize| area.x + LABEL + 1 + i as u16 * (plan.pixels + 1);
        // As many numbers as have room.
        let digits = channels.to_string().len() as u16;
        let every = usize::from((digits + 1).div_ceil(plan.pixels + 1));
        for i in (0..plan.columns).step_by(every) {
            put(buf, area, column(i), numbers, &(first + i).to_string(), theme.dim(), theme);
        }
        let last = maps.rows.len() - 1;
        let shown = (0..plan.rows.saturating_sub(1)).chain((plan.rows > 0).then_some(last));
        for (place, term) in (0..).zip(shown) {
            let maps = &maps.rows[term];
            let y = area.y + heads + place * (plan.rows_of_term() + plan.gap);
            let label = Rect { width: LABEL.min(area.width), ..area };
            put(buf, label, area.x, y, &name(maps.term), theme.strong(), theme);
            put(buf, label, area.x, y + 1, &three(maps.mean), theme.dim(), theme);
            for line in 1..plan.lines {
                let channel = format!("{:>6}", first + line * plan.columns);
                put(buf, label, area.x, y + plan.y_of(line), &channel, theme.dim(), theme);
            }
            for i in 0..plan.across {
                let peak = match panel.own_scale {
                    true => maps.peaks.get(first + i).copied().unwrap_or(0.0),
                    false => peak,
                };
                let at = Position::new(column(i % plan.columns), y + plan.y_of(i / plan.columns));
                let tile = Tile { area, at, pixels: plan.pixels, paint: self.paint };
                tile.map(maps.map(first + i), maps.size, peak, buf, theme);
            }
        }
        last + 1 - plan.rows
    }

    /// What colours or characters mean.
    fn legend(&self, maps: &BlockMaps, hidden: usize, area: Rect, buf: &mut Buffer) {
        let theme = self.theme;
        let most = match self.panel.own_scale {
            true => "max".to_owned(),
            false => three(maps.scale.into()),
        };
        let mut x = put(buf, area, area.x, area.y, &format!("−{most} "), theme.dim(), theme);
        for i in -9..=9_i8 {
            let value = f32::from(i) / 9.0;
            let mut text = [0; 4];
            let (c, style) = match is_shaded(theme) {
                true => shade(value, theme),
                false => (' ', theme.text().bg(colour(diverging(value, theme.ground), theme))),
            };
            x = put(buf, area, x, area.y, c.encode_utf8(&mut text), style, theme);
        }
        x = put(buf, area, x, area.y, &format!(" {most}"), theme.dim(), theme);
        let mut said: Vec<_> = self.paint.why_none().map(str::to_owned).into_iter().collect();
        if hidden > 0 {
            said.push(format!("{hidden} terms hidden: too few rows"));
        }
        if is_shaded(theme) {
            said.push("digits: negative".into());
        }
        said.push(match self.panel.own_scale {
            true => "each map scaled to its own max |value|".into(),
            false => "colour scale covers 99% of values".into(),
        });
        said.push("numbers: mean |activation|".into());
        for text in said.iter().map(|text| format!("  {text}")) {
            if x + text.width() as u16 > area.right() {
                break;
            }
            x = put(buf, area, x, area.y, &text, theme.dim(), theme);
        }
    }
}

/// `F`, `0→3`, `sum`.
fn name(term: Option<Term>) -> String {
    match term {
        Some(Term::Residual(_)) => "F".into(),
        Some(Term::Hop(hop)) => format!("{}→{}", hop.source, hop.target),
        None => "sum".into(),
    }
}

/// How many maps there are, and how large.
#[derive(Debug, Clone, Copy)]
pub(super) struct MapsPlan {
    /// Terms, from F on; the last is always the sum.
    rows: usize,
    /// Channels of each term.
    pub(super) across: usize,
    /// Of these, how many are side by side, and in how many lines.
    columns: usize,
    lines: usize,
    /// A map's side, which is its columns.
    pixels: u16,
    /// A map's rows.
    height: u16,
    /// Rows between the lines of a term.
    line_gap: u16,
    /// Rows between terms.
    gap: u16,
}

/// The smallest side of a map in a grid of all channels, pixels.
const SMALLEST: u16 = 4;

impl MapsPlan {
    /// Every channel in a grid, where maps keep at least half of their side, or a few pixels
    /// where `all` are wanted; else a line of as many as there is room for.
    fn new(maps: &BlockMaps, width: u16, height: u16, all: bool) -> Self {
        let line = Self::line(maps, width, height);
        let size = maps.size().clamp(1, 1024) as u16;
        let least = if all { SMALLEST } else { size.div_ceil(2).max(SMALLEST) };
        let is_whole = line.across >= maps.channels();
        if is_whole { line } else { Self::grid(maps, width, height, least).unwrap_or(line) }
    }

    /// All channels of all terms, in the largest maps that have place, with sides of `least` pixels
    /// or more; `None` where they have none.
    fn grid(maps: &BlockMaps, width: u16, height: u16, least: u16) -> Option<Self> {
        let (terms, channels) = (maps.rows.len().clamp(1, 100), maps.channels());
        let room = width.saturating_sub(LABEL + 1);
        let size = maps.size().clamp(1, 1024) as u16;
        let larger = (2..=LARGE / size.min(LARGE)).rev().map(|times| size * times);
        let smaller = (0..10).map(|halved| size >> halved);
        let sides = larger.chain(smaller).filter(|side| *side >= least && side % 2 == 0);
        sides.into_iter().find_map(|pixels| {
            let columns = usize::from((room + 1) / (pixels + 1)).min(channels);
            let lines = channels.div_ceil(columns.max(1));
            let tile = usize::from(pixels / 2);
            let rows = |gap: usize| terms * (lines * (tile + gap) - gap) + terms - 1;
            let fits = |gap: &usize| columns > 0 && rows(*gap) <= usize::from(height);
            let line_gap = [1, 0].into_iter().find(fits)? as u16;
            let height = tile as u16;
            Some(Self { rows: terms, across: channels, columns, lines, pixels, height, line_gap, gap: 1 })
        })
    }

    /// The rows of all lines of a term.
    fn rows_of_term(&self) -> u16 {
        self.y_of(self.lines).saturating_sub(self.line_gap)
    }

    /// The row that a line begins in.
    fn y_of(&self, line: usize) -> u16 {
        line as u16 * (self.height + self.line_gap)
    }

    fn line(maps: &BlockMaps, width: u16, height: u16) -> Self {
        let terms = maps.rows.len().clamp(1, 100) as u16;
        let rows = terms.min((height / LEAST_ROWS).max(u16::from(height > 0)));
        let room = width.saturating_sub(LABEL + 1);
        let size = maps.size().clamp(1, 1024) as u16;
        let most = (2 * (height / rows.max(1))).min(room);
        let pixels = match most / size {
            // Averaged down to what there is.
            0 => most - most % 2,
            // Whole times as large.
            times => size * times.min((LARGE / size).max(1)),
        };
        let across = usize::from((room + 1) / (pixels + 1)).min(maps.channels());
        let tile = pixels.div_ceil(2);
        let gap = u16::from(rows > 0 && rows * tile + rows - 1 <= height);
        let across = if pixels == 0 { 0 } else { across };
        Self { rows: rows.into(), across, columns: across, lines: 1, pixels, height: tile, line_gap: 0, gap }
    }
}
