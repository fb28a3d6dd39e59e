//! The whole network: stem, blocks, hierarchical sums, head (paper, Fig. 1).
//!
//! From here a convolution is three steps from its arithmetic: a layer hands its weights to
//! [`NetworkOps`] ([`layers`](super::layers)), whose implementation for the CPU
//! (`engine/ops/flex.rs`, with gradients in `engine/ops/autodiff.rs`) calls
//! [`kernels::conv`](crate::engine::kernels::conv).

use burn::module::Module;
use burn::tensor::{Tensor, backend::Backend};

use super::basic_block::BasicBlock;
use super::init::Init;
use super::layers::{ConvBn, ConvShape, Head};
use super::norm::{BatchNorm, Mode};
use super::projection::Projection;
use crate::domain::architecture::Architecture;
use crate::domain::hops::Hop;
use crate::domain::term::Term;
use crate::engine::ops::NetworkOps;

/// Plain, ResNet or ResNeXt trunk with any set of hierarchical residuals.
#[derive(Module, Debug)]
pub struct Network<B: Backend> {
    stem: ConvBn<B>,
    blocks: Vec<Vec<BasicBlock<B>>>,
    /// Batch norm on level 0, shared by every hop that reads it; there as soon as there
    /// is any hop.
    tap: Option<BatchNorm<B>>,
    /// By target, then source.
    projections: Vec<Projection<B>>,
    head: Head<B>,
}

impl<B: Backend> Network<B> {
    /// A network with the initial weights of `seed`.
    pub fn new(network: &Architecture, seed: u64, device: &B::Device) -> Self {
        let init = &Init { seed, device };
        let width = network.level_width(0);
        let stem = ConvShape { input: network.channels, output: width, kernel: 3, stride: 1, groups: 1 };
        let block = |(b, shapes): (usize, &Vec<_>)| {
            let basic = |(i, shape)| BasicBlock::new(init, &format!("blocks.{b}.{i}"), shape);
            shapes.iter().enumerate().map(basic).collect()
        };
        Self {
            stem: ConvBn::new(init, "stem", stem),
            blocks: network.blocks.iter().enumerate().map(block).collect(),
            tap: (!network.hops.is_empty()).then(|| BatchNorm::new(init, width)),
            projections: network.hops.iter().map(|hop| Projection::new(init, network, hop)).collect(),
            head: Head::new(init, network.level_width(network.blocks.len()), network.classes),
        }
    }

    /// The projections' hops, in the order in which they are stored.
    pub fn hops(&self) -> impl Iterator<Item = Hop> + '_ {
        self.projections.iter().map(Projection::hop)
    }
}

impl<B: NetworkOps> Network<B> {
    /// Images `[batch, 3, size, size]` to logits `[batch, classes]`.
    pub fn forward(&self, x: Tensor<B, 4>, mode: Mode) -> Tensor<B, 2> {
        self.forward_watched(x, mode, |_, _| true)
    }

    /// As [`forward`](Self::forward), showing `watch` every term of every hierarchical
    /// sum: which it is, and its value `[batch, channel, h, w]`. A term
    /// for which it returns false is left out of the sum, as in a lesion.
    pub fn forward_watched(
        &self,
        x: Tensor<B, 4>,
        mode: Mode,
        mut watch: impl FnMut(Term, &Tensor<B, 4>) -> bool,
    ) -> Tensor<B, 2> {
        let mut levels = vec![self.stem.forward_relu(x, mode)];
        let tapped = self.tap.as_ref().filter(|_| self.projections.iter().any(|p| p.hop().source == 0));
        let tapped = tapped.map(|tap| tap.forward(levels[0].clone(), mode));
        for (block, d) in self.blocks.iter().zip(1..) {
            // Eq. (2): G(x_d) = F(x_d) + Σ P(x_s), and no ReLU after the sum.
            let mut y = levels[d - 1].clone();
            for basic in block {
                y = basic.forward(y, mode);
            }
            if !watch(Term::Residual(d), &y) {
                y = y.zeros_like();
            }
            for projection in self.projections.iter().filter(|p| p.hop().target == d) {
                let source = projection.hop().source;
                let x = match &tapped {
                    Some(tapped) if source == 0 => tapped,
                    _ => &levels[source],
                };
                let term = projection.forward(x.clone(), mode);
                if watch(Term::Hop(projection.hop()), &term) {
                    y = B::sum(y, term);
                }
            }
            levels.push(y);
        }
        let last = levels.swap_remove(self.blocks.len());
        self.head.forward(last)
    }
}
