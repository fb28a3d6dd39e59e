//! Runs as the engine would tell of them: the same every time.

use std::path::PathBuf;

use hiresnet_tui::domain::event::{
    BlockActivity, Checkpoint, EVENT_VERSION, Event, EventKind, HopActivity, Outcome, Phase, RunStarted,
    Score, Split, SplitSizes,
};
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::store::SavedRun;

/// Steps of an epoch.
pub const PER_EPOCH: usize = 90;

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// Steps after which the loss has fallen by a factor of e.
    pub pace: f64,
    /// What its noise is made of.
    pub salt: usize,
}

fn noise(i: usize, salt: usize) -> f64 {
    let mut x = (((i as u64) << 20) | salt as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) as f64 / u64::MAX as f64
}

fn loss_at(step: usize, pace: f64) -> f64 {
    0.25 + 2.1 * (-(step as f64) / pace).exp()
}

pub fn event(t: f64, kind: EventKind) -> Event {
    Event { v: EVENT_VERSION, t, kind }
}

pub fn score(loss: f64) -> Score {
    Score { loss, images: 1000, hits: (1000.0 * (1.0 - loss / 2.6)).max(0.0) as usize, hits5: None }
}

/// What a run tells before its first step.
pub fn begins(spec: &ExperimentSpec, at: &str) -> Event {
    let (training, test) = spec.dataset.images().unwrap_or((10_000, 2_000));
    let started = RunStarted {
        spec: spec.clone(),
        device: "cpu".into(),
        instructions: Some("avx2".into()),
        parameters: 273_466,
        images: SplitSizes { train: training / 10 * 9, validation: training / 10, test },
        steps_per_epoch: PER_EPOCH,
        program: "test".into(),
        at: at.into(),
    };
    event(0.0, EventKind::RunStarted(Box::new(started)))
}

/// The measurement of Fig. 2 after an epoch.
fn probed(spec: &ExperimentSpec, epoch: usize, split: Split) -> EventKind {
    let hops = spec.hops().unwrap();
    let block = |target: usize| BlockActivity {
        block: target,
        residual: 0.4 + 0.1 * target as f64 + 0.02 * epoch as f64,
        histogram: None,
        hops: hops
            .into_block(target)
            .map(|hop| HopActivity {
                source: hop.source,
                value: 0.35 / (1.0 + hop.order() as f64) + 0.01 * epoch as f64,
                histogram: None,
            })
            .collect(),
    };
    EventKind::Probed { epoch, split, blocks: (1..=spec.blocks.len()).map(block).collect() }
}

/// Everything a run tells up to its `steps`th step.
pub fn trains(spec: &ExperimentSpec, at: &str, steps: usize, course: Course) -> Vec<Event> {
    let Course { pace, salt } = course;
    let mut events = vec![begins(spec, at), event(0.5, EventKind::Phase { phase: Phase::Preparing })];
    let mut best = 0;
    for step in 1..=steps {
        let (epoch, t) = (step.div_ceil(PER_EPOCH), 1.0 + step as f64 * 0.4);
        if step % PER_EPOCH == 1 {
            events.push(event(t - 0.4, EventKind::EpochStarted { epoch, lr: 0.01 }));
            events.push(event(t - 0.4, EventKind::Phase { phase: Phase::Training }));
        }
        let loss = loss_at(step, pace) * (0.8 + 0.4 * noise(step, salt));
        let hits = (100.0 * (1.0 - loss / 3.0)) as usize;
        events.push(event(t, EventKind::Step { epoch, step, loss: loss as f32, images: 100, hits }));
        if step % PER_EPOCH == 0 {
            let validation = score(loss_at(step, pace) + 0.12 + 0.15 * noise(step, salt + 1));
            let is_best = validation.hits > best;
            best = best.max(validation.hits);
            let (train, kind) = (score(loss), EventKind::Phase { phase: Phase::Validating });
            events.push(event(t, kind));
            let ended = EventKind::EpochEnded { epoch, step, train, validation, best: is_best };
            events.push(event(t + 0.2, ended));
            events.push(event(t + 0.2, probed(spec, epoch, Split::Validation)));
        }
    }
    events
}

/// The end of a run that was trained to its end.
pub fn ends(spec: &ExperimentSpec, t: f64, best: usize) -> Vec<Event> {
    let tested = |checkpoint, epoch, loss| EventKind::Tested { checkpoint, epoch, score: score(loss) };
    vec![
        event(t, EventKind::Phase { phase: Phase::Testing }),
        event(t + 1.0, tested(Checkpoint::Best, best, 0.31 + 0.02 * (best % 4) as f64)),
        event(t + 2.0, tested(Checkpoint::Last, spec.epochs, 0.39)),
        event(t + 2.0, probed(spec, best, Split::Test)),
        event(t + 2.5, EventKind::Finished { outcome: Outcome::Completed, message: None }),
    ]
}

/// Everything a run tells that is trained to its end.
pub fn whole(spec: &ExperimentSpec, at: &str, course: Course) -> Vec<Event> {
    let mut events = trains(spec, at, spec.epochs * PER_EPOCH, course);
    let best = RunState::replay(&events).best_epoch().map_or(1, |epoch| epoch.epoch);
    let t = events.last().map_or(0.0, |event| event.t);
    events.extend(ends(spec, t, best));
    events
}

/// A run on disk, with all its steps.
pub fn saved(name: &str, line: &str, at: &str, course: Course) -> SavedRun {
    let spec: ExperimentSpec = line.parse().unwrap();
    let state = RunState::replay(&whole(&spec, at, course));
    SavedRun { path: PathBuf::from("runs").join(name), spec, state, torn: false, being_written: false }
}

/// The same as a search finds it: with the last of its steps only.
pub fn last_step_only(mut run: SavedRun) -> SavedRun {
    run.state.steps = run.state.steps.last().copied().into_iter().collect();
    run
}

/// Three ended runs that differ in their hops.
pub fn three() -> Vec<SavedRun> {
    let of = |name: &str, version: &str, at: &str, pace: f64, salt: usize| {
        saved(name, &format!("resnet{version}@fashion-embedded epochs=10"), at, Course { pace, salt })
    };
    vec![
        of("original", "", "2026-01-01T10:00:00Z", 240.0, 1),
        of("all", "+hires", "2026-01-02T11:30:00Z", 120.0, 2),
        of("orders", "+hires[P1,P2]", "2026-01-03T12:45:00Z", 160.0, 3),
    ]
}
