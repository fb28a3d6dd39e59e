//! Every histogram of activations that a run recorded.

use std::collections::HashMap;

use super::points::activations;
use crate::domain::event::{Event, EventKind};
use crate::domain::histogram::Histogram;

/// How the values of one term were spread.
pub struct HistogramPoint<'a> {
    /// Such as `activations/block3/from0`.
    pub tag: String,
    /// Training steps taken by the weights it was measured with.
    pub step: usize,
    /// Seconds since the run started.
    pub t: f64,
    pub histogram: &'a Histogram,
}

/// The histograms of a run, in the order in which they were recorded.
pub fn spreads(events: &[Event]) -> Vec<HistogramPoint<'_>> {
    let mut ends = HashMap::new();
    let mut spreads = Vec::new();
    for event in events {
        match &event.kind {
            EventKind::EpochEnded { epoch, step, .. } => drop(ends.insert(*epoch, *step)),
            EventKind::Probed { epoch, split, blocks } => {
                let (what, step) = (activations(*split), ends.get(epoch).copied().unwrap_or(0));
                let what = what.replacen("activation", "activations", 1);
                for block in blocks {
                    let n = block.block;
                    let hops = block.hops.iter().map(|hop| (format!("from{}", hop.source), &hop.histogram));
                    for (term, histogram) in std::iter::once(("F".into(), &block.histogram)).chain(hops) {
                        if let Some(histogram) = histogram {
                            let tag = format!("{what}/block{n}/{term}");
                            spreads.push(HistogramPoint { tag, step, t: event.t, histogram });
                        }
                    }
                }
            }
            _ => {}
        }
    }
    spreads
}
