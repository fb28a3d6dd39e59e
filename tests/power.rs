//! Power cuts, and calls that fail. A preloaded library writes down every call that changes a file; the calls are
//! done again on a disk of the test's own, which is cut off after each of them: what was not
//! flushed is lost, and removals may come before anything else. No cut may cost a run more
//! than what came after its last checkpoint, or leave anything that cannot be read. In
//! `failing`, the library lets one call after the other fail.
//!
//! Where there is no C compiler these tests say so and pass, unless `HIRESNET_REQUIRE_CC` is
//! set; elsewhere than on Linux there are none.
#![cfg(target_os = "linux")]

#[path = "power/disk.rs"]
mod disk;
#[path = "power/failing.rs"]
mod failing;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use disk::{Disk, Tree, WAYS, plant, tree};
use hiresnet_tui::domain::event::EventKind;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::deletion;
use hiresnet_tui::engine::resume::{Acquired, RunIndex, RunProgress};
use hiresnet_tui::engine::store;
use tempfile::TempDir;

const SPEC: &str = "plain+hires@fashion-embedded blocks=1,1 widths=4,8 batch=20 epochs=3 train_limit=120 \
                    val_limit=20 test_limit=20 probe_images=10";
/// Steps between checkpoints, and in an epoch.
const EVERY: usize = 3;
const STEPS: usize = 6;
const EPOCHS: usize = 3;

/// Set for a process of this test that is to delete the run in this folder.
const DELETE: &str = "HIRESNET_TEST_DELETE";

/// The library, compiled into `folder`; `None`, said on stderr, where nothing compiles it.
fn shim(folder: &Path) -> Option<PathBuf> {
    if Command::new("cc").arg("--version").output().is_err() {
        assert!(std::env::var_os("HIRESNET_REQUIRE_CC").is_none(), "cc is missing");
        eprintln!("skipped: there is no C compiler (cc)");
        return None;
    }
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/power/shim.c");
    let library = folder.join("shim.so");
    let compiled = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .args(["-ldl", "-lpthread"])
        .output()
        .unwrap();
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    Some(library)
}

/// Folders of a test: the runs, and the log of what was done to them.
struct Rig {
    home: TempDir,
    library: PathBuf,
}

impl Rig {
    fn new() -> Option<Self> {
        let home = TempDir::new().unwrap();
        let library = shim(home.path())?;
        fs::create_dir(home.path().join("disk")).unwrap();
        Some(Self { home, library })
    }

    /// Where all is written; the runs are in a folder of it that is not there at first.
    fn root(&self) -> PathBuf {
        self.home.path().join("disk")
    }

    fn runs(&self) -> PathBuf {
        self.root().join("kept/runs")
    }

    /// What was written down since the last time.
    fn take_log(&self) -> Vec<u8> {
        let path = self.home.path().join("log");
        let log = fs::read(&path).unwrap();
        fs::remove_file(path).unwrap();
        log
    }

    /// `command` with the library, killed after so many calls.
    fn watched(&self, command: &mut Command, kill: Option<usize>) {
        command.env("LD_PRELOAD", &self.library);
        command.env("POWER_ROOT", self.root()).env("POWER_LOG", self.home.path().join("log"));
        if let Some(calls) = kill {
            command.env("POWER_KILL", calls.to_string());
        }
    }
}

fn training(out: &Path) -> Command {
    training_of(SPEC, out)
}

fn training_of(spec: &str, out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
    command.args(["--device", "cpu", "--threads", "1", "--out"]).arg(out);
    command.args(["--batch", spec, "--resume", "--checkpoint-every", &EVERY.to_string()]);
    command.stdin(Stdio::null());
    command
}

fn spec() -> ExperimentSpec {
    SPEC.parse().unwrap()
}

/// How far the run in `runs` is: at a step, or (`None`, which is checked) all of it.
fn progress(runs: &Path) -> Result<Option<usize>, String> {
    let shelf = RunIndex::of(runs).map_err(|fault| fault.to_string())?;
    match shelf.take(&spec()).map_err(|fault| fault.to_string())? {
        Acquired::Finished(state) => {
            let run = only_run(runs);
            for checkpoint in hiresnet_tui::domain::event::Checkpoint::ALL {
                let kept = store::SavedRun::open(&run).and_then(|saved| saved.weights(checkpoint));
                kept.map_err(|fault| fault.to_string())?.ok_or("weights are missing")?;
            }
            let rows = fs::read_to_string(run.join("metrics.csv")).unwrap().lines().count();
            match (state.epochs.len(), state.tests.len(), rows) {
                (EPOCHS, 2, rows) if rows == EPOCHS + 1 => Ok(None),
                other => Err(format!("{other:?} epochs, tests and lines of metrics")),
            }
        }
        Acquired::Run { from, .. } => Ok(Some(from.map_or(0, |snapshot| snapshot.position.step))),
        Acquired::Busy => Err("busy".into()),
        Acquired::Damaged(damage) => Err(damage.error.to_string()),
    }
}

fn only_run(runs: &Path) -> PathBuf {
    let found = store::folders_of_runs(runs).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().unwrap()
}

/// More is more.
fn rank(progress: Option<usize>) -> usize {
    progress.unwrap_or(usize::MAX)
}

/// All that a run is but times.
fn result(runs: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let run = only_run(runs);
    let mut all: BTreeMap<_, _> = ["best.safetensors", "last.safetensors", "spec.toml"]
        .into_iter()
        .map(|name| (name, fs::read(run.join(name)).unwrap()))
        .collect();
    let events = store::events_of(&run).unwrap().into_iter();
    let timeless = events.filter(|event| {
        matches!(
            event.kind,
            EventKind::Step { .. }
                | EventKind::EpochEnded { .. }
                | EventKind::Probed { .. }
                | EventKind::Tested { .. }
                | EventKind::Finished { .. }
        )
    });
    let told: String = timeless.map(|event| format!("{:?}\n", event.kind)).collect();
    all.insert("events", told.into_bytes());
    all
}

/// Cuts the disk off after every call of `log`, in every way; `look` says how far the run in
/// what is left is, which may never become less. What was left, at worst, for every such state.
fn cut_everywhere(
    disk: &mut Disk,
    log: &[u8],
    look: &dyn Fn(&Tree) -> Result<usize, String>,
) -> BTreeMap<usize, Tree> {
    let (mut rest, mut calls) = (log, 0);
    let mut kept = BTreeMap::new();
    let mut known: BTreeMap<Tree, usize> = BTreeMap::new();
    let mut reached = 0;
    let mut call = "the beginning".to_owned();
    loop {
        let mut worst = usize::MAX;
        for way in WAYS {
            let left = disk.after_a_cut(way);
            let far = match known.get(&left) {
                Some(far) => *far,
                None => {
                    let far =
                        look(&left).unwrap_or_else(|fault| panic!("call {calls} ({call}), {way:?}: {fault}"));
                    known.insert(left.clone(), far);
                    far
                }
            };
            assert!(far >= reached, "call {calls} ({call}), {way:?}: {far}, after {reached} were safe");
            worst = worst.min(far);
        }
        reached = worst;
        kept.insert(worst, disk.after_a_cut(WAYS[0]));
        // All states but the last few are gone for good.
        if known.len() > 40 {
            known.clear();
        }
        match disk.step(rest) {
            Some((line, after)) => (call, rest, calls) = (line, after, calls + 1),
            None => break,
        }
    }
    eprintln!("{calls} calls, cut off after each in {} ways", WAYS.len());
    kept
}

#[test]
fn no_power_cut_costs_more_than_what_came_after_the_last_checkpoint() {
    let Some(rig) = Rig::new() else { return };
    let mut disk = Disk::of(&rig.root());
    // Killed in the middle of the second epoch, and gone on with to the end.
    let mut log = Vec::new();
    for kill in [Some(60), None] {
        let mut command = training(&rig.runs());
        rig.watched(&mut command, kill);
        let ended = command.output().unwrap();
        let text = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.success(), kill.is_none(), "{text}");
        log.extend(rig.take_log());
    }
    let expected = result(&rig.runs());

    let kept = cut_everywhere(&mut disk, &log, &|left| {
        let copy = TempDir::new().unwrap();
        plant(left, copy.path());
        progress(&copy.path().join("kept/runs")).map(rank)
    });
    assert!(
        disk.after_a_cut((disk::Names::All, disk::Contents::All)) == tree(&rig.root()),
        "a call that changes files was not seen"
    );
    let checkpoints = (0..=EPOCHS * STEPS).step_by(EVERY);
    let all: Vec<usize> = checkpoints.chain([usize::MAX]).collect();
    assert_eq!(kept.keys().copied().collect::<Vec<_>>(), all, "every checkpoint is safe once, and the end");

    // What is left goes on to the very end that it would have had.
    for (far, left) in kept {
        let copy = TempDir::new().unwrap();
        plant(&left, copy.path());
        let runs = copy.path().join("kept/runs");
        if far > STEPS && far < usize::MAX {
            // Weights of an epoch that was lost are not the best ones of this run.
            fs::write(only_run(&runs).join("best.safetensors"), "of a lost epoch").unwrap();
        }
        let ended = training(&runs).output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
        assert!(result(&runs) == expected, "another end from step {far}");
    }
}

#[test]
fn a_deletion_that_a_power_cut_ends_leaves_a_run_or_none() {
    // The process that deletes.
    if let Some(runs) = std::env::var_os(DELETE) {
        let runs = PathBuf::from(runs);
        return deletion::delete(&runs, &only_run(&runs)).unwrap();
    }
    let Some(rig) = Rig::new() else { return };
    assert!(training(&rig.runs()).output().unwrap().status.success());
    let mut disk = Disk::of(&rig.root());
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "a_deletion_that_a_power_cut_ends_leaves_a_run_or_none"]);
    command.env(DELETE, rig.runs());
    rig.watched(&mut command, None);
    let ended = command.output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
    let log = rig.take_log();

    let seen = std::cell::RefCell::new(BTreeSet::new());
    cut_everywhere(&mut disk, &log, &|left| {
        let copy = TempDir::new().unwrap();
        plant(left, copy.path());
        let shelf = RunIndex::of(&copy.path().join("kept/runs")).map_err(|fault| fault.to_string())?;
        let progress = shelf.progress(&spec());
        seen.borrow_mut().insert(progress.name());
        match progress {
            RunProgress::Damaged(damage) => Err(damage.error.to_string()),
            _ => Ok(0),
        }
    });
    assert_eq!(seen.into_inner(), BTreeSet::from(["finished", "missing"]));
    assert!(disk.after_a_cut((disk::Names::All, disk::Contents::All)) == tree(&rig.root()));
    assert!(store::folders_of_runs(&rig.runs()).unwrap().is_empty());
}
