//! Scoring a split: loss, top-1, top-5, and the activations of Fig. 2 on the way.

use super::data::{DeviceBatch, Feed};
use super::model::{Mode, Network};
use super::ops::NetworkOps;
use super::ops::to_vec_f32;
use super::probe::Probe;
use crate::domain::event::{BlockActivity, Score, Split};
use crate::domain::term::Term;

/// A split's score and, of its first images, the activations.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Loss and hits over the whole split.
    pub score: Score,
    /// One entry a block; empty when nothing was probed.
    pub blocks: Vec<BlockActivity>,
}

/// What to score, and how.
#[derive(Debug, Clone, Copy)]
pub struct Task {
    /// Which images.
    pub split: Split,
    /// Images at a time.
    pub batch: usize,
    /// How many of the first images to probe.
    pub probe: usize,
    /// Batches between reading logits back; each read waits for the device.
    pub sync_interval: usize,
}

/// Scores `network` on what `feed` has, with its running statistics, calling `tick(done, total)` before
/// every batch and ending early with its error.
///
/// # Errors
/// Those of `tick`.
pub fn evaluate<B: NetworkOps, E>(
    network: &Network<B>,
    feed: &Feed<B>,
    task: Task,
    tick: impl FnMut(usize, usize) -> Result<(), E>,
) -> Result<Evaluation, E> {
    evaluate_without(network, feed, task, &[], tick)
}

/// As [`evaluate`], with the terms in `without` left out of the hierarchical sums.
///
/// # Errors
/// Those of `tick`.
pub fn evaluate_without<B: NetworkOps, E>(
    network: &Network<B>,
    feed: &Feed<B>,
    task: Task,
    without: &[Term],
    mut tick: impl FnMut(usize, usize) -> Result<(), E>,
) -> Result<Evaluation, E> {
    let total = feed.data().indices(task.split).len();
    let mut tally = Tally::new(feed.data().classes);
    let mut probe = Probe::default();
    let (mut fed, mut unread) = (0, Vec::new());
    for DeviceBatch { images, labels, .. } in feed.in_order(task.split, task.batch) {
        tick(fed, total)?;
        let before = fed;
        let probed = task.probe.saturating_sub(before);
        fed += labels.len();
        let logits = network.forward_watched(images, Mode::Eval, |term, value| {
            if probed > 0 {
                probe.take(term, value, before, probed);
            }
            !without.contains(&term)
        });
        unread.push((logits, labels));
        if unread.len() >= task.sync_interval || fed == total {
            for (logits, labels) in unread.drain(..) {
                tally.add(&to_vec_f32(logits), &labels);
            }
            probe.read_back();
        }
    }
    Ok(Evaluation { score: tally.score(), blocks: probe.blocks() })
}

/// Images, among rows of logits, whose class has the highest logit (the first of equals).
pub fn correct(logits: &[f32], labels: &[i32]) -> usize {
    let classes = logits.len() / labels.len().max(1);
    logits.chunks_exact(classes.max(1)).zip(labels).filter(|(row, label)| rank(row, **label) == 0).count()
}

/// How many classes come before `label` when logits are sorted from the highest, equal
/// ones by class. A logit that is no number comes before every other.
fn rank(row: &[f32], label: i32) -> usize {
    let label = label as usize;
    let own = row[label];
    row.iter().enumerate().filter(|(i, v)| !(**v < own || (**v == own && *i >= label)) && *i != label).count()
}

/// Losses and hits in double precision, so that their sum does not depend on the device.
struct Tally {
    loss: f64,
    images: usize,
    hits: usize,
    hits5: Option<usize>,
}

impl Tally {
    fn new(classes: usize) -> Self {
        Self { loss: 0.0, images: 0, hits: 0, hits5: (classes > 10).then_some(0) }
    }

    fn add(&mut self, logits: &[f32], labels: &[i32]) {
        let classes = logits.len() / labels.len().max(1);
        for (row, &label) in logits.chunks_exact(classes.max(1)).zip(labels) {
            let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f64 = row.iter().map(|v| f64::from(v - top).exp()).sum();
            self.loss += sum.ln() + f64::from(top) - f64::from(row[label as usize]);
            let rank = rank(row, label);
            self.hits += usize::from(rank == 0);
            if let Some(hits5) = &mut self.hits5 {
                *hits5 += usize::from(rank < 5);
            }
        }
        self.images += labels.len();
    }

    fn score(&self) -> Score {
        let loss = self.loss / self.images.max(1) as f64;
        Score { loss, images: self.images, hits: self.hits, hits5: self.hits5 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_and_hits_of_known_logits() {
        let mut tally = Tally::new(100);
        let mut row = vec![0.0f32; 100];
        row[7] = 3.0;
        tally.add(&row, &[7]);
        tally.add(&row, &[0]);
        tally.add(&row, &[99]);
        let s = tally.score();
        assert_eq!((s.images, s.hits, s.hits5), (3, 1, Some(2)));
        let log_sum = (99.0 + 3f64.exp()).ln();
        assert!((s.loss - (3.0 * log_sum - 3.0) / 3.0).abs() < 1e-12);
    }

    #[test]
    fn equal_logits_go_to_the_first_class_and_nan_is_never_a_hit() {
        assert_eq!(correct(&[1.0, 1.0, 1.0], &[0]), 1);
        assert_eq!(correct(&[1.0, 1.0, 1.0], &[2]), 0);
        assert_eq!(correct(&[f32::NAN; 3], &[0]), 0);
        assert_eq!(correct(&[f32::NAN, 2.0], &[1]), 0);
    }
}
