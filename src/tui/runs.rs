//! All runs: which there are, in which order, which waits, which is drawn, which is the
//! baseline.

mod listing;
mod marks;
mod steps;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::path::{Path, PathBuf};

use super::filter::RunFilter;
use super::labels::Labels;
use super::run::{RunId, RunStage, TrackedRun};
use super::sort::SortBy;
use super::theme::Theme;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::engine::store::SavedRun;

/// All runs of the store and of this session.
#[derive(Debug)]
pub struct RunList {
    all: BTreeMap<RunId, TrackedRun>,
    /// Those that have a folder.
    by_path: HashMap<PathBuf, RunId>,
    /// Those whose steps were read, the last one last.
    loaded: Vec<RunId>,
    /// Those listed, from the top: active, waiting, then what the sort says.
    listed: Vec<RunId>,
    /// Those that wait, next first.
    queue: VecDeque<RunId>,
    cursor: Option<RunId>,
    /// Whether it was put there by a person, or by what they started.
    chosen: bool,
    baseline: Option<RunId>,
    /// Those that are to be deleted, exported, tagged or compared together.
    marked: BTreeSet<RunId>,
    /// The best of each group of runs that differ only in seed.
    best: HashSet<RunId>,
    sort: SortBy,
    reversed: bool,
    filter: String,
    /// What it says.
    wanted: RunFilter,
    labels: Labels,
    /// Whether the list has to be made anew.
    stale: bool,
    next_id: RunId,
}

impl Default for RunList {
    fn default() -> Self {
        Self {
            all: BTreeMap::new(),
            by_path: HashMap::new(),
            loaded: Vec::new(),
            listed: Vec::new(),
            queue: VecDeque::new(),
            cursor: None,
            chosen: false,
            baseline: None,
            marked: BTreeSet::new(),
            best: HashSet::new(),
            sort: SortBy::Began,
            reversed: false,
            filter: String::new(),
            wanted: RunFilter::default(),
            labels: Labels::default(),
            stale: false,
            next_id: 0,
        }
    }
}

impl RunList {
    /// The run with this number.
    pub fn get(&self, id: RunId) -> Option<&TrackedRun> {
        self.all.get(&id)
    }

    /// The same, to change.
    pub fn get_mut(&mut self, id: RunId) -> Option<&mut TrackedRun> {
        self.all.get_mut(&id)
    }

    /// All runs, listed or not, in the order of their numbers.
    pub fn all(&self) -> impl Iterator<Item = &TrackedRun> {
        self.all.values()
    }

    /// The listed runs, from the top.
    pub fn listed(&self) -> impl DoubleEndedIterator<Item = &TrackedRun> {
        self.listed.iter().filter_map(|id| self.get(*id))
    }

    /// How many are listed.
    pub const fn listed_len(&self) -> usize {
        self.listed.len()
    }

    /// How many there are, listed or not.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The one under the cursor.
    pub fn current(&self) -> Option<&TrackedRun> {
        self.get(self.cursor?)
    }

    /// The one under the cursor, where it is listed: what is done to a run is done to one
    /// that is seen.
    pub fn chosen(&self) -> Option<&TrackedRun> {
        self.row().and_then(|_| self.current())
    }

    /// The one that trains or is about to.
    pub fn active(&self) -> Option<&TrackedRun> {
        self.all.values().find(|run| run.is_active())
    }

    /// The one that others are compared with.
    pub fn baseline(&self) -> Option<&TrackedRun> {
        self.get(self.baseline?)
    }

    /// Those that wait, next first.
    pub fn queue(&self) -> impl ExactSizeIterator<Item = RunId> + '_ {
        self.queue.iter().copied()
    }

    /// Those that are drawn, by colour; the current one is always among them.
    pub fn shown(&self) -> Vec<&TrackedRun> {
        let mut shown: Vec<&TrackedRun> = self.all.values().filter(|run| run.slot.is_some()).collect();
        shown.sort_by_key(|run| run.slot);
        let current = self.current().filter(|run| run.slot.is_none() && run.stage != RunStage::Waiting);
        shown.extend(current);
        shown
    }

    /// The colour a run is drawn in: its own, or, while it is only under the cursor, the
    /// first that is free.
    pub fn slot(&self, run: &TrackedRun) -> usize {
        run.slot.unwrap_or_else(|| self.free_slot().unwrap_or(Theme::MOST_DRAWN - 1))
    }

    fn free_slot(&self) -> Option<usize> {
        (0..Theme::MOST_DRAWN).find(|slot| self.all.values().all(|run| run.slot != Some(*slot)))
    }

    /// How the list is sorted, and whether the other way.
    pub fn sorted_by(&self) -> (SortBy, bool) {
        (self.sort, self.reversed)
    }

    /// How many runs other processes train.
    pub fn elsewhere(&self) -> usize {
        self.all.values().filter(|run| run.is_elsewhere()).count()
    }

    /// What tells listed runs apart.
    pub const fn labels(&self) -> &Labels {
        &self.labels
    }

    /// Words that a listed run's line has.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Queues a run.
    pub fn enqueue(&mut self, spec: ExperimentSpec) -> RunId {
        let id = self.add(|id| TrackedRun::waiting(id, spec));
        self.queue.push_back(id);
        self.list();
        id
    }

    /// Queues a run that ended early, to be resumed.
    pub fn enqueue_again(&mut self, id: RunId) {
        if let Some(run) = self.get_mut(id) {
            (run.stage, run.error) = (RunStage::Waiting, None);
            self.queue.push_back(id);
            self.list();
        }
    }

    /// Takes a run out of the queue; one that is on disk stays in the list.
    pub fn unqueue(&mut self, id: RunId) {
        match self.get_mut(id) {
            Some(run) if run.path.is_some() => {
                run.stage = RunStage::Over;
                self.queue.retain(|waiting| *waiting != id);
                self.list();
            }
            _ => self.remove(id),
        }
    }

    fn add(&mut self, make: impl FnOnce(RunId) -> TrackedRun) -> RunId {
        let id = self.next_id;
        self.next_id += 1;
        self.all.insert(id, make(id));
        id
    }

    /// Takes in a run found on disk, unless it is known: what is on disk of a run that has
    /// ended replaces what was known of it.
    pub fn found(&mut self, saved: SavedRun) {
        let known = self.by_path.get(&saved.path).copied();
        match known.and_then(|id| self.get_mut(id)) {
            // Queued to be resumed, or resumed.
            Some(run) if run.stage != RunStage::Over => run.annotation = saved.annotation,
            Some(run) if run.knows(&saved) => {
                (run.elsewhere, run.annotation) = (saved.being_written, saved.annotation);
            }
            Some(run) => {
                let slot = run.slot;
                *run = TrackedRun { slot, ..TrackedRun::found(run.id, saved) };
            }
            None => {
                let path = saved.path.clone();
                let id = self.add(|id| TrackedRun::found(id, saved));
                self.by_path.insert(path, id);
            }
        }
        // A store has many, and they come one by one.
        self.stale = true;
    }

    /// The run in this folder.
    pub fn at(&self, path: &Path) -> Option<RunId> {
        self.by_path.get(path).copied()
    }

    /// The list is made anew before it is shown again: what it goes by has changed.
    pub const fn outdate(&mut self) {
        self.stale = true;
    }

    /// A run has its folder, and trains. A search that met the folder first took it for
    /// somebody else's.
    pub fn begun(&mut self, id: RunId, path: PathBuf) {
        if let Some(met) = self.by_path.insert(path.clone(), id).filter(|met| *met != id) {
            self.remove(met);
            self.by_path.insert(path.clone(), id);
        }
        if let Some(run) = self.get_mut(id) {
            (run.path, run.stage) = (Some(path), RunStage::Live);
        }
    }

    /// Forgets runs on disk that a search did not find any more.
    pub fn keep_only(&mut self, is_there: impl Fn(&Path) -> bool) {
        let gone: Vec<RunId> = self
            .all
            .values()
            .filter(|run| {
                run.stage == RunStage::Over && run.path.as_deref().is_some_and(|path| !is_there(path))
            })
            .map(|run| run.id)
            .collect();
        gone.into_iter().for_each(|id| self.remove(id));
    }

    /// A recorded run begins to be played, unless it has already.
    pub fn begin_recorded(&mut self, id: RunId) {
        self.queue.retain(|waiting| *waiting != id);
        if let Some(run) = self.get_mut(id).filter(|run| run.stage == RunStage::Waiting) {
            run.stage = RunStage::Live;
        }
        self.list();
    }

    /// A recorded run as it was at another moment. Runs come in order, so the queue is
    /// in order too.
    pub fn set_scene(&mut self, id: RunId, stage: RunStage, state: RunState) {
        self.queue.retain(|waiting| *waiting != id);
        if stage == RunStage::Waiting {
            self.queue.push_back(id);
        }
        if let Some(run) = self.get_mut(id) {
            (run.stage, run.state) = (stage, state);
            if stage == RunStage::Waiting {
                run.slot = None;
            }
        }
    }

    /// Takes the next run from the queue.
    pub fn next_waiting(&mut self) -> Option<RunId> {
        let id = self.queue.pop_front()?;
        if let Some(run) = self.get_mut(id) {
            run.stage = RunStage::Starting;
        }
        self.list();
        Some(id)
    }

    /// Draws a run, in a colour of its own while there is one.
    ///
    /// # Errors
    /// When as many are drawn as can be.
    pub fn show(&mut self, id: RunId) -> Result<(), String> {
        let free = self.free_slot();
        let Some(run) = self.get_mut(id) else { return Ok(()) };
        if run.slot.is_none() {
            run.slot = Some(free.ok_or_else(|| {
                format!("at most {} runs can be drawn; hide one first (c hides all)", Theme::MOST_DRAWN)
            })?);
        }
        Ok(())
    }

    /// No longer draws it.
    pub fn hide(&mut self, id: RunId) {
        if let Some(run) = self.get_mut(id) {
            run.slot = None;
        }
    }

    /// Draws none but the current one and the baseline.
    pub fn hide_all(&mut self) {
        let others = self.all.values_mut().filter(|run| Some(run.id) != self.baseline);
        others.for_each(|run| run.slot = None);
    }

    /// Makes a run the baseline; none of `None`.
    pub fn pin(&mut self, id: Option<RunId>) {
        self.baseline = id;
    }

    /// Moves the cursor to a run.
    pub fn select(&mut self, id: RunId) {
        (self.cursor, self.chosen) = (Some(id), true);
    }

    /// Moves the cursor by rows, as far as the list goes.
    pub fn move_cursor(&mut self, by: isize) {
        self.chosen = true;
        let now = self.row().unwrap_or(0) as isize;
        let last = self.listed.len().saturating_sub(1) as isize;
        self.cursor = self.listed.get(now.saturating_add(by).clamp(0, last) as usize).copied();
    }

    /// The cursor's row in the list.
    pub fn row(&self) -> Option<usize> {
        self.listed.iter().position(|id| Some(*id) == self.cursor)
    }

    /// Forgets a run.
    pub fn remove(&mut self, id: RunId) {
        let row = self.row();
        if let Some(path) = self.all.remove(&id).and_then(|run| run.path) {
            self.by_path.remove(&path);
        }
        self.queue.retain(|waiting| *waiting != id);
        self.marked.remove(&id);
        self.baseline = self.baseline.filter(|baseline| *baseline != id);
        self.list();
        // The cursor stays where it was on the screen.
        if self.cursor == Some(id) {
            let row = row.unwrap_or(0).min(self.listed.len().saturating_sub(1));
            self.cursor = self.listed.get(row).copied();
        }
    }

    /// Moves a waiting run in the queue; whether it moved.
    pub fn reorder(&mut self, id: RunId, by: isize) -> bool {
        let Some(now) = self.queue.iter().position(|waiting| *waiting == id) else { return false };
        let to = now.saturating_add_signed(by).min(self.queue.len() - 1);
        self.queue.swap(now, to);
        self.list();
        to != now
    }
}
