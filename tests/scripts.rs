//! Every script of the repository starts: each is run for a moment, on small networks and a few
//! images, and every command of the documentation is one that the program takes.
//!
//! Scripts that need `PyTorch` are started where Python has torch, numpy and safetensors; elsewhere
//! those tests pass and say so, unless `HIRESNET_REQUIRE_TORCH` is set. `HIRESNET_PYTHON` names
//! another interpreter. What needs a GPU or Slurm goes as far as it can on a stand-in.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

#[path = "scripts/documented.rs"]
mod documented;
#[path = "scripts/pytorch.rs"]
mod pytorch;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PROGRAM: &str = env!("CARGO_BIN_EXE_hiresnet-tui");

/// What starts a script.
enum Started {
    /// A test of this file.
    #[expect(dead_code, reason = "that it is named ties the script to it")]
    Here(fn()),
    /// Another file of tests, which names it.
    By(&'static str),
}
use Started::{By, Here};

/// Every script of the repository.
const SCRIPTS: &[(&str, Started)] = &[
    // It runs this very test.
    (".ci/run", Here(shells_can_read_every_shell_script)),
    ("assets/fashion-mnist/make_subset.py", Here(the_embedded_subset_is_its_own_subset)),
    ("assets/kernels/choose.py", Here(kernels_are_chosen_by_rule)),
    ("assets/pytorch/hiresnet.py", Here(pytorch::pytorch_has_the_networks_of_the_same_names)),
    ("assets/pytorch/load.py", By("tests/export/check.py")),
    ("assets/release.py", Here(a_release_is_packed)),
    ("assets/results/kill.sh", Here(a_killed_run_ends_like_one_that_was_not)),
    ("assets/results/lesions.py", Here(lesions_are_set_against_ablations)),
    ("benches/compare.py", Here(pytorch::the_programs_are_timed_in_turn)),
    ("benches/gpu.sh", Here(the_gpu_script_takes_every_step)),
    ("benches/peer.py", Here(pytorch::pytorch_has_the_networks_of_the_same_names)),
    ("benches/torch_bench.py", Here(pytorch::the_programs_are_timed_in_turn)),
    ("benches/train_torch.py", Here(pytorch::pytorch_trains_by_the_recipe)),
    ("tests/datasets/make.py", By("tests/datasets.rs")),
    ("tests/datasets/read.py", By("tests/datasets.rs")),
    ("tests/datasets/variants.py", By("tests/datasets/variants.rs")),
    ("tests/export/check.py", By("tests/export.rs")),
    ("tests/parity/compare.py", Here(pytorch::pytorch_repeats_the_first_steps)),
    ("tests/power/screen.py", By("tests/power/failing.rs")),
    ("tests/scripts/stand-in.sh", Here(the_gpu_script_takes_every_step)),
    // The whole of it needs root and a Slurm, so it runs only where HIRESNET_SLURM is set.
    ("tests/slurm/run.sh", Here(the_slurm_script_submits_a_sweep)),
    ("tests/terminal/hangup.py", By("tests/terminal/vanishing.rs")),
];

/// Files below `dir` that are scripts by their name or their first line.
fn scripts(dir: &Path, ignored: &[PathBuf], found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap()) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if ignored.contains(&path) || [".git", "__pycache__"].iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if kind.is_dir() {
            scripts(&path, ignored, found);
        } else if kind.is_file() {
            let named = path.extension().is_some_and(|end| end == "py" || end == "sh");
            let mut start = [0; 2];
            let marked = fs::File::open(&path).unwrap().read_exact(&mut start).is_ok() && &start == b"#!";
            if named || marked {
                found.insert(path.strip_prefix(ROOT).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
}

/// The scripts in the tree; where git answers, those it keeps, as a user's runs may lie beside them.
fn every_script() -> BTreeSet<String> {
    let ignore = fs::read_to_string(Path::new(ROOT).join(".gitignore")).unwrap();
    let ignored: Vec<_> = ignore.lines().map(|line| Path::new(ROOT).join(line.trim_matches('/'))).collect();
    let mut found = BTreeSet::new();
    scripts(Path::new(ROOT), &ignored, &mut found);
    let listed = Command::new("git").args(["-C", ROOT, "ls-files"]).output();
    if let Some(kept) = listed.ok().filter(|out| out.status.success()) {
        let kept = String::from_utf8(kept.stdout).unwrap();
        let kept: BTreeSet<_> = kept.lines().collect();
        found.retain(|script| kept.contains(script.as_str()));
    }
    found
}

#[test]
fn kernels_are_chosen_by_rule() {
    // One convolution for which tensor cores worked, and one for which they did not.
    let cache = TempDir::new().unwrap();
    let dir = cache.path().join("autotune/0.10.0/device-0-0-cuda");
    fs::create_dir_all(&dir).unwrap();
    let worked =
        |index: u32, name: &str| format!(r#"{{"outcome":{{"Ok":{{"name":"{name}","index":{index}}}}}}}"#);
    let failed = r#"{"outcome":{"Err":{"Unknown":{"name":"simple_sync_cmma","err":"no mma.h"}}}}"#;
    let line = |channels: u32, results: &[String]| {
        format!(
            r#"{{"key":{{"key":{{"Conv":{{"in_channels":{channels}}}}},"checksum":"a"}},"value":{{"fastest_index":7,"results":[{}]}}}}"#,
            results.join(",")
        )
    };
    let lines = [
        line(16, &[worked(0, "conv_direct"), worked(2, "simple_sync_cmma"), worked(3, "simple_sync_mma")]),
        line(32, &[worked(0, "conv_direct"), failed.to_owned()]),
    ];
    fs::write(dir.join("conv-forward-tune.json.log"), lines.join("\n") + "\n").unwrap();
    let python = std::env::var("HIRESNET_PYTHON").unwrap_or_else(|_| "python3".into());
    let script = format!("{ROOT}/assets/kernels/choose.py");
    let Ok(output) = Command::new(python).arg(script).arg(cache.path()).output() else {
        assert!(std::env::var_os("HIRESNET_REQUIRE_PYTHON").is_none(), "no Python");
        eprintln!("skipped: there is no Python");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let chosen: Value = serde_json::from_slice(&output.stdout).unwrap();
    let index = |place: usize| chosen["conv-forward-tune.json.log"][place]["value"]["fastest_index"].as_u64();
    assert_eq!([index(0), index(1)], [Some(2), Some(0)]);
}

#[test]
fn every_script_is_started_by_a_test() {
    let known: BTreeSet<_> = SCRIPTS.iter().map(|(path, _)| (*path).to_owned()).collect();
    let found = every_script();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "no test starts {new:?}: start each for a moment here, and add it to SCRIPTS");
    let gone: Vec<_> = known.difference(&found).collect();
    assert!(gone.is_empty(), "SCRIPTS has {gone:?}, which are not in the repository");
    for (path, started) in SCRIPTS {
        if let By(tests) = started {
            let name = Path::new(path).file_name().unwrap().to_str().unwrap();
            let text = fs::read_to_string(Path::new(ROOT).join(tests)).unwrap();
            assert!(text.contains(name), "{tests} does not start {path}");
        }
    }
}

fn python() -> String {
    std::env::var("HIRESNET_PYTHON").unwrap_or_else(|_| "python3".into())
}

/// Whether Python can do `test`; where it cannot, that is said, or fails if `variable` is set.
fn python_has(test: &str, what: &str, variable: &str) -> bool {
    let python = python();
    let has = Command::new(&python).args(["-c", test]).output().is_ok_and(|out| out.status.success());
    if !has {
        assert!(std::env::var_os(variable).is_none(), "no {python} with {what}");
        eprintln!("skipped: no {python} with {what}");
    }
    has
}

fn has_torch() -> bool {
    static HAS: OnceLock<bool> = OnceLock::new();
    let packages = "torch, numpy, safetensors";
    *HAS.get_or_init(|| python_has(&format!("import {packages}"), packages, "HIRESNET_REQUIRE_TORCH"))
}

fn has_python() -> bool {
    let test = "import sys; assert sys.version_info >= (3, 10)";
    python_has(test, "version 3.10 or later", "HIRESNET_REQUIRE_PYTHON")
}

/// The script at `path`, about to run in `dir`.
fn script(path: &str, dir: &Path) -> Command {
    let mut command = Command::new(if path.ends_with(".py") { python() } else { "bash".into() });
    command.arg(Path::new(ROOT).join(path)).current_dir(dir);
    // Compiling takes a minute, and needs a compiler. Threads that spin hold up those of other tests.
    command.env("TORCHDYNAMO_DISABLE", "1").env("OMP_WAIT_POLICY", "passive");
    command
}

/// What a command printed on stdout, stderr, and its exit code.
fn ended(command: &mut Command) -> (String, String, Option<i32>) {
    let out = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let [stdout, stderr] = [out.stdout, out.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (stdout, stderr, out.status.code())
}

/// What a command that succeeds prints on stdout.
fn said(command: &mut Command) -> String {
    let (stdout, stderr, code) = ended(command);
    assert_eq!(code, Some(0), "{command:?}\n{stdout}{stderr}");
    stdout
}

fn program(dir: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.current_dir(dir).env_remove("HIRESNET_DATA");
    command
}

/// A folder with stand-ins of these names, and a PATH that begins with it.
fn stand_ins(names: &[&str]) -> (TempDir, String) {
    let dir = TempDir::new().unwrap();
    for name in names {
        symlink(Path::new(ROOT).join("tests/scripts/stand-in.sh"), dir.path().join(name)).unwrap();
    }
    let path = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
    (dir, path)
}

/// A result as JSON.
fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

#[test]
fn shells_can_read_every_shell_script() {
    let is_shell = |path: &&str| !path.ends_with(".py");
    for path in SCRIPTS.iter().map(|(path, _)| *path).filter(is_shell) {
        said(Command::new("bash").arg("-n").arg(Path::new(ROOT).join(path)));
    }
}

#[test]
fn the_embedded_subset_is_its_own_subset() {
    if !has_python() {
        return;
    }
    let (embedded, made) = (Path::new(ROOT).join("assets/fashion-mnist"), TempDir::new().unwrap());
    said(script("assets/fashion-mnist/make_subset.py", made.path()).args([&embedded, made.path()]));
    let unpacked = |dir: &Path, name: &str| {
        let mut bytes = Vec::new();
        let file = fs::File::open(dir.join(name)).unwrap();
        flate2::read::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
        bytes
    };
    for name in ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] {
        let name = format!("{name}-ubyte.gz");
        assert!(unpacked(&embedded, &name) == unpacked(made.path(), &name), "{name}");
    }
}

#[test]
fn a_release_is_packed() {
    if !has_python() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let mut command = script("assets/release.py", dir.path());
    command.args(["--no-default-features", "--binary", PROGRAM, "--output"]).arg(dir.path());
    let (stdout, stderr, code) = ended(&mut command);
    assert_eq!(code, Some(0), "{stdout}{stderr}");
    let archive = stdout.trim();
    let name = Path::new(archive).file_name().unwrap().to_str().unwrap().trim_end_matches(".tar.gz");
    said(Command::new("tar").args(["-xzf", archive, "-C"]).arg(dir.path()));
    let inside = dir.path().join(name);
    let text = |path: &str| fs::read_to_string(inside.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let version = said(Command::new(inside.join("hiresnet-tui")).arg("--version"));
    assert!(
        version.contains(env!("CARGO_PKG_VERSION")) && name.contains(env!("CARGO_PKG_VERSION")),
        "{name}"
    );
    for path in ["README.md", "CHANGELOG.md", "LICENSE", "assets/KEYS.md", "assets/docs/cli.md"] {
        assert_eq!(text(path), fs::read_to_string(Path::new(ROOT).join(path)).unwrap());
    }
    assert!(text("man/man1/hiresnet-tui-report.1").contains("table1"));
    for shell in ["hiresnet-tui.bash", "_hiresnet-tui", "hiresnet-tui.fish", "hiresnet-tui.elv"] {
        assert!(text(&format!("completions/{shell}")).contains("hiresnet-tui"), "{shell}");
    }
    // Every package is named with its licence, and those without a text are said.
    let licences = text("THIRD-PARTY.txt");
    for package in ["ratatui 0.", "burn-flex 0.", "Fashion-MNIST", "DejaVu", "webpki-roots "] {
        assert!(licences.contains(package), "{package}");
    }
    assert!(!licences.contains("insta 1."), "what only tests use is not in the program");
    assert!(licences.matches("Permission is hereby granted").count() > 10);
    if let Some(names) = stderr.lines().find_map(|line| line.strip_prefix("no licence text is shipped by ")) {
        let (_, without) = licences.split_once("ship no text of it:").unwrap();
        assert!(names.split(", ").all(|name| without.contains(&format!("{name} "))), "{names}");
    }
}

#[test]
fn a_killed_run_ends_like_one_that_was_not() {
    let dir = TempDir::new().unwrap();
    let small = ["epochs=2", "train_limit=100", "val_limit=20", "test_limit=20", "blocks=1,1", "widths=4,8"];
    let said = said(script("assets/results/kill.sh", dir.path()).args([PROGRAM, "1"]).args(small));
    let kept: Vec<_> = said.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>()).collect();
    assert_eq!(kept.len(), 6, "{said}");
    for (pair, what) in kept.chunks(2).zip(["best.safetensors", "last.safetensors", "record"]) {
        assert_eq!((pair[0][0], pair[0][1], pair[1][1]), (what, "whole", "killed"), "{said}");
        assert!(pair[0][2].len() == 16 && pair[0][2] == pair[1][2], "{said}");
    }
    // A wrong spec is an error that is said.
    let (_, stderr, code) =
        ended(script("assets/results/kill.sh", dir.path()).args([PROGRAM, "1", "epochs=x"]));
    assert!(code == Some(1) && stderr.contains("epochs"), "{stderr}");
}

#[test]
fn lesions_are_set_against_ablations() {
    if !has_python() {
        return;
    }
    let dir = TempDir::new().unwrap();
    let small = [
        "dataset=fashion-embedded",
        "epochs=1",
        "batch=20",
        "train_limit=200",
        "val_limit=100",
        "test_limit=10",
        "probe_images=5",
        "blocks=1,1,1",
        "widths=4,4,8",
    ];
    let sets = small.iter().flat_map(|key| ["--set", key]);
    said(
        program(dir.path())
            .args(["--device", "cpu", "--batch", "ablations", "--seeds", "0..1", "--out", "ablations"])
            .args(sets),
    );
    let runs = said(program(dir.path()).args(["runs", "ablations", "--json"]));
    fs::write(dir.path().join("ablations.json"), runs).unwrap();
    let mut lesions = Vec::new();
    for entry in fs::read_dir(dir.path().join("ablations")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.starts_with("resnet-hires-fashion-embedded-s") {
            let scored = program(dir.path())
                .args(["lesion", "--device", "cpu", "--json"])
                .arg("ablations/".to_owned() + &name)
                .output()
                .unwrap();
            let file = format!("lesion-{name}.json");
            fs::write(dir.path().join(&file), scored.stdout).unwrap();
            lesions.push(file);
        }
    }
    assert_eq!(lesions.len(), 2, "one of each seed");
    let table = said(script("assets/results/lesions.py", dir.path()).arg("ablations.json").args(&lesions));
    for hop in ["0-1", "0-2", "0-3", "1-2", "1-3", "2-3"] {
        assert!(table.contains(&format!("| {hop} | ")), "{table}");
    }
    assert!(table.contains("mean(std) over 2 seeds"), "{table}");
}

#[test]
fn the_gpu_script_takes_every_step() {
    let ((_bin, path), dir) = (stand_ins(&["nvidia-smi"]), TempDir::new().unwrap());
    let mut command = script("benches/gpu.sh", dir.path());
    command.arg(PROGRAM).env("PATH", path).env("PYTHON", python());
    command.env("DEVICE", "cpu").env("HIRESNET_GPU_BENCH_QUICK", "1").env_remove("CUDA_VISIBLE_DEVICES");
    let (stdout, stderr, code) = ended(&mut command);
    // Only what compares with the CPU fails, and the program says that this is why.
    assert_eq!(code, Some(1), "{stdout}{stderr}");
    assert_eq!(stdout.matches("this would be the CPU with itself").count(), 3, "{stdout}");
    assert!(stdout.ends_with("\n3 of the program's own steps failed\n"), "{stdout}");
    let row = |name: &str| {
        let line = stdout.lines().rfind(|line| line.starts_with(&format!("{name:36} ")));
        line.unwrap_or_else(|| panic!("no {name}: {stdout}")).to_owned()
    };
    for network in ["plain", "resnet+hires", "resnext+hires"] {
        assert!(row(&format!("logits, cpu to cpu, {network}")).ends_with("failed (exit code 2)"));
    }
    assert!(stdout.contains("GPU memory in use 100 MiB, utilisation 50% (at most 50%)\n"), "{stdout}");
    for (name, result) in [
        ("devices", "all that work agree"),
        ("first start, cpu", "trains after "),
        ("later start, cpu", "trains after "),
        ("train on the CPU", "test top-1 "),
        ("eval of it, cpu", "agrees"),
        ("2 epochs on cpu", "test top-1 "),
        ("train step, batch 2", " img/s, step "),
        ("4 seeds, --parallel 1", "s in all"),
        ("4 seeds, --parallel 4", "s in all"),
    ] {
        assert!(row(name).contains(result), "{stdout}");
    }
    if !has_torch() {
        assert!(row("PyTorch").contains("not run"), "{stdout}");
        return;
    }
    for variant in ["eager", "channels-last", "bf16", "compile"] {
        assert!(row(&format!("PyTorch, batch 2, {variant}")).contains(" img/s, step "), "{stdout}");
    }
}

#[test]
fn the_slurm_script_submits_a_sweep() {
    let names = ["munged", "slurmctld", "slurmd", "sinfo", "sbatch", "squeue", "scancel"];
    let ((_bin, path), dir) = (stand_ins(&names), TempDir::new().unwrap());
    let socket = dir.path().join("socket");
    let _listening = UnixListener::bind(&socket).unwrap();
    let mut command = script("tests/slurm/run.sh", dir.path());
    let (stdout, stderr, code) =
        ended(command.arg(PROGRAM).env("PATH", path).env("STAND_IN_SOCKET", &socket));
    // As far as to the program's script in the hands of Slurm.
    assert_eq!(code, Some(3), "{stdout}{stderr}");
    assert!(stdout.contains("4 runs in 4 tasks"), "{stdout}{stderr}");
    assert!(
        stderr.contains("sbatch takes no jobs here: ") && stderr.contains("/the runs/sweep.sbatch"),
        "{stderr}"
    );
}
