//! What the background sends, and what happens in runs.

use std::collections::HashSet;
use std::path::PathBuf;

use super::Session;
use crate::domain::event::{Event, EventKind, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::text::{duration, harmless};
use crate::tui::action::Message;
use crate::tui::log::Level;
use crate::tui::player::begins;
use crate::tui::run::{RunId, RunStage, StepsState};

impl Session {
    /// Takes in what was sent. Answers to panels are theirs.
    pub fn handle_message(&mut self, message: Message) {
        match message {
            Message::Log(level, text) => self.note(level, text),
            Message::Notice(level, text) => self.say(level, text),
            Message::Started(id, path) => {
                self.note(Level::Info, format!("saving to {}", harmless(&path.to_string_lossy(), 400)));
                self.runs.begun(id, path);
                // All colours may be taken; the current run is drawn without one of its own.
                let _ = self.runs.show(id);
                self.runs.list();
            }
            Message::Event(id, event) => self.apply_event(id, &event),
            Message::Ended { id, error, holds } => self.end(id, error, holds),
            Message::Missing(id, offer, error) => self.missing(id, offer, error),
            Message::Fetching(progress, rate) => self.fetch_progress(progress, rate),
            Message::FetchEnded(result) => self.fetch_ended(result),
            Message::Found(saved) => self.found(*saved),
            Message::Appended { path, events, being_written } => self.append(&path, events, being_written),
            Message::Gone(path) => self.gone(&path),
            Message::Searched(paths) => {
                self.searching = false;
                let there: HashSet<PathBuf> = paths.into_iter().collect();
                self.runs.keep_only(|path| there.contains(path));
                self.runs.list();
            }
            Message::Recorded(_, spec) => {
                self.runs.enqueue(*spec);
            }
            Message::RecordedNotes(id, annotation) => {
                if let Some(run) = self.runs.get_mut(id) {
                    run.annotation = annotation;
                    self.runs.outdate();
                }
            }
            Message::Scene(scene) => self.set_scene(scene),
            Message::TapeMarks(marks) => self.tape_marks = marks,
            Message::Playing(playback) => self.playback = Some(playback),
            Message::Loaded(id, bytes, Ok(state)) => self.runs.loaded(id, *state, bytes),
            Message::Loaded(id, _, Err(reason)) => {
                if let Some(run) = self.runs.get_mut(id) {
                    // Not asked for again; its epochs are known.
                    run.steps = StepsState::Loaded;
                }
                self.say(Level::Bad, reason);
            }
            Message::Looked(..) | Message::DataSeen(..) | Message::NotKept(_) => {}
            Message::Detached(result) => self.detached(result),
            Message::Attached(id, result) => self.attached(id, result),
            Message::Deleted(id, result) => self.deleted(id, result),
            Message::Annotated(path, annotation) => self.annotated(&path, annotation),
            Message::LesionsRead(id, weights, scored) => {
                if let Some(run) = self.runs.get(id) {
                    self.lesions.restore(run, weights, scored);
                }
            }
            Message::Lesioned(id, lesioned) => self.lesions.scored(id, lesioned),
            Message::LesionsDone(id, result) => self.lesions_ended(id, result),
            Message::Presets(presets) => self.setup.own = presets,
            Message::Devices(devices, why) => (self.setup.devices, self.setup.auto) = (devices, why),
            Message::Second { clock, memory } => {
                (self.machine.clock, self.machine.memory) = (clock, memory);
                self.machine.silent = self.machine.silent.saturating_add(1);
                self.age_notice();
            }
        }
    }

    fn apply_event(&mut self, id: RunId, event: &Event) {
        self.machine.silent = 0;
        if self.playback.is_some() && begins(&event.kind) {
            self.begin_recorded(id);
        }
        let Some(run) = self.runs.get_mut(id) else { return };
        run.state.apply(event);
        let network = match run.annotation.name.as_str() {
            "" => run.spec.network_name(),
            name => name.to_owned(),
        };
        if matches!(event.kind, EventKind::EpochEnded { .. }) {
            self.lesions.moved_on(id, run.state.best_epoch().map(|best| best.epoch));
            // Another may be the best of its group now.
            self.runs.outdate();
        }
        match &event.kind {
            EventKind::RunStarted(facts) => {
                let text = format!("{network}: training on {}", facts.device);
                self.note(Level::Info, text);
            }
            EventKind::EpochEnded { epoch, train, validation, best, .. } => {
                let text = format!(
                    "{network} epoch {epoch}: train {:.4} {:.2}%, val {:.4} {:.2}%{}",
                    train.loss,
                    train.top1(),
                    validation.loss,
                    validation.top1(),
                    if *best { " (best)" } else { "" }
                );
                self.note(Level::Info, text);
            }
            EventKind::Tested { checkpoint, epoch, score } => {
                let name = checkpoint.name();
                let text = format!("{network} test, {name} weights (epoch {epoch}): {:.2}%", score.top1());
                self.note(Level::Good, text);
            }
            EventKind::Diverged { epoch, step, loss, .. } => {
                let loss = harmless(loss, 20);
                self.say(
                    Level::Bad,
                    format!("{network} diverged: loss {loss} at step {step} (epoch {epoch})"),
                );
            }
            EventKind::BoardFailed { message } => self.board_failed(message),
            EventKind::Paused => self.note(Level::Info, format!("{network} paused")),
            EventKind::Resumed => self.note(Level::Info, format!("{network} resumed")),
            EventKind::Finished { outcome, .. } if *outcome != Outcome::Failed => {
                let text = format!("{network} {} after {}", outcome.name(), duration(event.t));
                self.note(if *outcome == Outcome::Completed { Level::Good } else { Level::Warn }, text);
            }
            _ => {}
        }
    }

    /// A recorded run begins: the draft and the cursor go with it.
    fn begin_recorded(&mut self, id: RunId) {
        self.runs.begin_recorded(id);
        let _ = self.runs.show(id);
        self.runs.select(id);
        if let Some(run) = self.runs.get(id) {
            let spec = run.spec.clone();
            // What was run can be drafted.
            let _ = self.draft.replace(spec);
        }
    }

    /// Every recorded run as it was at another moment.
    fn set_scene(&mut self, scene: Vec<(RunId, RunStage, RunState)>) {
        let playing =
            scene.iter().rev().find(|(_, stage, _)| *stage != RunStage::Waiting).map(|(id, ..)| *id);
        for (id, stage, state) in scene {
            self.runs.set_scene(id, stage, state);
        }
        self.runs.list();
        if let Some(id) = playing {
            self.begin_recorded(id);
        }
    }
}
