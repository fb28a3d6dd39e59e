//! Every way out: keys, signals, a lost terminal, a shell's job control, panics.
//! And the way back in.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::rig::{LONG, Modes, PROMPT, Terminal, state};

#[test]
fn leaving_while_a_run_trains_asks_first_and_keeps_it() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    terminal.open("");
    terminal.train(LONG);
    terminal.keys("q");
    terminal.wait_for("The run stops and can be resumed.");
    terminal.keys("n");
    terminal.wait_until("no question", |screen| !screen.contains("─Quit?─"));
    let seen = terminal.events().len();
    terminal.wait_until("more events", |_| terminal.events().len() > seen);
    terminal.keys("q");
    terminal.wait_for("─Quit?─");
    terminal.keys("y");
    terminal.left_with(0);
    assert_eq!(terminal.outcome(), "stopped");

    // Twice Ctrl-C leaves at once.
    terminal.open("");
    terminal.train(LONG);
    terminal.keys("C-c");
    terminal.wait_for("─Quit?─");
    terminal.keys("C-c");
    terminal.left_with(0);
    assert_eq!(terminal.outcome(), "stopped");
    assert_eq!(terminal.runs().len(), 2);
}

#[test]
fn signals_stop_and_keep_the_run_and_restore_the_terminal() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143), (Signal::HUP, 129)] {
        terminal.open("");
        terminal.train(LONG);
        terminal.signal(signal);
        terminal.left_with(code);
        assert_eq!(terminal.outcome(), "stopped");
    }
    // With nothing that trains, too.
    terminal.open("");
    terminal.signal(Signal::TERM);
    terminal.left_with(143);
}

#[test]
fn a_terminal_that_is_killed_ends_the_program_and_keeps_the_run() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    terminal.open("");
    terminal.train(LONG);
    killed(&terminal);
    assert_eq!(terminal.outcome(), "stopped");

    // Also where the signal is ignored, and nothing is painted that could fail.
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    terminal.type_line("trap '' HUP");
    terminal.open("");
    killed(&terminal);
}

/// Kills the terminal; the program ends soon.
fn killed(terminal: &Terminal) {
    let process = terminal.process();
    terminal.kill();
    let started = Instant::now();
    while state(process).is_some() {
        assert!(started.elapsed() < Duration::from_secs(60), "still there: {:?}", state(process));
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_shell_can_suspend_and_resume_it() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    terminal.type_line("sh run");
    terminal.wait_for("fashion-embedded");
    terminal.train(LONG);
    let process = terminal.process();
    terminal.keys("C-z");
    terminal.wait_for("Stopped");
    assert_eq!(state(process), Some('T'));
    terminal.is_as_before();
    // The time for which it is stopped is no training time.
    let seen = terminal.events().len();
    assert_eq!(terminal.events()[seen - 1]["event"], "paused");
    terminal.type_line("fg");
    terminal.wait_for("─Wiring─");
    terminal.wait_for_modes(Modes::SCREEN);
    terminal.wait_until("more events", |_| terminal.events().len() > seen + 1);
    assert_eq!(terminal.events()[seen]["event"], "resumed");
    terminal.keys("?");
    terminal.wait_for("─Help─");
    terminal.keys("Escape");
    terminal.wait_until("no help", |screen| !screen.contains("─Help─"));

    // Stopped by others, with no chance to give the terminal back: the shell mends it, as
    // far as shells do, and the program must take it anew.
    terminal.signal(Signal::STOP);
    terminal.wait_for("Stopped");
    terminal.type_line("fg");
    terminal.wait_for("─Wiring─");
    terminal.wait_for_modes(Modes::SCREEN);
    terminal.keys("R");
    terminal.wait_for("─Runs─");
    // Let go on while the shell has the terminal, it waits until it gets it.
    terminal.keys("C-z");
    terminal.wait_for("Stopped");
    terminal.type_line("clear; bg");
    terminal.wait_until("stopped again", |_| state(process) == Some('T'));
    terminal.is_as_before();
    terminal.type_line("fg");
    terminal.wait_for("─Runs─");
    terminal.wait_for_modes(Modes::SCREEN);
    terminal.keys("q");
    terminal.wait_for("─Quit?─");
    terminal.keys("y");
    terminal.wait_until("the end", |_| state(process).is_none());
    terminal.is_as_before();
    assert_eq!(terminal.outcome(), "stopped");
}

#[test]
fn it_paints_all_anew_when_it_goes_on() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    // In the place of the shell that has job control: only the terminal is left to notice.
    terminal.type_line("exec sh -c 'sh run; echo left with $?; sleep 600'");
    let before = terminal.wait_for("fashion-embedded");
    let process = terminal.process();
    terminal.signal(Signal::STOP);
    terminal.wait_until("stopped", |_| state(process) == Some('T'));
    terminal.wipe();
    terminal.wait_until("nothing", |screen| screen.trim().is_empty());
    terminal.signal(Signal::CONT);
    terminal.wait_until("the screen as it was", |screen| screen == before);
    terminal.wait_for_modes(Modes::SCREEN);
    // Nobody could resume it, so it goes on at once.
    let written = terminal.written().len();
    terminal.keys("C-z");
    terminal.wait_until("another frame", |screen| {
        screen.contains("─Wiring─") && terminal.written().len() > written + 1000
    });
    terminal.keys("n");
    terminal.wait_for("267,802 parameters");
    terminal.keys("q");
    terminal.wait_for("left with 0");
    terminal.wait_for_modes(Modes::PLAIN);
}

#[test]
fn a_panic_of_the_screen_is_read_on_a_restored_terminal() {
    // Release builds have no way to make one.
    if !cfg!(debug_assertions) {
        return;
    }
    for place in ["screen", "paint"] {
        let Some(terminal) = Terminal::with((80, 24), &[("HIRESNET_TEST_PANIC", place)]) else { return };
        terminal.type_line("sh run; echo left with $?");
        if place == "screen" {
            terminal.wait_for("fashion-embedded");
            terminal.keys("n");
        }
        let screen = terminal.wait_for("left with 101");
        assert!(screen.contains(&format!("a test asked for this panic in the {place}")), "{screen}");
        assert!(screen.contains(PROMPT), "{screen}");
        terminal.left_with(101);
        // No frame is left open that the terminal would wait for.
        let written = String::from_utf8_lossy(&terminal.written()).into_owned();
        let last = |mode: &str| written.rfind(mode);
        assert!(last("\x1b[?2026h").is_some() && last("\x1b[?2026l") > last("\x1b[?2026h"), "{written:?}");
    }
}

#[test]
fn a_panic_in_the_background_is_logged_and_said_afterwards() {
    if !cfg!(debug_assertions) {
        return;
    }
    let Some(terminal) = Terminal::with((120, 40), &[("HIRESNET_TEST_PANIC", "background")]) else { return };
    terminal.open("");
    terminal.keys("t");
    let screen = terminal.wait_for("see the log");
    assert!(screen.contains("failed"), "{screen}");
    terminal.keys("L z");
    terminal.wait_for("a thread panicked");
    // The screen is still usable.
    terminal.keys("z W n");
    terminal.wait_for("267,802 parameters");
    terminal.wait_for_modes(Modes::SCREEN);
    terminal.keys("q");
    let screen = terminal.wait_for("left with 0");
    let line = screen.replace('\n', "");
    assert!(line.contains("a thread panicked") && line.contains("panic in the background"), "{screen}");
    terminal.left_with(0);
    assert!(terminal.runs().is_empty());
}
