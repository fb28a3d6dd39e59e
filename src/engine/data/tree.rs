//! Files below a folder, or within an archive, by their names: the same for a dataset that was
//! unpacked and one that was not.

use std::borrow::Cow;
use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use rayon::prelude::*;
use zip::ZipArchive;

use super::archive::{self, UnpackedFiles, leads_out};
use super::budget::{BudgetShare, ENCODED};
use super::sniff::{self, ArchiveKind};
use super::source::FileFingerprint;
use crate::domain::text::harmless;
use crate::engine::error::{EngineError, Result};
use crate::engine::files;

/// Longest archive read: Tiny-ImageNet's is 248 MB.
const MAX_ARCHIVE: u64 = 1 << 30;
/// Most files of a dataset.
const MAX_FILES: usize = 2_000_000;
/// Longest file, unpacked: an image of a few dozen megapixels.
pub const MAX_FILE: u64 = 32 << 20;
/// How deep folders are looked into for a dataset, and how many of them.
const MAX_DEPTH: usize = 3;
const MAX_FOLDERS: usize = 300;

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
    /// The wanted files of a tar archive, in memory, and a folder in it.
    Tar {
        /// Of the archive.
        path: PathBuf,
        /// Before every name, with its slash.
        prefix: String,
        /// Names below the folder, sorted.
        names: Arc<[String]>,
        /// Its files.
        files: Arc<UnpackedFiles>,
    },
}

impl Tree {
    /// Opens the archive at `path`, whatever its name says it is; of a tar archive, only the
    /// files whose names are `wanted` are kept.
    ///
    /// # Errors
    /// When it cannot be read, or is no such archive; what it is instead is named.
    pub fn open(path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Self> {
        let head = sniff::head_of(path)?;
        if sniff::archive_kind(&head) == Some(ArchiveKind::Zip) {
            return Self::open_zip(path);
        }
        if let Some(what) = sniff::mistaken(&head) {
            return Err(EngineError::data(path, what));
        }
        let files = archive::files(path, wanted)?;
        let mut names: Vec<_> = files.names().cloned().collect();
        names.sort_unstable();
        Ok(Self::Tar {
            path: path.to_path_buf(),
            prefix: String::new(),
            names: names.into(),
            files: files.into(),
        })
    }

    fn open_zip(path: &Path) -> Result<Self> {
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
        let mut names = Vec::new();
        for name in archive.file_names() {
            let name = name.map_err(|e| EngineError::data(path, format!("a broken name: {e}")))?;
            if let Some(name) = leads_out(Path::new(&*name)) {
                let reason = format!("an entry whose path leaves the archive: {name}");
                return Err(EngineError::data(path, reason));
            }
            names.push(name.to_string());
        }
        names.sort_unstable();
        Ok(Self::Zip { path: path.to_path_buf(), prefix: String::new(), names: names.into(), archive })
    }

    /// What is below `folder`.
    pub fn below(&self, folder: &str) -> Self {
        if folder.is_empty() {
            return self.clone();
        }
        let inner = |prefix: &str| format!("{prefix}{folder}/");
        let kept = || self.names_below(folder).map(str::to_owned).collect();
        match self {
            Self::Folder(root) => Self::Folder(root.join(folder)),
            Self::Zip { path, prefix, archive, .. } => Self::Zip {
                path: path.clone(),
                prefix: inner(prefix),
                names: kept(),
                archive: archive.clone(),
            },
            Self::Tar { path, prefix, files, .. } => Self::Tar {
                path: path.clone(),
                prefix: inner(prefix),
                names: kept(),
                files: Arc::clone(files),
            },
        }
    }

    /// The folders for which `is_it` holds, those nearest to the top first; a few folders of it
    /// are looked into, no matter what lies there.
    pub fn folders_where(&self, is_it: impl Fn(&Self, &str) -> bool) -> Vec<String> {
        let (mut found, mut level, mut looked) = (Vec::new(), vec![String::new()], 0);
        for depth in 0..=MAX_DEPTH {
            let mut next = Vec::new();
            for folder in level {
                looked += 1;
                if looked > MAX_FOLDERS {
                    return found;
                }
                if is_it(self, &folder) {
                    found.push(folder);
                } else if depth < MAX_DEPTH {
                    let within = self.folders(&folder).unwrap_or_default();
                    next.extend(within.into_iter().map(|name| joined(&folder, &name)));
                }
            }
            level = next;
        }
        found
    }

    /// Whether there is a file of this name.
    pub fn has_file(&self, name: &str) -> bool {
        match self {
            Self::Folder(root) => root.join(name).is_file(),
            Self::Zip { names, .. } | Self::Tar { names, .. } => {
                names.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
            }
        }
    }

    /// Whether there is a folder of this name.
    pub fn has_folder(&self, name: &str) -> bool {
        match self {
            Self::Folder(root) => root.join(name).is_dir(),
            _ => self.names_below(name).next().is_some(),
        }
    }

    /// Some names at the top, as messages list what is there.
    pub fn listed(&self) -> String {
        let (folders, mut names) = (self.folders("").unwrap_or_default(), self.files("").unwrap_or_default());
        names.splice(0..0, folders.into_iter().map(|name| format!("{name}/")));
        if let Self::Tar { files, .. } = self {
            names.extend(files.others.iter().cloned());
        }
        let more = names.len().saturating_sub(6);
        names.truncate(6);
        let names = names.iter().map(|name| harmless(name, 60)).collect::<Vec<_>>().join(", ");
        match (names.is_empty(), more) {
            (true, _) => "nothing".into(),
            (_, 0) => names,
            _ => format!("{names} and {more} more"),
        }
    }

    /// The path of a file as messages show it.
    pub fn place(&self, name: &str) -> PathBuf {
        match self {
            Self::Folder(root) => root.join(name),
            Self::Zip { path, prefix, .. } | Self::Tar { path, prefix, .. } => path.join(prefix).join(name),
        }
    }

    /// The folder or archive itself.
    pub fn root(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::Zip { path, .. } | Self::Tar { path, .. } => path,
        }
    }

    /// Names of the files directly in `folder`, sorted; none where there is no such folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn files(&self, folder: &str) -> Result<Vec<String>> {
        let mut names = match self {
            Self::Folder(root) => children(&root.join(folder), false)?,
            _ => self.names_below(folder).filter(|rest| !rest.contains('/')).map(str::to_owned).collect(),
        };
        names.retain(|name| !name.starts_with('.'));
        names.sort_unstable();
        Ok(names)
    }

    /// Names of the hidden files directly in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn hidden_files(&self, folder: &str) -> Result<Vec<String>> {
        let Self::Folder(root) = self else { return Ok(Vec::new()) };
        let mut names = children(&root.join(folder), false)?;
        names.retain(|name| name.starts_with('.'));
        Ok(names)
    }

    /// How many hidden folders are directly in `folder`.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn hidden_folders(&self, folder: &str) -> Result<usize> {
        let Self::Folder(root) = self else { return Ok(0) };
        Ok(children(&root.join(folder), true)?.iter().filter(|name| name.starts_with('.')).count())
    }

    /// Names of the folders directly in `folder`, sorted; none where there is no such folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn folders(&self, folder: &str) -> Result<Vec<String>> {
        let mut names = match self {
            Self::Folder(root) => children(&root.join(folder), true)?,
            _ => {
                let first = |rest: &str| rest.split_once('/').map(|(first, _)| first.to_owned());
                self.names_below(folder).filter_map(first).collect()
            }
        };
        names.retain(|name| !name.starts_with('.') && name != "__MACOSX");
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// Names in the archive below `folder`, without it.
    fn names_below<'a>(&'a self, folder: &str) -> impl Iterator<Item = &'a str> {
        let names: &[String] = match self {
            Self::Folder(_) => &[],
            Self::Zip { names, .. } | Self::Tar { names, .. } => names,
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
        self.read_up_to(name, MAX_FILE)
    }

    /// The bytes of one file of at most `most` bytes.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_up_to(&self, name: &str, most: u64) -> Result<Vec<u8>> {
        let too_long = || EngineError::data(self.place(name), format!("longer than {most} bytes"));
        match self {
            Self::Folder(root) => files::read_bounded(&root.join(name), most),
            Self::Tar { .. } => self.bytes(name, most).map(Cow::into_owned),
            Self::Zip { prefix, archive, .. } => {
                let broken =
                    |e: String| EngineError::data(self.place(name), format!("broken or cut off: {e}"));
                // The table of contents is shared; what is copied is where one reads.
                let mut archive = archive.clone();
                let entry = archive.by_name(&format!("{prefix}{name}")).map_err(|e| broken(e.to_string()))?;
                let mut bytes = Vec::new();
                entry.take(most + 1).read_to_end(&mut bytes).map_err(|e| broken(e.to_string()))?;
                if bytes.len() as u64 > most { Err(too_long()) } else { Ok(bytes) }
            }
        }
    }

    /// As [`read_up_to`](Self::read_up_to), without copying what is in memory.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn bytes(&self, name: &str, most: u64) -> Result<Cow<'_, [u8]>> {
        let Self::Tar { prefix, files, .. } = self else {
            return self.read_up_to(name, most).map(Cow::Owned);
        };
        let fail = |reason: String| EngineError::data(self.place(name), reason);
        let bytes = files.get(&format!("{prefix}{name}"));
        let bytes = bytes.ok_or_else(|| fail("it is missing from the archive".into()))?;
        if bytes.len() as u64 > most {
            return Err(fail(format!("longer than {most} bytes")));
        }
        Ok(bytes.into())
    }

    /// The bytes of one file, and the part of the budget that they take.
    ///
    /// # Errors
    /// As [`read`](Self::read), and when more comes than the file's own entry says.
    pub fn read_shared(&self, name: &str) -> Result<(Vec<u8>, BudgetShare<'static>)> {
        let claimed = match self {
            Self::Folder(root) => fs::metadata(root.join(name)).map_or(0, |facts| facts.len()),
            Self::Tar { prefix, files, .. } => {
                files.get(&format!("{prefix}{name}")).map_or(0, |bytes| bytes.len() as u64)
            }
            Self::Zip { prefix, archive, .. } => {
                let mut archive = archive.clone();
                archive.by_name(&format!("{prefix}{name}")).map_or(0, |entry| entry.size())
            }
        };
        let too_long = || EngineError::data(self.place(name), format!("longer than {MAX_FILE} bytes"));
        let share = ENCODED.take(claimed.min(MAX_FILE)).ok_or_else(too_long)?;
        let bytes = if claimed > MAX_FILE { Err(too_long()) } else { self.read_up_to(name, claimed) }?;
        Ok((bytes, share))
    }

    /// Adds the files called `names`, and when they were changed; those that are not there are
    /// found when they are read.
    ///
    /// # Errors
    /// When there is no such archive.
    pub fn fingerprint(&self, names: &[String], fingerprint: &mut FileFingerprint) -> Result<()> {
        match self {
            Self::Zip { path, .. } | Self::Tar { path, .. } => fingerprint.file(path),
            Self::Folder(root) => {
                let facts = |name: &String| {
                    let Ok(facts) = fs::metadata(root.join(name)) else { return (0, 0) };
                    let changed = facts.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
                    (facts.len(), changed.map_or(0, |t| t.as_nanos()))
                };
                let facts = names.par_iter().map(facts).collect::<Vec<_>>();
                for (name, (len, changed)) in names.iter().zip(facts) {
                    fingerprint.entry(name.as_bytes(), len, changed);
                }
                Ok(())
            }
        }
    }
}

/// `name` in `folder`, which may be empty.
pub fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
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
