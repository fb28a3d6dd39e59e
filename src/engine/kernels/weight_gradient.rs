//! The gradient of a convolution's weights: for every tap, the product of an input
//! channel's image with an output gradient's, summed over pixels.

use pulp::{Simd, WithSimd};

use super::conv_plan::{Lanes, VectorGroup};
use super::geometry::Geometry;
use super::isa::{Isa, multiply_add};
use super::padded::{BLOCK, Padded};

/// Sums over images, in the order in which the kernel makes them.
///
/// For each group of vectors: block, kernel row, run of input channels, tap, input
/// channel of the run, output channel.
#[derive(Debug)]
pub struct WeightGradientPlan {
    geometry: Geometry,
    lanes: Lanes,
    groups: Vec<VectorGroup>,
    /// Input channels summed at once: with their taps and vectors they fill the registers.
    run: usize,
    /// Floats in one set of sums.
    pub len: usize,
}

impl WeightGradientPlan {
    /// For a convolution, with these instructions.
    pub fn new(geometry: &Geometry, lanes: Lanes) -> Self {
        let (groups, _) = VectorGroup::forward(geometry, lanes);
        let widest = groups.iter().map(|g| g.vectors).max().unwrap_or(1);
        let run = if lanes.vectors == 1 || widest > 1 { 4 } else { 8 };
        let mut plan = Self { geometry: *geometry, lanes, groups, run, len: 0 };
        let mut len = 0;
        plan.each_run(|group, _, _, _| {
            len += geometry.kernel * run * group.vectors * lanes.vector;
        });
        plan.len = len;
        plan
    }

    /// Calls `each(group, block, kernel row, first channel in the block)` in order.
    fn each_run(&self, mut each: impl FnMut(&VectorGroup, usize, usize, usize)) {
        for group in &self.groups {
            for (block, channels) in &group.reads {
                for ky in 0..self.geometry.kernel {
                    let first = channels.start / self.run * self.run;
                    for channel in (first..channels.end).step_by(self.run) {
                        each(group, *block, ky, channel);
                    }
                }
            }
        }
    }

    /// Adds one image's part to `sums`, or starts them with it. `x` is the input and `dy`
    /// the output's gradient, framed as [`Geometry`] says.
    pub fn add_image(&self, isa: Isa, x: &Padded, dy: &Padded, sums: &mut [f32], start: bool) {
        isa.run(AddImage { plan: self, x, dy, sums, start });
    }

    /// Puts `sums` in order: the gradient `[output, input / groups, kernel, kernel]`.
    pub fn unpack(&self, sums: &[f32], gradient: &mut [f32]) {
        let g = &self.geometry;
        let (inputs, outputs) = (g.input / g.groups, g.output / g.groups);
        let lanes = |group: &VectorGroup| group.vectors * self.lanes.vector;
        let mut rest = sums;
        self.each_run(|group, block, ky, first| {
            let (sums, after) = rest.split_at(g.kernel * self.run * lanes(group));
            rest = after;
            let mut sums = sums.chunks_exact(lanes(group));
            for kx in 0..g.kernel {
                for (input, sums) in (block * BLOCK + first..).take(self.run).zip(&mut sums) {
                    for (output, sum) in (group.first..g.output).zip(sums) {
                        if input < g.input && output / outputs == input / inputs {
                            let at = ((output * inputs + input % inputs) * g.kernel + ky) * g.kernel + kx;
                            gradient[at] = *sum;
                        }
                    }
                }
            }
        });
    }
}

struct AddImage<'a> {
    plan: &'a WeightGradientPlan,
    x: &'a Padded,
    dy: &'a Padded,
    sums: &'a mut [f32],
    start: bool,
}

impl WithSimd for AddImage<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        match (self.plan.geometry.kernel, self.plan.geometry.stride) {
            (1, 1) => self.runs::<S, 1, 1>(s),
            (1, _) => self.runs::<S, 1, 2>(s),
            (_, 1) => self.runs::<S, 3, 1>(s),
            _ => self.runs::<S, 3, 2>(s),
        }
    }
}

impl AddImage<'_> {
    #[inline(always)]
    fn runs<S: Simd, const TAPS: usize, const STEP: usize>(self, s: S) {
        let Self { plan, x, dy, sums, start } = self;
        let mut rest = S::as_mut_simd_f32s(sums).0;
        for group in &plan.groups {
            for (block, channels) in &group.reads {
                for ky in 0..TAPS {
                    let first = channels.start / plan.run * plan.run;
                    for channel in (first..channels.end).step_by(plan.run) {
                        let (sums, after) = rest.split_at_mut(TAPS * plan.run * group.vectors);
                        rest = after;
                        let at =
                            At { x, dy, geometry: &plan.geometry, group, block: *block, ky, channel, start };
                        match (plan.run, group.vectors) {
                            (8, _) => at.add::<S, TAPS, STEP, 8, 1>(s, sums),
                            (_, 1) => at.add::<S, TAPS, STEP, 4, 1>(s, sums),
                            _ => at.add::<S, TAPS, STEP, 4, 2>(s, sums),
                        }
                    }
                }
            }
        }
    }
}

/// One run of input channels with one group of output channels.
struct At<'a> {
    x: &'a Padded,
    dy: &'a Padded,
    geometry: &'a Geometry,
    group: &'a VectorGroup,
    block: usize,
    ky: usize,
    channel: usize,
    start: bool,
}

impl At<'_> {
    #[inline(always)]
    fn add<S: Simd, const TAPS: usize, const STEP: usize, const RUN: usize, const V: usize>(
        self,
        s: S,
        into: &mut [S::f32s],
    ) {
        let mut sums = [[[s.splat_f32s(0.0); V]; RUN]; TAPS];
        let (height, width) = (self.geometry.out_height(), self.geometry.out_width());
        let (dy_block, dy_lane) = (self.group.first / BLOCK, self.group.first % BLOCK);
        for row in 0..height {
            let x = &self.x.row(self.block, row * STEP + self.ky)[self.channel..];
            // Two vectors may lie in two blocks.
            let mut dy: [&[f32]; V] = [&[]; V];
            for (v, dy) in dy.iter_mut().enumerate() {
                let lane = dy_lane + v * S::F32_LANES;
                *dy = &self.dy.row(dy_block + lane / BLOCK, row + 2)[lane % BLOCK..];
            }
            if TAPS == 3 && STEP == 1 {
                slide::<S, TAPS, RUN, V>(s, x, dy, width, &mut sums);
            } else {
                pair::<S, TAPS, STEP, RUN, V>(s, x, dy, width, &mut sums);
            }
        }
        // Loops of constant length: an index that is not known to the compiler would put
        // all the sums in memory.
        let into = &mut into[..TAPS * RUN * V];
        for tap in 0..TAPS {
            for run in 0..RUN {
                for v in 0..V {
                    let into = &mut into[(tap * RUN + run) * V + v];
                    *into = match self.start {
                        true => sums[tap][run][v],
                        false => s.add_f32s(*into, sums[tap][run][v]),
                    };
                }
            }
        }
    }
}

type Sums<S, const TAPS: usize, const RUN: usize, const V: usize> = [[[<S as Simd>::f32s; V]; RUN]; TAPS];

/// A row at stride 1: every input pixel is read once and meets the gradients of the
/// three output pixels around it, which move through registers.
#[inline(always)]
fn slide<S: Simd, const TAPS: usize, const RUN: usize, const V: usize>(
    s: S,
    x: &[f32],
    dy: [&[f32]; V],
    width: usize,
    sums: &mut Sums<S, TAPS, RUN, V>,
) {
    // Column 0 of x (the border) meets output pixels 0, −1 and −2; the gradient's border
    // is two wide.
    let border = 2 * BLOCK;
    let mut gradients = [[s.splat_f32s(0.0); V]; TAPS];
    for column in 0..width + TAPS - 1 {
        let at = column * BLOCK;
        for tap in (1..TAPS).rev() {
            gradients[tap] = gradients[tap - 1];
        }
        for v in 0..V {
            gradients[0][v] = S::as_simd_f32s(&dy[v][border + at..border + at + S::F32_LANES]).0[0];
        }
        let x = &x[at..at + RUN];
        for run in 0..RUN {
            let value = s.splat_f32s(x[run]);
            for tap in 0..TAPS {
                for v in 0..V {
                    sums[tap][run][v] = multiply_add(s, value, gradients[tap][v], sums[tap][run][v]);
                }
            }
        }
    }
}

/// A row at any stride: every output pixel meets the input pixels of its taps.
#[inline(always)]
fn pair<S: Simd, const TAPS: usize, const STEP: usize, const RUN: usize, const V: usize>(
    s: S,
    x: &[f32],
    dy: [&[f32]; V],
    width: usize,
    sums: &mut Sums<S, TAPS, RUN, V>,
) {
    let border = 2 * BLOCK;
    for column in 0..width {
        let at = column * BLOCK;
        let gradient: [S::f32s; V] =
            std::array::from_fn(|v| S::as_simd_f32s(&dy[v][border + at..border + at + S::F32_LANES]).0[0]);
        for tap in 0..TAPS {
            let x = &x[(column * STEP + tap) * BLOCK..][..RUN];
            for run in 0..RUN {
                let value = s.splat_f32s(x[run]);
                for v in 0..V {
                    sums[tap][run][v] = multiply_add(s, value, gradient[v], sums[tap][run][v]);
                }
            }
        }
    }
}
