//! The datasets' homes, and the checksums that their files must have.
//!
//! MD5s are those that the homes publish (MNIST's and Tiny-ImageNet's: that the common
//! loaders pin); SHA-256s and lengths have been published by others who fetched the same.

use std::borrow::Cow;

use super::RemoteFile;
use crate::domain::dataset::DatasetId;

/// What a dataset is, and where its files come from.
#[derive(Debug)]
pub struct DatasetSource {
    /// Its name in specs.
    pub dataset: &'static str,
    /// Its page.
    pub page: &'static str,
    /// On what terms it may be used.
    pub licence: &'static str,
    /// Number of classes.
    pub classes: usize,
    /// Its files, by form; the first is fetched unless another is asked for.
    pub forms: &'static [(CifarFormat, &'static [RemoteFile])],
}

/// In which form CIFAR's files are; others have only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CifarFormat {
    /// Records of a label and pixels.
    Binary,
    /// Python's pickles.
    Python,
}

impl CifarFormat {
    /// Both, by name.
    pub const ALL: [(&str, Self); 2] = [("binary", Self::Binary), ("python", Self::Python)];
}

impl DatasetSource {
    /// Its dataset.
    pub fn id(&self) -> Option<DatasetId> {
        DatasetId::parse(self.dataset).ok()
    }

    /// Its files in this form, or in its only one; the usual one when none is asked for.
    pub fn files(&self, form: Option<CifarFormat>) -> &'static [RemoteFile] {
        let asked = self.forms.iter().find(|(this, _)| Some(*this) == form);
        asked.or(self.forms.first()).map_or(&[], |(_, files)| files)
    }
}

/// The home of the dataset called `name`.
pub fn dataset_source(name: &str) -> Option<&'static DatasetSource> {
    DATASET_SOURCES.iter().find(|source| source.dataset.eq_ignore_ascii_case(name))
}

const fn pinned(
    file: &'static str,
    url: &'static str,
    bytes: u64,
    md5: &'static str,
    sha256: &'static str,
) -> RemoteFile {
    RemoteFile {
        file: Cow::Borrowed(file),
        url: Cow::Borrowed(url),
        bytes,
        md5: Cow::Borrowed(md5),
        sha256: Some(Cow::Borrowed(sha256)),
    }
}

/// Every dataset.
pub static DATASET_SOURCES: &[DatasetSource] = &[
    DatasetSource {
        dataset: "fashion-embedded",
        page: "https://github.com/zalandoresearch/fashion-mnist",
        licence: "MIT",
        classes: 10,
        forms: &[],
    },
    DatasetSource {
        dataset: "fashion",
        page: "https://github.com/zalandoresearch/fashion-mnist",
        licence: "MIT",
        classes: 10,
        forms: &[(CifarFormat::Binary, FASHION)],
    },
    DatasetSource {
        dataset: "mnist",
        page: "http://yann.lecun.com/exdb/mnist/",
        licence: "CC BY-SA 3.0",
        classes: 10,
        forms: &[(CifarFormat::Binary, MNIST)],
    },
    DatasetSource {
        dataset: "cifar10",
        page: "https://www.cs.toronto.edu/~kriz/cifar.html",
        licence: "none stated; please cite Krizhevsky 2009",
        classes: 10,
        forms: &[(CifarFormat::Binary, CIFAR10_BINARY), (CifarFormat::Python, CIFAR10_PYTHON)],
    },
    DatasetSource {
        dataset: "cifar100",
        page: "https://www.cs.toronto.edu/~kriz/cifar.html",
        licence: "none stated; please cite Krizhevsky 2009",
        classes: 100,
        forms: &[(CifarFormat::Binary, CIFAR100_BINARY), (CifarFormat::Python, CIFAR100_PYTHON)],
    },
    DatasetSource {
        dataset: "tiny-imagenet",
        page: "https://cs231n.stanford.edu/",
        licence: "none stated; ImageNet's terms: research and education",
        classes: 200,
        forms: &[(CifarFormat::Binary, TINY_IMAGENET)],
    },
];

static CIFAR10_BINARY: &[RemoteFile] = &[pinned(
    "cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    170_052_171,
    "c32a1d4ab5d03f1284b67883e8d87530",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
)];

static CIFAR10_PYTHON: &[RemoteFile] = &[pinned(
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    170_498_071,
    "c58f30108f718f92721af3b95e74349a",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
)];

static CIFAR100_BINARY: &[RemoteFile] = &[pinned(
    "cifar-100-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    168_513_733,
    "03b5dce01913d631647c71ecec9e9cb8",
    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
)];

static CIFAR100_PYTHON: &[RemoteFile] = &[pinned(
    "cifar-100-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    169_001_437,
    "eb9058c3a382ffc7106e4002c42a8d85",
    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
)];

static TINY_IMAGENET: &[RemoteFile] = &[pinned(
    "tiny-imagenet-200.zip",
    "https://cs231n.stanford.edu/tiny-imagenet-200.zip",
    248_100_043,
    "90528d7ca1a48142e341f4ef8d21d0de",
    "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821",
)];

// The names are MNIST's and Fashion-MNIST's alike: each has a folder of its own.
static MNIST: &[RemoteFile] = &[
    pinned(
        "mnist/train-images-idx3-ubyte.gz",
        "https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz",
        9_912_422,
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    ),
    pinned(
        "mnist/train-labels-idx1-ubyte.gz",
        "https://ossci-datasets.s3.amazonaws.com/mnist/train-labels-idx1-ubyte.gz",
        28_881,
        "d53e105ee54ea40749a09fcbcd1e9432",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    ),
    pinned(
        "mnist/t10k-images-idx3-ubyte.gz",
        "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-images-idx3-ubyte.gz",
        1_648_877,
        "9fb629c4189551a2d022fa330f9573f3",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    ),
    pinned(
        "mnist/t10k-labels-idx1-ubyte.gz",
        "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz",
        4_542,
        "ec29112dd5afa0611ce80d1b7f02629c",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
];

static FASHION: &[RemoteFile] = &[
    pinned(
        "fashion-mnist/train-images-idx3-ubyte.gz",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/train-images-idx3-ubyte.gz",
        26_421_880,
        "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    ),
    pinned(
        "fashion-mnist/train-labels-idx1-ubyte.gz",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/train-labels-idx1-ubyte.gz",
        29_515,
        "25c81989df183df01b3e8a0aad5dffbe",
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    ),
    pinned(
        "fashion-mnist/t10k-images-idx3-ubyte.gz",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/t10k-images-idx3-ubyte.gz",
        4_422_102,
        "bef4ecab320f06d8554ea6380940ec79",
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    ),
    pinned(
        "fashion-mnist/t10k-labels-idx1-ubyte.gz",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/t10k-labels-idx1-ubyte.gz",
        5_148,
        "bb300cfdad3c16e7a12a480ee83cd310",
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dataset_has_a_home_and_every_file_its_pins() {
        for name in ["fashion-embedded", "fashion", "mnist", "cifar10", "cifar100", "tiny-imagenet"] {
            let home = dataset_source(name).unwrap();
            assert_eq!((home.dataset, home.id().unwrap().name()), (name, name));
            assert_eq!(home.id().unwrap().classes(), Some(home.classes));
        }
        let files: Vec<_> =
            DATASET_SOURCES.iter().flat_map(|source| source.forms).flat_map(|(_, files)| *files).collect();
        assert_eq!(files.len(), 13);
        let is_hex = |text: &str, digits: usize| {
            text.len() == digits && text.chars().all(|c| c.is_ascii_hexdigit() && !c.is_ascii_uppercase())
        };
        for file in &files {
            assert!(file.url.starts_with("https://") && file.url.ends_with(file.name()), "{file:?}");
            assert!(
                is_hex(&file.md5, 32) && file.sha256.as_ref().is_none_or(|sum| is_hex(sum, 64)),
                "{file:?}"
            );
            assert!(files.iter().filter(|other| other.file == file.file).count() == 1, "{file:?}");
        }
    }

    #[test]
    fn forms_are_asked_for_where_there_are_two() {
        let name = |dataset, form| dataset_source(dataset).unwrap().files(form)[0].name();
        assert_eq!(name("CIFAR10", None), "cifar-10-binary.tar.gz");
        assert_eq!(name("cifar100", Some(CifarFormat::Python)), "cifar-100-python.tar.gz");
        assert_eq!(name("tiny-imagenet", Some(CifarFormat::Python)), "tiny-imagenet-200.zip");
        assert!(dataset_source("fashion-embedded").unwrap().files(None).is_empty());
    }
}
