//! The interactive face: toggle, launch, watch, compare, on one screen.

pub mod curves;
pub mod draft;
pub mod plot;
pub mod theme;
pub mod wiring;
