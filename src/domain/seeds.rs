//! Lists of seeds, or of other numbers, as users write them: `0..4`, `3`, `0,2,7`.

use std::collections::HashMap;

use super::error::SpecError;
use super::spec::ExperimentSpec;

/// `items` in groups whose specs differ in nothing but the seed, each with its spec's line
/// without it; groups in the order of their first items.
pub fn group_by_line<T>(
    items: impl IntoIterator<Item = T>,
    spec: impl Fn(&T) -> &ExperimentSpec,
) -> Vec<(String, Vec<T>)> {
    let mut groups: Vec<(String, Vec<T>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for item in items {
        let line = spec(&item).without_seed();
        let place = *places.entry(line.clone()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, members)) => members.push(item),
            None => groups.push((line, vec![item])),
        }
    }
    groups
}

/// Of runs that differ in nothing but their seed, which is the best: each with the line of its
/// group and its validation top-1. In a group of one nothing is; of equals it is the first.
pub fn best_of_groups<'a>(runs: impl IntoIterator<Item = (&'a str, Option<f64>)>) -> Vec<bool> {
    let mut best: HashMap<&str, (usize, f64, usize)> = HashMap::new();
    let mut count = 0;
    for (place, (line, value)) in runs.into_iter().enumerate() {
        count += 1;
        let Some(value) = value else { continue };
        let (first, most, members) = best.entry(line).or_insert((place, value, 0));
        *members += 1;
        if value > *most {
            (*first, *most) = (place, value);
        }
    }
    let mut is_best = vec![false; count];
    best.into_values().filter(|(.., members)| *members > 1).for_each(|(place, ..)| is_best[place] = true);
    is_best
}

/// The most seeds one list may hold.
const MAX_SEEDS: usize = 10_000;

/// Parses a list of seeds; `0..4` has both ends, five seeds as in the paper.
///
/// # Errors
/// When a part is not a number or a rising range, or the list is empty or too long.
pub fn parse(text: &str) -> Result<Vec<u64>, SpecError> {
    list(text, "seeds", MAX_SEEDS).map_err(|reason| SpecError::new("seeds", reason))
}

/// Parses a list of at most `most` of `what`, a plural such as `run numbers`.
///
/// # Errors
/// As [`parse`]; the reason alone.
pub fn list(text: &str, what: &str, most: usize) -> Result<Vec<u64>, String> {
    let number = |word: &str| {
        let one = what.trim_end_matches('s');
        let fail = |_| format!("'{word}' is not a {one}; write e.g. 1..4 (both included) or 1,3,7");
        word.trim().parse::<u64>().map_err(fail)
    };
    let mut found = Vec::new();
    for part in text.split(',') {
        let (first, last) = match part.split_once("..") {
            Some((a, b)) => (number(a)?, number(b.trim_start_matches('='))?),
            None => (number(part)?, number(part)?),
        };
        if last < first {
            return Err(format!("'{part}' runs backwards"));
        }
        if last - first >= (most - found.len()) as u64 {
            return Err(format!("more than {most} {what}"));
        }
        found.extend((first..=last).filter(|s| !found.contains(s)).collect::<Vec<_>>());
    }
    Ok(found)
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
    fn the_best_of_each_group_is_the_first_with_most() {
        let runs = [("a", Some(1.0)), ("b", Some(9.0)), ("a", None), ("a", Some(3.0)), ("a", Some(3.0))];
        assert_eq!(best_of_groups(runs), [false, false, false, true, false]);
        assert_eq!(best_of_groups([("c", Some(1.0)), ("c", None)]), [false, false], "there is one result");
        assert!(best_of_groups([]).is_empty());
    }

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
        assert!(parse("x").unwrap_err().to_string().starts_with("seeds: 'x' is not a seed; "));
        assert!(list("1,x", "run numbers", 9).unwrap_err().starts_with("'x' is not a run number; "));
        assert_eq!(list("1..9,3", "run numbers", 9).unwrap_err(), "more than 9 run numbers");
    }
}
