//! One hierarchical residual: P of the paper's Eq. (2).

use burn::module::Module;
use burn::tensor::{Tensor, backend::Backend};

use super::init::Init;
use super::layers::{ConvBn, ConvShape};
use super::norm::Mode;
use crate::domain::architecture::Architecture;
use crate::domain::hops::Hop;
use crate::engine::ops::NetworkOps;

/// Average pool where sizes differ, then 1×1 convolution and batch norm.
///
/// Hop 0→1 has no convolution of its own: its shapes match, and it is the tap alone.
#[derive(Module, Debug)]
pub struct Projection<B: Backend> {
    conv_bn: Option<ConvBn<B>>,
    pool: usize,
    source: usize,
    target: usize,
}

impl<B: Backend> Projection<B> {
    /// The projection of `hop`, called `projections.S_D`.
    pub fn new(init: &Init<B>, network: &Architecture, hop: Hop) -> Self {
        let conv_bn = (!hop.is_identity()).then(|| {
            let shape = ConvShape {
                input: network.level_width(hop.source),
                output: network.level_width(hop.target),
                kernel: 1,
                stride: 1,
                groups: 1,
            };
            ConvBn::new(init, &format!("projections.{}_{}", hop.source, hop.target), shape)
        });
        Self { conv_bn, pool: network.pooling(hop), source: hop.source, target: hop.target }
    }

    /// Where it comes from and goes to.
    pub fn hop(&self) -> Hop {
        Hop::new(self.source, self.target)
    }
}

impl<B: NetworkOps> Projection<B> {
    /// `[batch, c_s, h, w]` of the source level (tapped, for level 0) to
    /// `[batch, c_d, h/pool, w/pool]` of the target.
    pub fn forward(&self, x: Tensor<B, 4>, mode: Mode) -> Tensor<B, 4> {
        let x = match self.pool {
            1 => x,
            size => B::avg_pool(x, size),
        };
        match &self.conv_bn {
            Some(conv_bn) => conv_bn.forward(x, mode),
            None => x,
        }
    }
}
