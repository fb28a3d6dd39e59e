//! `lesion`: what a trained network loses without each of its terms, on a command line.

use std::path::Path;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use tempfile::TempDir;

use super::{TINY, only_run, program, training};

fn lesion(run: &Path) -> assert_cmd::Command {
    let mut command = program();
    command.args(["lesion", "--device", "cpu"]).arg(run);
    command
}

#[test]
fn a_run_is_scored_without_each_of_its_terms() {
    let out = TempDir::new().unwrap();
    training().args(["--batch", TINY, "--out"]).arg(out.path()).assert().success();
    let run = only_run(&out);

    let text = lesion(&run).assert().success().stdout(contains("40 validation images on "));
    let text = String::from_utf8(text.get_output().stdout.clone()).unwrap();
    let first: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(first[first.len() - 6..], ["(nothing)", "0-1", "0-2", "1-2", "F1", "F2"], "{text}");

    let json = |args: &[&str]| -> Value {
        let said = lesion(&run).args(args).arg("--json").assert().success();
        serde_json::from_slice(&said.get_output().stdout).unwrap()
    };
    let single = json(&[]);
    assert_eq!((single["checkpoint"].as_str(), single["images"].as_u64()), (Some("best"), Some(40)));
    assert_eq!(single["lesions"].as_array().unwrap().len(), 5);
    let row = &single["lesions"][3];
    assert_eq!(row["without"], serde_json::json!(["F1"]));
    let lost = single["intact"]["score"]["hits"].as_f64().unwrap() - row["score"]["hits"].as_f64().unwrap();
    assert!((row["top1_lost"].as_f64().unwrap() - lost / 0.4).abs() < 1e-9, "{row}");

    let pairs = json(&["--pairs"]);
    assert_eq!(pairs["lesions"].as_array().unwrap().len(), 5 + 10);
    assert_eq!(pairs["lesions"][3], *row);
    let together = json(&["--without", "0-2, F1"]);
    assert_eq!(together["lesions"].as_array().unwrap().len(), 1);
    assert_eq!(together["lesions"][0]["without"], serde_json::json!(["0-2", "F1"]));
    let pair = pairs["lesions"].as_array().unwrap().iter();
    let pair = pair.clone().find(|pair| pair["without"] == together["lesions"][0]["without"]);
    assert_eq!(pair, Some(&together["lesions"][0]));

    // They are kept with the run.
    let kept: Value = serde_json::from_slice(&std::fs::read(run.join("lesions.json")).unwrap()).unwrap();
    assert_eq!(kept["scores"].as_array().unwrap().len(), 1 + 5 + 10);

    // A picture of the screen has them, too.
    let file = out.path().join("lesions.txt");
    let keys = ["picture", "--size", "80x40", "--keys", "W z right e", "--out"];
    program().args(keys).arg(out.path()).arg(&file).assert().success();
    let shown = std::fs::read_to_string(&file).unwrap();
    let intact =
        format!("best weights: intact {:.2}%", single["intact"]["score"]["hits"].as_f64().unwrap() / 0.4);
    assert!(shown.contains(&intact) && shown.contains("without 0→1: "), "{shown}");

    let wrong = [("0-3", "no 0-3"), ("F3", "no F3"), ("P1", "neither a hop"), ("", "neither a hop")];
    for (terms, why) in wrong {
        lesion(&run).args(["--without", terms]).assert().code(2).stderr(contains(why));
    }
    lesion(&run).args(["--pairs", "--without", "F1"]).assert().code(2);
    lesion(out.path()).assert().failure().stderr(contains("error").or(contains("run")));
}
