//! Files of a dataset that cannot be used: the first few of them by name, and how many, so that
//! whoever mends them need not start once for each.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::tree::Tree;
use crate::domain::text::{grouped, harmless};
use crate::engine::error::{EngineError, Result};

/// Files that are named, and characters said of each.
const NAMED: usize = 10;
const MAX_SAID: usize = 160;

/// A file's split, 0 for training and 1 for test, and its place in it.
pub type FilePlace = (usize, usize);

/// Files that cannot be used, and why.
#[derive(Debug, Default)]
pub struct UnusableFiles {
    count: AtomicUsize,
    first: Mutex<BTreeMap<FilePlace, (String, String)>>,
    /// Those known before any was read.
    listed: HashSet<FilePlace>,
}

impl UnusableFiles {
    /// Adds one that is not to be read.
    pub fn list(&mut self, place: FilePlace, name: &str, reason: String) {
        self.listed.insert(place);
        self.add(place, name, reason);
    }

    /// Whether the file at `place` is not to be read.
    pub fn has(&self, place: FilePlace) -> bool {
        self.listed.contains(&place)
    }

    /// Adds one.
    pub fn add(&self, place: FilePlace, name: &str, reason: String) {
        self.count.fetch_add(1, Ordering::Relaxed);
        let mut first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        first.insert(place, (name.to_owned(), reason));
        if first.len() > NAMED {
            first.pop_last();
        }
    }

    /// That there are none among the dataset's `files`.
    ///
    /// # Errors
    /// When there are; it names them.
    pub fn none_of(&self, tree: &Tree, files: usize) -> Result<()> {
        let count = self.count.load(Ordering::Relaxed);
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
        match (count, first.values().next()) {
            (0, _) | (_, None) => Ok(()),
            (1, Some((name, reason))) => Err(EngineError::data(tree.place(name), reason.clone())),
            _ => {
                let said = first.values().map(|(name, reason)| format!("{name}: {reason}"));
                let said = listed(said, count);
                let reason =
                    format!("{} of its {} files cannot be read: {said}", grouped(count), grouped(files));
                Err(EngineError::data(tree.place(""), reason))
            }
        }
    }
}

/// The first few of `count` things, as a message lists them.
pub fn listed(things: impl IntoIterator<Item = String>, count: usize) -> String {
    let said: Vec<_> = things.into_iter().take(NAMED).map(|text| harmless(&text, MAX_SAID)).collect();
    let more = match count.saturating_sub(said.len()) {
        0 => String::new(),
        more => format!("; and {} more", grouped(more)),
    };
    format!("{}{more}", said.join("; "))
}
