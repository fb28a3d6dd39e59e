//! What a folder of runs says, as plain values: the paper's Tables 1 and 2 and Fig. 2,
//! learning curves, comparisons with a baseline, and which hops matter.
//!
//! Everything is made anew from [`RunState`]s in one pass over their epochs, and knows
//! neither files nor formats.

pub mod activations;
pub mod compare;
pub mod curves;
pub mod groups;
pub mod hop_effects;
pub mod table;

use serde::Serialize;

use self::groups::{DataSignature, RunGroup};
use super::dataset::DatasetId;
use super::event::Checkpoint;
use super::run_state::RunState;
use super::seeds;
use super::spec::ExperimentSpec;
use super::stats;
use super::text::shell_word;

/// The paper's number of seeds.
pub const SEEDS: [u64; 5] = [0, 1, 2, 3, 4];

/// One run to report on.
#[derive(Debug, Clone, Copy)]
pub struct ReportRun<'a> {
    /// What its folder is called.
    pub name: &'a str,
    /// What was run.
    pub spec: &'a ExperimentSpec,
    /// What came of it.
    pub state: &'a RunState,
    /// Whether it is still trained.
    pub training: bool,
}

/// What to report on.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// Whose test scores: of the best validation epoch, or of the last.
    pub checkpoint: Checkpoint,
    /// Only these datasets; all where it is empty.
    pub datasets: Vec<DatasetId>,
    /// Seeds that a cell should have.
    pub seeds: Vec<u64>,
    /// The level of "epochs to x%"; where it is `None`, the highest whole percent that all
    /// runs of a figure reached.
    pub target: Option<f64>,
    /// The folder of runs, as commands name it.
    pub out: String,
}

impl Default for ReportOptions {
    fn default() -> Self {
        Self {
            checkpoint: Checkpoint::Best,
            datasets: Vec::new(),
            seeds: SEEDS.to_vec(),
            target: None,
            out: "runs".into(),
        }
    }
}

impl ReportOptions {
    /// Whether `data` is reported on.
    pub fn wants(&self, data: &DataSignature) -> bool {
        self.datasets.is_empty() || self.datasets.contains(&data.id)
    }

    /// The command that trains `spec` with `missing` seeds into the folder, or resumes them.
    pub fn command(&self, spec: &ExperimentSpec, missing: &[u64]) -> String {
        format!(
            "hiresnet-tui --batch \"{}\" --seeds {} --out {} --resume",
            spec.without_seed(),
            seeds::text(missing),
            shell_word(&match self.out.starts_with('-') {
                // An option's value is none of the options.
                true => format!("./{}", self.out),
                false => self.out.clone(),
            })
        )
    }

    /// Expected seeds that `group` has not completed and that would not diverge again.
    fn missing(&self, group: Option<&RunGroup>) -> Vec<u64> {
        let has =
            |seed: &u64| group.is_some_and(|g| g.runs.contains_key(seed) || g.diverged.contains_key(seed));
        self.seeds.iter().copied().filter(|seed| !has(seed)).collect()
    }
}

/// A number that several seeds have.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SeedSample {
    /// By seed.
    pub values: Vec<(u64, f64)>,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation (n − 1); `None` of one.
    pub std: Option<f64>,
}

impl SeedSample {
    /// Of `values`; `None` where there is none, or one is no number.
    pub fn new(values: Vec<(u64, f64)>) -> Option<Self> {
        let numbers: Vec<f64> = values.iter().map(|(_, value)| *value).collect();
        let mean = stats::mean(&numbers)?;
        mean.is_finite().then(|| Self { values, mean, std: stats::std(&numbers) })
    }

    /// How many seeds.
    pub fn n(&self) -> usize {
        self.values.len()
    }

    /// `89.46(0.30)`, as the paper prints it.
    pub fn text(&self, decimals: usize) -> String {
        stats::mean_std_text(self.mean, self.std, decimals)
    }
}

/// What is known of a recipe, for headings: its keys, or the paper's.
pub fn recipe_name(recipe: &str) -> &str {
    if recipe.is_empty() { "the paper's recipe" } else { recipe }
}

/// The test score of `state` that `options` asks for.
fn test<'a>(state: &'a RunState, options: &ReportOptions) -> Option<&'a super::event::Score> {
    state.test(options.checkpoint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_can_be_pasted_into_a_shell() {
        let options = ReportOptions { out: "my runs/it's".into(), ..ReportOptions::default() };
        let spec: ExperimentSpec = "resnet+hires[P1]@cifar10 epochs=3 seed=2".parse().unwrap();
        assert_eq!(
            options.command(&spec, &[0, 1, 2, 3, 4]),
            r#"hiresnet-tui --batch "resnet+hires[P1]@cifar10 epochs=3" --seeds 0..4 --out "my runs/it's" --resume"#
        );
        let odd = ReportOptions { out: "-odd".into(), ..options };
        assert!(odd.command(&spec, &[2]).ends_with(" --seeds 2 --out ./-odd --resume"));
    }
}
