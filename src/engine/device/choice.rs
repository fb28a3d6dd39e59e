//! What the user asked for: `auto`, `cpu`, `cuda:1`, …

use std::fmt;
use std::str::FromStr;

use super::{BACKENDS, Backend};

/// The device that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceChoice {
    /// The best that works.
    #[default]
    Auto,
    /// A backend's device.
    Named {
        /// Whose.
        backend: &'static Backend,
        /// Which of its devices, from 0; its first where none is named.
        index: Option<usize>,
    },
}

impl DeviceChoice {
    /// The backend that was named.
    pub const fn backend(self) -> Option<&'static Backend> {
        match self {
            Self::Auto => None,
            Self::Named { backend, .. } => Some(backend),
        }
    }
}

/// The values that a choice has, `auto, cpu, cuda[:N] or gpu[:N]`.
fn values() -> String {
    let names = BACKENDS.iter().rev().map(|backend| match backend.feature {
        Some(_) => format!("{}[:N]", backend.name),
        None => backend.name.to_owned(),
    });
    let names: Vec<String> = names.collect();
    match names.split_last() {
        Some((last, rest)) => format!("auto, {} or {last}", rest.join(", ")),
        None => "auto".into(),
    }
}

/// What `--device` takes, for the help.
pub fn device_help() -> String {
    let abouts = BACKENDS.iter().rev().map(|backend| {
        let name =
            if backend.feature.is_some() { format!("{}[:N]", backend.name) } else { backend.name.into() };
        format!("{name} ({})", backend.about)
    });
    format!(
        "auto (CUDA, else a discrete GPU, else the CPU), {}; `hiresnet-tui devices` lists them",
        abouts.collect::<Vec<_>>().join(", ")
    )
}

impl FromStr for DeviceChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.to_ascii_lowercase();
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let (name, index) = match text.split_once(':') {
            None => (text.as_str(), None),
            Some((name, index)) => (name, Some(index)),
        };
        let backend = BACKENDS.into_iter().find(|backend| backend.name == name);
        let index = match (backend, index) {
            (Some(Backend { feature: Some(_), .. }), Some(index)) => index.parse().map(Some).ok(),
            (_, None) => Some(None),
            _ => None,
        };
        match (backend, index) {
            (Some(backend), Some(index)) => Ok(Self::Named { backend, index }),
            _ => Err(format!("a device is {}", values())),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Named { backend, index: None } => f.write_str(backend.name),
            Self::Named { backend, index: Some(index) } => write!(f, "{}:{index}", backend.name),
        }
    }
}
