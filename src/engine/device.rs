//! Which backend a run uses, and why.

use std::fmt;
use std::str::FromStr;

use burn::backend::Autodiff;
use burn_flex::{Flex, FlexDevice};

use super::error::{EngineError, Result};
use super::kernels::isa::Isa;
use super::kernels::memory;
use super::ops::TrainingBackend;
use super::trainer::Site;

/// The most bytes of images that a run keeps on a CUDA device. Fashion-MNIST takes 0.3 GiB
/// and CIFAR 0.7; more than this would crowd out the network on a card of 8 GB. Runs at
/// the same time each keep their own.
#[cfg(feature = "cuda")]
const CUDA_RESIDENT_BYTES: usize = 4 << 30;

/// What the user asked for: `auto`, `cpu`, `cuda` or `cuda:N`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// CUDA where a driver and a device answer, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The CUDA device with this index.
    Cuda(usize),
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            other => other
                .strip_prefix("cuda:")
                .and_then(|n| n.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| "a device is auto, cpu, cuda or cuda:N".into()),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(0) => f.write_str("cuda"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

/// A device that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    /// The CPU.
    Cpu,
    /// A CUDA device, by index.
    Cuda(usize),
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

/// Work that runs on whichever backend a device has; on the CPU in threads of its own.
pub trait OnDevice: Send {
    /// What it returns.
    type Output: Send;

    /// Does it on backend `B`.
    fn run<B: TrainingBackend>(self, site: &Site<B::Device>) -> Self::Output;
}

impl Device {
    /// The device for `choice`, and for `auto` one line that says why it is that one.
    ///
    /// # Errors
    /// When CUDA was asked for and does not answer.
    pub fn choose(choice: DeviceChoice) -> Result<(Self, Option<String>)> {
        match choice {
            DeviceChoice::Cpu => Ok((Self::Cpu, None)),
            DeviceChoice::Cuda(index) => match cuda_devices() {
                Ok(count) if index < count => Ok((Self::Cuda(index), None)),
                Ok(count) => Err(EngineError::Device(format!(
                    "cuda:{index} does not exist; there {} {count}, counted from 0",
                    if count == 1 { "is" } else { "are" }
                ))),
                Err(reason) => Err(EngineError::Device(format!("no CUDA here: {reason}; use --device cpu"))),
            },
            DeviceChoice::Auto => Ok(match cuda_devices() {
                Ok(_) => (Self::Cuda(0), Some("on cuda:0, the first CUDA device that answers".into())),
                Err(reason) => (Self::Cpu, Some(format!("on the CPU: {reason}"))),
            }),
        }
    }

    /// The CPU's vector instructions, where this is one.
    pub fn instructions(self) -> Option<&'static str> {
        (self == Self::Cpu).then(|| Isa::best().name())
    }

    /// Runs `work` on this device's backend.
    pub fn run<W: OnDevice>(self, work: W) -> W::Output {
        let (name, instructions) = (self.to_string(), self.instructions());
        match self {
            Self::Cpu => in_own_threads(move || {
                work.run::<Autodiff<Flex>>(&Site {
                    device: FlexDevice,
                    name,
                    instructions,
                    read_back_every: 1,
                    resident_bytes: 0,
                })
            }),
            #[cfg(feature = "cuda")]
            Self::Cuda(index) => work.run::<Autodiff<burn_cuda::Cuda>>(&Site {
                device: burn_cuda::CudaDevice::new(index),
                name,
                instructions,
                read_back_every: 10,
                resident_bytes: CUDA_RESIDENT_BYTES,
            }),
            #[cfg(not(feature = "cuda"))]
            Self::Cuda(_) => unreachable!("a CUDA device is only ever chosen where there is CUDA"),
        }
    }
}

/// Runs `work` inside a pool of as many threads as there are here: it then takes its share
/// of every parallel loop, where a thread outside would sleep and be woken each time. The
/// pool is its own, because a pool's thread that waits takes up whatever other work there
/// is, and a whole run would be that.
fn in_own_threads<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let threads = rayon::current_num_threads();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("cpu-{i}"));
    match (rayon::current_thread_index(), pool.build()) {
        (None, Ok(pool)) => {
            let result = pool.install(work);
            // Its buffers are no use to anybody else.
            memory::clear();
            result
        }
        // Already inside one, or the system gives no more threads.
        _ => work(),
    }
}

/// How many CUDA devices answer, at least one, or why none does.
#[cfg(feature = "cuda")]
fn cuda_devices() -> std::result::Result<usize, String> {
    use cudarc::driver::{result, sys};
    // Opening burn's CUDA device without a driver panics in a thread of its own, so the
    // driver is asked first.
    // SAFETY: looks for the driver's library by name; nothing of it is called.
    if !unsafe { sys::is_culib_present() } {
        return Err("no NVIDIA driver is installed".into());
    }
    let count = result::init().and_then(|()| result::device::get_count());
    match count {
        Ok(count) if count > 0 => Ok(count as usize),
        Ok(_) => Err("the NVIDIA driver finds no device".into()),
        Err(e) => Err(format!("the NVIDIA driver does not answer ({:?})", e.0)),
    }
}

/// Without the feature there are none.
#[cfg(not(feature = "cuda"))]
fn cuda_devices() -> std::result::Result<usize, String> {
    Err("this program was built without the cuda feature".into())
}
