//! Images decoded from files, many at a time.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use super::images::Images;
pub use super::pixels::ResizeMode;
use super::pixels::{ReducedImage, decode};
use super::tree::Tree;
use crate::domain::text::{grouped, harmless};
use crate::engine::error::{EngineError, Result};

/// Most bytes of a decoded split: five times Tiny-ImageNet's.
const MAX_DATASET: usize = 8 << 30;
/// Files that cannot be read and are named, and characters said of each.
const NAMED: usize = 10;
const MAX_SAID: usize = 160;

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
/// pixels; grey images have the same in all three.
///
/// # Errors
/// When files of either split cannot be read or decoded, or have another size and must not; the
/// first ones in order are named.
pub fn splits(
    tree: &Tree,
    training: (Vec<String>, Vec<u16>),
    test: (Vec<String>, Vec<u16>),
    size: (usize, ResizeMode),
    reduced: &ReducedImages,
) -> Result<[Images; 2]> {
    let failures = Failures::default();
    let files = training.0.len() + test.0.len();
    let images = |split, (names, labels)| images(tree, (split, names), labels, size, reduced, &failures);
    let both = [images(0, training)?, images(1, test)?];
    failures.none_of(tree, files)?;
    Ok(both)
}

/// Those of one split; what cannot be read is black, and among the `failures`.
fn images(
    tree: &Tree,
    (split, names): (usize, Vec<String>),
    labels: Vec<u16>,
    (size, fit): (usize, ResizeMode),
    reduced: &ReducedImages,
    failures: &Failures,
) -> Result<Images> {
    let each = 3 * size * size;
    let bytes = names.len().checked_mul(each).filter(|bytes| *bytes <= MAX_DATASET).ok_or_else(|| {
        let (count, most) = (names.len(), MAX_DATASET >> 30);
        EngineError::data(tree.place(""), format!("{count} images of {size}×{size} are more than {most} GiB"))
    })?;
    let mut pixels = vec![0; bytes];
    pixels.par_chunks_exact_mut(each).zip(&names).enumerate().for_each(|(i, (out, name))| {
        let mut one = || {
            let (bytes, _share) = tree.read_shared(name)?;
            decode(&bytes, size, fit, out).map_err(|reason| EngineError::data(tree.place(name), reason))
        };
        match one() {
            Ok(image) => reduced.count(image),
            Err(error) => failures.add((split, i), name, error),
        }
    });
    Ok(Images { pixels: pixels.into(), labels, channels: 3, size })
}

/// Files that cannot be read: the first few in order, and how many.
#[derive(Default)]
struct Failures {
    count: AtomicUsize,
    /// By split and place in it.
    first: Mutex<BTreeMap<(usize, usize), (String, EngineError)>>,
}

impl Failures {
    fn add(&self, place: (usize, usize), name: &str, error: EngineError) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.insert(place, (name.to_owned(), error));
        if first.len() > NAMED {
            first.pop_last();
        }
    }

    fn none_of(self, tree: &Tree, files: usize) -> Result<()> {
        let count = self.count.into_inner();
        let mut first = self.first.into_inner().unwrap_or_else(PoisonError::into_inner);
        if count == 1
            && let Some((_, (_, error))) = first.pop_first()
        {
            return Err(error);
        }
        if count == 0 {
            return Ok(());
        }
        let said: Vec<_> = first
            .values()
            .map(|(name, error)| match error {
                EngineError::Data { reason, .. } => format!("{name}: {reason}"),
                EngineError::Io { action, source, .. } => format!("{name}: cannot {action}: {source}"),
                other => other.to_string(),
            })
            .map(|text| harmless(&text, MAX_SAID))
            .collect();
        let more = if count > said.len() {
            format!("; and {} more", grouped(count - said.len()))
        } else {
            String::new()
        };
        let reason = format!(
            "{} of its {} files cannot be read: {}{more}",
            grouped(count),
            grouped(files),
            said.join("; ")
        );
        Err(EngineError::data(tree.place(""), reason))
    }
}
