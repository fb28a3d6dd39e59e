//! NVIDIA GPUs, through CUDA.
//!
//! burn needs more than the driver: NVRTC, CUDA's run-time compiler, and the headers that
//! kernels include. [`toolkit`] looks for both.

#[cfg(feature = "cuda")]
mod driver;
#[cfg(feature = "cuda")]
mod headers;
#[cfg(feature = "cuda")]
mod python;
#[cfg(feature = "cuda")]
mod toolkit;

use super::Backend;
use super::facts::{DeviceFacts, Missing};

/// As `--device` has it.
pub const NAME: &str = "cuda";

/// The backend.
pub static BACKEND: Backend = Backend {
    name: NAME,
    about: "NVIDIA GPUs, through CUDA",
    feature: Some("cuda"),
    built: cfg!(feature = "cuda"),
    deterministic: false,
    find,
    free_memory,
};

#[cfg(feature = "cuda")]
mod built {
    use std::sync::OnceLock;

    use burn::backend::Autodiff;

    use super::super::context::{DeviceContext, OnDevice};
    use super::super::{Device, kernel_cache, kernel_choices};
    use super::{DeviceFacts, Missing, driver, toolkit};

    /// The most bytes of images that a run keeps on a device. Fashion-MNIST takes 0.3 GiB and
    /// CIFAR 0.7; more than this would crowd out the network on a card of 8 GB. Runs at the
    /// same time each keep their own.
    const RESIDENT_BYTES: usize = 4 << 30;

    /// Kernels for the paper's networks, without tensor cores.
    const CHOSEN: &str = include_str!("../../../../assets/kernels/cuda.json");
    /// With tensor cores that multiply in TF32.
    const CHOSEN_TF32: &str = include_str!("../../../../assets/kernels/cuda-tf32.json");

    /// Names NVRTC's headers to burn, where it would not find them by itself.
    pub fn prepare_environment() {
        if driver::is_present() {
            toolkit::name_headers();
        }
    }

    pub fn find() -> Result<&'static [DeviceFacts], Missing> {
        static FOUND: OnceLock<Result<Vec<DeviceFacts>, Missing>> = OnceLock::new();
        FOUND.get_or_init(driver::devices).as_deref().map_err(Clone::clone)
    }

    pub fn free_memory(index: usize) -> Option<u64> {
        driver::free_memory(index)
    }

    /// Runs `work` on a CUDA device.
    pub fn run<W: OnDevice>(device: Device, work: W) -> W::Output {
        let compiler = toolkit::version().unwrap_or_default();
        let name = device.facts().map_or("", |facts| &facts.name);
        let tf32 = driver::uses_tf32(device.index);
        let products = if tf32 { "tf32" } else { "f32" };
        let parts = ["cuda", name, &driver::architecture(device.index), "nvrtc", &compiler, products];
        if let Some(folder) = kernel_cache::keep_kernels_of(&parts) {
            let built_in = if tf32 { CHOSEN_TF32 } else { CHOSEN };
            kernel_choices::write(&folder, &format!("device-0-{}-cuda", device.index), built_in);
        }
        work.run::<Autodiff<burn_cuda::Cuda>>(&DeviceContext {
            device: burn_cuda::CudaDevice::new(device.index),
            name: device.to_string(),
            instructions: None,
            sync_interval: 10,
            resident_bytes: RESIDENT_BYTES,
        })
    }
}

#[cfg(feature = "cuda")]
use built::{find, free_memory};
#[cfg(feature = "cuda")]
pub use built::{prepare_environment, run};

#[cfg(not(feature = "cuda"))]
mod unbuilt {
    use super::{DeviceFacts, Missing};

    pub const fn prepare_environment() {}

    pub fn find() -> Result<&'static [DeviceFacts], Missing> {
        Err(Missing::new("this program was built without CUDA").with_fix("build it with --features cuda"))
    }

    pub const fn free_memory(_: usize) -> Option<u64> {
        None
    }
}

#[cfg(not(feature = "cuda"))]
pub use unbuilt::prepare_environment;
#[cfg(not(feature = "cuda"))]
use unbuilt::{find, free_memory};
