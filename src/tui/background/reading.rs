//! What is read or scored in the background, and changes nothing.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};

use super::following::Following;
use super::jobs::{in_full, own_presets, score, search, test_panic, unavailable};
use super::{BackgroundTasks, Sender, ThreadMessage, send};
use crate::domain::data_preview::PreviewRequest;
use crate::domain::term::Term;
use crate::domain::text::harmless;
use crate::engine::data::{self, DatasetCache};
use crate::engine::device::{self, Device, DeviceChoice};
use crate::engine::features::{self, FeatureRequest};
use crate::engine::lesion_file;
use crate::engine::presets;
use crate::engine::store::SavedRun;
use crate::tui::action::Message;
use crate::tui::log::Level;
use crate::tui::run::RunId;

impl BackgroundTasks {
    /// Looks for runs in the folder, newest first, and follows them from then on.
    pub(super) fn search(&mut self) {
        if self.player.is_some() {
            return;
        }
        let root = self.root.clone();
        if self.is_headless {
            return search(&root, false, &|it| send(&self.sender, it), &mut |_, _, _| {});
        }
        if self.following.is_none() {
            let (following, work) = Following::new(root);
            self.spawn("follow", move |send| work(&|it| send(ThreadMessage::Message(it))));
            self.following = Some(following);
        }
        if let Some(following) = &self.following {
            following.search();
        }
    }

    /// Reads a run again, with all its steps.
    pub(super) fn load(&self, id: RunId, path: PathBuf) {
        self.spawn("load", move |send| {
            let read = SavedRun::open(&path).map_err(|error| in_full(&error));
            let bytes = read.as_ref().map_or(0, |saved| saved.bytes);
            let lesions = read.as_ref().ok().and_then(lesion_file::read);
            let state = read.map(|saved| Box::new(saved.state));
            send(ThreadMessage::Message(Message::Loaded(id, bytes, state)));
            if let Some((weights, scored)) = lesions {
                send(ThreadMessage::Message(Message::LesionsRead(id, weights, scored)));
            }
        });
    }

    /// Looks at one image through a run's network.
    pub(super) fn look(&mut self, id: RunId, look: FeatureRequest) {
        let Some(looks) = ask(&mut self.viewer, ((id, look.image), look), self.is_headless) else { return };
        let (library, sender) = (Arc::clone(&self.library), self.sender.clone());
        self.spawn("viewer", move |_| {
            features::answer(&library, looks, &mut |(id, image), answer| {
                let answer = answer.map(Arc::new).map_err(|error| in_full(&error));
                log_notes(&library, &sender);
                send(&sender, Message::Looked(id, image, answer));
            });
        });
    }

    /// Looks at a dataset.
    pub(super) fn look_at_data(&mut self, wanted: PreviewRequest) {
        let Some(asks) = ask(&mut self.librarian, wanted, self.is_headless) else { return };
        let (library, sender, folder) = (Arc::clone(&self.library), self.sender.clone(), self.data.clone());
        self.spawn("librarian", move |_| {
            data::preview::answer(&library, asks, &mut |ask, answer| {
                let seen = answer.map(Arc::new).map_err(|error| unavailable(&error, &ask, folder.as_deref()));
                log_notes(&library, &sender);
                send(&sender, Message::DataSeen(ask, seen));
            });
        });
    }

    /// Scores a run without some of its terms.
    pub(super) fn lesion(&mut self, id: RunId, path: PathBuf, wanted: Vec<Vec<Term>>, choice: DeviceChoice) {
        let library = Arc::clone(&self.library);
        self.lesions_cancelled = Arc::default();
        let cancelled = Arc::clone(&self.lesions_cancelled);
        let sender = self.sender.clone();
        self.spawn("lesions", move |_| {
            let report = |lesioned| send(&sender, Message::Lesioned(id, lesioned));
            let scored = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                test_panic("lesions");
                score(&library, &path, &wanted, choice, &cancelled, &report)
            }));
            log_notes(&library, &sender);
            let result = match scored {
                Ok(result) => result.map_err(|error| in_full(&error)),
                Err(_) => Err("internal error while scoring; see the log".into()),
            };
            send(&sender, Message::LesionsDone(id, result));
        });
    }

    /// Looks for devices; drivers take a while to answer.
    pub fn find_devices(&self) {
        self.spawn("devices", |send| {
            let why = Device::choose(DeviceChoice::Auto).ok().and_then(|(_, why)| why);
            send(ThreadMessage::Message(Message::Devices(device::all_facts(), why)));
        });
    }

    /// Reads the user's own presets.
    pub fn read_presets(&self) {
        self.spawn("presets", |send| {
            let Some(folder) = presets::user_folder() else { return };
            let own = own_presets(&folder, &|it| send(ThreadMessage::Message(it)));
            send(ThreadMessage::Message(Message::Presets(own)));
        });
    }
}

/// Logs what there is to say of a dataset that was just read. Whoever reads another one
/// meanwhile says it afterwards: nobody waits for that here.
fn log_notes(library: &Mutex<DatasetCache>, sender: &Sender) {
    let Ok(notes) = library.try_lock().map(|mut library| library.notes()) else { return };
    notes.into_iter().for_each(|note| send(sender, Message::Log(Level::Info, harmless(&note, 4000))));
}

/// Sends `wanted` to the thread that answers it, which keeps what it has read. Where there is
/// none, the receiver that a new one answers from; with `once`, only this.
fn ask<T>(thread: &mut Option<mpsc::Sender<T>>, wanted: T, once: bool) -> Option<mpsc::Receiver<T>> {
    let wanted = match thread {
        Some(thread) => thread.send(wanted).err()?.0,
        None => wanted,
    };
    let (sender, receiver) = mpsc::channel();
    let _ = sender.send(wanted);
    *thread = (!once).then_some(sender);
    Some(receiver)
}
