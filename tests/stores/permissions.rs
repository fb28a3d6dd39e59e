//! Who may read what the program writes: whoever the umask lets.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::TINY;

/// Runs the program under a umask.
fn under(umask: &str, home: &Path, arguments: &[&str]) {
    let ended = Command::new("sh")
        .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
        .arg(env!("CARGO_BIN_EXE_hiresnet-tui"))
        .args(arguments)
        .current_dir(home)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_DATA_HOME", home.join("share"))
        .output()
        .unwrap();
    assert!(ended.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&ended.stderr));
}

/// All that is below a folder, and its permissions.
fn all(folder: &Path, found: &mut Vec<(PathBuf, u32)>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let facts = entry.metadata().unwrap();
        found.push((entry.path(), facts.permissions().mode() & 0o777));
        if facts.is_dir() {
            all(&entry.path(), found);
        }
    }
}

#[test]
fn files_and_folders_have_what_the_umask_leaves() {
    for (umask, folder, file, script) in
        [("077", 0o700, 0o600, 0o700), ("002", 0o775, 0o664, 0o775), ("027", 0o750, 0o640, 0o750)]
    {
        let home = TempDir::new().unwrap();
        let here = home.path();
        let run = |arguments: &[&str]| under(umask, here, arguments);
        let batch =
            ["--device", "cpu", "--threads", "1", "--batch", TINY, "--resume", "--checkpoint-every", "1"];
        run(&[&batch[..], &["--tensorboard", "board"]].concat());
        // A run that is resumed, too.
        let kept = crate::only(&here.join("runs"));
        fs::write(kept.join("events.jsonl"), "").unwrap();
        run(&batch);
        let kept = kept.to_str().unwrap();
        for format in ["tensorboard", "csv", "parquet", "pytorch"] {
            run(&["export", kept, "--format", format, "-o", &format!("out/{format}")]);
        }
        run(&["record", kept, "-o", "a.hrec"]);
        run(&["report", "all", "-o", "a.html"]);
        run(&["picture", "a.svg"]);
        run(&["sweep", "slurm", "table1", "--out", "swept"]);
        run(&["man", "pages"]);
        let mut found = Vec::new();
        all(here, &mut found);
        assert!(found.len() > 30, "{found:#?}");
        for (path, mode) in found {
            let wanted = match () {
                () if path.is_dir() => folder,
                () if path.ends_with("sweep.sbatch") => script,
                () => file,
            };
            // The test wrote it, under a umask of its own.
            if !path.ends_with("events.jsonl") {
                assert_eq!(format!("{mode:o}"), format!("{wanted:o}"), "{} under {umask}", path.display());
            }
        }
    }
}

#[test]
fn a_file_that_is_replaced_stays_as_private_as_it_was() {
    let home = TempDir::new().unwrap();
    let report = home.path().join("a.svg");
    fs::write(&report, "").unwrap();
    fs::set_permissions(&report, fs::Permissions::from_mode(0o600)).unwrap();
    under("022", home.path(), &["picture", "a.svg"]);
    assert_eq!(fs::metadata(&report).unwrap().permissions().mode() & 0o777, 0o600);
}
