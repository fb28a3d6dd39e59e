//! What the screen costs: how soon a key is answered while a run trains, and how much
//! slower the run is for being watched.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossterm::event::{Event as Input, KeyCode, KeyEvent, KeyModifiers};
use ratatui::layout::Size;
use serde::Serialize;
use tokio::sync::mpsc::unbounded_channel;

use super::action::Action;
use super::app::App;
use super::background::BackgroundTasks;
use super::command::GlobalCommand;
use super::config::Config;
use super::driver::{self, Inputs};
use super::screen::TerminalScreen;
use super::start::{WorkbenchOptions, app};
use super::theme::Theme;
use crate::domain::event::Event;
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::domain::stats;
use crate::engine::data::Dataset;
use crate::engine::device::{Device, DeviceChoice};
use crate::engine::error::{EngineError, Result};
use crate::engine::worker::Worker;
use crate::exit::Exit;
use crate::signals::SignalStream;

/// Between keys. Nobody presses so many for so long.
const KEYS_EVERY: Duration = Duration::from_millis(200);
/// Keys that are pressed again and again: they move the focus, switch hops, change and
/// redraw the curves.
const KEYS: [char; 8] = ['C', 'm', '1', ']', 'R', '2', 'A', 'W'];

/// What is measured.
#[derive(Debug, Clone)]
pub struct Bench {
    /// The run that is trained again and again.
    pub spec: ExperimentSpec,
    /// Steps of each run.
    pub steps: usize,
    /// Runs alone, and as many watched, in turn.
    pub rounds: usize,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// Where to train.
    pub device: DeviceChoice,
}

/// What came of it.
#[derive(Debug, Serialize)]
pub struct Cost {
    /// The run.
    pub spec: String,
    /// Where it was trained.
    pub device: String,
    /// Columns and rows.
    pub size: (u16, u16),
    /// Images a second of each run that nobody watched.
    pub alone: Vec<f64>,
    /// Images a second of each run beside it that was watched, with a key pressed every 200 ms.
    pub watched: Vec<f64>,
    /// Median of the watched over median of the others.
    pub ratio: f64,
    /// From a key to the frame that shows what it did, milliseconds: half of the keys were
    /// answered sooner.
    pub key_median_ms: f64,
    /// 99 of 100 were.
    pub key_p99_ms: f64,
    /// The slowest.
    pub key_max_ms: f64,
    /// Keys pressed.
    pub keys: usize,
    /// Frames painted a second.
    pub frames_per_s: f64,
    /// Bytes sent to the terminal a second.
    pub bytes_per_s: f64,
    /// Processor time that the screen took, percent of one core; known on Linux.
    pub screen_cpu_percent: Option<f64>,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.size;
        let median = |rates: &[f64]| stats::median(rates).unwrap_or(f64::NAN);
        writeln!(f, "{} on {}, screen of {width}x{height}, a key every 200 ms", self.spec, self.device)?;
        writeln!(
            f,
            "key to frame    median {:.1} ms, 99% within {:.1} ms, slowest {:.1} ms ({} keys)",
            self.key_median_ms, self.key_p99_ms, self.key_max_ms, self.keys
        )?;
        writeln!(
            f,
            "training        {:.0} images/s alone, {:.0} on the screen: {:.3} times as fast (medians of {})",
            median(&self.alone),
            median(&self.watched),
            self.ratio,
            self.alone.len()
        )?;
        let cpu = self.screen_cpu_percent.map_or(String::new(), |cpu| format!(", {cpu:.1}% of one core"));
        write!(
            f,
            "screen          {:.1} frames and {:.0} bytes a second{cpu}",
            self.frames_per_s, self.bytes_per_s
        )
    }
}

/// A terminal that nobody sees: counts what is sent to it.
#[derive(Clone, Default)]
struct Counter(Arc<AtomicU64>);

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What one watched run showed.
#[derive(Default)]
struct Watched {
    images_per_s: f64,
    latencies_ms: Vec<f64>,
    seconds: f64,
    frames: u64,
    bytes: u64,
    cpu_seconds: Option<f64>,
}

impl Bench {
    /// Measures; `tell` gets a line for each round.
    ///
    /// # Errors
    /// When the device or the data are not there.
    pub fn run(&self, tell: &mut dyn FnMut(&str)) -> Result<Cost> {
        let spec = ExperimentSpec {
            epochs: 1,
            train_limit: self.steps * self.spec.batch,
            val_limit: 100,
            test_limit: 100,
            probe_images: 100,
            ..self.spec.clone()
        };
        let (device, _) = Device::choose(self.device)?;
        let data = Dataset::load(&spec, None)?;
        let root = tempfile::tempdir().map_err(EngineError::io("make a folder in", std::env::temp_dir()))?;
        let (mut alone, mut watched) = (Vec::new(), Vec::new());
        // The first run finds memory and warms caches, and does not count.
        self.alone(&spec, &data, device, root.path())?;
        for round in 1..=self.rounds {
            alone.push(self.alone(&spec, &data, device, root.path())?);
            watched.push(self.watched(&spec, root.path())?);
            let (alone, watched) = (alone[round - 1], watched[round - 1].images_per_s);
            tell(&format!("round {round}: alone {alone:.0} images/s, watched {watched:.0}"));
        }
        Ok(self.cost(&spec, device, alone, &watched))
    }

    fn cost(&self, spec: &ExperimentSpec, device: Device, alone: Vec<f64>, runs: &[Watched]) -> Cost {
        let watched: Vec<f64> = runs.iter().map(|run| run.images_per_s).collect();
        let mut keys: Vec<f64> = runs.iter().flat_map(|run| run.latencies_ms.iter().copied()).collect();
        keys.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = (keys.len() as f64 * part).ceil() as usize;
            keys.get(place.saturating_sub(1)).copied().unwrap_or(f64::NAN)
        };
        let seconds: f64 = runs.iter().map(|run| run.seconds).sum();
        let cpu: Option<f64> = runs.iter().map(|run| run.cpu_seconds).sum();
        Cost {
            spec: spec.to_string(),
            device: device.to_string(),
            size: self.size,
            ratio: stats::median(&watched).unwrap_or(f64::NAN) / stats::median(&alone).unwrap_or(f64::NAN),
            key_median_ms: at(0.5),
            key_p99_ms: at(0.99),
            key_max_ms: at(1.0),
            keys: keys.len(),
            frames_per_s: runs.iter().map(|run| run.frames as f64).sum::<f64>() / seconds,
            bytes_per_s: runs.iter().map(|run| run.bytes as f64).sum::<f64>() / seconds,
            screen_cpu_percent: cpu.map(|cpu| 100.0 * cpu / seconds),
            alone,
            watched,
        }
    }

    /// Images a second of a run that nobody watches.
    fn alone(&self, spec: &ExperimentSpec, data: &Dataset, device: Device, root: &Path) -> Result<f64> {
        let mut worker = Worker::start(spec.clone(), data.clone(), device, root)?;
        let mut events: Vec<Event> = Vec::new();
        while let Some(event) = worker.events.blocking_recv() {
            events.push(event);
        }
        worker.join()?;
        rate(&RunState::replay(&events))
    }

    /// The same run on the screen, with keys being pressed.
    fn watched(&self, spec: &ExperimentSpec, root: &Path) -> Result<Watched> {
        let wrap = |error: io::Error| EngineError::io("paint on", Path::new("a screen"))(error);
        let options = WorkbenchOptions {
            root: root.to_owned(),
            data: None,
            device: self.device,
            threads: None,
            tensorboard: None,
        };
        let mut app = app(&options, &Config::default(), Theme::FULL)?;
        app.session.draft.replace(spec.clone())?;
        app.update(Action::Do(GlobalCommand::Train.into()));
        app.session.quit_when_over();
        let bytes = Counter::default();
        let size = Size { width: self.size.0, height: self.size.1 };
        let mut screen = TerminalScreen::fixed(size, bytes.clone()).map_err(wrap)?;
        let mut tasks = BackgroundTasks::new(root.to_owned(), None);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(wrap)?;
        let (keys, input) = unbounded_channel();
        let (tell_painted, mut painted) = unbounded_channel();
        // Signals end the benchmark as they end any program.
        let signals = SignalStream::silent();
        let (_nor_this, resumed) = unbounded_channel();
        let mut inputs = Inputs { input, signals, resumed, painted: Some(tell_painted) };
        let over = Arc::new(AtomicBool::new(false));
        let pressing = {
            let over = Arc::clone(&over);
            std::thread::spawn(move || {
                let mut pressed = Vec::new();
                for key in KEYS.iter().cycle() {
                    std::thread::sleep(KEYS_EVERY);
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    pressed.push(Instant::now());
                    let event = KeyEvent::new(KeyCode::Char(*key), KeyModifiers::NONE);
                    if keys.send(Ok(Input::Key(event))).is_err() {
                        break;
                    }
                }
                pressed
            })
        };
        let (started, cpu) = (Instant::now(), cpu_time());
        let ended = runtime.block_on(driver::run(&mut app, &mut screen, &mut tasks, &mut inputs));
        let cpu_seconds = cpu.and_then(|before| Some(cpu_time()? - before));
        let seconds = started.elapsed().as_secs_f64();
        over.store(true, Ordering::Relaxed);
        if ended != Exit::Done {
            return Err(wrap(io::Error::other("it ended too soon")));
        }
        let pressed = pressing.join().unwrap_or_default();
        let mut latencies_ms = Vec::new();
        while let Ok((taken, at)) = painted.try_recv() {
            // The first frame that shows a key answers it.
            while latencies_ms.len() < taken.min(pressed.len()) {
                let key: Instant = pressed[latencies_ms.len()];
                latencies_ms.push(at.saturating_duration_since(key).as_secs_f64() * 1e3);
            }
        }
        let images_per_s = rate_of(&app)?;
        let bytes = bytes.0.load(Ordering::Relaxed);
        Ok(Watched { images_per_s, latencies_ms, seconds, frames: screen.frames, bytes, cpu_seconds })
    }
}

fn rate_of(app: &App) -> Result<f64> {
    let run = app.session.runs.listed().find(|run| !run.state.steps.is_empty() && run.slot.is_some());
    run.map_or_else(|| rate(&RunState::default()), |run| rate(&run.state))
}

/// Images a second of a run's training steps.
fn rate(state: &RunState) -> Result<f64> {
    let rate = state.epochs.first().and_then(|epoch| epoch.images_per_s);
    rate.ok_or_else(|| EngineError::run(Path::new("bench ui"), "the run was too short to be timed"))
}

/// Processor time of this thread so far, seconds.
fn cpu_time() -> Option<f64> {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        Some(time.tv_sec as f64 + time.tv_nsec as f64 / 1e9)
    }
    #[cfg(not(target_os = "linux"))]
    None
}
