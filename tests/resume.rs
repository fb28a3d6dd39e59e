//! Runs that are killed and gone on with end as if nothing had happened, to the bit; sweeps
//! repeat nothing, and programs that share a folder never do the same run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use hiresnet_tui::domain::event::{EventKind, Outcome};
use hiresnet_tui::engine::lease::Lease;
use hiresnet_tui::engine::store::{self, SavedRun};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

const SPEC: &str = "resnet+hires@fashion-embedded epochs=6 blocks=1,1 widths=4,8 batch=10 train_limit=150 \
                    val_limit=50 test_limit=50 probe_images=10 crop_padding=2 flip=true seed=3";

/// The same with everything that the paper's recipe lacks.
const OTHER_RECIPE: &str = "resnet+hires@fashion-embedded epochs=6 blocks=1,1 widths=4,8 batch=10 train_limit=150 val_limit=50 test_limit=50 \
     probe_images=10 crop_padding=2 flip=true cutout=8 mixup=0.4 seed=3 optimizer=sgd lr=0.05 momentum=0.9 \
     nesterov=true weight_decay=0.001 schedule=cosine warmup=0.5 grad_clip=1 label_smoothing=0.1 ema=0.9";

fn program(words: &[&str], out: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
    command.args(["--device", "cpu", "--threads", "1", "--out"]).arg(out).arg("--batch").args(words);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn said(words: &[&str], out: &Path) -> (String, Option<i32>) {
    let ended = program(words, out).output().unwrap();
    let text =
        [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (text, ended.status.code())
}

fn only_run(out: &Path) -> PathBuf {
    let runs = store::folders_of_runs(out).unwrap();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.into_iter().next().unwrap()
}

/// Events that the run in `out` has recorded; 0 where there is none yet.
fn recorded(out: &Path) -> usize {
    let run = store::folders_of_runs(out).ok().and_then(|runs| runs.into_iter().next());
    let record = run.and_then(|run| fs::read(run.join("events.jsonl")).ok()).unwrap_or_default();
    record.iter().filter(|byte| **byte == b'\n').count()
}

/// All that a run is but times: its weights, its table without seconds, and what its record
/// says of steps, epochs, activations and tests.
fn result(run: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let mut all = BTreeMap::new();
    for name in ["best.safetensors", "last.safetensors", "spec.toml"] {
        all.insert(name, fs::read(run.join(name)).unwrap());
    }
    let mut rows = Vec::new();
    for row in csv::Reader::from_path(run.join("metrics.csv")).unwrap().records() {
        let row = row.unwrap();
        let timeless = row.iter().enumerate().filter(|(i, _)| ![2, 9].contains(i)).map(|(_, cell)| cell);
        rows.extend(timeless.collect::<Vec<_>>().join(",").into_bytes());
        rows.push(b'\n');
    }
    all.insert("metrics.csv", rows);
    let mut told = String::new();
    for event in store::events_of(run).unwrap() {
        if let EventKind::Step { .. }
        | EventKind::EpochEnded { .. }
        | EventKind::Probed { .. }
        | EventKind::Tested { .. }
        | EventKind::Finished { .. } = event.kind
        {
            told += &format!("{:?}\n", event.kind);
        }
    }
    all.insert("events.jsonl", told.into_bytes());
    all
}

#[test]
fn a_run_that_is_killed_anywhere_ends_as_if_it_had_not_been() {
    assert_kills_leave_no_trace(SPEC, 20);
}

#[test]
fn so_does_one_with_momentum_averaged_weights_and_mixed_images() {
    assert_kills_leave_no_trace(OTHER_RECIPE, 10);
}

#[track_caller]
fn assert_kills_leave_no_trace(spec: &str, kills: usize) {
    let root = TempDir::new().unwrap();
    let whole = root.path().join("whole");
    assert_eq!(said(&[spec], &whole).1, Some(0));
    let events = recorded(&whole);
    let expected = result(&only_run(&whole));

    let mut random = ChaCha8Rng::seed_from_u64(5);
    let (mut killed, mut cut_off) = (0, 0);
    let mut attempt = 0;
    while killed < kills {
        assert!(attempt < 200, "too quick to be killed");
        let out = root.path().join(format!("killed-{attempt}"));
        attempt += 1;
        // Sometimes only at the ends of epochs, sometimes every few steps.
        let every = ["0", "1", "7"][attempt % 3];
        let words = [spec, "--resume", "--checkpoint-every", every];
        for _ in 0..random.random_range(1..=2) {
            let mut child: Child = program(&words, &out).spawn().unwrap();
            // Anywhere in its record, however long it takes to get there.
            let last = random.random_range(0..events);
            let ran = loop {
                let is_over = child.try_wait().unwrap().is_some();
                if is_over || recorded(&out) > last {
                    break !is_over;
                }
                sleep(Duration::from_millis(1));
            };
            child.kill().unwrap();
            child.wait().unwrap();
            killed += usize::from(ran);
            if let Ok(runs) = store::folders_of_runs(&out) {
                cut_off += runs
                    .iter()
                    .filter(|run| SavedRun::open(run).is_ok_and(|r| r.state.outcome.is_none()))
                    .count();
            }
        }
        let (text, code) = said(&words, &out);
        assert_eq!(code, Some(0), "{text}");
        let run = only_run(&out);
        let found = result(&run);
        for (name, bytes) in &expected {
            assert!(found[name] == *bytes, "{name} differs after kill {killed} of {}", run.display());
        }
        let left: Vec<_> = fs::read_dir(&run).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), 6, "checkpoints and claims go with the end: {left:?}");
    }
    eprintln!("{killed} kills, {cut_off} of them while it trained: the same to the bit");
    assert!(cut_off > 0, "none of {killed} was killed in the middle");
}

#[test]
fn damaged_checkpoints_are_passed_over() {
    let root = TempDir::new().unwrap();
    let whole = root.path().join("whole");
    assert_eq!(said(&[SPEC], &whole).1, Some(0));
    let expected = result(&only_run(&whole));
    let checkpoints = |run: &Path| -> Vec<PathBuf> {
        let paths = fs::read_dir(run).unwrap().map(|e| e.unwrap().path());
        let mut paths: Vec<_> = paths.filter(|p| p.to_string_lossy().contains("checkpoint-")).collect();
        paths.sort();
        paths
    };
    for damage in 0..5 {
        let out = root.path().join(format!("damaged-{damage}"));
        let words = [SPEC, "--resume", "--checkpoint-every", "1"];
        let mut child = program(&words, &out).spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let run = loop {
            assert!(Instant::now() < deadline);
            sleep(Duration::from_millis(5));
            let run = store::folders_of_runs(&out).ok().and_then(|runs| runs.into_iter().next());
            if let Some(run) = run.filter(|run| checkpoints(run).len() >= 2) {
                break run;
            }
        };
        child.kill().unwrap();
        child.wait().unwrap();
        let kept = checkpoints(&run);
        match damage {
            0 => fs::write(kept.last().unwrap(), b"half of").unwrap(),
            1 => kept.iter().for_each(|path| fs::write(path, b"").unwrap()),
            2 => fs::write(run.join("events.jsonl"), b"").unwrap(),
            3 => {
                let newest = kept.last().unwrap();
                let mut bytes = fs::read(newest).unwrap();
                let at = bytes.len() - 40;
                bytes[at] ^= 0x10;
                fs::write(newest, bytes).unwrap();
            }
            _ => {
                let log = fs::read(run.join("events.jsonl")).unwrap();
                fs::write(run.join("events.jsonl"), &log[..log.len() - 30]).unwrap();
            }
        }
        let (text, code) = said(&words, &out);
        assert_eq!(code, Some(0), "{text}");
        assert!(result(&run) == expected, "damage {damage}");
    }
}

/// A sweep of eight tiny runs.
const SWEEP: &str = "family = 'plain'\ndataset = 'fashion-embedded'\nepochs = 2\nblocks = [1, 1]\nwidths = [4, 8]\n\
                     batch = 10\ntrain_limit = 60\nval_limit = 20\ntest_limit = 20\n[axes]\n\
                     version = ['original', 'hires[P1]']\nseed = '0..3'\n";

#[test]
fn a_sweep_repeats_nothing_and_takes_what_is_asked() {
    let root = TempDir::new().unwrap();
    let file = root.path().join("sweep.toml");
    fs::write(&file, SWEEP).unwrap();
    let (file, out) = (file.to_str().unwrap(), root.path().join("runs"));
    let (text, code) = said(&[file, "--only", "2,5"], &out);
    assert!(code == Some(0) && text.contains("[2/8] plain@") && text.contains("[5/8] plain+hires"), "{text}");
    let lines = |out: &Path| -> Vec<String> {
        let (runs, faults) = store::list(out).unwrap();
        assert!(faults.is_empty());
        runs.iter().map(|run| run.spec.to_string()).collect()
    };
    let two = lines(&out);
    assert!(two.len() == 2 && two[0].contains("seed=1") && two[1].starts_with("plain+hires[P1]@"), "{two:?}");
    let (text, code) = said(&[file], &out);
    assert!(code == Some(0) && text.contains("2 of 8 runs already finished"), "{text}");
    assert_eq!(lines(&out).len(), 8);
    let before = fs::read_dir(&out).unwrap().count();
    let (text, code) = said(&[file], &out);
    assert!(code == Some(0) && text.contains("8 of 8 runs already finished"), "{text}");
    assert_eq!(fs::read_dir(&out).unwrap().count(), before);
    // Keys and seeds of its own.
    let (text, _) = said(&[file, "epochs=1", "--seeds", "7"], &out);
    assert!(text.contains("epochs=1") && lines(&out).len() == 10, "{text}");
    // A spec and seed that is given again is the same run.
    let (text, code) = said(&[file, "epochs=1", file, "epochs=1", "--seeds", "7..8"], &out);
    assert!(code == Some(0) && text.contains("4 repeated runs are left out"), "{text}");
    assert!(text.contains("2 of 4 runs already finished") && lines(&out).len() == 12, "{text}");
    let (text, code) = said(&[file, "--only", "9"], &out);
    assert!(code == Some(2) && text.contains("they go from 1 to 8"), "{text}");
    let (text, code) = said(&[file, "--only", "x"], &out);
    assert!(code == Some(2) && text.contains("--only: 'x' is not a run number"), "{text}");
    let (text, code) = said(&["table2", "--set", "colour=red"], &out);
    assert!(code == Some(2) && text.contains("unknown key 'colour'"), "{text}");
}

fn list(file: &str, out: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
    let ended = command.args(["sweep", "list", file, "--out"]).arg(out).output().unwrap();
    [ended.stdout, ended.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat()
}

#[test]
fn damaged_folders_are_named_and_the_others_trained() {
    let root = TempDir::new().unwrap();
    let file = root.path().join("sweep.toml");
    fs::write(&file, SWEEP.replace("0..3", "0..2")).unwrap();
    let (file, out) = (file.to_str().unwrap(), root.path().join("runs"));
    assert_eq!(said(&[file], &out).1, Some(0));
    let folders = store::folders_of_runs(&out).unwrap();
    fs::remove_file(folders[0].join("spec.toml")).unwrap();
    fs::write(folders[1].join("spec.toml"), "").unwrap();
    let log = fs::read_to_string(folders[2].join("events.jsonl")).unwrap();
    fs::write(folders[2].join("events.jsonl"), log.replacen("\"event\":\"step\"", "garbage", 1)).unwrap();
    fs::copy(folders[4].join("spec.toml"), folders[3].join("spec.toml")).unwrap();
    fs::remove_dir_all(&folders[5]).unwrap();
    let other = out.join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("spec.toml"), "x").unwrap();
    for (parallel, missing) in [("1", 1), ("2", 0)] {
        let text = list(file, &out);
        let counts = match missing {
            1 => "6 runs: 1 finished, 4 damaged, 1 missing",
            _ => "6 runs: 2 finished, 4 damaged\n",
        };
        assert!(text.contains(counts) && text.contains("passed over: "), "{text}");
        for folder in &folders[..4] {
            assert!(text.contains(&format!("damaged: {}", folder.display())), "{text}");
        }
        let (text, code) = said(&[file, "--parallel", parallel], &out);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("4 runs were not trained, as their folders are damaged"), "{text}");
        assert!(!text.contains("not started") && text.contains("of another run"), "{text}");
        for folder in &folders {
            assert!(!folder.join("claim").exists(), "{}", folder.display());
        }
    }
    assert_eq!(SavedRun::open(&folders[5]).unwrap().state.outcome, Some(Outcome::Completed));
    for folder in &folders[..4] {
        fs::rename(folder, root.path().join(folder.file_name().unwrap())).unwrap();
    }
    // Of the last one nobody knows whose run it is.
    let (text, code) = said(&[file], &out);
    assert!(code == Some(1) && text.contains("2 of 6 runs already finished"), "{text}");
    fs::remove_dir_all(&other).unwrap();
    assert_eq!(said(&[file], &out).1, Some(0));
}

#[test]
fn what_diverged_is_not_repeated_and_fails_again() {
    let root = TempDir::new().unwrap();
    let file = root.path().join("sweep.toml");
    let bad = SWEEP.replace("0..3", "0").replace("[axes]", "[axes]\nlr = [0.01, 1e38]");
    fs::write(&file, bad).unwrap();
    let (file, out) = (file.to_str().unwrap(), root.path().join("runs"));
    assert_eq!(said(&[file], &out).1, Some(1));
    assert!(list(file, &out).contains("4 runs: 2 finished, 2 diverged"), "{}", list(file, &out));
    let (text, code) = said(&[file], &out);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("2 of 4 runs already finished; not repeated\n"), "{text}");
    assert!(text.contains("2 of 4 runs diverged before; not repeated: the same spec"), "{text}");
}

#[test]
fn what_others_finished_meanwhile_counts_and_what_they_train_is_said() {
    let root = TempDir::new().unwrap();
    let file = root.path().join("sweep.toml");
    fs::write(&file, SWEEP.replace("epochs = 2", "epochs = 20")).unwrap();
    let (file, out) = (file.to_str().unwrap(), root.path().join("runs"));
    let ended = [0, 1].map(|_| program(&[file], &out).spawn().unwrap());
    let ended = ended.map(|child| child.wait_with_output().unwrap());
    let texts = ended.map(|end| String::from_utf8_lossy(&end.stdout).into_owned());
    let whole = |text: &&String| !text.contains("another process") && text.matches(" 4  ").count() == 2;
    assert!(texts.iter().any(|text| whole(&text)), "the last to end has all runs: {texts:?}");
    let trained: usize = texts.iter().map(|text| text.matches("saved to").count()).sum();
    assert_eq!(trained, 8);
    // What somebody has and does not end.
    let folders = store::folders_of_runs(&out).unwrap();
    fs::remove_dir_all(&folders[7]).unwrap();
    fs::create_dir(&folders[7]).unwrap();
    let lease = Lease::take(&folders[7]).unwrap().unwrap();
    assert!(list(file, &out).contains("7 finished, 1 training"), "{}", list(file, &out));
    let (text, code) = said(&[file], &out);
    assert!(code == Some(0) && text.contains("1 run is still being trained by another process"), "{text}");
    drop(lease);
    assert!(list(file, &out).contains("7 finished, 1 missing"), "{}", list(file, &out));
}

#[test]
fn two_programs_on_one_folder_share_a_sweep() {
    let root = TempDir::new().unwrap();
    let file = root.path().join("sweep.toml");
    fs::write(&file, SWEEP).unwrap();
    let (file, out) = (file.to_str().unwrap(), root.path().join("runs"));
    let mut both = [0, 1, 2].map(|_| program(&[file, "--json"], &out).spawn().unwrap());
    // One of them dies on the way.
    let begun = || store::folders_of_runs(&out).map_or(0, |runs| runs.len());
    let give_up = Instant::now() + Duration::from_secs(120);
    while begun() < 3 {
        assert!(Instant::now() < give_up, "{} runs have begun", begun());
        sleep(Duration::from_millis(5));
    }
    both[2].kill().unwrap();
    let ended = both.map(|child| child.wait_with_output().unwrap());
    let started = |out: &[u8]| String::from_utf8_lossy(out).matches("\"run_started\"").count();
    assert!(ended[..2].iter().all(|end| end.status.success()));
    let taken: usize = ended.iter().map(|end| started(&end.stdout)).sum();
    // What the dead one had begun may be left, or be done by the others.
    let (text, code) = said(&[file], &out);
    assert_eq!(code, Some(0), "{text}");
    let (runs, faults) = store::list(&out).unwrap();
    assert_eq!((runs.len(), faults.len()), (8, 0), "no run twice");
    assert!(runs.iter().all(|run| run.state.outcome == Some(Outcome::Completed)));
    assert!((7..=9).contains(&taken), "{taken} runs begun by the three");
}

#[test]
fn a_finished_run_is_extended_to_the_bit_where_its_end_was_kept() {
    let root = TempDir::new().unwrap();
    let (whole, out) = (root.path().join("whole"), root.path().join("extended"));
    assert_eq!(said(&[SPEC], &whole).1, Some(0));
    for epochs in ["epochs=2", "epochs=3"] {
        let (text, code) = said(&[SPEC, "--set", epochs, "--resume", "--keep-checkpoint"], &out);
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(
            text.contains("extending the finished run of epochs=2 in "),
            epochs == "epochs=3",
            "{text}"
        );
    }
    let (text, code) = said(&[SPEC, "--resume"], &out);
    assert!(code == Some(0) && text.contains("extending the finished run of epochs=3 in "), "{text}");
    assert!(text.contains("resuming at step 45, epoch 4"), "{text}");

    let of = |epochs: usize| {
        let runs = store::folders_of_runs(&out).unwrap().into_iter();
        let mut runs =
            runs.map(|path| SavedRun::open(&path).unwrap()).filter(|run| run.spec.epochs == epochs);
        runs.next().unwrap()
    };
    assert_eq!(result(&of(6).path), result(&only_run(&whole)));
    let from = |run: &SavedRun| run.state.started.as_ref().unwrap().extends.clone();
    let name = |run: &SavedRun| Some(run.path.file_name().unwrap().to_string_lossy().into_owned());
    assert_eq!((from(&of(2)), from(&of(3)), from(&of(6))), (None, name(&of(2)), name(&of(3))));
    let has_end = |epochs| of(epochs).path.join("checkpoint-end.safetensors").exists();
    assert_eq!([has_end(2), has_end(3), has_end(6)], [true, true, false]);
    hiresnet_tui::engine::deletion::delete(&out, &of(2).path).unwrap();

    // The longest that kept its end counts, not the longest.
    let longer = root.path().join("longer");
    for run in store::folders_of_runs(&out).unwrap() {
        let copy = longer.join(run.file_name().unwrap());
        fs::create_dir_all(&copy).unwrap();
        for file in fs::read_dir(&run).unwrap().map(|file| file.unwrap().path()) {
            fs::copy(&file, copy.join(file.file_name().unwrap())).unwrap();
        }
    }
    let (text, _) = said(&[SPEC, "--set", "epochs=7", "--resume"], &longer);
    assert!(text.contains("extending the finished run of epochs=3 in "), "{text}");
    assert!(text.contains("epochs=6") && text.contains("kept no checkpoint to extend"), "{text}");
    hiresnet_tui::engine::deletion::delete(&out, &of(3).path).unwrap();

    // Nothing to go on from, or an end that is another run's: said, and trained whole.
    let (text, _) = said(&[SPEC, "--set", "epochs=7", "--resume"], &out);
    assert!(text.contains("training from the start: the finished run of epochs=6 in "), "{text}");
    assert!(text.contains("--keep-checkpoint"), "{text}");
    let (text, _) = said(&[SPEC, "--set", "epochs=7", "--set", "seed=4", "--resume"], &out);
    assert!(!text.contains("finished run of"), "another seed is another run: {text}");
    fs::write(of(7).path.join("checkpoint-end.safetensors"), "half of").unwrap();
    let (text, code) = said(&[SPEC, "--set", "epochs=8", "--resume"], &out);
    assert!(code == Some(0) && text.contains("cannot extend epochs=7: "), "{text}");
    assert!(text.contains("checkpoint-end.safetensors: not a checkpoint"), "{text}");
}

#[test]
fn a_run_s_directory_is_resumed_where_it_is() {
    let (whole, out, other) = (TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    said(&[SPEC], whole.path());
    let mut child = program(&[SPEC], out.path()).spawn().unwrap();
    let started = Instant::now();
    while recorded(out.path()) < 40 {
        assert!(started.elapsed() < Duration::from_secs(120));
        sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let run = only_run(out.path());
    let directory = run.to_str().unwrap();
    // It keeps its spec.
    for more in [&["epochs=9"][..], &["--seeds", "1"], &["--set", "lr=1"]] {
        let (text, status) = said(&[&[directory], more].concat(), other.path());
        assert_eq!(status, Some(2), "{text}");
        assert!(text.contains("keeps its spec"), "{text}");
    }
    let (text, status) = said(&[directory], other.path());
    assert_eq!(status, Some(0), "{text}");
    assert_eq!(store::folders_of_runs(other.path()).unwrap_or_default(), Vec::<PathBuf>::new());
    assert_eq!(result(&run), result(&only_run(whole.path())));
    // A directory that is no run says what it is.
    for (place, reason) in
        [(out.path(), "a directory of runs, not a run"), (other.path(), "without a run in it")]
    {
        let (text, status) = said(&[place.to_str().unwrap()], other.path());
        assert!(status == Some(2) && text.contains(reason), "{text}");
    }
    // What is complete is not trained again.
    let (text, status) = said(&[directory], other.path());
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("already finished"), "{text}");
    let lists =
        Command::new(env!("CARGO_BIN_EXE_hiresnet-tui")).args(["sweep", "list", directory]).output().unwrap();
    assert!(String::from_utf8_lossy(&lists.stderr).contains("--batch resumes it"));
}
