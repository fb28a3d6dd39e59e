//! `bench`: how fast this machine is, and whether its devices agree.

use std::time::Instant;

use serde::Serialize;

use super::Exit;
use super::lines::Lines;
use super::specs;
use super::train::device;
use crate::cli::{DataBench, ParityBench, TrainBench};
use crate::domain::error::SpecError;
use crate::domain::params;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::{grouped, plural};
use crate::engine::bench::input;
use crate::engine::bench::parity::{self, TOLERANCE};
use crate::engine::bench::steps::{StepBench, Timing, Work};
use crate::engine::bench::{Variation, scaling};
use crate::engine::device::Device;
use crate::engine::error::Result;
use crate::engine::memory;
use crate::output::{note, say, say_json};

/// `bench train`.
///
/// # Errors
/// When a spec is none, or the device is not there.
pub fn train(args: &TrainBench) -> Result<Exit> {
    let work = if args.eval { Work::Evaluate } else { Work::Train };
    let given = specs::checked(&args.spec)?;
    let variations = match args.scaling {
        false => given.into_iter().map(Variation::of).collect(),
        true => {
            let (networks, others) = scaling(one(&given)?);
            others.iter().for_each(|reason| note(&format!("left out, {reason}")));
            networks
        }
    };
    let bench = Bench { work, steps: args.steps as usize, warmup: args.warmup as usize, json: args.json };
    bench.run(&variations, device(args.device)?)
}

/// `bench parity`.
///
/// # Errors
/// When the spec is none, or the device is not there.
pub fn parity(args: &ParityBench) -> Result<Exit> {
    let spec = specs::one(&args.spec)?;
    let device = device(args.device)?;
    let difference = parity::compare(&spec, device)?;
    if args.json {
        say_json(&difference);
    } else {
        let (relative, agree) = (difference.max_relative_difference, difference.agrees);
        let agree = if agree { "they agree" } else { "TOO MUCH" };
        say(&format!("{spec}: logits on {device} differ from the CPU's by"));
        say(&format!("{relative:.1e} of the largest, {TOLERANCE:.0e} is allowed: {agree}"));
    }
    Ok(if difference.agrees { Exit::Done } else { Exit::Failed })
}

/// `bench data`.
///
/// # Errors
/// When the spec is none, or its dataset cannot be read.
pub fn data(args: &DataBench) -> Result<Exit> {
    let spec = specs::one(&args.spec)?;
    let start = Instant::now();
    let data = match args.real {
        true => super::train::dataset(&spec, args.data_dir.as_deref())?,
        false => input::synthetic(&spec)?,
    };
    let ready = start.elapsed().as_secs_f64();
    let speed = input::measure(&spec, &data, args.rounds as usize)?;
    if args.json {
        say_json(&speed);
        return Ok(Exit::Done);
    }
    let (images, size, dataset) = (grouped(speed.images), speed.size, spec.dataset.name());
    if args.real {
        say(&format!("{dataset} was ready after {ready:.2} s"));
    }
    let shown = |rate: f64| grouped(rate.round() as usize);
    say(&format!("batches of {} out of {images} images of {size}×{size}, images/s:", spec.batch));
    say(&format!("  as they are    {:>11}", shown(speed.plain)));
    say(&format!("  crop and flip  {:>11}", shown(speed.augmented)));
    Ok(Exit::Done)
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

/// Of a table; the last column only where there is one row.
const HEADER: [&str; 7] = ["network", "batch", "parameters", "ms/step", "images/s", "GFLOP/s", "peak MiB"];

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
    /// The CPU's vector instructions.
    instructions: Option<&'static str>,
    mode: &'static str,
    parameters: usize,
    steps: usize,
    #[serde(flatten)]
    timing: Timing,
    /// Of this process, MiB; unknown where it has timed other specs before.
    peak_memory_mib: Option<f64>,
}

impl Bench {
    /// Each row is printed as soon as it is there: they can take minutes.
    fn run(&self, variations: &[Variation], device: Device) -> Result<Exit> {
        let mode = match self.work {
            Work::Train => "train",
            Work::Evaluate => "eval",
        };
        let (threads, instructions) = (rayon::current_num_threads(), device.instructions());
        let lines = (!self.json).then(|| {
            let with =
                instructions.map_or(String::new(), |isa| format!(", {isa}, {}", plural(threads, "thread")));
            say(&format!("{mode}, median of {} on {device}{with}", plural(self.steps, "step")));
            let names: Vec<_> = variations.iter().map(name).collect();
            // What distinguishes specs may be a key that their names leave out.
            if variations.iter().all(|v| v.varies.is_empty()) {
                variations.iter().for_each(|v| say(&v.spec.to_string()));
            }
            let first = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
            Lines::begin(&HEADER[..if variations.len() == 1 { 7 } else { 6 }], first, 5)
        });
        for variation in variations {
            let spec = &variation.spec;
            let row = Row {
                spec: spec.to_string(),
                varies: &variation.varies,
                device: device.to_string(),
                batch: spec.batch,
                threads,
                instructions,
                mode,
                parameters: params::count(&spec.architecture()?),
                steps: self.steps,
                timing: device.run(StepBench {
                    spec,
                    work: self.work,
                    steps: self.steps,
                    warmup: self.warmup,
                })??,
                peak_memory_mib: memory::peak()
                    .filter(|_| variations.len() == 1)
                    .map(|bytes| bytes as f64 / f64::from(1 << 20)),
            };
            match &lines {
                Some(lines) => lines.row(&[
                    name(variation),
                    row.batch.to_string(),
                    grouped(row.parameters),
                    format!("{:.1}", row.timing.step_median_s * 1e3),
                    format!("{:.0}", row.timing.images_per_s),
                    format!("{:.0}", row.timing.gflops),
                    row.peak_memory_mib.map_or("–".into(), |mib| format!("{mib:.0}")),
                ]),
                None => {
                    if let Ok(line) = serde_json::to_string(&row) {
                        say(&line);
                    }
                }
            }
        }
        Ok(Exit::Done)
    }
}

/// What a row is called.
fn name(variation: &Variation) -> String {
    match variation.varies.as_str() {
        "" => variation.spec.network_name(),
        varies => varies.to_owned(),
    }
}
