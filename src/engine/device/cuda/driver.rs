//! What NVIDIA's driver says of its devices.

#![allow(unsafe_code, reason = "the driver is a C library")]

use cudarc::driver::sys::CUdevice_attribute;
use cudarc::driver::{result, sys};

use super::toolkit::{self, CudaVersion};
use crate::engine::device::facts::{DeviceFacts, DeviceKind, Missing};

/// Whether there is a driver. Nothing of it is called.
pub fn is_present() -> bool {
    // SAFETY: looks for the driver's library by name.
    unsafe { sys::is_culib_present() }
}

/// The newest CUDA whose kernels the driver loads.
pub fn version() -> Option<CudaVersion> {
    let mut number = 0;
    // SAFETY: writes one integer; needs no initialised driver. `is_present` held.
    let answer = unsafe { sys::cuDriverGetVersion(&raw mut number) };
    let number = u32::try_from(number).ok()?;
    (answer == sys::CUresult::CUDA_SUCCESS)
        .then_some(CudaVersion { major: number / 1000, minor: number % 1000 / 10 })
}

/// All devices, with what each lacks.
///
/// # Errors
/// Where there is no driver, no device, or no answer.
pub fn devices() -> Result<Vec<DeviceFacts>, Missing> {
    if !is_present() {
        return Err(Missing::new("no NVIDIA driver is installed"));
    }
    let count = result::init().and_then(|()| result::device::get_count());
    let count = count.map_err(|e| Missing::new(format!("the NVIDIA driver does not answer ({:?})", e.0)))?;
    if count <= 0 {
        return Err(Missing::new("the NVIDIA driver finds no device"));
    }
    Ok((0..count).map(facts).collect())
}

fn facts(index: i32) -> DeviceFacts {
    let device = result::device::get(index).ok();
    let name = device.and_then(|device| result::device::get_name(device).ok());
    // SAFETY: `device` is one that the driver gave.
    let memory = device.and_then(|device| unsafe { result::device::total_mem(device) }.ok());
    let capability = capability(index);
    let precisions = match capability {
        Some(sm) if toolkit::uses_tf32(sm) => vec!["f32", "tf32", "bf16"],
        Some(sm) if sm >= 80 => vec!["f32", "bf16"],
        _ => vec!["f32"],
    };
    DeviceFacts {
        device: format!("{}:{index}", super::NAME),
        name: name.unwrap_or_else(|| "NVIDIA GPU".into()),
        kind: DeviceKind::Discrete,
        memory: memory.map(|bytes| bytes as u64),
        driver: driver_text(),
        precisions,
        missing: missing(capability),
        advice: capability.and_then(toolkit::advice),
    }
}

/// What a device of this compute capability lacks to be used.
fn missing(capability: Option<u32>) -> Option<Missing> {
    let Some(capability) = capability else {
        return Some(Missing::new("the driver does not say its compute capability"));
    };
    toolkit::check(capability).err()
}

/// Compute capability, such as 86 for 8.6.
fn capability(index: i32) -> Option<u32> {
    let device = result::device::get(index).ok()?;
    let attribute = |attribute| {
        // SAFETY: `device` is one that the driver gave.
        let value = unsafe { result::device::get_attribute(device, attribute) }.ok()?;
        u32::try_from(value).ok()
    };
    let major = attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)?;
    let minor = attribute(CUdevice_attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)?;
    Some(major * 10 + minor)
}

/// `sm_86`.
pub fn architecture(index: usize) -> String {
    let index = i32::try_from(index).unwrap_or_default();
    capability(index).map_or("sm".into(), |capability| format!("sm_{capability}"))
}

/// Whether kernels of a device multiply in TF32.
pub fn uses_tf32(index: usize) -> bool {
    capability(i32::try_from(index).unwrap_or_default()).is_some_and(toolkit::uses_tf32)
}

/// Free memory of a device now, bytes.
pub fn free_memory(index: usize) -> Option<u64> {
    let device = result::device::get(i32::try_from(index).ok()?).ok()?;
    // SAFETY: the primary context, which burn holds as well, is made this thread's own.
    unsafe {
        let context = result::primary_ctx::retain(device).ok()?;
        result::ctx::set_current(context).ok()?;
    }
    result::mem_get_info().ok().map(|(free, _)| free as u64)
}

/// The driver's own version where the system tells it, and the CUDA that it supports.
fn driver_text() -> Option<String> {
    let cuda = version().map(|version| format!("CUDA {version}"));
    match (module_version(), cuda) {
        (Some(module), Some(cuda)) => Some(format!("NVIDIA {module}, {cuda}")),
        (module, cuda) => module.map(|module| format!("NVIDIA {module}")).or(cuda),
    }
}

/// The kernel module's version; Linux tells it.
fn module_version() -> Option<String> {
    let text = std::fs::read_to_string("/proc/driver/nvidia/version").ok()?;
    let is_version = |word: &&str| word.contains('.') && word.chars().all(|c| c.is_ascii_digit() || c == '.');
    text.lines().next()?.split_whitespace().find(is_version).map(str::to_owned)
}
