//! Runs that differ only in seed, drawn as one: mean and standard deviation of those that
//! have got to a step. Where only one has, the line goes on without a band.

use super::ShownRun;
use super::series::{Points, Series, SeriesChange};
use super::view::{PlottedMetric, XAxis};
use crate::domain::event::Outcome;
use crate::domain::seeds::group_by_line;
use crate::domain::smoothing::Spread;

/// The mean of several runs, and how far it is worked out.
#[derive(Debug)]
pub struct SeedGroup {
    /// Keys of its runs, in their order.
    pub keys: Vec<usize>,
    /// Means, with their bands.
    pub series: Series,
    train: Settled,
    validation: Settled,
}

/// Means that no further point can change: all runs had got there.
#[derive(Debug, Default)]
struct Settled {
    means: usize,
    /// Of each run, its first point that is not part of them.
    next: Vec<usize>,
}

/// Keys of runs that have begun and differ in their seeds and in nothing else, two or more
/// together. Of runs with the same seed it is the one that reports average: one that is complete
/// rather than one that is not, and then the newest.
pub fn alike(runs: &[ShownRun]) -> Vec<Vec<usize>> {
    let begun = runs.iter().filter(|run| !run.state.steps.is_empty());
    fn rank<'a>(run: &ShownRun<'a>) -> (bool, Option<&'a str>) {
        let began = run.state.started.as_ref().map(|facts| facts.at.as_str());
        (run.state.outcome == Some(Outcome::Completed), began)
    }
    let groups = group_by_line(begun, |run| run.spec).into_iter();
    let keys = groups.map(|(_, runs)| {
        let is_chosen = |run: &&ShownRun| {
            let same = runs.iter().filter(|other| other.spec.seed == run.spec.seed);
            same.max_by_key(|run| rank(run)).is_some_and(|best| best.key == run.key)
        };
        runs.iter().copied().filter(is_chosen).map(|run| run.key).collect::<Vec<_>>()
    });
    keys.filter(|keys| keys.len() > 1).collect()
}

impl SeedGroup {
    /// A group with nothing worked out.
    pub fn new(keys: Vec<usize>) -> Self {
        let series =
            Series { train: Points::of_means(), validation: Points::of_means(), ..Series::default() };
        let settled = || Settled { means: 0, next: vec![0; keys.len()] };
        Self { train: settled(), validation: settled(), keys, series }
    }

    /// Works out what is new in its runs; `members` as in [`keys`](Self::keys).
    pub fn follow(&mut self, members: &[&Series], changes: SeriesChange) {
        if changes == SeriesChange::Again {
            *self = Self::new(std::mem::take(&mut self.keys));
        }
        if changes > SeriesChange::None || self.series.train.len() + self.series.validation.len() == 0 {
            let train: Vec<_> = members.iter().map(|m| &m.train).collect();
            self.train.extend(&mut self.series.train, &train);
            let validation: Vec<_> = members.iter().map(|m| &m.validation).collect();
            self.validation.extend(&mut self.series.validation, &validation);
        }
        self.series.diverged.gather(members.iter().map(|member| &member.diverged));
    }
}

impl Settled {
    /// Appends a mean for each step at which any of `members` has a point.
    fn extend(&mut self, means: &mut Points, members: &[&Points]) {
        means.truncate(self.means);
        let mut next = self.next.clone();
        let mut here = Vec::with_capacity(members.len());
        let mut settled = true;
        let at = |member: usize, point: usize| members[member].at.of_step(point);
        loop {
            let left = || (0..members.len()).filter_map(|m| at(m, next[m]));
            let Some(step) = left().reduce(f64::min) else {
                break;
            };
            if settled && left().count() < members.len() {
                (self.means, self.next) = (means.len(), next.clone());
                settled = false;
            }
            here.clear();
            here.extend((0..members.len()).filter(|m| at(*m, next[*m]) == Some(step)).map(|m| (m, next[m])));
            here.iter().for_each(|(m, _)| next[*m] += 1);
            push_mean(means, members, &here);
        }
        if settled {
            (self.means, self.next) = (means.len(), next);
        }
    }
}

/// Appends the mean of points, each given as a member and its index there.
fn push_mean(means: &mut Points, members: &[&Points], here: &[(usize, usize)]) {
    let count = here.len() as f64;
    let mean_place = |axis| here.iter().map(|(m, i)| members[*m].at.on(axis)[*i]).sum::<f64>() / count;
    let [step, epoch, t] = XAxis::ALL.map(mean_place);
    means.at.push(step, epoch, t);
    let mut values = Vec::with_capacity(here.len());
    for metric in PlottedMetric::ALL {
        values.clear();
        values.extend(here.iter().map(|(m, i)| f64::from(members[*m].of(metric).y.values()[*i])));
        let spread = Spread::of(&mut values);
        let mean = spread.map_or(f64::NAN, |s| s.mean);
        let std = spread.and_then(|s| s.std).unwrap_or(f64::NAN);
        let strand = means.of_mut(metric);
        strand.y.push(mean as f32);
        if let Some((low, high)) = &mut strand.band {
            low.push((mean - std) as f32);
            high.push((mean + std) as f32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f32]) -> Series {
        let mut series = Series::default();
        for (i, value) in values.iter().enumerate() {
            let step = (i + 1) as f64;
            series.train.at.push(step, step / 10.0, step * f64::from(*value));
            series.train.of_mut(PlottedMetric::Loss).y.push(*value);
            series.train.of_mut(PlottedMetric::Top1).y.push(f32::NAN);
            series.train.of_mut(PlottedMetric::LearningRate).y.push(0.01);
        }
        series
    }

    fn losses(group: &SeedGroup) -> &[f32] {
        group.series.train.of(PlottedMetric::Loss).y.values()
    }

    #[test]
    fn means_are_paired_by_step() {
        let (a, b, c) = (series(&[1.0, 2.0, 3.0, 9.0]), series(&[3.0, 4.0]), series(&[5.0, 6.0, 7.0]));
        let mut group = SeedGroup::new(vec![0, 1, 2]);
        group.follow(&[&a, &b, &c], SeriesChange::More);
        assert_eq!(losses(&group), [3.0, 4.0, 5.0, 9.0]);
        let (low, high) = group.series.train.of(PlottedMetric::Loss).band.as_ref().unwrap();
        assert_eq!((low.values()[0], high.values()[0]), (1.0, 5.0));
        assert!(low.values()[3].is_nan(), "one run has no spread");
        assert_eq!(group.series.train.at.on(XAxis::Time)[0], 3.0, "the mean time");
        assert!(group.series.train.of(PlottedMetric::Top1).y.values()[0].is_nan());
    }

    #[test]
    fn going_on_equals_working_it_out_at_once() {
        let values: Vec<f32> = (0..90).map(|i| (i as f32 * 0.3).sin()).collect();
        let whole = series(&values);
        let mut group = SeedGroup::new(vec![0, 1, 2]);
        for n in [0, 5, 40, 41, 90] {
            group.follow(&[&whole, &series(&values[..n]), &series(&values[..n / 2])], SeriesChange::More);
        }
        let mut at_once = SeedGroup::new(vec![0, 1, 2]);
        at_once.follow(&[&whole, &whole, &series(&values[..45])], SeriesChange::More);
        assert_eq!(losses(&group), losses(&at_once));
        assert_eq!(group.train.means, 45);
    }
}
