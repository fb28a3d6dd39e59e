//! Same-seed A/B.

use hiresnet_tui::domain::keys::KEYS;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::tui::theme::Theme;

use crate::made::{Course, saved};
use crate::world::World;

const RUN: &str =
    "resnext+hires[P1]@fashion-embedded seed=7 epochs=3 batch=50 lr=0.003 blocks=1,1,1 widths=8,16,32";

#[test]
fn the_twin_has_the_drafts_hops_and_all_else_of_the_run() {
    let mut world = World::of(RUN);
    let id = world.train();
    // Of the draft only version and hops count.
    world
        .app
        .session
        .draft
        .replace("resnext+hires[P2,P3]@cifar10 seed=1 epochs=99 lr=0.5".parse().unwrap())
        .unwrap();
    world.keys("b");
    let [twin] = world.queue()[..] else { panic!("{:?}: {}", world.queue(), world.notice()) };
    let (its, own) = (&world.run(twin).spec, &world.run(id).spec);
    let wanted: ExperimentSpec = RUN.replace("P1", "P2,P3").parse().unwrap();
    assert_eq!(its, &wanted);
    for key in KEYS.iter().filter(|key| !["version", "hops"].contains(&key.name)) {
        assert_eq!((key.get)(its), (key.get)(own), "{}", key.name);
    }
    assert_eq!((world.baseline(), its.seed), (Some(id), 7));

    // Both are drawn when the twin starts.
    world.end(id);
    assert_eq!(world.started().0, twin);
    world.begin(twin);
    let drawn = world.drawn();
    assert!(drawn.contains(&id) && drawn.contains(&twin), "{drawn:?}");
}

#[test]
fn a_run_on_disk_has_twins_too_also_the_original() {
    let mut world = World::with_three(Theme::FULL);
    world.keys("R end c").effects();
    let id = world.current().unwrap();
    assert_eq!(world.run(id).spec.network_name(), "resnet");
    world.keys("b");
    let (twin, spec) = world.started();
    assert_eq!(spec.to_string(), "resnet+hires@fashion-embedded");
    assert_eq!(world.baseline(), Some(id));
    world.begin(twin);
    assert_eq!(
        {
            let mut drawn = world.drawn();
            drawn.sort_unstable();
            drawn
        },
        [id, twin]
    );

    world.keys("W n R").app.session.runs.select(twin);
    world.keys("b");
    assert_eq!(world.run(world.queue()[0]).spec.network_name(), "resnet", "hops can be taken away, too");
}

#[test]
fn twins_that_are_none_are_refused_with_words() {
    let mut world = World::new();
    world.keys("b");
    assert!(world.notice().contains("A/B needs a run that has started"), "{}", world.notice());

    let id = world.train();
    world.keys("b");
    assert!(world.notice().contains("same projections as this run"), "{}", world.notice());
    assert_eq!((world.queue(), world.baseline()), (vec![], None));

    world.keys("1 t R down");
    assert_ne!(world.current(), Some(id));
    world.keys("2 b");
    assert!(world.notice().contains("a run that has started"), "{}", world.notice());
    assert_eq!((world.queue().len(), world.baseline()), (1, None));

    // P4 is not a hop of three blocks.
    world.keys("home");
    let deeper = "resnet+hires[P4]@fashion-embedded blocks=1,1,1,1 widths=8,8,8,8";
    world.app.session.draft.replace(deeper.parse().unwrap()).unwrap();
    world.keys("b");
    assert!(world.notice().starts_with("no twin: ") && world.notice().contains("P4"), "{}", world.notice());
    assert_eq!((world.queue().len(), world.baseline(), world.effects()), (1, None, vec![]));
}

#[test]
fn nothing_is_pinned_where_there_is_no_colour_left() {
    let mut world = World::new();
    let run = |i: usize| {
        let line = format!("resnet@fashion-embedded epochs=1 seed={i}");
        saved(&format!("s{i}"), &line, &format!("2026-01-01T00:00:{i:02}Z"), Course { pace: 50.0, salt: i })
    };
    world.find_all((0..=Theme::MOST_DRAWN).map(run).collect());
    world.keys("R home");
    for _ in 0..Theme::MOST_DRAWN {
        world.keys("v down");
    }
    world.effects();
    world.keys("b");
    assert!(world.notice().contains("at most 52 runs can be drawn"), "{}", world.notice());
    assert_eq!((world.baseline(), world.queue(), world.effects()), (None, vec![], vec![]));
}
