//! Fashion-MNIST: the whole from its IDX files, a subset compiled in.

use std::path::{Path, PathBuf};

use super::{Images, idx, places};
use crate::domain::dataset::DatasetId;
use crate::domain::error::SpecError;
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
/// Folders below a data folder that hold them, torchvision's among them.
const SUBFOLDERS: [&str; 3] = ["", "fashion-mnist", "FashionMNIST/raw"];
/// Where Debian's package `dataset-fashion-mnist` puts them.
const DEBIAN: &str = "/usr/share/datasets/fashion-mnist";

macro_rules! embedded {
    ($name:literal) => {
        (
            concat!("embedded ", $name),
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fashion-mnist/", $name, ".gz"))
                as &[u8],
        )
    };
}

/// Training and test images of a Fashion-MNIST dataset.
///
/// # Errors
/// When the dataset is another, or its files are missing or broken.
pub fn load(dataset: DatasetId, folder: Option<&Path>) -> Result<(Images, Images)> {
    match dataset {
        DatasetId::FashionEmbedded => {
            let [a, b, c, d] = [
                embedded!("train-images-idx3-ubyte"),
                embedded!("train-labels-idx1-ubyte"),
                embedded!("t10k-images-idx3-ubyte"),
                embedded!("t10k-labels-idx1-ubyte"),
            ]
            .map(|(name, bytes)| (PathBuf::from(name), bytes));
            Ok((images(a, b)?, images(c, d)?))
        }
        DatasetId::Fashion => {
            let paths = find(folder)?;
            let mut read = Vec::with_capacity(4);
            for path in paths {
                let bytes = files::read_bounded(&path, MAX_BYTES)?;
                read.push((path, bytes));
            }
            let part = |i: usize| (read[i].0.clone(), read[i].1.as_slice());
            Ok((images(part(0), part(1))?, images(part(2), part(3))?))
        }
        other => Err(SpecError::new(
            "dataset",
            format!(
                "this version cannot read '{}' yet; it trains on fashion-embedded, fashion, cifar10 and cifar100",
                other.name()
            ),
        )
        .into()),
    }
}

/// The four files. A folder that the user named is the only place looked in.
fn find(folder: Option<&Path>) -> Result<[PathBuf; 4]> {
    let mut roots = places::roots(folder);
    if folder.is_none() && std::env::var_os("HIRESNET_DATA").is_none_or(|v| v.is_empty()) {
        roots.push(PathBuf::from(DEBIAN));
    }
    let mut missing = None;
    for folder in roots.iter().flat_map(|root| SUBFOLDERS.map(|sub| root.join(sub))) {
        let found = FILES.map(|name| {
            [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|path| path.exists())
        });
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
        return Err(EngineError::data(
            folder,
            format!("{name}[.gz] is missing from Fashion-MNIST's four files"),
        ));
    }
    Err(EngineError::data(
        &roots[0],
        format!(
            "no Fashion-MNIST here (looked for {}[.gz] and its three companions in: {}); on Debian install \
             dataset-fashion-mnist, elsewhere give their folder with --data-dir or HIRESNET_DATA, or use the \
             dataset fashion-embedded",
            FILES[0],
            places::listed(&roots)
        ),
    ))
}

fn images(pixels: (PathBuf, &[u8]), labels: (PathBuf, &[u8])) -> Result<Images> {
    let ([count, height, width], data) = idx::parse::<3>(&pixels.0, pixels.1)?;
    if (height, width) != (SIZE, SIZE) {
        return Err(EngineError::data(pixels.0, format!("images of {height}×{width} where 28×28 belong")));
    }
    let ([named], classes) = idx::parse::<1>(&labels.0, labels.1)?;
    if named != count {
        return Err(EngineError::data(
            labels.0,
            format!("{named} labels for the {count} images of {}", shown(&pixels.0)),
        ));
    }
    if let Some(i) = classes.iter().position(|label| *label > 9) {
        return Err(EngineError::data(
            labels.0,
            format!("label {} of image {i} is not a class from 0 to 9", classes[i]),
        ));
    }
    Ok(Images { pixels: data, labels: classes.into_iter().map(u16::from).collect(), channels: 1, size: SIZE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_subset_is_balanced() {
        let (train, test) = load(DatasetId::FashionEmbedded, None).unwrap();
        for (images, each) in [(train, 1000), (test, 200)] {
            for class in 0..10 {
                assert_eq!(images.labels.iter().filter(|l| **l == class).count(), each);
            }
            assert_eq!(images.pixels.len(), images.len() * SIZE * SIZE);
        }
    }
}
