//! A tensor's values in buckets.

use super::proto::Histogram;

/// Buckets between the smallest value and the largest.
const BUCKETS: usize = 40;

/// The values in buckets of the same width; `None` where none is a number.
pub fn histogram(values: &[f32]) -> Option<Histogram> {
    let values: Vec<f64> = values.iter().map(|v| f64::from(*v)).filter(|v| v.is_finite()).collect();
    let min = values.iter().copied().reduce(f64::min)?;
    let max = values.iter().copied().reduce(f64::max)?;
    // Of equal values there is one bucket, which still has to have a width.
    let (buckets, width) = match max > min {
        true => (BUCKETS, (max - min) / BUCKETS as f64),
        false => (1, min.abs().max(1e-12) * 1e-6),
    };
    let mut counts = vec![0.0; buckets];
    for value in &values {
        counts[(((value - min) / width) as usize).min(buckets - 1)] += 1.0;
    }
    // A first, empty bucket tells where the next one begins.
    let limits = (0..=buckets).map(|i| min + width * i as f64).collect();
    Some(Histogram {
        min,
        max,
        num: values.len() as f64,
        sum: values.iter().sum(),
        sum_squares: values.iter().map(|v| v * v).sum(),
        limits,
        counts: std::iter::once(0.0).chain(counts).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_a_bucket() {
        let values: Vec<f32> = (0..1000).map(|i| (i as f32 * 0.7).sin()).chain([f32::NAN]).collect();
        let made = histogram(&values).unwrap();
        assert_eq!((made.num, made.counts.iter().sum::<f64>()), (1000.0, 1000.0));
        assert_eq!(made.limits.len(), made.counts.len());
        assert!(made.limits.is_sorted() && made.min >= -1.0 && made.max <= 1.0);
        let flat = histogram(&[2.0; 7]).unwrap();
        assert_eq!((flat.counts, flat.sum), (vec![0.0, 7.0], 14.0));
        assert_eq!(histogram(&[f32::INFINITY]), None);
    }
}
