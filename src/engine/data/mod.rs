//! Images and labels, from files or built in, split and normalised as the paper does.

mod archive;
mod augment;
mod batches;
mod budget;
mod cache;
mod candidates;
mod cifar;
mod cifar_binary;
mod cifar_python;
mod decode;
mod digits;
mod feed;
mod folder;
mod frames;
mod idx;
mod images;
mod library;
mod normalise;
mod passed_over;
mod pickle;
mod pickle_text;
mod pixels;
pub(crate) mod places;
pub mod preview;
mod resident;
mod search;
mod sniff;
mod source;
mod split;
mod state;
mod tiny;
mod tree;
mod unusable;
mod validation;

use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::error::Result;
use crate::domain::event::{Split, SplitSizes};
use crate::domain::spec::{ExperimentSpec, ValidationSource};

pub use augment::{Augmentation, DrawnAugmentation};
pub use batches::{Batch, Batches, epoch_order};
pub use feed::{DeviceBatch, Feed};
pub use folder::{all as image_folders, of_name as image_folder};
pub use images::{Class, Decoded, Images, Pixels};
pub use library::{DatasetCache, LoadedImages};
pub use normalise::Normalisation;
pub(crate) use source::hex;
pub use source::{FoundDataset, LocatedDataset, MissingDataset};
pub use state::{DatasetState, find, locate, state};

/// A dataset ready to train on.
#[derive(Debug, Clone)]
pub struct Dataset {
    training_images: Arc<Images>,
    test_images: Arc<Images>,
    val_from: ValidationSource,
    train: Arc<[u32]>,
    validation: Arc<[u32]>,
    test: Arc<[u32]>,
    /// Of the train split.
    pub normalisation: Normalisation,
    /// What is done to training images; the paper has none.
    pub augmentation: Option<Augmentation>,
    /// Height and width the network sees, pixels.
    pub image_size: usize,
    /// Number of classes.
    pub classes: usize,
}

/// What tells the data of a run from other data of the same name, such as a part of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataFingerprint {
    /// Images in each split.
    pub images: SplitSizes,
    /// Of the train split, by channel.
    pub mean: Vec<f64>,
    /// Likewise.
    pub std: Vec<f64>,
}

impl Dataset {
    /// What tells it from other data of the same name.
    pub fn fingerprint(&self) -> DataFingerprint {
        let Normalisation { mean, std, .. } = &self.normalisation;
        DataFingerprint { images: self.sizes(), mean: mean.clone(), std: std.clone() }
    }

    /// Loads what `spec` names, looking first in `folder`, and splits it by the spec's seed.
    ///
    /// # Errors
    /// When files are missing or not what they should be, or a split would be empty.
    pub fn load(spec: &ExperimentSpec, folder: Option<&Path>) -> Result<Self> {
        DatasetCache::new(folder.map(Path::to_path_buf)).dataset(spec)
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
        let classes = spec.classes();
        let (train, validation) =
            split::train_and_validation(&training_images.labels, &test_images.labels, classes, spec)?;
        let test = split::balanced(split::by_class(&test_images.labels, classes), spec.test_limit);
        Ok(Self {
            normalisation: Normalisation::of(&training_images, &train),
            augmentation: Augmentation::of(spec),
            training_images,
            test_images,
            val_from: spec.val_from,
            train: train.into(),
            validation: validation.into(),
            test: test.into(),
            image_size: spec.image_size(),
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
        Arc::clone(if self.is_of_test_images(split) { &self.test_images } else { &self.training_images })
    }

    /// Whether a split's indices point into the test images.
    pub fn is_of_test_images(&self, split: Split) -> bool {
        match split {
            Split::Train => false,
            Split::Validation => self.val_from == ValidationSource::Test,
            Split::Test => true,
        }
    }

    /// Images in each split.
    pub fn sizes(&self) -> SplitSizes {
        SplitSizes { train: self.train.len(), validation: self.validation.len(), test: self.test.len() }
    }
}
