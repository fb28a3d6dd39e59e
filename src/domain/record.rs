//! Whether events can be a run's record.
//!
//! All but losses, activations and times follows from the spec and from what came before, so
//! every event is held against both when a record is read: one changed number would otherwise
//! be believed by every report, or be an epoch that somebody counts up to.

use super::event::{
    BlockActivity, Checkpoint, Event, EventKind, Outcome, RunResumed, RunStarted, Score, Split,
};
use super::params;
use super::spec::ExperimentSpec;

/// Longest time that a run can take, seconds: some thirty years.
const LONGEST: f64 = 1e9;
/// Most images in a split.
const MOST_IMAGES: usize = 1_000_000_000;
/// What a record most likely suffered that tells something twice.
const TWO_WRITERS: &str = "two programs seem to have written this record at the same time";
/// How far below zero rounding takes a loss, whose least value is zero.
const ROUNDING: f64 = 1e-3;

/// Takes in a record's events one after the other, and refuses the first that cannot be.
#[derive(Debug, Default)]
pub struct RecordCheck {
    /// Seconds at the last event.
    t: f64,
    run: Option<Run>,
    /// Whether the last event is of the run's end.
    is_over: bool,
}

/// What the events so far add up to.
#[derive(Debug)]
struct Run {
    facts: RunStarted,
    /// Epochs that have ended.
    ended: usize,
    /// Whether the next one has begun.
    has_begun: bool,
    /// Steps taken.
    step: usize,
    /// Hits of the steps in the current epoch.
    hits: usize,
    /// Epoch and top-1 of the best validation score.
    best: Option<(usize, f64)>,
}

impl RecordCheck {
    /// Takes in the next event.
    ///
    /// # Errors
    /// When it cannot come next in any record, with the reason.
    pub fn accept(&mut self, event: &Event) -> Result<(), String> {
        if !(0.0..=LONGEST).contains(&event.t) {
            return Err(format!("an event at {} seconds", event.t));
        }
        if event.t < self.t {
            return Err(format!("time runs backwards, from {} to {} seconds", self.t, event.t));
        }
        self.t = event.t;
        if self.is_over {
            return Err("an event after the run's end".into());
        }
        match (&event.kind, &mut self.run) {
            (EventKind::RunStarted(_), Some(_)) => {
                return Err(format!("a run that starts twice: {TWO_WRITERS}"));
            }
            (EventKind::RunStarted(facts), None) => self.run = Some(Run::new(facts)?),
            // The engine broke down before anything else.
            (EventKind::Finished { outcome: Outcome::Failed, .. }, None) => {}
            (_, None) => return Err("a run that has not started".into()),
            (kind, Some(run)) => run.accept(kind)?,
        }
        self.is_over = matches!(event.kind, EventKind::Finished { .. });
        Ok(())
    }

    /// That the steps until before `step`, which is one of the current epoch, were taken.
    ///
    /// # Errors
    /// When it is in no epoch that has begun.
    pub(super) fn skip_to(&mut self, step: usize) -> Result<(), String> {
        let run = self.run.as_mut().filter(|run| run.has_begun).ok_or("a step before any epoch")?;
        if step <= run.step || step > run.steps_until(run.ended + 1) {
            return Err(format!("step {step}, after {} epochs", run.ended));
        }
        run.step = step - 1;
        Ok(())
    }

    /// Epochs that have ended, and steps until then.
    pub(super) fn ended(&self) -> (usize, usize) {
        self.run.as_ref().map_or((0, 0), |run| (run.ended, run.steps_until(run.ended)))
    }

    /// Images of the next step.
    pub(super) fn next_images(&self) -> usize {
        self.run.as_ref().map_or(0, Run::next_images)
    }

    /// Whether an epoch has ended and the next one has not begun.
    pub fn is_between_epochs(&self) -> bool {
        self.run.as_ref().is_some_and(|run| run.ended > 0 && !run.has_begun)
    }

    /// The spec of the run, once it has started.
    pub fn spec(&self) -> Option<&ExperimentSpec> {
        self.run.as_ref().map(|run| &run.facts.spec)
    }
}

impl Run {
    fn new(facts: &RunStarted) -> Result<Self, String> {
        let (spec, images) = (&facts.spec, facts.images);
        let limits = [
            ("training", images.train, spec.train_limit),
            ("validation", images.validation, spec.val_limit),
            ("test", images.test, spec.test_limit),
        ];
        for (split, count, limit) in limits {
            let most = if limit == 0 { MOST_IMAGES } else { limit };
            if count > most {
                return Err(format!("{count} {split} images, of {most} at most"));
            }
        }
        let steps = images.train.div_ceil(spec.batch.max(1));
        if facts.steps_per_epoch != steps {
            return Err(format!("{} steps an epoch; its images make {steps}", facts.steps_per_epoch));
        }
        let parameters = params::count(&spec.architecture().map_err(|e| e.to_string())?);
        if facts.parameters != parameters {
            return Err(format!("{} parameters; its network has {parameters}", facts.parameters));
        }
        Ok(Self { facts: facts.clone(), ended: 0, has_begun: false, step: 0, hits: 0, best: None })
    }

    fn accept(&mut self, kind: &EventKind) -> Result<(), String> {
        match kind {
            EventKind::System(seen) => seen.check(),
            EventKind::RunStarted(_) | EventKind::Phase { .. } | EventKind::Paused | EventKind::Resumed => {
                Ok(())
            }
            EventKind::Continued(from) => self.continued(from),
            EventKind::EpochStarted { epoch, lr } => self.epoch_started(*epoch, *lr),
            EventKind::Step { epoch, step, loss, images, hits } => {
                self.is_next("a step", *epoch)?;
                self.stepped(*step, f64::from(*loss), *images, *hits)
            }
            EventKind::EpochEnded { epoch, step, train, validation, best } => {
                self.is_next("the end", *epoch)?;
                self.epoch_ended(*step, train, validation, *best)
            }
            EventKind::Probed { epoch, split, blocks } => self.probed(*epoch, *split, blocks),
            EventKind::Tested { checkpoint, epoch, score } => self.tested(*checkpoint, *epoch, score),
            EventKind::Tick { done, total } if done > total => Err(format!("{done} images of {total}")),
            EventKind::Tick { .. } | EventKind::Compiling { .. } | EventKind::BoardFailed { .. } => Ok(()),
            EventKind::Diverged { epoch, step, split, loss } => self.diverged(*epoch, *step, *split, loss),
            EventKind::Finished { outcome: Outcome::Completed, .. } if self.ended < self.epochs() => {
                Err(format!("complete after {} of {} epochs", self.ended, self.epochs()))
            }
            EventKind::Finished { .. } => Ok(()),
        }
    }

    const fn epochs(&self) -> usize {
        self.facts.spec.epochs
    }

    /// Steps at the end of `epoch`, which is one of the spec's.
    const fn steps_until(&self, epoch: usize) -> usize {
        epoch.saturating_mul(self.facts.steps_per_epoch)
    }

    /// That `epoch` is the one that has begun.
    fn is_next(&self, what: &str, epoch: usize) -> Result<(), String> {
        if epoch != self.ended + 1 || epoch > self.epochs() {
            return Err(format!("{what} of epoch {epoch}, after {} of {} epochs", self.ended, self.epochs()));
        }
        match self.has_begun {
            true => Ok(()),
            false => Err(format!("{what} of epoch {epoch}, which has not begun")),
        }
    }

    fn continued(&self, from: &RunResumed) -> Result<(), String> {
        match (from.epoch, from.step) == (self.ended + 1, self.step) {
            true => Ok(()),
            false => Err(format!(
                "it resumes at step {} in epoch {}, after {} steps and {} epochs",
                from.step, from.epoch, self.step, self.ended
            )),
        }
    }

    fn epoch_started(&mut self, epoch: usize, lr: f64) -> Result<(), String> {
        // A run that was stopped right there begins it again.
        let is_next = epoch == self.ended + 1 && self.step == self.steps_until(self.ended);
        if !is_next || epoch > self.epochs() {
            let (ended, epochs) = (self.ended, self.epochs());
            return Err(format!("the beginning of epoch {epoch}, after {ended} of {epochs} epochs"));
        }
        let planned = self.facts.spec.schedule(self.facts.steps_per_epoch).at_epoch(epoch);
        let is_planned = (lr - planned).abs() <= 1e-9 * planned;
        if !is_planned {
            return Err(format!("a learning rate of {lr} in epoch {epoch}, which has {planned}"));
        }
        (self.has_begun, self.hits) = (true, 0);
        Ok(())
    }

    /// Images of the next step, which is in the current epoch.
    fn next_images(&self) -> usize {
        let before = (self.step - self.steps_until(self.ended)) * self.facts.spec.batch;
        self.facts.spec.batch.min(self.facts.images.train.saturating_sub(before))
    }

    fn stepped(&mut self, step: usize, loss: f64, images: usize, hits: usize) -> Result<(), String> {
        if step != self.step + 1 || step > self.steps_until(self.ended + 1) {
            let again =
                if (1..=self.step).contains(&step) { format!(": {TWO_WRITERS}") } else { String::new() };
            return Err(format!("step {step}, after {} steps and {} epochs{again}", self.step, self.ended));
        }
        let batch = self.next_images();
        if images != batch {
            return Err(format!("{images} images in step {step}, which has {batch}"));
        }
        scored(&Score { loss, images, hits, hits5: None })?;
        self.step = step;
        self.hits += hits;
        Ok(())
    }

    fn epoch_ended(
        &mut self,
        step: usize,
        train: &Score,
        validation: &Score,
        best: bool,
    ) -> Result<(), String> {
        let (begin, end) = (self.steps_until(self.ended), self.steps_until(self.ended + 1));
        // Records without steps are whole in all else.
        if step != end || !(self.step == begin || self.step == end) {
            return Err(format!("an epoch that ends at step {step}, after {} of {end} steps", self.step));
        }
        let images = self.facts.images;
        for (score, count) in [(train, images.train), (validation, images.validation)] {
            scored_all(score, count)?;
        }
        if self.step == end && train.hits != self.hits {
            return Err(format!("{} hits in an epoch whose steps have {}", train.hits, self.hits));
        }
        let top1 = validation.top1();
        if best != self.best.is_none_or(|(_, before)| top1 > before) {
            let not = if best { "" } else { "not " };
            return Err(format!("a top-1 of {top1}% that is {not}the best so far"));
        }
        (self.ended, self.step, self.has_begun) = (self.ended + 1, step, false);
        if best {
            self.best = Some((self.ended, top1));
        }
        Ok(())
    }

    fn probed(&self, epoch: usize, split: Split, blocks: &[BlockActivity]) -> Result<(), String> {
        let wanted = match split {
            Split::Test => self.best.map(|(epoch, _)| epoch),
            Split::Validation | Split::Train => (self.ended > 0).then_some(self.ended),
        };
        if wanted != Some(epoch) || split == Split::Train {
            return Err(format!("activations in epoch {epoch}, after {} epochs", self.ended));
        }
        let hops = self.facts.spec.hops().map_err(|e| e.to_string())?;
        if blocks.len() != self.facts.spec.blocks.len() {
            let of = self.facts.spec.blocks.len();
            return Err(format!("activations of {} blocks; its network has {of}", blocks.len()));
        }
        for (number, block) in (1..).zip(blocks) {
            let sources = block.hops.iter().map(|hop| hop.source);
            if block.block != number || !sources.eq(hops.into_block(number).map(|hop| hop.source)) {
                return Err(format!("activations of hops that block {number} does not have"));
            }
            let mut values = std::iter::once(block.residual).chain(block.hops.iter().map(|hop| hop.value));
            if let Some(value) = values.find(|value| !(value.is_finite() && *value >= 0.0)) {
                return Err(format!("a mean |activation| of {value}"));
            }
            let spreads = block.hops.iter().map(|hop| &hop.histogram).chain([&block.histogram]);
            let mut totals = spreads.flatten().map(|spread| spread.total());
            let first = totals.next();
            if totals.any(|total| Some(total) != first) {
                return Err(format!("histograms of block {number} of unlike numbers of values"));
            }
        }
        Ok(())
    }

    fn tested(&self, checkpoint: Checkpoint, epoch: usize, score: &Score) -> Result<(), String> {
        let wanted = match checkpoint {
            Checkpoint::Best => self.best.map(|(epoch, _)| epoch),
            Checkpoint::Last => Some(self.ended),
        };
        if self.ended < self.epochs() || wanted != Some(epoch) {
            let name = checkpoint.name();
            return Err(format!(
                "a test of the {name} weights in epoch {epoch}, after {} epochs",
                self.ended
            ));
        }
        scored_all(score, self.facts.images.test)
    }

    fn diverged(&self, epoch: usize, step: usize, split: Split, loss: &str) -> Result<(), String> {
        let (at, within) = match split {
            Split::Train => (self.step + 1, self.ended + 1..=self.ended + 1),
            Split::Validation => (self.step, self.ended + 1..=self.ended + 1),
            Split::Test => (self.step, 1..=self.ended),
        };
        if step != at || !within.contains(&epoch) || !["NaN", "inf", "-inf"].contains(&loss) {
            let (steps, ended) = (self.step, self.ended);
            return Err(format!(
                "a divergence at step {step} in epoch {epoch}, after {steps} steps and {ended} epochs"
            ));
        }
        Ok(())
    }
}

/// That these are the loss and the hits of some images.
fn scored(score: &Score) -> Result<(), String> {
    let Score { loss, images, hits, hits5 } = *score;
    if !(loss.is_finite() && loss >= -ROUNDING) {
        return Err(format!("a loss of {loss}"));
    }
    match hits > images || hits5.is_some_and(|hits5| hits5 < hits || hits5 > images) {
        true => Err(format!("{hits} hits among {images} images")),
        false => Ok(()),
    }
}

/// The same, of `count` images.
fn scored_all(score: &Score, count: usize) -> Result<(), String> {
    if score.images != count {
        return Err(format!("a score of {} images, of which there are {count}", score.images));
    }
    scored(score)
}
