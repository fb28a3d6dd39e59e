//! The measurement behind the paper's Fig. 2: for each block, the mean absolute
//! activation of the residual F and of every incoming hop's term.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, backend::Backend};

use super::model::Term;
use crate::domain::event::{BlockActivity, HopActivity};

/// Sums of absolute activations, over images, positions and feature maps.
#[derive(Debug, Default)]
pub struct Probe<B: Backend> {
    /// The sum of image means, and images.
    terms: BTreeMap<Place, (f64, usize)>,
    /// Image means `[images, 1]` that are still on the device only.
    unread: Vec<(Place, Tensor<B, 2>)>,
}

/// Block, then source level (`None` for F).
type Place = (usize, Option<usize>);

impl<B: Backend> Probe<B> {
    /// Takes in one term `[batch, channel, height, width]`, its first `images` only.
    pub fn take(&mut self, block: usize, term: Term, value: &Tensor<B, 4>, images: usize) {
        let [batch, channels, height, width] = value.dims();
        let images = images.min(batch);
        if images == 0 {
            return;
        }
        let value = if images < batch { value.clone().narrow(0, 0, images) } else { value.clone() };
        let means = value.abs().reshape([images, channels * height * width]).mean_dim(1);
        let source = match term {
            Term::Residual => None,
            Term::Hop(source) => Some(source),
        };
        self.unread.push(((block, source), means));
    }

    /// Adds up what was taken in since the last time; waits for the device.
    pub fn read_back(&mut self) {
        for (place, means) in self.unread.drain(..) {
            let images = means.dims()[0];
            let (sum, count) = self.terms.entry(place).or_default();
            *sum += means.into_data().iter::<f32>().map(f64::from).sum::<f64>();
            *count += images;
        }
    }

    /// The bars, of what was read back: one group a block.
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
