//! The wiring panel, as pictures and as promises about its clicks.

use std::collections::BTreeSet;

use hiresnet_tui::domain::hops::{Hop, HopGroup, HopSelection, HopSet, all_hops};
use hiresnet_tui::domain::spec::{ExperimentSpec, Version};
use hiresnet_tui::tui::draft::Draft;
use hiresnet_tui::tui::panels::wiring::{WiringTarget, draw};
use hiresnet_tui::tui::theme::{Depth, Ground, Symbols, Theme};
use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::Modifier;

const ASCII: Theme = Theme { depth: Depth::Ansi16, ground: Ground::Light, symbols: Symbols::Ascii };
const BLOCK: Theme = Theme { depth: Depth::Ansi16, ground: Ground::Dark, symbols: Symbols::Block };
const COLOURLESS: Theme = Theme { depth: Depth::None, ..Theme::FULL };

fn draft(blocks: usize, hops: &str) -> Draft {
    let mut draft = Draft::new("resnet@fashion-embedded".parse().unwrap()).unwrap();
    if blocks != 3 {
        draft.set("blocks", &vec!["2"; blocks].join(",")).unwrap();
    }
    draft.set("hops", hops).unwrap();
    draft
}

fn paint(draft: &Draft, width: u16, height: u16, theme: &Theme) -> (Buffer, Vec<(Rect, WiringTarget)>) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let spots = draw(draft, None, true, buffer.area, &mut buffer, theme);
    (buffer, spots)
}

fn layer(buffer: &Buffer, show: impl Fn(&Cell) -> String) -> String {
    let rows = buffer.content().chunks(buffer.area.width.max(1) as usize);
    let rows = rows.map(|row| row.iter().map(&show).collect::<String>().trim_end().to_string());
    rows.collect::<Vec<_>>().join("\n").trim_end().to_string()
}

fn text(buffer: &Buffer) -> String {
    layer(buffer, |cell| cell.symbol().into())
}

/// `#` where the cursor is, `+` for what is bold, `-` for what is dim, `.` for the rest.
fn weights(buffer: &Buffer, theme: &Theme) -> String {
    layer(buffer, |cell| {
        let has = |modifier| cell.modifier.contains(modifier);
        let is_off = Some(cell.fg) == theme.off().fg || has(Modifier::DIM);
        let mark = match cell.symbol() {
            _ if has(Modifier::REVERSED) => "#",
            " " => " ",
            _ if has(Modifier::BOLD) => "+",
            _ if is_off => "-",
            _ => ".",
        };
        mark.into()
    })
}

fn picture(draft: &Draft, width: u16, height: u16, theme: &Theme) -> String {
    text(&paint(draft, width, height, theme).0)
}

#[test]
fn every_number_of_blocks_in_every_panel() {
    for (blocks, hops, width, height) in
        [(3, "P1,0-3", 118, 36), (3, "P1,0-3", 38, 16), (5, "Out,0-3", 60, 22), (8, "P1,P3", 78, 19)]
    {
        let name = format!("{blocks}_blocks_{width}x{height}");
        insta::assert_snapshot!(name, picture(&draft(blocks, hops), width, height, &Theme::FULL));
    }
}

#[test]
fn every_kind_of_terminal() {
    let mut draft = draft(4, "In,2-3");
    draft.point_at(Some(Hop::new(1, 3)));
    for (name, theme) in [("ascii", ASCII), ("block", BLOCK), ("colourless", COLOURLESS)] {
        let (buffer, _) = paint(&draft, 76, 24, &theme);
        if theme.is_ascii() {
            assert!(text(&buffer).is_ascii(), "{}", text(&buffer));
        }
        let shown = format!("{}\n\n{}", text(&buffer), weights(&buffer, &theme));
        // What is on, off and under the cursor differs on all of them.
        assert!(['#', '+', '-'].iter().all(|mark| weights(&buffer, &theme).contains(*mark)), "{shown}");
        if theme.is_ascii() {
            insta::assert_snapshot!(name, shown);
        }
    }
}

#[test]
fn only_ascii_is_painted_in_ascii_mode() {
    for (blocks, width, height) in [(1, 9, 3), (3, 120, 55), (8, 36, 8), (8, 78, 19), (8, 40, 30)] {
        let mut draft = draft(blocks, "P1");
        draft.move_cursor(0, 0);
        let shown = picture(&draft, width, height, &ASCII);
        assert!(shown.is_ascii(), "{shown}");
    }
}

#[test]
fn the_cursor_is_seen_only_where_the_panel_is_focused() {
    let mut draft = draft(3, "P1");
    draft.point_at(Some(Hop::new(0, 2)));
    let mut buffer = Buffer::empty(Rect::new(0, 0, 70, 18));
    draw(&draft, None, false, buffer.area, &mut buffer, &Theme::FULL);
    assert!(!weights(&buffer, &Theme::FULL).contains('#'));
    let (buffer, _) = paint(&draft, 70, 18, &Theme::FULL);
    insta::assert_snapshot!("cursor", format!("{}\n\n{}", text(&buffer), weights(&buffer, &Theme::FULL)));
    assert!(text(&buffer).contains("hop 0→2 (off): P2, pool 2×2, conv 1×1, 576 parameters"));
}

#[test]
fn a_diagram_too_wide_scrolls_to_the_cursor() {
    let mut draft = draft(8, "P8");
    let first = picture(&draft, 40, 40, &Theme::FULL);
    draft.point_at(Some(Hop::new(7, 8)));
    let last = picture(&draft, 40, 40, &Theme::FULL);
    insta::assert_snapshot!("scrolled", format!("{first}\n\n{last}"));
}

#[test]
fn the_spec_is_shown_whole_where_there_are_rows() {
    let mut draft = draft(5, "0-2,1-4,0-5");
    draft.set("seed", "12345").unwrap();
    let (buffer, spots) = paint(&draft, 36, 24, &Theme::FULL);
    let rows: Vec<_> =
        spots.iter().filter(|(_, spot)| *spot == WiringTarget::Spec).map(|(rect, _)| *rect).collect();
    let shown = rows.iter().flat_map(|row| row.positions()).map(|at| buffer[at].symbol()).collect::<String>();
    assert_eq!(shown.replace(' ', ""), draft.line().replace(' ', ""));
}

#[test]
fn switches_are_shown_and_pressed_where_they_are_written() {
    let (buffer, spots) = paint(&draft(3, "In"), 60, 20, &Theme::FULL);
    for group in HopGroup::named(3) {
        let written: Vec<String> = spots
            .iter()
            .filter(|(_, spot)| *spot == WiringTarget::Group(group))
            .map(|(rect, _)| rect.positions().map(|at| buffer[at].symbol()).collect())
            .collect();
        // Sets and parts are buttons of two kinds.
        let mark = match group {
            HopGroup::In => "●",
            HopGroup::Order(3) => "■",
            HopGroup::Order(_) => "□",
            _ => "○",
        };
        assert!(written.contains(&format!("{mark}{group}")), "{group}: {written:?}");
        let label = matches!(group, HopGroup::Order(_));
        assert_eq!(written.contains(&group.to_string()), label, "{group}: {written:?}");
    }
}

fn with_hops(blocks: usize, bits: u64) -> Draft {
    let on: HopSet =
        all_hops(blocks).enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, h)| h).collect();
    let mut draft = draft(blocks, "All");
    let version = Version::HiRes(HopSelection::shortest(&on, blocks));
    draft.replace(ExperimentSpec { version, ..draft.spec().clone() }).unwrap();
    assert_eq!(*draft.hops(), on);
    draft
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// A hop's cells are its own, all bright if it is on, and, where nothing is cut off,
    /// only then; in a large enough area no hop is missing.
    #[test]
    fn clicks_meet_the_hop_that_is_drawn(blocks in 1usize..=8, bits: u64, width in 20u16..200, height in 4u16..60) {
        let draft = with_hops(blocks, bits);
        let (buffer, spots) = paint(&draft, width, height, &Theme::FULL);
        let wide = usize::from(width) >= 9 * blocks + 20;
        let mut taken = BTreeSet::new();
        let mut met = BTreeSet::new();
        for (rect, spot) in spots {
            prop_assert_eq!(rect.intersection(buffer.area), rect);
            prop_assert!(!rect.is_empty());
            for Position { x, y } in rect.positions() {
                prop_assert!(taken.insert((x, y)), "{},{} belongs to two", x, y);
            }
            if let WiringTarget::Hop(hop) = spot {
                prop_assert!(hop.source < hop.target && hop.target <= blocks);
                met.insert(hop);
                let bright = rect.positions().all(|at| buffer[at].modifier.contains(Modifier::BOLD));
                let on = draft.hops().contains(hop);
                prop_assert!(bright || !on, "{} is on", hop);
                prop_assert!(!bright || on || !wide, "{} is off", hop);
            }
        }
        if wide && height >= 20 {
            prop_assert_eq!(met.len(), all_hops(blocks).count());
        }
    }
}

#[test]
fn no_size_is_too_small() {
    for blocks in [1, 3, 8] {
        let mut draft = draft(blocks, "Out");
        draft.point_at(Some(Hop::new(0, blocks)));
        for width in 0..=100 {
            for height in 0..=40 {
                let (_, spots) = paint(&draft, width, height, &Theme::FULL);
                assert!(width * height > 0 || spots.is_empty());
            }
        }
    }
    // An area that is not on the screen is left alone.
    let mut buffer = Buffer::empty(Rect::new(0, 0, 5, 5));
    assert!(draw(&draft(3, "In"), None, true, Rect::new(7, 7, 9, 9), &mut buffer, &Theme::FULL).is_empty());
    assert_eq!(buffer, Buffer::empty(buffer.area));
}

/// The rows above the switches, without those that only say what lesions leave out.
fn diagram(shown: &str) -> Vec<&str> {
    let rows = shown.lines().take_while(|row| !row.contains("None"));
    rows.filter(|row| !row.trim().is_empty() && (row.contains('╰') || !row.contains("F off"))).collect()
}

#[test]
fn the_network_is_drawn_whatever_is_said_of_it() {
    for (width, height) in [(48, 17), (48, 19), (46, 20), (38, 16), (60, 14)] {
        for blocks in 1..=8 {
            let mut draft = draft(blocks, "P1");
            let first = picture(&draft, width, height, &Theme::FULL);
            let rows = diagram(&first);
            let is_whole = width >= 46 || blocks < 7;
            let sums = first.matches('⊕').count();
            assert!(sums == blocks || !is_whole && sums > 4, "{blocks} in {width}×{height}\n{first}");
            assert!(is_whole || first.contains('►'), "what is missing is marked:\n{first}");
            if !is_whole {
                continue;
            }
            draft.set("seed", "123456789").unwrap();
            draft.set("epochs", "77").unwrap();
            for hop in all_hops(blocks) {
                draft.point_at(Some(hop));
                let shown = picture(&draft, width, height, &Theme::FULL);
                assert_eq!(diagram(&shown), rows, "{hop}\n{shown}");
            }
            // An F that is off has its box dashed or crossed, all else stays.
            draft.stand_on(blocks);
            draft.toggle_cursor().unwrap();
            let shown = picture(&draft, width, height, &Theme::FULL);
            assert_eq!(diagram(&shown).len(), rows.len(), "{shown}");
            assert_eq!(shown.matches('⊕').count(), blocks, "{shown}");
        }
    }
}

#[test]
fn the_frame_around_the_panel_is_left_alone() {
    for (blocks, width) in (1..=8).flat_map(|blocks| (20..60).map(move |width| (blocks, width))) {
        let mut draft = draft(blocks, "All");
        draft.stand_on(blocks);
        draft.toggle_cursor().unwrap();
        let mut buffer = Buffer::empty(Rect::new(0, 0, width + 2, 20));
        let area = Rect::new(1, 1, width, 18);
        draw(&draft, None, true, area, &mut buffer, &Theme::FULL);
        let outside = buffer.area.positions().filter(|at| !area.contains(*at));
        assert!(outside.into_iter().all(|at| buffer[at] == Cell::default()), "{}", text(&buffer));
    }
}

#[test]
fn boxes_say_widths_and_sizes_or_the_words_do() {
    let shown = |blocks| picture(&draft(blocks, "P1"), 48, 17, &Theme::FULL);
    assert!(["4×2│", "┤64 ", "│4² "].into_iter().all(|text| shown(4).contains(text)), "{}", shown(4));
    assert!(shown(4).contains("32²") && shown(5).contains("32²"), "{}", shown(5));
    for blocks in [6, 7] {
        assert!(shown(blocks).matches("64").count() > 3, "{}", shown(blocks));
        assert!(shown(blocks).matches("×2").count() >= blocks, "{}", shown(blocks));
    }
    for (blocks, width) in [(7, 46), (8, 48)] {
        let mut draft = draft(blocks, "P1");
        draft.stand_on(3);
        let shown = picture(&draft, width, 19, &Theme::FULL);
        let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains("×2, 64 maps of 8×8"), "{shown}");
        if blocks == 8 {
            insta::assert_snapshot!("8_blocks_below_the_cursor", shown);
        }
    }
}

#[test]
fn a_spec_that_is_cut_goes_on_as_it_is_written() {
    let draft = draft(4, "In,2-3");
    let shown = picture(&draft, 44, 16, &Theme::FULL);
    let last = shown.lines().last().unwrap();
    let cut = last.strip_suffix('…').unwrap_or_else(|| panic!("{shown}"));
    assert!(draft.line().contains(cut), "{shown}");
}
