//! How the trainer speaks: what it hands out, and how it obeys.

use std::thread;
use std::time::{Duration, Instant};

use super::model::Weights;
use super::snapshot::Snapshot;
use crate::domain::event::{Checkpoint, Control, EVENT_VERSION, Event, EventKind, Split};

/// How often a paused run asks whether to go on.
const PAUSE_POLL: Duration = Duration::from_millis(20);

/// What the trainer hands out.
#[derive(Debug)]
pub enum Report<'a> {
    /// Something happened.
    Event(Event),
    /// Weights worth keeping, handed out before the event that speaks of them.
    Weights(Checkpoint, &'a Weights),
    /// All that the run needs to go on from after the last event.
    Snapshot(&'a Snapshot),
}

/// Why the loop ended before its last epoch.
pub(super) enum End {
    Stopped,
    Diverged { epoch: usize, step: usize, split: Split, loss: f64 },
}

pub(super) type Flow<T> = std::result::Result<T, End>;

/// The callback, with the clock.
pub(super) struct Reporter<'a> {
    pub report: &'a mut dyn FnMut(Report) -> Control,
    pub start: Instant,
    /// Seconds that earlier processes took.
    pub before: f64,
}

impl Reporter<'_> {
    /// Seconds since the run started. Milliseconds are enough, and keep the record short.
    pub fn elapsed(&self) -> f64 {
        ((self.before + self.start.elapsed().as_secs_f64()) * 1e3).round() / 1e3
    }

    pub fn send(&mut self, kind: EventKind) -> Control {
        let t = self.elapsed();
        (self.report)(Report::Event(Event { v: EVENT_VERSION, t, kind }))
    }

    pub fn keep(&mut self, checkpoint: Checkpoint, weights: &Weights) {
        // Orders are taken from events; the next one comes right after.
        let _ = (self.report)(Report::Weights(checkpoint, weights));
    }

    /// Sends, then obeys: waits while paused, and ends the run when told to stop.
    pub fn tell(&mut self, kind: EventKind) -> Flow<()> {
        match self.send(kind) {
            Control::Continue => return Ok(()),
            Control::Stop => return Err(End::Stopped),
            Control::Pause => {}
        }
        self.send(EventKind::Paused);
        loop {
            match self.send(EventKind::Tick { done: 0, total: 0 }) {
                Control::Continue => break,
                Control::Stop => return Err(End::Stopped),
                Control::Pause => thread::sleep(PAUSE_POLL),
            }
        }
        self.send(EventKind::Resumed);
        Ok(())
    }
}
