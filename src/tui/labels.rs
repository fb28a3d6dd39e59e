//! Short names of runs: what tells each from the others that are listed.

use std::fmt;

use super::run::TrackedRun;

/// What all listed runs have alike.
#[derive(Debug, Clone, Default)]
pub struct Labels {
    /// Words after the network that every run's line has; none of a single run's.
    common: Vec<String>,
    /// The longest name of a network, characters.
    pub widest: usize,
    /// Whether network and seed are all that tells them apart.
    pub alike: bool,
}

/// A run's short name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Family, version and hops.
    pub network: String,
    /// `s3`.
    pub seed: String,
    /// Dataset and keys, but for those that all have.
    pub rest: String,
}

impl Labels {
    /// Of these runs.
    pub fn of<'a>(runs: impl Iterator<Item = &'a TrackedRun>) -> Self {
        let runs: Vec<&TrackedRun> = runs.collect();
        let Some((first, others)) = runs.split_first() else { return Self::default() };
        let length = |run: &TrackedRun| run.spec.network_name().chars().count();
        let mut common: Vec<String> = words(&first.line).map(str::to_owned).collect();
        let mut widest = length(first);
        for run in others {
            widest = widest.max(length(run));
            common.retain(|word| words(&run.line).any(|own| own == word));
        }
        if others.is_empty() {
            common.clear();
        }
        let labels = Self { common, widest, alike: false };
        Self { alike: runs.iter().all(|run| labels.label(run).rest.is_empty()), ..labels }
    }

    /// One run's.
    pub fn label(&self, run: &TrackedRun) -> Label {
        let rest: Vec<_> = words(&run.line).filter(|word| !self.common.iter().any(|c| c == word)).collect();
        Label { network: run.spec.network_name(), seed: format!("s{}", run.spec.seed), rest: rest.join(" ") }
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{} {} {}", self.network, self.seed, self.rest);
        f.write_str(text.trim_end())
    }
}

/// Dataset and keys of a one-line spec, without its seed.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let rest = line.split_once('@').map_or("", |(_, rest)| rest);
    rest.split(' ').filter(|word| !word.starts_with("seed="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(lines: &[&str]) -> Vec<String> {
        let runs: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(id, line)| TrackedRun::waiting(id, line.parse().unwrap()))
            .collect();
        let labels = Labels::of(runs.iter());
        runs.iter().map(|run| labels.label(run).to_string()).collect()
    }

    #[test]
    fn what_all_runs_have_is_left_out() {
        let lines = [
            "resnet@fashion epochs=3",
            "resnet+hires@fashion seed=2 epochs=3",
            "plain@fashion epochs=3 lr=0.1",
        ];
        assert_eq!(labels(&lines), ["resnet s0", "resnet+hires s2", "plain s0 lr=0.1"]);
        assert_eq!(labels(&lines[1..2]), ["resnet+hires s2 fashion epochs=3"]);
        assert_eq!(labels(&[]), [""; 0]);
    }
}
