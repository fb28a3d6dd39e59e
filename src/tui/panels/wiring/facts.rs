//! What is said in words beside the diagram: switches of groups, size, names, the spec.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::arcs::mark;
use super::{WiringTarget, other_network};
use crate::domain::hops::{HopGroup, all_hops};
use crate::domain::params;
use crate::domain::term::Term;
use crate::domain::text::{grouped, wrap};
use crate::tui::draft::Draft;
use crate::tui::lesions::{Study, names, terms_off};
use crate::tui::theme::{Symbols, Theme};

/// Something that can be pressed, as a word.
#[derive(Debug)]
pub struct Chip {
    text: String,
    style: Style,
    spot: WiringTarget,
}

/// The buttons of the groups that have names: first the sets, of which one at most is chosen,
/// then the parts that are toggled.
pub fn switches(draft: &Draft, theme: &Theme) -> Vec<Chip> {
    let first = [HopGroup::All, HopGroup::None, HopGroup::In, HopGroup::Out];
    let groups = first.into_iter().chain((1..=draft.blocks()).map(HopGroup::Order));
    groups
        .map(|group| {
            let on = group.hops(draft.blocks()).is_ok_and(|hops| match group.is_whole() {
                true => *draft.hops() == hops,
                false => draft.hops().includes(&hops),
            });
            let box_of = if group.is_whole() { mark } else { check };
            chip(&group.to_string(), box_of(on, theme), on, false, WiringTarget::Group(group), theme)
        })
        .collect()
}

/// The switch of every hop, and of every F where that matters: what there is where there is
/// no room for lines.
pub fn hops(draft: &Draft, study: Option<&Study>, focused: bool, theme: &Theme) -> Vec<Chip> {
    let stands = matches!(draft.term(), Some(Term::Residual(_)));
    let with_blocks = study.is_some() || stands || draft.without().next().is_some();
    let blocks = (1..=draft.blocks()).filter(|_| with_blocks).map(|block| {
        let under_cursor = focused && draft.term() == Some(Term::Residual(block));
        let on = !draft.is_without(block);
        chip(&format!("F{block}"), check(on, theme), on, under_cursor, WiringTarget::Residual(block), theme)
    });
    all_hops(draft.blocks())
        .map(|hop| {
            let name = format!("{}{}{}", hop.source, theme.glyph("→", ">"), hop.target);
            let under_cursor = focused && draft.cursor() == Some(hop);
            let on = draft.hops().contains(hop);
            chip(&name, check(on, theme), on, under_cursor, WiringTarget::Hop(hop), theme)
        })
        .chain(blocks)
        .collect()
}

fn chip(name: &str, mark: &str, on: bool, selected: bool, spot: WiringTarget, theme: &Theme) -> Chip {
    let style = if on { theme.accent() } else { theme.text() };
    let style = if selected { style.patch(theme.selected()) } else { style };
    Chip { text: format!("{mark}{name}"), style, spot }
}

/// The box of what is toggled: ticked or not.
const fn check(on: bool, theme: &Theme) -> &'static str {
    match (on, theme.symbols) {
        (true, Symbols::Braille) => "■",
        (false, Symbols::Braille) => "□",
        (true, _) => "[x]",
        (false, _) => "[ ]",
    }
}

/// Where chips stand in rows of `width`.
fn places(chips: &[Chip], width: usize) -> impl Iterator<Item = (usize, usize, &Chip)> {
    let (mut x, mut row) = (0, 0);
    chips.iter().map(move |chip| {
        let wide = chip.text.width();
        if x > 0 && x + wide > width {
            (x, row) = (0, row + 1);
        }
        let place = (x, row, chip);
        x += wide + 1;
        place
    })
}

/// Rows that chips take.
pub fn rows_of(chips: &[Chip], width: usize) -> usize {
    places(chips, width).last().map_or(0, |(_, row, _)| row + 1)
}

/// Paints chips, and says where they are; rows scroll so that the one at `keep` shows.
pub fn paint_chips(
    chips: &[Chip],
    keep: Option<usize>,
    area: Rect,
    buffer: &mut Buffer,
) -> Vec<(Rect, WiringTarget)> {
    let width = area.width as usize;
    let rows = area.height as usize;
    let kept = keep.and_then(|i| places(chips, width).nth(i)).map_or(0, |(_, row, _)| row);
    let skip = (kept + 1).saturating_sub(rows);
    let mut targets = Vec::new();
    for (x, row, chip) in places(chips, width) {
        let Some(row) = row.checked_sub(skip).filter(|row| *row < rows) else { continue };
        let place = Rect::new(area.x + x as u16, area.y + row as u16, chip.text.width() as u16, 1);
        let place = place.intersection(area);
        buffer.set_stringn(place.x, place.y, &chip.text, place.width as usize, chip.style);
        targets.push((place, chip.spot));
    }
    targets
}

/// What is under the cursor and what it is worth; size, difference, names; of which run lesions are.
pub fn facts(
    draft: &Draft,
    study: Option<&Study>,
    focused: bool,
    width: usize,
    theme: &Theme,
) -> Vec<Line<'static>> {
    let (now, baseline) = (draft.parameters(), draft.baseline_parameters());
    let difference = match now.checked_sub(baseline) {
        Some(more) => format!("+{}", grouped(more)),
        None => format!("-{}", grouped(baseline - now)),
    };
    let original = draft.spec().family.title();
    let names = match draft.names() {
        [] => ("custom".into(), theme.dim()),
        names => (format!("= {}", names.join(", ")), theme.good()),
    };
    // Whose scores these are is said before any. What was asked for last is read first, and
    // goes last where rows are few.
    let term = draft.term().filter(|_| focused);
    let lost = combination(draft, study, term).into_iter().chain(term.and_then(|term| lost(study?, term)));
    let whose = study.and_then(|study| other_network(study, draft, width, theme));
    let mut said: Vec<(String, Style)> = whose.into_iter().collect();
    said.extend(lost.map(|text| (text, theme.strong())));
    said.extend(term.map(|term| (about(draft, term), theme.text())));
    said.extend([
        (format!("{} parameters", grouped(now)), theme.strong()),
        (format!("{difference} vs. {original} ({})", grouped(baseline)), theme.text()),
        names,
    ]);
    said.extend(study.and_then(Study::summary).map(|text| (text, theme.text())));
    for (text, _) in &mut said {
        *text = theme.plain(text).into_owned();
    }
    flow(&said, width)
}

/// What is lost without a term, where that has been scored.
fn lost(study: &Study, term: Term) -> Option<String> {
    let name = match term {
        Term::Hop(hop) => format!("{}→{}", hop.source, hop.target),
        Term::Residual(_) => term.to_string(),
    };
    study.without(&[term]).map(|loss| format!("without {name}: {}", loss.full()))
}

/// What a term is.
fn about(draft: &Draft, term: Term) -> String {
    let hop = match term {
        Term::Hop(hop) => hop,
        Term::Residual(block) => {
            let state = if draft.is_without(block) { "off in the next lesion" } else { "on" };
            let (depth, width) =
                (draft.network().blocks[block - 1].len(), draft.network().level_width(block));
            let size = draft.network().level_size(block);
            return format!(
                "F of block {block} ({state}): the block's own output, ×{depth}, {width} maps of {size}×{size}"
            );
        }
    };
    let on = if draft.hops().contains(hop) { "on" } else { "off" };
    let pool = match draft.network().pooling(hop) {
        1 => String::new(),
        n => format!("pool {n}×{n}, "),
    };
    let size = match params::projection(draft.network(), hop) {
        0 => "identity".into(),
        n => format!("conv 1×1, {} parameters", grouped(n)),
    };
    format!("hop {}→{} ({on}): P{}, {pool}{size}", hop.source, hop.target, hop.order())
}

/// `without 0-2, F3: 71.20% (−16.10)`: what the lesioned network loses without all that is
/// off in the draft, where that is something, or that it has not been scored.
fn combination(draft: &Draft, study: Option<&Study>, cursor: Option<Term>) -> Option<String> {
    let off = terms_off(draft, study?.hops());
    // What is said of the term under the cursor is enough of that alone.
    if off.is_empty() || (off.len() == 1 && off.first() == cursor.as_ref()) {
        return None;
    }
    let scored = match study.and_then(|study| study.without(&off)) {
        Some(loss) => loss.full(),
        None => "not scored".into(),
    };
    Some(format!("without {}: {scored}", names(&off)))
}

/// Puts what is said one after the other, two spaces apart, breaking where it must.
fn flow(said: &[(String, Style)], width: usize) -> Vec<Line<'static>> {
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (text, style) in said {
        match lines.last_mut() {
            Some(last) if last.width() + 2 + text.width() <= width => {
                last.push_span("  ");
                last.push_span(Span::styled(text.clone(), *style));
            }
            _ => lines.extend(wrap(text, width).into_iter().map(|part| Span::styled(part, *style).into())),
        }
    }
    lines
}
