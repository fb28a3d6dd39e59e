//! A folder of the user's own images: `NAME/train/CLASS/*.png|jpg|jpeg`, and `NAME/test/CLASS`
//! or `NAME/val/CLASS` with the same classes.

use std::path::{Path, PathBuf};

use super::decode::{self, ResizeMode};
use super::images::{Decoded, class_names};
use super::places;
use super::source::{FileFingerprint, FoundDataset};
use super::tree::Tree;
use crate::domain::dataset::ImageFolder;
use crate::engine::error::{EngineError, Result};

/// Finds the folder.
///
/// # Errors
/// When it is not there, or has not what the spec says.
pub fn find(wanted: &ImageFolder, folder: Option<&Path>) -> Result<FoundDataset> {
    let roots = places::roots(folder);
    let found = roots.iter().map(|root| root.join(&wanted.name)).find(|folder| folder.join("train").is_dir());
    let Some(place) = found else {
        let reason = format!(
            "no folder '{}' with train/CLASS/*.png|jpg in it here (looked in: {}); give the folder above it with \
             --data-dir or HIRESNET_DATA",
            wanted.name,
            places::listed(&roots)
        );
        return Err(EngineError::data(roots.first().cloned().unwrap_or_default(), reason));
    };
    let tree = Tree::Folder(place.clone());
    let listing = Listing::of(&tree, &place, wanted)?;
    let mut fingerprint = FileFingerprint::new(&format!("folder 1 {}", wanted.size));
    for (names, labels) in [&listing.training, &listing.test] {
        tree.fingerprint(names, &mut fingerprint)?;
        fingerprint.entry(b"", labels.len() as u64, 0);
    }
    let size = wanted.size;
    let decode = move || {
        let Listing { classes, training, test } = listing;
        Ok(Decoded {
            training: decode::images(&tree, &training.0, training.1, size, ResizeMode::Crop)?,
            test: decode::images(&tree, &test.0, test.1, size, ResizeMode::Crop)?,
            classes: class_names(classes.iter().map(String::as_str)),
        })
    };
    Ok(FoundDataset { place, fingerprint: fingerprint.finish(), decode: Box::new(decode) })
}

/// Files of a split and their classes.
type Files = (Vec<String>, Vec<u16>);

struct Listing {
    /// Names of the classes' folders, sorted, as torchvision numbers them.
    classes: Vec<String>,
    training: Files,
    test: Files,
}

impl Listing {
    fn of(tree: &Tree, place: &Path, wanted: &ImageFolder) -> Result<Self> {
        let classes = tree.folders("train")?;
        if classes.len() != wanted.classes {
            let found = classes.len();
            let reason =
                format!("{found} classes where the spec has {}; set classes={found}", wanted.classes);
            return Err(EngineError::data(place.join("train"), reason));
        }
        let Some(test) = ["test", "val"].into_iter().find(|name| place.join(name).is_dir()) else {
            return Err(EngineError::data(place, "neither a folder test nor a folder val beside train"));
        };
        if let Some(other) = tree.folders(test)?.into_iter().find(|name| !classes.contains(name)) {
            return Err(EngineError::data(place.join(test).join(other), "a class that train does not have"));
        }
        let training = files(tree, place, "train", &classes)?;
        let test = files(tree, place, test, &classes)?;
        Ok(Self { classes, training, test })
    }
}

/// The images of every class, in order.
fn files(tree: &Tree, place: &Path, split: &str, classes: &[String]) -> Result<Files> {
    let (mut names, mut labels) = (Vec::new(), Vec::new());
    for (class, name) in classes.iter().enumerate() {
        let folder = format!("{split}/{name}");
        let files = tree.files(&folder)?;
        let images = files.iter().filter(|file| is_image(file));
        let before = names.len();
        names.extend(images.map(|file| format!("{folder}/{file}")));
        if names.len() == before {
            return Err(EngineError::data(place.join(folder), "no .png, .jpg or .jpeg of this class"));
        }
        labels.resize(names.len(), class as u16);
    }
    Ok((names, labels))
}

fn is_image(name: &str) -> bool {
    let ending = PathBuf::from(name).extension().map(|e| e.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| ["png", "jpg", "jpeg"].contains(&ending.as_str()))
}
