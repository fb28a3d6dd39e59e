//! Training on a thread of its own. Every face of the program is a face of this.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::data::Dataset;
use super::device::{Device, DeviceContext, OnDevice, compilation, panics};
use super::error::{EngineError, Result};
use super::export::{BoardSwitch, LiveBoard};
use super::model::Weights;
use super::observer::Observer;
use super::ops::TrainingBackend;
use super::snapshot::Snapshot;
use super::store::RunDir;
use super::system::SystemProbe;
use super::trainer::{RunPlan, train};
use crate::domain::event::{Checkpoint, Control, EVENT_VERSION, Event, EventKind, Outcome};
use crate::domain::spec::ExperimentSpec;
use crate::domain::system::seconds_to_next;

/// Whether every run of this process is to stop.
static STOPPED: AtomicBool = AtomicBool::new(false);
/// Threads that train.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Stops every run of this process after its current step, and every one that is started later.
pub fn stop_all() {
    STOPPED.store(true, Ordering::Relaxed);
}

/// How many runs this process trains.
pub fn running() -> usize {
    RUNNING.load(Ordering::Relaxed)
}

/// Counts a thread that trains, until it is dropped.
struct Counted;

impl Counted {
    fn new() -> Self {
        RUNNING.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Orders to a running worker; clones give orders to the same one.
#[derive(Debug, Clone, Default)]
pub struct Orders(Arc<AtomicU8>);

impl Orders {
    /// Gives an order; the trainer obeys at its next event.
    pub fn give(&self, control: Control) {
        // A run that was told to stop stays told.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
            (now != Control::Stop as u8).then_some(control as u8)
        });
    }

    /// The order in force.
    pub fn current(&self) -> Control {
        if STOPPED.load(Ordering::Relaxed) {
            return Control::Stop;
        }
        match self.0.load(Ordering::Relaxed) {
            x if x == Control::Stop as u8 => Control::Stop,
            x if x == Control::Pause as u8 => Control::Pause,
            _ => Control::Continue,
        }
    }
}

/// A run in progress. Dropping it stops the run and waits for its end.
#[derive(Debug)]
pub struct Worker {
    /// What happens, as it happens; each event is on disk before it is here. Ends with
    /// the run.
    pub events: UnboundedReceiver<Event>,
    /// For giving orders.
    pub orders: Orders,
    /// The run's folder.
    pub folder: PathBuf,
    thread: Option<JoinHandle<Result<Outcome>>>,
}

impl Worker {
    /// Starts training `spec` on `data`, kept in a new folder in `root`.
    ///
    /// # Errors
    /// When the spec is no network, or the folder or the thread cannot be made.
    pub fn start(spec: ExperimentSpec, data: Dataset, device: Device, root: &Path) -> Result<Self> {
        spec.architecture()?;
        let folder = RunDir::create(root, &spec)?;
        Self::begin(spec, data, device, folder, RunPlan::default(), BoardSwitch::default())
    }

    /// Starts training `spec` on `data` as `plan` says, kept in `folder`, with an event file
    /// where `boards` says.
    ///
    /// # Errors
    /// When the spec is no network, or the thread cannot be made.
    pub fn begin(
        spec: ExperimentSpec,
        data: Dataset,
        device: Device,
        folder: RunDir,
        plan: RunPlan,
        boards: BoardSwitch,
    ) -> Result<Self> {
        spec.architecture()?;
        tracing::info!(%spec, %device, folder = %folder.path().display(), "run starts");
        let path = folder.path().to_path_buf();
        let (sender, events) = unbounded_channel();
        let orders = Orders::default();
        let system = SystemProbe::new(device.is_gpu());
        let recorder = Recorder::new(folder, sender, orders.clone(), boards, system);
        let job = Job { spec, data, plan, recorder };
        let counted = Counted::new();
        let thread = thread::Builder::new()
            .name("trainer".into())
            .spawn(move || {
                let _counted = counted;
                job.run(device)
            })
            .map_err(EngineError::io("start a thread for", &path))?;
        Ok(Self { events, orders, folder: path, thread: Some(thread) })
    }

    /// Waits for the end and says how the run ended: as failed when the engine broke down,
    /// with a message in the run's record.
    ///
    /// # Errors
    /// When the run's folder could not be written.
    pub fn join(mut self) -> Result<Outcome> {
        let broken = EngineError::run(&self.folder, "the trainer's thread broke down");
        self.thread.take().map(JoinHandle::join).and_then(std::result::Result::ok).unwrap_or(Err(broken))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.orders.give(Control::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Job {
    spec: ExperimentSpec,
    data: Dataset,
    plan: RunPlan,
    recorder: Recorder,
}

impl Job {
    /// Trains, keeping everything; an engine that panics leaves a run marked as failed.
    fn run(self, device: Device) -> Result<Outcome> {
        let Self { spec, data, plan, mut recorder } = self;
        let trained = watch_kernels(device, &recorder.sender.clone(), || {
            catch_unwind(AssertUnwindSafe(|| {
                device.run(Training { spec: &spec, data: &data, plan, recorder: &mut recorder })
            }))
        });
        if let Some(error) = recorder.error {
            return Err(error);
        }
        let message = match trained {
            Ok(Ok(result)) => return result,
            Ok(Err(failed)) => failed.to_string(),
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
                format!("the engine failed: {text}")
            }
        };
        let kind = EventKind::Finished { outcome: Outcome::Failed, message: Some(message) };
        let event = Event { v: EVENT_VERSION, t: recorder.t, kind };
        recorder.dir.append(&event)?;
        recorder.write_board(&event);
        let _ = recorder.sender.send(event);
        Ok(Outcome::Failed)
    }
}

/// How often a face hears of kernels that are being compiled, which is when the trainer cannot
/// speak: it waits for them.
const COMPILING_POLL: Duration = Duration::from_millis(250);

/// Does `work`, reporting meanwhile how many kernels it has had compiled.
fn watch_kernels<R>(device: Device, sender: &UnboundedSender<Event>, work: impl FnOnce() -> R) -> R {
    if !device.compiles_kernels() {
        return work();
    }
    let (done, ended) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let (start, first) = (Instant::now(), compilation());
            let mut last = first;
            while ended.recv_timeout(COMPILING_POLL) == Err(RecvTimeoutError::Timeout) {
                let now = compilation();
                if now != last {
                    last = now;
                    let kind = EventKind::Compiling {
                        kernels: now.kernels - first.kernels,
                        tuned: now.tuned - first.tuned,
                        seconds: start.elapsed().as_secs_f64(),
                    };
                    let _ = sender.send(Event { v: EVENT_VERSION, t: 0.0, kind });
                }
            }
        });
        let result = work();
        drop(done);
        result
    })
}

struct Training<'a> {
    spec: &'a ExperimentSpec,
    data: &'a Dataset,
    plan: RunPlan,
    recorder: &'a mut Recorder,
}

impl OnDevice for Training<'_> {
    type Output = Result<Outcome>;

    fn run<B: TrainingBackend>(self, context: &DeviceContext<B::Device>) -> Result<Outcome> {
        let Self { spec, data, plan, recorder } = self;
        recorder.panics_before = panics();
        train::<B>(spec, data, context, plan, recorder)
    }
}

/// Keeps a run's events, weights and snapshots on disk, and passes events on.
struct Recorder {
    dir: RunDir,
    sender: UnboundedSender<Event>,
    orders: Orders,
    board: LiveBoard,
    /// Why the run's folder could not be written; nothing is kept after that.
    error: Option<EngineError>,
    /// Time of the last event, seconds.
    t: f64,
    /// Samples of the machine's use, and when the next one is due, seconds.
    system: SystemProbe,
    next_sample: Option<f64>,
    panics_before: usize,
}

impl Recorder {
    fn new(
        dir: RunDir,
        sender: UnboundedSender<Event>,
        orders: Orders,
        boards: BoardSwitch,
        system: SystemProbe,
    ) -> Self {
        let board = LiveBoard::new(boards, dir.path());
        Self { dir, sender, orders, board, error: None, t: 0.0, system, next_sample: None, panics_before: 0 }
    }

    /// Whether a thread of the backend has panicked: what it computes from then on is not
    /// kept, and its error ends the record.
    fn is_broken(&self) -> bool {
        panics() != self.panics_before
    }

    /// Adds an event that was kept to the run's event file. One that cannot be written is said,
    /// and costs the run nothing.
    fn write_board(&mut self, event: &Event) {
        if let Err(error) = self.board.apply_event(event) {
            let kind = EventKind::BoardFailed {
                message: format!("TensorBoard: {error}; the run continues without it"),
            };
            let _ = self.sender.send(Event { v: EVENT_VERSION, t: event.t, kind });
        }
    }

    /// Takes a sample of the machine's use where one is due; between steps, when it is busy with them.
    fn sample_system(&mut self) {
        let next = *self.next_sample.get_or_insert(self.t + seconds_to_next(self.t));
        if self.t < next || self.error.is_some() {
            return;
        }
        self.next_sample = Some(self.t + seconds_to_next(self.t));
        let event = Event { v: EVENT_VERSION, t: self.t, kind: EventKind::System(self.system.sample()) };
        self.keep(|dir| dir.append(&event));
        if self.error.is_none() {
            self.write_board(&event);
        }
        let _ = self.sender.send(event);
    }

    fn keep(&mut self, write: impl FnOnce(&mut RunDir) -> Result<()>) {
        if let Err(error) = write(&mut self.dir) {
            self.error.get_or_insert(error);
        }
    }
}

impl Observer for Recorder {
    fn event(&mut self, mut event: Event) -> Control {
        if self.is_broken() {
            return Control::Stop;
        }
        self.t = event.t;
        // A run whose folder could not be written did not simply stop.
        if let (Some(error), EventKind::Finished { outcome, message }) = (&self.error, &mut event.kind) {
            (*outcome, *message) = (Outcome::Failed, Some(error.to_string()));
        }
        // After one that could not be written only the end has its place: others speak of it.
        let is_end = matches!(event.kind, EventKind::Finished { .. });
        if event.is_recorded() && (is_end || self.error.is_none()) {
            self.keep(|dir| dir.append(&event));
            if self.error.is_none() {
                self.write_board(&event);
            }
        }
        let is_step = matches!(event.kind, EventKind::Step { .. });
        // Nobody listening is no reason to stop.
        let _ = self.sender.send(event);
        if is_step {
            self.sample_system();
        }
        if self.error.is_some() { Control::Stop } else { self.orders.current() }
    }

    fn weights(&mut self, checkpoint: Checkpoint, weights: &Weights) {
        if !self.is_broken() && self.error.is_none() {
            self.keep(|dir| dir.save(checkpoint, weights));
        }
    }

    fn snapshot(&mut self, snapshot: &Snapshot) {
        if !self.is_broken() && self.error.is_none() {
            self.keep(|dir| dir.checkpoint(snapshot));
        }
    }
}
