//! Any bytes are a dataset's file or are refused; the first byte says of which format.
#![no_main]

#[path = "../../datasets/bytes.rs"]
mod bytes;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    if let Some((format, rest)) = input.split_first()
        && let Ok(folder) = tempfile::tempdir()
    {
        let _ = bytes::read(*format, rest, folder.path());
    }
});
