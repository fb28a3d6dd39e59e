//! Devices: which there are, which one a run uses, and why.
//!
//! A backend is one file (or folder) here: its name, how its devices are found, what they
//! need, what they can do, and how work gets to burn's backend. Another one is its own file, a
//! line in [`BACKENDS`] and a line in [`Device::run`]; nothing else in the program knows a
//! backend by name.

mod choice;
mod context;
mod cpu;
mod cuda;
mod facts;
mod failure;
mod gpu;
#[cfg(any(feature = "cuda", feature = "gpu"))]
mod kernel_cache;
#[cfg(any(feature = "cuda", feature = "gpu"))]
mod kernel_choices;
mod kernel_log;

use std::fmt;

pub use choice::{DeviceChoice, device_help};
pub use context::{DeviceContext, OnDevice};
pub use cpu::on_cpu;
pub use facts::{DeviceFacts, DeviceKind, Missing};
pub use failure::{absorb, install_panic_hook, is_device_lost, panics};
pub use kernel_log::{Compilation, compilation, count_kernels};

use super::error::{EngineError, Result};
use super::kernels::isa::Isa;

/// Every backend, in the order in which `auto` prefers them.
pub const BACKENDS: [&Backend; 3] = [&cuda::BACKEND, &gpu::BACKEND, &cpu::BACKEND];

/// A way to compute.
#[derive(Debug)]
pub struct Backend {
    /// As `--device` has it.
    pub name: &'static str,
    /// For the help: which devices these are.
    pub about: &'static str,
    /// The cargo feature that it is built with; `None` where it always is.
    pub feature: Option<&'static str>,
    /// Whether this program was built with it.
    pub built: bool,
    /// Whether equal runs give equal bits.
    pub deterministic: bool,
    /// Its devices, in the order of their indices, or why there are none.
    find: fn() -> std::result::Result<&'static [DeviceFacts], Missing>,
    /// Free memory of a device now, bytes.
    #[cfg_attr(
        not(any(feature = "cuda", feature = "gpu")),
        allow(dead_code, reason = "only GPUs run out of theirs")
    )]
    free_memory: fn(usize) -> Option<u64>,
}

impl Backend {
    /// Whether its devices are GPUs.
    pub const fn is_gpu(&self) -> bool {
        self.feature.is_some()
    }
}

impl PartialEq for Backend {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Backend {}

/// Looks for what backends need, and names it to them. Before any thread starts: it may set
/// variables of the environment, which C libraries read at any time.
pub fn prepare_environment() {
    cuda::prepare_environment();
    gpu::prepare_environment();
}

/// A device that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    backend: &'static Backend,
    index: usize,
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.backend.is_gpu() {
            true => write!(f, "{}:{}", self.backend.name, self.index),
            false => f.write_str(self.backend.name),
        }
    }
}

impl Device {
    /// The CPU, which is always there.
    pub const CPU: Self = Self { backend: &cpu::BACKEND, index: 0 };

    /// The device for `choice`, and for `auto` one line that says why it is that one.
    ///
    /// # Errors
    /// When a device was named that is not there or does not work.
    pub fn choose(choice: DeviceChoice) -> Result<(Self, Option<String>)> {
        match choice {
            DeviceChoice::Auto => Ok(Self::best()),
            DeviceChoice::Named { backend, index } => Ok((Self::named(backend, index)?, None)),
        }
    }

    fn named(backend: &'static Backend, index: Option<usize>) -> Result<Self> {
        let missing = |missing: &dyn fmt::Display| {
            EngineError::Device(format!("{} is not available: {missing}; use --device cpu", backend.name))
        };
        let devices = (backend.find)().map_err(|reason| missing(&reason))?;
        let Some(index) = index.or_else(|| devices.iter().position(|facts| !facts.kind.is_software())) else {
            let only = devices.iter().map(|facts| format!("{} is {}", facts.device, facts.name));
            let reason = format!(
                "{}, a software renderer: give its index to use it",
                only.collect::<Vec<_>>().join(", ")
            );
            return Err(missing(&reason));
        };
        let Some(facts) = devices.get(index) else {
            return Err(EngineError::Device(format!(
                "{}:{index} does not exist; there {} {}, counted from 0",
                backend.name,
                if devices.len() == 1 { "is" } else { "are" },
                devices.len(),
            )));
        };
        match &facts.missing {
            Some(what) => Err(EngineError::Device(format!("{} ({}): {what}", facts.device, facts.name))),
            None => Ok(Self { backend, index }),
        }
    }

    /// The first device that works and that `auto` may take, and why it is that one.
    fn best() -> (Self, Option<String>) {
        let mut reasons = Vec::new();
        for backend in BACKENDS {
            match (backend.find)() {
                Err(missing) => reasons.push(missing.to_string()),
                Ok(devices) => {
                    let fit =
                        devices.iter().position(|facts| facts.missing.is_none() && facts.kind.is_automatic());
                    if let Some(index) = fit {
                        let device = Self { backend, index };
                        return (device, Some(why(device, &devices[index], &reasons)));
                    }
                    reasons.extend(devices.iter().map(passed_over));
                }
            }
        }
        (Self::CPU, None)
    }

    /// What is known of it.
    pub fn facts(self) -> Option<&'static DeviceFacts> {
        (self.backend.find)().ok()?.get(self.index)
    }

    /// Whether it is a GPU.
    pub const fn is_gpu(self) -> bool {
        self.backend.is_gpu()
    }

    /// Whether its kernels are compiled when they are first needed.
    pub const fn compiles_kernels(self) -> bool {
        self.backend.is_gpu()
    }

    /// The CPU's vector instructions, where this is one.
    pub fn instructions(self) -> Option<&'static str> {
        (self == Self::CPU).then(|| Isa::best().name())
    }

    /// Whether equal runs give equal bits on it.
    pub const fn is_deterministic(self) -> bool {
        self.backend.deterministic
    }

    /// Runs `work` on this device's backend.
    ///
    /// # Errors
    /// When the device or its backend breaks down meanwhile, in whichever thread. The CPU's
    /// panics are the program's own, and stay panics.
    pub fn run<W: OnDevice>(self, work: W) -> Result<W::Output> {
        match self.backend.name {
            #[cfg(feature = "cuda")]
            cuda::NAME => failure::contain(self, || cuda::run(self, work)),
            #[cfg(feature = "gpu")]
            gpu::NAME => failure::contain(self, || gpu::run(self, work)),
            _ => Ok(on_cpu(work)),
        }
    }
}

/// Why `auto` took `device`, one line.
fn why(device: Device, facts: &DeviceFacts, reasons: &[String]) -> String {
    let reasons = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) };
    match device == Device::CPU {
        true => format!("on the CPU{reasons}"),
        false => format!("on {device}, {}{reasons}", facts.name),
    }
}

/// Why `auto` did not take a device that is there.
fn passed_over(facts: &DeviceFacts) -> String {
    match &facts.missing {
        Some(missing) => format!("{} ({}): {missing}", facts.device, facts.name),
        None => format!(
            "{} ({}) is {}: select it with --device {}",
            facts.device,
            facts.name,
            facts.kind.about(),
            facts.device
        ),
    }
}

/// Every device of every backend, whether it works or not.
pub fn all_facts() -> Vec<DeviceFacts> {
    all().into_iter().filter_map(|(_, found)| found.ok()).flatten().cloned().collect()
}

/// Every device of every backend, and of each backend that has none why.
pub fn all() -> Vec<(&'static Backend, std::result::Result<&'static [DeviceFacts], Missing>)> {
    BACKENDS.iter().rev().map(|backend| (*backend, (backend.find)())).collect()
}
