//! What can go wrong while a file is fetched, and whether it may go right later.

use std::time::Duration;

use crate::engine::error::EngineError;

/// Whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// As often as patience allows: connections break, servers are busy.
    Yes,
    /// Once: what is wrong the same way twice stays wrong.
    Once,
    /// It would be the same.
    No,
}

/// Something between this program and the file.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// What, in words.
    pub reason: String,
    /// Whether to try again.
    pub again: Again,
    /// When the server says to.
    pub after: Option<Duration>,
}

impl Trouble {
    /// Trouble of which the server does not say how long it lasts.
    pub fn new(again: Again, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), again, after: None }
    }
}

/// Why a try ended without the file.
#[derive(Debug)]
pub enum Halt {
    /// It was told to stop.
    Interrupted,
    /// Something out there.
    Trouble(Trouble),
    /// Something on this machine, such as a full disk: no try helps.
    Fault(EngineError),
}

impl From<Trouble> for Halt {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<EngineError> for Halt {
    fn from(fault: EngineError) -> Self {
        Self::Fault(fault)
    }
}
