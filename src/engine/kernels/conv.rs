//! Convolutions over batches `[image, height, width, channel]`, one task an image, and the
//! batch norms after them: what the paper's networks are made of.

use std::cell::RefCell;

use rayon::prelude::*;

use super::conv_plan::ConvPlan;
use super::gather::{gather, lanes};
use super::geometry::Geometry;
use super::isa::{Isa, Prefetch};
use super::memory::Buffer;
use super::norm::{self, Affine, NormKernel, Statistics};
use super::norm_gradient::{self, NormGradient};
use super::padded::{Padded, PaddedInput};
use super::weight_gradient::WeightGradientPlan;

/// Into how many parts a batch is cut for the sums over its images. It does not depend on
/// the number of threads, so that neither do the results.
const PARTS: usize = 20;

/// Floats in the sums of all parts: wide convolutions are cut into fewer.
const MOST_SUMS: usize = 1 << 24;

thread_local! {
    /// Framed images of this thread: an input, and an output's gradient.
    static FRAMED: RefCell<(Padded, Padded)> = RefCell::default();
}

/// The forward pass from `x` into `z`. After each image `each(index, image of z, partial)`
/// is called while it is in cache; the partials, `partial_len` floats an image, are returned.
pub fn forward(
    isa: Isa,
    geometry: &Geometry,
    weights: &[f32],
    x: PaddedInput,
    z: &mut [f32],
    partial_len: usize,
    each: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) -> Buffer {
    let plan = ConvPlan::forward(geometry, weights, lanes(isa));
    let frame = geometry.input_frame();
    let partial_len = partial_len.max(1);
    let mut partials = Buffer::take(z.len() / geometry.output_len() * partial_len);
    z.par_chunks_exact_mut(geometry.output_len())
        .zip(partials.par_chunks_exact_mut(partial_len))
        .enumerate()
        .for_each(|(i, (z, partial))| {
            FRAMED.with_borrow_mut(|(framed, _)| {
                framed.load(isa, frame, x.image(i, geometry.input_len()));
                let [next, also] = x.ahead(i + 1, geometry.input_len());
                gather(isa, &plan, framed, z, false, Prefetch([next, also, &[]]));
            });
            each(i, z, partial);
        });
    partials
}

/// Where the gradient of an input goes.
#[derive(Debug)]
pub struct InputGradient<'a> {
    /// Its place.
    pub dx: &'a mut [f32],
    /// Whether to add to what is there.
    pub add: bool,
}

/// What a backward pass leaves behind.
#[derive(Debug)]
pub struct Gradients {
    /// Of the weights, `[output, input / groups, kernel, kernel]`.
    pub weights: Buffer,
    /// As [`forward`]'s.
    pub partials: Buffer,
}

/// Both gradients, from the input `x` and the gradient `dz` of the output, over `images`
/// images. After each image of the input's gradient `each(index, image of dx, partial)` is
/// called.
#[expect(clippy::too_many_arguments, reason = "a convolution has that many sides")]
pub fn backward(
    isa: Isa,
    geometry: &Geometry,
    weights: &[f32],
    images: usize,
    (x, dz): (PaddedInput, PaddedInput),
    input: Option<InputGradient>,
    partial_len: usize,
    each: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) -> Gradients {
    let lanes = lanes(isa);
    let plan = WeightGradientPlan::new(geometry, lanes);
    let plans = match input {
        Some(_) => ConvPlan::input_gradient(geometry, weights, lanes),
        None => Vec::new(),
    };
    let (x_frame, dz_frame) = (geometry.input_frame(), geometry.gradient_frame());
    let (x_len, z_len, partial_len) = (geometry.input_len(), geometry.output_len(), partial_len.max(1));
    let part = images.div_ceil(PARTS.min(MOST_SUMS / plan.len).max(1)).max(1);
    let parts = images.div_ceil(part);
    let mut partials = Buffer::take(images * partial_len);
    let mut sums = Buffer::take(parts * plan.len);
    let add = input.as_ref().is_some_and(|input| input.add);
    let dx = input.map_or(&mut [][..], |input| input.dx);
    let mut dx_parts: Vec<&mut [f32]> = dx.chunks_mut(part * x_len).collect();
    dx_parts.resize_with(parts, || &mut []);

    sums.par_chunks_exact_mut(plan.len)
        .zip(partials.par_chunks_mut(part * partial_len))
        .zip(dx_parts)
        .enumerate()
        .for_each(|(p, ((sums, partials), dx))| {
            let mut dx = dx.chunks_exact_mut(x_len);
            for (i, partial) in (p * part..).zip(partials.chunks_exact_mut(partial_len)) {
                FRAMED.with_borrow_mut(|(framed_x, framed_dz)| {
                    framed_x.load(isa, x_frame, x.image(i, x_len));
                    framed_dz.load(isa, dz_frame, dz.image(i, z_len));
                    plan.add_image(isa, framed_x, framed_dz, sums, i == p * part);
                    let Some(dx) = dx.next() else { return };
                    let [next_x, _] = x.ahead(i + 1, x_len);
                    let [next_dy, next_z] = dz.ahead(i + 1, z_len);
                    let mut ahead = Prefetch([next_x, next_dy, next_z]);
                    for plan in &plans {
                        gather(isa, plan, framed_dz, dx, add, std::mem::take(&mut ahead));
                    }
                    each(i, dx, partial);
                });
            }
        });

    let mut gradient = Buffer::take(geometry.weights());
    plan.unpack(total(&mut sums, plan.len), &mut gradient);
    Gradients { weights: gradient, partials }
}

/// Adds up sets of `len` sums, always in the same order.
fn total(sums: &mut [f32], len: usize) -> &[f32] {
    let (first, others) = sums.split_at_mut(len);
    // A stretch that fits the cache, over all parts.
    const STRETCH: usize = 4096;
    first.par_chunks_mut(STRETCH).enumerate().for_each(|(i, first)| {
        for other in others.chunks_exact(len) {
            let other = &other[i * STRETCH..][..first.len()];
            for (sum, value) in first.iter_mut().zip(other) {
                *sum += value;
            }
        }
    });
    first
}

/// Convolution and batch norm, without their statistics.
#[derive(Debug, Clone, Copy)]
pub struct ConvNormKernel<'a> {
    /// The convolution's shape.
    pub geometry: Geometry,
    /// Its weights, `[output, input / groups, kernel, kernel]`.
    pub weights: &'a [f32],
    /// Scale of the norm, by channel.
    pub scale: &'a [f32],
    /// Shift of the norm, by channel.
    pub shift: &'a [f32],
}

/// Gradients of a layer's parameters.
#[derive(Debug)]
pub struct ConvNormGradients {
    /// As the weights.
    pub weights: Buffer,
    /// By channel.
    pub scale: Vec<f32>,
    /// By channel.
    pub shift: Vec<f32>,
}

/// A layer's forward pass, and the gradient to take back through it.
#[derive(Debug, Clone, Copy)]
pub struct Saved<'a> {
    /// The norm, with the batch's statistics.
    pub norm: &'a NormKernel<'a>,
    /// The input.
    pub x: PaddedInput<'a>,
    /// Output of the convolution.
    pub z: &'a [f32],
    /// Gradient of the norm's output, behind any ReLU.
    pub dy: &'a [f32],
    /// Its sums by image: Σ dy and Σ dy · (z − mean) of each channel.
    pub sums: &'a [f32],
}

/// The norm that, with a ReLU, computes a layer's input on the way.
#[derive(Debug, Clone, Copy)]
pub struct Prologue<'a> {
    /// Its map.
    pub affine: &'a Affine,
    /// The norm.
    pub norm: &'a NormKernel<'a>,
    /// Its input.
    pub z: &'a [f32],
}

impl<'a> ConvNormKernel<'a> {
    /// Its norm with these statistics.
    pub fn norm(&self, mean: &'a [f32], var: &'a [f32]) -> NormKernel<'a> {
        NormKernel { weight: self.scale, bias: self.shift, mean, var }
    }

    /// The convolution of a batch into `z`, and the statistics of the result.
    pub fn convolve(&self, isa: Isa, x: PaddedInput, z: &mut [f32]) -> Statistics {
        let g = &self.geometry;
        let moments = forward(isa, g, self.weights, x, z, 2 * g.output, |_, z, partial| {
            norm::image_moments(isa, z, g.output, partial);
        });
        norm::combine(&moments, g.output, g.out_height() * g.out_width())
    }

    /// All gradients. Where a norm and a ReLU come before the layer (`prologue`), `dx` is
    /// passed back through the ReLU, and its sums by image are returned.
    pub fn backward(
        &self,
        isa: Isa,
        saved: Saved,
        dx: Option<InputGradient>,
        prologue: Option<Prologue>,
    ) -> (ConvNormGradients, Buffer) {
        let (g, Saved { norm, x, z, dy, sums }) = (&self.geometry, saved);
        let NormGradient { weight, bias, terms } =
            NormGradient::new(norm, sums, g.out_height() * g.out_width());
        let (images, both) =
            (z.len() / g.output_len(), (x, PaddedInput::NormGradient { dy, z, terms: &terms }));
        let centre = prologue.map(|prologue| prologue.norm.centre());
        let partial_len = if prologue.is_some() { 2 * g.input } else { 0 };
        let found = backward(isa, g, self.weights, images, both, dx, partial_len, |i, dx, partial| {
            if let (Some(Prologue { affine, z, .. }), Some(centre)) = (prologue, &centre) {
                let z = &z[i * g.input_len()..][..g.input_len()];
                norm_gradient::image_sums(isa, dx, affine, z, centre, partial);
            }
        });
        (ConvNormGradients { weights: found.weights, scale: weight, shift: bias }, found.partials)
    }
}
