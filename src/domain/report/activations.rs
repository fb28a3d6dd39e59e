//! Fig. 2 from runs: mean |activation| of F and of every incoming hop, block by block.

use serde::Serialize;

use super::groups::{DataSignature, RunGroup, left_out};
use super::{ReportOptions, SeedSample};
use crate::domain::event::{BlockActivity, Split};
use crate::domain::run_state::RunState;

/// Fig. 2 of one network.
#[derive(Debug, Clone, Serialize)]
pub struct ActivationSummary {
    /// As specs name it.
    pub network: String,
    /// What it was trained on, and measured on the test images of.
    #[serde(rename = "dataset")]
    pub data: DataSignature,
    /// What differs from the paper's recipe.
    pub recipe: String,
    /// Seeds that it is over.
    pub seeds: Vec<u64>,
    /// One entry a block.
    pub blocks: Vec<BlockBars>,
}

/// The bars of one block.
#[derive(Debug, Clone, Serialize)]
pub struct BlockBars {
    /// From 1.
    pub block: usize,
    /// F first, then the hops, the longest last as in Eq. (2).
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Debug, Clone, Serialize)]
pub struct Bar {
    /// Level that the hop reads; `None` of F.
    pub source: Option<usize>,
    /// Mean absolute activation over images, positions and feature maps, by seed.
    pub value: SeedSample,
    /// Its mean in percent of F's.
    pub percent_of_f: Option<f64>,
}

impl ActivationSummary {
    /// `resnet+hires@fashion, the paper's recipe`.
    pub fn title(&self) -> String {
        format!("{} on {}, {}", self.network, self.data.title(), super::recipe_name(&self.recipe))
    }

    /// Every k with a P_k in it, rising.
    pub fn orders(&self) -> Vec<usize> {
        let of = |block: &BlockBars| block.bars.iter().map(|bar| bar.order(block.block)).collect::<Vec<_>>();
        let mut orders: Vec<usize> = self.blocks.iter().flat_map(of).filter(|k| *k > 0).collect();
        orders.sort_unstable();
        orders.dedup();
        orders
    }
}

impl Bar {
    /// k of P_k; 0 of F.
    pub fn order(&self, block: usize) -> usize {
        self.source.map_or(0, |source| block.saturating_sub(source))
    }
}

/// Fig. 2 of every group whose runs measured it with some hop on, and notes.
pub fn activations(groups: &[RunGroup], options: &ReportOptions) -> (Vec<ActivationSummary>, Vec<String>) {
    let wanted: Vec<&RunGroup> = groups.iter().filter(|group| options.wants(&group.data)).collect();
    let figures: Vec<ActivationSummary> = wanted.iter().filter_map(|group| figure(group)).collect();
    let mut notes = left_out(wanted.iter().copied());
    let without = wanted.iter().filter(|group| !group.runs.is_empty()).count() - figures.len();
    if without > 0 {
        notes.push(format!(
            "Networks without hops have nothing beside F, and are left out; so are runs that measured nothing: {without}."
        ));
    }
    (figures, notes)
}

/// What was measured on the test images, with the weights of the best epoch.
fn measured(state: &RunState) -> Option<&[BlockActivity]> {
    state.probes.iter().rfind(|probe| probe.split == Split::Test).map(|probe| probe.blocks.as_slice())
}

fn figure(group: &RunGroup) -> Option<ActivationSummary> {
    let first = group.runs.values().find_map(|run| measured(run.state))?;
    let bar = |place: usize, source: Option<usize>| -> Option<SeedSample> {
        group.sample(|state| {
            let block = measured(state)?.get(place)?;
            match source {
                None => Some(block.residual),
                Some(source) => block.hops.iter().find(|hop| hop.source == source).map(|hop| hop.value),
            }
        })
    };
    let block = |(place, measured): (usize, &BlockActivity)| -> Option<BlockBars> {
        let residual = bar(place, None)?;
        let of_f = |value: &SeedSample| (residual.mean > 0.0).then(|| 100.0 * value.mean / residual.mean);
        let mut sources: Vec<usize> = measured.hops.iter().map(|hop| hop.source).collect();
        sources.sort_unstable_by(|a, b| b.cmp(a));
        let hops = sources.into_iter().filter_map(|source| {
            let value = bar(place, Some(source))?;
            Some(Bar { source: Some(source), percent_of_f: of_f(&value), value })
        });
        let f = Bar { source: None, value: residual.clone(), percent_of_f: None };
        Some(BlockBars { block: measured.block, bars: std::iter::once(f).chain(hops).collect() })
    };
    let blocks: Vec<BlockBars> = first.iter().enumerate().filter_map(block).collect();
    let seeds = group.runs.iter().filter(|(_, run)| measured(run.state).is_some()).map(|(seed, _)| *seed);
    let has_hops = blocks.iter().any(|block| block.bars.len() > 1);
    has_hops.then(|| ActivationSummary {
        network: group.network(),
        data: group.data.clone(),
        recipe: group.recipe.clone(),
        seeds: seeds.collect(),
        blocks,
    })
}
