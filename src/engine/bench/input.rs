//! How fast batches are made ready, which must not be what training waits for.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use crate::domain::event::Split;
use crate::domain::spec::ExperimentSpec;
use crate::domain::stats;
use crate::engine::data::{Batches, Dataset, Images, epoch_order};
use crate::engine::error::Result;
use crate::engine::random;

/// Images made up, as many as CIFAR has to train on.
const SYNTHETIC: usize = 50_000;

/// Images a second of the input path alone: gathered, normalised, augmented.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct InputSpeed {
    /// Images of a pass.
    pub images: usize,
    /// Height and width, pixels.
    pub size: usize,
    /// As they are; the median of the passes.
    pub plain: f64,
    /// Cropped out of a border of four pixels and mirrored.
    pub augmented: f64,
}

/// A dataset made up in the shape of the one that `spec` names, in colour.
///
/// # Errors
/// When a split would be empty.
pub fn synthetic(spec: &ExperimentSpec) -> Result<Dataset> {
    let size = spec.image_size();
    let each = 3 * size * size;
    let images = |count: usize| {
        let mut pixels: Vec<u8> = (0..count * each).map(|i| (i / 7) as u8).collect();
        random::shuffle(0, "bench/pixels", &mut pixels[..each]);
        let labels = (0..count).map(|i| (i % spec.classes()) as u16).collect();
        Arc::new(Images { pixels: pixels.into(), labels, channels: 3, size })
    };
    Dataset::new(spec, images(SYNTHETIC), images(spec.classes()))
}

/// Makes every batch of the train split ready so many times, without and with augmentation
/// in turn, and says how fast.
///
/// # Errors
/// When the spec with augmentation is none.
pub fn measure(spec: &ExperimentSpec, data: &Dataset, rounds: usize) -> Result<InputSpeed> {
    let mut augmented = spec.clone();
    augmented.set("crop_padding", "4")?;
    augmented.set("flip", "true")?;
    let with = Dataset::new(&augmented, data.images(Split::Train), data.images(Split::Test))?;
    let mut without = data.clone();
    without.augmentation = None;
    let images = without.sizes().train;
    let pass = |data: &Dataset, epoch: usize| {
        let order = epoch_order(data, spec.seed, epoch);
        let start = Instant::now();
        let seen: usize = Batches::training(data, epoch, order, spec.batch).map(|batch| batch.len()).sum();
        seen as f64 / start.elapsed().as_secs_f64()
    };
    let (mut plain, mut augmented) = (Vec::new(), Vec::new());
    // Once to have the images in memory.
    pass(&without, 1);
    for round in 1..=rounds {
        plain.push(pass(&without, round));
        augmented.push(pass(&with, round));
    }
    let speed = |rates: &[f64]| stats::median(rates).unwrap_or(f64::NAN);
    Ok(InputSpeed { images, size: data.image_size, plain: speed(&plain), augmented: speed(&augmented) })
}
