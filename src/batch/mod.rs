//! The headless face: trains to the end, and prints tables.

pub mod bench;
pub mod bench_ops;
pub mod data;
pub mod devices;
pub mod eval;
pub mod export;
mod fates;
pub mod lesion;
mod lines;
pub mod params;
pub mod parity;
pub mod presets;
mod progress;
pub mod replay;
pub mod report;
mod running;
pub mod runs;
mod screen;
mod slurm;
pub mod specs;
mod summary;
pub mod sweep;
pub mod train;
mod tty;

pub use crate::exit::Exit;
