//! The interactive face: toggle, launch, watch, compare, on one screen.
//!
//! A key, a click or news from the background is an [`Action`](action::Action); the one
//! [`App`](app::App) takes it in; `view` paints what it has become. `driver` is the only
//! place that waits, `crew` the only one that has threads.

pub mod action;
pub mod activations;
pub mod app;
pub mod bench;
pub mod bench_replay;
pub mod bindings;
pub mod command;
pub mod config;
mod crew;
pub mod curves;
pub mod data;
pub mod draft;
mod driver;
pub mod features;
pub mod fetching;
pub mod images;
mod jobs;
pub mod keymap;
pub mod labels;
pub mod layout;
pub mod lesions;
pub mod log;
mod mouse;
pub mod paint;
mod panels;
pub mod picture;
pub mod player;
pub mod plot;
pub mod run;
pub mod runs;
mod screen;
pub mod setup;
pub mod sort;
mod start;
mod still;
pub mod table;
pub mod theme;
mod view;
pub mod wiring;

pub use screen::{Screen, frame};
pub use start::{Options, Replay, log_file, replay, run};
pub use still::{keys_page, picture_of, text};
