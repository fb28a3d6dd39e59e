//! A convolution with the batch norm after it: what the paper's networks are made of.

use super::conv::{self, InputGradient};
use super::geometry::Geometry;
use super::isa::Isa;
use super::memory::Buffer;
use super::norm::{self, Affine, Norm, NormGradient, Statistics};
use super::padded::Pixels;

/// Convolution and batch norm, without their statistics.
#[derive(Debug, Clone, Copy)]
pub struct Layer<'a> {
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
pub struct LayerGradients {
    /// As the weights.
    pub weights: Buffer,
    /// By channel.
    pub scale: Vec<f32>,
    /// By channel.
    pub shift: Vec<f32>,
}

/// Gradient of a layer's output, masked, with its sums image by image
/// ([`norm::image_sums`]).
#[derive(Debug, Clone, Copy)]
pub struct OutputGradient<'a> {
    /// Of the norm's output.
    pub dy: &'a [f32],
    /// Σ dy and Σ dy · (z − mean), by image.
    pub sums: &'a [f32],
}

impl<'a> Layer<'a> {
    /// Its norm with these statistics.
    pub fn norm(&self, mean: &'a [f32], var: &'a [f32]) -> Norm<'a> {
        Norm { weight: self.scale, bias: self.shift, mean, var }
    }

    /// The convolution of a batch into `z`, and the statistics of the result.
    pub fn convolve(&self, isa: Isa, x: Pixels, z: &mut [f32]) -> Statistics {
        let g = &self.geometry;
        let moments = conv::forward(isa, g, self.weights, x, z, 2 * g.output, |_, z, note| {
            norm::image_moments(isa, z, g.output, note);
        });
        norm::combine(&moments, g.output, g.out_height() * g.out_width())
    }

    /// All gradients of a layer whose convolution gave `z` of `images` images.
    /// `before` is the norm and ReLU between the layer and its input, where `x` is
    /// computed by them: the gradient `dx` is then passed back through the ReLU, and the
    /// sums that the norm needs are returned.
    pub fn backward(
        &self,
        isa: Isa,
        norm: &Norm,
        x: Pixels,
        z: &[f32],
        gradient: OutputGradient,
        dx: Option<InputGradient>,
        before: Option<(&Affine, &Norm, &[f32])>,
    ) -> (LayerGradients, Buffer) {
        let g = &self.geometry;
        let images = z.len() / g.output_len();
        let NormGradient { weight, bias, terms } =
            NormGradient::new(norm, gradient.sums, g.out_height() * g.out_width());
        let dz = Pixels::NormGradient { dy: gradient.dy, z, terms: &terms };
        let centre = before.map(|(_, norm, _)| norm.centre());
        let note_len = if before.is_some() { 2 * g.input } else { 0 };
        let found = conv::backward(isa, g, self.weights, images, (x, dz), dx, note_len, |i, dx, note| {
            if let (Some((affine, _, z)), Some(centre)) = (before, &centre) {
                let z = &z[i * g.input_len()..][..g.input_len()];
                norm::image_sums(isa, dx, affine, z, centre, note);
            }
        });
        (LayerGradients { weights: found.weights, scale: weight, shift: bias }, found.notes)
    }
}
