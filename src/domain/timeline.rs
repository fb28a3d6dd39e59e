//! Recorded runs on one axis of time, one after the other, to be played and sought in.

use super::event::{Event, EventKind};
use super::run_state::RunState;
use super::spec::ExperimentSpec;

/// A run as it was recorded.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRun {
    /// The name of its folder.
    pub name: String,
    /// What was run.
    pub spec: ExperimentSpec,
    /// Everything that happened, in order of time.
    pub events: Vec<Event>,
}

impl RecordedRun {
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
pub struct TimelinePosition {
    /// Which run; their number at the end.
    pub run: usize,
    /// How many of its events have happened.
    pub events: usize,
}

/// Runs one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    runs: Vec<RecordedRun>,
    /// When each begins, seconds from the beginning of the tape.
    begins: Vec<f64>,
    seconds: f64,
}

impl Timeline {
    /// The runs in this order.
    pub fn new(runs: Vec<RecordedRun>) -> Self {
        let mut seconds = 0.0;
        let mut begins = Vec::with_capacity(runs.len());
        for run in &runs {
            begins.push(seconds);
            seconds += run.seconds();
        }
        Self { runs, begins, seconds }
    }

    /// Its runs.
    pub fn runs(&self) -> &[RecordedRun] {
        &self.runs
    }

    /// How long all of it took, seconds.
    pub const fn seconds(&self) -> f64 {
        self.seconds
    }

    /// The place at which everything up to `t` seconds has happened.
    pub fn at(&self, t: f64) -> TimelinePosition {
        if t >= self.seconds {
            return TimelinePosition { run: self.runs.len(), events: 0 };
        }
        let run = self.begins.partition_point(|begin| *begin <= t).saturating_sub(1);
        let within = t - self.begins.get(run).copied().unwrap_or(0.0);
        let events =
            self.runs.get(run).map_or(0, |run| run.events.partition_point(|event| event.t <= within));
        TimelinePosition { run, events }
    }

    /// When epoch `epoch` of run `run` ended; the run's end where it has not so many.
    pub fn epoch_end(&self, run: usize, epoch: usize) -> Option<f64> {
        let recorded = self.runs.get(run)?;
        let ended =
            |event: &&Event| matches!(event.kind, EventKind::EpochEnded { epoch: e, .. } if e == epoch);
        let within = recorded.events.iter().find(ended).map_or_else(|| recorded.seconds(), |event| event.t);
        Some(self.begins[run] + within)
    }

    /// When every epoch of every run ended, in order.
    pub fn epoch_ends(&self) -> Vec<f64> {
        let ends = |(run, begin): (&RecordedRun, &f64)| {
            let ended = |event: &&Event| matches!(event.kind, EventKind::EpochEnded { .. });
            let begin = *begin;
            run.events.iter().filter(ended).map(|event| begin + event.t).collect::<Vec<_>>()
        };
        self.runs.iter().zip(&self.begins).flat_map(ends).collect()
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

    fn recorded(times: &[f64]) -> RecordedRun {
        let event = |t: &f64| Event { v: EVENT_VERSION, t: *t, kind: EventKind::Paused };
        RecordedRun {
            name: "run".into(),
            spec: "resnet@fashion".parse().unwrap(),
            events: times.iter().map(event).collect(),
        }
    }

    #[test]
    fn places_follow_one_another() {
        let tape = Timeline::new(vec![recorded(&[0.0, 1.0, 4.0]), recorded(&[0.0, 2.0])]);
        assert_eq!((tape.seconds(), tape.begin(1)), (6.0, Some(4.0)));
        let at = |t| (tape.at(t).run, tape.at(t).events);
        assert_eq!([at(0.0), at(0.9), at(1.0), at(3.9)], [(0, 1), (0, 1), (0, 2), (0, 2)]);
        assert_eq!([at(4.0), at(5.0), at(6.0), at(1e9)], [(1, 1), (1, 1), (2, 0), (2, 0)]);
        assert_eq!(tape.epoch_end(1, 7), Some(6.0));
        assert_eq!(tape.at(-1.0), TimelinePosition { run: 0, events: 0 });
    }

    #[test]
    fn an_empty_tape_is_at_its_end() {
        let tape = Timeline::new(Vec::new());
        assert_eq!((tape.at(0.0), tape.seconds()), (TimelinePosition { run: 0, events: 0 }, 0.0));
    }
}
