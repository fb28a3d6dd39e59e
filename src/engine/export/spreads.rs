//! Every histogram of activations that a run recorded.

use super::points::activations;
use crate::domain::event::{Event, EventKind};
use crate::domain::histogram::Histogram;

/// How the values of one term were spread.
pub struct HistogramPoint<'a> {
    /// Such as `activations/block3/from0`.
    pub tag: String,
    /// What was counted.
    pub histogram: &'a Histogram,
}

/// The histograms that were recorded with an event.
pub fn spreads(event: &Event) -> Vec<HistogramPoint<'_>> {
    let EventKind::Probed { split, blocks, .. } = &event.kind else { return Vec::new() };
    let what = activations(*split).replacen("activation", "activations", 1);
    let mut spreads = Vec::new();
    for block in blocks {
        let n = block.block;
        let hops = block.hops.iter().map(|hop| (format!("from{}", hop.source), &hop.histogram));
        for (term, histogram) in std::iter::once(("F".into(), &block.histogram)).chain(hops) {
            if let Some(histogram) = histogram {
                spreads.push(HistogramPoint { tag: format!("{what}/block{n}/{term}"), histogram });
            }
        }
    }
    spreads
}
