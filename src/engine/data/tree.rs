//! Files below a folder, or within a zip archive, by their names: the same for a dataset
//! that was unpacked and one that was not.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use rayon::prelude::*;
use zip::ZipArchive;

use super::archive::leads_out;
use super::source::FileFingerprint;
use crate::engine::error::{EngineError, Result};
use crate::engine::files;

/// Longest archive read: Tiny-ImageNet's is 248 MB.
const MAX_ARCHIVE: u64 = 1 << 30;
/// Most files of a dataset.
const MAX_FILES: usize = 2_000_000;
/// Longest file, unpacked: an image of a few dozen megapixels.
pub const MAX_FILE: u64 = 32 << 20;

/// Where files are read from.
#[derive(Clone)]
pub enum Tree {
    /// A folder.
    Folder(PathBuf),
    /// A zip archive, whole in memory, and a folder in it.
    Zip {
        /// Of the archive.
        path: PathBuf,
        /// Before every name, with its slash.
        prefix: String,
        /// Names below the folder, sorted.
        names: Arc<[String]>,
        /// Its bytes and its table of contents.
        archive: ZipArchive<Cursor<Arc<[u8]>>>,
    },
}

impl Tree {
    /// Opens the zip archive at `path`; names are those below `folder` in it.
    ///
    /// # Errors
    /// When it cannot be read, or is no zip archive.
    pub fn open_zip(path: &Path, folder: &str) -> Result<Self> {
        let bytes: Arc<[u8]> = files::read_bounded(path, MAX_ARCHIVE)?.into();
        let archive = ZipArchive::new(Cursor::new(bytes))
            .map_err(|e| EngineError::data(path, format!("broken or cut off: {e}")))?;
        if archive.len() > MAX_FILES {
            return Err(EngineError::data(path, format!("more than {MAX_FILES} entries")));
        }
        if archive.has_duplicate_names() {
            // Of equal names only the last would be read.
            return Err(EngineError::data(path, "some names are twice in the archive"));
        }
        let prefix = format!("{folder}/");
        let mut names = Vec::new();
        for name in archive.file_names() {
            let name = name.map_err(|e| EngineError::data(path, format!("a broken name: {e}")))?;
            if let Some(name) = leads_out(Path::new(&*name)) {
                let reason = format!("an entry whose path leaves the archive: {name}");
                return Err(EngineError::data(path, reason));
            }
            names.extend(name.strip_prefix(&prefix).map(str::to_owned));
        }
        names.sort_unstable();
        Ok(Self::Zip { path: path.to_path_buf(), prefix, names: names.into(), archive })
    }

    /// The path of a file as messages show it.
    pub fn place(&self, name: &str) -> PathBuf {
        match self {
            Self::Folder(root) => root.join(name),
            Self::Zip { path, prefix, .. } => path.join(prefix).join(name),
        }
    }

    /// Names of the files directly in `folder`, sorted; none where there is no such folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn files(&self, folder: &str) -> Result<Vec<String>> {
        let mut names = match self {
            Self::Folder(root) => children(&root.join(folder), false)?,
            Self::Zip { .. } => {
                self.below(folder).filter(|rest| !rest.contains('/')).map(str::to_owned).collect()
            }
        };
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        Ok(names)
    }

    /// Names of the folders directly in `folder`, sorted; none where there is no such folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn folders(&self, folder: &str) -> Result<Vec<String>> {
        let mut names = match self {
            Self::Folder(root) => children(&root.join(folder), true)?,
            Self::Zip { .. } => {
                let first = |rest: &str| rest.split_once('/').map(|(first, _)| first.to_owned());
                self.below(folder).filter_map(first).collect()
            }
        };
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// Names in the archive below `folder`, without it.
    fn below<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> {
        let names: &[String] = match self {
            Self::Folder(_) => &[],
            Self::Zip { names, .. } => names,
        };
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let first = names.partition_point(|name| *name < prefix);
        let below = names[first..].iter().map_while(move |name| name.strip_prefix(&prefix));
        below.filter(|rest| !rest.is_empty())
    }

    /// The bytes of one file.
    ///
    /// # Errors
    /// When it is not there, too long, or cannot be read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        match self {
            Self::Folder(root) => files::read_bounded(&root.join(name), MAX_FILE),
            Self::Zip { prefix, archive, .. } => {
                let broken =
                    |e: String| EngineError::data(self.place(name), format!("broken or cut off: {e}"));
                // The table of contents is shared; what is copied is where one reads.
                let mut archive = archive.clone();
                let entry = archive.by_name(&format!("{prefix}{name}")).map_err(|e| broken(e.to_string()))?;
                let mut bytes = Vec::new();
                entry.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|e| broken(e.to_string()))?;
                if bytes.len() as u64 > MAX_FILE {
                    return Err(EngineError::data(self.place(name), format!("longer than {MAX_FILE} bytes")));
                }
                Ok(bytes)
            }
        }
    }

    /// Adds the files called `names`, and when they were changed.
    ///
    /// # Errors
    /// When one is not there.
    pub fn fingerprint(&self, names: &[String], fingerprint: &mut FileFingerprint) -> Result<()> {
        match self {
            Self::Zip { path, .. } => fingerprint.file(path),
            Self::Folder(root) => {
                let facts = |name: &String| {
                    let path = root.join(name);
                    let facts = fs::metadata(&path).map_err(EngineError::io("look at", &path))?;
                    let changed = facts.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                    Ok((facts.len(), changed.map_or(0, |t| t.as_nanos())))
                };
                let facts = names.par_iter().map(facts).collect::<Result<Vec<_>>>()?;
                for (name, (len, changed)) in names.iter().zip(facts) {
                    fingerprint.entry(name.as_bytes(), len, changed);
                }
                Ok(())
            }
        }
    }
}

/// Names in a folder that are text: folders, or all else.
fn children(folder: &Path, folders: bool) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(EngineError::io("read the folder", folder))? {
        let entry = entry.map_err(EngineError::io("read the folder", folder))?;
        // The kind of a link is that of what it leads to.
        let kind = entry.file_type().map_err(EngineError::io("look at", entry.path()))?;
        let is_folder = kind.is_dir() || kind.is_symlink() && entry.path().is_dir();
        if is_folder == folders {
            let not_text = |_| EngineError::data(entry.path(), "a name that is not UTF-8");
            names.push(entry.file_name().into_string().map_err(not_text)?);
        }
        if names.len() > MAX_FILES {
            return Err(EngineError::data(folder, format!("more than {MAX_FILES} files")));
        }
    }
    Ok(names)
}
