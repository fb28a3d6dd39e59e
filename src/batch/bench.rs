//! `bench`: how fast this machine is, and whether its devices agree.

use serde::Serialize;

use super::Exit;
use super::output::{grouped, right, say, say_json, table};
use super::specs;
use super::train::device;
use crate::cli::BenchCommand;
use crate::domain::error::SpecError;
use crate::domain::params;
use crate::domain::spec::ExperimentSpec;
use crate::engine::bench::parity::{self, TOLERANCE};
use crate::engine::bench::steps::{Steps, Timing, Work, peak_memory};
use crate::engine::bench::{Variation, scaling};
use crate::engine::device::Device;
use crate::engine::error::Result;

/// Measures what `what` asks for.
///
/// # Errors
/// When a spec is none, or the device is not there.
pub fn run(what: &BenchCommand) -> Result<Exit> {
    match what {
        BenchCommand::Train { spec, eval, scaling: scales, steps, warmup, device: choice, json, .. } => {
            let work = if *eval { Work::Evaluate } else { Work::Train };
            let given = specs::checked(spec)?;
            let variations = match scales {
                false => given.into_iter().map(Variation::of).collect(),
                true => scaling(one(&given)?),
            };
            let bench = Bench { work, steps: *steps as usize, warmup: *warmup as usize, json: *json };
            bench.run(&variations, device(*choice)?)
        }
        BenchCommand::Ops { batch, only, ours, json, .. } => {
            super::bench_ops::run(*batch as usize, only.as_deref(), *ours, *json)
        }
        BenchCommand::Parity { spec, device: choice, json } => {
            let spec = specs::one(spec)?;
            let device = device(*choice)?;
            let difference = parity::compare(&spec, device)?;
            if *json {
                say_json(&difference);
            } else {
                let (relative, agree) = (difference.max_relative_difference, difference.agrees);
                say(&format!(
                    "{spec}: logits on {device} and on the CPU differ by {relative:.1e} of the largest: {}",
                    if agree { "they agree" } else { "TOO MUCH" },
                ));
                say(&format!("({TOLERANCE:.0e} is allowed)"));
            }
            Ok(if difference.agrees { Exit::Done } else { Exit::Failed })
        }
    }
}

fn one(specs: &[ExperimentSpec]) -> Result<&ExperimentSpec> {
    match specs {
        [spec] => Ok(spec),
        several => {
            let message = format!("--scaling varies one, these are {}", several.len());
            Err(SpecError::new("spec", message).into())
        }
    }
}

struct Bench {
    work: Work,
    steps: usize,
    warmup: usize,
    json: bool,
}

#[derive(Serialize)]
struct Row<'a> {
    spec: String,
    varies: &'a str,
    device: String,
    batch: usize,
    threads: usize,
    mode: &'static str,
    parameters: usize,
    steps: usize,
    #[serde(flatten)]
    timing: Timing,
    /// Of this process so far, MiB.
    peak_memory_mib: Option<f64>,
}

impl Bench {
    /// Each row is printed as soon as it is there: they can take minutes.
    fn run(&self, variations: &[Variation], device: Device) -> Result<Exit> {
        let mode = match self.work {
            Work::Train => "train",
            Work::Evaluate => "eval",
        };
        let mut rows = Vec::new();
        for Variation { varies, spec } in variations {
            let steps = Steps { spec, work: self.work, steps: self.steps, warmup: self.warmup };
            let row = Row {
                spec: spec.to_string(),
                varies,
                device: device.to_string(),
                batch: spec.batch,
                threads: rayon::current_num_threads(),
                mode,
                parameters: params::count(&spec.architecture()?),
                steps: self.steps,
                timing: device.run(steps)?,
                peak_memory_mib: peak_memory().map(|bytes| bytes as f64 / f64::from(1 << 20)),
            };
            if self.json
                && let Ok(line) = serde_json::to_string(&row)
            {
                say(&line);
            }
            rows.push(row);
        }
        if !self.json {
            say(&format!("{mode}, median of {} steps on {device}, {} threads", self.steps, rows[0].threads));
            say(&text(&rows));
        }
        Ok(Exit::Done)
    }
}

fn text(rows: &[Row]) -> String {
    let scales = rows.iter().any(|row| !row.varies.is_empty());
    let first = if scales { "varied" } else { "spec" };
    let mut table = table([first, "batch", "parameters", "ms/step", "images/s", "GFLOP/s", "peak MiB"]);
    right(&mut table, 1..7);
    for row in rows {
        table.add_row([
            if scales { row.varies.to_owned() } else { row.spec.clone() },
            row.batch.to_string(),
            grouped(row.parameters),
            format!("{:.1}", row.timing.step_median_s * 1e3),
            format!("{:.0}", row.timing.images_per_s),
            format!("{:.0}", row.timing.gflops),
            row.peak_memory_mib.map_or("–".into(), |mib| format!("{mib:.0}")),
        ]);
    }
    table.to_string()
}
