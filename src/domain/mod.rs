//! What the paper is about, as plain values: networks, runs, events, statistics.
//!
//! Nothing here knows burn, threads, files or a terminal, so every face of the
//! program, and every test, can use it at no cost.

pub mod adjusted;
pub mod annotation;
pub mod architecture;
pub mod condensed;
pub mod cost;
pub mod data_preview;
pub mod dataset;
pub mod error;
pub mod event;
pub mod features;
pub mod histogram;
pub mod hops;
pub mod keys;
pub mod lesion;
pub mod one_line;
pub mod paper;
pub mod params;
pub mod recipe;
pub mod record;
pub mod report;
pub mod run_state;
pub mod schedule;
pub mod seeds;
pub mod significance;
pub mod smoothing;
pub mod spec;
mod spec_table;
pub mod stats;
pub mod sweep;
pub mod system;
pub mod term;
pub mod text;
pub mod timeline;
