//! From the command line to the screen and back.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use etcetera::BaseStrategy;
use tokio::sync::mpsc::unbounded_channel;

use super::app::App;
use super::background::BackgroundTasks;
use super::config::Config;
use super::draft::Draft;
use super::driver::{self, Inputs};
use super::keyboard::listen;
use super::log::Level;
use super::player::Player;
use super::remembered::Remembered;
use super::screen::{TerminalScreen, give_back};
use crate::domain::error::SpecError;
use crate::domain::text::harmless;
use crate::engine::device::{DeviceChoice, absorb};
use crate::engine::error::{EngineError, Result};
use crate::engine::{presets, recording, store};
use crate::exit::Exit;
use crate::output::note;
use crate::signals::{before_abandoning, event_loop, signals};

/// What the command line says.
#[derive(Debug, Clone)]
pub struct WorkbenchOptions {
    /// Folder that keeps the runs.
    pub root: PathBuf,
    /// Folder with the datasets' files.
    pub data: Option<PathBuf>,
    /// Where to train.
    pub device: DeviceChoice,
    /// CPU threads, where they were named.
    pub threads: Option<u16>,
    /// Where runs write `TensorBoard` event files while they train.
    pub tensorboard: Option<PathBuf>,
}

/// What to show instead of training.
#[derive(Debug, Clone)]
pub struct Replay {
    /// A recording's file, or the name of one that comes with the program.
    pub name: String,
    /// Times as fast as it was recorded.
    pub speed: f64,
    /// Seconds that it is to last, whatever the speed.
    pub fit: Option<f64>,
    /// Whether to begin again at the end.
    pub looping: bool,
}

/// Panics of other threads than the screen's, printed when the terminal has been given back.
static LOST: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Shows the interactive screen until it is left.
///
/// # Errors
/// When the config file is wrong, there is no terminal, or no event file can be written.
pub fn run(options: &WorkbenchOptions) -> Result<Exit> {
    options.tensorboard.as_deref().map_or(Ok(()), store::check_writable)?;
    let tasks =
        BackgroundTasks::new(options.root.clone(), options.data.clone()).with_threads(options.threads);
    tasks.read_presets();
    tasks.find_devices();
    show(options, tasks)
}

/// Shows a recording on the same screen until it is left.
///
/// # Errors
/// As [`run`], or when it is no recording.
pub fn replay(options: &WorkbenchOptions, replay: &Replay) -> Result<Exit> {
    let tape = recording::open(&replay.name)?;
    let speed = replay.fit.map_or(replay.speed, |seconds| Player::speed_to_fit(&tape, seconds));
    show(options, BackgroundTasks::playing(Player::new(tape, speed, replay.looping)))
}

fn show(options: &WorkbenchOptions, mut tasks: BackgroundTasks) -> Result<Exit> {
    if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        return Err(SpecError::new("TERM", "a dumb terminal cannot move its cursor; use --batch").into());
    }
    let config = Config::load()?;
    let terminal = |error: io::Error| EngineError::io("use the terminal for", &options.root)(error);
    let theme = config.theme();
    let mut app = app(options, &config, theme)?;
    app.gallery = config.gallery(&theme);
    if !tasks.is_replay() {
        match Remembered::read(&options.root) {
            Ok(earlier) => app.recall(earlier),
            // It is left as it is.
            Err(error) => {
                let text = format!("{error}; it is left alone, and this session's state is not saved");
                app.session.note(Level::Warn, harmless(&text, 4000));
            }
        }
    }
    let runtime = event_loop()?;
    give_back_on_panic(tasks.log_from_anywhere());
    before_abandoning(give_back);
    let ended = {
        let mut screen = TerminalScreen::take(config.mouse).map_err(|error| {
            give_back();
            terminal(error)
        })?;
        runtime.block_on(async {
            let mut inputs =
                Inputs { input: listen(), signals: signals(), resumed: resumed(), painted: None };
            driver::run(&mut app, &mut screen, &mut tasks, &mut inputs).await
        })
    };
    give_back();
    // A run in progress is stopped and can be resumed.
    drop(tasks);
    app.session.farewell.iter().for_each(|text| note(text));
    for text in LOST.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
        note(&harmless(&text, 4000));
    }
    Ok(ended)
}

/// Where `HIRESNET_LOG` is written while the screen is taken; its folder is made.
pub fn log_file() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    let folder = base.state_dir().unwrap_or_else(|| base.cache_dir()).join(env!("CARGO_PKG_NAME"));
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("log"))
}

/// The screen's state before its first key.
///
/// # Errors
/// When the config's keys are wrong.
pub fn app(options: &WorkbenchOptions, config: &Config, theme: super::theme::Theme) -> Result<App> {
    let draft = Draft::new(presets::resolve("quickstart")?)?;
    let mut app = App::new(draft, config, theme)
        .map_err(|reason| EngineError::run(Path::new("config.toml"), reason))?;
    app.session.setup.device = options.device;
    app.session.set_boards(options.tensorboard.clone(), options.root.clone());
    Ok(app)
}

/// That this process continues after it was stopped, however it was.
fn resumed() -> tokio::sync::mpsc::UnboundedReceiver<()> {
    let (sender, receiver) = unbounded_channel();
    #[cfg(not(unix))]
    drop(sender);
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut stream) = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw())) {
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    let _ = sender.send(());
                }
            });
        }
    }
    receiver
}

/// A panic of the screen's own thread gives the terminal back before it is said. Another
/// thread's ends in an error that the screen shows; its words are kept for afterwards.
fn give_back_on_panic(log: impl Fn(String) + Send + Sync + 'static) {
    let screen = std::thread::current().id();
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if absorb(panic) {
            return;
        }
        tracing::error!("{panic}");
        if std::thread::current().id() == screen {
            give_back();
            before(panic);
        } else {
            let text = format!("a thread panicked: {panic}");
            log(text.clone());
            LOST.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }));
}
