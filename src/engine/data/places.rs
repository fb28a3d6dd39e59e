//! Where datasets' files may be.

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

/// Folders as a message lists them.
pub fn listed(roots: &[PathBuf]) -> String {
    roots.iter().map(|root| shown(root)).collect::<Vec<_>>().join(", ")
}
