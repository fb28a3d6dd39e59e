//! How soon a recording is anywhere: from the order to the frame that shows it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ratatui::layout::Size;
use serde::Serialize;

use super::action::Action;
use super::config::Config;
use super::player::{Player, PlayerOrder};
use super::screen::TerminalScreen;
use super::start::{WorkbenchOptions, app};
use super::theme::Theme;
use crate::domain::annotation::Annotation;
use crate::domain::event::{
    BlockActivity, EVENT_VERSION, Event, EventKind, Outcome, Phase, RunStarted, Score, Split, SplitSizes,
};
use crate::domain::spec::ExperimentSpec;
use crate::domain::stats;
use crate::domain::timeline::SeekGoal;
use crate::domain::timeline::{RecordedRun, Timeline};
use crate::engine::device::DeviceChoice;
use crate::engine::error::{EngineError, Result};

/// Where is sought to, as parts of the whole.
const PLACES: [f64; 3] = [0.0, 0.37, 1.0];

/// How long seeking takes.
#[derive(Debug, Serialize)]
pub struct Seeking {
    /// Runs of the recording.
    pub runs: usize,
    /// Epochs of all of them.
    pub epochs: usize,
    /// Events of all of them.
    pub events: usize,
    /// Columns and rows of the screen.
    pub size: (u16, u16),
    /// For each place, percent of the whole: median and longest time, milliseconds.
    pub places: Vec<(f64, f64, f64)>,
}

impl fmt::Display for Seeking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (width, height) = self.size;
        let Self { runs, epochs, events, .. } = self;
        write!(f, "{runs} runs, {epochs} epochs, {events} events, screen of {width}x{height}")?;
        for (percent, median, longest) in &self.places {
            write!(f, "\nto {percent:>3.0}%   median {median:.1} ms, longest {longest:.1} ms")?;
        }
        Ok(())
    }
}

/// Seeks in `tape` so many times to each place, and paints.
///
/// # Errors
/// When the screen cannot be made.
pub fn seeking(tape: Timeline, size: (u16, u16), rounds: usize) -> Result<Seeking> {
    let wrap = |error: io::Error| EngineError::io("paint on", Path::new("a screen"))(error);
    let options = WorkbenchOptions {
        root: PathBuf::new(),
        data: None,
        device: DeviceChoice::Auto,
        threads: None,
        tensorboard: None,
    };
    let mut app = app(&options, &Config::default(), Theme::FULL)?;
    let mut screen =
        TerminalScreen::fixed(Size { width: size.0, height: size.1 }, io::sink()).map_err(wrap)?;
    let ended = |event: &&Event| matches!(event.kind, EventKind::EpochEnded { .. });
    let (runs, epochs, events) = (
        tape.runs().len(),
        tape.runs().iter().map(|run| run.events.iter().filter(ended).count()).sum(),
        tape.runs().iter().map(|run| run.events.len()).sum(),
    );
    let mut player = Player::new(tape, 1.0, false);
    player.introduce().into_iter().for_each(|sent| app.update(Action::Sent(sent)));
    let mut times = vec![Vec::new(); PLACES.len()];
    for _ in 0..rounds {
        for (place, times) in PLACES.iter().zip(&mut times) {
            let start = Instant::now();
            let sent = player.handle_order(&PlayerOrder::Seek(SeekGoal::Part(*place)));
            sent.into_iter().for_each(|sent| app.update(Action::Sent(sent)));
            screen.paint(&mut app).map_err(wrap)?;
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    let places = PLACES.iter().zip(&times).map(|(place, times)| {
        let longest = times.iter().copied().fold(0.0, f64::max);
        (100.0 * place, stats::median(times).unwrap_or(f64::NAN), longest)
    });
    Ok(Seeking { runs, epochs, events, size, places: places.collect() })
}

/// Two runs of the paper's longest training: 120 epochs each, on as many batches of 100 as
/// CIFAR has.
///
/// # Errors
/// Never: the specs are right.
pub fn long_tape() -> Result<Timeline> {
    let (epochs, steps) = (120, 450);
    let mut runs = Vec::new();
    for line in ["resnet@cifar10 epochs=120", "resnet+hires@cifar10 epochs=120"] {
        let spec: ExperimentSpec = line.parse()?;
        let mut events = Vec::with_capacity(epochs * (steps + 4) + 4);
        let mut tell = |kind| {
            let t = events.len() as f64 / 10.0;
            events.push(Event { v: EVENT_VERSION, t, kind });
        };
        tell(EventKind::RunStarted(Box::new(started(&spec, steps))));
        for epoch in 1..=epochs {
            tell(EventKind::EpochStarted { epoch, lr: spec.schedule(steps).at_epoch(epoch) });
            tell(EventKind::Phase { phase: Phase::Training });
            for step in (epoch - 1) * steps + 1..=epoch * steps {
                let loss = 2.3 / (1.0 + step as f32 / 300.0) + 0.2 * (step as f32 * 12.9898).sin().abs();
                tell(EventKind::Step { epoch, step, loss, images: 100, hits: 50 + step * 31 % 50 });
            }
            let score =
                Score { loss: 2.0 / epoch as f64, images: 5_000, hits: 2_500 + 20 * epoch, hits5: None };
            let (train, validation) = (score, score);
            tell(EventKind::EpochEnded { epoch, step: epoch * steps, train, validation, best: true });
            let blocks = (1..=3)
                .map(|block| BlockActivity { block, residual: 1.0, histogram: None, hops: Vec::new() })
                .collect();
            tell(EventKind::Probed { epoch, split: Split::Validation, blocks });
        }
        tell(EventKind::Finished { outcome: Outcome::Completed, message: None });
        runs.push(RecordedRun { name: line.into(), spec, events, annotation: Annotation::default() });
    }
    Ok(Timeline::new(runs))
}

fn started(spec: &ExperimentSpec, steps_per_epoch: usize) -> RunStarted {
    RunStarted {
        spec: spec.clone(),
        device: "cpu".into(),
        instructions: None,
        parameters: 0,
        images: SplitSizes { train: 45_000, validation: 5_000, test: 10_000 },
        steps_per_epoch,
        program: "bench replay".into(),
        at: "2026-01-01T00:00:00Z".into(),
        extends: None,
    }
}
