//! How the trainer speaks: what it hands out, and how it is told to pause or stop.

use std::thread;
use std::time::{Duration, Instant};

use super::model::Weights;
use super::snapshot::Snapshot;
use crate::domain::event::{Checkpoint, Control, EVENT_VERSION, Event, EventKind, Split};

/// How often a paused run asks whether to resume.
const PAUSE_POLL: Duration = Duration::from_millis(20);

/// Receives what a run produces, in order.
pub trait Observer {
    /// Something happened; the trainer obeys what is returned.
    fn event(&mut self, event: Event) -> Control;

    /// Weights to keep, before the event that reports them.
    fn weights(&mut self, _checkpoint: Checkpoint, _weights: &Weights) {}

    /// Everything that the run needs to resume after the last event.
    fn snapshot(&mut self, _snapshot: &Snapshot) {}
}

/// Keeps everything in memory.
#[derive(Debug, Default)]
pub struct Collected {
    /// In order.
    pub events: Vec<Event>,
    /// In order; later ones replace earlier ones of the same checkpoint on disk.
    pub weights: Vec<(Checkpoint, Weights)>,
    /// In order.
    pub snapshots: Vec<Snapshot>,
}

impl Observer for Collected {
    fn event(&mut self, event: Event) -> Control {
        self.events.push(event);
        Control::Continue
    }

    fn weights(&mut self, checkpoint: Checkpoint, weights: &Weights) {
        self.weights.push((checkpoint, weights.clone()));
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        self.snapshots.push(snapshot.clone());
    }
}

/// For whom events are enough.
impl<F: FnMut(Event) -> Control> Observer for F {
    fn event(&mut self, event: Event) -> Control {
        self(event)
    }
}

/// Why training ended before its last epoch.
pub(super) enum Ended {
    Stopped,
    Diverged { epoch: usize, step: usize, split: Split, loss: f64 },
}

/// `Err` ends the run.
pub(super) type Flow<T> = std::result::Result<T, Ended>;

/// The observer, with the run's clock.
pub(super) struct Reporter<'a> {
    observer: &'a mut dyn Observer,
    start: Instant,
    /// Seconds that earlier processes took.
    before: f64,
}

impl<'a> Reporter<'a> {
    pub fn new(observer: &'a mut dyn Observer, before: f64) -> Self {
        Self { observer, start: Instant::now(), before }
    }

    /// Seconds since the run started. Milliseconds are enough, and keep the record short.
    pub fn elapsed(&self) -> f64 {
        ((self.before + self.start.elapsed().as_secs_f64()) * 1e3).round() / 1e3
    }

    pub fn emit(&mut self, kind: EventKind) -> Control {
        let t = self.elapsed();
        self.observer.event(Event { v: EVENT_VERSION, t, kind })
    }

    /// Emits, then obeys: waits while paused, and ends the run when told to stop.
    pub fn emit_and_poll(&mut self, kind: EventKind) -> Flow<()> {
        match self.emit(kind) {
            Control::Continue => return Ok(()),
            Control::Stop => return Err(Ended::Stopped),
            Control::Pause => {}
        }
        self.emit(EventKind::Paused);
        loop {
            match self.emit(EventKind::Tick { done: 0, total: 0 }) {
                Control::Continue => break,
                Control::Stop => return Err(Ended::Stopped),
                Control::Pause => thread::sleep(PAUSE_POLL),
            }
        }
        self.emit(EventKind::Resumed);
        Ok(())
    }

    pub fn weights(&mut self, checkpoint: Checkpoint, weights: &Weights) {
        self.observer.weights(checkpoint, weights);
    }

    pub fn snapshot(&mut self, snapshot: &Snapshot) {
        self.observer.snapshot(snapshot);
    }
}
