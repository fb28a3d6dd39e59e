//! The interactive face: toggle, launch, watch, compare, on one screen.

pub mod theme;
