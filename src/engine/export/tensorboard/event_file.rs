//! An event file on disk, which is only added to.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use prost::Message;
use sha2::{Digest, Sha256};

use super::proto::TbEvent;
use super::record::{frame, masked_crc};
use crate::engine::error::{EngineError, Result};
use crate::engine::files;

/// Longest record read, bytes: this program's are histograms at most.
const MAX_RECORD: u64 = 1 << 20;
/// Longest file read, bytes.
const MAX_FILE: u64 = 4 << 30;

/// What an event says, whenever it happened: a run that is resumed says the same again, later.
type EventKey = [u8; 16];

fn key(event: &TbEvent) -> EventKey {
    let timeless = TbEvent { wall_time: 0.0, ..event.clone() };
    let digest = Sha256::digest(timeless.encode_to_vec());
    std::array::from_fn(|i| digest[i])
}

/// An event file that is open to be added to.
pub struct EventFile {
    path: PathBuf,
    file: File,
    /// Bytes of it that are this program's.
    length: u64,
    known: HashSet<EventKey>,
    /// Records that are not written yet.
    waiting: Vec<u8>,
    added: usize,
}

impl EventFile {
    /// Opens or creates the file `path` of the run that `identity` is of; `None` where another
    /// process is writing it. A record that was cut off at its end is removed.
    ///
    /// # Errors
    /// When it is no event file or another run's, or cannot be written.
    pub fn open(path: PathBuf, identity: &TbEvent) -> Result<Option<Self>> {
        let file = files::open_own(&path, OpenOptions::new().read(true).append(true).create(true))?;
        if matches!(files::lock(&file), Err(TryLockError::WouldBlock)) {
            return Ok(None);
        }
        let (known, length) = Self::known(&file, &path)?;
        if !known.is_empty() && !known.contains(&key(identity)) {
            return Err(another(&path));
        }
        file.set_len(length).map_err(EngineError::io("write", &path))?;
        Ok(Some(Self { path, file, length, known, waiting: Vec::new(), added: 0 }))
    }

    /// Whether `path` is the file of the run that `identity` is of, or is not there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn is_of(path: &Path, identity: &TbEvent) -> Result<bool> {
        if path.symlink_metadata().is_err() {
            return Ok(true);
        }
        files::refuse_other_than_files(path)?;
        let file = File::open(path).map_err(EngineError::io("open", path))?;
        Ok(Self::known(&file, path)
            .is_ok_and(|(known, _)| known.is_empty() || known.contains(&key(identity))))
    }

    /// What the file has, and after how many bytes its last whole record ends.
    fn known(mut file: &File, path: &Path) -> Result<(HashSet<EventKey>, u64)> {
        let io = |error| EngineError::io("read", path)(error);
        let all = file.metadata().map_err(io)?.len();
        if all > MAX_FILE {
            return Err(another(path));
        }
        file.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut reader = BufReader::new(file);
        let (mut known, mut end) = (HashSet::new(), 0);
        let mut record = Vec::new();
        while all - end >= 12 {
            let mut head = [0; 12];
            reader.read_exact(&mut head).map_err(io)?;
            let (length, sum) = head.split_at(8);
            let bytes = u64::from_le_bytes(length.try_into().unwrap_or_default());
            if masked_crc(length).to_le_bytes() != sum || bytes > MAX_RECORD {
                return Err(another(path));
            }
            if all - end < 16 + bytes {
                break;
            }
            record.resize(bytes as usize + 4, 0);
            reader.read_exact(&mut record).map_err(io)?;
            let (content, sum) = record.split_at(bytes as usize);
            let event = TbEvent::decode(content).ok().filter(|_| masked_crc(content).to_le_bytes() == sum);
            known.insert(key(&event.ok_or_else(|| another(path))?));
            end += 16 + bytes;
        }
        // What is no event file at all is shorter than its first record.
        match known.is_empty() && all > 0 {
            true => Err(another(path)),
            false => Ok((known, end)),
        }
    }

    /// Adds an event, unless the file has it.
    pub fn add(&mut self, event: TbEvent) {
        if self.known.insert(key(&event)) {
            frame(&event.encode_to_vec(), &mut self.waiting);
            self.added += 1;
        }
    }

    /// Writes what was added; how many events since the last time.
    ///
    /// # Errors
    /// When the disk does not take it, or the file was removed, replaced or cut off meanwhile.
    pub fn flush(&mut self) -> Result<usize> {
        self.check()?;
        self.file.write_all(&self.waiting).map_err(EngineError::io("write", &self.path))?;
        self.length += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(std::mem::take(&mut self.added))
    }
}

impl EventFile {
    /// Whether what was written is still there: nobody would see what follows.
    fn check(&self) -> Result<()> {
        let io = |error| EngineError::io("look at", &self.path)(error);
        if !files::is_at(&self.file, &self.path).map_err(io)? {
            return Err(EngineError::run(&self.path, "removed or replaced while it was being written"));
        }
        let found = self.file.metadata().map_err(io)?.len();
        if found < self.length {
            let reason =
                format!("cut off while it was being written: it has {found} of {} bytes", self.length);
            return Err(EngineError::run(&self.path, reason));
        }
        Ok(())
    }
}

fn another(path: &Path) -> EngineError {
    EngineError::exists(path, "there already, and not the event file of this run")
}
