//! Messages: where they are, and that they say what is true now.

use hiresnet_tui::domain::event::{EventKind, Outcome};
use hiresnet_tui::tui::action::{Action, Message};
use hiresnet_tui::tui::log::Level;
use hiresnet_tui::tui::theme::Theme;

use crate::made::event;
use crate::screens::training;
use crate::world::World;

/// The last two lines of a screen: the lower frames, and the keys.
fn last_lines(world: &mut World, size: (u16, u16)) -> [String; 2] {
    let screen = world.screen(size);
    let lines: Vec<&str> = screen.lines().collect();
    [lines[lines.len() - 2].into(), lines[lines.len() - 1].into()]
}

#[test]
fn a_message_hides_neither_keys_nor_what_a_panel_shows() {
    for size in [(40, 10), (80, 24), (120, 40), (200, 60)] {
        let mut world = training(Theme::FULL);
        let before = world.screen(size);
        let [_, keys] = last_lines(&mut world, size);
        let text = "a message that is told while all panels are looked at ".repeat(9);
        world.tell(Message::Notice(Level::Warn, text));
        let [message, now] = last_lines(&mut world, size);
        assert_eq!(now, keys);
        assert!(message.starts_with("╰ a message that") && message.ends_with('╯'), "{message}");
        assert!(message.contains("…") && message.contains("(L: full text)"), "{message}");
        let rows = before.lines().count() - 2;
        let is_log = |line: &&str| !line.contains("a message");
        let after = world.screen(size);
        let same = before.lines().zip(after.lines()).take(rows).filter(|(_, line)| is_log(line));
        // The log has the message, and scrolls.
        assert!(same.filter(|(a, b)| a != b).count() < 12);
    }
}

#[test]
fn what_is_said_of_the_queue_follows_it() {
    let mut world = World::new();
    let first = world.train();
    assert_eq!(world.notice(), "", "the header says that it trains");
    world.keys("n t 1 t");
    assert!(world.notice().starts_with("queued (2 ahead): resnet+hires[P1]@"), "{}", world.notice());
    world.end(first);
    assert!(world.notice().starts_with("queued (1 ahead): resnet+hires[P1]@"), "{}", world.notice());
    let (second, _) = world.started();
    world.begin(second).end(second);
    assert!(world.notice().starts_with("starting resnet+hires[P1]@"), "{}", world.notice());
    let (third, _) = world.started();
    world.begin(third);
    assert_eq!(world.notice(), "");
}

#[test]
fn what_is_said_of_a_run_goes_when_it_is_no_longer_so() {
    let mut world = World::new();
    world.keys("space");
    assert_eq!(world.notice(), "no run in progress; t trains the draft");
    let spec = world.app.session.draft.spec().clone();
    world.keys("W");
    // Somebody else's key, as it were: the message is the older one.
    world.keys("x");
    assert_eq!(world.notice(), "no run in progress");
    let id = world.app.session.runs.enqueue(spec);
    assert_eq!(world.app.session.runs.next_waiting(), Some(id));
    world.tell(Message::Presets(Vec::new()));
    assert_eq!(world.notice(), "", "one is in progress now");

    world.begin(id).keys("R d");
    assert!(world.notice().contains("in progress; x stops it"), "{}", world.notice());
    world.keys("x");
    assert_eq!(world.notice(), "stopping after the current step; the run can be resumed");
    let finished = EventKind::Finished { outcome: Outcome::Stopped, message: None };
    world.events(id, [event(3.0, finished)]).end(id);
    assert_eq!(world.notice(), "stopped; r in Runs resumes it");
    world.keys("r");
    assert!(world.notice().starts_with("resuming "), "{}", world.notice());
    world.begin(id);
    assert_eq!(world.notice(), "");
}

#[test]
fn the_wheel_takes_a_message_away() {
    use crossterm::event::{KeyModifiers, MouseEvent, MouseEventKind};
    let mut world = World::new();
    world.screen((80, 24));
    world.keys("y");
    assert!(!world.notice().is_empty());
    let wheel =
        MouseEvent { kind: MouseEventKind::ScrollDown, column: 5, row: 5, modifiers: KeyModifiers::NONE };
    world.app.update(Action::Mouse(wheel));
    assert_eq!(world.notice(), "");
}
