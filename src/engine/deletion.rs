//! Deleting a run from disk, and nothing else.

use std::fs;
use std::path::Path;

use super::error::{EngineError, Result};
use super::store::{EVENTS, METRICS, SPEC, is_being_written, weights_path};
use crate::domain::event::Checkpoint;

/// Deletes a run in `root`: the files that runs have, and its folder. A file of somebody
/// else's is never deleted: with one in it nothing is. A run that is gone already is none.
///
/// # Errors
/// When `path` is no run in `root`, is being written or has other files, or the disk
/// refuses.
pub fn delete(root: &Path, path: &Path) -> Result<()> {
    if path.parent() == Some(root) && fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let is_folder = fs::symlink_metadata(path).is_ok_and(|facts| facts.is_dir());
    let is_run = path.join(SPEC).exists() || path.join(EVENTS).exists();
    if path.parent() != Some(root) || !is_folder || !is_run {
        return Err(EngineError::run(path, "not a run to delete"));
    }
    if is_being_written(path) {
        return Err(EngineError::run(path, "a program is training this run; it is not deleted"));
    }
    let weights = Checkpoint::ALL.map(|checkpoint| weights_path(path, checkpoint));
    let entries = fs::read_dir(path).map_err(EngineError::io("read the folder", path))?.flatten();
    let ours = |name: &Path| {
        weights.iter().any(|file| file == name)
            || [METRICS, EVENTS, SPEC].iter().any(|own| path.join(own) == *name)
    };
    if let Some(other) = entries.map(|entry| entry.path()).find(|entry| !ours(entry)) {
        return Err(EngineError::run(
            other,
            "not one of a run's files; nothing is deleted while it is there",
        ));
    }
    // The spec last: what is left of a deletion that fails is still a run.
    let files = weights.into_iter().chain([METRICS, EVENTS, SPEC].map(|name| path.join(name)));
    for file in files.filter(|file| fs::symlink_metadata(file).is_ok()) {
        fs::remove_file(&file).map_err(EngineError::io("delete", file))?;
    }
    fs::remove_dir(path).map_err(EngineError::io("delete", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::store::RunFolder;

    fn folder(root: &Path) -> RunFolder {
        RunFolder::create(root, &"resnet@fashion".parse().unwrap()).unwrap()
    }

    #[test]
    fn a_run_that_is_being_written_is_not_deleted() {
        let root = tempfile::tempdir().unwrap();
        let run = folder(root.path());
        let path = run.path().to_path_buf();
        assert!(is_being_written(&path));
        assert!(delete(root.path(), &path).unwrap_err().to_string().contains("training this run"));
        drop(run);
        assert!(!is_being_written(&path));
        delete(root.path(), &path).unwrap();
        assert!(!path.exists());
        delete(root.path(), &path).unwrap();
    }

    #[test]
    fn nothing_is_deleted_beside_other_files_or_elsewhere() {
        let root = tempfile::tempdir().unwrap();
        let path = folder(root.path()).path().to_path_buf();
        fs::write(path.join("notes.txt"), "mine").unwrap();
        assert!(delete(root.path(), &path).unwrap_err().to_string().contains("notes.txt"));
        assert!(path.join(SPEC).exists() && path.join(EVENTS).exists() && path.join(METRICS).exists());
        assert!(delete(&root.path().join("other"), &path).is_err());
        assert!(delete(root.path(), root.path()).is_err());
        fs::remove_file(path.join("notes.txt")).unwrap();
        #[cfg(unix)]
        {
            let link = root.path().join("link");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            assert!(delete(root.path(), &link).is_err());
        }
        assert!(path.join(SPEC).exists());
    }
}
