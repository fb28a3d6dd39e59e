//! The rows of `metrics.csv`, which is made from a run's events.

use serde::Serialize;

use crate::domain::run_state::EpochRecord;

/// One line of `metrics.csv`.
#[derive(Debug, Serialize)]
pub(super) struct MetricsRow {
    epoch: usize,
    step: usize,
    seconds: f64,
    lr: f64,
    train_loss: f64,
    train_top1: f64,
    val_loss: f64,
    val_top1: f64,
    val_top5: Option<f64>,
    /// Empty where an epoch was too short to measure.
    images_per_s: Option<f64>,
    best: bool,
}

/// Its first line; a run that ends before its first epoch has no other.
pub(super) const COLUMNS: [&str; 11] = [
    "epoch",
    "step",
    "seconds",
    "lr",
    "train_loss",
    "train_top1",
    "val_loss",
    "val_top1",
    "val_top5",
    "images_per_s",
    "best",
];

impl MetricsRow {
    /// Of a finished epoch.
    pub fn new(e: &EpochRecord, best: bool) -> Self {
        Self {
            epoch: e.epoch,
            step: e.step,
            seconds: e.t,
            lr: e.lr,
            train_loss: e.train.loss,
            train_top1: e.train.top1(),
            val_loss: e.validation.loss,
            val_top1: e.validation.top1(),
            val_top5: e.validation.top5(),
            images_per_s: e.images_per_s.map(|rate| (rate * 10.0).round() / 10.0),
            best,
        }
    }
}
