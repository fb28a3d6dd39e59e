//! What works in the background: the trainer, the readers of data and of runs. The one place
//! where [`Effect`]s become work, on threads for the screen and at once for a headless frame.

mod followed_run;
mod following;
pub mod jobs;
mod keeping;
mod reading;
mod store_follower;

use std::future::poll_fn;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use self::following::Following;
use self::jobs::{begin, configure, fetch, in_full, missing, own_presets, test_panic};
use super::action::{Effect, Message, TerminalEffect};
use super::log::Level;
use super::player::{Player, PlayerOrder};
use super::run::RunId;
use crate::domain::data_preview::PreviewRequest;
use crate::domain::event::{Control, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::harmless;
use crate::engine::data::DatasetCache;
use crate::engine::deletion;
use crate::engine::detach::{self, DetachedWork, Surroundings};
use crate::engine::device::{self, DeviceChoice};
use crate::engine::error::EngineError;
use crate::engine::export::BoardSwitch;
use crate::engine::features::FeatureRequest;
use crate::engine::fetch::Offer;
use crate::engine::presets;
use crate::engine::store::SavedRun;
use crate::engine::worker::Worker;

/// What comes back from a thread.
enum ThreadMessage {
    Message(Message),
    /// A run that has begun to train, and what there was of it already.
    Begun(RunId, Worker, Option<Box<RunState>>),
}

type Sender = UnboundedSender<ThreadMessage>;

/// Starts work in the background and receives what it sends.
pub struct BackgroundTasks {
    root: PathBuf,
    /// The data folder that was named.
    data: Option<PathBuf>,
    /// CPU threads that were named.
    threads: Option<u16>,
    library: Arc<Mutex<DatasetCache>>,
    /// Whether work is done at once instead of on threads.
    is_headless: bool,
    worker: Option<(RunId, Worker)>,
    boards: BoardSwitch,
    /// An order to a run whose data are still being read.
    early: Control,
    lesions_cancelled: Arc<AtomicBool>,
    fetch_cancelled: Arc<AtomicBool>,
    sender: Sender,
    receiver: UnboundedReceiver<ThreadMessage>,
    /// Messages to hand out before anything new, the last one first.
    ready: Vec<Message>,
    /// Plays a recording instead of training.
    player: Option<(Player, Instant)>,
    /// Makes feature maps, once anybody wanted some.
    viewer: Option<mpsc::Sender<((RunId, usize), FeatureRequest)>>,
    /// Looks at datasets.
    librarian: Option<mpsc::Sender<PreviewRequest>>,
    /// Follows the runs of other programs.
    following: Option<Following>,
}

impl BackgroundTasks {
    /// For runs in folder `root`, with datasets looked for in `data` first.
    pub fn new(root: PathBuf, data: Option<PathBuf>) -> Self {
        let (sender, receiver) = unbounded_channel();
        let library = Arc::new(Mutex::new(DatasetCache::new(data.clone())));
        Self {
            root,
            data,
            threads: None,
            library,
            is_headless: false,
            worker: None,
            boards: BoardSwitch::default(),
            early: Control::Continue,
            lesions_cancelled: Arc::default(),
            fetch_cancelled: Arc::default(),
            sender,
            receiver,
            ready: Vec::new(),
            player: None,
            viewer: None,
            librarian: None,
            following: None,
        }
    }

    /// The same, in a process that was given so many CPU threads.
    pub const fn with_threads(mut self, threads: Option<u16>) -> Self {
        self.threads = threads;
        self
    }

    /// Without threads: what is read or scored is there when [`execute`](Self::execute)
    /// returns. Nothing is trained, downloaded or deleted, and nothing written but summaries.
    pub fn headless(root: PathBuf, data: Option<PathBuf>) -> Self {
        let mut tasks = Self::new(root, data);
        tasks.is_headless = true;
        tasks
    }

    /// For a recording; trains nothing and reads nothing.
    pub fn playing(mut player: Player) -> Self {
        let mut tasks = Self::new(PathBuf::new(), None);
        tasks.ready = player.introduce();
        // Handed out from the end.
        tasks.ready.reverse();
        tasks.player = Some((player, Instant::now()));
        tasks
    }

    /// Does what the app wants done; what only the terminal can do is given back.
    pub fn execute(&mut self, effect: Effect) -> Option<TerminalEffect> {
        match effect {
            Effect::Terminal(effect) => return Some(effect),
            Effect::Load(id, path) => self.load(id, path),
            Effect::Lesion { run, path, wanted, device } => self.lesion(run, path, wanted, device),
            Effect::Look { id, path, spec, image } => {
                self.look(id, FeatureRequest { run: path, spec: *spec, image });
            }
            Effect::LookAtData(ask) => self.look_at_data(ask),
            Effect::Search => self.search(),
            Effect::Start(..)
            | Effect::Order(_)
            | Effect::WriteBoards(_)
            | Effect::Remember(..)
            | Effect::Configure(_)
            | Effect::Fetch(_)
            | Effect::EndFetch
            | Effect::EndLesions
            | Effect::Detach(_)
            | Effect::Attach(..)
            | Effect::Delete(_)
            | Effect::Annotate { .. }
            | Effect::Export { .. }
            | Effect::SavePreset { .. }
            | Effect::Play(_)
                if self.is_headless => {}
            Effect::Start(id, spec, left, device) => self.start(id, *spec, left, device),
            Effect::Order(control) => self.order(control),
            Effect::Remember(remembered, before) => {
                // A folder that is only read is no fault.
                if let Err(error) = remembered.write_over(&before, &self.root) {
                    self.ready.insert(0, Message::NotKept(in_full(&error)));
                }
            }
            Effect::WriteBoards(folder) => self.boards.set(folder),
            Effect::Configure(change) => self.ready.insert(0, configure(&change)),
            Effect::Fetch(offer) => self.fetch(offer),
            Effect::EndFetch => self.fetch_cancelled.store(true, Ordering::Relaxed),
            Effect::EndLesions => self.lesions_cancelled.store(true, Ordering::Relaxed),
            Effect::Detach(work) => self.detach(work),
            Effect::Attach(id, path) => self.attach(id, path),
            Effect::Delete(runs) => self.delete(runs),
            Effect::Annotate { paths, edit, what } => self.annotate(paths, edit, what),
            Effect::Export { runs, format, target } => self.export(runs, format, target),
            Effect::SavePreset { name, spec, replace } => self.save_preset(name, *spec, replace),
            Effect::Play(order) => self.order_player(&order),
        }
        None
    }

    /// Whether a recording is shown.
    pub const fn is_replay(&self) -> bool {
        self.player.is_some()
    }

    /// Whether a recording's time passes.
    pub fn is_playing(&self) -> bool {
        self.player.as_ref().is_some_and(|(player, _)| player.is_playing())
    }

    /// What happens in the recording, as much time having passed as has since the last call.
    pub fn play(&mut self) -> Vec<Message> {
        let Some((player, last)) = &mut self.player else { return Vec::new() };
        let now = Instant::now();
        player.advance(now.duration_since(std::mem::replace(last, now)).as_secs_f64())
    }

    fn order_player(&mut self, order: &PlayerOrder) {
        let Some((player, last)) = &mut self.player else { return };
        *last = Instant::now();
        let sent = player.handle_order(order);
        // Handed out from the end.
        self.ready.splice(0..0, sent.into_iter().rev());
    }

    /// For errors that are nobody's answer: a line for the log, from whichever thread.
    pub fn log_from_anywhere(&self) -> impl Fn(String) + Send + Sync + 'static {
        let sender = self.sender.clone();
        move |text| send(&sender, Message::Log(Level::Bad, harmless(&text, 4000)))
    }

    /// Does `work` on a thread of its own; at once where there are no threads.
    fn spawn(&self, name: &str, work: impl FnOnce(&dyn Fn(ThreadMessage)) + Send + 'static) {
        let sender = self.sender.clone();
        // Nobody listens any more once the program ends.
        let send_it = move |message| _ = sender.send(message);
        if self.is_headless {
            return work(&send_it);
        }
        let spawned = thread::Builder::new().name(name.into()).spawn(move || work(&send_it));
        if let Err(error) = spawned {
            send(&self.sender, Message::Log(Level::Bad, format!("cannot start a thread: {error}")));
        }
    }

    /// Reads the data, then trains: a new run, or what is left of the one in folder `left`.
    fn start(&mut self, id: RunId, spec: ExperimentSpec, left: Option<PathBuf>, choice: DeviceChoice) {
        let (library, root, folder) = (Arc::clone(&self.library), self.root.clone(), self.data.clone());
        let (dataset, boards) = (spec.dataset, self.boards.clone());
        self.early = Control::Continue;
        self.spawn("starter", move |send| {
            let begun = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                test_panic("background");
                begin(&library, &root, (spec, left.as_deref()), choice, boards, &|text| {
                    send(ThreadMessage::Message(Message::Log(Level::Info, text)));
                })
            }));
            send(match begun {
                Ok(Ok((worker, state))) => ThreadMessage::Begun(id, worker, state.map(Box::new)),
                Ok(Err(error)) if let Some(offer) = missing(&error, dataset, folder.as_deref()) => {
                    ThreadMessage::Message(Message::Missing(id, offer, in_full(&error)))
                }
                Ok(Err(error)) => {
                    let holds = matches!(error, EngineError::Io { .. });
                    ThreadMessage::Message(Message::Ended { id, error: Some(in_full(&error)), holds })
                }
                Err(_) => {
                    let error = Some("internal error while reading the data; see the log".into());
                    ThreadMessage::Message(Message::Ended { id, error, holds: true })
                }
            });
        });
    }

    /// Gives an order to the run in progress, or to the one that is about to start.
    pub fn order(&mut self, control: Control) {
        match &self.worker {
            Some((_, worker)) => worker.orders.give(control),
            None => self.early = control,
        }
    }

    /// Deletes runs from disk.
    fn delete(&self, runs: Vec<(RunId, PathBuf)>) {
        let root = self.root.clone();
        self.spawn("delete", move |send| {
            for (id, path) in runs {
                let deleted = deletion::delete(&root, &path).map_err(|error| in_full(&error));
                send(ThreadMessage::Message(Message::Deleted(id, deleted)));
            }
        });
    }

    /// Starts a process that goes on with the work.
    fn detach(&self, work: DetachedWork) {
        let (root, data, threads) = (self.root.clone(), self.data.clone(), self.threads);
        self.spawn("detach", move |send| {
            let place = Surroundings { root: &root, data: data.as_deref(), threads };
            let detached = detach::detach(&work, place).map_err(|error| in_full(&error));
            send(ThreadMessage::Message(Message::Detached(detached)));
        });
    }

    /// Has the process stop that trains the run in a folder.
    fn attach(&self, id: RunId, path: PathBuf) {
        self.spawn("attach", move |send| {
            let attached = detach::attach(&path).map(Box::new).map_err(|error| in_full(&error));
            send(ThreadMessage::Message(Message::Attached(id, attached)));
        });
    }

    /// Downloads a dataset.
    fn fetch(&mut self, offer: Offer) {
        self.fetch_cancelled = Arc::default();
        let cancelled = Arc::clone(&self.fetch_cancelled);
        self.spawn("fetch", move |send| {
            let mut report = |progress, rate| send(ThreadMessage::Message(Message::Fetching(progress, rate)));
            let result = fetch(&offer, &cancelled, &mut report).map_err(|error| in_full(&error));
            send(ThreadMessage::Message(Message::FetchEnded(result)));
        });
    }

    /// Saves a spec as one of them, in place of another where it is to `replace` one.
    fn save_preset(&self, name: String, spec: ExperimentSpec, replace: bool) {
        self.spawn("preset", move |send| {
            let send = |it| send(ThreadMessage::Message(it));
            let Some(folder) = presets::user_folder() else {
                return send(Message::Notice(Level::Bad, "no home folder: the preset was not saved".into()));
            };
            send(match presets::save(&folder, &name, &spec, replace) {
                Ok(path) => {
                    let path = harmless(&path.to_string_lossy(), 400);
                    Message::Notice(Level::Good, format!("preset saved: {path}"))
                }
                Err(error) => Message::Notice(Level::Bad, in_full(&error)),
            });
            let own = own_presets(&folder, &send);
            send(Message::Presets(own));
        });
    }

    /// What was done at once.
    pub fn take_ready(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.ready).into_iter().rev().collect()
    }

    /// What has been sent already, without waiting.
    pub fn try_next(&mut self) -> Option<Message> {
        self.ready.pop().or_else(|| match self.receiver.try_recv().ok()? {
            ThreadMessage::Message(message) => Some(message),
            ThreadMessage::Begun(id, worker, state) => Some(self.take_worker(id, worker, state)),
        })
    }

    /// The next message from the background; those of a run come in order.
    pub async fn next(&mut self) -> Message {
        poll_fn(|context| {
            if let Some(message) = self.ready.pop() {
                return Poll::Ready(message);
            }
            if let Some((id, worker)) = &mut self.worker
                && let Poll::Ready(event) = worker.events.poll_recv(context)
            {
                let id = *id;
                return Poll::Ready(match event {
                    Some(event) => Message::Event(id, event),
                    None => self.end(id),
                });
            }
            match self.receiver.poll_recv(context) {
                Poll::Ready(Some(ThreadMessage::Message(message))) => Poll::Ready(message),
                Poll::Ready(Some(ThreadMessage::Begun(id, worker, state))) => {
                    Poll::Ready(self.take_worker(id, worker, state))
                }
                // This has a sender itself.
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// A run trains; the first message about it.
    fn take_worker(&mut self, id: RunId, worker: Worker, state: Option<Box<RunState>>) -> Message {
        if self.early != Control::Continue {
            worker.orders.give(self.early);
        }
        let started = Message::Started(id, worker.folder.clone());
        self.worker = Some((id, worker));
        match state {
            None => started,
            // Handed out first: what was done after the checkpoint is done again.
            Some(state) => {
                self.ready.push(started);
                Message::Loaded(id, 0, Ok(state))
            }
        }
    }

    /// The run's events have ended, and so has the run.
    fn end(&mut self, id: RunId) -> Message {
        let joined = self.worker.take().map(|(_, worker)| (worker.folder.clone(), worker.join()));
        match joined {
            Some((_, Err(error))) => Message::Ended { id, error: Some(in_full(&error)), holds: true },
            Some((folder, Ok(Outcome::Failed))) => {
                let why = SavedRun::open_condensed(&folder).ok().and_then(|saved| saved.state.message);
                let error = EngineError::run(folder, why.unwrap_or_else(|| "the run failed".into()));
                Message::Ended { id, error: Some(in_full(&error)), holds: device::is_device_lost() }
            }
            _ => Message::Ended { id, error: None, holds: false },
        }
    }
}

fn send(sender: &Sender, message: Message) {
    // Nobody listens any more once the program ends.
    let _ = sender.send(ThreadMessage::Message(message));
}

impl Drop for BackgroundTasks {
    fn drop(&mut self) {
        self.lesions_cancelled.store(true, Ordering::Relaxed);
        self.fetch_cancelled.store(true, Ordering::Relaxed);
    }
}
