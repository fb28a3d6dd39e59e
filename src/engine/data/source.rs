//! Where a dataset was found, and how it is read.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use super::images::Decoded;
use crate::engine::error::{EngineError, Result};

/// A dataset found on disk and not read yet.
pub struct FoundDataset {
    /// Its archive or folder.
    pub place: PathBuf,
    /// What its files were when it was found: they are read again when this changes.
    pub fingerprint: String,
    /// What of it is not read, and why.
    pub notes: Vec<String>,
    /// Reads it.
    pub decode: Box<dyn FnOnce() -> Result<Decoded> + Send>,
}

/// Where a dataset is, before its files are listed.
pub struct LocatedDataset {
    /// Its archive or folder.
    pub place: PathBuf,
    /// Lists its files.
    pub open: Box<dyn FnOnce() -> Result<FoundDataset>>,
}

/// That a dataset cannot be found.
#[derive(Debug)]
pub struct MissingDataset {
    /// Where it was looked for, and what was found instead.
    pub error: EngineError,
    /// Whether part of it is here, or something that passes for it.
    pub partial: bool,
    /// What was found in its place, which the error says as well.
    pub found: Option<String>,
}

impl MissingDataset {
    /// That `place` has something else, by this `reason`; whether that is `partial`ly the dataset.
    pub fn instead(place: &Path, reason: String, partial: bool) -> Self {
        Self { found: Some(reason.clone()), error: EngineError::data(place, reason), partial }
    }
}

impl From<MissingDataset> for EngineError {
    fn from(missing: MissingDataset) -> Self {
        missing.error
    }
}

/// Adds up which files a dataset has, how long they are and when they were changed.
pub struct FileFingerprint(Sha256);

impl FileFingerprint {
    /// Of a way of reading: another `way` reads the same files differently.
    pub fn new(way: &str) -> Self {
        Self(Sha256::new().chain_update(way).chain_update([0]))
    }

    /// Adds a file.
    ///
    /// # Errors
    /// When it is not there.
    pub fn file(&mut self, path: &Path) -> Result<()> {
        let facts = fs::metadata(path).map_err(EngineError::io("look at", path))?;
        let changed = facts.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        self.entry(path.as_os_str().as_encoded_bytes(), facts.len(), changed.map_or(0, |t| t.as_nanos()));
        Ok(())
    }

    /// Adds something by name, length and time.
    pub fn entry(&mut self, name: &[u8], len: u64, changed: u128) {
        self.0.update(name);
        self.0.update([0]);
        self.0.update(len.to_le_bytes());
        self.0.update(changed.to_le_bytes());
    }

    /// As text.
    pub fn finish(self) -> String {
        hex(&self.0.finalize())
    }
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
