//! What is done to the marked runs together, or to the run under the cursor: deleted, exported,
//! named, tagged, written notes on.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{EditedText, NoticeState, Question, Session};
use crate::domain::annotation::{self, Annotation, AnnotationEdit};
use crate::domain::text::plural;
use crate::tui::action::{Effect, ExportAs};
use crate::tui::labels::with_times;
use crate::tui::log::Level;
use crate::tui::run::{RunId, RunStage, RunStatus, TrackedRun};

/// Most runs that a question or a message names.
const NAMED: usize = 6;

/// Runs that are being deleted together.
#[derive(Debug, Default)]
pub struct Deleting {
    left: BTreeSet<RunId>,
    done: usize,
    /// Those that could not be, and why.
    failed: Vec<String>,
}

/// The first few of these names, and how many more there are.
pub fn first_names<'a>(runs: impl IntoIterator<Item = &'a TrackedRun>) -> String {
    let runs: Vec<&TrackedRun> = runs.into_iter().collect();
    let all = with_times(&runs, runs.iter().map(|run| run.name()).collect());
    let mut names = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > NAMED {
        names += &format!(" and {} more", all.len() - NAMED);
    }
    names
}

impl Session {
    /// Marks the run under the cursor, or takes its mark away, and moves on.
    pub fn toggle_mark(&mut self) {
        let Some(id) = self.runs.chosen().map(|run| run.id) else {
            return self.say_while(NoticeState::NoneChosen, Level::Info, "no run selected");
        };
        self.runs.toggle_mark(id);
        self.runs.move_cursor(1);
    }

    /// The runs that a command means that needs their folders; says so where there is none.
    fn meant_on_disk(&mut self) -> Vec<(RunId, PathBuf)> {
        let meant = self.runs.meant();
        let found: Vec<_> = meant.iter().filter_map(|run| Some((run.id, run.path.clone()?))).collect();
        match (found.is_empty(), meant.first().map(|run| run.id)) {
            (true, None) => self.say_while(NoticeState::NoneChosen, Level::Info, "no run selected"),
            (true, Some(id)) => self.say_of(id, Level::Info, "this run has no directory yet"),
            _ => {}
        }
        found
    }

    /// Asks whether to delete the marked runs.
    pub(super) fn delete_marked(&mut self) {
        let (on_disk, others): (Vec<_>, Vec<_>) =
            self.runs.marked().into_iter().partition(|run| can_be_deleted(run));
        if on_disk.is_empty() && others.iter().all(|run| is_in_progress(run)) {
            let text = format!("in progress, can't be deleted: {}", first_names(others));
            return self.say(Level::Warn, text);
        }
        self.question = Some(Question::DeleteMarked);
    }

    /// Which of the marked runs go, and which cannot.
    pub(super) fn delete_marked_text(&self) -> String {
        let marked = self.runs.marked();
        let those = |is: fn(&TrackedRun) -> bool| marked.iter().copied().filter(move |run| is(run));
        let mut parts = Vec::new();
        let count = those(can_be_deleted).count();
        if count > 0 {
            let what = if count == 1 {
                "1 run, its record and weights, is"
            } else {
                &format!("{count} runs, their records and weights, are")
            };
            parts.push(format!("{what} deleted from disk: {}.", first_names(those(can_be_deleted))));
        }
        let waits = |run: &TrackedRun| run.stage == RunStage::Waiting;
        if those(waits).count() > 0 {
            parts.push(format!("Removed from the queue: {}.", first_names(those(waits))));
        }
        let is_unsaved = |run: &TrackedRun| run.stage == RunStage::Over && run.path.is_none();
        if those(is_unsaved).count() > 0 {
            parts.push(format!("Not on disk, removed from the list: {}.", first_names(those(is_unsaved))));
        }
        if those(is_in_progress).count() > 0 {
            parts.push(format!("In progress, not deleted: {}.", first_names(those(is_in_progress))));
        }
        parts.join(" ")
    }

    /// Deletes the marked runs that can be.
    pub(super) fn delete_all_marked(&mut self) {
        let marked: Vec<_> = self
            .runs
            .marked()
            .iter()
            .map(|run| (run.id, run.stage, run.path.clone(), can_be_deleted(run)))
            .collect();
        let mut wanted = Vec::new();
        for (id, stage, path, can_be) in marked {
            match (stage, path) {
                (RunStage::Waiting, _) => {
                    self.runs.unqueue(id);
                    self.runs.unmark(id);
                }
                (RunStage::Over, None) => self.runs.remove(id),
                (_, Some(path)) if can_be => wanted.push((id, path)),
                _ => {}
            }
        }
        self.held &= self.runs.queue().len() > 0;
        if !wanted.is_empty() {
            let left = wanted.iter().map(|(id, _)| *id).collect();
            self.deleting = Some(Deleting { left, ..Deleting::default() });
            self.want(Effect::Delete(wanted));
        }
    }

    /// A run was deleted, or not.
    pub(super) fn deleted(&mut self, id: RunId, result: Result<(), String>) {
        let name = self.runs.get(id).map(TrackedRun::name).unwrap_or_default();
        if result.is_ok() {
            self.runs.remove(id);
            self.lesions.forget(id);
        }
        let is_together = self.deleting.as_ref().is_some_and(|deleting| deleting.left.contains(&id));
        let Some(deleting) = self.deleting.as_mut().filter(|_| is_together) else {
            return match result {
                Ok(()) => self.say(Level::Info, "deleted"),
                Err(reason) => self.say(Level::Bad, reason),
            };
        };
        deleting.left.remove(&id);
        match result {
            Ok(()) => deleting.done += 1,
            Err(reason) => deleting.failed.push(format!("{name}: {reason}")),
        }
        if !deleting.left.is_empty() {
            return;
        }
        let Some(Deleting { done, failed, .. }) = self.deleting.take() else { return };
        match &failed[..] {
            [] => self.say(Level::Info, format!("{} deleted", plural(done, "run"))),
            [first, rest @ ..] => {
                rest.iter().for_each(|reason| self.note(Level::Bad, format!("not deleted: {reason}")));
                let more = if rest.is_empty() {
                    String::new()
                } else {
                    format!(" (and {} more, see Log)", rest.len())
                };
                let text = format!("{} deleted; not deleted: {first}{more}", plural(done, "run"));
                self.say(Level::Bad, text);
            }
        }
    }

    /// Begins to edit the name of the run under the cursor.
    pub fn edit_run_name(&mut self) {
        self.edit_of_run(|run| (EditedText::RunName(run.id), run.annotation.name.clone()));
    }

    /// Begins to edit the note on the run under the cursor.
    pub fn edit_run_note(&mut self) {
        self.edit_of_run(|run| (EditedText::RunNote(run.id), run.annotation.note.clone()));
    }

    fn edit_of_run(&mut self, begin: impl Fn(&TrackedRun) -> (EditedText, String)) {
        if self.is_replay("nothing is saved here") {
            return;
        }
        let Some(run) = self.runs.chosen() else {
            return self.say_while(NoticeState::NoneChosen, Level::Info, "no run selected");
        };
        if run.path.is_none() {
            let id = run.id;
            return self.say_of(id, Level::Info, "this run has no directory yet");
        }
        let (what, text) = begin(run);
        let about = format!("{} · Enter: save · Esc: cancel · empty: remove", run.line);
        self.edit_about(what, text, about, vec![run.id]);
    }

    /// Begins to edit the tags that the marked runs have in common, or those of the run under the
    /// cursor.
    pub fn edit_tags(&mut self) {
        if self.is_replay("nothing is saved here") {
            return;
        }
        let runs = self.meant_on_disk();
        let ids: Vec<RunId> = runs.into_iter().map(|(id, _)| id).collect();
        if ids.is_empty() {
            return;
        }
        let text = self.common_tags(&ids).into_iter().collect::<Vec<_>>().join(" ");
        let named = first_names(ids.iter().filter_map(|id| self.runs.get(*id)));
        let of = if ids.len() == 1 {
            String::new()
        } else {
            format!("what {} have in common: ", plural(ids.len(), "run"))
        };
        let about = format!("{of}{named} · Tab: complete · Enter: save · Esc: cancel");
        self.edit_about(EditedText::RunTags, text, about, ids);
    }

    fn common_tags(&self, ids: &[RunId]) -> BTreeSet<String> {
        let mut all = ids.iter().filter_map(|id| Some(&self.runs.get(*id)?.annotation.tags));
        let first = all.next().cloned().unwrap_or_default();
        all.fold(first, |common, tags| &common & tags)
    }

    /// Every tag of any run.
    pub(super) fn all_tags(&self) -> BTreeSet<String> {
        self.runs.all().flat_map(|run| run.annotation.tags.iter().cloned()).collect()
    }

    /// Keeps what was typed of a run or of several.
    ///
    /// # Errors
    /// When it cannot be kept as it is.
    pub(super) fn annotate(&mut self, what: EditedText, text: &str, ids: &[RunId]) -> Result<(), String> {
        let none = AnnotationEdit::default();
        let (edit, name) = match what {
            EditedText::RunName(_) => {
                (AnnotationEdit { name: Some(annotation::name(text)?), ..none }, "name")
            }
            EditedText::RunNote(_) => {
                (AnnotationEdit { note: Some(annotation::note(text)?), ..none }, "note")
            }
            _ => {
                let (before, now) = (self.common_tags(ids), annotation::tags(text)?);
                (AnnotationEdit { add: &now - &before, remove: &before - &now, ..none }, "tags")
            }
        };
        let runs = ids.iter().filter_map(|id| self.runs.get(*id));
        if edit.add.is_empty() && edit.remove.is_empty() && edit.name.is_none() && edit.note.is_none() {
            return Ok(());
        }
        for run in runs.clone() {
            run.annotation.clone().apply(&edit)?;
        }
        let paths: Vec<PathBuf> = runs.filter_map(|run| run.path.clone()).collect();
        self.want(Effect::Annotate { paths, edit, what: name });
        Ok(())
    }

    /// What a person says of the run in this folder is this now.
    pub(super) fn annotated(&mut self, path: &std::path::Path, annotation: Annotation) {
        if let Some(run) = self.runs.at(path).and_then(|id| self.runs.get_mut(id))
            && run.annotation != annotation
        {
            run.annotation = annotation;
            self.runs.outdate();
        }
    }

    /// Begins to ask where to export the marked runs to, or the one under the cursor.
    pub fn edit_export(&mut self) {
        if self.is_replay("nothing is exported here") {
            return;
        }
        let ids: Vec<RunId> = self.meant_on_disk().into_iter().map(|(id, _)| id).collect();
        if !ids.is_empty() {
            self.edit_export_as(ExportAs::Csv, ids);
        }
    }

    /// The same in another format.
    pub(super) fn edit_export_as(&mut self, format: ExportAs, ids: Vec<RunId>) {
        let named = first_names(ids.iter().filter_map(|id| self.runs.get(*id)));
        let about = format!(
            "{}: {named} · Tab: {} · Enter: export · Esc: cancel",
            plural(ids.len(), "run"),
            format.next().title()
        );
        self.edit_about(EditedText::Export(format), format.target().to_owned(), about, ids);
    }

    /// Exports runs to where was typed.
    pub(super) fn export(&mut self, format: ExportAs, target: &str, ids: &[RunId]) {
        let runs = ids.iter().filter_map(|id| self.runs.get(*id)?.path.clone()).collect::<Vec<_>>();
        let text = format!("exporting {} …", plural(runs.len(), "run"));
        self.say(Level::Info, text);
        self.want(Effect::Export { runs, format, target: target.trim().to_owned() });
    }
}

/// Whether it is trained here, or by another program.
fn is_in_progress(run: &TrackedRun) -> bool {
    run.is_active() || run.status() == RunStatus::Elsewhere
}

/// Whether a run is on disk and nobody here trains it.
fn can_be_deleted(run: &TrackedRun) -> bool {
    run.stage == RunStage::Over && run.path.is_some() && !is_in_progress(run)
}
