//! A look at a dataset as a run would see it: splits, classes, and some of their images.

use std::fmt;
use std::sync::Arc;

use super::architecture::Family;
use super::event::{Split, SplitSizes};
use super::spec::{ExperimentSpec, Version};

/// What is to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewRequest {
    /// The run whose data they are, as far as it decides what they are.
    pub spec: Box<ExperimentSpec>,
    /// Whose images.
    pub split: Split,
    /// The first class whose images are wanted; as many follow as are told at once.
    pub first: usize,
}

impl PreviewRequest {
    /// For the data of `spec`. What is no matter of the data is put aside, so that a change
    /// of the network or the recipe asks for nothing new.
    pub fn new(spec: &ExperimentSpec, split: Split, first: usize) -> Self {
        let spec = ExperimentSpec {
            folder: spec.folder.clone(),
            seed: spec.seed,
            val_from: spec.val_from,
            val_fraction: spec.val_fraction,
            train_limit: spec.train_limit,
            val_limit: spec.val_limit,
            test_limit: spec.test_limit,
            crop_padding: spec.crop_padding,
            flip: spec.flip,
            cutout: spec.cutout,
            ..ExperimentSpec::paper(Family::Plain, Version::Original, spec.dataset)
        };
        Self { spec: Box::new(spec), split, first }
    }
}

/// What a dataset is, and images of some of its classes.
#[derive(Debug, Clone, PartialEq)]
pub struct DataPreview {
    /// Where it was found; `None` where it is built in.
    pub place: Option<String>,
    /// What it lacks of the whole dataset, in words; `None` where it is whole, or nobody knows.
    pub short: Option<String>,
    /// Channels of an image: 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Height and width of an image as its file has it, pixels.
    pub size: usize,
    /// Height and width that the network sees: larger ones have a black border.
    pub seen: usize,
    /// Of the train split's pixels by channel, scaled to [0, 1]: what is subtracted.
    pub mean: Vec<f64>,
    /// What is divided by.
    pub std: Vec<f64>,
    /// Images in each split.
    pub sizes: SplitSizes,
    /// Every class.
    pub classes: Arc<[ClassPreview]>,
    /// Whose images `samples` are.
    pub split: Split,
    /// The class of the first of `samples`.
    pub first: usize,
    /// Images by class, from `first` on, in the order in which the files have them.
    pub samples: Vec<Vec<PreviewImage>>,
}

/// A class and how many images it has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassPreview {
    /// Its name; empty where the files have none.
    pub name: String,
    /// The class above it, as CIFAR-100's coarse labels; empty where there is none.
    pub group: String,
    /// Its images in the train, validation and test split.
    pub counts: [usize; 3],
}

impl ClassPreview {
    /// Its images in one split.
    pub const fn count(&self, split: Split) -> usize {
        match split {
            Split::Train => self.counts[0],
            Split::Validation => self.counts[1],
            Split::Test => self.counts[2],
        }
    }
}

/// One image, 8-bit `[channel, height, width]`.
#[derive(Clone, PartialEq, Eq)]
pub struct PreviewImage {
    /// As its file has it.
    pub pixels: Vec<u8>,
    /// As the network sees it in the first epoch, where training images are altered.
    pub altered: Option<Vec<u8>>,
}

/// Without its pixels.
impl fmt::Debug for PreviewImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sample({} bytes)", self.pixels.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_decides_the_data_is_asked_about() {
        let ask = |line: &str| PreviewRequest::new(&line.parse().unwrap(), Split::Train, 0);
        assert_eq!(ask("resnet+hires@cifar10 epochs=3 lr=0.1"), ask("plain@cifar10"));
        for other in ["plain@cifar100", "plain@cifar10 seed=1", "plain@cifar10 flip=true"] {
            assert_ne!(ask(other), ask("plain@cifar10"), "{other}");
        }
        assert_ne!(ask("plain@folder folder=a"), ask("plain@folder folder=b"));
    }
}
