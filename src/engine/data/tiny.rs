//! Tiny-ImageNet-200: `tiny-imagenet-200.zip`, packed or unpacked, as it is published or as
//! scripts rearrange it: `val` by class, class folders without `images` in them.
//!
//! Its test labels were never published, so its validation images are the test images here,
//! and validation images are held out of the training images unless the spec says
//! otherwise (`val_from`).

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::decode::{self, ReducedImages, ResizeMode};
use super::folder::is_image;
use super::images::{Decoded, class_names};
use super::passed_over::PassedOver;
use super::places;
use super::search::{self, DatasetMarks};
use super::source::{FileFingerprint, FoundDataset, LocatedDataset, MissingDataset};
use super::tree::{Tree, joined};
use super::unusable::{self, UnusableFiles};
use super::validation::ValidationFiles;
use crate::domain::dataset::DatasetId;
use crate::domain::text::{grouped, harmless};
use crate::engine::error::{EngineError, Result};

const ARCHIVE: &str = "tiny-imagenet-200.zip";
const FOLDER: &str = "tiny-imagenet-200";
/// Height and width of an image, pixels.
const SIZE: usize = 64;
const CLASSES: usize = 200;
/// Names of the folder of validation images.
const VALIDATION: [&str; 3] = ["val", "valid", "validation"];
const ANNOTATIONS: &str = "val_annotations.txt";

/// Finds the dataset.
///
/// # Errors
/// When it is not there.
pub fn locate(folder: Option<&Path>) -> std::result::Result<LocatedDataset, MissingDataset> {
    let (place, packed) = find(folder)?;
    let at = place.clone();
    Ok(LocatedDataset {
        place,
        open: Box::new(move || if packed { archive_source(at) } else { folder_source(at) }),
    })
}

/// The dataset's folder or archive, and whether it is an archive: those with the publisher's
/// names first.
fn find(folder: Option<&Path>) -> std::result::Result<(PathBuf, bool), MissingDataset> {
    let roots = places::roots(folder);
    for root in &roots {
        for folder in [root.join(FOLDER), root.clone()] {
            let has_lists =
                folder.join("wnids.txt").is_file() && folder.join("val").join(ANNOTATIONS).is_file();
            if has_lists {
                return Ok((folder, false));
            }
        }
        let archive = root.join(ARCHIVE);
        if archive.exists() {
            return Ok((archive, true));
        }
    }
    let is_archive = |names: &[String]| {
        let of_class = |name: &String| {
            let mut steps = name.split('/').skip_while(|step| *step != "train");
            steps.next().is_some() && steps.next().is_some_and(is_wnid)
        };
        let is_named = names.iter().any(|name| search::is_like(DatasetId::TinyImagenet, name));
        names.iter().any(|name| name.ends_with("wnids.txt")) || is_named && names.iter().any(of_class)
    };
    let marks = DatasetMarks {
        dataset: DatasetId::TinyImagenet,
        is_folder: &is_tiny,
        is_archive: &is_archive,
        whose: None,
    };
    let help = "; get it with 'hiresnet-tui data fetch tiny-imagenet', or give its folder with --data-dir or \
                HIRESNET_DATA";
    let looked_for = format!("{ARCHIVE} and the folder {FOLDER}");
    marks.find(&roots).ok_or_else(|| marks.missing("tiny-imagenet", &looked_for, &roots, help))
}

/// Whether a folder is meant as the dataset: other parts of ImageNet have other numbers of
/// classes, and no list of them.
pub fn is_tiny(tree: &Tree, folder: &str) -> bool {
    if tree.has_file(&joined(folder, "wnids.txt")) {
        return true;
    }
    let classes = tree.folders(&joined(folder, "train")).unwrap_or_default();
    let known = classes.iter().filter(|name| is_wnid(name)).count();
    let named = tree.place(folder);
    let is_named = named
        .file_name()
        .is_some_and(|name| search::is_like(DatasetId::TinyImagenet, &name.to_string_lossy()));
    known == CLASSES || known > 0 && is_named
}

fn is_wnid(name: &str) -> bool {
    name.strip_prefix('n').is_some_and(|id| id.len() == 8 && id.bytes().all(|b| b.is_ascii_digit()))
}

fn archive_source(archive: PathBuf) -> Result<FoundDataset> {
    let mut fingerprint = FileFingerprint::new("tiny 1");
    fingerprint.file(&archive)?;
    let place = archive.clone();
    let decode = move || {
        // The published test images have no labels.
        let wanted = |name: &str| {
            let within = format!("/{name}");
            (name.ends_with(".txt") && !name.ends_with("_boxes.txt") || is_image(name))
                && !within.contains("/test/")
        };
        let tree = Tree::open(&archive, &wanted)?;
        let folder = tree.folders_where(is_tiny).into_iter().next().ok_or_else(|| {
            let reason =
                format!("no wnids.txt and no folder train/n01443537 in it; it has {}", tree.listed());
            EngineError::data(&archive, reason)
        })?;
        let tree = tree.below(&folder);
        let listing = Listing::of(&tree)?;
        let notes = listing.notes();
        let mut decoded = listing.decode(&tree)?;
        decoded.notes.splice(0..0, notes);
        Ok(decoded)
    };
    Ok(FoundDataset { place, fingerprint: fingerprint.finish(), notes: Vec::new(), decode: Box::new(decode) })
}

fn folder_source(folder: PathBuf) -> Result<FoundDataset> {
    let tree = Tree::Folder(folder.clone());
    let listing = Listing::of(&tree)?;
    let mut fingerprint = FileFingerprint::new("tiny 1");
    let mut lists = vec!["wnids.txt".to_owned(), joined(listing.validation, ANNOTATIONS)];
    lists.retain(|name| tree.has_file(name));
    for names in [&lists[..], &listing.training.0, &listing.test.0] {
        tree.fingerprint(names, &mut fingerprint)?;
    }
    let notes = listing.notes();
    let decode = move || listing.decode(&tree);
    Ok(FoundDataset { place: folder, fingerprint: fingerprint.finish(), notes, decode: Box::new(decode) })
}

/// Names of images and their classes.
type Labelled = (Vec<String>, Vec<u16>);

/// Which files are images of which class.
struct Listing {
    /// WordNet ids by class: sorted, as torchvision's folders of images number them.
    wnids: Vec<String>,
    training: Labelled,
    test: Labelled,
    /// The folder of validation images, which are the test images here.
    validation: &'static str,
    passed_over: PassedOver,
    /// Validation images of the list that are not there, or where another class's are.
    unusable: UnusableFiles,
}

impl Listing {
    fn of(tree: &Tree) -> Result<Self> {
        let wnids = wnids(tree)?;
        let fail = |name: &str, reason: String| Err(EngineError::data(tree.place(name), reason));
        let (mut passed_over, mut unusable) = (PassedOver::default(), UnusableFiles::default());
        let (mut names, mut labels) = (Vec::new(), Vec::new());
        let mut empty = Vec::new();
        for (class, id) in wnids.iter().enumerate() {
            let files = of_class(tree, "train", id, &mut passed_over)?;
            if files.is_empty() {
                empty.push(format!("train/{id}/images"));
            }
            labels.extend(files.iter().map(|_| class as u16));
            names.extend(files);
        }
        match &empty[..] {
            [] => {}
            [folder] => return fail(folder, "no images of this class".into()),
            several => {
                let said = unusable::listed(several.iter().cloned(), several.len());
                return fail("", format!("no images of {} classes: {said}", several.len()));
            }
        }
        let Some(validation) = VALIDATION.into_iter().find(|name| tree.has_folder(name)) else {
            let reason =
                format!("no folder val (or valid, or validation) beside train; it has {}", tree.listed());
            return fail("", reason);
        };
        let test = match tree.has_file(&joined(validation, ANNOTATIONS)) {
            true => annotated(tree, validation, &wnids, &mut passed_over, &mut unusable)?,
            false => by_class(tree, validation, &wnids, &mut passed_over)?,
        };
        Ok(Self { wnids, training: (names, labels), test, validation, passed_over, unusable })
    }

    fn notes(&self) -> Vec<String> {
        self.passed_over.note("tiny-imagenet").into_iter().collect()
    }

    fn decode(self, tree: &Tree) -> Result<Decoded> {
        let (training, test) = (self.training, self.test);
        let (size, reduced) = ((SIZE, ResizeMode::Exactly), ReducedImages::default());
        let [training, test] = decode::splits(tree, training, test, size, &reduced, &self.unusable)?;
        Ok(Decoded {
            training,
            test,
            classes: class_names(words(tree, &self.wnids)?.iter().map(String::as_str)),
            notes: reduced.notes().into_iter().map(|note| format!("tiny-imagenet: {note}")).collect(),
        })
    }
}

/// The classes: those of `wnids.txt`, else those that have training images.
fn wnids(tree: &Tree) -> Result<Vec<String>> {
    let (list, mut wnids) = match tree.has_file("wnids.txt") {
        true => ("wnids.txt", text(tree, "wnids.txt")?.split_whitespace().map(str::to_owned).collect()),
        false => ("train", tree.folders("train")?),
    };
    wnids.sort_unstable();
    wnids.dedup();
    let fail = |reason: String| Err(EngineError::data(tree.place(list), reason));
    if wnids.len() != CLASSES {
        return fail(format!("{} different ids, expected {CLASSES}", wnids.len()));
    }
    if let Some(id) = wnids.iter().find(|id| !id.bytes().all(|b| b.is_ascii_alphanumeric())) {
        return fail(format!("'{id}' is not a WordNet id"));
    }
    Ok(wnids)
}

/// The images of a class in a split: those in its folder `images`, or in its folder itself.
fn of_class(tree: &Tree, split: &str, id: &str, passed_over: &mut PassedOver) -> Result<Vec<String>> {
    let class = format!("{split}/{id}");
    let inner = format!("{class}/images");
    let (mut within, mut beside) = (tree.files(&inner)?, tree.files(&class)?);
    passed_over.retain(&class, &mut within, is_image);
    // Boxes of the objects belong there.
    beside.retain(|name| !name.ends_with("_boxes.txt"));
    passed_over.retain(&class, &mut beside, is_image);
    if within.is_empty() {
        return Ok(beside.into_iter().map(|name| format!("{class}/{name}")).collect());
    }
    passed_over.add(&class, "beside the folder images", beside.len());
    Ok(within.into_iter().map(|name| format!("{inner}/{name}")).collect())
}

/// The validation images and their classes: a file, its class's id and a box a line. Where
/// they were moved into folders by class, or saved again in another format, they are found
/// there, in the same order. What is not, or is in another class's folder, is `unusable`.
fn annotated(
    tree: &Tree,
    split: &str,
    wnids: &[String],
    passed_over: &mut PassedOver,
    unusable: &mut UnusableFiles,
) -> Result<Labelled> {
    let list = joined(split, ANNOTATIONS);
    let together = format!("{split}/images");
    let in_one: HashSet<String> = tree.files(&together)?.into_iter().collect();
    let mut others = None;
    let (mut names, mut labels) = (Vec::new(), Vec::new());
    let (mut seen, mut used) = (HashSet::new(), HashSet::new());
    let mut wrong = Vec::new();
    let mut missing = 0;
    let text = text(tree, &list)?;
    for (i, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let (file, id, class) = match entry(line, wnids) {
            Ok(entry) if seen.insert(entry.0) => entry,
            Ok((file, ..)) => {
                wrong.push(format!("line {}: {file} is there twice", i + 1));
                continue;
            }
            Err(reason) => {
                wrong.push(format!("line {}: {reason}", i + 1));
                continue;
            }
        };
        labels.push(class);
        if in_one.contains(file) {
            names.push(format!("{together}/{file}"));
            used.insert(names[names.len() - 1].clone());
            continue;
        }
        if others.is_none() {
            others = Some(ValidationFiles::of(tree, split, wnids)?);
        }
        let place = (1, names.len());
        let name = match others.as_ref().map(|others| others.find(file, id)) {
            Some(Ok(name)) => name.to_owned(),
            Some(Err(Some(name))) => {
                unusable.list(place, name, format!("{ANNOTATIONS} says that it is of class {id}"));
                name.to_owned()
            }
            _ => {
                let name = format!("{together}/{file}");
                unusable.list(place, &name, format!("missing, though {ANNOTATIONS} lists it"));
                missing += 1;
                name
            }
        };
        used.insert(name.clone());
        names.push(name);
    }
    let fail = |reason: String| Err(EngineError::data(tree.place(&list), reason));
    if !wrong.is_empty() {
        let count = wrong.len();
        return fail(unusable::listed(wrong, count));
    }
    if names.is_empty() {
        return fail("it lists no images".into());
    }
    let is_unlisted = |name: &&String| is_image(name) && !used.contains(&format!("{together}/{name}"));
    passed_over.add(&together, "not in val_annotations.txt", in_one.iter().filter(is_unlisted).count());
    if missing == names.len() && in_one.is_empty() {
        let reason = format!("it has none of the {} images of {ANNOTATIONS}", grouped(names.len()));
        return Err(EngineError::data(tree.place(&together), reason));
    }
    Ok((names, labels))
}

/// The file, the id and the class of a line of the list.
fn entry<'a>(line: &'a str, wnids: &[String]) -> std::result::Result<(&'a str, &'a str, u16), String> {
    let mut parts = line.split('\t');
    let (Some(file), Some(id)) = (parts.next(), parts.next()) else {
        return Err("not a file and an id".into());
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    if file.is_empty() || file.starts_with('.') || !file.chars().all(is_plain) {
        return Err("a file's name that leads elsewhere".into());
    }
    match wnids.binary_search_by(|known| known.as_str().cmp(id)) {
        Ok(class) => Ok((file, id, class as u16)),
        Err(_) => Err(format!("'{}' is not an id in wnids.txt", harmless(id, 40))),
    }
}

/// The validation images in folders by class, in the order of their numbers, which is that of
/// the published list.
fn by_class(tree: &Tree, split: &str, wnids: &[String], passed_over: &mut PassedOver) -> Result<Labelled> {
    let mut all = Vec::new();
    for (class, id) in wnids.iter().enumerate() {
        all.extend(of_class(tree, split, id, passed_over)?.into_iter().map(|name| (name, class as u16)));
    }
    if all.is_empty() {
        let reason = format!(
            "neither {ANNOTATIONS} nor images in folders by class, so nothing says which class an image has; it has {}",
            tree.below(split).listed()
        );
        return Err(EngineError::data(tree.place(split), reason));
    }
    let number = |name: &str| {
        let stem = name.rsplit('/').next()?.strip_prefix("val_")?.split('.').next()?;
        stem.parse::<u64>().ok()
    };
    if all.iter().all(|(name, _)| number(name).is_some()) {
        all.sort_by_key(|(name, _)| number(name));
    }
    Ok(all.into_iter().unzip())
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
