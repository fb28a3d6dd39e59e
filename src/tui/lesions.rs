//! What trained networks lose without some of their terms, as far as it has been scored,
//! and the lesions that are being scored.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::run::{RunId, TrackedRun};
use crate::domain::error::SpecError;
use crate::domain::event::{Checkpoint, Score};
use crate::domain::hops::HopSet;
use crate::domain::lesion::{Lesioned, LesionedWeights, lesions};
use crate::domain::spec::{ExperimentSpec, Version};
use crate::domain::term::{Term, terms};
use crate::domain::text::signed;

/// A loss of top-1 from which on it is no noise of a few images, percent points.
const NOTABLE: f64 = 1.0;

/// Losses that are less than this apart are of the same weights: a GPU does not add up in
/// the same order twice.
const SAME: f64 = 1e-4;

/// A score without some terms, and what it is against the intact network's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    /// Percent.
    pub top1: f64,
    /// Change of top-1, percent points; less than 0 is lost.
    pub change: f64,
    /// Mean cross-entropy, nats.
    pub loss: f64,
    /// What it has grown by.
    pub gained: f64,
}

impl Loss {
    /// `−8.5`: the change of top-1 as an arc's label has it.
    pub fn label(&self) -> String {
        signed(self.change, 1)
    }

    /// `78.80% (−8.50)`.
    pub fn short(&self) -> String {
        format!("{:.2}% ({})", self.top1, signed(self.change, 2))
    }

    /// `78.80% (−8.50), loss 0.6070 (+0.2218)`.
    pub fn full(&self) -> String {
        format!("{}, loss {:.4} ({})", self.short(), self.loss, signed(self.gained, 4))
    }

    /// Whether so much is lost that it should be noticed.
    pub fn is_notable(&self) -> bool {
        self.change <= -NOTABLE
    }
}

/// Terms as they are said: `0-2, F3`.
pub fn names(cuts: &[Term]) -> String {
    cuts.iter().map(Term::to_string).collect::<Vec<_>>().join(", ")
}

/// One run's lesions.
#[derive(Debug)]
pub struct Study {
    run: RunId,
    name: String,
    spec: ExperimentSpec,
    hops: HopSet,
    origin: Option<LesionedWeights>,
    /// The epoch whose weights are the run's best by now.
    best: Option<usize>,
    intact: Option<Score>,
    /// By what was left out, in the order of terms.
    scored: BTreeMap<Vec<Term>, Score>,
}

impl Study {
    fn of(run: &TrackedRun) -> Result<Self, SpecError> {
        Ok(Self {
            run: run.id,
            name: format!("{} s{}", run.spec.network_name(), run.spec.seed),
            hops: run.spec.hops()?,
            spec: run.spec.clone(),
            origin: None,
            best: None,
            intact: None,
            scored: BTreeMap::new(),
        })
    }

    /// Network and seed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The run that was scored.
    pub const fn run(&self) -> RunId {
        self.run
    }

    /// The hops of the trained network.
    pub const fn hops(&self) -> &HopSet {
        &self.hops
    }

    /// Every term of the trained network: hops, then F of every block.
    pub fn terms(&self) -> Vec<Term> {
        terms(&self.hops, self.spec.blocks.len())
    }

    /// The intact network's score, where it is known.
    pub const fn intact(&self) -> Option<&Score> {
        self.intact.as_ref()
    }

    /// Takes in a score. Weights that score otherwise when they are intact are others: the
    /// run has found a better epoch, and what is known of the old ones is no more.
    fn take(&mut self, lesioned: Lesioned) {
        let Lesioned { mut without, score } = lesioned;
        if without.is_empty() {
            let same = |old: &Score| old.hits == score.hits && (old.loss - score.loss).abs() < SAME;
            if !self.intact.as_ref().is_some_and(same) {
                self.scored.clear();
                self.origin = None;
            }
            self.intact = Some(score);
        } else {
            without.sort_unstable();
            self.scored.insert(without, score);
        }
    }

    /// What is lost without `cuts`, where that has been scored.
    pub fn without(&self, cuts: &[Term]) -> Option<Loss> {
        let intact = self.intact?;
        let score = self.scored.get(cuts)?;
        Some(Loss {
            top1: score.top1(),
            change: score.top1() - intact.top1(),
            loss: score.loss,
            gained: score.loss - intact.loss,
        })
    }

    /// By how much the change of top-1 without all of `cuts` differs from the sum of the changes
    /// without each of them alone, percent points; `None` where one of these is not known.
    pub fn interaction(&self, cuts: &[Term]) -> Option<f64> {
        let singles = cuts.iter().map(|cut| Some(self.without(&[*cut])?.change));
        let sum: f64 = singles.sum::<Option<f64>>()?;
        Some(self.without(cuts)?.change - sum)
    }

    /// `resnet+hires s0, best weights`; where the run has found better ones since, of which
    /// epoch these are.
    pub fn title(&self) -> String {
        let weights = self.origin.map_or(String::new(), |LesionedWeights { checkpoint, epoch }| {
            match (checkpoint, epoch, self.best) {
                (Checkpoint::Best, Some(epoch), Some(best)) if best > epoch => {
                    format!(", weights of epoch {epoch} (now best: {best})")
                }
                _ => format!(", {} weights", checkpoint.name()),
            }
        });
        format!("{}{weights}", self.name)
    }

    /// `lesions of resnet+hires s0, best weights: intact 87.30%`.
    pub fn summary(&self) -> Option<String> {
        Some(format!("lesions of {}: intact {:.2}%", self.title(), self.intact?.top1()))
    }

    /// Whether any lesion of `count` terms has been scored.
    pub fn has(&self, count: usize) -> bool {
        self.intact.is_some() && self.scored.keys().any(|cuts| cuts.len() == count)
    }

    /// Whether anything but the intact network has been scored.
    pub fn has_any(&self) -> bool {
        self.intact.is_some() && !self.scored.is_empty()
    }

    /// Those of `count` terms, the worst first.
    pub fn worst(&self, count: usize) -> Vec<(&[Term], Loss)> {
        self.worst_of(|cuts| cuts.len() == count)
    }

    /// Those that `is_wanted` wants, the worst first.
    pub fn worst_of(&self, is_wanted: impl Fn(&[Term]) -> bool) -> Vec<(&[Term], Loss)> {
        let those = self.scored.keys().filter(|cuts| is_wanted(cuts));
        let mut all: Vec<_> = those.filter_map(|cuts| Some((&cuts[..], self.without(cuts)?))).collect();
        all.sort_by(|a, b| a.1.change.total_cmp(&b.1.change).then(b.1.gained.total_cmp(&a.1.gained)));
        all
    }

    /// In which way the draft is another network than the one that was scored, in words;
    /// `None` where it is the same. How it is trained does not matter.
    pub fn unlike(&self, draft: &Draft) -> Option<&'static str> {
        match self.has_levels_of(draft) {
            false => Some("the draft is another network"),
            true if self.hops != *draft.hops() => Some("the draft has other hops"),
            true => None,
        }
    }

    /// Whether the draft is this network, or this one with some of its hops switched off.
    fn has_network_of(&self, draft: &Draft) -> bool {
        self.has_levels_of(draft) && self.hops.includes(draft.hops())
    }

    /// Whether the draft is this network but for its hops.
    fn has_levels_of(&self, draft: &Draft) -> bool {
        let spec = draft.spec();
        let trained = |spec: &ExperimentSpec| {
            (spec.family, spec.dataset, spec.blocks.clone(), spec.widths.clone(), spec.cardinality)
        };
        trained(spec) == trained(&self.spec) && is_adjusted(spec) == is_adjusted(&self.spec)
    }
}

fn is_adjusted(spec: &ExperimentSpec) -> bool {
    spec.version == Version::Adjusted
}

/// What the draft leaves out of the run `spec`, hops and F: nothing where it is that run;
/// `None` where it is neither that run nor that run without some of its hops.
pub fn left_out(draft: &Draft, spec: &ExperimentSpec) -> Option<Vec<Term>> {
    let hops = spec.hops().ok()?;
    let other = ExperimentSpec { version: spec.version.clone(), ..draft.spec().clone() };
    let is_it = other == *spec && is_adjusted(draft.spec()) == is_adjusted(spec);
    (is_it && hops.includes(draft.hops())).then(|| terms_off(draft, &hops))
}

/// The terms of a network with `hops` that are off in the draft.
pub fn terms_off(draft: &Draft, hops: &HopSet) -> Vec<Term> {
    let off = hops.iter().filter(|hop| !draft.hops().contains(*hop)).map(Term::Hop);
    off.chain(draft.without().map(Term::Residual)).collect()
}

/// Lesions that are being scored.
#[derive(Debug, Clone)]
pub struct RunningLesions {
    /// Whose.
    pub run: RunId,
    /// What is scored first.
    pub first: Vec<Term>,
    /// How many there are.
    pub total: usize,
    /// How many have been scored.
    pub done: usize,
    /// Whether each two terms are among them.
    pub pairs: bool,
    /// Whether they are being cancelled.
    pub ending: bool,
}

/// Every run's lesions.
#[derive(Debug, Default)]
pub struct Lesions {
    /// What was begun last is last.
    studies: Vec<Study>,
    running: Option<RunningLesions>,
}

impl Lesions {
    /// Those that are being scored.
    pub const fn running(&self) -> Option<&RunningLesions> {
        self.running.as_ref()
    }

    /// Those of a run.
    pub fn of(&self, run: RunId) -> Option<&Study> {
        self.studies.iter().find(|study| study.run == run)
    }

    /// Those of the draft's network: the current run's if they are, else the last ones.
    pub fn shown(&self, draft: &Draft, current: Option<RunId>) -> Option<&Study> {
        let own = current.and_then(|run| self.of(run));
        own.into_iter().chain(self.studies.iter().rev()).find(|study| study.has_network_of(draft))
    }

    /// Those that a table can list whatever the draft is: of its network where there are any,
    /// else the current run's, else the last ones.
    pub fn listed(&self, draft: &Draft, current: Option<RunId>) -> Option<&Study> {
        let own = current.and_then(|run| self.of(run)).filter(|study| study.intact.is_some());
        let any = || self.studies.iter().rev().find(|study| study.intact.is_some());
        self.shown(draft, current).filter(|study| study.intact.is_some()).or(own).or_else(any)
    }

    /// What has to be scored of a run, from which `cuts` are left out just now: these first,
    /// then each term (and with `pairs` each two) that is not known yet; without `cuts`, all
    /// anew.
    ///
    /// # Errors
    /// When the run is no network.
    pub fn wanted(
        &self,
        run: &TrackedRun,
        cuts: Vec<Term>,
        pairs: bool,
    ) -> Result<Vec<Vec<Term>>, SpecError> {
        let all = lesions(&run.spec.hops()?, run.spec.blocks.len(), pairs);
        if cuts.is_empty() {
            return Ok(all);
        }
        // A run that trains has found better weights by now, maybe.
        let study = self.of(run.id).filter(|_| !run.is_active());
        let is_known = |cuts: &Vec<Term>| study.is_some_and(|study| study.without(cuts).is_some());
        let rest: Vec<_> = all.into_iter().filter(|other| *other != cuts && !is_known(other)).collect();
        Ok(std::iter::once(cuts).chain(rest).collect())
    }

    /// Lesions of a run begin to be scored.
    ///
    /// # Errors
    /// When the run is no network.
    pub fn begin(&mut self, run: &TrackedRun, wanted: &[Vec<Term>], pairs: bool) -> Result<(), SpecError> {
        let place = self.studies.iter().position(|study| study.run == run.id);
        let study = match place {
            Some(place) => self.studies.remove(place),
            None => Study::of(run)?,
        };
        self.studies.push(study);
        self.moved_on(run.id, run.state.best_epoch().map(|best| best.epoch));
        let first = wanted.first().cloned().unwrap_or_default();
        self.running =
            Some(RunningLesions { run: run.id, first, total: wanted.len(), done: 0, pairs, ending: false });
        Ok(())
    }

    /// Takes in what is kept of a run's lesions, where nothing has been scored yet.
    pub fn restore(&mut self, run: &TrackedRun, weights: LesionedWeights, scored: Vec<Lesioned>) {
        if self.of(run.id).is_some() {
            return;
        }
        let Ok(mut study) = Study::of(run) else { return };
        study.best = run.state.best_epoch().map(|best| best.epoch);
        scored.into_iter().for_each(|lesioned| study.take(lesioned));
        study.origin = Some(weights);
        // What was scored here is shown first.
        self.studies.insert(0, study);
    }

    /// Those that are being scored are being cancelled.
    pub fn ending(&mut self) {
        if let Some(running) = &mut self.running {
            running.ending = true;
        }
    }

    /// Another one has been scored.
    pub fn scored(&mut self, run: RunId, lesioned: Lesioned) {
        if let Some(running) = self.running.as_mut().filter(|running| running.run == run) {
            running.done += usize::from(!lesioned.without.is_empty());
        }
        if let Some(study) = self.studies.iter_mut().find(|study| study.run == run) {
            study.take(lesioned);
        }
    }

    /// No more come; those that were being scored.
    pub fn ended(&mut self, run: RunId, origin: Option<LesionedWeights>) -> Option<RunningLesions> {
        if let Some(study) = self.studies.iter_mut().find(|study| study.run == run) {
            study.origin = origin.or(study.origin);
        }
        self.running.take_if(|running| running.run == run)
    }

    /// The best weights of `run` are those of epoch `best`.
    pub fn moved_on(&mut self, run: RunId, best: Option<usize>) {
        if let Some(study) = self.studies.iter_mut().find(|study| study.run == run) {
            study.best = best;
        }
    }

    /// A run is no more.
    pub fn forget(&mut self, run: RunId) {
        self.studies.retain(|study| study.run != run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_have_their_signs() {
        let loss = Loss { top1: 78.8, change: -8.5, loss: 0.607, gained: 0.2218 };
        assert_eq!(loss.full(), "78.80% (−8.50), loss 0.6070 (+0.2218)");
        assert!(loss.is_notable() && !Loss { change: -0.9, ..loss }.is_notable());
    }
}
