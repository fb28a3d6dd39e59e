//! Recorded runs on one axis of time, one after the other, to be played and sought in.

use super::annotation::Annotation;
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
    /// What a person said of it.
    pub annotation: Annotation,
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

/// A place that a person can name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum SeekGoal {
    /// Seconds from the beginning.
    Seconds(f64),
    /// A part of the whole, 0 to 1.
    Part(f64),
    /// The end of this epoch of the run that is being played.
    Epoch(usize),
}

impl std::str::FromStr for SeekGoal {
    type Err = String;

    /// `37%`, `e12` or `epoch 12`, `90`, `1:30` or `1:02:03`.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let wrong = || format!("can't parse '{text}': write 37%, e12 for an epoch, 90 or 1:30 for a time");
        if let Some(percent) = text.strip_suffix('%') {
            let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
            return if (0.0..=100.0).contains(&percent) {
                Ok(Self::Part(percent / 100.0))
            } else {
                Err(wrong())
            };
        }
        let epoch = text.strip_prefix("epoch").or_else(|| text.strip_prefix('e'));
        if let Some(epoch) = epoch {
            return epoch.trim().parse().map(Self::Epoch).map_err(|_| wrong());
        }
        let parts: Vec<f64> =
            text.split(':').map(str::parse).collect::<Result<_, _>>().map_err(|_| wrong())?;
        let seconds = parts.iter().fold(0.0, |sum, part| sum * 60.0 + part);
        let fits = parts.len() <= 3 && parts.iter().all(|part| part.is_finite() && *part >= 0.0);
        if fits && seconds.is_finite() { Ok(Self::Seconds(seconds)) } else { Err(wrong()) }
    }
}

/// Runs one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    runs: Vec<RecordedRun>,
    /// When each begins, seconds from the beginning of the tape.
    begins: Vec<f64>,
    seconds: f64,
    from: f64,
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
        Self { runs, begins, seconds, from: 0.0 }
    }

    /// The same, to be played from `t` seconds on.
    pub fn starting_at(self, t: f64) -> Self {
        let from = t.clamp(0.0, self.seconds);
        Self { from, ..self }
    }

    /// From where it is played, seconds.
    pub const fn from(&self) -> f64 {
        self.from
    }

    /// Its runs.
    pub fn into_runs(self) -> Vec<RecordedRun> {
        self.runs
    }

    /// Where `goal` is, seconds; an epoch is one of run `run`.
    pub fn seek(&self, goal: SeekGoal, run: usize) -> f64 {
        let t = match goal {
            SeekGoal::Seconds(t) => t,
            SeekGoal::Part(part) => part * self.seconds,
            SeekGoal::Epoch(0) => self.begin(run).unwrap_or(0.0),
            SeekGoal::Epoch(epoch) => self.epoch_end(run, epoch).unwrap_or(self.seconds),
        };
        t.clamp(0.0, self.seconds)
    }

    /// The same without what happens after `t` seconds; runs that have not begun by then are
    /// gone.
    pub fn cut_after(self, t: f64) -> Self {
        let (place, from) = (self.at(t), self.from);
        let mut runs = self.runs;
        if let Some(run) = runs.get_mut(place.run) {
            run.events.truncate(place.events);
            runs.truncate(place.run + 1);
        }
        Self::new(runs).starting_at(from)
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
        // Events have milliseconds; what the sum and the difference round away is less.
        let within = t - self.begins.get(run).copied().unwrap_or(0.0) + 1e-6;
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
            annotation: Annotation::default(),
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
    fn the_end_of_an_epoch_is_at_its_time_in_whichever_run() {
        for first in (1..2000).map(|ms| f64::from(ms) / 1000.0) {
            let tape = Timeline::new(vec![recorded(&[0.0, first]), recorded(&[0.0, 0.086, 0.087])]);
            assert_eq!(tape.at(tape.begins[1] + 0.086), TimelinePosition { run: 1, events: 2 }, "{first}");
        }
    }

    #[test]
    fn a_tape_can_be_cut() {
        let tape = || Timeline::new(vec![recorded(&[0.0, 1.0, 4.0]), recorded(&[0.0, 2.0])]);
        let events = |t: f64| {
            let cut = tape().starting_at(0.5).cut_after(t);
            assert_eq!(cut.from(), 0.5_f64.min(cut.seconds()));
            cut.runs().iter().map(|run| run.events.len()).collect::<Vec<_>>()
        };
        assert_eq!(
            [events(1.0), events(3.9), events(4.0), events(5.0)],
            [vec![2], vec![2], vec![3, 1], vec![3, 1]]
        );
        assert_eq!((events(6.0), events(1e9), events(0.0)), (vec![3, 2], vec![3, 2], vec![1]));
        let seek = |goal: &str| tape().seek(goal.parse().unwrap(), 1);
        assert_eq!([seek("50%"), seek("e0"), seek("e9"), seek("1:00"), seek("2")], [3.0, 4.0, 6.0, 6.0, 2.0]);
    }

    #[test]
    fn an_empty_tape_is_at_its_end() {
        let tape = Timeline::new(Vec::new());
        assert_eq!((tape.at(0.0), tape.seconds()), (TimelinePosition { run: 0, events: 0 }, 0.0));
    }
}
