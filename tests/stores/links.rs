//! Links that somebody has planted in a run's folder, or where the program writes.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use hiresnet_tui::engine::store;
use tempfile::TempDir;

use crate::events::record;
use crate::{TINY, said, write};

/// What a link leads to; it must stay as it is.
const VICTIM: &str = "precious\n";

/// A home with a run of `TINY` that was cut off in its first epoch, and a victim.
fn home() -> (TempDir, PathBuf, PathBuf) {
    let home = TempDir::new().unwrap();
    let events = record(TINY.replace("train_limit=60 val_limit=20 test_limit=20 ", "").as_str(), "", 1);
    let run = write(&home.path().join("runs"), &events[..4]);
    // As the spec that is asked for says.
    let text = fs::read_to_string(run.join("spec.toml")).unwrap();
    assert!(text.contains("plain"));
    fs::remove_dir_all(&run).unwrap();
    let spec: hiresnet_tui::domain::spec::ExperimentSpec = TINY.parse().unwrap();
    let run = store::RunDir::create(&home.path().join("runs"), &spec).unwrap().path().to_path_buf();
    let victim = home.path().join("victim");
    fs::write(&victim, VICTIM).unwrap();
    (home, run, victim)
}

fn resume(home: &Path) -> (String, Option<i32>) {
    said(home, &["--device", "cpu", "--threads", "1", "--batch", TINY, "--resume"])
}

#[test]
fn a_link_in_a_runs_folder_is_refused_by_name() {
    let names = [
        "events.jsonl",
        "metrics.csv",
        "claim",
        "summary.json",
        "best.safetensors",
        "last.safetensors",
        "checkpoint-0000000003.safetensors",
    ];
    for name in names {
        let (home, run, victim) = home();
        let _ = fs::remove_file(run.join(name));
        symlink(&victim, run.join(name)).unwrap();
        let (text, code) = resume(home.path());
        assert_eq!(fs::read_to_string(&victim).unwrap(), VICTIM, "{name}: {text}");
        assert_eq!(code, Some(1), "{name}: {text}");
        assert!(text.contains(&format!("{name}: a link")), "{name}: {text}");
        assert!(run.join(name).is_symlink());
    }
    // The spec is one as well, and so is the folder.
    let (home, run, _) = home();
    let elsewhere = home.path().join("elsewhere.toml");
    fs::rename(run.join("spec.toml"), &elsewhere).unwrap();
    symlink(&elsewhere, run.join("spec.toml")).unwrap();
    let (text, code) = resume(home.path());
    assert!(code == Some(1) && text.contains("spec.toml: a link"), "{text}");
    fs::remove_file(run.join("spec.toml")).unwrap();
    fs::rename(&elsewhere, run.join("spec.toml")).unwrap();
    let elsewhere = home.path().join("elsewhere");
    fs::rename(&run, &elsewhere).unwrap();
    symlink(&elsewhere, &run).unwrap();
    let (text, code) = resume(home.path());
    assert!(code == Some(1) && text.contains(": a link"), "{text}");
    assert_eq!(fs::read(elsewhere.join("events.jsonl")).unwrap(), b"");
}

#[test]
fn a_hard_link_is_refused_where_a_file_is_written_in_place() {
    for name in ["events.jsonl", "metrics.csv", "claim"] {
        let (home, run, victim) = home();
        let there = run.join(name);
        // What is there can be read; only another name of it is new.
        let content = fs::read(&there).unwrap_or_else(|_| b"{}".to_vec());
        fs::write(&victim, &content).unwrap();
        let _ = fs::remove_file(&there);
        fs::hard_link(&victim, &there).unwrap();
        let (text, code) = resume(home.path());
        assert_eq!(fs::read(&victim).unwrap(), content, "{name}: {text}");
        assert!(code == Some(1) && text.contains(&format!("{name}: a hard link")), "{name}: {text}");
    }
}

#[test]
fn nothing_that_the_program_names_itself_is_written_through_a_link() {
    let home = TempDir::new().unwrap();
    let at = |name: &str| home.path().join(name);
    let run = write(&at("runs"), &record("plain@fashion-embedded batch=900 epochs=2", "", 1));
    let run = run.to_str().unwrap();
    fs::write(at("victim"), VICTIM).unwrap();
    let (text, code) = said(home.path(), &["export", run, "--format", "tensorboard", "-o", "board"]);
    assert_eq!(code, Some(0), "{text}");
    let (text, _) =
        said(home.path(), &["parity", "steps", "plain@fashion-embedded", "blocks=1,1", "widths=4,8"]);
    let made = [at("board"), at("steps")].map(|folder| {
        let folder = if folder.join("parity.json").exists() { folder } else { crate::only(&folder) };
        folder.join(crate::names(&folder).pop().unwrap())
    });
    assert!(made[1].ends_with("weights.safetensors"), "{text}");
    let commands: [(&Path, &[&str]); 4] = [
        (&made[0], &["export", run, "--format", "tensorboard", "-o", "board", "--force"]),
        (&made[1], &["parity", "steps", "plain@fashion-embedded", "blocks=1,1", "widths=4,8"]),
        (&at("runs/sweep.sbatch"), &["sweep", "slurm", "table1", "--out", "runs"]),
        (&at("tables/metrics.csv"), &["export", run, "--format", "csv", "-o", "tables", "--force"]),
    ];
    fs::create_dir(at("tables")).unwrap();
    for (file, arguments) in commands {
        let _ = fs::remove_file(file);
        symlink(at("victim"), file).unwrap();
        let (text, code) = said(home.path(), arguments);
        assert_eq!(fs::read_to_string(at("victim")).unwrap(), VICTIM, "{arguments:?}: {text}");
        assert!(code == Some(2) && text.contains(file.file_name().unwrap().to_str().unwrap()), "{text}");
        assert!(file.is_symlink());
    }
    // What a person names is where they say.
    symlink(at("script"), at("link")).unwrap();
    fs::write(at("script"), "").unwrap();
    let (text, code) = said(home.path(), &["sweep", "slurm", "table1", "--out", "runs", "-o", "link"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(at("link").is_symlink() && fs::read_to_string(at("script")).unwrap().starts_with("#!"));
}
