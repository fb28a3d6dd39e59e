//! The CUDA path on a machine without a GPU: a driver that computes nothing, and the real NVRTC.
//!
//! Every kernel is compiled for a named architecture, every launch is counted, and all results
//! are zero; see `cuda/driver.c`. The driver needs a C compiler. What trains needs NVRTC as well,
//! in the virtual environment of `HIRESNET_PYTHON` (`pip install nvidia-cuda-nvrtc
//! nvidia-cuda-runtime nvidia-cuda-cccl`). Where one is missing, tests pass and say so, unless
//! `HIRESNET_REQUIRE_CUDA` is set.

#![cfg(all(feature = "cuda", target_os = "linux"))]

#[path = "cuda/rig.rs"]
mod machine;
#[path = "terminal/rig.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};

use machine::{EPOCH, EPOCHS, Machine, TINY, driver, machine, wheels};
use serde_json::Value;

/// Whether this machine has CUDA of its own, so that nothing can be missing.
fn has_toolkit() -> bool {
    ["/usr/local/cuda", "/opt/cuda", "/usr/bin/nvcc"].iter().any(|path| fs::exists(path).unwrap_or(false))
}

const TRAIN: [&str; 5] = ["--device", "cuda", "--batch", TINY, EPOCHS];

#[test]
fn without_a_driver_cuda_is_declined_in_one_line_and_auto_goes_on() {
    let machine = Machine::bare();
    let ended = machine.run(&TRAIN).assert(2);
    ended.says(&["cuda is not available: no NVIDIA driver is installed", "use --device cpu"]);
    let ended = machine.run(&["--batch", TINY, EPOCH]).assert(0);
    assert!(ended.stderr.contains("device: on the CPU: no NVIDIA driver is installed"), "{}", ended.stderr);
    assert!(machine.runs().len() == 1, "no folder is made for what cannot train");
}

#[test]
fn a_driver_alone_is_not_enough_and_the_line_says_what_brings_the_rest() {
    let Some(driver) = driver() else { return };
    if has_toolkit() {
        return;
    }
    let machine = Machine::new(driver).with("CUDA_STANDIN_DRIVER", "13000");
    let missing = "NVRTC, CUDA's run-time compiler, and its headers are missing (pip install \
                   nvidia-cuda-nvrtc~=13.0.0 nvidia-cuda-runtime~=13.0.0 nvidia-cuda-crt~=13.0.0 \
                   nvidia-cuda-cccl)";
    machine.run(&TRAIN).assert(2).says(&["cuda:0 (stand-in sm_80): ", missing]);
    let ended = machine.run(&["--batch", TINY, EPOCH]).assert(0);
    assert!(ended.stderr.starts_with("device: on "), "{}", ended.stderr);
    assert!(ended.stderr.contains(missing), "{}", ended.stderr);
    let ended = machine.run(&["devices", "--json"]).assert(0);
    let report: Value = serde_json::from_str(&ended.stdout).unwrap();
    let cuda =
        report["devices"].as_array().unwrap().iter().find(|device| device["device"] == "cuda:0").unwrap();
    assert_eq!(cuda["works"], false);
    assert_eq!(cuda["memory_bytes"], 8u64 << 30);
    assert!(cuda["missing"]["fix"].as_str().unwrap().starts_with("pip install "), "{cuda}");
}

#[test]
fn wheels_of_another_cuda_than_the_drivers_are_declined() {
    let Some(machine) = machine() else { return };
    if has_toolkit() {
        return;
    }
    let machine = machine.with("CUDA_STANDIN_DRIVER", "12040");
    let ended = machine.run(&TRAIN).assert(2);
    ended.says(&[
        "NVIDIA driver too old for this NVRTC",
        "supports CUDA up to 12.4",
        "nvidia-cuda-nvrtc-cu12~=12.4.0",
    ]);
}

#[test]
fn drivers_that_do_not_answer_are_said() {
    let Some(driver) = driver() else { return };
    let machine = Machine::new(driver).with("CUDA_STANDIN_INIT", "999");
    machine.run(&TRAIN).assert(2).says(&["the NVIDIA driver does not answer"]);
    let machine = Machine::new(driver).with("CUDA_STANDIN_DEVICES", "0");
    machine.run(&TRAIN).assert(2).says(&["the NVIDIA driver finds no device"]);
}

#[test]
fn headers_without_nvrtc_ask_for_nvrtc_alone() {
    let (Some(driver), Some(wheels)) = (driver(), wheels()) else { return };
    if has_toolkit() {
        return;
    }
    let machine = Machine::new(driver);
    let root = machine.home().join("cuda");
    fs::create_dir_all(&root).unwrap();
    let include = find(&wheels, "nvidia/cu13/include").expect("the headers are in the wheels");
    std::os::unix::fs::symlink(include, root.join("include")).unwrap();
    let machine = machine.with("CUDA_PATH", &root.display().to_string());
    let ended = machine.run(&TRAIN).assert(2);
    ended.says(&["NVRTC, CUDA's run-time compiler, is missing (pip install nvidia-cuda-nvrtc"]);
    assert!(!ended.stderr.contains("nvidia-cuda-runtime"), "{}", ended.stderr);
}

/// The folder below `root` whose path ends in `end`.
fn find(root: &Path, end: &str) -> Option<PathBuf> {
    if root.ends_with(end) {
        return Some(root.to_path_buf());
    }
    let entries = fs::read_dir(root).ok()?.flatten().map(|entry| entry.path());
    entries.filter(|path| path.is_dir() && !path.is_symlink()).find_map(|path| find(&path, end))
}

#[test]
fn a_whole_run_resume_eval_and_lesions_find_the_wheels_by_themselves() {
    let Some(machine) = machine() else { return };
    // A Cargo project, into whose target folder cubecl would write.
    fs::write(machine.home().join("Cargo.toml"), "").unwrap();
    let log = machine.home().join("log").display().to_string();
    let machine = machine.with("CUDA_STANDIN_LOG", &log);
    let ended = machine.run(&["--batch", TINY, EPOCH]).assert(0);
    assert!(ended.stderr.contains("device: on cuda:0, stand-in sm_80"), "{}", ended.stderr);
    // Of some hundred operations at most a few, by how burn happened to fuse others, are tuned.
    let tuned =
        ended.stdout.split_once(", tuned ").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
    assert!(ended.stdout.contains("compiled ") && tuned.unwrap_or(0) <= 5, "{}", ended.stdout);
    assert!(!machine.home().join("target").exists(), "nothing is written where the user stands");
    let counts = fs::read_to_string(&log).unwrap();
    assert!(
        counts.lines().any(|line| line.contains("launches") && !line.contains("launches 0 ")),
        "{counts}"
    );

    let run = machine.runs().remove(0).display().to_string();
    // The driver computes nothing, so that chance decides whether scores agree.
    let ended = machine.run(&["eval", &run, "--device", "cuda"]).assert_one_of(&[0, 1]);
    assert!(
        ended.stdout.contains("100 test images on cuda:0") && ended.stderr.is_empty(),
        "{}",
        ended.stderr
    );
    let ended = machine.run(&["lesion", &run, "--device", "cuda:0"]).assert(0);
    assert!(ended.stdout.contains("0-2"), "{}", ended.stdout);
    machine.run(&["--batch", TINY, EPOCHS, "--resume", "--device", "cuda"]).assert(0);
    let seeds =
        ["--batch", TINY, EPOCHS, "--seeds", "0..1", "--parallel", "2", "--device", "cuda", "--out", "two"];
    machine.run(&seeds).assert(0);
    machine.run(&["devices"]).assert(0);
}

#[test]
fn devices_that_do_not_exist_are_said() {
    let Some(machine) = machine() else { return };
    let machine = machine.with("CUDA_STANDIN_DEVICES", "2");
    let ended = machine.run(&["--device", "cuda:2", "--batch", TINY, EPOCH]).assert(2);
    ended.says(&["cuda:2 does not exist; there are 2, counted from 0"]);
    machine.run(&["--device", "cuda:1", "--batch", TINY, EPOCH]).assert(0);
}

#[test]
fn out_of_memory_is_one_message_with_what_was_asked_and_what_is_free() {
    let Some(machine) = machine() else { return };
    let machine = machine.with("CUDA_STANDIN_MEMORY", "150000000");
    let ended = machine.run(&TRAIN).assert(1);
    assert!(ended.stderr.contains("out of memory on cuda:0 (stand-in sm_80): "), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("tried to allocate ") && ended.stderr.contains("MiB free of 143 MiB"),
        "{}",
        ended.stderr
    );
    assert_eq!(failed_with(&machine), 1);
}

/// The runs whose record says that they failed, and why in one line.
fn failed_with(machine: &Machine) -> usize {
    let records = machine.runs().into_iter().map(|run| fs::read_to_string(run.join("events.jsonl")).unwrap());
    records
        .filter(|record| {
            let last: Value = serde_json::from_str(record.lines().last().unwrap()).unwrap();
            last["event"] == "finished"
                && last["outcome"] == "failed"
                && last["message"].as_str().is_some_and(|message| !message.contains('\n'))
        })
        .count()
}

#[test]
fn a_lost_device_fails_the_run_once_and_a_new_start_resumes_it() {
    let Some(machine) = machine() else { return };
    let log = machine.home().join("log");
    let machine = machine.with("CUDA_STANDIN_LOG", &log.display().to_string());
    // How many launches a whole run takes tells where its second epoch is.
    machine.run(&["--device", "cuda", "--batch", TINY, EPOCHS, "--out", "whole"]).assert(0);
    let text = fs::read_to_string(&log).unwrap();
    let counts =
        text.lines().filter_map(|line| line.split_once("launches ")?.1.split(' ').next()?.parse().ok());
    let launches: u64 = counts.max().unwrap();
    let lost = machine.with("CUDA_STANDIN_LOSE_AT", &(launches * 6 / 10).to_string());
    let ended = lost.run(&["--device", "cuda", "--batch", TINY, EPOCHS]).assert(1);
    assert!(ended.stderr.contains("cuda:0 (stand-in sm_80) was lost"), "{}", ended.stderr);
    assert!(ended.stderr.contains("CUDA_ERROR_LAUNCH_FAILED"), "{}", ended.stderr);
    assert_eq!(failed_with(&lost), 1);
    let ended = lost
        .run(&["--device", "cuda", "--batch", TINY, EPOCHS, "--seeds", "1..3", "--out", "sweep"])
        .assert(1);
    assert!(ended.stderr.contains("device lost: no further runs are started"), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("was lost").count(), 1, "{}", ended.stderr);
    let back = lost.with("CUDA_STANDIN_LOSE_AT", "0");
    let ended = back.run(&["--device", "cuda", "--batch", TINY, EPOCHS, "--resume"]).assert(0);
    assert!(ended.stdout.contains("resuming at step"), "{}", ended.stdout);
}

#[test]
fn kernels_compile_for_every_architecture_that_nvrtc_has() {
    let Some(machine) = machine() else { return };
    for capability in ["75", "86", "90", "120"] {
        let machine = Machine::new(driver().unwrap())
            .with("VIRTUAL_ENV", &wheels().unwrap().display().to_string())
            .with("CUDA_STANDIN_SM", capability);
        let ended = machine.run(&["--device", "cuda", "--batch", TINY, EPOCH]).assert(0);
        assert!(ended.stdout.contains("test, best weights"), "sm_{capability}: {}", ended.stdout);
    }
    // Older than any that NVRTC 13 compiles for.
    let ended = machine.with("CUDA_STANDIN_SM", "61").run(&TRAIN).assert(2);
    ended.says(&["its compute capability is 6.1", "pip install nvidia-cuda-nvrtc-cu12~=12.9.0"]);
}

#[test]
fn the_workbench_says_why_a_run_failed_and_stays_whole() {
    let Some(machine) = machine() else { return };
    let machine = machine.with("CUDA_STANDIN_MEMORY", "150000000").with("DEVICE", "cuda");
    let wanted = ["LD_LIBRARY_PATH", "VIRTUAL_ENV", "HIRESNET_CACHE", "CUDA_STANDIN_MEMORY", "DEVICE"];
    let environment = machine.environment();
    let variables: Vec<(&str, &str)> = environment
        .iter()
        .filter(|(name, _)| wanted.contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let Some(terminal) = terminal::Terminal::with((160, 45), &variables) else { return };
    terminal.open("");
    terminal.keys("t");
    let screen = terminal.wait_for("out of memory on cuda:0");
    assert!(screen.contains("failed") && !screen.contains("panicked"), "{screen}");
    assert_eq!(terminal.modes(), terminal::Modes::SCREEN);
    // Setup has the same devices as the command.
    terminal.keys("S Home Down Down");
    terminal.wait_for("discrete GPU");
    terminal.keys("q");
    let screen = terminal.left_with(0);
    assert!(!screen.contains("panicked"), "{screen}");
}
