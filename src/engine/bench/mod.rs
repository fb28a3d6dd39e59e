//! How fast this machine trains, and how well its devices agree.

pub mod check;
pub mod input;
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

/// `spec` with other batches, widths and depths, and with one to five blocks like its
/// first, each twice as wide as the one before; then the variations that are no networks,
/// and why.
pub fn scaling(spec: &ExperimentSpec) -> (Vec<Variation>, Vec<String>) {
    let list = |values: &[usize]| values.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let times = |values: &[usize], by: usize, over: usize| -> Vec<usize> {
        values.iter().map(|value| (value * by / over).max(1)).collect()
    };
    let mut settings: Vec<(String, Vec<(&str, String)>)> = Vec::new();
    for (by, over) in [(1, 10), (1, 4), (1, 2), (2, 1), (4, 1)] {
        let batch = (spec.batch * by / over).max(1).to_string();
        settings.push((format!("batch={batch}"), vec![("batch", batch)]));
    }
    for (by, over) in [(1, 2), (2, 1), (4, 1)] {
        let widths = list(&times(&spec.widths, by, over));
        settings.push((format!("widths={widths}"), vec![("widths", widths)]));
    }
    for by in [2, 3] {
        let depths = list(&times(&spec.blocks, by, 1));
        settings.push((format!("depths={depths}"), vec![("blocks", depths)]));
    }
    let (depth, width) = (spec.blocks[0], spec.widths[0]);
    for blocks in 1..=5 {
        let widths: Vec<_> = (0..blocks).map(|b| width << b).collect();
        let pairs = vec![("blocks", list(&vec![depth; blocks])), ("widths", list(&widths))];
        settings.push((format!("{blocks} × {depth}, {width} to {}", width << (blocks - 1)), pairs));
    }
    let (mut networks, mut others) =
        (vec![Variation { varies: "as given".into(), spec: spec.clone() }], Vec::new());
    for (varies, pairs) in settings {
        let mut varied = spec.clone();
        let set = pairs.iter().try_for_each(|(key, value)| varied.set(key, value));
        match set.and_then(|()| varied.checked()) {
            Ok(varied) if networks.iter().any(|known| known.spec == varied) => {}
            Ok(varied) => networks.push(Variation { varies, spec: varied }),
            Err(reason) => others.push(format!("{varies}: {reason}")),
        }
    }
    (networks, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn varied(line: &str) -> (Vec<String>, Vec<String>) {
        let spec: ExperimentSpec = line.parse().unwrap();
        let (networks, others) = scaling(&spec);
        assert_eq!(networks[0].spec, spec);
        for variation in &networks[1..] {
            assert_ne!(variation.spec, spec, "{}", variation.varies);
            assert!(variation.spec.architecture().is_ok(), "{}", variation.varies);
        }
        (networks.into_iter().map(|variation| variation.varies).collect(), others)
    }

    #[test]
    fn the_papers_network_is_varied_one_thing_at_a_time() {
        let (networks, others) = varied("resnet+hires@fashion-embedded");
        let expected = [
            "as given",
            "batch=10",
            "batch=25",
            "batch=50",
            "batch=200",
            "batch=400",
            "widths=8,16,32",
            "widths=32,64,128",
            "widths=64,128,256",
            "depths=4,6,6",
            "depths=6,9,9",
            "1 × 2, 16 to 16",
            "2 × 2, 16 to 32",
            "3 × 2, 16 to 64",
            "4 × 2, 16 to 128",
            "5 × 2, 16 to 256",
        ];
        assert_eq!((networks, others), (expected.map(String::from).to_vec(), vec![]));
    }

    #[test]
    fn variations_are_around_the_spec_and_those_that_are_no_networks_are_said() {
        let (networks, others) = varied("resnext@fashion blocks=1 widths=4 batch=2");
        assert!(
            networks.contains(&"batch=8".into()) && networks.contains(&"2 × 1, 4 to 8".into()),
            "{networks:?}"
        );
        assert_eq!(networks.iter().filter(|varies| *varies == "batch=1").count(), 1);
        assert_eq!(others.len(), 1, "{others:?}");
        assert!(others[0].starts_with("widths=2: "), "{others:?}");
    }
}
