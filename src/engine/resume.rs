//! Runs of a folder that are finished, are somebody's, or are to be gone on with.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::claim::Claim;
use super::data::hex;
use super::error::{EngineError, Result};
use super::snapshot::Snapshot;
use super::store::{self, RunFolder, SavedRun};
use crate::domain::event::Outcome;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;

/// What there is to do of a run.
#[derive(Debug)]
pub enum Taken {
    /// Nothing: it completed or diverged, which it would again.
    Finished(PathBuf, Box<RunState>),
    /// Nothing: another program is at it.
    Busy(PathBuf),
    /// All of it, or what is left of it.
    Run {
        /// To be written.
        folder: Box<RunFolder>,
        /// Where it goes on; `None` for its start.
        from: Option<Box<Snapshot>>,
        /// On its folder.
        claim: Claim,
    },
}

/// How far a run is.
#[derive(Debug)]
pub enum Progress {
    /// It completed or diverged.
    Finished(Box<SavedRun>),
    /// A program is at it.
    Training(Box<SavedRun>),
    /// It was stopped or cut off.
    Unfinished(Box<SavedRun>),
    /// There is none of it.
    Missing,
}

impl Progress {
    /// As listings have it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Finished(_) => "finished",
            Self::Training(_) => "training",
            Self::Unfinished(_) => "unfinished",
            Self::Missing => "missing",
        }
    }
}

/// The runs that a folder has, by spec.
#[derive(Debug)]
pub struct Shelf {
    root: PathBuf,
    known: HashMap<String, PathBuf>,
}

impl Shelf {
    /// Looks through the runs in `root`, if there is such a folder. Of several runs of one spec, a finished one counts,
    /// else the first by name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn of(root: &Path) -> Result<Self> {
        let mut known: HashMap<String, (PathBuf, bool)> = HashMap::new();
        let runs = if root.exists() { store::folders_of_runs(root)? } else { Vec::new() };
        for path in runs {
            let Ok(spec) = store::read_spec(&path) else { continue };
            let finished = SavedRun::open(&path).is_ok_and(|run| is_finished(&run.state));
            let entry = known.entry(spec.to_string());
            let entry = entry.or_insert_with(|| (path.clone(), finished));
            if finished && !entry.1 {
                *entry = (path, true);
            }
        }
        let known = known.into_iter().map(|(spec, (path, _))| (spec, path)).collect();
        Ok(Self { root: root.to_path_buf(), known })
    }

    /// The finished run of `spec`, if there is one.
    pub fn finished(&self, spec: &ExperimentSpec) -> Option<SavedRun> {
        let path = self.known.get(&spec.to_string())?;
        SavedRun::open(path).ok().filter(|run| is_finished(&run.state))
    }

    /// How far the run of `spec` is; one that cannot be read counts as missing.
    pub fn progress(&self, spec: &ExperimentSpec) -> Progress {
        let run = self.known.get(&spec.to_string()).and_then(|path| SavedRun::open(path).ok());
        match run.map(Box::new) {
            None => Progress::Missing,
            Some(run) if is_finished(&run.state) => Progress::Finished(run),
            Some(run) if run.being_written => Progress::Training(run),
            Some(run) => Progress::Unfinished(run),
        }
    }

    /// Takes the run of `spec`, unless it is finished or somebody else's. Programs that share
    /// the folder agree on where a run is, so that no two ever do the same.
    ///
    /// # Errors
    /// When its folder cannot be made, read or written.
    pub fn take(&self, spec: &ExperimentSpec) -> Result<Taken> {
        let path = self.known.get(&spec.to_string()).cloned().unwrap_or_else(|| self.root.join(name(spec)));
        std::fs::create_dir_all(&path).map_err(EngineError::io("create the folder", &path))?;
        let Some(claim) = Claim::take(&path)? else { return Ok(Taken::Busy(path)) };
        if store::is_run(&path) {
            if let Some(run) = SavedRun::open(&path).ok().filter(|run| is_finished(&run.state)) {
                claim.finish();
                return Ok(Taken::Finished(path, Box::new(run.state)));
            }
            if store::is_being_written(&path) {
                return Ok(Taken::Busy(path));
            }
            let (folder, _, from) = RunFolder::reopen(&path)?;
            return Ok(Taken::Run { folder: Box::new(folder), from: from.map(Box::new), claim });
        }
        let folder = RunFolder::begin(path, spec)?;
        Ok(Taken::Run { folder: Box::new(folder), from: None, claim })
    }
}

fn is_finished(state: &RunState) -> bool {
    matches!(state.outcome, Some(Outcome::Completed | Outcome::Diverged))
}

/// The folder's name for a run that is begun: what it is, and what tells it from others.
fn name(spec: &ExperimentSpec) -> String {
    let digest = Sha256::digest(spec.to_string());
    format!("{}-{}", store::short_name(spec), hex(&digest[..4]))
}
