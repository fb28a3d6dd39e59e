//! Files written so that a reader sees all of them or none, and so that a power cut leaves
//! one or the other.
//!
//! A file system may make a removal permanent before what was written just before it. Hence
//! the rule, everywhere: before anything is removed or cut short that another file makes
//! superfluous, that file and its name are on the disk ([`sync_folder`]).
//!
//! What a person names may be a link, which is followed. What the program names itself, in a
//! folder that others may write to as well, may not: whoever put a link there would choose
//! what is overwritten. Files and folders get the permissions that the umask leaves.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::{EngineError, Result, shown};

/// How temporary files are called; one that is left was cut off by a crash.
pub const TEMPORARY: &str = ".writing-";

/// Who may do what with a file, before the umask.
const PLAIN: u32 = 0o666;
/// The same of a script.
const EXECUTABLE: u32 = 0o777;

/// Writes `bytes` to `path`, which a person named, by way of a temporary file in the same
/// folder; once it returns, they outlast a power cut. A link is followed; what is there already
/// must be a regular file, whose permissions stay.
///
/// # Errors
/// When the folder cannot be written to, or a device, a pipe or a folder is in the way.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let path = &followed(path);
    #[cfg(unix)]
    let mode =
        fs::metadata(path).map_or(PLAIN, |facts| std::os::unix::fs::MetadataExt::mode(&facts) & EXECUTABLE);
    #[cfg(not(unix))]
    let mode = PLAIN;
    replace(path, mode, true, |file| file.write_all(bytes))
}

/// What `path`, which a person named, leads to.
pub fn followed(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

/// As [`write_atomically`], of a file that the program names itself: a link is refused.
///
/// # Errors
/// As [`write_atomically`], and when a link is in the way.
pub fn write_own(path: &Path, bytes: &[u8]) -> Result<()> {
    write_own_by(path, |file| file.write_all(bytes))
}

/// As [`write_own`], of what `fill` writes bit by bit.
///
/// # Errors
/// As [`write_own`], or when `fill` fails.
pub fn write_own_by(path: &Path, fill: impl FnOnce(&mut File) -> std::io::Result<()>) -> Result<()> {
    replace(path, PLAIN, true, fill)
}

/// As [`write_own`], of a script that can be executed.
///
/// # Errors
/// As [`write_own`].
pub fn write_script(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, EXECUTABLE, true, |file| file.write_all(bytes))
}

/// As [`write_own`], of what can be made again: a power cut may leave nothing of it.
///
/// # Errors
/// As [`write_own`].
pub fn write_unflushed(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, PLAIN, false, |file| file.write_all(bytes))
}

fn replace(
    path: &Path,
    mode: u32,
    flushed: bool,
    fill: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<()> {
    refuse_other_than_files(path)?;
    let folder = folder_of(path);
    if !folder.exists() {
        return Err(EngineError::data(path, format!("there is no folder {}", shown(folder))));
    }
    let write = || -> std::io::Result<()> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY);
        // The system takes the umask from it.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
        #[cfg(not(unix))]
        let _ = mode;
        let mut file = builder.tempfile_in(folder)?;
        fill(file.as_file_mut())?;
        if flushed {
            file.as_file().sync_data()?;
        }
        let temporary = file.into_temp_path();
        fs::rename(&temporary, path)?;
        // Nothing is left to remove.
        let _ = temporary.keep();
        if flushed { sync_folder(folder) } else { Ok(()) }
    };
    write().map_err(plain).map_err(EngineError::io("write", path))
}

/// Refuses a link, a device, a pipe or a folder where a file is to be written.
///
/// # Errors
/// When there is one.
pub fn refuse_other_than_files(path: &Path) -> Result<()> {
    match fs::symlink_metadata(path) {
        Ok(facts) if facts.is_symlink() => Err(EngineError::run(path, "a link; it is not followed")),
        Ok(facts) if !facts.is_file() => {
            Err(EngineError::run(path, "there is something else than a regular file; it is left alone"))
        }
        _ => Ok(()),
    }
}

/// Opens a file that the program names itself, to be written in place.
///
/// # Errors
/// When it cannot be opened, is a link or no regular file, or has another name elsewhere, under
/// which it would be changed as well.
pub fn open_own(path: &Path, options: &mut OpenOptions) -> Result<File> {
    refuse_other_than_files(path)?;
    // Whoever exchanges it now does not get further.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        options,
        (rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK).bits().cast_signed(),
    );
    let file = options.open(path).map_err(EngineError::io("open", path))?;
    let facts = file.metadata().map_err(EngineError::io("open", path))?;
    if !facts.is_file() {
        return Err(EngineError::run(path, "there is something else than a regular file; it is left alone"));
    }
    #[cfg(unix)]
    if std::os::unix::fs::MetadataExt::nlink(&facts) > 1 {
        let reason = "a hard link: the file has another name elsewhere and would be changed there too; \
                      put a copy in its place";
        return Err(EngineError::run(path, reason));
    }
    Ok(file)
}

/// Whether `path` is the name of the open `file`, and not of another or of none.
///
/// # Errors
/// When the disk does not say.
pub fn is_at(file: &File, path: &Path) -> std::io::Result<bool> {
    let there = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        other => other?,
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let open = file.metadata()?;
        Ok((open.dev(), open.ino()) == (there.dev(), there.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = (file, there);
        Ok(true)
    }
}

/// Between two looks at a lock, and how often one looks: whoever only asks whether a file is
/// locked has its lock for a moment.
const LOCK_POLL: Duration = Duration::from_millis(2);
const LOCK_POLLS: usize = 8;

/// Locks `file` for this process alone.
///
/// # Errors
/// When another has it, or there are no locks here.
pub fn lock(file: &File) -> std::result::Result<(), TryLockError> {
    for _ in 1..LOCK_POLLS {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_POLL),
            other => return other,
        }
    }
    file.try_lock()
}

/// Whether a process, this one or another, has locked `file`.
pub fn is_locked(file: &File) -> bool {
    let locked = file.try_lock_shared();
    if locked.is_ok() {
        let _ = file.unlock();
    }
    matches!(locked, Err(TryLockError::WouldBlock))
}

/// Makes the names in `folder` outlast a power cut: those of files that were created, renamed
/// or removed there.
///
/// # Errors
/// When the disk refuses. Some network folders cannot do it, and a folder that may only be
/// written cannot be opened for it, which is no error.
pub fn sync_folder(folder: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
        match File::open(folder).and_then(|folder| folder.sync_all()) {
            Err(error) if matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => {}
            other => other?,
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Creates `folder` and those above it, where they are not there; they outlast a power cut.
///
/// # Errors
/// When the disk refuses.
pub fn create_folders(folder: &Path) -> Result<()> {
    let missing: Vec<&Path> = folder
        .ancestors()
        .filter(|folder| !folder.as_os_str().is_empty())
        .take_while(|folder| !folder.exists())
        .collect();
    fs::create_dir_all(folder).map_err(EngineError::io("create the folder", folder))?;
    for made in missing.into_iter().rev() {
        sync_folder(folder_of(made)).map_err(EngineError::io("create the folder", made))?;
    }
    Ok(())
}

/// The folder that `path` is in.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The error without the temporary file's name in it, where its kind says enough.
pub(crate) fn plain(error: std::io::Error) -> std::io::Error {
    use std::io::ErrorKind::{NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        kind @ (NotFound | PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull) => {
            kind.into()
        }
        _ => error,
    }
}

/// Removes what programs that were ended left half written in `folder`.
pub fn remove_temporary(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The bytes of `path`, refused when it is longer than `limit` bytes.
///
/// # Errors
/// When it cannot be read, is no regular file, or is too long.
pub fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>> {
    use std::io::Read;
    // Before opening: opening a pipe would wait for its writer.
    let facts = fs::metadata(path).map_err(EngineError::io("open", path))?;
    if !facts.is_file() {
        return Err(EngineError::data(path, "not a regular file"));
    }
    let file = File::open(path).map_err(EngineError::io("open", path))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(EngineError::io("read", path))?;
    if bytes.len() as u64 > limit {
        return Err(EngineError::data(path, format!("longer than the {limit} bytes such a file may have")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for text in ["one", "two"] {
            write_atomically(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert!(write_atomically(folder.path(), b"x").unwrap_err().to_string().contains("left alone"));
        assert!(write_atomically(&folder.path().join("none/file"), b"x").is_err());
        #[cfg(unix)]
        {
            let link = folder.path().join("link");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            write_atomically(&link, b"three").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "three", "a link is followed");
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            assert!(write_atomically(Path::new("/dev/null"), b"x").is_err());
            let refused = write_own(&link, b"four").unwrap_err().to_string();
            assert!(refused.contains("link: a link; it is not followed"), "{refused}");
            let open = |path: &Path| open_own(path, File::options().append(true).create(true));
            let refused = open(&link).unwrap_err().to_string();
            assert!(refused.contains("link: a link; it is not followed"), "{refused}");
            assert!(open(&path).is_ok());
            fs::hard_link(&path, folder.path().join("second")).unwrap();
            let refused = open(&path).unwrap_err().to_string();
            assert!(refused.contains("file: a hard link"), "{refused}");
            assert!(open(Path::new("/dev/null")).is_err() && open(folder.path()).is_err());
            assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        }
    }
}
