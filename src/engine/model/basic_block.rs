//! The basic block of ResNet-18, with or without its short-range skip.

use burn::module::Module;
use burn::tensor::activation::relu;
use burn::tensor::{Tensor, backend::Backend};

use super::init::Init;
use super::layers::{Conv, ConvBn, ConvShape};
use super::norm::{BatchNorm, Mode};
use crate::domain::architecture::BasicBlockShape;

/// conv3×3–BN–ReLU–conv3×3–BN (+ skip) – ReLU.
#[derive(Module, Debug)]
pub struct BasicBlock<B: Backend> {
    conv1: Conv<B>,
    bn1: BatchNorm<B>,
    conv2: Conv<B>,
    bn2: BatchNorm<B>,
    /// 1×1 convolution and BN where the skip changes shape.
    shortcut: Option<ConvBn<B>>,
    skip: bool,
}

impl<B: Backend> BasicBlock<B> {
    /// The basic block called `name`, e.g. `blocks.0.1`.
    pub fn new(init: &Init<B>, name: &str, shape: &BasicBlockShape) -> Self {
        let conv = |part: &str, input, output, stride| {
            let shape = ConvShape { input, output, kernel: 3, stride, groups: shape.groups };
            Conv::new(init, &format!("{name}.{part}"), shape)
        };
        let shortcut = shape.has_shortcut_conv().then(|| {
            let BasicBlockShape { input, output, stride, .. } = *shape;
            let shape = ConvShape { input, output, kernel: 1, stride, groups: 1 };
            ConvBn::new(init, &format!("{name}.shortcut"), shape)
        });
        Self {
            conv1: conv("conv1", shape.input, shape.hidden, shape.stride),
            bn1: BatchNorm::new(init, shape.hidden),
            conv2: conv("conv2", shape.hidden, shape.output, 1),
            bn2: BatchNorm::new(init, shape.output),
            shortcut,
            skip: shape.skip,
        }
    }

    /// `[batch, input, h, w]` to `[batch, output, ⌈h/stride⌉, ⌈w/stride⌉]`.
    pub fn forward(&self, x: Tensor<B, 4>, mode: Mode) -> Tensor<B, 4> {
        let hidden = relu(self.bn1.forward(self.conv1.forward(x.clone()), mode));
        let y = self.bn2.forward(self.conv2.forward(hidden), mode);
        let y = match &self.shortcut {
            Some(shortcut) => y + shortcut.forward(x, mode),
            None if self.skip => y + x,
            None => y,
        };
        relu(y)
    }
}
