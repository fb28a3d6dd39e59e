//! Runs that differ in nothing but their seed, and what sets such groups apart.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ReportRun, SeedSample};
use crate::domain::architecture::Family;
use crate::domain::dataset::{DatasetId, ImageFolder};
use crate::domain::event::Outcome;
use crate::domain::hops::{HopGroup, HopSelection};
use crate::domain::run_state::RunState;
use crate::domain::seeds::group_by_line;
use crate::domain::spec::{ExperimentSpec, Version};
use crate::domain::text::plural;

/// Keys that say which network, which data and which seed, not how it is trained.
const NOT_RECIPE: [&str; 8] =
    ["family", "version", "hops", "dataset", "folder", "classes", "image_size", "seed"];

/// What networks are trained on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSignature {
    /// Which dataset.
    pub id: DatasetId,
    /// Of the dataset `folder`, which; `None` of the others.
    pub folder: Option<ImageFolder>,
}

impl Serialize for DataSignature {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name())
    }
}

impl DataSignature {
    /// What `spec` is trained on.
    pub fn of(spec: &ExperimentSpec) -> Self {
        let folder = (spec.dataset == DatasetId::Folder).then(|| spec.folder.clone());
        Self { id: spec.dataset, folder }
    }

    /// One of the datasets with a name of its own.
    pub fn named(id: DatasetId) -> Self {
        Self { id, folder: (id == DatasetId::Folder).then(ImageFolder::default) }
    }

    /// As headings have it.
    pub fn title(&self) -> String {
        match (self.id, &self.folder) {
            (DatasetId::FashionEmbedded, _) => "Fashion-MNIST (embedded)".into(),
            (DatasetId::Fashion, _) => "Fashion-MNIST".into(),
            (DatasetId::Cifar10, _) => "CIFAR-10".into(),
            (DatasetId::Cifar100, _) => "CIFAR-100".into(),
            (DatasetId::TinyImagenet, _) => "Tiny-ImageNet".into(),
            (DatasetId::Mnist, _) => "MNIST".into(),
            (DatasetId::Folder, Some(folder)) => format!("folder {}", folder.name),
            (DatasetId::Folder, None) => "folder".into(),
        }
    }

    /// As files have it: the spec's name, and which folder.
    pub fn name(&self) -> String {
        match &self.folder {
            None => self.id.name().into(),
            Some(folder) => format!("{}/{}", self.id.name(), folder.name),
        }
    }

    /// The keys of a one-line spec that name it, after `@`.
    fn words(&self) -> String {
        match &self.folder {
            None => self.id.name().into(),
            Some(f) => {
                format!("{} folder={} classes={} image_size={}", self.id.name(), f.name, f.classes, f.size)
            }
        }
    }

    /// The spec of `network` trained on this by `recipe`; `None` where there is no such
    /// network (no P3 with two blocks, say).
    pub fn spec(&self, network: &str, recipe: &str) -> Option<ExperimentSpec> {
        format!("{network}@{} {recipe}", self.words()).parse().ok()
    }
}

/// What `spec` has otherwise than the paper's recipe for its dataset, as in its one-line
/// form; nothing for the paper's.
pub fn recipe(spec: &ExperimentSpec) -> String {
    let differing = spec.unusual().filter(|(key, _)| !NOT_RECIPE.contains(key));
    differing.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
}

/// How a family's versions are ordered: as in the paper, then by name.
pub fn order(spec: &ExperimentSpec) -> (Family, usize, String) {
    let hires = |group| Version::HiRes(HopSelection::group(group));
    let known =
        [Version::Original, Version::Adjusted, Version::hires(), hires(HopGroup::In), hires(HopGroup::Out)];
    let rank = known.iter().position(|version| *version == spec.version).unwrap_or(known.len());
    (spec.family, rank, spec.network_name())
}

/// The completed runs of one spec, by seed.
#[derive(Debug, Clone)]
pub struct RunGroup<'a> {
    /// The spec, whatever its seed.
    pub spec: ExperimentSpec,
    /// What it is trained on.
    pub data: DataSignature,
    /// How.
    pub recipe: String,
    /// The newest completed run of each seed.
    pub runs: BTreeMap<u64, ReportRun<'a>>,
    /// Completed runs left out because a newer one has the same seed.
    pub older: usize,
    /// Runs that did not complete, by how they ended.
    pub others: BTreeMap<&'static str, usize>,
    /// Runs that diverged, and would again, by seed.
    pub diverged: BTreeMap<u64, ReportRun<'a>>,
}

impl<'a> RunGroup<'a> {
    /// The network's name: `resnet+hires[P1]`.
    pub fn network(&self) -> String {
        self.spec.network_name()
    }

    /// A number over the seeds whose run has it.
    pub fn sample(&self, number: impl Fn(&RunState) -> Option<f64>) -> Option<SeedSample> {
        let values = self.runs.iter().filter_map(|(seed, run)| Some((*seed, number(run.state)?)));
        SeedSample::new(values.collect())
    }

    /// What its runs lack of the whole dataset, in words, of the first that lacks anything.
    pub fn short(&self) -> Option<String> {
        let lacks =
            |run: &ReportRun| run.state.started.as_ref().and_then(|facts| facts.images.shortage(run.spec));
        self.runs.values().find_map(lacks)
    }

    /// Of runs that differ in nothing but their seeds; `None` of no run.
    fn of(runs: &[&ReportRun<'a>]) -> Option<Self> {
        let spec = runs.first()?.spec;
        let mut group = Self {
            spec: ExperimentSpec { seed: 0, ..spec.clone() },
            data: DataSignature::of(spec),
            recipe: recipe(spec),
            runs: BTreeMap::new(),
            older: 0,
            others: BTreeMap::new(),
            diverged: BTreeMap::new(),
        };
        runs.iter().for_each(|run| group.add(**run));
        Some(group)
    }

    fn add(&mut self, run: ReportRun<'a>) {
        match run.state.outcome {
            Some(Outcome::Completed) => {
                let known = self.runs.get(&run.spec.seed).copied();
                let newest = known.filter(|known| began(known) > began(&run)).unwrap_or(run);
                self.older += usize::from(known.is_some());
                self.runs.insert(run.spec.seed, newest);
            }
            outcome => {
                if outcome == Some(Outcome::Diverged) {
                    self.diverged.insert(run.spec.seed, run);
                }
                let cut_off = if run.training { "still training" } else { "unfinished" };
                *self.others.entry(outcome.map_or(cut_off, Outcome::name)).or_default() += 1;
            }
        }
    }

    /// What is left out of its mean, in words; `None` where nothing is.
    pub fn left_out(&self) -> Option<String> {
        let mut parts: Vec<String> = self.others.iter().map(|(how, n)| format!("{n} {how}")).collect();
        if self.older > 0 {
            parts.push(format!("{} older with the same seed", self.older));
        }
        (!parts.is_empty()).then(|| format!("{}: {}", self.spec.without_seed(), parts.join(", ")))
    }
}

/// Every group of `runs`, in the paper's order of networks; datasets and recipes as they
/// come.
pub fn groups<'a>(runs: &[ReportRun<'a>]) -> Vec<RunGroup<'a>> {
    let mut by_line = group_by_line(runs, |run| run.spec);
    by_line.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut groups: Vec<_> = by_line.iter().filter_map(|(_, runs)| RunGroup::of(runs)).collect();
    groups.sort_by_cached_key(|group| order(&group.spec));
    groups
}

fn began<'a>(run: &ReportRun<'a>) -> Option<&'a str> {
    run.state.started.as_ref().map(|s| s.at.as_str())
}

/// What is left out of `groups`, a note for each; at most 20 of them.
pub fn left_out<'a, 'b: 'a>(groups: impl IntoIterator<Item = &'a RunGroup<'b>>) -> Vec<String> {
    const MOST: usize = 20;
    let mut notes: Vec<String> = groups.into_iter().filter_map(RunGroup::left_out).collect();
    let more = notes.len().saturating_sub(MOST);
    notes.truncate(MOST);
    notes.iter_mut().for_each(|note| note.insert_str(0, "Not averaged: "));
    if more > 0 {
        notes.push(format!("Not averaged: runs of {} more", plural(more, "spec")));
    }
    notes
}

/// A recipe and a dataset that groups have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The dataset.
    pub data: DataSignature,
    /// What differs from the paper's recipe.
    pub recipe: String,
}

/// Every setting of `groups` with a completed run, the one with most runs first.
pub fn settings(groups: &[RunGroup]) -> Vec<Setting> {
    let mut found: Vec<(Setting, usize)> = Vec::new();
    for group in groups.iter().filter(|group| !group.runs.is_empty()) {
        let setting = Setting { data: group.data.clone(), recipe: group.recipe.clone() };
        match found.iter_mut().find(|(known, _)| *known == setting) {
            Some((_, runs)) => *runs += group.runs.len(),
            None => found.push((setting, group.runs.len())),
        }
    }
    let place = |data: &DataSignature| DatasetId::ALL.iter().position(|id| *id == data.id);
    found.sort_by(|(a, n), (b, m)| {
        m.cmp(n).then_with(|| place(&a.data).cmp(&place(&b.data))).then_with(|| a.recipe.cmp(&b.recipe))
    });
    found.into_iter().map(|(setting, _)| setting).collect()
}

impl Setting {
    /// Whether `group` has it.
    pub fn has(&self, group: &RunGroup) -> bool {
        group.data == self.data && group.recipe == self.recipe
    }
}
