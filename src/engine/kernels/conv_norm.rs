//! A convolution with the batch norm after it: what the paper's networks are made of.

use super::conv::{self, InputGradient};
use super::geometry::Geometry;
use super::isa::Isa;
use super::memory::Buffer;
use super::norm::{self, Affine, NormKernel, Statistics};
use super::norm_gradient::{self, NormGradient};
use super::padded::PaddedInput;

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
        let moments = conv::forward(isa, g, self.weights, x, z, 2 * g.output, |_, z, note| {
            norm::image_moments(isa, z, g.output, note);
        });
        norm::combine(&moments, g.output, g.out_height() * g.out_width())
    }

    /// All gradients. Where a norm and a ReLU come `before` the layer, `dx` is passed back
    /// through the ReLU, and its sums by image are returned.
    pub fn backward(
        &self,
        isa: Isa,
        passed: Saved,
        dx: Option<InputGradient>,
        before: Option<Prologue>,
    ) -> (ConvNormGradients, Buffer) {
        let (g, Saved { norm, x, z, dy, sums }) = (&self.geometry, passed);
        let NormGradient { weight, bias, terms } =
            NormGradient::new(norm, sums, g.out_height() * g.out_width());
        let (images, both) =
            (z.len() / g.output_len(), (x, PaddedInput::NormGradient { dy, z, terms: &terms }));
        let centre = before.map(|before| before.norm.centre());
        let note_len = if before.is_some() { 2 * g.input } else { 0 };
        let found = conv::backward(isa, g, self.weights, images, both, dx, note_len, |i, dx, note| {
            if let (Some(Prologue { affine, z, .. }), Some(centre)) = (before, &centre) {
                let z = &z[i * g.input_len()..][..g.input_len()];
                norm_gradient::image_sums(isa, dx, affine, z, centre, note);
            }
        });
        (ConvNormGradients { weights: found.weights, scale: weight, shift: bias }, found.notes)
    }
}
