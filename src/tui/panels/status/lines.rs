//! The part of the log that is on the screen.

use crate::domain::text::wrap;
use crate::tui::log::{Level, Log};

/// The lines of the log that are shown, and how far it is scrolled.
#[derive(Debug, Default)]
pub struct LogLines {
    /// Lines between the newest and the last one shown; 0 follows the newest.
    scrolled: usize,
    lines: Vec<(Level, String)>,
}

impl LogLines {
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
    pub fn layout(&mut self, log: &Log, width: usize, height: usize) {
        let mut newest_first: Vec<(Level, String)> = Vec::new();
        let wanted = self.scrolled.saturating_add(height);
        for entry in log.entries().rev() {
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

    /// From the top.
    pub fn lines(&self) -> &[(Level, String)] {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::log::LogEntry;

    fn log() -> Log {
        let mut log = Log::default();
        for text in ["one", "two is longer", "three"] {
            log.add(LogEntry { at: "12:00:00".into(), level: Level::Info, text: text.into() });
        }
        log
    }

    fn shown(lines: &mut LogLines) -> Vec<String> {
        lines.layout(&log(), 16, 2);
        lines.lines().iter().map(|(_, text)| text.trim().to_owned()).collect()
    }

    #[test]
    fn the_newest_lines_are_shown_and_older_ones_can_be_scrolled_to() {
        let mut lines = LogLines::default();
        assert_eq!(shown(&mut lines), ["longer", "12:00:00 three"]);
        lines.scroll(1);
        assert_eq!(shown(&mut lines), ["12:00:00 two is", "longer"]);
        lines.scroll(isize::MAX);
        assert_eq!(shown(&mut lines), ["12:00:00 one", "12:00:00 two is"]);
        assert_eq!(lines.below(), 2, "one step down is enough after too many up");
        lines.follow();
        assert_eq!(shown(&mut lines), ["longer", "12:00:00 three"]);
    }

    #[test]
    fn no_size_is_too_small() {
        let mut lines = LogLines::default();
        lines.layout(&log(), 0, 0);
        assert!(lines.lines().is_empty());
        lines.layout(&log(), 1, 5);
        assert_eq!(lines.lines().len(), 5);
    }
}
