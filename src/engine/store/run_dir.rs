//! A run while it is written.

use std::collections::HashMap;
#[cfg(unix)]
use std::fs::TryLockError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;

use super::record::RecordReader;
use super::summary::{self, RecordStamp};
use super::{EVENTS, METRICS, SPEC, read_events, read_spec, refuse_links, short_name, weights_path};
use crate::domain::event::{Checkpoint, Event, EventKind, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::engine::error::{EngineError, Result};
use crate::engine::lease::Lease;
use crate::engine::metrics::{COLUMNS, MetricsRow};
use crate::engine::model::Weights;
use crate::engine::snapshot::Snapshot;
use crate::engine::{checkpoint, files};

/// A run being written.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    events: File,
    /// Bytes in it.
    written: u64,
    /// Of these bytes.
    checksum: Hasher,
    metrics: csv::Writer<File>,
    /// What the events add up to, condensed.
    state: RunState,
    /// Whether the last checkpoint stays when the run is complete, to extend it from.
    pub keeps_checkpoint: bool,
    /// The same, as it was when the run was opened, with all steps.
    before: RunState,
    /// Given back last.
    _lease: Lease,
}

impl RunDir {
    /// A new folder for `spec` in `root`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(root: &Path, spec: &ExperimentSpec) -> Result<Self> {
        let path = new_folder(root, spec)?;
        let lease = lease(&path)?;
        Self::begin(path, spec, lease)
    }

    /// A run of `spec` in the folder `path`, which has none yet and is leased.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn begin(path: PathBuf, spec: &ExperimentSpec, lease: Lease) -> Result<Self> {
        let text = toml::to_string(spec)
            .map_err(|e| EngineError::run(path.join(SPEC), format!("cannot be encoded: {e}")))?;
        files::write_own(&path.join(SPEC), format!("# {spec}\n{text}").as_bytes())?;
        let open = |name: &str| {
            let path = path.join(name);
            OpenOptions::new()
                .append(true)
                .create_new(true)
                .open(&path)
                .map_err(EngineError::io("create", path))
        };
        let events = open(EVENTS)?;
        // Held until the run ends, however it ends: others see that it is being written. Some
        // network folders have no locks, and the claim says it there. Where a lock also keeps
        // readers out there is none: a run can be read while it is written.
        #[cfg(unix)]
        let _ = files::lock(&events);
        let metrics = metrics(open(METRICS)?, &path)?;
        files::sync_folder(&path).map_err(EngineError::io("write in the folder", &path))?;
        let (state, before) = (RunState::default(), RunState::default());
        Ok(Self {
            path,
            events,
            written: 0,
            checksum: Hasher::new(),
            metrics,
            state,
            before,
            keeps_checkpoint: false,
            _lease: lease,
        })
    }

    /// The folder of a run that did not end, its spec, and where it resumes: from the newest
    /// checkpoint that is whole, or from its start where there is none. What its record has
    /// beyond that is taken back.
    ///
    /// # Errors
    /// When it is no run, is complete or diverged, is being written, or has a link in it.
    pub fn reopen(path: &Path) -> Result<(Self, ExperimentSpec, Option<Snapshot>)> {
        read_spec(path)?;
        refuse_links(path)?;
        let lease = lease(path)?;
        Self::reopen_leased(path, lease)
    }

    /// As [`reopen`](Self::reopen), of a folder that is leased.
    ///
    /// # Errors
    /// As [`reopen`](Self::reopen).
    pub fn reopen_leased(path: &Path, lease: Lease) -> Result<(Self, ExperimentSpec, Option<Snapshot>)> {
        let spec = read_spec(path)?;
        refuse_links(path)?;
        let log = path.join(EVENTS);
        let events = files::open_own(&log, OpenOptions::new().append(true).create(true))?;
        #[cfg(unix)]
        if matches!(files::lock(&events), Err(TryLockError::WouldBlock)) {
            return Err(is_written(path));
        }
        // Nobody else writes here now: what is half written was cut off.
        files::remove_temporary(path);
        let (told, _) = read_events(&log)?;
        if let Some(outcome @ (Outcome::Completed | Outcome::Diverged)) = RunState::replay(&told).outcome {
            return Err(EngineError::run(path, format!("it {}; there is nothing to resume", outcome.name())));
        }
        let found = checkpoint::newest(path, &spec, &log)?;
        let (from, kept) = found.map_or((None, 0), |(snapshot, kept)| (Some(snapshot), kept));
        // What may not be written is refused before anything is cut.
        let table = path.join(METRICS);
        let rows = files::open_own(&table, OpenOptions::new().write(true).create(true).truncate(false))?;
        events.sync_data().map_err(EngineError::io("write", &log))?;
        events.set_len(kept).map_err(EngineError::io("cut back", &log))?;
        rows.set_len(0).map_err(EngineError::io("empty", &table))?;
        let mut this = Self {
            path: path.to_path_buf(),
            events,
            written: 0,
            checksum: Hasher::new(),
            metrics: metrics(rows, path)?,
            state: RunState::default(),
            keeps_checkpoint: false,
            before: RunState::default(),
            _lease: lease,
        };
        let mut reader = RecordReader::open(&log)?;
        while let Some(event) = reader.next_event()? {
            this.before.apply(&event);
            this.take_in(&event)?;
        }
        (this.written, this.checksum) = (reader.bytes, reader.checksum.clone());
        // Those on the disk may be of an epoch that was taken back.
        if let Some(best) = from.as_ref().and_then(|snapshot| snapshot.best.as_ref()) {
            this.save(Checkpoint::Best, &best.weights)?;
        }
        Ok((this, spec, from))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it began with, from elsewhere.
    pub(crate) fn set_before(&mut self, before: RunState) {
        self.before = before;
    }

    /// What the events add up to that it had when it was opened, once.
    pub fn take_state(&mut self) -> RunState {
        std::mem::take(&mut self.before)
    }

    /// Writes one event, and at an epoch's end its row of `metrics.csv`.
    ///
    /// # Errors
    /// When the disk does not take it, or the record was removed or written by another program.
    pub fn append(&mut self, event: &Event) -> Result<()> {
        let path = self.path.join(EVENTS);
        let mut line = serde_json::to_vec(event)
            .map_err(|e| EngineError::run(&path, format!("an event cannot be encoded: {e}")))?;
        line.push(b'\n');
        self.check_record(&path)?;
        if let EventKind::Finished { .. } = event.kind {
            // Whoever reads the end need not doubt the rest.
            self.metrics.get_ref().sync_data().map_err(EngineError::io("write", self.path.join(METRICS)))?;
            files::sync_folder(&self.path).map_err(EngineError::io("write in the folder", &self.path))?;
        }
        if let Err(error) = self.events.write_all(&line) {
            // Half a line would spoil the next one.
            let _ = self.events.set_len(self.written);
            return Err(EngineError::io("write", &path)(error));
        }
        self.written += line.len() as u64;
        self.checksum.update(&line);
        self.take_in(event)?;
        match event.kind {
            EventKind::EpochEnded { .. } => self.summarise(),
            EventKind::Finished { outcome, .. } => {
                // Before anything goes that the run could be resumed from.
                self.events.sync_data().map_err(EngineError::io("write", &path))?;
                self.summarise();
                if outcome == Outcome::Completed {
                    if self.keeps_checkpoint {
                        checkpoint::keep_end(&self.path)
                            .map_err(EngineError::io("keep a checkpoint in", &self.path))?;
                    }
                    checkpoint::remove_all(&self.path);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// That the record is still there, and has what was written and nothing else.
    fn check_record(&self, path: &Path) -> Result<()> {
        let facts = self.events.metadata().map_err(EngineError::io("write", path))?;
        #[cfg(unix)]
        if std::os::unix::fs::MetadataExt::nlink(&facts) == 0 {
            return Err(EngineError::run(path, "removed while the run was being trained"));
        }
        match facts.len() == self.written {
            true => Ok(()),
            false => Err(EngineError::run(path, "another program has written this record meanwhile")),
        }
    }

    /// Keeps what lists show of the run.
    fn summarise(&self) {
        if let Ok(modified) = summary::modified(&self.events) {
            let stamp =
                RecordStamp { bytes: self.written, checksum: self.checksum.clone().finalize(), modified };
            summary::keep(&self.path, stamp, false, &self.state);
        }
    }

    /// Keeps what the run needs to resume from here, and the one before.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn checkpoint(&self, snapshot: &Snapshot) -> Result<()> {
        // A checkpoint speaks of lines that must be on the disk before it is.
        self.events.sync_data().map_err(EngineError::io("write", self.path.join(EVENTS)))?;
        let spec = self.state.started.as_ref().map_or_else(String::new, |s| s.spec.to_string());
        checkpoint::keep(&self.path, snapshot, &spec, self.written)
    }

    fn take_in(&mut self, event: &Event) -> Result<()> {
        self.state.apply(event);
        self.state.condense();
        if let (EventKind::EpochEnded { best, .. }, Some(epoch)) = (&event.kind, self.state.epochs.last()) {
            let path = self.path.join(METRICS);
            let row = MetricsRow::new(epoch, *best);
            self.metrics
                .serialize(row)
                .map_err(|e| EngineError::run(&path, format!("cannot be written: {e}")))?;
            self.metrics.flush().map_err(EngineError::io("write", &path))?;
        }
        Ok(())
    }

    /// Keeps `weights`, replacing the earlier ones of the same checkpoint at once.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub fn save(&self, checkpoint: Checkpoint, weights: &Weights) -> Result<()> {
        let path = weights_path(&self.path, checkpoint);
        let started = self.state.started.as_ref();
        // One entry only: the format's map is unordered, and equal runs have equal files.
        let spec = started.map_or_else(String::new, |s| s.spec.to_string());
        let metadata = HashMap::from([("spec".to_owned(), spec)]);
        files::write_own(&path, &weights.to_safetensors(metadata, &path)?)
    }
}

/// That a run is another program's.
fn is_written(path: &Path) -> EngineError {
    EngineError::run(path, "a program is writing this run")
}

fn lease(path: &Path) -> Result<Lease> {
    Lease::take(path)?.ok_or_else(|| is_written(path))
}

/// `metrics.csv` in the folder `run`, which is empty, with its columns' names.
fn metrics(file: File, run: &Path) -> Result<csv::Writer<File>> {
    let mut rows = csv::WriterBuilder::new().has_headers(false).from_writer(file);
    let written = rows.write_record(COLUMNS).map_err(io::Error::from).and_then(|()| rows.flush());
    written.map_err(EngineError::io("write", run.join(METRICS)))?;
    Ok(rows)
}

/// A folder of its own, named for what it holds: `resnet-hires-P1-P2-fashion-s3-20261123-184028`.
fn new_folder(root: &Path, spec: &ExperimentSpec) -> Result<PathBuf> {
    files::create_folders(root)?;
    let now = jiff::Timestamp::now().strftime("%Y%m%d-%H%M%S");
    let name = format!("{}-{now}", short_name(spec));
    for attempt in 1.. {
        let path = root.join(if attempt == 1 { name.clone() } else { format!("{name}-{attempt}") });
        match fs::create_dir(&path) {
            Ok(()) => {
                files::sync_folder(root).map_err(EngineError::io("create a folder in", root))?;
                return Ok(path);
            }
            Err(e) if e.kind() == io::ErrorKind::AlreadyExists && attempt < 10_000 => {}
            Err(e) => return Err(EngineError::io("create the folder", path)(e)),
        }
    }
    unreachable!("the loop ends by returning")
}
