//! The loop behind every convolution: a tile of output pixels and channels held in
//! registers while the taps pass by.

use pulp::{Simd, WithSimd};

use super::conv_plan::{ConvPlan, Lanes, TILE, VectorGroup};
use super::isa::{Isa, Prefetch, load, multiply_add, store};
use super::padded::{BLOCK, Padded};

/// Registers enough for two vectors of accumulators a pixel.
const MANY_REGISTERS: usize = 32;

/// The channels that one pass computes with these instructions.
pub fn lanes(isa: Isa) -> Lanes {
    struct Ask;
    impl WithSimd for Ask {
        type Output = Lanes;
        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> Lanes {
            let vectors = if S::REGISTER_COUNT >= MANY_REGISTERS { 2 } else { 1 };
            Lanes { vector: S::F32_LANES, vectors }
        }
    }
    isa.run(Ask)
}

/// Runs `program` on one image, writing to `out` `[height, width, channel]` or adding to
/// it, and fetches what is `ahead`.
pub fn gather(isa: Isa, program: &ConvPlan, image: &Padded, out: &mut [f32], add: bool, ahead: Prefetch) {
    isa.run(Gather { program, image, out, add, ahead });
}

struct Gather<'a> {
    program: &'a ConvPlan,
    image: &'a Padded,
    out: &'a mut [f32],
    add: bool,
    ahead: Prefetch<'a>,
}

impl WithSimd for Gather<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        match (self.program.taps, self.program.step) {
            (1, 1) => self.rows::<S, 1, 1>(s),
            (1, _) => self.rows::<S, 1, 2>(s),
            (2, _) => self.rows::<S, 2, 1>(s),
            (3, 1) => self.rows::<S, 3, 1>(s),
            (3, _) => self.rows::<S, 3, 2>(s),
            _ => self.nothing(),
        }
    }
}

impl Gather<'_> {
    #[inline(always)]
    fn rows<S: Simd, const TAPS: usize, const STEP: usize>(mut self, s: S) {
        if self.program.rows.is_empty() {
            return self.nothing();
        }
        let out = self.program.out;
        for row in 0..out.rows() {
            for column in (0..out.columns()).step_by(TILE) {
                // Little by little: more at once than the processor can keep track of would
                // make it wait.
                self.ahead.fetch(row * out.columns() + column, TILE, out.rows() * out.columns());
                for group in &self.program.groups {
                    match group.vectors {
                        1 => self.tile::<S, TAPS, STEP, 1>(s, group, row, column),
                        _ => self.tile::<S, TAPS, STEP, 2>(s, group, row, column),
                    }
                }
            }
        }
    }

    /// [`TILE`] output pixels of a row, `V` vectors of channels.
    #[inline(always)]
    fn tile<S: Simd, const TAPS: usize, const STEP: usize, const V: usize>(
        &mut self,
        s: S,
        group: &VectorGroup,
        row: usize,
        column: usize,
    ) {
        let program = self.program;
        let width = ((TILE - 1) * STEP + TAPS) * BLOCK;
        let first = (program.column + column * STEP) * BLOCK;
        let mut sums = [[s.splat_f32s(0.0); V]; TILE];
        let mut weights = S::as_simd_f32s(&program.weights[group.weights..]).0.chunks_exact(TAPS * V);
        for (block, channels) in &group.reads {
            for above in &program.rows {
                let pixels = &self.image.row(*block, row * STEP + above)[first..first + width];
                for channel in channels.clone() {
                    let Some(weights) = weights.next() else { return };
                    // Tells the compiler that every index below is within bounds.
                    let channel = channel % BLOCK;
                    if STEP == 1 {
                        // Each pixel is read once and meets all its taps.
                        for x in 0..TILE - 1 + TAPS {
                            let value = s.splat_f32s(pixels[x * BLOCK + channel]);
                            for tap in 0..TAPS {
                                if x >= tap && x - tap < TILE {
                                    for v in 0..V {
                                        let sum = &mut sums[x - tap][v];
                                        *sum = multiply_add(s, value, weights[tap * V + v], *sum);
                                    }
                                }
                            }
                        }
                    } else {
                        for tap in 0..TAPS {
                            for x in 0..TILE {
                                let value = s.splat_f32s(pixels[(x * STEP + tap) * BLOCK + channel]);
                                for v in 0..V {
                                    let sum = &mut sums[x][v];
                                    *sum = multiply_add(s, value, weights[tap * V + v], *sum);
                                }
                            }
                        }
                    }
                }
            }
        }
        // The sums leave their registers here, by indices that the compiler knows; looked
        // up by others they would have lived in memory all along.
        let mut done = [[s.splat_f32s(0.0); V]; TILE];
        for x in 0..TILE {
            for v in 0..V {
                done[x][v] = sums[x][v];
            }
        }
        self.put(s, group, row, column, &done);
    }

    /// Writes a tile, as far as it is inside the image.
    #[inline(always)]
    fn put<S: Simd, const V: usize>(
        &mut self,
        s: S,
        group: &VectorGroup,
        row: usize,
        column: usize,
        tile: &[[S::f32s; V]; TILE],
    ) {
        let out = self.program.out;
        for (x, pixel) in (column..out.columns()).zip(tile) {
            let at = out.at(row, x) + group.first;
            for (v, value) in pixel.iter().enumerate() {
                let lanes = (out.channels - group.first - v * S::F32_LANES).min(S::F32_LANES);
                let at = at + v * S::F32_LANES;
                let value = match self.add {
                    true => s.add_f32s(*value, load(s, self.out, at, lanes)),
                    false => *value,
                };
                store(s, self.out, at, lanes, value);
            }
        }
    }

    /// No tap reaches these pixels.
    fn nothing(self) {
        if self.add {
            return;
        }
        let out = self.program.out;
        for row in 0..out.rows() {
            for column in 0..out.columns() {
                self.out[out.at(row, column)..][..out.channels].fill(0.0);
            }
        }
    }
}
