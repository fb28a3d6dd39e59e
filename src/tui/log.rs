//! What happened, in sentences: the log pane and the footer's last message.

use std::collections::VecDeque;

use crate::domain::text::wrap;

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
pub struct Entry {
    /// Wall-clock time, `21:04:07`.
    pub at: String,
    /// How much it matters.
    pub level: Level,
    /// What happened.
    pub text: String,
}

/// The most entries that are kept.
const MOST: usize = 2_000;

/// The log, and the part of it that is on the screen.
#[derive(Debug, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    /// Lines between the newest and the last one shown; 0 follows the newest.
    scrolled: usize,
    lines: Vec<(Level, String)>,
}

impl Log {
    /// Adds an entry.
    pub fn add(&mut self, entry: Entry) {
        if self.entries.len() == MOST {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Entries, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Scrolls towards older lines, or newer ones where `by` is negative.
    pub const fn scroll(&mut self, by: isize) {
        self.scrolled = self.scrolled.saturating_add_signed(by);
    }

    /// To the newest line, and follow it.
    pub const fn follow(&mut self) {
        self.scrolled = 0;
    }

    /// Lines below the last one shown.
    pub const fn below(&self) -> usize {
        self.scrolled
    }

    /// Works out the lines of a pane of this size: every entry in full, later lines of one
    /// indented below its time.
    pub fn lay_out(&mut self, width: usize, height: usize) {
        let mut newest_first: Vec<(Level, String)> = Vec::new();
        let wanted = self.scrolled.saturating_add(height);
        for entry in self.entries.iter().rev() {
            if newest_first.len() >= wanted {
                break;
            }
            let indent = entry.at.chars().count() + 1;
            let texts = wrap(&entry.text, width.saturating_sub(indent).max(1));
            let line = |(i, text): (usize, String)| {
                let head = if i == 0 { entry.at.as_str() } else { "" };
                (entry.level, format!("{head:<indent$}{text}"))
            };
            let lines: Vec<_> = texts.into_iter().enumerate().map(line).collect();
            newest_first.extend(lines.into_iter().rev());
        }
        self.scrolled = self.scrolled.min(newest_first.len().saturating_sub(height));
        self.lines = newest_first.into_iter().skip(self.scrolled).take(height).collect();
        self.lines.reverse();
    }

    /// The lines on the screen, from the top.
    pub fn lines(&self) -> &[(Level, String)] {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Log {
        let mut log = Log::default();
        for text in ["one", "two is longer", "three"] {
            log.add(Entry { at: "12:00:00".into(), level: Level::Info, text: text.into() });
        }
        log
    }

    fn shown(log: &mut Log) -> Vec<String> {
        log.lay_out(16, 2);
        log.lines().iter().map(|(_, text)| text.trim().to_owned()).collect()
    }

    #[test]
    fn the_newest_lines_are_shown_and_older_ones_can_be_scrolled_to() {
        let mut log = log();
        assert_eq!(shown(&mut log), ["longer", "12:00:00 three"]);
        log.scroll(1);
        assert_eq!(shown(&mut log), ["12:00:00 two is", "longer"]);
        log.scroll(isize::MAX);
        assert_eq!(shown(&mut log), ["12:00:00 one", "12:00:00 two is"]);
        assert_eq!(log.below(), 2, "one step down is enough after too many up");
        log.follow();
        assert_eq!(shown(&mut log), ["longer", "12:00:00 three"]);
    }

    #[test]
    fn no_size_is_too_small() {
        let mut log = log();
        log.lay_out(0, 0);
        assert!(log.lines().is_empty());
        log.lay_out(1, 5);
        assert_eq!(log.lines().len(), 5);
    }
}
