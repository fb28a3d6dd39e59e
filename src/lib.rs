//! hiresnet-tui: a workbench for Hierarchical Residual Networks.
//!
//! Layers, each using only those before it: [`domain`] (what the paper is about, plain
//! values), [`engine`] (data, networks, training, runs on disk), then the two faces:
//! [`batch`] (headless) and [`tui`] (the interactive screen). `tests/layering.rs` holds the
//! arrows.

#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used))]

pub mod batch;
pub mod cli;
pub mod domain;
pub mod engine;
pub mod exit;
pub mod output;
pub mod signals;
pub mod tui;
