//! Values of options that are more than a word or a number.

use std::num::NonZeroU32;

pub(super) fn at_least_one(text: &str) -> Result<NonZeroU32, String> {
    text.parse().map_err(|_| "expected a number of at least 1".into())
}

pub(super) fn size(text: &str) -> Result<(u16, u16), String> {
    let side = |text: &str| text.parse().ok().filter(|n| (1..=500).contains(n));
    let (width, height) = text.split_once(['x', '×']).unwrap_or_default();
    side(width)
        .zip(side(height))
        .ok_or_else(|| "expected columns x rows, up to 500 each, such as 120x40".into())
}

pub(super) fn speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches(['x', '×']).parse().ok();
    speed.filter(|s| (0.25..=1000.0).contains(s)).ok_or_else(|| "expected a number from 0.25 to 1000".into())
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.trim_end_matches('s').parse().ok();
    seconds
        .filter(|s| (0.1..=1e6).contains(s))
        .ok_or_else(|| "expected seconds, from 0.1 to 1,000,000".into())
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(p) if (0.0..=100.0).contains(&p) => Ok(p),
        _ => Err("expected a percentage from 0 to 100".into()),
    }
}

/// A name that no shell and no scheduler takes for anything else.
pub(super) fn plain(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ',');
    match !text.is_empty() && !text.starts_with('-') && text.chars().all(fits) {
        true => Ok(text.to_owned()),
        false => Err("expected letters, digits, '-', '_' or '.', with ',' between several names".into()),
    }
}

pub(super) fn memory(text: &str) -> Result<String, String> {
    let digits = text.strip_suffix(['K', 'M', 'G', 'T']).unwrap_or(text);
    match digits.parse::<u32>() {
        Ok(n) if n > 0 => Ok(text.to_owned()),
        _ => Err("expected megabytes, or a number with K, M, G or T, such as 4G".into()),
    }
}

/// The times that Slurm takes: minutes, M:S, H:M:S, D-H, D-H:M and D-H:M:S.
pub(super) fn time_limit(text: &str) -> Result<String, String> {
    let number = |part: &str| !part.is_empty() && part.len() < 7 && part.bytes().all(|b| b.is_ascii_digit());
    let (days, clock) = text.split_once('-').map_or((None, text), |(days, clock)| (Some(days), clock));
    let parts: Vec<&str> = clock.split(':').collect();
    match days.is_none_or(number) && parts.len() <= 3 && parts.iter().all(|part| number(part)) {
        true => Ok(text.to_owned()),
        false => Err("expected H:M:S, D-H:M:S or minutes, such as 4:00:00".into()),
    }
}
