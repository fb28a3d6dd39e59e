//! `devices`: what there is to compute on, what it can do, and what it lacks.

use serde::Serialize;

use super::Exit;
use crate::domain::text::{gib, harmless};
use crate::engine::bench::check::{Check, check};
use crate::engine::device::{self, Device, DeviceChoice, DeviceFacts, Missing};
use crate::engine::error::Result;
use crate::output::{note, right, say, say_json, table};

#[derive(Serialize)]
struct Report<'a> {
    /// What `--device auto` selects.
    auto: String,
    /// Why.
    why: Option<String>,
    devices: Vec<Row<'a>>,
    /// Backends that have no device here.
    unavailable: Vec<Unavailable<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    facts: &'a DeviceFacts,
    works: bool,
    /// Present with `--check`, for devices that lack nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    check: Option<Checked>,
}

#[derive(Serialize)]
struct Unavailable<'a> {
    backend: &'a str,
    #[serde(flatten)]
    missing: Missing,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Checked {
    Done(Check),
    Failed { error: String },
}

impl Checked {
    const fn passed(&self) -> bool {
        matches!(self, Self::Done(Check { agrees: true, .. }))
    }
}

/// Lists all devices; with `checked` also trains a few steps on each.
///
/// # Errors
/// Never: a device that does not work is listed as such.
pub fn run(checked: bool, json: bool) -> Result<Exit> {
    let (auto, why) = Device::choose(DeviceChoice::Auto)?;
    let (mut rows, mut unavailable) = (Vec::new(), Vec::new());
    for (backend, found) in device::all() {
        match found {
            Err(missing) => unavailable.push(Unavailable { backend: backend.name, missing }),
            Ok(devices) => rows.extend(devices.iter().enumerate().map(|(index, facts)| {
                let works = facts.missing.is_none();
                let choice = DeviceChoice::Named { backend, index: Some(index) };
                // The CPU is what others are compared with.
                let check = (checked && works && backend.is_gpu()).then(|| check_one(choice));
                Row { facts, works: works && check.as_ref().is_none_or(Checked::passed), check }
            })),
        }
    }
    let passed = rows.iter().all(|row| row.check.as_ref().is_none_or(Checked::passed));
    let report = Report { auto: auto.to_string(), why, devices: rows, unavailable };
    if json {
        say_json(&report);
    } else {
        print(&report);
    }
    Ok(if passed { Exit::Done } else { Exit::Failed })
}

fn check_one(choice: DeviceChoice) -> Checked {
    note(&format!("{choice}: training three steps …"));
    match Device::choose(choice).and_then(|(device, _)| check(device)) {
        Ok(check) => Checked::Done(check),
        Err(error) => Checked::Failed { error: error.to_string() },
    }
}

fn print(report: &Report) {
    let mut shown = table(["device", "name", "kind", "memory", "driver", "precision"]);
    right(&mut shown, 3..4);
    let mut remarks = Vec::new();
    for Row { facts, check, .. } in &report.devices {
        shown.add_row([
            facts.device.clone(),
            harmless(&facts.name, 60),
            facts.kind.about().split_once(' ').map_or("", |(_, kind)| kind).to_owned(),
            facts.memory.map_or("–".into(), gib),
            facts.driver.as_deref().map_or("–".into(), |driver| harmless(driver, 60)),
            facts.precisions.join(", "),
        ]);
        remarks.extend(facts.missing.as_ref().map(|missing| (facts.device.as_str(), missing.to_string())));
        remarks.extend(facts.advice.as_ref().map(|advice| (facts.device.as_str(), advice.to_string())));
        remarks.extend(check.as_ref().map(|check| (facts.device.as_str(), outcome(check))));
    }
    say(&shown.to_string());
    say("");
    for (device, remark) in remarks {
        say(&harmless(&format!("{device}: {remark}"), 2000));
    }
    for Unavailable { backend, missing } in &report.unavailable {
        say(&harmless(&format!("{backend}: {missing}"), 2000));
    }
    let why = report.why.as_deref().map_or(String::new(), |why| format!(" ({why})"));
    say(&harmless(&format!("--device auto selects {}{why}", report.auto), 2000));
}

/// What a check says, in one line.
fn outcome(checked: &Checked) -> String {
    match checked {
        Checked::Failed { error } => format!("does not work: {error}"),
        Checked::Done(check) => {
            let verdict = if check.agrees { "matches the CPU" } else { "DOES NOT MATCH the CPU" };
            let kernels = match check.kernels {
                0 => String::new(),
                kernels => format!(", {kernels} kernels compiled"),
            };
            format!(
                "{verdict}: largest relative difference of the losses of three steps {:.1e}; {:.1} s{kernels}",
                check.max_relative_difference, check.seconds
            )
        }
    }
}
