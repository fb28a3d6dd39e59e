//! Where the numbers, the bars and the images of a dataset go.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::{DataPanel, samples};
use crate::domain::data_preview::DataPreview;
use crate::domain::event::Split;
use crate::domain::text::{grouped, plural};
use crate::tui::images::{Paint, Tile};
use crate::tui::paint::{cut, put};
use crate::tui::theme::Theme;

/// From this width on classes are listed beside the images.
const LISTED: u16 = 56;
/// Most columns of that list.
const LIST: u16 = 46;
/// From so many rows on there are two classes' images below each other, then three, then four.
const ROWS: [u16; 3] = [14, 26, 44];
/// Images are averaged down to no fewer pixels.
const LEAST: u16 = 6;

/// Where everything goes; it depends on sizes only.
pub(super) struct DataGeometry {
    /// Rows of the facts above everything.
    facts: u16,
    /// The classes; `None` where there is no room beside the images.
    list: Option<Rect>,
    images: Rect,
    /// The row of the legend; empty where there is no room for it.
    legend: Rect,
    plan: ImagesPlan,
}

impl DataGeometry {
    pub(super) fn new(panel: &DataPanel, look: &DataPreview, area: Rect) -> Self {
        let facts = match (area.height, &look.short) {
            (..=12, _) => 1,
            (_, None) => 3,
            (_, Some(_)) => 4,
        };
        let legend = u16::from(area.height > 8);
        let body = Rect { y: area.y + facts, height: area.height.saturating_sub(facts + legend), ..area };
        let width = (body.width * 9 / 20).min(LIST);
        let list = (body.width >= LISTED).then_some(Rect { width, ..body });
        let images = match list {
            Some(_) => Rect { x: body.x + width + 2, width: body.width - width - 2, ..body },
            None => body,
        };
        let legend = Rect { y: area.bottom() - legend, height: legend, ..area };
        let plan = ImagesPlan::new(look, is_augmented(panel, look), images);
        Self { facts, list, images, legend, plan }
    }

    /// Images on a page of a class.
    pub(super) const fn a_page(&self, one_class: bool) -> usize {
        if one_class { self.plan.across * self.plan.rows } else { self.plan.across }
    }
}

fn is_augmented(panel: &DataPanel, look: &DataPreview) -> bool {
    panel.augmented && look.samples.iter().flatten().any(|sample| sample.altered.is_some())
}

/// What is painted and how.
pub(super) struct DataPicture<'a> {
    pub(super) panel: &'a DataPanel,
    pub(super) look: &'a DataPreview,
    pub(super) theme: &'a Theme,
    pub(super) paint: Paint<'a>,
}

impl DataPicture<'_> {
    pub(super) fn draw(&self, area: Rect, buf: &mut Buffer) {
        let geometry = DataGeometry::new(self.panel, self.look, area);
        self.facts(Rect { height: geometry.facts.min(area.height), ..area }, geometry.facts > 1, buf);
        if let Some(list) = geometry.list {
            self.list(list, buf);
        }
        let legend = self.images(&geometry, buf);
        let (area, theme) = (geometry.legend, self.theme);
        let mut x = area.x;
        let why = self.paint.why_none().map(str::to_owned);
        for text in why.into_iter().chain(legend) {
            let text = if x > area.x { format!(" · {text}") } else { text };
            if x + text.width() as u16 > area.right() {
                break;
            }
            x = put(buf, area, x, area.y, &text, theme.dim(), theme);
        }
    }

    /// Sizes, and where all that is, in one line or `in_full`.
    fn facts(&self, area: Rect, in_full: bool, buf: &mut Buffer) {
        let (look, theme) = (self.look, self.theme);
        let mut x = area.x;
        let sizes = [look.sizes.train, look.sizes.validation, look.sizes.test];
        for (split, size) in SPLITS.into_iter().zip(sizes) {
            let (mark, style) = match split == self.panel.split {
                true => (theme.glyph("▸", ">"), theme.strong()),
                false => ("", theme.dim()),
            };
            let text = format!("{mark}{} {}", name(split), grouped(size));
            x = put(buf, area, x, area.y, &text, style, theme);
            x = put(buf, area, x, area.y, if split == Split::Test { "" } else { " · " }, theme.dim(), theme);
        }
        let colours = if look.channels == 1 { "grey" } else { "colour" };
        let border = match look.seen > look.size {
            true => format!(", padded to {0}×{0}", look.seen),
            false => String::new(),
        };
        let classes = look.classes.len();
        let (size, plural) = (look.size, if classes == 1 { "class" } else { "classes" });
        let text = format!(" · {} {plural} · {size}×{size} {colours}{border}", grouped(classes));
        if !in_full {
            let text = text + &look.short.as_ref().map_or(String::new(), |short| format!(" · {short}"));
            put(buf, area, x, area.y, &text, theme.dim(), theme);
            return;
        }
        let text = text.trim_start_matches(" · ").to_owned();
        let place = look.place.as_deref().unwrap_or("built in");
        let numbers = |values: &[f64]| values.iter().map(|v| format!("{v:.3}")).collect::<Vec<_>>().join(" ");
        let moments = format!("mean {} · std {}", numbers(&look.mean), numbers(&look.std));
        let wide = format!("{text} · {moments}");
        if wide.width() <= area.width.into() {
            put(buf, area, area.x, area.y + 1, &wide, theme.dim(), theme);
        } else {
            put(buf, area, area.x, area.y + 1, &text, theme.dim(), theme);
        }
        // Beside the sizes, where there is room.
        let room = usize::from(area.right().saturating_sub(x)).saturating_sub(3);
        if room >= 12 {
            put(
                buf,
                area,
                x,
                area.y,
                &format!(" · {}", crate::tui::paint::cut_front(place, room)),
                theme.dim(),
                theme,
            );
        }
        if let Some(short) = &look.short {
            put(buf, area, area.x, area.y + 2, short, theme.warn(), theme);
        }
    }

    /// Every class, and how many images of the split it has.
    fn list(&self, area: Rect, buf: &mut Buffer) {
        let (look, theme, split) = (self.look, self.theme, self.panel.split);
        let classes = &look.classes;
        let most = classes.iter().map(|class| class.count(split)).max().unwrap_or(0);
        let height = usize::from(area.height);
        let top = self.panel.class.saturating_sub(height / 2).min(classes.len().saturating_sub(height));
        let digits = grouped(most).len().max(3) as u16;
        let longest = (top..classes.len()).take(height).map(|class| self.title(class).width()).max();
        let label = (longest.unwrap_or(0) as u16 + 2).min(area.width.saturating_sub(digits + 6).max(8));
        let bar = area.width.saturating_sub(label + digits + 2);
        let (full, slot) = (theme.glyph("▄", "#"), SPLITS.iter().position(|s| *s == split).unwrap_or(0));
        for (class, y) in (top..classes.len()).zip(area.top()..area.bottom()) {
            let here = class == self.panel.class;
            let style = if here { theme.selected() } else { theme.text() };
            let title = cut(&self.title(class), usize::from(label).saturating_sub(1));
            put(buf, area, area.x, y, &title, style, theme);
            let count = classes[class].count(split);
            let text = grouped(count);
            let at = area.x + label + digits.saturating_sub(text.len() as u16);
            put(buf, area, at, y, &text, theme.dim(), theme);
            let long = (count as f64 / most.max(1) as f64 * f64::from(bar)).round() as u16;
            let long = if count > 0 { long.max(1) } else { 0 };
            let at = area.x + label + digits + 1;
            put(buf, area, at, y, &full.repeat(long.into()), theme.series(slot), theme);
        }
    }

    /// `7 Sneaker`.
    fn title(&self, class: usize) -> String {
        match self.look.classes.get(class) {
            Some(known) if !known.name.is_empty() => format!("{class} {}", known.name),
            _ => format!("class {class}"),
        }
    }

    /// Images class by class from the cursor's on, or all of one class; what the legend says.
    fn images(&self, geometry: &DataGeometry, buf: &mut Buffer) -> Vec<String> {
        let (panel, look, theme) = (self.panel, self.look, self.theme);
        let (area, plan) = (geometry.images, geometry.plan);
        let altered = is_augmented(panel, look);
        let a_page = geometry.a_page(panel.one_class);
        if plan.across == 0 || plan.rows == 0 {
            return vec!["no room for images".into()];
        }
        let is_known = look.split == panel.split && !samples(look, panel.class).is_empty();
        let mut y = area.y;
        // As many as fit, also at the end.
        let top = panel.class.min(look.classes.len().saturating_sub(plan.rows));
        for row in 0..plan.rows {
            let class = if panel.one_class { panel.class } else { top + row };
            if class >= look.classes.len() {
                break;
            }
            if row == 0 || !panel.one_class {
                let about = &look.classes[class];
                let style = if class == panel.class { theme.strong() } else { theme.dim() };
                let x = put(buf, area, area.x, y, &self.title(class), style, theme);
                let group =
                    if about.group.is_empty() { String::new() } else { format!(" ({})", about.group) };
                let count = plural(about.count(panel.split), "image");
                put(buf, area, x, y, &format!("{group} · {count}"), theme.dim(), theme);
                y += 1;
            }
            let all = if look.split == panel.split { samples(look, class) } else { &[] };
            let from =
                if panel.one_class { panel.page * a_page + row * plan.across } else { panel.page * a_page };
            for (i, sample) in all.iter().skip(from).take(plan.across).enumerate() {
                let at = Position::new(area.x + i as u16 * (plan.pixels + 1), y);
                let tile = Tile { area, at, pixels: plan.pixels, paint: self.paint };
                match sample.altered.as_ref().filter(|_| altered) {
                    Some(pixels) => tile.image(pixels, look.seen, buf, theme),
                    None => tile.image(&sample.pixels, look.size, buf, theme),
                }
            }
            y += plan.pixels.div_ceil(2) + u16::from(panel.one_class);
        }
        let known = samples(look, panel.class).len();
        let first = panel.page * a_page;
        let of = look.classes.get(panel.class).map_or(0, |class| class.count(panel.split));
        let which = match is_known {
            false if panel.asked.is_waiting() => "reading…".into(),
            false => "no images".into(),
            true => format!("images {}–{} of {}", first + 1, (first + a_page).min(known), grouped(of)),
        };
        let seen = match altered {
            true => "augmented as in the first epoch".into(),
            false if look.samples.iter().flatten().any(|sample| sample.altered.is_some()) => {
                "as stored; v shows them augmented".into()
            }
            false => String::new(),
        };
        let more = if known < of && is_known { format!("first {known} previewed") } else { String::new() };
        [which, seen, more].into_iter().filter(|text| !text.is_empty()).collect()
    }
}

/// The splits, in the order of their counts.
const SPLITS: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

const fn name(split: Split) -> &'static str {
    match split {
        Split::Train => "train",
        Split::Validation => "validation",
        Split::Test => "test",
    }
}

/// How many images there are, and how large.
#[derive(Debug, Clone, Copy)]
struct ImagesPlan {
    /// An image's side, which is its columns.
    pixels: u16,
    /// Side by side.
    across: usize,
    /// Rows of images.
    rows: usize,
}

impl ImagesPlan {
    fn new(look: &DataPreview, altered: bool, area: Rect) -> Self {
        let size = if altered { look.seen } else { look.size }.clamp(1, 1024) as u16;
        let wanted = 1 + ROWS.iter().filter(|rows| area.height >= **rows).count() as u16;
        // A line above each row of images says what it is.
        let most = (2 * (area.height / wanted).saturating_sub(1)).min(area.width);
        let pixels = size.min(most - most % 2);
        if pixels < LEAST.min(size) || pixels == 0 {
            return Self { pixels: 0, across: 0, rows: 0 };
        }
        let across = usize::from((area.width + 1) / (pixels + 1));
        Self { pixels, across, rows: usize::from(area.height / (pixels.div_ceil(2) + 1)) }
    }
}
