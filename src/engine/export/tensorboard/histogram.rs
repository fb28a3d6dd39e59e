//! A tensor's values in buckets.

use super::proto::TbHistogram;
use crate::domain::histogram::Histogram as Recorded;

/// Buckets between the smallest value and the largest.
const BUCKETS: usize = 40;

/// The values in buckets of the same width; `None` where none is a number.
pub fn histogram(values: &[f32]) -> Option<TbHistogram> {
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
    Some(TbHistogram {
        min,
        max,
        num: values.len() as f64,
        sum: values.iter().sum(),
        sum_squares: values.iter().map(|v| v * v).sum(),
        limits,
        counts: std::iter::once(0.0).chain(counts).collect(),
    })
}

/// A recorded histogram; `None` where it counted nothing. What lies within a bucket is taken
/// for its middle, so sums are close, not exact.
pub fn of_spread(recorded: &Recorded) -> Option<TbHistogram> {
    let buckets: Vec<_> = recorded.buckets().collect();
    let (&(min, ..), &(_, max, _)) = (buckets.first()?, buckets.last()?);
    let total = |of: &dyn Fn(f64) -> f64| -> f64 {
        buckets.iter().map(|(low, high, count)| of((low + high) / 2.0) * *count as f64).sum()
    };
    Some(TbHistogram {
        min,
        max,
        num: total(&|_| 1.0),
        sum: total(&|v| v),
        sum_squares: total(&|v| v * v),
        limits: std::iter::once(min).chain(buckets.iter().map(|(_, high, _)| *high)).collect(),
        counts: std::iter::once(0.0).chain(buckets.iter().map(|(.., count)| *count as f64)).collect(),
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

    #[test]
    fn a_recorded_one_keeps_its_buckets() {
        let mut recorded = Recorded::default();
        assert_eq!(of_spread(&recorded), None);
        recorded.add(&[-1.2, 1.2, 1.3, 3.5]);
        let made = of_spread(&recorded).unwrap();
        assert_eq!((made.min, made.max, made.num), (-1.5, 4.0, 4.0));
        assert_eq!(made.limits.len(), made.counts.len());
        assert_eq!((made.limits[1], made.counts[1]), (-1.0, 1.0));
        assert_eq!(made.counts.iter().sum::<f64>(), 4.0);
        assert_eq!(made.sum, -1.25 + 2.0 * 1.25 + 3.5);
    }
}
