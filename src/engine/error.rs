//! What can go wrong outside the program's own arithmetic.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::error::SpecError;
use crate::domain::text::{harmless, without_user};

/// An error a user can act on: it names the file or option, and the reason.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The spec does not describe a run.
    #[error("{0}")]
    Spec(#[from] SpecError),
    /// A data file is not what it should be.
    #[error("{}: {reason}", shown(path))]
    Data {
        /// The file or folder at fault.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The device cannot be had.
    #[error("device: {0}")]
    Device(String),
    /// The device, or what drives it, broke down while it computed.
    #[error("{0}")]
    Failed(String),
    /// Reading or writing failed.
    #[error("{}: cannot {action}: {source}", shown(path))]
    Io {
        /// What was attempted, e.g. `create the folder`.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be fetched.
    #[error("{}: {reason}", harmless(url, 400))]
    Fetch {
        /// From where.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// What is to be written is there already, and is only replaced on request.
    #[error("{}: {reason}; --force replaces it", shown(path))]
    Exists {
        /// The file.
        path: PathBuf,
        /// What is there.
        reason: &'static str,
    },
    /// A saved run or weights file is not what it should be.
    #[error("{}: {reason}", shown(path))]
    Run {
        /// The file or folder at fault.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

impl EngineError {
    /// A data error about `path`. What a file or a library had to say is made harmless.
    pub fn data(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::Data { path: path.into(), reason: harmless(reason.into().trim(), MAX_REASON) }
    }

    /// A fetch error about `url`, which may hold a password.
    pub fn fetch(url: &str, reason: impl Into<String>) -> Self {
        Self::Fetch { url: without_user(url), reason: reason.into() }
    }

    /// A run error about `path`.
    pub fn run(path: impl Into<PathBuf>, reason: impl Into<String>) -> Self {
        Self::Run { path: path.into(), reason: reason.into() }
    }

    /// That `path` is there already, and what it is.
    pub fn exists(path: impl Into<PathBuf>, reason: &'static str) -> Self {
        Self::Exists { path: path.into(), reason }
    }

    /// Wraps an I/O error with what was attempted on `path`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}

/// Longest reason shown, characters.
const MAX_REASON: usize = 2_000;

/// A path as messages show it.
pub fn shown(path: &Path) -> String {
    harmless(&path.to_string_lossy(), 400)
}

/// The engine's results.
pub type Result<T> = std::result::Result<T, EngineError>;
