//! The table panel: it fills as runs come, tells how far others are, and hears of runs that
//! other programs train.

use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::engine::store::SavedRun;
use hiresnet_tui::tui::action::Message;
use hiresnet_tui::tui::config::Config;
use hiresnet_tui::tui::theme::Theme;
use insta::assert_snapshot;

use crate::made::{Course, PER_EPOCH, saved, trains};
use crate::screens::ASCII;
use crate::world::{DRAFT, World};

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

const CIFAR: &str = "resnet@cifar10 ";

/// A run that another program trains, or left.
fn begun(name: &str, line: &str, epochs: usize, being_written: bool) -> SavedRun {
    let whole = saved(name, line, "2026-01-05T10:00:00Z", Course { pace: 300.0, salt: 3 });
    let events =
        trains(&whole.spec, "2026-01-05T10:00:00Z", epochs * PER_EPOCH, Course { pace: 300.0, salt: 3 });
    SavedRun { state: RunState::replay(&events), being_written, ..whole }
}

fn done(name: &str, line: &str, salt: usize) -> SavedRun {
    saved(name, line, "2026-01-04T10:00:00Z", Course { pace: 200.0 + 20.0 * salt as f64, salt })
}

/// Of a sweep of Table 2 a good part, and some runs of fewer epochs.
fn sweep() -> Vec<SavedRun> {
    let mut runs = Vec::new();
    for seed in 0..3 {
        runs.push(done(&format!("o{seed}"), &format!("{CIFAR} seed={seed}"), 1 + seed));
        runs.push(done(&format!("h{seed}"), &format!("resnet+hires@cifar10 seed={seed}"), 5 + 2 * seed));
    }
    runs.push(done("in0", "resnet+hires[In]@cifar10", 3));
    runs.push(begun("in1", "resnet+hires[In]@cifar10 seed=1", 7, true));
    runs.push(begun("in2", "resnet+hires[In]@cifar10 seed=2", 1, true));
    runs.push(begun("p1", "resnet+hires[P1]@cifar10", 2, false));
    runs.push(done("e0", "resnet+hires@fashion-embedded epochs=3", 4));
    runs.push(done("e1", "plain@cifar100", 4));
    runs
}

fn world(theme: Theme) -> World {
    let mut world = World::with(DRAFT, &Config::default(), theme);
    world.find_all(sweep());
    world.keys("T");
    world.effects();
    world
}

/// The line of the screen that has `words`, and the one below it.
fn lines<'a>(screen: &'a str, words: &str) -> [&'a str; 2] {
    let lines: Vec<&str> = screen.lines().collect();
    let at =
        lines.iter().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{words}: {screen}"));
    [lines[at], lines[at + 1]]
}

fn picture(name: &str, world: &mut World, size: (u16, u16)) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        assert_snapshot!(format!("tui_table_{name}_{}x{}", size.0, size.1), world.screen(size));
    });
}

#[test]
fn both_tables_at_all_sizes() {
    for size in SIZES {
        let mut world = world(Theme::FULL);
        assert!(world.screen(size).contains("Table 2"));
        if size == (120, 40) {
            picture("2", &mut world, size);
        }
        world.keys("enter");
        assert!(world.screen(size).contains("Table 1"));
        if size == (80, 24) {
            picture("1", &mut world, size);
        }
    }
    picture("2", &mut world(Theme::FULL), (40, 10));
    picture("2_ascii", &mut world(ASCII), (80, 24));
    picture("none", World::new().keys("T"), (80, 24));
}

#[test]
fn cells_are_means_over_completed_seeds_beside_the_papers() {
    let mut world = world(Theme::FULL);
    let screen = world.screen((120, 40));
    let [original, below] = lines(&screen, "ResNet (orig.)");
    assert!(original.contains(" n=3"), "{original}");
    assert!(below.contains("89.15(0.31) −2.38"), "{below}");
    // One result, two that train (7 and 1 of 80 epochs each), none that waits.
    let [line, _] = lines(&screen, "HiResNet-In");
    assert!(line.contains(" n=1") && line.contains("▸8/160"), "{line}");
    let [line, below] = lines(&screen, "HiResNet-P1");
    assert!(line.contains("– ‖1"), "{line}");
    assert!(!below.contains('+'), "no difference without a result: {below}");
    // Others are missing.
    assert!(lines(&screen, "HiResNet-P3")[0].contains('–'));
}

#[test]
fn it_fills_while_a_run_trains() {
    let mut world = World::of("resnet+hires[P2]@fashion-embedded");
    world.find_all(Vec::new());
    let id = world.train();
    world.keys("t T");
    let has = |world: &mut World, words: &str| {
        let screen = world.screen((120, 40));
        let line = lines(&screen, "HiResNet-P2")[0].to_owned();
        assert!(line.contains(words), "{words}: {line}");
    };
    has(&mut world, "▸0/10 +1");
    let spec = world.run(id).spec.clone();
    let events = crate::made::whole(&spec, "2026-01-05T20:01:00Z", Course { pace: 140.0, salt: 5 });
    let half = events.len() / 2;
    world.events(id, events[..half].iter().cloned());
    has(&mut world, "▸5/10 +1");
    world.events(id, events[half..].iter().cloned());
    world.end(id);
    // The next one is at it.
    has(&mut world, " n=1 ▸0/10");
}

#[test]
fn recipes_have_tables_of_their_own() {
    let mut world = world(Theme::FULL);
    assert!(world.screen((120, 40)).contains("Table 2, the paper's recipe, 1 of 2"));
    world.keys("v");
    assert!(world.screen((120, 40)).contains("Table 2, epochs=3, 2 of 2"));
    world.keys("v");
    assert!(world.screen((120, 40)).contains("the paper's recipe, 1 of 2"));
    world.keys("enter");
    let screen = world.screen((80, 24));
    assert!(screen.contains("Table 1") && screen.contains("CIFAR-10"));
    world.keys("right right right right right right down down down end pagedown");
    assert!(world.screen((80, 24)).contains("Tiny-ImageNet, top-5"));
    // No key is lost on what was not there to be scrolled.
    world.keys("left left home");
    assert!(world.screen((80, 24)).contains("CIFAR-10"));
}

#[test]
fn a_long_recipe_is_cut_between_its_keys() {
    let recipe = "blocks=2,2,2 epochs=3 batch=50 lr=0.002 train_limit=6000 val_limit=500 test_limit=500";
    let mut world = World::of(DRAFT);
    let lines = ["resnet+hires", "resnet"].map(|network| format!("{network}@fashion-embedded {recipe}"));
    world.find_all(vec![done("a", &lines[0], 1), done("b", &lines[1], 2)]);
    world.keys("T");
    for width in 60..100 {
        let screen = world.screen((width, 24));
        let title = screen.lines().nth(1).unwrap();
        let mut keys = title.split(' ').filter(|word| word.contains('='));
        let is_whole = |key: &str| recipe.split(' ').any(|other| other == key);
        assert!(title.contains(" … ─") && keys.all(is_whole), "{title}");
    }
}

#[test]
fn a_run_that_waits_is_not_called_unfinished() {
    let mut world = world(Theme::FULL);
    world.app.session.runs.enqueue("resnet+hires[P2]@cifar10".parse().unwrap());
    let screen = world.screen((120, 40));
    assert!(lines(&screen, "HiResNet-P2")[0].contains("– +1"), "{screen}");
    assert!(screen.contains("Not averaged: resnet+hires[P2]@cifar10: 1 waiting"), "{screen}");
    assert!(screen.contains("Not averaged: resnet+hires[P1]@cifar10: 1 unfinished"), "{screen}");
}

#[test]
fn runs_of_other_programs_fill_it_as_they_are_written() {
    let mut world = world(Theme::FULL);
    world.screen((120, 40));
    world.tell(Message::Found(Box::new(done("out0", "resnet+hires[Out]@cifar10", 4))));
    let run = begun("in1", "resnet+hires[In]@cifar10 seed=1", 20, true);
    world.tell(Message::Found(Box::new(run)));
    let screen = world.screen((120, 40));
    assert!(lines(&screen, "HiResNet-Out")[0].contains(" n=1"), "{screen}");
    assert!(lines(&screen, "HiResNet-In")[0].contains("▸21/160"), "{screen}");
    world.tell(Message::Gone("runs/out0".into()));
    let screen = world.screen((120, 40));
    assert!(!lines(&screen, "HiResNet-Out").concat().contains(" n=1"), "{screen}");
}

#[test]
fn with_room_to_spare_it_lists_every_seed_beside_its_cell() {
    for zoomed in [false, true] {
        for size in [(120, 40), (200, 60)] {
            let mut world = world(Theme::FULL);
            if zoomed {
                world.keys("z");
            }
            let screen = world.screen(size);
            let at = screen.lines().position(|line| line.contains("ResNet (orig.)")).unwrap();
            let rows: Vec<&str> = screen.lines().skip(at).take(3).collect();
            assert!(rows[0].contains("267,802") && rows[0].contains(" n=3"), "{screen}");
            for (seed, row) in rows.iter().enumerate() {
                let words: Vec<&str> = row.split_whitespace().collect();
                let run = format!("o{seed}");
                let name = words.iter().position(|word| *word == run).unwrap_or_else(|| panic!("{screen}"));
                assert_eq!(words[name - 4], seed.to_string(), "{screen}");
                let value: f64 = words[name - 3].parse().unwrap();
                assert!((80.0..95.0).contains(&value), "{screen}");
                assert!(words[name - 1].ends_with("/80"), "{screen}");
            }
            assert_eq!(lines(&screen, "HiResNet-In")[0].matches("in0").count(), 1, "{screen}");
            // The rows reach down into the lower half of the panel.
            let last = screen.lines().position(|line| line.contains("HiResNet-P3")).unwrap();
            assert!(last * 2 > usize::from(size.1), "{screen}");
            // Seeds and the paper's values are on one scale.
            assert!(rows[0].contains('•') && rows[1].contains("─│─"), "{screen}");
            // All four columns of Table 1 are there.
            let screen = world.keys("enter").screen(size);
            assert!(screen.contains("CIFAR-10 ") && screen.contains("Tiny-ImageNet, top-5"), "{screen}");
            assert!(lines(&screen, "ResNet Original").concat().contains("n=3"), "{screen}");
            let at = screen.lines().position(|line| line.contains("ResNet Original")).unwrap();
            assert!(screen.lines().nth(at + 2).unwrap().contains("0: 8"), "{screen}");
        }
    }
    picture("2", &mut world(Theme::FULL), (200, 60));
    picture("1", world(Theme::FULL).keys("enter"), (200, 60));
}

#[test]
fn no_size_is_too_small_for_the_table() {
    for theme in [Theme::FULL, ASCII] {
        let mut world = world(theme);
        for keys in ["z", "enter"] {
            world.keys(keys);
            for (width, height) in (40..220).step_by(7).flat_map(|w| (10..64).step_by(5).map(move |h| (w, h)))
            {
                let screen = world.screen((width, height));
                assert!(!theme.is_ascii() || screen.is_ascii(), "{screen}");
            }
        }
    }
}
