//! The arrows between layers: domain ← engine ← faces ← main. They never point back.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found
}

#[test]
fn no_layer_uses_one_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let forbidden: [(&str, &[&str]); 5] = [
        (
            "domain",
            &[
                "crate::engine",
                "crate::batch",
                "crate::tui",
                "crate::cli",
                "burn",
                "ratatui",
                "crossterm",
                "std::fs",
                "std::thread",
                "std::net",
            ],
        ),
        ("engine", &["crate::batch", "crate::tui", "crate::cli", "println!", "indicatif", "ratatui"]),
        // Plain slices in, plain slices out.
        ("engine/kernels", &["crate::", "burn::", "burn_flex"]),
        ("batch", &["crate::tui", "burn::", "burn_flex", "ratatui"]),
        // The screen never sees a tensor.
        ("tui", &["crate::batch", "crate::cli", "burn::", "burn_flex", "indicatif"]),
    ];
    for (layer, words) in forbidden {
        let files = sources(&src.join(layer));
        assert!(!files.is_empty(), "{layer} has no files");
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for (number, line) in code.enumerate() {
                for word in words {
                    assert!(!line.contains(word), "{}: code line {}: {word}", file.display(), number + 1);
                }
            }
        }
    }
}

#[test]
fn a_file_holds_one_idea() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&src) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 420, "{} has {lines} lines", file.display());
    }
}
