//! The keys of an `ExperimentSpec`: one table that TOML, `--set`, the one-line form and
//! the help all read.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::architecture::{Family, MAX_DEPTH, MAX_WIDTH};
use super::dataset::{DatasetId, ImageFolder};
use super::error::{SpecError, suggestion};
use super::recipe::OptimizerKind;
use super::schedule::ScheduleKind;
use super::spec::{ExperimentSpec, ValidationSource, Version};

/// A key's value as files hold it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "not a number, a name, or a list of these")]
pub enum KeyValue {
    /// Yes or no.
    Bool(bool),
    /// A count or a seed.
    Int(i64),
    /// A real number.
    Float(f64),
    /// A name.
    Text(String),
    /// A list.
    List(Vec<KeyValue>),
}

/// As `--set` and the one-line form write it: lists with commas, no spaces.
impl fmt::Display for KeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(yes) => yes.fmt(f),
            Self::Int(n) => n.fmt(f),
            Self::Float(x) => write!(f, "{x:?}"),
            Self::Text(text) => f.write_str(text),
            Self::List(items) => {
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    item.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

/// One key.
pub struct SpecKey {
    /// Its name, as typed.
    pub name: &'static str,
    /// What it means, in a few words, with its unit.
    pub about: &'static str,
    /// Its value in a spec; `None` where it has no meaning there (hops of a baseline).
    pub get: fn(&ExperimentSpec) -> Option<KeyValue>,
    /// Sets it from text.
    pub set: fn(&mut ExperimentSpec, &str) -> Result<(), SpecError>,
}

/// The key called `name`.
///
/// # Errors
/// When there is none; the message says the nearest.
pub fn find(name: &str) -> Result<&'static SpecKey, SpecError> {
    if name.is_empty() {
        return Err(SpecError::new("key", "there is none before the '='"));
    }
    KEYS.iter().find(|k| k.name == name).ok_or_else(|| {
        let names: Vec<_> = KEYS.iter().map(|k| k.name).collect();
        SpecError::new(name, format!("unknown key '{name}'{}", suggestion(name, &names)))
    })
}

macro_rules! count {
    ($name:literal, $about:literal, $field:ident, $range:expr) => {
        SpecKey {
            name: $name,
            about: $about,
            get: |s| Some(KeyValue::Int(s.$field as i64)),
            set: |s, text| number(text, $range).map(|value| s.$field = value),
        }
    };
}

macro_rules! real {
    ($name:literal, $about:literal, $field:ident, $range:expr) => {
        real!($name, $about, $field, $range, |_| true)
    };
    ($name:literal, $about:literal, $field:ident, $range:expr, $has:expr) => {
        SpecKey {
            name: $name,
            about: $about,
            get: |s| has(s, $has).then_some(KeyValue::Float(s.$field)),
            set: |s, text| number(text, $range).map(|value| s.$field = value),
        }
    };
}

macro_rules! switch {
    ($name:literal, $about:literal, $field:ident, $has:expr) => {
        SpecKey {
            name: $name,
            about: $about,
            get: |s| has(s, $has).then_some(KeyValue::Bool(s.$field)),
            set: |s, text| switch(text).map(|value| s.$field = value),
        }
    };
}

macro_rules! list {
    ($name:literal, $about:literal, $field:ident, $range:expr) => {
        SpecKey {
            name: $name,
            about: $about,
            get: |s| Some(KeyValue::List(s.$field.iter().map(|n| KeyValue::Int(*n as i64)).collect())),
            set: |s, text| {
                s.$field = text
                    .trim_matches(['[', ']'])
                    .split(',')
                    .map(|n| number(n.trim(), $range))
                    .collect::<Result<_, _>>()?;
                Ok(())
            },
        }
    };
}

const MANY: usize = 1_000_000_000;
/// Most classes of a folder of images: as many as ImageNet's largest edition has.
const MAX_CLASSES: usize = 22_000;

/// Every key, in the order in which they are written.
pub static KEYS: &[SpecKey] = &[
    SpecKey {
        name: "family",
        about: "plain, resnet or resnext",
        get: |s| Some(KeyValue::Text(s.family.name().into())),
        set: |s, text| Family::parse(text).map(|value| s.family = value),
    },
    SpecKey {
        name: "version",
        about: "original, adjusted or hires",
        get: |s| Some(KeyValue::Text(s.version.name().into())),
        set: |s, text| {
            let version = Version::parse(text)?;
            // Saying "hires" of a spec that has hops already keeps them.
            if version.name() != s.version.name() {
                s.version = version;
            }
            Ok(())
        },
    },
    SpecKey {
        name: "hops",
        about: "projections that are on: All, In, Out, None, P1, P2, … or hops such as 0-2; makes the version hires",
        get: |s| match &s.version {
            Version::HiRes(hops) => {
                Some(KeyValue::List(hops.groups().iter().map(|g| KeyValue::Text(g.to_string())).collect()))
            }
            _ => None,
        },
        set: |s, text| text.trim_matches(['[', ']']).parse().map(|hops| s.version = Version::HiRes(hops)),
    },
    SpecKey {
        name: "dataset",
        about: "fashion-embedded, fashion, cifar10, cifar100, tiny-imagenet, mnist, or folder for images of your own",
        get: |s| Some(KeyValue::Text(s.dataset.name().into())),
        set: |s, text| {
            let dataset = DatasetId::parse(text)?;
            if dataset != s.dataset {
                s.folder = ImageFolder::default();
            }
            s.dataset = dataset;
            Ok(())
        },
    },
    SpecKey {
        name: "folder",
        about: "of dataset folder: its name among the data folders, with train/CLASS and test/CLASS in it",
        get: |s| in_folder(s, |f| KeyValue::Text(f.name.clone())),
        set: |s, text| ImageFolder::parse_name(text).map(|name| s.folder.name = name),
    },
    SpecKey {
        name: "classes",
        about: "of dataset folder: how many classes it has",
        get: |s| in_folder(s, |f| KeyValue::Int(f.classes as i64)),
        set: |s, text| number(text, 2..=MAX_CLASSES).map(|n| s.folder.classes = n),
    },
    SpecKey {
        name: "image_size",
        about: "of dataset folder: height and width that its images are resized and cropped to, pixels",
        get: |s| in_folder(s, |f| KeyValue::Int(f.size as i64)),
        set: |s, text| number(text, 8..=256).map(|n| s.folder.size = n),
    },
    count!("seed", "seed of initial weights, split and data order", seed, 0..=i64::MAX as u64),
    count!("epochs", "passes over the train split", epochs, 1..=1_000_000),
    count!("batch", "batch size: images per step", batch, 1..=100_000),
    SpecKey {
        name: "optimizer",
        about: "adam, adamw or sgd, as in torch.optim",
        get: |s| Some(KeyValue::Text(s.optimizer.name().into())),
        set: |s, text| OptimizerKind::parse(text).map(|value| s.optimizer = value),
    },
    real!("lr", "learning rate, the highest of the schedule", lr, 1e-12..=1e38),
    SpecKey {
        name: "schedule",
        about: "of the learning rate: halve, cosine, onecycle or constant",
        get: |s| Some(KeyValue::Text(s.schedule.name().into())),
        set: |s, text| ScheduleKind::parse(text).map(|value| s.schedule = value),
    },
    SpecKey {
        name: "lr_halve_every",
        about: "of schedule halve: epochs after which the learning rate halves; 0 for never",
        get: |s| (s.schedule == ScheduleKind::Halve).then_some(KeyValue::Int(s.lr_halve_every as i64)),
        set: |s, text| number(text, 0..=MANY).map(|value| s.lr_halve_every = value),
    },
    real!(
        "warmup",
        "epochs over which the learning rate first rises from a third of lr, step by step; 0 for none",
        warmup,
        0.0..=1e6,
        |s| s.schedule != ScheduleKind::OneCycle
    ),
    real!(
        "beta1",
        "of adam and adamw: exponential decay rate of the first moment",
        beta1,
        0.0..=0.999_999_9,
        is_adam
    ),
    real!(
        "beta2",
        "of adam and adamw: exponential decay rate of the second moment",
        beta2,
        0.0..=0.999_999_9,
        is_adam
    ),
    real!("eps", "of adam and adamw: epsilon", eps, 1e-30..=1.0, is_adam),
    real!("momentum", "of sgd: momentum; 0 for none", momentum, 0.0..=0.999_999_9, is_sgd),
    switch!("nesterov", "of sgd: whether the momentum is Nesterov's, true or false", nesterov, is_sgd),
    real!(
        "weight_decay",
        "L2 penalty added to every gradient; with adamw decoupled from it, as in PyTorch",
        weight_decay,
        0.0..=1e3
    ),
    real!(
        "grad_clip",
        "maximum global gradient norm, to which larger gradients are scaled down; 0 for no clipping",
        grad_clip,
        0.0..=1e9
    ),
    real!(
        "label_smoothing",
        "part of every training target that is spread evenly over all classes",
        label_smoothing,
        0.0..=0.999_999_9
    ),
    real!(
        "ema",
        "decay of the moving average of the weights, which is validated, tested and saved; 0 for none",
        ema,
        0.0..=0.999_999_9
    ),
    real!("val_fraction", "part of the training data held out for validation", val_fraction, 0.001..=0.9),
    SpecKey {
        name: "val_from",
        about: "where validation images come from: train (a part held out) or test (all of it)",
        get: |s| Some(KeyValue::Text(s.val_from.name().into())),
        set: |s, text| ValidationSource::parse(text).map(|value| s.val_from = value),
    },
    count!(
        "train_limit",
        "maximum number of training images, balanced over classes; 0 for all",
        train_limit,
        0..=MANY
    ),
    count!(
        "val_limit",
        "maximum number of validation images, balanced over classes; 0 for all",
        val_limit,
        0..=MANY
    ),
    count!(
        "test_limit",
        "maximum number of test images, balanced over classes; 0 for all",
        test_limit,
        0..=MANY
    ),
    count!(
        "crop_padding",
        "training images are shifted by up to so many pixels each way; 0 for never",
        crop_padding,
        0..=64
    ),
    switch!("flip", "whether training images are mirrored at random: true or false", flip, |_| true),
    count!(
        "cutout",
        "side of the square that is cut out of every training image, pixels; 0 for none",
        cutout,
        0..=512
    ),
    real!(
        "mixup",
        "training images are mixed in pairs, with weights drawn from Beta(mixup, mixup); 0 for never",
        mixup,
        0.0..=1e3
    ),
    count!(
        "probe_images",
        "validation images probed for Fig. 2 each epoch; 0 for none",
        probe_images,
        0..=MANY
    ),
    list!(
        "blocks",
        "basic blocks in each block; its length is the number of blocks, 1 to 8",
        blocks,
        1..=MAX_DEPTH
    ),
    list!("widths", "channels of each block", widths, 1..=MAX_WIDTH),
    count!("cardinality", "groups of a ResNeXt's 3×3 convolutions", cardinality, 1..=1024),
];

/// A value that only the dataset `folder` has.
fn in_folder(spec: &ExperimentSpec, value: fn(&ImageFolder) -> KeyValue) -> Option<KeyValue> {
    (spec.dataset == DatasetId::Folder).then(|| value(&spec.folder))
}

/// Whether `spec` has a key. As a function, it gives the macros' conditions their type.
fn has(spec: &ExperimentSpec, condition: fn(&ExperimentSpec) -> bool) -> bool {
    condition(spec)
}

const fn is_adam(spec: &ExperimentSpec) -> bool {
    spec.optimizer.is_adam()
}

const fn is_sgd(spec: &ExperimentSpec) -> bool {
    matches!(spec.optimizer, OptimizerKind::Sgd)
}

fn switch(text: &str) -> Result<bool, SpecError> {
    text.parse().map_err(|_| SpecError::new("", format!("'{text}' is neither true nor false")))
}

fn number<T: FromStr + PartialOrd + fmt::Debug>(
    text: &str,
    range: RangeInclusive<T>,
) -> Result<T, SpecError> {
    let parsed = text.parse::<T>();
    // `1.5` is a number, but none of epochs.
    let is_fraction = parsed.is_err() && text.parse::<f64>().is_ok_and(|number| number.fract() != 0.0);
    match parsed {
        Ok(n) if range.contains(&n) => Ok(n),
        _ => Err(SpecError::new(
            "",
            format!(
                "'{text}' is not a {}number from {:?} to {:?}",
                if is_fraction { "whole " } else { "" },
                range.start(),
                range.end()
            ),
        )),
    }
}
