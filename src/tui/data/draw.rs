//! Where the numbers, the bars and the images of a dataset go.

use std::cell::RefCell;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use super::{DataPanel, Unseen, samples};
use crate::domain::data_preview::DataPreview;
use crate::domain::event::Split;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::{filesize, grouped, harmless, plural, wrap};
use crate::tui::images::{Font, Gallery, Grid, Paint, Tile};
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

impl DataPanel {
    /// Paints the data of `spec`, or why there are none.
    pub fn draw(
        &self,
        spec: &ExperimentSpec,
        replays: bool,
        gallery: &Gallery,
        area: Rect,
        buf: &mut Buffer,
        theme: &Theme,
    ) {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return;
        }
        if let Some(look) = self.look(spec, replays) {
            return View { panel: self, look, theme, paint: Paint::Shown(gallery) }.draw(area, buf);
        }
        let mut y = area.top();
        for paragraph in self.why_nothing(spec, replays) {
            for line in wrap(&paragraph, area.width.into()) {
                put(buf, area, area.x, y, &line, theme.dim(), theme);
                y += 1;
            }
            y += 1;
        }
    }

    /// The pictures that [`Self::draw`] paints with these arguments, and where.
    pub fn pictures(
        &self,
        spec: &ExperimentSpec,
        replays: bool,
        area: Rect,
        theme: &Theme,
        font: Font,
    ) -> Vec<(Rect, Grid)> {
        let Some(look) = self.look(spec, replays) else { return Vec::new() };
        let list = RefCell::default();
        View { panel: self, look, theme, paint: Paint::Listed(&list, font) }
            .draw(area, &mut Buffer::empty(area));
        list.into_inner()
    }

    fn why_nothing(&self, spec: &ExperimentSpec, replays: bool) -> Vec<String> {
        let dataset = spec.dataset.name();
        if replays {
            return vec![format!(
                "A recording has no images. Without one this shows those of the draft's dataset, here {dataset}."
            )];
        }
        let Some(Unseen { fault, offer }) = &self.unseen else {
            return vec![format!("Reading {dataset}")];
        };
        let offer = offer.as_ref().map(|offer| {
            let folder = harmless(&offer.folder.to_string_lossy(), 200);
            let (size, host) = (filesize(offer.bytes()), offer.host());
            format!("f fetches it: {size} from {host} to {folder}.")
        });
        std::iter::once(fault.clone()).chain(offer).collect()
    }
}

/// What is painted and how.
struct View<'a> {
    panel: &'a DataPanel,
    look: &'a DataPreview,
    theme: &'a Theme,
    paint: Paint<'a>,
}

impl View<'_> {
    fn draw(&self, area: Rect, buf: &mut Buffer) {
        let facts = self.facts(area, buf);
        let legend = u16::from(area.height > 8);
        let body = Rect { y: area.y + facts, height: area.height.saturating_sub(facts + legend), ..area };
        let mut images = body;
        if body.width >= LISTED {
            let width = (body.width * 9 / 20).min(LIST);
            self.list(Rect { width, ..body }, buf);
            images = Rect { x: body.x + width + 2, width: body.width - width - 2, ..body };
        }
        let said = self.images(images, buf);
        if legend > 0 {
            let mut x = area.x;
            let why = self.paint.why_none().map(str::to_owned);
            for text in why.into_iter().chain(said) {
                let text = if x > area.x { format!(" · {text}") } else { text };
                if x + text.width() as u16 > area.right() {
                    break;
                }
                x = put(buf, area, x, area.bottom() - 1, &text, self.theme.dim(), self.theme);
            }
        }
    }

    /// Sizes, and where all that is; the rows it takes.
    fn facts(&self, area: Rect, buf: &mut Buffer) -> u16 {
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
            true => format!(", seen as {0}×{0}", look.seen),
            false => String::new(),
        };
        let classes = look.classes.len();
        let (size, plural) = (look.size, if classes == 1 { "class" } else { "classes" });
        let text = format!(" · {} {plural} · {size}×{size} {colours}{border}", grouped(classes));
        if area.height <= 12 {
            let text = text + &look.short.as_ref().map_or(String::new(), |short| format!(" · {short}"));
            put(buf, area, x, area.y, &text, theme.dim(), theme);
            return 1;
        }
        let text = text.trim_start_matches(" · ").to_owned();
        let place = look.place.as_deref().unwrap_or("compiled in");
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
        let Some(short) = &look.short else { return 3 };
        put(buf, area, area.x, area.y + 2, short, theme.warn(), theme);
        4
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

    /// Images class by class from the cursor's on, or all of one class; what there is to say.
    fn images(&self, area: Rect, buf: &mut Buffer) -> Vec<String> {
        let (panel, look, theme) = (self.panel, self.look, self.theme);
        let altered = panel.altered && look.samples.iter().flatten().any(|sample| sample.altered.is_some());
        let plan = Plan::new(look, altered, area);
        let a_page = if panel.one_class { plan.across * plan.rows } else { plan.across };
        panel.a_page.set(a_page);
        if plan.across == 0 || plan.rows == 0 {
            return vec!["no room for images".into()];
        }
        let is_told = look.split == panel.split && !samples(look, panel.class).is_empty();
        let mut y = area.y;
        // As many as fit, also at the end.
        let top = panel.class.min(look.classes.len().saturating_sub(plan.rows));
        for row in 0..plan.rows {
            let class = if panel.one_class { panel.class } else { top + row };
            if class >= look.classes.len() {
                break;
            }
            if row == 0 || !panel.one_class {
                let known = &look.classes[class];
                let style = if class == panel.class { theme.strong() } else { theme.dim() };
                let x = put(buf, area, area.x, y, &self.title(class), style, theme);
                let group =
                    if known.group.is_empty() { String::new() } else { format!(" ({})", known.group) };
                let count = plural(known.count(panel.split), "image");
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
        let told = samples(look, panel.class).len();
        let first = panel.page * a_page;
        let of = look.classes.get(panel.class).map_or(0, |class| class.count(panel.split));
        let which = match is_told {
            false if panel.waits => "reading…".into(),
            false => "no images".into(),
            true => format!("images {}–{} of {}", first + 1, (first + a_page).min(told), grouped(of)),
        };
        let seen = match altered {
            true => "as the network sees them in the first epoch".into(),
            false if look.samples.iter().flatten().any(|sample| sample.altered.is_some()) => {
                "as in the files; v shows what training makes of them".into()
            }
            false => String::new(),
        };
        let more =
            if told < of && is_told { format!("the first {told} can be looked at") } else { String::new() };
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
struct Plan {
    /// An image's side, which is its columns.
    pixels: u16,
    /// Side by side.
    across: usize,
    /// Rows of images.
    rows: usize,
}

impl Plan {
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
