//! A run's series, kept between frames and appended to as the run goes on.

use crate::domain::run_state::RunState;
use crate::domain::smoothing::Ema;
use crate::tui::plot::decimate::Track;

use super::view::{PlottedMetric, XAxis};

/// Where points lie on each x axis, in their order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Places {
    step: Vec<f64>,
    epoch: Vec<f64>,
    t: Vec<f64>,
}

impl Places {
    /// Appends a point. Places ascend whatever a recording says, so that they can be
    /// searched.
    pub fn push(&mut self, step: f64, epoch: f64, t: f64) {
        for (places, at) in [(&mut self.step, step), (&mut self.epoch, epoch), (&mut self.t, t)] {
            places.push(at.max(places.last().copied().unwrap_or(0.0)));
        }
    }

    /// Forgets all but the first `len` points.
    pub fn truncate(&mut self, len: usize) {
        self.step.truncate(len);
        self.epoch.truncate(len);
        self.t.truncate(len);
    }

    /// Becomes all points of `others`.
    pub fn gather<'a>(&mut self, others: impl Iterator<Item = &'a Self>) {
        self.truncate(0);
        let points =
            |other: &'a Self| (0..other.step.len()).map(|i| (other.step[i], other.epoch[i], other.t[i]));
        let mut all: Vec<_> = others.flat_map(points).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        all.into_iter().for_each(|(step, epoch, t)| self.push(step, epoch, t));
    }

    /// The step of a point.
    pub fn of_step(&self, point: usize) -> Option<f64> {
        self.step.get(point).copied()
    }

    /// On one axis.
    pub fn on(&self, axis: XAxis) -> &[f64] {
        match axis {
            XAxis::Step => &self.step,
            XAxis::Epoch => &self.epoch,
            XAxis::Time => &self.t,
        }
    }
}

/// What is drawn of one series of values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Strand {
    /// The line.
    pub y: Track,
    /// What it was before smoothing, where it was smoothed.
    pub raw: Track,
    /// Mean − std and mean + std, where it is a mean.
    pub band: Option<(Track, Track)>,
}

/// Points of one split, with a strand for each metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Points {
    /// Where they lie.
    pub at: Places,
    strands: [Strand; 3],
}

impl Points {
    /// Points whose strands are means.
    pub fn of_means() -> Self {
        let strand = || Strand { band: Some(<_>::default()), ..<_>::default() };
        Self { at: Places::default(), strands: [(); 3].map(|()| strand()) }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.at.step.len()
    }

    /// The values of one metric.
    pub fn of(&self, metric: PlottedMetric) -> &Strand {
        &self.strands[metric as usize]
    }

    /// The values of one metric, to append to.
    pub fn of_mut(&mut self, metric: PlottedMetric) -> &mut Strand {
        &mut self.strands[metric as usize]
    }

    /// Forgets all but the first `len` points.
    pub fn truncate(&mut self, len: usize) {
        self.at.truncate(len);
        for strand in &mut self.strands {
            strand.y.truncate(len);
            strand.raw.truncate(len);
            if let Some((low, high)) = &mut strand.band {
                low.truncate(len);
                high.truncate(len);
            }
        }
    }

    /// The furthest place on an axis.
    pub fn end(&self, axis: XAxis) -> f64 {
        self.at.on(axis).last().copied().unwrap_or(0.0)
    }

    /// The place on axis `to` of what is at `x` on axis `from`.
    pub fn convert(&self, x: f64, from: XAxis, to: XAxis) -> f64 {
        let (xs, ys) = (self.at.on(from), self.at.on(to));
        let after = xs.partition_point(|at| *at < x);
        let (x0, y0) = after.checked_sub(1).map_or((0.0, 0.0), |i| (xs[i], ys[i]));
        match (xs.get(after), ys.get(after)) {
            (Some(x1), Some(y1)) if *x1 > x0 => y0 + (y1 - y0) * (x - x0) / (x1 - x0),
            _ => y0,
        }
    }

    /// The index of the last point at or before `x`.
    pub fn latest(&self, axis: XAxis, x: f64) -> Option<usize> {
        self.at.on(axis).partition_point(|at| *at <= x).checked_sub(1)
    }
}

/// Both splits.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// A point for each step.
    pub train: Points,
    /// A point for each finished epoch.
    pub validation: Points,
    /// Where the loss became infinite or no number, which has no height.
    pub diverged: Places,
}

impl Series {
    /// The first place beyond 0 on an axis.
    pub fn first(&self, axis: XAxis) -> Option<f64> {
        let first = |points: &Points| points.at.on(axis).iter().copied().find(|at| *at > 0.0);
        first(&self.train).into_iter().chain(first(&self.validation)).reduce(f64::min)
    }

    /// The furthest place on an axis.
    pub fn end(&self, axis: XAxis) -> f64 {
        let diverged = self.diverged.on(axis).last().copied().unwrap_or(0.0);
        self.train.end(axis).max(self.validation.end(axis)).max(diverged)
    }
}

/// A run's series and what it takes to go on with them.
#[derive(Debug)]
pub struct Cached {
    /// The series.
    pub series: Series,
    beta: f64,
    per_epoch: f64,
    averages: [Ema; 2],
    /// Step and time of the last step and the last epoch taken in.
    last: [Option<(usize, f64)>; 2],
}

impl Cached {
    /// Nothing yet, to be smoothed with `beta`.
    pub fn new(beta: f64) -> Self {
        Self {
            series: Series::default(),
            beta,
            per_epoch: 0.0,
            averages: [Ema::new(beta); 2],
            last: [None; 2],
        }
    }

    /// Takes in what `state` has more than before, or all of it where it does not go on
    /// from there.
    pub fn follow(&mut self, state: &RunState, beta: f64) -> SeriesChange {
        let per_epoch = steps_per_epoch(state);
        let again = beta != self.beta || per_epoch != self.per_epoch || !self.continues(state);
        if again {
            *self = Self { per_epoch, ..Self::new(beta) };
        }
        let (train, validation) = (self.series.train.len(), self.series.validation.len());
        let schedule = state.started.as_ref().map(|facts| facts.spec.schedule(facts.steps_per_epoch));
        let rate_of =
            |step: usize| schedule.map_or(state.lr, |schedule| schedule.at(step.saturating_sub(1))) as f32;
        for point in &state.steps[train..] {
            let step = point.step as f64;
            self.series.train.at.push(step, step / per_epoch, point.t);
            self.series.train.of_mut(PlottedMetric::LearningRate).y.push(rate_of(point.step));
            for (metric, value) in
                [(PlottedMetric::Loss, f64::from(point.loss)), (PlottedMetric::Top1, point.top1)]
            {
                let smooth = self.averages[metric as usize].push(value);
                let strand = self.series.train.of_mut(metric);
                strand.y.push(smooth as f32);
                if beta > 0.0 {
                    strand.raw.push(value as f32);
                }
            }
        }
        for record in &state.epochs[validation..] {
            let points = &mut self.series.validation;
            points.at.push(record.step as f64, record.epoch as f64, record.t);
            points.of_mut(PlottedMetric::Loss).y.push(record.validation.loss as f32);
            points.of_mut(PlottedMetric::Top1).y.push(record.validation.top1() as f32);
            points.of_mut(PlottedMetric::LearningRate).y.push(rate_of(record.step));
        }
        if let Some((_, step, _)) = state.divergence {
            let t = self.series.train.end(XAxis::Time).max(self.series.validation.end(XAxis::Time));
            self.series.diverged.truncate(0);
            self.series.diverged.push(step as f64, step as f64 / per_epoch, t);
        }
        self.last = ends(state, state.steps.len(), state.epochs.len());
        match (train, validation) == (state.steps.len(), state.epochs.len()) {
            _ if again => SeriesChange::Again,
            true => SeriesChange::None,
            false => SeriesChange::More,
        }
    }

    /// Whether the last points taken in are still where they were.
    fn continues(&self, state: &RunState) -> bool {
        self.last == ends(state, self.series.train.len(), self.series.validation.len())
    }
}

/// What came of looking at a run again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeriesChange {
    /// All as before.
    None,
    /// There are points more.
    More,
    /// It began anew.
    Again,
}

/// Step and time of the last of so many steps and epochs.
fn ends(state: &RunState, steps: usize, epochs: usize) -> [Option<(usize, f64)>; 2] {
    let step = steps.checked_sub(1).and_then(|i| state.steps.get(i)).map(|p| (p.step, p.t));
    let epoch = epochs.checked_sub(1).and_then(|i| state.epochs.get(i)).map(|e| (e.step, e.t));
    [step, epoch]
}

/// Steps in an epoch; where the run does not say, those of its first epoch as far as known.
fn steps_per_epoch(state: &RunState) -> f64 {
    let said = state.started.as_ref().map(|s| s.steps_per_epoch).filter(|n| *n > 0);
    let first = || state.epochs.first().map(|e| e.step / e.epoch.max(1)).filter(|n| *n > 0);
    let seen = || state.steps.iter().take_while(|s| s.epoch <= 1).count().max(1);
    said.or_else(first).unwrap_or_else(seen) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Score;
    use crate::domain::run_state::{EpochRecord, StepPoint};

    fn state(steps: usize) -> RunState {
        let step =
            |i: usize| StepPoint { step: i, epoch: 1, t: i as f64, loss: 1.0 / i as f32, top1: i as f64 };
        let score = Score { loss: 0.5, images: 10, hits: 5, hits5: None };
        let epoch = |i: usize| EpochRecord {
            epoch: i,
            step: 10 * i,
            t: 10.0 * i as f64,
            lr: 0.01,
            train: score,
            validation: score,
            images_per_s: None,
        };
        let mut state = RunState::default();
        state.steps = (1..=steps).map(step).collect();
        state.epochs = (1..=steps / 10).map(epoch).collect();
        state
    }

    fn fresh(state: &RunState, beta: f64) -> Series {
        let mut cached = Cached::new(beta);
        cached.follow(state, beta);
        cached.series
    }

    #[test]
    fn following_step_by_step_equals_reading_at_once() {
        let mut cached = Cached::new(0.9);
        for steps in [10, 11, 11, 25, 97] {
            cached.follow(&state(steps), 0.9);
        }
        assert_eq!(cached.series, fresh(&state(97), 0.9));
        assert_eq!(cached.follow(&state(97), 0.9), SeriesChange::None);
        assert_eq!(cached.follow(&state(98), 0.9), SeriesChange::More);
    }

    #[test]
    fn another_run_or_another_smoothing_begins_anew() {
        let mut cached = Cached::new(0.9);
        cached.follow(&state(50), 0.9);
        assert_eq!(cached.follow(&state(50), 0.6), SeriesChange::Again);
        assert_eq!(cached.series, fresh(&state(50), 0.6));
        assert_eq!(cached.follow(&state(30), 0.6), SeriesChange::Again, "fewer points");
        assert_eq!(cached.series, fresh(&state(30), 0.6));
        let mut other = state(60);
        other.steps.iter_mut().for_each(|s| s.t *= 1.5);
        assert_eq!(cached.follow(&other, 0.6), SeriesChange::Again, "other times");
        assert_eq!(cached.series, fresh(&other, 0.6));
    }

    #[test]
    fn a_divergence_is_kept_where_it_was() {
        let mut diverged = state(15);
        let mut cached = Cached::new(0.0);
        cached.follow(&diverged, 0.0);
        diverged.divergence = Some((2, 16, "NaN".into()));
        cached.follow(&diverged, 0.0);
        cached.follow(&diverged, 0.0);
        let places = XAxis::ALL.map(|axis| cached.series.diverged.on(axis).to_vec());
        assert_eq!(places, [vec![16.0], vec![1.6], vec![15.0]]);
        assert_eq!(cached.series.end(XAxis::Step), 16.0);
    }

    #[test]
    fn the_length_of_an_epoch_is_found_where_it_is_not_said() {
        assert_eq!(steps_per_epoch(&RunState::default()), 1.0);
        assert_eq!(steps_per_epoch(&state(7)), 7.0);
        assert_eq!(steps_per_epoch(&state(25)), 10.0);
    }
}
