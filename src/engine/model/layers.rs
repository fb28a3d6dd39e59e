//! Convolution without bias, and the linear head.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, backend::Backend};

use super::init::Init;
use super::norm::{BatchNorm, Mode, values_a_channel};
use crate::engine::ops::{ConvNorm, NetworkOps};

/// A square convolution, padded to keep the size (at stride 1), without bias.
#[derive(Module, Debug)]
pub struct Conv<B: Backend> {
    /// `[output, input / groups, kernel, kernel]`.
    weight: Param<Tensor<B, 4>>,
    stride: usize,
    groups: usize,
}

/// Shape of a convolution.
#[derive(Debug, Clone, Copy)]
pub struct ConvShape {
    /// Input channels.
    pub input: usize,
    /// Output channels.
    pub output: usize,
    /// Kernel height and width.
    pub kernel: usize,
    /// Stride.
    pub stride: usize,
    /// Groups.
    pub groups: usize,
}

impl<B: Backend> Conv<B> {
    /// A convolution called `name`.
    pub fn new(init: &Init<B>, name: &str, shape: ConvShape) -> Self {
        let ConvShape { input, output, kernel, stride, groups } = shape;
        let inputs = input / groups;
        let weight = init.uniform(
            &format!("{name}.weight"),
            [output, inputs, kernel, kernel],
            inputs * kernel * kernel,
        );
        Self { weight, stride, groups }
    }

    /// With the norm that comes after it, as one layer.
    pub fn with(&self, bn: &BatchNorm<B>, mode: Mode) -> ConvNorm<B> {
        ConvNorm { weight: self.weight.val(), stride: self.stride, groups: self.groups, norm: bn.norm(mode) }
    }
}

/// Convolution, then batch norm.
#[derive(Module, Debug)]
pub struct ConvBn<B: Backend> {
    conv: Conv<B>,
    bn: BatchNorm<B>,
}

impl<B: Backend> ConvBn<B> {
    /// Convolution and norm called `name`.
    pub fn new(init: &Init<B>, name: &str, shape: ConvShape) -> Self {
        Self { conv: Conv::new(init, &format!("{name}.conv"), shape), bn: BatchNorm::new(init, shape.output) }
    }
}

impl<B: NetworkOps> ConvBn<B> {
    /// `[batch, input, h, w]` to `[batch, output, ⌈h/stride⌉, ⌈w/stride⌉]`.
    pub fn forward(&self, x: Tensor<B, 4>, mode: Mode) -> Tensor<B, 4> {
        self.run(x, mode, false)
    }

    /// The same, then ReLU.
    pub fn forward_relu(&self, x: Tensor<B, 4>, mode: Mode) -> Tensor<B, 4> {
        self.run(x, mode, true)
    }

    fn run(&self, x: Tensor<B, 4>, mode: Mode, then_relu: bool) -> Tensor<B, 4> {
        let (y, moments) = B::conv_norm(x, self.conv.with(&self.bn, mode), then_relu);
        if let Some([moments]) = moments {
            self.bn.update_running_stats(moments, values_a_channel(&y));
        }
        y
    }
}

/// Global average pool, then a linear layer with bias.
#[derive(Module, Debug)]
pub struct Head<B: Backend> {
    /// `[classes, channels]`, as PyTorch keeps it.
    weight: Param<Tensor<B, 2>>,
    /// `[classes]`.
    bias: Param<Tensor<B, 1>>,
}

impl<B: Backend> Head<B> {
    /// The layer called `head`.
    pub fn new(init: &Init<B>, channels: usize, classes: usize) -> Self {
        Self {
            weight: init.uniform("head.weight", [classes, channels], channels),
            bias: init.uniform("head.bias", [classes], channels),
        }
    }
}

impl<B: NetworkOps> Head<B> {
    /// `[batch, channels, h, w]` to logits `[batch, classes]`.
    pub fn forward(&self, x: Tensor<B, 4>) -> Tensor<B, 2> {
        let [batch, channels, size, _] = x.dims();
        let pooled = B::avg_pool(x, size).reshape([batch, channels]);
        pooled.matmul(self.weight.val().transpose()) + self.bias.val().unsqueeze()
    }
}
