//! The one error of this layer: a description that does not name a network or a run.

use std::fmt;

/// A rejected value: which field, what was given, why, and what would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecError {
    /// The key or part at fault, e.g. `hops` or `lr`.
    pub field: String,
    /// One sentence a user can act on.
    pub reason: String,
}

impl SpecError {
    /// An error about `field`.
    pub fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { field: field.into(), reason: reason.into() }
    }
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

impl std::error::Error for SpecError {}

/// The candidate nearest to a mistyped `word`, if any is near enough to be meant.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(&word, &c.to_lowercase()), c))
        .filter(|(score, _)| *score > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}

/// " (did you mean X?)" where a candidate is near, else the list of all.
pub fn suggestion(word: &str, candidates: &[&str]) -> String {
    match nearest(word, candidates.iter().copied()) {
        Some(c) => format!(" (did you mean '{c}'?)"),
        None => format!(" (known: {})", candidates.join(", ")),
    }
}
