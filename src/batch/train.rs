//! `--batch`: trains every spec, up to so many at once, shows progress, ends with a table.

use std::collections::VecDeque;
use std::path::Path;

use super::Exit;
use super::progress::Progress;
use super::running::{Ended, Running, next_event};
use super::screen::Screen;
use super::specs;
use super::summary;
use crate::cli::{BatchArgs, MachineArgs};
use crate::domain::event::Outcome;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::engine::data::{Dataset, Library};
use crate::engine::device::{Device, DeviceChoice};
use crate::engine::error::{EngineError, Result};
use crate::engine::store;
use crate::engine::worker::Worker;
use crate::output::{note, say};
use crate::signals::signals;

/// The device that was asked for; says on stderr why, where it was not named.
///
/// # Errors
/// When it is not there.
pub fn device(choice: DeviceChoice) -> Result<Device> {
    let (device, why) = Device::choose(choice)?;
    if let Some(why) = why {
        note(&format!("device: {why}"));
    }
    Ok(device)
}

/// Runs everything that `args` asks for, kept in folder `out`.
///
/// # Errors
/// When something is wrong that can be known before the first run starts.
pub fn run(args: &BatchArgs, out: &Path, machine: &MachineArgs) -> Result<Exit> {
    let specs = specs::runs(args)?;
    let mut library = Library::new(machine.data.data_dir.clone());
    let data = specs.iter().map(|spec| library.dataset(spec)).collect::<Result<Vec<_>>>()?;
    let device = device(machine.device)?;
    store::check_writable(out)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(EngineError::io("start the event loop for", out))?;
    Ok(runtime.block_on(all(args, out, &specs, data, device)))
}

async fn all(
    args: &BatchArgs,
    out: &Path,
    specs: &[ExperimentSpec],
    data: Vec<Dataset>,
    device: Device,
) -> Exit {
    let mut signals = signals();
    let screen = Screen::new(args.json);
    let at_once = specs.len().min(args.parallel.into());
    let mut waiting: VecDeque<_> = specs.iter().zip(data).enumerate().collect();
    let mut running: Vec<Running> = Vec::new();
    let mut ended: Vec<Option<RunState>> = vec![None; specs.len()];
    let mut exit = Exit::Done;
    loop {
        while running.len() < at_once
            && let Some((index, (spec, data))) = waiting.pop_front()
        {
            match Worker::start(spec.clone(), data, device, out) {
                Ok(worker) => {
                    let progress = Progress::new(screen.clone(), spec, index + 1, specs.len(), at_once);
                    running.push(Running::new(index, worker, progress));
                }
                Err(fault) => {
                    screen.error(&fault);
                    exit = exit.or_failed();
                    waiting.clear();
                }
            }
        }
        if running.is_empty() {
            break;
        }
        tokio::select! {
            biased;
            Some(number) = signals.recv() => {
                if let Exit::Signal(_) = exit {
                    screen.clear();
                    note("abandoned; what was recorded so far is kept");
                    std::process::exit(128 + i32::from(number));
                }
                exit = Exit::Signal(number);
                waiting.clear();
                running.iter().for_each(Running::stop);
                screen.notice("stopping after the current step; once more to abandon it");
            }
            (place, event) = next_event(&mut running) => match event {
                Some(event) => running[place].hear(&event, args.json),
                None => {
                    let run = running.remove(place);
                    let index = run.index;
                    let Ended { state, fault, unkept } = run.end();
                    if fault.is_some() || state.outcome == Some(Outcome::Diverged) {
                        exit = exit.or_failed();
                    }
                    if let Some(fault) = fault {
                        screen.error(&fault);
                    }
                    // What the disk does not take now it will not take from the next run either.
                    if unkept {
                        waiting.clear();
                    }
                    ended[index] = Some(state);
                }
            },
        }
    }
    // In the order of the specs, whichever ended first.
    let ended: Vec<RunState> = ended.into_iter().flatten().collect();
    let mut text = summary::text(&ended, args.target);
    match specs.len() - ended.len() {
        0 => {}
        1 => text += "\n\n1 run was not started",
        n => text += &format!("\n\n{n} runs were not started"),
    }
    if args.json {
        note(&text)
    } else {
        say(&text)
    }
    exit
}
