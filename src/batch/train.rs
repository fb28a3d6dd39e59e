//! `--batch`: trains every spec, up to so many at once, shows progress, ends with a table.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Exit;
use super::progress::Progress;
use super::running::{Ended, Running, next_event};
use super::screen::Screen;
use super::specs::{self, Runs};
use super::summary;
use crate::cli::{BatchArgs, MachineArgs};
use crate::domain::event::Outcome;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::plural;
use crate::engine::data::{Dataset, Library};
use crate::engine::device::{Device, DeviceChoice};
use crate::engine::error::{EngineError, Result};
use crate::engine::resume::{Shelf, Taken};
use crate::engine::snapshot::Snapshot;
use crate::engine::store::{self, RunFolder};
use crate::engine::trainer::Plan;
use crate::engine::worker::Worker;
use crate::output::{note, say};
use crate::signals::signals;

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

/// Runs everything that `args` asks for, kept in folder `out`.
///
/// # Errors
/// When something is wrong that can be known before the first run starts.
pub fn run(args: &BatchArgs, out: &Path, machine: &MachineArgs) -> Result<Exit> {
    let Runs { specs, sweeps } = specs::runs(args)?;
    let shelf = if sweeps || args.resume { Some(Shelf::of(out)?) } else { None };
    let mut library = Library::new(machine.data.data_dir.clone());
    let mut jobs = Vec::with_capacity(specs.len());
    for spec in specs {
        // A finished run needs no data.
        let finished = shelf.as_ref().and_then(|shelf| shelf.finished(&spec));
        jobs.push(match finished {
            Some(run) => Job::Finished(Box::new(run.state)),
            None => Job::Train(Box::new((library.dataset(&spec)?, spec))),
        });
    }
    library.notes().iter().for_each(|text| note(text));
    let device = device(machine.device)?;
    store::check_writable(out)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(EngineError::io("start the event loop for", out))?;
    let batch = Batch { args, out, device, shelf, screen: Screen::new(args.json) };
    Ok(runtime.block_on(batch.all(jobs)))
}

/// One of the runs that were asked for.
enum Job {
    /// It is there already.
    Finished(Box<RunState>),
    /// To be trained, or gone on with.
    Train(Box<(Dataset, ExperimentSpec)>),
}

struct Batch<'a> {
    args: &'a BatchArgs,
    out: &'a Path,
    device: Device,
    /// The runs of the folder, where they count.
    shelf: Option<Shelf>,
    screen: Screen,
}

/// What became of starting a run.
enum Begun {
    Running(Box<Running>),
    Finished(Box<RunState>),
    Busy,
}

impl Batch<'_> {
    fn begin(&self, index: usize, of: usize, spec: ExperimentSpec, data: Dataset) -> Result<Begun> {
        let at_once = of.min(self.args.parallel.into());
        let progress =
            |spec: &ExperimentSpec| Progress::new(self.screen.clone(), spec, index + 1, of, at_once);
        let mut plan = Plan { from: None, snapshot_every: self.args.checkpoint_every as usize };
        let (folder, claim) = match &self.shelf {
            None => (RunFolder::create(self.out, &spec)?, None),
            Some(shelf) => match shelf.take(&spec)? {
                Taken::Finished(_, state) => return Ok(Begun::Finished(state)),
                Taken::Busy(_) => return Ok(Begun::Busy),
                Taken::Run { folder, from, claim } => {
                    plan.from = from.map(|snapshot| *snapshot);
                    (*folder, Some(claim))
                }
            },
        };
        let state = folder.state().clone();
        let progress = progress(&spec);
        if let Some(Snapshot { position, .. }) = &plan.from {
            progress.resumed(position.epoch, position.step);
        }
        let worker = Worker::begin(spec, data, self.device, folder, plan)?;
        Ok(Begun::Running(Box::new(Running::new(index, worker, progress, state, claim))))
    }

    async fn all(&self, jobs: Vec<Job>) -> Exit {
        let (args, screen) = (self.args, &self.screen);
        let mut signals = signals();
        let of = jobs.len();
        let at_once = of.min(args.parallel.into());
        let mut ended: Vec<Option<RunState>> = vec![None; of];
        let mut waiting = VecDeque::new();
        for (index, job) in jobs.into_iter().enumerate() {
            match job {
                Job::Finished(state) => ended[index] = Some(*state),
                Job::Train(job) => waiting.push_back((index, job.0, job.1)),
            }
        }
        let finished = of - waiting.len();
        if finished > 0 {
            screen.line(&format!("{} of {} finished before and not repeated", finished, plural(of, "run")));
        }
        let mut running: Vec<Running> = Vec::new();
        let mut busy = 0;
        let mut exit = Exit::Done;
        let mut told = Instant::now();
        loop {
            while running.len() < at_once
                && let Some((index, data, spec)) = waiting.pop_front()
            {
                match self.begin(index, of, spec, data) {
                    Ok(Begun::Running(run)) => running.push(*run),
                    Ok(Begun::Finished(state)) => ended[index] = Some(*state),
                    Ok(Begun::Busy) => busy += 1,
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
                    let again = number == SIGTERM && told.elapsed() < SAME_SIGTERM;
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
        let were = |n| if n == 1 { "run was" } else { "runs were" };
        if busy > 0 {
            text += &format!("\n\n{busy} {} left to another program that is training them", were(busy));
        }
        match of - ended.len() - busy {
            0 => {}
            n => text += &format!("\n\n{n} {} not started", were(n)),
        }
        if args.json {
            note(&text)
        } else {
            say(&text)
        }
        exit
    }
}
