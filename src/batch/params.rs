//! `params`: the table of network sizes.

use serde::Serialize;

use super::Exit;
use super::output::{grouped, right, say, say_json, table};
use super::specs::joined;
use crate::domain::spec::ExperimentSpec;
use crate::domain::{paper, params};
use crate::engine::error::Result;
use crate::engine::presets;

#[derive(Debug, Serialize)]
struct Row {
    family: &'static str,
    version: String,
    preset: String,
    parameters: usize,
    thousands: String,
    /// As the paper prints it, thousands.
    paper: Option<&'static str>,
    /// Whether our count prints the same.
    agrees: Option<bool>,
}

/// Prints the sizes of `specs`, or of every network whose size the paper prints.
///
/// # Errors
/// When a spec is not one.
pub fn run(specs: &[String], json: bool) -> Result<Exit> {
    let rows = if specs.is_empty() { published() } else { counted(specs)? };
    let wrong = rows.iter().any(|row| row.agrees == Some(false));
    if json {
        say_json(&rows);
    } else {
        let mut table = table(["family", "version", "preset", "parameters", "×10³", "paper", "agrees"]);
        right(&mut table, 3..6);
        for row in &rows {
            table.add_row([
                row.family,
                &row.version,
                &row.preset,
                &grouped(row.parameters),
                &row.thousands,
                row.paper.unwrap_or("–"),
                row.agrees.map_or("–", |agrees| if agrees { "yes" } else { "NO" }),
            ]);
        }
        say(&table.to_string());
    }
    Ok(if wrong { Exit::Failed } else { Exit::Done })
}

fn published() -> Vec<Row> {
    let row = |n: paper::PublishedNetwork| Row {
        family: n.spec.family.title(),
        version: n.version.into(),
        preset: n.spec.network_name(),
        parameters: n.parameters(),
        thousands: params::in_thousands(n.parameters()),
        paper: Some(n.thousands),
        agrees: Some(n.agrees()),
    };
    paper::networks().into_iter().map(row).collect()
}

fn counted(specs: &[String]) -> Result<Vec<Row>> {
    let row = |words: String| -> Result<Row> {
        let spec: ExperimentSpec = presets::resolve(&words)?;
        let parameters = params::count(&spec.architecture()?);
        Ok(Row {
            family: spec.family.title(),
            version: spec.version.name().into(),
            preset: spec.network_name(),
            parameters,
            thousands: params::in_thousands(parameters),
            paper: None,
            agrees: None,
        })
    };
    joined(specs).into_iter().map(row).collect()
}
