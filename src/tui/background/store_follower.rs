//! How far each run of a store has been read, and what is read when something changes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use super::followed_run::{FollowedRun, is_over, open, read_on, stamp};
use super::following::Order;
use super::jobs::{in_full, search};
use crate::engine::annotation_file::{self, NOTES};
use crate::engine::lease;
use crate::engine::store;
use crate::engine::watch::{FolderChange, FolderWatch, WatchId, is_shared};
use crate::tui::action::Message;
use crate::tui::log::Level;

/// Between two looks where the system says nothing.
const POLL: Duration = Duration::from_secs(1);
/// Between looks at a record that has ended and whose program has not let go of it yet.
const AGAIN: Duration = Duration::from_millis(200);
/// For a run's folder to get its first files.
const YOUNG: Duration = Duration::from_secs(60);
/// Most runs that are over whose notes are watched: the system has only so many watches, for all
/// programs.
const MOST_WATCHED: usize = 2_000;
/// How often at most.
const AGAINS: usize = 25;
/// Files of a run whose changes matter.
const TOLD_BY: [&str; 3] = ["events.jsonl", "spec.toml", "claim"];

/// A run, with what tells that it has changed where nobody says so.
#[derive(Debug)]
struct FollowedFolder {
    run: FollowedRun,
    watch: Option<WatchId>,
    seen: Option<(u64, SystemTime)>,
}

impl FollowedFolder {
    /// Whether there was ever anything to tell of it.
    const fn was_told(&self) -> bool {
        self.seen.is_some() || !matches!(self.run, FollowedRun::Listed)
    }
}

/// Follows the runs in one folder.
pub(super) struct StoreFollower<'a> {
    root: PathBuf,
    send: &'a dyn Fn(Message),
    watch: Option<FolderWatch>,
    is_shared: bool,
    /// What is watched for the root: itself, or the nearest folder above it that is there.
    at: Option<(WatchId, PathBuf)>,
    /// Watched folders of runs.
    folders: BTreeMap<WatchId, PathBuf>,
    runs: BTreeMap<PathBuf, FollowedFolder>,
    /// To be looked at again soon, so many times at most; whether its record was closed.
    again: BTreeMap<PathBuf, (usize, bool)>,
    has_searched: bool,
}

impl<'a> StoreFollower<'a> {
    /// For the runs in `root`; `watch` sends an order where something changes.
    pub fn new(root: PathBuf, watch: Option<FolderWatch>, send: &'a dyn Fn(Message)) -> Self {
        Self {
            is_shared: is_shared(&root),
            root,
            send,
            watch,
            at: None,
            folders: BTreeMap::new(),
            runs: BTreeMap::new(),
            again: BTreeMap::new(),
            has_searched: false,
        }
    }

    /// Does what is ordered, and looks by itself where it has to, until that ends.
    pub fn work(&mut self, ordered: &Receiver<Order>) {
        let (mut polled, mut again) = (Instant::now(), Instant::now());
        loop {
            let poll = self.is_polled().then(|| POLL.saturating_sub(polled.elapsed()));
            let soon = (!self.again.is_empty()).then(|| AGAIN.saturating_sub(again.elapsed()));
            let wait = poll.into_iter().chain(soon).min();
            let order = match wait {
                None => ordered.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => ordered.recv_timeout(wait),
            };
            match order {
                Ok(Order::Search) => self.search(),
                Ok(Order::Changed(changes)) => self.take_in(changes),
                Ok(Order::End) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if again.elapsed() >= AGAIN {
                again = Instant::now();
                for (path, (left, closed)) in std::mem::take(&mut self.again) {
                    self.look(&path, closed, left);
                }
            }
            if self.is_polled() && polled.elapsed() >= POLL {
                self.poll();
                polled = Instant::now();
            }
        }
    }

    /// Whether the system does not say all that happens.
    fn is_polled(&self) -> bool {
        let is_unwatched = |folder: &FollowedFolder| {
            folder.watch.is_none() && !matches!(folder.run, FollowedRun::Over | FollowedRun::Own)
        };
        self.has_searched && (self.is_shared || self.at.is_none() || self.runs.values().any(is_unwatched))
    }

    /// Looks for all runs. What changes meanwhile is told, and looked at afterwards.
    fn search(&mut self) {
        self.attach();
        let mut all = BTreeMap::new();
        search(&self.root, true, self.send, &mut |path, read, bytes| {
            let read = read.map(|run| (is_over(run.state.outcome), run.being_written));
            all.insert(path.to_path_buf(), (read, bytes));
        });
        for path in self.runs.keys().filter(|path| !all.contains_key(*path)).cloned().collect::<Vec<_>>() {
            self.forget(&path);
        }
        for (path, (read, bytes)) in all {
            if let Some((true, false)) = read {
                let known = self.runs.get(&path);
                if known.is_some_and(|it| matches!(it.run, FollowedRun::Over) && it.watch.is_some()) {
                    continue;
                }
                self.forget(&path);
                let folder = FollowedFolder { run: FollowedRun::Over, watch: None, seen: None };
                self.runs.insert(path.clone(), folder);
                self.watch_names(&path);
                continue;
            }
            self.follow(&path);
            match (read, self.runs.get_mut(&path)) {
                (None, Some(folder)) if bytes > 0 => folder.run = FollowedRun::Damaged(bytes),
                // One without a record was being made then, and may be read by now.
                (None | Some((_, true)), _) => self.look(&path, false, AGAINS),
                // What was added after it was read and before it was watched is not told.
                _ if stamp(&path).map_or(0, |(bytes, _)| bytes) != bytes => self.look(&path, false, AGAINS),
                _ => {}
            }
        }
        self.look_at_young_folders();
        self.has_searched = true;
    }

    /// Looks at folders that were made just now: one that was there before the root was watched,
    /// and had nothing in it when the root was searched, would never be told of.
    fn look_at_young_folders(&mut self) {
        let is_young = |path: &PathBuf| {
            let facts = path.symlink_metadata().ok().filter(std::fs::Metadata::is_dir);
            let made = facts.and_then(|facts| facts.modified().ok());
            made.is_some_and(|made| made.elapsed().map_or(true, |age| age < YOUNG))
        };
        let there = self.root.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
        let young: Vec<_> = there.filter(|path| !self.runs.contains_key(path)).filter(is_young).collect();
        young.iter().for_each(|path| self.look(path, false, AGAINS));
    }

    /// Watches the root, or what is nearest to it.
    fn attach(&mut self) {
        let Some(watch) = &self.watch else { return };
        let before = self.at.take();
        let nearest = || {
            self.root.ancestors().find_map(|folder| {
                let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
                Some((watch.add(folder, false)?, folder.to_path_buf()))
            })
        };
        // A nearer one may have been made before this one was watched, which nobody tells.
        let (mut at, mut left) = (nearest(), Vec::new());
        loop {
            let again = nearest();
            if again == at {
                break;
            }
            left.extend(at.take());
            at = again;
        }
        left.iter().for_each(|(id, _)| watch.remove(*id));
        self.at = at;
        let now = self.at.as_ref().map(|(id, _)| *id);
        if let Some((id, _)) = before.filter(|(id, _)| Some(*id) != now) {
            watch.remove(id);
        }
    }

    /// Whether the root itself is watched.
    fn is_attached(&self) -> bool {
        self.at.as_ref().is_some_and(|(_, folder)| *folder == self.root)
    }

    /// Watches a run's folder.
    fn follow(&mut self, path: &Path) {
        let seen = stamp(path);
        let folder = self.runs.entry(path.to_path_buf()).or_insert_with(|| FollowedFolder {
            run: FollowedRun::Listed,
            watch: None,
            seen,
        });
        if folder.watch.is_none() {
            folder.watch = self.watch.as_ref().and_then(|watch| watch.add(path, true));
            if let Some(id) = folder.watch {
                self.folders.insert(id, path.to_path_buf());
            }
        }
    }

    /// Watches only which files come and go in a run's folder: of a run that is over, a note.
    /// Where it cannot be watched, the next search sees it.
    fn watch_names(&mut self, path: &Path) {
        let (Some(watch), Some(folder)) = (&self.watch, self.runs.get_mut(path)) else { return };
        if folder.watch.is_none() && self.folders.len() >= MOST_WATCHED {
            return;
        }
        folder.watch = watch.add(path, false);
        if let Some(id) = folder.watch {
            self.folders.insert(id, path.to_path_buf());
        }
    }

    /// Reads and sends what a person says of a run.
    fn read_notes(&self, path: &Path) {
        if !self.runs.contains_key(path) {
            return;
        }
        (self.send)(match annotation_file::read(path) {
            Ok(annotation) => Message::Annotated(path.to_path_buf(), annotation),
            Err(error) => Message::Log(Level::Warn, format!("{NOTES} left out: {}", in_full(&error))),
        });
    }

    /// Watches it no longer.
    fn unwatch(&mut self, path: &Path) {
        if let Some(id) = self.runs.get_mut(path).and_then(|folder| folder.watch.take()) {
            self.folders.remove(&id);
            if let Some(watch) = &self.watch {
                watch.remove(id);
            }
        }
    }

    fn forget(&mut self, path: &Path) {
        self.unwatch(path);
        self.runs.remove(path);
        self.again.remove(path);
    }

    fn take_in(&mut self, changes: Vec<FolderChange>) {
        let (mut all, mut concerned) = (false, BTreeMap::new());
        let mut noted = BTreeSet::new();
        for change in changes {
            let closed = matches!(change, FolderChange::Closed(..));
            match change {
                FolderChange::Anything => all = true,
                FolderChange::In(id, name) | FolderChange::Closed(id, name) => {
                    if self.at.as_ref().is_some_and(|(at, _)| *at == id) {
                        match self.is_attached() {
                            true => _ = concerned.entry(self.root.join(name)).or_insert(false),
                            // It may be there now, or another folder above it.
                            false => {
                                self.attach();
                                all |= self.root.is_dir();
                            }
                        }
                    } else if let Some(path) = self.folders.get(&id).filter(|_| name == NOTES) {
                        noted.insert(path.clone());
                    } else if let Some(path) = self.folders.get(&id)
                        && TOLD_BY.iter().any(|told| name == *told)
                    {
                        *concerned.entry(path.clone()).or_insert(false) |= closed;
                    }
                }
                FolderChange::Gone(id) => {
                    if self.at.take_if(|(at, _)| *at == id).is_some() {
                        all = true;
                    } else if let Some(path) = self.folders.remove(&id) {
                        if let Some(folder) = self.runs.get_mut(&path) {
                            folder.watch = None;
                        }
                        concerned.entry(path).or_insert(false);
                    }
                }
            }
        }
        if all {
            return self.search();
        }
        concerned.iter().for_each(|(path, closed)| self.look(path, *closed, AGAINS));
        noted.iter().for_each(|path| self.read_notes(path));
    }

    /// Looks at all that may have changed and is not told.
    fn poll(&mut self) {
        if self.is_shared || !self.is_attached() {
            let there: BTreeSet<PathBuf> =
                store::folders_of_runs(&self.root).unwrap_or_default().into_iter().collect();
            let known: BTreeSet<PathBuf> = self.runs.keys().cloned().collect();
            there.symmetric_difference(&known).for_each(|path| self.look(path, false, AGAINS));
        }
        let changed: Vec<PathBuf> = self
            .runs
            .iter()
            .filter(|(path, folder)| match &folder.run {
                FollowedRun::Over => false,
                _ if !self.is_shared && folder.watch.is_some() => false,
                FollowedRun::Growing(_, true) | FollowedRun::Own => true,
                _ => folder.seen != stamp(path),
            })
            .map(|(path, _)| path.clone())
            .collect();
        changed.iter().for_each(|path| self.look(path, false, AGAINS));
    }

    /// Looks at one folder in the root, whose record was `closed` or not, and as long as its
    /// program has not let go of it `again`, so many times.
    fn look(&mut self, path: &Path, closed: bool, again: usize) {
        self.again.remove(path);
        if !store::is_run(path) {
            // One that never had a record was never told of.
            if self.runs.get(path).is_some_and(FollowedFolder::was_told) {
                (self.send)(Message::Gone(path.to_path_buf()));
            }
            self.forget(path);
            if path.is_dir() {
                self.follow(path);
            }
            // It may become one, or may have before it was watched.
            if !store::is_run(path) {
                return;
            }
        }
        self.follow(path);
        let stamp = stamp(path);
        let Some(folder) = self.runs.get_mut(path) else { return };
        folder.seen = stamp;
        let is_mine = lease::is_mine(path);
        if let Some(watch) = &self.watch
            && folder.watch.is_some()
            && is_mine != matches!(folder.run, FollowedRun::Own)
        {
            // Of its own run this program knows every step.
            watch.add(path, !is_mine);
        }
        if is_mine {
            folder.run = FollowedRun::Own;
            return;
        }
        // A run that is being made, or deleted, is neither there nor damaged.
        let Some((bytes, _)) = stamp.filter(|(bytes, _)| *bytes > 0) else { return };
        let now = match std::mem::replace(&mut folder.run, FollowedRun::Listed) {
            FollowedRun::Growing(follower, was_written) => read_on(follower, was_written, path, self.send),
            FollowedRun::Damaged(before) if bytes >= before => FollowedRun::Damaged(before),
            _ => open(path, self.send),
        };
        let is_held = match &now {
            FollowedRun::Growing(follower, true) => closed || follower.outcome().is_some(),
            _ => false,
        };
        if is_held && again > 0 {
            self.again.insert(path.to_path_buf(), (again - 1, closed));
        }
        if matches!(now, FollowedRun::Over) {
            self.watch_names(path);
        }
        if let Some(folder) = self.runs.get_mut(path) {
            folder.run = now;
        }
    }
}
