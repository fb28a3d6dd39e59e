//! Runs of a folder that are finished, are somebody's, are damaged, or can be resumed.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::data::hex;
use super::error::{EngineError, Result};
use super::extend;
use super::files;
use super::lease::{self, Lease};
use super::snapshot::Snapshot;
use super::store::{self, RunDir, SavedRun};
use crate::domain::event::Outcome;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;

/// What there is to do of a run.
#[derive(Debug)]
pub enum Acquired {
    /// Nothing: it completed or diverged, which it would again.
    Finished(Box<RunState>),
    /// Nothing: another process trains it.
    Busy,
    /// Nothing, until its folder is out of the way.
    Damaged(Damage),
    /// All of it, or what is left of it.
    Run {
        /// To be written; it has the lease.
        folder: Box<RunDir>,
        /// Where it resumes; `None` for its start.
        from: Option<Box<Snapshot>>,
        /// What there is to say of how it begins.
        note: Option<String>,
    },
}

/// How far a run is.
#[derive(Debug)]
pub enum RunProgress {
    /// It completed.
    Finished(Box<SavedRun>),
    /// It diverged, which it would again.
    Diverged(Box<SavedRun>),
    /// A program is at it; `None` where nothing is recorded yet.
    Training(Option<Box<SavedRun>>),
    /// It was stopped or cut off.
    Unfinished(Box<SavedRun>),
    /// Its folder cannot be read, so it neither counts nor can be resumed.
    Damaged(Damage),
    /// There is none of it.
    Missing,
}

/// A run's folder that cannot be read.
#[derive(Debug)]
pub struct Damage {
    /// The folder.
    pub folder: PathBuf,
    /// Which of its files, and what is wrong.
    pub error: EngineError,
}

impl Damage {
    fn new(folder: &Path, error: EngineError) -> Self {
        Self { folder: folder.to_path_buf(), error }
    }
}

impl RunProgress {
    /// As listings have it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Finished(_) => "finished",
            Self::Diverged(_) => "diverged",
            Self::Training(_) => "training",
            Self::Unfinished(_) => "unfinished",
            Self::Damaged(_) => "damaged",
            Self::Missing => "missing",
        }
    }

    /// The run, where it can be read.
    pub const fn run(&self) -> Option<&SavedRun> {
        match self {
            Self::Finished(run) | Self::Diverged(run) | Self::Unfinished(run) => Some(run),
            Self::Training(Some(run)) => Some(run),
            Self::Training(None) | Self::Damaged(_) | Self::Missing => None,
        }
    }

    /// How much it is worth among several of one spec.
    const fn rank(&self) -> u8 {
        match self {
            Self::Finished(_) | Self::Diverged(_) => 2,
            Self::Training(_) | Self::Unfinished(_) | Self::Missing => 1,
            Self::Damaged(_) => 0,
        }
    }
}

/// The runs that a folder has, by spec.
#[derive(Debug)]
pub struct RunIndex {
    root: PathBuf,
    known: HashMap<String, PathBuf>,
    /// Folders whose spec cannot be read.
    nameless: Vec<Damage>,
}

impl RunIndex {
    /// Looks through the runs in `root`, if there is such a folder. Of several runs of one spec,
    /// a finished one counts, else one that can be read, else the first by name.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn of(root: &Path) -> Result<Self> {
        let mut known: HashMap<String, (PathBuf, u8)> = HashMap::new();
        let mut nameless = Vec::new();
        let runs = if root.exists() { store::folders_of_runs(root)? } else { Vec::new() };
        let looked_at = runs.into_par_iter().map(|path| {
            let found = store::read_spec(&path).map(|spec| (look(&path, &spec).rank(), spec));
            (path, found)
        });
        for (path, found) in looked_at.collect::<Vec<_>>() {
            match found {
                Err(error) => nameless.push(Damage::new(&path, error)),
                Ok((rank, spec)) => {
                    let entry = known.entry(spec.to_string()).or_insert_with(|| (path.clone(), rank));
                    if rank > entry.1 {
                        *entry = (path, rank);
                    }
                }
            }
        }
        let known = known.into_iter().map(|(spec, (path, _))| (spec, path)).collect();
        Ok(Self { root: root.to_path_buf(), known, nameless })
    }

    /// Where the run of `spec` is, or will be.
    fn place(&self, spec: &ExperimentSpec) -> PathBuf {
        self.known.get(&spec.to_string()).cloned().unwrap_or_else(|| self.root.join(name(spec)))
    }

    /// How far the run of `spec` is.
    pub fn progress(&self, spec: &ExperimentSpec) -> RunProgress {
        progress_at(&self.place(spec), spec)
    }

    /// Damaged folders of which nobody can say whether they are among the runs of `specs`.
    pub fn nameless<'a>(&'a self, specs: &[&ExperimentSpec]) -> impl Iterator<Item = &'a Damage> + use<'a> {
        let places: HashSet<PathBuf> = specs.iter().map(|spec| self.place(spec)).collect();
        self.nameless.iter().filter(move |damage| !places.contains(&damage.folder))
    }

    /// Takes the run of `spec`, unless it is finished, damaged or somebody else's. Programs that
    /// share the folder agree on where a run is, so that no two ever do the same.
    ///
    /// # Errors
    /// When its folder cannot be made, read or written.
    pub fn take(&self, spec: &ExperimentSpec) -> Result<Acquired> {
        take_at(&self.place(spec), spec, &self.known)
    }
}

/// How far the run of `spec` in folder `path` is.
pub fn progress_at(path: &Path, spec: &ExperimentSpec) -> RunProgress {
    match look(path, spec) {
        RunProgress::Unfinished(run) if lease::is_held(path) => RunProgress::Training(Some(run)),
        RunProgress::Missing if lease::is_held(path) => RunProgress::Training(None),
        progress => progress,
    }
}

/// Takes the run of `spec` that is in folder `path`, as [`RunIndex::take`] does.
///
/// # Errors
/// When the folder cannot be read or written.
pub fn take(path: &Path, spec: &ExperimentSpec) -> Result<Acquired> {
    take_at(path, spec, &HashMap::new())
}

fn take_at(path: &Path, spec: &ExperimentSpec, known: &HashMap<String, PathBuf>) -> Result<Acquired> {
    // Before there is a lease in it.
    if let RunProgress::Damaged(damage) = look(path, spec) {
        return Ok(Acquired::Damaged(damage));
    }
    files::create_folders(path)?;
    let Some(lease) = Lease::take(path)? else { return Ok(Acquired::Busy) };
    Ok(match look(path, spec) {
        RunProgress::Finished(run) | RunProgress::Diverged(run) => Acquired::Finished(Box::new(run.state)),
        // By an older program, say, that takes no leases.
        RunProgress::Training(_) => Acquired::Busy,
        RunProgress::Damaged(damage) => Acquired::Damaged(damage),
        RunProgress::Unfinished(_) | RunProgress::Missing => {
            let opened = match store::is_run(path) {
                true => RunDir::reopen_leased(path, lease).map(|(folder, _, from)| {
                    let note = "no checkpoint to resume from: training from the start";
                    let note = from.is_none().then(|| note.to_owned());
                    (folder, from, note)
                }),
                false => extend::begin(known, path, spec, lease),
            };
            match opened {
                Ok((folder, from, note)) => {
                    Acquired::Run { folder: Box::new(folder), from: from.map(Box::new), note }
                }
                Err(_) if store::is_being_written(path) => Acquired::Busy,
                Err(error) => return Err(error),
            }
        }
    })
}

/// How far the run of `spec` in folder `path` is, whoever has its lease. What is left to be
/// written of it is damaged where there is a link in the way.
fn look(path: &Path, spec: &ExperimentSpec) -> RunProgress {
    match look_inside(path, spec) {
        RunProgress::Damaged(damage) => RunProgress::Damaged(
            store::refuse_links(path).err().map_or(damage, |error| Damage::new(path, error)),
        ),
        progress @ (RunProgress::Unfinished(_) | RunProgress::Missing) => match store::refuse_links(path) {
            Ok(()) => progress,
            Err(error) => RunProgress::Damaged(Damage::new(path, error)),
        },
        progress => progress,
    }
}

fn look_inside(path: &Path, spec: &ExperimentSpec) -> RunProgress {
    let damaged = |error| RunProgress::Damaged(Damage::new(path, error));
    if !store::is_run(path) {
        let in_the_way = match path.is_dir() {
            true => path.join(store::METRICS).exists().then_some("a run's files without its spec.toml"),
            false => path.symlink_metadata().is_ok().then_some("not a folder"),
        };
        return in_the_way.map_or(RunProgress::Missing, |reason| damaged(EngineError::run(path, reason)));
    }
    match store::read_spec(path) {
        Ok(found) if found == *spec => {}
        Ok(found) => {
            let reason = format!("of another run, {found}");
            return damaged(EngineError::run(path.join(store::SPEC), reason));
        }
        Err(error) => return damaged(error),
    }
    // Cut off before its record began.
    if path.join(store::EVENTS).symlink_metadata().is_err() {
        return RunProgress::Missing;
    }
    match SavedRun::open_condensed(path).map(Box::new) {
        Err(error) => damaged(error),
        Ok(run) => match run.state.outcome {
            Some(Outcome::Completed) => RunProgress::Finished(run),
            Some(Outcome::Diverged) => RunProgress::Diverged(run),
            _ if run.being_written => RunProgress::Training(Some(run)),
            _ => RunProgress::Unfinished(run),
        },
    }
}

/// The folder's name for a run that is begun: what it is, and what tells it from others.
fn name(spec: &ExperimentSpec) -> String {
    let digest = Sha256::digest(spec.to_string());
    format!("{}-{}", store::short_name(spec), hex(&digest[..4]))
}
