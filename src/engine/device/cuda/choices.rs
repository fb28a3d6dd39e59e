//! Which of several kernels computes what, for the shapes of the paper's networks, so that these
//! need no tuning: see `assets/kernels`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::value::RawValue;

use crate::engine::files;

/// Without tensor cores.
const PLAIN: &str = include_str!("../../../../assets/kernels/cuda.json");
/// With those that multiply in TF32.
const TF32: &str = include_str!("../../../../assets/kernels/cuda-tf32.json");

/// cubecl's own version, which its folder is called after.
const CUBECL: &str = "0.10.0";

/// Writes the choices into the cache folder of a device, before it is opened for the first time.
/// A failure only means that everything is tuned.
pub fn write(cache: &Path, index: usize, tf32: bool) {
    if std::env::var_os("HIRESNET_TUNE").is_some_and(|value| value == "1") {
        return;
    }
    let folder = cache.join("autotune").join(CUBECL).join(format!("device-0-{index}-cuda"));
    if folder.exists() || fs::create_dir_all(&folder).is_err() {
        return;
    }
    let text = if tf32 { TF32 } else { PLAIN };
    let files: BTreeMap<String, Vec<Box<RawValue>>> = serde_json::from_str(text).unwrap_or_default();
    for (name, entries) in files {
        let lines: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
        let _ = files::write_atomically(&folder.join(name), lines.as_bytes());
    }
}
