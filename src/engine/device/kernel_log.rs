//! Kernels of GPUs: how many were compiled in this process, and where they are kept for the
//! next one.

use std::sync::atomic::{AtomicUsize, Ordering};

/// What backends have compiled in this process.
static COMPILED: AtomicUsize = AtomicUsize::new(0);
/// What they have tried to find the fastest of several kernels.
static TUNED: AtomicUsize = AtomicUsize::new(0);

/// What was done to have the kernels that a network needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Compilation {
    /// Kernels compiled.
    pub kernels: usize,
    /// Operations for which the fastest of several kernels was looked for.
    pub tuned: usize,
}

/// What was compiled so far, by all runs of this process.
pub fn compilation() -> Compilation {
    Compilation { kernels: COMPILED.load(Ordering::Relaxed), tuned: TUNED.load(Ordering::Relaxed) }
}

/// Counts kernels from now on, by what cubecl logs of them.
pub fn count_kernels() {
    if log::set_logger(&Counter).is_ok() {
        log::set_max_level(log::LevelFilter::Trace);
    }
}

/// Listens to what backends log. Warnings go to the program's own log.
struct Counter;

impl log::Log for Counter {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.level() <= log::Level::Warn || metadata.target().starts_with("cubecl")
    }

    fn log(&self, record: &log::Record<'_>) {
        if record.level() <= log::Level::Warn {
            tracing::debug!(target: "hiresnet_tui::backend", "{}: {}", record.target(), record.args());
            return;
        }
        let target = record.target();
        // Text without arguments is known without writing it out.
        let text = record.args().as_str().unwrap_or_default();
        let is_compiled = match target {
            "cubecl_cuda::compute::context" => text == "Compiling kernel",
            "cubecl_wgpu::backend::vulkan" => {
                record.level() == log::Level::Debug && record.args().to_string().starts_with("Compiling ")
            }
            "cubecl_wgpu::backend::base" => record.level() == log::Level::Trace && text.is_empty(),
            _ => false,
        };
        if is_compiled {
            COMPILED.fetch_add(1, Ordering::Relaxed);
        } else if target == "cubecl_runtime::tune::tuner" && record.level() == log::Level::Info {
            TUNED.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self) {}
}
