//! Lesions: what a key asks for, what the answers make of the wiring, and when it is refused.

use hiresnet_tui::domain::event::{Checkpoint, EventKind, Score};
use hiresnet_tui::domain::hops::Hop;
use hiresnet_tui::domain::lesion::{Lesioned, LesionedWeights};
use hiresnet_tui::domain::term::Term;
use hiresnet_tui::engine::device::DeviceChoice;
use hiresnet_tui::tui::action::{Action, Effect, Message};
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::panels::wiring::{self, WiringTarget};
use hiresnet_tui::tui::run::RunId;
use hiresnet_tui::tui::text;
use hiresnet_tui::tui::theme::{Depth, Ground, Symbols, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::made::{Course, begins, saved, trains};
use crate::world::{DRAFT, QUIT, World, wired};

pub const RUN: &str = "resnet+hires@fashion-embedded epochs=12";
pub const ASCII: Theme = Theme { depth: Depth::Ansi16, ground: Ground::Light, symbols: Symbols::Ascii };

pub fn cut(text: &str) -> Vec<Term> {
    text.split(',').map(|term| term.trim().parse().unwrap()).collect()
}

pub fn score(top1: f64, loss: f64) -> Score {
    Score { loss, images: 1000, hits: (10.0 * top1).round() as usize, hits5: None }
}

/// A run on disk under the cursor in Runs.
pub fn world_of(line: &str) -> World {
    let mut world = World::new();
    world.find_all(vec![saved("all", line, "2026-01-02T11:30:00Z", Course { pace: 120.0, salt: 2 })]);
    world.keys("R home").effects();
    world
}

/// The only effect there is: lesions.
pub fn asked(world: &mut World) -> (RunId, Vec<Vec<Term>>) {
    let mut effects = world.effects();
    effects.retain(|effect| !matches!(effect, Effect::Load(..)));
    match &effects[..] {
        [Effect::Lesion { run, path, wanted, device: DeviceChoice::Auto }] => {
            assert!(path.starts_with("runs"));
            (*run, wanted.clone())
        }
        other => panic!("not lesions: {other:?}"),
    }
}

pub fn best(epoch: Option<usize>) -> LesionedWeights {
    LesionedWeights { checkpoint: Checkpoint::Best, epoch }
}

pub fn told(world: &mut World, run: RunId, without: &[Term], top1: f64, loss: f64) {
    let lesioned = Lesioned { without: without.to_vec(), score: score(top1, loss) };
    world.tell(Message::Lesioned(run, lesioned));
}

/// Scores as a network may have them: F weighs most, short hops more than long ones.
pub fn answer(world: &mut World, run: RunId, wanted: &[Vec<Term>]) {
    told(world, run, &[], 87.3, 0.3852);
    for cuts in wanted {
        let lost = |cut: &Term| match cut {
            Term::Residual(block) => 15.2 * *block as f64 + 3.0,
            Term::Hop(hop) if *hop == Hop::new(0, 3) => -0.3,
            Term::Hop(hop) => 8.5 / hop.order() as f64 - 3.9 * hop.source as f64,
        };
        let lost: f64 = cuts.iter().map(lost).sum();
        told(world, run, cuts, (87.3 - lost).max(10.0), 0.3852 + lost / 40.0);
    }
    world.tell(Message::LesionsDone(run, Ok(best(None))));
}

/// A run with every single lesion scored.
pub fn lesioned() -> World {
    let mut world = world_of(RUN);
    let (run, wanted) = { asked(world.keys("e")) };
    answer(&mut world, run, &wanted);
    world
}

/// The wiring alone.
fn panel(world: &World, width: u16, height: u16, theme: &Theme) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let study = world.app.session.lesions.shown(&world.app.session.draft, world.current());
    wiring::draw(&world.app.session.draft, study, true, buffer.area, &mut buffer, theme);
    text(&buffer)
}

pub fn picture(name: &str, shown: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!(format!("tui_lesions_{name}"), shown));
}

/// The panel's words in one line.
fn words(world: &World) -> String {
    panel(world, 80, 40, &Theme::FULL).split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn one_key_scores_a_run_without_each_of_its_terms() {
    let mut world = world_of(RUN);
    assert_ne!(world.line(), RUN);
    let (run, wanted) = asked(world.keys("e"));
    let names: Vec<String> = wanted.iter().map(|cuts| cuts[0].to_string()).collect();
    assert_eq!(names, ["0-1", "0-2", "1-2", "0-3", "1-3", "2-3", "F1", "F2", "F3"]);
    assert!(wanted.iter().all(|cuts| cuts.len() == 1));
    assert_eq!(world.line(), RUN, "the diagram shows the network that is cut");
    assert!(world.notice().contains("9 lesions of resnet+hires s0"), "{}", world.notice());

    assert!(world.screen((120, 40)).contains("lesions 0/9"));
    told(&mut world, run, &[], 87.3, 0.3852);
    for cuts in &wanted[..4] {
        told(&mut world, run, cuts, 80.0, 0.5);
    }
    assert!(world.screen((120, 40)).contains("lesions 4/9"));
    assert!(words(&world).contains("lesions of resnet+hires s0: intact 87.30%"));
    for cuts in &wanted[4..] {
        told(&mut world, run, cuts, 80.0, 0.5);
    }
    world.tell(Message::LesionsDone(run, Ok(best(None))));
    assert!(!world.screen((120, 40)).contains("lesions 9/9"));
    assert!(words(&world).contains("lesions of resnet+hires s0, best weights: intact 87.30%"));
    assert_eq!((world.level(), world.notice()), (Some(Level::Good), "9 lesions scored"));
}

#[test]
fn every_arc_says_what_is_lost_without_it() {
    let mut world = lesioned();
    world.app.session.draft.point_at(Some(Hop::new(0, 2)));
    for (width, height) in [(48, 19), (78, 19), (48, 30), (38, 16), (118, 36)] {
        let shown = panel(&world, width, height, &Theme::FULL);
        picture(&format!("{width}x{height}"), &shown);
    }
    let ascii = panel(&world, 78, 24, &ASCII);
    assert!(ascii.is_ascii() && ascii.contains(" -8.5 ") && ascii.contains("+0.3"), "{ascii}");
    picture("ascii", &ascii);
    // Where there is no room for labels, the words still say it.
    let small = panel(&world, 30, 12, &Theme::FULL).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(small.contains("without 0→2: 83.10% (−4.20), loss"), "{small}");
    let said = words(&world);
    assert!(said.contains("without 0→2: 83.10% (−4.20), loss 0.4914 (+0.1063)"), "{said}");
    world.app.session.draft.stand_on(3);
    assert!(words(&world).contains("without F3: 38.70% (−48.60)"), "{}", words(&world));

    // Another network has none of it; the same one trained otherwise has.
    world.keys("S home").app.session.draft.set("seed", "3").unwrap();
    assert!(words(&world).contains("intact"));
    world.app.session.draft.set("widths", "8,16,32").unwrap();
    assert!(!words(&world).contains("intact"));
    let _ = panel(&world, 78, 19, &Theme::FULL);
}

#[test]
fn labels_of_every_network_fit_where_they_are_written() {
    for blocks in 1..=8 {
        let each = vec!["1"; blocks].join(",");
        let widths = vec!["8"; blocks].join(",");
        let mut world =
            world_of(&format!("resnet+hires@fashion-embedded epochs=12 blocks={each} widths={widths}"));
        let (run, wanted) = asked(world.keys("e"));
        answer(&mut world, run, &wanted);
        world.app.session.draft.stand_on(blocks);
        world.app.session.draft.toggle_cursor().unwrap();
        for width in (0..130).step_by(3) {
            for height in 0..40 {
                panel(&world, width, height, &ASCII);
            }
        }
        let shown = panel(&world, 118, 36, &Theme::FULL);
        // The F of the last block is switched off, every other one has its loss.
        assert_eq!(
            (shown.matches("F off").count(), shown.matches("F −").count()),
            (1, blocks - 1),
            "{shown}"
        );
        if blocks == 8 {
            picture("8_blocks", &shown);
        }
    }
}

#[test]
fn what_is_switched_off_is_scored_together_without_training() {
    let mut world = lesioned();
    world.keys("W");
    world.app.session.draft.press_hop(Hop::new(0, 2)).unwrap();
    world.app.session.draft.press_hop(Hop::new(1, 3)).unwrap();
    assert!(words(&world).contains("without 0-2, 1-3: not scored"), "{}", words(&world));
    let (run, wanted) = asked(world.keys("e"));
    assert_eq!(wanted, [cut("0-2,1-3")]);
    assert!(world.notice().contains("without 0-2, 1-3"), "{}", world.notice());
    told(&mut world, run, &[], 87.3, 0.3852);
    told(&mut world, run, &wanted[0], 71.2, 0.9);
    world.tell(Message::LesionsDone(run, Ok(best(None))));
    assert!(words(&world).contains("without 0-2, 1-3: 71.20% (−16.10)"), "{}", words(&world));
    assert!(
        world.log().lines().last().unwrap().contains("resnet+hires s0 without 0-2, 1-3: 71.20% (−16.10)")
    );
    assert!(!world.app.session.draft.hops().contains(Hop::new(0, 2)), "the draft stays what it is");
    assert!(panel(&world, 78, 24, &Theme::FULL).contains("−8.5"), "labels stay, too");
    // All hops off: the baseline's line, and still this run's network.
    let (_, wanted) = asked(world.keys("n e"));
    assert_eq!(wanted, [cut("0-1,0-2,1-2,0-3,1-3,2-3")]);
}

#[test]
fn what_is_switched_off_before_is_scored_first() {
    let mut world = world_of(RUN);
    world
        .app
        .session
        .draft
        .replace("resnet+hires[P1,P3]@fashion-embedded epochs=12".parse().unwrap())
        .unwrap();
    let (_, wanted) = asked(world.keys("e"));
    assert_eq!((wanted.len(), &wanted[0]), (10, &cut("0-2,1-3")));
    assert_eq!(world.line(), "resnet+hires[P1,P3]@fashion-embedded epochs=12", "nothing is lost");
    // A hop more, or another seed, is another run: the draft becomes the one that is cut.
    for line in [
        "resnet+hires[P1,P3]@fashion-embedded epochs=12 seed=2",
        "resnet+adjusted@fashion-embedded epochs=12",
    ] {
        let mut world = world_of(RUN);
        world.app.session.draft.replace(line.parse().unwrap()).unwrap();
        assert_eq!((asked(world.keys("e")).1.len(), world.line()), (9, RUN));
    }
}

#[test]
fn f_of_a_block_can_be_left_out_and_is_no_part_of_the_draft() {
    let mut world = lesioned();
    world.keys("W right down enter");
    assert_eq!(world.app.session.draft.term(), Some(Term::Residual(1)));
    assert!(world.app.session.draft.is_without(1));
    assert_eq!(world.line(), RUN);
    assert!(words(&world).contains("F of block 1 (off in the next lesion)"));
    world.keys("right right enter");
    picture("without_f", &panel(&world, 78, 24, &Theme::FULL));
    // Together with hops.
    world.keys("up enter");
    assert_eq!(world.app.session.draft.cursor(), Some(Hop::new(2, 3)));
    assert_eq!(asked(world.keys("e")).1, [cut("2-3,F1,F3")]);
    // Anything else makes it another draft, with every F.
    world.app.session.draft.set("seed", "4").unwrap();
    assert_eq!(world.app.session.draft.without().count(), 0);
    world.keys("down down");
    assert_eq!(world.app.session.draft.term(), Some(Term::Residual(3)));
    world.keys("left left left left");
    assert_eq!(world.app.session.draft.term(), Some(Term::Residual(1)));
}

#[test]
fn arcs_and_blocks_can_be_clicked_while_they_are_labelled() {
    let mut world = lesioned();
    for size in [(120, 40), (80, 24), (40, 10)] {
        world.keys("W").screen(size);
        let hop = Hop::new(0, 2);
        let on = world.app.session.draft.hops().contains(hop);
        world.click(wired(WiringTarget::Hop(hop)));
        assert_eq!(world.app.session.draft.hops().contains(hop), !on);
        world.screen(size);
        let off = world.app.session.draft.is_without(2);
        world.click(wired(WiringTarget::Residual(2)));
        assert_eq!(world.app.session.draft.is_without(2), !off);
    }
}

#[test]
fn the_same_key_ends_it_and_so_does_leaving() {
    let mut world = world_of(RUN);
    let (run, wanted) = asked(world.keys("e"));
    told(&mut world, run, &[], 87.3, 0.3852);
    told(&mut world, run, &wanted[0], 80.0, 0.5);
    assert_eq!(world.keys("E").effects(), [Effect::EndLesions]);
    assert!(world.screen((120, 40)).contains("cancelling lesions"));
    world.tell(Message::LesionsDone(run, Ok(best(None))));
    assert_eq!(world.notice(), "lesions cancelled after 1 of 9");
    assert!(panel(&world, 78, 19, &Theme::FULL).contains("−7.3"), "what was scored is kept");
    assert_eq!(asked(world.keys("e")).1.len(), 9, "and all begins anew");
    world.app.update(Action::Leave);
    assert_eq!(world.effects(), [Effect::EndLesions, QUIT]);
}

#[test]
fn each_two_on_request() {
    let mut world = world_of(RUN);
    let (run, wanted) = asked(world.keys("E"));
    assert_eq!(wanted.len(), 9 + 36);
    answer(&mut world, run, &wanted);
    let log = world.log();
    let pairs: Vec<&str> = log.lines().filter(|line| line.contains("alone)")).collect();
    assert_eq!(pairs.len(), 10, "{log}");
    assert!(pairs[0].contains("resnet+hires s0 without F2, F3: 10.00% (−77.30)"), "{}", pairs[0]);
    assert!(pairs[0].contains("(−33.4 and −48.6 alone)"), "{}", pairs[0]);
    assert!(log.contains("intact 87.30%; largest loss without F3: 38.70% (−48.60)"), "{log}");
}

#[test]
fn where_nothing_is_lost_no_term_is_blamed() {
    let mut world = world_of(RUN);
    let (run, wanted) = asked(world.keys("e"));
    told(&mut world, run, &[], 50.0, 1.0);
    wanted.iter().enumerate().for_each(|(i, cuts)| told(&mut world, run, cuts, 50.0 + i as f64, 1.0));
    world.tell(Message::LesionsDone(run, Ok(best(None))));
    let log = world.log();
    assert!(log.contains("intact 50.00%; no single projection or F costs any accuracy"), "{log}");
    assert!(!log.contains("most is lost"), "{log}");
}

#[test]
fn better_weights_make_what_is_known_of_the_old_ones_void() {
    let mut world = lesioned();
    let (run, wanted) = asked(world.keys("e"));
    told(&mut world, run, &[], 88.1, 0.3511);
    told(&mut world, run, &wanted[0], 87.1, 0.4);
    let shown = panel(&world, 118, 36, &Theme::FULL);
    assert!(shown.contains("−1.0") && !shown.contains("F −48.6"), "{shown}");
}

#[test]
fn figures_of_weights_that_a_run_has_left_behind_say_of_which_epoch_they_are() {
    let mut world = World::of(DRAFT);
    let (id, spec) = world.keys("t").started();
    world.begin(id);
    let mut events = trains(&spec, "2026-01-01T10:00:00Z", 300, Course { pace: 100.0, salt: 1 });
    let first = events.iter().position(|event| matches!(event.kind, EventKind::EpochEnded { .. })).unwrap();
    let rest = events.split_off(first + 1);
    world.events(id, events);
    let now =
        |world: &World| world.app.session.runs.get(id).unwrap().state.best_epoch().map(|best| best.epoch);
    let before = now(&world).unwrap();
    let (run, wanted) = asked(world.keys("e"));
    told(&mut world, run, &[], 87.3, 0.3852);
    told(&mut world, run, &wanted[0], 80.0, 0.5);
    world.tell(Message::LesionsDone(run, Ok(best(Some(before)))));
    assert!(words(&world).contains("lesions of resnet+hires s0, best weights: intact 87.30%"));
    world.events(id, rest);
    let after = now(&world).unwrap();
    let stale = format!("s0, weights of epoch {before} (now best: {after}): intact 87.30%");
    assert!(after > before && words(&world).contains(&stale), "{}", words(&world));
    // Scored anew, they are those of the best again.
    let (run, _) = asked(world.keys("e"));
    told(&mut world, run, &[], 88.1, 0.3511);
    world.tell(Message::LesionsDone(run, Ok(best(Some(after)))));
    assert!(words(&world).contains("best weights: intact 88.10%"), "{}", words(&world));
}

#[test]
fn without_weights_it_is_refused_in_words() {
    let refused = |world: &mut World, why: &str| {
        world.effects();
        for key in ["e", "E"] {
            world.keys(key);
            assert!(world.notice().contains(why), "{}", world.notice());
            assert!(world.effects().is_empty());
        }
    };
    let mut world = World::new();
    refused(&mut world, "choose one in Runs");
    let spec = world.app.session.draft.spec().clone();
    world.keys("t").started();
    refused(&mut world, "this run has not started");
    world.begin(0);
    world.events(0, [begins(&spec, "2026-01-01T10:00:00Z")]);
    refused(&mut world, "this run has none yet");
    // While it trains, the best weights so far are there.
    world.events(0, trains(&spec, "2026-01-01T10:00:00Z", 100, Course { pace: 100.0, salt: 1 }));
    let (run, _) = asked(world.keys("e"));
    world.tell(Message::LesionsDone(run, Err("the disk is gone".into())));
    assert_eq!((world.level(), world.notice()), (Some(Level::Bad), "lesions failed: the disk is gone"));
    // A run that waits.
    world.keys("t").effects();
    world.keys("R home down");
    refused(&mut world, "this run has not started");
    world.replaying();
    refused(&mut world, "this is a recording");
}

#[test]
fn a_run_that_is_gone_leaves_nothing_behind() {
    let mut world = lesioned();
    let run = world.current().unwrap();
    world.tell(Message::Deleted(run, Ok(())));
    assert!(!words(&world).contains("intact"));
    told(&mut world, run, &[], 87.3, 0.3);
    world.tell(Message::LesionsDone(run, Ok(best(None))));
    assert!(!words(&world).contains("intact"));
}

#[test]
fn what_is_kept_of_an_earlier_session_is_shown() {
    let mut world = world_of(RUN);
    let run = world.current().unwrap();
    let of = |without: &[Term], top1| Lesioned { without: without.to_vec(), score: score(top1, 0.4) };
    let kept = vec![of(&[], 87.3), of(&cut("0-1"), 80.8)];
    let draft = world.run(run).spec.clone();
    world.app.session.draft.replace(draft).unwrap();
    world.tell(Message::LesionsRead(run, best(Some(11)), kept.clone()));
    let screen = world.keys("W z").screen((120, 40));
    assert!(screen.contains("intact 87.30%") && screen.contains("−6.5"), "{screen}");

    // What has been scored since is not replaced.
    let mut world = lesioned();
    let run = world.current().unwrap();
    let before = world.keys("W z").screen((120, 40));
    world.tell(Message::LesionsRead(run, best(Some(11)), kept));
    assert_eq!(world.screen((120, 40)), before);
}
