//! Strings in pickles of protocol 0, which are lines of text.

/// A string as Python 2 writes it: quoted, with escapes; `None` where it is broken.
pub fn unquoted(line: &[u8]) -> Option<Vec<u8>> {
    let (quote, rest) = line.trim_ascii_end().split_first()?;
    let inner = rest.strip_suffix(&[*quote]).filter(|_| matches!(quote, b'\'' | b'"'))?;
    let mut bytes = inner.iter().copied();
    let mut out = Vec::with_capacity(inner.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'\\' => match bytes.next()? {
                b'n' => b'\n',
                b't' => b'\t',
                b'r' => b'\r',
                b'x' => hexadecimal(&mut bytes, 2)? as u8,
                other => other,
            },
            other => other,
        });
    }
    Some(out)
}

/// Text: Latin-1, with escapes for all else; `None` where it is broken.
pub fn unescaped(line: &[u8]) -> Option<String> {
    let mut bytes = line.iter().copied().peekable();
    let mut out = String::with_capacity(line.len());
    while let Some(byte) = bytes.next() {
        let digits = match (byte, bytes.peek()) {
            (b'\\', Some(b'u')) => 4,
            (b'\\', Some(b'U')) => 8,
            _ => {
                out.push(char::from(byte));
                continue;
            }
        };
        bytes.next();
        out.push(char::from_u32(hexadecimal(&mut bytes, digits)?)?);
    }
    Some(out)
}

fn hexadecimal(bytes: &mut impl Iterator<Item = u8>, digits: usize) -> Option<u32> {
    (0..digits).try_fold(0_u32, |number, _| Some(number << 4 | char::from(bytes.next()?).to_digit(16)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(unquoted(b"\"a'\\n\\xff\\\\\"").unwrap(), b"a'\n\xff\\");
        assert_eq!(unescaped(b"a\xe9\\u000a\\U0001f41f").unwrap(), "a\u{e9}\n\u{1f41f}");
        assert!(
            [&b"'a"[..], b"a", b"", b"'", b"'\\x4'", b"'\\'"].into_iter().all(|bad| unquoted(bad).is_none())
        );
        assert!([&b"\\u00"[..], b"\\ud800", b"\\Uffffffff"].into_iter().all(|bad| unescaped(bad).is_none()));
    }
}
