//! Datasets that were read, shared by the runs that use them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::images::{Class, Decoded, Images};
use super::{Dataset, cache, digits, places, state};
use crate::domain::dataset::DatasetId;
use crate::domain::spec::ExperimentSpec;
use crate::engine::error::Result;

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
    images: LoadedImages,
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

    /// What there is to say of what was read since the last call, as files that were passed
    /// over, or that it could not be kept.
    pub fn notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// The images that `spec` names, before they are split.
    ///
    /// # Errors
    /// When files are missing or not what they should be.
    pub fn images(&mut self, spec: &ExperimentSpec) -> Result<LoadedImages> {
        let key = state::key(spec);
        let mut source = None;
        if let Some(read) = self.read.get_mut(&key) {
            if read.fingerprint.is_none() || read.looked.elapsed() < LOOK_AGAIN {
                return Ok(read.images.clone());
            }
            let there = state::find(spec, self.folder.as_deref())?;
            if read.fingerprint.as_ref() == Some(&there.fingerprint) {
                read.looked = Instant::now();
                return Ok(read.images.clone());
            }
            source = Some(there);
        }
        let (mut found, mut fingerprint) = (None, None);
        let Decoded { training, test, classes, notes } = match spec.dataset {
            DatasetId::FashionEmbedded => {
                self.notes.extend(places::absent(self.folder.as_deref()));
                digits::embedded()?
            }
            _ => {
                let mut source = source.map_or_else(|| state::find(spec, self.folder.as_deref()), Ok)?;
                self.notes.append(&mut source.notes);
                fingerprint = Some(source.fingerprint.clone());
                found = Some(source.place.clone());
                cache::load(self.cache.as_deref(), &key, source, &mut |note| self.notes.push(note))?
            }
        };
        self.notes.extend(notes);
        let (training, test) = (Arc::new(training), Arc::new(test));
        let images = LoadedImages { training, test, classes: classes.into(), place: found };
        let read = CachedRead { images: images.clone(), fingerprint, looked: Instant::now() };
        self.read.insert(key, read);
        Ok(images)
    }
}
