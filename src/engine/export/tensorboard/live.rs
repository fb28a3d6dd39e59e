//! The event file of a run while it trains.

use std::path::{Path, PathBuf};
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

/// Writes a run's events into an event file as they happen.
pub struct LiveBoard {
    /// Where event files are.
    folder: PathBuf,
    /// The run's own folder.
    run: PathBuf,
    open: Option<(Board, EventFile)>,
    state: RunState,
    written: Instant,
}

impl LiveBoard {
    /// For the run in folder `run`, which is about to begin or to be resumed, in a folder below
    /// `folder` that has the same name.
    pub fn new(folder: &Path, run: &Path) -> Self {
        let (folder, run) = (folder.to_path_buf(), run.to_path_buf());
        Self { folder, run, open: None, state: RunState::default(), written: Instant::now() }
    }

    /// Takes in what happened, which the run's record has already. Values are written after
    /// every epoch, every few seconds, and at the end.
    ///
    /// # Errors
    /// When the file is another run's or cannot be written, or the record cannot be read.
    pub fn apply_event(&mut self, event: &Event) -> Result<()> {
        if !event.is_recorded() {
            return Ok(());
        }
        match &event.kind {
            EventKind::RunStarted(_) => self.begin(std::slice::from_ref(event))?,
            // All that it did before, and was not written.
            EventKind::Continued(_) => self.begin(&store::events_of(&self.run)?)?,
            _ => self.read(event),
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
    fn begin(&mut self, events: &[Event]) -> Result<()> {
        let Some(Event { kind: EventKind::RunStarted(facts), .. }) = events.first() else { return Ok(()) };
        let board = Board::new(&name_of(&self.run, |_| false), &facts.spec, Some(facts));
        check_folder(&self.folder, &board.place[0])?;
        let path = board.path(&self.folder);
        files::create_folders(path.parent().unwrap_or(&self.folder))?;
        let Some(file) = EventFile::open(path.clone(), &board.events[board.identity])? else {
            return Err(EngineError::run(path, "another process is writing this file"));
        };
        self.open = Some((board, file));
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
