//! `presets`: which there are, and what is in them.

use serde::Serialize;

use crate::cli::PresetsCommand;
use crate::domain::error::SpecError;
use crate::domain::params;
use crate::domain::spec::ExperimentSpec;
use crate::domain::sweep::Sweep;
use crate::domain::text::{grouped, harmless, plural};
use crate::engine::error::Result;
use crate::engine::presets::{self, SHIPPED, SWEEPS};
use crate::exit::Exit;
use crate::output::{note, overflows, right, say, say_json, table};

#[derive(Serialize)]
#[serde(untagged)]
enum Listed {
    Run(Box<Row>),
    Sweep(SweepRow),
}

/// A sweep.
#[derive(Serialize)]
struct SweepRow {
    name: String,
    /// How many it has.
    runs: usize,
    /// The slowest axis first.
    axes: Vec<String>,
    own: bool,
    hidden: bool,
}

/// One run.
#[derive(Serialize)]
struct Row {
    name: String,
    spec: ExperimentSpec,
    line: String,
    parameters: usize,
    /// Whether it is the user's own.
    own: bool,
    /// Whether its name is that of one that comes with the program, which is the one that
    /// the name means.
    hidden: bool,
}

/// Lists presets, or prints one.
///
/// # Errors
/// When there is none of that name.
pub fn run(what: &PresetsCommand) -> Result<Exit> {
    match what {
        PresetsCommand::List { json } => list(*json),
        PresetsCommand::Show { name } => {
            match SHIPPED.iter().chain(SWEEPS).find(|(shipped, _)| shipped == name) {
                Some((_, toml)) => say(toml.trim_end()),
                None if presets::is_line(name) || presets::is_file(name) => {
                    return Err(SpecError::new("preset", "give a name; `presets list` has them").into());
                }
                None if let Some(sweep) = presets::own_sweep(name)? => say(sweep.trim_end()),
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
    for (name, _) in SWEEPS {
        if let Some(sweep) = presets::sweep(name)? {
            rows.push(sweep_row((*name).to_owned(), &sweep, false)?);
        }
    }
    let folder = presets::user_folder().unwrap_or_default();
    for error in presets::misnamed(&folder) {
        note(&format!("skipped: {error}"));
    }
    for (name, path, spec) in presets::user(&folder) {
        match spec {
            Ok(spec) => rows.push(row(name, spec, true)?),
            Err(_)
                if let Ok(Some(sweep)) = presets::read_sweep(&path)
                    && let Ok(row) = sweep_row(name.clone(), &sweep, true) =>
            {
                rows.push(row);
            }
            Err(error) => {
                note(&format!("skipped: {}", harmless(&format!("{}: {error}", path.display()), 4000)));
            }
        }
    }
    if json {
        say_json(&rows);
        return Ok(Exit::Done);
    }
    let mut table = table(["preset", "parameters", "run"]);
    right(&mut table, 1..2);
    let lines = rows.iter().map(|listed| match listed {
        Listed::Run(row) => (named(&row.name, row.own), grouped(row.parameters), row.line.clone()),
        Listed::Sweep(row) => {
            let line = format!("a sweep of {}: {}", plural(row.runs, "run"), row.axes.join(", "));
            (named(&row.name, row.own), String::new(), line)
        }
    });
    let lines: Vec<_> = lines.collect();
    for (name, parameters, line) in &lines {
        table.add_row([name, parameters, line]);
    }
    let text = table.to_string();
    match overflows(&text) {
        false => say(&text),
        true => lines.iter().for_each(|(name, .., line)| say(&format!("{name}\n  {line}"))),
    }
    Ok(Exit::Done)
}

/// A name, and whose it is.
fn named(name: &str, own: bool) -> String {
    match own {
        false => name.to_owned(),
        true if presets::is_shipped(name) => {
            format!("{name} (yours, hidden by the shipped preset of that name)")
        }
        true => format!("{name} (yours)"),
    }
}

fn row(name: String, spec: ExperimentSpec, own: bool) -> Result<Listed> {
    let parameters = params::count(&spec.architecture()?);
    let hidden = own && presets::is_shipped(&name);
    Ok(Listed::Run(Box::new(Row { name, line: spec.to_string(), parameters, spec, own, hidden })))
}

fn sweep_row(name: String, sweep: &Sweep, own: bool) -> Result<Listed> {
    let runs = sweep.specs()?.len();
    let axes = sweep.axes()?.into_iter().map(|(keys, values)| format!("{keys} ({values})")).collect();
    let hidden = own && presets::is_shipped(&name);
    Ok(Listed::Sweep(SweepRow { name, runs, axes, own, hidden }))
}
