//! Specs by name, from files, or in the one-line form.

use std::path::Path;
use std::sync::LazyLock;

use super::error::{EngineError, Result};
use super::files;
use crate::domain::error::{SpecError, suggestion};
use crate::domain::spec::ExperimentSpec;

/// Longest preset file read, bytes.
const MAX_FILE: u64 = 64 << 10;

macro_rules! shipped {
    ($($name:literal),*) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/presets/", $name, ".toml")))),*]
    };
}

/// The presets compiled in: name and TOML.
pub const SHIPPED: &[(&str, &str)] = shipped!["quickstart"];

/// The presets compiled in, read.
pub fn shipped() -> &'static [(&'static str, ExperimentSpec)] {
    static READ: LazyLock<Vec<(&str, ExperimentSpec)>> = LazyLock::new(|| {
        // A test reads each of them, so none is left out here.
        SHIPPED.iter().filter_map(|(name, toml)| Some((*name, toml::from_str(toml).ok()?))).collect()
    });
    &READ
}

/// Whether `text` names a file, and not a preset or a one-line spec.
pub fn is_file(text: &str) -> bool {
    !is_line(text) && (text.ends_with(".toml") || text.contains(['/', '\\']))
}

/// Whether `text` is a one-line spec, and not a preset's name or a file's.
pub fn is_line(text: &str) -> bool {
    text.contains('@') && !text.ends_with(".toml")
}

/// The spec that a word on the command line means: a preset's name, a TOML file, or a
/// one-line spec.
///
/// # Errors
/// When it is none of these; the message says the nearest preset.
pub fn resolve(text: &str) -> Result<ExperimentSpec> {
    if is_line(text) {
        return Ok(text.parse()?);
    }
    if let Some((name, toml)) = SHIPPED.iter().find(|(name, _)| *name == text) {
        return parse(Path::new(&format!("preset {name}")), toml);
    }
    let path = Path::new(text);
    if is_file(text) || path.exists() {
        let bytes = files::read_bounded(path, MAX_FILE)?;
        let toml = String::from_utf8(bytes).map_err(|_| EngineError::run(path, "not text"))?;
        return parse(path, &toml);
    }
    let names: Vec<_> = SHIPPED.iter().map(|(name, _)| *name).collect();
    let near = suggestion(text, &names);
    let reason = format!(
        "no preset is called '{text}' (a file ends in .toml, and a one-line spec has an @, e.g. \
         resnet+hires@fashion-embedded){near}"
    );
    Err(SpecError::new("preset", reason).into())
}

fn parse(path: &Path, text: &str) -> Result<ExperimentSpec> {
    toml::from_str(text).map_err(|e| {
        let line = e.span().map(|span| text[..span.start].lines().count().max(1));
        let place = line.filter(|_| e.span() != Some(0..text.len())).map(|n| format!("line {n}: "));
        EngineError::run(path, format!("{}{}", place.unwrap_or_default(), e.message()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shipped_preset_is_a_run() {
        for (name, _) in SHIPPED {
            let spec = resolve(name).unwrap();
            assert_eq!(spec, spec.clone().checked().unwrap(), "{name}");
        }
        let quickstart = resolve("quickstart").unwrap();
        assert_eq!(crate::domain::params::count(&quickstart.architecture().unwrap()), 273_466);
    }

    #[test]
    fn every_file_in_the_folder_is_shipped() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/presets");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            assert!(SHIPPED.iter().any(|(name, _)| *name == stem), "{stem} is not compiled in");
        }
    }

    #[test]
    fn what_is_neither_preset_nor_file_nor_spec_is_explained() {
        let said = |text| resolve(text).unwrap_err().to_string();
        assert!(said("quikstart").contains("did you mean 'quickstart'?"));
        assert!(said("none/such.toml").contains("none/such.toml"));
        assert!(said("resnet@fashon").contains("did you mean 'fashion'?"));
    }
}
