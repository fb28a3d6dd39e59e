//! Runs in progress, several at a time.

use std::future::poll_fn;
use std::task::Poll;

use serde::Serialize;

use super::run_bar::RunBar;
use crate::domain::event::{Control, Event, EventKind, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::text::harmless_json;
use crate::engine::error::EngineError;
use crate::engine::worker::Worker;
use crate::output::say;

/// A run that trains, and what it has told so far.
pub struct ActiveRun {
    /// Its place among the specs.
    pub index: usize,
    worker: Worker,
    progress: RunBar,
    state: RunState,
    board_failed: bool,
}

/// How a run ended.
pub struct EndedRun {
    /// What its events add up to.
    pub state: RunState,
    /// The error of a failed run.
    pub error: Option<EngineError>,
    /// Whether what it told could not be kept.
    pub unkept: bool,
    /// Whether its event file could not be written.
    pub board_failed: bool,
}

impl ActiveRun {
    /// Run `index`, which has just been started, or resumes from `state`.
    pub const fn new(index: usize, worker: Worker, progress: RunBar, state: RunState) -> Self {
        Self { index, worker, progress, state, board_failed: false }
    }

    /// Takes in what happened and shows it, with `json` also as a line of JSON.
    pub fn apply_event(&mut self, event: &Event, json: bool) {
        if json && event.is_recorded() {
            self.print_json(event);
        }
        self.board_failed |= matches!(event.kind, EventKind::BoardFailed { .. });
        self.state.apply(event);
        self.progress.show(event, &self.state);
    }

    /// Tells it to stop after its current step.
    pub fn stop(&self) {
        self.worker.orders.give(Control::Stop);
    }

    /// Waits for its end, of which its events have told.
    pub fn end(self) -> EndedRun {
        let Self { worker, progress, mut state, board_failed, .. } = self;
        // Tables have no use for its steps.
        state.condense();
        let folder = worker.folder.clone();
        let (error, unkept) = match worker.join() {
            Ok(Outcome::Failed) => {
                let message = state.message.clone().unwrap_or_default();
                (Some(EngineError::run(folder.clone(), message)), false)
            }
            Ok(_) => (None, false),
            Err(error) => (Some(error), true),
        };
        // An error names the folder itself.
        progress.done(error.is_none().then_some(&folder));
        EndedRun { state, error, unkept, board_failed }
    }

    fn print_json(&self, event: &Event) {
        let run = &self.worker.folder.file_name().unwrap_or_default().to_string_lossy();
        if let Ok(line) = line(run, event) {
            say(&line);
        }
    }
}

/// An event as `--json` prints it: a line of JSON that names its run.
///
/// # Errors
/// Never: an event can be written.
pub fn line(run: &str, event: &Event) -> serde_json::Result<String> {
    #[derive(Serialize)]
    struct Line<'a> {
        run: &'a str,
        #[serde(flatten)]
        event: &'a Event,
    }
    serde_json::to_string(&Line { run, event }).map(|line| harmless_json(&line))
}

/// The next event of any run, or `None` at a run's end, and which of `running` it is.
pub async fn next_event(running: &mut [ActiveRun]) -> (usize, Option<Event>) {
    poll_fn(|context| {
        for (place, run) in running.iter_mut().enumerate() {
            if let Poll::Ready(event) = run.worker.events.poll_recv(context) {
                return Poll::Ready((place, event));
            }
        }
        Poll::Pending
    })
    .await
}
