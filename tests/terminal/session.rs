//! Everyday use: wire, train, look, quit; sizes; rest.

use std::fs;

use crate::rig::{LONG, Modes, TINY, Terminal, ticks};

/// Wires, trains and looks around on a terminal of `size`.
fn whole_session(size: (u16, u16)) {
    let Some(terminal) = Terminal::start(size) else { return };
    terminal.open("");
    terminal.wait_for_modes(Modes::SCREEN);

    // Every hop of the draft, none, those of one order by key, one more by mouse.
    terminal.wait_for("273,466 parameters");
    terminal.keys("n");
    terminal.wait_for("267,802 parameters");
    terminal.keys("2");
    let screen = terminal.wait_for("■P2");
    assert!(screen.contains("resnet+hires[P2]") && screen.contains("□P1"), "{screen}");
    terminal.click("□P1");
    let screen = terminal.wait_for("■P1");
    assert!(screen.contains("resnet+hires[P1,P2]"), "{screen}");
    terminal.click("■P2");
    terminal.wait_for("resnet+hires[P1]@");
    // What the screen says of a spec is what the command says of it.
    terminal.click("○All");
    terminal.wait_for("273,466 parameters");

    // Typing a spec, with a mistake that is said while it is made.
    terminal.keys("S Enter C-u");
    terminal.type_text(&TINY.replace("epochs", "epocs"));
    terminal.wait_for("did you mean 'epochs'?");
    terminal.keys("C-u");
    terminal.type_text(TINY);
    terminal.wait_until("no fault", |screen| !screen.contains("did you mean"));
    terminal.keys("Enter");
    terminal.wait_for("plain+hires@fashion-embedded");
    terminal.keys("t R");
    terminal.wait_for("completed");

    terminal.keys("C");
    terminal.wait_for("loss · by step");
    terminal.keys("A");
    let screen = terminal.wait_for("0→1");
    assert!(screen.contains("block 1") && screen.contains("test split"), "{screen}");
    terminal.keys("L z");
    terminal.wait_for("epoch 2: train");
    terminal.wait_for("test, best weights");

    assert_eq!(terminal.outcome(), "completed");
    assert_eq!(terminal.events().iter().filter(|e| e["event"] == "epoch_ended").count(), 2);
    terminal.keys("q");
    terminal.left_with(0);
}

#[test]
fn a_whole_session_on_a_small_terminal() {
    whole_session((80, 24));
}

#[test]
fn a_whole_session_on_a_medium_terminal() {
    whole_session((120, 40));
}

#[test]
fn sizes_of_every_kind_while_a_run_trains() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    terminal.open("");
    terminal.train(LONG);
    for size in [(1, 1), (2, 50), (300, 3), (41, 11), (39, 10), (40, 9), (500, 200), (1, 300), (200, 1)] {
        terminal.resize(size);
    }
    // Each of these is really painted.
    for size in [(1, 1), (2, 50), (300, 3), (40, 10), (300, 100)] {
        let written = terminal.written().len();
        terminal.resize(size);
        terminal.wait_until("a frame", |_| terminal.written().len() > written);
    }
    terminal.resize((39, 12));
    let screen = terminal.wait_for("have 39×12");
    assert!(screen.contains("too small: need 40×10"), "{screen}");
    terminal.resize((120, 40));
    let screen = terminal.wait_for("─Log─");
    for panel in ["─Wiring─", "─Setup─", "─Curves─", "─Activations─", "─Runs─"] {
        assert!(screen.contains(panel), "no {panel}:\n{screen}");
    }
    terminal.resize((80, 24));
    let whole = |screen: &str| screen.contains("─Wiring─") && !screen.contains("─Setup─");
    let screen = terminal.wait_until("the page of a small terminal", whole);
    assert!(screen.contains("─Curves─") && !screen.contains("─Log─"), "{screen}");
    let seen = terminal.events().len();
    terminal.wait_until("more events", |_| terminal.events().len() > seen);
    terminal.keys("q y");
    terminal.left_with(0);
    assert_eq!(terminal.outcome(), "stopped");
}

#[test]
fn nothing_is_written_and_little_computed_while_nothing_happens() {
    let Some(terminal) = Terminal::start((120, 40)) else { return };
    terminal.open("");
    terminal.wait_for("memory");
    terminal.keys("R");
    terminal.wait_for("overlay");
    // What has been painted has to come through.
    let is_at_rest = |_: &str| {
        let before = terminal.written().len();
        terminal.wait_for_wakes(2);
        terminal.written().len() == before
    };
    terminal.wait_until("rest", is_at_rest);
    let before = (terminal.written().len(), ticks(terminal.process()));
    // It wakes once a second for the clock.
    terminal.wait_for_wakes(4);
    let after = (terminal.written().len(), ticks(terminal.process()));
    assert_eq!(
        after.0,
        before.0,
        "bytes were written: {:?}",
        String::from_utf8_lossy(&terminal.written()[before.0..])
    );
    assert!(after.1 - before.1 <= 8, "{} hundredths of a second computed in four wakes", after.1 - before.1);
    // Nor by a mouse that moves.
    for column in 10..20 {
        terminal.mouse(35, column, 10, 'M');
    }
    terminal.wait_for_wakes(10);
    assert_eq!(terminal.written().len(), before.0);
    terminal.keys("q");
    terminal.left_with(0);
}

#[test]
fn a_terminal_is_painted_anew_on_request() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    terminal.open("");
    let before = terminal.screen();
    // Somebody else writes over it.
    terminal.scribble("SCRIBBLE");
    terminal.wait_for("SCRIBBLE");
    terminal.keys("C-l");
    terminal.wait_until("the screen as it was", |screen| screen == before);
    terminal.keys("q");
    terminal.left_with(0);
}

#[test]
fn the_screen_and_the_spec_can_be_taken_along() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    terminal.open("");
    terminal.keys("y");
    terminal.wait_for("copied");
    // OSC 52, in base64: the clipboard is the terminal's, also over ssh.
    let copied = "\x1b]52;c;cmVzbmV0K2hpcmVzQGZhc2hpb24tZW1iZWRkZWQ=";
    terminal.wait_until("the copy", |_| String::from_utf8_lossy(&terminal.written()).contains(copied));
    terminal.keys("C-s");
    let screen = terminal.wait_for("screenshot saved to");
    let name = screen.split("saved to ").nth(1).unwrap().split_whitespace().next().unwrap();
    let picture = fs::read_to_string(terminal.home().join(name)).unwrap();
    assert!(picture.starts_with("<svg") && picture.contains("273,466"), "{name}");
    terminal.keys("q");
    terminal.left_with(0);
}

#[test]
fn a_terminal_that_says_no_size_is_no_reason_to_die() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    terminal.type_line("stty rows 0 cols 0; sh run; echo left with $?");
    terminal.wait_until("the screen", |_| terminal.modes().alternate);
    terminal.resize((80, 25));
    terminal.wait_for("─Wiring─");
    terminal.keys("q");
    terminal.wait_for("left with 0");
}

#[test]
fn preferences_are_written_and_hold_at_the_next_start() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    terminal.configure("# mine\nmouse = true # it is\n");
    terminal.open("");
    terminal.wait_for_modes(Modes::SCREEN);
    terminal.keys("P /");
    terminal.type_text("mouse");
    terminal.keys("Enter Enter");
    terminal.wait_for("mouse: saved to");
    terminal.wait_until("no mouse", |_| !terminal.modes().mouse);
    terminal.keys("/");
    terminal.type_text("symbols");
    terminal.keys("Enter Left");
    terminal.wait_for("symbols: saved to");
    assert!(terminal.wait_until("ASCII", str::is_ascii).contains("Preferences"));
    terminal.keys("q");
    terminal.left_with(0);
    let kept = fs::read_to_string(terminal.home().join("config/hiresnet-tui/config.toml")).unwrap();
    assert!(
        kept.contains("# mine\nmouse = false # it is\n") && kept.contains("symbols = \"ascii\""),
        "{kept}"
    );
    terminal.type_line("clear; sh run; echo left with $?");
    terminal.wait_for("fashion-embedded");
    assert!(terminal.screen().is_ascii() && !terminal.modes().mouse);
    terminal.keys("q");
    terminal.left_with(0);
}
