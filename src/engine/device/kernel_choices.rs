//! Which of several kernels computes what, for shapes whose kernels need no tuning: see
//! `assets/kernels`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use serde_json::value::RawValue;

use crate::engine::files;

/// cubecl's own version, which its folder is called after.
const CUBECL: &str = "0.10.0";

/// Largest file of choices, bytes.
const LARGEST: u64 = 4 << 20;

/// Writes choices into the cache folder of a device, before it is opened for the first time:
/// those of the file that `HIRESNET_KERNEL_CHOICES` names, else those that are `built_in`.
/// `HIRESNET_TUNE=1` writes none. A failure only means that everything is tuned.
pub fn write(cache: &Path, device: &str, built_in: &str) {
    if std::env::var_os("HIRESNET_TUNE").is_some_and(|value| value == "1") {
        return;
    }
    let folder = cache.join("autotune").join(CUBECL).join(device);
    if folder.exists() {
        return;
    }
    let named = std::env::var_os("HIRESNET_KERNEL_CHOICES").map(|path| read(path.as_ref()));
    let text = named.unwrap_or_else(|| built_in.to_owned());
    let files: BTreeMap<String, Vec<Box<RawValue>>> = serde_json::from_str(&text).unwrap_or_default();
    if files.is_empty() || fs::create_dir_all(&folder).is_err() {
        return;
    }
    for (name, entries) in files.iter().filter(|(name, _)| is_plain(name)) {
        let lines: String = entries.iter().map(|entry| format!("{entry}\n")).collect();
        let _ = files::write_own(&folder.join(name), lines.as_bytes());
    }
}

fn read(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    if let Err(error) = read {
        tracing::warn!("HIRESNET_KERNEL_CHOICES is not read: {error}");
    }
    text
}

/// Whether it is the name of one of cubecl's files, and no path.
fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    name.ends_with(".json.log") && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        assert!(is_plain("burn_cubecl-kernel-conv-forward-tune.json.log"));
        assert!(!is_plain("../x.json.log") && !is_plain("/etc/x.json.log") && !is_plain("x"));
    }
}
