//! Events as lines of JSON: the record of a run, and what recordings are made of.

use std::io::{self, BufRead, Read};

use crate::domain::event::{EVENT_VERSION, Event};

/// Longest line, bytes.
pub const MAX_LINE: u64 = 1 << 20;

/// A line of a log, without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLine {
    /// A whole one.
    Whole,
    /// The last one, cut off before its end.
    Torn,
    /// One that is too long to be any.
    TooLong,
    /// None is left.
    End,
}

/// Reads the next line into `line`.
///
/// # Errors
/// When reading fails.
pub fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<LogLine> {
    line.clear();
    let read = reader.by_ref().take(MAX_LINE).read_until(b'\n', line)?;
    Ok(match line.last() {
        _ if read == 0 => LogLine::End,
        Some(b'\n') => {
            line.pop();
            LogLine::Whole
        }
        _ if read as u64 == MAX_LINE => LogLine::TooLong,
        _ => LogLine::Torn,
    })
}

/// The event of a line.
///
/// # Errors
/// When it is none, is from a newer version, or is at no possible time.
pub fn parse(line: &[u8]) -> Result<Event, String> {
    let event: Event = serde_json::from_slice(line).map_err(|e| format!("not an event: {e}"))?;
    if event.v > EVENT_VERSION {
        return Err(format!(
            "in version {} of the format; this program reads up to {EVENT_VERSION}",
            event.v
        ));
    }
    if !(event.t.is_finite() && event.t >= 0.0) {
        return Err(format!("an event at {} seconds", event.t));
    }
    Ok(event)
}
