//! `runs`: what a folder keeps.

use std::path::Path;

use serde::Serialize;

use super::Exit;
use crate::domain::annotation::Annotation;
use crate::domain::event::Checkpoint;
use crate::domain::seeds::best_of_groups;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::harmless;
use crate::engine::error::{Result, shown};
use crate::engine::store::{self, SavedRun};
use crate::output::{note, overflows, right, say, say_json, table};

#[derive(Serialize)]
struct Row {
    folder: String,
    spec: ExperimentSpec,
    started: Option<String>,
    /// The folder of the shorter run that it extends.
    #[serde(skip_serializing_if = "Option::is_none")]
    extends: Option<String>,
    outcome: &'static str,
    epochs: usize,
    val_top1: Option<f64>,
    test_top1: Option<f64>,
    /// Whether its validation top-1 is the best of the runs that differ in nothing but the seed.
    best_of_seeds: bool,
    /// Name, note and tags, as far as it has them.
    #[serde(flatten)]
    annotation: Annotation,
}

impl Row {
    fn new(run: SavedRun) -> Self {
        let state = &run.state;
        Self {
            started: state.started.as_ref().map(|s| s.at.clone()),
            extends: state.started.as_ref().and_then(|s| s.extends.clone()),
            // No last event: it still runs, or it was killed.
            outcome: match state.outcome {
                Some(outcome) => outcome.name(),
                None if run.being_written => "training",
                None => "unfinished",
            },
            epochs: state.epochs.len(),
            val_top1: state.best_epoch().map(|e| e.validation.top1()),
            test_top1: state.test(Checkpoint::Best).map(|s| s.top1()),
            folder: run.path.to_string_lossy().into_owned(),
            best_of_seeds: false,
            annotation: run.annotation,
            spec: run.spec,
        }
    }
}

/// Prints every run in `dir`, oldest first; what cannot be read is named on stderr.
///
/// # Errors
/// When the folder cannot be read.
pub fn run(dir: &Path, json: bool) -> Result<Exit> {
    let (runs, errors) = store::list(dir)?;
    super::notes::say_unread(&runs);
    let mut rows: Vec<Row> = runs.into_iter().map(Row::new).collect();
    let lines: Vec<String> = rows.iter().map(|row| row.spec.without_seed()).collect();
    let best = best_of_groups(lines.iter().map(String::as_str).zip(rows.iter().map(|row| row.val_top1)));
    rows.iter_mut().zip(best).for_each(|(row, best)| row.best_of_seeds = best);
    if json {
        say_json(&rows);
    } else if rows.is_empty() {
        say(&format!("no runs in {}", shown(dir)));
    } else {
        say(&listing(&rows));
    }
    for error in &errors {
        note(&format!("skipped: {}", harmless(&error.to_string(), 4000)));
    }
    Ok(Exit::Done)
}

/// A table, or a few lines a run where the terminal is too narrow for it.
fn listing(rows: &[Row]) -> String {
    let percent = |p: Option<f64>| p.map_or("–".into(), |p| format!("{p:.2}"));
    let name = |row: &Row| {
        let name = Path::new(&row.folder).file_name().unwrap_or_default().to_string_lossy().into_owned();
        harmless(&name, 120)
    };
    let epochs = |row: &Row| format!("{}/{}", row.epochs, row.spec.epochs);
    // Beside the number, which stays where those below it are.
    let has_best = rows.iter().any(|row| row.best_of_seeds);
    let val = |row: &Row| {
        let mark = if row.best_of_seeds { "*" } else { " " };
        format!("{}{}", percent(row.val_top1), if has_best { mark } else { "" })
    };
    let has_notes = rows.iter().any(|row| !row.annotation.is_empty());
    let mut header = vec!["run", "spec", "ended", "epochs", if has_best { "val " } else { "val" }, "test"];
    header.extend(has_notes.then_some("name, tags, note"));
    let mut table = table(header);
    right(&mut table, 3..6);
    for row in rows {
        let mut cells = vec![name(row), row.spec.to_string(), row.outcome.to_owned(), epochs(row)];
        cells.extend([val(row), percent(row.test_top1)]);
        cells.extend(has_notes.then(|| said(&row.annotation, SHORT)));
        table.add_row(cells);
    }
    let best = if has_best { "\n* the best validation top-1 of runs that differ only in seed" } else { "" };
    let text = table.to_string();
    if !overflows(&text) {
        return text + best;
    }
    let lines = rows.iter().map(|row| {
        let test = percent(row.test_top1);
        let result =
            format!("{}, {} epochs, val {}, test {test}", row.outcome, epochs(row), val(row).trim_end());
        let said = match said(&row.annotation, usize::MAX) {
            said if said.is_empty() => said,
            said => format!("\n  {said}"),
        };
        format!("{}\n  {}\n  {result}{said}", name(row), row.spec)
    });
    lines.collect::<Vec<_>>().join("\n") + best
}

/// Longest note in a table, characters.
const SHORT: usize = 60;

/// Name, tags and note in a line.
fn said(annotation: &Annotation, longest: usize) -> String {
    let Annotation { name, note, tags } = annotation;
    let tags = tags.iter().map(|tag| format!("#{tag}")).collect::<Vec<_>>().join(" ");
    let note = harmless(note, longest);
    [name.as_str(), &tags, &note].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}
