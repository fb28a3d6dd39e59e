//! Runs that go on in the background, and the way back.

use std::path::PathBuf;

use hiresnet_tui::domain::event::{Control, EventKind, Outcome};
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::detach::{Attached, DetachedProcess, DetachedWork};
use hiresnet_tui::tui::action::{Effect, Message};
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::run::RunId;
use hiresnet_tui::tui::session::Question;
use hiresnet_tui::tui::theme::Theme;

use crate::made::{Course, event, saved, trains};
use crate::world::{DRAFT, QUIT, World};

const COURSE: Course = Course { pace: 140.0, salt: 5 };
const AT: &str = "2026-01-05T20:01:00Z";

/// The run stops as it was told to.
fn stop(world: &mut World, id: RunId) {
    let spec = world.run(id).spec.clone();
    world.events(id, trains(&spec, AT, 30, COURSE));
    let stopped = EventKind::Finished { outcome: Outcome::Stopped, message: None };
    world.events(id, [event(9.0, stopped)]).end(id);
}

/// The only effect there is: work for another process.
fn detached(world: &mut World) -> DetachedWork {
    match &world.effects()[..] {
        [Effect::Detach(work)] => work.clone(),
        other => panic!("not one process: {other:?}"),
    }
}

fn process() -> DetachedProcess {
    DetachedProcess { id: 4242, log: PathBuf::from("runs/detached.log") }
}

#[test]
fn the_run_in_progress_and_the_queue_go_on_in_another_process() {
    let mut world = World::new();
    let id = world.train();
    world.keys("n t B");
    world.effects();
    world.keys("Q");
    assert_eq!(world.orders(), [Control::Stop]);
    assert!(world.notice().contains("detaching"), "{}", world.notice());
    stop(&mut world, id);
    let work = detached(&mut world);
    let lines: Vec<_> = work.runs.iter().map(|(spec, _)| spec.to_string()).collect();
    assert_eq!(lines, [DRAFT, "resnet@fashion-embedded"]);
    assert_eq!(work.runs[0].1, Some(PathBuf::from(format!("runs/r{id}"))), "it is resumed");
    assert_eq!(work.runs[1].1, None, "it is new");
    assert!(work.tensorboard.is_some());
    world.tell(Message::Detached(Ok(process())));
    assert_eq!(world.effects(), [QUIT]);
    let said = world.app.session.farewell.as_deref().unwrap();
    assert!(said.contains("process 4242") && said.contains("runs/detached.log"), "{said}");
}

#[test]
fn quitting_offers_it_while_there_is_something_to_go_on_with() {
    let mut world = World::new();
    let id = world.train();
    let screen = world.keys("q").screen((80, 24));
    assert!(screen.contains("d Detach") && screen.contains("in the background"), "{screen}");
    world.keys("d");
    assert_eq!((world.app.session.question, world.orders()), (None, vec![Control::Stop]));
    // Once it was asked for, it is not offered again.
    assert!(!world.keys("q").screen((80, 24)).contains("Detach"));
    world.keys("d");
    assert_eq!(world.app.session.question, Some(Question::Quit));
    world.keys("n");
    stop(&mut world, id);
    detached(&mut world);
}

#[test]
fn a_run_that_ends_first_is_not_resumed() {
    let mut world = World::new();
    let id = world.train();
    world.keys("Q");
    world.orders();
    let completed = EventKind::Finished { outcome: Outcome::Completed, message: None };
    world.events(id, [event(9.0, completed)]).end(id);
    assert_eq!(world.effects(), [QUIT], "nothing is left to do");
}

#[test]
fn where_it_fails_the_workbench_stays() {
    let mut world = World::new();
    let id = world.train();
    world.keys("n t Q");
    world.effects();
    stop(&mut world, id);
    detached(&mut world);
    world.tell(Message::Detached(Err("the process in the background ended: no data".into())));
    assert_eq!(world.effects(), []);
    assert_eq!(world.level(), Some(Level::Bad));
    assert!(world.notice().contains("no data") && world.app.session.is_held(), "{}", world.notice());
    world.app.session.runs.select(id);
    world.keys("R r");
    assert!(world.effects().iter().any(|effect| matches!(effect, Effect::Start(..))));
}

#[test]
fn with_nothing_to_go_on_with_it_says_so() {
    let mut world = World::new();
    world.keys("Q");
    assert!(world.notice().contains("no run in progress"), "{}", world.notice());
    let mut world = World::with_three(Theme::FULL);
    world.replaying().keys("Q");
    assert!(world.notice().contains("recording"), "{}", world.notice());
    assert_eq!(world.effects(), []);
}

/// A world with one run that another process trains.
fn elsewhere() -> (World, RunId) {
    let mut run = saved("away", "resnet@fashion-embedded epochs=9", AT, COURSE);
    run.state.outcome = None;
    run.being_written = true;
    let mut world = World::new();
    world.find_all(vec![run]);
    world.effects();
    world.keys("R home");
    let id = world.current().unwrap();
    (world, id)
}

#[test]
fn a_run_of_another_process_is_attached_to_by_resuming_it() {
    let (mut world, id) = elsewhere();
    for (size, said) in [((120, 40), "idle · 1 run elsewhere"), ((80, 24), " 1 elsewhere")] {
        let header = world.screen(size).lines().next().unwrap().to_owned();
        assert!(header.trim_end().ends_with(said), "{header}");
    }
    let screen = world.keys("r").screen((80, 24));
    assert!(screen.contains("Attach to run?") && screen.contains("y Attach"), "{screen}");
    assert!(!screen.contains("Detach"), "{screen}");
    world.keys("y");
    let path = world.run(id).path.clone().unwrap();
    assert_eq!(world.effects(), [Effect::Attach(id, path.clone())]);

    let mut run = saved("away", "resnet@fashion-embedded epochs=9", AT, COURSE);
    (run.path, run.state.outcome) = (path.clone(), Some(Outcome::Stopped));
    let queue: Vec<ExperimentSpec> = vec!["plain@fashion-embedded".parse().unwrap()];
    world.tell(Message::Attached(id, Ok(Box::new(Attached { run, queue }))));
    let starts: Vec<_> = world.effects().into_iter().filter(|it| matches!(it, Effect::Start(..))).collect();
    let [Effect::Start(started, _, Some(left), _)] = &starts[..] else { panic!("{starts:?}") };
    assert_eq!((*started, left), (id, &path));
    let queue = world.queue();
    assert_eq!(queue.len(), 1);
    assert_eq!(world.run(queue[0]).line, "plain@fashion-embedded");
}

#[test]
fn a_process_that_may_not_be_stopped_leaves_all_as_it_was() {
    let (mut world, id) = elsewhere();
    world.keys("r y");
    world.effects();
    world.tell(Message::Attached(id, Err("a process on other-host trains this run".into())));
    assert!(world.notice().contains("other-host"), "{}", world.notice());
    assert_eq!((world.effects(), world.run(id).status().name()), (vec![], "running (other process)"));
    // Whoever says no asks nobody to stop.
    world.keys("r n");
    assert_eq!(world.effects(), []);
}
