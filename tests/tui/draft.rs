//! The draft: switches of hops, fields, pasted specs.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use hiresnet_tui::domain::hops::Hop;
use hiresnet_tui::engine::device::{DeviceChoice, DeviceFacts, DeviceKind, Missing};
use hiresnet_tui::tui::action::{Action, Effect, Message};
use hiresnet_tui::tui::app::HitTarget;
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::panel::PanelTarget;
use hiresnet_tui::tui::panels::PanelId;
use hiresnet_tui::tui::session::Question;
use hiresnet_tui::tui::setup::Field;
use hiresnet_tui::tui::theme::Theme;

use crate::world::{DRAFT, World};

fn row(name: &str) -> usize {
    Field::all().position(|field| field.name() == name).unwrap()
}

/// Gives a field the focus.
fn choose(world: &mut World, name: &str) {
    world.keys("S").app.session.setup.select(row(name));
}

fn value(world: &World, name: &str) -> String {
    let field = Field::all().nth(row(name)).unwrap();
    world.app.session.setup.value(field, &world.app.session.draft)
}

#[test]
fn switches_of_orders_and_groups() {
    let line = "resnet@fashion-embedded blocks=1,1,1,1,1,1,1,1 widths=8,8,8,8,8,8,8,8";
    for order in 1..=8 {
        let mut world = World::of(line);
        world.keys("S").keys(&order.to_string());
        let wanted = format!("resnet+hires[P{order}]");
        assert_eq!(world.app.session.draft.spec().network_name(), wanted, "also from another panel");
        world.keys(&order.to_string());
        assert_eq!(world.app.session.draft.spec().network_name(), "resnet", "{order} twice");
    }
    let mut world = World::of("resnet@fashion-embedded");
    for (key, network) in [
        ("a", "resnet+hires"),
        ("n", "resnet"),
        ("i", "resnet+hires[In]"),
        ("i", "resnet+hires[In]"),
        ("o", "resnet+hires[Out]"),
        ("a", "resnet+hires"),
        ("a", "resnet+hires"),
        ("3", "resnet+hires[P1,P2]"),
        ("i", "resnet+hires[In]"),
    ] {
        world.keys(key);
        assert_eq!(world.app.session.draft.spec().network_name(), network, "{key}");
    }
    world.keys("4");
    assert_eq!(world.level(), Some(Level::Warn));
    assert!(world.notice().contains("P4 does not exist"), "{}", world.notice());
    world.keys("left");
    assert_eq!(world.notice(), "", "until the next key");
}

#[test]
fn the_cursor_switches_single_hops() {
    let mut world = World::of("resnet@fashion-embedded");
    world.keys("enter");
    assert_eq!(world.line(), "resnet@fashion-embedded", "no hop is under the cursor yet");
    world.keys("right right enter");
    assert_eq!(world.app.session.draft.cursor(), Some(Hop::new(1, 2)));
    assert_eq!(world.app.session.draft.spec().network_name(), "resnet+hires[1-2]");
    world.keys("up enter h enter k l");
    assert_eq!(world.app.session.draft.cursor(), Some(Hop::new(0, 3)));
    let hops: Vec<Hop> = world.app.session.draft.hops().iter().collect();
    assert_eq!(hops, [Hop::new(0, 2), Hop::new(1, 2), Hop::new(1, 3)]);
    world.keys("j enter");
    assert_eq!(world.app.session.draft.hops().len(), 2, "off again");
}

/// A field, what is typed, what its value is then.
const TYPED: &[(&str, &str, &str)] = &[
    ("spec", "plain+hires[P2]@cifar10 seed=2", "plain+hires[P2]@cifar10 seed=2"),
    ("preset", "quickstart", "quickstart"),
    ("device", "cuda:1", "cuda:1"),
    ("family", "resnext", "resnext"),
    ("version", "adjusted", "adjusted"),
    ("hops", "P1,P3", "P1,P3"),
    ("dataset", "cifar100", "cifar100"),
    ("seed", "12", "12"),
    ("epochs", "3", "3"),
    ("batch", "64", "64"),
    ("lr", "0.02", "0.02"),
    ("optimizer", "adamw", "adamw"),
    ("schedule", "cosine", "cosine"),
    ("lr_halve_every", "5", "5"),
    ("warmup", "0.5", "0.5"),
    ("grad_clip", "1", "1.0"),
    ("label_smoothing", "0.1", "0.1"),
    ("ema", "0.999", "0.999"),
    ("cutout", "8", "8"),
    ("mixup", "0.2", "0.2"),
    ("beta1", "0.8", "0.8"),
    ("beta2", "0.99", "0.99"),
    ("eps", "1e-7", "1e-7"),
    ("weight_decay", "0.001", "0.001"),
    ("val_from", "test", "test"),
    ("val_fraction", "0.2", "0.2"),
    ("train_limit", "500", "500"),
    ("val_limit", "50", "50"),
    ("test_limit", "60", "60"),
    ("crop_padding", "2", "2"),
    ("flip", "true", "true"),
    ("probe_images", "20", "20"),
    ("blocks", "1,1", "1,1"),
    ("widths", "8,16,16,16", "8,16,16,16"),
    ("cardinality", "2", "2"),
];

#[test]
fn every_field_can_be_typed() {
    // Three are of the dataset folder alone, and two of SGD.
    assert_eq!(TYPED.len() + 5, Field::all().len());
    for (name, text, then) in TYPED {
        let mut world = World::of("resnet+hires[P1]@fashion-embedded seed=1");
        choose(&mut world, name);
        let before = value(&world, name);
        assert_ne!(&before, then, "{name}");
        world.keys("enter");
        assert_eq!(world.app.session.editing.as_ref().unwrap().input.value(), before, "{name}");
        world.retype(text);
        assert_eq!(world.error(), None, "{name}");
        assert_eq!(value(&world, name), before, "{name}: not before Enter");
        world.keys("enter");
        assert!(world.keys_are_commands(), "{name}");
        assert_eq!(&value(&world, name), then, "{name}");
    }
}

#[test]
fn a_wrong_text_is_explained_while_it_is_typed_and_never_taken() {
    let wrong = [
        ("spec", "resnet+hires[P9]@fashion", "P9 does not exist"),
        ("spec", "resnet", "names no dataset"),
        ("preset", "quickstrat", "quickstart"),
        ("device", "tpu", "a device is auto"),
        ("family", "resnett", "did you mean 'resnet'?"),
        ("hops", "P7", "P7 does not exist"),
        ("dataset", "imagenet", ""),
        ("seed", "-1", "not a number"),
        ("lr", "fast", "'fast' is not a number"),
        ("blocks", "1,x", "'x' is not a number"),
        ("widths", "", "is not a number"),
        ("val_fraction", "2", "from 0.001 to 0.9"),
    ];
    for (name, text, reason) in wrong {
        let mut world = World::new();
        choose(&mut world, name);
        let before = value(&world, name);
        world.keys("enter").retype(text);
        assert!(world.error().is_some_and(|fault| fault.contains(reason)), "{name}: {:?}", world.error());
        world.keys("enter");
        assert_eq!(world.app.session.editing.as_ref().unwrap().input.value(), text, "{name}: the text stays");
        assert!(world.error().is_some());
        assert_eq!(value(&world, name), before);
        world.keys("esc");
        assert!(world.keys_are_commands());
        assert_eq!((value(&world, name), world.line()), (before, DRAFT));
    }
}

#[test]
fn the_fault_goes_as_soon_as_the_text_is_right() {
    let mut world = World::new();
    choose(&mut world, "epochs");
    world.keys("enter").retype("2x");
    assert!(world.error().is_some() && world.screen((120, 40)).contains("'2x' is not a number"));
    world.keys("backspace");
    assert!(world.error().is_none() && !world.screen((120, 40)).contains("is not a number"));
    world.keys("enter");
    assert_eq!(world.app.session.draft.spec().epochs, 2);
}

#[test]
fn text_is_edited_as_in_a_shell() {
    let mut world = World::new();
    choose(&mut world, "spec");
    world.keys("enter").retype("abc@def");
    let text = |world: &World| world.app.session.editing.as_ref().unwrap().input.value().to_owned();
    for (keys, then) in [
        ("home delete", "bc@def"),
        ("ctrl-e backspace", "bc@de"),
        ("left left ctrl-k", "bc@"),
        ("ctrl-a right text:XY", "bXYc@"),
        ("ctrl-u", "c@"),
        ("end text:q", "c@q"),
    ] {
        world.keys(keys);
        assert_eq!(text(&world), then, "{keys}");
    }
    world.keys("tab f5 up pageup ctrl-z");
    assert_eq!((text(&world).as_str(), world.effects()), ("c@q", vec![]), "these type nothing");
    world.keys("ctrl-c");
    assert!(world.keys_are_commands());
}

#[test]
fn arrows_change_a_value_or_say_that_they_cannot() {
    let changed = [
        ("device", "auto", "cpu", "cuda:1"),
        ("family", "resnet", "resnext", "plain"),
        ("version", "hires", "original", "adjusted"),
        ("dataset", "fashion-embedded", "fashion", "folder"),
        ("hops", "All", "In", "None"),
        ("seed", "5", "6", "4"),
        ("epochs", "10", "11", "9"),
        ("batch", "100", "200", "50"),
        ("lr", "0.01", "0.02", "0.005"),
        ("train_limit", "1000", "1100", "900"),
        ("cardinality", "4", "5", "3"),
    ];
    for (name, now, next, previous) in changed {
        for (key, then) in [("right", next), ("left", previous), ("l", next), ("h", previous)] {
            let mut world = World::of("resnet+hires@fashion-embedded seed=5 epochs=10 train_limit=1000");
            world.tell(Message::Devices(devices(), None));
            choose(&mut world, name);
            assert_eq!(value(&world, name), now);
            world.keys(key);
            let shown = value(&world, name);
            // A HiResNet without hops is the original, which has none to be shown.
            assert_eq!(if shown.is_empty() { "None" } else { &shown }, then, "{name} {key}");
        }
    }
    for name in ["spec", "beta1", "eps", "blocks", "widths", "seed"] {
        let mut world = World::new();
        choose(&mut world, name);
        world.keys("left");
        assert_eq!(world.line(), DRAFT);
        assert!(world.notice().contains(name) && world.notice().contains("Enter"), "{}", world.notice());
    }
    // The last value a key may have: the words say why it goes no further.
    let mut world = World::of("resnet@fashion-embedded epochs=1");
    choose(&mut world, "epochs");
    world.keys("left");
    assert!(world.notice().contains("from 1 to"), "{}", world.notice());
}

#[test]
fn d_gives_the_papers_value() {
    for (name, text, _) in TYPED.iter().skip(2) {
        let mut world = World::of("resnet+hires@fashion-embedded");
        choose(&mut world, name);
        let usual = value(&world, name);
        world.keys("enter").retype(text);
        world.keys("enter");
        assert_ne!(value(&world, name), usual, "{name}");
        world.keys("d");
        // These are not said by the recipe: it is one for every family, version and dataset.
        match *name {
            "family" | "version" | "dataset" => {
                assert_ne!(value(&world, name), usual, "{name}");
                assert_eq!(world.notice(), format!("{name}: no default"));
            }
            _ => assert_eq!(value(&world, name), usual, "{name}"),
        }
    }
    let mut world = World::new();
    choose(&mut world, "lr");
    world.keys("right");
    let shown = world.screen((120, 40)).replace(['│', '\n', ' '], "");
    assert!(shown.contains("default:0.01"), "{shown}");
}

#[test]
fn rows_are_chosen_with_arrows_and_the_list_follows() {
    let mut world = World::new();
    world.keys("S end");
    assert_eq!(world.app.session.setup.field().name(), "image_size");
    assert!(world.screen((80, 24)).contains("image_size"));
    world.keys("down down up k");
    assert_eq!(world.app.session.setup.field().name(), "folder");
    world.keys("home up j");
    assert_eq!(world.app.session.setup.field().name(), "preset");
    world.keys("pagedown");
    assert_eq!(world.app.session.setup.row(), 11);
    world.keys("pageup");
    assert_eq!(world.app.session.setup.row(), 1);
}

#[test]
fn what_differs_first_comes_first() {
    let at = |name: &str| row(name);
    for (first, then) in [
        ("epochs", "train_limit"),
        ("train_limit", "lr"),
        ("lr", "batch"),
        ("batch", "seed"),
        ("seed", "dataset"),
        ("cardinality", "folder"),
        ("folder", "classes"),
        ("classes", "image_size"),
    ] {
        assert!(at(first) < at(then), "{first}, {then}");
    }
    let mut names: Vec<_> = Field::all().map(Field::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Field::all().len(), "every field once");
}

#[test]
fn a_field_is_found_by_its_name() {
    let mut world = World::new();
    world.keys("S down").keys("/").type_text("val_");
    assert_eq!(world.app.session.setup.field().name(), "val_fraction", "as it is typed");
    world.type_text("L");
    assert_eq!(world.app.session.setup.field().name(), "val_limit");
    world.keys("enter");
    assert!(world.app.session.editing.is_none());
    assert_eq!(world.app.session.setup.field().name(), "val_limit");
    world.keys("/").type_text("decay");
    assert_eq!(world.app.session.setup.field().name(), "weight_decay", "within a name");
    world.type_text("x");
    assert_eq!(world.app.session.editing.as_ref().unwrap().error.as_deref(), Some("no such field"));
    assert!(world.screen((80, 24)).contains("no such field"));
    world.keys("enter");
    assert!(world.app.session.editing.is_some(), "to be corrected");
    world.keys("esc");
    assert_eq!(world.app.session.setup.field().name(), "val_limit", "where it was");
    for field in Field::all() {
        world.keys("/").type_text(field.name());
        world.keys("enter");
        assert_eq!(world.app.session.setup.field().name(), field.name());
    }
}

#[test]
fn what_a_field_means_takes_no_row_from_the_list() {
    let mut world = World::new();
    for size in [(80, 24), (120, 40)] {
        for name in ["spec", "epochs", "val_from", "image_size"] {
            choose(&mut world, name);
            let screen = world.screen(size);
            let area = world.app.area(PanelId::Setup).unwrap();
            let rows = world
                .app
                .screen
                .hits
                .iter()
                .filter(|(_, hit)| matches!(hit, HitTarget::In(PanelId::Setup, PanelTarget::Row(_))));
            let seen = |heading: &&str| screen.contains(&format!("│{heading} "));
            let headings = Field::all().filter_map(Field::heading).filter(seen).count();
            assert_eq!(rows.count() + headings, usize::from(area.height) - 2, "{name}");
            let below = screen.lines().nth(usize::from(area.bottom()) - 1).unwrap();
            let about: String = Field::all().nth(row(name)).unwrap().about().chars().take(20).collect();
            assert!(below.contains(&about), "{below}");
        }
    }
    // While a value is typed the whole of it is read.
    choose(&mut world, "val_from");
    let shown = world.keys("enter").screen((80, 24)).replace(['│', '\n'], " ");
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("train (a part") && shown.contains("test (all of it)"), "{shown}");
}

/// A CPU, a GPU that works, and one that does not.
fn devices() -> Vec<DeviceFacts> {
    let facts = |device: &str, name: &str, kind, missing: Option<Missing>| DeviceFacts {
        device: device.into(),
        name: name.into(),
        kind,
        memory: Some(24 << 30),
        driver: Some("driver 1.2".into()),
        precisions: vec!["f32"],
        missing,
        advice: None,
    };
    let missing = Missing::new("NVRTC is missing").with_fix("pip install nvidia-cuda-nvrtc");
    vec![
        facts("cpu", "EPYC", DeviceKind::Cpu, None),
        facts("cuda:0", "L4", DeviceKind::Discrete, None),
        facts("cuda:1", "K80", DeviceKind::Discrete, Some(missing)),
    ]
}

#[test]
fn setup_says_what_each_device_is_and_why_auto_takes_one() {
    let mut world = World::new();
    choose(&mut world, "device");
    // One long line wraps in the panel.
    let shown = |world: &mut World| {
        world.screen((200, 60)).split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
    };
    assert!(shown(&mut world).contains("device of the next run"));
    world.tell(Message::Devices(devices(), Some("on cuda:0, L4".into())));
    world.keys("z");
    assert!(shown(&mut world).contains("device of the next run: on cuda:0, L4"));
    world.keys("right right");
    assert_eq!(value(&world, "device"), "cuda:0");
    assert!(shown(&mut world).contains("L4, a discrete GPU, 24.0 GiB, driver 1.2"));
    world.keys("right");
    let text = "K80 is unavailable: NVRTC is missing (pip install nvidia-cuda-nvrtc)";
    assert!(shown(&mut world).contains(text), "{}", shown(&mut world));
    world.keys("right");
    assert_eq!(value(&world, "device"), "auto");
}

#[test]
fn the_device_is_of_the_next_run() {
    let mut world = World::new();
    choose(&mut world, "device");
    world.keys("enter").retype("cpu");
    world.keys("enter t");
    let cpu: DeviceChoice = "cpu".parse().unwrap();
    assert!(matches!(&world.effects()[..], [Effect::Start(_, _, None, device)] if *device == cpu));
}

#[test]
fn pasted_specs_become_the_draft() {
    let mut world = World::new();
    world.app.update(Action::Paste("  resnet+hires[P1]@fashion-embedded seed=3\r\n".into()));
    assert_eq!(world.line(), "resnet+hires[P1]@fashion-embedded seed=3");
    assert_eq!(world.level(), Some(Level::Good));
    world.app.update(Action::Paste("rm -rf /".into()));
    assert_eq!(world.line(), "resnet+hires[P1]@fashion-embedded seed=3");
    assert!(world.notice().starts_with("can't parse the pasted text: "), "{}", world.notice());
    assert_eq!(world.app.focus, PanelId::Wiring, "no letter of it was a command");
    assert_eq!(world.effects(), []);
}

#[test]
fn pasted_escapes_and_very_long_texts_are_harmless() {
    let mut world = World::new();
    choose(&mut world, "seed");
    world.keys("enter").retype("");
    world.app.update(Action::Paste("\u{1b}]0;x\u{7}1\u{1b}[31m2\n\r\t\u{202e}3".into()));
    let text = world.app.session.editing.as_ref().unwrap().input.value().to_owned();
    assert!(!text.chars().any(char::is_control), "{text:?}");
    assert!(world.error().is_some(), "not a number");
    let buffer = world.buffer((120, 40));
    crate::robust::assert_harmless(&buffer);
    world.app.update(Action::Paste("7".repeat(1_000_000)));
    assert!(world.app.session.editing.as_ref().unwrap().input.value().chars().count() <= 2_000);
    crate::robust::assert_harmless(&world.buffer((120, 40)));
    world.keys("esc");
    assert_eq!(world.line(), DRAFT);
    // A key that a terminal sends for a control character is not text either.
    world.keys("enter").retype("");
    world.app.update(Action::Key(KeyEvent::new(KeyCode::Char('\u{1b}'), KeyModifiers::NONE)));
    world.app.update(Action::Key(KeyEvent::new(KeyCode::Char('1'), KeyModifiers::NONE)));
    world.keys("enter");
    assert_eq!(world.app.session.draft.spec().seed, 1);
}

#[test]
fn the_title_says_which_fields_are_seen() {
    let mut world = World::new();
    world.keys("S z");
    assert!(world.screen((80, 60)).contains("the next run"));
    world.keys("z home");
    let shown = world.screen((80, 24));
    assert!(shown.contains(" 1–") && shown.contains(" of 40 "), "{shown}");
    world.keys("end");
    assert!(world.screen((80, 24)).contains("–40 of 40 "));
    world.screen((40, 10));
}

#[test]
fn what_is_wrong_is_said_once() {
    let mut world = World::new();
    for (keys, text) in [("S home enter", "resnet@nowhere"), ("down enter", "nosuch"), ("down enter", "tpu")]
    {
        world.keys(keys);
        world.retype(text);
        let error: String = world.error().unwrap().split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        let shown = world.screen((120, 40));
        assert_eq!(shown.matches(&error).count(), 1, "{error}: {shown}");
        world.keys("esc");
    }
}

#[test]
fn what_can_be_trained_or_stopped_is_always_in_the_last_line() {
    for panel in ["W", "S", "C", "A", "R", "L"] {
        let mut world = World::new();
        let last = |world: &mut World| world.screen((80, 24)).lines().last().unwrap().to_owned();
        world.keys(panel);
        assert!(last(&mut world).starts_with("t train "), "{panel}: {}", last(&mut world));
        world.train();
        world.app.session.notice = None;
        assert!(last(&mut world).starts_with("Space pause  x stop "), "{panel}: {}", last(&mut world));
    }
}

#[test]
fn a_wrapped_line_and_a_presets_name_can_be_pasted() {
    let mut world = World::new();
    for wrapped in ["plain+hires@fashion\nseed=3 epochs=4", "plain+hires@fas\nhion seed=3 epochs=4\n"] {
        world.app.session.draft.replace("resnet@fashion".parse().unwrap()).unwrap();
        world.app.update(Action::Paste(wrapped.into()));
        assert_eq!(world.line(), "plain+hires@fashion seed=3 epochs=4");
    }
    world.app.update(Action::Paste(" table2-in \n".into()));
    assert_eq!(world.line(), "resnet+hires[In]@cifar10");
    world.app.update(Action::Paste("rubbish".into()));
    assert_eq!((world.line(), world.level()), ("resnet+hires[In]@cifar10", Some(Level::Bad)));
    assert!(world.log().contains("rubbish"), "what the footer cuts is whole in the log");
}

#[test]
fn the_first_letter_replaces_a_short_value_and_a_move_keeps_it() {
    let mut world = World::new();
    choose(&mut world, "epochs");
    world.keys("enter 7 enter");
    assert_eq!(world.app.session.draft.spec().epochs, 7);
    world.keys("enter end 5 enter");
    assert_eq!(world.app.session.draft.spec().epochs, 75);
}

#[test]
fn a_message_goes_by_itself() {
    let mut world = World::new();
    world.keys("y");
    let second = || Message::Second { clock: "12:00:00".into(), memory: None };
    for _ in 0..10 {
        world.tell(second());
    }
    assert!(!world.notice().is_empty());
    world.tell(second());
    assert!(world.app.session.notice.is_none());
}

#[test]
fn several_pasted_specs_are_queued_after_a_question() {
    let mut world = World::new();
    let lines =
        "# three runs\nresnet@fashion-embedded seed=1\r\n\n'plain@fashion-embedded seed=2'\ntable2-in\n";
    world.app.update(Action::Paste(lines.into()));
    assert_eq!(world.app.session.question, Some(Question::QueuePasted));
    let asked = world.app.session.question_text().unwrap();
    assert!(
        asked.starts_with("3 specs pasted: resnet@fashion-embedded seed=1; plain@fashion-embedded"),
        "{asked}"
    );
    crate::robust::assert_harmless(&world.buffer((80, 24)));
    world.app.update(Action::Paste("plain@mnist".into()));
    assert_eq!(
        (world.line(), world.app.session.question),
        (DRAFT, Some(Question::QueuePasted)),
        "not meanwhile"
    );
    world.keys("n");
    assert_eq!((world.effects(), world.app.session.runs.queue().len()), (vec![], 0));

    world.app.update(Action::Paste(lines.into()));
    world.keys("y");
    assert_eq!(world.notice(), "queued 3 runs");
    assert!(matches!(&world.effects()[..], [Effect::Start(_, spec, None, _)] if spec.seed == 1));
    let queued: Vec<_> =
        world.app.session.runs.queue().filter_map(|id| world.app.session.runs.get(id)).collect();
    let lines: Vec<_> = queued.iter().map(|run| run.line.as_str()).collect();
    assert_eq!(lines, ["plain@fashion-embedded seed=2", "resnet+hires[In]@cifar10"]);
    assert_eq!(world.line(), DRAFT);
}

#[test]
fn a_line_that_is_no_spec_is_named_and_nothing_is_queued() {
    let mut world = World::new();
    for (text, said) in [
        ("resnet@fashion\nplain@fashion\nresnet@nowhere", "nothing queued: line 3 of 3 is not a spec: "),
        (&"plain@mnist\n".repeat(300), "more than 256 lines pasted"),
    ] {
        world.app.update(Action::Paste(text.into()));
        assert!(world.notice().starts_with(said), "{}", world.notice());
        assert_eq!(world.effects(), vec![]);
        assert_eq!((world.line(), world.app.session.question), (DRAFT, None));
    }
}

#[test]
fn a_pasted_command_line_is_understood_or_refused() {
    let mut world = World::new();
    for line in [
        "\"plain+hires@fashion seed=3\"",
        "$ hiresnet-tui --batch 'plain+hires@fashion' seed=3 --out runs/x --resume",
        "./target/release/hiresnet-tui --out /tmp/o --batch='plain+hires@fashion seed=3'",
        "hiresnet-tui --batch \\\n  plain+hires@fashion seed=3\n",
        "cargo run --release -- --batch 'plain+hires@fashion' seed=3",
        "nohup hiresnet-tui --batch 'plain+hires@fashion' seed=3 > log 2>&1 &",
        "HIRESNET_DATA=/data CUDA_VISIBLE_DEVICES=1 hiresnet-tui --batch plain+hires@fashion seed=3",
        "'plain+hires@fashion' 'seed=3'",
    ] {
        world.app.session.draft.replace("resnet@mnist".parse().unwrap()).unwrap();
        world.app.update(Action::Paste(line.into()));
        assert_eq!(world.line(), "plain+hires@fashion seed=3", "{line}");
    }
    for (line, said) in [
        (
            "hiresnet-tui --batch plain+hires@fashion seed=3 --out=x --resume --device cpu --resume",
            "the pasted spec is now the draft; not used here: --out, --resume, --device",
        ),
        ("hiresnet-tui --batch plain@fashion --seeds 0..3", "--seeds is not part of a spec"),
        ("hiresnet-tui runs", "it trains nothing with --batch"),
        ("hiresnet-tui --batch resnet@fashion plain@fashion", "2 specs in a line; paste them one a line"),
        ("resnet@fashion 'seed=3", "a quote is not closed"),
    ] {
        world.app.update(Action::Paste(line.into()));
        assert!(world.notice().contains(said), "{}", world.notice());
        assert_eq!(world.line(), "plain+hires@fashion seed=3");
    }
    // A preset, with keys of its own.
    world
        .app
        .update(Action::Paste("cargo run --release -- --batch quickstart epochs=1 train_limit=300".into()));
    assert!(
        world.line().contains("epochs=1 ") && world.line().contains("train_limit=300"),
        "{}",
        world.line()
    );
    let before = world.line().to_owned();
    world.app.update(Action::Paste("hiresnet-tui --batch quickstart epocs=1".into()));
    assert_eq!((world.line(), world.level()), (before.as_str(), Some(Level::Bad)));
}

#[test]
fn lines_pasted_into_a_text_are_words_of_it() {
    let mut world = World::with_three(Theme::FULL);
    world.keys("R /");
    world.app.update(Action::Paste("hires\r\nseed=0\n".into()));
    assert_eq!(world.app.session.editing.as_ref().unwrap().input.value(), "hires seed=0");
}
