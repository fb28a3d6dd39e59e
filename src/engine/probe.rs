//! The measurement behind the paper's Fig. 2: for each block, the mean absolute
//! activation of the residual F and of every incoming hop's term.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, backend::Backend};

use super::model::Term;
use crate::domain::event::{BlockActivity, HopActivity};

/// Sums of absolute activations, over images, positions and feature maps.
#[derive(Debug, Default)]
pub struct Probe {
    /// By block, then source level (`None` for F): the sum of image means, and images.
    terms: BTreeMap<(usize, Option<usize>), (f64, usize)>,
}

impl Probe {
    /// Takes in one term `[batch, channel, height, width]`, its first `images` only.
    pub fn take<B: Backend>(&mut self, block: usize, term: Term, value: &Tensor<B, 4>, images: usize) {
        let [batch, channels, height, width] = value.dims();
        let images = images.min(batch);
        if images == 0 {
            return;
        }
        let value = if images < batch { value.clone().narrow(0, 0, images) } else { value.clone() };
        let means = value.abs().reshape([images, channels * height * width]).mean_dim(1).into_data();
        let source = match term {
            Term::Residual => None,
            Term::Hop(source) => Some(source),
        };
        let (sum, count) = self.terms.entry((block, source)).or_default();
        *sum += means.iter::<f32>().map(f64::from).sum::<f64>();
        *count += images;
    }

    /// The bars: one group a block.
    pub fn blocks(&self) -> Vec<BlockActivity> {
        let mut blocks: Vec<BlockActivity> = Vec::new();
        for (&(block, source), &(sum, count)) in &self.terms {
            let value = sum / count as f64;
            match (source, blocks.last_mut()) {
                (Some(source), Some(last)) => last.hops.push(HopActivity { source, value }),
                _ => blocks.push(BlockActivity { block, residual: value, hops: Vec::new() }),
            }
        }
        blocks
    }
}
