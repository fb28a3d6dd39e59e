//! Sweeps: the product of axes, each a key of a spec with several values.

use super::dataset::DatasetId;
use super::error::SpecError;
use super::hops::{HopSet, all_hops};
use super::keys::{self, KeyValue};
use super::one_line::parse_version;
use super::seeds;
use super::spec::{ExperimentSpec, Version};

/// Most runs of one sweep.
pub const MAX_RUNS: usize = 20_000;

/// Keys that every run has, and keys that differ.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sweep {
    /// Keys and values that all runs have.
    fixed: Vec<(String, String)>,
    /// The slowest first.
    axes: Vec<Axis>,
}

/// What differs from run to run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Axis {
    /// One key, or several that go together.
    keys: Vec<String>,
    /// For each step along it, a value for each key.
    values: Vec<Vec<String>>,
}

impl Sweep {
    /// A sweep from what a file has: values by key, and axes by key.
    ///
    /// Of an axis, `version` also takes the one-line form's `hires[P1]`; `seed` a range such as
    /// `0..4`; `hops` the word `subsets`, every set of hops of the network. Several keys with a
    /// `+` between them take lists of as many values.
    ///
    /// # Errors
    /// When a key is none, is there twice, or an axis has no values.
    pub fn new(
        fixed: impl IntoIterator<Item = (String, KeyValue)>,
        axes: impl IntoIterator<Item = (String, KeyValue)>,
    ) -> Result<Self, SpecError> {
        let mut this = Self::default();
        for (key, value) in fixed {
            keys::find(&key)?;
            this.fixed.push((key, value.to_string()));
        }
        for (key, value) in axes {
            this.add_axis(&key, &value)?;
        }
        Ok(this)
    }

    fn add_axis(&mut self, name: &str, value: &KeyValue) -> Result<(), SpecError> {
        let fail = |reason: &str| Err(SpecError::new(name, reason));
        let keys: Vec<String> = name.split('+').map(str::to_owned).collect();
        for key in &keys {
            keys::find(key)?;
            if self.fixed.iter().any(|(fixed, _)| fixed == key) {
                return fail("it is an axis and has a value of its own");
            }
            if self.axes.iter().any(|axis| axis.keys.contains(key)) {
                return fail("an axis twice");
            }
        }
        let values: Vec<Vec<String>> = match (keys.as_slice(), value) {
            ([key], KeyValue::Text(range)) if key == "seed" => {
                seeds::parse(range)?.iter().map(|seed| vec![seed.to_string()]).collect()
            }
            ([_], KeyValue::List(items)) => items.iter().map(|item| vec![item.to_string()]).collect(),
            ([_], one) => vec![vec![one.to_string()]],
            (_, KeyValue::List(steps)) => {
                let step = |step: &KeyValue| match step {
                    KeyValue::List(items) if items.len() == keys.len() => {
                        Some(items.iter().map(KeyValue::to_string).collect())
                    }
                    _ => None,
                };
                match steps.iter().map(step).collect() {
                    Some(values) => values,
                    None => return fail("each of its values is a list with one for each key"),
                }
            }
            _ => return fail("each of its values is a list with one for each key"),
        };
        if values.is_empty() {
            return fail("an axis without values");
        }
        self.axes.push(Axis { keys, values });
        Ok(())
    }

    /// Gives every run this value: of an axis, it is the only one then.
    ///
    /// # Errors
    /// When the key is none.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), SpecError> {
        let key = keys::find(key)?.name;
        for axis in &mut self.axes {
            if let Some(place) = axis.keys.iter().position(|of| of == key) {
                axis.keys.remove(place);
                axis.values.iter_mut().for_each(|values| drop(values.remove(place)));
            }
        }
        self.axes.retain(|axis| !axis.keys.is_empty());
        self.fixed.retain(|(fixed, _)| fixed != key);
        self.fixed.push((key.to_owned(), value.trim().to_owned()));
        Ok(())
    }

    /// Runs every run with each of these seeds.
    pub fn set_seeds(&mut self, seeds: &[u64]) {
        self.fixed.retain(|(fixed, _)| fixed != "seed");
        self.axes.retain(|axis| axis.keys != ["seed"]);
        let values = seeds.iter().map(|seed| vec![seed.to_string()]).collect();
        self.axes.push(Axis { keys: vec!["seed".to_owned()], values });
    }

    /// The axes, the slowest first: their keys, and how many values they have.
    ///
    /// # Errors
    /// When a network has too many sets of hops.
    pub fn axes(&self) -> Result<Vec<(String, usize)>, SpecError> {
        let count = |axis: &Axis| match axis.keys == ["hops"] && axis.values == [["subsets"]] {
            true => subsets(self.blocks()).map(|sets| sets.len()),
            false => Ok(axis.values.len()),
        };
        self.axes.iter().map(|axis| Ok((axis.keys.join("+"), count(axis)?))).collect()
    }

    /// Every run, once, in the order of the axes: the last axis changes fastest.
    ///
    /// # Errors
    /// When a combination is no run, or there are too many.
    pub fn specs(&self) -> Result<Vec<ExperimentSpec>, SpecError> {
        let mut axes = self.axes.clone();
        for axis in &mut axes {
            if axis.keys == ["hops"] && axis.values == [["subsets"]] {
                axis.values = subsets(self.blocks())?.into_iter().map(|set| vec![set]).collect();
            }
        }
        let count = axes.iter().try_fold(1usize, |n, axis| n.checked_mul(axis.values.len()));
        let count = count.filter(|n| *n <= MAX_RUNS);
        let count = count.ok_or_else(|| SpecError::new("axes", format!("more than {MAX_RUNS} runs")))?;
        let mut specs: Vec<ExperimentSpec> = Vec::with_capacity(count);
        let mut seen = std::collections::HashSet::new();
        for number in 0..count {
            let mut rest = number;
            let mut chosen: Vec<(&str, &str)> = Vec::with_capacity(axes.len());
            for Axis { keys, values } in axes.iter().rev() {
                let step = &values[rest % values.len()];
                chosen.extend(keys.iter().map(String::as_str).zip(step.iter().map(String::as_str)));
                rest /= values.len();
            }
            let spec = self.spec(&chosen)?;
            if seen.insert(spec.to_string()) {
                specs.push(spec);
            }
        }
        Ok(specs)
    }

    /// The run with these values of the axes.
    fn spec(&self, chosen: &[(&str, &str)]) -> Result<ExperimentSpec, SpecError> {
        let fixed = self.fixed.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let pairs: Vec<_> = fixed.chain(chosen.iter().copied()).collect();
        for needed in ["family", "dataset"] {
            if !pairs.iter().any(|(key, _)| *key == needed) {
                return Err(SpecError::new(needed, "missing"));
            }
        }
        // A version with its hops is no key's value, and an empty set of hops no list's.
        let bracketed = pairs.iter().find(|(key, value)| *key == "version" && value.contains('['));
        let without_hops = pairs.iter().any(|(key, value)| *key == "hops" && value.is_empty());
        let plain = pairs.iter().filter(|pair| {
            Some(*pair) != bracketed && !(without_hops && ["hops", "version"].contains(&pair.0))
        });
        let mut spec = ExperimentSpec::from_pairs(plain.copied())?;
        if let Some((_, version)) = bracketed {
            spec.version = parse_version(version)?;
        }
        if without_hops {
            spec.version = Version::Original;
        }
        let mut named: Vec<_> = chosen.iter().map(|(key, value)| format!("{key}={value}")).collect();
        // Blocks and widths must fit together, whether or not they are axes.
        let shape = spec.pairs().filter(|(key, _)| ["blocks", "widths"].contains(key));
        let other = shape.filter(|(key, _)| chosen.iter().all(|(axis, _)| axis != key));
        let other: Vec<_> = other.map(|(key, value)| format!("{key}={value}")).collect();
        spec.checked().map_err(|e| {
            if ["blocks", "widths"].contains(&e.field.as_str()) {
                named.extend(other);
            }
            SpecError::new(e.field, format!("{} (of {})", e.reason, named.join(" ")))
        })
    }

    /// Blocks of the networks, where all have as many.
    fn blocks(&self) -> usize {
        let fixed = self.fixed.iter().find(|(key, _)| key == "blocks");
        let usual = || {
            ExperimentSpec::paper(super::architecture::Family::ResNet, Version::Original, DatasetId::Cifar10)
        };
        fixed.map_or_else(|| usual().blocks.len(), |(_, list)| list.split(',').count())
    }
}

/// Every set of hops of a network of `blocks` blocks, the empty one first.
fn subsets(blocks: usize) -> Result<Vec<String>, SpecError> {
    let hops: Vec<_> = all_hops(blocks).collect();
    if 1usize.checked_shl(hops.len() as u32).is_none_or(|n| n > MAX_RUNS) {
        return Err(SpecError::new("hops", format!("{} hops have too many subsets", hops.len())));
    }
    let set = |bits: usize| -> HopSet {
        hops.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, hop)| *hop).collect()
    };
    let text = |set: HopSet| set.iter().map(|hop| hop.to_string()).collect::<Vec<_>>().join(",");
    Ok((0..1usize << hops.len()).map(|bits| text(set(bits))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(words: &[&str]) -> KeyValue {
        KeyValue::List(words.iter().map(|word| KeyValue::Text((*word).into())).collect())
    }

    fn sweep(fixed: &[(&str, &str)], axes: &[(&str, KeyValue)]) -> Sweep {
        let fixed = fixed.iter().map(|(k, v)| ((*k).to_owned(), KeyValue::Text((*v).to_owned())));
        Sweep::new(fixed, axes.iter().map(|(k, v)| ((*k).to_owned(), v.clone()))).unwrap()
    }

    fn lines(sweep: &Sweep) -> Vec<String> {
        sweep.specs().unwrap().iter().map(ExperimentSpec::to_string).collect()
    }

    #[test]
    fn a_product_in_order_with_each_datasets_own_recipe() {
        let axes = [
            ("version", texts(&["original", "hires[P1]"])),
            ("dataset", texts(&["cifar10", "cifar100"])),
            ("seed", KeyValue::Text("0..1".into())),
        ];
        let sweep = sweep(&[("family", "resnet")], &axes);
        assert_eq!(
            lines(&sweep),
            [
                "resnet@cifar10",
                "resnet@cifar10 seed=1",
                "resnet@cifar100",
                "resnet@cifar100 seed=1",
                "resnet+hires[P1]@cifar10",
                "resnet+hires[P1]@cifar10 seed=1",
                "resnet+hires[P1]@cifar100",
                "resnet+hires[P1]@cifar100 seed=1",
            ]
        );
        assert_eq!(sweep.specs().unwrap()[2].epochs, 100);
    }

    #[test]
    fn a_value_that_is_set_replaces_an_axis() {
        let axes = [("dataset", texts(&["cifar10", "cifar100"])), ("version", texts(&["original", "hires"]))];
        let mut sweep = sweep(&[("family", "plain"), ("epochs", "3")], &axes);
        sweep.set("dataset", "fashion-embedded").unwrap();
        sweep.set("epochs", "1").unwrap();
        assert_eq!(
            lines(&sweep),
            ["plain@fashion-embedded epochs=1", "plain+hires@fashion-embedded epochs=1"]
        );
        assert!(sweep.set("epoch", "1").unwrap_err().reason.contains("epochs"));
    }

    #[test]
    fn every_set_of_hops_is_sixty_four() {
        let mut sweep =
            sweep(&[("family", "resnet"), ("dataset", "fashion")], &[("hops", texts(&["subsets"]))]);
        let all = lines(&sweep);
        assert_eq!(
            (all.len(), all[0].as_str(), all[63].as_str()),
            (64, "resnet@fashion", "resnet+hires@fashion")
        );
        sweep.set("blocks", "2,2").unwrap();
        sweep.set("widths", "16,32").unwrap();
        assert_eq!(lines(&sweep).len(), 8);
    }

    #[test]
    fn what_is_no_sweep_says_why() {
        let no = |fixed: &[(&str, &str)], axes: &[(&str, KeyValue)]| {
            let fixed = fixed.iter().map(|(k, v)| ((*k).to_owned(), KeyValue::Text((*v).to_owned())));
            let sweep = Sweep::new(fixed, axes.iter().map(|(k, v)| ((*k).to_owned(), v.clone())));
            sweep.and_then(|sweep| sweep.specs()).unwrap_err().to_string()
        };
        let base = [("family", "resnet"), ("dataset", "cifar10")];
        assert!(no(&base, &[("version", texts(&["hires[P9]"]))]).contains("version=hires[P9]"));
        assert!(no(&base, &[("family", texts(&["plain"]))]).contains("an axis and has a value"));
        assert!(no(&base, &[("seed", texts(&[]))]).contains("without values"));
        let shape = [base[0], base[1], ("blocks", "1,1,1")];
        let widths = [("widths", texts(&["16,32", "16"]))];
        assert!(
            no(&shape, &widths).contains("2 widths for 3 blocks")
                && no(&shape, &widths).contains("(of widths=16,32 blocks=1,1,1)")
        );
        assert!(no(&base[..1], &[]).contains("dataset: missing"));
        assert!(no(&base, &[("speed", texts(&["1"]))]).contains("unknown key"));
        assert!(
            no(&base, &[("seed", KeyValue::Text("0..9999".into())), ("batch", texts(&["1", "2", "3"]))])
                .contains("more than")
        );
    }
}
