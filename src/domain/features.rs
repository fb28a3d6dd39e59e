//! Feature maps of one image: what every term of every hierarchical sum looks like.

use std::fmt;

use super::event::Checkpoint;
use super::term::Term;

/// What one image makes of a trained network.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    /// The image.
    pub image: FeatureImage,
    /// The weights that were asked.
    pub checkpoint: Checkpoint,
    /// The classes with the highest softmax probabilities, highest first.
    pub predicted: Vec<Prediction>,
    /// One entry a block, from the first.
    pub blocks: Vec<BlockMaps>,
}

/// An image of the validation split as its file has it.
#[derive(Clone, PartialEq)]
pub struct FeatureImage {
    /// Which of the split's images, from 0.
    pub index: usize,
    /// Images in the split.
    pub of: usize,
    /// Its class.
    pub class: usize,
    /// 8-bit, `[channel, height, width]`.
    pub pixels: Vec<u8>,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Height and width, pixels.
    pub size: usize,
}

/// A class and how sure the network is of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prediction {
    /// Which.
    pub class: usize,
    /// By softmax, 0 to 1.
    pub probability: f64,
}

/// The terms of one block's hierarchical sum, and the sum.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockMaps {
    /// From 1.
    pub block: usize,
    /// F, then the incoming hops by source, then their sum.
    pub rows: Vec<Maps>,
    /// What 99 of 100 values of all its maps lie within, between minus and plus it; 0 where no
    /// value is a number. A few values are many times larger than all others.
    pub scale: f32,
}

impl BlockMaps {
    /// From F and the terms of the hops, in the order in which the network adds them.
    pub fn new(block: usize, residual: Maps, hops: Vec<Maps>) -> Self {
        let mut sum = residual.values.clone();
        for hop in &hops {
            sum.iter_mut().zip(&hop.values).for_each(|(sum, value)| *sum += value);
        }
        let sum = Maps::new(None, sum, residual.channels, residual.size);
        let rows: Vec<Maps> = std::iter::once(residual).chain(hops).chain([sum]).collect();
        Self { block, scale: scale(&rows), rows }
    }

    /// Maps of each term.
    pub fn channels(&self) -> usize {
        self.rows.first().map_or(0, |maps| maps.channels)
    }

    /// Height and width of a map.
    pub fn size(&self) -> usize {
        self.rows.first().map_or(0, |maps| maps.size)
    }
}

fn scale(rows: &[Maps]) -> f32 {
    let values = rows.iter().flat_map(|maps| &maps.values).map(|v| v.abs());
    let mut values: Vec<f32> = values.filter(|v| v.is_finite()).collect();
    let Some(place) = (values.len() * 99).div_ceil(100).checked_sub(1) else { return 0.0 };
    let (_, most, rest) = values.select_nth_unstable_by(place, f32::total_cmp);
    // Of maps with few values that are not zero, the largest.
    if *most > 0.0 { *most } else { rest.iter().copied().fold(0.0, f32::max) }
}

/// The feature maps of one term of a block's hierarchical sum, or of the sum.
#[derive(Clone, PartialEq)]
pub struct Maps {
    /// Which term; `None` for the sum, which is the block's output (Eq. 2).
    pub term: Option<Term>,
    /// `[channel, height, width]`.
    pub values: Vec<f32>,
    /// Number of maps.
    pub channels: usize,
    /// Height and width of each.
    pub size: usize,
    /// Mean |value| over all maps, as in Fig. 2.
    pub mean: f64,
    /// The largest |value| of each map; 0 where no value is a number.
    pub peaks: Vec<f32>,
}

impl Maps {
    /// With their mean and peaks.
    pub fn new(term: Option<Term>, values: Vec<f32>, channels: usize, size: usize) -> Self {
        let mean = values.iter().map(|v| f64::from(v.abs())).sum::<f64>() / values.len().max(1) as f64;
        let peak = |map: &[f32]| map.iter().map(|v| v.abs()).filter(|v| v.is_finite()).fold(0.0, f32::max);
        let peaks = values.chunks_exact((size * size).max(1)).map(peak).collect();
        Self { term, values, channels, size, mean, peaks }
    }

    /// One map, `[height, width]`; empty where there is none.
    pub fn map(&self, channel: usize) -> &[f32] {
        let each = self.size * self.size;
        self.values.get(channel * each..(channel + 1) * each).unwrap_or_default()
    }
}

/// Without a million numbers.
impl fmt::Debug for Maps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { term, channels, size, mean, .. } = self;
        write!(f, "Maps({term:?}, {channels}x{size}x{size}, mean {mean})")
    }
}

/// Without its pixels.
impl fmt::Debug for FeatureImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FeatureImage({} of {}, class {})", self.index, self.of, self.class)
    }
}

/// The `most` classes with the highest softmax probabilities, highest first, equal ones by
/// number.
pub fn predictions(logits: &[f32], most: usize) -> Vec<Prediction> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let exp = |v: f32| f64::from(v - top).exp();
    let sum: f64 = logits.iter().map(|v| exp(*v)).sum();
    let each = |(class, v): (usize, &f32)| Prediction { class, probability: exp(*v) / sum };
    let mut all: Vec<_> = logits.iter().enumerate().map(each).collect();
    // Stable, so that equal ones stay in order.
    all.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    all.truncate(most);
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hops::Hop;

    const F: Option<Term> = Some(Term::Residual(2));

    #[test]
    fn the_sum_is_f_and_the_terms() {
        let maps = |term, values: &[f32]| Maps::new(term, values.to_vec(), 2, 1);
        let hop = |source| Some(Term::Hop(Hop::new(source, 2)));
        let hops = vec![maps(hop(0), &[0.5, -4.0]), maps(hop(1), &[0.25, 1.0])];
        let block = BlockMaps::new(2, maps(F, &[1.0, 2.0]), hops);
        let sum = block.rows.last().unwrap();
        assert_eq!((sum.term, &sum.values[..], sum.mean), (None, &[1.75, -1.0][..], 1.375));
        assert_eq!((block.scale, block.channels(), block.size()), (4.0, 2, 1));
        assert_eq!((sum.map(1), sum.map(2)), (&[-1.0][..], &[][..]));
    }

    #[test]
    fn peaks_are_of_numbers_only() {
        let maps = Maps::new(F, vec![f32::NAN, -3.0, f32::INFINITY, f32::NAN], 4, 1);
        assert_eq!(maps.peaks, [0.0, 3.0, 0.0, 0.0]);
    }

    #[test]
    fn probabilities_of_known_logits() {
        let said = predictions(&[0.0, 3f32.ln(), 0.0], 2);
        assert_eq!((said[0].class, said[1].class), (1, 0));
        assert!((said[0].probability - 0.6).abs() < 1e-7 && (said[1].probability - 0.2).abs() < 1e-7);
        assert_eq!(predictions(&[f32::NAN; 4], 3).len(), 3);
        assert_eq!(predictions(&[], 3), []);
    }

    #[test]
    fn a_block_is_scaled_by_what_most_values_are_within() {
        let scale_of = |values: Vec<f32>| {
            let size = (values.len() as f64).sqrt() as usize;
            BlockMaps::new(1, Maps::new(F, values, 1, size), Vec::new()).scale
        };
        let mut values = vec![1.0f32; 400];
        values[7] = 50.0;
        assert_eq!(scale_of(values), 1.0, "one value among many says little");
        assert_eq!(scale_of([vec![0.0f32; 399], vec![-3.0]].concat()), 3.0);
        assert_eq!(scale_of(vec![f32::NAN; 4]), 0.0);
        assert_eq!(scale_of(Vec::new()), 0.0);
    }
}
