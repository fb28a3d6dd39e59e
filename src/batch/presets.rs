//! `presets`: which there are, and what is in them.

use serde::Serialize;

use crate::cli::PresetsCommand;
use crate::domain::error::SpecError;
use crate::domain::params;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::{grouped, harmless};
use crate::engine::error::Result;
use crate::engine::presets::{self, SHIPPED};
use crate::exit::Exit;
use crate::output::{note, overflows, right, say, say_json, table};

#[derive(Serialize)]
struct Row {
    name: String,
    spec: ExperimentSpec,
    line: String,
    parameters: usize,
    /// Whether it is the user's own.
    own: bool,
}

/// Lists presets, or prints one.
///
/// # Errors
/// When there is none of that name.
pub fn run(what: &PresetsCommand) -> Result<Exit> {
    match what {
        PresetsCommand::List { json } => list(*json),
        PresetsCommand::Show { name } => {
            match SHIPPED.iter().find(|(shipped, _)| shipped == name) {
                Some((_, toml)) => say(toml.trim_end()),
                None if presets::is_line(name) || presets::is_file(name) => {
                    return Err(SpecError::new("preset", "give a name; `presets list` has them").into());
                }
                None => say(presets::to_toml(&presets::resolve(name)?).trim_end()),
            }
            Ok(Exit::Done)
        }
    }
}

fn list(json: bool) -> Result<Exit> {
    let mut rows = Vec::new();
    for (name, spec) in presets::shipped() {
        rows.push(row((*name).to_owned(), spec.clone(), false)?);
    }
    for (name, path, spec) in presets::user_folder().map(|folder| presets::user(&folder)).unwrap_or_default()
    {
        match spec {
            Ok(spec) => rows.push(row(name, spec, true)?),
            Err(fault) => {
                note(&format!("skipped: {}", harmless(&format!("{}: {fault}", path.display()), 4000)))
            }
        }
    }
    if json {
        say_json(&rows);
        return Ok(Exit::Done);
    }
    let mut table = table(["preset", "parameters", "run"]);
    right(&mut table, 1..2);
    for row in &rows {
        let name = if row.own { format!("{} (yours)", row.name) } else { row.name.clone() };
        table.add_row([name, grouped(row.parameters), row.line.clone()]);
    }
    let text = table.to_string();
    match overflows(&text) {
        false => say(&text),
        true => rows.iter().for_each(|row| say(&format!("{}\n  {}", row.name, row.line))),
    }
    Ok(Exit::Done)
}

fn row(name: String, spec: ExperimentSpec, own: bool) -> Result<Row> {
    let parameters = params::count(&spec.architecture()?);
    Ok(Row { name, line: spec.to_string(), parameters, spec, own })
}
