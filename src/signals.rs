//! The event loop, and the signals that end the program as a stream of their numbers.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
#[cfg(unix)]
use std::{thread, time::Duration};

use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::engine::error::{EngineError, Result};
#[cfg(unix)]
use crate::engine::worker;

/// The number of the signal that a terminal's end sends, perhaps several times: it and the
/// shell both do.
pub const SIGHUP: u8 = 1;

/// From here on a file that may not grow further (`ulimit -f`) is an error of writing to it,
/// not the end of the program.
pub fn outlive_full_files() {
    #[cfg(unix)]
    {
        let number = rustix::process::Signal::XFSZ.as_raw();
        // Nobody looks at it: that there is a handler is what matters.
        if let Err(error) = signal_hook::flag::register(number, Arc::default()) {
            tracing::warn!(%error, "cannot handle SIGXFSZ");
        }
    }
}

/// An event loop on this thread, for signals, timers and what threads send.
///
/// # Errors
/// When the system has too few file descriptors left for it.
pub fn event_loop() -> Result<Runtime> {
    let built =
        spare_descriptors().and_then(|()| tokio::runtime::Builder::new_current_thread().enable_all().build());
    built.map_err(|error| {
        #[cfg(unix)]
        if rustix::io::Errno::from_io_error(&error) == Some(rustix::io::Errno::MFILE) {
            return EngineError::Failed("too few file descriptors; raise the limit (ulimit -n)".into());
        }
        EngineError::Failed(format!("cannot start the event loop: {error}"))
    })
}

/// Listening for a signal panics where there are no descriptors for it: they are tried first.
fn spare_descriptors() -> io::Result<()> {
    #[cfg(unix)]
    let _held = (0..4).map(|_| std::os::unix::net::UnixStream::pair()).collect::<io::Result<Vec<_>>>()?;
    Ok(())
}

/// Signals that end the program, by number, in the order in which they come.
#[derive(Debug)]
pub struct SignalStream {
    receiver: UnboundedReceiver<u8>,
    /// How many have been taken.
    taken: Arc<AtomicUsize>,
}

impl SignalStream {
    /// One on which none comes.
    pub fn silent() -> Self {
        Self { receiver: unbounded_channel().1, taken: Arc::default() }
    }

    /// The next one; `None` where no further one comes.
    pub async fn recv(&mut self) -> Option<u8> {
        let number = self.receiver.recv().await;
        self.taken.fetch_add(1, Ordering::Relaxed);
        number
    }
}

/// What is done before the program ends although its event loop does not answer.
static BEFORE_ABANDONING: OnceLock<fn()> = OnceLock::new();

/// Has `work` done before the program ends although its event loop does not answer: nobody reads
/// what it writes.
pub fn before_abandoning(work: fn()) {
    let _ = BEFORE_ABANDONING.set(work);
}

/// SIGINT, SIGTERM, and SIGHUP unless it is ignored (as under nohup), as their numbers. Whoever
/// listens may be stuck, in a pipe that nobody reads or a terminal that was stopped: then runs are
/// stopped all the same, and the program ends when they have, or at the next signal.
pub fn signals() -> SignalStream {
    let (sender, receiver) = unbounded_channel();
    let taken: Arc<AtomicUsize> = Arc::default();
    #[cfg(unix)]
    {
        use rustix::process::Signal;
        let hangup = (!hangup_is_ignored()).then_some(Signal::HUP);
        let all = [Signal::INT, Signal::TERM, Signal::QUIT].into_iter().chain(hangup);
        match signal_hook::iterator::Signals::new(all.map(Signal::as_raw)) {
            Err(error) => tracing::warn!(%error, "cannot listen for signals"),
            Ok(mut signals) => {
                let taken = Arc::clone(&taken);
                let listen = move || {
                    for (before, number) in signals.forever().enumerate() {
                        let number = u8::try_from(number).unwrap_or_default();
                        let _ = sender.send(number);
                        let taken = Arc::clone(&taken);
                        let watch = move || match before {
                            0 => see_it_end(number, &taken),
                            _ => see_it_taken(before, number, &taken),
                        };
                        let _ = thread::Builder::new().name("watchdog".into()).spawn(watch);
                    }
                };
                if let Err(error) = thread::Builder::new().name("signals".into()).spawn(listen) {
                    tracing::warn!(%error, "cannot listen for signals");
                }
            }
        }
    }
    #[cfg(not(unix))]
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            let _ = sender.send(2);
        }
    });
    SignalStream { receiver, taken }
}

/// For whoever listens to take a signal.
#[cfg(unix)]
const ANSWER: Duration = Duration::from_secs(1);
/// For the program to end by itself, once nothing is trained any more.
#[cfg(unix)]
const END: Duration = Duration::from_secs(5);

/// After the first signal: stops runs where nobody else does, and ends the program where it does
/// not end by itself when they have stopped.
#[cfg(unix)]
fn see_it_end(number: u8, taken: &AtomicUsize) {
    thread::sleep(ANSWER);
    if taken.load(Ordering::Relaxed) == 0 {
        worker::stop_all();
    }
    let mut idle = Duration::ZERO;
    while idle < END {
        thread::sleep(ANSWER);
        idle = if worker::running() == 0 { idle + ANSWER } else { Duration::ZERO };
    }
    abandon(number);
}

/// After a further signal: ends the program where nobody listens.
#[cfg(unix)]
fn see_it_taken(before: usize, number: u8, taken: &AtomicUsize) {
    thread::sleep(ANSWER);
    if taken.load(Ordering::Relaxed) <= before {
        abandon(number);
    }
}

#[cfg(unix)]
fn abandon(number: u8) -> ! {
    if let Some(work) = BEFORE_ABANDONING.get() {
        // It may get stuck as well.
        let _ = thread::Builder::new().name("leaving".into()).spawn(work);
        thread::sleep(ANSWER);
    }
    std::process::exit(128 + i32::from(number))
}

/// Whether this process was started with SIGHUP ignored; known on Linux only.
pub fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
