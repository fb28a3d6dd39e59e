//! A run's record while another program adds to it: only what is new is read.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::record::RecordReader;
use super::{EVENTS, SavedRun, is_being_written, is_locked};
use crate::domain::event::{Event, EventKind, Outcome};
use crate::domain::record::RecordCheck;
use crate::domain::run_state::RunState;
use crate::engine::error::{EngineError, Result};

/// Bytes before the end of what was read that are compared before more is read: a record that
/// was cut back and written again has other times in them.
const TAIL: u64 = 96;
/// Most events read at once.
const MOST: usize = 4096;

/// What a record has more than before.
#[derive(Debug)]
pub enum Appended {
    /// These events, each with the length of the record at its end, bytes. There may be more.
    Events(Vec<(u64, Event)>),
    /// Something else: it was cut back, as when a run is resumed, or replaced.
    Rewritten,
}

/// A run of another program, and how far its record was read.
#[derive(Debug)]
pub struct RecordFollower {
    run: PathBuf,
    bytes: u64,
    /// Each has a line of its own.
    events: usize,
    /// The last bytes before that.
    tail: Vec<u8>,
    check: RecordCheck,
    outcome: Option<Outcome>,
}

impl RecordFollower {
    /// Reads the run in folder `run`, condensed, and follows its record from there.
    ///
    /// # Errors
    /// As [`SavedRun::open`].
    pub fn open(run: &Path) -> Result<(SavedRun, Self)> {
        let mut read = None;
        let saved = SavedRun::open_by(run, |_| {
            // From its beginning: a summary does not say what may come next within an epoch.
            let mut reader = RecordReader::open(&run.join(EVENTS))?;
            let mut state = RunState::default();
            while let Some(event) = reader.next_event()? {
                state.apply(&event);
                state.condense();
            }
            let (torn, bytes) = (reader.torn, reader.whole);
            let mut file = reader.file().try_clone().map_err(EngineError::io("read", run))?;
            let being_written = crate::engine::files::is_locked(&file);
            let tail = tail(&mut file, bytes).map_err(EngineError::io("read", run))?;
            read = Some((tail, reader.events(), reader.into_check()));
            Ok(super::summary::CondensedRun { state, torn, being_written, bytes })
        })?;
        let (tail, events, check) = read.unwrap_or_default();
        let (run, bytes, outcome) = (run.to_path_buf(), saved.bytes, saved.state.outcome);
        let follower = Self { run, bytes, events, tail, check, outcome };
        Ok((saved, follower))
    }

    /// How the run ended, as far as it was read.
    pub const fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// Whether a program has the record open to write it.
    pub fn is_being_written(&self) -> bool {
        // The claim goes a moment after a run's end.
        match self.outcome {
            None => is_being_written(&self.run),
            Some(_) => is_locked(&self.run),
        }
    }

    /// Reads what was added. A line that is half written is left for the next time.
    ///
    /// # Errors
    /// When it is gone, or what was added is no event that can come there.
    pub fn read_on(&mut self) -> Result<Appended> {
        let path = self.run.join(EVENTS);
        let io = |error| EngineError::io("read", &path)(error);
        // Before opening: opening a pipe would wait for its writer.
        let facts = fs::metadata(&path).map_err(io)?;
        if !facts.is_file() || facts.len() < self.bytes {
            return Ok(Appended::Rewritten);
        }
        let mut file = File::open(&path).map_err(io)?;
        if tail(&mut file, self.bytes).map_err(io)? != self.tail {
            return Ok(Appended::Rewritten);
        }
        if facts.len() == self.bytes {
            return Ok(Appended::Events(Vec::new()));
        }
        self.pass_over_line_end(&mut file).map_err(io)?;
        let mut kept = file.try_clone().map_err(io)?;
        let check = std::mem::take(&mut self.check);
        let mut reader = RecordReader::resume(file, &path, (self.bytes, self.events), check);
        let mut events = Vec::new();
        while events.len() < MOST
            && let Some(event) = reader.next_event()?
        {
            if let EventKind::Finished { outcome, .. } = event.kind {
                self.outcome = Some(outcome);
            }
            events.push((reader.whole, event));
        }
        self.bytes = reader.whole;
        self.events += events.len();
        self.check = reader.into_check();
        self.tail = tail(&mut kept, self.bytes).map_err(io)?;
        Ok(Appended::Events(events))
    }

    /// The last line read may have lacked nothing but its end, which has come since.
    fn pass_over_line_end(&mut self, file: &mut File) -> std::io::Result<()> {
        let mut next = [0];
        file.seek(SeekFrom::Start(self.bytes))?;
        if file.read(&mut next)? == 1 && next[0] == b'\n' {
            self.bytes += 1;
        }
        file.seek(SeekFrom::Start(self.bytes)).map(drop)
    }
}

/// The last bytes before byte `end`.
fn tail(file: &mut File, end: u64) -> std::io::Result<Vec<u8>> {
    let start = end.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.take(end - start).read_to_end(&mut tail)?;
    Ok(tail)
}
