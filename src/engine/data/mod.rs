//! Images and labels, from files or built in, split and normalised as the paper does.

mod archive;
mod augment;
mod batches;
mod cache;
mod cifar;
mod cifar_binary;
mod cifar_python;
mod decode;
mod digits;
mod feed;
mod folder;
mod idx;
mod images;
mod normalise;
mod pickle;
pub(crate) mod places;
pub mod preview;
mod resident;
mod source;
mod split;
mod tiny;
mod tree;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::error::{EngineError, Result};
use crate::domain::dataset::DatasetId;
use crate::domain::event::{Split, SplitSizes};
use crate::domain::spec::{ExperimentSpec, ValidationSource};

pub use augment::Augmentation;
pub use batches::{Batch, Batches, epoch_order};
pub use feed::{DeviceBatch, Feed};
pub use images::{Class, Decoded, Images, Pixels};
pub use normalise::Normalisation;
pub use source::FoundDataset;
pub(crate) use source::hex;

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

/// Datasets read so far; runs that share one share its images in memory.
#[derive(Debug, Default)]
pub struct DatasetCache {
    folder: Option<PathBuf>,
    cache: Option<PathBuf>,
    read: HashMap<String, CachedRead>,
    notes: Vec<String>,
}

/// A dataset that was read, and what its files were then.
#[derive(Debug)]
struct CachedRead {
    shelf: LoadedImages,
    /// `None` for what is built in.
    fingerprint: Option<String>,
    looked: Instant,
}

/// Files are looked at again after so long: many runs may begin at once.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// One dataset's images, and what its classes are called.
#[derive(Debug, Clone)]
pub struct LoadedImages {
    /// The images that are trained and validated on.
    pub training: Arc<Images>,
    /// The images that are tested on.
    pub test: Arc<Images>,
    /// By class; empty where the files do not name them.
    pub classes: Arc<[Class]>,
    /// Where it was found; `None` where it is built in.
    pub place: Option<PathBuf>,
}

impl DatasetCache {
    /// Looks for files in `folder`, where there is one, else where they usually are.
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self::with_cache(folder, places::cache())
    }

    /// Keeps decoded datasets in the folder `cache`, or nowhere.
    pub fn with_cache(folder: Option<PathBuf>, cache: Option<PathBuf>) -> Self {
        Self { folder, cache, read: HashMap::new(), notes: Vec::new() }
    }

    /// The dataset that `spec` names, split by its seed.
    ///
    /// # Errors
    /// As [`Dataset::load`].
    pub fn dataset(&mut self, spec: &ExperimentSpec) -> Result<Dataset> {
        let LoadedImages { training, test, .. } = self.images(spec)?;
        Dataset::new(spec, training, test)
    }

    /// What there is to say of what was read since the last call, as that it could not be kept.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The images that `spec` names, before they are split.
    ///
    /// # Errors
    /// When files are missing or not what they should be.
    pub fn images(&mut self, spec: &ExperimentSpec) -> Result<LoadedImages> {
        let key = match spec.dataset {
            DatasetId::Folder => {
                let folder = &spec.folder;
                format!("{}-{}-{}", folder.name, folder.classes, folder.size)
            }
            other => other.name().to_owned(),
        };
        let mut source = None;
        if let Some(read) = self.read.get_mut(&key) {
            if read.fingerprint.is_none() || read.looked.elapsed() < LOOK_AGAIN {
                return Ok(read.shelf.clone());
            }
            let there = find(spec, self.folder.as_deref())?;
            if read.fingerprint.as_ref() == Some(&there.fingerprint) {
                read.looked = Instant::now();
                return Ok(read.shelf.clone());
            }
            source = Some(there);
        }
        let (mut found, mut fingerprint) = (None, None);
        let Decoded { training, test, classes } = match spec.dataset {
            DatasetId::FashionEmbedded => digits::embedded()?,
            _ => {
                let source = source.map_or_else(|| find(spec, self.folder.as_deref()), Ok)?;
                fingerprint = Some(source.fingerprint.clone());
                let place = source.place.clone();
                let decoded =
                    cache::load(self.cache.as_deref(), &key, source, &mut |note| self.notes.push(note))?;
                check_labels(&decoded, spec.classes(), &place)?;
                found = Some(place);
                decoded
            }
        };
        let (training, test) = (Arc::new(training), Arc::new(test));
        let shelf = LoadedImages { training, test, classes: classes.into(), place: found };
        let read = CachedRead { shelf: shelf.clone(), fingerprint, looked: Instant::now() };
        self.read.insert(key, read);
        Ok(shelf)
    }
}

/// Where the dataset is that `spec` names, without reading it; it is looked for in
/// `folder`, where there is one.
///
/// # Errors
/// When it is not there, or built in.
pub fn find(spec: &ExperimentSpec, folder: Option<&Path>) -> Result<FoundDataset> {
    match spec.dataset {
        DatasetId::FashionEmbedded => Err(EngineError::data("", "fashion-embedded is built in")),
        DatasetId::Fashion | DatasetId::Mnist => digits::find(spec.dataset, folder),
        DatasetId::Cifar10 | DatasetId::Cifar100 => cifar::find(spec.dataset, folder),
        DatasetId::TinyImagenet => tiny::find(folder),
        DatasetId::Folder => folder::find(&spec.folder, folder),
    }
}

/// Where `dataset` is: its archive, or the folder of its files. Training, the listings and the
/// offers to fetch all go by this.
///
/// # Errors
/// When it is not there, is built in, or is named by a spec alone.
pub fn locate(dataset: DatasetId, folder: Option<&Path>) -> Result<PathBuf> {
    match dataset {
        DatasetId::Fashion | DatasetId::Mnist => {
            let [images, ..] = digits::locate(dataset, folder)?;
            Ok(images.parent().unwrap_or(Path::new("")).to_path_buf())
        }
        DatasetId::Cifar10 | DatasetId::Cifar100 => cifar::locate(dataset, folder).map(|(_, place, _)| place),
        DatasetId::TinyImagenet => tiny::locate(folder).map(|(place, _)| place),
        DatasetId::FashionEmbedded | DatasetId::Folder => {
            Err(EngineError::data("", format!("{} is nowhere by its name alone", dataset.name())))
        }
    }
}

/// Training and test images of a dataset that is here, as `source` found it.
///
/// # Errors
/// When it cannot be read.
pub fn count(dataset: DatasetId, source: FoundDataset) -> Result<(usize, usize)> {
    if let Some(counts) = cache::counts(places::cache().as_deref(), dataset.name(), &source) {
        return Ok(counts);
    }
    if dataset == DatasetId::TinyImagenet {
        return tiny::count(&source.place);
    }
    let Decoded { training, test, .. } = (source.decode)()?;
    Ok((training.len(), test.len()))
}

/// Labels are classes, and every class has something to learn from.
fn check_labels(decoded: &Decoded, classes: usize, place: &Path) -> Result<()> {
    let mut labels = decoded.training.labels.iter().chain(&decoded.test.labels);
    if let Some(label) = labels.find(|label| usize::from(**label) >= classes) {
        return Err(EngineError::data(place, format!("label {label} where there are {classes} classes")));
    }
    let mut seen = vec![false; classes];
    decoded.training.labels.iter().for_each(|label| seen[usize::from(*label)] = true);
    match seen.iter().position(|seen| !seen) {
        Some(class) => {
            let name = decoded.classes.get(class).map_or("", |class| class.name.as_str());
            Err(EngineError::data(place, format!("no training image of class {class} {name}")))
        }
        None => Ok(()),
    }
}
