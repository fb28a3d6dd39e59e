//! The MNIST family: Fashion-MNIST and MNIST from their IDX files, a subset of Fashion-MNIST
//! built in.

use std::path::{Path, PathBuf};

use super::images::{Decoded, Images, class_names};
use super::source::{FileFingerprint, FoundDataset};
use super::{idx, places};
use crate::domain::dataset::DatasetId;
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::files;

/// Height and width of an image, pixels.
const SIZE: usize = 28;
/// Longest file read: the raw training images are 47 MB.
const MAX_BYTES: u64 = 256 << 20;
/// The four files, images before labels, training before test.
const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Where one of the datasets may be. Both have files of the same names, so that only one
/// of them may lie in a data folder itself.
struct Layout {
    title: &'static str,
    /// Folders below a data folder, torchvision's among them.
    subfolders: &'static [&'static str],
    /// Where Debian's package puts them.
    debian: Option<&'static str>,
    help: &'static str,
}

const FASHION: Layout = Layout {
    title: "Fashion-MNIST",
    subfolders: &["fashion-mnist", "FashionMNIST/raw", ""],
    debian: Some("/usr/share/datasets/fashion-mnist"),
    help: "; on Debian install dataset-fashion-mnist, elsewhere get it with 'hiresnet-tui data fetch fashion', give \
           its folder with --data-dir or HIRESNET_DATA, or use the dataset fashion-embedded",
};

const MNIST: Layout = Layout {
    title: "MNIST",
    subfolders: &["mnist", "MNIST/raw"],
    debian: None,
    help: "; get it with 'hiresnet-tui data fetch mnist', or give the folder above with --data-dir or HIRESNET_DATA",
};

macro_rules! embedded {
    ($name:literal) => {
        (
            concat!("embedded ", $name),
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fashion-mnist/", $name, ".gz"))
                as &[u8],
        )
    };
}

/// The subset of Fashion-MNIST that is built in.
///
/// # Errors
/// Never, unless the program was built from broken files.
pub fn embedded() -> Result<Decoded> {
    let parts = [
        embedded!("train-images-idx3-ubyte"),
        embedded!("train-labels-idx1-ubyte"),
        embedded!("t10k-images-idx3-ubyte"),
        embedded!("t10k-labels-idx1-ubyte"),
    ];
    decode(DatasetId::FashionEmbedded, &parts.map(|(name, bytes)| (PathBuf::from(name), bytes)))
}

/// The four files of Fashion-MNIST or MNIST.
///
/// # Errors
/// When they are not there, or not all of them.
pub fn locate(dataset: DatasetId, folder: Option<&Path>) -> Result<[PathBuf; 4]> {
    let layout = if dataset == DatasetId::Mnist { &MNIST } else { &FASHION };
    layout.find(folder)
}

/// Finds Fashion-MNIST or MNIST.
///
/// # Errors
/// When it is not there, or not whole.
pub fn find(dataset: DatasetId, folder: Option<&Path>) -> Result<FoundDataset> {
    let paths = locate(dataset, folder)?;
    let mut fingerprint = FileFingerprint::new("idx 1");
    paths.iter().try_for_each(|path| fingerprint.file(path))?;
    let place = paths[0].parent().unwrap_or(Path::new("")).to_path_buf();
    let read = move || {
        let mut parts = Vec::with_capacity(4);
        for path in &paths {
            parts.push(files::read_bounded(path, MAX_BYTES)?);
        }
        let part = |i: usize| (paths[i].clone(), parts[i].as_slice());
        decode(dataset, &[part(0), part(1), part(2), part(3)])
    };
    Ok(FoundDataset { place, fingerprint: fingerprint.finish(), decode: Box::new(read) })
}

impl Layout {
    /// The four files. A folder that the user named is the only place looked in.
    fn find(&self, folder: Option<&Path>) -> Result<[PathBuf; 4]> {
        let mut roots = places::roots(folder);
        let below = roots.iter().flat_map(|root| self.subfolders.iter().map(|sub| root.join(sub)));
        let mut folders: Vec<PathBuf> = below.collect();
        if let Some(debian) = self.debian.filter(|_| places::is_unsaid(folder)) {
            folders.push(debian.into());
            roots.push(debian.into());
        }
        let mut missing = None;
        for folder in folders {
            let found = files_in(&folder);
            if let [Some(a), Some(b), Some(c), Some(d)] = found {
                return Ok([a, b, c, d]);
            }
            if let Some(i) = found.iter().position(Option::is_none)
                && found.iter().any(Option::is_some)
            {
                missing.get_or_insert((folder, FILES[i]));
            }
        }
        if let Some((folder, name)) = missing {
            let reason = format!("{name}[.gz] is missing from {}'s four files", self.title);
            return Err(EngineError::data(folder, reason));
        }
        if let Some(root) = roots.iter().find(|root| files_in(root).iter().all(Option::is_some)) {
            // Only Fashion-MNIST may have its files in a data folder itself.
            let reason = format!(
                "the four files here are taken for Fashion-MNIST's; move {}'s to {}",
                self.title,
                shown(&root.join(self.subfolders[0]))
            );
            return Err(EngineError::data(root, reason));
        }
        let reason = format!(
            "no {} here (looked for {}[.gz] and its three companions in: {}){}",
            self.title,
            FILES[0],
            places::listed(&roots),
            self.help
        );
        Err(EngineError::data(roots.first().cloned().unwrap_or_default(), reason))
    }
}

/// The four files in `folder`, those that are there, gzipped or not.
fn files_in(folder: &Path) -> [Option<PathBuf>; 4] {
    FILES.map(|name| {
        [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|path| path.exists())
    })
}

/// From the four files.
fn decode(dataset: DatasetId, files: &[(PathBuf, &[u8]); 4]) -> Result<Decoded> {
    let names = (0..10).filter_map(|class| dataset.class_name(class));
    Ok(Decoded {
        training: images(&files[0], &files[1])?,
        test: images(&files[2], &files[3])?,
        classes: class_names(names),
    })
}

fn images(pixels: &(PathBuf, &[u8]), labels: &(PathBuf, &[u8])) -> Result<Images> {
    let ([count, height, width], data) = idx::parse::<3>(&pixels.0, pixels.1)?;
    if (height, width) != (SIZE, SIZE) {
        return Err(EngineError::data(&pixels.0, format!("images of {height}×{width}, expected 28×28")));
    }
    let ([named], classes) = idx::parse::<1>(&labels.0, labels.1)?;
    if named != count {
        return Err(EngineError::data(
            &labels.0,
            format!("{named} labels for the {count} images of {}", shown(&pixels.0)),
        ));
    }
    if let Some(i) = classes.iter().position(|label| *label > 9) {
        return Err(EngineError::data(
            &labels.0,
            format!("label {} of image {i} is not a class from 0 to 9", classes[i]),
        ));
    }
    Ok(Images {
        pixels: data.into(),
        labels: classes.into_iter().map(u16::from).collect(),
        channels: 1,
        size: SIZE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_subset_is_balanced() {
        let Decoded { training, test, classes } = embedded().unwrap();
        assert_eq!((classes.len(), classes[9].name.as_str()), (10, "Ankle boot"));
        for (images, each) in [(training, 1000), (test, 200)] {
            for class in 0..10 {
                assert_eq!(images.labels.iter().filter(|l| **l == class).count(), each);
            }
            assert_eq!(images.pixels.len(), images.len() * SIZE * SIZE);
        }
    }
}
