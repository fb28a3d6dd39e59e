//! The basic block of ResNet-18, with or without its short-range skip.

use burn::module::Module;
use burn::tensor::{Tensor, backend::Backend};

use super::init::Init;
use super::layers::{Conv, ConvBn, ConvShape};
use super::norm::{BatchNorm, Mode, values_a_channel};
use crate::domain::architecture::BasicBlockShape;
use crate::engine::ops::NetworkOps;

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
}

impl<B: NetworkOps> BasicBlock<B> {
    /// `[batch, input, h, w]` to `[batch, output, ⌈h/stride⌉, ⌈w/stride⌉]`.
    pub fn forward(&self, x: Tensor<B, 4>, mode: Mode) -> Tensor<B, 4> {
        let skip = match &self.shortcut {
            Some(shortcut) => Some(shortcut.forward(x.clone(), mode)),
            None => self.skip.then(|| x.clone()),
        };
        let (first, second) = (self.conv1.with(&self.bn1, mode), self.conv2.with(&self.bn2, mode));
        let (y, moments) = B::basic_block(x, first, second, skip);
        if let Some([moments1, moments2]) = moments {
            self.bn1.update_running_stats(moments1, values_a_channel(&y));
            self.bn2.update_running_stats(moments2, values_a_channel(&y));
        }
        y
    }
}
