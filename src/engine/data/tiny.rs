//! Tiny-ImageNet-200: `tiny-imagenet-200.zip`, packed or unpacked.
//!
//! Its test labels were never published, so its validation images are the test images here,
//! and validation images are held out of the training images unless the spec says
//! otherwise (`val_from`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::decode::{self, ResizeMode};
use super::images::{Decoded, class_names};
use super::places;
use super::source::{FileFingerprint, FoundDataset};
use super::tree::Tree;
use crate::engine::error::{EngineError, Result};

const ARCHIVE: &str = "tiny-imagenet-200.zip";
const FOLDER: &str = "tiny-imagenet-200";
/// Height and width of an image, pixels.
const SIZE: usize = 64;
const CLASSES: usize = 200;
const ANNOTATIONS: &str = "val/val_annotations.txt";

/// Finds the dataset.
///
/// # Errors
/// When it is not there.
pub fn find(folder: Option<&Path>) -> Result<FoundDataset> {
    match locate(folder)? {
        (folder, false) => unpacked(folder),
        (archive, true) => packed(archive),
    }
}

/// Where the dataset is, and whether that is an archive.
///
/// # Errors
/// When it is not there.
pub fn locate(folder: Option<&Path>) -> Result<(PathBuf, bool)> {
    let roots = places::roots(folder);
    for root in &roots {
        for folder in [root.join(FOLDER), root.clone()] {
            if folder.join("wnids.txt").is_file() && folder.join(ANNOTATIONS).is_file() {
                return Ok((folder, false));
            }
        }
        let archive = root.join(ARCHIVE);
        if archive.exists() {
            return Ok((archive, true));
        }
    }
    let reason = format!(
        "no tiny-imagenet here (looked for {ARCHIVE} and the folder {FOLDER} in: {}); get it with 'hiresnet-tui data \
         fetch tiny-imagenet', or give its folder with --data-dir or HIRESNET_DATA",
        places::listed(&roots)
    );
    Err(EngineError::data(roots.first().cloned().unwrap_or_default(), reason))
}

fn packed(archive: PathBuf) -> Result<FoundDataset> {
    let mut fingerprint = FileFingerprint::new("tiny 1");
    fingerprint.file(&archive)?;
    let place = archive.clone();
    let decode = move || {
        let tree = Tree::open_zip(&archive, FOLDER)?;
        Listing::of(&tree)?.decode(&tree)
    };
    Ok(FoundDataset { place, fingerprint: fingerprint.finish(), decode: Box::new(decode) })
}

fn unpacked(folder: PathBuf) -> Result<FoundDataset> {
    let tree = Tree::Folder(folder.clone());
    let listing = Listing::of(&tree)?;
    let mut fingerprint = FileFingerprint::new("tiny 1");
    let lists = ["wnids.txt".to_owned(), ANNOTATIONS.to_owned()];
    for names in [&lists[..], &listing.training.0, &listing.test.0] {
        tree.fingerprint(names, &mut fingerprint)?;
    }
    let decode = move || listing.decode(&tree);
    Ok(FoundDataset { place: folder, fingerprint: fingerprint.finish(), decode: Box::new(decode) })
}

/// Training and test images of the dataset at `place`, none of which is read.
///
/// # Errors
/// When its lists are not what they should be.
pub fn count(place: &Path) -> Result<(usize, usize)> {
    let tree = match place.is_dir() {
        true => Tree::Folder(place.to_path_buf()),
        false => Tree::open_zip(place, FOLDER)?,
    };
    let listing = Listing::of(&tree)?;
    Ok((listing.training.0.len(), listing.test.0.len()))
}

/// Which files are images of which class.
struct Listing {
    /// WordNet ids by class: sorted, as torchvision's folders of images number them.
    wnids: Vec<String>,
    training: (Vec<String>, Vec<u16>),
    test: (Vec<String>, Vec<u16>),
}

impl Listing {
    fn of(tree: &Tree) -> Result<Self> {
        let text = text(tree, "wnids.txt")?;
        let mut wnids: Vec<_> = text.split_whitespace().map(str::to_owned).collect();
        wnids.sort_unstable();
        wnids.dedup();
        let fail = |name: &str, reason: String| Err(EngineError::data(tree.place(name), reason));
        if wnids.len() != CLASSES {
            return fail("wnids.txt", format!("{} different ids, expected {CLASSES}", wnids.len()));
        }
        if let Some(id) = wnids.iter().find(|id| !id.bytes().all(|b| b.is_ascii_alphanumeric())) {
            return fail("wnids.txt", format!("'{id}' is not a WordNet id"));
        }
        let (mut names, mut labels) = (Vec::new(), Vec::new());
        for (class, id) in wnids.iter().enumerate() {
            let folder = format!("train/{id}/images");
            let files = tree.files(&folder)?;
            if files.is_empty() {
                return fail(&folder, "no images of this class".into());
            }
            labels.extend(files.iter().map(|_| class as u16));
            names.extend(files.into_iter().map(|file| format!("{folder}/{file}")));
        }
        let test = annotated(tree, &wnids)?;
        Ok(Self { wnids, training: (names, labels), test })
    }

    fn decode(self, tree: &Tree) -> Result<Decoded> {
        let (training, test) = (self.training, self.test);
        Ok(Decoded {
            training: decode::images(tree, &training.0, training.1, SIZE, ResizeMode::Exactly)?,
            test: decode::images(tree, &test.0, test.1, SIZE, ResizeMode::Exactly)?,
            classes: class_names(words(tree, &self.wnids)?.iter().map(String::as_str)),
        })
    }
}

/// The validation images and their classes: a file, its class's id and a box a line.
fn annotated(tree: &Tree, wnids: &[String]) -> Result<(Vec<String>, Vec<u16>)> {
    let (mut names, mut labels) = (Vec::new(), Vec::new());
    let mut seen = std::collections::HashSet::new();
    for (i, line) in text(tree, ANNOTATIONS)?.lines().enumerate().filter(|(_, line)| !line.trim().is_empty())
    {
        let fail = |reason: String| {
            Err(EngineError::data(tree.place(ANNOTATIONS), format!("line {}: {reason}", i + 1)))
        };
        let mut parts = line.split('\t');
        let (Some(file), Some(id)) = (parts.next(), parts.next()) else {
            return fail("not a file and an id".into());
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if file.is_empty() || file.starts_with('.') || !file.chars().all(is_plain) {
            return fail("a file's name that leads elsewhere".into());
        }
        if !seen.insert(file.to_owned()) {
            return fail(format!("{file} is there twice"));
        }
        let Ok(class) = wnids.binary_search_by(|known| known.as_str().cmp(id)) else {
            return fail(format!("'{}' is not an id in wnids.txt", crate::domain::text::harmless(id, 40)));
        };
        names.push(format!("val/images/{file}"));
        labels.push(class as u16);
    }
    if names.is_empty() {
        return Err(EngineError::data(tree.place(ANNOTATIONS), "it lists no images"));
    }
    Ok((names, labels))
}

/// What each id means, from `words.txt` where there is one; else the id.
fn words(tree: &Tree, wnids: &[String]) -> Result<Vec<String>> {
    let text = match tree.files("")?.iter().any(|name| name == "words.txt") {
        true => text(tree, "words.txt")?,
        false => String::new(),
    };
    let known: HashMap<&str, &str> = text.lines().filter_map(|line| line.trim().split_once('\t')).collect();
    let first = |words: &str| words.split(',').next().unwrap_or(words).trim().to_owned();
    Ok(wnids
        .iter()
        .map(|id| known.get(id.as_str()).map_or_else(|| id.clone(), |words| first(words)))
        .collect())
}

fn text(tree: &Tree, name: &str) -> Result<String> {
    String::from_utf8(tree.read(name)?).map_err(|_| EngineError::data(tree.place(name), "not text"))
}
