//! Those who work in the background: the trainer, the readers of data and of runs.

use std::collections::HashSet;
use std::future::poll_fn;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread;
use std::time::Instant;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::action::Message;
use super::jobs::{begin, fetch, missing, own_presets, said, score, search_again, test_panic, unseen};
use super::log::Level;
use super::player::{Order, Player};
use super::run::RunId;
use crate::domain::data_preview::PreviewRequest;
use crate::domain::event::{Control, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::domain::term::Term;
use crate::domain::text::harmless;
use crate::engine::data::{self, DatasetCache};
use crate::engine::deletion;
use crate::engine::device::{self, Device, DeviceChoice};
use crate::engine::error::EngineError;
use crate::engine::features::{self, FeatureRequest};
use crate::engine::fetch::Offer;
use crate::engine::presets;
use crate::engine::store::{self, SavedRun};
use crate::engine::worker::Worker;

/// What comes back from a thread.
enum News {
    Message(Message),
    /// A run that has begun to train, and what there was of it already.
    Begun(RunId, Worker, Option<Box<RunState>>),
}

/// Starts work in the background and hears of it.
pub struct Crew {
    root: PathBuf,
    /// The data folder that was named.
    data: Option<PathBuf>,
    library: Arc<Mutex<DatasetCache>>,
    worker: Option<(RunId, Worker)>,
    /// An order to a run whose data are still being read.
    early: Control,
    /// Tells lesions that are being scored that it is enough.
    enough: Arc<AtomicBool>,
    /// Tells a fetch the same.
    fetched_enough: Arc<AtomicBool>,
    sender: UnboundedSender<News>,
    news: UnboundedReceiver<News>,
    /// Messages to hand out before anything new.
    ready: Vec<Message>,
    /// Plays a recording instead of training.
    player: Option<(Player, Instant)>,
    /// Whom to ask for feature maps, once anybody wanted some.
    viewer: Option<mpsc::Sender<((RunId, usize), FeatureRequest)>>,
    /// Whom to ask for a look at a dataset.
    librarian: Option<mpsc::Sender<PreviewRequest>>,
}

impl Crew {
    /// For runs in folder `root`, with datasets looked for in `data` first.
    pub fn new(root: PathBuf, data: Option<PathBuf>) -> Self {
        let (sender, news) = unbounded_channel();
        let library = Arc::new(Mutex::new(DatasetCache::new(data.clone())));
        Self {
            root,
            data,
            library,
            worker: None,
            early: Control::Continue,
            enough: Arc::default(),
            fetched_enough: Arc::default(),
            sender,
            news,
            ready: Vec::new(),
            player: None,
            viewer: None,
            librarian: None,
        }
    }

    /// One that plays a recording; it trains nothing and reads nothing.
    pub fn playing(player: Player) -> Self {
        let mut crew = Self::new(PathBuf::new(), None);
        crew.ready = player.introduce();
        // Handed out from the end.
        crew.ready.reverse();
        crew.player = Some((player, Instant::now()));
        crew
    }

    /// Whether a recording's time passes.
    pub fn is_playing(&self) -> bool {
        self.player.as_ref().is_some_and(|(player, _)| player.is_playing())
    }

    /// What the recording tells, as much time having passed as has since the last call.
    pub fn play(&mut self) -> Vec<Message> {
        let Some((player, last)) = &mut self.player else { return Vec::new() };
        let now = Instant::now();
        player.advance(now.duration_since(std::mem::replace(last, now)).as_secs_f64())
    }

    /// Does with the recording what a person wants.
    pub fn order_player(&mut self, order: &Order) -> Vec<Message> {
        let Some((player, last)) = &mut self.player else { return Vec::new() };
        *last = Instant::now();
        player.obey(order)
    }

    /// For errors that are nobody's answer: a line for the log, from whichever thread.
    pub fn log_from_anywhere(&self) -> impl Fn(String) + Send + Sync + 'static {
        let sender = self.sender.clone();
        move |text| _ = sender.send(News::Message(Message::Log(Level::Bad, harmless(&text, 4000))))
    }

    /// Does `work` on a thread of its own.
    fn background(&self, name: &str, work: impl FnOnce(&dyn Fn(News)) + Send + 'static) {
        let sender = self.sender.clone();
        // Nobody listens any more once the program ends.
        let tell = move |news| _ = sender.send(news);
        let spawned = thread::Builder::new().name(name.into()).spawn(move || work(&tell));
        if let Err(error) = spawned {
            let text = format!("cannot start a thread: {error}");
            let _ = self.sender.send(News::Message(Message::Log(Level::Bad, text)));
        }
    }

    /// Reads the data, then trains: a new run, or what is left of the one in folder `left`.
    pub fn start(&mut self, id: RunId, spec: ExperimentSpec, left: Option<PathBuf>, choice: DeviceChoice) {
        let (library, root, folder) = (Arc::clone(&self.library), self.root.clone(), self.data.clone());
        let dataset = spec.dataset;
        self.early = Control::Continue;
        self.background("starter", move |tell| {
            let begun = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                test_panic("background");
                begin(&library, &root, (spec, left.as_deref()), choice, &|text| {
                    tell(News::Message(Message::Log(Level::Info, text)));
                })
            }));
            tell(match begun {
                Ok(Ok((worker, state))) => News::Begun(id, worker, state.map(Box::new)),
                Ok(Err(fault)) if let Some(offer) = missing(&fault, dataset, folder.as_deref()) => {
                    News::Message(Message::Missing(id, offer, said(&fault)))
                }
                Ok(Err(fault)) => {
                    let holds = matches!(fault, EngineError::Io { .. });
                    News::Message(Message::Ended { id, fault: Some(said(&fault)), holds })
                }
                Err(_) => {
                    let fault = Some("reading the data broke down; the log says where".into());
                    News::Message(Message::Ended { id, fault, holds: true })
                }
            });
        });
    }

    /// Gives an order to the run that trains or is about to.
    pub fn order(&mut self, control: Control) {
        match &self.worker {
            Some((_, worker)) => worker.orders.give(control),
            None => self.early = control,
        }
    }

    /// Looks for runs in the folder, newest first.
    pub fn search(&self) {
        if self.player.is_some() {
            return;
        }
        let root = self.root.clone();
        self.background("search", move |tell| {
            let mut paths = match root.is_dir() {
                true => store::folders_of_runs(&root).unwrap_or_else(|fault| {
                    tell(News::Message(Message::Log(Level::Warn, said(&fault))));
                    Vec::new()
                }),
                false => Vec::new(),
            };
            // Names end in the time at which runs began; files tell it for all names.
            let changed = |path: &PathBuf| path.metadata().and_then(|facts| facts.modified()).ok();
            paths.sort_by_key(|path| std::cmp::Reverse(changed(path)));
            for path in &paths {
                match SavedRun::open(path) {
                    Ok(mut saved) => {
                        if saved.torn {
                            let name = path.file_name().unwrap_or_default().to_string_lossy();
                            let text = format!("{name}: the last line of its record is cut off");
                            tell(News::Message(Message::Log(Level::Warn, harmless(&text, 4000))));
                        }
                        // Those that are drawn are read again; a store may hold very many.
                        let last = saved.state.steps.last().copied();
                        saved.state.steps = last.into_iter().collect();
                        tell(News::Message(Message::Found(Box::new(saved))));
                    }
                    Err(fault) => {
                        tell(News::Message(Message::Log(Level::Warn, format!("skipped: {}", said(&fault)))));
                    }
                }
            }
            tell(News::Message(Message::Searched(paths)));
        });
    }

    /// Looks for runs in the folder that are not `known`, without a word about what is wrong
    /// with them: that was said, or they are being written.
    pub fn search_again(&self, known: HashSet<PathBuf>) {
        let root = self.root.clone();
        self.background("search", move |tell| search_again(&root, &known, &|told| tell(News::Message(told))));
    }

    /// Reads a run again, with all its steps.
    pub fn load(&self, id: RunId, path: PathBuf) {
        self.background("load", move |tell| {
            let read = SavedRun::open(&path).map(|saved| Box::new(saved.state));
            tell(News::Message(Message::Loaded(id, read.map_err(|fault| said(&fault)))));
        });
    }

    /// Looks at one image through a run's network.
    pub fn look(&mut self, id: RunId, look: FeatureRequest) {
        let key = (id, look.image);
        // The thread keeps the network in memory, and ends with the crew.
        let again = match &self.viewer {
            Some(viewer) => viewer.send((key, look)).err().map(|mpsc::SendError((_, look))| look),
            None => Some(look),
        };
        let Some(look) = again else { return };
        let (viewer, looks) = mpsc::channel();
        let _ = viewer.send((key, look));
        self.viewer = Some(viewer);
        let (library, sender) = (Arc::clone(&self.library), self.sender.clone());
        self.background("viewer", move |_| {
            features::answer(&library, looks, &mut |(id, image), answer| {
                let answer = answer.map(Arc::new).map_err(|fault| said(&fault));
                let _ = sender.send(News::Message(Message::Looked(id, image, answer)));
            });
        });
    }

    /// Looks at a dataset.
    pub fn look_at_data(&mut self, ask: PreviewRequest) {
        // The thread keeps the dataset in memory, and ends with the crew.
        let again = match &self.librarian {
            Some(librarian) => librarian.send(ask).err().map(|mpsc::SendError(ask)| ask),
            None => Some(ask),
        };
        let Some(ask) = again else { return };
        let (librarian, asks) = mpsc::channel();
        let _ = librarian.send(ask);
        self.librarian = Some(librarian);
        let (library, sender, folder) = (Arc::clone(&self.library), self.sender.clone(), self.data.clone());
        self.background("librarian", move |_| {
            data::preview::answer(&library, asks, &mut |ask, answer| {
                let seen = answer.map(Arc::new).map_err(|fault| unseen(&fault, &ask, folder.as_deref()));
                let _ = sender.send(News::Message(Message::DataSeen(ask, seen)));
            });
        });
    }

    /// Deletes a run from disk.
    pub fn delete(&self, id: RunId, path: PathBuf) {
        let root = self.root.clone();
        self.background("delete", move |tell| {
            let deleted = deletion::delete(&root, &path).map_err(|fault| said(&fault));
            tell(News::Message(Message::Deleted(id, deleted)));
        });
    }

    /// Scores a run without some of its terms.
    pub fn lesion(&mut self, id: RunId, path: PathBuf, wanted: Vec<Vec<Term>>, choice: DeviceChoice) {
        let library = Arc::clone(&self.library);
        self.enough = Arc::default();
        let enough = Arc::clone(&self.enough);
        let sender = self.sender.clone();
        self.background("lesions", move |tell| {
            let told = |lesioned| _ = sender.send(News::Message(Message::Lesioned(id, lesioned)));
            let scored = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                test_panic("lesions");
                score(&library, &path, &wanted, choice, &enough, &told)
            }));
            let result = match scored {
                Ok(result) => result.map_err(|fault| said(&fault)),
                Err(_) => Err("scoring broke down; the log says where".into()),
            };
            tell(News::Message(Message::LesionsDone(id, result)));
        });
    }

    /// Ends lesions that are being scored.
    pub fn end_lesions(&self) {
        self.enough.store(true, Ordering::Relaxed);
    }

    /// Fetches a dataset.
    pub fn fetch(&mut self, offer: Offer) {
        self.fetched_enough = Arc::default();
        let enough = Arc::clone(&self.fetched_enough);
        self.background("fetch", move |tell| {
            let mut told = |progress, rate| tell(News::Message(Message::Fetching(progress, rate)));
            let result = fetch(&offer, &enough, &mut told).map_err(|fault| said(&fault));
            tell(News::Message(Message::FetchEnded(result)));
        });
    }

    /// Ends that.
    pub fn end_fetch(&self) {
        self.fetched_enough.store(true, Ordering::Relaxed);
    }

    /// Looks for devices; drivers take a while to answer.
    pub fn find_devices(&self) {
        self.background("devices", |tell| {
            let why = Device::choose(DeviceChoice::Auto).ok().and_then(|(_, why)| why);
            tell(News::Message(Message::Devices(device::all_facts(), why)));
        });
    }

    /// Reads the user's own presets.
    pub fn read_presets(&self) {
        self.background("presets", |tell| {
            let Some(folder) = presets::user_folder() else { return };
            tell(News::Message(Message::Presets(own_presets(&folder, &|told| tell(News::Message(told))))));
        });
    }

    /// Keeps a spec as one of them, in place of another where it is to `replace` one.
    pub fn save_preset(&self, name: String, spec: ExperimentSpec, replace: bool) {
        self.background("preset", move |tell| {
            let Some(folder) = presets::user_folder() else {
                let text = "no preset is kept: there is no home folder".into();
                return tell(News::Message(Message::Said(Level::Bad, text)));
            };
            tell(News::Message(match presets::save(&folder, &name, &spec, replace) {
                Ok(path) => {
                    let path = harmless(&path.to_string_lossy(), 400);
                    Message::Said(Level::Good, format!("the draft is kept in {path}"))
                }
                Err(fault) => Message::Said(Level::Bad, said(&fault)),
            }));
            tell(News::Message(Message::Presets(own_presets(&folder, &|told| tell(News::Message(told))))));
        });
    }

    /// The next thing that happens in the background; what a run tells comes in order.
    pub async fn next(&mut self) -> Message {
        poll_fn(|context| {
            loop {
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
                match self.news.poll_recv(context) {
                    Poll::Ready(Some(News::Message(message))) => return Poll::Ready(message),
                    Poll::Ready(Some(News::Begun(id, worker, state))) => {
                        if self.early != Control::Continue {
                            worker.orders.give(self.early);
                        }
                        let folder = worker.folder.clone();
                        self.worker = Some((id, worker));
                        self.ready.push(Message::Started(id, folder));
                        // Handed out first: what was done after the checkpoint is done again.
                        self.ready.extend(state.map(|state| Message::Loaded(id, Ok(state))));
                    }
                    // The crew has a sender itself.
                    Poll::Ready(None) | Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await
    }

    /// The run's events have ended, and so has the run.
    fn end(&mut self, id: RunId) -> Message {
        let joined = self.worker.take().map(|(_, worker)| (worker.folder.clone(), worker.join()));
        match joined {
            Some((_, Err(fault))) => Message::Ended { id, fault: Some(said(&fault)), holds: true },
            Some((folder, Ok(Outcome::Failed))) => {
                let why = SavedRun::open(&folder).ok().and_then(|saved| saved.state.message);
                let fault = EngineError::run(folder, why.unwrap_or_else(|| "the run failed".into()));
                Message::Ended { id, fault: Some(said(&fault)), holds: device::is_device_lost() }
            }
            _ => Message::Ended { id, fault: None, holds: false },
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        self.end_lesions();
        self.end_fetch();
    }
}
