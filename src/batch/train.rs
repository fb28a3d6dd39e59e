//! `--batch`: trains every spec, up to so many at once, shows progress, ends with a table.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Exit;
use super::active_run::{ActiveRun, EndedRun, next_event};
use super::batch_output::BatchOutput;
use super::outcomes::{RunOutcome, RunOutcomes};
use super::run_bar::RunBar;
use super::specs::{self, RequestedRun, RequestedRuns};
use crate::cli::{BatchArgs, MachineArgs};
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::harmless;
use crate::engine::data::{Dataset, DatasetCache};
use crate::engine::device::{Device, DeviceChoice, is_device_lost};
use crate::engine::error::Result;
use crate::engine::export::BoardSwitch;
use crate::engine::resume::{self, Acquired, Damage, RunIndex};
use crate::engine::snapshot::Snapshot;
use crate::engine::store::{self, RunDir};
use crate::engine::trainer::RunPlan;
use crate::engine::worker::Worker;
use crate::output::{note, say};
use crate::signals::{SIGHUP, event_loop, signals};

/// Its number.
const SIGTERM: u8 = 15;
/// A scheduler sends it to every process of a job, and a job's script passes on its own: so
/// soon after one, another is the same.
const SAME_SIGTERM: Duration = Duration::from_secs(2);

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

/// The dataset of `spec`, looked for in `folder` first; says on stderr what of it is not read.
///
/// # Errors
/// When it is not there, or not what it should be.
pub fn dataset(spec: &ExperimentSpec, folder: Option<&Path>) -> Result<Dataset> {
    let mut library = DatasetCache::new(folder.map(Path::to_path_buf));
    let data = library.dataset(spec);
    library.notes().iter().for_each(|text| note(text));
    data
}

/// Runs everything that `args` asks for, kept in folder `out`.
///
/// # Errors
/// When something is wrong that can be known before the first run starts.
pub fn run(args: &BatchArgs, out: &Path, machine: &MachineArgs) -> Result<Exit> {
    let runs = specs::runs(args)?;
    runs.repeated().iter().chain(&runs.hint).for_each(|text| note(text));
    let RequestedRuns { runs, of, sweeps, .. } = runs;
    let known_runs = if sweeps || args.resume { Some(RunIndex::of(out)?) } else { None };
    let mut library = DatasetCache::new(machine.data.data_dir.clone());
    let mut outcomes = RunOutcomes::new(&runs);
    let mut waiting = VecDeque::new();
    for (index, RequestedRun { number, spec, folder }) in runs.into_iter().enumerate() {
        let progress = match &folder {
            Some(folder) => Some(resume::progress_at(folder, &spec)),
            None => known_runs.as_ref().map(|known_runs| known_runs.progress(&spec)),
        };
        // What is not trained needs no data.
        match progress {
            Some(resume::RunProgress::Finished(run) | resume::RunProgress::Diverged(run)) => {
                store::tidy(&run, args.keep_checkpoint);
                outcomes.set(index, RunOutcome::Ended(Box::new(run.state)));
            }
            Some(resume::RunProgress::Damaged(damage)) => outcomes.set(index, RunOutcome::Damaged(damage)),
            _ => {
                let data = library.dataset(&spec);
                // Also where it fails: they may say why.
                library.notes().iter().for_each(|text| note(text));
                waiting.push_back(Job { index, number, data: data?, spec, folder });
            }
        }
    }
    let device = device(machine.device)?;
    store::check_writable(out)?;
    args.tensorboard.as_deref().map_or(Ok(()), store::check_writable)?;
    let runtime = event_loop()?;
    let screen = BatchOutput::new(args.json);
    outcomes.before().iter().for_each(|text| screen.line(text));
    outcomes.damaged().for_each(|damage| screen.error(&untrained(damage)));
    let mut has_nameless = false;
    for damage in known_runs.iter().flat_map(|known_runs| known_runs.nameless(&outcomes.specs())) {
        has_nameless = true;
        note(&harmless(&format!("passed over: {}", damage.error), 4000));
    }
    let at_once = outcomes.len().min(args.parallel.into());
    let boards = BoardSwitch::default();
    boards.set(args.tensorboard.clone());
    let batch = Batch { args, out, device, boards, known_runs, screen, of, at_once };
    let exit = runtime.block_on(batch.all(waiting, outcomes));
    // It may be that of a run which was asked for.
    Ok(if has_nameless { exit.or_failed() } else { exit })
}

/// A run to be trained, or resumed.
struct Job {
    /// Its place among those asked for.
    index: usize,
    /// In the whole sweep, from 1.
    number: usize,
    data: Dataset,
    spec: ExperimentSpec,
    /// That of the run which is resumed, where it was named.
    folder: Option<PathBuf>,
}

/// That a run's folder is damaged.
fn untrained(damage: &Damage) -> String {
    format!("{}; the folder is damaged and its run is not trained", damage.error)
}

struct Batch<'a> {
    args: &'a BatchArgs,
    out: &'a Path,
    device: Device,
    boards: BoardSwitch,
    /// The runs of the folder, where they count.
    known_runs: Option<RunIndex>,
    screen: BatchOutput,
    /// Runs of the whole sweep.
    of: usize,
    /// Most runs at the same time.
    at_once: usize,
}

/// What became of starting a run.
enum Begun {
    Running(Box<ActiveRun>),
    Not(RunOutcome),
}

impl Batch<'_> {
    fn begin(&self, Job { index, number, data, spec, folder }: Job) -> Result<Begun> {
        let mut plan = RunPlan { from: None, snapshot_every: self.args.checkpoint_every as usize };
        let is_resumed = self.args.resume || folder.is_some();
        let acquired = match (&folder, &self.known_runs) {
            (Some(folder), _) => Some(resume::take(folder, &spec)?),
            (None, known_runs) => known_runs.as_ref().map(|known_runs| known_runs.take(&spec)).transpose()?,
        };
        let (mut folder, note) = match acquired {
            None => (RunDir::create(self.out, &spec)?, None),
            Some(acquired) => match acquired {
                Acquired::Finished(state) => return Ok(Begun::Not(RunOutcome::Ended(state))),
                Acquired::Busy => return Ok(Begun::Not(RunOutcome::Busy)),
                Acquired::Damaged(damage) => {
                    self.screen.error(&untrained(&damage));
                    return Ok(Begun::Not(RunOutcome::Damaged(damage)));
                }
                Acquired::Run { folder, from, note } => {
                    plan.from = from.map(|snapshot| *snapshot);
                    (*folder, note)
                }
            },
        };
        folder.keeps_checkpoint = self.args.keep_checkpoint;
        let state = folder.take_state();
        let progress = RunBar::new(self.screen.clone(), &spec, number, self.of, self.at_once);
        note.iter().for_each(|note| progress.line(note));
        if is_resumed && note.is_none() && plan.from.is_none() {
            progress.line("nothing to resume: training from the start");
        }
        if let Some(Snapshot { position, .. }) = &plan.from {
            progress.resumed(position.epoch, position.step);
        }
        let worker = Worker::begin(spec, data, self.device, folder, plan, self.boards.clone())?;
        Ok(Begun::Running(Box::new(ActiveRun::new(index, worker, progress, state))))
    }

    async fn all(&self, mut waiting: VecDeque<Job>, mut outcomes: RunOutcomes) -> Exit {
        let (args, screen) = (self.args, &self.screen);
        let mut signals = signals();
        let mut running: Vec<ActiveRun> = Vec::new();
        let mut exit = Exit::Done;
        let mut told = Instant::now();
        loop {
            while running.len() < self.at_once
                && let Some(job) = waiting.pop_front()
            {
                let index = job.index;
                match self.begin(job) {
                    Ok(Begun::Running(run)) => running.push(*run),
                    Ok(Begun::Not(outcome)) => outcomes.set(index, outcome),
                    Err(error) => {
                        screen.error(&error);
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
                    let again = number == SIGHUP || number == SIGTERM && told.elapsed() < SAME_SIGTERM;
                    if let Exit::Signal(_) = exit && again {
                        continue;
                    }
                    if let Exit::Signal(_) = exit {
                        screen.clear();
                        note("abandoned; what was recorded so far is kept");
                        std::process::exit(128 + i32::from(number));
                    }
                    (exit, told) = (Exit::Signal(number), Instant::now());
                    waiting.clear();
                    running.iter().for_each(ActiveRun::stop);
                    screen.notice("stopping after the current step; once more to abandon it");
                }
                (place, event) = next_event(&mut running) => match event {
                    Some(event) => running[place].apply_event(&event, args.json),
                    None => {
                        let run = running.remove(place);
                        let index = run.index;
                        let EndedRun { state, error, unkept, board_failed } = run.end();
                        if let Some(error) = error {
                            screen.error(&error);
                            exit = exit.or_failed();
                        }
                        if board_failed {
                            exit = exit.or_failed();
                        }
                        // What the disk does not take now it will not take from the next run either.
                        if unkept {
                            waiting.clear();
                        }
                        // Nor does a device that was lost.
                        if is_device_lost() && !waiting.is_empty() {
                            screen.notice("device lost: no further runs are started");
                            waiting.clear();
                        }
                        outcomes.set(index, RunOutcome::Ended(Box::new(state)));
                    }
                },
            }
        }
        if self.known_runs.is_some() {
            outcomes.look_again(self.out);
        }
        if outcomes.failed() {
            exit = exit.or_failed();
        }
        let text = outcomes.text(args.target, self.out);
        if args.json {
            note(&text);
        } else {
            say(&text);
        }
        exit
    }
}
