//! Colours, glyphs, keys and pages: what the environment and the config file say.

use std::fs;

use crate::rig::{Modes, Terminal};

/// The parameters of every escape sequence that sets how text looks.
fn looks(written: &[u8]) -> Vec<Vec<u16>> {
    let text = String::from_utf8_lossy(written);
    let numbers = |text: &str| text.split([';', ':']).map(|number| number.parse().unwrap_or(0)).collect();
    let all = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
        rest[end..].starts_with('m').then(|| numbers(&rest[..end]))
    });
    all.collect()
}

/// Every colour that was set: `[38, 5, 74]`, `[31]`; the default one does not count.
fn colours(written: &[u8]) -> Vec<Vec<u16>> {
    let mut colours = Vec::new();
    for look in looks(written) {
        let mut rest = &look[..];
        while let Some(first) = rest.first() {
            let length = match (first, rest.get(1)) {
                (38 | 48 | 58, Some(2)) => 5,
                (38 | 48 | 58, Some(5)) => 3,
                _ => 1,
            };
            let (one, others) = rest.split_at(length.min(rest.len()));
            if matches!(first, 30..=38 | 40..=48 | 58 | 90..=107) {
                colours.push(one.to_vec());
            }
            rest = others;
        }
    }
    colours
}

/// The colours that a screen with these variables sets until it is left, and what it shows.
fn shown(variables: &[(&str, &str)]) -> Option<(Vec<Vec<u16>>, String)> {
    let terminal = Terminal::with((80, 24), variables)?;
    terminal.open("");
    let first = terminal.screen();
    terminal.keys("R");
    let all = first + &terminal.wait_for("newest");
    terminal.keys("q");
    terminal.left_with(0);
    assert!(!looks(&terminal.written()).is_empty());
    Some((colours(&terminal.written()), all))
}

#[test]
fn no_more_colours_than_the_terminal_has() {
    let Some((none, screen)) = shown(&[("NO_COLOR", "1")]) else { return };
    assert_eq!(none, Vec::<Vec<u16>>::new());
    // What is on and what is off differ all the same.
    assert!(screen.contains("●All ○None"), "{screen}");

    let (of_16, _) = shown(&[("TERM", "xterm")]).unwrap();
    assert!(!of_16.is_empty());
    let is_one_of_16 = |colour: &Vec<u16>| matches!(colour[..], [_] | [38 | 48, 5, 0..=15]);
    assert!(of_16.iter().all(is_one_of_16), "{of_16:?}");
    let (of_256, _) = shown(&[]).unwrap();
    assert!(!of_256.iter().all(is_one_of_16));
    assert!(of_256.iter().all(|colour| colour.get(1) == Some(&5)), "{of_256:?}");
    let (of_all, _) = shown(&[("COLORTERM", "truecolor")]).unwrap();
    assert!(of_all.iter().any(|colour| colour.get(1) == Some(&2)), "{of_all:?}");
}

#[test]
fn no_other_glyphs_than_the_font_has() {
    let Some((_, screen)) = shown(&[("LANG", "C")]) else { return };
    assert!(screen.is_ascii(), "{screen}");
    let (_, screen) = shown(&[("TERM", "linux")]).unwrap();
    assert!(!screen.is_ascii());
    let braille = screen.chars().find(|c| ('\u{2800}'..='\u{28ff}').contains(c));
    assert_eq!(braille, None, "{screen}");
}

#[test]
fn the_config_file_is_obeyed() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    terminal.configure(
        "theme = \"light\"\nsymbols = \"ascii\"\nmouse = false\n\
         [layout]\nsmall = [\"runs | curves\", \"wiring\"]\n[keys]\ntrain = [\"X\"]\n",
    );
    terminal.open("");
    terminal.wait_for_modes(Modes { mouse: false, ..Modes::SCREEN });
    let screen = terminal.wait_for("Wiring");
    assert!(screen.is_ascii() && !screen.contains("the next run"), "{screen}");
    terminal.keys("R");
    // A title on a frame, which the header's have not.
    let both = |screen: &str| screen.contains("-Runs-") && screen.contains("-Curves-");
    terminal.wait_until("two columns", both);
    terminal.keys("t C-r W");
    terminal.wait_for("parameters");
    assert!(terminal.runs().is_empty());
    assert!(terminal.screen().contains("X train"), "{}", terminal.screen());
    terminal.paste(crate::rig::TINY);
    terminal.wait_for("the pasted spec is now the draft");
    terminal.keys("X R");
    terminal.wait_for("1 - newest");
    terminal.wait_for("idle");
    assert_eq!(terminal.outcome(), "completed");
    terminal.keys("q");
    terminal.left_with(0);
    // The accent of a light ground, of the 256.
    let colours = colours(&terminal.written());
    assert!(colours.contains(&vec![38, 5, 25]) && !colours.contains(&vec![38, 5, 74]), "{colours:?}");

    // What is printed as settings can be settings.
    fs::remove_file(terminal.home().join("config/hiresnet-tui/config.toml")).unwrap();
    terminal.type_line(
        "sh run --print-config > printed; mv printed config/hiresnet-tui/config.toml; echo $((3*3))99",
    );
    terminal.wait_for("999");
    terminal.open("");
    // The draft is the one that it ended with.
    terminal.wait_for("1,510 parameters");
    terminal.keys("n");
    terminal.wait_for("1,406 parameters");
    terminal.wait_for_modes(Modes::SCREEN);
    terminal.keys("q");
    terminal.left_with(0);
}

#[test]
fn what_is_wrong_is_said_before_the_screen_is_taken() {
    let Some(terminal) = Terminal::start((80, 24)) else { return };
    let refused = |arguments: &str, said: &[&str]| {
        terminal.type_line(&format!("sh run {arguments}"));
        // Long paths are wrapped by the terminal.
        let screen = terminal.wait_for("left with 2").replace('\n', "");
        for words in said {
            assert!(screen.contains(words), "no {words}: {screen}");
        }
        terminal.left_with(2);
        let written = String::from_utf8_lossy(&terminal.written()).into_owned();
        assert!(!written.contains("\x1b[?"), "{written:?}");
    };
    let needs = "the interactive screen needs a terminal";
    refused("< /dev/null; echo left with $?", &[needs]);
    refused("| cat; echo left with ${PIPESTATUS[0]}", &[needs]);
    terminal.configure("mouse = true\ntheme = \"blue\"\n");
    refused("; echo left with $?", &["config.toml: line 2:"]);
    terminal.configure("[keys]\ntrian = [\"t\"]\n");
    refused("; echo left with $?", &["config.toml", "did you mean 'train'?"]);
    // Two commands on one key.
    terminal.configure("[keys]\ntrain = [\"q\"]\n");
    refused("; echo left with $?", &["config.toml", "train", "quit"]);
}

#[test]
fn a_trace_is_kept_in_a_file_and_not_on_the_screen() {
    let Some(terminal) = Terminal::with((80, 24), &[("HIRESNET_LOG", "debug")]) else { return };
    terminal.open("");
    terminal.train(crate::rig::LONG);
    let screen = terminal.screen();
    assert!(!screen.contains("DEBUG") && !screen.contains("INFO"), "{screen}");
    terminal.keys("q y");
    terminal.left_with(0);
    assert!(terminal.home().join("state/hiresnet-tui/log").is_file());
}
