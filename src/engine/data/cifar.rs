//! CIFAR-10 and CIFAR-100 from their official binary archives, packed or unpacked.
//!
//! A record is the label (CIFAR-100: coarse, then fine) and 3,072 bytes: red, green and
//! blue planes of 32×32. Nothing is unpacked to disk: the wanted files are read from the
//! archive, whatever else is in it.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::{Images, places};
use crate::domain::dataset::DatasetId;
use crate::engine::error::{EngineError, Result};
use crate::engine::files;

/// Height and width of an image, pixels.
const SIZE: usize = 32;
const PIXELS: usize = 3 * SIZE * SIZE;
/// Longest file within: CIFAR-100's training images are 154 MB.
const MAX_FILE: u64 = 256 << 20;
/// Longest archive, unpacked, and most entries in one.
const MAX_ARCHIVE: u64 = 1 << 30;
const MAX_ENTRIES: usize = 1_000;

/// One of the two datasets, as it is on disk.
struct Layout {
    archive: &'static str,
    folder: &'static str,
    training: &'static [&'static str],
    test: &'static str,
    /// Bytes before the pixels; the last of them is the class.
    labels: usize,
    classes: u16,
}

const CIFAR10: Layout = Layout {
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
    labels: 1,
    classes: 10,
};

const CIFAR100: Layout = Layout {
    archive: "cifar-100-binary.tar.gz",
    folder: "cifar-100-binary",
    training: &["train.bin"],
    test: "test.bin",
    labels: 2,
    classes: 100,
};

/// Training and test images.
///
/// # Errors
/// When the files are missing, or not what they should be.
pub fn load(dataset: DatasetId, folder: Option<&Path>) -> Result<(Images, Images)> {
    let layout = if dataset == DatasetId::Cifar100 { &CIFAR100 } else { &CIFAR10 };
    let roots = places::roots(folder);
    for root in &roots {
        for folder in [root.join(layout.folder), root.clone()] {
            if folder.join(layout.test).exists() {
                return layout.unpacked(&folder);
            }
        }
        let archive = root.join(layout.archive);
        if archive.exists() {
            return layout.packed(&archive);
        }
    }
    let path = roots.first().cloned().unwrap_or_default();
    let reason = format!(
        "no {} here (looked for {} and the folder {} in: {}); get the binary version from its home page and \
         give its folder with --data-dir or HIRESNET_DATA",
        dataset.name(),
        layout.archive,
        layout.folder,
        places::listed(&roots)
    );
    Err(EngineError::data(path, reason))
}

impl Layout {
    fn files(&self) -> impl Iterator<Item = &'static str> {
        self.training.iter().copied().chain([self.test])
    }

    fn unpacked(&self, folder: &Path) -> Result<(Images, Images)> {
        let read = |name: &str| {
            let path = folder.join(name);
            files::read_bounded(&path, MAX_FILE).map(|bytes| (path, bytes))
        };
        let training = self.training.iter().map(|name| read(name)).collect::<Result<Vec<_>>>()?;
        Ok((self.images(&training)?, self.images(&[read(self.test)?])?))
    }

    /// Reads the wanted files of a tar archive; others are passed over, and nothing is
    /// ever written anywhere.
    fn packed(&self, archive: &Path) -> Result<(Images, Images)> {
        let file = File::open(archive).map_err(EngineError::io("open", archive))?;
        let broken = |e: std::io::Error| EngineError::data(archive, format!("broken or cut off: {e}"));
        let mut tar = tar::Archive::new(MultiGzDecoder::new(BufReader::new(file)).take(MAX_ARCHIVE));
        let mut found: HashMap<&str, (PathBuf, Vec<u8>)> = HashMap::new();
        for (number, entry) in tar.entries().map_err(broken)?.enumerate() {
            let mut entry = entry.map_err(broken)?;
            if number == MAX_ENTRIES {
                return Err(EngineError::data(archive, format!("more than {MAX_ENTRIES} entries")));
            }
            let path = entry.path().map_err(broken)?.into_owned();
            let named = path.file_name().and_then(|name| name.to_str());
            let Some(name) = self.files().find(|file| Some(*file) == named) else { continue };
            let place = archive.join(name);
            if !entry.header().entry_type().is_file() {
                return Err(EngineError::data(place, "not a regular file in the archive"));
            }
            if entry.size() > MAX_FILE {
                return Err(EngineError::data(place, format!("longer than {MAX_FILE} bytes")));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(broken)?;
            if bytes.len() as u64 != entry.size() {
                return Err(EngineError::data(place, "cut off within the archive"));
            }
            if found.insert(name, (place.clone(), bytes)).is_some() {
                return Err(EngineError::data(place, "twice in the archive"));
            }
        }
        let mut take = |name: &str| {
            let missing = || EngineError::data(archive, format!("{name} is missing from it"));
            found.remove(name).ok_or_else(missing)
        };
        let training = self.training.iter().map(|name| take(name)).collect::<Result<Vec<_>>>()?;
        let test = take(self.test)?;
        Ok((self.images(&training)?, self.images(&[test])?))
    }

    /// The records of some files, in order.
    fn images(&self, files: &[(PathBuf, Vec<u8>)]) -> Result<Images> {
        let record = self.labels + PIXELS;
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for (path, bytes) in files {
            if bytes.is_empty() || bytes.len() % record != 0 {
                let reason =
                    format!("{} bytes, which is no whole number of records of {record}", bytes.len());
                return Err(EngineError::data(path, reason));
            }
            for (i, record) in bytes.chunks_exact(record).enumerate() {
                let label = u16::from(record[self.labels - 1]);
                if label >= self.classes {
                    let last = self.classes - 1;
                    let reason = format!("label {label} of image {i} is not a class from 0 to {last}");
                    return Err(EngineError::data(path, reason));
                }
                labels.push(label);
                pixels.extend_from_slice(&record[self.labels..]);
            }
        }
        Ok(Images { pixels, labels, channels: 3, size: SIZE })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Split;
    use crate::engine::data::Dataset;
    use std::io::Write;

    /// Names and bytes.
    type Contents = Vec<(String, Vec<u8>)>;

    /// `count` records, the i-th of class i modulo the classes and all pixels i.
    fn records(layout: &Layout, count: usize) -> Vec<u8> {
        let record = |i: usize| {
            let class = (i % usize::from(layout.classes)) as u8;
            let labels = if layout.labels == 1 { vec![class] } else { vec![class / 5, class] };
            labels.into_iter().chain(vec![i as u8; PIXELS]).collect::<Vec<_>>()
        };
        (0..count).flat_map(record).collect()
    }

    fn contents(layout: &Layout) -> Contents {
        let each = 2 * usize::from(layout.classes);
        layout.files().map(|name| (format!("{}/{name}", layout.folder), records(layout, each))).collect()
    }

    fn packed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
        let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let mut tar = tar::Builder::new(gz);
        for (name, bytes) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o644);
            header.set_cksum();
            // Also names that a builder would refuse.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_cksum();
            tar.append(&header, bytes.as_slice()).unwrap();
        }
        tar.into_inner().unwrap().finish().unwrap()
    }

    fn said(dataset: DatasetId, folder: &Path) -> String {
        load(dataset, Some(folder)).unwrap_err().to_string()
    }

    #[test]
    fn both_datasets_are_read_packed_and_unpacked() {
        for (dataset, layout) in [(DatasetId::Cifar10, &CIFAR10), (DatasetId::Cifar100, &CIFAR100)] {
            let files = contents(layout);
            let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            std::fs::write(whole.path().join(layout.archive), packed(&files)).unwrap();
            std::fs::create_dir(parts.path().join(layout.folder)).unwrap();
            for (name, bytes) in &files {
                std::fs::write(parts.path().join(name), bytes).unwrap();
            }
            let (a, b) =
                (load(dataset, Some(whole.path())).unwrap(), load(dataset, Some(parts.path())).unwrap());
            for (a, b) in [(&a.0, &b.0), (&a.1, &b.1)] {
                assert_eq!((&a.pixels, &a.labels, a.channels, a.size), (&b.pixels, &b.labels, 3, 32));
            }
            let each = 2 * usize::from(layout.classes);
            assert_eq!((a.0.len(), a.1.len()), (layout.training.len() * each, each));
            assert_eq!((a.1.labels[7], a.1.image(7)[0], a.1.image(7)[PIXELS - 1]), (7, 7, 7));
            // As a run would have it: split by class.
            let spec = format!("resnet@{} val_fraction=0.5", dataset.name()).parse().unwrap();
            let data = Dataset::load(&spec, Some(whole.path())).unwrap();
            assert_eq!(data.sizes().train + data.sizes().validation, a.0.len());
            assert_eq!(data.indices(Split::Test).len(), each);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join(CIFAR10.archive);
        assert!(said(DatasetId::Cifar10, folder.path()).contains("no cifar10 here"));
        let attempt = |change: &dyn Fn(&mut Contents)| {
            let mut files = contents(&CIFAR10);
            change(&mut files);
            std::fs::write(&archive, packed(&files)).unwrap();
            load(DatasetId::Cifar10, Some(folder.path())).map_err(|e| e.to_string())
        };
        assert!(attempt(&|files| drop(files.remove(2))).unwrap_err().contains("data_batch_3.bin is missing"));
        assert!(
            attempt(&|files| files[0].1.truncate(5000)).unwrap_err().contains("no whole number of records")
        );
        assert!(attempt(&|files| files[1].1[0] = 10).unwrap_err().contains("label 10 of image 0"));
        assert!(attempt(&|files| files.push(files[3].clone())).unwrap_err().contains("twice"));
        // Names that lead elsewhere are only names: nothing is written.
        let hostile = |files: &mut Contents| {
            files.push(("../../outside".into(), b"x".to_vec()));
            files.push(("/etc/outside".into(), b"x".to_vec()));
        };
        assert!(attempt(&hostile).is_ok());
        assert!(!folder.path().join("../../outside").exists());
        let whole = packed(&contents(&CIFAR10));
        std::fs::write(&archive, &whole[..whole.len() / 2]).unwrap();
        assert!(said(DatasetId::Cifar10, folder.path()).contains("cut off"));
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(b"not a tar archive at all").unwrap();
        std::fs::write(&archive, out.finish().unwrap()).unwrap();
        assert!(!said(DatasetId::Cifar10, folder.path()).is_empty());
    }
}
