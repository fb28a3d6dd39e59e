//! What lesions have cost, written where the term is: on a hop's arc, under a block.

use ratatui::style::Style;

use super::arcs::{Packing, Rows};
use super::columns::Columns;
use super::grid::LineGrid;
use crate::domain::term::Term;
use crate::tui::draft::Draft;
use crate::tui::lesions::{Loss, Study};
use crate::tui::theme::Theme;

fn style(loss: &Loss, theme: &Theme) -> Style {
    if loss.is_notable() { theme.warn() } else { theme.dim() }
}

/// On each arc that is long enough, what is lost without its hop.
pub fn lay_on_arcs(grid: &mut LineGrid, columns: &Columns, rows: &Rows, study: &Study, theme: &Theme) {
    for hop in study.hops().iter() {
        let Some(loss) = study.without(&[Term::Hop(hop)]) else { continue };
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

/// `F −48.6`, and how it is written where that is too long.
const LONG: usize = 7;
const SHORT: usize = LONG - 1;

/// Whether what is said of blocks needs a row of its own below them.
pub fn needs_row(columns: &Columns) -> bool {
    columns.stages[1].right - columns.stages[1].left <= SHORT
}

/// In the lower edge of each block, or `below` it, what is lost without its F, or that the
/// next lesion leaves it out.
pub fn lay_at_blocks(
    grid: &mut LineGrid,
    columns: &Columns,
    rows: &Rows,
    draft: &Draft,
    study: Option<&Study>,
    theme: &Theme,
) {
    let below = needs_row(columns);
    let room = |block: usize| {
        let stage = &columns.stages[block];
        match below {
            false => stage.right - stage.left - 1,
            // From block to block, less a blank; nothing is written below the head.
            true if block < draft.blocks() => columns.stages[block + 1].left - stage.left - 1,
            true => LONG,
        }
    };
    let blank = if (1..=draft.blocks()).all(|block| room(block) >= LONG) { " " } else { "" };
    for block in 1..=draft.blocks() {
        let stage = &columns.stages[block];
        let loss = study.and_then(|study| study.without(&[Term::Residual(block)]));
        let (text, style) = match loss {
            _ if draft.is_without(block) => ("F off".into(), theme.warn()),
            Some(loss) => (format!("F{blank}{}", theme.plain(&loss.label())), style(&loss, theme)),
            None => continue,
        };
        if rows.lines == 0 && draft.is_without(block) {
            grid.text((stage.left + 1, rows.trunk()), theme.glyph("×", "x"), style);
        }
        let (wide, room) = (text.chars().count(), room(block));
        if (rows.lines == 0 && !below) || wide > room {
            continue;
        }
        let (row, box_width) = (rows.height() - usize::from(!below), stage.right - stage.left + 1);
        let left = match box_width.checked_sub(wide) {
            Some(spare) => stage.left + spare / 2,
            None => stage.left - (wide - box_width) / 2,
        };
        grid.text((left, row), &text, style);
    }
}
