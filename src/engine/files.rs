//! Files written so that a reader sees all of them or none.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::error::{EngineError, Result};

/// Writes `bytes` to `path` by way of a temporary file in the same folder.
///
/// # Errors
/// When the folder cannot be written to.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".writing-").tempfile_in(folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        // A temporary file is private by default; a run is as readable as its folder.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        }
        file.persist(path).map_err(|e| e.error)?;
        Ok(())
    };
    write().map_err(plain).map_err(EngineError::io("write", path))
}

/// The error without the temporary file's name in it, where its kind says enough.
fn plain(error: std::io::Error) -> std::io::Error {
    use std::io::ErrorKind::{NotFound, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
    match error.kind() {
        kind @ (NotFound | PermissionDenied | QuotaExceeded | ReadOnlyFilesystem | StorageFull) => {
            kind.into()
        }
        _ => error,
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
