//! What the program says about itself: completions, man pages, the reference, the version.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use hiresnet_tui::cli::ENVIRONMENT;
use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_match};
use tempfile::TempDir;

use super::program;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What a command that succeeds prints.
fn printed(words: &[&str]) -> String {
    let output = program().args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// With `HIRESNET_UPDATE_DOCS` set, writes the pages instead.
#[test]
fn generated_pages_are_current() {
    let pages: [(&str, &[&str]); 2] =
        [("assets/KEYS.md", &["keys"]), ("assets/docs/cli.md", &["man", "--markdown"])];
    for (path, words) in pages {
        let (file, page) = (Path::new(ROOT).join(path), printed(words));
        if std::env::var_os("HIRESNET_UPDATE_DOCS").is_some() {
            fs::write(&file, &page).unwrap();
        }
        assert!(
            fs::read_to_string(&file).unwrap() == page,
            "{path} is not what `hiresnet-tui {}` prints: HIRESNET_UPDATE_DOCS=1 cargo test \
             --no-default-features --test cli",
            words.join(" ")
        );
    }
}

/// Every word in Rust files below `dir` that begins with `HIRESNET_`.
fn variables(dir: &Path, found: &mut BTreeSet<String>) {
    for path in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            variables(&path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let words = text.split(|c: char| !c.is_ascii_uppercase() && c != '_');
            found.extend(words.filter(|word| word.starts_with("HIRESNET_")).map(str::to_owned));
        }
    }
}

#[test]
fn the_environment_is_documented() {
    let mut found = BTreeSet::new();
    variables(&Path::new(ROOT).join("src"), &mut found);
    // Of the build, and for tests.
    found.retain(|name| !name.starts_with("HIRESNET_BUILD_") && !name.starts_with("HIRESNET_TEST_"));
    let known: BTreeSet<_> =
        ENVIRONMENT.iter().flat_map(|(names, _)| names.split(", ")).map(str::to_owned).collect();
    let missing: Vec<_> = found.difference(&known).collect();
    assert!(found.len() > 5 && missing.is_empty(), "not in the reference: {missing:?}");
}

#[test]
fn the_version_says_what_the_program_was_built_with() {
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(printed(&["-V"]), format!("hiresnet-tui {version}\n"));
    let long = printed(&["--version"]);
    assert!(long.starts_with(&format!("hiresnet-tui {version}\n")), "{long}");
    for line in ["backends:", "instructions:", "target:", "compiler:"] {
        assert!(long.lines().any(|found| found.starts_with(line) && found.len() > 16), "{long}");
    }
    assert!(long.contains(" rustc 1.") && long.contains(std::env::consts::ARCH), "{long}");
    assert_eq!(long.contains("not built in: cuda"), !cfg!(feature = "cuda"), "{long}");
    let mut lesser = program();
    lesser.env("HIRESNET_ISA", "portable").arg("--version");
    lesser.assert().success().stdout(is_match("instructions: +portable \\(of .*portable\\)").unwrap());
}

/// A shell that is here, or `None`, which is said.
fn shell(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file());
    if found.is_none() {
        eprintln!("no {name}: its completions were not sourced");
    }
    found
}

#[test]
fn shells_take_their_completions() {
    let dir = TempDir::new().unwrap();
    for (name, script) in [("zsh", "zsh"), ("fish", "fish"), ("elvish", "elvish"), ("pwsh", "powershell")] {
        let text = printed(&["completions", script]);
        assert!(text.contains("report") && text.contains("checkpoint-every"), "{script}");
        let Some(shell) = shell(name).filter(|_| name == "zsh" || name == "fish") else { continue };
        let file = dir.path().join(name);
        fs::write(&file, text).unwrap();
        let out = Command::new(shell).arg("-n").arg(&file).output().unwrap();
        assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
    }
    program().args(["completions", "tcsh"]).assert().code(2).stderr(contains("powershell"));
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_and_values() {
    let Some(bash) = shell("bash") else { return };
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("completions");
    fs::write(&file, printed(&["completions", "bash"])).unwrap();
    let completed = |words: &[&str]| {
        let script = "set -u; source \"$1\"; shift; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                      function=$(complete -p hiresnet-tui | sed 's/.*-F \\([^ ]*\\).*/\\1/'); \
                      cur=${COMP_WORDS[COMP_CWORD]}; prev=${COMP_WORDS[COMP_CWORD - 1]}; \
                      \"$function\" hiresnet-tui \"$cur\" \"$prev\"; echo \"${COMPREPLY[*]}\"";
        let out = Command::new(&bash).args(["-c", script, "bash"]).arg(&file).args(words).output().unwrap();
        let stderr = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success() && stderr.is_empty(), "{stderr}");
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(completed(&["hiresnet-tui", "rep"]), "report");
    assert_eq!(completed(&["hiresnet-tui", "report", "table"]), "table1 table2");
    assert!(completed(&["hiresnet-tui", "--repl"]).contains("--replay"));
}

#[test]
fn every_command_has_a_man_page() {
    let dir = TempDir::new().unwrap();
    let pages = dir.path().join("man1");
    program().arg("man").arg(&pages).assert().success().stderr(contains(" pages written to "));
    let names: BTreeSet<_> = fs::read_dir(&pages)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for name in
        ["hiresnet-tui.1", "hiresnet-tui-report.1", "hiresnet-tui-sweep-slurm.1", "hiresnet-tui-man.1"]
    {
        assert!(names.contains(name), "{names:?}");
    }
    let page = fs::read_to_string(pages.join("hiresnet-tui.1")).unwrap();
    assert_eq!(page, printed(&["man"]));
    for section in ["SYNOPSIS", "OPTIONS", "KEYS OF A SPEC", "EXIT STATUS", "ENVIRONMENT", "FILES"] {
        assert!(
            page.contains(&format!(".SH \"{section}\"")) || page.contains(&format!(".SH {section}")),
            "{section}"
        );
    }
    // Where there is a formatter, it has nothing to say against any of them.
    let Some(groff) = shell("groff") else { return };
    for name in names {
        let out = Command::new(&groff)
            // No letter struck twice, which is how old terminals print in bold.
            .args(["-k", "-man", "-Tutf8", "-P-cbou", "-ww", "-rLL=80n"])
            .arg(pages.join(&name))
            .output()
            .unwrap();
        let (text, warnings) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success() && warnings.is_empty(), "{name}: {warnings}");
        assert!(text.contains("SYNOPSIS"), "{name}: {text}");
    }
    // A file is no directory.
    let mut wrong = program();
    wrong.arg("man").arg(pages.join("hiresnet-tui.1"));
    wrong.assert().code(2).stderr(contains("cannot create").and(contains("hiresnet-tui.1")));
}

#[test]
#[cfg(unix)]
fn a_file_that_may_not_grow_further_is_an_error() {
    let home = TempDir::new().unwrap();
    let mut limited = std::process::Command::new("bash");
    limited.args(["-c", "ulimit -f 1; exec \"$0\" man \"$1\""]);
    let ended = limited
        .arg(assert_cmd::cargo::cargo_bin("hiresnet-tui"))
        .arg(home.path().join("pages"))
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code().is_some_and(|code| code > 0 && code < 128), "{:?}: {text}", ended.status);
    assert!(text.contains("error: ") && text.contains("File too large"), "{text}");
    let left: Vec<_> =
        std::fs::read_dir(home.path().join("pages")).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
}
