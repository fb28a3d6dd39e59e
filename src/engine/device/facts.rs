//! What is known of a device.

use std::fmt;

use serde::Serialize;

/// What a person wants to know of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceFacts {
    /// As `--device` takes it, such as `cuda:0`.
    pub device: String,
    /// What its maker calls it.
    pub name: String,
    /// What sort it is.
    pub kind: DeviceKind,
    /// Its memory; the host's where it has none of its own.
    #[serde(rename = "memory_bytes")]
    pub memory: Option<u64>,
    /// The driver that answers for it, and its version.
    pub driver: Option<String>,
    /// Number formats that it multiplies matrices in.
    pub precisions: Vec<&'static str>,
    /// What it lacks to be used; `None` where it works as far as can be told without using it.
    pub missing: Option<Missing>,
    /// What would make it faster.
    pub advice: Option<Missing>,
}

/// Sorts of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// A GPU with memory of its own.
    Discrete,
    /// A GPU that shares the host's memory.
    Integrated,
    /// A part of a GPU, given to a virtual machine.
    Virtual,
    /// A processor that imitates a GPU: right, and slower than it need be.
    Software,
}

impl DeviceKind {
    /// Whether `auto` may take it.
    pub const fn is_automatic(self) -> bool {
        matches!(self, Self::Cpu | Self::Discrete)
    }

    /// Whether it only imitates a GPU.
    pub const fn is_software(self) -> bool {
        matches!(self, Self::Software)
    }

    /// In words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Cpu => "the CPU",
            Self::Discrete => "a discrete GPU",
            Self::Integrated => "an integrated GPU",
            Self::Virtual => "a virtual GPU",
            Self::Software => "a software renderer",
        }
    }
}

/// What keeps a device or a backend from being used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// What is missing or wrong.
    pub reason: String,
    /// What a person can do about it, such as a command.
    pub fix: Option<String>,
}

impl Missing {
    /// Something that a person can do nothing about from here.
    pub fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), fix: None }
    }

    /// The same, with what to do.
    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)?;
        match &self.fix {
            Some(fix) => write!(f, " ({fix})"),
            None => Ok(()),
        }
    }
}
