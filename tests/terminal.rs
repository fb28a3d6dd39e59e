//! The interactive screen from outside: a real terminal (tmux), a shell in it, keys and
//! mouse, signals, sizes, and what is left of it all afterwards.
//!
//! Where there is no tmux these tests say so and pass, unless `HIRESNET_REQUIRE_TMUX` is set.
#![cfg(target_os = "linux")]

#[path = "terminal/detaching.rs"]
mod detaching;
#[path = "terminal/fetching.rs"]
mod fetching;
#[path = "terminal/input.rs"]
mod input;
#[path = "terminal/leaving.rs"]
mod leaving;
#[path = "terminal/looks.rs"]
mod looks;
#[path = "terminal/replay.rs"]
mod replay;
#[path = "terminal/rig.rs"]
mod rig;
#[path = "terminal/session.rs"]
mod session;
#[path = "terminal/store.rs"]
mod store;
#[path = "terminal/vanishing.rs"]
mod vanishing;
