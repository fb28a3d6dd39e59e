//! `--batch`: trains every spec in turn, shows progress, ends with a table.

use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;

use super::Exit;
use super::output::{note, say};
use super::progress::Progress;
use super::specs;
use super::summary;
use crate::cli::{BatchArgs, MachineArgs};
use crate::domain::event::{Control, Event, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::engine::data::Library;
use crate::engine::device::Device;
use crate::engine::error::{EngineError, Result};
use crate::engine::store;
use crate::engine::worker::Worker;

/// The device that `machine` asks for; says on stderr why, where it was not named.
///
/// # Errors
/// When it is not there.
pub fn device(machine: &MachineArgs) -> Result<Device> {
    let (device, why) = Device::choose(machine.device)?;
    if let Some(why) = why {
        note(&format!("device: {why}"));
    }
    Ok(device)
}

/// Runs everything that `args` asks for.
///
/// # Errors
/// When something is wrong that can be known before the first run starts, or a run
/// cannot be written.
pub fn run(args: &BatchArgs, machine: &MachineArgs) -> Result<Exit> {
    let specs = specs::runs(args)?;
    let mut library = Library::new(machine.data_dir.clone());
    for spec in &specs {
        library.dataset(spec)?;
    }
    store::check_writable(&args.out)?;
    let device = device(machine)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(EngineError::io("start the event loop for", &args.out))?;
    runtime.block_on(all(args, &specs, &mut library, device))
}

async fn all(
    args: &BatchArgs,
    specs: &[ExperimentSpec],
    library: &mut Library,
    device: Device,
) -> Result<Exit> {
    let mut signals = signals();
    let mut finished: Vec<RunState> = Vec::new();
    let mut exit = Exit::Done;
    for (i, spec) in specs.iter().enumerate() {
        let worker = Worker::start(spec.clone(), library.dataset(spec)?, device, &args.out)?;
        let progress = Progress::new(spec, i + 1, specs.len(), args.json);
        let (state, signal) = one(worker, progress, args.json, &mut signals).await?;
        let failed = matches!(state.outcome, Some(Outcome::Diverged | Outcome::Failed));
        finished.push(state);
        if let Some(signal) = signal {
            exit = Exit::Signal(signal);
            break;
        }
        if failed {
            exit = Exit::Failed;
        }
    }
    let text = summary::text(&finished, args.target);
    if args.json {
        note(&text)
    } else {
        say(&text)
    }
    Ok(exit)
}

/// Follows one run to its end; with the signal that ended it, if one did.
async fn one(
    mut worker: Worker,
    mut progress: Progress,
    json: bool,
    signals: &mut UnboundedReceiver<u8>,
) -> Result<(RunState, Option<u8>)> {
    let mut state = RunState::default();
    let mut signal = None;
    let name = worker.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    loop {
        tokio::select! {
            biased;
            Some(number) = signals.recv() => {
                if signal.is_some() {
                    progress.abandon();
                    note("abandoned; what was recorded so far is kept");
                    std::process::exit(128 + i32::from(number));
                }
                signal = Some(number);
                worker.orders.give(Control::Stop);
                progress.line("stopping after the current step; once more to abandon it");
            }
            event = worker.events.recv() => match event {
                None => break,
                Some(event) => {
                    if json && event.is_recorded() {
                        print_json(&name, &event);
                    }
                    state.apply(&event);
                    progress.show(&event, &state);
                }
            },
        }
    }
    progress.done(&worker.folder);
    match worker.join() {
        Ok(_) => Ok((state, signal)),
        // A run that failed by itself is reported in the table; a disk that is full is not.
        Err(error) if state.outcome == Some(Outcome::Failed) => {
            note(&format!("error: {error}"));
            Ok((state, signal))
        }
        Err(error) => Err(error),
    }
}

fn print_json(run: &str, event: &Event) {
    #[derive(Serialize)]
    struct Line<'a> {
        run: &'a str,
        #[serde(flatten)]
        event: &'a Event,
    }
    if let Ok(line) = serde_json::to_string(&Line { run, event }) {
        say(&line);
    }
}

/// SIGINT and SIGTERM, as their numbers.
fn signals() -> UnboundedReceiver<u8> {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for (kind, number) in [(SignalKind::interrupt(), 2), (SignalKind::terminate(), 15)] {
            let sender = sender.clone();
            match signal(kind) {
                Ok(mut stream) => {
                    tokio::spawn(async move {
                        while stream.recv().await.is_some() {
                            let _ = sender.send(number);
                        }
                    });
                }
                Err(error) => note(&format!("warning: cannot listen for signal {number}: {error}")),
            }
        }
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            let _ = sender.send(2);
        }
    });
    receiver
}
