//! Deleting a run from disk, and nothing else.

use std::fs;
use std::path::Path;

use super::annotation_file::NOTES;
use super::checkpoint;
use super::error::{EngineError, Result};
use super::lease::CLAIM;
use super::lesion_file::LESIONS;
use super::store::{EVENTS, METRICS, SPEC, SUMMARY, is_being_written, weights_path};
use super::{export, files};
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
    let entries = fs::read_dir(path).map_err(EngineError::io("read the folder", path))?.flatten();
    let there: Vec<_> = entries.map(|entry| entry.path()).collect();
    // What a crash left half written is a run's file, too.
    let is_cut_off = |file: &Path| {
        file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(files::TEMPORARY))
    };
    let of_going_on: Vec<_> = there.iter().filter(|file| is_of_going_on(file)).cloned().collect();
    let weights = Checkpoint::ALL.map(|checkpoint| weights_path(path, checkpoint));
    let own: Vec<_> = of_going_on
        .into_iter()
        .chain(weights)
        .chain([SUMMARY, METRICS, EVENTS, SPEC].map(|name| path.join(name)))
        .collect();
    if let Some(other) = there.iter().find(|file| !own.contains(file) && !is_cut_off(file)) {
        return Err(EngineError::run(
            other,
            "not one of a run's files; nothing is deleted while it is there",
        ));
    }
    let cut_off = there.iter().filter(|file| is_cut_off(file));
    // The spec last, and the disk must know: what is left of a deletion that fails, or that a
    // power cut ends, is still a run.
    let spec = path.join(SPEC);
    let (last, first): (Vec<_>, Vec<_>) =
        cut_off.chain(own.iter().filter(|file| there.contains(file))).partition(|file| **file == spec);
    for file in first {
        fs::remove_file(file).map_err(EngineError::io("delete", file))?;
    }
    files::sync_folder(path).map_err(EngineError::io("delete files in", path))?;
    for file in last {
        fs::remove_file(file).map_err(EngineError::io("delete", file))?;
    }
    fs::remove_dir(path).map_err(EngineError::io("delete", path))?;
    files::sync_folder(root).map_err(EngineError::io("delete", path))
}

/// Whether a file is there for a run that is not complete, or for those who watch it.
fn is_of_going_on(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        name == CLAIM
            || name == checkpoint::END
            || checkpoint::is_checkpoint(name)
            || name == LESIONS
            || name == NOTES
            || export::is_event_file(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::store::RunDir;

    fn folder(root: &Path) -> RunDir {
        RunDir::create(root, &"resnet@fashion".parse().unwrap()).unwrap()
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
        let cut_off = root.path().join("other");
        fs::rename(&path, &cut_off).unwrap();
        fs::write(cut_off.join(".writing-x1"), "half").unwrap();
        fs::write(cut_off.join("events.out.tfevents.0000000000.hiresnet-tui"), "half").unwrap();
        let other = folder(root.path()).path().to_path_buf();
        delete(root.path(), &cut_off).unwrap();
        assert!(
            !cut_off.exists() && other.exists(),
            "what a crash left goes with its run, and no other run does"
        );
        let path = other;
        #[cfg(unix)]
        {
            let link = root.path().join("link");
            std::os::unix::fs::symlink(&path, &link).unwrap();
            assert!(delete(root.path(), &link).is_err());
        }
        assert!(path.join(SPEC).exists());
    }
}
