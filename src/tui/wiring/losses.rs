//! What lesions have cost, written where the term is: on a hop's arc, under a block.

use ratatui::style::Style;

use super::arcs::{Packing, Rows};
use super::columns::Columns;
use super::grid::Grid;
use crate::domain::lesion::Cut;
use crate::tui::draft::Draft;
use crate::tui::lesions::{Loss, Study};
use crate::tui::theme::Theme;

fn style(loss: &Loss, theme: &Theme) -> Style {
    if loss.is_notable() { theme.warn() } else { theme.dim() }
}

/// On each arc that is long enough, what is lost without its hop.
pub fn lay_on_arcs(grid: &mut Grid, columns: &Columns, rows: &Rows, study: &Study, theme: &Theme) {
    for hop in study.hops().iter() {
        let Some(loss) = study.without(&[Cut::Hop(hop)]) else { continue };
        // Above a box no other arc comes down.
        let block = match rows.packing {
            Packing::ByOrder => (hop.source + 1 + hop.target) / 2,
            Packing::BySource => hop.target,
        };
        let (from, to) = (columns.leaving(block - 1) + 1, columns.arriving(block));
        let text = theme.plain(&loss.label()).into_owned();
        let (room, wide) = (to - from, text.chars().count());
        // Blanks set it off from the line, which is dashes: at least from the sign.
        let text = match room {
            room if room >= wide + 2 => format!(" {text} "),
            room if room > wide => format!(" {text}"),
            _ => continue,
        };
        let start = from + (room - text.chars().count()) / 2;
        grid.text((start, rows.of(hop)), &text, style(&loss, theme));
    }
}

/// In the lower edge of each block, or in the row below where that is too short, what is
/// lost without its F, or that the next lesion leaves it out.
pub fn lay_under_blocks(
    grid: &mut Grid,
    columns: &Columns,
    rows: &Rows,
    draft: &Draft,
    study: Option<&Study>,
    theme: &Theme,
) {
    for block in 1..=draft.blocks() {
        let stage = &columns.stages[block];
        let loss = study.and_then(|study| study.without(&[Cut::Residual(block)]));
        let (long, short, style) = match loss {
            _ if draft.is_without(block) => {
                ("F off".to_owned(), theme.glyph("×", "x").to_owned(), theme.warn())
            }
            Some(loss) => {
                let label = theme.plain(&loss.label()).into_owned();
                (format!("F {label}"), format!("F{label}"), style(&loss, theme))
            }
            None => continue,
        };
        let inner = stage.right - stage.left - 1;
        if rows.lines == 0 {
            if draft.is_without(block) {
                grid.text((stage.left + 1, rows.trunk()), &short, style);
            }
            continue;
        }
        let edge = rows.height() - 1;
        // From box to box, less a blank.
        let most = columns.stages[block + 1].left - stage.left - 1;
        let (text, row) = match (long, short) {
            (long, _) if long.chars().count() <= inner => (long, edge),
            (_, short) if short.chars().count() <= inner => (short, edge),
            (long, _) if long.chars().count() <= most => (long, edge + 1),
            (_, short) if short.chars().count() <= most => (short, edge + 1),
            _ => continue,
        };
        let wide = text.chars().count();
        let left = match inner.checked_sub(wide) {
            Some(spare) => stage.left + 1 + spare / 2,
            None => stage.left.saturating_sub((wide - inner).div_ceil(2) - 1),
        };
        grid.text((left, row), &text, style);
    }
}
