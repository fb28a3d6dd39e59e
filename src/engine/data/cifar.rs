//! CIFAR-10 and CIFAR-100 from their official archives, the binary and the Python version,
//! packed or unpacked. Nothing is unpacked to disk.

use std::path::{Path, PathBuf};

use super::archive::{self, MAX_FILE, Named};
use super::images::{Class, Decoded, Images, class_names};
use super::source::{FileFingerprint, FoundDataset};
use super::{cifar_binary, cifar_python, places};
use crate::domain::dataset::DatasetId;
use crate::engine::error::{EngineError, Result};
use crate::engine::files;

/// Height and width of an image, pixels.
pub const SIZE: usize = 32;
/// Bytes of an image: red, green and blue planes.
pub const PIXELS: usize = 3 * SIZE * SIZE;

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
pub fn find(dataset: DatasetId, folder: Option<&Path>) -> Result<FoundDataset> {
    let (version, place, packed) = locate(dataset, folder)?;
    version.source(place, packed)
}

/// Which version of a dataset is where, and whether it is an archive.
///
/// # Errors
/// When it is not there.
pub fn locate(dataset: DatasetId, folder: Option<&Path>) -> Result<(&'static CifarVersion, PathBuf, bool)> {
    let roots = places::roots(folder);
    for root in &roots {
        for form in forms(dataset) {
            for folder in [root.join(form.folder), root.clone()] {
                if folder.join(form.test).is_file() && folder.join(form.training[0]).is_file() {
                    return Ok((form, folder, false));
                }
            }
            let archive = root.join(form.archive);
            if archive.exists() {
                return Ok((form, archive, true));
            }
        }
    }
    let [binary, python] = forms(dataset) else { unreachable!("each dataset has two forms") };
    let reason = format!(
        "no {name} here (looked for {}, {} and the folders {} and {} in: {}); get it with 'hiresnet-tui data fetch \
         {name}', or give its folder with --data-dir or HIRESNET_DATA",
        binary.archive,
        python.archive,
        binary.folder,
        python.folder,
        places::listed(&roots),
        name = dataset.name(),
    );
    Err(EngineError::data(roots.first().cloned().unwrap_or_default(), reason))
}

impl CifarVersion {
    fn images(&self) -> impl Iterator<Item = &'static str> {
        self.training.iter().copied().chain([self.test])
    }

    fn source(&'static self, place: PathBuf, packed: bool) -> Result<FoundDataset> {
        let mut fingerprint = FileFingerprint::new("cifar 1");
        if packed {
            fingerprint.file(&place)?;
        } else {
            for name in self.images().chain(self.names.iter().copied()) {
                let path = place.join(name);
                if path.exists() {
                    fingerprint.file(&path)?;
                }
            }
        }
        let at = place.clone();
        let decode = move || if packed { self.packed(&at) } else { self.unpacked(&at) };
        Ok(FoundDataset { place, fingerprint: fingerprint.finish(), decode: Box::new(decode) })
    }

    fn unpacked(&self, folder: &Path) -> Result<Decoded> {
        let read = |name: &'static str, needed: bool| {
            let path = folder.join(name);
            if !needed && !path.exists() {
                return Ok(None);
            }
            files::read_bounded(&path, MAX_FILE).map(|bytes| Some((path, bytes)))
        };
        let images = self.images().map(|name| read(name, true));
        let names = self.names.iter().map(|name| read(name, false));
        self.decode(folder, images.chain(names).collect::<Result<_>>()?)
    }

    fn packed(&self, archive: &Path) -> Result<Decoded> {
        let names: Vec<_> = self.images().chain(self.names.iter().copied()).collect();
        self.decode(archive, archive::files(archive, self.folder, &names)?)
    }

    /// From the files of images, the test split's last, and those of names.
    fn decode(&self, place: &Path, mut files: Vec<Option<Named>>) -> Result<Decoded> {
        let names = files.split_off(self.training.len() + 1);
        let mut read = Vec::with_capacity(files.len());
        for (name, file) in self.images().zip(files) {
            read.push(file.ok_or_else(|| EngineError::data(place, format!("{name} is missing from it")))?);
        }
        let test = read.split_off(self.training.len());
        let (mut training, test) = (self.records(read)?, self.records(test)?);
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
        Ok(Decoded { training: images(training), test: images(test), classes })
    }

    fn records(&self, files: Vec<Named>) -> Result<Records> {
        let mut records = Records::default();
        for (path, bytes) in files {
            let read = if self.python { cifar_python::read } else { cifar_binary::read };
            read(self, &bytes, &mut records).map_err(|reason| EngineError::data(path, reason))?;
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
}

/// Names a line each.
pub fn lines(text: &[u8]) -> Vec<Class> {
    let text = String::from_utf8_lossy(text);
    class_names(text.lines().map(str::trim).filter(|line| !line.is_empty()))
}
