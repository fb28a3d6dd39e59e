//! The event file of a run while it trains.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Board;
use super::event_file::EventFile;
use crate::domain::event::{Event, EventKind};
use crate::domain::run_state::RunState;
use crate::engine::error::{EngineError, Result};
use crate::engine::export::{check_folder, name_of};
use crate::engine::{files, store};

/// Longest time that values wait to be written.
const LATEST: Duration = Duration::from_secs(10);

/// The folder in which runs write event files while they train; clones name the same one, and
/// runs in progress follow it.
#[derive(Debug, Clone, Default)]
pub struct BoardSwitch(Arc<Mutex<Option<PathBuf>>>);

impl BoardSwitch {
    /// Has them write in `folder` from their next event on, all that they have done so far
    /// included, or write no more.
    pub fn set(&self, folder: Option<PathBuf>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = folder;
    }

    fn folder(&self) -> Option<PathBuf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Writes a run's events into an event file as they happen.
pub struct LiveBoard {
    switch: BoardSwitch,
    /// Where it writes, wrote, or could not.
    folder: Option<PathBuf>,
    /// Whether it could not.
    has_failed: bool,
    /// The run's own folder.
    run: PathBuf,
    open: Option<(Board, EventFile)>,
    state: RunState,
    written: Instant,
}

impl LiveBoard {
    /// For the run in folder `run`, in a folder of the same name below the one that `switch`
    /// names.
    pub fn new(switch: BoardSwitch, run: &Path) -> Self {
        Self {
            switch,
            folder: None,
            has_failed: false,
            run: run.to_path_buf(),
            open: None,
            state: RunState::default(),
            written: Instant::now(),
        }
    }

    /// Takes in what happened, which the run's record has already. Values are written after
    /// every epoch, every few seconds, and at the end; after an error none are, until the
    /// folder is another.
    ///
    /// # Errors
    /// When the file is another run's or cannot be written, or the record cannot be read.
    pub fn apply_event(&mut self, event: &Event) -> Result<()> {
        if !event.is_recorded() {
            return Ok(());
        }
        let wanted = self.switch.folder();
        if wanted != self.folder {
            let last = self.write();
            (self.open, self.folder, self.has_failed) = (None, wanted, false);
            last?;
        }
        let Some(folder) = self.folder.clone().filter(|_| !self.has_failed) else { return Ok(()) };
        let result = self.apply_in(&folder, event);
        if result.is_err() {
            (self.open, self.has_failed) = (None, true);
        }
        result
    }

    fn apply_in(&mut self, folder: &Path, event: &Event) -> Result<()> {
        match self.open {
            // All that it did before, this event included.
            None => self.begin(folder, &store::events_of(&self.run)?)?,
            Some(_) => self.read(event),
        }
        let is_due = matches!(
            event.kind,
            EventKind::RunStarted(_)
                | EventKind::Continued(_)
                | EventKind::EpochEnded { .. }
                | EventKind::Probed { .. }
                | EventKind::Tested { .. }
        );
        if let EventKind::Finished { .. } = event.kind {
            if let Some((board, _)) = &mut self.open {
                board.end(&self.run, &self.state)?;
            }
            return self.write();
        }
        if is_due || self.written.elapsed() >= LATEST { self.write() } else { Ok(()) }
    }

    /// Opens the file, and adds these events.
    fn begin(&mut self, folder: &Path, events: &[Event]) -> Result<()> {
        let Some(Event { kind: EventKind::RunStarted(facts), .. }) = events.first() else { return Ok(()) };
        let board = Board::new(&name_of(&self.run, |_| false), &facts.spec, Some(facts));
        check_folder(folder, &board.place[0])?;
        let path = board.path(folder);
        files::create_folders(path.parent().unwrap_or(folder))?;
        let Some(file) = EventFile::open(path.clone(), &board.events[board.identity])? else {
            return Err(EngineError::run(path, "another process is writing this file"));
        };
        (self.open, self.state) = (Some((board, file)), RunState::default());
        events.iter().for_each(|event| self.read(event));
        Ok(())
    }

    fn read(&mut self, event: &Event) {
        self.state.apply(event);
        self.state.condense();
        if let Some((board, _)) = &mut self.open {
            board.read(event);
        }
    }

    fn write(&mut self) -> Result<()> {
        self.written = Instant::now();
        let Some((board, file)) = &mut self.open else { return Ok(()) };
        board.events.drain(..).for_each(|event| file.add(event));
        file.flush().map(drop)
    }
}
