//! One image with a border of zeros, in blocks of 16 channels: what convolutions read.
//!
//! Every pixel of a block is 16 floats, so the inner loops address neighbours by
//! constants, and borders need no special case. It lives in a thread's cache; whatever
//! comes before the convolution (batch norm and ReLU, or the gradient of a batch norm)
//! is computed on the way in and never written to memory.

use pulp::{Simd, WithSimd};

use super::isa::{Isa, load, max};
use super::norm::Affine;
use super::norm_gradient::GradientTerms;

/// Channels in a block.
pub const BLOCK: usize = 16;

/// `[block, row, column, 16]`.
#[derive(Debug, Default)]
pub struct Padded {
    values: Vec<f32>,
    rows: usize,
    columns: usize,
}

/// Where the image lies in its border.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Height of the image, pixels.
    pub height: usize,
    /// Width of the image, pixels.
    pub width: usize,
    /// Channels of the image.
    pub channels: usize,
    /// Rows of zeros above.
    pub top: usize,
    /// Columns of zeros to the left.
    pub left: usize,
    /// Rows in all.
    pub rows: usize,
    /// Columns in all.
    pub columns: usize,
}

/// What is written for each pixel of an image `[height, width, channel]`.
#[derive(Debug, Clone, Copy)]
pub enum PaddedInput<'a> {
    /// The image itself.
    Same(&'a [f32]),
    /// relu(x · scale + shift): batch norm and ReLU of a convolution's output.
    Activated {
        /// The convolution's output.
        x: &'a [f32],
        /// The norm.
        affine: &'a Affine,
    },
    /// Gradient of a batch norm's input: a · dy + b · (z − mean) + c.
    NormGradient {
        /// Gradient of the norm's output.
        dy: &'a [f32],
        /// The norm's input.
        z: &'a [f32],
        /// By channel.
        terms: &'a GradientTerms,
    },
}

impl<'a> PaddedInput<'a> {
    /// Image `index` of a batch whose images are `len` values long.
    pub fn image(self, index: usize, len: usize) -> Self {
        let of = |batch: &'a [f32]| &batch[index * len..][..len];
        match self {
            Self::Same(x) => Self::Same(of(x)),
            Self::Activated { x, affine } => Self::Activated { x: of(x), affine },
            Self::NormGradient { dy, z, terms } => Self::NormGradient { dy: of(dy), z: of(z), terms },
        }
    }

    /// What is read for image `index` of a batch; nothing beyond the last.
    pub fn ahead(self, index: usize, len: usize) -> [&'a [f32]; 2] {
        let of = |batch: &'a [f32]| batch.get(index * len..(index + 1) * len).unwrap_or(&[]);
        match self {
            Self::Same(x) | Self::Activated { x, .. } => [of(x), &[]],
            Self::NormGradient { dy, z, .. } => [of(dy), of(z)],
        }
    }
}

impl Padded {
    /// One row of one block, `[column, 16]`.
    #[inline(always)]
    pub fn row(&self, block: usize, row: usize) -> &[f32] {
        let len = self.columns * BLOCK;
        &self.values[(block * self.rows + row) * len..][..len]
    }

    /// Takes in an image, framed with zeros.
    pub fn load(&mut self, isa: Isa, frame: Frame, pixels: PaddedInput) {
        let blocks = frame.channels.div_ceil(BLOCK);
        (self.rows, self.columns) = (frame.rows, frame.columns);
        self.values.resize(blocks * frame.rows * frame.columns * BLOCK, 0.0);
        isa.run(Load { into: &mut self.values, frame, pixels });
    }
}

struct Load<'a> {
    into: &'a mut [f32],
    frame: Frame,
    pixels: PaddedInput<'a>,
}

impl WithSimd for Load<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Self { into, frame, pixels } = self;
        match pixels {
            PaddedInput::Same(x) => copy(s, into, frame, Same(x)),
            PaddedInput::Activated { x, affine } => copy(s, into, frame, Activated(x, affine)),
            PaddedInput::NormGradient { dy, z, terms } => copy(s, into, frame, OfNorm(dy, z, terms)),
        }
    }
}

/// The values of some channels of a pixel. Not a closure, because those are not inlined
/// for certain, and a call for every vector would cost more than the rest.
trait Source<S: Simd>: Copy {
    /// Of the channels from `channel` on, at this offset in the image.
    fn vector(self, s: S, at: usize, channel: usize, lanes: usize) -> S::f32s;
}

#[derive(Clone, Copy)]
struct Same<'a>(&'a [f32]);

impl<S: Simd> Source<S> for Same<'_> {
    #[inline(always)]
    fn vector(self, s: S, at: usize, _: usize, lanes: usize) -> S::f32s {
        load(s, self.0, at, lanes)
    }
}

#[derive(Clone, Copy)]
struct Activated<'a>(&'a [f32], &'a Affine);

impl<S: Simd> Source<S> for Activated<'_> {
    #[inline(always)]
    fn vector(self, s: S, at: usize, channel: usize, lanes: usize) -> S::f32s {
        max(s, self.1.apply(s, channel, load(s, self.0, at, lanes)), s.splat_f32s(0.0))
    }
}

#[derive(Clone, Copy)]
struct OfNorm<'a>(&'a [f32], &'a [f32], &'a GradientTerms);

impl<S: Simd> Source<S> for OfNorm<'_> {
    #[inline(always)]
    fn vector(self, s: S, at: usize, channel: usize, lanes: usize) -> S::f32s {
        self.2.apply(s, channel, load(s, self.0, at, lanes), load(s, self.1, at, lanes))
    }
}

/// Fills the frame. Lanes beyond the last channel hold whatever the source makes of zeros
/// there: the weights that meet them are zero.
#[inline(always)]
fn copy<S: Simd>(s: S, into: &mut [f32], frame: Frame, source: impl Source<S>) {
    let Frame { height, width, channels, top, left, rows, columns } = frame;
    let zero = s.splat_f32s(0.0);
    let vectors = BLOCK / S::F32_LANES;
    for (row, out) in into.chunks_exact_mut(columns * BLOCK).enumerate() {
        let (block, row) = (row / rows, row % rows);
        let out = S::as_mut_simd_f32s(out).0;
        if row < top || row >= top + height {
            out.fill(zero);
            continue;
        }
        let (before, rest) = out.split_at_mut(left * vectors);
        let (inside, after) = rest.split_at_mut(width * vectors);
        before.fill(zero);
        after.fill(zero);
        let first = (row - top) * width * channels + block * BLOCK;
        let left_over = channels - block * BLOCK;
        if left_over >= BLOCK {
            for (x, out) in inside.chunks_exact_mut(vectors).enumerate() {
                for (v, out) in out.iter_mut().enumerate() {
                    let channel = v * S::F32_LANES;
                    let at = first + x * channels + channel;
                    *out = source.vector(s, at, block * BLOCK + channel, S::F32_LANES);
                }
            }
        } else {
            for (x, out) in inside.chunks_exact_mut(vectors).enumerate() {
                for (v, out) in out.iter_mut().enumerate() {
                    let channel = v * S::F32_LANES;
                    let lanes = left_over.saturating_sub(channel).min(S::F32_LANES);
                    *out = match lanes {
                        0 => zero,
                        _ => source.vector(s, first + x * channels + channel, block * BLOCK + channel, lanes),
                    };
                }
            }
        }
    }
}
