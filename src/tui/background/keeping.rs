//! What is written for people: notes on runs, and runs in other formats.

use std::path::{Path, PathBuf};

use super::jobs::in_full;
use super::{BackgroundTasks, ThreadMessage};
use crate::domain::annotation::AnnotationEdit;
use crate::domain::text::plural;
use crate::engine::annotation_file;
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::export::{Exported, FileFormat, export};
use crate::engine::recording::{self, RecordedPart};
use crate::engine::run_args::Skipped;
use crate::tui::action::{ExportAs, Message};
use crate::tui::log::Level;

impl BackgroundTasks {
    /// Changes what a person says of the runs in these folders.
    pub(super) fn annotate(&self, paths: Vec<PathBuf>, edit: AnnotationEdit, what: &'static str) {
        self.spawn("notes", move |send| {
            let send = |message| send(ThreadMessage::Message(message));
            let (mut kept, mut errors) = (0, Vec::new());
            for path in paths {
                match annotation_file::edit(&path, &edit) {
                    Ok(annotation) => {
                        kept += 1;
                        send(Message::Annotated(path, annotation));
                    }
                    Err(error) => errors.push(in_full(&error)),
                }
            }
            for error in errors.iter().skip(1) {
                send(Message::Log(Level::Bad, format!("{what} not saved: {error}")));
            }
            let of = if kept > 1 { format!(" of {}", plural(kept, "run")) } else { String::new() };
            send(match errors.first() {
                None => Message::Notice(Level::Good, format!("{what}{of} saved")),
                Some(error) => Message::Notice(Level::Bad, format!("{what} not saved: {error}")),
            });
        });
    }

    /// Writes the runs in these folders in another format.
    pub(super) fn export(&self, runs: Vec<PathBuf>, format: ExportAs, target: String) {
        let data = self.data.clone();
        self.spawn("export", move |send| {
            let send = |message| send(ThreadMessage::Message(message));
            let target = at_home(&target);
            match write(&runs, format, &target, data.as_deref()) {
                Ok((count, left)) => {
                    for error in &left.errors {
                        send(Message::Log(Level::Warn, format!("not exported: {}", in_full(error))));
                    }
                    let (level, rest) = match left.errors.len() {
                        0 => (Level::Good, String::new()),
                        n => (Level::Warn, format!("; {n} not exported, see Log")),
                    };
                    let text = format!(
                        "{} exported to {} ({}){rest}",
                        plural(count, "run"),
                        shown(&target),
                        format.title()
                    );
                    send(Message::Log(level, text.clone()));
                    send(Message::Notice(level, text));
                }
                Err(error) => {
                    let text = match error {
                        // There is no option here to replace it.
                        EngineError::Exists { path, reason } => {
                            format!("{}: {reason}; choose another place", shown(&path))
                        }
                        other => in_full(&other),
                    };
                    send(Message::Notice(Level::Bad, format!("not exported: {text}")));
                }
            }
        });
    }
}

/// Writes `runs` to `target`; how many there are in it, and what was left out.
fn write(runs: &[PathBuf], format: ExportAs, target: &Path, data: Option<&Path>) -> Result<(usize, Skipped)> {
    let format = match format {
        ExportAs::Csv => FileFormat::Csv,
        ExportAs::Parquet => FileFormat::Parquet,
        ExportAs::TensorBoard => FileFormat::Tensorboard,
        ExportAs::PyTorch => FileFormat::Pytorch,
        ExportAs::Recording => {
            // On the command line an older recording is replaced; nobody was asked here.
            if target.symlink_metadata().is_ok() {
                return Err(EngineError::exists(target, "there already"));
            }
            let (tape, left) = recording::pack(runs, RecordedPart::default(), target, false)?;
            return Ok((tape.runs().len(), left));
        }
    };
    let Exported { mut left, extended, .. } = export(runs, format, target, false, data)?;
    // `None`: another process adds to that file by itself.
    for (file, _) in extended.into_iter().filter(|(_, added)| added.is_none()) {
        left.errors.push(EngineError::run(file, "left to the process that is writing it"));
    }
    Ok((runs.len().saturating_sub(left.errors.len()), left))
}

/// A path with the home folder in the place of `~`, as shells have it.
fn at_home(text: &str) -> PathBuf {
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => text.into(),
    }
}
