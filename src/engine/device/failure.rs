//! A backend that breaks down is one error, however often and wherever it panics.
//!
//! burn and cubecl report what a GPU cannot do by panics: in the thread that trains, in threads
//! of their own, once an operation. While work runs on such a backend these panics are kept
//! from stderr; the first is the cause, and is told in plain words.

#![cfg_attr(
    not(any(feature = "cuda", feature = "gpu")),
    allow(dead_code, reason = "only backends for GPUs are contained")
)]

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, Once, PoisonError};

use super::Device;
use crate::domain::text::harmless;
use crate::engine::error::{EngineError, Result};

thread_local! {
    /// Whether this thread is at work on a backend.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// How many threads are.
static WORKING: AtomicUsize = AtomicUsize::new(0);

/// What the first panic said since any began.
static CAUSE: Mutex<Option<String>> = Mutex::new(None);

/// How many panics were absorbed, ever.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Whether a device was lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// What cubecl calls its threads for devices.
const BACKEND_THREADS: [&str; 2] = ["DSU-", "DSD-"];

/// Longest cause that is kept, characters: some carry the source of a kernel.
const LONGEST_CAUSE: usize = 20_000;

/// Whether `panic` is a backend's. Then it is kept as the cause of what fails next, and nobody
/// else has to tell of it.
pub fn absorb(panic: &PanicHookInfo<'_>) -> bool {
    let thread = std::thread::current();
    let of_backend = |name: &str| BACKEND_THREADS.iter().any(|prefix| name.starts_with(prefix));
    if !AT_WORK.get() && !thread.name().is_some_and(of_backend) {
        return false;
    }
    let text = panic.payload_as_str().unwrap_or("no message");
    tracing::debug!("a backend panics: {text}");
    PANICS.fetch_add(1, Ordering::SeqCst);
    let mut cause = CAUSE.lock().unwrap_or_else(PoisonError::into_inner);
    cause.get_or_insert_with(|| text.chars().take(LONGEST_CAUSE).collect());
    true
}

/// How many panics of backends there were. Where there are more than before, what a backend
/// computes since is not to be trusted: its own threads go on after a panic.
pub fn panics() -> usize {
    PANICS.load(Ordering::SeqCst)
}

/// Whether a device was lost: this process computes nothing on it any more.
pub fn is_device_lost() -> bool {
    LOST.load(Ordering::SeqCst)
}

/// Keeps backends' panics from stderr, from now on.
pub fn install_panic_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !absorb(panic) {
                before(panic);
            }
        }));
    });
}

/// Does `work`, which runs on `device`.
///
/// # Errors
/// When it panics, or a thread of the backend does meanwhile: what the cause was, in plain words.
pub fn contain<R>(device: Device, work: impl FnOnce() -> R) -> Result<R> {
    install_panic_hook();
    if WORKING.fetch_add(1, Ordering::SeqCst) == 0 {
        CAUSE.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
    let before = panics();
    let outer = AT_WORK.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    AT_WORK.set(outer);
    WORKING.fetch_sub(1, Ordering::SeqCst);
    match result {
        Ok(result) if panics() == before => Ok(result),
        _ => {
            let cause = CAUSE.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Err(EngineError::Failed(explained(device, &cause.unwrap_or_default())))
        }
    }
}

/// What a backend's panic means to a person.
fn explained(device: Device, cause: &str) -> String {
    let name =
        device.facts().map_or_else(|| device.to_string(), |facts| format!("{device} ({})", facts.name));
    if is_out_of_memory(cause) {
        let asked =
            asked_bytes(cause).map_or(String::new(), |asked| format!("tried to allocate {}, ", mib(asked)));
        let total = device.facts().and_then(|facts| facts.memory);
        let of = total.map_or(String::new(), |total| format!(" of {}", mib(total)));
        let free = (device.backend.free_memory)(device.index);
        let free = match free {
            Some(free) => format!("{asked}{} free{of}", mib(free)),
            None => format!(
                "{asked}{}",
                total.map_or("none left".into(), |total| format!("{} in total", mib(total)))
            ),
        };
        return format!("out of memory on {name}: {free}; use a smaller batch or network");
    }
    let known = |words: &[&'static str]| words.iter().copied().find(|word| cause.contains(word));
    if let Some(word) = known(&GONE) {
        LOST.store(true, Ordering::SeqCst);
        return format!("{name} was lost ({word}); restart and resume from the last checkpoint");
    }
    for (words, meaning) in KNOWN {
        if let Some(word) = known(words) {
            return format!("{name} {meaning} ({word})");
        }
    }
    format!("{name} failed: {}", first_line(cause))
}

/// Words of panics that tell of a device that is gone.
const GONE: [&str; 9] = [
    "CUDA_ERROR_LAUNCH_FAILED",
    "CUDA_ERROR_ILLEGAL_ADDRESS",
    "CUDA_ERROR_ECC_UNCORRECTABLE",
    "CUDA_ERROR_HARDWARE_STACK_ERROR",
    "CUDA_ERROR_UNKNOWN",
    "CUDA_ERROR_LAUNCH_TIMEOUT",
    "DeviceLost",
    "device is lost",
    "Device is lost",
];

/// Words of other panics, and what they mean.
const KNOWN: [(&[&str], &str); 2] = [
    (
        &["UNSUPPORTED_PTX_VERSION", "NO_BINARY_FOR_GPU", "UNSUPPORTED_DEVSIDE_SYNC"],
        "cannot load the kernels: the driver is too old for the compiler",
    ),
    (&["Compilation Error", "compilation failed", "NVRTC_ERROR"], "cannot compile a kernel"),
];

fn is_out_of_memory(cause: &str) -> bool {
    let cause = cause.to_ascii_lowercase();
    ["out_of_memory", "outofmemory", CANNOT_ALLOCATE, "out of memory", "memory left"]
        .iter()
        .any(|word| cause.contains(word))
}

/// How cubecl says it, in small letters; the bytes follow.
const CANNOT_ALLOCATE: &str = "can't allocate buffer of size: ";

/// The bytes that could not be had.
fn asked_bytes(cause: &str) -> Option<u64> {
    let (_, rest) = cause.split_once(CANNOT_ALLOCATE)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn mib(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}

/// The first line that says something, harmless on a terminal.
fn first_line(cause: &str) -> String {
    let line = cause.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no message");
    harmless(line, 300)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_named_with_what_was_asked_for() {
        let cause = "called `Result::unwrap()` on an `Err` value: can't allocate buffer of size: 209715200\nNo backtrace available";
        assert_eq!(asked_bytes(cause), Some(200 << 20));
        let text = explained(Device::CPU, cause);
        assert!(
            text.starts_with("out of memory on cpu") && text.contains("tried to allocate 200 MiB"),
            "{text}"
        );
    }

    #[test]
    fn what_nobody_knows_is_told_by_its_first_line() {
        let text = explained(Device::CPU, "\n  index out of bounds\nat somewhere \u{1b}[31m");
        assert!(text.ends_with("failed: index out of bounds"), "{text}");
    }
}
