//! From words on the command line to the runs that they mean.

use crate::cli::BatchArgs;
use crate::domain::error::SpecError;
use crate::domain::seeds;
use crate::domain::spec::ExperimentSpec;
use crate::engine::error::Result;
use crate::engine::presets;

/// Every run that `args` asks for: each spec with each seed.
///
/// # Errors
/// When a word is no spec, or a key or seed is not one.
pub fn runs(args: &BatchArgs) -> Result<Vec<ExperimentSpec>> {
    let seeds = args.seeds.as_deref().map(seeds::parse).transpose()?;
    let mut runs = Vec::new();
    for words in joined(&args.batch) {
        let mut spec = presets::resolve(&words)?;
        for pair in &args.set {
            let (key, value) = pair
                .split_once('=')
                .ok_or_else(|| SpecError::new("--set", format!("'{pair}' is not of the form key=value")))?;
            spec.set(key.trim(), value)?;
        }
        let spec = spec.checked()?;
        match &seeds {
            None => runs.push(spec),
            Some(seeds) => {
                runs.extend(seeds.iter().map(|seed| ExperimentSpec { seed: *seed, ..spec.clone() }))
            }
        }
    }
    Ok(runs)
}

/// One spec from its words, as `runs` would read them.
///
/// # Errors
/// When they are no spec, or more than one.
pub fn one(words: &[String]) -> Result<ExperimentSpec> {
    match joined(words).as_slice() {
        [spec] => presets::resolve(spec)?.checked().map_err(Into::into),
        several => Err(SpecError::new("spec", format!("one is needed, these are {}", several.len())).into()),
    }
}

/// Words of the form key=value belong to the one-line spec before them, so that a spec
/// need not be quoted.
pub fn joined(words: &[String]) -> Vec<String> {
    let mut specs: Vec<String> = Vec::new();
    for word in words {
        match specs.last_mut() {
            Some(spec) if spec.contains('@') && !word.contains('@') && word.contains('=') => {
                spec.push(' ');
                spec.push_str(word);
            }
            _ => specs.push(word.clone()),
        }
    }
    specs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_join_the_spec_before_them() {
        let words = ["plain@fashion", "seed=3", "epochs=2", "quickstart", "resnet@fashion lr=1"];
        let words: Vec<String> = words.map(String::from).to_vec();
        assert_eq!(joined(&words), ["plain@fashion seed=3 epochs=2", "quickstart", "resnet@fashion lr=1"]);
    }
}
