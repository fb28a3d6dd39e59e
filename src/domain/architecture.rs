//! One network, fully worked out: every width, stride and hop (paper, §2 and Fig. 1).

use serde::Serialize;

use super::error::{SpecError, suggestion};
use super::hops::{HopSet, MAX_BLOCKS};
use super::text::plural;

/// The baseline that hierarchical residuals are added to (Table 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    /// No short-range skips.
    Plain,
    /// Short-range skips around every basic block.
    ResNet,
    /// ResNet whose 3×3 convolutions inside the blocks are grouped.
    ResNext,
}

impl Family {
    /// Every family, in Table 1's order.
    pub const ALL: [Self; 3] = [Self::Plain, Self::ResNet, Self::ResNext];

    /// The name in specs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::ResNet => "resnet",
            Self::ResNext => "resnext",
        }
    }

    /// The name in the paper.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Plain => "Plain",
            Self::ResNet => "ResNet",
            Self::ResNext => "ResNeXt",
        }
    }

    /// Whether basic blocks have short-range skips.
    pub const fn has_skips(self) -> bool {
        !matches!(self, Self::Plain)
    }

    /// The family called `name`.
    ///
    /// # Errors
    /// When there is none; the message says the nearest.
    pub fn parse(name: &str) -> Result<Self, SpecError> {
        Self::ALL.into_iter().find(|f| f.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            SpecError::new("family", format!("unknown family '{name}'{}", suggestion(name, &names)))
        })
    }
}

/// Shape of one basic block: conv3×3–BN–ReLU–conv3×3–BN (+ skip) – ReLU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BasicBlockShape {
    /// Input channels.
    pub input: usize,
    /// Channels between the two convolutions.
    pub hidden: usize,
    /// Output channels.
    pub output: usize,
    /// Stride of the first convolution, and of the shortcut.
    pub stride: usize,
    /// Groups of both 3×3 convolutions.
    pub groups: usize,
    /// Whether there is a short-range skip.
    pub skip: bool,
}

impl BasicBlockShape {
    /// Whether the skip needs a 1×1 convolution and BN because the shape changes.
    pub const fn has_shortcut_conv(&self) -> bool {
        self.skip && (self.stride != 1 || self.input != self.output)
    }
}

/// Everything that determines a network's parameters and its forward pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Architecture {
    /// The baseline.
    pub family: Family,
    /// Input channels; images are repeated over three where they are grey.
    pub channels: usize,
    /// Height and width of the input, pixels.
    pub image_size: usize,
    /// Outputs of the head.
    pub classes: usize,
    /// Basic blocks by block, each block in order.
    pub blocks: Vec<Vec<BasicBlockShape>>,
    /// The projections that exist.
    pub hops: HopSet,
}

/// What [`Architecture::new`] needs; defaults are the paper's.
#[derive(Debug, Clone)]
pub struct Outline<'a> {
    /// The baseline.
    pub family: Family,
    /// Channels of each block; the stem has those of the first.
    pub widths: &'a [usize],
    /// Basic blocks in each block.
    pub depths: &'a [usize],
    /// Groups of a ResNeXt's 3×3 convolutions.
    pub cardinality: usize,
    /// Height and width of the input, pixels.
    pub image_size: usize,
    /// Outputs of the head.
    pub classes: usize,
}

impl Architecture {
    /// The network of `outline` with `hops`, hidden channels as wide as the block.
    ///
    /// # Errors
    /// When a width or depth is zero or too large, the lists differ in length, the
    /// cardinality does not divide a width, or a hop's pooling would not be whole.
    pub fn new(outline: &Outline, hops: HopSet) -> Result<Self, SpecError> {
        validate(outline)?;
        let groups = if outline.family == Family::ResNext { outline.cardinality } else { 1 };
        let mut input = outline.widths[0];
        let mut blocks = Vec::with_capacity(outline.widths.len());
        for (b, (&width, &depth)) in outline.widths.iter().zip(outline.depths).enumerate() {
            let basic = |i: usize| BasicBlockShape {
                input: if i == 0 { input } else { width },
                hidden: width,
                output: width,
                stride: if b > 0 && i == 0 { 2 } else { 1 },
                groups,
                skip: outline.family.has_skips(),
            };
            blocks.push((0..depth).map(basic).collect());
            input = width;
        }
        let this = Self {
            family: outline.family,
            channels: 3,
            image_size: outline.image_size,
            classes: outline.classes,
            blocks,
            hops,
        };
        for hop in this.hops.iter() {
            let (from, to) = (this.level_size(hop.source), this.level_size(hop.target));
            if from % to != 0 {
                return Err(SpecError::new(
                    "hops",
                    format!("hop {hop} would pool {from}×{from} to {to}×{to}, which is not a whole ratio"),
                ));
            }
        }
        Ok(this)
    }

    /// Channels of a level's output.
    pub fn level_width(&self, level: usize) -> usize {
        match level {
            0 => self.blocks[0][0].input,
            b => self.blocks[b - 1].last().map_or(0, |basic| basic.output),
        }
    }

    /// Height and width of a level's output, pixels.
    pub fn level_size(&self, level: usize) -> usize {
        (1..level).fold(self.image_size, |size, _| size.div_ceil(2))
    }

    /// Kernel and stride of a hop's average pooling; 1 where there is none.
    pub fn pooling(&self, hop: super::hops::Hop) -> usize {
        self.level_size(hop.source) / self.level_size(hop.target)
    }

    /// Layers with weights in a row, as the paper counts them: stem, two a basic block, head.
    pub fn layers(&self) -> usize {
        2 + 2 * self.blocks.iter().map(Vec::len).sum::<usize>()
    }
}

/// Largest width of a block, channels.
pub const MAX_WIDTH: usize = 1024;
/// Most basic blocks in a block.
pub const MAX_DEPTH: usize = 64;

fn validate(o: &Outline) -> Result<(), SpecError> {
    let (blocks, widths) = (o.depths.len(), o.widths.len());
    if blocks == 0 || blocks > MAX_BLOCKS {
        return Err(SpecError::new("blocks", format!("{blocks} blocks; there can be 1 to {MAX_BLOCKS}")));
    }
    if widths != blocks {
        return Err(SpecError::new(
            "widths",
            format!(
                "{} for {}; give one width a block, e.g. widths=16,32,64",
                plural(widths, "width"),
                plural(blocks, "block")
            ),
        ));
    }
    if let Some(w) = o.widths.iter().find(|w| !(1..=MAX_WIDTH).contains(*w)) {
        return Err(SpecError::new("widths", format!("{w} channels; a block has 1 to {MAX_WIDTH}")));
    }
    if let Some(d) = o.depths.iter().find(|d| !(1..=MAX_DEPTH).contains(*d)) {
        return Err(SpecError::new("blocks", format!("{d} basic blocks; a block has 1 to {MAX_DEPTH}")));
    }
    if o.family == Family::ResNext {
        if o.cardinality == 0 {
            return Err(SpecError::new("cardinality", "0 groups; there must be at least 1"));
        }
        if let Some(w) = o.widths.iter().find(|w| *w % o.cardinality != 0) {
            return Err(SpecError::new(
                "cardinality",
                format!("{} groups do not divide a block of {w} channels", o.cardinality),
            ));
        }
    }
    Ok(())
}
