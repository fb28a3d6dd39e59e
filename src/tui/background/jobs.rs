//! The work of the background threads.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::data_preview::PreviewRequest;
use crate::domain::dataset::DatasetId;
use crate::domain::lesion::{Lesioned, LesionedWeights};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::domain::term::Term;
use crate::domain::text::harmless;
use crate::engine::annotation_file::NOTES;
use crate::engine::data::DatasetCache;
use crate::engine::device::{Device, DeviceChoice};
use crate::engine::error::{EngineError, Result};
use crate::engine::export::BoardSwitch;
use crate::engine::fetch::{self, FetchOptions, Fetched, Offer};
use crate::engine::lesion::{LesionProgress, lesion};
use crate::engine::lesion_file;
use crate::engine::presets;
use crate::engine::store::{self, RunDir, SavedRun};
use crate::engine::trainer::RunPlan;
use crate::engine::worker::Worker;
use crate::tui::action::Message;
use crate::tui::config_file::ConfigChange;
use crate::tui::log::Level;
use crate::tui::panels::data::Unavailable;

/// Panics where a test of a debug build wants it: nothing else here can be made to.
pub fn test_panic(place: &str) {
    if cfg!(debug_assertions) && std::env::var_os("HIRESNET_TEST_PANIC").is_some_and(|wanted| wanted == place)
    {
        panic!("a test asked for this panic in the {place}");
    }
}

/// Everything before the first step, of a new run or of one to resume; and what there is of
/// it already.
///
/// # Errors
/// When the device, the data or the folder cannot be had.
pub fn begin(
    library: &Mutex<DatasetCache>,
    root: &Path,
    (spec, left): (ExperimentSpec, Option<&Path>),
    choice: DeviceChoice,
    boards: BoardSwitch,
    log: &dyn Fn(String),
) -> Result<(Worker, Option<RunState>)> {
    let (device, why) = Device::choose(choice)?;
    if let Some(why) = why {
        log(format!("device: {why}"));
    }
    let data = {
        let mut library = library.lock().unwrap_or_else(PoisonError::into_inner);
        let data = library.dataset(&spec);
        // Also where it fails: they may say why.
        library.notes().into_iter().for_each(log);
        data?
    };
    store::check_writable(root)?;
    let Some(left) = left else {
        spec.architecture()?;
        let folder = RunDir::create(root, &spec)?;
        return Ok((Worker::begin(spec, data, device, folder, RunPlan::default(), boards)?, None));
    };
    let (mut folder, spec, from) = RunDir::reopen(left)?;
    let state = folder.take_state();
    let plan = RunPlan { from, snapshot_every: 0 };
    Ok((Worker::begin(spec, data, device, folder, plan, boards)?, Some(state)))
}

/// What could be downloaded, where a run could not begin because its dataset is missing.
pub fn missing(error: &EngineError, dataset: DatasetId, folder: Option<&Path>) -> Option<Offer> {
    matches!(error, EngineError::Data { .. }).then(|| fetch::offer(dataset, folder)).flatten()
}

/// Why a dataset could not be read, and what could be downloaded.
pub fn unavailable(error: &EngineError, ask: &PreviewRequest, folder: Option<&Path>) -> Box<Unavailable> {
    Box::new(Unavailable { error: in_full(error), offer: missing(error, ask.spec.dataset, folder) })
}

/// Between two reports of how far a download is.
const REPORT: Duration = Duration::from_millis(200);

/// Downloads what is offered until it is `cancelled`; `report` gets how far it is, and how many
/// bytes come a second.
///
/// # Errors
/// As [`fetch::fetch_all`], and when a proxy's variable has no address.
pub fn fetch(
    offer: &Offer,
    cancelled: &AtomicBool,
    report: &mut dyn FnMut(fetch::FetchProgress, f64),
) -> Result<Fetched> {
    let options = FetchOptions::new(None)?;
    let mut begun = None;
    let mut last: Option<(Instant, String)> = None;
    fetch::fetch_all(offer.sources, &offer.folder, &options, &mut |progress| {
        let (first, since) = *begun.get_or_insert((progress.done, Instant::now()));
        let doing = format!("{:?}", progress.stage);
        if last.as_ref().is_none_or(|(at, before)| at.elapsed() >= REPORT || *before != doing) {
            let rate = progress.done.saturating_sub(first) as f64 / since.elapsed().as_secs_f64().max(0.1);
            last = Some((Instant::now(), doing));
            report(progress, rate);
        }
        if cancelled.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

/// Runs read before they are sent together.
const CHUNK: usize = 64;

/// Sends the runs in `root`, newest first, and what is wrong with any; with `tidy`, removes
/// what is left over in those that are complete. `found` gets each as well, `None` where it
/// cannot be read, and how long its record was before it was read, bytes.
pub fn search(
    root: &Path,
    tidy: bool,
    send: &dyn Fn(Message),
    found: &mut dyn FnMut(&Path, Option<&SavedRun>, u64),
) {
    let mut paths = match root.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        _ => store::folders_of_runs(root).unwrap_or_else(|error| {
            send(Message::Log(Level::Warn, in_full(&error)));
            Vec::new()
        }),
    };
    paths.sort_by_cached_key(|path| std::cmp::Reverse(store::last_change(path)));
    for chunk in paths.chunks(CHUNK) {
        let bytes = |path| store::record_stamp(path).map_or(0, |(bytes, _)| bytes);
        let before: Vec<u64> = chunk.iter().map(|path| bytes(path)).collect();
        for ((path, bytes), read) in chunk.iter().zip(before).zip(store::open_all(chunk)) {
            found(path, read.as_ref().ok(), bytes);
            match read {
                Ok(saved) => {
                    if tidy {
                        store::tidy(&saved, false);
                    }
                    if let Some(error) = &saved.annotation_error {
                        let text = format!("{NOTES} left out: {}", harmless(error, 4000));
                        send(Message::Log(Level::Warn, text));
                    }
                    if saved.torn {
                        let name = path.file_name().unwrap_or_default().to_string_lossy();
                        let text = format!("{name}: the last line of its record is cut off");
                        send(Message::Log(Level::Warn, harmless(&text, 4000)));
                    }
                    send(Message::Found(Box::new(saved)));
                }
                Err(error) => send(Message::Log(Level::Warn, format!("skipped: {}", in_full(&error)))),
            }
        }
    }
    send(Message::Searched(paths));
}

/// The user's presets in `folder` that are specs, and are not hidden by others; says which
/// are left out.
pub fn own_presets(folder: &Path, send: &dyn Fn(Message)) -> Vec<(String, ExperimentSpec)> {
    let mut own = Vec::new();
    for error in presets::misnamed(folder) {
        send(Message::Log(Level::Warn, format!("invalid preset: {}", in_full(&error))));
    }
    for (name, _, read) in presets::user(folder) {
        match read {
            _ if presets::is_shipped(&name) => {
                let text = format!("your preset {name} is hidden by the built-in preset of that name");
                send(Message::Log(Level::Warn, text));
            }
            Ok(spec) => own.push((name, spec)),
            Err(error) => {
                let text = format!("skipped preset {name}: {}", in_full(&error));
                send(Message::Log(Level::Warn, text));
            }
        }
    }
    own
}

/// Scores the run in folder `path` intact and without each of `wanted`, until it is `cancelled`.
///
/// # Errors
/// When the run, its weights or its data cannot be read, or there is no such device.
pub fn score(
    library: &Mutex<DatasetCache>,
    path: &Path,
    wanted: &[Vec<Term>],
    choice: DeviceChoice,
    cancelled: &AtomicBool,
    report: &(dyn Fn(Lesioned) + Sync),
) -> Result<LesionedWeights> {
    let spec = SavedRun::open_condensed(path)?.spec;
    let (device, _) = Device::choose(choice)?;
    let data = library.lock().unwrap_or_else(PoisonError::into_inner).dataset(&spec)?;
    // Reading the data takes a while, in which a run that trains finds better weights.
    let run = SavedRun::open_condensed(path)?;
    let checkpoint = lesion(&run, &data, device, wanted, &mut |progress| {
        if let LesionProgress::Scored(lesioned) = progress {
            report(lesioned.clone());
        }
        !cancelled.load(Ordering::Relaxed)
    })?;
    Ok(lesion_file::scored_weights(&run, checkpoint))
}

/// Keeps a setting in the config file; what there is to say of it.
pub fn configure(change: &ConfigChange) -> Message {
    match change.write() {
        Ok(path) => {
            let path = harmless(&path.to_string_lossy(), 400);
            let kept = if change.value.is_some() { "saved to" } else { "the default again in" };
            Message::Notice(Level::Good, format!("{}: {kept} {path}", change.name))
        }
        Err(error) => {
            Message::Notice(Level::Bad, format!("{} is not saved: {}", change.name, in_full(&error)))
        }
    }
}

/// An error in full, with nothing in it that a terminal would act on.
pub fn in_full(error: &EngineError) -> String {
    harmless(&error.to_string(), 4000)
}
