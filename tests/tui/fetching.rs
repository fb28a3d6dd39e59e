//! A run whose dataset is not here: the question, the fetch, and what becomes of the run.

use std::path::Path;

use hiresnet_tui::engine::fetch::{FetchProgress, FetchStage, Fetched, Offer, dataset_source};
use hiresnet_tui::tui::action::{Action, Effect, Message};
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::run::{RunId, RunStage};
use hiresnet_tui::tui::session::Question;

use crate::world::{QUIT, World};

const FAULT: &str = "/data: no cifar10 here";

fn offer() -> Offer {
    Offer::of(dataset_source("cifar10").unwrap(), None, Some(Path::new("/data"))).unwrap()
}

/// A world in which t was pressed for CIFAR-10, which is not here.
fn asked() -> (World, RunId) {
    let mut world = World::of("resnet@cifar10");
    world.keys("t");
    let (id, _) = world.started();
    world.tell(Message::Missing(id, offer(), FAULT.into()));
    assert_eq!((world.app.session.question, world.effects()), (Some(Question::Fetch), vec![]));
    (world, id)
}

/// The same, and it is being fetched.
fn going() -> (World, RunId) {
    let (mut world, id) = asked();
    world.keys("y");
    assert_eq!((world.app.session.question, world.effects()), (None, vec![Effect::Fetch(offer())]));
    (world, id)
}

fn progress(done: u64, doing: FetchStage) -> FetchProgress {
    FetchProgress { file: "cifar-10-binary.tar.gz".into(), done, total: 170_052_171, stage: doing }
}

#[test]
fn it_is_asked_about_fetched_and_the_run_begins() {
    let (mut world, id) = asked();
    let screen = world.screen((120, 40));
    assert!(screen.contains("cifar10 not found locally. Download 162 MiB"), "{screen}");
    assert!(screen.contains("www.cs.toronto.edu to") && screen.contains("/data?"), "{screen}");
    world.keys("y").effects();
    assert!(world.screen((120, 40)).contains("downloading cifar10"));
    // What was found in its place is said before it is downloaded.
    let mut other = World::of("resnet@cifar10");
    let found = Some("found cifar-10.zip, which is a web page: download it again".to_owned());
    other.keys("t");
    let (first, _) = other.started();
    other.tell(Message::Missing(first, Offer { found, ..offer() }, FAULT.into()));
    let screen = other.screen((120, 40)).replace(['│', '\n'], " ");
    let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    // Its lines are between those of panels.
    for part in ["cifar10 not found locally (found cifar-10.zip, which is", "a web page: download it again)"]
    {
        assert!(words.contains(part), "{words}");
    }

    world.tell(Message::Fetching(progress(85_026_086, FetchStage::Fetching), 4_194_304.0));
    let screen = world.screen((120, 40));
    assert!(screen.lines().next().unwrap().contains("downloading cifar10 50%"), "{screen}");
    for line in ["─ downloading cifar10 50%", "│81 MiB of 162 MiB · 4.0 MiB/s · eta 20s"] {
        assert!(screen.contains(line), "{screen}");
    }
    let reason = "the server is busy or broken (status 503)".to_owned();
    world.tell(Message::Fetching(progress(9, FetchStage::Waiting { seconds: 7, reason }), 0.0));
    let screen = world.screen((120, 40));
    for line in ["downloading cifar10: retry in 7s", "│the server is busy or broken (status 503)"] {
        assert!(screen.contains(line), "{screen}");
    }
    world.tell(Message::Fetching(progress(170_052_171, FetchStage::Checking), 1.0));
    assert!(world.screen((120, 40)).contains("checking cifar10"));
    // Nothing else is started, and it cannot be paused.
    world.keys("t space");
    assert_eq!(world.effects(), []);
    assert!(world.notice().contains("being downloaded; x cancels that"), "{}", world.notice());

    world.tell(Message::FetchEnded(Ok(Fetched::Now)));
    let (again, spec) = world.started();
    assert_eq!((again, spec.to_string().as_str()), (id, "resnet@cifar10"));
    assert!(world.notice().contains("cifar10 downloaded"), "{}", world.notice());
    world.begin(id);
    assert_eq!(world.run(id).stage, RunStage::Live);
}

#[test]
fn with_no_nothing_is_left_and_after_a_fault_the_next_one_begins() {
    let (mut world, id) = asked();
    world.keys("n");
    assert_eq!((world.app.session.question, world.effects()), (None, vec![]));
    assert!(world.app.session.runs.get(id).is_none() && world.app.session.runs.is_empty(), "no line in Runs");
    assert_eq!(world.level(), Some(Level::Info));
    assert!(world.notice().contains("declined") && world.notice().contains(FAULT), "{}", world.notice());

    let (mut world, id) = going();
    world.keys("t");
    world.tell(Message::FetchEnded(Err("the disk has no room".into())));
    let fault = world.run(id).error.clone().unwrap();
    assert_eq!(fault, "cifar10 could not be downloaded: the disk has no room");
    let (next, _) = world.started();
    assert_ne!(next, id);
    world.tell(Message::Missing(next, offer(), FAULT.into()));
    assert_eq!(world.app.session.question, Some(Question::Fetch), "asked again for the next one");
}

#[test]
fn x_ends_a_fetch() {
    let (mut world, id) = going();
    world.keys("x");
    assert_eq!(world.effects(), [Effect::EndFetch]);
    assert!(world.screen((120, 40)).contains("cancelling the download"));
    // One that was on its way.
    world.tell(Message::Fetching(progress(9, FetchStage::Fetching), 1.0));
    assert!(!world.screen((120, 40)).contains("downloading cifar10"));
    world.tell(Message::FetchEnded(Ok(Fetched::Interrupted)));
    assert_eq!(world.effects(), []);
    assert!(world.app.session.runs.is_empty(), "no line in Runs");
    assert_eq!(world.level(), Some(Level::Info));
    assert!(world.notice().contains("it resumes from here next time"), "{}", world.notice());
    assert!(world.log().contains("download cancelled; "), "{}", world.log());
    world.keys("t");
    assert_ne!(world.started().0, id);
}

#[test]
fn what_was_declined_is_not_asked_again() {
    for way in ["n", "y x"] {
        let (mut world, _) = asked();
        let waits = world.app.session.runs.enqueue("plain@cifar10".parse().unwrap());
        let other = world.app.session.runs.enqueue("plain@fashion-embedded".parse().unwrap());
        world.keys(way).effects();
        if way != "n" {
            world.tell(Message::FetchEnded(Ok(Fetched::Interrupted)));
        }
        // Neither asked about nor begun: the queue waits for a word.
        assert_eq!((world.app.session.question, world.effects()), (None, vec![]), "{way}");
        assert_eq!((world.queue(), world.app.session.is_held()), (vec![waits, other], true));
        assert!(world.log().contains("queue held: cifar10 was not downloaded; t resumes"), "{}", world.log());
        world.keys("t");
        assert_eq!(world.started().0, waits);
        assert_eq!(world.queue().len(), 2, "{way}: the draft is another run, and queued as well");
        world.tell(Message::Missing(waits, offer(), FAULT.into()));
        assert_eq!(world.app.session.question, Some(Question::Fetch), "{way}: it was asked for");
    }
    // The draft waits already: it is not queued once more, neither at the front nor behind.
    for place in 0..2 {
        let mut world = asked().0;
        let lines = ["resnet@cifar10", "plain@cifar10"];
        let ids = [place, 1 - place].map(|i| world.app.session.runs.enqueue(lines[i].parse().unwrap()));
        world.keys("n t");
        assert_eq!((world.started().0, world.queue()), (ids[0], vec![ids[1]]));
        assert!(
            !world.app.session.is_held() && world.notice().contains("resuming the queue"),
            "{}",
            world.notice()
        );
        // Held no longer, it is queued again as ever.
        world.keys("t");
        assert_eq!(world.queue().len(), 2);
    }
    // A run with other data begins, and one that is begun anew is asked about.
    let (mut world, _) = asked();
    let other = world.app.session.runs.enqueue("plain@fashion-embedded".parse().unwrap());
    world.keys("n");
    assert_eq!(world.started().0, other);
    world.begin(other).end(other);
    world.keys("t");
    let (again, _) = world.started();
    world.tell(Message::Missing(again, offer(), FAULT.into()));
    assert_eq!(world.app.session.question, Some(Question::Fetch));
}

#[test]
fn leaving_ends_it_first() {
    let (mut world, _) = going();
    world.keys("q y");
    assert_eq!(world.effects(), [Effect::EndFetch]);
    world.tell(Message::FetchEnded(Ok(Fetched::Interrupted)));
    assert_eq!(world.effects(), [QUIT]);

    // Whole just then: it is not begun any more.
    let (mut world, _) = going();
    world.app.update(Action::Leave);
    assert_eq!(world.effects(), [Effect::EndFetch]);
    world.tell(Message::FetchEnded(Ok(Fetched::Now)));
    assert_eq!(world.effects(), [QUIT]);

    // While the question is open, or before it is.
    let (mut world, _) = asked();
    world.app.update(Action::Leave);
    assert_eq!((world.app.session.question, world.effects()), (None, vec![QUIT]));
    let mut world = World::of("resnet@cifar10");
    world.keys("t");
    let (id, _) = world.started();
    world.app.update(Action::Leave);
    world.effects();
    world.tell(Message::Missing(id, offer(), FAULT.into()));
    assert_eq!((world.app.session.question, world.effects()), (None, vec![QUIT]));
}

#[test]
fn one_question_at_a_time() {
    let mut world = World::of("resnet@cifar10");
    world.keys("t");
    let (id, _) = world.started();
    world.keys("q").tell(Message::Missing(id, offer(), FAULT.into()));
    assert_eq!(world.app.session.question, Some(Question::Quit), "a yes must not be taken for another");
    world.keys("n");
    assert_eq!(world.app.session.question, Some(Question::Fetch));
}
