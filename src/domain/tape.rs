//! Recorded runs on one axis of time, one after the other, to be played and sought in.

use super::event::{Event, EventKind};
use super::run_state::RunState;
use super::spec::ExperimentSpec;

/// A run as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    /// The name of its folder.
    pub name: String,
    /// What was run.
    pub spec: ExperimentSpec,
    /// Everything that happened, in order of time.
    pub events: Vec<Event>,
}

impl Recorded {
    /// Seconds from its first event to its last.
    pub fn seconds(&self) -> f64 {
        self.events.last().map_or(0.0, |event| event.t)
    }

    /// What its events add up to after so many of them.
    pub fn state(&self, events: usize) -> RunState {
        RunState::replay(&self.events[..events.min(self.events.len())])
    }
}

/// A place on a tape: all runs before `run` have ended, and this one has told `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which run; their number at the end.
    pub run: usize,
    /// How many of its events have happened.
    pub events: usize,
}

/// Runs one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Tape {
    runs: Vec<Recorded>,
    /// When each begins, seconds from the beginning of the tape.
    begins: Vec<f64>,
    seconds: f64,
}

impl Tape {
    /// The runs in this order.
    pub fn new(runs: Vec<Recorded>) -> Self {
        let mut seconds = 0.0;
        let mut begins = Vec::with_capacity(runs.len());
        for run in &runs {
            begins.push(seconds);
            seconds += run.seconds();
        }
        Self { runs, begins, seconds }
    }

    /// Its runs.
    pub fn runs(&self) -> &[Recorded] {
        &self.runs
    }

    /// How long all of it took, seconds.
    pub const fn seconds(&self) -> f64 {
        self.seconds
    }

    /// The place at which everything up to `t` seconds has happened.
    pub fn at(&self, t: f64) -> Place {
        if t >= self.seconds {
            return Place { run: self.runs.len(), events: 0 };
        }
        let run = self.begins.partition_point(|begin| *begin <= t).saturating_sub(1);
        let within = t - self.begins.get(run).copied().unwrap_or(0.0);
        let events =
            self.runs.get(run).map_or(0, |run| run.events.partition_point(|event| event.t <= within));
        Place { run, events }
    }

    /// When the event after `place` happens; `None` at the end.
    pub fn next_time(&self, place: Place) -> Option<f64> {
        let event = self.runs.get(place.run)?.events.get(place.events);
        Some(self.begins[place.run] + event.map_or_else(|| self.runs[place.run].seconds(), |event| event.t))
    }

    /// When epoch `epoch` of run `run` ended; the run's end where it has not so many.
    pub fn epoch_end(&self, run: usize, epoch: usize) -> Option<f64> {
        let recorded = self.runs.get(run)?;
        let ended =
            |event: &&Event| matches!(event.kind, EventKind::EpochEnded { epoch: e, .. } if e == epoch);
        let within = recorded.events.iter().find(ended).map_or_else(|| recorded.seconds(), |event| event.t);
        Some(self.begins[run] + within)
    }

    /// When run `run` begins.
    pub fn begin(&self, run: usize) -> Option<f64> {
        self.begins.get(run).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EVENT_VERSION;

    fn recorded(times: &[f64]) -> Recorded {
        let event = |t: &f64| Event { v: EVENT_VERSION, t: *t, kind: EventKind::Paused };
        Recorded {
            name: "run".into(),
            spec: "resnet@fashion".parse().unwrap(),
            events: times.iter().map(event).collect(),
        }
    }

    #[test]
    fn places_follow_one_another() {
        let tape = Tape::new(vec![recorded(&[0.0, 1.0, 4.0]), recorded(&[0.0, 2.0])]);
        assert_eq!((tape.seconds(), tape.begin(1)), (6.0, Some(4.0)));
        let at = |t| (tape.at(t).run, tape.at(t).events);
        assert_eq!([at(0.0), at(0.9), at(1.0), at(3.9)], [(0, 1), (0, 1), (0, 2), (0, 2)]);
        assert_eq!([at(4.0), at(5.0), at(6.0), at(1e9)], [(1, 1), (1, 1), (2, 0), (2, 0)]);
        assert_eq!(tape.next_time(Place { run: 0, events: 1 }), Some(1.0));
        assert_eq!(tape.next_time(Place { run: 1, events: 1 }), Some(6.0));
        assert_eq!(tape.next_time(Place { run: 2, events: 0 }), None);
        assert_eq!(tape.epoch_end(1, 7), Some(6.0));
        assert_eq!(tape.at(-1.0), Place { run: 0, events: 0 });
    }

    #[test]
    fn an_empty_tape_is_at_its_end() {
        let tape = Tape::new(Vec::new());
        assert_eq!((tape.at(0.0), tape.seconds()), (Place { run: 0, events: 0 }, 0.0));
    }
}
