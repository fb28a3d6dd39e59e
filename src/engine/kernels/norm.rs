//! Batch norm: statistics, and the map that they make, on images `[height, width, channel]`.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::isa::{Isa, load, max, multiply_add, store};
use super::memory::Buffer;
use super::padded::BLOCK;

/// One value a channel, followed by zeros up to a whole number of blocks.
#[derive(Debug, Clone, Default)]
pub struct PerChannel(Vec<f32>);

impl PerChannel {
    /// From one value a channel.
    pub fn new(values: impl ExactSizeIterator<Item = f32>) -> Self {
        let blocks = values.len().div_ceil(BLOCK);
        let mut padded = Vec::with_capacity(blocks * BLOCK);
        padded.extend(values);
        padded.resize(blocks * BLOCK, 0.0);
        Self(padded)
    }

    /// The values from `channel` on.
    #[inline(always)]
    pub fn at<S: Simd>(&self, _: S, channel: usize) -> S::f32s {
        S::as_simd_f32s(&self.0[channel..channel + S::F32_LANES]).0[0]
    }
}

/// Mean and biased variance of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// By channel.
    pub mean: Vec<f32>,
    /// By channel.
    pub var: Vec<f32>,
}

/// A batch norm with the statistics that it normalises by.
#[derive(Debug, Clone, Copy)]
pub struct NormKernel<'a> {
    /// Scale, by channel.
    pub weight: &'a [f32],
    /// Shift, by channel.
    pub bias: &'a [f32],
    /// By channel.
    pub mean: &'a [f32],
    /// By channel.
    pub var: &'a [f32],
}

/// Pixels summed up before they join an image's sum: long sums lose digits.
pub(super) const RUN: usize = 32;

/// PyTorch's default.
pub const EPS: f64 = 1e-5;

impl NormKernel<'_> {
    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.weight.len()
    }

    pub(super) fn inverse_std(&self, channel: usize) -> f64 {
        1.0 / (f64::from(self.var[channel]) + EPS).sqrt()
    }

    pub(super) fn scale_of(&self, channel: usize) -> f64 {
        f64::from(self.weight[channel]) * self.inverse_std(channel)
    }

    /// What multiplies the input.
    pub fn scale(&self) -> PerChannel {
        PerChannel::new((0..self.channels()).map(|c| self.scale_of(c) as f32))
    }

    /// What is added then.
    pub fn shift(&self) -> PerChannel {
        let shift = |c: usize| f64::from(self.bias[c]) - f64::from(self.mean[c]) * self.scale_of(c);
        PerChannel::new((0..self.channels()).map(|c| shift(c) as f32))
    }

    /// The mean, for the gradient.
    pub fn centre(&self) -> PerChannel {
        PerChannel::new(self.mean.iter().copied())
    }
}

/// Mean and sum of squared differences from it of each channel of one image, as
/// `[mean…, sum…]` into `out`.
pub fn image_moments(isa: Isa, z: &[f32], channels: usize, out: &mut [f32]) {
    isa.run(Moments { z, channels, out });
}

struct Moments<'a> {
    z: &'a [f32],
    channels: usize,
    out: &'a mut [f32],
}

impl WithSimd for Moments<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Self { z, channels, out } = self;
        let pixels = z.len() / channels;
        let (means, squares) = out.split_at_mut(channels);
        let (zero, each) = (s.splat_f32s(0.0), s.splat_f32s(1.0 / pixels as f32));
        for channel in (0..channels).step_by(S::F32_LANES) {
            let lanes = (channels - channel).min(S::F32_LANES);
            // Differences from the first pixel keep the digits that squares of the values
            // themselves would lose.
            let origin = load(s, z, channel, lanes);
            let (mut sum, mut square) = (zero, zero);
            for run in (0..pixels).step_by(RUN) {
                let (mut run_sum, mut run_square) = (zero, zero);
                for pixel in run..pixels.min(run + RUN) {
                    let d = s.sub_f32s(load(s, z, pixel * channels + channel, lanes), origin);
                    run_sum = s.add_f32s(run_sum, d);
                    run_square = multiply_add(s, d, d, run_square);
                }
                sum = s.add_f32s(sum, run_sum);
                square = s.add_f32s(square, run_square);
            }
            let offset = s.mul_f32s(sum, each);
            store(s, means, channel, lanes, s.add_f32s(origin, offset));
            store(s, squares, channel, lanes, s.sub_f32s(square, s.mul_f32s(sum, offset)));
        }
    }
}

/// Statistics of a batch from the moments of its images, of `pixels` values each, in the
/// images' order.
pub fn combine(moments: &[f32], channels: usize, pixels: usize) -> Statistics {
    let images = moments.len() / (2 * channels);
    let value = |image: usize, i: usize| f64::from(moments[image * 2 * channels + i]);
    let (mut mean, mut var) = (Vec::with_capacity(channels), Vec::with_capacity(channels));
    for c in 0..channels {
        let centre = (0..images).map(|i| value(i, c)).sum::<f64>() / images as f64;
        let within: f64 = (0..images).map(|i| value(i, channels + c)).sum();
        let between: f64 = (0..images).map(|i| (value(i, c) - centre).powi(2)).sum();
        mean.push(centre as f32);
        var.push(((within + pixels as f64 * between) / (images * pixels) as f64).max(0.0) as f32);
    }
    Statistics { mean, var }
}

/// Statistics of a batch `[image, height, width, channel]`.
pub fn statistics(isa: Isa, z: &[f32], image_len: usize, channels: usize) -> Statistics {
    let mut moments = Buffer::take(z.len() / image_len * 2 * channels);
    moments
        .par_chunks_exact_mut(2 * channels)
        .zip(z.par_chunks_exact(image_len))
        .for_each(|(out, z)| image_moments(isa, z, channels, out));
    combine(&moments, channels, image_len / channels)
}

/// What follows a norm.
#[derive(Debug, Clone, Copy)]
pub struct Epilogue<'a> {
    /// Added before the ReLU; as long as the norm's input.
    pub skip: Option<&'a [f32]>,
    /// Whether there is a ReLU.
    pub relu: bool,
}

/// x · scale + shift (+ skip), then ReLU where asked for, over whole images.
#[derive(Debug)]
pub struct Affine {
    scale: PerChannel,
    shift: PerChannel,
    channels: usize,
}

impl Affine {
    /// Of a norm.
    pub fn of(norm: &NormKernel) -> Self {
        Self { scale: norm.scale(), shift: norm.shift(), channels: norm.channels() }
    }

    /// x · scale + shift of some channels.
    #[inline(always)]
    pub fn apply<S: Simd>(&self, s: S, channel: usize, x: S::f32s) -> S::f32s {
        multiply_add(s, x, self.scale.at(s, channel), self.shift.at(s, channel))
    }

    /// Of one image, in place.
    pub fn update(&self, isa: Isa, then: Epilogue, y: &mut [f32]) {
        isa.run(Write { affine: self, from: None, then, y });
    }

    /// Of a batch from `x` into `y`; one task an image.
    pub fn write_batch(&self, isa: Isa, x: &[f32], then: Epilogue, image_len: usize, y: &mut [f32]) {
        y.par_chunks_exact_mut(image_len).zip(x.par_chunks_exact(image_len)).enumerate().for_each(
            |(i, (y, x))| isa.run(Write { affine: self, from: Some(x), then: then.image(i, image_len), y }),
        );
    }
}

impl Epilogue<'_> {
    #[inline(always)]
    fn apply<S: Simd>(&self, s: S, value: S::f32s, floor: S::f32s, at: usize, lanes: usize) -> S::f32s {
        let value = match self.skip {
            Some(skip) => s.add_f32s(value, load(s, skip, at, lanes)),
            None => value,
        };
        max(s, value, floor)
    }

    /// What follows image `index` of a batch.
    pub fn image(self, index: usize, len: usize) -> Self {
        Self { skip: self.skip.map(|skip| &skip[index * len..][..len]), ..self }
    }
}

struct Write<'a> {
    affine: &'a Affine,
    /// The input, where it is not the output itself.
    from: Option<&'a [f32]>,
    then: Epilogue<'a>,
    y: &'a mut [f32],
}

impl WithSimd for Write<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Self { affine, from, then, y } = self;
        let channels = affine.channels;
        let floor = s.splat_f32s(if then.relu { 0.0 } else { f32::NEG_INFINITY });
        let len = y.len();
        match from {
            Some(from) => by_channel_vector(s, channels, len, &mut Written { affine, from, then, floor, y }),
            None => by_channel_vector(s, channels, len, &mut Updated { affine, then, floor, y }),
        }
    }
}

/// What is done to the vector of some channels of a pixel. Not a closure, because those
/// are not inlined for certain, and a call for every vector would cost more than the rest.
pub(super) trait Each<S: Simd> {
    fn vector(&mut self, s: S, at: usize, channel: usize, lanes: usize);
}

struct Written<'a, V> {
    affine: &'a Affine,
    from: &'a [f32],
    then: Epilogue<'a>,
    floor: V,
    y: &'a mut [f32],
}

impl<S: Simd> Each<S> for Written<'_, S::f32s> {
    #[inline(always)]
    fn vector(&mut self, s: S, at: usize, channel: usize, lanes: usize) {
        let value = self.affine.apply(s, channel, load(s, self.from, at, lanes));
        store(s, self.y, at, lanes, self.then.apply(s, value, self.floor, at, lanes));
    }
}

struct Updated<'a, V> {
    affine: &'a Affine,
    then: Epilogue<'a>,
    floor: V,
    y: &'a mut [f32],
}

impl<S: Simd> Each<S> for Updated<'_, S::f32s> {
    #[inline(always)]
    fn vector(&mut self, s: S, at: usize, channel: usize, lanes: usize) {
        let value = self.affine.apply(s, channel, load(s, self.y, at, lanes));
        store(s, self.y, at, lanes, self.then.apply(s, value, self.floor, at, lanes));
    }
}

/// Does something to every vector of every pixel.
#[inline(always)]
pub(super) fn by_channel_vector<S: Simd>(s: S, channels: usize, len: usize, each: &mut impl Each<S>) {
    let lanes = S::F32_LANES;
    if channels.is_multiple_of(lanes) {
        for pixel in (0..len).step_by(channels) {
            for channel in (0..channels).step_by(lanes) {
                each.vector(s, pixel + channel, channel, lanes);
            }
        }
    } else {
        for pixel in (0..len).step_by(channels) {
            for channel in (0..channels).step_by(lanes) {
                each.vector(s, pixel + channel, channel, (channels - channel).min(lanes));
            }
        }
    }
}
