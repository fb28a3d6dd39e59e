//! What work is told of the device that it runs on.

use crate::engine::ops::TrainingBackend;

/// Where to compute, and how often to look.
#[derive(Debug, Clone)]
pub struct DeviceContext<D> {
    /// burn's device.
    pub device: D,
    /// Its name in events, such as `cpu` or `cuda:0`.
    pub name: String,
    /// The CPU's vector instructions, where it is one.
    pub instructions: Option<&'static str>,
    /// Steps between reading losses back; each read waits for the device.
    pub sync_interval: usize,
    /// The most bytes of images to keep on the device; a larger dataset is uploaded batch
    /// by batch. 0 where the device's memory is the host's.
    pub resident_bytes: usize,
}

/// Work that runs on whichever backend a device has; on the CPU in threads of its own.
pub trait OnDevice: Send {
    /// What it returns.
    type Output: Send;

    /// Does it on backend `B`.
    fn run<B: TrainingBackend>(self, context: &DeviceContext<B::Device>) -> Self::Output;
}
