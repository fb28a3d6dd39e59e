//! The orders that runs can be listed in.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::run::TrackedRun;

/// What the list is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// When they began; newest first.
    #[default]
    Began,
    /// Their one-line specs.
    Spec,
    /// Best validation top-1; highest first.
    Validation,
    /// Test top-1; highest first.
    Test,
    /// How long they took; longest first.
    Time,
}

impl SortBy {
    /// All, in the order in which a key goes through them.
    pub const ALL: [Self; 5] = [Self::Began, Self::Spec, Self::Validation, Self::Test, Self::Time];

    /// A word for the panel's title.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Began => "newest",
            Self::Spec => "spec",
            Self::Validation => "val",
            Self::Test => "test",
            Self::Time => "time",
        }
    }
}

/// Which of two runs is listed above the other.
pub fn compare(sort: SortBy, a: &TrackedRun, b: &TrackedRun) -> Ordering {
    let number = |value: Option<f64>| value.unwrap_or(f64::NEG_INFINITY);
    let order = match sort {
        SortBy::Began => b.began().cmp(&a.began()),
        SortBy::Spec => a.line.cmp(&b.line),
        SortBy::Validation => number(b.validation()).total_cmp(&number(a.validation())),
        SortBy::Test => number(b.test()).total_cmp(&number(a.test())),
        SortBy::Time => b.state.t.total_cmp(&a.state.t),
    };
    // The newest of equals first.
    order.then_with(|| b.began().cmp(&a.began())).then_with(|| b.id.cmp(&a.id))
}
