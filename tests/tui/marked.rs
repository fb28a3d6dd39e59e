//! Marked runs: deleted, exported, tagged and compared together. Names, notes and tags.

use std::path::PathBuf;

use hiresnet_tui::domain::annotation::{self, Annotation, AnnotationEdit};
use hiresnet_tui::engine::store::SavedRun;
use hiresnet_tui::tui::action::{Effect, ExportAs, Message};
use hiresnet_tui::tui::app::HitTarget;
use hiresnet_tui::tui::config::Config;
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::panel::PanelTarget;
use hiresnet_tui::tui::panels::PanelId;
use hiresnet_tui::tui::session::Question;
use hiresnet_tui::tui::theme::{Depth, Ground, Symbols, Theme};

use crate::made::{Course, saved};
use crate::screens;
use crate::world::{DRAFT, World};

/// No colours, and only ASCII.
const PLAIN: Theme = Theme { depth: Depth::None, ground: Ground::Dark, symbols: Symbols::Ascii };

/// Two seeds each of two networks and one with another recipe, the newest first in the list.
fn runs() -> Vec<SavedRun> {
    let run = |(i, (name, line)): (usize, &(&str, &str))| {
        let at = format!("2026-01-{:02}T00:00:00Z", i + 1);
        saved(name, line, &at, Course { pace: 50.0 + 40.0 * i as f64, salt: i })
    };
    let lines = [
        ("a", "resnet@fashion-embedded epochs=2"),
        ("b", "resnet@fashion-embedded epochs=2 seed=1"),
        ("c", "resnet+hires@fashion-embedded epochs=2"),
        ("d", "resnet+hires@fashion-embedded epochs=2 seed=1"),
        ("e", "resnet@fashion-embedded epochs=3 lr=0.1"),
    ];
    lines.iter().enumerate().map(run).collect()
}

fn world_in(theme: Theme) -> World {
    let mut world = World::with(DRAFT, &Config::default(), theme);
    world.find_all(runs());
    world.keys("R home").effects();
    world
}

fn world() -> World {
    world_in(Theme::FULL)
}

/// The folders' names of the marked runs, in the order of the list.
fn marked(world: &World) -> Vec<String> {
    let runs = world.app.session.runs.marked();
    runs.iter().map(|run| run.path.as_ref().unwrap().file_name().unwrap().to_string_lossy().into()).collect()
}

fn annotated(world: &mut World, name: &str, annotation: Annotation) {
    world.tell(Message::Annotated(format!("runs/{name}").into(), annotation));
}

fn named(name: &str, tags: &str, note: &str) -> Annotation {
    Annotation { name: name.into(), note: note.into(), tags: annotation::tags(tags).unwrap() }
}

#[test]
fn marks_are_seen_on_every_terminal_and_stay_with_their_runs() {
    for (theme, sign) in [(Theme::FULL, '✓'), (PLAIN, '+')] {
        let mut world = world_in(theme);
        let marks = |screen: &str| screen.matches(&format!("{sign} resnet")).count();
        assert_eq!(marks(&world.screen((120, 40))), 0);
        let screen = world.keys("m m z").screen((120, 40));
        assert_eq!((marked(&world), marks(&screen)), (vec!["e".to_owned(), "d".to_owned()], 2), "{screen}");
        assert!(screen.contains("2 marked"), "{screen}");
        // In another order, and while they are not listed.
        world.keys("o");
        assert_eq!(marked(&world), ["d", "e"]);
        world.keys("/");
        world.type_text("seed=0");
        world.keys("enter");
        assert_eq!(marked(&world), ["e", "d"], "one that is not listed comes last");
        world.keys("m M");
        assert_eq!(world.app.session.runs.marked_len(), 4, "all that are listed, and the one that is not");
        world.keys("M");
        assert_eq!(marked(&world), [""; 0]);
    }
}

#[test]
fn a_mark_is_taken_away_and_goes_with_its_run() {
    let mut world = world();
    world.keys("m up m");
    assert_eq!(marked(&world), [""; 0]);
    let id = world.keys("home m").listed()[0];
    world.tell(Message::Deleted(id, Ok(())));
    assert_eq!(marked(&world), [""; 0]);
}

#[test]
fn marked_runs_are_deleted_after_one_question_that_names_them() {
    let mut world = world();
    world.keys("m m m d");
    assert_eq!(world.app.session.question, Some(Question::DeleteMarked));
    let screen = world.screen((120, 40));
    assert!(screen.contains("3 runs, their records and weights, are deleted"), "{screen}");
    let text = world.app.session.question_text().unwrap();
    assert!(text.ends_with("resnet s0, resnet+hires s1, resnet+hires s0."), "{text}");
    world.keys("n");
    assert_eq!(world.app.session.question, None);
    assert!(world.effects().iter().all(|effect| !matches!(effect, Effect::Delete(_))));
    let ids = world.listed();
    world.keys("d y");
    let wanted =
        ids[..3].iter().zip(["e", "d", "c"]).map(|(id, name)| (*id, PathBuf::from(format!("runs/{name}"))));
    assert!(world.effects().contains(&Effect::Delete(wanted.collect())));
    world.tell(Message::Deleted(ids[0], Ok(())));
    world.tell(Message::Deleted(ids[1], Err("runs/d: a program is training this run".into())));
    world.tell(Message::Deleted(ids[2], Ok(())));
    assert_eq!(world.level(), Some(Level::Bad));
    assert!(world.log().contains("2 runs deleted; not deleted: resnet+hires s1: runs/d: a program"));
    assert_eq!(marked(&world), ["d"], "what is left stays marked");
}

#[test]
fn a_question_names_a_few_runs_and_counts_the_others() {
    let mut world = World::new();
    let line = |seed: usize| format!("resnet@fashion-embedded epochs=1 seed={seed}");
    let run =
        |i: usize| saved(&format!("s{i}"), &line(i), "2026-01-01T00:00:00Z", Course { pace: 50.0, salt: i });
    world.find_all((0..9).map(run).collect());
    world.keys("R home M d");
    let text = world.app.session.question_text().unwrap();
    assert!(text.starts_with("9 runs, ") && text.ends_with(" and 3 more."), "{text}");
}

#[test]
fn what_is_in_progress_is_named_and_left_alone() {
    let mut world = world();
    let training = world.train();
    world.keys("t").effects();
    let waiting = world.queue()[0];
    world.keys("R home m m m d");
    let text = world.app.session.question_text().unwrap();
    assert!(text.starts_with("1 run, its record and weights, is deleted from disk: resnet s0."), "{text}");
    assert!(text.contains("Removed from the queue: resnet+hires s"), "{text}");
    assert!(text.contains("In progress, not deleted: resnet+hires s0."), "{text}");
    world.keys("y");
    assert!(world.app.session.runs.get(waiting).is_none());
    assert!(world.app.session.runs.get(training).is_some());
    let deleted = world.effects().into_iter().filter(|effect| matches!(effect, Effect::Delete(_))).count();
    assert_eq!(deleted, 1);
    // Nothing but the run in progress.
    world.keys("R M M home m d");
    assert_eq!(world.app.session.question, None);
    assert!(world.log().contains("in progress, can't be deleted"));
}

#[test]
fn the_marked_runs_or_the_current_one_are_exported_to_where_somebody_says() {
    let mut world = world();
    world.keys("w").screen((80, 24));
    assert!(world.screen((80, 24)).contains("Export as CSV to directory"));
    world.keys("enter");
    let export = |runs: &[&str], format, target: &str| Effect::Export {
        runs: runs.iter().map(|name| PathBuf::from(format!("runs/{name}"))).collect(),
        format,
        target: target.into(),
    };
    assert_eq!(world.effects(), [export(&["e"], ExportAs::Csv, "export")]);
    world.keys("m m w tab tab tab tab");
    assert!(world.screen((80, 24)).contains("runs.hrec"));
    world.keys("enter");
    assert!(world.effects().contains(&export(&["e", "d"], ExportAs::Recording, "runs.hrec")));
    // What was typed stays when the format changes.
    world.keys("w");
    world.retype("elsewhere");
    world.keys("tab enter");
    assert!(world.effects().contains(&export(&["e", "d"], ExportAs::Parquet, "elsewhere")));
    world.keys("w");
    world.retype(" ");
    world.keys("enter");
    assert!(world.app.session.editing.is_some(), "nowhere is no place");
    world.keys("esc");
    assert_eq!(world.effects(), []);
}

#[test]
fn names_notes_and_tags_are_typed_and_checked() {
    let mut world = world();
    let edit = AnnotationEdit::default;
    let annotate = |paths: &[&str], edit: AnnotationEdit, what| Effect::Annotate {
        paths: paths.iter().map(|name| PathBuf::from(format!("runs/{name}"))).collect(),
        edit,
        what,
    };
    world.keys("N");
    world.retype("wide");
    world.keys("enter");
    assert_eq!(
        world.effects(),
        [annotate(&["e"], AnnotationEdit { name: Some("wide".into()), ..edit() }, "name")]
    );
    world.keys("n");
    world.retype("try more epochs");
    world.keys("enter");
    let note = AnnotationEdit { note: Some("try more epochs".into()), ..edit() };
    assert_eq!(world.effects(), [annotate(&["e"], note, "note")]);
    world.keys("N");
    world.retype(&"x".repeat(61));
    world.keys("enter");
    assert!(world.app.session.editing.as_ref().is_some_and(|editing| {
        editing.error.as_ref().is_some_and(|error| error.contains("at most 60 characters"))
    }));
    world.keys("esc").effects();
    // Tags of several: what they have in common is changed, the rest stays.
    annotated(&mut world, "e", named("", "x mine", ""));
    annotated(&mut world, "d", named("", "x yours", ""));
    world.keys("home m m #");
    assert_eq!(world.app.session.editing.as_ref().unwrap().input.value(), "x");
    world.retype("#new yo");
    world.keys("tab enter");
    let tags = |text: &str| annotation::tags(text).unwrap();
    let change = AnnotationEdit { add: tags("new yours"), remove: tags("x"), ..edit() };
    assert!(world.effects().contains(&annotate(&["e", "d"], change, "tags")));
    world.keys("# enter");
    assert!(
        world.effects().iter().all(|effect| !matches!(effect, Effect::Annotate { .. })),
        "nothing changed"
    );
}

#[test]
fn a_run_without_a_directory_has_no_note_and_a_recording_none_to_write() {
    let mut world = World::new();
    world.keys("t R home n");
    assert!(world.app.session.editing.is_none());
    assert_eq!(world.notice(), "this run has no directory yet");
    let mut world = self::world();
    world.replaying().keys("R n");
    assert!(world.app.session.editing.is_none());
    world.keys("m w");
    assert!(world.app.session.editing.is_none());
}

#[test]
fn what_is_said_of_a_run_is_shown_and_found() {
    let mut world = world();
    annotated(&mut world, "c", named("wide hops", "ablation good", "from the second batch"));
    let screen = world.keys("z").screen((120, 40));
    assert!(screen.contains("wide hops · resnet+hires s0"), "{screen}");
    assert!(screen.contains("#ablation #good"), "{screen}");
    for (filter, count) in [
        ("tag=ablation", 1),
        ("tag=abl", 0),
        ("tag!=ablation", 4),
        ("tag~^abl", 1),
        ("name~wide", 1),
        ("note~second", 1),
        ("#good", 1),
        ("batch", 1),
    ] {
        world.keys("/");
        world.retype(filter);
        world.keys("enter");
        assert_eq!(world.app.session.runs.listed_len(), count, "{filter}");
    }
    world.keys("/");
    world.retype("tag=ab");
    world.keys("tab enter");
    assert_eq!(world.app.session.runs.filter(), "tag=ablation");
    // In the legend of the curves, too.
    world.keys("esc esc home");
    world.keys("/");
    world.retype("");
    world.keys("enter home a C z");
    assert!(world.screen((120, 40)).contains("wide hops"));
    // Another program takes it away.
    annotated(&mut world, "c", Annotation::default());
    assert!(!world.screen((120, 40)).contains("wide hops"));
}

#[test]
fn the_best_of_each_group_is_marked() {
    let mut world = world();
    let best: Vec<_> = {
        let runs = &world.app.session.runs;
        let is_best = runs.all().filter(|run| runs.is_best(run.id));
        is_best.map(|run| (run.group.clone(), run.validation())).collect()
    };
    assert_eq!(best.len(), 2, "the fifth run is alone: {best:?}");
    for (group, validation) in best {
        let runs = world.app.session.runs.all().filter(|run| run.group == group);
        assert!(runs.into_iter().all(|run| run.validation() <= validation));
    }
    let screen = world.keys("z").screen((120, 40));
    assert_eq!(screen.lines().filter(|line| line.contains("* ")).count(), 2, "{screen}");
}

#[test]
fn info_shows_one_run_or_how_marked_ones_differ() {
    let mut world = world();
    annotated(&mut world, "e", named("", "x", "a note of several words"));
    world.keys("i");
    assert_eq!(world.app.focus, PanelId::Info);
    let screen = world.screen((120, 40));
    for said in ["a note of several words", "best epoch", "default: 0.01", "runs/e", "267,802", "Keys"] {
        assert!(screen.contains(said), "{said}: {screen}");
    }
    world.keys("v");
    assert!(world.screen((120, 40)).contains("nothing to compare with"));
    // The marked ones, the baseline first.
    world.keys("i down p m down down down m up up m I");
    assert_eq!(marked(&world), ["d", "c", "a"]);
    let screen = world.screen((120, 40));
    let head = screen.lines().find(|line| line.contains("★ ") && line.contains("hires s0")).unwrap();
    assert!(head.find("★ resnet+hires s1").unwrap() < head.find("resnet+hires s0").unwrap(), "{head}");
    assert!(screen.contains("keys agree") && screen.contains("Keys that differ"), "{screen}");
    let parameters = screen.lines().find(|line| line.contains("parameters")).unwrap();
    assert!(parameters.contains("273,466") && parameters.contains("−5,664"), "{parameters}");
    assert!(!screen.contains("lr_halve_every"));
    assert!(world.keys("a").screen((120, 60)).contains("lr_halve_every"));
    // One that was trained otherwise.
    world.keys("R home m I");
    assert!(world.screen((160, 44)).contains("recipes differ: epochs, lr"));
    // Alone, whatever is marked, and back.
    world.keys("v");
    assert!(
        world.screen((120, 40)).contains("best epoch") && !world.screen((120, 40)).contains("keys agree")
    );
    world.keys("esc");
    assert_eq!(world.app.focus, PanelId::Runs);
}

#[test]
fn info_is_whole_at_every_size() {
    let mut world = world();
    for keys in ["I", "R M I", "a"] {
        world.keys(keys);
        for size in [(40, 10), (80, 24), (120, 40), (200, 60), (41, 11)] {
            world.screen(size);
            let last = world.keys("end").screen(size);
            world.keys("right right home");
            assert!(!last.is_empty());
        }
    }
    let screen = world.keys("a home left left left").screen((80, 24));
    assert!(screen.contains("runs fit"), "{screen}");
}

#[test]
fn pictures() {
    let mut world = world();
    annotated(&mut world, "c", named("wide hops", "ablation", "from the second batch"));
    let small = [("one", "down down I"), ("several", "R home m m m p I")];
    screens::pictures("info", &mut world, (80, 24), &small);
    screens::pictures("info", &mut world, (200, 60), &[("several", "I"), ("one", "v")]);
    let mut world = world_in(PLAIN);
    screens::pictures("info_ascii", &mut world, (80, 24), &[("marked", "m m p I")]);
    screens::pictures("export", &mut self::world(), (80, 24), &[("", "m m w")]);
}

#[test]
fn a_click_on_a_name_beside_others_chooses_the_run() {
    let mut world = world();
    world.keys("m m I").screen((120, 40));
    let second = world.listed()[1];
    world.click(HitTarget::In(PanelId::Info, PanelTarget::Row(second)));
    assert_eq!(world.current(), Some(second));
}
