//! Whether a [condensed](RunState::condense) state can be that of a record.
//!
//! It is told as events once more, which are held against the rules that a record's are.

use super::event::{EVENT_VERSION, Event, EventKind, Split};
use super::record::RecordCheck;
use super::run_state::{EpochRecord, RunState, StepPoint};

/// Holds `state` against the rules of records. What comes after it in the record can be
/// held against what comes back, where it [is between epochs](RecordCheck::is_between_epochs).
///
/// # Errors
/// When no record leads to it, with the reason.
pub fn check_condensed(state: &RunState) -> Result<RecordCheck, String> {
    let mut check = RecordCheck::default();
    let accept =
        |check: &mut RecordCheck, t: f64, kind: EventKind| check.accept(&Event { v: EVENT_VERSION, t, kind });
    let facts = state.started.as_ref().ok_or("a run that has not started")?;
    accept(&mut check, 0.0, EventKind::RunStarted(Box::new(facts.clone())))?;
    let (mut best, mut top1, mut before) = (None, f64::NEG_INFINITY, 0.0);
    for (index, record) in state.epochs.iter().enumerate() {
        let &EpochRecord { epoch, step, t, lr, train, validation, images_per_s } = record;
        if images_per_s.is_some_and(|rate| rate < 0.0) {
            return Err(format!("{images_per_s:?} images a second"));
        }
        let is_best = validation.top1() > top1;
        if is_best {
            (best, top1) = (Some(index), validation.top1());
        }
        accept(&mut check, before, EventKind::EpochStarted { epoch, lr })?;
        accept(&mut check, t, EventKind::EpochEnded { epoch, step, train, validation, best: is_best })?;
        before = t;
    }
    if state.best != best {
        return Err(format!("the best of its epochs is not {:?}", state.best));
    }
    let (ended, steps) = check.ended();
    if state.epoch < ended {
        return Err(format!("epoch {}, after {ended} epochs", state.epoch));
    }
    if state.epoch > ended {
        accept(&mut check, before, EventKind::EpochStarted { epoch: state.epoch, lr: state.lr })?;
    }
    match state.steps.as_slice() {
        [] => {}
        [last] if last.step > steps => {
            check.skip_to(last.step)?;
            let kind = step(last, check.next_images())?;
            accept(&mut check, last.t.max(before), kind)?;
        }
        [last] if last.epoch == last.step.div_ceil(facts.steps_per_epoch.max(1)) => {
            step(last, facts.spec.batch)?;
        }
        [last] => return Err(format!("step {} in epoch {}", last.step, last.epoch)),
        _ => return Err("more than one step".into()),
    }
    let end = state.t;
    for (checkpoint, epoch, score) in &state.tests {
        let (checkpoint, epoch, score) = (*checkpoint, *epoch, *score);
        accept(&mut check, end, EventKind::Tested { checkpoint, epoch, score })?;
    }
    for probe in &state.probes {
        let (epoch, split, blocks) = (probe.epoch, probe.split, probe.blocks.clone());
        accept(&mut check, end, EventKind::Probed { epoch, split, blocks })?;
    }
    if let Some((epoch, step, loss)) = &state.divergence {
        // Where it was seen follows from when.
        let split = match *step > state.step() {
            true => Split::Train,
            false if *epoch > ended => Split::Validation,
            false => Split::Test,
        };
        accept(
            &mut check,
            end,
            EventKind::Diverged { epoch: *epoch, step: *step, split, loss: loss.clone() },
        )?;
    }
    match state.system.as_slice() {
        [] => {}
        [(t, seen)] if (0.0..=end).contains(t) => seen.check()?,
        [(t, _)] => return Err(format!("a sample of the machine's use at second {t} of {end}")),
        _ => return Err("more than one sample of the machine's use".into()),
    }
    let last = match state.outcome {
        Some(outcome) => EventKind::Finished { outcome, message: state.message.clone() },
        // Something was the last event.
        None => EventKind::Paused,
    };
    accept(&mut check, end, last)?;
    if state.clocks().any(|seconds| !(0.0..=end + 1.0).contains(&seconds)) {
        return Err(format!("a run of {end} seconds, which knows of other times"));
    }
    // Neither is recorded.
    if state.scored.is_some() || state.compiling.is_some() {
        return Err("what no record tells".into());
    }
    Ok(check)
}

/// A step as an event, of so many images.
fn step(point: &StepPoint, images: usize) -> Result<EventKind, String> {
    let StepPoint { step, epoch, loss, top1, .. } = *point;
    if step == 0 || !(0.0..=100.0).contains(&top1) || !loss.is_finite() {
        return Err(format!("step {step} with a top-1 of {top1}% and a loss of {loss}"));
    }
    let hits = (top1 / 100.0 * images as f64).round() as usize;
    Ok(EventKind::Step { epoch, step, loss, images, hits })
}
