//! How values are spread: counts in buckets that are the same for every tensor, so that
//! histograms of batches add up and epochs can be laid side by side.

use serde::{Deserialize, Serialize};

/// Buckets on either side of zero.
const SIDE: usize = 32;
/// Of all buckets: those below zero, one around it, those above.
const BUCKETS: usize = 2 * SIDE + 1;
/// Exponent of the least magnitude that is told from zero, 2⁻⁸; two buckets an octave.
const LEAST: i32 = -8;

/// Counts of values by magnitude and sign.
///
/// Each side of zero has the edges 2⁻⁸, 1.5·2⁻⁸, 2⁻⁷, 1.5·2⁻⁷ and so on to 1.5·2⁷; what is
/// larger goes to the last bucket, what is smaller than the first edge to the one around zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Trimmed", into = "Trimmed")]
pub struct Histogram {
    /// By bucket, ascending; empty while nothing was counted.
    counts: Vec<u64>,
}

/// As it is recorded: without the empty buckets at both ends.
#[derive(Clone, Serialize, Deserialize)]
struct Trimmed {
    /// Buckets left out before the first.
    from: usize,
    counts: Vec<u64>,
}

impl Histogram {
    /// Counts `values`; those that are not numbers count as nothing.
    pub fn add(&mut self, values: &[f32]) {
        self.counts.resize(BUCKETS, 0);
        for value in values.iter().filter(|value| !value.is_nan()) {
            self.counts[bucket(*value)] += 1;
        }
    }

    /// Values counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Lower edge, upper edge and count of every bucket between the first and the last that
    /// hold anything, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, f64, u64)> + '_ {
        let filled = |count: &u64| *count > 0;
        let first = self.counts.iter().position(filled).unwrap_or(0);
        let end = self.counts.iter().rposition(filled).map_or(0, |last| last + 1);
        (first..end).map(|i| (lower(i), lower(i + 1), self.counts[i]))
    }
}

/// Where a value belongs. The bits of a float, without its sign, grow with its magnitude; the
/// exponent and the first bit after it are the number of the half-octave.
fn bucket(value: f32) -> usize {
    let half_octave = (value.abs().to_bits() >> 22) as i32;
    let side = (half_octave - 2 * (127 + LEAST) + 1).clamp(0, SIDE as i32) as usize;
    if value < 0.0 { SIDE - side } else { SIDE + side }
}

/// Lower edge of a bucket, or upper edge of the one before it.
fn lower(bucket: usize) -> f64 {
    // Edges, unlike buckets, are even in number: half of them lie below zero.
    let edge = bucket as i32 - SIDE as i32;
    let (nth, sign) = if edge > 0 { (edge - 1, 1.0) } else { (-edge, -1.0) };
    let first = if nth % 2 == 0 { 1.0 } else { 1.5 };
    sign * first * 2f64.powi(LEAST + nth / 2)
}

impl TryFrom<Trimmed> for Histogram {
    type Error = String;

    fn try_from(Trimmed { from, counts }: Trimmed) -> Result<Self, String> {
        if from.checked_add(counts.len()).is_none_or(|end| end > BUCKETS) {
            return Err(format!("a histogram of more than {BUCKETS} buckets"));
        }
        if counts.iter().try_fold(0u64, |sum, count| sum.checked_add(*count)).is_none() {
            return Err("a histogram of more values than can be counted".into());
        }
        let mut all = vec![0; from];
        all.extend(counts);
        all.resize(BUCKETS, 0);
        Ok(Self { counts: all })
    }
}

impl From<Histogram> for Trimmed {
    fn from(Histogram { counts }: Histogram) -> Self {
        let filled = |count: &u64| *count > 0;
        let from = counts.iter().position(filled).unwrap_or(0);
        let end = counts.iter().rposition(filled).map_or(from, |last| last + 1);
        Self { from, counts: counts[from..end].to_vec() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f32]) -> Histogram {
        let mut made = Histogram::default();
        made.add(values);
        made
    }

    #[test]
    fn a_value_lies_between_its_edges() {
        let magnitudes = (0..4000).map(|i| 2f32.powf(i as f32 / 250.0 - 8.0) * 1.0001);
        for value in magnitudes.flat_map(|m| [m, -m]).filter(|v| v.abs() < 255.0) {
            let made: Vec<_> = of(&[value]).buckets().collect();
            let &[(low, high, 1)] = &made[..] else { panic!("{value}: {made:?}") };
            assert!(low <= f64::from(value) && f64::from(value) <= high, "{value}: {made:?}");
        }
    }

    #[test]
    fn edges_ascend_and_meet_at_zero() {
        let edges: Vec<f64> = (0..=BUCKETS).map(lower).collect();
        assert!(edges.is_sorted() && edges.iter().all(|edge| edge.is_finite()));
        assert!(edges.iter().zip(edges.iter().rev()).all(|(a, b)| *a == -*b), "{edges:?}");
        let close = 2f64.powi(LEAST);
        assert_eq!(of(&[0.0, -0.0, 1e-9, -1e-9]).buckets().collect::<Vec<_>>(), [(-close, close, 4)]);
    }

    #[test]
    fn extremes_have_a_place_and_nan_has_none() {
        let made = of(&[f32::MAX, f32::INFINITY, f32::NEG_INFINITY, f32::NAN]);
        assert_eq!(made.total(), 3);
        assert_eq!(made.buckets().last().unwrap(), (lower(BUCKETS - 1), lower(BUCKETS), 2));
        assert_eq!(made.buckets().next().unwrap(), (lower(0), lower(1), 1));
    }

    #[test]
    fn a_record_leaves_out_what_is_empty_and_is_read_again() {
        let made = of(&[1.0, 1.2, 3.0]);
        let line = serde_json::to_string(&made).unwrap();
        assert_eq!(line, r#"{"from":49,"counts":[2,0,0,1]}"#);
        assert_eq!(serde_json::from_str::<Histogram>(&line).unwrap(), made);
        assert_eq!(serde_json::from_str::<Histogram>(r#"{"from":0,"counts":[]}"#).unwrap().total(), 0);
        for hostile in [
            r#"{"from":18446744073709551615,"counts":[1,1]}"#.to_owned(),
            format!(r#"{{"from":0,"counts":{:?}}}"#, vec![0; BUCKETS + 1]),
            format!(r#"{{"from":0,"counts":{:?}}}"#, [u64::MAX, 1]),
            r#"{"from":0,"counts":[-1]}"#.to_owned(),
        ] {
            assert!(serde_json::from_str::<Histogram>(&hostile).is_err(), "{hostile}");
        }
    }
}
