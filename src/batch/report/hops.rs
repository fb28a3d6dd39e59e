//! Which hops matter, laid out: what each adds, then the networks by rank.

use super::compose::{NOTHING, p_cell};
use super::document::{DocumentTable, Figure, GridRow, Section};
use crate::domain::report::hop_effects::{HopEffect, HopEffects, Ranked};
use crate::domain::text::{grouped, plural};

/// Both sections of one family's hops.
pub fn sections(effects: &HopEffects) -> [Section<'_>; 2] {
    [added(effects), ranking(effects)]
}

fn added(effects: &HopEffects) -> Section<'_> {
    let header = ["Hop", "Pairs", "Adds", "95% interval", "p", "p, Holm", "Effect"];
    let row = |effect: &HopEffect| {
        let test = effect.test.ok();
        let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.into());
        GridRow::Cells(vec![
            effect.hop.clone(),
            effect.pairs.to_string(),
            format!("{:+.2}", effect.difference),
            or_nothing(test.map(|t| format!("{:+.2} to {:+.2}", t.interval.0, t.interval.1))),
            or_nothing(test.map(|t| p_cell(t.p))),
            or_nothing(effect.corrected_p.map(p_cell)),
            or_nothing(test.map(|t| format!("{} = {:.2}", t.method.effect_name(), t.effect))),
        ])
    };
    Section {
        heading: format!("What each hop adds, {}", effects.title()),
        figure: Some(Figure::Hops(effects)),
        grid: DocumentTable {
            caption: format!(
                "What each hop adds to test top-1, in points, over all networks that differ in it alone: {}.",
                effects.title()
            ),
            spans: Vec::new(),
            header: header.map(String::from).to_vec(),
            rows: effects.effects.iter().map(row).collect(),
            words: 1,
        },
        sentences: effects.effects.iter().map(|effect| effect.sentence.clone()).collect(),
        notes: effects.notes.clone(),
        commands: Vec::new(),
    }
}

fn ranking(effects: &HopEffects) -> Section<'_> {
    let header = ["Rank", "Hops", "#P", "Test top-1, %", "Seeds"];
    let row = |(rank, ranked): (usize, &Ranked)| {
        let hops = if ranked.hops.is_empty() { "none".into() } else { ranked.hops.join(" ") };
        GridRow::Cells(vec![
            rank.to_string(),
            hops,
            grouped(ranked.parameters),
            ranked.sample.text(2),
            ranked.sample.n().to_string(),
        ])
    };
    Section {
        heading: format!("Networks by rank, {}", effects.title()),
        figure: None,
        grid: DocumentTable {
            caption: format!(
                "{} by test top-1, mean(std) over seeds: {}.",
                plural(effects.ranking.len(), "network"),
                effects.title()
            ),
            spans: Vec::new(),
            header: header.map(String::from).to_vec(),
            rows: effects.ranks().map(row).collect(),
            words: 2,
        },
        sentences: Vec::new(),
        notes: Vec::new(),
        commands: Vec::new(),
    }
}
