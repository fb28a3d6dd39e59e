//! Training, the queue, and leaving.

use hiresnet_tui::domain::event::{Control, EventKind, Outcome, RunResumed, Split};
use hiresnet_tui::domain::system::{GpuUse, SystemUse};
use hiresnet_tui::tui::action::{Action, Effect, Message};
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::run::RunStage;

use crate::made::{Course, begins, ends, event, trains, whole};
use crate::world::{DRAFT, QUIT, World};

const COURSE: Course = Course { pace: 140.0, salt: 5 };
const AT: &str = "2026-01-05T20:01:00Z";

#[test]
fn t_trains_the_draft_and_a_second_one_waits() {
    let mut world = World::new();
    world.keys("t");
    let (first, spec) = world.started();
    assert_eq!(spec.to_string(), DRAFT);
    assert_eq!(spec, *world.app.session.draft.spec());
    assert_eq!((world.run(first).stage, world.run(first).status().name()), (RunStage::Starting, "starting"));
    assert!(world.notice().starts_with("starting resnet+hires"), "{}", world.notice());

    world.begin(first).keys("n t");
    assert_eq!(world.effects(), [], "one run at a time");
    assert_eq!(world.run(first).status().name(), "training");
    let waiting = world.queue();
    assert_eq!(waiting.len(), 1);
    assert_eq!(world.run(waiting[0]).spec.network_name(), "resnet");
    assert!(world.notice().starts_with("queued (1 ahead): resnet@"), "{}", world.notice());
    assert_eq!(world.current(), Some(first), "the cursor stays on the run that trains");
    assert!(world.keys("R").screen((120, 40)).contains("queued 1"));
}

#[test]
fn the_run_is_not_altered_when_the_draft_is() {
    let mut world = World::new();
    let id = world.train();
    let (spec, line) = (world.run(id).spec.clone(), world.run(id).line.clone());
    world.keys("1 n o S end left").app.session.setup.select(7);
    world.keys("right d right");
    world.app.update(Action::Paste("plain@cifar10 seed=4".into()));
    assert_eq!(world.line(), "plain@cifar10 seed=4");
    assert_eq!((&world.run(id).spec, &world.run(id).line), (&spec, &line));
    world.events(id, whole(&spec, AT, COURSE));
    assert_eq!(world.run(id).spec, spec);
    assert_eq!(world.effects(), []);
}

#[test]
fn the_queue_is_reordered_edited_and_trained_in_order() {
    let mut world = World::new();
    let first = world.train();
    for version in ["n", "1", "2", "3"] {
        world.keys(version).keys("t");
    }
    let [a, b, c, d] = world.queue()[..] else { panic!("{:?}", world.queue()) };
    assert_eq!(world.listed(), [first, a, b, c, d]);
    world.keys("R home end K");
    assert_eq!(world.queue(), [a, b, d, c]);
    assert_eq!(world.current(), Some(d), "the cursor goes with the run");
    world.keys("K K K");
    assert_eq!(world.queue(), [d, a, b, c]);
    world.keys("J");
    assert_eq!(world.queue(), [a, d, b, c]);
    assert_eq!(world.listed(), [first, a, d, b, c]);
    world.keys("end J up d");
    assert_eq!(world.queue(), [a, d, c], "taken out without a question");
    assert_eq!((world.app.session.question, world.effects()), (None, vec![]));
    assert!(world.app.session.runs.get(b).is_none());

    world.keys("home K");
    assert_eq!(world.queue(), [a, d, c], "the run that trains is not moved");
    assert!(world.notice().contains("only queued runs"), "{}", world.notice());

    for (ended, next) in [(first, a), (a, d), (d, c)] {
        world.end(ended);
        let (started, spec) = world.started();
        assert_eq!((started, &spec), (next, &world.run(next).spec));
        assert_eq!(world.run(ended).stage, RunStage::Over);
        world.begin(started);
    }
    world.end(c);
    assert_eq!((world.effects(), world.queue()), (vec![], vec![]));
}

#[test]
fn space_pauses_and_goes_on_and_x_stops_and_keeps() {
    let mut world = World::new();
    world.keys("space x");
    assert_eq!(world.effects(), [], "no run in progress");
    assert_eq!(world.notice(), "no run in progress");

    let id = world.train();
    let spec = world.run(id).spec.clone();
    world.events(id, trains(&spec, AT, 100, COURSE)).keys("space");
    assert_eq!(world.orders(), [Control::Pause]);
    world.events(id, [event(60.0, EventKind::Paused)]);
    assert_eq!(world.run(id).status().name(), "paused");
    assert!(world.screen((120, 40)).lines().next().unwrap().contains("paused 2/10"));
    world.keys("space");
    assert_eq!(world.orders(), [Control::Continue]);
    world.events(id, [event(90.0, EventKind::Resumed)]);
    assert_eq!(world.run(id).status().name(), "training");

    world.keys("x");
    assert_eq!(world.orders(), [Control::Stop]);
    assert!(world.notice().contains("can be resumed"), "{}", world.notice());
    let stopped = EventKind::Finished { outcome: Outcome::Stopped, message: None };
    world.events(id, [event(91.0, stopped)]).end(id);
    assert_eq!((world.run(id).status().name(), world.run(id).stage), ("stopped", RunStage::Over));
    assert_eq!(world.run(id).state.steps.len(), 100);
    assert_eq!(world.effects(), [], "nothing is deleted or loaded");
    assert!(world.drawn().contains(&id));
    assert!(world.log().contains("resnet+hires stopped after 1m 31s"), "{}", world.log());
}

#[test]
fn a_run_that_is_about_to_start_can_be_stopped() {
    let mut world = World::new();
    world.keys("t");
    let (id, _) = world.started();
    world.keys("x");
    assert_eq!(world.orders(), [Control::Stop]);
    world.keys("R d");
    assert_eq!(world.app.session.question, None);
    assert!(world.notice().contains("x stops it"), "{}", world.notice());
    assert_eq!(world.run(id).stage, RunStage::Starting);
}

#[test]
fn q_quits_at_once_or_asks() {
    let mut world = World::new();
    assert_eq!(world.keys("q").effects(), [QUIT]);

    let mut world = World::with_three(hiresnet_tui::tui::theme::Theme::FULL);
    assert_eq!(world.keys("q").effects(), [QUIT], "runs on disk do not keep anybody");

    let mut world = World::new();
    let id = world.train();
    world.keys("q");
    assert_eq!(world.effects(), []);
    let text = world.app.session.question_text().unwrap();
    assert!(text.starts_with("The run stops and can be resumed."), "{text}");
    world.keys("t x space 1");
    assert_eq!((world.effects(), world.queue().len()), (vec![], 0), "other keys answer nothing");
    for no in ["n", "esc", "q"] {
        world.keys(no);
        assert!(world.keys_are_commands() && !world.app.session.is_leaving());
        world.keys("q");
    }
    world.keys("y");
    assert_eq!(world.orders(), [Control::Stop]);
    assert!(world.app.session.is_leaving() && world.screen((120, 40)).contains("stopping"));
    world.keys("t");
    let stopped = EventKind::Finished { outcome: Outcome::Stopped, message: None };
    world.events(id, [event(5.0, stopped)]);
    assert_eq!(world.effects(), [], "not before the run has ended");
    world.end(id);
    assert_eq!(world.effects(), [QUIT], "and nothing else is started");
}

#[test]
fn ctrl_c_in_the_question_leaves_at_once_and_a_signal_stops_first() {
    let mut world = World::new();
    world.train();
    world.keys("ctrl-c");
    assert_eq!(world.effects(), []);
    assert_eq!(world.keys("ctrl-c").effects(), [QUIT]);

    let mut world = World::new();
    let id = world.train();
    world.app.update(Action::Leave);
    assert_eq!(world.orders(), [Control::Stop]);
    assert_eq!(world.end(id).effects(), [QUIT]);
    let mut world = World::new();
    world.app.update(Action::Leave);
    assert_eq!(world.effects(), [QUIT]);
}

#[test]
fn quitting_says_how_many_still_wait() {
    let mut world = World::new();
    world.train();
    world.keys("t q");
    assert!(world.app.session.question_text().unwrap().contains("1 run is still queued"));
    world.keys("n t q");
    assert!(world.app.session.question_text().unwrap().contains("2 runs are still queued"));
}

#[test]
fn a_run_that_could_not_be_kept_holds_the_queue() {
    let mut world = World::new();
    let id = world.train();
    world.keys("n t 1 t");
    let [a, b] = world.queue()[..] else { panic!("{:?}", world.queue()) };
    let fault = "cannot write runs/r0/events.jsonl: no space left on device";
    world.tell(Message::Ended { id, error: Some(fault.into()), holds: true });
    assert_eq!(world.effects(), [], "the next would meet the same");
    assert!(
        world.app.session.is_held()
            && world.log().contains(fault)
            && world.log().contains("press t to resume")
    );
    assert_eq!((world.run(id).status().name(), world.level()), ("failed", Some(Level::Bad)));
    let screen = world.keys("R").screen((120, 40));
    assert!(screen.contains("queue held"), "{screen}");

    world.keys("q");
    assert_eq!(
        world.app.session.question_text().unwrap(),
        "2 runs are still queued and will not be trained. Detach lets the work go on in the background."
    );
    world.keys("n b t");
    let (started, _) = world.started();
    assert_eq!(started, a, "t goes on with the queue");
    assert!(!world.app.session.is_held());
    assert_eq!(world.queue()[0], b);
    // A failure that is the run's own does not hold the others.
    world.tell(Message::Ended { id: a, error: Some("an error".into()), holds: false });
    assert_eq!(world.started().0, b);
}

#[test]
fn an_emptied_queue_is_held_no_longer() {
    let mut world = World::new();
    let id = world.train();
    world.keys("t").tell(Message::Ended { id, error: Some("disk full".into()), holds: true });
    world.keys("R home");
    assert_eq!(world.current(), Some(world.queue()[0]));
    world.keys("d");
    assert!(!world.app.session.is_held() && world.screen((120, 40)).contains("idle"));
}

#[test]
fn divergence_and_failure_are_told_in_full() {
    let mut world = World::new();
    let id = world.train();
    let spec = world.run(id).spec.clone();
    world.events(id, trains(&spec, AT, 30, COURSE));
    let diverged = EventKind::Diverged { epoch: 1, step: 31, split: Split::Train, loss: "Na\u{1b}N".into() };
    world.events(id, [event(20.0, diverged)]);
    assert_eq!(world.notice(), "resnet+hires diverged: loss Na␛N at step 31 (epoch 1)");
    assert!(world.log().contains(world.notice()));
    let finished = EventKind::Finished { outcome: Outcome::Diverged, message: None };
    world.events(id, [event(20.5, finished)]).end(id);
    assert_eq!(world.run(id).status().name(), "diverged");

    let id = world.train();
    let fault = "runs/r1: the dataset's file train-images-idx3-ubyte.gz ends after 1234 of 5678 bytes, \
                 so that the last 4444 images are missing; fetch it again from where it came";
    world.tell(Message::Ended { id, error: Some(fault.into()), holds: false });
    assert_eq!(world.run(id).status().name(), "failed");
    // In the log every word of it can be read, in a panel as narrow as on 80 columns too.
    let screen = world.keys("L z").screen((80, 24));
    let shown: Vec<&str> = screen.split_whitespace().filter(|word| *word != "│").collect();
    let shown = shown.join(" ").replace('│', "");
    let words: Vec<&str> = fault.split_whitespace().collect();
    assert!(words.iter().all(|word| shown.contains(word)), "{screen}");
    assert!(world.screen((80, 24)).contains("images are missing"));
}

#[test]
fn the_log_shows_how_busy_the_machine_is() {
    let mut world = World::new();
    let id = world.train();
    let spec = world.run(id).spec.clone();
    world.events(id, trains(&spec, AT, 30, COURSE));
    world.keys("L z");
    assert!(!world.screen((80, 24)).contains("cpu ▁"), "nothing is made up");
    let gpu = GpuUse { load: 93.0, memory: 3 << 30, temperature: Some(61.0) };
    for (i, cpu) in [3.0, 55.0, 97.0].into_iter().enumerate() {
        let seen = SystemUse { cpu, memory: 152 << 20, gpu: Some(gpu) };
        world.events(id, [event(40.0 + i as f64, EventKind::System(seen))]);
    }
    let screen = world.screen((80, 24));
    let row = screen.lines().find(|line| line.contains("cpu ▁")).unwrap_or_else(|| panic!("{screen}"));
    for part in ["▁▄█", " 97%", "mem ███", "152M", "gpu ▇▇▇", "93% 61°", "vram ███", "3.0G"]
    {
        assert!(row.contains(part), "{part}: {row}");
    }
    for size in [(40, 10), (39, 9), (200, 60)] {
        world.screen(size);
    }
}

#[test]
fn the_log_follows_a_run() {
    let mut world = World::new();
    let id = world.train();
    let spec = world.run(id).spec.clone();
    world.events(id, trains(&spec, AT, 900, COURSE)).events(id, ends(&spec, 400.0, 9)).end(id);
    let log = world.log();
    for text in
        ["saving to runs/r0", "training on cpu", "epoch 10: train", "(best)", "test, best weights (epoch 9)"]
    {
        assert!(log.contains(text), "{text} is not in {log}");
    }
    assert!(log.contains("resnet+hires completed after 6m 43s"), "{log}");
    assert_eq!((world.run(id).epochs(), world.run(id).status().name()), ("10/10".into(), "completed"));
    assert!(world.run(id).test().is_some());
}

#[test]
fn silence_is_counted_until_the_run_speaks() {
    let mut world = World::new();
    world.keys("t");
    let (id, spec) = world.started();
    let second = || Message::Second { clock: "21:04:08".into(), memory: None };
    (0..12).for_each(|_| _ = world.tell(second()));
    assert!(world.screen((120, 40)).contains("reading data 12s"));
    world.begin(id).events(id, [begins(&spec, AT)]);
    assert_eq!(world.app.session.machine.silent, 0);
}

#[test]
fn a_run_that_ended_early_is_gone_on_with_where_it_lies() {
    let mut world = World::new();
    let mut all = crate::made::three();
    all[0].state.outcome = Some(Outcome::Stopped);
    all[1].state.outcome = None;
    let (stopped, cut_off) = (all[0].path.clone(), all[1].path.clone());
    world.find_all(all);
    world.keys("R");
    let id_of = |world: &World, path: &std::path::Path| {
        let mut runs = world.app.session.runs.listed();
        runs.find(|run| run.path.as_deref() == Some(path)).unwrap().id
    };
    let (first, second) = (id_of(&world, &stopped), id_of(&world, &cut_off));
    world.app.session.runs.select(first);
    world.effects();
    world.keys("r");
    let starts: Vec<_> = world.effects().into_iter().filter(|e| matches!(e, Effect::Start(..))).collect();
    assert!(
        matches!(&starts[..], [Effect::Start(id, _, Some(path), _)] if *id == first && *path == stopped),
        "{starts:?}"
    );
    assert!(world.notice().starts_with("resuming resnet@"), "{}", world.notice());
    // What was done after the checkpoint is gone when it trains again.
    let mut kept = world.run(first).state.clone();
    kept.outcome = None;
    kept.epochs.truncate(1);
    world.tell(Message::Loaded(first, 0, Ok(Box::new(kept))));
    world.tell(Message::Started(first, stopped));
    assert_eq!(
        (world.run(first).status().name(), world.run(first).epochs().split('/').next()),
        ("training", Some("1"))
    );

    // The next waits, and stays on disk when it is taken out of the queue.
    world.app.session.runs.select(second);
    world.keys("r");
    assert_eq!(world.queue(), [second]);
    world.keys("d");
    assert_eq!((world.queue().len(), world.run(second).status().name()), (0, "unfinished"));
    assert!(world.app.session.question.is_none());
    let complete = world.app.session.runs.listed().find(|run| run.status().name() == "completed").unwrap().id;
    world.app.session.runs.select(complete);
    world.keys("r");
    assert!(world.notice().contains("this run is complete"), "{}", world.notice());
}

#[test]
fn a_resumed_run_says_how_long_it_will_take() {
    let mut world = World::new();
    let id = world.train();
    let spec = world.run(id).spec.clone();
    world.events(id, trains(&spec, AT, 225, COURSE));
    let (before, t) = (world.run(id).state.eta().unwrap(), world.run(id).state.t);
    world.events(id, [event(t, EventKind::Finished { outcome: Outcome::Stopped, message: None })]).end(id);
    assert_eq!(world.run(id).state.eta(), None);
    world.keys("R home r").effects();
    let resumed = RunResumed { epoch: 3, step: 225, device: "cpu".into(), instructions: None, at: AT.into() };
    // The time between does not count.
    world.begin(id).events(id, [event(t + 1000.0, EventKind::Continued(resumed))]);
    let after = world.run(id).state.eta().unwrap();
    assert!((after - before).abs() < 1e-6 * before, "{before} {after}");
    assert!(world.screen((120, 40)).lines().next().unwrap().contains("eta"));
}

#[test]
fn event_files_are_switched_on_and_off() {
    let mut world = World::new();
    world.app.session.set_boards(None, "some/runs".into());
    assert_eq!(world.effects(), [], "off until somebody wants them");
    world.keys("B");
    assert_eq!(world.effects(), [Effect::WriteBoards(Some("some/runs".into()))]);
    assert!(world.notice().ends_with("tensorboard --logdir some/runs"), "{}", world.notice());
    let id = world.train();
    assert!(world.screen((120, 40)).contains("· TensorBoard"));
    let kind = EventKind::BoardFailed { message: "TensorBoard: cannot write x: full".into() };
    world.events(id, [event(1.0, kind)]);
    assert_eq!(world.level(), Some(Level::Warn));
    assert_eq!(world.notice(), "TensorBoard: cannot write x: full");
    assert_eq!(world.run(id).status().name(), "training");
    world.keys("B");
    assert_eq!(world.effects(), [Effect::WriteBoards(None)]);
    assert!(!world.screen((120, 40)).contains("· TensorBoard"));

    // Asked for on the command line.
    let mut world = World::new();
    world.app.session.set_boards(Some("board".into()), "runs".into());
    assert_eq!(world.effects(), [Effect::WriteBoards(Some("board".into()))]);
    world.keys("B B");
    assert_eq!(world.effects(), [Effect::WriteBoards(None), Effect::WriteBoards(Some("board".into()))]);
}

#[test]
fn a_spec_that_has_been_trained_is_trained_again_only_when_somebody_says_so() {
    let mut world = World::new();
    let id = world.train();
    world.events(id, whole(&world.run(id).spec.clone(), AT, COURSE)).end(id);
    world.effects();
    let asked = |world: &mut World| {
        world.keys("t");
        assert_eq!(world.effects(), [], "nothing starts before the answer");
        world.screen((80, 24))
    };
    let shown = asked(&mut world);
    assert!(shown.contains("Train again?") && shown.contains("completed, epoch"), "{shown}");
    assert!(shown.contains("y Train again") && shown.contains("s Next seed"), "{shown}");
    assert!(!shown.contains("r Resume"), "it is complete: {shown}");
    world.keys("r");
    assert!(world.screen((80, 24)).contains("Train again?"), "r means nothing here");
    world.keys("n");
    assert_eq!((world.effects(), world.queue()), (vec![], vec![]));

    asked(&mut world);
    world.keys("s");
    let (next, spec) = world.started();
    assert_eq!(spec.seed, 1, "the next free seed");
    assert_eq!(spec.to_string(), format!("{DRAFT} seed=1"));
    assert_eq!(world.app.session.draft.spec().seed, 0, "the draft stays");
    world.begin(next);
    let course = trains(&spec, AT, 3, COURSE);
    world.events(next, course);
    let stopped = EventKind::Finished { outcome: Outcome::Stopped, message: None };
    world.events(next, [event(9.0, stopped)]).end(next);

    asked(&mut world);
    world.keys("y");
    let (again, spec) = world.started();
    assert!(spec.seed == 0 && again != id);
    world.begin(again).end(again);

    // One that was stopped can be resumed.
    assert!(world.app.session.draft.replace(world.run(next).spec.clone()).is_ok());
    let shown = asked(&mut world);
    assert!(shown.contains("stopped, epoch") && shown.contains("r Resume"), "{shown}");
    world.keys("r");
    assert!(matches!(&world.effects()[..], [Effect::Start(run, _, Some(_), _)] if *run == next));
}
