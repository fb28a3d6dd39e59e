//! What happened, in sentences.

use std::collections::VecDeque;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// For the record.
    Info,
    /// Something went well.
    Good,
    /// Something to notice.
    Warn,
    /// Something went wrong.
    Bad,
}

/// One entry; its text may be long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Wall-clock time, `21:04:07`.
    pub at: String,
    /// How much it matters.
    pub level: Level,
    /// What happened.
    pub text: String,
}

/// The most entries that are kept.
const MOST: usize = 2_000;

/// Everything that happened, as far as it is kept.
#[derive(Debug, Default)]
pub struct Log {
    entries: VecDeque<LogEntry>,
}

impl Log {
    /// Adds an entry.
    pub fn add(&mut self, entry: LogEntry) {
        if self.entries.len() == MOST {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &LogEntry> {
        self.entries.iter()
    }
}
