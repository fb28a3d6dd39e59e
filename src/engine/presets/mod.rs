//! Specs by name, from files, or in the one-line form; and sweeps, which are many.

mod sweeps;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use etcetera::BaseStrategy;

use super::error::{EngineError, Result};
use super::{files, toml_error};
use crate::domain::error::{SpecError, nearest};
use crate::domain::spec::ExperimentSpec;

pub use sweeps::{own_sweep, parse_sweep, read_sweep, sweep};

/// Longest preset file read, bytes.
const MAX_FILE: u64 = 64 << 10;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/presets/", $name, ".toml")))),*]
    };
}

/// The presets built in: name and TOML.
pub const SHIPPED: &[(&str, &str)] = shipped![
    "quickstart",
    "demo",
    "deep",
    "table1-plain-adjusted-cifar10",
    "table1-plain-adjusted-cifar100",
    "table1-plain-adjusted-tiny-imagenet",
    "table1-plain-hires-cifar10",
    "table1-plain-hires-cifar100",
    "table1-plain-hires-tiny-imagenet",
    "table1-plain-original-cifar10",
    "table1-plain-original-cifar100",
    "table1-plain-original-tiny-imagenet",
    "table1-resnet-adjusted-cifar10",
    "table1-resnet-adjusted-cifar100",
    "table1-resnet-adjusted-tiny-imagenet",
    "table1-resnet-hires-cifar10",
    "table1-resnet-hires-cifar100",
    "table1-resnet-hires-tiny-imagenet",
    "table1-resnet-original-cifar10",
    "table1-resnet-original-cifar100",
    "table1-resnet-original-tiny-imagenet",
    "table1-resnext-adjusted-cifar10",
    "table1-resnext-adjusted-cifar100",
    "table1-resnext-adjusted-tiny-imagenet",
    "table1-resnext-hires-cifar10",
    "table1-resnext-hires-cifar100",
    "table1-resnext-hires-tiny-imagenet",
    "table1-resnext-original-cifar10",
    "table1-resnext-original-cifar100",
    "table1-resnext-original-tiny-imagenet",
    "table2-in",
    "table2-out",
    "table2-p1",
    "table2-p2",
    "table2-p3",
];

/// The sweeps built in: name and TOML.
pub const SWEEPS: &[(&str, &str)] = shipped!["table1", "table2", "fig2", "hop-sets", "depth", "ablations"];

/// The presets built in, read.
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

/// Where the user's own presets are, whether or not there are any; `None` without a home.
pub fn user_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.config_dir().join(env!("CARGO_PKG_NAME")).join("presets"))
}

/// The user's presets in `folder`, by name: each with its file and, where it is one, its
/// spec.
pub fn user(folder: &Path) -> Vec<(String, PathBuf, Result<ExperimentSpec>)> {
    let named = files_of(folder).into_iter().filter(|(name, _)| check_name(name).is_ok());
    named.map(|(name, path)| (name, path.clone(), read(&path))).collect()
}

/// What is wrong with the TOML files in `folder` whose names are no presets'; those that are
/// hidden are none of anybody's business.
pub fn misnamed(folder: &Path) -> Vec<EngineError> {
    let wrong = |(name, path): (String, PathBuf)| {
        let error = check_name(&name).err().filter(|_| !name.starts_with('.'))?;
        Some(EngineError::run(path, error.reason))
    };
    files_of(folder).into_iter().filter_map(wrong).collect()
}

/// The TOML files in `folder`, by name.
fn files_of(folder: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |path: &Path| Some(path.file_name()?.to_string_lossy().strip_suffix(".toml")?.to_owned());
    let mut found: Vec<_> = entries.filter_map(|entry| Some((name(&entry.path())?, entry.path()))).collect();
    found.sort();
    found
}

/// Keeps `spec` in `folder` as the preset `name`, with `replace` in place of one of the
/// user's own.
///
/// # Errors
/// When the name is none, or is taken, or the disk refuses.
pub fn save(folder: &Path, name: &str, spec: &ExperimentSpec, replace: bool) -> Result<PathBuf> {
    check_name(name)?;
    let path = folder.join(format!("{name}.toml"));
    if is_shipped(name) || (path.exists() && !replace) {
        return Err(SpecError::new("preset", format!("there is one called '{name}' already")).into());
    }
    files::create_folders(folder)?;
    files::write_atomically(&path, format!("# {spec}\n{}", to_toml(spec)).as_bytes())?;
    Ok(path)
}

/// Whether a preset of this name comes with the program.
pub fn is_shipped(name: &str) -> bool {
    SHIPPED.iter().chain(SWEEPS).any(|(shipped, _)| *shipped == name)
}

/// A spec as a preset's file has it.
pub fn to_toml(spec: &ExperimentSpec) -> String {
    // A spec is a flat table of numbers, names and lists, which TOML always takes.
    toml::to_string(spec).unwrap_or_default()
}

/// Names are those of files, in every system, and words on a command line.
///
/// # Errors
/// When `name` is none.
pub fn check_name(name: &str) -> std::result::Result<(), SpecError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name = (1..=64).contains(&name.len()) && name.chars().all(fits) && !name.starts_with(['.', '-']);
    match is_name && !name.ends_with(".toml") {
        true => Ok(()),
        false => {
            let reason =
                "a name is up to 64 letters, digits, '-', '_' and '.', and begins with a letter or digit";
            Err(SpecError::new("preset", reason))
        }
    }
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
    if SWEEPS.iter().any(|(name, _)| *name == text) {
        return Err(
            SpecError::new("preset", format!("'{text}' is a sweep, many runs; --batch trains them")).into()
        );
    }
    let own = user_folder().map(|folder| folder.join(format!("{text}.toml")));
    if let Some(path) = own.filter(|path| check_name(text).is_ok() && path.exists()) {
        return read(&path);
    }
    let path = Path::new(text);
    if is_file(text) || path.exists() {
        return read(path);
    }
    let own = user_folder().map(|folder| user(&folder)).unwrap_or_default();
    let shipped = SHIPPED.iter().chain(SWEEPS).map(|(name, _)| *name);
    let near = match nearest(text, shipped.chain(own.iter().map(|(name, ..)| name.as_str()))) {
        Some(name) => format!("did you mean '{name}'?"),
        None => "`hiresnet-tui presets list` has them all".into(),
    };
    let reason = format!(
        "no preset is called '{text}' (a file ends in .toml, and a one-line spec has an @, e.g. \
         resnet+hires@fashion-embedded); {near}"
    );
    Err(SpecError::new("preset", reason).into())
}

fn read(path: &Path) -> Result<ExperimentSpec> {
    parse(path, &read_text(path)?)
}

fn read_text(path: &Path) -> Result<String> {
    let bytes = files::read_bounded(path, MAX_FILE)?;
    String::from_utf8(bytes).map_err(|_| EngineError::run(path, "not text"))
}

/// Reads a preset's text; `path` is for messages.
///
/// # Errors
/// When it is no run.
pub fn parse(path: &Path, text: &str) -> Result<ExperimentSpec> {
    toml::from_str(text).map_err(|e| {
        let is_sweep = text.parse::<toml::Table>().is_ok_and(|table| table.contains_key("axes"));
        let reason = match is_sweep {
            true => "it has [axes] and is a sweep, many runs; --batch trains them".into(),
            false => toml_error::describe(text, &e),
        };
        EngineError::run(path, reason)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Parameters for 10 classes of the original, the adjusted and the HiResNet of each family.
    const TABLE_1: [(&str, [usize; 3]); 3] = [
        ("plain", [265_050, 270_704, 270_714]),
        ("resnet", [267_802, 273_456, 273_466]),
        ("resnext", [70_810, 76_474, 76_474]),
    ];

    fn parameters(name: &str) -> usize {
        crate::domain::params::count(&resolve(name).unwrap().architecture().unwrap())
    }

    #[test]
    fn every_shipped_preset_is_a_whole_run() {
        for (name, toml) in SHIPPED {
            let spec = resolve(name).unwrap();
            assert_eq!(spec, spec.clone().checked().unwrap(), "{name}");
            assert!(toml.starts_with("# "), "{name} says what it is");
            for (key, _) in spec.pairs() {
                assert!(toml.lines().any(|line| line.starts_with(&format!("{key} = "))), "{name}: {key}");
            }
        }
        assert_eq!(shipped().len(), SHIPPED.len());
    }

    #[test]
    fn every_shipped_sweep_has_its_runs() {
        let counts = [
            ("table1", 135),
            ("table2", 40),
            ("fig2", 15),
            ("hop-sets", 64),
            ("depth", 18),
            ("ablations", 24),
        ];
        assert_eq!(counts.len(), SWEEPS.len());
        for (name, count) in counts {
            let specs = sweep(name).unwrap().unwrap().specs().unwrap();
            assert_eq!(specs.len(), count, "{name}");
            assert!(resolve(name).unwrap_err().to_string().contains("a sweep"), "{name}");
        }
        // Table 1's runs are its presets', with five seeds.
        let table1 = sweep("table1").unwrap().unwrap().specs().unwrap();
        let of_presets = shipped().iter().filter(|(name, _)| name.starts_with("table1-"));
        assert!(of_presets.clone().all(|(_, spec)| table1.contains(spec)));
        assert_eq!(of_presets.count() * 5, table1.len());
    }

    #[test]
    fn presets_have_the_papers_parameters() {
        let mut checked = 0;
        for (family, counts) in TABLE_1 {
            for (version, count) in ["original", "adjusted", "hires"].into_iter().zip(counts) {
                for (dataset, classes) in [("cifar10", 10), ("cifar100", 100), ("tiny-imagenet", 200)] {
                    let name = format!("table1-{family}-{version}-{dataset}");
                    let head = 65 * (classes - 10);
                    let difference = parameters(&name).abs_diff(count + head);
                    // The head of an adjusted network is as large as its HiResNet's.
                    assert_eq!(difference, 0, "{name}");
                    checked += 1;
                }
            }
        }
        let others = [
            ("table2-in", 269_562),
            ("table2-out", 272_314),
            ("table2-p1", 270_586),
            ("table2-p2", 269_562),
            ("table2-p3", 268_986),
            ("quickstart", 273_466),
            ("demo", 273_466),
            ("deep", 236_058),
        ];
        for (name, count) in others {
            assert_eq!(parameters(name), count, "{name}");
            checked += 1;
        }
        assert_eq!(checked, SHIPPED.len());
    }

    #[test]
    fn a_spec_is_kept_as_a_preset_and_names_are_names() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("presets");
        let spec: ExperimentSpec = "plain+hires[P1]@fashion seed=3 lr=0.003".parse().unwrap();
        assert!(user(&folder).is_empty());
        let path = save(&folder, "mine", &spec, false).unwrap();
        assert_eq!(read(&path).unwrap(), spec);
        fs::write(folder.join("broken.toml"), "family = 3").unwrap();
        fs::write(folder.join("not a name.toml"), "").unwrap();
        let found = user(&folder);
        let names: Vec<_> = found.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["broken", "mine"]);
        assert!(found[0].2.is_err());
        for taken in ["mine", "quickstart"] {
            assert!(save(&folder, taken, &spec, false).unwrap_err().to_string().contains("already"));
        }
        assert!(save(&folder, "quickstart", &spec, true).is_err(), "never replaced");
        let other: ExperimentSpec = "plain@fashion seed=4".parse().unwrap();
        save(&folder, "mine", &other, true).unwrap();
        assert_eq!(read(&path).unwrap(), other);
        for bad in ["", "../x", "a/b", ".hidden", "-x", "a b", "x.toml", "ä", &"x".repeat(65)] {
            assert!(save(&folder, bad, &spec, true).unwrap_err().to_string().contains("a name is"), "{bad}");
        }
    }

    #[test]
    fn every_file_in_the_folder_is_shipped() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/presets");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            assert!(is_shipped(stem), "{stem} is not built in");
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
