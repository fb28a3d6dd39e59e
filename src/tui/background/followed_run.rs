//! How far a run of another program is followed, and reading what is new of it.

use std::path::Path;
use std::time::SystemTime;

use super::jobs::in_full;
use crate::domain::event::Outcome;
use crate::domain::text::harmless;
use crate::engine::store::{self, Appended, RecordFollower};
use crate::tui::action::Message;
use crate::tui::log::Level;

/// How far a run's folder is followed.
#[derive(Debug)]
pub(super) enum FollowedRun {
    /// Nothing has been read of it, or nothing since it was listed.
    Listed,
    /// It is complete or diverged: nothing will come.
    Over,
    /// This program writes it, and knows.
    Own,
    /// Its record is read as it grows; whether it is being written.
    Growing(Box<RecordFollower>, bool),
    /// It cannot be read, which was said; bytes in its record.
    Damaged(u64),
}

/// Whether nothing can come after this.
pub(super) const fn is_over(outcome: Option<Outcome>) -> bool {
    matches!(outcome, Some(Outcome::Completed | Outcome::Diverged))
}

/// Length of a run's record, and when it was changed last.
pub(super) fn stamp(path: &Path) -> Option<(u64, SystemTime)> {
    store::record_stamp(path)
}

/// Reads a run from its beginning, and sends it.
pub(super) fn open(path: &Path, send: &dyn Fn(Message)) -> FollowedRun {
    match RecordFollower::open(path) {
        Ok((saved, follower)) => {
            let being_written = saved.being_written;
            send(Message::Found(Box::new(saved)));
            followed(Box::new(follower), being_written)
        }
        Err(error) => {
            send(Message::Log(Level::Warn, format!("skipped: {}", in_full(&error))));
            damaged(path)
        }
    }
}

/// Reads what was added to a run, and sends it.
pub(super) fn read_on(
    mut follower: Box<RecordFollower>,
    mut was_written: bool,
    path: &Path,
    send: &dyn Fn(Message),
) -> FollowedRun {
    loop {
        // Before reading: what was written before the record was closed is read.
        let being_written = follower.is_being_written();
        match follower.read_on() {
            Ok(Appended::Rewritten) => return open(path, send),
            Ok(Appended::Events(events)) => {
                let is_all = events.is_empty();
                if !is_all || being_written != was_written {
                    was_written = being_written;
                    send(Message::Appended { path: path.to_path_buf(), events, being_written });
                }
                if is_all {
                    return followed(follower, being_written);
                }
            }
            Err(error) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let text = format!("{name} is no longer followed: {}", in_full(&error));
                send(Message::Log(Level::Warn, harmless(&text, 4000)));
                return damaged(path);
            }
        }
    }
}

fn followed(follower: Box<RecordFollower>, being_written: bool) -> FollowedRun {
    match is_over(follower.outcome()) && !being_written {
        true => FollowedRun::Over,
        false => FollowedRun::Growing(follower, being_written),
    }
}

fn damaged(path: &Path) -> FollowedRun {
    FollowedRun::Damaged(stamp(path).map_or(0, |(bytes, _)| bytes))
}
