//! Which runs are marked, and which are the best of their groups.

use super::{RunId, RunList};
use crate::domain::seeds::best_of_groups;
use crate::tui::run::TrackedRun;

impl RunList {
    /// Marks a run, or takes its mark away.
    pub fn toggle_mark(&mut self, id: RunId) {
        if self.all.contains_key(&id) && !self.marked.remove(&id) {
            self.marked.insert(id);
        }
    }

    /// Marks all listed runs; where all are, no run at all.
    pub fn toggle_all_marks(&mut self) {
        match self.listed.iter().all(|id| self.marked.contains(id)) {
            true => self.marked.clear(),
            false => self.marked.extend(self.listed.iter().copied()),
        }
    }

    /// Takes a run's mark away.
    pub fn unmark(&mut self, id: RunId) {
        self.marked.remove(&id);
    }

    /// Whether a run is marked.
    pub fn is_marked(&self, id: RunId) -> bool {
        self.marked.contains(&id)
    }

    /// How many are.
    pub fn marked_len(&self) -> usize {
        self.marked.len()
    }

    /// Those that are marked, in the order of the list; then those that the filter hides.
    pub fn marked(&self) -> Vec<&TrackedRun> {
        let mut hidden = self.marked.clone();
        let listed: Vec<_> = self.listed().filter(|run| hidden.remove(&run.id)).collect();
        listed.into_iter().chain(hidden.iter().filter_map(|id| self.get(*id))).collect()
    }

    /// Those that a command means: the marked ones, else the one under the cursor.
    pub fn meant(&self) -> Vec<&TrackedRun> {
        match self.marked.is_empty() {
            true => self.chosen().into_iter().collect(),
            false => self.marked(),
        }
    }

    /// Whether it has the best validation top-1 of the runs that differ from it only in seed.
    pub fn is_best(&self, id: RunId) -> bool {
        self.best.contains(&id)
    }

    /// Whether there is a best run of any group.
    pub fn has_best(&self) -> bool {
        !self.best.is_empty()
    }

    pub(super) fn find_best(&mut self) {
        let best = best_of_groups(self.all.values().map(|run| (run.group.as_str(), run.validation())));
        self.best = self.all.keys().zip(best).filter(|(_, best)| *best).map(|(id, _)| *id).collect();
    }
}
