//! What of the screen outlives the session.

use super::App;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::harmless;
use crate::tui::action::Effect;
use crate::tui::log::Level;
use crate::tui::remembered::Remembered;
use crate::tui::run::{RunId, TrackedRun};

/// Longest filter taken from a file, characters.
const LONGEST: usize = 200;

/// What is remembered, and what of it waits for the runs to be found.
#[derive(Debug)]
pub(super) struct Memory {
    last: Remembered,
    /// Runs to be drawn, and the baseline, until the first search has ended.
    waiting: Option<(Vec<String>, Option<String>)>,
}

impl App {
    /// Begins where an earlier session ended, and remembers from now on.
    pub fn recall(&mut self, earlier: Option<Remembered>) {
        let mut waiting = None;
        if let Some(earlier) = earlier {
            if let Ok(spec) = earlier.draft.parse::<ExperimentSpec>() {
                // What was a draft can be one.
                let _ = self.session.draft.replace(spec);
            }
            let (by, reversed) = earlier.sort;
            self.session.runs.sort(by, reversed);
            let filter: String = harmless(&earlier.filter, LONGEST);
            // One that cannot be understood lists all.
            let _ = self.session.runs.set_filter(&filter);
            self.panels.curves.set_settings(&earlier.curves);
            self.session.y_limits = earlier.y_limits;
            self.set_pane_sizes(earlier.panes);
            waiting = Some((earlier.drawn, earlier.baseline));
        }
        let last = self.remembered();
        self.memory = Some(Memory { last, waiting });
    }

    /// Draws what was drawn, once runs have been found.
    pub(super) fn recall_runs(&mut self) {
        let waiting = self.memory.as_mut().and_then(|memory| memory.waiting.take());
        let Some((drawn, baseline)) = waiting else { return };
        let named = |app: &Self, name: &str| -> Option<RunId> {
            app.session.runs.all().find(|run| folder(run) == Some(name)).map(|run| run.id)
        };
        for name in &drawn {
            if let Some(id) = named(self, name) {
                // As many as there are colours.
                let _ = self.session.runs.show(id);
            }
        }
        if let Some(id) = baseline.and_then(|name| named(self, &name)) {
            self.session.runs.pin(Some(id));
        }
        let now = self.remembered();
        if let Some(memory) = &mut self.memory {
            memory.last = now;
        }
    }

    /// Has what changed since the last time written.
    pub(super) fn remember(&mut self) {
        let is_settled = self.memory.as_ref().is_some_and(|memory| memory.waiting.is_none());
        if !is_settled || self.session.editing.is_some() {
            return;
        }
        let now = self.remembered();
        if let Some(memory) = self.memory.as_mut().filter(|memory| memory.last != now) {
            let before = std::mem::replace(&mut memory.last, now.clone());
            self.session.want(Effect::Remember(Box::new(now), Box::new(before)));
        }
    }

    /// That it cannot be kept: nothing is tried any more.
    pub(super) fn forget(&mut self, reason: &str) {
        self.memory = None;
        self.session.note(Level::Info, format!("this session's state is not saved: {reason}"));
    }

    fn remembered(&self) -> Remembered {
        let runs = &self.session.runs;
        let name = |run: &TrackedRun| folder(run).map(str::to_owned);
        Remembered {
            draft: self.session.draft.line().to_owned(),
            baseline: runs.baseline().and_then(name),
            drawn: runs.shown().into_iter().filter(|run| run.slot.is_some()).filter_map(name).collect(),
            sort: runs.sorted_by(),
            filter: runs.filter().to_owned(),
            curves: self.panels.curves.settings(),
            y_limits: self.session.y_limits,
            panes: self.pane_sizes().clone(),
            ..Remembered::new()
        }
    }
}

/// The name of a run's folder.
fn folder(run: &TrackedRun) -> Option<&str> {
    run.path.as_deref()?.file_name()?.to_str()
}
