//! The operations that the networks are made of, as a backend may do them best.
//!
//! Every backend gets them from burn's own operations ([`mod@reference`]), differentiated by
//! burn. The CPU replaces them by its own [`kernels`](super::kernels), with gradients of
//! their own. A network's source sees one set of operations.

mod autodiff;
mod flex;
mod flex_tensor;
mod host;
pub mod reference;

use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::{Int, Tensor};

pub use self::host::to_vec_f32;
pub use super::kernels::elementwise::AdamStep;
pub use super::kernels::norm::EPS;

/// Scale and shift of a batch norm, and what it normalises by.
#[derive(Debug, Clone)]
pub struct NormParams<B: Backend> {
    /// Scale, `[channel]`.
    pub weight: Tensor<B, 1>,
    /// Shift, `[channel]`.
    pub bias: Tensor<B, 1>,
    /// The statistics to normalise by; the batch's own where there are none.
    pub running: Option<BatchStats<B>>,
}

/// Mean and biased variance over images and positions.
#[derive(Debug, Clone)]
pub struct BatchStats<B: Backend> {
    /// `[channel]`.
    pub mean: Tensor<B, 1>,
    /// `[channel]`.
    pub var: Tensor<B, 1>,
}

/// A convolution without bias, padded to keep the size at stride 1, and the batch norm
/// after it.
#[derive(Debug, Clone)]
pub struct ConvNorm<B: Backend> {
    /// `[output, input / groups, kernel, kernel]`.
    pub weight: Tensor<B, 4>,
    /// Stride of the convolution.
    pub stride: usize,
    /// Groups of the convolution.
    pub groups: usize,
    /// The norm.
    pub norm: NormParams<B>,
}

/// A result, and the batch's statistics of each norm on the way, in order; none where the
/// norm was given some.
pub type Normed<B, const N: usize> = (Tensor<B, 4>, Option<[BatchStats<B>; N]>);

/// Operations on images `[batch, channel, height, width]` and on what comes of them.
pub trait NetworkOps: Backend {
    /// Batch norm.
    fn batch_norm(x: Tensor<Self, 4>, norm: NormParams<Self>) -> Normed<Self, 1> {
        reference::batch_norm(x, norm)
    }

    /// Convolution, batch norm, and where asked for ReLU.
    fn conv_norm(x: Tensor<Self, 4>, layer: ConvNorm<Self>, then_relu: bool) -> Normed<Self, 1> {
        reference::conv_norm(x, layer, then_relu)
    }

    /// relu(second(relu(first(x))) + skip): a basic block; `skip` has the result's shape.
    fn basic_block(
        x: Tensor<Self, 4>,
        first: ConvNorm<Self>,
        second: ConvNorm<Self>,
        skip: Option<Tensor<Self, 4>>,
    ) -> Normed<Self, 2> {
        reference::basic_block(x, first, second, skip)
    }

    /// Sum of two tensors of one shape.
    fn sum(x: Tensor<Self, 4>, y: Tensor<Self, 4>) -> Tensor<Self, 4> {
        x + y
    }

    /// Average pooling with equal kernel and stride, which divide height and width.
    fn avg_pool(x: Tensor<Self, 4>, size: usize) -> Tensor<Self, 4> {
        reference::avg_pool(x, size)
    }

    /// Mean cross-entropy `[1]`, nats, of `logits` `[batch, classes]` and classes `[batch]`.
    fn cross_entropy(logits: Tensor<Self, 2>, labels: Tensor<Self, 1, Int>) -> Tensor<Self, 1> {
        reference::cross_entropy(logits, labels)
    }

    /// One step of Adam: the parameter and its moments after it.
    fn adam<const D: usize>(
        step: AdamStep,
        gradient: Tensor<Self, D>,
        state: [Tensor<Self, D>; 3],
    ) -> [Tensor<Self, D>; 3] {
        reference::adam(step, gradient, state)
    }
}

/// A backend that networks are trained on.
pub trait TrainingBackend: AutodiffBackend<InnerBackend: NetworkOps> + NetworkOps {}

impl<B: AutodiffBackend<InnerBackend: NetworkOps> + NetworkOps> TrainingBackend for B {}

#[cfg(feature = "cuda")]
impl NetworkOps for burn_cuda::Cuda {}

#[cfg(feature = "cuda")]
impl NetworkOps for burn::backend::Autodiff<burn_cuda::Cuda> {}

#[cfg(feature = "gpu")]
impl NetworkOps for burn_wgpu::Wgpu {}

#[cfg(feature = "gpu")]
impl NetworkOps for burn::backend::Autodiff<burn_wgpu::Wgpu> {}
