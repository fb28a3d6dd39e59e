//! The interactive face: toggle, launch, watch, compare, on one screen.

pub mod activations;
pub mod draft;
pub mod picture;
pub mod theme;
pub mod wiring;
