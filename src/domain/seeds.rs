//! Lists of seeds as users write them: `0..4`, `3`, `0,2,7`.

use super::error::SpecError;

/// The most seeds one list may hold.
const MAX_SEEDS: usize = 10_000;

/// Parses a list of seeds; `0..4` has both ends, five seeds as in the paper.
///
/// # Errors
/// When a part is not a number or a rising range, or the list is empty or too long.
pub fn parse(text: &str) -> Result<Vec<u64>, SpecError> {
    let number = |word: &str| {
        word.trim().parse::<u64>().map_err(|_| {
            SpecError::new(
                "seeds",
                format!("'{word}' is not a seed; write e.g. 0..4 (both included) or 0,2,7"),
            )
        })
    };
    let mut seeds = Vec::new();
    for part in text.split(',') {
        let (first, last) = match part.split_once("..") {
            Some((a, b)) => (number(a)?, number(b.trim_start_matches('='))?),
            None => (number(part)?, number(part)?),
        };
        if last < first {
            return Err(SpecError::new("seeds", format!("'{part}' runs backwards")));
        }
        if last - first >= (MAX_SEEDS - seeds.len()) as u64 {
            return Err(SpecError::new("seeds", format!("more than {MAX_SEEDS} seeds")));
        }
        seeds.extend((first..=last).filter(|s| !seeds.contains(s)).collect::<Vec<_>>());
    }
    Ok(seeds)
}

/// A list of seeds as [`parse`] reads it, runs of three and more as ranges: `0..4,7`.
pub fn text(seeds: &[u64]) -> String {
    let mut sorted = seeds.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    let mut parts: Vec<String> = Vec::new();
    for run in sorted.chunk_by(|a, b| a.checked_add(1) == Some(*b)) {
        match run {
            [first, .., last] if run.len() > 2 => parts.push(format!("{first}..{last}")),
            few => parts.extend(few.iter().map(u64::to_string)),
        }
    }
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_include_both_ends() {
        assert_eq!(parse("0..4").unwrap(), [0, 1, 2, 3, 4]);
        assert_eq!(parse("3").unwrap(), [3]);
        assert_eq!(parse("0,2,1..3").unwrap(), [0, 2, 1, 3]);
    }

    #[test]
    fn lists_are_written_as_they_are_read() {
        for line in ["0..4", "3", "0,1", "0..2,5,9..11"] {
            assert_eq!(text(&parse(line).unwrap()), line);
        }
        assert_eq!(text(&[4, 1, 0, 2, 2]), "0..2,4");
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["", "4..0", "a", "0..99999999", "-1", "0..18446744073709551615"] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }
}
