//! `--batch`: trains every spec in turn, shows progress, ends with a table.

use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;

use super::Exit;
use super::output::{error, note, say};
use super::progress::Progress;
use super::specs;
use super::summary;
use crate::cli::{BatchArgs, MachineArgs};
use crate::domain::event::{Control, Event, Outcome};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::engine::data::{Dataset, Library};
use crate::engine::device::{Device, DeviceChoice};
use crate::engine::error::{EngineError, Result};
use crate::engine::store;
use crate::engine::worker::Worker;

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

/// Runs everything that `args` asks for.
///
/// # Errors
/// When something is wrong that can be known before the first run starts.
pub fn run(args: &BatchArgs, machine: &MachineArgs) -> Result<Exit> {
    let specs = specs::runs(args)?;
    let mut library = Library::new(machine.data.data_dir.clone());
    let data = specs.iter().map(|spec| library.dataset(spec)).collect::<Result<Vec<_>>>()?;
    let device = device(machine.device)?;
    store::check_writable(&args.out)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(EngineError::io("start the event loop for", &args.out))?;
    Ok(runtime.block_on(all(args, &specs, data, device)))
}

async fn all(args: &BatchArgs, specs: &[ExperimentSpec], data: Vec<Dataset>, device: Device) -> Exit {
    let mut signals = signals();
    let mut finished: Vec<RunState> = Vec::new();
    let mut exit = Exit::Done;
    for (i, (spec, data)) in specs.iter().zip(data).enumerate() {
        let worker = match Worker::start(spec.clone(), data, device, &args.out) {
            Ok(worker) => worker,
            Err(fault) => {
                error(&fault);
                exit = Exit::Failed;
                break;
            }
        };
        let progress = Progress::new(spec, i + 1, specs.len(), args.json);
        let Ended { state, signal, fault } = one(worker, progress, args.json, &mut signals).await;
        if matches!(state.outcome, Some(Outcome::Diverged | Outcome::Failed)) {
            exit = Exit::Failed;
        }
        finished.push(state);
        if let Some(signal) = signal {
            exit = Exit::Signal(signal);
            break;
        }
        // What the disk does not take now it will not take from the next run either.
        if let Some(fault) = fault {
            error(&fault);
            exit = Exit::Failed;
            break;
        }
    }
    let mut text = summary::text(&finished, args.target);
    match specs.len() - finished.len() {
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

/// How one run ended.
struct Ended {
    state: RunState,
    /// The signal that stopped it.
    signal: Option<u8>,
    /// What broke it.
    fault: Option<EngineError>,
}

/// Follows one run to its end.
async fn one(
    mut worker: Worker,
    mut progress: Progress,
    json: bool,
    signals: &mut UnboundedReceiver<u8>,
) -> Ended {
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
                progress.notice("stopping after the current step; once more to abandon it");
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
    Ended { state, signal, fault: worker.join().err() }
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

/// SIGINT, SIGTERM, and SIGHUP unless it is ignored (as under nohup), as their numbers.
fn signals() -> UnboundedReceiver<u8> {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = (!hangup_is_ignored()).then(|| (SignalKind::hangup(), 1));
        let always = [(SignalKind::interrupt(), 2), (SignalKind::terminate(), 15)];
        for (kind, number) in always.into_iter().chain(hangup) {
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

/// Whether this process was started with SIGHUP ignored; known on Linux only.
#[cfg(unix)]
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
