//! Average pooling whose kernel and stride are equal, over `[image, height, width, channel]`.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::isa::{Isa, load, store};

/// What is pooled.
#[derive(Debug, Clone, Copy)]
pub struct Pooling {
    /// Input height; a multiple of the size.
    pub height: usize,
    /// Input width; a multiple of the size.
    pub width: usize,
    /// Channels.
    pub channels: usize,
    /// Kernel and stride.
    pub size: usize,
}

impl Pooling {
    const fn input_len(&self) -> usize {
        self.height * self.width * self.channels
    }

    const fn output_len(&self) -> usize {
        self.input_len() / (self.size * self.size)
    }

    /// Means of `x` into `y`.
    pub fn forward(&self, isa: Isa, x: &[f32], y: &mut [f32]) {
        y.par_chunks_exact_mut(self.output_len())
            .zip(x.par_chunks_exact(self.input_len()))
            .for_each(|(y, x)| isa.run(Forward { pooling: *self, x, y }));
    }

    /// Gradient `dy` spread over `dx`, or added to it.
    pub fn backward(&self, isa: Isa, dy: &[f32], dx: &mut [f32], add: bool) {
        dx.par_chunks_exact_mut(self.input_len())
            .zip(dy.par_chunks_exact(self.output_len()))
            .for_each(|(dx, dy)| isa.run(Backward { pooling: *self, dy, dx, add }));
    }
}

struct Forward<'a> {
    pooling: Pooling,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Self { pooling: Pooling { width, channels, size, .. }, x, y } = self;
        let (row_len, columns) = (width * channels, width / size);
        let share = s.splat_f32s(1.0 / (size * size) as f32);
        for (i, y) in y.chunks_exact_mut(channels).enumerate() {
            let corner = i / columns * size * row_len + i % columns * size * channels;
            for channel in (0..channels).step_by(S::F32_LANES) {
                let lanes = (channels - channel).min(S::F32_LANES);
                let mut sum = s.splat_f32s(0.0);
                for row in 0..size {
                    for column in 0..size {
                        let at = corner + row * row_len + column * channels + channel;
                        sum = s.add_f32s(sum, load(s, x, at, lanes));
                    }
                }
                store(s, y, channel, lanes, s.mul_f32s(sum, share));
            }
        }
    }
}

struct Backward<'a> {
    pooling: Pooling,
    dy: &'a [f32],
    dx: &'a mut [f32],
    add: bool,
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        let Self { pooling: Pooling { width, channels, size, .. }, dy, dx, add } = self;
        let columns = width / size;
        let share = s.splat_f32s(1.0 / (size * size) as f32);
        for (i, dx) in dx.chunks_exact_mut(channels).enumerate() {
            let (row, column) = (i / width / size, i % width / size);
            let from = (row * columns + column) * channels;
            for channel in (0..channels).step_by(S::F32_LANES) {
                let lanes = (channels - channel).min(S::F32_LANES);
                let mut value = s.mul_f32s(load(s, dy, from + channel, lanes), share);
                if add {
                    value = s.add_f32s(value, load(s, dx, channel, lanes));
                }
                store(s, dx, channel, lanes, value);
            }
        }
    }
}
