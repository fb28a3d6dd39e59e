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
    roots.iter().map(|root| shown(root)).collect::<Vec<_>>().join(", ")
}
