//! The training loop, from the first step to the test score.
//!
//! It is a plain function: it hands every event to a callback and does what the callback
//! returns. It knows no files, threads or screens.

use std::thread;
use std::time::{Duration, Instant};

use burn::module::AutodiffModule;
use burn::optim::{GradientsParams, Optimizer};
use burn::tensor::{Int, Tensor};

use super::adam::{Adam, NetworkAdam};
use super::data::{Dataset, DeviceBatch, Feed, epoch_order};
use super::error::Result;
use super::evaluate::{Evaluation, Task, evaluate, floats, hits};
use super::model::{Mode, Network, Weights, trainable_parameters};
use super::ops::TrainingBackend;
use crate::domain::event::{
    Checkpoint, Control, EVENT_VERSION, Event, EventKind, Outcome, Phase, RunStarted, Score, Split,
};
use crate::domain::spec::ExperimentSpec;

/// How often a paused run asks whether to go on.
const PAUSE_POLL: Duration = Duration::from_millis(20);

/// What the trainer hands out.
#[derive(Debug)]
pub enum Report<'a> {
    /// Something happened.
    Event(Event),
    /// Weights worth keeping, handed out before the event that speaks of them.
    Weights(Checkpoint, &'a Weights),
}

/// Where to train, and how often to look.
#[derive(Debug, Clone)]
pub struct Site<D> {
    /// burn's device.
    pub device: D,
    /// Its name in events, `cpu` or `cuda:N`.
    pub name: String,
    /// The CPU's vector instructions, where it is one.
    pub instructions: Option<&'static str>,
    /// Steps between reading losses back; each read waits for the device.
    pub read_back_every: usize,
    /// The most bytes of images to keep on the device; a larger dataset is uploaded batch
    /// by batch. 0 where the device's memory is the host's.
    pub resident_bytes: usize,
}

/// Why the loop ended before its last epoch.
enum End {
    Stopped,
    Diverged { epoch: usize, step: usize, split: Split, loss: f64 },
}

type Flow<T> = std::result::Result<T, End>;

/// Trains `spec` on `data`, reporting as it goes, and returns how it ended.
///
/// # Errors
/// When the spec does not describe a network.
pub fn train<B: TrainingBackend>(
    spec: &ExperimentSpec,
    data: &Dataset,
    site: &Site<B::Device>,
    report: &mut dyn FnMut(Report) -> Control,
) -> Result<Outcome> {
    let architecture = spec.architecture()?;
    let steps_per_epoch = data.sizes().train.div_ceil(spec.batch);
    let network = Network::<B>::new(&architecture, spec.seed, &site.device);
    let facts = RunStarted {
        spec: spec.clone(),
        device: site.name.clone(),
        instructions: site.instructions.map(str::to_owned),
        parameters: trainable_parameters(&network),
        images: data.sizes(),
        steps_per_epoch,
        program: concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")).into(),
        at: jiff::Timestamp::now().strftime("%FT%TZ").to_string(),
    };
    let mut run = Run { spec, data, site, out: Reporter { report, start: Instant::now() }, step: 0 };
    let mut trained = Some(network);
    let ended = run.out.tell(EventKind::RunStarted(Box::new(facts))).and_then(|()| run.epochs(&mut trained));
    let outcome = match ended {
        Ok(()) => Outcome::Completed,
        Err(end) => {
            if let Some(network) = &trained {
                run.out.keep(Checkpoint::Last, &Weights::of(&network.valid()));
            }
            match end {
                End::Stopped => Outcome::Stopped,
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
    site: &'a Site<B::Device>,
    out: Reporter<'a>,
    /// Steps taken.
    step: usize,
}

/// A step whose loss and logits have not been read back yet.
struct Unread<B: TrainingBackend> {
    step: usize,
    logits: Tensor<B::InnerBackend, 2>,
    loss: Tensor<B::InnerBackend, 1>,
    labels: Vec<i32>,
}

impl<B: TrainingBackend> Run<'_, B> {
    /// All epochs, then the test split. `network` always holds the weights as they are.
    fn epochs(&mut self, network: &mut Option<Network<B>>) -> Flow<()> {
        let mut adam = Adam::of::<B>(self.spec);
        let mut best: Option<(usize, f64, Network<B::InnerBackend>)> = None;
        let mut last = None;
        self.out.tell(EventKind::Phase { phase: Phase::Preparing })?;
        let feed = Feed::new(self.data, &self.site.device, self.site.resident_bytes);
        for epoch in 1..=self.spec.epochs {
            let train = self.epoch(epoch, &feed, &mut adam, network)?;
            let Some(valid) = network.as_ref().map(AutodiffModule::valid) else { break };
            let probe = self.spec.probe_images;
            let Evaluation { score, blocks } =
                self.score(&feed, &valid, Phase::Validating, Split::Validation, epoch, probe)?;
            let is_best = best.as_ref().is_none_or(|(_, top1, _)| score.top1() > *top1);
            let weights = Weights::of(&valid);
            if is_best {
                self.out.keep(Checkpoint::Best, &weights);
                best = Some((epoch, score.top1(), valid.clone()));
            }
            self.out.keep(Checkpoint::Last, &weights);
            let step = self.step;
            self.out.tell(EventKind::EpochEnded { epoch, step, train, validation: score, best: is_best })?;
            if !blocks.is_empty() {
                self.out.tell(EventKind::Probed { epoch, split: Split::Validation, blocks })?;
            }
            last = Some((epoch, valid));
        }
        let (Some((best_epoch, _, best)), Some((last_epoch, last))) = (best, last) else { return Ok(()) };
        // Fig. 2 is of the network that the paper would report: the best on validation.
        let tested = self.score(&feed, &best, Phase::Testing, Split::Test, best_epoch, usize::MAX)?;
        let score = tested.score;
        self.out.tell(EventKind::Tested { checkpoint: Checkpoint::Best, epoch: best_epoch, score })?;
        self.out.tell(EventKind::Probed { epoch: best_epoch, split: Split::Test, blocks: tested.blocks })?;
        let score = if last_epoch == best_epoch {
            score
        } else {
            self.score(&feed, &last, Phase::Testing, Split::Test, last_epoch, 0)?.score
        };
        self.out.tell(EventKind::Tested { checkpoint: Checkpoint::Last, epoch: last_epoch, score })
    }

    /// One pass over the train split; the score is that of each batch before its step.
    fn epoch(
        &mut self,
        epoch: usize,
        feed: &Feed<B::InnerBackend>,
        adam: &mut NetworkAdam<B>,
        slot: &mut Option<Network<B>>,
    ) -> Flow<Score> {
        let lr = self.spec.lr_at(epoch);
        let mut train = Score { loss: 0.0, images: 0, hits: 0, hits5: None };
        self.out.tell(EventKind::EpochStarted { epoch, lr })?;
        if epoch > 1 {
            self.out.tell(EventKind::Phase { phase: Phase::Training })?;
        }
        let order = epoch_order(self.data, self.spec.seed, epoch);
        let mut unread: Vec<Unread<B>> = Vec::new();
        for DeviceBatch { images, targets, labels } in feed.training(epoch, order, self.spec.batch) {
            let Some(network) = slot.take() else { break };
            let Pass { logits, loss, gradients } =
                pass(&network, Tensor::from_inner(images), Tensor::from_inner(targets));
            *slot = Some(adam.step(lr, network, gradients));
            self.step += 1;
            unread.push(Unread { step: self.step, logits, loss, labels });
            // The first step is read at once: a GPU compiles its kernels in it.
            if self.step == 1 || unread.len() >= self.site.read_back_every {
                self.read_back(epoch, &mut unread, &mut train)?;
            }
            if self.step == 1 {
                self.out.tell(EventKind::Phase { phase: Phase::Training })?;
            }
        }
        self.read_back(epoch, &mut unread, &mut train)?;
        train.loss /= train.images.max(1) as f64;
        Ok(train)
    }

    /// Reports steps that were taken but not yet looked at; all of them, even when told to
    /// stop on the way, because the weights have taken them too.
    fn read_back(&mut self, epoch: usize, unread: &mut Vec<Unread<B>>, train: &mut Score) -> Flow<()> {
        let mut flow = Ok(());
        for Unread { step, logits, loss, labels } in unread.drain(..) {
            let loss = floats(loss).first().copied().unwrap_or(f32::NAN);
            if !loss.is_finite() {
                return Err(End::Diverged { epoch, step, split: Split::Train, loss: f64::from(loss) });
            }
            let (images, hits) = (labels.len(), hits(&floats(logits), &labels));
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
        let read_back_every = self.site.read_back_every;
        let task = Task { split, batch: self.spec.batch, probe, read_back_every };
        let tick = |done, total| self.out.tell(EventKind::Tick { done, total });
        let evaluation = evaluate(network, feed, task, tick)?;
        if !evaluation.score.loss.is_finite() {
            let loss = evaluation.score.loss;
            return Err(End::Diverged { epoch, step: self.step, split, loss });
        }
        Ok(evaluation)
    }
}

/// The callback, with the clock.
struct Reporter<'a> {
    report: &'a mut dyn FnMut(Report) -> Control,
    start: Instant,
}

impl Reporter<'_> {
    fn send(&mut self, kind: EventKind) -> Control {
        // Milliseconds are enough, and keep the record short.
        let t = (self.start.elapsed().as_secs_f64() * 1e3).round() / 1e3;
        (self.report)(Report::Event(Event { v: EVENT_VERSION, t, kind }))
    }

    fn keep(&mut self, checkpoint: Checkpoint, weights: &Weights) {
        // Orders are taken from events; the next one comes right after.
        let _ = (self.report)(Report::Weights(checkpoint, weights));
    }

    /// Sends, then obeys: waits while paused, and ends the run when told to stop.
    fn tell(&mut self, kind: EventKind) -> Flow<()> {
        match self.send(kind) {
            Control::Continue => return Ok(()),
            Control::Stop => return Err(End::Stopped),
            Control::Pause => {}
        }
        self.send(EventKind::Paused);
        loop {
            match self.send(EventKind::Tick { done: 0, total: 0 }) {
                Control::Continue => break,
                Control::Stop => return Err(End::Stopped),
                Control::Pause => thread::sleep(PAUSE_POLL),
            }
        }
        self.send(EventKind::Resumed);
        Ok(())
    }
}
