//! Smoothing of noisy series, and what several series have in common.

use super::stats;

/// An exponential moving average, corrected for its start at zero as Adam and TensorBoard
/// do: s ← βs + (1 − β)x, shown s / (1 − βⁿ).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ema {
    beta: f64,
    sum: f64,
    /// βⁿ.
    missing: f64,
}

impl Ema {
    /// An average that keeps `beta` of its past at each value; 0 keeps none.
    pub fn new(beta: f64) -> Self {
        Self { beta: beta.clamp(0.0, 1.0 - f64::EPSILON), sum: 0.0, missing: 1.0 }
    }

    /// The average with one more value. A value that is not finite comes back as it is and
    /// leaves the average alone, so that one broken batch does not end the curve.
    pub fn push(&mut self, value: f64) -> f64 {
        if !value.is_finite() {
            return value;
        }
        self.sum = self.beta * self.sum + (1.0 - self.beta) * value;
        // Too little to change the divisor below, and slow where it is subnormal.
        self.missing = if self.missing < 1e-20 { 0.0 } else { self.missing * self.beta };
        self.sum / (1.0 - self.missing)
    }
}

/// Mean and sample standard deviation of what several series say at one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation, of two values or more.
    pub std: Option<f64>,
}

impl Spread {
    /// Over the finite of `values`, the others being dropped; `None` where none is.
    pub fn of(values: &mut Vec<f64>) -> Option<Self> {
        values.retain(|v| v.is_finite());
        Some(Self { mean: stats::mean(values)?, std: stats::std(values) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(beta: f64, values: &[f64]) -> f64 {
        let n = values.len();
        let weights: Vec<f64> = (0..n).map(|i| beta.powi((n - 1 - i) as i32)).collect();
        let total: f64 = weights.iter().sum();
        values.iter().zip(&weights).map(|(v, w)| v * w).sum::<f64>() / total
    }

    #[test]
    fn equals_the_weighted_mean_of_the_past() {
        let values: Vec<f64> = (0..200).map(|i| (f64::from(i) * 0.7).sin() + 2.0).collect();
        for beta in [0.0, 0.6, 0.9, 0.97, 0.99] {
            let mut ema = Ema::new(beta);
            for n in 1..=values.len() {
                let (got, expected) = (ema.push(values[n - 1]), naive(beta, &values[..n]));
                assert!((got - expected).abs() < 1e-10, "β {beta}, n {n}: {got} for {expected}");
            }
        }
    }

    #[test]
    fn the_first_value_is_shown_as_it_is() {
        assert!((Ema::new(0.99).push(2.3) - 2.3).abs() < 1e-12);
    }

    #[test]
    fn a_value_that_is_not_finite_is_passed_by() {
        let (mut with, mut without) = (Ema::new(0.9), Ema::new(0.9));
        with.push(1.0);
        without.push(1.0);
        assert!(with.push(f64::NAN).is_nan());
        assert_eq!(with.push(f64::INFINITY), f64::INFINITY);
        assert_eq!(with.push(2.0), without.push(2.0));
    }

    #[test]
    fn spread_is_that_of_finite_values() {
        let spread = Spread::of(&mut vec![1.0, f64::NAN, 3.0]).unwrap();
        assert_eq!(spread.mean, 2.0);
        assert!((spread.std.unwrap() - 2f64.sqrt()).abs() < 1e-12);
        let alone = Spread { mean: 1.0, std: None };
        assert_eq!(Spread::of(&mut vec![1.0, f64::INFINITY]), Some(alone));
        assert_eq!(Spread::of(&mut vec![f64::NAN]), None);
    }
}
