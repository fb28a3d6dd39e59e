//! The draft's fields: which there are, and what they can be.

use std::sync::LazyLock;

use super::draft::Draft;
use crate::domain::architecture::Family;
use crate::domain::dataset::DatasetId;
use crate::domain::error::SpecError;
use crate::domain::hops::HopGroup;
use crate::domain::keys::{KEYS, SpecKey};
use crate::domain::recipe::OptimizerKind;
use crate::domain::schedule::ScheduleKind;
use crate::domain::spec::{ExperimentSpec, ValidationSource, Version};
use crate::domain::text::gib;
use crate::engine::device::{DeviceChoice, DeviceFacts};
use crate::engine::presets;

/// A row of the panel.
#[derive(Clone, Copy)]
pub enum Field {
    /// The whole spec in its one-line form.
    Line,
    /// A spec by name.
    Preset,
    /// Where runs are trained; not part of the spec.
    Device,
    /// One key of the spec.
    Key(&'static SpecKey),
}

/// The keys that differ from run to run most, in the order in which they are listed.
const FIRST: [&str; 11] = [
    "epochs",
    "train_limit",
    "lr",
    "batch",
    "seed",
    "dataset",
    "family",
    "version",
    "hops",
    "blocks",
    "widths",
];
/// All others, under the headings that they are listed under.
const GROUPS: [(&str, &[&str]); 6] = [
    ("Learning rate", &["schedule", "lr_halve_every", "warmup"]),
    (
        "Optimizer",
        &["optimizer", "beta1", "beta2", "eps", "momentum", "nesterov", "weight_decay", "grad_clip"],
    ),
    ("Regularization", &["label_smoothing", "ema"]),
    ("Augmentation", &["crop_padding", "flip", "cutout", "mixup"]),
    ("Network and activations", &["cardinality", "probe_images"]),
    ("Data", &["val_fraction", "val_from", "val_limit", "test_limit", "folder", "classes", "image_size"]),
];

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let named = |name: &&str| KEYS.iter().find(|key| key.name == *name).map(Field::Key);
    let first = [Field::Line, Field::Preset].into_iter().chain(FIRST.iter().filter_map(named));
    let others = GROUPS.iter().flat_map(|(_, names)| names.iter().filter_map(named));
    first.chain([Field::Device]).chain(others).collect()
});

impl Field {
    /// All, from the top: what differs from run to run comes first.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        FIELDS.iter().copied()
    }

    /// The heading above it, where it is the first of a group.
    pub fn heading(self) -> Option<&'static str> {
        GROUPS.iter().find(|(_, names)| names[0] == self.name()).map(|(heading, _)| *heading)
    }

    /// The row of the first field whose name begins with `text`, or else has it in it.
    pub fn find(text: &str) -> Option<usize> {
        let text = text.trim().to_lowercase();
        let begins = Self::all().position(|field| field.name().starts_with(&text));
        begins.or_else(|| Self::all().position(|field| field.name().contains(&text)))
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "spec",
            Self::Preset => "preset",
            Self::Device => "device",
            Self::Key(key) => key.name,
        }
    }

    /// What it means, in a few words; of the device, [`Setup::about_device`] says more.
    pub const fn about(self) -> &'static str {
        match self {
            Self::Line => "the run in one line; type or paste a spec",
            Self::Preset => "a preset, or a TOML file",
            Self::Device => "device of the next run",
            Self::Key(key) => key.about,
        }
    }
}

/// What the draft's fields can be.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The row of the field under the cursor.
    row: usize,
    /// The preset that the draft was made from last: some are the same run.
    preset: String,
    /// The user's own presets, by name.
    pub own: Vec<(String, ExperimentSpec)>,
    /// Which of them the draft replaces, if the user says so.
    pub replacing: String,
    /// Where runs are trained.
    pub device: DeviceChoice,
    /// All devices, once they have been looked for.
    pub devices: Vec<DeviceFacts>,
    /// Why `auto` selects what it selects.
    pub auto: Option<String>,
}

impl Setup {
    /// The row of the field under the cursor.
    pub const fn row(&self) -> usize {
        self.row
    }

    /// The field under the cursor.
    pub fn field(&self) -> Field {
        Field::all().nth(self.row).unwrap_or(Field::Line)
    }

    /// Moves the cursor to a row; to the last where there are not so many.
    pub fn select(&mut self, row: usize) {
        self.row = row.min(Field::all().len() - 1);
    }

    /// A field's value as text; empty where it has none, as hops of a baseline.
    pub fn value(&self, field: Field, draft: &Draft) -> String {
        match field {
            Field::Line => draft.line().to_owned(),
            Field::Preset => self.preset_of(draft.spec()).unwrap_or_default().to_owned(),
            Field::Device => self.device.to_string(),
            Field::Key(key) => (key.get)(draft.spec()).map(|value| value.to_string()).unwrap_or_default(),
        }
    }

    /// Gives a field a value; the draft stays as it was where that is refused.
    ///
    /// # Errors
    /// When the value is not one of the field's, or makes no network.
    pub fn set(&mut self, field: Field, text: &str, draft: &mut Draft) -> Result<(), SpecError> {
        match field {
            Field::Line => draft.replace(text.parse()?)?,
            Field::Preset => {
                let name = text.trim();
                let own = self.own.iter().find(|(own, _)| own == name).map(|(_, spec)| spec.clone());
                draft.replace(own.map_or_else(|| preset(name), Ok)?)?;
                name.clone_into(&mut self.preset);
            }
            Field::Device => {
                self.device =
                    text.trim().parse().map_err(|reason: String| SpecError::new("device", reason))?;
            }
            Field::Key(key) => draft.set(key.name, text)?,
        }
        Ok(())
    }

    /// What is wrong with a value that is being typed. No file is read meanwhile.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub fn check(&self, field: Field, text: &str, draft: &Draft) -> Result<(), SpecError> {
        match field {
            Field::Preset if presets::is_file(text.trim()) => Ok(()),
            Field::Line | Field::Device | Field::Preset => {
                Self::clone(self).set(field, text, &mut draft.clone())
            }
            Field::Key(key) => draft.clone().set(key.name, text),
        }
    }

    /// The choice before or after a field's value, or a smaller or larger number; `None`
    /// where there is none.
    pub fn neighbour(&self, field: Field, draft: &Draft, forward: bool) -> Option<String> {
        let now = self.value(field, draft);
        let choices: Vec<String> = match field {
            Field::Line => return None,
            Field::Preset => self.presets().map(|(name, _)| name.to_owned()).collect(),
            Field::Device => self.device_choices(),
            Field::Key(key) => match key.name {
                "family" => Family::ALL.map(|f| f.name().to_owned()).to_vec(),
                "version" => Version::NAMES.map(str::to_owned).to_vec(),
                "dataset" => DatasetId::ALL.map(|d| d.name().to_owned()).to_vec(),
                "val_from" => ValidationSource::ALL.map(|source| source.name().to_owned()).to_vec(),
                "optimizer" => OptimizerKind::ALL.map(|kind| kind.name().to_owned()).to_vec(),
                "schedule" => ScheduleKind::ALL.map(|kind| kind.name().to_owned()).to_vec(),
                "flip" | "nesterov" => ["false", "true"].map(str::to_owned).to_vec(),
                "hops" => HopGroup::named(draft.spec().blocks.len()).map(|group| group.to_string()).collect(),
                name => return number(name, &now, forward),
            },
        };
        let next = match choices.iter().position(|choice| *choice == now) {
            Some(place) if forward => (place + 1) % choices.len(),
            Some(place) => (place + choices.len() - 1) % choices.len(),
            None => 0,
        };
        choices.get(next).cloned()
    }

    /// `auto`, then every device.
    fn device_choices(&self) -> Vec<String> {
        let devices = self.devices.iter().map(|facts| facts.device.clone());
        std::iter::once(DeviceChoice::Auto.to_string()).chain(devices).collect()
    }

    /// What is known of the chosen device, or why `auto` selects what it selects.
    pub fn about_device(&self) -> Option<String> {
        let name = match self.device {
            DeviceChoice::Auto => return self.auto.clone(),
            choice => choice.to_string(),
        };
        // Without an index, the first of its backend that is no software renderer.
        let first = format!("{name}:");
        let facts = self.devices.iter().find(|facts| {
            facts.device == name || facts.device.starts_with(&first) && !facts.kind.is_software()
        })?;
        Some(match &facts.missing {
            Some(missing) => format!("{} is unavailable: {missing}", facts.name),
            None => {
                let memory = facts.memory.map(gib);
                let parts = [
                    Some(facts.name.clone()),
                    Some(facts.kind.about().to_owned()),
                    memory,
                    facts.driver.clone(),
                ];
                parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
        })
    }

    /// The paper's value of a field for the draft's dataset, or the program's where the
    /// field is not part of a spec; `None` where the paper has several.
    pub fn default_of(&self, field: Field, draft: &Draft) -> Option<String> {
        match field {
            Field::Line | Field::Preset => None,
            Field::Device => Some(DeviceChoice::default().to_string()),
            Field::Key(key) if ["family", "version", "dataset"].contains(&key.name) => None,
            Field::Key(key) => {
                let spec = draft.spec();
                let version = match spec.version {
                    Version::HiRes(_) => Version::hires(),
                    ref baseline => baseline.clone(),
                };
                ExperimentSpec { version, ..spec.clone() }.default_of(key).map(|value| value.to_string())
            }
        }
    }

    /// Presets by name: built-in ones, then the user's own.
    fn presets(&self) -> impl Iterator<Item = (&str, &ExperimentSpec)> {
        let shipped = presets::shipped().iter().map(|(name, spec)| (*name, spec));
        shipped.chain(self.own.iter().map(|(name, spec)| (name.as_str(), spec)))
    }

    /// The preset that is this run.
    fn preset_of(&self, spec: &ExperimentSpec) -> Option<&str> {
        let mut last = self.presets().filter(|(name, _)| *name == self.preset);
        let is_it = |(_, preset): &(&str, &ExperimentSpec)| *preset == spec;
        last.find(is_it).or_else(|| self.presets().find(is_it)).map(|(name, _)| name)
    }

    /// What is wrong with a new preset's name.
    ///
    /// # Errors
    /// When it is none, or that of a built-in preset.
    pub fn check_name(&self, name: &str) -> Result<(), String> {
        presets::check_name(name).map_err(|error| error.reason)?;
        match presets::is_shipped(name) {
            true => Err(format!("'{name}' is a built-in preset")),
            false => Ok(()),
        }
    }

    /// Whether the user has a preset called `name`.
    pub fn is_own(&self, name: &str) -> bool {
        self.own.iter().any(|(own, _)| own == name)
    }

    /// Whether a field differs from [`Self::default_of`], so that it should be noticed.
    pub fn is_unusual(&self, field: Field, draft: &Draft) -> bool {
        matches!(field, Field::Key(_))
            && self.default_of(field, draft).is_some_and(|usual| usual != self.value(field, draft))
    }
}

/// A count one away, a seed one away, a rate or a batch half or twice as large.
fn number(key: &str, now: &str, forward: bool) -> Option<String> {
    match key {
        "seed" | "epochs" | "lr_halve_every" | "cardinality" | "classes" | "crop_padding" => {
            let n: u64 = now.parse().ok()?;
            Some(if forward { n.checked_add(1)? } else { n.checked_sub(1)? }.to_string())
        }
        "image_size" => {
            let n: u64 = now.parse().ok()?;
            Some(if forward { n + 8 } else { n.saturating_sub(8) }.to_string())
        }
        "batch" => {
            let n: u64 = now.parse().ok()?;
            Some(if forward { n * 2 } else { n.div_ceil(2) }.to_string())
        }
        "momentum" | "warmup" => {
            let step = if key == "warmup" { 0.5 } else { 0.1 };
            let at: f64 = now.parse().ok()?;
            let next = if forward { at + step } else { (at - step).max(0.0) };
            // No digits beyond those of the steps: 0.30000000000000004.
            Some(format!("{:?}", (next * 1e6).round() / 1e6))
        }
        "lr" => {
            let rate: f64 = now.parse().ok()?;
            Some(format!("{:?}", if forward { rate * 2.0 } else { rate / 2.0 }))
        }
        "train_limit" | "val_limit" | "test_limit" | "probe_images" => {
            let n: u64 = now.parse().ok()?;
            Some(if forward { n + 100 } else { n.saturating_sub(100) }.to_string())
        }
        _ => None,
    }
}

/// The run that a preset's name or a TOML file means.
fn preset(text: &str) -> Result<ExperimentSpec, SpecError> {
    presets::resolve(text.trim()).map_err(|e| SpecError::new("preset", e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_its_field() {
        let keys = |field: Field| matches!(field, Field::Key(_)).then(|| field.name());
        let mut fields: Vec<_> = Field::all().filter_map(keys).collect();
        let mut names: Vec<_> = KEYS.iter().map(|key| key.name).collect();
        fields.sort_unstable();
        names.sort_unstable();
        assert_eq!(fields, names);
    }
}
