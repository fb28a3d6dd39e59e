//! Reading a run's record, event by event.

use std::fs::{self, File};
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crc32fast::Hasher;

use crate::domain::event::Event;
use crate::domain::record::RecordCheck;
use crate::engine::error::{EngineError, Result};
use crate::engine::event_log::{self, LogLine};

/// Longest record read, bytes: some millions of steps.
const MAX_EVENTS: u64 = 1 << 30;
/// Bytes read at once.
const BLOCK: usize = 128 << 10;

/// The events in the first `length` bytes of a record.
///
/// # Errors
/// As [`read_events`], or when no event ends there.
pub fn first_events(path: &Path, length: u64) -> Result<Vec<Event>> {
    let mut reader = RecordReader::open(path)?;
    let mut events = Vec::new();
    while reader.bytes < length
        && let Some(event) = reader.next_event()?
    {
        events.push(event);
    }
    match reader.bytes == length {
        true => Ok(events),
        false => Err(EngineError::run(path, format!("no event ends after {length} bytes"))),
    }
}

/// A record being read. Its events are held against the spec that the run began with: whoever
/// has them need not doubt a number.
pub(super) struct RecordReader {
    path: PathBuf,
    reader: BufReader<File>,
    line: Vec<u8>,
    number: usize,
    events: usize,
    check: RecordCheck,
    /// CRC-32 of all that was read.
    pub checksum: Hasher,
    /// Bytes read.
    pub bytes: u64,
    /// Whether the last line is cut off.
    pub torn: bool,
    /// Whether the last line that was read has its end.
    pub ends_line: bool,
    /// Bytes up to the end of the last event that was read.
    pub whole: u64,
    /// Whether a last line without its end is left for later, even where it is an event.
    only_whole: bool,
}

impl RecordReader {
    /// Opens the record `path`.
    ///
    /// # Errors
    /// When it cannot be opened, is no regular file, or is too long.
    pub fn open(path: &Path) -> Result<Self> {
        // Before opening: opening a pipe would wait for its writer.
        let facts = fs::metadata(path).map_err(EngineError::io("open", path))?;
        if !facts.is_file() || facts.len() > MAX_EVENTS {
            return Err(EngineError::run(path, format!("not a regular file of at most {MAX_EVENTS} bytes")));
        }
        let file = File::open(path).map_err(EngineError::io("open", path))?;
        Ok(Self::of(file, path))
    }

    /// Reads on at byte `bytes` of the open record, after `lines` lines, of whose events `check`
    /// is. A line without its end is not read.
    pub fn resume(file: File, path: &Path, (bytes, lines): (u64, usize), check: RecordCheck) -> Self {
        Self { check, bytes, whole: bytes, number: lines, only_whole: true, ..Self::of(file, path) }
    }

    fn of(file: File, path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
            reader: BufReader::with_capacity(BLOCK, file),
            line: Vec::new(),
            number: 0,
            events: 0,
            check: RecordCheck::default(),
            checksum: Hasher::new(),
            bytes: 0,
            torn: false,
            ends_line: true,
            whole: 0,
            only_whole: false,
        }
    }

    /// Events read.
    pub const fn events(&self) -> usize {
        self.events
    }

    /// What the events so far allow to come next.
    pub fn into_check(self) -> RecordCheck {
        self.check
    }

    /// The open file.
    pub fn file(&self) -> &File {
        self.reader.get_ref()
    }

    /// The checksum so far.
    pub fn checksum(&self) -> u32 {
        self.checksum.clone().finalize()
    }

    /// Begins again.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn rewind(self) -> Result<Self> {
        let Self { path, reader, .. } = self;
        let mut file = reader.into_inner();
        file.seek(SeekFrom::Start(0)).map_err(EngineError::io("read", &path))?;
        Ok(Self::of(file, &path))
    }

    /// Passes over the first `bytes` bytes, of which `check` has the events. Line numbers in
    /// errors count from there.
    ///
    /// # Errors
    /// When reading fails.
    pub fn pass_over(&mut self, bytes: u64, check: RecordCheck) -> Result<()> {
        let mut block = vec![0; BLOCK];
        let mut prefix = self.reader.by_ref().take(bytes);
        loop {
            match prefix.read(&mut block).map_err(EngineError::io("read", &self.path))? {
                0 => break,
                n => {
                    self.checksum.update(&block[..n]);
                    self.bytes += n as u64;
                }
            }
        }
        self.check = check;
        self.whole = self.bytes;
        Ok(())
    }

    /// The next event; `None` at the end, before a line that is cut off.
    ///
    /// # Errors
    /// When a line before the last is no event, an event is from a newer version, or it cannot
    /// come where it does.
    pub fn next_event(&mut self) -> Result<Option<Event>> {
        let Self { path, reader, line, number, check, .. } = self;
        *number += 1;
        let state = event_log::next_line(reader, line).map_err(EngineError::io("read", &*path))?;
        self.checksum.update(line);
        self.bytes += line.len() as u64;
        if state == LogLine::Whole {
            self.checksum.update(b"\n");
            self.bytes += 1;
        }
        if state != LogLine::End {
            self.ends_line = state == LogLine::Whole;
        }
        match (state, event_log::parse(line)) {
            (LogLine::End, _) => Ok(None),
            (LogLine::Torn, _) if self.only_whole => Ok(None),
            (LogLine::Whole | LogLine::Torn, Ok(event)) => {
                check
                    .accept(&event)
                    .map_err(|reason| EngineError::run(&*path, format!("line {number}: {reason}")))?;
                self.whole = self.bytes;
                self.events += 1;
                Ok(Some(event))
            }
            (LogLine::Torn, Err(_)) => {
                self.torn = true;
                Ok(None)
            }
            (LogLine::Whole | LogLine::TooLong, Err(reason)) => {
                Err(EngineError::run(&*path, format!("line {number} is {reason}")))
            }
            (LogLine::TooLong, Ok(_)) => Err(EngineError::run(&*path, format!("line {number} is too long"))),
        }
    }
}

/// Every event of a record, and whether its last line is cut off.
///
/// # Errors
/// When a line before the last is no event, an event is from a newer version, or it cannot
/// come where it does.
pub fn read_events(path: &Path) -> Result<(Vec<Event>, bool)> {
    let mut reader = RecordReader::open(path)?;
    let mut events = Vec::new();
    while let Some(event) = reader.next_event()? {
        events.push(event);
    }
    Ok((events, reader.torn))
}
