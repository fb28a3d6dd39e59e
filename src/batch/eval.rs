//! `eval`: does a run's record hold?

use std::path::Path;

use serde::Serialize;

use super::Exit;
use crate::cli::MachineArgs;
use crate::engine::error::Result;
use crate::engine::rescore::{Rescored, rescore};
use crate::engine::store::SavedRun;
use crate::output::{right, say, say_json, table};

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    rescored: &'a Rescored,
    top1: f64,
    agrees: Option<bool>,
}

/// Scores the test split again with the weights of the run in folder `run`.
///
/// # Errors
/// When the run, its weights or its data cannot be read.
pub fn run(run: &Path, machine: &MachineArgs, json: bool) -> Result<Exit> {
    let saved = SavedRun::open(run)?;
    let device = super::train::device(machine.device)?;
    let data = super::train::dataset(&saved.spec, machine.data.data_dir.as_deref())?;
    let rescored = rescore(&saved, &data, device)?;
    // The same bits are owed where the same instructions added up the same sums.
    let exact = device.is_deterministic()
        && saved.state.started.as_ref().is_some_and(|s| {
            s.device == device.to_string() && s.instructions.as_deref() == device.instructions()
        });
    let rows: Vec<_> =
        rescored.iter().map(|r| Row { rescored: r, top1: r.score.top1(), agrees: r.agrees(exact) }).collect();
    if json {
        say_json(&rows);
    } else {
        say(&format!("{}\n{} test images on {device}", saved.spec, data.sizes().test));
        let mut table = table(["weights", "test loss", "top-1 %", "the run said", "agrees"]);
        right(&mut table, 1..4);
        for row in &rows {
            let r = row.rescored;
            table.add_row([
                r.checkpoint.name().to_owned(),
                format!("{:.6}", r.score.loss),
                format!("{:.2}", r.score.top1()),
                r.said.map_or("–".into(), |said| format!("{:.6} {:.2}", said.loss, said.top1())),
                row.agrees.map_or("–".into(), |a| if a { "yes".into() } else { "NO".into() }),
            ]);
        }
        say(&table.to_string());
    }
    Ok(if rows.iter().any(|r| r.agrees == Some(false)) { Exit::Failed } else { Exit::Done })
}
