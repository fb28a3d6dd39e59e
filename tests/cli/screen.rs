//! The screen without a terminal: pictures, keys, settings.

use std::fs;

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use tempfile::TempDir;

use super::{TINY, program, training};

#[test]
fn a_frame_is_kept_as_text_or_picture_after_the_keys_were_pressed() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("runs");
    training().args(["--batch", TINY, "--out"]).arg(&out).assert().success();
    let picture = |name: &str, size: &str, keys: &str| {
        let file = folder.path().join(name);
        let mut command = program();
        command.args(["picture", "--size", size, "--keys", keys, "--out"]).arg(&out).arg(&file);
        command.assert().success().stdout("");
        fs::read_to_string(&file).unwrap()
    };
    let text = picture("a.txt", "80x24", "R / text:plain enter");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 24);
    assert!(lines.iter().all(|line| line.chars().count() <= 80));
    assert!(text.contains("plain+hires") && text.contains("completed") && text.contains("/plain"), "{text}");
    let svg = picture("a.svg", "120x40", "n 1");
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    // None, then P1.
    assert!(svg.contains("270,586"), "P1's count is on it");
    let mut wrong = program();
    wrong.args(["picture", "--keys", "hyper-x", "--out"]).arg(&out).arg(folder.path().join("b.svg"));
    wrong.assert().code(2).stderr(contains("can't parse the key 'hyper-x'"));
    assert!(!folder.path().join("b.svg").exists());
    // Images come from the folder that is named.
    let data = folder.path().join("data");
    let within = data.join("cifar-10-batches-bin");
    fs::create_dir_all(&within).unwrap();
    for name in (1..=5).map(|i| format!("data_batch_{i}.bin")).chain(["test_batch.bin".into()]) {
        let records = (0..20).flat_map(|i| [vec![i % 10], vec![i; 3072]].concat()).collect::<Vec<_>>();
        fs::write(within.join(name), records).unwrap();
    }
    let file = folder.path().join("d.txt");
    let mut command = program();
    command.args(["picture", "--keys", "S down enter ctrl-u text:table1-plain-original-cifar10 enter D"]);
    command.env("HIRESNET_CACHE", "").arg("--data-dir").arg(&data).arg(&file).assert().success();
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("▸train 90 · validation 10 · test 20"), "{text}");
    assert!(text.contains("short: 100 of 50,000 training images, 20 of 10,000 test images"), "{text}");
    for size in ["0x10", "80", "80x501", "axb"] {
        program()
            .args(["picture", "x.svg", "--size", size])
            .assert()
            .code(2)
            .stderr(contains("columns x rows"));
    }
    // Nor is a picture written in another format than its name says.
    for name in ["c.png", "c"] {
        let file = folder.path().join(name);
        let mut other = program();
        other.args(["picture", "--out"]).arg(&out).arg(&file);
        other.assert().code(2).stderr(contains("must end in .svg or .txt"));
        assert!(!file.exists());
    }
}

#[test]
fn settings_are_printed_as_they_are_and_a_wrong_file_is_named() {
    let home = TempDir::new().unwrap();
    let settings = |text: &str| {
        let folder = home.path().join("hiresnet-tui");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("config.toml"), text).unwrap();
        let mut command = program();
        command.env("XDG_CONFIG_HOME", home.path()).arg("--print-config");
        command.assert()
    };
    settings("theme = \"light\"\n[keys]\ntrain = [\"X\"]\n").success().stdout(
        contains("theme = \"light\"").and(contains("train = [\"X\"]")).and(contains("pause = [\"space\"]")),
    );
    settings("theme = \"blue\"\n").code(2).stderr(contains("config.toml").and(contains("line 1")));
}

#[test]
fn without_a_terminal_the_screen_says_what_it_needs() {
    program().assert().code(2).stderr(contains("needs a terminal").and(contains("Usage")));
}
