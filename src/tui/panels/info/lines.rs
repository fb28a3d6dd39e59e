//! Lines of the panel, and how their parts look.

use unicode_width::UnicodeWidthStr;

use super::facts::FactBlock;
use crate::domain::text::wrap;
use crate::tui::paint::cut;

/// Columns of what a row is.
pub(super) const LABEL: u16 = 15;

/// A line: where parts of it begin, and how they look.
pub(super) type Line = Vec<(u16, String, Look)>;

/// How a part looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Title,
    Label,
    Text,
    Noticed,
    Better,
    Worse,
    Dim,
    Run(usize),
    Current,
}

/// Whether a difference is for the better: of scores more is, of losses less; of anything else
/// nobody knows.
pub(super) fn look_of(label: &str, delta: &str) -> Look {
    let is_more = delta.starts_with('+');
    let is_less = delta.starts_with('−');
    match label {
        "val" | "test" | "train" | "val, last" | "test, last" if is_more => Look::Better,
        "val" | "test" | "train" | "val, last" | "test, last" if is_less => Look::Worse,
        "val loss" if is_less => Look::Better,
        "val loss" if is_more => Look::Worse,
        _ => Look::Dim,
    }
}

/// A block in `width` columns from column `x` on.
pub(super) fn block_lines(block: &FactBlock, x: u16, width: u16) -> Vec<Line> {
    let mut lines = vec![vec![(x, block.title.to_owned(), Look::Title)]];
    let room = usize::from(width.saturating_sub(LABEL + 1));
    for fact in &block.facts {
        let look = if fact.usual.is_some() { Look::Noticed } else { Look::Text };
        for (n, part) in wrap(&fact.value, room).into_iter().enumerate() {
            let end = x + LABEL + part.width() as u16;
            let mut line = if n == 0 { vec![(x, fact.label.to_owned(), Look::Label)] } else { Line::new() };
            line.push((x + LABEL, part, look));
            if let Some(usual) = fact.usual.as_ref().filter(|_| n == 0) {
                let usual =
                    cut(&format!("default: {usual}"), usize::from((x + width).saturating_sub(end + 2)));
                line.push((end + 2, usual, Look::Dim));
            }
            lines.push(line);
        }
    }
    lines
}

/// Lines beside other lines.
pub(super) fn beside(one: Vec<Line>, other: Vec<Line>) -> Vec<Line> {
    let count = one.len().max(other.len());
    let (mut one, mut other) = (one.into_iter(), other.into_iter());
    let line = |_| one.next().into_iter().flatten().chain(other.next().into_iter().flatten()).collect();
    (0..count).map(line).collect()
}
