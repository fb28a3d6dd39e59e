//! Whether a dataset is here and whole. Training, the checking commands and the offers to
//! download all ask here, and so cannot disagree.

use std::path::{Path, PathBuf};

use super::images::Decoded;
use super::source::{FoundDataset, LocatedDataset, MissingDataset};
use super::{cache, cifar, digits, folder, tiny};
use crate::domain::dataset::DatasetId;
use crate::domain::spec::ExperimentSpec;
use crate::engine::error::{EngineError, Result};

/// What there is of a dataset.
#[derive(Debug)]
pub enum DatasetState {
    /// It is not found.
    Missing(MissingDataset),
    /// It is found and cannot be trained on.
    Broken {
        /// Its archive or folder.
        place: PathBuf,
        /// What is wrong.
        error: EngineError,
        /// Training and test images, where they could be counted all the same.
        images: Option<(usize, usize)>,
    },
    /// It can be trained on.
    Here {
        /// Its archive or folder; `None` where it is built in.
        place: Option<PathBuf>,
        /// Training and test images, which may be fewer than the whole dataset has.
        images: (usize, usize),
        /// What of it is not read, and why.
        notes: Vec<String>,
    },
}

/// Reads what `spec` names as training does, all of it, and says what there is of it. What was
/// read before and has not changed since is looked up in the folder `cache`, where there is one.
pub fn state(spec: &ExperimentSpec, folder: Option<&Path>, cache: Option<&Path>) -> DatasetState {
    if spec.dataset == DatasetId::FashionEmbedded {
        let images = spec.dataset.images().unwrap_or_default();
        return DatasetState::Here { place: None, images, notes: Vec::new() };
    }
    let located = match locate(spec, folder) {
        Ok(located) => located,
        Err(missing) => return DatasetState::Missing(missing),
    };
    let place = located.place.clone();
    let mut images = None;
    match read(spec, located, cache, &mut images) {
        Ok((images, notes)) => DatasetState::Here { place: Some(place), images, notes },
        Err(error) => DatasetState::Broken { place, error, images },
    }
}

fn read(
    spec: &ExperimentSpec,
    located: LocatedDataset,
    cache: Option<&Path>,
    counted: &mut Option<(usize, usize)>,
) -> Result<((usize, usize), Vec<String>)> {
    let (key, source) = (key(spec), (located.open)()?);
    if let Some((images, reduced)) = cache::counts(cache, &key, &source) {
        return Ok((images, [source.notes, reduced].concat()));
    }
    let FoundDataset { place, fingerprint, mut notes, decode } = source;
    let decoded = decode()?;
    let images = (decoded.training.len(), decoded.test.len());
    *counted = Some(images);
    check_labels(&decoded, spec.classes(), &place)?;
    cache::remember(cache, &key, &place, fingerprint, images, &decoded.notes);
    notes.extend(decoded.notes);
    Ok((images, notes))
}

/// What tells the dataset of `spec` from others, as a file's name.
pub fn key(spec: &ExperimentSpec) -> String {
    match spec.dataset {
        DatasetId::Folder => {
            let folder = &spec.folder;
            format!("{}-{}-{}", folder.name, folder.classes, folder.size)
        }
        other => other.name().to_owned(),
    }
}

/// Where the dataset is that `spec` names; it is looked for in `folder`, where there is one.
///
/// # Errors
/// When it is not there, or built in.
pub fn locate(
    spec: &ExperimentSpec,
    folder: Option<&Path>,
) -> std::result::Result<LocatedDataset, MissingDataset> {
    match spec.dataset {
        DatasetId::FashionEmbedded => {
            let error = EngineError::data("", "fashion-embedded is built in");
            Err(MissingDataset { error, partial: false, found: None })
        }
        DatasetId::Fashion | DatasetId::Mnist => digits::locate(spec.dataset, folder),
        DatasetId::Cifar10 | DatasetId::Cifar100 => cifar::locate(spec.dataset, folder),
        DatasetId::TinyImagenet => tiny::locate(folder),
        DatasetId::Folder => folder::locate(&spec.folder, folder),
    }
}

/// The dataset that `spec` names, its files listed and not read yet; once it is read, its labels
/// are checked.
///
/// # Errors
/// As [`locate`], and when files are missing.
pub fn find(spec: &ExperimentSpec, folder: Option<&Path>) -> Result<FoundDataset> {
    let located = locate(spec, folder)?;
    let FoundDataset { place, fingerprint, notes, decode } = (located.open)()?;
    let (classes, at) = (spec.classes(), place.clone());
    let decode = move || {
        let decoded = decode()?;
        check_labels(&decoded, classes, &at)?;
        Ok(decoded)
    };
    Ok(FoundDataset { place, fingerprint, notes, decode: Box::new(decode) })
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
