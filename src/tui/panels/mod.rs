//! One file a panel: each reads the state and paints.

pub mod header;
pub mod help;
pub mod question;
pub mod runs;
pub mod setup;
pub mod status;
