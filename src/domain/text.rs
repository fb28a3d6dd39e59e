//! Text for people: numbers they can read, and text from outside (file names,
//! recordings, presets) made safe to show.

/// `text` with every control character replaced by its visible picture (`␛` for
/// escape, `␊` for newline, `·` for those without one), and cut after `max` characters.
///
/// Direction overrides and other invisible format characters can reorder what a
/// terminal shows, so they are replaced too.
pub fn harmless(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    for (shown, c) in text.chars().enumerate() {
        if shown == max {
            out.push('…');
            break;
        }
        out.push(match c {
            '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + c as u32).unwrap_or('·'),
            '\u{7f}' => '␡',
            '\u{80}'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => '·',
            '\u{2060}'..='\u{206f}' | '\u{feff}' => '·',
            c => c,
        });
    }
    out
}

/// `273466` as `273,466`.
pub fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([grouped(7), grouped(273_466), grouped(1_000_000)], ["7", "273,466", "1,000,000"]);
    }

    #[test]
    fn control_characters_are_made_visible() {
        assert_eq!(harmless("a\x1b[31mb\n", 99), "a␛[31mb␊");
        assert_eq!(harmless("x\u{202e}y\u{9b}z", 99), "x·y·z");
        assert_eq!(harmless("abcdef", 3), "abc…");
        assert_eq!(harmless("naïve → ok", 99), "naïve → ok");
    }
}
