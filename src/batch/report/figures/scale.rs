//! From values to pixels, and the round numbers between.

/// A linear axis.
#[derive(Debug, Clone, Copy)]
pub struct FigureScale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl FigureScale {
    /// Values `low` to `high` onto pixels `from` to `to`; an empty or endless range is made
    /// one around it.
    pub fn new((low, high): (f64, f64), (from, to): (f64, f64)) -> Self {
        let (low, high) = match (high - low).is_finite() {
            true if high - low > 1e-9 * high.abs().max(1e-9) => (low, high),
            true => (low - 0.5, low + 0.5),
            false => (0.0, 1.0),
        };
        Self { low, high, from, to }
    }

    /// Over all of `values`, with a margin.
    pub fn over(values: impl IntoIterator<Item = f64>, pixels: (f64, f64)) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.into_iter().filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        let margin = if high > low { (high - low) * 0.06 } else { 0.0 };
        Self::new((low - margin, high + margin), pixels)
    }

    /// The pixel of `value`.
    pub fn at(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The pixel of `value`, or of the end that it lies beyond.
    pub fn within(&self, value: f64) -> f64 {
        self.at(value.clamp(self.low, self.high))
    }

    /// At most about `most` round values with their names.
    pub fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        let rough = (self.high - self.low) / most.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= 0.7 * rough);
        let step = step.unwrap_or(10.0 * power);
        let digits = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last.min(first + 50))
            .map(|n| n as f64 * step)
            .map(|v| (v, format!("{v:.digits$}")))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let names = |range, most| {
            let ticks = FigureScale::new(range, (0.0, 100.0)).ticks(most);
            ticks.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
        };
        assert_eq!(names((0.0, 80.0), 5), ["0", "20", "40", "60", "80"]);
        assert_eq!(names((88.71, 89.62), 4), ["88.8", "89.0", "89.2", "89.4", "89.6"]);
        assert_eq!(names((0.0, 0.013), 3), ["0.000", "0.005", "0.010"]);
        assert!(names((f64::NAN, 1.0), 4).len() > 1 && names((5.0, 5.0), 4).len() > 1);
    }
}
