//! A folder of the user's own images: `NAME/train/CLASS/*.png` and other formats, and the same
//! classes in `NAME/test`, `val`, `valid` or `validation`.

use std::path::{Path, PathBuf};

use super::decode::{self, ReducedImages, ResizeMode};
use super::images::{Decoded, class_names};
use super::passed_over::PassedOver;
use super::source::{FileFingerprint, FoundDataset, LocatedDataset, MissingDataset};
use super::tiny::is_tiny;
use super::tree::Tree;
use super::unusable::{UnusableFiles, listed};
use super::{places, search};
use crate::domain::dataset::ImageFolder;
use crate::domain::error::nearest;
use crate::domain::text::{harmless, plural};
use crate::engine::error::{EngineError, Result};

/// Endings of the names of images.
const ENDINGS: [&str; 13] =
    ["png", "apng", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "dib", "gif", "tif", "tiff", "jif"];
/// The endings as a message lists them.
const LISTED: &str = ".png, .jpg, .jpeg, .webp, .bmp, .gif or .tiff";
/// Names of the folder of test images, the first that is there.
const TEST: [&str; 4] = ["test", "val", "valid", "validation"];
/// Classes that a message names.
const NAMED: usize = 20;

/// Finds the folder.
///
/// # Errors
/// When it is not there.
pub fn locate(
    wanted: &ImageFolder,
    folder: Option<&Path>,
) -> std::result::Result<LocatedDataset, MissingDataset> {
    let roots = places::roots(folder);
    let plain = roots.iter().map(|root| root.join(&wanted.name));
    let nested = plain.clone().map(|folder| folder.join(&wanted.name));
    let Some(place) = plain.chain(nested).find(|folder| folder.join("train").is_dir()) else {
        return Err(missing(wanted, &roots));
    };
    let (at, wanted) = (place.clone(), wanted.clone());
    Ok(LocatedDataset { place, open: Box::new(move || source(at, &wanted)) })
}

/// That the folder is nowhere, and what there is instead.
fn missing(wanted: &ImageFolder, roots: &[PathBuf]) -> MissingDataset {
    let name = &wanted.name;
    let mut found = String::new();
    let mut partial = false;
    for root in roots {
        let folder = root.join(name);
        if folder.is_dir() {
            let tree = Tree::Folder(folder);
            let has = tree.listed();
            let like = |other: &String| is_one_of(other, &["train", "training", "train_set", "training_set"]);
            let mend = match tree.folders("").unwrap_or_default().iter().find(|other| like(other)) {
                Some(other) => {
                    format!(
                        "rename {} in it to train, and the test images' folder to test",
                        harmless(other, 80)
                    )
                }
                None => format!("move its classes to {name}/train and {name}/test"),
            };
            found = format!("; '{name}' has {has}: {mend}");
            partial = true;
        } else if let Some(ending) = ["zip", "tar", "tar.gz", "tgz"]
            .iter()
            .find(|ending| root.join(format!("{name}.{ending}")).is_file())
        {
            found = format!("; {name}.{ending} is there: unpack it beside itself");
            partial = true;
        } else if let Some(near) = search::near_folder(root, name) {
            found = format!("; did you mean folder={}?", harmless(&near, 80));
        }
    }
    let help = if partial { "" } else { "; give the folder above it with --data-dir or HIRESNET_DATA" };
    let reason = format!(
        "no folder '{name}' with train/CLASS/IMAGE in it here (looked in: {}){found}{help}",
        places::listed(roots)
    );
    let error = EngineError::data(roots.first().cloned().unwrap_or_default(), reason);
    let found = (!found.is_empty()).then(|| found.trim_start_matches("; ").to_owned());
    MissingDataset { error, partial, found }
}

fn source(place: PathBuf, wanted: &ImageFolder) -> Result<FoundDataset> {
    let tree = Tree::Folder(place.clone());
    let listing = Listing::of(&tree, &place, wanted)?;
    let mut fingerprint = FileFingerprint::new(&format!("folder 1 {}", wanted.size));
    for (names, labels) in [&listing.training, &listing.test] {
        tree.fingerprint(names, &mut fingerprint)?;
        fingerprint.entry(b"", labels.len() as u64, 0);
    }
    let notes = listing.passed_over.note(&wanted.name).into_iter().collect();
    let (size, name) = ((wanted.size, ResizeMode::Crop), wanted.name.clone());
    let decode = move || {
        let Listing { classes, training, test, .. } = listing;
        let reduced = ReducedImages::default();
        let unusable = UnusableFiles::default();
        let [training, test] = decode::splits(&tree, training, test, size, &reduced, &unusable)?;
        Ok(Decoded {
            training,
            test,
            classes: class_names(classes.iter().map(String::as_str)),
            notes: reduced.notes().into_iter().map(|note| format!("{name}: {note}")).collect(),
        })
    };
    Ok(FoundDataset { place, fingerprint: fingerprint.finish(), notes, decode: Box::new(decode) })
}

/// Files of a split and their classes.
type Files = (Vec<String>, Vec<u16>);

struct Listing {
    /// Names of the classes' folders, sorted, as torchvision numbers them.
    classes: Vec<String>,
    training: Files,
    test: Files,
    passed_over: PassedOver,
}

impl Listing {
    fn of(tree: &Tree, place: &Path, wanted: &ImageFolder) -> Result<Self> {
        let classes = tree.folders("train")?;
        if classes.len() != wanted.classes {
            let found = classes.len();
            let reason = format!(
                "{found} classes where the spec has {}; set classes={found} (found: {})",
                wanted.classes,
                named(&classes)
            );
            return Err(EngineError::data(place.join("train"), reason));
        }
        let Some(test) = TEST.into_iter().find(|name| place.join(name).is_dir()) else {
            let folders = tree.folders("")?;
            let others = ["test", "tests", "testing", "val", "vals", "valid", "validation", "dev", "eval"];
            let like = |name: &&String| is_one_of(name, &others);
            let hint = folders.iter().find(like);
            let hint =
                hint.map(|name| format!("; rename {} to test", harmless(name, 80))).unwrap_or_default();
            let reason = format!(
                "neither a folder test nor a folder val beside train (nor valid, nor validation); it has {}{hint}",
                tree.listed()
            );
            return Err(EngineError::data(place, reason));
        };
        let others: Vec<_> = tree.folders(test)?.into_iter().filter(|name| !classes.contains(name)).collect();
        if let Some(other) = others.first() {
            let near = nearest(other, classes.iter().map(String::as_str));
            let hint = near.map(|near| format!("; did you mean {}?", harmless(near, 80))).unwrap_or_default();
            let all =
                if others.len() > 1 { format!(" (and {})", named(&others[1..])) } else { String::new() };
            let reason = format!("a class that train does not have{all}{hint}");
            return Err(EngineError::data(place.join(test).join(other), reason));
        }
        let mut passed_over = PassedOver::default();
        for (i, name) in TEST.into_iter().enumerate() {
            let is_other = TEST.iter().position(|other| *other == test).is_some_and(|chosen| i > chosen);
            if is_other && place.join(name).is_dir() {
                passed_over.add_folders(name, 1);
            }
        }
        let mut empty = Vec::new();
        let mut files = |split| files(tree, split, &classes, &mut passed_over, &mut empty);
        let (training, test) = (files("train")?, files(test)?);
        match &empty[..] {
            [] => Ok(Self { classes, training, test, passed_over }),
            [(folder, has)] => {
                let reason = format!("no {LISTED} of this class; {has}");
                Err(EngineError::data(place.join(folder), reason))
            }
            several => {
                let said = several.iter().map(|(folder, has)| format!("{folder}: {has}"));
                let reason =
                    format!("no {LISTED} in {} folders: {}", several.len(), listed(said, several.len()));
                Err(EngineError::data(place, reason))
            }
        }
    }
}

/// Whether a name is one of these in any case.
fn is_one_of(name: &str, others: &[&str]) -> bool {
    others.iter().any(|other| name.eq_ignore_ascii_case(other))
}

/// Names as a message lists them.
fn named(names: &[String]) -> String {
    let some: Vec<_> = names.iter().take(NAMED).map(|name| harmless(name, 40)).collect();
    let more = names.len() - some.len();
    match (some.is_empty(), more) {
        (true, _) => "none".into(),
        (_, 0) => some.join(", "),
        _ => format!("{} and {more} more", some.join(", ")),
    }
}

/// The images of every class, in order; the folders of classes without any, and what they have,
/// go to `empty`.
fn files(
    tree: &Tree,
    split: &str,
    classes: &[String],
    passed_over: &mut PassedOver,
    empty: &mut Vec<(String, String)>,
) -> Result<Files> {
    let (mut names, mut labels) = (Vec::new(), Vec::new());
    let mut stray = tree.files(split)?;
    passed_over.retain(split, &mut stray, is_image);
    passed_over.add(split, "in no class", stray.len());
    passed_over.add_hidden_folders(split, tree.hidden_folders(split)?);
    for (class, name) in classes.iter().enumerate() {
        let folder = format!("{split}/{name}");
        let mut files = tree.files(&folder)?;
        passed_over.retain(&folder, &mut files, is_image);
        passed_over.add_folders(&folder, tree.folders(&folder)?.len());
        passed_over.add_hidden_folders(&folder, tree.hidden_folders(&folder)?);
        let hidden = tree.hidden_files(&folder)?;
        passed_over.add(&folder, "hidden", hidden.iter().filter(|name| is_image(name)).count());
        if files.is_empty() {
            let all = (tree.folders(&folder)?, tree.files(&folder)?);
            let has = match (all.0.len(), all.1.len()) {
                (0, 0) if !tree.has_folder(&folder) => "there is no such folder".into(),
                (0, 0) => "the folder is empty".into(),
                (folders, files) => {
                    format!("it has {} and {}", plural(folders, "folder"), plural(files, "other file"))
                }
            };
            empty.push((folder, has));
            continue;
        }
        names.extend(files.iter().map(|file| format!("{folder}/{file}")));
        labels.resize(names.len(), class as u16);
    }
    Ok((names, labels))
}

/// Whether a file is an image by its name.
pub fn is_image(name: &str) -> bool {
    let ending = Path::new(name).extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

/// The folder of images called `name`, with as many classes as it has.
pub fn of_name(name: &str, folder: Option<&Path>) -> ImageFolder {
    let mut images = ImageFolder { name: name.to_owned(), ..ImageFolder::default() };
    if let Ok(LocatedDataset { place, .. }) = locate(&images, folder) {
        images.classes = Tree::Folder(place).folders("train").map_or(0, |classes| classes.len());
    }
    images
}

/// Folders of images in the data folders, by name, each with how many classes it has: those
/// that have training images of every class, for other things have such folders as well.
pub fn all(folder: Option<&Path>) -> Vec<ImageFolder> {
    let mut found: Vec<ImageFolder> = Vec::new();
    for root in places::roots(folder) {
        let tree = Tree::Folder(root);
        for name in tree.folders("").unwrap_or_default() {
            // As archives unpack: in a folder of the same name.
            let nested = format!("{name}/{name}");
            let is_nested = !tree.has_folder(&format!("{name}/train")) && tree.has_folder(&nested);
            let place = if is_nested { &nested } else { &name };
            let has_test = || TEST.iter().any(|test| tree.has_folder(&format!("{place}/{test}")));
            let is_new = found.iter().all(|other| other.name != name);
            if !is_new || ImageFolder::parse_name(&name).is_err() || !has_test() || is_tiny(&tree, place) {
                continue;
            }
            let classes = tree.folders(&format!("{place}/train")).unwrap_or_default();
            let has_images = |class: &String| {
                let files = tree.files(&format!("{place}/train/{class}")).unwrap_or_default();
                files.iter().any(|file| is_image(file))
            };
            if classes.len() > 1 && classes.iter().all(has_images) {
                found.push(ImageFolder { name, classes: classes.len(), ..ImageFolder::default() });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_known_by_their_names() {
        for name in ["a.png", "b.JPEG", "c.tar.webp", "d.tif", "e.GIF", "f.bmp"] {
            assert!(is_image(name), "{name}");
        }
        for name in ["png", "a.png.txt", "notes.txt", "a", "a.heic"] {
            assert!(!is_image(name), "{name}");
        }
        assert_eq!(named(&[]), "none");
        let many: Vec<_> = (0..23).map(|i| i.to_string()).collect();
        assert!(named(&many).ends_with("18, 19 and 3 more"));
    }
}
