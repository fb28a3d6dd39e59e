//! Whatever comes, in whatever order: no panic, no trap, nothing that a terminal would
//! act on.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEventKind};
use hiresnet_tui::domain::event::{Event, EventKind, Outcome, Split};
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::store::SavedRun;
use hiresnet_tui::tui::action::{Action, Message};
use hiresnet_tui::tui::bindings::bindings;
use hiresnet_tui::tui::command::{AppCommand, QuestionAnswer};
use hiresnet_tui::tui::config::Config;
use hiresnet_tui::tui::keymap::parse;
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::theme::Theme;
use proptest::prelude::*;
use ratatui::buffer::Buffer;

use crate::features::sample;
use crate::made::{Course, event, last_step_only, three, whole};
use crate::screens::{ASCII, training};
use crate::world::{DRAFT, World, key};

/// That no cell holds a control character or one that changes the direction of text.
pub fn assert_harmless(buffer: &Buffer) {
    for cell in buffer.content() {
        let is_bad = |c: char| {
            c.is_control()
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(!cell.symbol().contains(is_bad), "{:?}", cell.symbol());
    }
}

/// Something that happens.
#[derive(Debug, Clone)]
enum Happening {
    Key(KeyEvent),
    Typed(String),
    Mouse(MouseEventKind, u16, u16),
    Pasted(String),
    Resized(u16, u16),
    /// The event of a run's life at this part of it.
    Lived(usize, f64),
    Ends(usize, EventKind),
    Started(usize),
    Ended(usize, Option<String>, bool),
    Found(usize, bool),
    Searched(usize),
    Loaded(usize, bool),
    Deleted(usize, bool),
    /// What an image looks like, the image's number included.
    Looked(usize, usize, bool),
    Said(String),
    Second,
    Leave,
}

fn keys() -> impl Strategy<Value = KeyEvent> {
    let table: Vec<KeyEvent> =
        bindings().iter().flat_map(|b| b.keys).map(|key| parse(key).unwrap().into()).collect();
    let modifiers = prop_oneof![
        8 => Just(KeyModifiers::NONE),
        1 => Just(KeyModifiers::SHIFT),
        1 => Just(KeyModifiers::CONTROL),
        1 => Just(KeyModifiers::ALT | KeyModifiers::SHIFT),
    ];
    let any =
        (any::<char>(), modifiers).prop_map(|(c, modifiers)| KeyEvent::new(KeyCode::Char(c), modifiers));
    let others = [KeyCode::Backspace, KeyCode::Insert, KeyCode::Null, KeyCode::F(35), KeyCode::CapsLock];
    let others =
        prop::sample::select(others.to_vec()).prop_map(|code| KeyEvent::new(code, KeyModifiers::ALT));
    prop_oneof![12 => prop::sample::select(table), 2 => any, 1 => others]
}

fn texts() -> impl Strategy<Value = String> {
    let known = [
        "resnet+hires[In,P2]@cifar10 seed=1",
        "plain@tiny-imagenet blocks=1 widths=4",
        "1,1,1,1,1",
        "0",
        "1e9",
    ];
    prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        any::<String>(),
        "[\u{1b}\u{202e}\u{200d}a-z0-9 @+日本]{0,40}",
    ]
}

fn mouse() -> impl Strategy<Value = Happening> {
    let left = MouseButton::Left;
    let kinds = [
        MouseEventKind::Down(left),
        MouseEventKind::Down(left),
        MouseEventKind::Drag(left),
        MouseEventKind::Up(left),
        MouseEventKind::Down(MouseButton::Right),
        MouseEventKind::Moved,
        MouseEventKind::ScrollUp,
        MouseEventKind::ScrollDown,
        MouseEventKind::ScrollLeft,
    ];
    let column = prop_oneof![20 => 0..200u16, 1 => Just(u16::MAX)];
    (prop::sample::select(kinds.to_vec()), column, 0..70u16)
        .prop_map(|(kind, column, row)| Happening::Mouse(kind, column, row))
}

fn news() -> impl Strategy<Value = Happening> {
    use Happening::*;
    let ends = prop_oneof![
        Just(EventKind::Paused),
        Just(EventKind::Resumed),
        Just(EventKind::Tick { done: 7, total: 5 }),
        Just(EventKind::Diverged { epoch: 0, step: 0, split: Split::Test, loss: "\u{1b}NaN".into() }),
        Just(EventKind::Finished { outcome: Outcome::Failed, message: Some("\u{1b}[2J".into()) }),
        Just(EventKind::Step { epoch: 9, step: 0, loss: f32::NAN, images: 0, hits: 3 }),
        Just(EventKind::Step { epoch: 0, step: usize::MAX, loss: f32::INFINITY, images: 1, hits: 0 }),
        Just(EventKind::Probed { epoch: 3, split: Split::Train, blocks: vec![] }),
    ];
    prop_oneof![
        6 => (0..5usize, 0.0..1.0).prop_map(|(id, part)| Lived(id, part)),
        2 => (0..5usize, ends).prop_map(|(id, kind)| Ends(id, kind)),
        3 => (0..5usize).prop_map(Started),
        2 => (0..5usize, any::<bool>(), any::<bool>())
            .prop_map(|(id, fails, holds)| Ended(id, fails.then(|| "it failed\u{202e}".into()), holds)),
        2 => (0..4usize, any::<bool>()).prop_map(|(which, live)| Found(which, live)),
        1 => (0..4usize).prop_map(Searched),
        1 => (0..5usize, any::<bool>()).prop_map(|(id, well)| Loaded(id, well)),
        1 => (0..5usize, any::<bool>()).prop_map(|(id, well)| Deleted(id, well)),
        2 => (0..5usize, 0..3usize, any::<bool>()).prop_map(|(id, image, well)| Looked(id, image, well)),
        1 => texts().prop_map(Said),
        1 => Just(Second),
    ]
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let size = prop_oneof![
        4 => (0..=250u16, 0..=80u16),
        1 => prop::sample::select(vec![(0, 0), (40, 10), (80, 24), (120, 40), (200, 60)]),
    ];
    let one = prop_oneof![
        20 => keys().prop_map(Happening::Key),
        2 => texts().prop_map(Happening::Typed),
        6 => mouse(),
        2 => texts().prop_map(Happening::Pasted),
        3 => size.prop_map(|(width, height)| Happening::Resized(width, height)),
        12 => news(),
        1 => Just(Happening::Leave),
    ];
    prop::collection::vec(one, 1..80)
}

/// What the happenings tell of.
struct Life {
    events: Vec<Event>,
    size: (u16, u16),
}

impl Life {
    fn new() -> Self {
        let spec: ExperimentSpec = "resnet+hires@fashion-embedded epochs=2".parse().unwrap();
        Self { events: whole(&spec, "2026-01-05T20:01:00Z", Course { pace: 90.0, salt: 3 }), size: (80, 24) }
    }

    fn happen(&mut self, world: &mut World, what: Happening) {
        let message = match what {
            Happening::Key(key) => return world.app.update(Action::Key(key)),
            Happening::Typed(text) => return world.type_text(&text),
            Happening::Pasted(text) => return world.app.update(Action::Paste(text)),
            Happening::Leave => return world.app.update(Action::Leave),
            Happening::Resized(width, height) => {
                self.size = (width, height);
                return;
            }
            Happening::Mouse(kind, column, row) => {
                world.mouse(kind, column, row);
                return;
            }
            // Everything up to there, so that there is something to draw.
            Happening::Lived(id, part) => {
                let count = (part * self.events.len() as f64) as usize;
                world.events(id, self.events[..count].iter().cloned());
                return;
            }
            Happening::Ends(id, kind) => Message::Event(id, event(f64::MAX, kind)),
            Happening::Started(id) => Message::Started(id, format!("runs/\u{1b}{id}").into()),
            Happening::Ended(id, error, holds) => Message::Ended { id, error, holds },
            Happening::Found(which, live) => {
                let mut run = last_step_only(three().remove(which % 3));
                if live {
                    run = SavedRun { path: format!("runs/\u{1b}{which}").into(), ..run };
                }
                Message::Found(Box::new(run))
            }
            Happening::Searched(count) => {
                Message::Searched(three().into_iter().take(count).map(|run| run.path).collect())
            }
            Happening::Loaded(id, true) => Message::Loaded(id, 0, Ok(Box::new(three().remove(id % 3).state))),
            Happening::Loaded(id, false) => Message::Loaded(id, 0, Err("not read".into())),
            Happening::Deleted(id, true) => Message::Deleted(id, Ok(())),
            Happening::Deleted(id, false) => Message::Deleted(id, Err("not deleted".into())),
            Happening::Looked(id, image, true) => {
                let spec = world
                    .app
                    .session
                    .runs
                    .get(id)
                    .map_or_else(|| DRAFT.parse().unwrap(), |run| run.spec.clone());
                Message::Looked(id, image, Ok(Arc::new(sample(&spec, image))))
            }
            Happening::Looked(id, image, false) => Message::Looked(id, image, Err("no weights".into())),
            Happening::Said(text) => Message::Notice(Level::Bad, text),
            Happening::Second => Message::Second { clock: "00:00:01".into(), memory: Some(u64::MAX) },
        };
        world.tell(message);
    }
}

/// That every frame can be shown, and that Esc leads out of everything.
fn survives(theme: Theme, happenings: Vec<Happening>) {
    let mut world = World::with(DRAFT, &Config::default(), theme);
    world.find_all(three());
    let mut life = Life::new();
    for what in happenings {
        life.happen(&mut world, what);
        let buffer = world.buffer(life.size);
        assert_harmless(&buffer);
        // A key in Preferences may have made it another.
        if world.app.session.theme.is_ascii() {
            assert_ascii(&buffer);
        }
    }
    let listed = world.listed();
    assert!(listed.iter().all(|id| world.app.session.runs.get(*id).is_some()));
    assert!(world.app.session.runs.queue().all(|id| listed.contains(&id)));
    assert!(
        world
            .app
            .session
            .draft
            .spec()
            .clone()
            .checked()
            .is_ok_and(|spec| spec == *world.app.session.draft.spec())
    );

    world.keys("esc esc esc");
    assert!(world.keys_are_commands());
    let zoomed = world.app.screen.zoomed;
    assert_ne!(world.keys("z").app.screen.zoomed, zoomed);
    let (runs, draft) = (world.app.session.runs.len(), world.app.session.draft.spec());
    // A held queue in which the draft waits already only goes on.
    let waits = world.queue().iter().any(|id| world.run(*id).spec == *draft);
    let more = usize::from(!(world.app.session.is_held() && waits));
    world.keys("t");
    // There may be a run of it.
    if world.app.session.question.is_some() {
        world.keys("y");
    }
    assert_eq!(world.app.session.runs.len(), runs + more);
}

fn assert_ascii(buffer: &Buffer) {
    for cell in buffer.content() {
        assert!(cell.symbol().is_ascii(), "{:?}", cell.symbol());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn anything_in_any_order(happenings in happenings()) {
        survives(Theme::FULL, happenings);
    }

    #[test]
    fn anything_in_any_order_in_ascii(happenings in happenings()) {
        survives(ASCII, happenings);
    }
}

#[test]
fn every_size_can_be_painted_and_ascii_stays_ascii() {
    for what in ["", "i", "m m", "q", "S enter", "S down down down enter text:x", "R / text:x", "?", "z"] {
        for (theme, keys) in [(Theme::FULL, "C"), (ASCII, "C"), (ASCII, "W"), (ASCII, "A"), (ASCII, "R")] {
            let mut world = training(theme);
            world.keys(keys).keys(what);
            for (width, height) in
                [(0, 0), (1, 1), (40, 10), (41, 11), (60, 12), (79, 23), (110, 32), (160, 45), (250, 80)]
            {
                let buffer = world.buffer((width, height));
                assert_harmless(&buffer);
                if theme.is_ascii() {
                    assert_ascii(&buffer);
                }
            }
        }
    }
}

#[test]
fn a_question_is_read_and_answered_on_a_terminal_that_is_too_small() {
    let mut world = World::new();
    world.train();
    world.keys("q");
    for size in [(39, 24), (80, 9), (20, 6)] {
        let shown = world.screen(size).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains("The run stops and can be resumed."), "{shown}");
        assert!(shown.contains("y Quit d Detach n Cancel"), "{shown}");
    }
    world.click(key(AppCommand::Answer(QuestionAnswer::No)));
    assert!(world.keys_are_commands());
    assert!(world.screen((20, 6)).contains("too small"));
}
