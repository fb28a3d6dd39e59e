//! How fast this machine trains, and how well its devices agree.

pub mod ops;
pub mod parity;
pub mod steps;

use crate::domain::spec::ExperimentSpec;

/// A spec to time, and what of it was varied.
#[derive(Debug, Clone)]
pub struct Variation {
    /// Such as `batch=50`; empty for a spec as it was given.
    pub varies: String,
    /// The spec.
    pub spec: ExperimentSpec,
}

impl Variation {
    /// A spec as it was given.
    pub const fn of(spec: ExperimentSpec) -> Self {
        Self { varies: String::new(), spec }
    }
}

/// `spec` with other batches, widths, depths and numbers of blocks, one thing at a time;
/// variations that are no networks are left out.
pub fn scaling(spec: &ExperimentSpec) -> Vec<Variation> {
    let list = |values: &[usize]| values.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let mut settings: Vec<Vec<(&str, String)>> = vec![vec![]];
    settings.extend([10, 25, 50, 200, 400].map(|batch: usize| vec![("batch", batch.to_string())]));
    for (times, over) in [(1, 2), (2, 1), (4, 1)] {
        let widths: Vec<_> = spec.widths.iter().map(|w| w * times / over).collect();
        settings.push(vec![("widths", list(&widths))]);
    }
    for times in [2, 3] {
        let depths: Vec<_> = spec.blocks.iter().map(|depth| depth * times).collect();
        settings.push(vec![("blocks", list(&depths))]);
    }
    for blocks in 1..=5 {
        if blocks != spec.blocks.len() {
            let widths: Vec<_> = (0..blocks).map(|b| 16 << b).collect();
            settings.push(vec![("blocks", list(&vec![2; blocks])), ("widths", list(&widths))]);
        }
    }
    let vary = |pairs: Vec<(&str, String)>| {
        let mut varied = spec.clone();
        for (key, value) in &pairs {
            varied.set(key, value).ok()?;
        }
        let varies: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let varies = if varies.is_empty() { "as given".into() } else { varies.join(" ") };
        varied.checked().ok().map(|spec| Variation { varies, spec })
    };
    settings.into_iter().filter_map(vary).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_varied_at_a_time_and_every_variation_is_a_network() {
        let spec: ExperimentSpec = "resnet+hires@fashion-embedded".parse().unwrap();
        let all = scaling(&spec);
        assert_eq!(all[0].spec, spec);
        assert_eq!(all.len(), 15);
        for variation in &all[1..] {
            assert_ne!(variation.spec, spec, "{}", variation.varies);
            assert!(variation.spec.architecture().is_ok(), "{}", variation.varies);
        }
    }
}
