//! The one-line form of a spec, which fully names a run:
//! `resnet+hires[P1,P2]@fashion-embedded seed=3 epochs=10`.
//!
//! Family, then version (none for the original), then dataset, then the keys that
//! differ from the paper's recipe for that dataset.

use std::fmt;
use std::str::FromStr;

use super::architecture::Family;
use super::dataset::DatasetId;
use super::error::SpecError;
use super::hops::{HopGroup, HopSelection};
use super::spec::{ExperimentSpec, Version};

/// Keys that the first word holds.
const IN_FIRST_WORD: [&str; 4] = ["family", "version", "hops", "dataset"];

impl ExperimentSpec {
    /// Family, version and hops as the one-line form begins: `resnet+hires[P1,P2]`.
    pub fn network_name(&self) -> String {
        let family = self.family.name();
        match &self.version {
            Version::Original => family.into(),
            Version::HiRes(hops) if hops.groups() == [HopGroup::All] => format!("{family}+hires"),
            Version::HiRes(hops) => format!("{family}+hires[{hops}]"),
            Version::Adjusted => format!("{family}+adjusted"),
        }
    }

    /// The one-line form without its seed: what runs over several seeds have in common.
    pub fn without_seed(&self) -> String {
        Self { seed: 0, ..self.clone() }.to_string()
    }
}

impl fmt::Display for ExperimentSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.network_name(), self.dataset.name())?;
        for (key, value) in self.unusual().filter(|(key, _)| !IN_FIRST_WORD.contains(key)) {
            write!(f, " {key}={value}")?;
        }
        Ok(())
    }
}

impl FromStr for ExperimentSpec {
    type Err = SpecError;

    fn from_str(text: &str) -> Result<Self, SpecError> {
        let example = "write e.g. resnet+hires[P1,P2]@fashion-embedded seed=3";
        let Some((network, rest)) = text.trim().split_once('@') else {
            return Err(SpecError::new("dataset", format!("'{}' names no dataset; {example}", text.trim())));
        };
        let (family, version) = match network.split_once('+') {
            None => (network, Version::Original),
            Some((family, version)) => (family, parse_version(version.trim())?),
        };
        let mut words = rest.split_whitespace();
        let dataset = DatasetId::parse(words.next().unwrap_or_default())?;
        let mut spec = Self::paper(Family::parse(family.trim())?, version, dataset);
        let mut seen = Vec::new();
        for word in words {
            let Some((key, value)) = word.split_once('=') else {
                return Err(SpecError::new(word, format!("not of the form key=value; {example}")));
            };
            if IN_FIRST_WORD.contains(&key) {
                return Err(SpecError::new(key, format!("belongs before the keys; {example}")));
            }
            if seen.contains(&key) {
                return Err(SpecError::new(key, "given twice"));
            }
            seen.push(key);
            spec.set(key, value)?;
        }
        spec.checked()
    }
}

/// A version as the one-line form has it, such as `hires[P1]`.
///
/// # Errors
/// When it is none.
pub fn parse_version(text: &str) -> Result<Version, SpecError> {
    let Some((name, hops)) = text.split_once('[') else {
        return Version::parse(text);
    };
    let Some(hops) = hops.strip_suffix(']') else {
        return Err(SpecError::new("hops", format!("'[{hops}' is not closed by ']'")));
    };
    match Version::parse(name)? {
        Version::HiRes(_) => Ok(Version::HiRes(hops.parse::<HopSelection>()?)),
        _ => Err(SpecError::new("hops", format!("the {name} version has no hops; use hires[{hops}]"))),
    }
}
