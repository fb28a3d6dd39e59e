//! A convolution, or its input gradient, as one kind of loop: every output pixel gathers
//! some taps of a padded image.
//!
//! The gradient of the input is such a gather too: at stride 1 a convolution of the
//! output's gradient with the kernel turned over; at stride 2 one for each of the four
//! kinds of input pixel (even or odd row, even or odd column), with the taps that reach it.

use std::ops::Range;

use super::geometry::Geometry;
use super::memory::Buffer;
use super::padded::{BLOCK, Frame};

/// Output columns computed at once.
pub const TILE: usize = 8;

/// One gather over a [`Padded`](super::padded::Padded) image.
#[derive(Debug)]
pub struct ConvPlan {
    /// Taps side by side in a row.
    pub taps: usize,
    /// Pixels of the padded image from one output column to the next.
    pub step: usize,
    /// Rows of the padded image that output row 0 reads.
    pub rows: Vec<usize>,
    /// First column of the padded image that output column 0 reads.
    pub column: usize,
    /// What it writes.
    pub out: OutGrid,
    /// Output channels by the vectors that hold them.
    pub groups: Vec<VectorGroup>,
    /// For each group: block, row, channel, tap, output channel.
    pub weights: Buffer,
}

/// Pixels of an image `[height, width, channel]`, each `step`th from `(top, left)` on.
#[derive(Debug, Clone, Copy)]
pub struct OutGrid {
    /// First row.
    pub top: usize,
    /// First column.
    pub left: usize,
    /// Pixels from one to the next, both ways.
    pub step: usize,
    /// Height of the whole image.
    pub height: usize,
    /// Width of the whole image.
    pub width: usize,
    /// Its channels.
    pub channels: usize,
}

impl OutGrid {
    /// Rows written.
    pub const fn rows(&self) -> usize {
        self.height.saturating_sub(self.top).div_ceil(self.step)
    }

    /// Columns written.
    pub const fn columns(&self) -> usize {
        self.width.saturating_sub(self.left).div_ceil(self.step)
    }

    /// Where a pixel's channels begin.
    pub const fn at(&self, row: usize, column: usize) -> usize {
        ((self.top + row * self.step) * self.width + self.left + column * self.step) * self.channels
    }
}

/// Some output channels and the input channels that they read.
#[derive(Debug)]
pub struct VectorGroup {
    /// First output channel.
    pub first: usize,
    /// One or two vectors.
    pub vectors: usize,
    /// Block of the padded image, then channels within it.
    pub reads: Vec<(usize, Range<usize>)>,
    /// Where its weights begin.
    pub weights: usize,
}

/// How many output channels one pass of the kernel computes.
#[derive(Debug, Clone, Copy)]
pub struct Lanes {
    /// Floats in a vector.
    pub vector: usize,
    /// Vectors at once, where there are that many channels.
    pub vectors: usize,
}

/// The channels that a gather reads and writes, and how weights are found between them.
#[derive(Debug, Clone, Copy)]
struct Sides {
    reads: usize,
    writes: usize,
    groups: usize,
    /// Height and width of the kernel.
    kernel: usize,
    /// From one written channel's weight to the next one's.
    write_stride: usize,
    /// From one read channel's weight to the next one's.
    read_stride: usize,
    /// How far the weights of a group begin before where channels counted from the first
    /// group on would have them.
    group_shift: usize,
}

impl Sides {
    fn forward(g: &Geometry) -> Self {
        let (taps, inputs) = (g.kernel * g.kernel, g.input / g.groups);
        Self {
            reads: g.input,
            writes: g.output,
            groups: g.groups,
            kernel: g.kernel,
            write_stride: inputs * taps,
            read_stride: taps,
            group_shift: inputs * taps,
        }
    }

    fn input_gradient(g: &Geometry) -> Self {
        let there = Self::forward(g);
        Self {
            reads: there.writes,
            writes: there.reads,
            write_stride: there.read_stride,
            read_stride: there.write_stride,
            ..there
        }
    }

    /// The channels read by those from `first` up to `end`.
    fn reads_of(&self, first: usize, end: usize) -> Range<usize> {
        let (reads, writes) = (self.reads / self.groups, self.writes / self.groups);
        (first / writes * reads)..((end - 1) / writes + 1) * reads
    }

    /// Writes the weights between channel `read` and those from `first` on, `tap` being
    /// where in the kernel; zeros for channels of other groups and beyond the last.
    fn pack(&self, weights: &[f32], read: usize, first: usize, tap: usize, packed: &mut [f32]) {
        packed.fill(0.0);
        let group = read / (self.reads / self.groups);
        let writes = self.writes / self.groups;
        let (start, end) = ((group * writes).max(first), ((group + 1) * writes).min(first + packed.len()));
        for write in start..end {
            let at = write * self.write_stride + read * self.read_stride - group * self.group_shift;
            packed[write - first] = weights[at + tap];
        }
    }
}

impl VectorGroup {
    /// Splits the written channels into vectors.
    fn split(sides: Sides, lanes: Lanes, rows: usize, taps: usize) -> (Vec<Self>, usize) {
        // Two vectors of a grouped convolution would read twice as many channels, half of
        // them in vain.
        let vectors = if sides.groups > 1 { 1 } else { lanes.vectors };
        let mut groups = Vec::new();
        let (mut first, mut weights) = (0, 0);
        while first < sides.writes {
            let left = (sides.writes - first).div_ceil(lanes.vector);
            let vectors = vectors.min(left);
            let end = (first + vectors * lanes.vector).min(sides.writes);
            let range = sides.reads_of(first, end);
            let reads: Vec<_> = (range.start / BLOCK..range.end.div_ceil(BLOCK))
                .map(|b| {
                    let within = |channel: usize| channel.clamp(b * BLOCK, (b + 1) * BLOCK) - b * BLOCK;
                    (b, within(range.start)..within(range.end))
                })
                .collect();
            let channels: usize = reads.iter().map(|(_, r)| r.len()).sum();
            groups.push(Self { first, vectors, reads, weights });
            weights += channels * rows * taps * vectors * lanes.vector;
            first = end;
        }
        (groups, weights)
    }

    /// The groups of a convolution's forward pass, with weights in rows of taps.
    pub fn forward(geometry: &Geometry, lanes: Lanes) -> (Vec<Self>, usize) {
        Self::split(Sides::forward(geometry), lanes, geometry.kernel, geometry.kernel)
    }
}

impl ConvPlan {
    /// The forward pass, over an image framed by [`Geometry::input_frame`].
    pub fn forward(geometry: &Geometry, weights: &[f32], lanes: Lanes) -> Self {
        let g = geometry;
        let out = OutGrid {
            top: 0,
            left: 0,
            step: 1,
            height: g.out_height(),
            width: g.out_width(),
            channels: g.output,
        };
        let kernel: Vec<usize> = (0..g.kernel).collect();
        Self::new(Sides::forward(g), lanes, g.stride, (kernel.clone(), 0), (&kernel, &kernel), out, weights)
    }

    /// The gradient of the input, over the output's gradient framed by
    /// [`Geometry::gradient_frame`].
    pub fn input_gradient(geometry: &Geometry, weights: &[f32], lanes: Lanes) -> Vec<Self> {
        let g = geometry;
        let sides = Sides::input_gradient(g);
        let mut programs = Vec::new();
        for top in 0..g.stride {
            for left in 0..g.stride {
                let (rows, ky) = reaching(g, top);
                let (columns, kx) = reaching(g, left);
                let out = OutGrid {
                    top,
                    left,
                    step: g.stride,
                    height: g.height,
                    width: g.width,
                    channels: g.input,
                };
                let rows = rows.iter().map(|row| row + GRADIENT_BORDER - 1).collect();
                let column = columns.first().map_or(0, |column| column + GRADIENT_BORDER - 1);
                programs.push(Self::new(sides, lanes, 1, (rows, column), (&ky, &kx), out, weights));
            }
        }
        programs
    }

    fn new(
        sides: Sides,
        lanes: Lanes,
        step: usize,
        (rows, column): (Vec<usize>, usize),
        (ky, kx): (&[usize], &[usize]),
        out: OutGrid,
        weights: &[f32],
    ) -> Self {
        let (groups, len) = VectorGroup::split(sides, lanes, rows.len(), kx.len());
        let mut packed = Buffer::take(len);
        let mut rest = &mut packed[..];
        for group in &groups {
            let lanes = group.vectors * lanes.vector;
            for (block, channels) in &group.reads {
                for ky in ky {
                    for channel in channels.clone() {
                        for kx in kx {
                            let (these, after) = rest.split_at_mut(lanes);
                            rest = after;
                            let read = block * BLOCK + channel;
                            sides.pack(weights, read, group.first, ky * sides.kernel + kx, these);
                        }
                    }
                }
            }
        }
        Self { taps: kx.len(), step, rows, column, out, groups, weights: packed }
    }
}

/// Zeros around an output's gradient: one for the kernel turned over, and one more so
/// that the weight gradient can let it slide past the image on either side.
const GRADIENT_BORDER: usize = 2;

/// For input pixels whose coordinate is `parity` modulo the stride: the output pixels
/// that read them, as offsets (plus one, because the first may be −1) from the coordinate
/// divided by the stride, ascending, and the taps through which they do.
fn reaching(g: &Geometry, parity: usize) -> (Vec<usize>, Vec<usize>) {
    let border = g.kernel / 2;
    let mut reaching: Vec<(usize, usize)> = (0..g.kernel)
        .filter(|k| (parity + border + g.stride - k).is_multiple_of(g.stride))
        // Output o reads input o·stride + k − border.
        .map(|k| ((parity + border + g.stride - k) / g.stride, k))
        .collect();
    reaching.sort_unstable();
    reaching.into_iter().unzip()
}

impl Geometry {
    /// How the input is framed for the forward pass and the weight gradient.
    pub fn input_frame(&self) -> Frame {
        let border = self.kernel / 2;
        let columns = (self.out_width().next_multiple_of(TILE) - 1) * self.stride + self.kernel;
        Frame {
            height: self.height,
            width: self.width,
            channels: self.input,
            top: border,
            left: border,
            rows: ((self.out_height() - 1) * self.stride + self.kernel).max(self.height + border),
            columns: columns.max(self.width + border),
        }
    }

    /// How the output's gradient is framed for both gradients.
    pub fn gradient_frame(&self) -> Frame {
        let columns = self.width.div_ceil(self.stride).next_multiple_of(TILE) + 2 * GRADIENT_BORDER;
        Frame {
            height: self.out_height(),
            width: self.out_width(),
            channels: self.output,
            top: GRADIENT_BORDER,
            left: GRADIENT_BORDER,
            rows: self.out_height() + 2 * GRADIENT_BORDER,
            columns,
        }
    }
}
