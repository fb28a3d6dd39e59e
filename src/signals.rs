//! The event loop, and the signals that end the program as a stream of their numbers.

use std::io;
#[cfg(unix)]
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::engine::error::{EngineError, Result};

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

/// SIGINT, SIGTERM, and SIGHUP unless it is ignored (as under nohup), as their numbers.
pub fn signals() -> UnboundedReceiver<u8> {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = (!hangup_is_ignored()).then(|| (SignalKind::hangup(), SIGHUP));
        let always = [(SignalKind::interrupt(), 2), (SignalKind::terminate(), 15), (SignalKind::quit(), 3)];
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
                Err(error) => tracing::warn!(number, %error, "cannot listen for a signal"),
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
pub fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
