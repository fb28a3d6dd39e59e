//! What the workbench remembers of a folder of runs: `.workbench.json` in it, so that a later
//! session begins where the last one ended.
//!
//! Nothing is lost with it, and no run is in it. Of two programs on one folder, for each part the
//! one that changed it last is remembered.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::panels::curves::CurveSettings;
use super::panes::PaneSizes;
use super::plot::axis::AxisLimits;
use super::sort::SortBy;
use crate::engine::error::{EngineError, Result};
use crate::engine::files;

/// The file's name.
const FILE: &str = ".workbench.json";
/// Version of the format; others are not read.
const VERSION: u32 = 1;
/// Longest file read, bytes.
const MAX_FILE: u64 = 256 << 10;

/// What is remembered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// Of the format.
    pub version: u32,
    /// The draft's one-line form.
    pub draft: String,
    /// The folder's name of the run that others are compared with.
    pub baseline: Option<String>,
    /// The folders' names of the runs that are drawn, by colour.
    pub drawn: Vec<String>,
    /// How the list is sorted, and whether the other way.
    pub sort: (SortBy, bool),
    /// What is listed.
    pub filter: String,
    /// What of the curves is looked at.
    pub curves: CurveSettings,
    /// The ends of y that were typed, by metric.
    pub y_limits: [AxisLimits; 2],
    /// The sizes that panes were given.
    pub panes: PaneSizes,
}

/// What every version of the file has.
#[derive(Deserialize)]
struct FormatVersion {
    version: u32,
}

impl Remembered {
    /// To be written by this program.
    pub fn new() -> Self {
        Self { version: VERSION, ..Self::default() }
    }

    /// What is remembered of the folder `root`; `None` where nothing is.
    ///
    /// # Errors
    /// When the file cannot be read, or is none of this version.
    pub fn read(root: &Path) -> Result<Option<Self>> {
        let path = root.join(FILE);
        if path.symlink_metadata().is_err() {
            return Ok(None);
        }
        files::refuse_other_than_files(&path)?;
        let bytes = files::read_bounded(&path, MAX_FILE)?;
        let wrong = |reason: String| EngineError::run(&path, reason);
        let none = |e: serde_json::Error| wrong(format!("not a saved state of the workbench: {e}"));
        // Alone at first: another version has other fields.
        match serde_json::from_slice::<FormatVersion>(&bytes).map_err(none)?.version {
            VERSION => serde_json::from_slice(&bytes).map(Some).map_err(none),
            version if version > VERSION => Err(wrong(format!(
                "written by a newer version of this program (format {version}; this one reads {VERSION}); it is not used"
            ))),
            version => {
                Err(wrong(format!("in version {version} of the format; this program reads {VERSION}")))
            }
        }
    }

    /// Writes what has changed since `before` into the folder `root`, where that is there: parts
    /// that have not stay as another program left them.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_over(&self, before: &Self, root: &Path) -> Result<()> {
        match Self::read(root) {
            Ok(Some(there)) => self.merged(before, there).write(root),
            _ => self.write(root),
        }
    }

    /// What has changed since `before`, and the rest as it is in `there`.
    fn merged(&self, before: &Self, there: Self) -> Self {
        fn newer<T: Clone + PartialEq>(now: &T, before: &T, there: T) -> T {
            if now == before { there } else { now.clone() }
        }
        Self {
            version: VERSION,
            draft: newer(&self.draft, &before.draft, there.draft),
            baseline: newer(&self.baseline, &before.baseline, there.baseline),
            drawn: newer(&self.drawn, &before.drawn, there.drawn),
            sort: newer(&self.sort, &before.sort, there.sort),
            filter: newer(&self.filter, &before.filter, there.filter),
            curves: newer(&self.curves, &before.curves, there.curves),
            y_limits: newer(&self.y_limits, &before.y_limits, there.y_limits),
            panes: newer(&self.panes, &before.panes, there.panes),
        }
    }

    /// Writes it into the folder `root`, where that is there.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn write(&self, root: &Path) -> Result<()> {
        let path = root.join(FILE);
        if !root.is_dir() {
            return Ok(());
        }
        let bytes = serde_json::to_vec_pretty(self)
            .map_err(|e| EngineError::run(&path, format!("cannot be encoded: {e}")))?;
        files::write_unflushed(&path, &bytes)
    }
}
