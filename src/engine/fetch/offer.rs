//! Whether a dataset is here, and what would have to be fetched where it is not.

use std::path::{Path, PathBuf};

use super::RemoteFile;
use super::sources::{CifarFormat, DatasetSource, dataset_source};
use crate::domain::architecture::Family;
use crate::domain::dataset::DatasetId;
use crate::domain::spec::{ExperimentSpec, Version};
use crate::engine::data::{self, DatasetState, places};

/// Files that can be fetched for a dataset that is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The dataset's name.
    pub dataset: &'static str,
    /// Its files.
    pub sources: &'static [RemoteFile],
    /// The data folder that they go to.
    pub folder: PathBuf,
    /// What was found in place of the dataset.
    pub found: Option<String>,
}

impl Offer {
    /// Of `home`'s files in this form; `None` where it has none, or there is no data folder.
    pub fn of(
        home: &'static DatasetSource,
        form: Option<CifarFormat>,
        folder: Option<&Path>,
    ) -> Option<Self> {
        let sources = home.files(form);
        let folder = places::roots(folder).into_iter().next()?;
        (!sources.is_empty()).then_some(Self { dataset: home.dataset, sources, folder, found: None })
    }

    /// Bytes in all.
    pub fn bytes(&self) -> u64 {
        self.sources.iter().map(|source| source.bytes).sum()
    }

    /// The host that the files come from.
    pub fn host(&self) -> &str {
        self.sources.first().map_or("", RemoteFile::host)
    }
}

/// What could be fetched so that `dataset` can be read, with data folder `folder` if one was
/// named; `None` where it is here in any form, or cannot be fetched.
pub fn offer(dataset: DatasetId, folder: Option<&Path>) -> Option<Offer> {
    let home = dataset_source(dataset.name())?;
    let missing = data::locate(&spec_of(home)?, folder).err()?;
    Some(Offer { found: missing.found, ..Offer::of(home, None, folder)? })
}

/// Where a dataset is: its archive, or the folder of its files.
pub fn found(home: &DatasetSource, folder: Option<&Path>) -> Option<PathBuf> {
    Some(data::locate(&spec_of(home)?, folder).ok()?.place)
}

/// Whether a dataset is here and whole; what was decoded before is looked up in the folder
/// `cache`, where there is one.
pub fn state(home: &DatasetSource, folder: Option<&Path>, cache: Option<&Path>) -> Option<DatasetState> {
    Some(data::state(&spec_of(home)?, folder, cache))
}

/// A run on the dataset; any will do.
fn spec_of(home: &DatasetSource) -> Option<ExperimentSpec> {
    Some(ExperimentSpec::paper(Family::Plain, Version::Original, home.id()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_here_is_not_offered() {
        let root = tempfile::tempdir().unwrap();
        let folder = Some(root.path());
        let there = |dataset| offer(dataset, folder).map(|offer| offer.sources[0].name());
        assert_eq!(there(DatasetId::FashionEmbedded), None);
        assert_eq!(there(DatasetId::Cifar10), Some("cifar-10-binary.tar.gz"));
        let instead = || offer(DatasetId::Cifar10, folder).and_then(|offer| offer.found);
        assert_eq!(instead(), None);
        std::fs::write(root.path().join("cifar-10.zip"), "<!DOCTYPE html>").unwrap();
        assert!(instead().unwrap().contains("cifar-10.zip, which is a web page"), "{:?}", instead());
        let all = offer(DatasetId::Fashion, folder).unwrap();
        assert_eq!((all.sources.len(), all.bytes()), (4, 30_878_645));
        assert_eq!((all.host(), &*all.folder), ("raw.githubusercontent.com", root.path()));

        // Any form will do.
        std::fs::create_dir(root.path().join("cifar-10-batches-py")).unwrap();
        assert!(there(DatasetId::Cifar10).is_some());
        for name in ["test_batch", "data_batch_1"] {
            std::fs::write(root.path().join("cifar-10-batches-py").join(name), "").unwrap();
        }
        assert_eq!(there(DatasetId::Cifar10), None);
        assert!(there(DatasetId::Cifar100).is_some());

        // Of four files all must be there; MNIST's are not Fashion-MNIST's.
        let files = ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"];
        for (i, name) in files.iter().enumerate() {
            assert!(there(DatasetId::Fashion).is_some());
            let sub = root.path().join("fashion-mnist");
            std::fs::create_dir_all(&sub).unwrap();
            let suffix = if i % 2 == 0 { "" } else { ".gz" };
            std::fs::write(sub.join(format!("{name}-ubyte{suffix}")), "").unwrap();
        }
        assert_eq!(there(DatasetId::Fashion), None);
        assert_eq!(found(dataset_source("mnist").unwrap(), folder), None);
    }
}
