//! Convolutions over batches `[image, height, width, channel]`, one task an image.

use std::cell::RefCell;

use rayon::prelude::*;

use super::conv_plan::ConvPlan;
use super::gather::{gather, lanes};
use super::geometry::Geometry;
use super::isa::{Isa, Prefetch};
use super::memory::Buffer;
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

/// The forward pass from `x` into `z`. After each image `each(index, image of z, note)`
/// is called while it is in cache; the notes, `note_len` floats an image, are returned.
pub fn forward(
    isa: Isa,
    geometry: &Geometry,
    weights: &[f32],
    x: PaddedInput,
    z: &mut [f32],
    note_len: usize,
    each: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) -> Buffer {
    let program = ConvPlan::forward(geometry, weights, lanes(isa));
    let frame = geometry.input_frame();
    let note_len = note_len.max(1);
    let mut notes = Buffer::take(z.len() / geometry.output_len() * note_len);
    z.par_chunks_exact_mut(geometry.output_len())
        .zip(notes.par_chunks_exact_mut(note_len))
        .enumerate()
        .for_each(|(i, (z, note))| {
            FRAMED.with_borrow_mut(|(framed, _)| {
                framed.load(isa, frame, x.image(i, geometry.input_len()));
                let [next, also] = x.ahead(i + 1, geometry.input_len());
                gather(isa, &program, framed, z, false, Prefetch([next, also, &[]]));
            });
            each(i, z, note);
        });
    notes
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
    pub notes: Buffer,
}

/// Both gradients, from the input `x` and the gradient `dz` of the output, over `images`
/// images. After each image of the input's gradient `each(index, image of dx, note)` is
/// called.
#[expect(clippy::too_many_arguments, reason = "a convolution has that many sides")]
pub fn backward(
    isa: Isa,
    geometry: &Geometry,
    weights: &[f32],
    images: usize,
    (x, dz): (PaddedInput, PaddedInput),
    input: Option<InputGradient>,
    note_len: usize,
    each: impl Fn(usize, &mut [f32], &mut [f32]) + Sync,
) -> Gradients {
    let lanes = lanes(isa);
    let plan = WeightGradientPlan::new(geometry, lanes);
    let programs = match input {
        Some(_) => ConvPlan::input_gradient(geometry, weights, lanes),
        None => Vec::new(),
    };
    let (x_frame, dz_frame) = (geometry.input_frame(), geometry.gradient_frame());
    let (x_len, z_len, note_len) = (geometry.input_len(), geometry.output_len(), note_len.max(1));
    let part = images.div_ceil(PARTS.min(MOST_SUMS / plan.len).max(1)).max(1);
    let parts = images.div_ceil(part);
    let mut notes = Buffer::take(images * note_len);
    let mut sums = Buffer::take(parts * plan.len);
    let add = input.as_ref().is_some_and(|input| input.add);
    let dx = input.map_or(&mut [][..], |input| input.dx);
    let mut dx_parts: Vec<&mut [f32]> = dx.chunks_mut(part * x_len).collect();
    dx_parts.resize_with(parts, || &mut []);

    sums.par_chunks_exact_mut(plan.len)
        .zip(notes.par_chunks_mut(part * note_len))
        .zip(dx_parts)
        .enumerate()
        .for_each(|(p, ((sums, notes), dx))| {
            let mut dx = dx.chunks_exact_mut(x_len);
            for (i, note) in (p * part..).zip(notes.chunks_exact_mut(note_len)) {
                FRAMED.with_borrow_mut(|(framed_x, framed_dz)| {
                    framed_x.load(isa, x_frame, x.image(i, x_len));
                    framed_dz.load(isa, dz_frame, dz.image(i, z_len));
                    plan.add_image(isa, framed_x, framed_dz, sums, i == p * part);
                    let Some(dx) = dx.next() else { return };
                    let [next_x, _] = x.ahead(i + 1, x_len);
                    let [next_dy, next_z] = dz.ahead(i + 1, z_len);
                    let mut ahead = Prefetch([next_x, next_dy, next_z]);
                    for program in &programs {
                        gather(isa, program, framed_dz, dx, add, std::mem::take(&mut ahead));
                    }
                    each(i, dx, note);
                });
            }
        });

    let mut gradient = Buffer::take(geometry.weights());
    plan.unpack(total(&mut sums, plan.len), &mut gradient);
    Gradients { weights: gradient, notes }
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
