//! What fuzz targets and mutations have in common: what is read is good for something.

#![allow(dead_code, reason = "each fuzz target does one of these")]

use std::path::Path;

use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::domain::timeline::SeekGoal;
use hiresnet_tui::engine::error::Result;
use hiresnet_tui::engine::{presets, recording};
use hiresnet_tui::tui::player::{Player, PlayerOrder};

/// Any bytes are a recording or are refused; one that is read can be played, and sought in at
/// `part` of it, 0 to 1.
pub fn recording(bytes: &[u8], part: f64) -> Result<()> {
    let mut player = Player::new(recording::read(bytes, Path::new("it"))?, 1.0, false);
    player.handle_order(&PlayerOrder::Seek(SeekGoal::Part(part)));
    player.advance(1e9);
    Ok(())
}

/// Any text is a preset or is refused; one that is read is a whole run.
pub fn preset(text: &str) -> Result<ExperimentSpec> {
    let spec = presets::parse(Path::new("it"), text)?;
    assert_eq!(spec.clone().checked().as_ref(), Ok(&spec));
    Ok(spec)
}
