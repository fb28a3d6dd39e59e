//! Made-up runs, event by event as the engine would send them: the same every time. The one
//! place where tests make them.

// No test uses all of it.
#![allow(dead_code)]

use std::path::PathBuf;

use hiresnet_tui::domain::annotation::Annotation;
use hiresnet_tui::domain::event::{
    BlockActivity, Checkpoint, EVENT_VERSION, Event, EventKind, HopActivity, Outcome, Phase, RunStarted,
    Score, Split, SplitSizes,
};
use hiresnet_tui::domain::histogram::Histogram;
use hiresnet_tui::domain::params;
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::store::SavedRun;

/// Steps of an epoch, unless another number is asked for.
pub const PER_EPOCH: usize = 90;

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct Course {
    /// Steps after which the loss has fallen by a factor of e.
    pub pace: f64,
    /// What its noise is made of.
    pub salt: usize,
}

pub fn noise(i: usize, salt: usize) -> f64 {
    let mut x = (((i as u64) << 20) | salt as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) as f64 / u64::MAX as f64
}

pub fn loss_at(step: usize, pace: f64) -> f64 {
    0.25 + 2.1 * (-(step as f64) / pace).exp()
}

pub fn event(t: f64, kind: EventKind) -> Event {
    Event { v: EVENT_VERSION, t, kind }
}

pub fn score(loss: f64) -> Score {
    Score { loss, images: 1000, hits: (1000.0 * (1.0 - loss / 2.6)).max(0.0) as usize, hits5: None }
}

/// What a run says of itself when it begins.
pub fn started(spec: &ExperimentSpec, at: &str) -> RunStarted {
    let (training, test) = spec.dataset.images().unwrap_or((10_000, 2_000));
    RunStarted {
        spec: spec.clone(),
        device: "cpu".into(),
        instructions: Some("avx2".into()),
        parameters: params::count(&spec.architecture().unwrap()),
        images: SplitSizes { train: training / 10 * 9, validation: training / 10, test },
        steps_per_epoch: PER_EPOCH,
        program: "test".into(),
        at: at.into(),
        extends: None,
    }
}

/// The event with which a run begins.
pub fn begins(spec: &ExperimentSpec, at: &str) -> Event {
    RunEvents::new(spec, at).events.swap_remove(0)
}

/// The events of a run, to be added to.
pub struct RunEvents {
    pub spec: ExperimentSpec,
    pub events: Vec<Event>,
    per_epoch: usize,
}

/// What was measured of a term: F, or the hop from a source level, of a block.
pub type Measure<'a> = &'a dyn Fn(usize, Option<usize>) -> (f64, Option<Histogram>);

impl RunEvents {
    /// A run that has begun at `at`.
    pub fn new(spec: &ExperimentSpec, at: &str) -> Self {
        Self::of(started(spec, at))
    }

    /// A run that has begun with these facts.
    pub fn of(facts: RunStarted) -> Self {
        let (spec, per_epoch) = (facts.spec.clone(), facts.steps_per_epoch);
        Self { spec, events: vec![event(0.0, EventKind::RunStarted(Box::new(facts)))], per_epoch }
    }

    /// Something happens, so many seconds after it began.
    pub fn add(&mut self, t: f64, kind: EventKind) -> &mut Self {
        self.events.push(event(t, kind));
        self
    }

    /// Something happens a second later.
    pub fn then(&mut self, kind: EventKind) -> &mut Self {
        let t = self.events.last().map_or(0.0, |last| last.t + 1.0);
        self.add(t, kind)
    }

    /// Activations are measured.
    pub fn probe(&mut self, t: f64, epoch: usize, split: Split, measure: Measure) -> &mut Self {
        let kind = probed(&self.spec, epoch, split, measure);
        self.add(t, kind)
    }

    /// The first `steps` steps, with the epochs that end in them.
    pub fn train(&mut self, steps: usize, course: Course) -> &mut Self {
        let Course { pace, salt } = course;
        self.add(0.5, EventKind::Phase { phase: Phase::Preparing });
        let mut best = 0;
        for step in 1..=steps {
            let (epoch, t) = (step.div_ceil(self.per_epoch), 1.0 + step as f64 * 0.4);
            if step % self.per_epoch == 1 {
                self.add(t - 0.4, EventKind::EpochStarted { epoch, lr: 0.01 });
                self.add(t - 0.4, EventKind::Phase { phase: Phase::Training });
            }
            let loss = loss_at(step, pace) * (0.8 + 0.4 * noise(step, salt));
            let hits = (100.0 * (1.0 - loss / 3.0)) as usize;
            self.add(t, EventKind::Step { epoch, step, loss: loss as f32, images: 100, hits });
            if step % self.per_epoch == 0 {
                let validation = score(loss_at(step, pace) + 0.12 + 0.15 * noise(step, salt + 1));
                let is_best = validation.hits > best;
                best = best.max(validation.hits);
                self.add(t, EventKind::Phase { phase: Phase::Validating });
                let train = score(loss);
                self.add(t + 0.2, EventKind::EpochEnded { epoch, step, train, validation, best: is_best });
                self.probe(t + 0.2, epoch, Split::Validation, &|block, source| usual(epoch, block, source));
            }
        }
        self
    }

    /// The end of a run that was trained to its end, its best weights being of epoch `best`.
    pub fn complete(&mut self, best: usize) -> &mut Self {
        let t = self.events.last().map_or(0.0, |event| event.t);
        let tested = |checkpoint, epoch, loss| EventKind::Tested { checkpoint, epoch, score: score(loss) };
        let last = self.spec.epochs;
        self.add(t, EventKind::Phase { phase: Phase::Testing });
        self.add(t + 1.0, tested(Checkpoint::Best, best, 0.31 + 0.02 * (best % 4) as f64));
        self.add(t + 2.0, tested(Checkpoint::Last, last, 0.39));
        self.probe(t + 2.0, best, Split::Test, &|block, source| usual(best, block, source));
        self.add(t + 2.5, EventKind::Finished { outcome: Outcome::Completed, message: None })
    }

    /// What they add up to.
    pub fn state(&self) -> RunState {
        RunState::replay(&self.events)
    }
}

/// The mean |activation| of a term after an epoch.
fn usual(epoch: usize, block: usize, source: Option<usize>) -> (f64, Option<Histogram>) {
    let value = match source {
        None => 0.4 + 0.1 * block as f64 + 0.02 * epoch as f64,
        Some(source) => 0.35 / (1.0 + (block - source) as f64) + 0.01 * epoch as f64,
    };
    (value, None)
}

pub fn probed(spec: &ExperimentSpec, epoch: usize, split: Split, measure: Measure) -> EventKind {
    let hops = spec.hops().unwrap();
    let block = |block: usize| {
        let (residual, histogram) = measure(block, None);
        let hop = |source: usize| {
            let (value, histogram) = measure(block, Some(source));
            HopActivity { source, value, histogram }
        };
        let hops = hops.into_block(block).map(|it| hop(it.source)).collect();
        BlockActivity { block, residual, histogram, hops }
    };
    EventKind::Probed { epoch, split, blocks: (1..=spec.blocks.len()).map(block).collect() }
}

/// Everything that happens in a run up to its `steps`th step.
pub fn trains(spec: &ExperimentSpec, at: &str, steps: usize, course: Course) -> Vec<Event> {
    let mut run = RunEvents::new(spec, at);
    run.train(steps, course);
    run.events
}

/// The end of a run that was trained to its end.
pub fn ends(spec: &ExperimentSpec, t: f64, best: usize) -> Vec<Event> {
    let mut run = RunEvents::new(spec, "");
    run.events[0].t = t;
    run.complete(best).events.split_off(1)
}

/// Everything that happens in a run that is trained to its end.
pub fn whole(spec: &ExperimentSpec, at: &str, course: Course) -> Vec<Event> {
    let mut run = RunEvents::new(spec, at);
    let best = run.train(spec.epochs * PER_EPOCH, course).state().best_epoch().map_or(1, |epoch| epoch.epoch);
    run.complete(best);
    run.events
}

/// The whole record of a run that is trained to its end, as it has to be on a disk: every number
/// fits the spec and what came before.
pub fn record(line: &str, at: &str, salt: usize) -> Vec<Event> {
    let spec: ExperimentSpec = line.parse().unwrap();
    let images = SplitSizes { train: 9_000, validation: 1_000, test: 2_000 };
    let steps_per_epoch = images.train.div_ceil(spec.batch);
    let mut run = RunEvents::of(RunStarted { images, steps_per_epoch, ..started(&spec, at) });
    let pace = 2.0 * steps_per_epoch as f64;
    let scored = |loss: f64, images: usize| Score {
        images,
        hits: (images as f64 * (1.0 - loss / 2.6)).max(0.0) as usize,
        ..score(loss)
    };
    let spread = |block: usize, source: Option<usize>, epoch: usize| {
        let mut spread = Histogram::default();
        let value = |i: usize| (noise(i, salt + block + source.unwrap_or(9)) * 8.0 - 4.0) as f32;
        spread.add(&(0..200).map(value).collect::<Vec<_>>());
        (usual(epoch, block, source).0, Some(spread))
    };
    run.add(0.5, EventKind::Phase { phase: Phase::Preparing });
    let (mut best, mut most) = (1, None);
    for epoch in 1..=spec.epochs {
        let (mut hits, mut loss_sum) = (0, 0.0);
        run.then(EventKind::EpochStarted { epoch, lr: spec.schedule(steps_per_epoch).at_epoch(epoch) });
        run.then(EventKind::Phase { phase: Phase::Training });
        let begin = run.events.last().unwrap().t;
        for n in 1..=steps_per_epoch {
            let step = (epoch - 1) * steps_per_epoch + n;
            let images = spec.batch.min(images.train - (n - 1) * spec.batch);
            let loss = loss_at(step, pace) * (0.8 + 0.4 * noise(step, salt));
            let of = scored(loss, images);
            hits += of.hits;
            loss_sum += loss;
            run.add(
                begin + n as f64 * 0.01234,
                EventKind::Step { epoch, step, loss: loss as f32, images, hits: of.hits },
            );
        }
        let step = epoch * steps_per_epoch;
        run.then(EventKind::Phase { phase: Phase::Validating });
        let validation = scored(loss_at(step, pace) + 0.1 + 0.1 * noise(step, salt + 1), images.validation);
        let is_best = most.is_none_or(|most| validation.hits > most);
        if is_best {
            (best, most) = (epoch, Some(validation.hits));
        }
        let train = Score { hits, ..scored(loss_sum / steps_per_epoch as f64, images.train) };
        run.then(EventKind::EpochEnded { epoch, step, train, validation, best: is_best });
        let t = run.events.last().unwrap().t;
        run.probe(t, epoch, Split::Validation, &|block, source| spread(block, source, epoch));
    }
    run.then(EventKind::Phase { phase: Phase::Testing });
    run.then(EventKind::Tested {
        checkpoint: Checkpoint::Best,
        epoch: best,
        score: scored(0.3, images.test),
    });
    let t = run.events.last().unwrap().t;
    run.probe(t, best, Split::Test, &|block, source| spread(block, source, best));
    let last = scored(0.35, images.test);
    run.then(EventKind::Tested { checkpoint: Checkpoint::Last, epoch: spec.epochs, score: last });
    run.then(EventKind::Finished { outcome: Outcome::Completed, message: None });
    run.events
}

/// A run on disk, with all its steps.
pub fn saved(name: &str, line: &str, at: &str, course: Course) -> SavedRun {
    let spec: ExperimentSpec = line.parse().unwrap();
    let state = RunState::replay(&whole(&spec, at, course));
    SavedRun {
        path: PathBuf::from("runs").join(name),
        spec,
        state,
        torn: false,
        being_written: false,
        bytes: 0,
        annotation: Annotation::default(),
        annotation_error: None,
    }
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
