//! Text for people: from outside (file names, recordings, presets) made safe to show, and
//! numbers as they are read.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

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
            c if is_invisible(c) => '·',
            c => c,
        });
    }
    out
}

/// Whether a character beyond ASCII tells a terminal something instead of being shown, or
/// changes how others are shown.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// JSON with the same meaning in which what a terminal would act on is escaped.
pub fn harmless_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_invisible(c) || c == '\u{7f}' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// A text with a web address in it, without the name and the password of a user that the
/// address may hold.
pub fn without_user(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("//") else { return text.to_owned() };
    let ends = |c: char| matches!(c, '/' | '?' | '#') || c.is_whitespace();
    let (host, path) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    format!("{scheme}//{host}{path}")
}

/// `1h 02m`, `3m 07s` or `12s`.
pub fn duration(seconds: f64) -> String {
    let s = seconds.max(0.0).round() as u64;
    match (s / 3600, s / 60 % 60, s % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m {s:02}s"),
        (h, m, _) => format!("{h}h {m:02}m"),
    }
}

/// `162 MiB`, `9.5 MiB`, `4 KiB`.
pub fn filesize(bytes: u64) -> String {
    let (kib, mib) = (bytes as f64 / 1024.0, bytes as f64 / f64::from(1 << 20));
    match mib {
        9.95.. => format!("{mib:.0} MiB"),
        0.95.. => format!("{mib:.1} MiB"),
        _ => format!("{kib:.0} KiB"),
    }
}

/// A learning rate with four digits that count: `0.01`, `0.008147`, `4e-7`.
pub fn learning_rate(rate: f64) -> String {
    let rounded = format!("{rate:.3e}").parse().unwrap_or(rate);
    if rounded == 0.0 || (1e-5..1e5).contains(&rounded) {
        format!("{rounded}")
    } else {
        format!("{rounded:e}")
    }
}

/// `1 step`, `2 steps`.
pub fn plural(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
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

/// `text` in lines of at most `width` columns, broken at spaces, or within a word that is longer
/// than a line, where it can be before an `@` or after a comma; nothing is left out.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut rest = word;
        if !line.is_empty() {
            if line.width() + 1 + rest.width() <= width {
                line.push(' ');
            } else {
                lines.push(std::mem::take(&mut line));
            }
        }
        while let Some((head, tail)) = rest.split_at_checked(break_within(rest, width))
            && !tail.is_empty()
        {
            lines.push(head.to_owned());
            rest = tail;
        }
        line.push_str(rest);
    }
    lines.push(line);
    lines
}

/// Where to break a word that is wider than `width`: the last good place in the second half of
/// a line, else where the line ends; at least one character stands before it.
fn break_within(word: &str, width: usize) -> usize {
    let (mut used, mut good, mut before) = (0, None, ' ');
    for (at, c) in word.char_indices() {
        if at > 0 && used >= width / 2 && (c == '@' || before == ',') {
            good = Some(at);
        }
        used += c.width().unwrap_or(0);
        if at > 0 && used > width {
            return good.unwrap_or(at);
        }
        before = c;
    }
    word.len()
}

/// `text` as one word of a POSIX shell, quoted where it has to be.
pub fn shell_word(text: &str) -> String {
    // No argument of a command holds a NUL, which no quotes could carry.
    shlex::try_quote(text).map_or_else(|_| text.replace('\0', ""), Into::into)
}

/// `text` within XML or HTML, control characters made harmless.
pub fn xml_escaped(text: &str) -> String {
    let mut out = String::new();
    for c in harmless(text, 4000).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not allowed in XML, whichever way they are written.
            '\u{fffe}' | '\u{ffff}' => out.push('·'),
            c => out.push(c),
        }
    }
    out
}

/// Bytes in GiB, `24.0 GiB`.
pub fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

/// A number with its sign, minus being U+2212; what is shown as 0 has none.
pub fn signed(number: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", number.abs());
    let is_zero = text.bytes().all(|digit| matches!(digit, b'0' | b'.'));
    match number {
        _ if is_zero => text,
        n if n < 0.0 => format!("−{text}"),
        _ => format!("+{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_made_visible() {
        assert_eq!(harmless("a\x1b[31mb\n", 99), "a␛[31mb␊");
        assert_eq!(harmless("x\u{202e}y\u{9b}z", 99), "x·y·z");
        assert_eq!(harmless("abcdef", 3), "abc…");
        assert_eq!(harmless("naïve → ok", 99), "naïve → ok");
    }

    #[test]
    fn learning_rates_have_four_digits() {
        let rates = [0.01, 0.1 / 3.0, 0.00125, 0.008_146_999, 4e-7, 1e-12, 0.0];
        let said = ["0.01", "0.03333", "0.00125", "0.008147", "4e-7", "1e-12", "0"];
        assert_eq!(rates.map(learning_rate), said);
    }

    #[test]
    fn json_keeps_its_meaning() {
        let text = "a\u{9b}31m\u{202e}b\u{7f}\u{e0041}ü猫\n";
        let json = serde_json::to_string(text).unwrap();
        let harmless = harmless_json(&json);
        assert!(!harmless.chars().any(|c| is_invisible(c) || c.is_control()), "{harmless:?}");
        assert!(harmless.contains("ü猫"));
        assert_eq!(serde_json::from_str::<String>(&harmless).unwrap(), text);
    }

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        let words = ["a-b/c.toml", "-x", "", "it's", "hires[P1,P2]@x y=$(z)", "a\0b"].map(shell_word);
        assert_eq!(words, ["a-b/c.toml", "-x", "''", "\"it's\"", "'hires[P1,P2]@x y=$(z)'", "ab"]);
    }

    #[test]
    fn addresses_lose_their_users() {
        for (address, shown) in [
            ("https://me:secret@a.org/x/y.gz", "https://a.org/x/y.gz"),
            ("http://me:sec@ret@[::1]:80?q=@", "http://[::1]:80?q=@"),
            ("https://a.org:81/@me/x", "https://a.org:81/@me/x"),
            ("bad uri: http://me:secret@a b", "bad uri: http://a b"),
            ("//me@a", "//a"),
            ("none@all", "none@all"),
        ] {
            assert_eq!(without_user(address), shown);
        }
    }

    #[test]
    fn numbers_and_times_for_people() {
        assert_eq!([grouped(7), grouped(273_466), grouped(1_000_000)], ["7", "273,466", "1,000,000"]);
        assert_eq!([duration(7.4), duration(187.0), duration(3720.0)], ["7s", "3m 07s", "1h 02m"]);
        assert_eq!([4_542, 9_912_422, 170_052_171].map(filesize), ["4 KiB", "9.5 MiB", "162 MiB"]);
    }

    #[test]
    fn wrapping_loses_nothing() {
        assert_eq!(wrap("ab cd ef", 5), ["ab cd", "ef"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("net[P1,P3]@data s=1", 11), ["net[P1,P3]", "@data s=1"]);
        assert_eq!(wrap("猫猫 犬 鳥鳥鳥", 5), ["猫猫", "犬", "鳥鳥", "鳥"], "columns, not characters");
        assert_eq!(wrap("猫猫", 1), ["猫", "猫"]);
        let line = "resnet+hires[0-1,1-2,0-3]@fashion-embedded seed=3 epochs=20";
        for width in 1..70 {
            let joined: String = wrap(line, width).concat();
            assert_eq!(joined.replace(' ', ""), line.replace(' ', ""));
            assert!(wrap(line, width).iter().all(|l| l.width() <= width));
        }
    }

    #[test]
    fn changes_have_their_signs_and_zero_has_none() {
        let said: Vec<_> = [-8.5, 0.3, 0.04, -0.04, 0.0].into_iter().map(|n| signed(n, 1)).collect();
        assert_eq!(said, ["−8.5", "+0.3", "0.0", "0.0", "0.0"]);
    }
}
