//! `note`: what a person says of runs.

use std::path::PathBuf;

use serde::Serialize;

use super::Exit;
use crate::cli::NoteArgs;
use crate::domain::annotation::{self, Annotation, AnnotationEdit};
use crate::domain::error::SpecError;
use crate::domain::text::harmless;
use crate::engine::annotation_file::{self, NOTES};
use crate::engine::error::{EngineError, Result};
use crate::engine::run_args;
use crate::engine::store::{self, SavedRun};
use crate::output::{note, say, say_json};

#[derive(Serialize)]
struct Row {
    folder: String,
    #[serde(flatten)]
    annotation: Annotation,
}

/// Changes what is said of the runs, or prints it where nothing is to be changed.
///
/// # Errors
/// When there is no run, what is to be said cannot be, or a run's notes cannot be read or written.
pub fn run(args: &NoteArgs) -> Result<Exit> {
    let edit = edit(args)?;
    if edit.name.as_ref().is_some_and(|name| !name.is_empty()) && args.runs.len() > 1 {
        return Err(SpecError::new("--name", "a name is one run's; give one run").into());
    }
    // Before the first is changed all are looked at.
    let (runs, left) = run_args::read(&args.runs, |run| {
        store::read_spec(run)?;
        annotation_file::read(run)?;
        Ok(run.to_path_buf())
    })?;
    super::export::say_left(&left);
    let said = |run: PathBuf| -> Result<Row> {
        let annotation = match edit.is_empty() {
            true => annotation_file::read(&run)?,
            false => annotation_file::edit(&run, &edit)?,
        };
        Ok(Row { folder: run.to_string_lossy().into_owned(), annotation })
    };
    let rows = runs.into_iter().map(said).collect::<Result<Vec<_>>>()?;
    match args.json {
        true => say_json(&rows),
        false => rows.iter().for_each(|row| say(&text(row))),
    }
    Ok(if left.errors.is_empty() { Exit::Done } else { Exit::Failed })
}

fn edit(args: &NoteArgs) -> Result<AnnotationEdit> {
    let wrong =
        |option: &'static str| move |reason: String| EngineError::from(SpecError::new(option, reason));
    let tags = |given: &[String], option| {
        let all: Vec<_> = given
            .iter()
            .map(|text| annotation::tags(text))
            .collect::<std::result::Result<_, _>>()
            .map_err(wrong(option))?;
        Ok::<_, EngineError>(all.into_iter().flatten().collect())
    };
    Ok(AnnotationEdit {
        name: args.name.as_deref().map(annotation::name).transpose().map_err(wrong("--name"))?,
        note: args.note.as_deref().map(annotation::note).transpose().map_err(wrong("--note"))?,
        add: tags(&args.tag, "--tag")?,
        remove: tags(&args.untag, "--untag")?,
    })
}

fn text(row: &Row) -> String {
    let Annotation { name, note, tags } = &row.annotation;
    let mut lines = vec![harmless(&row.folder, 400)];
    let tags = tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ");
    for (what, said) in [("name", name), ("tags", &tags), ("note", note)] {
        if !said.is_empty() {
            lines.push(format!("  {what}  {said}"));
        }
    }
    if lines.len() == 1 {
        lines.push("  no name, tags or note".into());
    }
    lines.join("\n")
}

/// Says whose notes cannot be read.
pub fn say_unread(runs: &[SavedRun]) {
    for error in runs.iter().filter_map(|run| run.annotation_error.as_ref()) {
        note(&format!("{NOTES} left out: {}", harmless(error, 4000)));
    }
}
