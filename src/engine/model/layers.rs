//! Convolution without bias, and the linear head.

use burn::module::{Module, Param};
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, backend::Backend};

use super::init::Init;
use super::norm::{BatchNorm, Mode};

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

    /// `[batch, input, h, w]` to `[batch, output, ⌈h/stride⌉, ⌈w/stride⌉]`.
    pub fn forward(&self, x: Tensor<B, 4>) -> Tensor<B, 4> {
        let weight = self.weight.val();
        let padding = weight.dims()[2] / 2;
        let options = ConvOptions::new([self.stride; 2], [padding; 2], [1; 2], self.groups);
        conv2d(x, weight, None, options)
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

    /// As [`Conv::forward`].
    pub fn forward(&self, x: Tensor<B, 4>, mode: Mode) -> Tensor<B, 4> {
        self.bn.forward(self.conv.forward(x), mode)
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

    /// `[batch, channels, h, w]` to logits `[batch, classes]`.
    pub fn forward(&self, x: Tensor<B, 4>) -> Tensor<B, 2> {
        let [batch, channels, height, width] = x.dims();
        let pooled = x.reshape([batch, channels, height * width]).mean_dim(2).reshape([batch, channels]);
        pooled.matmul(self.weight.val().transpose()) + self.bias.val().unsqueeze()
    }
}
