//! Any text is a preset or is refused; one that is read is a whole run.
#![no_main]

#[path = "../inputs.rs"]
mod inputs;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = inputs::preset(text);
});
