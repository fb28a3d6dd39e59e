//! Any text is a preset or is refused; one that is read is a whole run.
#![no_main]

use hiresnet_tui::engine::presets;
use libfuzzer_sys::fuzz_target;
use std::path::Path;

fuzz_target!(|text: &str| {
    if let Ok(spec) = presets::parse(Path::new("fuzz"), text) {
        assert_eq!(spec.clone().checked(), Ok(spec));
    }
});
