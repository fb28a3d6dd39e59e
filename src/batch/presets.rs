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
    for (name, path, spec) in presets::user_folder().map(|folder| presets::user(&folder)).unwrap_or_default()
    {
        match spec {
            Ok(spec) => rows.push(row(name, spec, true)?),
            Err(_)
                if let Ok(Some(sweep)) = presets::sweep(&name)
                    && let Ok(row) = sweep_row(name.clone(), &sweep, true) =>
            {
                rows.push(row)
            }
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
    let lines = rows.iter().map(|listed| match listed {
        Listed::Run(row) => (&row.name, row.own, grouped(row.parameters), row.line.clone()),
        Listed::Sweep(row) => {
            let line = format!("a sweep of {}: {}", plural(row.runs, "run"), row.axes.join(", "));
            (&row.name, row.own, String::new(), line)
        }
    });
    let lines: Vec<_> = lines.collect();
    for (name, own, parameters, line) in &lines {
        let name = if *own { format!("{name} (yours)") } else { (*name).clone() };
        table.add_row([name, parameters.clone(), line.clone()]);
    }
    let text = table.to_string();
    match overflows(&text) {
        false => say(&text),
        true => lines.iter().for_each(|(name, .., line)| say(&format!("{name}\n  {line}"))),
    }
    Ok(Exit::Done)
}

fn row(name: String, spec: ExperimentSpec, own: bool) -> Result<Listed> {
    let parameters = params::count(&spec.architecture()?);
    Ok(Listed::Run(Box::new(Row { name, line: spec.to_string(), parameters, spec, own })))
}

fn sweep_row(name: String, sweep: &Sweep, own: bool) -> Result<Listed> {
    let runs = sweep.specs()?.len();
    let axes = sweep.axes()?.into_iter().map(|(keys, values)| format!("{keys} ({values})")).collect();
    Ok(Listed::Sweep(SweepRow { name, runs, axes, own }))
}
