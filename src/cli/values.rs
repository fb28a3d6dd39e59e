//! Values of options that are more than a word or a number.

pub(super) fn size(text: &str) -> Result<(u16, u16), String> {
    let side = |text: &str| text.parse().ok().filter(|n| (1..=500).contains(n));
    let (width, height) = text.split_once(['x', '×']).unwrap_or_default();
    side(width)
        .zip(side(height))
        .ok_or_else(|| "a size is columns x rows, up to 500 each, e.g. 120x40".into())
}

pub(super) fn speed(text: &str) -> Result<f64, String> {
    let speed = text.trim_end_matches(['x', '×']).parse().ok();
    speed
        .filter(|s| (0.25..=1000.0).contains(s))
        .ok_or_else(|| "a speed is a number from 0.25 to 1000".into())
}

pub(super) fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.trim_end_matches('s').parse().ok();
    seconds.filter(|s| (0.1..=1e6).contains(s)).ok_or_else(|| "give seconds, 0.1 to 1,000,000".into())
}

pub(super) fn percent(text: &str) -> Result<f64, String> {
    match text.trim_end_matches('%').parse::<f64>() {
        Ok(p) if (0.0..=100.0).contains(&p) => Ok(p),
        _ => Err("a percentage is a number from 0 to 100".into()),
    }
}
