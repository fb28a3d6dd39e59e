//! From words on the command line to the runs that they mean.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::cli::BatchArgs;
use crate::domain::error::SpecError;
use crate::domain::spec::ExperimentSpec;
use crate::domain::sweep::MAX_RUNS;
use crate::domain::text::plural;
use crate::domain::{keys, seeds};
use crate::engine::error::{EngineError, Result};
use crate::engine::{presets, store};

/// A run that is asked for.
#[derive(Debug, Clone)]
pub struct RequestedRun {
    /// From 1 on; in a sweep its number there.
    pub number: usize,
    /// What is run.
    pub spec: ExperimentSpec,
    /// The directory of the run that is resumed, where that was given instead of a spec.
    pub folder: Option<PathBuf>,
}

/// The runs that are asked for.
#[derive(Debug)]
pub struct RequestedRuns {
    /// Each once and in order.
    pub runs: Vec<RequestedRun>,
    /// The largest number that there is.
    pub of: usize,
    /// Whether a sweep is among them: its finished runs are not repeated.
    pub sweeps: bool,
    /// How many were given again.
    repeated: usize,
    /// What is to be said where keys follow the last of several specs.
    pub hint: Option<String>,
}

impl RequestedRuns {
    /// What is to be said where runs were given again.
    pub fn repeated(&self) -> Option<String> {
        let again = plural(self.repeated, "repeated run");
        let are = if self.repeated == 1 { "is" } else { "are" };
        (self.repeated > 0).then(|| format!("{again} {are} left out: each spec and seed counts once"))
    }
}

/// Every run that `args` asks for: each spec with each seed, and those of each sweep.
///
/// # Errors
/// When a word is no spec and no sweep, or a key or seed is not one.
pub fn runs(args: &BatchArgs) -> Result<RequestedRuns> {
    let words = args.batch.as_deref().unwrap_or_default();
    let mut runs = expand(words, &args.set, args.seeds.as_deref())?;
    if let Some(numbers) = &args.only {
        let fail = |reason| SpecError::new("--only", reason);
        let of = runs.of as u64;
        let numbers = seeds::list(numbers, "run numbers", MAX_RUNS.max(runs.of)).map_err(fail)?;
        if let Some(number) = numbers.iter().find(|number| !(1..=of).contains(*number)) {
            return Err(fail(format!("there is no run {number}; they go from 1 to {of}")).into());
        }
        runs.runs = numbers.iter().map(|number| runs.runs[*number as usize - 1].clone()).collect();
    }
    Ok(runs)
}

/// The runs that words, keys that all have, and seeds mean, each once: two runs with the same
/// spec and seed would be the same.
///
/// # Errors
/// As [`runs`].
pub fn expand(words: &[String], set: &[String], seeds: Option<&str>) -> Result<RequestedRuns> {
    let seeds = seeds.map(seeds::parse).transpose()?;
    if words.is_empty() {
        return Err(
            SpecError::new("--batch", "say what to train: a preset, a file or a one-line spec").into()
        );
    }
    let mut all = Vec::new();
    let mut sweeps = false;
    let mut hint = None;
    let groups = joined(words);
    if let [before @ .., last] = &groups[..]
        && !before.is_empty()
        && !last.pairs.is_empty()
        && before.iter().all(|words| words.pairs.is_empty())
    {
        let keys = last.pairs.join(" ");
        hint = Some(format!("{keys}: of {} alone, which they follow; --set gives keys to all", last.spec));
    }
    for words in groups {
        if let Some(folder) = words.folder() {
            if !words.pairs.is_empty() || !set.is_empty() || seeds.is_some() {
                let reason =
                    "a run that is resumed keeps its spec; give its directory without keys and seeds";
                return Err(SpecError::new(words.spec, reason).into());
            }
            all.push((store::read_spec(&folder)?, Some(folder)));
            continue;
        }
        let sweep = presets::sweep(&words.spec);
        if let Some(mut sweep) = sweep.map_err(|error| words.directory_error().unwrap_or(error))? {
            for pair in words.pairs.iter().chain(set) {
                let (key, value) = parts(pair)?;
                sweep.set(key, value)?;
            }
            seeds.iter().for_each(|seeds| sweep.set_seeds(seeds));
            all.extend(sweep.specs()?.into_iter().map(|spec| (spec, None)));
            sweeps = true;
            continue;
        }
        let mut spec = words.resolve()?;
        for pair in set {
            assign(&mut spec, pair)?;
        }
        let spec = spec.checked()?;
        match &seeds {
            None => all.push((spec, None)),
            Some(seeds) => {
                all.extend(seeds.iter().map(|seed| (ExperimentSpec { seed: *seed, ..spec.clone() }, None)));
            }
        }
    }
    let given = all.len();
    let mut seen = HashSet::new();
    all.retain(|(spec, folder)| seen.insert((spec.to_string(), folder.clone())));
    let of = all.len();
    let runs = (1..).zip(all).map(|(number, (spec, folder))| RequestedRun { number, spec, folder }).collect();
    Ok(RequestedRuns { runs, of, sweeps, repeated: given - of, hint })
}

/// Every spec that `words` are.
///
/// # Errors
/// When one is none.
pub fn checked(words: &[String]) -> Result<Vec<ExperimentSpec>> {
    joined(words).iter().map(|words| Ok(words.resolve()?.checked()?)).collect()
}

/// One spec from its words, as `runs` would read them.
///
/// # Errors
/// When they are no spec, or more than one.
pub fn one(words: &[String]) -> Result<ExperimentSpec> {
    match <[_; 1]>::try_from(checked(words)?) {
        Ok([spec]) => Ok(spec),
        Err(several) => {
            Err(SpecError::new("spec", format!("one is needed, these are {}", several.len())).into())
        }
    }
}

/// One spec on the command line: a preset, a file or a line, and keys that follow it.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    spec: String,
    pairs: Vec<String>,
}

impl Words {
    /// The directory of a run, where that is what they are.
    fn folder(&self) -> Option<PathBuf> {
        let path = Path::new(&self.spec);
        let is_run = !presets::is_shipped(&self.spec) && path.is_dir() && store::is_run(path);
        is_run.then(|| path.to_path_buf())
    }

    /// What is wrong with them where they are a directory that is no run.
    fn directory_error(&self) -> Option<EngineError> {
        let path = Path::new(&self.spec);
        let reason = match store::folders_of_runs(path).ok()?.is_empty() {
            true => "a directory without a run in it",
            false => "a directory of runs, not a run; give one of the directories in it",
        };
        Some(EngineError::run(path, reason))
    }

    /// The run that they mean, not yet checked where keys follow a preset or a file.
    ///
    /// # Errors
    /// When they mean none.
    pub fn resolve(&self) -> Result<ExperimentSpec> {
        if presets::is_line(&self.spec) {
            return Ok(format!("{} {}", self.spec, self.pairs.join(" ")).parse()?);
        }
        let key = self.spec.split_once('=').map_or("", |(key, _)| key);
        if keys::find(key).is_ok() && !Path::new(&self.spec).exists() {
            let reason =
                "belongs to a spec, which comes before it, e.g. resnet@folder folder=flowers classes=17";
            return Err(SpecError::new(key, reason).into());
        }
        let mut spec =
            presets::resolve(&self.spec).map_err(|error| self.directory_error().unwrap_or(error))?;
        for pair in &self.pairs {
            assign(&mut spec, pair)?;
        }
        Ok(spec)
    }
}

fn assign(spec: &mut ExperimentSpec, pair: &str) -> Result<()> {
    let (key, value) = parts(pair)?;
    Ok(spec.set(key, value)?)
}

fn parts(pair: &str) -> Result<(&str, &str)> {
    let parts = pair.split_once('=').map(|(key, value)| (key.trim(), value));
    Ok(parts.ok_or_else(|| SpecError::new("--set", format!("'{pair}' is not of the form key=value")))?)
}

/// Words of the form key=value belong to the spec before them, so that a spec need not
/// be quoted. What a known key is given is its value, whatever it looks like.
pub fn joined(words: &[String]) -> Vec<Words> {
    let mut specs: Vec<Words> = Vec::new();
    for word in words {
        let key = word.split_once('=').map_or("", |(key, _)| key);
        let is_spec = word.contains(['@', '/']) || word.ends_with(".toml");
        let is_pair = keys::find(key).is_ok() || (word.contains('=') && !is_spec);
        match specs.last_mut() {
            Some(words) if is_pair => words.pairs.push(word.clone()),
            _ => specs.push(Words { spec: word.clone(), pairs: Vec::new() }),
        }
    }
    specs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_join_the_spec_before_them() {
        let words = ["plain@fashion", "seed=3", "epochs=2", "quickstart", "lr=0.1", "resnet@fashion lr=1"];
        let specs = joined(&words.map(String::from));
        let lines: Vec<_> = specs.iter().map(|w| w.resolve().unwrap().to_string()).collect();
        assert_eq!(lines[0], "plain@fashion seed=3 epochs=2");
        assert!(lines[1].starts_with("resnet+hires@fashion-embedded ") && lines[1].contains(" lr=0.1"));
        assert_eq!(lines[2], "resnet@fashion lr=1.0");
    }

    #[test]
    fn a_folder_s_path_is_no_file_of_a_spec() {
        let words = |text: &str| text.split(' ').map(String::from).collect::<Vec<_>>();
        let error = |text: &str| checked(&words(text)).unwrap_err().to_string();
        for path in ["/some/path", "me@home/x", "pets/x.toml"] {
            let said = error(&format!("resnet@folder folder={path}"));
            assert!(said.starts_with("folder: ") && said.contains("--data-dir"), "{said}");
        }
        // Without a spec before it.
        assert!(error("folder=/some/path").contains("belongs to a spec"), "{}", error("folder=/some/path"));
        let specs = checked(&words("resnet@folder folder=pets classes=3 plain@fashion")).unwrap();
        assert_eq!(specs[0].to_string(), "resnet@folder folder=pets classes=3");
    }

    #[test]
    fn keys_of_the_last_of_several_specs_are_said_to_be_its_own() {
        let hint = |text: &str| {
            let words = text.split(' ').map(String::from).collect::<Vec<_>>();
            expand(&words, &[], None).unwrap().hint
        };
        let said = "epochs=3: of resnet@fashion alone, which they follow; --set gives keys to all";
        assert_eq!(hint("plain@fashion resnet@fashion epochs=3").as_deref(), Some(said));
        for clear in [
            "resnet@fashion epochs=3",
            "plain@fashion epochs=2 resnet@fashion epochs=3",
            "plain@fashion quickstart",
        ] {
            assert_eq!(hint(clear), None, "{clear}");
        }
    }

    #[test]
    fn an_at_sign_in_a_file_name_makes_it_no_line() {
        assert!(presets::resolve("a@b/x.toml").unwrap_err().to_string().contains("cannot open"));
    }
}
