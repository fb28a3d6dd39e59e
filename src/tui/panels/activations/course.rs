//! The means of one block's terms over all epochs: a term's columns, from the first epoch to
//! the last that the run will have.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Level;
use super::bars::{BarScale, LABEL, Pen, label, three, value};
use super::spreads::column;
use crate::domain::event::{BlockActivity, Split};
use crate::domain::run_state::{ProbeRecord, RunState};
use crate::tui::theme::Theme;

/// Columns of a value.
const VALUE: u16 = 6;

/// The means of a run, epoch by epoch.
#[derive(Debug)]
pub struct TermCourse<'a> {
    /// By epoch, from 1; of what was not measured none.
    by_epoch: Vec<Option<&'a ProbeRecord>>,
    /// The measurement whose values are written, and whose epoch is marked.
    shown: &'a ProbeRecord,
    scale: BarScale,
    /// Epochs that the run will have.
    pub epochs: usize,
}

impl<'a> TermCourse<'a> {
    /// Of a run, with the measurement of one epoch marked.
    pub fn new(run: &'a RunState, shown: &'a ProbeRecord, scale: BarScale) -> Self {
        let measured = || run.probes.iter().filter(|probe| probe.split != Split::Test);
        let last = measured().map(|probe| probe.epoch).max().unwrap_or(1);
        let planned = run.started.as_ref().map_or(last, |facts| facts.spec.epochs);
        // A record may say anything; no axis is longer than what a screen can show of it.
        let epochs = planned.max(last).max(1);
        let mut by_epoch = vec![None; last.min(MOST)];
        for probe in measured() {
            if let Some(place) = probe.epoch.checked_sub(1).and_then(|at| by_epoch.get_mut(at)) {
                *place = Some(probe);
            }
        }
        Self { by_epoch, shown, scale, epochs }
    }

    /// The value of a full column.
    pub fn scale(&self) -> String {
        three(self.scale.most)
    }

    /// Paints a row of a term of a block, by its number: F, then each hop.
    pub fn row(
        &self,
        block: &BlockActivity,
        term: usize,
        level: Level,
        area: Rect,
        buffer: &mut Buffer,
        theme: &Theme,
    ) {
        let source = term.checked_sub(1).map(|hop| block.hops[hop].source);
        let (name, style) = label(source, block.block, theme);
        let mut pen = Pen { x: area.x, area, buffer };
        pen.write(if level.row == 0 { &name } else { "" }, LABEL, style);
        let columns = area.width.saturating_sub(LABEL + VALUE);
        for i in 0..columns {
            let epoch = self.epoch_at(i.into(), columns.into());
            let probe = epoch.checked_sub(1).and_then(|at| *self.by_epoch.get(at)?);
            let of = probe.and_then(|probe| probe.blocks.iter().find(|b| b.block == block.block));
            let height = of.and_then(|block| value(block, source)).unwrap_or(0.0) / self.scale.most;
            let is_marked = epoch == self.shown.epoch;
            pen.write(column(height, level, theme), 1, if is_marked { theme.warn() } else { style });
        }
        if level.row == 0
            && let Some(value) = value(block, source)
        {
            pen.write(&format!("{:>6}", three(value)), VALUE, theme.text());
        }
    }

    /// The epoch of a column, from 1.
    fn epoch_at(&self, column: usize, columns: usize) -> usize {
        1 + column * self.epochs / columns.max(1)
    }
}

/// The most epochs that are kept.
const MOST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axis_has_every_epoch() {
        let shown = ProbeRecord { epoch: 1, split: Split::Validation, blocks: Vec::new() };
        let course = |epochs| TermCourse {
            by_epoch: Vec::new(),
            shown: &shown,
            scale: BarScale { most: 1.0 },
            epochs,
        };
        let axis =
            |epochs, columns| (0..columns).map(|i| course(epochs).epoch_at(i, columns)).collect::<Vec<_>>();
        assert_eq!(axis(3, 3), [1, 2, 3]);
        assert_eq!(axis(2, 4), [1, 1, 2, 2]);
        assert_eq!(axis(8, 4), [1, 3, 5, 7]);
        assert_eq!(course(5).epoch_at(0, 0), 1);
    }
}
