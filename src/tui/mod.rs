//! The workbench: toggle, launch, watch, compare, on one screen.
//!
//! A key, a click or a message from the background is an [`Action`](action::Action); the one
//! [`App`](app::App) takes it in and draws what it has become. What all panels share is the
//! [`Session`](session::Session); each [`panel`] has its own state, keys and drawing, in
//! [`panels`]. `driver` is the only place that waits, `background` the only one with threads.
//! [`layout`] shows where everything is on the screen.

pub mod action;
pub mod app;
mod asked;
mod background;
pub mod bench;
pub mod bench_replay;
pub mod bindings;
mod chrome;
pub mod command;
pub mod config;
pub mod draft;
mod driver;
pub mod fetching;
pub mod filter;
mod headless;
pub mod images;
pub mod keyboard;
pub mod keymap;
pub mod labels;
pub mod layout;
pub mod lesions;
mod line_editor;
pub mod log;
mod mouse;
pub mod overlay;
pub mod paint;
pub mod panel;
pub mod panels;
pub mod panes;
pub mod picture;
pub mod player;
pub mod plot;
pub mod remembered;
pub mod run;
pub mod runs;
mod screen;
pub mod session;
pub mod setup;
pub mod sort;
mod start;
pub mod theme;

pub use headless::{keys_page, picture_of, text};
pub use screen::{TerminalScreen, frame};
pub use start::{Replay, WorkbenchOptions, log_file, replay, run};
