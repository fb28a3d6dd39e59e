//! Where the parts of the network stand from left to right, as wide as there is room.

use crate::domain::architecture::Architecture;
use crate::tui::theme::Theme;

/// Columns at the left for the names of lanes.
const LABELS: usize = 2;

/// A box of the trunk.
#[derive(Debug)]
pub struct DiagramStage {
    /// Its left border.
    pub left: usize,
    /// Its right border.
    pub right: usize,
    /// What it says, most important first but for the middle one of three.
    pub lines: [String; 3],
    /// Without a frame it is the one column of what its first line says.
    pub framed: bool,
}

/// The columns of everything in the diagram.
#[derive(Debug)]
pub struct Columns {
    /// Where the trunk starts.
    pub start: usize,
    /// What stands for the image, and what it says below.
    pub image: [String; 2],
    /// Stem, blocks, head.
    pub stages: Vec<DiagramStage>,
    /// Where arcs leave each level but the last.
    leaving: Vec<usize>,
    /// Where arcs arrive at each block, which is where they are added to its output.
    arriving: Vec<usize>,
    /// Of the whole diagram.
    pub width: usize,
}

impl Columns {
    /// Where arcs from `level` leave.
    pub fn leaving(&self, level: usize) -> usize {
        self.leaving[level]
    }

    /// Where arcs into `block` arrive.
    pub fn arriving(&self, block: usize) -> usize {
        self.arriving[block - 1]
    }

    /// The most that fits in `room` columns, stretched to fill some of what is left;
    /// wider than `room` when nothing fits.
    pub fn fit(network: &Architecture, room: usize, theme: &Theme) -> Self {
        let tightest = (Detail::Number, Gaps::BARE);
        let (detail, gaps) = LAYOUTS
            .into_iter()
            .find(|(detail, gaps)| Self::place(network, *detail, *gaps, theme).width <= room)
            .unwrap_or(tightest);
        let placed = Self::place(network, detail, gaps, theme);
        let spare = room.saturating_sub(placed.width) / (network.blocks.len() + 1);
        let spare = spare.min(STRETCH);
        let stretched =
            Gaps { before: gaps.before + spare / 2, after: gaps.after + spare.div_ceil(2), ..gaps };
        Self::place(network, detail, stretched, theme)
    }

    /// Lines that the boxes have to say.
    pub fn lines(&self) -> usize {
        let said = |stage: &DiagramStage| stage.lines.iter().filter(|line| !line.is_empty()).count();
        self.stages.iter().map(said).max().unwrap_or(0)
    }

    /// Columns of the roomiest diagram.
    pub fn full(network: &Architecture, theme: &Theme) -> Self {
        Self::place(network, Detail::Full, Gaps::WIDE, theme)
    }

    fn place(network: &Architecture, detail: Detail, gaps: Gaps, theme: &Theme) -> Self {
        let blocks = network.blocks.len();
        let image = image(network, detail, theme);
        let said = if gaps.stem { detail } else { Detail::Number };
        let mut stages = vec![stem(network, said, theme)];
        stages.extend((1..=blocks).map(|b| block(network, b, detail, theme)));
        stages.push(head(network, detail));
        let widest = stages[1..=blocks].iter().flatten().map(|line| line.chars().count()).max().unwrap_or(0);

        let start = LABELS + usize::from(gaps.ends);
        let (leaving, arriving) = (Vec::new(), Vec::new());
        let mut columns = Self { start, image, stages: Vec::new(), leaving, arriving, width: 0 };
        let mut x = start;
        if gaps.ends {
            x += columns.image.iter().map(|line| line.chars().count()).max().unwrap_or(0) + 1;
        } else {
            columns.image = Default::default();
        }
        for (level, lines) in stages.into_iter().enumerate() {
            let own = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
            let inner = if (1..=blocks).contains(&level) { widest } else { own };
            let framed = gaps.ends || level <= blocks;
            let right = if framed { x + inner + 1 } else { x };
            columns.stages.push(DiagramStage { left: x, right, lines, framed });
            x = right + 1 + gaps.before;
            if (1..=blocks).contains(&level) {
                columns.arriving.push(x);
                x += 1 + gaps.between;
            }
            if level < blocks {
                columns.leaving.push(x);
                x += 1 + gaps.after;
            }
            columns.width = right + 1;
        }
        columns
    }
}

/// How much boxes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// Their number alone.
    Number,
    /// And their channels.
    Channels,
    /// And their pixels, in a line of their own.
    Sizes,
    /// And their pixels, beside the channels.
    Pixels,
    /// In words.
    Full,
}

/// Columns of trunk around the place where arcs arrive and the one where they leave.
#[derive(Debug, Clone, Copy)]
struct Gaps {
    before: usize,
    between: usize,
    after: usize,
    /// Whether there is something before the stem, and a frame around the head.
    ends: bool,
    /// Whether the stem says more than that it is one.
    stem: bool,
}

impl Gaps {
    const WIDE: Self = Self { before: 1, between: 1, after: 1, ends: true, stem: true };
    const NARROW: Self = Self { before: 0, between: 1, after: 0, ends: true, stem: true };
    const NONE: Self = Self { before: 0, between: 0, after: 0, ends: true, stem: true };
    const BARE: Self = Self { ends: false, ..Self::NONE };
    const LEAST: Self = Self { stem: false, ..Self::BARE };
}

/// From the roomiest to the tightest. What boxes say is worth more than space between them.
const LAYOUTS: [(Detail, Gaps); 18] = [
    (Detail::Full, Gaps::WIDE),
    (Detail::Full, Gaps::NARROW),
    (Detail::Pixels, Gaps::WIDE),
    (Detail::Pixels, Gaps::NARROW),
    (Detail::Sizes, Gaps::WIDE),
    (Detail::Sizes, Gaps::NARROW),
    (Detail::Sizes, Gaps::NONE),
    (Detail::Sizes, Gaps::BARE),
    (Detail::Sizes, Gaps::LEAST),
    (Detail::Channels, Gaps::WIDE),
    (Detail::Channels, Gaps::NARROW),
    (Detail::Channels, Gaps::NONE),
    (Detail::Channels, Gaps::BARE),
    (Detail::Channels, Gaps::LEAST),
    (Detail::Number, Gaps::WIDE),
    (Detail::Number, Gaps::NARROW),
    (Detail::Number, Gaps::NONE),
    (Detail::Number, Gaps::BARE),
];

/// Most columns that a gap grows by where there is room to spare.
const STRETCH: usize = 6;

fn image(network: &Architecture, detail: Detail, theme: &Theme) -> [String; 2] {
    let maps = maps(network.channels, network.image_size, theme);
    match detail {
        Detail::Full => ["image".into(), maps],
        Detail::Pixels => ["img".into(), String::new()],
        Detail::Channels | Detail::Sizes => [theme.glyph("►", ">").into(), String::new()],
        Detail::Number => [String::new(), String::new()],
    }
}

fn stem(network: &Architecture, detail: Detail, theme: &Theme) -> [String; 3] {
    let title = match detail {
        Detail::Full | Detail::Pixels => "stem",
        Detail::Channels | Detail::Sizes => "stem",
        Detail::Number => "s",
    };
    labels(title, "3×3", network, 0, detail, theme)
}

fn block(network: &Architecture, number: usize, detail: Detail, theme: &Theme) -> [String; 3] {
    let depth = format!("×{}", network.blocks[number - 1].len());
    let title = match detail {
        Detail::Full => format!("block {number}"),
        Detail::Sizes => theme.plain(&format!("{number}{depth}")).into_owned(),
        _ => number.to_string(),
    };
    labels(&title, &depth, network, number, detail, theme)
}

fn head(network: &Architecture, detail: Detail) -> [String; 3] {
    let classes = network.classes.to_string();
    match detail {
        Detail::Full => ["head".into(), classes, "classes".into()],
        Detail::Pixels => ["head".into(), classes, String::new()],
        Detail::Channels | Detail::Sizes => ["head".into(), classes, String::new()],
        Detail::Number => ["h".into(), String::new(), String::new()],
    }
}

fn labels(
    title: &str,
    third: &str,
    network: &Architecture,
    level: usize,
    detail: Detail,
    theme: &Theme,
) -> [String; 3] {
    let channels = network.level_width(level);
    let size = match detail {
        Detail::Full | Detail::Pixels => maps(channels, network.level_size(level), theme),
        Detail::Channels => channels.to_string(),
        Detail::Sizes => {
            let size = network.level_size(level);
            let pixels = if theme.is_ascii() { format!("@{size}") } else { format!("{size}²") };
            return [title.into(), channels.to_string(), pixels];
        }
        Detail::Number => return [title.into(), String::new(), String::new()],
    };
    let third = if detail == Detail::Channels && level == 0 { "" } else { third };
    [title.into(), size, theme.plain(third).into_owned()]
}

/// Feature maps of so many channels: `32·16²`, or as LeNet's figure has it, `32@16`.
fn maps(channels: usize, size: usize, theme: &Theme) -> String {
    if theme.is_ascii() { format!("{channels}@{size}") } else { format!("{channels}·{size}²") }
}
