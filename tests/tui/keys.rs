//! The table of keys: nothing hidden, nothing dead, everything said; and the user's own.

use hiresnet_tui::tui::action::{Effect, Message};
use hiresnet_tui::tui::bindings::bindings;
use hiresnet_tui::tui::command::KeyScope;
use hiresnet_tui::tui::config::Config;
use hiresnet_tui::tui::keymap::{Keymap, parse, shown};
use hiresnet_tui::tui::keys_page;
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::panels::PanelId;
use hiresnet_tui::tui::theme::Theme;

use crate::lesion_views::paired;
use crate::lesions::RUN;
use crate::screens::training;
use crate::world::{DRAFT, World, keymap};

#[test]
fn no_panel_hides_a_key_that_holds_everywhere() {
    let keymap = keymap();
    for (binding, keys) in keymap.rows(KeyScope::Everywhere) {
        for panel in PanelId::ALL.iter().copied() {
            for key in keys {
                let command = keymap.command((*key).into(), &[KeyScope::In(panel), KeyScope::Everywhere]);
                assert_eq!(command, Some(binding.command), "{} in {}", shown(*key), panel.facts().title);
            }
        }
    }
}

/// Everything there is to see of a world, what it wants done included.
fn seen(world: &World) -> String {
    format!("{:?}", world.app)
}

/// Keys that lead to where keys of `place` hold.
fn way(place: KeyScope) -> &'static str {
    match place {
        KeyScope::Everywhere => "",
        KeyScope::In(PanelId::Wiring) => "W",
        KeyScope::In(PanelId::Setup) => "S",
        KeyScope::In(PanelId::Curves) => "C",
        KeyScope::In(PanelId::Activations) => "A",
        KeyScope::In(PanelId::Features) => "F",
        KeyScope::In(PanelId::Data) => "D",
        KeyScope::In(PanelId::Table) => "T",
        KeyScope::In(PanelId::Runs) => "R",
        KeyScope::In(PanelId::Info) => "R m m I",
        KeyScope::In(PanelId::Preferences) => "P",
        KeyScope::In(PanelId::Status) => "L",
        KeyScope::Replay => "",
        KeyScope::Edit => "R /",
        KeyScope::Question => "q",
        KeyScope::Help => "?",
        KeyScope::Palette => ":",
    }
}

/// Situations of which at least one gives every key something to do, and how large the
/// terminal is.
fn situations(place: KeyScope) -> impl Iterator<Item = (World, (u16, u16))> {
    let before = ["", "z", "home", "end", "home down right", "up", "n", "]", "pagedown"];
    let sizes = [(80, 24), (40, 10)];
    let all = sizes.into_iter().flat_map(move |size| before.into_iter().map(move |keys| (size, keys)));
    all.flat_map(move |(size, keys)| {
        let worlds = [World::with_three(Theme::FULL), training(Theme::FULL)];
        let lesions = (place == KeyScope::In(PanelId::Wiring)).then(|| {
            let mut world = paired(RUN);
            world.keys("W v");
            world
        });
        worlds.into_iter().chain(lesions).map(move |mut world| {
            world.keys(way(place)).screen(size);
            // Feature maps and data are asked for once they are seen.
            world.tell(Message::Log(Level::Info, "seen".into()));
            match place {
                KeyScope::In(PanelId::Data) => _ = world.see(),
                _ => _ = world.look(),
            }
            world.screen(size);
            match (place, keys) {
                (KeyScope::In(_) | KeyScope::Help | KeyScope::Palette, keys) => _ = world.keys(keys),
                (KeyScope::Everywhere, "n") => {
                    world.app.session.draft.replace(EIGHT.parse().unwrap()).unwrap();
                }
                (KeyScope::Replay, _) => _ = world.replaying(),
                (KeyScope::Everywhere, "z") => _ = world.keys("z"),
                _ => {}
            }
            world.screen(size);
            world.app.session.notice = None;
            world.effects();
            (world, size)
        })
    })
}

/// A draft with every order of hops.
const EIGHT: &str = "plain@cifar10 blocks=1,1,1,1,1,1,1,1 widths=8,8,8,8,8,8,8,8";

#[test]
fn every_key_does_something_somewhere() {
    for binding in bindings() {
        for key in binding.keys {
            let does = |(mut world, size): (World, (u16, u16))| {
                let before = seen(&world);
                world.keys(key);
                // Some things are known only when they are painted.
                world.screen(size);
                seen(&world) != before
            };
            assert!(situations(binding.scope).any(does), "{} ({}) is dead", key, binding.name);
        }
    }
}

#[test]
fn a_key_that_is_none_does_nothing() {
    for panel in PanelId::ALL.iter().copied() {
        for (mut world, size) in situations(KeyScope::In(panel)) {
            let before = seen(&world);
            world.keys("f12 ctrl-q alt-x").screen(size);
            assert_eq!(seen(&world), before);
        }
    }
}

/// The words on a screen, frames left out.
fn words(screen: &str) -> String {
    let is_frame = |c: char| "│╭╮╰╯─".contains(c) || c.is_whitespace();
    screen.split(is_frame).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_help_of_each_panel_names_all_its_keys() {
    let keymap = keymap();
    for panel in PanelId::ALL.iter().copied() {
        let mut world = World::new();
        world.keys(way(KeyScope::In(panel))).keys("?");
        let text = words(&world.screen((80, 120)));
        for place in [KeyScope::In(panel), KeyScope::Everywhere] {
            assert!(keymap.help(place).len() > 3);
            for (keys, about) in keymap.help(place) {
                assert!(text.contains(&format!("{keys} {about}")), "{keys} {about}: {text}");
            }
            for (binding, keys) in keymap.rows(place) {
                for key in keys {
                    assert!(text.split(' ').any(|word| word == shown(*key)), "{}", binding.name);
                }
            }
        }
    }
}

#[test]
fn all_of_the_help_can_be_scrolled_to() {
    let mut world = World::new();
    world.keys("C ?");
    let mut seen = String::new();
    for _ in 0..60 {
        seen += &words(&world.screen((80, 24)));
        world.keys("down");
    }
    assert!(world.screen((80, 24)).contains("─ end ─"));
    for place in [KeyScope::In(PanelId::Curves), KeyScope::Everywhere] {
        for (keys, about) in keymap().help(place) {
            assert!(seen.contains(&keys), "{keys}");
            assert!(about.split(' ').all(|word| seen.contains(word)), "{about}");
        }
    }
    world.keys("up").screen((80, 24));
    assert!(!world.screen((80, 24)).contains("─ end ─"), "one step up is one line up");
    assert_eq!(world.keys("home").help_line(), Some(0));
}

#[test]
fn keys_are_shown_as_they_are_written() {
    for binding in bindings() {
        for key in binding.keys {
            let shown = shown(parse(key).unwrap());
            let same = shown.eq_ignore_ascii_case(key);
            assert!(same && (shown.len() > 1 || shown == *key), "{key} is shown as {shown}");
        }
    }
}

#[test]
fn the_page_of_keys_is_kept() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/KEYS.md");
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(
        kept.trim_end() == keys_page().trim_end(),
        "cargo run --no-default-features -- keys > assets/KEYS.md"
    );
    for binding in bindings() {
        assert!(kept.contains(&format!("`{}` |", binding.name)), "{}", binding.name);
    }
}

fn config(text: &str) -> Config {
    toml::from_str(text).unwrap()
}

#[test]
fn the_users_keys_are_what_the_screen_hears() {
    let config = config(
        "[keys]\ntrain = [\"V\", \"f5\"]\npress-all = [\"e\"]\nquit = [\"ctrl-q\"]\nsort = [\"x\"]\nyes = [\"enter\"]",
    );
    assert!(Keymap::new(&config.keys).is_ok());
    let mut world = World::with("resnet@fashion-embedded", &config, Theme::FULL);
    world.keys("t q ctrl-c a");
    assert_eq!((world.effects(), world.line()), (vec![], "resnet@fashion-embedded"));
    world.keys("e");
    assert_eq!(world.line(), DRAFT);
    let footer = |world: &mut World| world.screen((120, 40)).lines().last().unwrap().to_owned();
    let text = footer(&mut world);
    assert!(text.contains("e all") && text.contains("V train") && text.contains("ctrl-q quit"), "{text}");
    world.keys("f5");
    let (id, _) = world.started();
    world.begin(id).keys("W");
    assert!(footer(&mut world).contains("x stop"));
    // A panel's own key comes before that of everywhere, and the footer does not say otherwise.
    let sorted = world.keys("R").app.session.runs.sorted_by();
    let text = footer(&mut world);
    assert!(text.contains("x sort") && !text.contains("x stop"), "{text}");
    world.keys("x");
    assert_ne!(world.app.session.runs.sorted_by(), sorted);
    assert_eq!(world.effects(), []);
    world.keys("W x ctrl-q y enter");
    assert_eq!(world.effects().iter().filter(|effect| matches!(effect, Effect::Order(_))).count(), 2);
    world.keys("?");
    assert!(words(&world.screen((80, 120))).contains("V F5 train the draft"));
}

#[test]
fn the_users_pages_are_what_is_shown() {
    let config = config("[layout]\nsmall = [\"runs | curves\"]");
    let mut world = World::with(DRAFT, &config, Theme::FULL);
    world.keys("R").screen((80, 24));
    let runs = world.app.area(PanelId::Runs).unwrap();
    let curves = world.app.area(PanelId::Curves).unwrap();
    assert_eq!((runs.x, runs.y, runs.height), (0, curves.y, curves.height));
    assert!(curves.x > 0 && world.app.area(PanelId::Setup).is_none());
    world.keys("S").screen((80, 24));
    assert_eq!(world.app.area(PanelId::Setup).unwrap().width, 80, "on a page of its own");
}
