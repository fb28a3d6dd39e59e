//! What the help, the man page and the reference say besides options: keys of a spec, exit codes, the
//! environment, files, and what the program was built with.

use std::sync::LazyLock;

use crate::domain::architecture::Family;
use crate::domain::dataset::DatasetId;
use crate::domain::keys::{KEYS, SpecKey};
use crate::domain::recipe::OptimizerKind;
use crate::domain::spec::{ExperimentSpec, Version};
use crate::engine::device::BACKENDS;
use crate::engine::kernels::isa::Isa;
use crate::engine::presets::SHIPPED;

/// Exit codes and what they mean.
pub const EXIT_CODES: [(&str, &str); 4] = [
    ("0", "success"),
    (
        "1",
        "a run diverged (now or earlier), failed, or has a damaged directory; eval did not reproduce the recorded \
         score; devices disagree; `data` found a dataset missing, incomplete or corrupt, or a download failed; \
         or stdout or an event file could not be written",
    ),
    ("2", "invalid input, or training data that is missing or corrupt"),
    ("130", "interrupted by SIGINT (143 by SIGTERM, 129 by SIGHUP, 131 by SIGQUIT)"),
];

/// Variables of the environment.
pub const ENVIRONMENT: [(&str, &str); 11] = [
    ("HIRESNET_DATA", "directory with the datasets, where --data-dir names none"),
    (
        "HIRESNET_CACHE",
        "directory for decoded datasets and compiled GPU kernels [default: ~/.cache/hiresnet-tui]; empty \
         turns the cache off",
    ),
    (
        "HIRESNET_LOG",
        "info or debug logs to stderr, and from the workbench to ~/.local/state/hiresnet-tui/log",
    ),
    ("HIRESNET_ISA", "avx2 or portable: compute with less than the CPU's best instructions"),
    ("HIRESNET_PYTHON", "Python whose packages are searched for NVRTC and CUDA's headers"),
    ("HIRESNET_TUNE", "1 times every GPU kernel on first use instead of taking the built-in choices"),
    ("HIRESNET_KERNEL_CHOICES", "file that replaces the built-in choices of GPU kernels"),
    ("NVIDIA_TF32_OVERRIDE", "0 turns TF32 off: all of CUDA's arithmetic is in 32-bit floats"),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "proxies for downloads, http or socks5"),
    ("NO_COLOR", "any value turns colours off"),
    (
        "XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_CACHE_HOME, XDG_STATE_HOME",
        "parents of the directories below, instead of ~/.config, ~/.local/share, ~/.cache and ~/.local/state",
    ),
];

/// Files that the program reads and writes.
pub const FILES: [(&str, &str); 6] = [
    ("runs/", "the runs, one directory each (--out names another place)"),
    ("~/.config/hiresnet-tui/config.toml", "settings of the workbench (--print-config prints them)"),
    ("~/.config/hiresnet-tui/presets/*.toml", "your own presets"),
    ("~/.local/share/hiresnet-tui/", "datasets that `data fetch` downloads"),
    ("~/.cache/hiresnet-tui/", "decoded datasets and compiled GPU kernels; safe to delete"),
    ("~/.local/state/hiresnet-tui/log", "the workbench's log, with HIRESNET_LOG"),
];

/// The keys of a spec: name, default in the paper's recipe on CIFAR-10, meaning.
pub fn spec_keys() -> Vec<(&'static str, String, &'static str)> {
    let paper = ExperimentSpec::paper(Family::ResNet, Version::hires(), DatasetId::Cifar10);
    // Some keys are of another optimizer than the paper's.
    let others = [OptimizerKind::Sgd].map(|optimizer| ExperimentSpec { optimizer, ..paper.clone() });
    let default = |key: &SpecKey| {
        let value = [&paper].into_iter().chain(&others).find_map(key.get);
        value.map_or_else(String::new, |value| value.to_string())
    };
    let row = |key: &'static SpecKey| {
        let default = match key.name {
            // A spec says these itself.
            "family" | "dataset" => String::new(),
            "version" => "original".into(),
            "hops" => "All with hires".into(),
            "epochs" => "by dataset".into(),
            _ => default(key),
        };
        (key.name, default, key.about)
    };
    KEYS.iter().map(row).collect()
}

/// The names of the presets and sweeps that are not rows of the paper's tables.
pub fn few_presets() -> String {
    let names = SHIPPED.iter().map(|(name, _)| *name).filter(|name| !name.starts_with("table"));
    names.collect::<Vec<_>>().join(", ")
}

/// What follows the options in `--help`.
pub fn after_help() -> String {
    let mut text = format!(
        "Presets: {}, and every row of the paper's Tables 1 and 2 (see `presets list`)\n\n\
         Keys of a spec, for --set, one-line specs and TOML; defaults are the paper's recipe:\n",
        few_presets()
    );
    for key in KEYS {
        text += &format!("  {:15} {}\n", key.name, key.about);
    }
    text += "\nExit codes:\n";
    for (code, about) in EXIT_CODES {
        text += &format!("  {code:15} {about}\n");
    }
    text + "\nEnvironment: HIRESNET_DATA, HIRESNET_CACHE, HIRESNET_LOG, HIRESNET_ISA and others: see `hiresnet-tui man`"
}

/// `--version`: the version, and what this build can do on this machine.
pub fn version_facts() -> &'static str {
    static FACTS: LazyLock<String> = LazyLock::new(|| {
        let names = |built: bool| {
            let names: Vec<_> =
                BACKENDS.iter().filter(|b| b.built == built).map(|backend| backend.name).collect();
            names.join(", ")
        };
        let left_out = match names(false) {
            none if none.is_empty() => none,
            names => format!(" (not built in: {names})"),
        };
        let best =
            Isa::wanted().map_or_else(|error| format!("HIRESNET_ISA: {error}"), |isa| isa.name().into());
        let all: Vec<_> = Isa::all().into_iter().map(Isa::name).collect();
        format!(
            "{}\nbackends:      {}{left_out}\ninstructions:  {best} (of {})\ntarget:        {}, {} profile\ncompiler:      {}",
            env!("CARGO_PKG_VERSION"),
            names(true),
            all.join(", "),
            env!("HIRESNET_BUILD_TARGET"),
            env!("HIRESNET_BUILD_PROFILE"),
            env!("HIRESNET_BUILD_RUSTC"),
        )
    });
    &FACTS
}
