//! Fetching datasets from their homes: over TLS or from a mirror, resumed where they broke
//! off, and kept only when their checksums are those that are pinned here.
//!
//! A file grows as `NAME.part` beside the place where it belongs and is moved there in one
//! step, so a reader finds all of it or nothing.

mod check;
mod download;
mod error;
mod http;
mod offer;
mod part;
mod proxy;
mod retry;
mod sources;

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;

use super::error::Result;

pub use check::{Verdict, verify};
pub use download::fetch;
pub use offer::{Offer, found, offer, state};
pub use proxy::Proxies;
pub use retry::RetryPolicy;
pub use sources::{CifarFormat, DATASET_SOURCES, DatasetSource, dataset_source};

/// A file, where it comes from, and how it is known to be the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteFile {
    /// Its path below a data folder, such as `mnist/train-labels-idx1-ubyte.gz`.
    pub file: Cow<'static, str>,
    /// Its home.
    pub url: Cow<'static, str>,
    /// Its length, bytes.
    pub bytes: u64,
    /// Its MD5 as its home publishes it, 32 hexadecimal digits.
    pub md5: Cow<'static, str>,
    /// Its SHA-256, where somebody has published one.
    pub sha256: Option<Cow<'static, str>>,
}

impl RemoteFile {
    /// Its name without folders.
    pub fn name(&self) -> &str {
        self.file.rsplit('/').next().unwrap_or(&self.file)
    }

    /// The host of its home.
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        rest.split('/').next().unwrap_or(rest)
    }

    /// Where to ask for it: at a mirror by its name, or else at home.
    pub fn address(&self, mirror: Option<&str>) -> String {
        match mirror {
            Some(mirror) => format!("{}/{}", mirror.trim_end_matches('/'), self.name()),
            None => self.url.clone().into_owned(),
        }
    }
}

/// How to fetch.
#[derive(Debug, Clone)]
pub struct FetchOptions {
    /// Begins the addresses of files in place of their homes; a slash and the name follow.
    pub mirror: Option<String>,
    /// How often, and how long.
    pub retry: RetryPolicy,
    /// Through whom.
    pub proxies: Proxies,
}

impl FetchOptions {
    /// From the files' homes or `mirror`, through the proxies that the environment names.
    ///
    /// # Errors
    /// When the mirror or a proxy has no usable address.
    pub fn new(mirror: Option<String>) -> Result<Self> {
        if let Some(mirror) = &mirror {
            http::check_address("--mirror", mirror)?;
        }
        Ok(Self { mirror, retry: RetryPolicy::default(), proxies: Proxies::from_environment()? })
    }
}

/// How far a fetch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchProgress {
    /// The file, by its name without folders.
    pub file: String,
    /// Bytes that are here.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// What is being done.
    pub stage: FetchStage,
}

/// What a fetch is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchStage {
    /// Waiting for the server's answer.
    Asking,
    /// Reading it.
    Fetching,
    /// Adding up checksums.
    Checking,
    /// Waiting before it tries again.
    Waiting {
        /// Whole seconds that are left.
        seconds: u64,
        /// What went wrong.
        reason: String,
    },
}

/// How a fetch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fetched {
    /// The file is here now, and is the right one.
    Now,
    /// It was here before.
    Already,
    /// It was told to stop; what came so far waits to be resumed.
    Interrupted,
}

/// Fetches several files into `folder`, one after the other; `tell` hears of their bytes
/// together.
///
/// # Errors
/// As [`fetch`], for the first that fails.
pub fn fetch_all(
    sources: &[RemoteFile],
    folder: &Path,
    options: &FetchOptions,
    tell: &mut dyn FnMut(FetchProgress) -> ControlFlow<()>,
) -> Result<Fetched> {
    let total = sources.iter().map(|source| source.bytes).sum();
    let (mut before, mut all) = (0, Fetched::Already);
    for source in sources {
        let mut each =
            |progress: FetchProgress| tell(FetchProgress { done: before + progress.done, total, ..progress });
        match fetch(source, folder, options, &mut each)? {
            Fetched::Interrupted => return Ok(Fetched::Interrupted),
            Fetched::Now => all = Fetched::Now,
            Fetched::Already => {}
        }
        before += source.bytes;
    }
    Ok(all)
}
