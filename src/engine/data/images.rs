//! Labelled images as files have them, in memory or mapped from the cache.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use memmap2::Mmap;
use serde::{Deserialize, Serialize};

/// Labelled images: 8-bit, `[image, channel, height, width]`.
#[derive(Debug, Clone)]
pub struct Images {
    /// All pixels.
    pub pixels: Pixels,
    /// One class an image.
    pub labels: Vec<u16>,
    /// Channels of an image.
    pub channels: usize,
    /// Height and width of an image, pixels.
    pub size: usize,
}

impl Images {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Bytes of one image.
    pub fn each(&self) -> usize {
        self.channels * self.size * self.size
    }

    /// The pixels of one image, `[channel, height, width]`.
    pub fn image(&self, index: u32) -> &[u8] {
        let bytes = self.each();
        &self.pixels[index as usize * bytes..][..bytes]
    }
}

/// Bytes in memory, or in a file that is mapped into it and shared between programs.
#[derive(Clone)]
pub enum Pixels {
    /// In memory.
    Owned(Vec<u8>),
    /// Part of a file.
    Mapped(Arc<Mmap>, Range<usize>),
}

impl Deref for Pixels {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Owned(bytes) => bytes,
            Self::Mapped(map, range) => &map[range.clone()],
        }
    }
}

impl From<Vec<u8>> for Pixels {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Owned(bytes)
    }
}

impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if matches!(self, Self::Owned(_)) { "owned" } else { "mapped" };
        write!(f, "{} bytes {kind}", self.len())
    }
}

/// What a class is called.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Its name; empty where the files have none.
    pub name: String,
    /// The class above it, as CIFAR-100's coarse labels; empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub group: String,
}

/// A dataset as its files have it.
#[derive(Debug, Clone)]
pub struct Decoded {
    /// The images that are trained and validated on.
    pub training: Images,
    /// The images that are tested on.
    pub test: Images,
    /// What the classes are called, by class; empty where the files do not say.
    pub classes: Vec<Class>,
    /// What of its images was reduced, as alpha channels that were dropped.
    pub notes: Vec<String>,
}

/// Longest name of a class kept, characters.
const LONGEST_NAME: usize = 80;

/// Names read from a file as they may be shown: cut, and without control characters.
pub fn class_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Class> {
    let name = |text| crate::domain::text::harmless(text, LONGEST_NAME);
    names.into_iter().map(|text| Class { name: name(text), group: String::new() }).collect()
}
