//! Gradient clipping, as `torch.nn.utils.clip_grad_norm_`.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use burn::tensor::backend::AutodiffBackend;

use super::model::Network;

/// PyTorch's guard against dividing by zero.
const EPS: f64 = 1e-6;

/// The gradients of `network`, scaled alike so that the norm of all of them together is at most
/// `max`. Nothing is read back: the norm stays on the device.
pub fn clip_norm<B: AutodiffBackend>(
    network: &Network<B>,
    gradients: GradientsParams,
    max: f64,
) -> GradientsParams {
    let mut squares = Squares::<B> { gradients: &gradients, sum: None };
    network.visit(&mut squares);
    let Some(sum) = squares.sum else { return gradients };
    let factor = (sum.sqrt() + EPS).recip().mul_scalar(max).clamp_max(1.0);
    let mut scaled = Scaled::<B> { gradients, factor };
    network.visit(&mut scaled);
    scaled.gradients
}

/// The sum of all squares, `[1]`.
struct Squares<'a, B: AutodiffBackend> {
    gradients: &'a GradientsParams,
    sum: Option<Tensor<B::InnerBackend, 1>>,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Squares<'_, B> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        if let Some(gradient) = self.gradients.get::<B::InnerBackend, D>(param.id) {
            let squares = (gradient.clone() * gradient).sum();
            self.sum = Some(match self.sum.take() {
                Some(sum) => sum + squares,
                None => squares,
            });
        }
    }
}

struct Scaled<B: AutodiffBackend> {
    gradients: GradientsParams,
    /// `[1]`.
    factor: Tensor<B::InnerBackend, 1>,
}

impl<B: AutodiffBackend> ModuleVisitor<B> for Scaled<B> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<B, D>>) {
        if let Some(gradient) = self.gradients.remove::<B::InnerBackend, D>(param.id) {
            let factor = self.factor.clone().reshape([1; D]);
            self.gradients.register::<B::InnerBackend, D>(param.id, gradient * factor);
        }
    }
}
