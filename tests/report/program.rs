//! The command from outside.

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use hiresnet_tui::domain::event::{Event, EventKind, Outcome};
use hiresnet_tui::engine::store::RunDir;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, starts_with};
use tempfile::TempDir;

use crate::made::many;

fn report(arguments: &[&str], folder: &Path) -> Command {
    let mut command = Command::cargo_bin("hiresnet-tui").unwrap();
    command.current_dir(folder).arg("report").args(arguments);
    command
}

/// A folder in which `runs` holds the made-up runs.
fn kept() -> TempDir {
    let folder = TempDir::new().unwrap();
    for made in many() {
        let mut run = RunDir::create(&folder.path().join("runs"), &made.spec).unwrap();
        made.whole().iter().for_each(|event| run.append(event).unwrap());
    }
    folder
}

#[test]
fn a_folder_of_runs_is_reported_in_every_format() {
    let folder = kept();
    let at = folder.path();
    report(&["table1"], at)
        .assert()
        .success()
        .stdout(starts_with("# Table 1\n").and(contains("| 90.49(0.31) |")));
    report(&["table2", "runs", "--format", "latex"], at).assert().success().stdout(contains("\\toprule"));
    report(&["compare", "runs", "--baseline", "resnet+adjusted", "--format", "csv"], at)
        .assert()
        .success()
        .stdout(contains(",resnet+hires,resnet+adjusted,5,"));
    report(&["curves", "--target", "88", "--dataset", "cifar10,fashion"], at)
        .assert()
        .success()
        .stdout(contains("| Epochs to 88% |").and(contains("Fashion-MNIST")).and(contains("Tiny").not()));
    for (file, begin) in
        [("a.svg", "<?xml"), ("a.html", "<!DOCTYPE html>"), ("a.json", "{"), ("a.tex", "% "), ("a.md", "# ")]
    {
        report(&["all", "runs", "-o", file], at).assert().success().stderr(contains(format!("in {file}")));
        assert!(fs::read_to_string(at.join(file)).unwrap().starts_with(begin), "{file}");
    }
    report(&["fig2", "runs", "-o", "a.png"], at).assert().success();
    assert!(fs::read(at.join("a.png")).unwrap().starts_with(b"\x89PNG"));
    report(&["table1", "--last"], at).assert().success().stdout(contains("weights of the last epoch"));
    report(&["table1", "--seeds", "0..1"], at).assert().success().stdout(contains("--seeds 0,1 --out runs"));
}

#[test]
fn what_cannot_be_reported_is_said() {
    let folder = kept();
    let at = folder.path();
    fs::write(at.join("file"), "x").unwrap();
    fs::create_dir(at.join("empty")).unwrap();
    let one = fs::read_dir(at.join("runs")).unwrap().next().unwrap().unwrap().path();
    let one = one.to_str().unwrap();
    let refused: [(&[&str], &str); 13] = [
        (&["table1", "nowhere"], "nowhere: there is no such folder"),
        (&["table1", "file"], "file: not a folder"),
        (&["table1", "empty"], "empty: no runs in it"),
        (&["table1", one], "a run, not a folder of runs"),
        (&["table3"], "invalid value 'table3'"),
        (&["table1", "--format", "pdf"], "invalid value 'pdf'"),
        (&["table1", "-o", "a.pdf"], "the file's name does not say which"),
        (&["table1", "--format", "png"], "a png needs a file"),
        (&["all", "--format", "csv"], "csv holds one report"),
        (&["table1", "--dataset", "cifar"], "unknown dataset 'cifar'"),
        (&["compare", "--baseline", "resnext"], "no completed run of resnext"),
        (&["fig2", "--dataset", "fashion"], "no completed run of a network with hops on fashion"),
        (&["table1", "--dataset", "mnist", "--format", "svg"], "there is no result to draw yet"),
    ];
    for (arguments, reason) in refused {
        report(arguments, at).assert().code(2).stderr(contains(reason)).stdout("");
    }

    // Runs that did not complete are no result, and are counted.
    let made = many();
    let cut_off = &made[0];
    let whole = cut_off.whole();
    for end in [Some(Outcome::Diverged), Some(Outcome::Diverged), None] {
        let mut run = RunDir::create(&at.join("unfinished"), &cut_off.spec).unwrap();
        run.append(&whole[0]).unwrap();
        if let Some(outcome) = end {
            let finished = EventKind::Finished { outcome, message: None };
            run.append(&Event { kind: finished, ..whole[0].clone() }).unwrap();
        }
    }
    let said = "unfinished: no completed run (2 diverged, 1 unfinished; export has their curves)";
    report(&["curves", "unfinished"], at).assert().code(2).stderr(contains(said)).stdout("");
}

#[test]
fn a_run_that_cannot_be_read_is_left_out() {
    let folder = kept();
    let bad = folder.path().join("runs/bad");
    fs::create_dir(&bad).unwrap();
    fs::write(bad.join("spec.toml"), "family = 3").unwrap();
    report(&["table2"], folder.path()).assert().success().stderr(contains("left out").and(contains("bad")));

    // A spec that its record contradicts is no spec of that run.
    let runs = folder.path().join("runs");
    let run = fs::read_dir(&runs).unwrap().map(|e| e.unwrap().path()).find(|path| *path != bad).unwrap();
    let spec = fs::read_to_string(run.join("spec.toml")).unwrap();
    fs::write(run.join("spec.toml"), spec.replace("seed = ", "seed = 9")).unwrap();
    report(&["table2"], folder.path()).assert().success().stderr(contains("not the spec of its record"));
}
