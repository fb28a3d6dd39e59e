//! Whatever comes, in whatever order: no panic, no trap, nothing that a terminal would
//! act on.

use ratatui::buffer::Buffer;

/// That no cell holds a control character or one that changes the direction of text.
pub fn assert_harmless(buffer: &Buffer) {
    for cell in buffer.content() {
        let is_bad = |c: char| {
            c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!cell.symbol().contains(is_bad), "{:?}", cell.symbol());
    }
}
