//! What can go wrong while a file is fetched, and whether it may go right later.

use std::time::Duration;

use crate::engine::error::EngineError;

/// Whether to try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// As often as the policy allows: connections break, servers are busy.
    Yes,
    /// Once: what is wrong the same way twice stays wrong.
    Once,
    /// It would be the same.
    No,
}

/// Something between this program and the file.
#[derive(Debug, Clone)]
pub struct FetchError {
    /// What, in words.
    pub reason: String,
    /// Whether to try again.
    pub again: Retry,
    /// When the server says to.
    pub after: Option<Duration>,
}

impl FetchError {
    /// An error of which the server does not say how long it lasts.
    pub fn new(again: Retry, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), again, after: None }
    }
}

/// Why a try ended without the file.
#[derive(Debug)]
pub enum Stop {
    /// It was told to stop.
    Interrupted,
    /// Something out there.
    Fetch(FetchError),
    /// Something on this machine, such as a full disk: no try helps.
    Error(EngineError),
}

impl From<FetchError> for Stop {
    fn from(error: FetchError) -> Self {
        Self::Fetch(error)
    }
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Error(error)
    }
}
