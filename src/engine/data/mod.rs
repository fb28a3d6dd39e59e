//! Images and labels, from files or compiled in, split and normalised as the paper does.

mod batches;
mod cifar;
mod fashion;
mod feed;
mod idx;
mod normalise;
pub(crate) mod places;
mod resident;
mod split;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::Result;
use crate::domain::dataset::DatasetId;
use crate::domain::event::{Split, SplitSizes};
use crate::domain::spec::ExperimentSpec;

pub use batches::{Batch, Batches, epoch_order};
pub use feed::{DeviceBatch, Feed};
pub use normalise::Normalisation;

/// Labelled images as files have them: 8-bit, `[image, channel, height, width]`.
#[derive(Debug, Clone)]
pub struct Images {
    /// All pixels.
    pub pixels: Vec<u8>,
    /// One class an image.
    pub labels: Vec<u16>,
    /// Channels of an image.
    pub channels: usize,
    /// Height and width of an image, pixels.
    pub size: usize,
}

impl Images {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of one image, `[channel, height, width]`.
    pub fn image(&self, index: u32) -> &[u8] {
        let bytes = self.channels * self.size * self.size;
        &self.pixels[index as usize * bytes..][..bytes]
    }
}

/// A dataset ready to train on.
#[derive(Debug, Clone)]
pub struct Dataset {
    training_images: Arc<Images>,
    test_images: Arc<Images>,
    train: Arc<[u32]>,
    validation: Arc<[u32]>,
    test: Arc<[u32]>,
    /// Of the train split.
    pub normalisation: Normalisation,
    /// Height and width the network sees, pixels.
    pub image_size: usize,
    /// Number of classes.
    pub classes: usize,
}

impl Dataset {
    /// Loads what `spec` names, looking first in `folder`, and splits it by the spec's seed.
    ///
    /// # Errors
    /// When files are missing or not what they should be, or a split would be empty.
    pub fn load(spec: &ExperimentSpec, folder: Option<&Path>) -> Result<Self> {
        Library::new(folder.map(Path::to_path_buf)).dataset(spec)
    }

    /// Splits and normalises.
    ///
    /// # Errors
    /// When a split would be empty.
    pub fn new(
        spec: &ExperimentSpec,
        training_images: Arc<Images>,
        test_images: Arc<Images>,
    ) -> Result<Self> {
        let classes = spec.dataset.classes();
        let (train, validation) = split::train_and_validation(&training_images.labels, classes, spec)?;
        let test = split::balanced(split::by_class(&test_images.labels, classes), spec.test_limit);
        Ok(Self {
            normalisation: Normalisation::of(&training_images, &train),
            training_images,
            test_images,
            train: train.into(),
            validation: validation.into(),
            test: test.into(),
            image_size: spec.dataset.image_size(),
            classes,
        })
    }

    /// Indices of a split's images among their file's, ascending.
    pub fn indices(&self, split: Split) -> Arc<[u32]> {
        Arc::clone(match split {
            Split::Train => &self.train,
            Split::Validation => &self.validation,
            Split::Test => &self.test,
        })
    }

    /// The images that a split's indices point into.
    pub fn images(&self, split: Split) -> Arc<Images> {
        Arc::clone(match split {
            Split::Train | Split::Validation => &self.training_images,
            Split::Test => &self.test_images,
        })
    }

    /// Images in each split.
    pub fn sizes(&self) -> SplitSizes {
        SplitSizes { train: self.train.len(), validation: self.validation.len(), test: self.test.len() }
    }
}

/// Datasets read so far; runs that share one share its images in memory.
#[derive(Debug, Default)]
pub struct Library {
    folder: Option<PathBuf>,
    images: HashMap<DatasetId, (Arc<Images>, Arc<Images>)>,
}

impl Library {
    /// Looks for files in `folder` first.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, images: HashMap::new() }
    }

    /// The dataset that `spec` names, split by its seed.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    pub fn dataset(&mut self, spec: &ExperimentSpec) -> Result<Dataset> {
        if !self.images.contains_key(&spec.dataset) {
            let folder = self.folder.as_deref();
            let (training, test) = match spec.dataset {
                DatasetId::Cifar10 | DatasetId::Cifar100 => cifar::load(spec.dataset, folder)?,
                other => fashion::load(other, folder)?,
            };
            self.images.insert(spec.dataset, (Arc::new(training), Arc::new(test)));
        }
        let (training, test) = &self.images[&spec.dataset];
        Dataset::new(spec, Arc::clone(training), Arc::clone(test))
    }
}
