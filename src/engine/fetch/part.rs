//! The part of a file that is here so far: `NAME.part`, locked while it grows, and beside it
//! `NAME.part.from`, what its server calls it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::text::without_user;
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::files;

/// Longest file about where a part is from, bytes.
const LONGEST: u64 = 16 << 10;
/// Times that a part is opened which somebody else has just moved away.
const OPENINGS: usize = 10;

/// A part, which nobody else writes to meanwhile.
#[derive(Debug)]
pub struct PartialFile {
    file: File,
    path: PathBuf,
    origin: PathBuf,
    length: u64,
}

/// From where a part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartialOrigin {
    /// The address that was asked, without its user.
    pub url: String,
    /// What the server called this version of the file.
    pub validator: String,
}

impl PartialFile {
    /// The part of `target`, new or resumed.
    ///
    /// # Errors
    /// When it cannot be written to, or another process has it.
    pub fn open(target: &Path) -> Result<Self> {
        let beside = |suffix: &str| {
            let mut name = target.file_name().unwrap_or_default().to_owned();
            name.push(suffix);
            target.with_file_name(name)
        };
        let (path, origin) = (beside(".part"), beside(".part.from"));
        for _ in 0..OPENINGS {
            if fs::symlink_metadata(&path).is_ok_and(|facts| !facts.is_file()) {
                return Err(EngineError::data(path, "no regular file; it is left alone"));
            }
            let mut open = OpenOptions::new();
            open.read(true).write(true).create(true).truncate(false);
            let file = open.open(&path).map_err(EngineError::io("open", &path))?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => {
                    return Err(EngineError::data(path, "another process is fetching this file"));
                }
                // Some network folders have no locks.
                Err(TryLockError::Error(error)) => tracing::warn!(%error, "cannot lock {}", shown(&path)),
                Ok(()) => {}
            }
            // Whoever had it may have finished between opening and locking.
            if is_at(&file, &path) {
                let length = file.metadata().map_err(EngineError::io("open", &path))?.len();
                return Ok(Self { file, path, origin, length });
            }
        }
        Err(EngineError::data(path, "other processes fetch this file again and again"))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are here.
    pub const fn len(&self) -> u64 {
        self.length
    }

    /// Begins again.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn clear(&mut self) -> Result<()> {
        self.length = 0;
        self.file.set_len(0).map_err(EngineError::io("empty", &self.path))?;
        self.forget_origin();
        Ok(())
    }

    /// Adds bytes at the end.
    ///
    /// # Errors
    /// When the disk refuses; it is told plainly when it is full.
    pub fn append(&mut self, bytes: &[u8]) -> Result<()> {
        let mut write = || -> std::io::Result<()> {
            self.file.seek(SeekFrom::Start(self.length))?;
            self.file.write_all(bytes)
        };
        write().map_err(files::plain).map_err(EngineError::io("write", &self.path))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// What the server at `url` called the file when this part came.
    pub fn validator(&self, url: &str) -> Option<String> {
        let bytes = files::read_bounded(&self.origin, LONGEST).ok()?;
        let origin: PartialOrigin = serde_json::from_slice(&bytes).ok()?;
        let is_plain = origin.validator.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        (origin.url == without_user(url) && is_plain).then_some(origin.validator)
    }

    /// Keeps that.
    pub fn keep_origin(&self, url: &str, validator: Option<String>) {
        let Some(validator) = validator else { return self.forget_origin() };
        let origin = PartialOrigin { url: without_user(url), validator };
        // Without it the part is resumed as well; its checksum tells whether it may be.
        let kept = serde_json::to_vec(&origin).map(|json| files::write_own(&self.origin, &json));
        if !matches!(kept, Ok(Ok(()))) {
            self.forget_origin();
        }
    }

    fn forget_origin(&self) {
        let _ = fs::remove_file(&self.origin);
    }

    /// Moves the whole file where it belongs, in one step.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self, target: &Path) -> Result<()> {
        self.file.sync_all().map_err(files::plain).map_err(EngineError::io("write", &self.path))?;
        fs::rename(&self.path, target).map_err(EngineError::io("move into place", target))?;
        // The new name is to outlast a power cut, and to be there before the other goes.
        let folder = target.parent().unwrap_or(Path::new("."));
        files::sync_folder(folder).map_err(EngineError::io("write in the folder", folder))?;
        self.forget_origin();
        Ok(())
    }

    /// Takes it away when there is nothing in it.
    pub fn leave(self) {
        if self.length == 0 {
            let _ = fs::remove_file(&self.path);
            self.forget_origin();
        }
    }
}

/// Whether `file` is what `path` names.
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let place = |facts: fs::Metadata| (facts.dev(), facts.ino());
        let (ours, there) = (file.metadata().map(place), fs::symlink_metadata(path).map(place));
        matches!((ours, there), (Ok(ours), Ok(there)) if ours == there)
    }
    #[cfg(not(unix))]
    {
        let _ = file;
        path.exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_grows_is_locked_and_moves() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("file.gz");
        let mut part = PartialFile::open(&target).unwrap();
        part.append(b"abc").unwrap();
        part.keep_origin("http://a/", Some("\"tag\"".into()));
        assert!(PartialFile::open(&target).unwrap_err().to_string().contains("another process is fetching"));
        part.leave();

        let mut part = PartialFile::open(&target).unwrap();
        assert_eq!((part.len(), part.validator("http://a/").as_deref()), (3, Some("\"tag\"")));
        assert_eq!(part.validator("http://b/"), None, "another server's word means nothing");
        part.keep_origin("http://me:secret@a/", Some("\"tag\"".into()));
        assert!(!fs::read_to_string(&part.origin).unwrap().contains("secret"), "no password is kept");
        assert_eq!(part.validator("http://me:other@a/").as_deref(), Some("\"tag\""));
        fs::write(&part.origin, r#"{"url":"http://a/","validator":"x\r\nHost: b"}"#).unwrap();
        assert_eq!(part.validator("http://a/"), None);
        part.append(b"def").unwrap();
        part.finish(&target).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"abcdef");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");

        let mut part = PartialFile::open(&target).unwrap();
        part.append(b"x").unwrap();
        part.clear().unwrap();
        part.leave();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_way_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("file.gz");
        let other = folder.path().join("other");
        fs::write(&other, "mine").unwrap();
        std::os::unix::fs::symlink(&other, folder.path().join("file.gz.part")).unwrap();
        assert!(PartialFile::open(&target).unwrap_err().to_string().contains("left alone"));
        assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
    }
}
