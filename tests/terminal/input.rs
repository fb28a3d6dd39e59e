//! What arrives from the keyboard in pieces, and what the screen does in another width.

use crate::rig::{LONG, PROMPT, Terminal};

/// Trains two runs, slowly enough for their bars to be drawn in several widths.
const TWO: &str = "plain+hires@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=12 train_limit=400 \
                   val_limit=40 test_limit=50 probe_images=20";

#[test]
fn a_paste_without_an_end_keeps_no_key_from_working() {
    let Some(terminal) = Terminal::start((120, 40)) else { return };
    terminal.open("");
    // It is over by itself, and keys are keys.
    terminal.raw(b"\x1b[200~resnet@fashion-embedded seed=7");
    terminal.wait_for("the pasted spec is now the draft");
    terminal.keys("?");
    terminal.wait_for("─Help─");
    terminal.keys("q");
    // At once for Ctrl-C.
    terminal.raw(b"\x1b[200~resnet@fashion-embedded seed=4");
    terminal.raw(b"\x03");
    terminal.left_with(0);
}

#[test]
fn bytes_that_mean_nothing_take_no_key_with_them() {
    let Some(terminal) = Terminal::start((120, 40)) else { return };
    terminal.open("");
    terminal.train(LONG);
    // Half of a character, then a key; a mouse where no cell is.
    terminal.raw(b"\x1b[<0;0;0M");
    terminal.raw(b"\xe2\x82");
    terminal.keys("x");
    terminal
        .wait_until("the run's end", |_| terminal.events().iter().any(|event| event["event"] == "finished"));
    terminal.keys("q");
    terminal.left_with(0);
}

#[test]
fn no_epoch_is_lost_when_the_window_changes_under_bars() {
    let Some(terminal) = Terminal::start((110, 60)) else { return };
    terminal.type_line(&format!("bash run --batch '{TWO}' --seeds 0,1 --parallel 2; echo status=$?"));
    for (epoch, columns) in [(1, 70), (3, 45), (5, 30), (8, 100)] {
        let ended = |text: &str| text.matches("epoch").count() >= 2 * epoch;
        terminal.wait_until("more epochs", ended);
        terminal.resize((columns, 60));
    }
    terminal.wait_for("status=0");
    // Where it was narrow its lines are wrapped; in the last width those of a paragraph are one.
    let text = terminal.screen();
    for run in 1..=2 {
        for epoch in 1..=12 {
            let line = format!("[{run}/2] epoch {epoch:>2}/12  train");
            assert_eq!(text.matches(&line).count(), 1, "{line}: {text}");
        }
    }
    assert!(text.contains(PROMPT));
}
