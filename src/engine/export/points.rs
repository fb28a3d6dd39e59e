//! Every number that a run recorded, by one vocabulary for all formats.

use std::collections::HashMap;

use crate::domain::event::{Event, EventKind, Split};
use crate::domain::schedule::Schedule;

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
    /// Nats for losses (NaN or infinite where the run diverged), percent for top-1, top-5 and
    /// loads, MiB for memory, degrees Celsius for temperatures.
    pub value: f64,
}

/// Turns a run's events into points, in the order in which they were recorded.
#[derive(Debug, Default)]
pub struct CurveReader {
    /// The last step, and the epoch that began last.
    step: usize,
    epoch: usize,
    /// That at the end of each epoch.
    ends: HashMap<usize, usize>,
    /// Where the learning rate changes within epochs.
    schedule: Option<Schedule>,
}

impl CurveReader {
    /// Steps that the weights of `epoch` have taken.
    pub fn step_of(&self, epoch: usize) -> usize {
        self.ends.get(&epoch).copied().unwrap_or(self.step)
    }

    /// Adds the points of the next event.
    pub fn read(&mut self, event: &Event, points: &mut Vec<CurvePoint>) {
        let mut add = |metric: &str, epoch, step, value| {
            points.push(CurvePoint { metric: metric.to_owned(), epoch, step, t: event.t, value });
        };
        match &event.kind {
            EventKind::RunStarted(facts) => {
                let schedule = facts.spec.schedule(facts.steps_per_epoch);
                self.schedule = Some(schedule).filter(Schedule::changes_by_step);
            }
            EventKind::EpochStarted { epoch, lr } => {
                self.epoch = *epoch;
                if self.schedule.is_none() {
                    add("lr", *epoch, self.step, *lr);
                }
            }
            EventKind::Step { epoch, step: now, loss, .. } => {
                // With which the step was taken, from where the one before it had led.
                if let Some(schedule) = &self.schedule {
                    add("lr", *epoch, now.saturating_sub(1), schedule.at(now.saturating_sub(1)));
                }
                self.step = *now;
                add("loss/train_step", *epoch, self.step, f64::from(*loss));
            }
            EventKind::EpochEnded { epoch, step: now, train, validation, .. } => {
                self.step = *now;
                self.ends.insert(*epoch, self.step);
                for (split, score) in [("train", train), ("validation", validation)] {
                    add(&format!("loss/{split}"), *epoch, self.step, score.loss);
                    add(&format!("top1/{split}"), *epoch, self.step, score.top1());
                    if let Some(top5) = score.top5() {
                        add(&format!("top5/{split}"), *epoch, self.step, top5);
                    }
                }
            }
            EventKind::Probed { epoch, split, blocks } => {
                // Of the weights of an epoch before, where they are the best.
                let step = self.step_of(*epoch);
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
                let step = self.step_of(*epoch);
                let name = checkpoint.name();
                add(&format!("loss/test_{name}"), *epoch, step, score.loss);
                add(&format!("top1/test_{name}"), *epoch, step, score.top1());
                if let Some(top5) = score.top5() {
                    add(&format!("top5/test_{name}"), *epoch, step, top5);
                }
            }
            EventKind::System(seen) => {
                for (name, value) in seen.numbers() {
                    add(&format!("system/{name}"), self.epoch, self.step, value);
                }
            }
            // The loss that ended it is no number, and is where the others are.
            EventKind::Diverged { epoch, step, split, loss } => {
                let metric = match split {
                    Split::Train => "loss/train_step",
                    Split::Validation => "loss/validation",
                    Split::Test => "loss/test",
                };
                add(metric, *epoch, *step, loss.parse().unwrap_or(f64::NAN));
            }
            _ => {}
        }
    }
}

/// The points of a run, in the order in which they were recorded.
pub fn points(events: &[Event]) -> Vec<CurvePoint> {
    let (mut reader, mut points) = (CurveReader::default(), Vec::new());
    events.iter().for_each(|event| reader.read(event, &mut points));
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
