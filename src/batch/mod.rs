//! The headless face: trains to the end, and prints tables.

pub mod bench;
mod bench_ops;
pub mod eval;
mod lines;
pub mod output;
pub mod params;
pub mod parity;
mod progress;
mod running;
pub mod runs;
mod screen;
mod specs;
mod summary;
pub mod train;

pub use crate::exit::Exit;
