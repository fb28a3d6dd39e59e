//! Every number that a run recorded, by one vocabulary for all formats.

use std::collections::HashMap;

use crate::domain::event::{Event, EventKind, Split};

/// One recorded number.
#[derive(Debug, Clone, PartialEq)]
pub struct CurvePoint {
    /// Such as `loss/validation` or `activation/block3/from0`.
    pub metric: String,
    /// From 1; of the weights where it was measured after training.
    pub epoch: usize,
    /// Training steps taken by then.
    pub step: usize,
    /// Seconds since the run started.
    pub t: f64,
    /// Nats for losses, percent for top-1 and top-5.
    pub value: f64,
}

/// The points of a run, in the order in which they were recorded.
pub fn points(events: &[Event]) -> Vec<CurvePoint> {
    let mut points = Vec::new();
    // The last step, and that at the end of each epoch.
    let (mut step, mut ends) = (0, HashMap::new());
    for event in events {
        let mut add = |metric: &str, epoch, step, value| {
            points.push(CurvePoint { metric: metric.to_owned(), epoch, step, t: event.t, value });
        };
        match &event.kind {
            EventKind::EpochStarted { epoch, lr } => add("lr", *epoch, step, *lr),
            EventKind::Step { epoch, step: now, loss, .. } => {
                step = *now;
                add("loss/train_step", *epoch, step, f64::from(*loss));
            }
            EventKind::EpochEnded { epoch, step: now, train, validation, .. } => {
                step = *now;
                ends.insert(*epoch, step);
                for (split, score) in [("train", train), ("validation", validation)] {
                    add(&format!("loss/{split}"), *epoch, step, score.loss);
                    add(&format!("top1/{split}"), *epoch, step, score.top1());
                    if let Some(top5) = score.top5() {
                        add(&format!("top5/{split}"), *epoch, step, top5);
                    }
                }
            }
            EventKind::Probed { epoch, split, blocks } => {
                // Of the weights of an epoch before, where they are the best.
                let step = ends.get(epoch).copied().unwrap_or(step);
                let what = activations(*split);
                for block in blocks {
                    let n = block.block;
                    add(&format!("{what}/block{n}/F"), *epoch, step, block.residual);
                    for hop in &block.hops {
                        add(&format!("{what}/block{n}/from{}", hop.source), *epoch, step, hop.value);
                    }
                }
            }
            EventKind::Tested { checkpoint, epoch, score } => {
                let step = ends.get(epoch).copied().unwrap_or(step);
                let name = checkpoint.name();
                add(&format!("loss/test_{name}"), *epoch, step, score.loss);
                add(&format!("top1/test_{name}"), *epoch, step, score.top1());
                if let Some(top5) = score.top5() {
                    add(&format!("top5/test_{name}"), *epoch, step, top5);
                }
            }
            _ => {}
        }
    }
    points
}

/// What activations measured on a split are called.
pub fn activations(split: Split) -> &'static str {
    match split {
        Split::Train => "activation_train",
        Split::Validation => "activation",
        Split::Test => "activation_test",
    }
}
