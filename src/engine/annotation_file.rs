//! `notes.json` in a run's folder: its name, note and tags, as a person gave them. A run has it
//! only where there is something to say, and it can be written while the run is trained, by any
//! program: nothing else goes by it.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{EngineError, Result};
use super::{files, store};
use crate::domain::annotation::{Annotation, AnnotationEdit};
use crate::domain::text::harmless;

/// The file's name.
pub const NOTES: &str = "notes.json";
/// Version of the format; others are not read.
const VERSION: u32 = 1;
/// Longest file read, bytes: with every character escaped it is a third.
const MAX_FILE: u64 = 64 << 10;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NotesFile {
    version: u32,
    run: Annotation,
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// What is said of the run in folder `run`; nothing where the file is not there.
///
/// # Errors
/// When the file cannot be read, is a link, or is not one that this program writes.
pub fn read(run: &Path) -> Result<Annotation> {
    let path = run.join(NOTES);
    if path.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
        return Ok(Annotation::default());
    }
    files::refuse_other_than_files(&path)?;
    let bytes = files::read_bounded(&path, MAX_FILE)?;
    let wrong =
        |reason: &str| EngineError::run(&path, format!("not a run's notes: {}", harmless(reason, 400)));
    let Versioned { version } = serde_json::from_slice(&bytes).map_err(|e| wrong(&e.to_string()))?;
    if version != VERSION {
        let reason = format!("notes in version {version} of the format; this program reads {VERSION}");
        return Err(EngineError::run(&path, reason));
    }
    let file: NotesFile = serde_json::from_slice(&bytes).map_err(|e| wrong(&e.to_string()))?;
    file.run.check().map_err(|reason| wrong(&reason))?;
    Ok(file.run)
}

/// Changes what is said of the run in folder `run`, and says what that is now.
///
/// # Errors
/// When there is no run, its notes cannot be read or written, or would have too many tags. What
/// cannot be read is left as it is.
pub fn edit(run: &Path, edit: &AnnotationEdit) -> Result<Annotation> {
    if !store::is_run(run) || fs::symlink_metadata(run).is_ok_and(|facts| !facts.is_dir()) {
        // Says so, and where a folder of runs was given, which.
        store::read_spec(run)?;
        return Err(EngineError::run(run, "a link; a run is not written through one"));
    }
    let path = run.join(NOTES);
    let before = read(run)?;
    let mut annotation = before.clone();
    annotation.apply(edit).map_err(|reason| EngineError::run(run, reason))?;
    if annotation == before {
        return Ok(annotation);
    }
    if annotation.is_empty() {
        fs::remove_file(&path).map_err(EngineError::io("delete", &path))?;
        files::sync_folder(run).map_err(EngineError::io("delete", &path))?;
        return Ok(annotation);
    }
    let file = NotesFile { version: VERSION, run: annotation };
    let mut bytes = serde_json::to_vec_pretty(&file)
        .map_err(|e| EngineError::run(&path, format!("cannot be encoded: {e}")))?;
    bytes.push(b'\n');
    files::write_own(&path, &bytes)?;
    Ok(file.run)
}
