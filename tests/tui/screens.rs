//! Pictures of the whole screen.

use hiresnet_tui::tui::config::Config;
use hiresnet_tui::tui::theme::{Depth, Ground, Symbols, Theme};
use insta::assert_snapshot;
use ratatui::style::Color;

use crate::made::{Course, trains};
use crate::world::{DRAFT, World};

pub const NO_COLOR: Theme = Theme { depth: Depth::None, ..Theme::FULL };
pub const ASCII: Theme = Theme { depth: Depth::None, symbols: Symbols::Ascii, ..Theme::FULL };

const SMALL: (u16, u16) = (80, 24);
const MEDIUM: (u16, u16) = (120, 40);
const WIDE: (u16, u16) = (200, 60);

/// Asserts the picture of `world` at a size, or of each of its pages.
pub fn pictures(name: &str, world: &mut World, size: (u16, u16), keys: &[(&str, &str)]) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        for (page, key) in keys {
            world.keys(key);
            let (width, height) = size;
            let page = if page.is_empty() { String::new() } else { format!("_{page}") };
            assert_snapshot!(format!("tui_{name}_{width}x{height}{page}"), world.screen(size));
        }
    });
}

/// Each page of a small terminal.
const PAGES: [(&str, &str); 3] = [("wiring", "W"), ("curves", "C"), ("activations", "A")];

/// In epoch 3 of 10, with two that wait.
pub fn training(theme: Theme) -> World {
    let mut world = World::with(DRAFT, &Config::default(), theme);
    let id = world.train();
    let spec = world.run(id).spec.clone();
    world.events(id, trains(&spec, "2026-01-05T20:01:00Z", 225, Course { pace: 140.0, salt: 5 }));
    world.keys("n t 1 2 t S");
    world.app.session.setup.select(3);
    world.keys("W");
    world.app.session.notice = None;
    world
}

/// Three ended runs, one of them the baseline, read at a cursor.
fn compared(theme: Theme) -> World {
    let mut world = World::with_three(theme);
    world.keys("R end p home C");
    // Where the curves are decides where the cursor is.
    world.screen(MEDIUM);
    world.keys("i left left left left");
    world
}

#[test]
fn fresh() {
    pictures("fresh", &mut World::new(), MEDIUM, &[("", "C")]);
}

#[test]
fn while_training() {
    pictures("training", &mut training(Theme::FULL), SMALL, &PAGES);
    pictures("training", &mut training(Theme::FULL), WIDE, &[("", "R")]);
}

#[test]
fn three_ended_runs_and_a_baseline() {
    pictures("compared", &mut compared(Theme::FULL), MEDIUM, &[("", "C")]);
}

#[test]
fn help_of_a_panel() {
    pictures("help", &mut training(Theme::FULL), (80, 60), &[("curves", "C ?")]);
    pictures("help", &mut training(Theme::FULL), SMALL, &[("further", "C ? pagedown")]);
}

#[test]
fn a_wrong_value_being_typed() {
    let mut world = World::new();
    world.keys("S / text:folder enter");
    world.keys("enter").retype("fast");
    pictures("typing", &mut world, SMALL, &[("field", "")]);
    world.keys("esc home enter").retype("resnet+hires[P4]@fashion-embedded");
    pictures("typing", &mut world, SMALL, &[("line", "")]);
    world.keys("esc R /").type_text("resnet p1");
    pictures("typing", &mut world, SMALL, &[("filter", "")]);
}

#[test]
fn questions() {
    pictures("question", &mut training(Theme::FULL), SMALL, &[("quit", "q")]);
    let mut world = World::with_three(Theme::FULL);
    pictures("question", &mut world, SMALL, &[("delete", "R d")]);
}

#[test]
fn terminals_that_are_too_small() {
    pictures("too_small", &mut World::new(), (39, 24), &[("", "")]);
    for size in [(80, 9), (1, 1)] {
        World::new().screen(size);
    }
    pictures("least", &mut training(Theme::FULL), (40, 10), &PAGES);
    pictures("least", &mut training(Theme::FULL), (40, 10), &[("setup", "S"), ("runs", "R"), ("log", "L")]);
}

#[test]
fn ascii() {
    assert!(training(ASCII).keys("R").screen(MEDIUM).is_ascii());
    pictures("ascii", &mut compared(ASCII), MEDIUM, &[("compared", "")]);
}

#[test]
fn without_colours() {
    let buffer = training(NO_COLOR).buffer(MEDIUM);
    let plain = |color: Color| color == Color::Reset;
    assert!(buffer.content().iter().all(|cell| plain(cell.fg) && plain(cell.bg)));
}

/// How much brighter one ink is than another, as the WCAG has it.
fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f64 {
    let light = |part: u8| {
        let part = f64::from(part) / 255.0;
        if part <= 0.03928 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = |(r, g, b)| 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b) + 0.05;
    let (one, other) = (luminance(one), luminance(other));
    one.max(other) / one.min(other)
}

#[test]
fn ink_can_be_read_on_its_ground() {
    for (ground, paper) in [(Ground::Dark, (0, 0, 0)), (Ground::Light, (255, 255, 255))] {
        let theme = Theme { ground, ..Theme::FULL };
        let buffer = training(theme).buffer(WIDE);
        // What is off, and the curves before smoothing, need not be read.
        let off = theme.off().fg.unwrap();
        let is_text = |symbol: &str| symbol.chars().all(|c| c.is_ascii_alphanumeric());
        let mut seen = 0;
        for cell in buffer.content().iter().filter(|cell| cell.fg != off && is_text(cell.symbol())) {
            if let Color::Rgb(r, g, b) = cell.fg {
                let contrast = contrast((r, g, b), paper);
                assert!(contrast > 4.0, "{} of {:?} on {ground:?}: {contrast:.1}", cell.symbol(), cell.fg);
                seen += 1;
            }
        }
        assert!(seen > 500, "{seen} cells in colour");
    }
}
