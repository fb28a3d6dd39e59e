//! The headless face: trains to the end, and prints tables.

mod active_run;
mod batch_output;
pub mod bench;
pub mod bench_ops;
pub mod data;
mod data_check;
pub mod devices;
pub mod eval;
pub mod export;
mod fetching;
pub mod lesion;
mod lines;
pub mod notes;
mod outcomes;
pub mod params;
pub mod parity;
pub mod presets;
pub mod replay;
pub mod report;
mod run_bar;
pub mod runs;
mod slurm;
pub mod specs;
mod summary;
pub mod sweep;
pub mod train;
mod tty;

pub use crate::exit::Exit;
