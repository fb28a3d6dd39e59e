//! How the values of one block's terms are spread: a histogram a row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Level;
use super::bars::{LABEL, Pen, label};
use crate::domain::event::BlockActivity;
use crate::domain::histogram::Histogram;
use crate::domain::run_state::ProbeRecord;
use crate::tui::theme::{Symbols, Theme};

/// Columns of the share that is close to zero.
const SHARE: u16 = 5;
/// What may lie beyond the axis at either end, of all values of a term.
const BEYOND: f64 = 0.02;

/// The value at the right end of every row's axis, its left end being as far below zero: a
/// power of two, so that it seldom changes. `None` where the record has no histograms.
pub fn extent(probe: &ProbeRecord) -> Option<f64> {
    let terms = probe.blocks.iter().flat_map(terms).filter_map(|(_, histogram)| histogram);
    let reach = |histogram: &Histogram| {
        let most = BEYOND * histogram.total() as f64;
        let buckets: Vec<_> = histogram.buckets().collect();
        let outside = |at: f64| -> f64 {
            buckets.iter().filter(|(low, high, _)| *low >= at || *high <= -at).map(|b| b.2 as f64).sum()
        };
        (-3..=8).map(|n| 2f64.powi(n)).find(|at| outside(*at) <= most).unwrap_or(256.0)
    };
    terms.map(reach).reduce(f64::max)
}

/// Paints a row of a term of a block, by its number: F, then each hop.
pub fn row(
    block: &BlockActivity,
    term: usize,
    level: Level,
    extent: f64,
    area: Rect,
    buffer: &mut Buffer,
    theme: &Theme,
) {
    let Some((source, histogram)) = terms(block).nth(term) else { return };
    let (name, style) = label(source, block.block, theme);
    let mut pen = Pen { x: area.x, area, buffer };
    // Words stand on the line that columns stand on.
    pen.write(if level.row == 0 { &name } else { "" }, LABEL, style);
    let columns = area.width.saturating_sub(LABEL + SHARE);
    let Some(histogram) = histogram else { return };
    let shares = shares(histogram, extent, columns.into());
    let most = shares.iter().copied().fold(0.0, f64::max);
    let drawn: String = shares.iter().map(|share| column(share / most, level, theme)).collect();
    pen.write(&drawn, columns, style);
    if level.row > 0 {
        return;
    }
    let close: u64 =
        histogram.buckets().filter(|(low, high, _)| *low < 0.0 && *high > 0.0).map(|b| b.2).sum();
    let share = 100.0 * close as f64 / histogram.total().max(1) as f64;
    pen.write(&format!("{:>5}", format!("{share:.0}%")), SHARE, theme.text());
}

/// F, then every hop's term by its source level, with their histograms.
fn terms(block: &BlockActivity) -> impl Iterator<Item = (Option<usize>, Option<&Histogram>)> {
    let hops = block.hops.iter().map(|hop| (Some(hop.source), hop.histogram.as_ref()));
    std::iter::once((None, block.histogram.as_ref())).chain(hops)
}

/// The share of all values in each of so many columns between `-extent` and `extent`; those of
/// a bucket are taken to be even in it.
fn shares(histogram: &Histogram, extent: f64, columns: usize) -> Vec<f64> {
    let total = histogram.total().max(1) as f64;
    let width = 2.0 * extent / columns.max(1) as f64;
    let edge = |i: usize| -extent + width * i as f64;
    let mut shares = vec![0.0; columns];
    for (low, high, count) in histogram.buckets() {
        let density = count as f64 / total / (high - low);
        for (i, share) in shares.iter_mut().enumerate() {
            let overlap = high.min(edge(i + 1)) - low.max(edge(i));
            *share += density * overlap.max(0.0);
        }
    }
    shares
}

/// What a row has of a column of a share of the full height; whatever is more than a thousandth
/// is seen.
pub fn column(height: f64, level: Level, theme: &Theme) -> &'static str {
    let levels: &[&str] = match theme.symbols {
        Symbols::Braille => &[" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        Symbols::Block => &[" ", "░", "▒", "▓", "█"],
        Symbols::Ascii => &[" ", ".", ":", "-", "=", "+", "*", "#"],
    };
    let top = levels.len() - 1;
    match height {
        h if h > 0.001 => {
            let steps = ((h * (top * level.of) as f64).round() as usize).max(1);
            levels[steps.saturating_sub(top * level.row).min(top)]
        }
        _ => levels[0],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f32]) -> Histogram {
        let mut made = Histogram::default();
        made.add(values);
        made
    }

    #[test]
    fn columns_hold_everything_within_the_axis() {
        let values: Vec<f32> = (0..4000).map(|i| (i as f32 + 0.5) / 1000.0 - 2.0).collect();
        for columns in [1, 2, 7, 40] {
            let shares = shares(&of(&values), 2.0, columns);
            assert_eq!(shares.len(), columns);
            assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{columns}: {shares:?}");
        }
        let even = shares(&of(&values), 2.0, 4);
        assert!(even.iter().all(|share| (share - 0.25).abs() < 0.01), "{even:?}");
        assert!(shares(&of(&[1.1; 9]), 2.0, 0).is_empty());
    }

    #[test]
    fn tall_columns_are_whole_from_the_bottom_up() {
        let drawn =
            |height: f64| (0..3).rev().map(move |row| column(height, Level { row, of: 3 }, &Theme::FULL));
        let drawn = |height: f64| drawn(height).collect::<String>();
        assert_eq!([1.0, 0.5, 0.34, 1e-2, 1e-9].map(drawn), ["███", " ▄█", "  █", "  ▁", "   "]);
        assert_eq!(column(0.5, Level { row: 0, of: 1 }, &Theme::FULL), "▄");
    }

    #[test]
    fn the_axis_reaches_as_far_as_all_but_a_few_values() {
        let probe = |values: &[f32]| {
            let histogram = Some(of(values));
            let block = BlockActivity { block: 1, residual: 1.0, histogram, hops: Vec::new() };
            ProbeRecord { epoch: 1, split: crate::domain::event::Split::Test, blocks: vec![block] }
        };
        assert_eq!(extent(&probe(&[0.0, 1.2, -3.9])), Some(4.0));
        let mut values = vec![0.7; 99];
        values.push(100.0);
        assert_eq!(extent(&probe(&values)), Some(1.0));
        assert_eq!(extent(&probe(&[f32::INFINITY])), Some(256.0));
        let mut old = probe(&[1.0]);
        old.blocks[0].histogram = None;
        assert_eq!(extent(&old), None);
    }
}
