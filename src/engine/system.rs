//! Samples of the machine's use: CPU and memory by sysinfo, NVIDIA's GPUs by NVML where there is a
//! driver.

use std::fmt;

use nvml_wrapper::Nvml;
use nvml_wrapper::enum_wrappers::device::TemperatureSensor;
use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::domain::system::{GpuUse, SystemUse};

/// Takes samples of the machine's use.
pub struct SystemProbe {
    system: System,
    process: Pid,
    /// NVIDIA's library, where a GPU trains and there is one.
    nvml: Option<Nvml>,
}

impl fmt::Debug for SystemProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemProbe").field("gpu", &self.nvml.is_some()).finish_non_exhaustive()
    }
}

impl SystemProbe {
    /// To take samples, also of the GPU where one trains.
    pub fn new(with_gpu: bool) -> Self {
        let mut system = System::new();
        // What the first sample is compared with.
        system.refresh_cpu_usage();
        let nvml = if with_gpu { Nvml::init().ok() } else { None };
        Self { system, process: Pid::from_u32(std::process::id()), nvml }
    }

    /// Current memory and GPU use, and CPU use since the last sample.
    pub fn sample(&mut self) -> SystemUse {
        self.system.refresh_cpu_usage();
        let only_memory = ProcessRefreshKind::nothing().with_memory();
        self.system.refresh_processes_specifics(ProcessesToUpdate::Some(&[self.process]), false, only_memory);
        SystemUse {
            cpu: self.system.global_cpu_usage().clamp(0.0, 100.0),
            memory: self.system.process(self.process).map_or(0, sysinfo::Process::memory),
            gpu: self.nvml.as_ref().and_then(|nvml| gpu(nvml, self.process.as_u32())),
        }
    }
}

/// The GPU that `process` computes on, or the only one there is: CUDA numbers GPUs otherwise than
/// NVML, and in a container processes have other numbers.
fn gpu(nvml: &Nvml, process: u32) -> Option<GpuUse> {
    let count = nvml.device_count().ok()?;
    let computes_here = |device: &nvml_wrapper::Device<'_>| {
        device.running_compute_processes().is_ok_and(|all| all.iter().any(|it| it.pid == process))
    };
    let mut devices = (0..count).filter_map(|index| nvml.device_by_index(index).ok());
    let device = match count {
        1 => devices.next(),
        _ => devices.find(computes_here),
    }?;
    Some(GpuUse {
        load: device.utilization_rates().ok()?.gpu.min(100) as f32,
        memory: device.memory_info().ok()?.used,
        temperature: device.temperature(TemperatureSensor::Gpu).ok().map(|celsius| celsius as f32),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_of_this_machine_is_plausible() {
        let mut probe = SystemProbe::new(true);
        let seen = probe.sample();
        assert_eq!(seen.check(), Ok(()));
        assert!(seen.memory > 1 << 20, "{seen:?}");
        if probe.nvml.is_none() {
            assert_eq!(seen.gpu, None, "nothing is claimed of what cannot be seen");
        }
    }
}
