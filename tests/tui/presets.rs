//! Presets of the user's own: kept from the screen, chosen like those that come with it.

use hiresnet_tui::tui::action::{Effect, Message};
use hiresnet_tui::tui::session::Question;

use crate::world::{DRAFT, World};

const MINE: &str = "plain+hires[P1]@fashion-embedded seed=3";

fn own(names: &[(&str, &str)]) -> Message {
    Message::Presets(names.iter().map(|(name, line)| ((*name).into(), line.parse().unwrap())).collect())
}

#[test]
fn the_draft_is_kept_under_a_name_that_is_checked_as_it_is_typed() {
    let mut world = World::of(MINE);
    world.tell(own(&[("mine", DRAFT)]));
    world.keys("S w");
    assert!(world.screen((80, 24)).contains("Save preset as"));
    for (name, why) in [
        ("a b", "a name is up to 64"),
        ("../x", "a name is up to 64"),
        ("", "a name is up to 64"),
        ("quickstart", "'quickstart' is a built-in preset"),
    ] {
        world.retype("x");
        world.retype(name);
        assert!(world.error().unwrap().contains(why), "{name}: {:?}", world.error());
        assert!(!world.screen((80, 24)).contains("Enter apply"), "{name} is not offered");
        world.keys("enter");
        assert!(world.effects().is_empty() && world.app.session.editing.is_some(), "{name} is not taken");
    }
    world.retype("mine-2");
    assert_eq!(world.error(), None);
    assert!(world.screen((80, 24)).contains("Enter apply"));
    world.keys("enter");
    let spec = Box::new(MINE.parse().unwrap());
    assert_eq!(world.effects(), [Effect::SavePreset { name: "mine-2".into(), spec, replace: false }]);
    assert!(world.keys_are_commands());
    world.keys("w text:other esc");
    assert!(world.effects().is_empty() && world.keys_are_commands());
}

#[test]
fn a_preset_of_ones_own_is_replaced_after_a_question() {
    let mut world = World::of(MINE);
    world.tell(own(&[("mine", DRAFT)]));
    world.keys("S w text:mine");
    assert_eq!(world.error(), None);
    world.keys("enter");
    assert_eq!((world.effects(), world.app.session.question), (vec![], Some(Question::ReplacePreset)));
    let text = world.app.session.question_text().unwrap();
    assert!(text.contains("your preset mine") && text.contains(MINE), "{text}");
    world.keys("n");
    assert!(world.effects().is_empty() && world.keys_are_commands());
    world.keys("w text:mine enter y");
    let spec = Box::new(MINE.parse().unwrap());
    assert_eq!(world.effects(), [Effect::SavePreset { name: "mine".into(), spec, replace: true }]);
    assert!(world.keys_are_commands());
}

#[test]
fn an_empty_name_is_not_taken_either() {
    let mut world = World::new();
    world.keys("S w enter");
    assert!(world.error().unwrap().contains("a name is"));
    assert!(world.effects().is_empty());
}

#[test]
fn ones_own_presets_come_after_those_that_are_shipped() {
    let mut world = World::new();
    // The second is a run that a shipped one is, too.
    let quickstart = hiresnet_tui::engine::presets::resolve("quickstart").unwrap().to_string();
    world.tell(own(&[("mine", MINE), ("same", &quickstart), ("zulu", "plain@fashion-embedded seed=9")]));
    world.keys("S home down");
    assert_eq!(world.app.session.setup.field().name(), "preset");
    let value = |world: &World| {
        world.app.session.setup.value(world.app.session.setup.field(), &world.app.session.draft)
    };
    let mut seen = Vec::new();
    for _ in 0..hiresnet_tui::engine::presets::SHIPPED.len() + 3 {
        world.keys("right");
        seen.push(value(&world));
    }
    let mut names = seen.clone();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), seen.len(), "each once: {seen:?}");
    let last = seen.iter().position(|name| name == "zulu").unwrap();
    assert_eq!(seen[last - 2..=last], ["mine", "same", "zulu"]);
    world.keys("enter");
    world.retype("mine");
    assert_eq!(world.error(), None);
    world.keys("enter");
    assert_eq!((world.line(), value(&world).as_str()), (MINE, "mine"));
    world.keys("right left");
    assert_eq!(world.line(), MINE);
}
