//! The datasets' homes, and the checksums that their files must have.
//!
//! MD5s are those that the homes publish (MNIST's and Tiny-ImageNet's: that the common
//! loaders pin); SHA-256s and lengths have been published by others who fetched the same.

use std::borrow::Cow;

use super::Source;
use crate::domain::dataset::DatasetId;

/// What a dataset is, where it lives, and how it is found on disk.
#[derive(Debug)]
pub struct Home {
    /// Its name in specs.
    pub dataset: &'static str,
    /// Its page.
    pub page: &'static str,
    /// On what terms it may be used.
    pub licence: &'static str,
    /// Number of classes.
    pub classes: usize,
    /// Its files, by form; the first is fetched unless another is asked for.
    pub forms: &'static [(Form, &'static [Source])],
    /// How it looks on disk.
    pub(super) looks: Looks,
}

/// In which form CIFAR's files are; others have only one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Records of a label and pixels.
    Binary,
    /// Python's pickles.
    Python,
}

impl Form {
    /// Both, by name.
    pub const ALL: [(&str, Self); 2] = [("binary", Self::Binary), ("python", Self::Python)];
}

/// How a dataset looks on disk.
#[derive(Debug)]
pub enum Looks {
    /// One of these paths below a data folder is there.
    One(&'static [&'static str]),
    /// Four IDX files, gzipped or not, in one of `folders` below a data folder, or in
    /// `system`, which is looked at where no data folder was named.
    Idx {
        /// Below a data folder.
        folders: &'static [&'static str],
        /// Where the system's packages put it.
        system: Option<&'static str>,
    },
    /// It is compiled in.
    Embedded,
}

impl Home {
    /// Its dataset.
    pub fn id(&self) -> Option<DatasetId> {
        DatasetId::parse(self.dataset).ok()
    }

    /// Its files in this form, or in its only one; the usual one when none is asked for.
    pub fn files(&self, form: Option<Form>) -> &'static [Source] {
        let asked = self.forms.iter().find(|(this, _)| Some(*this) == form);
        asked.or(self.forms.first()).map_or(&[], |(_, files)| files)
    }
}

/// The home of the dataset called `name`.
pub fn home(name: &str) -> Option<&'static Home> {
    HOMES.iter().find(|home| home.dataset.eq_ignore_ascii_case(name))
}

const fn pinned(
    file: &'static str,
    url: &'static str,
    bytes: u64,
    md5: &'static str,
    sha256: &'static str,
) -> Source {
    Source {
        file: Cow::Borrowed(file),
        url: Cow::Borrowed(url),
        bytes,
        md5: Cow::Borrowed(md5),
        sha256: Some(Cow::Borrowed(sha256)),
    }
}

/// Every dataset.
pub static HOMES: &[Home] = &[
    Home {
        dataset: "fashion-embedded",
        page: "https://github.com/zalandoresearch/fashion-mnist",
        licence: "MIT",
        classes: 10,
        forms: &[],
        looks: Looks::Embedded,
    },
    Home {
        dataset: "fashion",
        page: "https://github.com/zalandoresearch/fashion-mnist",
        licence: "MIT",
        classes: 10,
        forms: &[(Form::Binary, FASHION)],
        looks: Looks::Idx {
            folders: &["", "fashion-mnist", "FashionMNIST/raw"],
            system: Some("/usr/share/datasets/fashion-mnist"),
        },
    },
    Home {
        dataset: "mnist",
        page: "http://yann.lecun.com/exdb/mnist/",
        licence: "CC BY-SA 3.0",
        classes: 10,
        forms: &[(Form::Binary, MNIST)],
        looks: Looks::Idx { folders: &["mnist", "MNIST/raw"], system: None },
    },
    Home {
        dataset: "cifar10",
        page: "https://www.cs.toronto.edu/~kriz/cifar.html",
        licence: "none stated; please cite Krizhevsky 2009",
        classes: 10,
        forms: &[(Form::Binary, CIFAR10_BINARY), (Form::Python, CIFAR10_PYTHON)],
        looks: Looks::One(&[
            "cifar-10-batches-bin/test_batch.bin",
            "test_batch.bin",
            "cifar-10-binary.tar.gz",
            "cifar-10-batches-py/test_batch",
            "cifar-10-python.tar.gz",
        ]),
    },
    Home {
        dataset: "cifar100",
        page: "https://www.cs.toronto.edu/~kriz/cifar.html",
        licence: "none stated; please cite Krizhevsky 2009",
        classes: 100,
        forms: &[(Form::Binary, CIFAR100_BINARY), (Form::Python, CIFAR100_PYTHON)],
        looks: Looks::One(&[
            "cifar-100-binary/test.bin",
            "test.bin",
            "cifar-100-binary.tar.gz",
            "cifar-100-python/test",
            "cifar-100-python.tar.gz",
        ]),
    },
    Home {
        dataset: "tiny-imagenet",
        page: "https://cs231n.stanford.edu/",
        licence: "none stated; ImageNet's terms: research and education",
        classes: 200,
        forms: &[(Form::Binary, TINY_IMAGENET)],
        looks: Looks::One(&["tiny-imagenet-200/wnids.txt", "tiny-imagenet-200.zip"]),
    },
];

static CIFAR10_BINARY: &[Source] = &[pinned(
    "cifar-10-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    170_052_171,
    "c32a1d4ab5d03f1284b67883e8d87530",
    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
)];

static CIFAR10_PYTHON: &[Source] = &[pinned(
    "cifar-10-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    170_498_071,
    "c58f30108f718f92721af3b95e74349a",
    "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
)];

static CIFAR100_BINARY: &[Source] = &[pinned(
    "cifar-100-binary.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
    168_513_733,
    "03b5dce01913d631647c71ecec9e9cb8",
    "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
)];

static CIFAR100_PYTHON: &[Source] = &[pinned(
    "cifar-100-python.tar.gz",
    "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
    169_001_437,
    "eb9058c3a382ffc7106e4002c42a8d85",
    "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
)];

static TINY_IMAGENET: &[Source] = &[pinned(
    "tiny-imagenet-200.zip",
    "https://cs231n.stanford.edu/tiny-imagenet-200.zip",
    248_100_043,
    "90528d7ca1a48142e341f4ef8d21d0de",
    "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821",
)];

// The names are MNIST's and Fashion-MNIST's alike: each has a folder of its own.
static MNIST: &[Source] = &[
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

static FASHION: &[Source] = &[
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
            let home = home(name).unwrap();
            assert_eq!((home.dataset, home.id().unwrap().name()), (name, name));
            assert_eq!(home.id().unwrap().classes(), Some(home.classes));
        }
        let files: Vec<_> = HOMES.iter().flat_map(|home| home.forms).flat_map(|(_, files)| *files).collect();
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
        let name = |dataset, form| home(dataset).unwrap().files(form)[0].name();
        assert_eq!(name("CIFAR10", None), "cifar-10-binary.tar.gz");
        assert_eq!(name("cifar100", Some(Form::Python)), "cifar-100-python.tar.gz");
        assert_eq!(name("tiny-imagenet", Some(Form::Python)), "tiny-imagenet-200.zip");
        assert!(home("fashion-embedded").unwrap().files(None).is_empty());
    }
}
