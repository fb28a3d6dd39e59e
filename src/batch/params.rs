//! `params`: the table of network sizes.

use serde::Serialize;

use super::Exit;
use super::specs::{Words, joined};
use crate::domain::paper::{self, PublishedNetwork};
use crate::domain::params;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::grouped;
use crate::engine::error::Result;
use crate::output::{right, say, say_json, table};

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
    let rows = if specs.is_empty() { published()? } else { counted(specs)? };
    let wrong = rows.iter().any(|row| row.agrees == Some(false));
    if json {
        say_json(&rows);
    } else {
        let mut table = table(["family", "version", "network", "parameters", "×10³", "paper", "agrees"]);
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

impl Row {
    /// `network` is how the network is named in the table.
    fn new(spec: &ExperimentSpec, network: String, published: Option<&PublishedNetwork>) -> Result<Self> {
        let parameters = params::count(&spec.architecture()?);
        Ok(Self {
            family: spec.family.title(),
            version: published.map_or_else(|| spec.version.name().into(), |p| p.version.into()),
            preset: network,
            parameters,
            thousands: params::in_thousands(parameters),
            paper: published.map(|p| p.thousands),
            agrees: published.map(PublishedNetwork::agrees),
        })
    }
}

fn published() -> Result<Vec<Row>> {
    paper::networks().iter().map(|n| Row::new(&n.spec, n.spec.network_name(), Some(n))).collect()
}

fn counted(specs: &[String]) -> Result<Vec<Row>> {
    let published = paper::networks();
    let row = |words: Words| -> Result<Row> {
        let spec = words.resolve()?.checked()?;
        // The paper prints sizes for 10 classes, of CIFAR-10 and of everything as large.
        let network = spec.architecture()?;
        let same = |n: &&PublishedNetwork| n.spec.architecture().is_ok_and(|a| a == network);
        Row::new(&spec, spec.to_string(), published.iter().find(same))
    };
    joined(specs).into_iter().map(row).collect()
}
