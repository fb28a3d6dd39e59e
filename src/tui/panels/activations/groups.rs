//! Where the blocks' groups of bars are: as many side by side as there is room for.

use ratatui::layout::Rect;

use crate::domain::event::BlockActivity;
use crate::domain::run_state::ProbeRecord;

/// Narrowest group of bars that stands beside another.
pub const NARROWEST: u16 = 26;
/// Widest group of bars.
pub const WIDEST: u16 = 64;
/// Columns between groups.
pub const GAP: u16 = 2;

/// Where the groups of bars are, one for each block.
pub struct Groups<'a> {
    /// Rows of all of them.
    pub rows: usize,
    /// Columns of each.
    pub width: u16,
    /// First row and column of each.
    pub placed: Vec<(usize, u16, &'a BlockActivity)>,
}

/// Its heading, F, and its hops.
pub fn rows_of(block: &BlockActivity, each: usize) -> usize {
    1 + (1 + block.hops.len()) * each
}

impl<'a> Groups<'a> {
    /// How many stand side by side.
    pub fn across(width: u16, blocks: u16) -> u16 {
        ((width + GAP) / (NARROWEST + GAP)).clamp(1, blocks)
    }

    /// As many side by side as `area` has room for.
    pub fn new(probe: &'a ProbeRecord, area: Rect, each: usize) -> Self {
        let blocks = probe.blocks.len().clamp(1, u16::MAX.into()) as u16;
        let across = Self::across(area.width, blocks);
        let width = ((area.width + GAP) / across).saturating_sub(GAP).min(WIDEST);
        let lines = || probe.blocks.chunks(across.into());
        let height =
            |line: &[BlockActivity]| line.iter().map(|block| rows_of(block, each)).max().unwrap_or(0);
        let all: usize = lines().map(height).sum();
        // A row between groups is the first thing to go.
        let gap = usize::from(all + lines().count() <= area.height as usize + 1);
        let (mut rows, mut placed) = (0, Vec::new());
        for line in lines() {
            let start = if rows > 0 { rows + gap } else { 0 };
            for (i, block) in line.iter().enumerate() {
                placed.push((start, i as u16 * (width + GAP), block));
            }
            rows = start + height(line);
        }
        Self { rows, width, placed }
    }
}
