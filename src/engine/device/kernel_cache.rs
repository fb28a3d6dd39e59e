//! Where compiled kernels, and which of several is the fastest, are kept between starts.
//!
//! cubecl itself would put them into the `target` folder of whatever project the user stands
//! in. Kernels are compiled for one device by one compiler, so each pair has a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cubecl::config::cache::CacheConfig;
use cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};

use crate::engine::data::places;

/// A lock is held while one entry is written.
const LONGEST_LOCK: Duration = Duration::from_secs(5);

/// Keeps kernels of the device and compiler that `parts` name from now on, in the folder that it
/// returns. Where the user's cache folder cannot be written, kernels are compiled anew at every
/// start.
pub fn keep_kernels_of(parts: &[&str]) -> Option<PathBuf> {
    let mut config = CubeClRuntimeConfig::default().override_from_env();
    let folder = places::cache().map(|cache| folder(&cache, parts));
    let folder = folder.filter(|folder| is_writable(folder));
    match &folder {
        Some(folder) => {
            clear_stale_locks(folder);
            config.autotune.cache = CacheConfig::File(folder.clone());
            config.compilation.cache = Some(CacheConfig::File(folder.clone()));
        }
        None => {
            // cubecl does without a file that it cannot create, and inside a file there is none.
            config.autotune.cache = CacheConfig::File(std::env::current_exe().unwrap_or_default());
            config.compilation.cache = None;
        }
    }
    // Set before a device is opened: cubecl reads it then.
    *CubeClRuntimeConfig::storage().lock() = Some(config.into());
    folder
}

/// Removes locks that a killed process left: cubecl would wait half a minute for each.
fn clear_stale_locks(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let Ok(facts) = entry.metadata() else { continue };
        if facts.is_dir() {
            clear_stale_locks(&path);
        } else if path.extension().is_some_and(|extension| extension == "lock")
            && facts.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LONGEST_LOCK))
        {
            let _ = fs::remove_file(path);
        }
    }
}

/// `kernels/PROGRAM/PARTS` within `cache`, of characters that every file system takes.
fn folder(cache: &Path, parts: &[&str]) -> PathBuf {
    let plain = |c: char| if c.is_ascii_alphanumeric() || ".+-".contains(c) { c } else { '_' };
    let name: String = parts.join("-").chars().map(plain).take(120).collect();
    cache.join("kernels").join(env!("CARGO_PKG_VERSION")).join(name)
}

fn is_writable(folder: &Path) -> bool {
    fs::create_dir_all(folder).is_ok() && tempfile::tempfile_in(folder).is_ok()
}
