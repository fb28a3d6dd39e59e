//! Whether two sets of scores differ by more than chance: paired and Welch's t test, their
//! confidence intervals, effect sizes, and Holm's correction for several comparisons.

use serde::Serialize;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::stats;

/// Coverage of every interval, and what p is held against: 1 − this.
pub const CONFIDENCE: f64 = 0.95;

/// How two sets of scores were compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Differences of pairs, Student's t with n − 1 degrees of freedom. The effect is
    /// Cohen's d_z: the mean difference in standard deviations of the differences.
    Paired,
    /// Two independent samples with variances of their own (Welch). The effect is Cohen's
    /// d: the difference of means in pooled standard deviations.
    Welch,
}

impl Method {
    /// Its name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paired => "paired",
            Self::Welch => "welch",
        }
    }

    /// How its effect size is called.
    pub const fn effect_name(self) -> &'static str {
        match self {
            Self::Paired => "d_z",
            Self::Welch => "d",
        }
    }
}

/// The outcome of one comparison.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TTest {
    /// Which test.
    pub method: Method,
    /// Scores on each side; the number of pairs twice where they are paired.
    pub n: (usize, usize),
    /// Mean of the first less mean of the second.
    pub difference: f64,
    /// Its confidence interval.
    pub interval: (f64, f64),
    /// The statistic.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided.
    pub p: f64,
    /// Effect size, see [`Method`].
    pub effect: f64,
}

/// Why there is no test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoTest {
    /// A side, or the pairs, are fewer than two.
    TooFew,
    /// Nothing varies, so that chance cannot be judged.
    NoSpread,
    /// Some runs never got as far as what is compared; the mean of the others would flatter.
    NotReached,
}

impl NoTest {
    /// In words.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::TooFew => "fewer than two seeds or pairs: no test is possible",
            Self::NoSpread => "no spread over seeds: no test is possible",
            Self::NotReached => "not every run got that far: no test is possible",
        }
    }
}

/// Compares pairs: `a[i]` with `b[i]`.
///
/// # Errors
/// Below two pairs, or where all differences are equal.
pub fn paired(a: &[f64], b: &[f64]) -> Result<TTest, NoTest> {
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    let n = differences.len();
    let (Some(mean), Some(std)) = (stats::mean(&differences), stats::std(&differences)) else {
        return Err(NoTest::TooFew);
    };
    let largest = a.iter().chain(b).fold(0.0_f64, |most, v| most.max(v.abs()));
    spread(std, largest)?;
    let error = std / (n as f64).sqrt();
    let effect = mean / std;
    Ok(test(Method::Paired, (n, n), mean, error, (n - 1) as f64, effect))
}

/// Compares two independent samples, by Welch's test.
///
/// # Errors
/// Where a side has fewer than two scores, or neither varies.
pub fn welch(a: &[f64], b: &[f64]) -> Result<TTest, NoTest> {
    let (Some(mean_a), Some(mean_b), Some(std_a), Some(std_b)) =
        (stats::mean(a), stats::mean(b), stats::std(a), stats::std(b))
    else {
        return Err(NoTest::TooFew);
    };
    let (n_a, n_b) = (a.len() as f64, b.len() as f64);
    spread(std_a.max(std_b), mean_a.abs().max(mean_b.abs()))?;
    let (part_a, part_b) = (std_a.powi(2) / n_a, std_b.powi(2) / n_b);
    let variance = part_a + part_b;
    // Welch and Satterthwaite.
    let df = variance.powi(2) / (part_a.powi(2) / (n_a - 1.0) + part_b.powi(2) / (n_b - 1.0));
    let pooled = ((n_a - 1.0) * std_a.powi(2) + (n_b - 1.0) * std_b.powi(2)) / (n_a + n_b - 2.0);
    let difference = mean_a - mean_b;
    let effect = difference / pooled.sqrt();
    Ok(test(Method::Welch, (a.len(), b.len()), difference, variance.sqrt(), df, effect))
}

/// Rounding leaves a little spread where there is none.
fn spread(std: f64, largest: f64) -> Result<(), NoTest> {
    if std > 1e-12 * largest.max(1e-300) { Ok(()) } else { Err(NoTest::NoSpread) }
}

fn test(method: Method, n: (usize, usize), difference: f64, error: f64, df: f64, effect: f64) -> TTest {
    let t = difference / error;
    let reach = quantile(0.5 + CONFIDENCE / 2.0, df) * error;
    let interval = (difference - reach, difference + reach);
    TTest { method, n, difference, interval, t, df, p: two_sided(t, df), effect }
}

/// P(|T| ≥ |t|) of Student's t with `df` degrees of freedom.
fn two_sided(t: f64, df: f64) -> f64 {
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |student| (2.0 * student.sf(t.abs())).min(1.0))
}

/// The value below which Student's t with `df` degrees of freedom is with probability `p`.
fn quantile(p: f64, df: f64) -> f64 {
    StudentsT::new(0.0, 1.0, df).map_or(f64::NAN, |student| student.inverse_cdf(p))
}

/// Holm's step-down correction: each p as it may be held against the level when all of
/// `p` are looked at together.
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut corrected = vec![1.0; p.len()];
    let mut most = 0.0_f64;
    for (rank, index) in order.into_iter().enumerate() {
        most = most.max((p[index] * (p.len() - rank) as f64).min(1.0));
        corrected[index] = most;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(value: f64, expected: f64, tolerance: f64) {
        assert!((value - expected).abs() <= tolerance * expected.abs(), "{value} is not {expected}");
    }

    /// scipy 1.17.1: `stats.t.ppf(.975, df)`.
    #[test]
    fn quantiles_are_scipys() {
        let pinned = [
            (1.0, 12.706204736174694),
            (2.0, 4.302652729749462),
            (3.0, 3.1824463052837078),
            (4.0, 2.7764451051977934),
            (7.5, 2.333039626864974),
            (29.0, 2.045229642132703),
            (1000.0, 1.9623390808264083),
        ];
        pinned.iter().for_each(|(df, expected)| near(quantile(0.975, *df), *expected, 1e-9));
    }

    /// scipy 1.17.1: `2 * stats.t.sf(abs(t), df)`.
    #[test]
    fn probabilities_are_scipys() {
        let pinned = [
            (0.5, 1.0, 0.7048327646991335),
            (2.0, 2.0, 0.18350341907227397),
            (2.776, 4.0, 0.05002277831997642),
            (-3.2, 4.0, 0.032900810600938975),
            (5.5, 7.3, 0.0007860631026994812),
            (12.0, 4.0, 0.000276428548502973),
            (40.0, 4.0, 2.3340163226012678e-06),
            (0.001, 9.0, 0.9992239303259733),
        ];
        pinned.iter().for_each(|(t, df, expected)| near(two_sided(*t, *df), *expected, 1e-9));
    }

    const A: [f64; 5] = [89.46, 89.10, 89.88, 89.30, 89.72];
    const B: [f64; 5] = [89.15, 88.70, 89.60, 89.41, 89.05];

    /// scipy 1.17.1: `stats.ttest_rel(a, b)`.
    #[test]
    fn pairs_are_compared_as_scipy_does() {
        let test = paired(&A, &B).unwrap();
        assert_eq!((test.method, test.n, test.df), (Method::Paired, (5, 5), 4.0));
        near(test.difference, 0.31, 1e-9);
        near(test.t, 2.4701391259577234, 1e-9);
        near(test.p, 0.06893645903901466, 1e-9);
        near(test.interval.0, -0.03844109530778139, 1e-8);
        near(test.interval.1, 0.6584410953077746, 1e-9);
        near(test.effect, 1.104679799904677, 1e-9);
    }

    /// scipy 1.17.1: `stats.ttest_ind(a, c, equal_var=False)`.
    #[test]
    fn welch_is_scipys() {
        let test = welch(&A, &[88.0, 88.9, 89.2]).unwrap();
        assert_eq!(test.n, (5, 3));
        near(test.difference, 0.792, 1e-9);
        near(test.t, 2.046955867271325, 1e-9);
        near(test.df, 2.622104281883295, 1e-9);
        near(test.p, 0.14618050101189775, 1e-9);
        near(test.interval.0, -0.5460818861510535, 1e-8);
        near(test.interval.1, 2.1300818861510566, 1e-8);
        near(test.effect, 1.79040780218345, 1e-9);
    }

    #[test]
    fn there_is_no_test_without_spread_or_seeds() {
        assert_eq!(paired(&[1.0], &[2.0]), Err(NoTest::TooFew));
        assert_eq!(welch(&[1.0, 2.0], &[2.0]), Err(NoTest::TooFew));
        // 0.1 apart each, up to rounding.
        assert_eq!(paired(&[80.1, 81.3, 82.7], &[80.0, 81.2, 82.6]), Err(NoTest::NoSpread));
        assert_eq!(welch(&[80.0; 3], &[81.0; 3]), Err(NoTest::NoSpread));
        assert!(welch(&[80.0; 3], &[81.0, 82.0]).is_ok());
    }

    /// R: `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")`.
    #[test]
    fn holm_steps_down() {
        let corrected = holm(&[0.01, 0.04, 0.03, 0.005]);
        let expected = [0.03, 0.06, 0.06, 0.02];
        corrected.iter().zip(expected).for_each(|(p, e)| near(*p, e, 1e-12));
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert_eq!(holm(&[]), [0.0; 0]);
    }
}
