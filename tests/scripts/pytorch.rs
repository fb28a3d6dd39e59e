//! The scripts that compare this program with `PyTorch`, each for a moment.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::{PROGRAM, ROOT, has_torch, json, program, python, said, script};

/// Every family with every group of hops has the name and the parameters that it has here.
#[test]
pub fn pytorch_has_the_networks_of_the_same_names() {
    if !has_torch() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let code = "import json, sys; sys.path.insert(0, sys.argv[1]); import peer\n\
                count = lambda *names: sum(p.numel() for p in peer.network(*names).parameters())\n\
                print(json.dumps([[peer.name(f, h), count(f, h)] for f in peer.FAMILIES for h in peer.GROUPS]))";
    let benches = Path::new(ROOT).join("benches");
    let theirs = said(Command::new(python()).args(["-c", code]).arg(benches).current_dir(dir.path()));
    let Value::Array(theirs) = json(&theirs) else { panic!("{theirs}") };
    assert_eq!(theirs.len(), 21);
    let specs: Vec<_> = theirs.iter().map(|row| format!("{}@fashion", row[0].as_str().unwrap())).collect();
    let ours = json(&said(program(dir.path()).args(["params", "--json"]).args(&specs)));
    for (row, ours) in theirs.iter().zip(ours.as_array().unwrap()) {
        assert_eq!(row[1], ours["parameters"], "{row} {ours}");
    }
}

#[test]
pub fn the_programs_are_timed_in_turn() {
    if !has_torch() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let small =
        ["--rounds", "1", "--batch", "2", "--steps", "1", "--warmup", "0", "--threads", "1", "--json"];
    let compare = |words: &[&str]| {
        let mut command = script("benches/compare.py", dir.path());
        command.args(["--binary", PROGRAM]).args(small).args(words);
        json(&said(&mut command))
    };
    let report = compare(&["--only", "resnext+hires"]);
    for (case, name) in
        report["cases"].as_array().unwrap().iter().zip(["resnext+hires train", "resnext+hires eval"])
    {
        assert_eq!(case["case"], name);
        for key in ["ours", "peer", "ratio"] {
            assert!(case["images_per_s"][key].as_f64().unwrap() > 0.0, "{case}");
        }
    }
    // Another peer is called as the script's head says.
    let peer = dir.path().join("peer.py");
    let code = "import sys\nassert sys.argv[1:6] == 'bench --channels-last --family plain --hops'.split()\n\
                print('images_per_s 7')";
    fs::write(&peer, code).unwrap();
    let report = compare(&["--only", "plain", "--peer", peer.to_str().unwrap()]);
    assert_eq!(report["cases"][0]["images_per_s"]["peer"], 7.0);
}

#[test]
pub fn pytorch_trains_by_the_recipe() {
    if !has_torch() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let limits = ["--train-limit", "45", "--val-limit", "20", "--test-limit", "30"];
    let words =
        ["--family", "plain", "--hops", "in", "--epochs", "2", "--seeds", "0,1", "--threads", "1", "--json"];
    let report = json(&said(script("benches/train_torch.py", dir.path()).args(words).args(limits)));
    assert_eq!(report["network"], "plain+hires[In]");
    let runs = report["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    for run in runs {
        assert_eq!(run["images"], serde_json::json!({"train": 45, "val": 20, "test": 30}));
        assert_eq!(run["epochs"].as_array().unwrap().len(), 2);
        assert!(run["test_top1_best"].as_f64().unwrap() <= 100.0);
    }
    assert!(report["summary"]["val_top1"]["std"].is_number(), "{report}");
}

/// The paper's recipe, and all other keys of recipes, some together.
const RECIPES: [&str; 7] = [
    "lr=0.001",
    "optimizer=adamw lr=0.001 weight_decay=0.05 epochs=7 schedule=cosine warmup=0.5",
    "optimizer=sgd lr=0.05 weight_decay=0.0005 epochs=7 lr_halve_every=2 warmup=1",
    "optimizer=sgd lr=0.02 momentum=0.9 epochs=7 schedule=onecycle",
    "optimizer=sgd lr=0.02 momentum=0.9 nesterov=true label_smoothing=0.1 grad_clip=0.5",
    "lr=0.001 crop_padding=4 flip=true cutout=12",
    "lr=0.001 mixup=0.4 label_smoothing=0.1 ema=0.9",
];

/// A network so small, and steps so short, that single precision stays together, too.
#[test]
pub fn pytorch_repeats_the_first_steps() {
    if !has_torch() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let spec = ["resnext+hires@fashion-embedded", "blocks=1,1", "widths=4,8", "batch=20", "train_limit=60"];
    for (folder, recipe) in RECIPES.iter().enumerate() {
        let folder = folder.to_string();
        said(program(dir.path()).args(["parity", &folder]).args(spec).args(recipe.split(' ')));
    }
    let folders = (0..RECIPES.len()).map(|folder| folder.to_string());
    let rows = json(&said(script("tests/parity/compare.py", dir.path()).arg("--json").args(folders)));
    assert_eq!((&rows[0]["steps"], rows.as_array().unwrap().len()), (&20.into(), RECIPES.len()));
    for row in rows.as_array().unwrap() {
        assert!(row["double"]["logits"].as_f64().unwrap() <= 1e-6, "{row}");
        assert!(row["double"]["losses"].as_f64().unwrap() <= 1e-9, "{row}");
        assert!(row["images"].as_f64().unwrap() <= 1e-6, "{row}");
        assert!(row["weights"].as_f64().unwrap() <= 1e-6, "{row}");
    }
}
