//! The datasets a run can name, and what the networks need to know of them.

use super::error::{SpecError, suggestion};

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
}

impl DatasetId {
    /// Every dataset, in the order in which they are listed.
    pub const ALL: [Self; 5] =
        [Self::FashionEmbedded, Self::Fashion, Self::Cifar10, Self::Cifar100, Self::TinyImagenet];

    /// The name in specs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FashionEmbedded => "fashion-embedded",
            Self::Fashion => "fashion",
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::TinyImagenet => "tiny-imagenet",
        }
    }

    /// Number of classes.
    pub const fn classes(self) -> usize {
        match self {
            Self::FashionEmbedded | Self::Fashion | Self::Cifar10 => 10,
            Self::Cifar100 => 100,
            Self::TinyImagenet => 200,
        }
    }

    /// Height and width of the images as the network sees them, in pixels.
    pub const fn image_size(self) -> usize {
        match self {
            Self::TinyImagenet => 64,
            _ => 32,
        }
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
        let names = match self {
            Self::FashionEmbedded | Self::Fashion => &FASHION,
            Self::Cifar10 => &CIFAR10,
            Self::Cifar100 | Self::TinyImagenet => return None,
        };
        names.get(class).copied()
    }

    /// Epochs a run lasts where nothing else is said. For the paper's datasets, §3.1;
    /// Fashion-MNIST has CIFAR-10's recipe, and its embedded subset a short one.
    pub const fn default_epochs(self) -> usize {
        match self {
            Self::FashionEmbedded => 10,
            Self::Fashion | Self::Cifar10 => 80,
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
            SpecError::new("dataset", format!("no dataset is called '{name}'{}", suggestion(name, &names)))
        })
    }
}
