//! `data fetch`: downloads, with a bar on a terminal.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::ProgressBar;

use super::Exit;
use super::batch_output::BatchOutput;
use crate::domain::text::{duration, filesize, harmless, plural, without_user};
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::fetch::{FetchOptions, FetchProgress, FetchStage, Fetched, Offer, fetch_all};
use crate::output::say;
use crate::signals::{SIGHUP, event_loop, signals};

/// Fetches one dataset after the other, until a signal ends it.
///
/// # Errors
/// When a thread or an event loop cannot be had.
pub fn fetch(offers: Vec<Offer>, options: FetchOptions) -> Result<Exit> {
    let runtime = event_loop()?;
    runtime.block_on(async {
        let mut signals = signals();
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
        let stopped = Arc::clone(&stop);
        std::thread::Builder::new()
            .name("fetcher".into())
            .spawn(move || {
                let _ = sender.send(fetch_each(&offers, &options, &stopped));
            })
            .map_err(EngineError::io("start a thread for", "data fetch"))?;
        let mut exit = Exit::Done;
        loop {
            tokio::select! {
                biased;
                Some(number) = signals.recv() => {
                    if exit != Exit::Done && number == SIGHUP {
                        continue;
                    }
                    if exit != Exit::Done {
                        std::process::exit(128 + i32::from(number));
                    }
                    exit = Exit::Signal(number);
                    stop.store(true, Ordering::Relaxed);
                }
                result = ended.recv() => {
                    let result = result.unwrap_or(Exit::Failed);
                    return Ok(if exit == Exit::Done { result } else { exit });
                }
            }
        }
    })
}

/// On a thread of its own: what it waits for keeps nobody else waiting.
fn fetch_each(offers: &[Offer], options: &FetchOptions, stop: &AtomicBool) -> Exit {
    let screen = BatchOutput::new(true);
    let mut exit = Exit::Done;
    for offer in offers {
        let name = offer.dataset;
        let from = options.mirror.as_deref().unwrap_or(offer.host());
        screen.line(&format!(
            "{name}: {} in {} from {} to {}",
            filesize(offer.bytes()),
            plural(offer.sources.len(), "file"),
            harmless(&without_user(from), 200),
            shown(&offer.folder)
        ));
        let mut bar = Bar::new(&screen, name);
        let fetched = fetch_all(offer.sources, &offer.folder, options, &mut |progress| {
            bar.show(&progress);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        bar.remove();
        match fetched {
            Ok(Fetched::Interrupted) => {
                screen.line(&format!("{name}: interrupted; run the same command again to resume"));
                return exit;
            }
            Ok(Fetched::Now) => say(&format!("{name}: fetched, checksums match")),
            Ok(Fetched::Already) => say(&format!("{name}: already here, checksums match")),
            Err(error) => {
                screen.error(&format!("{name}: {error}"));
                exit = exit.or_failed();
            }
        }
    }
    exit
}

/// Progress of one dataset: a bar on a terminal, elsewhere a line for what goes wrong.
struct Bar<'a> {
    screen: &'a BatchOutput,
    bar: Option<ProgressBar>,
    name: &'static str,
    /// Bytes that were there at first, and since when more come.
    begun: Option<(u64, Instant)>,
    /// The last thing that went wrong, said once.
    trouble: Option<String>,
}

impl<'a> Bar<'a> {
    fn new(screen: &'a BatchOutput, name: &'static str) -> Self {
        Self { screen, bar: screen.bar(""), name, begun: None, trouble: None }
    }

    fn show(&mut self, progress: &FetchProgress) {
        match &progress.stage {
            FetchStage::Waiting { reason, .. } if self.trouble.as_ref() != Some(reason) => {
                self.screen.line(&format!("{}: {reason}; trying again", self.name));
                self.trouble = Some(reason.clone());
            }
            FetchStage::Fetching => self.trouble = None,
            _ => {}
        }
        let (begun, since) = *self.begun.get_or_insert((progress.done, Instant::now()));
        let Some(bar) = &self.bar else { return };
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        let doing = match &progress.stage {
            FetchStage::Asking => "asking".into(),
            FetchStage::Checking => "checking".into(),
            FetchStage::Waiting { seconds, .. } => format!("again in {seconds}s"),
            FetchStage::Fetching => {
                let rate =
                    (progress.done.saturating_sub(begun)) as f64 / since.elapsed().as_secs_f64().max(0.1);
                let left = (progress.total - progress.done) as f64 / rate.max(1.0);
                format!("{}/s eta {}", filesize(rate as u64), duration(left))
            }
        };
        let done = format!("{} of {} {doing}", filesize(progress.done), filesize(progress.total));
        self.screen.set_message(bar, &done);
    }

    fn remove(self) {
        if let Some(bar) = &self.bar {
            self.screen.remove(bar);
        }
    }
}
