//! Runs of other programs, as they are written: a thread that waits until the system says what
//! has changed, reads what was added, and sends it.
//!
//! Where the system does not say, as of a network folder, it looks every second.

use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};

use super::store_follower::StoreFollower;
use crate::engine::watch::{FolderChange, FolderWatch};
use crate::tui::action::Message;

/// What the thread is asked for.
pub(super) enum Order {
    /// To look for all runs.
    Search,
    /// To look at what has changed.
    Changed(Vec<FolderChange>),
    /// To end.
    End,
}

/// The thread that follows runs; it ends when this is dropped.
#[derive(Debug)]
pub struct Following {
    orders: Sender<Order>,
}

impl Following {
    /// The thread's work in `root`, and what gives it orders.
    pub fn new(root: PathBuf) -> (Self, impl FnOnce(&dyn Fn(Message)) + Send + 'static) {
        let (orders, ordered) = channel();
        let changed = orders.clone();
        let work = move |send: &dyn Fn(Message)| {
            let watch = FolderWatch::start(move |changes| changed.send(Order::Changed(changes)).is_ok());
            StoreFollower::new(root, watch, send).work(&ordered);
        };
        (Self { orders }, work)
    }

    /// Looks for runs, and follows them from then on.
    pub fn search(&self) {
        // It ends with the program only.
        let _ = self.orders.send(Order::Search);
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        let _ = self.orders.send(Order::End);
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, OpenOptions};
    use std::io::Write;
    use std::path::Path;
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::domain::annotation::{Annotation, AnnotationEdit};
    use crate::domain::event::Outcome;
    use crate::engine::annotation_file;
    use crate::engine::store::RunDir;

    /// Longer than anything takes.
    const LIMIT: Duration = Duration::from_secs(60);
    const FAILED: &str = r#"{"v":1,"t":3.0,"event":"finished","outcome":"failed","message":"no"}"#;

    fn follow(root: &Path) -> (Following, mpsc::Receiver<Message>) {
        let (sender, sent) = mpsc::channel();
        let (following, work) = Following::new(root.to_path_buf());
        std::thread::spawn(move || work(&|message| _ = sender.send(message)));
        following.search();
        (following, sent)
    }

    /// A run's folder with nothing in its record.
    fn folder(root: &Path) -> PathBuf {
        let run = RunDir::create(root, &"resnet@fashion".parse().unwrap()).unwrap();
        run.path().to_path_buf()
    }

    fn append(run: &Path, text: &str) {
        let record = OpenOptions::new().append(true).open(run.join("events.jsonl"));
        record.unwrap().write_all(text.as_bytes()).unwrap();
    }

    #[test]
    fn runs_are_followed_from_before_their_folder_is_there_until_it_is_gone() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("not/yet");
        let (following, sent) = follow(&root);
        let next = || sent.recv_timeout(LIMIT).unwrap();
        let Message::Searched(none) = next() else { panic!() };
        assert!(none.is_empty());
        let run = folder(&root);
        // Searched once more, when the folder came, where that was seen before the run.
        append(&run, &FAILED[..20]);
        let found = loop {
            match next() {
                Message::Found(saved) => break saved,
                // Also that its last line is cut off, where a search was first.
                Message::Searched(_) | Message::Log(..) => {}
                other => panic!("{other:?}"),
            }
        };
        assert_eq!((found.path, found.state.outcome), (run.clone(), None));
        append(&run, &FAILED[20..]);
        append(&run, "\n");
        let t = loop {
            match next() {
                Message::Appended { events, .. } if !events.is_empty() => break events[0].1.t,
                // Where it was only listed before it is read from its beginning.
                Message::Found(saved) if saved.state.outcome == Some(Outcome::Failed) => break saved.state.t,
                _ => {}
            }
        };
        assert_eq!(t, 3.0);
        fs::remove_dir_all(&run).unwrap();
        loop {
            if let Message::Gone(gone) = next() {
                break assert_eq!(gone, run);
            }
        }
        drop(following);
        // Its thread ends.
        while sent.recv_timeout(LIMIT).is_ok() {}
    }

    /// The next that a person says of a run.
    fn next_note(sent: &mpsc::Receiver<Message>) -> (PathBuf, Annotation) {
        loop {
            if let Message::Annotated(path, annotation) = sent.recv_timeout(LIMIT).unwrap() {
                return (path, annotation);
            }
        }
    }

    #[test]
    fn notes_that_another_program_writes_are_read_at_once_even_of_runs_that_are_over() {
        let root = tempfile::tempdir().unwrap();
        let over = folder(root.path());
        append(&over, &format!("{}\n", FAILED.replace("failed", "completed")));
        let growing = folder(root.path());
        append(&growing, &format!("{FAILED}\n"));
        let (_following, sent) = follow(root.path());
        while !matches!(sent.recv_timeout(LIMIT).unwrap(), Message::Searched(_)) {}
        for run in [&over, &growing] {
            let edit = AnnotationEdit { name: Some("new".into()), ..AnnotationEdit::default() };
            let written = annotation_file::edit(run, &edit).unwrap();
            assert_eq!(next_note(&sent), (run.clone(), written));
            // One that cannot be read is said, and the next one that can is read.
            fs::write(run.join("note.tmp"), "{").unwrap();
            fs::rename(run.join("note.tmp"), run.join("notes.json")).unwrap();
            loop {
                if let Message::Log(_, text) = sent.recv_timeout(LIMIT).unwrap() {
                    break assert!(text.contains("not a run's notes"), "{text}");
                }
            }
            fs::remove_file(run.join("notes.json")).unwrap();
            assert_eq!(next_note(&sent), (run.clone(), Annotation::default()));
        }
    }

    #[test]
    fn a_folder_that_was_empty_when_it_was_searched_for_is_followed() {
        let root = tempfile::tempdir().unwrap();
        // Made by a program that has not come further, before anybody watched.
        let made = root.path().join("made");
        fs::create_dir(&made).unwrap();
        let (_following, sent) = follow(root.path());
        let Message::Searched(none) = sent.recv_timeout(LIMIT).unwrap() else { panic!() };
        assert!(none.is_empty());
        let run = folder(root.path());
        append(&run, &format!("{FAILED}\n"));
        while !matches!(sent.recv_timeout(LIMIT).unwrap(), Message::Found(saved) if saved.path == run) {}
        for file in ["spec.toml", "events.jsonl"] {
            fs::copy(run.join(file), made.join(file)).unwrap();
        }
        while !matches!(sent.recv_timeout(LIMIT).unwrap(), Message::Found(saved) if saved.path == made) {}
    }

    #[test]
    fn what_is_written_by_this_program_is_not_followed() {
        let root = tempfile::tempdir().unwrap();
        let (_following, sent) = follow(root.path());
        let Message::Searched(_) = sent.recv_timeout(LIMIT).unwrap() else { panic!() };
        let run = RunDir::create(root.path(), &"resnet@fashion".parse().unwrap()).unwrap();
        let path = run.path().to_path_buf();
        append(&path, &format!("{FAILED}\n"));
        // Another's is heard of first.
        let other = folder(root.path());
        append(&other, &format!("{FAILED}\n"));
        let Message::Found(found) = sent.recv_timeout(LIMIT).unwrap() else { panic!() };
        assert_eq!(found.path, other);
    }
}
