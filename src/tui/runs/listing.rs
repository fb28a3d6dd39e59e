//! Which runs are listed, and in which order.

use super::{RunId, RunList};
use crate::tui::filter::RunFilter;
use crate::tui::labels::Labels;
use crate::tui::run::{RunStage, TrackedRun};
use crate::tui::sort::{SortBy, compare};

impl RunList {
    /// Sorts by the next column.
    pub fn sort_next(&mut self) {
        let now = SortBy::ALL.iter().position(|by| *by == self.sort).unwrap_or(0);
        (self.sort, self.reversed) = (SortBy::ALL[(now + 1) % SortBy::ALL.len()], false);
        self.list();
    }

    /// Sorts so.
    pub fn sort(&mut self, by: SortBy, reversed: bool) {
        (self.sort, self.reversed) = (by, reversed);
        self.list();
    }

    /// Sorts the other way.
    pub fn reverse(&mut self) {
        self.reversed = !self.reversed;
        self.list();
    }

    /// Lists only runs that meet `filter`; where it cannot be understood, those that were.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn set_filter(&mut self, filter: &str) -> Result<(), String> {
        self.wanted = RunFilter::parse(filter)?;
        filter.clone_into(&mut self.filter);
        self.list();
        if self.row().is_none() {
            self.cursor = self.listed.first().copied();
        }
        Ok(())
    }

    /// Draws all listed runs that have started, as many as there are colours for; how many of how
    /// many.
    pub fn show_listed(&mut self) -> (usize, usize) {
        let begun = self.listed().filter(|run| run.stage != RunStage::Waiting);
        let ids: Vec<RunId> = begun.map(|run| run.id).collect();
        let drawn = ids.iter().take_while(|id| self.show(**id).is_ok()).count();
        (drawn, ids.len())
    }

    /// Makes the list anew where runs have come that are not in it.
    pub fn refresh(&mut self) {
        if self.stale {
            self.list();
        }
    }

    /// Makes the list anew.
    pub fn list(&mut self) {
        self.stale = false;
        let mut ended: Vec<&TrackedRun> =
            self.all.values().filter(|run| run.stage == RunStage::Over && self.wanted.matches(run)).collect();
        ended.sort_by(|a, b| {
            let order = compare(self.sort, a, b);
            if self.reversed { order.reverse() } else { order }
        });
        let active = self.all.values().filter(|run| run.is_active()).map(|run| run.id);
        self.listed =
            active.chain(self.queue.iter().copied()).chain(ended.iter().map(|run| run.id)).collect();
        // While runs are still being found the cursor stays at the top.
        if self.cursor.is_none() || !self.chosen {
            self.cursor = self.listed.first().copied();
        }
        self.labels = Labels::of(self.listed());
        self.find_best();
    }
}
