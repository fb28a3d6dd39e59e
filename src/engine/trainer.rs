//! The training loop, from the first step to the test score.
//!
//! It is a plain function: it hands every event to an [`Observer`] and does what that
//! returns. It knows no files, threads or screens. From top to bottom: [`train`] sets up and
//! ends a run, `epochs` trains and validates, `train_epoch` takes the steps of one epoch
//! ([`forward_backward`], then the optimizer's), `test` scores the best and the last weights.

use burn::module::AutodiffModule;
use burn::optim::{GradientsParams, Optimizer};
use burn::tensor::Tensor;

use super::average::WeightAverage;
use super::clip::clip_norm;
use super::data::{Dataset, DeviceBatch, Feed, epoch_order};
use super::device::DeviceContext;
use super::error::Result;
use super::evaluate::{Evaluation, Task, correct, evaluate};
use super::loss::{MixedIn, Targets, cross_entropy};
use super::model::{Mode, Network, Weights, trainable_parameters};
use super::observer::{Ended, Flow, Observer, Reporter};
use super::ops::TrainingBackend;
use super::ops::to_vec_f32;
use super::optimizer;
use super::snapshot::{Best, Position, Snapshot};
use super::train_state::{TrainState, resumed};
use crate::domain::event::{Checkpoint, EventKind, Outcome, Phase, RunResumed, RunStarted, Split};
use crate::domain::spec::ExperimentSpec;

/// Where a run begins, and how often it is checkpointed.
#[derive(Debug, Clone, Default)]
pub struct RunPlan {
    /// Where an earlier process left it; `None` for the first step.
    pub from: Option<Snapshot>,
    /// Steps between snapshots, besides those at the end of each epoch and where the run is
    /// told to stop; 0 for these only.
    pub snapshot_every: usize,
}

/// Trains `spec` on `data` as `plan` says, and returns how it ended.
///
/// A run that resumes from a snapshot takes the same steps, to the bit, that it would have
/// taken without the interruption.
///
/// # Errors
/// When the spec does not describe a network, or the snapshot is of another.
pub fn train<B: TrainingBackend>(
    spec: &ExperimentSpec,
    data: &Dataset,
    context: &DeviceContext<B::Device>,
    plan: RunPlan,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    let network = Network::<B>::new(&spec.architecture()?, spec.seed, &context.device);
    let RunPlan { from, snapshot_every } = plan;
    let first = first_event(spec, data, context, &network, from.as_ref());
    let (network, state) = match from {
        None => (network, TrainState::<B>::new(spec)),
        Some(snapshot) => resumed(spec, data, context, network, snapshot)?,
    };
    let reporter = Reporter::new(observer, state.position.t);
    let mut training = Training { spec, data, context, snapshot_every, reporter, state, warm: false };

    let started = training.start(first);
    let feed = Feed::new(data, &context.device, context.resident_bytes);
    let (network, trained) = match started {
        Ok(()) => training.epochs(network, &feed),
        Err(ended) => (network, Err(ended)),
    };
    // A test that is stopped resumes from the snapshot at the last epoch's end.
    let is_trained = trained.is_ok();
    let outcome = match trained.and_then(|()| training.test(&network, &feed)) {
        Ok(()) => Outcome::Completed,
        Err(ended) => {
            let last = Weights::of(&training.state.kept(&network));
            training.reporter.weights(Checkpoint::Last, &last);
            match ended {
                Ended::Stopped if is_trained => Outcome::Stopped,
                Ended::Stopped => {
                    training.snapshot(&network);
                    Outcome::Stopped
                }
                Ended::Diverged { epoch, step, split, loss } => {
                    let loss = loss.to_string();
                    training.reporter.emit(EventKind::Diverged { epoch, step, split, loss });
                    Outcome::Diverged
                }
            }
        }
    };
    training.reporter.emit(EventKind::Finished { outcome, message: None });
    Ok(outcome)
}

/// What a run says first: what it trains, or where it resumes.
fn first_event<B: TrainingBackend>(
    spec: &ExperimentSpec,
    data: &Dataset,
    context: &DeviceContext<B::Device>,
    network: &Network<B>,
    from: Option<&Snapshot>,
) -> EventKind {
    let (device, at) = (context.name.clone(), jiff::Timestamp::now().strftime("%FT%TZ").to_string());
    let instructions = context.instructions.map(str::to_owned);
    match from.map(|snapshot| &snapshot.position) {
        Some(&Position { epoch, step, .. }) => {
            EventKind::Continued(RunResumed { epoch, step, device, instructions, at })
        }
        None => EventKind::RunStarted(Box::new(RunStarted {
            spec: spec.clone(),
            device,
            instructions,
            parameters: trainable_parameters(network),
            images: data.sizes(),
            steps_per_epoch: data.sizes().train.div_ceil(spec.batch),
            program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).into(),
            at,
            extends: None,
        })),
    }
}

/// What one forward and one backward pass over a batch computed.
pub struct ForwardBackward<B: TrainingBackend> {
    /// `[batch, classes]`.
    pub logits: Tensor<B::InnerBackend, 2>,
    /// Mean cross-entropy of the targets, `[1]`.
    pub loss: Tensor<B::InnerBackend, 1>,
    /// By parameter.
    pub gradients: GradientsParams,
}

/// A batch's images, what they should be taken for with smoothed labels, and the classes on the
/// host, for a forward pass with gradients.
pub fn tracked<B: TrainingBackend>(
    batch: DeviceBatch<B::InnerBackend>,
    smoothing: f64,
) -> (Tensor<B, 4>, Targets<B>, Vec<i32>) {
    let DeviceBatch { images, targets, mixed, labels } = batch;
    let mixed = mixed.map(|MixedIn { classes, share }| {
        let classes = Tensor::from_inner(classes);
        MixedIn { classes, share }
    });
    let targets = Targets { classes: Tensor::from_inner(targets), mixed, smoothing };
    (Tensor::from_inner(images), targets, labels)
}

/// One forward and backward pass in training mode over images `[batch, 3, size, size]` and what
/// they should be taken for.
pub fn forward_backward<B: TrainingBackend>(
    network: &Network<B>,
    images: Tensor<B, 4>,
    targets: impl Into<Targets<B>>,
) -> ForwardBackward<B> {
    let logits = network.forward(images, Mode::Train);
    let loss = cross_entropy(logits.clone(), targets.into());
    let gradients = GradientsParams::from_grads(loss.backward(), network);
    ForwardBackward { logits: logits.inner(), loss: loss.inner(), gradients }
}

struct Training<'a, B: TrainingBackend> {
    spec: &'a ExperimentSpec,
    data: &'a Dataset,
    context: &'a DeviceContext<B::Device>,
    snapshot_every: usize,
    reporter: Reporter<'a>,
    state: TrainState<B>,
    /// Whether this process has taken a step: a GPU compiles its kernels in the first.
    warm: bool,
}

/// A step whose loss and logits have not been read back yet.
struct PendingStep<B: TrainingBackend> {
    step: usize,
    logits: Tensor<B::InnerBackend, 2>,
    loss: Tensor<B::InnerBackend, 1>,
    labels: Vec<i32>,
}

/// The network after some training, and whether training goes on: the optimizer takes the
/// network and returns it, so that it passes through every function that takes a step.
type Trained<B> = (Network<B>, Flow<()>);

impl<B: TrainingBackend> Training<'_, B> {
    fn start(&mut self, first: EventKind) -> Flow<()> {
        self.reporter.emit_and_poll(first)?;
        self.reporter.emit_and_poll(EventKind::Phase { phase: Phase::Preparing })
    }

    /// All epochs that are left.
    fn epochs(&mut self, mut network: Network<B>, feed: &Feed<B::InnerBackend>) -> Trained<B> {
        while self.state.position.epoch <= self.spec.epochs {
            let flow;
            (network, flow) = self.train_epoch(network, feed);
            if let Err(ended) = flow.and_then(|()| self.end_epoch(&network, feed)) {
                return (network, Err(ended));
            }
        }
        (network, Ok(()))
    }

    /// The steps of the epoch that are left. A step is scored before it is taken.
    fn train_epoch(&mut self, mut network: Network<B>, feed: &Feed<B::InnerBackend>) -> Trained<B> {
        let epoch = self.state.position.epoch;
        let schedule = self.spec.schedule(self.data.sizes().train.div_ceil(self.spec.batch));
        if let Err(ended) = self.begin_epoch(epoch, schedule.at_epoch(epoch)) {
            return (network, Err(ended));
        }
        let mut order = epoch_order(self.data, self.spec.seed, epoch);
        order.drain(..order.len().min(self.state.position.done * self.spec.batch));
        let mut pending = Vec::new();
        for batch in feed.training(epoch, order, self.spec.batch) {
            let (images, targets, labels) = tracked(batch, self.spec.label_smoothing);
            let ForwardBackward { logits, loss, gradients } = forward_backward(&network, images, targets);
            let gradients = match self.spec.grad_clip {
                0.0 => gradients,
                max => clip_norm(&network, gradients, max),
            };
            let Position { step, done, .. } = &mut self.state.position;
            network = self.state.optimizer.step(schedule.at(*step), network, gradients);
            if let Some(average) = &mut self.state.average {
                average.update(network.valid());
            }
            (*step, *done) = (*step + 1, *done + 1);
            pending.push(PendingStep { step: *step, logits, loss, labels });
            if let Err(ended) = self.after_step(&network, &mut pending) {
                return (network, Err(ended));
            }
        }
        let flow = self.read_back(&mut pending);
        (network, flow)
    }

    fn begin_epoch(&mut self, epoch: usize, lr: f64) -> Flow<()> {
        if self.state.position.done == 0 {
            self.reporter.emit_and_poll(EventKind::EpochStarted { epoch, lr })?;
        }
        if self.warm {
            self.reporter.emit_and_poll(EventKind::Phase { phase: Phase::Training })?;
        }
        Ok(())
    }

    /// Reads back and snapshots where that is due.
    fn after_step(&mut self, network: &Network<B>, pending: &mut Vec<PendingStep<B>>) -> Flow<()> {
        let done = self.state.position.done;
        let snapshot_is_due = self.snapshot_every > 0 && done.is_multiple_of(self.snapshot_every);
        if !self.warm || snapshot_is_due || pending.len() >= self.context.sync_interval {
            self.read_back(pending)?;
        }
        if snapshot_is_due {
            self.snapshot(network);
        }
        if !self.warm {
            self.warm = true;
            self.reporter.emit_and_poll(EventKind::Phase { phase: Phase::Training })?;
        }
        Ok(())
    }

    /// Reports the pending steps; all of them, even when told to stop on the way, because the
    /// weights have taken them too.
    fn read_back(&mut self, pending: &mut Vec<PendingStep<B>>) -> Flow<()> {
        let epoch = self.state.position.epoch;
        let mut flow = Ok(());
        for PendingStep { step, logits, loss, labels } in pending.drain(..) {
            let loss = to_vec_f32(loss).first().copied().unwrap_or(f32::NAN);
            if !loss.is_finite() {
                return Err(Ended::Diverged { epoch, step, split: Split::Train, loss: f64::from(loss) });
            }
            let (images, hits) = (labels.len(), correct(&to_vec_f32(logits), &labels));
            let train = &mut self.state.position.train;
            train.loss += f64::from(loss) * images as f64;
            train.images += images;
            train.hits += hits;
            let kind = EventKind::Step { epoch, step, loss, images, hits };
            match flow {
                Ok(()) => flow = self.reporter.emit_and_poll(kind),
                Err(_) => _ = self.reporter.emit(kind),
            }
        }
        flow
    }

    /// Validates, keeps the weights and moves on to the next epoch.
    fn end_epoch(&mut self, network: &Network<B>, feed: &Feed<B::InnerBackend>) -> Flow<()> {
        let epoch = self.state.position.epoch;
        let valid = self.state.kept(network);
        let probe = self.spec.probe_images;
        let Evaluation { score, blocks } =
            self.score(feed, &valid, Phase::Validating, Split::Validation, epoch, probe)?;
        let is_best = self.state.best.as_ref().is_none_or(|best| score.top1() > best.top1);
        let weights = Weights::of(&valid);
        if is_best {
            self.reporter.weights(Checkpoint::Best, &weights);
            self.state.best = Some(Best { epoch, top1: score.top1(), weights: valid });
        }
        self.reporter.weights(Checkpoint::Last, &weights);
        let Position { step, mut train, .. } = self.state.position;
        train.loss /= train.images.max(1) as f64;
        self.state.position = Position { epoch: epoch + 1, step, ..Position::start() };
        let ended = EventKind::EpochEnded { epoch, step, train, validation: score, best: is_best };
        // Both events or none: a run that resumes does not measure again.
        let flow = self.reporter.emit_and_poll(ended);
        if !blocks.is_empty() {
            self.reporter.emit(EventKind::Probed { epoch, split: Split::Validation, blocks });
        }
        flow?;
        self.snapshot(network);
        Ok(())
    }

    /// Scores the test split with the best weights and, where they are others, the last.
    fn test(&mut self, network: &Network<B>, feed: &Feed<B::InnerBackend>) -> Flow<()> {
        let last_epoch = self.state.position.epoch - 1;
        let last = self.state.kept(network);
        let (epoch, best) = match self.state.best.take() {
            Some(Best { epoch, weights, .. }) => (epoch, weights),
            None => (last_epoch, last.clone()),
        };
        // Fig. 2 is of the network that the paper would report: the best on validation.
        let Evaluation { score, blocks } =
            self.score(feed, &best, Phase::Testing, Split::Test, epoch, usize::MAX)?;
        self.reporter.emit_and_poll(EventKind::Tested { checkpoint: Checkpoint::Best, epoch, score })?;
        self.reporter.emit_and_poll(EventKind::Probed { epoch, split: Split::Test, blocks })?;
        let score = if last_epoch == epoch {
            score
        } else {
            self.score(feed, &last, Phase::Testing, Split::Test, last_epoch, 0)?.score
        };
        self.reporter.emit_and_poll(EventKind::Tested {
            checkpoint: Checkpoint::Last,
            epoch: last_epoch,
            score,
        })
    }

    /// Loss, top-1 and mean absolute activations over `split`; the latter of `probe` images.
    fn score(
        &mut self,
        feed: &Feed<B::InnerBackend>,
        network: &Network<B::InnerBackend>,
        phase: Phase,
        split: Split,
        epoch: usize,
        probe: usize,
    ) -> Flow<Evaluation> {
        self.reporter.emit_and_poll(EventKind::Phase { phase })?;
        let sync_interval = self.context.sync_interval;
        let task = Task { split, batch: self.spec.batch, probe, sync_interval };
        let tick = |done, total| self.reporter.emit_and_poll(EventKind::Tick { done, total });
        let evaluation = evaluate(network, feed, task, tick)?;
        let loss = evaluation.score.loss;
        if loss.is_finite() {
            return Ok(evaluation);
        }
        Err(Ended::Diverged { epoch, step: self.state.position.step, split, loss })
    }

    /// Hands out what the run needs to resume from here.
    fn snapshot(&mut self, network: &Network<B>) {
        let TrainState { optimizer, average, best, position } = &self.state;
        let best = best.as_ref();
        let snapshot = Snapshot {
            data: self.data.fingerprint(),
            position: Position { t: self.reporter.elapsed(), ..position.clone() },
            weights: Weights::of(&network.valid()),
            optimizer: optimizer::state(optimizer, network),
            average: average.as_ref().and_then(WeightAverage::network).map(Weights::of),
            best: best.map(|b| Best { epoch: b.epoch, top1: b.top1, weights: Weights::of(&b.weights) }),
        };
        self.reporter.snapshot(&snapshot);
    }
}
