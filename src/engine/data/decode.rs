//! Images decoded from files, many at a time.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::images::Images;
pub use super::pixels::ResizeMode;
use super::pixels::{ReducedImage, decode};
use super::tree::Tree;
use super::unusable::UnusableFiles;
use crate::domain::text::grouped;
use crate::engine::error::{EngineError, Result};

/// Most bytes of a decoded split: five times Tiny-ImageNet's.
const MAX_DATASET: usize = 8 << 30;

/// How many images lost something.
#[derive(Debug, Default)]
pub struct ReducedImages {
    alpha: AtomicUsize,
    depth: AtomicUsize,
    frames: AtomicUsize,
}

impl ReducedImages {
    fn count(&self, image: ReducedImage) {
        for (lost, count) in
            [(image.alpha, &self.alpha), (image.depth, &self.depth), (image.frames, &self.frames)]
        {
            count.fetch_add(usize::from(lost), Ordering::Relaxed);
        }
    }

    /// What was lost, a line each.
    pub fn notes(self) -> Vec<String> {
        let what = [
            (self.alpha, "with transparent parts: the alpha channel is dropped"),
            (self.depth, "with more than 8 bits per channel: reduced to 8"),
            (self.frames, "with several frames or pages: only the first is used"),
        ];
        let said = what.into_iter().map(|(count, what)| (count.into_inner(), what));
        said.filter(|(count, _)| *count > 0)
            .map(|(count, what)| {
                format!("{} {} {what}", grouped(count), if count == 1 { "image" } else { "images" })
            })
            .collect()
    }
}

/// Decodes the training and test files, each of a class, to three channels of `size` × `size`
/// pixels; grey images have the same in all three. What is `unusable` already is not read.
///
/// # Errors
/// When files of either split are unusable, cannot be read or decoded, or have another size and
/// must not; the first ones in order are named.
pub fn splits(
    tree: &Tree,
    training: (Vec<String>, Vec<u16>),
    test: (Vec<String>, Vec<u16>),
    size: (usize, ResizeMode),
    reduced: &ReducedImages,
    unusable: &UnusableFiles,
) -> Result<[Images; 2]> {
    let files = training.0.len() + test.0.len();
    let images = |split, (names, labels)| images(tree, (split, names), labels, size, reduced, unusable);
    let both = [images(0, training)?, images(1, test)?];
    unusable.none_of(tree, files)?;
    Ok(both)
}

/// Those of one split; what cannot be read is black, and among the `unusable`.
fn images(
    tree: &Tree,
    (split, names): (usize, Vec<String>),
    labels: Vec<u16>,
    (size, fit): (usize, ResizeMode),
    reduced: &ReducedImages,
    unusable: &UnusableFiles,
) -> Result<Images> {
    let each = 3 * size * size;
    let bytes = names.len().checked_mul(each).filter(|bytes| *bytes <= MAX_DATASET).ok_or_else(|| {
        let (count, most) = (names.len(), MAX_DATASET >> 30);
        EngineError::data(tree.place(""), format!("{count} images of {size}×{size} are more than {most} GiB"))
    })?;
    let mut pixels = vec![0; bytes];
    pixels.par_chunks_exact_mut(each).zip(&names).enumerate().for_each(|(i, (out, name))| {
        if unusable.has((split, i)) {
            return;
        }
        let mut one = || {
            let (bytes, _share) = tree.read_shared(name)?;
            decode(&bytes, size, fit, out).map_err(|reason| EngineError::data(tree.place(name), reason))
        };
        match one() {
            Ok(image) => reduced.count(image),
            Err(error) => unusable.add((split, i), name, why(tree, name, &error)),
        }
    });
    Ok(Images { pixels: pixels.into(), labels, channels: 3, size })
}

/// Why a file cannot be used, without its name.
fn why(tree: &Tree, name: &str, error: &EngineError) -> String {
    match error {
        EngineError::Data { reason, .. } => reason.clone(),
        EngineError::Io { .. } if tree.place(name).is_symlink() && !tree.place(name).exists() => {
            "a link that leads nowhere".into()
        }
        EngineError::Io { action, source, .. } => format!("cannot {action}: {source}"),
        other => other.to_string(),
    }
}
