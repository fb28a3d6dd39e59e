//! The recording that comes with the program, played in a real terminal.

use assert_cmd::Command;

use crate::rig::{Modes, Terminal};

/// Validation and test top-1 of each run in the table that the demo prints.
fn table() -> Vec<(String, String)> {
    let mut command = Command::cargo_bin("hiresnet-tui").unwrap();
    let output = command.args(["--replay", "demo", "--batch"]).assert().success().get_output().stdout.clone();
    let text = String::from_utf8(output).unwrap();
    let rows = text.lines().skip_while(|line| !line.starts_with("──")).skip(1);
    let rows = rows.take_while(|line| line.starts_with("resnet"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split_whitespace().collect();
        (cells[3].to_owned(), cells[4].to_owned())
    })
    .collect()
}

#[test]
fn the_demo_reaches_its_end_with_the_table_that_it_prints() {
    let rows = table();
    assert_eq!(rows.len(), 2, "a baseline and a HiResNet");
    let Some(terminal) = Terminal::start((120, 40)) else { return };
    terminal.type_line("sh run --replay demo --fit 2; echo left with $?");
    terminal.wait_for("─Wiring─");
    terminal.wait_for_modes(Modes::SCREEN);
    let screen = terminal.wait_for("× 100%");
    assert!(screen.contains("●All"), "the switches are those of the last run: {screen}");
    for (validation, test) in &rows {
        let row = screen.lines().find(|line| line.contains(validation) && line.contains(test));
        assert!(row.is_some_and(|row| row.contains("completed")), "{validation} {test}: {screen}");
    }
    // Back to the middle of the first run, whose switches are all off.
    terminal.keys("g");
    terminal.type_text("20%");
    terminal.keys("Enter");
    terminal.wait_for("× 20%");
    terminal.wait_for("○All");
    terminal.keys("Space");
    terminal.wait_for("× 100%");
    terminal.keys("q");
    terminal.left_with(0);
}
