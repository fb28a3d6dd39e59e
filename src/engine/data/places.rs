//! Where datasets' files may be, and where decoded ones are kept.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::engine::error::shown;

/// Folders to look in, most wanted first. A folder that the user named is the only one.
pub fn roots(folder: Option<&Path>) -> Vec<PathBuf> {
    let variable = || std::env::var_os("HIRESNET_DATA").filter(|v| !v.is_empty()).map(PathBuf::from);
    match folder.map(Path::to_path_buf).or_else(variable) {
        Some(folder) => vec![folder],
        None => {
            let user = etcetera::choose_base_strategy().ok().map(|dirs| dirs.data_dir().join("hiresnet-tui"));
            user.into_iter().collect()
        }
    }
}

/// Whether nobody said where datasets are, so that the system's folders count as well.
pub fn is_unsaid(folder: Option<&Path>) -> bool {
    folder.is_none() && std::env::var_os("HIRESNET_DATA").is_none_or(|v| v.is_empty())
}

/// The folder of decoded datasets: `$HIRESNET_CACHE`, else one in the user's cache folder;
/// `None` where the variable is empty.
pub fn cache() -> Option<PathBuf> {
    match std::env::var_os("HIRESNET_CACHE") {
        Some(folder) => (!folder.is_empty()).then(|| PathBuf::from(folder)),
        None => Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("hiresnet-tui")),
    }
}

/// Folders as a message lists them.
pub fn listed(roots: &[PathBuf]) -> String {
    let listed = |root: &PathBuf| match root.is_dir() {
        true => shown(root),
        false => format!("{}, which {}", shown(root), what_else(root)),
    };
    roots.iter().map(listed).collect::<Vec<_>>().join(", ")
}

/// That the data folder somebody named is none, as a sentence; `None` where it is one, or
/// nobody named any.
pub fn absent(folder: Option<&Path>) -> Option<String> {
    if is_unsaid(folder) {
        return None;
    }
    let root = roots(folder).into_iter().find(|root| !root.is_dir())?;
    let by = if folder.is_some() { "--data-dir" } else { "HIRESNET_DATA" };
    Some(format!("the data directory {}, named by {by}, {}", shown(&root), what_else(&root)))
}

fn what_else(root: &Path) -> &'static str {
    if root.symlink_metadata().is_err() {
        "does not exist"
    } else if root.is_symlink() && !root.exists() {
        "is a link that leads nowhere"
    } else {
        "is not a directory"
    }
}
