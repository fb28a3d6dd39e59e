//! The features panel: pictures, keys, and when it asks for what.

use std::sync::Arc;

use hiresnet_tui::domain::event::{Checkpoint, EventKind};
use hiresnet_tui::domain::features::{BlockMaps, FeatureImage, Features, Maps, Prediction};
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::domain::term::Term;
use hiresnet_tui::tui::action::{Effect, Message};
use hiresnet_tui::tui::app::HitTarget;
use hiresnet_tui::tui::config::Config;
use hiresnet_tui::tui::panel::PanelTarget;
use hiresnet_tui::tui::panels::PanelId;
use hiresnet_tui::tui::theme::{Depth, Ground, Theme};
use insta::assert_snapshot;
use ratatui::style::Color;

use crate::made::{event, score};
use crate::screens::{ASCII, NO_COLOR};
use crate::world::{DRAFT, World};

const SMALL: (u16, u16) = (80, 24);
const MEDIUM: (u16, u16) = (120, 40);

/// Images of the split.
const IMAGES: usize = 1000;

/// What a network with the hops of `spec` might make of an image: waves that grow with the
/// channel, negative ones among them.
pub fn sample(spec: &ExperimentSpec, image: usize) -> Features {
    let (hops, network) = (spec.hops().unwrap(), spec.architecture().unwrap());
    let maps = |of, block: usize, salt: usize| {
        let (channels, size) = (network.level_width(block), 32 >> (block - 1).min(2));
        let value = |i: usize| {
            let (c, y, x) = (i / (size * size), i / size % size, i % size);
            let part = (x as f32 / size as f32 - 0.5) * (1 + c % 3) as f32 + y as f32 / size as f32 - 0.4;
            part * (1.0 + salt as f32) * 0.3 + image as f32 * 0.01
        };
        Maps::new(of, (0..channels * size * size).map(value).collect(), channels, size)
    };
    let block = |block: usize| {
        let of = |hop: hiresnet_tui::domain::hops::Hop| maps(Some(Term::Hop(hop)), block, 1 + hop.source);
        BlockMaps::new(
            block,
            maps(Some(Term::Residual(block)), block, 4),
            hops.into_block(block).map(of).collect(),
        )
    };
    let pixel =
        |i: usize| if (i / 28).abs_diff(13) + (i % 28).abs_diff(13) < 12 { 40 + 5 * (i % 28) } else { 0 };
    let pixels = (0..28 * 28).map(|i| pixel(i) as u8).collect();
    let likely = |class, probability| Prediction { class, probability };
    Features {
        image: FeatureImage { index: image, of: IMAGES, class: 7, pixels, channels: 1, size: 28 },
        checkpoint: Checkpoint::Best,
        predicted: vec![likely(7 - image % 2 * 2, 0.912), likely(9, 0.08), likely(5, 0.0041)],
        blocks: (1..=spec.blocks.len()).map(block).collect(),
    }
}

impl World {
    /// Answers what was asked to be looked at; the images.
    pub fn look(&mut self) -> Vec<usize> {
        let mut images = Vec::new();
        for effect in self.effects() {
            if let Effect::Look { id, spec, image, .. } = effect {
                images.push(image);
                let features = sample(&spec, image.min(IMAGES - 1));
                self.tell(Message::Looked(id, image, Ok(Arc::new(features))));
            }
        }
        images
    }
}

/// With the maps of the run under the cursor.
pub fn looking(theme: Theme, size: (u16, u16)) -> World {
    let mut world = World::with_three(theme);
    world.screen(size);
    world.keys("R home down F");
    assert_eq!(world.look(), [0]);
    world.screen(size);
    world
}

fn picture(name: &str, world: &mut World, size: (u16, u16)) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        assert_snapshot!(format!("tui_features_{name}_{}x{}", size.0, size.1), world.screen(size));
    });
}

#[test]
fn pictures() {
    for (name, theme) in [("full", Theme::FULL), ("ascii", ASCII)] {
        for size in [SMALL, MEDIUM] {
            let mut world = looking(theme, size);
            if (name, size) == ("ascii", SMALL) {
                picture("ascii_block1", &mut world, size);
            }
            world.keys("down down ] right");
            world.look();
            assert!(world.screen(size).contains("block 3 of 3"));
            if (name, size) == ("full", MEDIUM) {
                picture("full_block3", &mut world, size);
            }
        }
    }
    picture("least", &mut looking(ASCII, (40, 10)), (40, 10));
}

#[test]
fn keys_choose_image_block_and_channels() {
    let mut world = looking(Theme::FULL, SMALL);
    let mut after = |keys: &str| {
        world.keys(keys);
        world.look();
        let text = world.screen(SMALL);
        text.lines()
            .skip(2)
            .take(2)
            .map(|line| line.trim_matches(['│', ' ', '▀']).to_owned())
            .collect::<Vec<_>>()
    };
    let [image, maps] = &after("right right")[..] else { panic!() };
    assert_eq!(image, "image 3 of 1,000: class 7 Sneaker, predicted 7 Sneaker (91.2%)");
    assert_eq!(maps, "block 1 of 3 · 32×32 maps · channels 0–3 of 16");
    assert!(after("left")[0].starts_with("image 2 of 1,000: class 7 Sneaker, predicted 5 Sandal (91.2%)"));
    assert!(after("home left")[0].starts_with("image 1 of"));
    assert!(after("end right")[0].starts_with("image 1,000 of"));
    assert!(after("down")[1].contains("block 2 of 3 · 16×16 maps · channels 0–4 of 32"));
    assert!(after("] pagedown")[1].contains("channels 10–14 of 32"));
    assert!(after("] ] ] ] ] ] ]")[1].contains("channels 27–31 of 32"));
    assert!(after("[")[1].contains("channels 22–26 of 32"));
    assert!(after("down down down")[1].contains("block 3 of 3 · 8×8 maps · channels 22–28"));
    assert!(after("up up up up")[1].contains("block 1 of 3 · 32×32 maps · channels 9–12 of 16"));
    let scale = |world: &mut World| world.screen(SMALL).lines().rev().nth(2).unwrap().to_owned();
    assert!(scale(&mut world).contains("covers 99% of values"));
    world.keys("c");
    assert!(scale(&mut world).contains("each map scaled to its own"));
}

#[test]
fn maps_are_asked_for_where_they_are_seen_and_only_once() {
    let mut world = World::with_three(Theme::FULL);
    world.screen(SMALL);
    world.keys("R home down up");
    assert_eq!(world.effects(), [], "the panel is on another page");
    world.keys("F");
    assert_eq!(world.look(), [0]);
    world.keys("] [ c down").tell(Message::Second { clock: String::new(), memory: None });
    assert_eq!(world.effects(), []);
    world.keys("right right");
    assert_eq!(world.look(), [1, 2]);
    world.keys("enter");
    assert_eq!(world.look(), [2], "once more");
    // Another run: its maps of the same image.
    world.keys("R down");
    assert_eq!(world.effects(), []);
    world.keys("F");
    assert!(world.screen(SMALL).contains("Reading the weights and image 3"));
    assert_eq!(world.look(), [2]);
    assert!(
        world.screen(SMALL).contains("resnet, best weights") || world.screen(SMALL).contains("image 3 of")
    );
}

#[test]
fn a_run_that_trains_is_looked_at_anew_after_each_epoch() {
    let mut world = World::new();
    let id = world.train();
    world.screen(SMALL);
    world.keys("F");
    assert!(matches!(&world.effects()[..], [Effect::Look { image: 0, .. }]));
    world.tell(Message::Looked(id, 0, Err("no weights are kept".into())));
    assert!(world.screen(SMALL).contains("This run has no checkpoint yet."));
    let ended = || EventKind::EpochEnded {
        epoch: 1,
        step: 90,
        train: score(0.4),
        validation: score(0.5),
        best: true,
    };
    world.tell(Message::Event(id, event(9.0, ended())));
    assert_eq!(world.look(), [0]);
    assert!(world.screen(SMALL).contains("image 1 of 1,000"));
    world.tell(Message::Event(id, event(19.0, ended())));
    assert!(world.screen(SMALL).contains("image 1 of 1,000"), "the old ones stay until there are new ones");
    assert_eq!(world.look(), [0]);
}

#[test]
fn answers_that_come_late_are_shown_only_where_they_belong() {
    let mut world = looking(Theme::FULL, SMALL);
    let (id, spec) = world.app.session.runs.current().map(|run| (run.id, run.spec.clone())).unwrap();
    world.keys("right right");
    let told = |image| Message::Looked(id, image, Ok(Arc::new(sample(&spec, image))));
    world.tell(told(1));
    let text = world.screen(SMALL);
    assert!(text.contains("image 2 of 1,000") && text.contains("(reading 3…)"), "{text}");
    world.tell(Message::Looked(id, 1, Err("late".into()))).tell(Message::Looked(
        id + 1,
        2,
        Err("other".into()),
    ));
    world.tell(told(2));
    let text = world.screen(SMALL);
    assert!(text.contains("image 3 of 1,000") && !text.contains("reading"), "{text}");
}

#[test]
fn without_maps_the_panel_says_why() {
    let said = |world: &mut World| {
        let text = world.keys("F").screen(SMALL);
        text.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(said(&mut World::new()).contains("No run selected. Choose one in Runs"));
    let mut world = World::new();
    world.keys("t");
    assert!(said(&mut world).contains("This run has not started. After its first epoch"));
    let mut world = looking(Theme::FULL, SMALL);
    world.keys("enter");
    let id = world.current().unwrap();
    world.effects();
    world.tell(Message::Looked(id, 0, Err("best.safetensors: not a safetensors file".into())));
    assert!(said(&mut world).contains("best.safetensors: not a safetensors file"));
    let mut world = World::new();
    world.tell(Message::Recorded(0, Box::new(DRAFT.parse().unwrap())));
    let playback = hiresnet_tui::tui::player::Playback {
        t: 1.0,
        seconds: 2.0,
        speed: 1.0,
        playing: false,
        looping: false,
    };
    world.tell(Message::Playing(playback)).keys("R home");
    assert!(said(&mut world).contains("A recording has no weights."));
    assert!(world.effects().iter().all(|effect| !matches!(effect, Effect::Look { .. })));
}

#[test]
fn colours_are_the_terminals_and_without_any_there_are_none() {
    let of = |depth, ground| {
        let mut world = looking(Theme { depth, ground, ..Theme::FULL }, MEDIUM);
        world.buffer(MEDIUM)
    };
    let halves = |buffer: &ratatui::buffer::Buffer| -> Vec<Color> {
        let cells = buffer.content().iter().filter(|cell| cell.symbol() == "▀");
        cells.flat_map(|cell| [cell.fg, cell.bg]).collect()
    };
    let rgb = halves(&of(Depth::Truecolor, Ground::Dark));
    assert!(rgb.len() > 3000 && rgb.iter().all(|colour| matches!(colour, Color::Rgb(..))));
    let indexed = halves(&of(Depth::Ansi256, Ground::Light));
    assert!(
        indexed.len() == rgb.len() && indexed.iter().all(|colour| matches!(colour, Color::Indexed(16..)))
    );
    assert_eq!(halves(&of(Depth::Ansi16, Ground::Dark)), []);
    let plain = looking(NO_COLOR, MEDIUM).buffer(MEDIUM);
    assert!(plain.content().iter().all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset)));
}

#[test]
fn the_wheel_goes_through_the_channels() {
    let mut world = looking(Theme::FULL, SMALL);
    let place = world.place(HitTarget::In(PanelId::Features, PanelTarget::Background));
    let down = crossterm::event::MouseEventKind::ScrollDown;
    world.mouse(down, place.x + 30, place.y + 9).mouse(down, place.x + 30, place.y + 9);
    assert!(world.screen(SMALL).contains("channels 2–5 of 16"));
}

#[test]
fn every_size_and_every_value_can_be_painted() {
    let mut odd = sample(&DRAFT.parse().unwrap(), 0);
    for (i, value) in odd.blocks[2].rows[1].values.iter_mut().enumerate() {
        *value = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE, -0.0][i % 6];
    }
    odd.predicted[0].probability = f64::NAN;
    let mut colour = odd.clone();
    colour.image =
        FeatureImage { pixels: vec![9; 3 * 64 * 64], channels: 3, size: 64, class: 199, ..colour.image };
    let mut cut = odd.clone();
    cut.image.pixels.truncate(5);
    cut.predicted.clear();
    let mut none = odd.clone();
    none.blocks.clear();
    for theme in [Theme::FULL, ASCII] {
        for features in [&odd, &colour, &cut, &none] {
            let mut world = looking(theme, SMALL);
            let id = world.current().unwrap();
            world.keys("down down c");
            world.tell(Message::Looked(id, 0, Ok(Arc::new(features.clone()))));
            for keys in ["", "c", "up"] {
                world.keys(keys);
                for width in (40..=250).step_by(3) {
                    world.screen((width, 10 + width % 71));
                }
            }
        }
    }
}

#[test]
fn eight_blocks_and_a_small_terminal_say_what_is_left_out() {
    let line = "plain+hires@fashion-embedded blocks=1,1,1,1,1,1,1,1 widths=4,4,4,4,4,4,4,4";
    let mut world = World::with(line, &Config::default(), Theme::FULL);
    world.train();
    world.screen(SMALL);
    world.keys("F");
    world.look();
    world.screen(SMALL);
    world.keys("down down down down down down down");
    let text = world.screen(SMALL);
    assert!(text.contains("block 8 of 8") && text.contains("terms hidden: too few rows"), "{text}");
    assert!(text.contains("sum") && text.contains("0→8"), "{text}");
}

#[test]
fn all_channels_stand_in_a_grid_where_there_is_room() {
    let wide = (200, 60);
    let mut world = looking(Theme::FULL, wide);
    for (keys, said) in
        [("", "channels 0–15 of 16"), ("down", "channels 0–31 of 32"), ("down", "channels 0–63 of 64")]
    {
        let screen = world.keys(keys).keys("a").screen(wide);
        assert!(screen.contains(said), "{screen}");
        world.keys("a");
    }
    // Smaller than half of their size only where that is wanted.
    let mut world = looking(Theme::FULL, MEDIUM);
    let screen = world.screen(MEDIUM);
    assert!(!screen.contains("channels 0–15 of 16"), "{screen}");
    let screen = world.keys("]").keys("a").screen(MEDIUM);
    assert!(screen.contains("channels 0–15 of 16"), "{screen}");
    // Lines below the first say with which channel they begin.
    let numbers = screen.lines().filter(|line| {
        let first: String =
            line.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        line.contains('▀') && !first.is_empty()
    });
    assert!(numbers.count() > 0, "{screen}");
    assert!(!world.keys("a").screen(MEDIUM).contains("channels 0–15 of 16"));
}
