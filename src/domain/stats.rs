//! Mean and standard deviation over seeds, as the paper's tables print them.

/// Arithmetic mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Sample standard deviation (n − 1 in the denominator, as numpy's `ddof=1` and
/// PyTorch's default); `None` below two values.
pub fn std(values: &[f64]) -> Option<f64> {
    let mean = mean(values)?;
    (values.len() > 1).then(|| {
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        (squares / (values.len() - 1) as f64).sqrt()
    })
}

/// The middle value, or the mean of the two in the middle; `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

/// `mean(std)` of `values` with `decimals` digits; a dash for none.
pub fn mean_std(values: &[f64], decimals: usize) -> String {
    mean(values).map_or_else(|| "–".into(), |mean| mean_std_text(mean, std(values), decimals))
}

/// `89.46(0.30)`, as the paper prints a mean and its standard deviation; the mean alone where
/// there is no deviation.
pub fn mean_std_text(mean: f64, std: Option<f64>, decimals: usize) -> String {
    match std {
        Some(std) => format!("{mean:.decimals$}({std:.decimals$})"),
        None => format!("{mean:.decimals$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 9.0, 1.0]), Some(3.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }

    #[test]
    fn prints_like_the_paper() {
        assert_eq!(mean_std(&[89.0, 90.0], 2), "89.50(0.71)");
        assert_eq!(mean_std(&[89.0], 2), "89.00");
        assert_eq!(mean_std(&[], 2), "–");
    }
}
