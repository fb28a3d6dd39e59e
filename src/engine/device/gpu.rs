//! GPUs of every maker, through their graphics drivers: Vulkan, and Metal on a Mac.

#![allow(unsafe_code, reason = "the environment is changed before any thread starts")]

use super::Backend;
#[cfg(not(feature = "gpu"))]
use super::facts::{DeviceFacts, Missing};

/// As `--device` has it.
pub const NAME: &str = "gpu";

/// The backend.
pub static BACKEND: Backend = Backend {
    name: NAME,
    about: "AMD, Intel, Apple and NVIDIA GPUs, through Vulkan or Metal",
    feature: Some("gpu"),
    built: cfg!(feature = "gpu"),
    deterministic: false,
    find,
    free_memory: |_| None,
};

#[cfg(feature = "gpu")]
mod built {
    use std::sync::OnceLock;

    use burn::backend::Autodiff;
    use burn_wgpu::WgpuDevice;
    use burn_wgpu::graphics::{AutoGraphicsApi, GraphicsApi};
    use cubecl::device::Device as _;
    use wgpu::{AdapterInfo, DeviceType};

    use super::super::context::{DeviceContext, OnDevice};
    use super::super::facts::{DeviceFacts, DeviceKind, Missing};
    use super::super::{Device, kernel_cache, kernel_choices};
    use super::NAME;

    /// The most bytes of images that a run keeps on a device.
    const RESIDENT_BYTES: usize = 2 << 30;

    /// Mesa's layer that sorts devices talks to the desktop, and complains on stderr where a
    /// session has none. This program sorts them itself.
    pub fn prepare_environment() {
        if cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none() {
            // SAFETY: called at the start of `main`, where there is one thread.
            unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
        }
    }

    struct Found {
        facts: Vec<DeviceFacts>,
        /// What burn calls each.
        devices: Vec<WgpuDevice>,
    }

    fn found() -> &'static Found {
        static FOUND: OnceLock<Found> = OnceLock::new();
        FOUND.get_or_init(look)
    }

    pub fn find() -> Result<&'static [DeviceFacts], Missing> {
        match found().facts.as_slice() {
            [] => Err(Missing::new(format!("no GPU answers through {:?}", AutoGraphicsApi::backend()))),
            facts => Ok(facts),
        }
    }

    /// All adapters: discrete GPUs first, software renderers last.
    fn look() -> Found {
        let backend = AutoGraphicsApi::backend();
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: backend.into(),
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let adapters = cubecl::future::block_on(instance.enumerate_adapters(backend.into()));
        let mut counts = [0; 4];
        let mut all: Vec<(DeviceKind, WgpuDevice, AdapterInfo, Option<u64>)> = Vec::new();
        for adapter in adapters {
            let info = adapter.get_info();
            let (kind, place, device): (_, _, fn(usize) -> WgpuDevice) = match info.device_type {
                DeviceType::DiscreteGpu => (DeviceKind::Discrete, 0, WgpuDevice::DiscreteGpu),
                DeviceType::IntegratedGpu => (DeviceKind::Integrated, 1, WgpuDevice::IntegratedGpu),
                DeviceType::VirtualGpu => (DeviceKind::Virtual, 2, WgpuDevice::VirtualGpu),
                DeviceType::Cpu => (DeviceKind::Software, 3, |_| WgpuDevice::Cpu),
                // What does not say what it is cannot be chosen by burn.
                DeviceType::Other => continue,
            };
            all.push((kind, device(counts[place]), info, memory(&adapter)));
            counts[place] += 1;
        }
        all.sort_by_key(|(kind, ..)| *kind as usize);
        let facts = all.iter().enumerate().map(|(index, (kind, _, info, memory))| DeviceFacts {
            device: format!("{NAME}:{index}"),
            name: info.name.clone(),
            kind: *kind,
            memory: *memory,
            driver: Some(driver(info)),
            precisions: vec!["f32"],
            missing: None,
            advice: None,
        });
        Found { facts: facts.collect(), devices: all.iter().map(|(_, device, ..)| device.clone()).collect() }
    }

    fn driver(info: &AdapterInfo) -> String {
        let words = [info.driver.as_str(), info.driver_info.as_str()].join(" ");
        format!("{}, {:?}", words.trim(), info.backend).trim_start_matches([',', ' ']).to_owned()
    }

    /// A device's own memory, where Vulkan tells it.
    #[cfg(not(target_os = "macos"))]
    fn memory(adapter: &wgpu::Adapter) -> Option<u64> {
        // SAFETY: the handles are only asked, and outlive the question.
        unsafe {
            let adapter = adapter.as_hal::<wgpu::hal::api::Vulkan>()?;
            let instance = adapter.shared_instance().raw_instance();
            let properties = instance.get_physical_device_memory_properties(adapter.raw_physical_device());
            let heaps = &properties.memory_heaps[..properties.memory_heap_count as usize];
            /// `VK_MEMORY_HEAP_DEVICE_LOCAL_BIT`.
            const DEVICE_LOCAL: u32 = 1;
            heaps.iter().filter(|heap| heap.flags.as_raw() & DEVICE_LOCAL != 0).map(|heap| heap.size).max()
        }
    }

    /// A Mac's GPU shares the host's.
    #[cfg(target_os = "macos")]
    fn memory(_: &wgpu::Adapter) -> Option<u64> {
        None
    }

    /// Runs `work` on a GPU.
    pub fn run<W: OnDevice>(device: Device, work: W) -> W::Output {
        let facts = device.facts();
        let part = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let name = part(facts.map(|facts| facts.name.as_str()));
        let driver = part(facts.and_then(|facts| facts.driver.as_deref()));
        let wgpu = found().devices[device.index].clone();
        if let Some(folder) = kernel_cache::keep_kernels_of(&[NAME, &name, &driver]) {
            let id = wgpu.to_id();
            kernel_choices::write(&folder, &format!("device-{}-{}-wgpu_wgsl_", id.type_id, id.index_id), "");
        }
        work.run::<Autodiff<burn_wgpu::Wgpu>>(&DeviceContext {
            device: wgpu,
            name: device.to_string(),
            instructions: None,
            sync_interval: 10,
            resident_bytes: RESIDENT_BYTES,
        })
    }
}

#[cfg(feature = "gpu")]
use built::find;
#[cfg(feature = "gpu")]
pub use built::{prepare_environment, run};

#[cfg(not(feature = "gpu"))]
pub const fn prepare_environment() {}

#[cfg(not(feature = "gpu"))]
fn find() -> Result<&'static [DeviceFacts], Missing> {
    Err(Missing::new("this program was built without Vulkan and Metal")
        .with_fix("build it with --features gpu"))
}
