//! Any bytes are a recording or are refused; one that is read can be played.
#![no_main]

#[path = "../inputs.rs"]
mod inputs;

use std::io::Write;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // As they are, and, because few bytes are gzip, also compressed.
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let _ = zipped.write_all(bytes);
    for source in [bytes.to_vec(), zipped.finish().unwrap_or_default()] {
        let _ = inputs::recording(&source, 0.5);
    }
});
