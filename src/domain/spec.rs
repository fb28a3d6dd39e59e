//! `ExperimentSpec`: one run, fully described. Two equal specs are the same experiment.

use super::adjusted;
use super::architecture::{Architecture, Family, Outline};
use super::dataset::{DatasetId, ImageFolder};
use super::error::{SpecError, suggestion};
use super::hops::{HopGroup, HopSelection, HopSet};
use super::keys::{self, KeyValue, SpecKey};
use super::params;
use super::recipe::{self, OptimizerKind};
use super::schedule::{Schedule, ScheduleKind};

/// Which of Table 1's three versions of a family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Version {
    /// The baseline as published.
    Original,
    /// The baseline with wider hidden layers, as many parameters as the HiResNet.
    Adjusted,
    /// The baseline with hierarchical residuals.
    HiRes(HopSelection),
}

impl Version {
    /// The names in specs.
    pub const NAMES: [&'static str; 3] = ["original", "adjusted", "hires"];

    /// The full HiResNet: every hop.
    pub fn hires() -> Self {
        Self::HiRes(HopSelection::group(HopGroup::All))
    }

    /// The name in specs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Original => "original",
            Self::Adjusted => "adjusted",
            Self::HiRes(_) => "hires",
        }
    }

    /// The version called `name`; `hires` with all hops.
    ///
    /// # Errors
    /// When there is none; the message says the nearest.
    pub fn parse(name: &str) -> Result<Self, SpecError> {
        match name.to_ascii_lowercase().as_str() {
            "original" => Ok(Self::Original),
            "adjusted" => Ok(Self::Adjusted),
            "hires" => Ok(Self::hires()),
            _ => Err(SpecError::new(
                "version",
                format!("unknown version '{name}'{}", suggestion(name, &Self::NAMES)),
            )),
        }
    }
}

/// Which images a run validates on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ValidationSource {
    /// A part of the training images, `val_fraction` of them, held out.
    #[default]
    Train,
    /// The test images, all training images being trained on: what work on Tiny-ImageNet
    /// often does, whose test labels are not public. Test scores are then no longer of
    /// images that nothing was chosen on.
    Test,
}

impl ValidationSource {
    /// Every source.
    pub const ALL: [Self; 2] = [Self::Train, Self::Test];

    /// The name in specs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
        }
    }

    /// The source called `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn parse(name: &str) -> Result<Self, SpecError> {
        Self::ALL
            .into_iter()
            .find(|s| s.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| SpecError::new("val_from", format!("'{name}' is neither train nor test")))
    }
}

/// One run: network, data, recipe and seed. Defaults are the paper's (§3.1).
#[derive(Debug, Clone, PartialEq)]
pub struct ExperimentSpec {
    /// Baseline family.
    pub family: Family,
    /// Original, adjusted, or with hierarchical residuals.
    pub version: Version,
    /// What it is trained on.
    pub dataset: DatasetId,
    /// Of the dataset `folder`, which.
    pub folder: ImageFolder,
    /// Passes over the train split.
    pub epochs: usize,
    /// Images a step.
    pub batch: usize,
    /// What takes the steps.
    pub optimizer: OptimizerKind,
    /// Learning rate: the highest of the schedule.
    pub lr: f64,
    /// How the learning rate changes.
    pub schedule: ScheduleKind,
    /// Epochs after which the learning rate halves, again and again; 0 for never.
    pub lr_halve_every: usize,
    /// Epochs over which the learning rate rises from a third, before the schedule begins.
    pub warmup: f64,
    /// Adam's decay of the first moment.
    pub beta1: f64,
    /// Adam's decay of the second moment.
    pub beta2: f64,
    /// Adam's epsilon.
    pub eps: f64,
    /// SGD's momentum.
    pub momentum: f64,
    /// Whether SGD's momentum is Nesterov's.
    pub nesterov: bool,
    /// Weight decay as the optimizer has it in PyTorch: an L2 penalty added to every gradient,
    /// and with AdamW the part of every weight, times the learning rate, that a step takes off.
    pub weight_decay: f64,
    /// Largest norm of all gradients together; 0 for no clipping.
    pub grad_clip: f64,
    /// Part of every target that all classes share evenly.
    pub label_smoothing: f64,
    /// Decay of the moving average of weights that is validated and kept; 0 for none.
    pub ema: f64,
    /// Seed of initial weights, split and data order.
    pub seed: u64,
    /// Where validation images come from.
    pub val_from: ValidationSource,
    /// Part of the training data held out for validation.
    pub val_fraction: f64,
    /// At most so many training images, balanced over classes; 0 for all.
    pub train_limit: usize,
    /// At most so many validation images, balanced over classes; 0 for all.
    pub val_limit: usize,
    /// At most so many test images, balanced over classes; 0 for all.
    pub test_limit: usize,
    /// Training images are shifted by up to so many pixels each way, over black; 0 for never.
    pub crop_padding: usize,
    /// Whether every other training image is mirrored.
    pub flip: bool,
    /// Side of the square that is cut out of every training image, pixels; 0 for none.
    pub cutout: usize,
    /// α of the Beta distribution of shares in which training images are mixed; 0 for never.
    pub mixup: f64,
    /// Validation images on which activations are measured each epoch; 0 for none.
    pub probe_images: usize,
    /// Basic blocks in each block.
    pub blocks: Vec<usize>,
    /// Channels of each block.
    pub widths: Vec<usize>,
    /// Groups of a ResNeXt's 3×3 convolutions.
    pub cardinality: usize,
}

/// A bound on network size that no CPU or GPU this program is for would train.
const MAX_PARAMETERS: usize = 200_000_000;

impl ExperimentSpec {
    /// The paper's recipe for `family` in `version` on `dataset`.
    pub fn paper(family: Family, version: Version, dataset: DatasetId) -> Self {
        Self {
            family,
            version,
            dataset,
            folder: ImageFolder::default(),
            epochs: dataset.default_epochs(),
            batch: 100,
            optimizer: OptimizerKind::Adam,
            lr: 0.01,
            schedule: ScheduleKind::Halve,
            lr_halve_every: 20,
            warmup: 0.0,
            beta1: 0.9,
            beta2: 0.999,
            eps: 1e-8,
            momentum: 0.0,
            nesterov: false,
            weight_decay: 0.0,
            grad_clip: 0.0,
            label_smoothing: 0.0,
            ema: 0.0,
            seed: 0,
            val_from: ValidationSource::Train,
            val_fraction: 0.1,
            train_limit: 0,
            val_limit: 0,
            test_limit: 0,
            crop_padding: 0,
            flip: false,
            cutout: 0,
            mixup: 0.0,
            probe_images: 500,
            blocks: vec![2, 3, 3],
            widths: vec![16, 32, 64],
            cardinality: 4,
        }
    }

    /// The spec that `pairs` of key and value describe, defaults being the paper's for
    /// the dataset they name; not yet [`checked`](Self::checked).
    ///
    /// # Errors
    /// For an unknown key, or a value that its key does not take.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, SpecError> {
        let pairs: Vec<_> = pairs.into_iter().collect();
        let named = |key: &str| pairs.iter().find(|(k, _)| *k == key).map(|(_, value)| *value);
        let dataset = named("dataset").map_or(Ok(DatasetId::FashionEmbedded), DatasetId::parse)?;
        let mut spec = Self::paper(Family::ResNet, Version::Original, dataset);
        // The version decides whether hops mean anything, so it is set before them.
        if let Some(version) = named("version") {
            spec.set("version", version)?;
        }
        for (key, value) in pairs.iter().copied() {
            if key != "version" {
                spec.set(key, value)?;
            }
        }
        if let (Some(version), Some(_)) = (named("version"), named("hops"))
            && !version.eq_ignore_ascii_case("hires")
        {
            return Err(SpecError::new(
                "hops",
                format!("the {version} version has no hops; use version = \"hires\""),
            ));
        }
        Ok(spec)
    }

    /// Sets one key from text, as `--set key=value` does.
    ///
    /// # Errors
    /// For an unknown key (with the nearest), or a value that it does not take.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), SpecError> {
        let known = keys::find(key)?;
        (known.set)(self, value.trim()).map_err(|e| SpecError::new(known.name, e.reason))
    }

    /// This spec in its one canonical form, or why it is not a run.
    ///
    /// Hops are written the shortest way, and a HiResNet with no hop is the original.
    ///
    /// # Errors
    /// When keys contradict each other or the network cannot exist.
    pub fn checked(mut self) -> Result<Self, SpecError> {
        if self.dataset != DatasetId::Folder && self.folder != ImageFolder::default() {
            let reason = "it, classes and image_size are keys of dataset = folder only";
            return Err(SpecError::new("folder", reason));
        }
        if self.crop_padding >= self.image_size() {
            let reason = format!("images of {} pixels would be shifted out of sight", self.image_size());
            return Err(SpecError::new("crop_padding", reason));
        }
        if self.cutout >= 2 * self.image_size() {
            let reason = format!("it would blot out images of {} pixels", self.image_size());
            return Err(SpecError::new("cutout", reason));
        }
        recipe::check(&self)?;
        let network = self.architecture()?;
        let size = params::count(&network);
        if size > MAX_PARAMETERS {
            return Err(SpecError::new(
                "widths",
                format!("the network would have {size} parameters; the limit is {MAX_PARAMETERS}"),
            ));
        }
        if let Version::HiRes(_) = self.version {
            self.version = if network.hops.is_empty() {
                Version::Original
            } else {
                Version::HiRes(HopSelection::shortest(&network.hops, self.blocks.len()))
            };
        }
        Ok(self)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.dataset.classes().unwrap_or(self.folder.classes)
    }

    /// Height and width of the images as the network sees them, pixels.
    pub fn image_size(&self) -> usize {
        self.dataset.image_size().unwrap_or(self.folder.size)
    }

    /// The hops that are on.
    ///
    /// # Errors
    /// When the selection names one that does not exist.
    pub fn hops(&self) -> Result<HopSet, SpecError> {
        match &self.version {
            Version::HiRes(selection) => selection.resolve(self.blocks.len()),
            _ => Ok(HopSet::default()),
        }
    }

    /// The network, worked out to the last width.
    ///
    /// # Errors
    /// As [`Architecture::new`], or when a hop does not exist.
    pub fn architecture(&self) -> Result<Architecture, SpecError> {
        let outline = Outline {
            family: self.family,
            widths: &self.widths,
            depths: &self.blocks,
            cardinality: self.cardinality,
            image_size: self.image_size(),
            classes: self.classes(),
        };
        // Widths and depths first: a wrong number of blocks explains a missing hop.
        let baseline = Architecture::new(&outline, HopSet::default())?;
        match self.version {
            Version::Original => Ok(baseline),
            Version::HiRes(_) => Architecture::new(&outline, self.hops()?),
            Version::Adjusted => {
                let all = HopGroup::All.hops(self.blocks.len())?;
                let hires = Architecture::new(&outline, all)?;
                Ok(adjusted::widen_to(baseline, params::count(&hires)))
            }
        }
    }

    /// The learning rate of every step, where epochs have so many steps.
    pub fn schedule(&self, steps_per_epoch: usize) -> Schedule {
        Schedule::new(self, steps_per_epoch)
    }

    /// Every key with its value, in the order of [`keys::KEYS`].
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, KeyValue)> + '_ {
        keys::KEYS.iter().filter_map(|k| (k.get)(self).map(|v| (k.name, v)))
    }

    /// What `key` is where nobody sets it: the paper's value for this dataset, or PyTorch's
    /// where the key is of something that the paper does not use; `None` where the key has no
    /// meaning in this spec.
    pub fn default_of(&self, key: &SpecKey) -> Option<KeyValue> {
        self.defaults()(key)
    }

    /// [`Self::default_of`] for many keys.
    fn defaults(&self) -> impl Fn(&SpecKey) -> Option<KeyValue> + use<> {
        let paper = Self::paper(self.family, self.version.clone(), self.dataset);
        let chosen = Self { optimizer: self.optimizer, schedule: self.schedule, ..paper.clone() };
        move |key| match key.name {
            "optimizer" | "schedule" => (key.get)(&paper),
            _ => (key.get)(&chosen),
        }
    }

    /// The keys that are not what [`Self::default_of`] says, with their values.
    pub fn unusual(&self) -> impl Iterator<Item = (&'static str, KeyValue)> + '_ {
        let default_of = self.defaults();
        keys::KEYS.iter().filter_map(move |key| {
            let value = (key.get)(self).filter(|value| default_of(key).as_ref() != Some(value))?;
            Some((key.name, value))
        })
    }

    /// Keys of the data and of how it is trained on that `other` has otherwise; those that only
    /// one of them has follow from others, as `momentum` does from `optimizer`. Where there are
    /// none, scores of the two compare networks, or seeds.
    pub fn recipe_differences(&self, other: &Self) -> Vec<&'static str> {
        /// Which network, which of its seeds, and what is only measured.
        const OTHERS: [&str; 8] =
            ["family", "version", "hops", "blocks", "widths", "cardinality", "seed", "probe_images"];
        let of_recipe = keys::KEYS.iter().filter(|key| !OTHERS.contains(&key.name));
        let differs = |key: &&SpecKey| {
            (key.get)(self).zip((key.get)(other)).is_some_and(|(ours, theirs)| ours != theirs)
        };
        of_recipe.filter(differs).map(|key| key.name).collect()
    }
}
