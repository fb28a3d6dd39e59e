//! Data, networks, training and runs on disk. Tensors stay in here: what comes out are
//! the values of [`crate::domain`].

pub mod adam;
pub mod bench;
pub mod checkpoint;
pub mod claim;
pub mod data;
pub mod deletion;
pub mod device;
pub mod error;
pub mod evaluate;
pub mod event_log;
pub mod export;
pub mod features;
pub mod fetch;
pub mod files;
pub mod given;
pub mod kernels;
pub mod lesion;
pub mod memory;
mod metrics;
pub mod model;
pub mod ops;
pub mod parity;
pub mod presets;
pub mod probe;
pub mod random;
pub mod recording;
mod reporter;
pub mod rescore;
pub mod resume;
pub mod snapshot;
pub mod store;
pub mod toml_fault;
pub mod trainer;
pub mod worker;
