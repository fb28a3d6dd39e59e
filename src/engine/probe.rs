//! The measurement behind the paper's Fig. 2: for each block, the mean absolute
//! activation of the residual F and of every incoming hop's term; and, beyond it, how those
//! activations are spread.

use std::collections::BTreeMap;

use burn::tensor::{Tensor, backend::Backend};

use super::ops::to_vec_f32;
use crate::domain::event::{BlockActivity, HopActivity};
use crate::domain::histogram::Histogram;
use crate::domain::term::Term;

/// Images whose every activation is counted. Means take all probed images and stay on the
/// device; histograms need the values themselves, some 72,000 an image.
const COUNTED_IMAGES: usize = 100;

/// Sums of absolute activations, over images, positions and feature maps.
#[derive(Debug, Default)]
pub struct Probe<B: Backend> {
    terms: BTreeMap<Place, Measured>,
    /// What is still on the device only.
    unread: Vec<(Place, Taken<B>)>,
}

/// What is known of a term.
#[derive(Debug, Default)]
struct Measured {
    /// Sum of image means.
    sum: f64,
    images: usize,
    histogram: Histogram,
}

/// A batch of a term.
#[derive(Debug)]
struct Taken<B: Backend> {
    /// Image means `[images, 1]`.
    means: Tensor<B, 2>,
    /// The values of its images that are counted `[images, channel, height, width]`.
    counted: Option<Tensor<B, 4>>,
}

/// Block, then source level (`None` for F).
type Place = (usize, Option<usize>);

impl<B: Backend> Probe<B> {
    /// Takes in one term `[batch, channel, height, width]`, its first `images` only, `before` of
    /// which were in earlier batches.
    pub fn take(&mut self, term: Term, value: &Tensor<B, 4>, before: usize, images: usize) {
        let [batch, channels, height, width] = value.dims();
        let images = images.min(batch);
        if images == 0 {
            return;
        }
        let first = |n: usize| if n < batch { value.clone().narrow(0, 0, n) } else { value.clone() };
        let means = first(images).abs().reshape([images, channels * height * width]).mean_dim(1);
        let counted = images.min(COUNTED_IMAGES.saturating_sub(before));
        let counted = (counted > 0).then(|| first(counted));
        let place = (term.block(), term.hop().map(|hop| hop.source));
        self.unread.push((place, Taken { means, counted }));
    }

    /// Adds up what was taken in since the last time; waits for the device.
    pub fn read_back(&mut self) {
        for (place, Taken { means, counted }) in self.unread.drain(..) {
            let term = self.terms.entry(place).or_default();
            term.images += means.dims()[0];
            term.sum += to_vec_f32(means).into_iter().map(f64::from).sum::<f64>();
            if let Some(counted) = counted {
                term.histogram.add(&to_vec_f32(counted));
            }
        }
    }

    /// The bars, of what was read back: one group a block.
    pub fn blocks(self) -> Vec<BlockActivity> {
        let mut blocks: Vec<BlockActivity> = Vec::new();
        for ((block, source), Measured { sum, images, histogram }) in self.terms {
            let (value, histogram) = (sum / images as f64, Some(histogram));
            match (source, blocks.last_mut()) {
                (Some(source), Some(last)) => last.hops.push(HopActivity { source, value, histogram }),
                _ => blocks.push(BlockActivity { block, residual: value, histogram, hops: Vec::new() }),
            }
        }
        blocks
    }
}
