//! Runs that go on when the workbench is closed, in a process of their own, and the way back.
//!
//! To detach, a run is stopped in order and another process of this program, which no terminal
//! belongs to, resumes it with `--batch` from the checkpoint: nothing is trained twice, and the
//! numbers are the same. To attach, that process is asked to stop, and the run is resumed where
//! one wants it; what it had still to train is in the words of its command line.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::device::DeviceChoice;
use super::error::{EngineError, Result};
use super::files;
use super::lease::{self, Claimant};
use super::store::{self, SavedRun};
use crate::domain::spec::ExperimentSpec;

/// Where the process's output goes, in the folder of the runs.
const LOG: &str = "detached.log";
/// Longest part of it that is quoted, bytes.
const QUOTED: u64 = 2 << 10;
/// For the new process to take the run, or to fail; reading the data may take longer.
const START: Duration = Duration::from_secs(10);
/// For a process without a run to take: to fail, if it does at once.
const FAILS_BY: Duration = Duration::from_secs(1);
/// For a process to stop after its current step: a GPU that compiles its kernels takes no orders.
const STOPS_BY: Duration = Duration::from_secs(120);
/// Between looks at a process.
const LOOK: Duration = Duration::from_millis(20);

/// What goes on without a screen.
#[derive(Debug, Clone, PartialEq)]
pub struct DetachedWork {
    /// What is trained, in order; with its folder, a run that is resumed.
    pub runs: Vec<(ExperimentSpec, Option<PathBuf>)>,
    /// Where.
    pub device: DeviceChoice,
    /// Where event files are written.
    pub tensorboard: Option<PathBuf>,
}

/// Where a process finds what it needs, besides what it trains.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// Folder of the runs.
    pub root: &'a Path,
    /// Folder of the datasets, where one was named.
    pub data: Option<&'a Path>,
    /// CPU threads, where they were named.
    pub threads: Option<u16>,
}

/// A process that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetachedProcess {
    /// Its number.
    pub id: u32,
    /// Where its output goes.
    pub log: PathBuf,
}

/// What a process was at when it was asked to stop.
#[derive(Debug)]
pub struct Attached {
    /// The run as it left it.
    pub run: SavedRun,
    /// What it would have trained next.
    pub queue: Vec<ExperimentSpec>,
}

/// Starts a process that does `work`, and waits until it has taken its first run.
///
/// # Errors
/// When it cannot be started, or ends at once; with what it said.
pub fn detach(work: &DetachedWork, place: Surroundings<'_>) -> Result<DetachedProcess> {
    let program =
        std::env::current_exe().map_err(|e| EngineError::Failed(format!("where is this program? {e}")))?;
    detach_with(&program, work, place)
}

fn detach_with(program: &Path, work: &DetachedWork, place: Surroundings<'_>) -> Result<DetachedProcess> {
    let log = place.root.join(LOG);
    let output = files::open_own(&log, OpenOptions::new().append(true).create(true))?;
    let begins = output.metadata().map_err(EngineError::io("look at", &log))?.len();
    let twice = output.try_clone().map_err(EngineError::io("open", &log))?;
    let mut command = Command::new(program);
    command.args(words(work, place)?).stdin(Stdio::null()).stdout(output).stderr(twice);
    let mut child = command.spawn().map_err(EngineError::io("start", program))?;
    let first = work.runs.iter().find_map(|(_, folder)| folder.as_deref());
    let failed = wait_for_start(&mut child, first).map_err(EngineError::io("wait for", program))?;
    if failed {
        let said = said_since(&log, begins);
        let said = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it ended at once");
        return Err(EngineError::Failed(format!("the process in the background ended: {said}")));
    }
    Ok(DetachedProcess { id: child.id(), log })
}

/// The arguments of the process.
fn words(work: &DetachedWork, place: Surroundings<'_>) -> Result<Vec<OsString>> {
    let option = |name: &str, value: &Path| {
        let mut word = OsString::from(format!("--{name}="));
        word.push(value);
        word
    };
    // A path that begins with a dash, say, is one of its own.
    let whole = |path: &Path| std::path::absolute(path).map_err(EngineError::io("look for", path));
    let mut words = vec!["--detached".into(), option("out", &whole(place.root)?)];
    words.push(format!("--device={}", work.device).into());
    if let Some(data) = place.data {
        words.push(option("data-dir", &whole(data)?));
    }
    words.extend(place.threads.map(|threads| format!("--threads={threads}").into()));
    if let Some(folder) = &work.tensorboard {
        words.push(option("tensorboard", &whole(folder)?));
    }
    words.push("--batch".into());
    for (spec, folder) in &work.runs {
        words.push(match folder {
            Some(folder) => whole(folder)?.into_os_string(),
            None => spec.to_string().into(),
        });
    }
    Ok(words)
}

/// Whether the process has ended, and not as one does that has done its work.
fn wait_for_start(child: &mut Child, first: Option<&Path>) -> std::io::Result<bool> {
    let patience = if first.is_some() { START } else { FAILS_BY };
    let since = Instant::now();
    while since.elapsed() < patience {
        if let Some(status) = child.try_wait()? {
            return Ok(!status.success());
        }
        if first.is_some_and(|folder| lease::claimant(folder) == Claimant::Here(child.id())) {
            break;
        }
        sleep(LOOK);
    }
    Ok(false)
}

/// What was written to the log from byte `begins` on, no more than can be quoted.
fn said_since(log: &Path, begins: u64) -> String {
    use std::io::{Read, Seek, SeekFrom};
    let mut bytes = Vec::new();
    let read = std::fs::File::open(log).and_then(|mut file| {
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(begins.max(length.saturating_sub(QUOTED))))?;
        file.take(QUOTED).read_to_end(&mut bytes)
    });
    read.map_or_else(|_| String::new(), |_| String::from_utf8_lossy(&bytes).into_owned())
}

/// Makes this process one that no terminal belongs to.
///
/// # Errors
/// When the system does not let it.
pub fn leave_terminal() -> std::io::Result<()> {
    #[cfg(unix)]
    rustix::process::setsid()?;
    Ok(())
}

/// Asks the process that trains the run in folder `path` to stop, and waits until it has.
///
/// # Errors
/// When it is on another machine, is no process of `--batch`, cannot be seen or does not stop.
pub fn attach(path: &Path) -> Result<Attached> {
    let refused = |reason: String| Err(EngineError::run(path, reason));
    let mut queue = Vec::new();
    match lease::claimant(path) {
        Claimant::Nobody => {}
        Claimant::Elsewhere(host) => {
            return refused(format!("a process on {host} trains this run; stop it there, then resume"));
        }
        Claimant::Here(id) => {
            let Some(words) = batch_words(id, path) else {
                return refused(format!(
                    "process {id} trains this run, and is not one that this program may stop; stop it, then resume"
                ));
            };
            queue = queue_after(&words, path);
            stop(id).map_err(|e| EngineError::run(path, format!("cannot stop process {id}: {e}")))?;
            let since = Instant::now();
            while lease::claimant(path) == Claimant::Here(id) {
                if since.elapsed() > STOPS_BY {
                    return refused(format!("process {id} was asked to stop and has not yet; resume later"));
                }
                sleep(LOOK);
            }
        }
    }
    Ok(Attached { run: SavedRun::open_condensed(path)?, queue })
}

#[cfg(unix)]
fn stop(id: u32) -> std::io::Result<()> {
    use rustix::process::{Pid, Signal, kill_process};
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    pid.map_or(Err(rustix::io::Errno::SRCH), |pid| kill_process(pid, Signal::TERM)).map_err(Into::into)
}

#[cfg(not(unix))]
fn stop(_id: u32) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

/// The words after `--batch` on the command line of process `id`, where it is one of `--batch`
/// that holds the claim of the run in folder `path`; known on Linux only. A claim is a file that
/// anybody may have written: nothing is stopped on its word alone.
fn batch_words(id: u32, path: &Path) -> Option<Vec<String>> {
    let claim = path.join(lease::CLAIM).canonicalize().ok()?;
    let process = PathBuf::from(format!("/proc/{id}"));
    let mut open = process.join("fd").read_dir().ok()?.flatten();
    open.any(|fd| fd.path().read_link().is_ok_and(|file| file == claim)).then_some(())?;
    let line = files::read_bounded(&process.join("cmdline"), 4 << 20).ok()?;
    let words = line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned());
    let mut words = words.skip_while(|word| word != "--batch");
    words.next()?;
    Some(words.filter(|word| !word.is_empty()).collect())
}

/// What is trained after the run in folder `path` by a process with these words; none where they
/// are not those of [`detach`].
fn queue_after(words: &[String], path: &Path) -> Vec<ExperimentSpec> {
    let line = store::read_spec(path).map(|spec| spec.to_string()).unwrap_or_default();
    let same = |word: &String| {
        *word == line
            || Path::new(word).canonicalize().is_ok_and(|named| path.canonicalize().is_ok_and(|p| p == named))
    };
    let Some(at) = words.iter().position(same) else { return Vec::new() };
    let spec = |word: &String| match Path::new(word).is_dir() {
        true => store::read_spec(Path::new(word)).ok(),
        false => word.parse().ok(),
    };
    words[at + 1..].iter().map_while(spec).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(lines: &[&str]) -> DetachedWork {
        let runs = lines.iter().map(|line| (line.parse().unwrap(), None)).collect();
        DetachedWork { runs, device: DeviceChoice::Auto, tensorboard: None }
    }

    #[test]
    fn what_is_queued_is_found_in_the_words() {
        let root = tempfile::tempdir().unwrap();
        let lines = ["plain@fashion", "resnet+hires@fashion seed=4 epochs=3", "resnet@mnist lr=0.5"];
        let run = store::RunDir::create(root.path(), &lines[0].parse().unwrap()).unwrap();
        let mut work = work(&lines);
        work.runs[0].1 = Some(run.path().to_path_buf());
        let place = Surroundings { root: root.path(), data: None, threads: Some(2) };
        let words: Vec<_> =
            words(&work, place).unwrap().into_iter().map(|word| word.into_string().unwrap()).collect();
        assert!(words.contains(&"--threads=2".to_owned()), "{words:?}");
        let at = words.iter().position(|word| word == "--batch").unwrap();
        let queue = queue_after(&words[at + 1..], run.path());
        let queue: Vec<_> = queue.iter().map(ToString::to_string).collect();
        assert_eq!(queue, lines[1..]);
        // Nothing is guessed of others' words.
        assert!(queue_after(&["quickstart".into(), lines[1].into()], run.path()).is_empty());
    }

    #[test]
    fn a_claim_alone_stops_nobody() {
        let root = tempfile::tempdir().unwrap();
        let run = store::RunDir::create(root.path(), &"resnet@fashion".parse().unwrap()).unwrap();
        // This process has the claim and is none of `--batch`.
        let error = attach(run.path()).unwrap_err().to_string();
        assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
        let path = run.path().to_path_buf();
        drop(run);
        assert_eq!(lease::claimant(&path), Claimant::Nobody);
        let attached = attach(&path).unwrap();
        assert!(attached.queue.is_empty() && attached.run.path == path);
    }

    #[cfg(unix)]
    #[test]
    fn a_process_that_ends_at_once_says_why() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("program");
        std::fs::write(&program, "#!/bin/sh\necho before\necho 'error: no data' >&2\nexit 2\n").unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let place = Surroundings { root: root.path(), data: None, threads: None };
        let error = detach_with(&program, &work(&["plain@fashion"]), place).unwrap_err().to_string();
        assert!(error.ends_with("error: no data"), "{error}");
    }
}
