//! Where an axis has ticks, and what they say.

use std::f64::consts::LN_10;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A place on an axis, and its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// The value.
    pub at: f64,
    /// The value as text.
    pub label: String,
}

/// Where an axis is to end; `None` where its values say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AxisLimits {
    /// Its lower end.
    pub low: Option<f64>,
    /// Its upper end.
    pub high: Option<f64>,
}

impl FromStr for AxisLimits {
    type Err = String;

    /// `0.1..2`, either end of which may be missing; nothing is no limits.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            "expected LOW..HIGH, such as 0.1..2, 0.1.. or ..2; empty fits the axis to the curves".to_owned()
        };
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let (low, high) = text.split_once("..").ok_or_else(expected)?;
        let end = |text: &str| match text.trim().trim_end_matches('%') {
            "" => Ok(None),
            number => number.parse::<f64>().ok().filter(|n| n.is_finite()).map(Some).ok_or_else(expected),
        };
        match (end(low)?, end(high)?) {
            (Some(low), Some(high)) if low >= high => Err(format!("{low} is not below {high}")),
            (low, high) => Ok(Self { low, high }),
        }
    }
}

impl fmt::Display for AxisLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |end: Option<f64>| end.map_or_else(String::new, |end| end.to_string());
        match *self == Self::default() {
            true => Ok(()),
            false => write!(f, "{}..{}", end(self.low), end(self.high)),
        }
    }
}

/// How values become lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisScale {
    /// Equal differences are equal lengths.
    Linear,
    /// Equal ratios are equal lengths; only positive values have a place.
    Log,
}

impl AxisScale {
    /// `value` as a length, in a unit of its own.
    pub fn length(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.ln(),
        }
    }

    /// The value that is so long.
    pub fn value(self, length: f64) -> f64 {
        match self {
            Self::Linear => length,
            Self::Log => length.exp(),
        }
    }

    /// Values up to here have no place on the axis.
    pub const fn floor(self) -> f32 {
        match self {
            Self::Linear => f32::NEG_INFINITY,
            Self::Log => 0.0,
        }
    }

    /// Where `value` lies between `low` (0) and `high` (1).
    pub fn fraction(self, value: f64, (low, high): (f64, f64)) -> f64 {
        let (low, high) = (self.length(low), self.length(high));
        (self.length(value) - low) / (high - low)
    }

    /// `low` to `high` with its ends moved out to round values, so that an axis stays put
    /// while its data grow.
    pub fn rounded_out(self, low: f64, high: f64) -> (f64, f64) {
        match self {
            Self::Linear => {
                let step = nice_step((high - low) / 8.0);
                let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
                let apart = step.max(high.abs() * 1e-6);
                if high > low { (low, high) } else { (low - apart, high + apart) }
            }
            Self::Log => {
                let step = LN_10 / 10.0;
                let (low, high) = (low.ln(), high.ln());
                let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
                if high > low { (low.exp(), high.exp()) } else { ((low - step).exp(), (high + step).exp()) }
            }
        }
    }

    /// At most about `most` round values from `low` to `high`.
    pub fn ticks(self, low: f64, high: f64, most: usize) -> Vec<Tick> {
        match self {
            Self::Linear => linear(low, high, most),
            Self::Log => log(low, high, most),
        }
    }
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below `least`.
fn nice_step(least: f64) -> f64 {
    if !(least.is_finite() && least > f64::MIN_POSITIVE) {
        return 1.0;
    }
    let power = 10f64.powf(least.log10().floor());
    // A step that is round already must not be taken for one just above it.
    let times = least / power * (1.0 - 1e-9);
    power * [1.0, 2.0, 5.0].into_iter().find(|n| *n >= times).unwrap_or(10.0)
}

fn multiples(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let slack = (high - low) * 1e-9;
    let first = ((low - slack) / step).ceil();
    let count = ((high + slack) / step).floor() - first;
    // More than a screen has would be a range without a scale: none at all.
    let count = if (0.0..1000.0).contains(&count) { count as usize + 1 } else { 0 };
    (0..count).map(move |i| (first + i as f64) * step)
}

/// Round values from `low` to `high`, at most about `most`.
pub fn linear(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let step = nice_step((high - low) / most.max(1) as f64);
    multiples(low, high, step).map(|at| Tick { at, label: number(at, step) }).collect()
}

/// Whole values from `low` to `high`: steps and epochs are counted.
pub fn counted(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let step = nice_step((high - low) / most.max(1) as f64).max(1.0);
    multiples(low, high, step).map(|at| Tick { at, label: number(at, step) }).collect()
}

/// 1, 2 and 5 times powers of ten from `low` to `high`, or others that are as round, so that
/// there are three or more where `most` allows: of one tick alone nothing can be read.
fn log(low: f64, high: f64, most: usize) -> Vec<Tick> {
    if !(low > 0.0 && high > low) {
        return Vec::new();
    }
    let most = most.max(2);
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let all = |factors: &[f64], every: i32| -> Vec<Tick> {
        let inside = |at: f64| at >= low * (1.0 - 1e-9) && at <= high * (1.0 + 1e-9);
        decades
            .clone()
            .filter(|n| n.rem_euclid(every) == 0)
            .flat_map(|n| factors.iter().map(move |f| f * 10f64.powi(n)))
            .filter(|at| inside(*at))
            .map(|at| Tick { at, label: number(at, at) })
            .collect()
    };
    let within = [&[1.0, 2.0, 5.0][..], &[1.0, 3.0], &[2.0, 5.0], &[1.0]];
    let further = 2..=decades.clone().count() as i32;
    let choices = within.into_iter().map(|factors| all(factors, 1));
    let choices = choices.chain(further.map(|every| all(&[1.0], every)));
    let finer = [&[1.0, 2.0, 3.0, 5.0, 7.0][..], &[1.0, 3.0, 7.0]].into_iter().map(|f| all(f, 1));
    let plain = (2..=most.min(4) + 2).rev().map(|most| linear(low, high, most));
    let mut fullest = Vec::new();
    let few = choices.chain(finer).filter(|ticks| ticks.len() <= most);
    for ticks in few.chain(plain.filter(|ticks| ticks.len() <= most + 1)) {
        if ticks.len() >= most.min(3) {
            return ticks;
        }
        if ticks.len() > fullest.len() {
            fullest = ticks;
        }
    }
    fullest
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;

/// Round times from `low` to `high` seconds, at most about `most`.
pub fn time(low: f64, high: f64, most: usize) -> Vec<Tick> {
    let least = (high - low) / most.max(1) as f64;
    let round = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0];
    let steps = round
        .into_iter()
        .chain(round.map(|m| m * MINUTE))
        .chain([1.0, 2.0, 3.0, 6.0, 12.0, 24.0].map(|h| h * HOUR));
    let step = match steps.into_iter().find(|step| *step >= least) {
        _ if least < 0.5 => nice_step(least),
        Some(step) => step,
        None => nice_step(least / (24.0 * HOUR)) * 24.0 * HOUR,
    };
    multiples(low, high, step).map(|at| Tick { at, label: duration(at, step) }).collect()
}

/// Seconds as `1h30m`, `5m`, `1m30s`, `2.5s`, no finer than `step` asks for.
pub fn duration(seconds: f64, step: f64) -> String {
    if seconds > 0.0 && seconds < MINUTE && step < 1.0 {
        return format!("{}s", number(seconds, step));
    }
    let whole = seconds.round().max(0.0) as u64;
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    match (hours, minutes, seconds) {
        (0, 0, 0) => "0".into(),
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, 0, _) => format!("{h}h"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

/// `value` as short as it can be told from its neighbours `step` away.
pub fn number(value: f64, step: f64) -> String {
    let (size, step) = (value.abs().max(step.abs()), step.abs());
    if value.abs() < step * 1e-6 {
        return "0".into();
    }
    for (unit, letter) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] {
        if size < 1e12 && (step >= unit || (size >= 10.0 * unit && step >= 0.1 * unit)) {
            return format!("{}{letter}", plain(value / unit, step / unit));
        }
    }
    if !(1e-3..1e12).contains(&size) {
        return format!("{value:.1e}").replace(".0e", "e");
    }
    plain(value, step)
}

fn plain(value: f64, step: f64) -> String {
    let decimals = (-(step.log10() + 1e-9).floor()).clamp(0.0, 6.0) as usize;
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(ticks: &[Tick]) -> Vec<&str> {
        ticks.iter().map(|t| t.label.as_str()).collect()
    }

    #[test]
    fn limits_are_what_was_typed() {
        for (text, low, high) in [
            ("0.1..2", Some(0.1), Some(2.0)),
            (" .5 .. ", Some(0.5), None),
            ("..90%", None, Some(90.0)),
            ("", None, None),
        ] {
            let limits: AxisLimits = text.parse().unwrap();
            assert_eq!(limits, AxisLimits { low, high }, "{text}");
            assert_eq!(limits.to_string().parse(), Ok(limits));
        }
        for wrong in ["1", "2..1", "1..1", "a..b", "inf..", "..NaN", "1..2..3"] {
            assert!(wrong.parse::<AxisLimits>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn linear_ticks_are_round() {
        assert_eq!(labels(&linear(0.0, 1.0, 5)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(&linear(83.0, 92.0, 5)), ["84", "86", "88", "90", "92"]);
        assert_eq!(labels(&linear(0.0, 100_000.0, 5)), ["0", "20k", "40k", "60k", "80k", "100k"]);
        assert_eq!(labels(&linear(0.0, 2500.0, 5)), ["0", "500", "1000", "1500", "2000", "2500"]);
        assert_eq!(
            labels(&linear(50_000.0, 50_100.0, 5)),
            ["50000", "50020", "50040", "50060", "50080", "50100"]
        );
        assert_eq!(labels(&linear(0.0, 3e-4, 3)), ["0", "1e-4", "2e-4", "3e-4"]);
        assert_eq!(labels(&linear(0.0, 4e15, 3)), ["0", "2e15", "4e15"]);
        assert_eq!(labels(&counted(0.0, 3.0, 10)), ["0", "1", "2", "3"]);
    }

    #[test]
    fn log_ticks_are_one_two_five() {
        assert_eq!(labels(&log(0.01, 1.0, 9)), ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]);
        assert_eq!(labels(&log(1e-6, 1e3, 5)), ["1e-6", "1e-4", "0.01", "1", "100"]);
        assert!(log(0.31, 0.44, 5).len() > 1, "a short range has ticks too");
        assert_eq!(labels(&log(10.0, 100.0, 3)), ["10", "30", "100"]);
        assert_eq!(labels(&log(10.0, 95.0, 3)), ["10", "20", "50"]);
        assert_eq!(labels(&log(20.0, 95.0, 5)), ["20", "30", "50", "70"]);
        for (low, high) in
            (1..60).flat_map(|i| [1.1, 1.5, 2.5, 9.0, 40.0, 99.0].map(|f| (i, f))).map(|(i, f)| {
                let low = f64::from(i) / 7.0;
                (low, low * f)
            })
        {
            for most in 4..9 {
                let count = log(low, high, most).len();
                let least = if high / low < 9.0 { 2 } else { 3 };
                assert!((least..=most + 1).contains(&count), "{count} of {most} from {low} to {high}");
            }
        }
        assert!(log(0.0, 1.0, 5).is_empty());
    }

    #[test]
    fn time_ticks_have_units() {
        assert_eq!(labels(&time(0.0, 100.0, 4)), ["0", "30s", "1m", "1m30s"]);
        assert_eq!(labels(&time(0.0, 7200.0, 4)), ["0", "30m", "1h", "1h30m", "2h"]);
        assert_eq!(labels(&time(0.0, 1.0, 4)), ["0", "0.5s", "1.0s"]);
        assert_eq!(labels(&time(0.0, 400_000.0, 5)), ["0", "24h", "48h", "72h", "96h"]);
    }

    #[test]
    fn ranges_are_rounded_outwards() {
        assert_eq!(AxisScale::Linear.rounded_out(0.03, 2.31), (0.0, 2.5));
        let (low, high) = AxisScale::Log.rounded_out(0.031, 2.31);
        assert!(low <= 0.031 && high >= 2.31);
        let (low, high) = AxisScale::Linear.rounded_out(1.0, 1.0);
        assert!(low < high);
    }

    proptest! {
        #[test]
        fn ticks_lie_in_range_and_are_few(low in -1e6..1e6f64, span in 1e-6..1e6f64, most in 1usize..20) {
            let high = low + span;
            for ticks in [linear(low, high, most), time(low, high, most), log(low, high, most)] {
                prop_assert!(ticks.len() <= most.max(4) + 1, "{} for {most}", ticks.len());
                for pair in ticks.windows(2) {
                    prop_assert!(pair[0].at < pair[1].at);
                }
                for tick in &ticks {
                    prop_assert!(tick.at >= low - span * 1e-6 && tick.at <= high + span * 1e-6);
                }
            }
        }
    }
}
