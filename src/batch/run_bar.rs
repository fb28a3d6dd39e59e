//! What a person sees of one run while it trains: a bar on a terminal, a line an epoch elsewhere.

use std::path::PathBuf;

use indicatif::ProgressBar;

use super::batch_output::BatchOutput;
use crate::domain::event::{Event, EventKind, Phase, Score};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::{duration, grouped, learning_rate};
use crate::engine::error::shown;

/// Progress of one run.
pub struct RunBar {
    screen: BatchOutput,
    bar: Option<ProgressBar>,
    /// Before each of its lines: what tells them from those of runs at the same time.
    tag: String,
    /// Learning rate of the last epoch seen.
    lr: Option<f64>,
    /// Kernels compiled, operations tuned, and when the last was; until that was said.
    compiled: Option<(usize, usize, f64)>,
}

impl RunBar {
    /// For run `number` of `of`, `at_once` of which train at the same time.
    pub fn new(screen: BatchOutput, spec: &ExperimentSpec, number: usize, of: usize, at_once: usize) -> Self {
        let numbered = format!("[{number}/{of}] ");
        let title = if of > 1 { numbered.as_str() } else { "" };
        screen.line(&format!("{title}{spec}"));
        let (bar, tag) = match at_once {
            1 => (screen.bar(""), "  ".to_owned()),
            _ => (screen.bar(&numbered), numbered),
        };
        Self { screen, bar, tag, lr: None, compiled: None }
    }

    /// The run resumes where it was left.
    pub fn resumed(&self, epoch: usize, step: usize) {
        self.line(&format!("resuming at step {step}, epoch {epoch}"));
    }

    /// Says something of the run.
    pub fn line(&self, text: &str) {
        self.screen.line(&format!("{}{text}", self.tag));
    }

    /// Shows what `event` changed.
    pub fn show(&mut self, event: &Event, state: &RunState) {
        if let EventKind::Phase { phase: Phase::Training } | EventKind::EpochEnded { .. } = event.kind
            && let Some((kernels, tuned, seconds)) = self.compiled.take()
        {
            let tuned = if tuned > 0 { format!(", tuned {tuned} operations") } else { String::new() };
            self.line(&format!("compiled {kernels} kernels{tuned} ({seconds:.0} s after the start)"));
        }
        match &event.kind {
            EventKind::Compiling { kernels, tuned, seconds } => {
                self.compiled = Some((*kernels, *tuned, *seconds));
            }
            EventKind::BoardFailed { message } => self.line(message),
            EventKind::RunStarted(facts) => {
                let images = facts.images;
                self.line(&format!(
                    "{} parameters · {} train, {} validation, {} test images · {}",
                    grouped(facts.parameters),
                    grouped(images.train),
                    grouped(images.validation),
                    grouped(images.test),
                    facts.device,
                ));
                if let Some(short) = images.shortage(&facts.spec) {
                    self.line(&format!("{short}: not the whole {}", facts.spec.dataset.name()));
                }
            }
            EventKind::EpochStarted { epoch, lr }
                if self.lr.replace(*lr).is_some_and(|before| before != *lr) =>
            {
                self.line(&format!("learning rate {} from epoch {epoch}", learning_rate(*lr)));
            }
            EventKind::EpochEnded { train, validation, best, .. } => {
                self.line(&epoch_line(state, train, validation, *best));
            }
            EventKind::Tested { checkpoint, epoch, score } => {
                let top5 = score.top5().map_or(String::new(), |t| format!(" · top-5 {t:.2}%"));
                self.line(&format!(
                    "test, {} weights (epoch {epoch}): top-1 {:.2}%{top5} · loss {:.4}",
                    checkpoint.name(),
                    score.top1(),
                    score.loss
                ));
            }
            EventKind::Diverged { epoch, step, split, loss } => {
                let place = format!("{split:?}").to_lowercase();
                self.line(&format!("diverged: the {place} loss is {loss} at step {step} (epoch {epoch})"));
            }
            _ => {}
        }
        if let Some(bar) = &self.bar {
            draw(&self.screen, bar, state);
        }
    }

    /// The run has ended and is kept in `folder`, if that is known and still there.
    pub fn done(&self, folder: Option<&PathBuf>) {
        if let Some(bar) = &self.bar {
            self.screen.remove(bar);
        }
        if let Some(folder) = folder.filter(|folder| folder.is_dir()) {
            self.line(&format!("saved to {}", shown(folder)));
        }
    }
}

fn epoch_line(state: &RunState, train: &Score, validation: &Score, best: bool) -> String {
    let epochs = state.started.as_ref().map_or(0, |s| s.spec.epochs);
    let width = epochs.to_string().len();
    let top5 = validation.top5().map_or(String::new(), |t| format!(" top-5 {t:.2}%"));
    let rate =
        state.epochs.last().and_then(|e| e.images_per_s).map_or(String::new(), |r| format!("  {r:.0} img/s"));
    format!(
        "epoch {:>width$}/{epochs}  train {:.4} {:.2}%  val {:.4} {:.2}%{top5}{}{rate}  eta {}",
        state.epoch,
        train.loss,
        train.top1(),
        validation.loss,
        validation.top1(),
        if best { " best" } else { "     " },
        state.eta().map_or("–".into(), duration),
    )
}

fn draw(screen: &BatchOutput, bar: &ProgressBar, state: &RunState) {
    let epochs = state.started.as_ref().map_or(0, |s| s.spec.epochs);
    if let Some((kernels, seconds)) = state.compiling {
        screen.set_message(bar, &format!("compiling kernels: {kernels}, {}", duration(seconds)));
        return;
    }
    let doing = match (state.phase, state.scored) {
        (Some(Phase::Validating), _) => "validating",
        (Some(Phase::Testing), _) => "testing",
        (Some(Phase::Preparing), _) => "preparing",
        _ => "training",
    };
    if let Some((done, total)) = state.scored {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
        screen.set_message(bar, &format!("epoch {}/{epochs} {doing} {done}/{total}", state.epoch));
        return;
    }
    bar.set_length(state.total_steps().max(1) as u64);
    bar.set_position(state.step() as u64);
    let loss =
        state.steps.last().map_or(String::new(), |s| format!(" loss {:.3} top-1 {:.0}%", s.loss, s.top1));
    let rate = state.images_per_s().map_or(String::new(), |r| format!(" {r:.0} img/s"));
    let eta = state.eta().map_or(String::new(), |s| format!(" eta {}", duration(s)));
    screen.set_message(bar, &format!("epoch {}/{epochs} {doing}{loss}{rate}{eta}", state.epoch));
}
