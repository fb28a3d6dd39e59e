//! Any bytes are a recording or are refused; one that is read can be played.
#![no_main]

use std::io::Write;
use std::path::Path;

use hiresnet_tui::domain::tape::Tape;
use hiresnet_tui::engine::recording;
use hiresnet_tui::tui::player::{Goal, Order, Player};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // As they are, and, because few bytes are gzip, also compressed.
    let mut zipped = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let _ = zipped.write_all(bytes);
    for source in [bytes.to_vec(), zipped.finish().unwrap_or_default()] {
        if let Ok(runs) = recording::read(source.as_slice(), Path::new("fuzz")) {
            let mut player = Player::new(Tape::new(runs), 1.0, false);
            player.obey(&Order::Seek(Goal::Part(0.5)));
            player.advance(1e9);
        }
    }
});
