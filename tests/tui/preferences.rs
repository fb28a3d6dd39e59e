//! The panel that changes the config file.

use hiresnet_tui::tui::action::{Effect, TerminalEffect};
use hiresnet_tui::tui::app::HitTarget;
use hiresnet_tui::tui::config::Config;
use hiresnet_tui::tui::config_file::{ConfigChange, ConfigValue};
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::panel::PanelTarget;
use hiresnet_tui::tui::panels::PanelId;
use hiresnet_tui::tui::theme::{Ground, Symbols, Theme};

use crate::world::World;

/// What is kept, and nothing else but what the terminal does.
fn kept(world: &mut World) -> Vec<ConfigChange> {
    let change = |effect| match effect {
        Effect::Configure(change) => Some(change),
        Effect::Terminal(TerminalEffect::Redraw | TerminalEffect::Mouse(_)) => None,
        other => panic!("{other:?}"),
    };
    world.effects().into_iter().filter_map(change).collect()
}

fn word(name: &str, value: &str) -> ConfigChange {
    ConfigChange { name: name.into(), value: Some(ConfigValue::Word(value.into())) }
}

#[test]
fn a_setting_is_changed_at_once_and_kept() {
    let mut world = World::new();
    let screen = world.keys("P").screen((80, 24));
    assert!(screen.contains("Preferences") && screen.contains("theme               auto"), "{screen}");
    world.keys("left");
    assert_eq!(kept(&mut world), [word("theme", "light")]);
    assert_eq!(world.app.session.theme.ground, Ground::Light);
    world.keys("down down right right right");
    let changes = kept(&mut world);
    assert_eq!(changes.last(), Some(&word("symbols", "ascii")));
    assert_eq!(world.app.session.theme.symbols, Symbols::Ascii);
    assert!(world.screen((80, 24)).is_ascii());
    world.keys("d");
    let default = ConfigChange { name: "symbols".into(), value: None };
    assert_eq!(kept(&mut world), [default]);
    world.keys("down down enter");
    let effects = world.effects();
    assert!(effects.contains(&Effect::Terminal(TerminalEffect::Mouse(false))), "{effects:?}");
}

#[test]
fn keys_are_typed_and_hold_at_once() {
    let mut world = World::new();
    world.keys("P / text:train enter enter");
    world.retype("x");
    let screen = world.screen((80, 24));
    assert!(screen.contains("both bound to x"), "{screen}");
    world.keys("enter");
    assert!(world.app.session.editing.is_some() && world.effects().is_empty(), "it stays to be corrected");
    world.retype("f5 ctrl-t");
    world.keys("enter");
    let keys = ConfigValue::Keys(vec!["f5".into(), "ctrl-t".into()]);
    assert_eq!(kept(&mut world), [ConfigChange { name: "train".into(), value: Some(keys) }]);
    assert!(world.screen((80, 24)).contains("F5"));
    world.keys("t");
    assert_eq!(world.effects(), []);
    world.keys("ctrl-t");
    world.started();
    // The footer and the help have it, too.
    assert!(world.keys("?").screen((80, 60)).contains("ctrl-t"));
}

#[test]
fn quit_keeps_a_key() {
    let mut world = World::new();
    world.keys("P / text:quit enter enter");
    world.retype(" ");
    assert!(world.screen((80, 24)).contains("quit must have a key"));
    world.keys("esc");
    assert!(world.effects().is_empty());
}

#[test]
fn esc_goes_back_to_where_one_was() {
    let mut world = World::new();
    world.keys("C").screen((120, 40));
    world.keys("P").screen((120, 40));
    assert_eq!(world.app.focus, PanelId::Preferences);
    world.keys("esc");
    assert_eq!(world.app.focus, PanelId::Curves);
    // Where it is the only page there is nothing to go back to.
    world.keys("P P esc esc").screen((120, 40));
    assert_eq!(world.app.focus, PanelId::Curves);
}

#[test]
fn a_setting_is_clicked_twice_to_change_it() {
    let mut world = World::new();
    world.keys("P").screen((100, 30));
    let row = |row| HitTarget::In(PanelId::Preferences, PanelTarget::Row(row));
    world.click(row(1));
    assert_eq!(kept(&mut world), []);
    world.click(row(1));
    assert_eq!(kept(&mut world), [word("colors", "truecolor")]);
}

#[test]
fn what_the_user_has_is_marked_and_all_rows_are_reached() {
    let config = Config { mouse: false, ..Config::default() };
    let mut world = World::with("resnet@fashion-embedded", &config, Theme::FULL);
    let screen = world.keys("P").screen((80, 24));
    assert!(screen.contains("mouse               false"), "{screen}");
    let screen = world.keys("end").screen((80, 24));
    assert!(screen.contains("palette-page-down"), "{screen}");
    let screen = world.keys("/ text:nosuch").screen((80, 24));
    assert!(screen.contains("no such setting"), "{screen}");
    world.keys("esc home d");
    assert_eq!(world.level(), None);
    world.app.update(hiresnet_tui::tui::action::Action::Sent(hiresnet_tui::tui::action::Message::Notice(
        Level::Bad,
        "theme is not saved: read-only".into(),
    )));
    assert!(world.screen((80, 24)).contains("read-only"));
}
