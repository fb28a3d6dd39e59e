//! How the program ends, whichever face it had.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done,
    /// A run diverged, failed, could not be read, or was not reproduced.
    Failed,
    /// The input does not describe anything that can be done.
    BadInput,
    /// A signal ended it: 1 for SIGHUP, 2 for SIGINT, 15 for SIGTERM.
    Signal(u8),
}

impl Exit {
    /// What it is once something failed; a signal stays one.
    #[must_use]
    pub fn or_failed(self) -> Self {
        match self {
            Exit::Done => Exit::Failed,
            other => other,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::BadInput => 2,
            Exit::Signal(number) => 128 + number,
        })
    }
}
