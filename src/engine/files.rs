//! Files written so that a reader sees all of them or none, and so that a power cut leaves
//! one or the other.
//!
//! A file system may make a removal permanent before what was written just before it. Hence
//! the rule, everywhere: before anything is removed or cut short that another file makes
//! superfluous, that file and its name are on the disk ([`sync_folder`]).

use std::fs;
use std::io::Write;
use std::path::Path;

use super::error::{EngineError, Result, shown};

/// How temporary files are called; one that is left was cut off by a crash.
pub const TEMPORARY: &str = ".writing-";

/// Writes `bytes` to `path` by way of a temporary file in the same folder; once it returns,
/// they outlast a power cut. A link is followed; what is there already must be a regular file.
///
/// # Errors
/// When the folder cannot be written to, or a device, a pipe or a folder is in the way.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    write_atomically_by(path, |file| file.write_all(bytes))
}

/// As [`write_atomically`], of what `fill` writes bit by bit.
///
/// # Errors
/// As [`write_atomically`], or when `fill` fails.
pub fn write_atomically_by(
    path: &Path,
    fill: impl FnOnce(&mut fs::File) -> std::io::Result<()>,
) -> Result<()> {
    let followed = path.canonicalize();
    let path = followed.as_deref().unwrap_or(path);
    if fs::symlink_metadata(path).is_ok_and(|facts| !facts.is_file()) {
        return Err(EngineError::data(path, "there is something else than a regular file; it is left alone"));
    }
    let folder = folder_of(path);
    if !folder.exists() {
        return Err(EngineError::data(path, format!("there is no folder {}", shown(folder))));
    }
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
        fill(file.as_file_mut())?;
        file.as_file().sync_data()?;
        // A temporary file is private by default; a run is as readable as its folder.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        }
        let temporary = file.into_temp_path();
        fs::rename(&temporary, path)?;
        // Nothing is left to remove.
        let _ = temporary.keep();
        sync_folder(folder)
    };
    write().map_err(plain).map_err(EngineError::io("write", path))
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
        match fs::File::open(folder).and_then(|folder| folder.sync_all()) {
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
    let file = fs::File::open(path).map_err(EngineError::io("open", path))?;
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
        }
    }
}
