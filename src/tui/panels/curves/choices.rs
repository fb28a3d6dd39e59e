//! What can be drawn: metrics, splits, and what x is.

use serde::{Deserialize, Serialize};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlottedMetric {
    /// Mean cross-entropy, nats.
    Loss,
    /// Top-1 accuracy, percent.
    Top1,
    /// Learning rate with which each step was taken.
    LearningRate,
}

impl PlottedMetric {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Loss, Self::Top1, Self::LearningRate];

    /// The name in headings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Top1 => "top-1",
            Self::LearningRate => "learning rate",
        }
    }
}

/// Which metrics are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metrics {
    /// Loss.
    #[default]
    Loss,
    /// Top-1.
    Top1,
    /// A picture of each, where there is room; else loss.
    Both,
    /// Learning rate.
    LearningRate,
}

/// Which splits are drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Splits {
    /// Train and validation.
    #[default]
    Both,
    /// Validation alone.
    Validation,
    /// Train alone.
    Train,
}

impl Splits {
    /// Whether train is drawn.
    pub fn train(self) -> bool {
        self != Self::Validation
    }

    /// Whether validation is drawn.
    pub fn validation(self) -> bool {
        self != Self::Train
    }
}

/// What x is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XAxis {
    /// Steps taken.
    #[default]
    Step,
    /// Epochs, parts of them included.
    Epoch,
    /// Seconds since the run started.
    Time,
}

impl XAxis {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Step, Self::Epoch, Self::Time];

    /// The name on the axis.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Epoch => "epoch",
            Self::Time => "time",
        }
    }
}
