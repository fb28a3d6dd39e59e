//! Leaving the workbench while its runs go on, and coming back.

use std::fs;

use crate::rig::{LONG, TINY, Terminal};

/// Epochs that the record of the run says, of the first run.
fn epochs(terminal: &Terminal) -> Vec<u64> {
    let ended = terminal.events().into_iter().filter(|event| event["event"] == "epoch_ended");
    ended.map(|event| event["epoch"].as_u64().unwrap()).collect()
}

#[test]
fn a_run_is_detached_goes_on_without_a_terminal_and_is_attached_again() {
    let Some(terminal) = Terminal::start((120, 40)) else { return };
    terminal.open("");
    terminal.train(LONG);
    // Another run waits for it.
    terminal.paste(TINY);
    terminal.wait_for("the pasted spec is now the draft");
    terminal.keys("t");
    terminal.wait_for("queued (1 ahead)");
    terminal.keys("q");
    terminal.wait_for("d Detach");
    terminal.keys("d");
    let screen = terminal.left_with(0);
    assert!(screen.contains("goes on training"), "{screen}");
    let said = screen.split("process ").nth(1).and_then(|text| text.split(' ').next()).unwrap();
    let process: u32 = said.parse().unwrap();
    // It has a session of its own, of which it is the leader, and no terminal.
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    assert_eq!((fields[3], fields[4]), (said, "0"), "{stat}");
    let before = epochs(&terminal).len();
    terminal.wait_until("further epochs", |_| epochs(&terminal).len() > before + 1);

    terminal.open("");
    terminal.keys("R");
    terminal.wait_for("running");
    terminal.keys("Home r");
    terminal.wait_for("Attach to run?");
    terminal.keys("y");
    terminal.wait_for("training");
    terminal.wait_until("its end", |_| !fs::exists(format!("/proc/{process}")).unwrap());
    terminal.wait_for("queued 1");
    let before = epochs(&terminal).len();
    terminal.wait_until("epochs here", |_| epochs(&terminal).len() > before);
    // Nothing was trained twice, and nothing left out.
    let all = epochs(&terminal);
    assert_eq!(all, (1..=all.len() as u64).collect::<Vec<_>>());
    // The queue goes on when the long one is stopped.
    terminal.keys("x");
    terminal.wait_for("completed");
    assert_eq!(terminal.runs().len(), 2);
    let log = fs::read_to_string(terminal.home().join("runs/detached.log")).unwrap();
    assert!(log.contains("plain+hires"), "{log}");
    terminal.keys("q");
    terminal.left_with(0);
}

#[test]
fn a_detached_process_trains_the_queue_to_its_end() {
    let Some(terminal) = Terminal::start((120, 40)) else { return };
    terminal.open("");
    terminal.train(&LONG.replace("epochs=100000", "epochs=12"));
    terminal.paste(TINY);
    terminal.wait_for("the pasted spec is now the draft");
    terminal.keys("t Q");
    terminal.left_with(0);
    let completed = |run: &std::path::PathBuf| {
        fs::read_to_string(run.join("events.jsonl")).is_ok_and(|record| record.contains("\"completed\""))
    };
    terminal.wait_until("both", |_| terminal.runs().iter().filter(|run| completed(run)).count() == 2);
    terminal.wait_until("the tables", |_| {
        fs::read_to_string(terminal.home().join("runs/detached.log"))
            .is_ok_and(|log| log.contains("Mean |activation|"))
    });
}
