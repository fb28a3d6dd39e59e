//! CIFAR-10 and CIFAR-100 from their official archives, the binary and the Python version,
//! packed or unpacked. Nothing is unpacked to disk.

use std::path::{Path, PathBuf};

use super::archive::MAX_FILE;
use super::images::{Class, Decoded, Images, class_names};
use super::search::{self, DatasetMarks};
use super::source::{FileFingerprint, FoundDataset, LocatedDataset, MissingDataset};
use super::tree::{Tree, joined};
use super::{cifar_binary, cifar_python, places};
use crate::domain::dataset::DatasetId;
use crate::engine::error::{EngineError, Result};

/// Height and width of an image, pixels.
pub const SIZE: usize = 32;
/// Bytes of an image: red, green and blue planes.
pub const PIXELS: usize = 3 * SIZE * SIZE;

/// CIFAR-100's classes above the classes.
const COARSE: u8 = 20;

/// One of the two datasets in one of the two versions, as it is on disk.
#[derive(Debug)]
pub struct CifarVersion {
    /// The archive.
    pub archive: &'static str,
    /// The folder in it.
    pub folder: &'static str,
    training: &'static [&'static str],
    test: &'static str,
    /// Files that name the classes, and the classes above them.
    names: &'static [&'static str],
    /// Number of classes.
    pub classes: u16,
    /// Whether each record has a coarse label before its fine one.
    pub coarse: bool,
    python: bool,
}

const CIFAR_VERSIONS: [CifarVersion; 4] = [
    CifarVersion {
        archive: "cifar-10-binary.tar.gz",
        folder: "cifar-10-batches-bin",
        training: &[
            "data_batch_1.bin",
            "data_batch_2.bin",
            "data_batch_3.bin",
            "data_batch_4.bin",
            "data_batch_5.bin",
        ],
        test: "test_batch.bin",
        names: &["batches.meta.txt"],
        classes: 10,
        coarse: false,
        python: false,
    },
    CifarVersion {
        archive: "cifar-10-python.tar.gz",
        folder: "cifar-10-batches-py",
        training: &["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5"],
        test: "test_batch",
        names: &["batches.meta"],
        classes: 10,
        coarse: false,
        python: true,
    },
    CifarVersion {
        archive: "cifar-100-binary.tar.gz",
        folder: "cifar-100-binary",
        training: &["train.bin"],
        test: "test.bin",
        names: &["fine_label_names.txt", "coarse_label_names.txt"],
        classes: 100,
        coarse: true,
        python: false,
    },
    CifarVersion {
        archive: "cifar-100-python.tar.gz",
        folder: "cifar-100-python",
        training: &["train"],
        test: "test",
        names: &["meta"],
        classes: 100,
        coarse: true,
        python: true,
    },
];

/// The two versions of a dataset.
fn forms(dataset: DatasetId) -> &'static [CifarVersion] {
    if dataset == DatasetId::Cifar100 { &CIFAR_VERSIONS[2..] } else { &CIFAR_VERSIONS[..2] }
}

/// Records of one split.
#[derive(Debug, Default)]
pub struct Records {
    /// As in [`Images`].
    pub pixels: Vec<u8>,
    /// Classes.
    pub labels: Vec<u16>,
    /// The classes above them, where the form has such.
    pub coarse: Vec<u8>,
}

/// Names of classes, and of the classes above them.
pub type Names = (Vec<Class>, Vec<Class>);

/// Finds a dataset.
///
/// # Errors
/// When it is not there.
pub fn locate(
    dataset: DatasetId,
    folder: Option<&Path>,
) -> std::result::Result<LocatedDataset, MissingDataset> {
    let (place, packed) = find(dataset, folder)?;
    let at = place.clone();
    let open = move || if packed { archive_source(dataset, at) } else { folder_source(dataset, at) };
    Ok(LocatedDataset { place, open: Box::new(open) })
}

/// The dataset's folder or archive, and whether it is an archive: those with the publisher's
/// names first.
fn find(dataset: DatasetId, folder: Option<&Path>) -> std::result::Result<(PathBuf, bool), MissingDataset> {
    let roots = places::roots(folder);
    for root in &roots {
        for form in forms(dataset) {
            for folder in [root.join(form.folder), root.clone()] {
                if form.is_begun(&Tree::Folder(folder.clone()), "") {
                    return Ok((folder, false));
                }
            }
            let archive = root.join(form.archive);
            if archive.exists() {
                return Ok((archive, true));
            }
        }
    }
    let is_archive = |names: &[String]| {
        let like = names.iter().any(|name| search::is_like(dataset, name));
        // A file called train may be anybody's; one called data_batch_1 is not.
        let own = |name: &String| {
            let last = name.rsplit('/').next().unwrap_or(name);
            forms(dataset).iter().any(|form| form.images().any(|image| image == last))
                && (like || last.starts_with("data_batch") || last.ends_with(".bin"))
        };
        names.iter().any(own)
    };
    // Two files called train and test may be anybody's as well.
    let is_own = |form: &CifarVersion, tree: &Tree, folder: &str| {
        let has_names = form.names.iter().any(|name| tree.has_file(&joined(folder, name)));
        form.training.len() > 1
            || has_names
            || search::is_like(dataset, &tree.place(folder).to_string_lossy())
    };
    let is_folder = |tree: &Tree, folder: &str| {
        forms(dataset).iter().any(|form| form.is_begun(tree, folder) && is_own(form, tree, folder))
    };
    let marks = DatasetMarks { dataset, is_folder: &is_folder, is_archive: &is_archive, whose: None };
    if let Some(found) = marks.find(&roots) {
        return Ok(found);
    }
    // Some files of it are better than none to speak of.
    for root in &roots {
        let tree = Tree::Folder(root.clone());
        let begun =
            |tree: &Tree, folder: &str| forms(dataset).iter().any(|form| form.is_partial(tree, folder));
        if let Some(folder) = tree.folders_where(begun).first() {
            let form = forms(dataset).iter().find(|form| form.is_partial(&tree, folder));
            let missing: Vec<_> = form
                .into_iter()
                .flat_map(CifarVersion::images)
                .filter(|name| !tree.has_file(&joined(folder, name)))
                .collect();
            let reason = format!("not all of {}: {} missing from it", dataset.name(), listed(&missing));
            let found = Some(reason.clone());
            let error = EngineError::data(tree.place(folder), reason);
            return Err(MissingDataset { error, partial: true, found });
        }
    }
    let [binary, python] = forms(dataset) else { unreachable!("each dataset has two forms") };
    let looked_for = format!(
        "{}, {} and the folders {} and {}",
        binary.archive, python.archive, binary.folder, python.folder
    );
    let name = dataset.name();
    let help = format!(
        "; get it with 'hiresnet-tui data fetch {name}', or give its folder with --data-dir or HIRESNET_DATA"
    );
    Err(marks.missing(name, &looked_for, &roots, &help))
}

fn listed(names: &[&str]) -> String {
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

fn folder_source(dataset: DatasetId, place: PathBuf) -> Result<FoundDataset> {
    let tree = Tree::Folder(place.clone());
    let form = forms(dataset).iter().find(|form| form.is_begun(&tree, ""));
    let form = form.ok_or_else(|| EngineError::data(&place, "its files were moved away just now"))?;
    let mut fingerprint = FileFingerprint::new("cifar 1");
    for name in form.files().filter(|name| tree.has_file(name)) {
        fingerprint.file(&tree.place(name))?;
    }
    let decode = move || form.read(&tree);
    Ok(FoundDataset { place, fingerprint: fingerprint.finish(), notes: Vec::new(), decode: Box::new(decode) })
}

fn archive_source(dataset: DatasetId, place: PathBuf) -> Result<FoundDataset> {
    let mut fingerprint = FileFingerprint::new("cifar 1");
    fingerprint.file(&place)?;
    let archive = place.clone();
    let decode = move || {
        let all = || forms(dataset).iter().flat_map(CifarVersion::files);
        let wanted = |name: &str| all().any(|file| name.rsplit('/').next() == Some(file));
        let tree = Tree::open(&archive, &wanted)?;
        let (form, folder) = chosen(dataset, &tree).ok_or_else(|| {
            let reason = format!("none of {}'s files in it; it has {}", dataset.name(), tree.listed());
            EngineError::data(&archive, reason)
        })?;
        form.read(&tree.below(&folder))
    };
    Ok(FoundDataset { place, fingerprint: fingerprint.finish(), notes: Vec::new(), decode: Box::new(decode) })
}

/// The version and the folder of it that an archive holds: the publisher's, else that with
/// most of its files.
fn chosen(dataset: DatasetId, tree: &Tree) -> Option<(&'static CifarVersion, String)> {
    let count = |form: &CifarVersion, folder: &str| {
        form.images().filter(|name| tree.has_file(&joined(folder, name))).count()
    };
    let named =
        |form: &'static CifarVersion| (count(form, form.folder) > 0).then(|| (form, form.folder.to_owned()));
    forms(dataset).iter().find_map(named).or_else(|| {
        let folders =
            tree.folders_where(|_, folder| forms(dataset).iter().any(|form| count(form, folder) > 0));
        let all =
            folders.iter().flat_map(|folder| forms(dataset).iter().map(move |form| (form, folder.clone())));
        // The first of equals.
        all.rev().max_by_key(|(form, folder)| count(form, folder))
    })
}

impl CifarVersion {
    /// Files of images, the test split's last.
    fn images(&self) -> impl Iterator<Item = &'static str> {
        self.training.iter().copied().chain([self.test])
    }

    /// Those, and the ones with names.
    fn files(&self) -> impl Iterator<Item = &'static str> {
        self.images().chain(self.names.iter().copied())
    }

    /// Whether `folder` has enough of the files to be meant as the dataset.
    fn is_begun(&self, tree: &Tree, folder: &str) -> bool {
        [self.test, self.training[0]].iter().all(|name| tree.has_file(&joined(folder, name)))
    }

    /// Whether `folder` has some of the files, and is named like the dataset where their names
    /// could be anybody's.
    fn is_partial(&self, tree: &Tree, folder: &str) -> bool {
        let own = self.training.len() > 1 || folder.ends_with(self.folder);
        let of_this = |name: &str| own && !(name == self.test && self.training.len() > 1);
        self.images().any(|name| of_this(name) && tree.has_file(&joined(folder, name)))
    }

    /// From a folder's files.
    fn read(&self, tree: &Tree) -> Result<Decoded> {
        if let Some(name) = self.images().find(|name| !tree.has_file(name)) {
            let hint = search::rename_hint(tree, name, |name| self.files().any(|file| file == name));
            return Err(EngineError::data(tree.root(), format!("{name} is missing from it{hint}")));
        }
        let (mut training, test) = (self.records(tree, self.training)?, self.records(tree, &[self.test])?);
        let mut names = Vec::new();
        for name in self.names {
            let is_there = tree.has_file(name);
            let file =
                is_there.then(|| tree.read_up_to(name, MAX_FILE).map(|bytes| (tree.place(name), bytes)));
            names.push(file.transpose()?);
        }
        let (mut classes, groups) = match self.python {
            true => cifar_python::names(names)?,
            false => cifar_binary::names(names),
        };
        if classes.len() != usize::from(self.classes) {
            // Official archives have names; without, classes go by number.
            classes.clear();
        }
        for (label, group) in training.labels.iter().zip(training.coarse.drain(..)) {
            if let (Some(class), Some(group)) =
                (classes.get_mut(usize::from(*label)), groups.get(usize::from(group)))
            {
                class.group.clone_from(&group.name);
            }
        }
        let images = |Records { pixels, labels, .. }| Images {
            pixels: Vec::into(pixels),
            labels,
            channels: 3,
            size: SIZE,
        };
        Ok(Decoded { training: images(training), test: images(test), classes, notes: Vec::new() })
    }

    fn records(&self, tree: &Tree, names: &[&str]) -> Result<Records> {
        let mut records = Records::default();
        let read = if self.python { cifar_python::read } else { cifar_binary::read };
        for name in names {
            let bytes = tree.bytes(name, MAX_FILE)?;
            read(self, &bytes, &mut records).map_err(|reason| EngineError::data(tree.place(name), reason))?;
        }
        Ok(records)
    }

    /// A label within the classes.
    ///
    /// # Errors
    /// When it is not.
    pub fn label(&self, label: i64, image: usize) -> std::result::Result<u16, String> {
        u16::try_from(label).ok().filter(|label| *label < self.classes).ok_or_else(|| {
            format!("label {label} of image {image} is not a class from 0 to {}", self.classes - 1)
        })
    }

    /// A coarse label within the classes above the classes.
    ///
    /// # Errors
    /// When it is not.
    pub fn coarse_label(&self, label: i64, image: usize) -> std::result::Result<u8, String> {
        u8::try_from(label).ok().filter(|label| *label < COARSE).ok_or_else(|| {
            format!("coarse label {label} of image {image} is not a class from 0 to {}", COARSE - 1)
        })
    }
}

/// Names a line each.
pub fn lines(text: &[u8]) -> Vec<Class> {
    let text = String::from_utf8_lossy(text);
    class_names(text.lines().map(str::trim).filter(|line| !line.is_empty()))
}
