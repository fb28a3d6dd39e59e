//! Runs as a command line names them: where a shell's pattern does, what lies beside runs is
//! among them.

use std::path::{Path, PathBuf};

use super::error::{EngineError, Result};
use super::store;

/// What was named beside runs, and counts for nothing.
#[derive(Debug, Default)]
pub struct Skipped {
    /// Files and folders that are no runs.
    pub others: Vec<PathBuf>,
    /// What is wrong with runs that cannot be taken.
    pub errors: Vec<EngineError>,
}

impl Skipped {
    /// Puts an error of one of `several` runs aside.
    ///
    /// # Errors
    /// The error itself, of the only one.
    pub fn skip(&mut self, error: EngineError, several: bool) -> Result<()> {
        if !several {
            return Err(error);
        }
        self.errors.push(error);
        Ok(())
    }

    /// The first error, or that none of `paths` is a run.
    pub fn into_error(self, paths: &[impl AsRef<Path>]) -> EngineError {
        let first = paths.first().map_or(Path::new(""), AsRef::as_ref);
        let none = || EngineError::run(first, "no run, nor is anything else that was given");
        self.errors.into_iter().next().unwrap_or_else(none)
    }
}

/// What `read` makes of every run among `paths`. Of several, those that are no runs are passed
/// over, and runs that cannot be read are left out.
///
/// # Errors
/// When a path is not there or is a folder of runs, the only one is no run, or nothing is left.
pub fn read<T>(
    paths: &[impl AsRef<Path>],
    mut read: impl FnMut(&Path) -> Result<T>,
) -> Result<(Vec<T>, Skipped)> {
    let several = paths.len() > 1;
    let (mut found, mut left) = (Vec::new(), Skipped::default());
    for path in paths.iter().map(AsRef::as_ref) {
        let is_run = store::is_run(path);
        let has_runs = || store::folders_of_runs(path).is_ok_and(|runs| !runs.is_empty());
        if several && !is_run && path.exists() && !has_runs() {
            left.others.push(path.to_path_buf());
            continue;
        }
        match read(path) {
            Ok(run) => found.push(run),
            Err(error) => left.skip(error, several && is_run)?,
        }
    }
    match found.is_empty() {
        true => Err(left.into_error(paths)),
        false => Ok((found, left)),
    }
}
