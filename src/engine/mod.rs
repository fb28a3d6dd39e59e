//! Data, networks, training and runs on disk. Tensors stay in here: what comes out are
//! the values of [`crate::domain`].

pub mod adam;
pub mod bench;
pub mod checkpoint;
pub mod data;
pub mod deletion;
pub mod device;
pub mod error;
pub mod evaluate;
pub mod event_log;
pub mod export;
pub mod extend;
pub mod features;
pub mod fetch;
pub mod files;
pub mod kernels;
pub mod lease;
pub mod lesion;
pub mod memory;
mod metrics;
pub mod model;
pub mod observer;
pub mod ops;
pub mod parity;
pub mod presets;
pub mod probe;
pub mod random;
pub mod recording;
pub mod rescore;
pub mod resume;
pub mod run_args;
pub mod snapshot;
pub mod store;
pub mod toml_error;
pub mod trainer;
pub mod watch;
pub mod worker;
