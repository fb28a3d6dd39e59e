//! How busy the machine is while a run trains.

use serde::{Deserialize, Serialize};

/// Most memory that is believed, bytes.
const MOST_MEMORY: u64 = 1 << 50;

/// A sample of the machine's use. Not determined by the spec, as times are not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SystemUse {
    /// Of all cores together, by all programs since the last sample, percent.
    pub cpu: f32,
    /// Held by this program, bytes.
    pub memory: u64,
    /// The GPU that trains, where it can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuUse>,
}

/// A sample of a GPU's use.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GpuUse {
    /// Part of the time in which a kernel ran, percent.
    pub load: f32,
    /// Held by all programs, bytes.
    pub memory: u64,
    /// Degrees Celsius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
}

impl SystemUse {
    /// Refuses impossible values.
    ///
    /// # Errors
    /// They name the value.
    pub fn check(&self) -> Result<(), String> {
        let loads = [Some(self.cpu), self.gpu.map(|gpu| gpu.load)];
        if let Some(load) = loads.into_iter().flatten().find(|load| !(0.0..=100.0).contains(load)) {
            return Err(format!("a load of {load}%"));
        }
        let memory = self.memory.max(self.gpu.map_or(0, |gpu| gpu.memory));
        if memory > MOST_MEMORY {
            return Err(format!("{memory} bytes of memory"));
        }
        let temperature = self.gpu.and_then(|gpu| gpu.temperature);
        match temperature.filter(|celsius| !(-50.0..=250.0).contains(celsius)) {
            Some(celsius) => Err(format!("{celsius} °C")),
            None => Ok(()),
        }
    }

    /// Each number by its name, with its unit: percent, MiB or degrees Celsius.
    pub fn numbers(&self) -> Vec<(&'static str, f64)> {
        const MIB: f64 = (1 << 20) as f64;
        let mut all = vec![("cpu", f64::from(self.cpu)), ("memory", self.memory as f64 / MIB)];
        if let Some(gpu) = self.gpu {
            all.push(("gpu", f64::from(gpu.load)));
            all.push(("gpu_memory", gpu.memory as f64 / MIB));
            all.extend(gpu.temperature.map(|celsius| ("gpu_temperature", f64::from(celsius))));
        }
        all
    }
}

/// Seconds from the sample at second `t` of a run to the next one: often at first, then less and
/// less, so that the record of a long run does not consist of samples.
pub fn seconds_to_next(t: f64) -> f64 {
    (t / 120.0).clamp(2.0, 60.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused() {
        let usual = SystemUse { cpu: 97.5, memory: 160 << 20, gpu: None };
        assert_eq!(usual.check(), Ok(()));
        let gpu = GpuUse { load: 100.0, memory: 3 << 30, temperature: Some(61.0) };
        assert_eq!(SystemUse { gpu: Some(gpu), ..usual }.check(), Ok(()));
        for wrong in [
            SystemUse { cpu: f32::NAN, ..usual },
            SystemUse { cpu: -1.0, ..usual },
            SystemUse { memory: u64::MAX, ..usual },
            SystemUse { gpu: Some(GpuUse { load: 101.0, ..gpu }), ..usual },
            SystemUse { gpu: Some(GpuUse { memory: 1 << 60, ..gpu }), ..usual },
            SystemUse { gpu: Some(GpuUse { temperature: Some(f32::INFINITY), ..gpu }), ..usual },
        ] {
            assert!(wrong.check().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_day_has_fewer_than_two_thousand_samples() {
        let (mut t, mut samples) = (0.0, 0);
        while t < 86_400.0 {
            t += seconds_to_next(t);
            samples += 1;
        }
        assert!((1_000..2_000).contains(&samples), "{samples}");
    }
}
