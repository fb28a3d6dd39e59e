//! `runs`: what a folder keeps.

use std::path::Path;

use serde::Serialize;

use super::Exit;
use crate::domain::event::Checkpoint;
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
    let rows: Vec<Row> = runs.into_iter().map(Row::new).collect();
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
    let mut table = table(["run", "spec", "ended", "epochs", "val", "test"]);
    right(&mut table, 3..6);
    for row in rows {
        let (val, test) = (percent(row.val_top1), percent(row.test_top1));
        table.add_row([name(row), row.spec.to_string(), row.outcome.to_owned(), epochs(row), val, test]);
    }
    let text = table.to_string();
    if !overflows(&text) {
        return text;
    }
    let lines = rows.iter().map(|row| {
        let (val, test) = (percent(row.val_top1), percent(row.test_top1));
        let result = format!("{}, {} epochs, val {val}, test {test}", row.outcome, epochs(row));
        format!("{}\n  {}\n  {result}", name(row), row.spec)
    });
    lines.collect::<Vec<_>>().join("\n")
}
