//! Which runs have their steps in memory: those that are drawn, and a few that were.

use std::collections::HashSet;

use super::RunList;
use crate::domain::run_state::RunState;
use crate::tui::run::{RunId, RunStage, StepsState, TrackedRun};

/// Most runs whose steps stay in memory, unless more are drawn.
const MOST_LOADED: usize = 16;

impl RunList {
    /// The state that was read again, with all steps, from so many bytes of the record.
    pub fn loaded(&mut self, id: RunId, state: RunState, bytes: u64) {
        if let Some(run) = self.get_mut(id) {
            run.set_loaded(state, bytes);
        }
        self.loaded.retain(|loaded| *loaded != id);
        self.loaded.push(id);
    }

    /// Those whose steps are drawn, or compared with what is.
    pub fn drawn(&self) -> Vec<&TrackedRun> {
        let mut drawn = self.shown();
        let baseline = self.baseline().filter(|run| drawn.iter().all(|shown| shown.id != run.id));
        drawn.extend(baseline);
        drawn
    }

    /// Lets go of the steps of runs that are on disk and no longer drawn, but for those that
    /// were drawn last.
    pub fn let_go(&mut self) {
        if self.loaded.len() <= MOST_LOADED {
            return;
        }
        let drawn: HashSet<RunId> = self.drawn().iter().map(|run| run.id).collect();
        let mut excess = self.loaded.len() - MOST_LOADED;
        let all = &mut self.all;
        self.loaded.retain(|id| {
            let Some(run) = all.get_mut(id) else { return false };
            let goes = excess > 0 && !drawn.contains(id) && run.stage == RunStage::Over;
            if goes {
                excess -= 1;
                run.state.condense();
                run.steps = StepsState::OnDisk;
            }
            !goes
        });
    }
}
