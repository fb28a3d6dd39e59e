//! The training loop, from the first step to the test score.
//!
//! It is a plain function: it hands every event to a callback and does what the callback
//! returns. It knows no files, threads or screens.

use std::path::Path;
use std::time::Instant;

use burn::module::AutodiffModule;
use burn::optim::{GradientsParams, Optimizer};
use burn::tensor::{Int, Tensor};

use super::adam::{self, Adam, NetworkAdam};
use super::data::{Dataset, DeviceBatch, Feed, TrainedOn, epoch_order};
use super::device::DeviceContext;
use super::error::{EngineError, Result};
use super::evaluate::{Evaluation, Task, evaluate, floats, hits};
use super::model::{Mode, Network, Weights, trainable_parameters};
use super::ops::TrainingBackend;
pub use super::reporter::Report;
use super::reporter::{End, Flow, Reporter};
use super::snapshot::{Best, Position, Snapshot};
use crate::domain::event::{
    Checkpoint, Continued, Control, EventKind, Outcome, Phase, RunStarted, Split, SplitSizes,
};
use crate::domain::spec::ExperimentSpec;

/// Where a run begins, and how often it can be gone on with.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Where an earlier process left it; `None` for the first step.
    pub from: Option<Snapshot>,
    /// Steps between snapshots, besides those at the end of each epoch and where the run is
    /// told to stop; 0 for these only.
    pub snapshot_every: usize,
}

/// Trains `spec` on `data` as `plan` says, reporting as it goes, and returns how it ended.
///
/// A run that goes on from a snapshot takes the same steps, to the bit, that it would have
/// taken without the interruption.
///
/// # Errors
/// When the spec does not describe a network, or the snapshot is of another.
pub fn train<B: TrainingBackend>(
    spec: &ExperimentSpec,
    data: &Dataset,
    context: &DeviceContext<B::Device>,
    plan: Plan,
    report: &mut dyn FnMut(Report) -> Control,
) -> Result<Outcome> {
    let architecture = spec.architecture()?;
    let network = Network::<B>::new(&architecture, spec.seed, &context.device);
    let parameters = trainable_parameters(&network);
    let (state, first) = match plan.from {
        None => {
            let facts = RunStarted {
                spec: spec.clone(),
                device: context.name.clone(),
                instructions: context.instructions.map(str::to_owned),
                parameters,
                images: data.sizes(),
                steps_per_epoch: data.sizes().train.div_ceil(spec.batch),
                program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).into(),
                at: now(),
            };
            (State::new(spec, network), EventKind::RunStarted(Box::new(facts)))
        }
        Some(snapshot) => {
            let state = State::resumed(spec, data, network, snapshot, context)?;
            let facts = Continued {
                epoch: state.position.epoch,
                step: state.position.step,
                device: context.name.clone(),
                instructions: context.instructions.map(str::to_owned),
                at: now(),
            };
            (state, EventKind::Continued(facts))
        }
    };
    let out = Reporter { report, start: Instant::now(), before: state.position.t };
    let snapshot_every = plan.snapshot_every;
    let mut run = Run { spec, data, context, out, state, snapshot_every, warm: false, testing: false };
    let ended = run.out.tell(first).and_then(|()| run.epochs());
    let outcome = match ended {
        Ok(()) => Outcome::Completed,
        Err(end) => {
            if let Some(network) = &run.state.network {
                run.out.keep(Checkpoint::Last, &Weights::of(&network.valid()));
            }
            match end {
                End::Stopped => {
                    // While testing, the snapshot of the last epoch's end is the one to go on from.
                    if !run.testing {
                        run.snapshot();
                    }
                    Outcome::Stopped
                }
                End::Diverged { epoch, step, split, loss } => {
                    let loss = loss.to_string();
                    run.out.send(EventKind::Diverged { epoch, step, split, loss });
                    Outcome::Diverged
                }
            }
        }
    };
    run.out.send(EventKind::Finished { outcome, message: None });
    Ok(outcome)
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%FT%TZ").to_string()
}

/// All that changes from step to step.
struct State<B: TrainingBackend> {
    /// The weights as they are; `None` only within a step.
    network: Option<Network<B>>,
    adam: NetworkAdam<B>,
    best: Option<Best<Network<B::InnerBackend>>>,
    position: Position,
}

impl<B: TrainingBackend> State<B> {
    fn new(spec: &ExperimentSpec, network: Network<B>) -> Self {
        Self { network: Some(network), adam: Adam::of::<B>(spec), best: None, position: Position::start() }
    }

    fn resumed(
        spec: &ExperimentSpec,
        data: &Dataset,
        network: Network<B>,
        from: Snapshot,
        context: &DeviceContext<B::Device>,
    ) -> Result<Self> {
        let here = data.print();
        if from.data != here {
            return Err(other_data(&from.data, &here));
        }
        let place = Path::new("checkpoint");
        let network = from.weights.load_into(network, place)?;
        let adam = adam::with_moments(Adam::of::<B>(spec), &network, &from.adam, &context.device)
            .map_err(|reason| EngineError::run(place, reason))?;
        let best = match from.best {
            Some(Best { epoch, top1, weights }) => {
                Some(Best { epoch, top1, weights: weights.load_into(network.valid(), place)? })
            }
            None => None,
        };
        Ok(Self { network: Some(network), adam, best, position: from.position })
    }
}

/// Half a run on one set of images and half on another would be a run of neither.
fn other_data(began: &TrainedOn, here: &TrainedOn) -> EngineError {
    let sizes = |on: &TrainedOn| {
        let SplitSizes { train, validation, test } = on.images;
        format!("{train} training, {validation} validation and {test} test images")
    };
    let other = if began.images == here.images { " with other pixels" } else { "" };
    let reason = format!(
        "the run began on {}, and the data here are {}{other}: go on with the same data, or begin anew in another folder",
        sizes(began),
        sizes(here)
    );
    EngineError::run("checkpoint", reason)
}

/// Forward and backward over one batch.
pub struct Pass<B: TrainingBackend> {
    /// `[batch, classes]`.
    pub logits: Tensor<B::InnerBackend, 2>,
    /// Mean cross-entropy, `[1]`.
    pub loss: Tensor<B::InnerBackend, 1>,
    /// By parameter.
    pub gradients: GradientsParams,
}

/// One forward and backward pass in training mode over images `[batch, 3, size, size]` of
/// the classes `[batch]`.
pub fn pass<B: TrainingBackend>(
    network: &Network<B>,
    images: Tensor<B, 4>,
    targets: Tensor<B, 1, Int>,
) -> Pass<B> {
    let logits = network.forward(images, Mode::Train);
    let loss = B::cross_entropy(logits.clone(), targets);
    let gradients = GradientsParams::from_grads(loss.backward(), network);
    Pass { logits: logits.inner(), loss: loss.inner(), gradients }
}

struct Run<'a, B: TrainingBackend> {
    spec: &'a ExperimentSpec,
    data: &'a Dataset,
    context: &'a DeviceContext<B::Device>,
    out: Reporter<'a>,
    state: State<B>,
    snapshot_every: usize,
    /// Whether this process has taken a step: a GPU compiles its kernels in the first.
    warm: bool,
    /// Whether all epochs are done.
    testing: bool,
}

/// A step whose loss and logits have not been read back yet.
struct Unread<B: TrainingBackend> {
    step: usize,
    logits: Tensor<B::InnerBackend, 2>,
    loss: Tensor<B::InnerBackend, 1>,
    labels: Vec<i32>,
}

impl<B: TrainingBackend> Run<'_, B> {
    /// All epochs that are left, then the test split.
    fn epochs(&mut self) -> Flow<()> {
        self.out.tell(EventKind::Phase { phase: Phase::Preparing })?;
        let feed = Feed::new(self.data, &self.context.device, self.context.resident_bytes);
        while self.state.position.epoch <= self.spec.epochs {
            let epoch = self.state.position.epoch;
            self.steps_of(epoch, &feed)?;
            let Some(valid) = self.state.network.as_ref().map(AutodiffModule::valid) else { break };
            let probe = self.spec.probe_images;
            let Evaluation { score, blocks } =
                self.score(&feed, &valid, Phase::Validating, Split::Validation, epoch, probe)?;
            let best = self.state.best.as_ref().is_none_or(|best| score.top1() > best.top1);
            let weights = Weights::of(&valid);
            if best {
                self.out.keep(Checkpoint::Best, &weights);
                self.state.best = Some(Best { epoch, top1: score.top1(), weights: valid });
            }
            self.out.keep(Checkpoint::Last, &weights);
            let Position { step, mut train, .. } = self.state.position;
            train.loss /= train.images.max(1) as f64;
            self.state.position = Position { epoch: epoch + 1, step, ..Position::start() };
            // Both events or none: a run that goes on does not measure again.
            let flow = self.out.tell(EventKind::EpochEnded { epoch, step, train, validation: score, best });
            if !blocks.is_empty() {
                self.out.send(EventKind::Probed { epoch, split: Split::Validation, blocks });
            }
            flow?;
            self.snapshot();
        }
        self.testing = true;
        self.test(&feed)
    }

    /// Scores the test split with the best weights and, where they are others, the last.
    fn test(&mut self, feed: &Feed<B::InnerBackend>) -> Flow<()> {
        let last_epoch = self.state.position.epoch - 1;
        let last = self.state.network.as_ref().map(AutodiffModule::valid);
        let (Some(Best { epoch, weights, .. }), Some(last)) = (self.state.best.take(), last) else {
            return Ok(());
        };
        // Fig. 2 is of the network that the paper would report: the best on validation.
        let tested = self.score(feed, &weights, Phase::Testing, Split::Test, epoch, usize::MAX)?;
        let score = tested.score;
        self.out.tell(EventKind::Tested { checkpoint: Checkpoint::Best, epoch, score })?;
        self.out.tell(EventKind::Probed { epoch, split: Split::Test, blocks: tested.blocks })?;
        let score = if last_epoch == epoch {
            score
        } else {
            self.score(feed, &last, Phase::Testing, Split::Test, last_epoch, 0)?.score
        };
        self.out.tell(EventKind::Tested { checkpoint: Checkpoint::Last, epoch: last_epoch, score })
    }

    /// The steps of one epoch that are left; the score is that of each batch before its step.
    fn steps_of(&mut self, epoch: usize, feed: &Feed<B::InnerBackend>) -> Flow<()> {
        let lr = self.spec.lr_at(epoch);
        if self.state.position.done == 0 {
            self.out.tell(EventKind::EpochStarted { epoch, lr })?;
        }
        if self.warm {
            self.out.tell(EventKind::Phase { phase: Phase::Training })?;
        }
        let mut order = epoch_order(self.data, self.spec.seed, epoch);
        order.drain(..order.len().min(self.state.position.done * self.spec.batch));
        let mut unread: Vec<Unread<B>> = Vec::new();
        for DeviceBatch { images, targets, labels } in feed.training(epoch, order, self.spec.batch) {
            let Some(network) = self.state.network.take() else { break };
            let Pass { logits, loss, gradients } =
                pass(&network, Tensor::from_inner(images), Tensor::from_inner(targets));
            self.state.network = Some(self.state.adam.step(lr, network, gradients));
            let Position { step, done, .. } = &mut self.state.position;
            (*step, *done) = (*step + 1, *done + 1);
            unread.push(Unread { step: *step, logits, loss, labels });
            let is_due = self.snapshot_every > 0 && done.is_multiple_of(self.snapshot_every);
            if !self.warm || is_due || unread.len() >= self.context.sync_interval {
                self.read_back(epoch, &mut unread)?;
            }
            if is_due {
                self.snapshot();
            }
            if !self.warm {
                self.warm = true;
                self.out.tell(EventKind::Phase { phase: Phase::Training })?;
            }
        }
        self.read_back(epoch, &mut unread)
    }

    /// Reports steps that were taken but not yet looked at; all of them, even when told to
    /// stop on the way, because the weights have taken them too.
    fn read_back(&mut self, epoch: usize, unread: &mut Vec<Unread<B>>) -> Flow<()> {
        let mut flow = Ok(());
        for Unread { step, logits, loss, labels } in unread.drain(..) {
            let loss = floats(loss).first().copied().unwrap_or(f32::NAN);
            if !loss.is_finite() {
                return Err(End::Diverged { epoch, step, split: Split::Train, loss: f64::from(loss) });
            }
            let (images, hits) = (labels.len(), hits(&floats(logits), &labels));
            let train = &mut self.state.position.train;
            train.loss += f64::from(loss) * images as f64;
            train.images += images;
            train.hits += hits;
            let kind = EventKind::Step { epoch, step, loss, images, hits };
            match flow {
                Ok(()) => flow = self.out.tell(kind),
                Err(_) => _ = self.out.send(kind),
            }
        }
        flow
    }

    /// Hands out what the run needs to go on from here.
    fn snapshot(&mut self) {
        let State { network: Some(network), adam, best, position } = &self.state else { return };
        let best = best.as_ref();
        let snapshot = Snapshot {
            data: self.data.print(),
            position: Position { t: self.out.elapsed(), ..position.clone() },
            weights: Weights::of(&network.valid()),
            adam: adam::moments(adam, network),
            best: best.map(|b| Best { epoch: b.epoch, top1: b.top1, weights: Weights::of(&b.weights) }),
        };
        let _ = (self.out.report)(Report::Snapshot(&snapshot));
    }

    fn score(
        &mut self,
        feed: &Feed<B::InnerBackend>,
        network: &Network<B::InnerBackend>,
        phase: Phase,
        split: Split,
        epoch: usize,
        probe: usize,
    ) -> Flow<Evaluation> {
        self.out.tell(EventKind::Phase { phase })?;
        let sync_interval = self.context.sync_interval;
        let task = Task { split, batch: self.spec.batch, probe, sync_interval };
        let tick = |done, total| self.out.tell(EventKind::Tick { done, total });
        let evaluation = evaluate(network, feed, task, tick)?;
        if !evaluation.score.loss.is_finite() {
            let loss = evaluation.score.loss;
            return Err(End::Diverged { epoch, step: self.state.position.step, split, loss });
        }
        Ok(evaluation)
    }
}
