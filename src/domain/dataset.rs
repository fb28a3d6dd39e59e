//! The datasets a run can name, and what the networks need to know of them.

use super::error::{SpecError, suggestion};
use super::text::grouped;

/// A dataset by name; where its files are is the machine's business, not the run's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DatasetId {
    /// 10,000 + 2,000 real Fashion-MNIST images, compiled into the program.
    FashionEmbedded,
    /// The whole Fashion-MNIST, 60,000 + 10,000, from its IDX files.
    Fashion,
    /// CIFAR-10, the paper's first dataset.
    Cifar10,
    /// CIFAR-100, fine labels.
    Cifar100,
    /// Tiny-ImageNet-200.
    TinyImagenet,
    /// MNIST, 60,000 + 10,000 handwritten digits, from its IDX files.
    Mnist,
    /// The user's own images, a folder a class; see [`ImageFolder`].
    Folder,
}

/// Which folder of images the dataset `folder` is, and what it holds: the run must be
/// fully described where its images are not at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageFolder {
    /// Its name among the data folders.
    pub name: String,
    /// How many classes it has.
    pub classes: usize,
    /// Height and width its images are brought to, pixels.
    pub size: usize,
}

impl Default for ImageFolder {
    fn default() -> Self {
        Self { name: "images".into(), classes: 10, size: 32 }
    }
}

impl ImageFolder {
    /// The folder called `name`, which is one step of a path and nothing else.
    ///
    /// # Errors
    /// When it could lead elsewhere.
    pub fn parse_name(name: &str) -> Result<String, SpecError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.contains(['/', '\\']) {
            let reason = "the name of a folder below a data folder, and no path: give what is above it with \
                          --data-dir or HIRESNET_DATA; images are then in NAME/train/CLASS and NAME/test/CLASS";
            return Err(SpecError::new("folder", reason));
        }
        if name.is_empty() || name.len() > 64 || name.starts_with('.') || !name.chars().all(plain) {
            let reason = "a folder's name is up to 64 letters, digits, '-', '_' and '.', and no path";
            return Err(SpecError::new("folder", reason));
        }
        Ok(name.to_owned())
    }
}

impl DatasetId {
    /// Every dataset, in the order in which they are listed.
    pub const ALL: [Self; 7] = [
        Self::FashionEmbedded,
        Self::Fashion,
        Self::Cifar10,
        Self::Cifar100,
        Self::TinyImagenet,
        Self::Mnist,
        Self::Folder,
    ];

    /// The name in specs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FashionEmbedded => "fashion-embedded",
            Self::Fashion => "fashion",
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::TinyImagenet => "tiny-imagenet",
            Self::Mnist => "mnist",
            Self::Folder => "folder",
        }
    }

    /// Number of classes; `None` where that is for the spec to say.
    pub const fn classes(self) -> Option<usize> {
        match self {
            Self::FashionEmbedded | Self::Fashion | Self::Mnist | Self::Cifar10 => Some(10),
            Self::Cifar100 => Some(100),
            Self::TinyImagenet => Some(200),
            Self::Folder => None,
        }
    }

    /// Height and width of the images as the network sees them, in pixels; `None` where
    /// that is for the spec to say.
    pub const fn image_size(self) -> Option<usize> {
        match self {
            Self::TinyImagenet => Some(64),
            Self::Folder => None,
            _ => Some(32),
        }
    }

    /// Training and test images of the whole dataset; `None` where that is for its files
    /// to say.
    pub const fn images(self) -> Option<(usize, usize)> {
        match self {
            Self::FashionEmbedded => Some((10_000, 2_000)),
            Self::Fashion | Self::Mnist => Some((60_000, 10_000)),
            Self::Cifar10 | Self::Cifar100 => Some((50_000, 10_000)),
            Self::TinyImagenet => Some((100_000, 10_000)),
            Self::Folder => None,
        }
    }

    /// What is missing where there are only so many training and test images: `short: 1,000
    /// of 50,000 training images`; `None` where nothing is.
    pub fn shortage(self, here: (usize, usize)) -> Option<String> {
        let all = self.images()?;
        missing([(here.0, all.0, "training"), (here.1, all.1, "test")])
    }

    /// What a class is called, where classes have names that everybody uses.
    pub fn class_name(self, class: usize) -> Option<&'static str> {
        const FASHION: [&str; 10] = [
            "T-shirt/top",
            "Trouser",
            "Pullover",
            "Dress",
            "Coat",
            "Sandal",
            "Shirt",
            "Sneaker",
            "Bag",
            "Ankle boot",
        ];
        const CIFAR10: [&str; 10] =
            ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
        const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        let names = match self {
            Self::FashionEmbedded | Self::Fashion => &FASHION,
            Self::Cifar10 => &CIFAR10,
            Self::Mnist => &DIGITS,
            Self::Cifar100 | Self::TinyImagenet | Self::Folder => return None,
        };
        names.get(class).copied()
    }

    /// Epochs a run lasts where nothing else is said. For the paper's datasets, §3.1;
    /// others have CIFAR-10's recipe, and the embedded subset a short one.
    pub const fn default_epochs(self) -> usize {
        match self {
            Self::FashionEmbedded => 10,
            Self::Fashion | Self::Cifar10 | Self::Mnist | Self::Folder => 80,
            Self::Cifar100 => 100,
            Self::TinyImagenet => 120,
        }
    }

    /// The dataset called `name`.
    ///
    /// # Errors
    /// When there is none; the message says the nearest.
    pub fn parse(name: &str) -> Result<Self, SpecError> {
        Self::ALL.into_iter().find(|d| d.name().eq_ignore_ascii_case(name)).ok_or_else(|| {
            let names = Self::ALL.map(Self::name);
            SpecError::new("dataset", format!("unknown dataset '{name}'{}", suggestion(name, &names)))
        })
    }
}

/// What is missing of images, each here, of how many, and which: `short: 1,000 of 50,000
/// training images`; `None` where nothing is.
pub fn missing(images: impl IntoIterator<Item = (usize, usize, &'static str)>) -> Option<String> {
    let missing = images.into_iter().filter(|(here, all, _)| here < all);
    let said =
        missing.map(|(here, all, which)| format!("{} of {} {which} images", grouped(here), grouped(all)));
    let said = said.collect::<Vec<_>>().join(", ");
    (!said.is_empty()).then(|| format!("short: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_dataset_lacks_is_said() {
        let cifar10 = |here| DatasetId::Cifar10.shortage(here);
        assert_eq!(cifar10((50_000, 10_000)), None);
        assert_eq!(cifar10((1_000, 10_000)).unwrap(), "short: 1,000 of 50,000 training images");
        let both = "short: 49,999 of 50,000 training images, 20 of 10,000 test images";
        assert_eq!(cifar10((49_999, 20)).unwrap(), both);
        assert_eq!(DatasetId::Folder.shortage((1, 1)), None);
    }

    #[test]
    fn a_folder_is_named_and_no_path() {
        assert_eq!(ImageFolder::parse_name("my_pets-2.0").unwrap(), "my_pets-2.0");
        for path in ["/some/path", "a/b", "..\\b", "pets/"] {
            let reason = ImageFolder::parse_name(path).unwrap_err().reason;
            assert!(reason.contains("no path") && reason.contains("--data-dir"), "{reason}");
        }
        for bad in ["", ".hidden", "a b", "ä"] {
            assert!(ImageFolder::parse_name(bad).unwrap_err().reason.contains("up to 64 letters"));
        }
    }
}
