//! The list of runs: what is found, drawn, sorted, filtered, pinned and deleted.

use std::path::PathBuf;

use hiresnet_tui::domain::annotation::Annotation;
use hiresnet_tui::domain::event::{Event, EventKind, Outcome};
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::domain::text::signed;
use hiresnet_tui::engine::store::SavedRun;
use hiresnet_tui::tui::action::{Effect, Message};
use hiresnet_tui::tui::labels::DistinctNames;
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::panels::PanelId;
use hiresnet_tui::tui::run::{RunStage, StepsState, TrackedRun};
use hiresnet_tui::tui::session::Question;
use hiresnet_tui::tui::sort::SortBy;
use hiresnet_tui::tui::theme::Theme;

use crate::made::{Course, PER_EPOCH, event, last_step_only, saved, three, trains};
use crate::screens::NO_COLOR;
use crate::world::{World, run_mark, run_row};

/// Runs on disk that differ in their seeds, the oldest first.
fn seeds(count: usize) -> Vec<SavedRun> {
    let run = |i: usize| {
        let line = format!("resnet@fashion-embedded epochs=1 seed={i}");
        let at = format!("2026-01-{:02}T{:02}:00:00Z", 1 + i % 28, i / 28);
        saved(&format!("s{i}"), &line, &at, Course { pace: 50.0 + 7.0 * i as f64, salt: i })
    };
    (0..count).map(run).collect()
}

const COURSES: [Course; 2] = [Course { pace: 120.0, salt: 2 }, Course { pace: 90.0, salt: 7 }];

fn with_seeds(count: usize) -> World {
    let mut world = World::new();
    world.find_all(seeds(count));
    world.keys("R home").effects();
    world
}

/// Seeds of the listed runs, from the top.
fn listed_seeds(world: &World) -> Vec<u64> {
    world.app.session.runs.listed().map(|run| run.spec.seed).collect()
}

#[test]
fn found_runs_are_listed_newest_first_and_drawn_when_they_are_chosen() {
    let mut world = World::new();
    world.find_all(seeds(3));
    assert_eq!(listed_seeds(&world), [2, 1, 0]);
    let id = world.current().unwrap();
    assert_eq!((id, world.drawn()), (world.listed()[0], vec![id]), "the newest is drawn at once");
    let wanted = Effect::Load(id, PathBuf::from("runs/s2"));
    assert_eq!(world.effects(), std::slice::from_ref(&wanted));
    world.keys("R left v v v");
    assert_eq!(world.effects(), [], "it is read once");
    assert_eq!(world.run(id).steps, StepsState::Loading);
    assert_eq!(world.run(id).state.steps.len(), 1);
    let state = seeds(3)[2].state.clone();
    world.tell(Message::Loaded(id, 0, Ok(Box::new(state.clone()))));
    assert_eq!((world.run(id).steps, &world.run(id).state), (StepsState::Loaded, &state));
    world.keys("down up");
    assert!(!world.effects().contains(&wanted), "nor again later");
}

#[test]
fn a_run_that_cannot_be_read_says_why_once() {
    let mut world = with_seeds(1);
    let id = world.current().unwrap();
    world.tell(Message::Loaded(id, 0, Err("runs/s0/events.jsonl: line 7 is not an event".into())));
    assert_eq!(world.level(), Some(Level::Bad));
    assert!(world.log().contains("line 7 is not an event"));
    world.keys("v down");
    assert_eq!(world.effects(), []);
    assert!(world.screen((120, 40)).contains("s0"), "its epochs are still known");
}

#[test]
fn runs_that_are_gone_go_and_known_ones_stay_what_they_are() {
    let mut world = World::with_three(Theme::FULL);
    let ids = world.listed();
    world.keys("p").effects();
    // Found again as it was: the steps that are here stay.
    for run in three() {
        world.tell(Message::Found(Box::new(last_step_only(run))));
    }
    assert_eq!(world.listed(), ids);
    assert!(ids.iter().all(|id| world.run(*id).steps == StepsState::Loaded));
    world.tell(Message::Searched(vec!["runs/all".into()]));
    let left: Vec<_> = world.app.session.runs.listed().map(|run| run.path.clone().unwrap()).collect();
    assert_eq!((left, world.baseline()), (vec![PathBuf::from("runs/all")], None));
    assert_eq!(world.current(), Some(ids[1]));
    assert_eq!(world.keys("ctrl-r").effects(), [Effect::Search]);
}

#[test]
fn a_live_run_is_not_overwritten_by_what_is_found_of_it() {
    let mut world = World::new();
    let id = world.train();
    let spec = world.run(id).spec.clone();
    let events = trains(&spec, "2026-01-05T20:01:00Z", 120, Course { pace: 140.0, salt: 5 });
    world.events(id, events.clone());
    let state = RunState::replay(&events[..20]);
    let found = || SavedRun {
        path: "runs/r0".into(),
        spec: spec.clone(),
        state: state.clone(),
        torn: true,
        being_written: false,
        bytes: 0,
        annotation: Annotation::default(),
        annotation_error: None,
    };
    world.tell(Message::Found(Box::new(found())));
    world.tell(Message::Searched(vec![]));
    assert_eq!(world.listed(), [id]);
    assert_eq!((world.run(id).stage, world.run(id).state.steps.len()), (RunStage::Live, 120));

    // A search may meet a folder before the run is known to have it.
    world.keys("t").end(id);
    let (next, spec) = world.started();
    let found = SavedRun {
        path: format!("runs/r{next}").into(),
        spec,
        state: RunState::default(),
        torn: false,
        being_written: false,
        bytes: 0,
        annotation: Annotation::default(),
        annotation_error: None,
    };
    world.tell(Message::Found(Box::new(found))).screen((80, 24));
    assert_eq!(world.listed().len(), 3, "so far it may be another program's");
    world.begin(next);
    assert_eq!(world.listed(), [next, id]);
    assert_eq!(world.run(next).stage, RunStage::Live);
}

#[test]
fn a_run_of_another_program_grows() {
    let mut world = with_seeds(1);
    let id = world.current().unwrap();
    let whole = seeds(1).remove(0);
    world.keys("v").tell(Message::Loaded(id, 0, Ok(Box::new(whole.state.clone()))));
    let mut state = whole.state.clone();
    state.apply(&event(state.t + 9.0, EventKind::Finished { outcome: Outcome::Stopped, message: None }));
    world.tell(Message::Found(Box::new(last_step_only(SavedRun { state, ..whole }))));
    assert_eq!((world.run(id).status().name(), world.run(id).slot), ("stopped", Some(0)));
    assert_eq!(world.effects(), [Effect::Load(id, "runs/s0".into())], "its new steps are read");
}

#[test]
fn the_list_is_sorted_by_each_column_and_the_other_way() {
    let mut world = World::new();
    world.find_all(three());
    world.keys("R");
    let names = |world: &World| -> Vec<String> {
        world.app.session.runs.listed().map(|run| run.spec.network_name()).collect()
    };
    let column = |world: &World, value: &dyn Fn(&hiresnet_tui::tui::run::TrackedRun) -> f64| -> Vec<f64> {
        world.app.session.runs.listed().map(value).collect()
    };
    let falls = |values: &[f64]| values.windows(2).all(|pair| pair[0] >= pair[1]);
    assert_eq!(names(&world), ["resnet+hires[P1,P2]", "resnet+hires", "resnet"]);
    for by in [SortBy::Spec, SortBy::Validation, SortBy::Test, SortBy::Time, SortBy::Began] {
        world.keys("s");
        assert_eq!(world.app.session.runs.sorted_by(), (by, false));
        match by {
            SortBy::Spec => assert_eq!(names(&world), ["resnet+hires", "resnet+hires[P1,P2]", "resnet"]),
            SortBy::Validation => assert!(falls(&column(&world, &|run| run.validation().unwrap()))),
            SortBy::Test => assert!(falls(&column(&world, &|run| run.test().unwrap()))),
            SortBy::Time => assert!(falls(&column(&world, &|run| run.state.t))),
            SortBy::Began => assert_eq!(names(&world)[0], "resnet+hires[P1,P2]"),
        }
        let forwards = names(&world);
        world.keys("o");
        assert_eq!(names(&world), forwards.iter().rev().cloned().collect::<Vec<_>>(), "{by:?} reversed");
        assert!(world.screen((120, 40)).contains(&format!("{} ↑", by.name())));
    }
}

#[test]
fn runs_without_a_score_are_last() {
    let mut world = World::new();
    let mut runs = three();
    runs[2].state.tests.clear();
    runs[2].state.best = None;
    world.find_all(runs);
    for keys in ["R s s", "s"] {
        world.keys(keys);
        assert_eq!(
            world.app.session.runs.listed().last().unwrap().spec.network_name(),
            "resnet+hires[P1,P2]"
        );
    }
}

#[test]
fn the_filter_takes_several_words_and_esc_gives_it_up() {
    let mut world = World::new();
    let mut runs = three();
    runs[0].state.outcome = Some(Outcome::Stopped);
    world.find_all(runs);
    let count = |world: &World| world.listed().len();
    world.keys("R /");
    world.type_text("HIRES p1");
    assert_eq!(count(&world), 1, "as it is typed, whatever the case");
    assert_eq!(Some(world.listed()[0]), world.current());
    world.keys("backspace text:9");
    assert_eq!((count(&world), world.current()), (0, None));
    assert!(world.screen((120, 40)).contains("No matching runs"));
    world.keys("enter d v u p K");
    assert_eq!((world.app.session.question, world.notice()), (None, "no run selected"));
    world.keys("esc");
    assert_eq!((count(&world), world.app.session.runs.filter()), (3, ""));

    world.keys("/ text:stopped enter");
    assert_eq!(count(&world), 1, "a word may be of the status");
    world.keys("/ text:zzz esc");
    assert_eq!((world.app.session.runs.filter(), count(&world)), ("stopped", 1), "as it was");
    // Letters are typed, they are no commands; what trains and waits is always listed.
    world.keys("/ ctrl-u text:tqxb");
    assert_eq!(world.effects().iter().filter(|effect| !matches!(effect, Effect::Load(..))).count(), 0);
    world.keys("enter t y");
    assert_eq!(count(&world), 1);
}

#[test]
fn the_filter_compares_keys_and_results_and_says_what_is_wrong() {
    let mut world = with_seeds(4);
    let count = |world: &World| world.listed().len();
    world.keys("R / text:seed=0..2");
    assert_eq!(count(&world), 3);
    world.type_text(" famly=resnet");
    assert_eq!(world.error(), Some("unknown key 'famly' (did you mean 'family'?)"));
    assert_eq!(count(&world), 0, "as it was understood last");
    assert!(world.screen((120, 40)).contains("unknown key 'famly'"));
    world.keys("enter");
    assert!(world.error().is_some(), "it stays, to be corrected");
    world.keys("ctrl-u");
    world.type_text("seed=0..2 fam");
    world.keys("tab text:r tab");
    assert_eq!(world.app.session.editing.as_ref().unwrap().input.value(), "seed=0..2 family=resnet");
    world.type_text(" status=done val>0");
    world.keys("enter");
    assert_eq!(
        (count(&world), world.app.session.runs.filter()),
        (3, "seed=0..2 family=resnet status=done val>0")
    );
    world.keys("/ ctrl-u text:val_fra tab");
    assert_eq!(world.app.session.editing.as_ref().unwrap().input.value(), "val_fraction=");
    world.keys("ctrl-u text:val_ tab");
    assert!(
        world.notice().contains("val_fraction") && world.notice().contains("val_limit"),
        "{}",
        world.notice()
    );
    world.keys("esc");
    assert_eq!(count(&world), 3, "as it was");
}

#[test]
fn all_listed_runs_are_drawn_with_one_key() {
    let mut world = with_seeds(54);
    world.keys("R / text:seed=2..5 enter c a");
    assert_eq!((world.drawn().len(), world.notice()), (4, "4 listed runs drawn; c hides all"));
    world.keys("esc a");
    assert_eq!(world.drawn().iter().filter(|id| world.run(**id).slot.is_some()).count(), Theme::MOST_DRAWN);
    assert!(world.notice().contains("at most 52 can be"), "{}", world.notice());
    world.keys("c / text:zzz enter a");
    assert_eq!(world.notice(), "no run listed that has started");
}

#[test]
fn as_many_runs_can_be_drawn_as_there_are_letters() {
    let most = Theme::MOST_DRAWN;
    let mut world = with_seeds(most + 2);
    let ids = world.listed();
    for _ in 0..most {
        world.keys("v down");
    }
    assert_eq!(world.drawn()[..most], ids[..most]);
    world.keys("v");
    assert_eq!((world.level(), world.run(ids[most]).slot), (Some(Level::Warn), None));
    assert!(world.notice().starts_with("at most 52 runs can be drawn; hide one first"), "{}", world.notice());
    // One goes, and the next has its colour.
    world.keys("home down enter end up v");
    assert_eq!((world.run(ids[1]).slot, world.run(ids[most]).slot), (None, Some(1)));
    world.keys("home p end up c");
    assert_eq!(world.drawn(), [ids[0], ids[most]], "the baseline and the current run");
    world.keys("home p end up c");
    assert_eq!(world.drawn(), [ids[most]]);
    assert!(ids.iter().all(|id| world.run(*id).slot.is_none()));
}

#[test]
fn marks_say_what_is_drawn_and_what_is_the_baseline() {
    let mut world = World::with(crate::world::DRAFT, &Default::default(), NO_COLOR);
    world.find_all(seeds(4));
    world.keys("R home v down v down down p t t");
    let ids: Vec<_> = world.app.session.runs.listed().map(|run| (run.id, run.stage)).collect();
    let buffer = world.buffer((200, 60));
    let marks: Vec<&str> = ids
        .iter()
        .map(|(id, _)| {
            let place = world.place(run_mark(*id));
            buffer[(place.x, place.y)].symbol()
        })
        .collect();
    assert_eq!(marks, ["○", " ", "a", "b", "○", "★"], "{ids:?}");
    world.keys("end p");
    assert_eq!(world.baseline(), None, "the same key unpins");
}

#[test]
fn pinning_shows_differences() {
    let mut world = World::with_three(Theme::FULL);
    assert!(!world.screen((120, 40)).contains("Δ test"));
    world.keys("R end p");
    let own = world.app.session.runs.listed().next().unwrap();
    let baseline = world.app.session.runs.baseline().unwrap();
    assert!(baseline.slot.is_some(), "its curve is drawn beside others");
    let (val, test) = (
        signed(own.validation().unwrap() - baseline.validation().unwrap(), 2),
        signed(own.test().unwrap() - baseline.test().unwrap(), 2),
    );
    let screen = world.screen((200, 60));
    let row = screen.lines().find(|line| line.contains(&test)).unwrap();
    assert!(screen.contains("Δ val") && screen.contains("Δ test"), "{screen}");
    assert!(row.contains(&val) && row.matches(['+', '−']).count() >= 2, "{val} {test}\n{screen}");
    assert!(!screen.contains(" -"), "one sign for minus: {screen}");
}

#[test]
fn a_run_that_is_not_as_far_is_compared_over_the_epochs_that_both_have() {
    let mut world = World::new();
    let line = "resnet@fashion-embedded epochs=12";
    let at = "2026-01-02T12:30:00Z";
    let mut stopped = saved("stopped", &format!("{line} seed=1"), at, COURSES[1]);
    stopped.state = RunState::replay(&trains(&stopped.spec, at, 3 * PER_EPOCH, COURSES[1]));
    stopped.state.outcome = Some(Outcome::Stopped);
    world.find_all(vec![saved("base", line, "2026-01-02T11:30:00Z", COURSES[0]), stopped]);
    world.keys("R end p home");
    let val = |run: &TrackedRun| {
        run.state.epochs[..3].iter().map(|epoch| epoch.validation.top1()).fold(0.0, f64::max)
    };
    let session = &world.app.session;
    let points = val(session.runs.current().unwrap()) - val(session.runs.baseline().unwrap());
    let screen = world.screen((200, 60));
    assert!(screen.contains("Δ val over the first 3 epochs"), "{screen}");
    let row = screen.lines().rev().find(|line| line.contains("stopped")).unwrap();
    assert!(row.contains(&signed(points, 2)), "{points} {row}");
}

#[test]
fn what_is_compared_comes_before_how_far_it_is() {
    let mut world = World::with_three(Theme::FULL);
    world.keys("R end p");
    for size in [(80, 24), (120, 40), (200, 60)] {
        let screen = world.screen(size);
        assert!(screen.contains("Δ val") && screen.contains("Δ test"), "{screen}");
    }
}

#[test]
fn the_same_spec_trained_again_is_told_apart_by_when() {
    let names = |times: &[&str]| {
        let mut world = World::new();
        let run = |(i, at): (usize, &&str)| {
            saved(&format!("r{i}"), "resnet@fashion-embedded epochs=2", at, COURSES[0])
        };
        world.find_all(times.iter().enumerate().map(run).collect());
        let mut runs: Vec<_> = world.app.session.runs.all().collect();
        runs.sort_by_key(|run| run.id);
        DistinctNames::of(&runs).names
    };
    assert_eq!(
        names(&["2026-01-02T11:30:00Z", "2026-01-02T11:31:00Z"]),
        ["2026-01-02 11:30", "2026-01-02 11:31"]
    );
    assert_eq!(
        names(&["2026-01-02T11:30:10Z", "2026-01-02T11:30:20Z"]),
        ["2026-01-02 11:30:10", "2026-01-02 11:30:20"]
    );
    let same = names(&["2026-01-02T11:30:10Z"; 2]);
    assert!(same[0] != same[1] && same[0].starts_with("2026-01-02 11:30 #"), "{same:?}");
}

#[test]
fn runs_of_other_recipes_are_not_compared() {
    let mut world = World::new();
    let course = Course { pace: 120.0, salt: 2 };
    let at = "2026-01-02T11:30:00Z";
    world.find_all(vec![
        saved("base", "resnet@fashion-embedded epochs=12", at, course),
        saved(
            "hops",
            "resnet+hires@fashion-embedded epochs=12 seed=3 probe_images=50",
            at,
            Course { pace: 90.0, salt: 7 },
        ),
        saved("longer", "resnet@fashion-embedded epochs=14 batch=50", at, course),
    ]);
    let at = |world: &World, name: &str| {
        world.app.session.runs.all().find(|run| run.path.as_ref().unwrap().ends_with(name)).unwrap().id
    };
    let (base, hops, longer) = (at(&world, "base"), at(&world, "hops"), at(&world, "longer"));
    world.keys("R").app.session.runs.pin(Some(base));
    world.app.session.runs.select(longer);
    let screen = world.screen((200, 60));
    assert!(screen.contains("no Δ: baseline differs in epochs, batch"), "{screen}");
    let row = |world: &mut World, id| {
        let y = world.place(run_row(id)).y;
        world.screen((200, 60)).lines().nth(y.into()).unwrap().to_owned()
    };
    assert_eq!(row(&mut world, longer).matches('…').count(), 2);
    world.app.session.runs.select(hops);
    assert!(!world.screen((200, 60)).contains("no Δ"), "another network and seed of the same recipe");
    assert!(row(&mut world, hops).matches(['+', '−']).count() >= 2);
}

#[test]
fn use_makes_a_runs_spec_the_draft() {
    let mut world = World::with_three(Theme::FULL);
    world.keys("R end u");
    assert_eq!(world.line(), "resnet@fashion-embedded");
    assert_eq!(world.level(), Some(Level::Good));
}

#[test]
fn deleting_asks_first() {
    let mut world = with_seeds(4);
    let ids = world.listed();
    world.keys("down p v").effects();
    for no in ["n", "esc", "q"] {
        world.keys("d");
        assert_eq!(world.app.session.question, Some(Question::Delete(ids[1])));
        assert!(world.app.session.question_text().unwrap().contains(&world.run(ids[1]).line));
        assert_eq!(world.keys("d enter t").effects(), []);
        assert_eq!(world.keys(no).effects(), []);
        assert!(world.keys_are_commands());
    }
    world.keys("delete y");
    assert_eq!(world.effects(), [Effect::Delete(vec![(ids[1], "runs/s2".into())])]);
    assert_eq!(world.listed(), ids, "it stays until it is gone");
    world.tell(Message::Deleted(ids[1], Err("files of somebody else's are in it".into())));
    assert_eq!((world.listed(), world.level()), (ids.clone(), Some(Level::Bad)));

    world.keys("d y").tell(Message::Deleted(ids[1], Ok(())));
    assert_eq!(world.listed(), [ids[0], ids[2], ids[3]]);
    assert_eq!((world.baseline(), world.current()), (None, Some(ids[2])), "the cursor's row stays");
    world.keys("end d y").tell(Message::Deleted(ids[3], Ok(())));
    assert_eq!(world.current(), Some(ids[2]), "or the last");
    for id in [ids[2], ids[0]] {
        world.tell(Message::Deleted(id, Ok(())));
    }
    assert_eq!(world.current(), None);
    world.keys("d");
    assert_eq!(world.notice(), "no run selected");
}

#[test]
fn a_run_that_trains_is_not_deleted() {
    let mut world = with_seeds(2);
    let live = world.train();
    world.app.session.runs.select(live);
    world.keys("d delete y");
    assert!(world.app.session.question.is_none());
    assert!(world.effects().iter().all(|effect| !matches!(effect, Effect::Delete(..))));
    assert_eq!(world.run(live).stage, RunStage::Live);
    // One that never had a folder is only forgotten.
    world.keys("R home d");
    assert!(world.notice().contains("this run is in progress"), "{}", world.notice());
    world.end(live).keys("t y");
    let (id, _) = world.started();
    world.tell(Message::Ended { id, error: Some("no data".into()), holds: false });
    world.app.session.runs.select(id);
    world.keys("d");
    assert!(world.app.session.runs.get(id).is_none() && world.app.session.question.is_none());
    assert_eq!(world.effects(), []);
}

#[test]
fn names_from_disk_reach_no_cell_as_they_are() {
    let mut world = World::new();
    let bad = "2026\u{1b}[2J\u{202e}\u{9b}31m-\u{7}\u{2066}x";
    let spoilt = |(i, mut run): (usize, SavedRun)| {
        let started = run.state.started.as_mut().unwrap();
        started.at = bad.into();
        started.device = bad.into();
        started.program = bad.into();
        run.state.message = Some(bad.into());
        run.path = PathBuf::from(format!("runs/{bad}{i}"));
        run
    };
    let runs = || three().into_iter().enumerate().map(spoilt).collect();
    world.find_all(runs());
    world.keys("R home v down v down p");
    world.load_from(runs());
    for keys in ["", "C i", "A", "L", "R z", "d", "n d y"] {
        world.keys(keys);
        for size in [(80, 24), (200, 60)] {
            crate::robust::assert_harmless(&world.buffer(size));
        }
    }
    assert_eq!(world.app.focus, PanelId::Runs);
}

#[test]
fn a_run_that_the_filter_hides_is_not_acted_on() {
    let mut world = World::new();
    let id = world.train();
    world.keys("R / text:resnext enter").effects();
    // While it is active it is listed whatever the filter; now it is not, and has the cursor.
    world.end(id).effects();
    assert_eq!((world.current(), world.listed().as_slice()), (Some(id), &[][..]));
    for key in ["d", "u", "p", "v"] {
        world.keys(key);
        assert_eq!(world.notice(), "no run selected", "{key}");
    }
    assert_eq!((world.app.session.question, world.baseline()), (None, None));
    world.keys("b");
    assert!(world.notice().contains("choose one in Runs"));
    world.keys("e");
    assert!(world.notice().contains("choose one in Runs"));
    world.keys("esc d");
    assert!(world.app.session.question.is_some());
}

#[test]
fn a_run_is_filtered_for_as_it_is_listed_and_as_it_is_written() {
    let mut world = World::new();
    world.find_all(seeds(4));
    let listed = |world: &mut World, words: &str| {
        world.keys("R / ctrl-u");
        world.type_text(words);
        world.keys("enter");
        world.listed().len()
    };
    assert_eq!(listed(&mut world, "s2"), 1, "the seed as the list has it");
    assert_eq!(listed(&mut world, "seed=2"), 1, "and as the spec has it");
    assert!(world.screen((120, 40)).contains("1 of 4"));
    assert_eq!(listed(&mut world, "completed s1"), 1);
    assert_eq!(listed(&mut world, "diverged"), 0);
}

#[test]
fn a_run_that_another_program_trains_says_so_until_it_has_ended() {
    let mut world = World::new();
    let whole = seeds(1).remove(0);
    let mut begun = seeds(1).remove(0);
    begun.being_written = true;
    begun.state.outcome = None;
    begun.state.t = 1.0;
    world.tell(Message::Found(Box::new(begun)));
    assert!(world.keys("R z").screen((120, 40)).contains("running (other process)"));
    world.tell(Message::Found(Box::new(whole)));
    assert!(!world.screen((120, 40)).contains("running (other process)"));
}

/// The events of a run of two epochs, with the length of its record after each.
fn written() -> (SavedRun, Vec<(u64, Event)>) {
    let spec: ExperimentSpec = "resnet+hires@fashion-embedded epochs=2 batch=100".parse().unwrap();
    let events = trains(&spec, "2026-01-05T20:01:00Z", 200, Course { pace: 140.0, salt: 5 });
    let told: Vec<(u64, Event)> =
        events.iter().enumerate().map(|(i, event)| (100 * (i as u64 + 1), event.clone())).collect();
    let state = RunState::replay(&events[..50]);
    let path = "runs/other".into();
    let saved = SavedRun {
        path,
        spec,
        state,
        torn: false,
        being_written: true,
        bytes: 5000,
        annotation: Annotation::default(),
        annotation_error: None,
    };
    (saved, told)
}

#[test]
fn what_another_program_adds_is_followed_once_and_in_full() {
    let (saved, told) = written();
    let whole = RunState::replay(told.iter().map(|(_, event)| event));
    let mut world = World::new();
    world.tell(Message::Searched(vec![]));
    world.tell(Message::Found(Box::new(last_step_only(saved.clone()))));
    assert!(world.log().contains("resnet+hires s0: training in another process"), "{}", world.log());
    world.screen((120, 40));
    world.tell(Message::Second { clock: "20:01:08".into(), memory: None });
    let id = world.listed()[0];
    assert_eq!(world.effects(), [Effect::Load(id, "runs/other".into())]);
    let append = |world: &mut World, from: usize, to: usize, being_written: bool| {
        let events = told[from..to].to_vec();
        world.tell(Message::Appended { path: "runs/other".into(), events, being_written });
    };
    // While its steps are being read, which may have some of these already.
    append(&mut world, 50, 60, true);
    append(&mut world, 60, 80, true);
    let state = RunState::replay(told[..70].iter().map(|(_, event)| event));
    world.tell(Message::Loaded(id, 7000, Ok(Box::new(state))));
    assert_eq!(world.run(id).state, RunState::replay(told[..80].iter().map(|(_, event)| event)));
    // Told twice.
    append(&mut world, 40, told.len(), true);
    assert_eq!(world.run(id).state, whole);
    assert_eq!(world.run(id).status().name(), "running (other process)");
    let end = event(whole.t + 1.0, EventKind::Finished { outcome: Outcome::Completed, message: None });
    let (path, events) = ("runs/other".into(), vec![(1_000_000, end)]);
    world.tell(Message::Appended { path, events, being_written: true });
    assert_eq!(world.run(id).status().name(), "completed");
    assert!(world.notice().starts_with("resnet+hires s0 completed in another process"), "{}", world.notice());
    world.tell(Message::Appended { path: "runs/other".into(), events: vec![], being_written: false });
    assert_eq!((world.run(id).status().name(), world.effects().len()), ("completed", 0));
    // Nothing of a run that nobody knows.
    world.tell(Message::Appended { path: "runs/what".into(), events: told, being_written: true });
    world.screen((120, 40));
    assert_eq!(world.listed(), [id]);
    world.tell(Message::Gone("runs/other".into())).screen((120, 40));
    assert!(world.listed().is_empty());
}

#[test]
fn a_run_that_another_program_resumes_is_read_again_and_may_be_cut_off() {
    let (saved, told) = written();
    let mut world = World::new();
    world.tell(Message::Searched(vec![]));
    let mut stopped = SavedRun { being_written: false, ..saved.clone() };
    stopped.state.outcome = Some(Outcome::Stopped);
    world.tell(Message::Found(Box::new(last_step_only(stopped))));
    world.screen((120, 40));
    let id = world.listed()[0];
    // From an earlier moment, though at another one of the clock.
    let state = RunState::replay(told[..30].iter().map(|(_, event)| event));
    let again = SavedRun { state, bytes: 3100, ..saved.clone() };
    world.tell(Message::Found(Box::new(last_step_only(again))));
    assert_eq!(world.run(id).status().name(), "running (other process)");
    assert!(world.run(id).state.t < saved.state.t);
    let events = told[40..45].to_vec();
    world.tell(Message::Appended { path: "runs/other".into(), events, being_written: true });
    assert_eq!(world.run(id).recorded, 4500);
    world.tell(Message::Appended { path: "runs/other".into(), events: vec![], being_written: false });
    assert_eq!(world.run(id).status().name(), "unfinished");
    assert!(world.notice().contains("interrupted in another process"), "{}", world.notice());
}

#[test]
fn the_cursor_stays_at_the_top_while_runs_are_found_until_it_is_moved() {
    let mut world = World::new();
    let mut runs = seeds(4);
    runs.reverse();
    for (i, run) in runs.into_iter().enumerate() {
        if i == 3 {
            world.keys("R down");
        }
        world.tell(Message::Found(Box::new(run)));
        world.screen((120, 40));
        let row = world.app.session.runs.row();
        assert_eq!(row == Some(0), i < 3, "{row:?} after {i}");
    }
}
