//! The CPU: kernels of this program, always there, the same bits every time.

use std::sync::OnceLock;

use burn::backend::Autodiff;
use burn_flex::{Flex, FlexDevice};

use super::context::{DeviceContext, OnDevice};
use super::facts::{DeviceFacts, DeviceKind, Missing};
use super::{Backend, Device};
use crate::engine::kernels::isa::Isa;
use crate::engine::kernels::memory;
use crate::engine::memory as process;

/// The backend.
pub static BACKEND: Backend = Backend {
    name: "cpu",
    about: "this program's own kernels",
    feature: None,
    built: true,
    deterministic: true,
    find,
    free_memory: |_| None,
};

fn find() -> Result<&'static [DeviceFacts], Missing> {
    static FOUND: OnceLock<[DeviceFacts; 1]> = OnceLock::new();
    Ok(FOUND.get_or_init(|| {
        [DeviceFacts {
            device: BACKEND.name.into(),
            name: process::cpu_model().unwrap_or_else(|| std::env::consts::ARCH.into()),
            kind: DeviceKind::Cpu,
            memory: process::total(),
            driver: Some(format!("{}, {} threads", Isa::best().name(), rayon::current_num_threads())),
            precisions: vec!["f32"],
            missing: None,
            advice: None,
        }]
    }))
}

/// Runs `work` on the CPU.
pub fn on_cpu<W: OnDevice>(work: W) -> W::Output {
    in_own_threads(move || {
        work.run::<Autodiff<Flex>>(&DeviceContext {
            device: FlexDevice,
            name: Device::CPU.to_string(),
            instructions: Some(Isa::best().name()),
            sync_interval: 1,
            resident_bytes: 0,
        })
    })
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
