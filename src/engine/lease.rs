//! Who may work on a run's folder, among programs on this machine and on others that share
//! the disk.
//!
//! A lease is a file `claim` in the folder, which only one process can create, locked by the
//! one that has it: the system gives the lock back however the process ends. Some shared
//! folders have no locks, or keep them within one machine, so the file also says who has it,
//! and is written again from time to time: it expires when that did not happen for a while.
//! An expired one is removed before another is created, and again only one process can.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::{EngineError, Result};
use super::files;
use crate::domain::text::harmless;

/// The file's name.
pub(super) const CLAIM: &str = "claim";
/// Which process may remove an expired claim, where locks do not say: the one that creates this.
const REMOVAL: &str = ".writing-claim";
/// How often a lease is renewed.
const BEAT: Duration = Duration::from_secs(15);
/// A lease that was not renewed for so long, and whose lock would not be seen, is nobody's.
const STALE: Duration = Duration::from_secs(120);
/// Between two looks at a claim that somebody has created and not written yet, and how often
/// one looks.
const UNWRITTEN_POLL: Duration = Duration::from_millis(25);
const UNWRITTEN_POLLS: usize = 8;
/// How often the claim may be another one at the next look.
const ATTEMPTS: usize = 20;
/// Longest file read, bytes.
const MAX_BYTES: u64 = 4 << 10;

/// Who has a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    host: String,
    process: u32,
}

impl Holder {
    /// This program.
    fn me() -> Self {
        Self { host: host(), process: std::process::id() }
    }
}

/// The right to work on a run's folder, until it is dropped.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    file: File,
    beat: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Lease {
    /// Leases `folder`; `None` while somebody else has it.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn take(folder: &Path) -> Result<Option<Self>> {
        Self::take_as(folder, &Holder::me(), STALE)
    }

    fn take_as(folder: &Path, me: &Holder, stale: Duration) -> Result<Option<Self>> {
        let path = folder.join(CLAIM);
        let io = |action| EngineError::io(action, &path);
        for _ in 0..ATTEMPTS {
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => match files::lock(&file) {
                    // Somebody opened it first.
                    Err(TryLockError::WouldBlock) => return Ok(None),
                    // No locks here: that it was created decides.
                    Ok(()) | Err(TryLockError::Error(_)) => {
                        if files::is_at(&file, &path).map_err(io("look at"))? {
                            return Self::hold(path, file, me).map(Some);
                        }
                    }
                },
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let opened = files::open_own(&path, OpenOptions::new().read(true).write(true));
                    let file = match opened {
                        Err(EngineError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                            continue;
                        }
                        other => other?,
                    };
                    let claim = judge(folder, &file, me, stale).map_err(io("look at"))?;
                    if claim == Claim::Held || !remove(folder, &file, claim).map_err(io("replace"))? {
                        return Ok(None);
                    }
                }
                Err(error) => return Err(io("create")(error)),
            }
        }
        Ok(None)
    }

    /// Writes who has the claim, now and from time to time.
    fn hold(path: PathBuf, file: File, me: &Holder) -> Result<Self> {
        let text = serde_json::to_vec(me).unwrap_or_default();
        let write = move |mut file: &File| -> std::io::Result<()> {
            file.seek(SeekFrom::Start(0))?;
            file.write_all(&text)
        };
        // Removed again where anything fails from here on.
        let mut lease = Self { path, file, beat: None };
        let io = |action| EngineError::io(action, &lease.path);
        write(&lease.file).and_then(|()| lease.file.sync_data()).map_err(io("write"))?;
        let (stop, stopped) = channel();
        let renewed = lease.file.try_clone().map_err(io("open"))?;
        let beat = thread::Builder::new().name("claim".into()).spawn(move || {
            while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                // By the clock of the disk, which a time of our own would not be.
                let _ = write(&renewed);
            }
        });
        let beat = beat.map_err(io("start a thread for"))?;
        lease.beat = Some((stop, beat));
        Ok(lease)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.beat.take() {
            drop(stop);
            let _ = thread.join();
        }
        // Unless it expired, and is another's.
        if files::is_at(&self.file, &self.path).unwrap_or(false) {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// What a claim means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    /// Somebody has the folder.
    Held,
    /// Nobody has, and nobody else can find that out meanwhile: this process has its lock.
    Left,
    /// It has expired, which another process may find as well.
    Expired,
}

/// Removes a `claim` that nobody has; whether that was for this process to do.
fn remove(folder: &Path, claim: &File, state: Claim) -> std::io::Result<bool> {
    let removal = folder.join(REMOVAL);
    if state == Claim::Expired {
        match OpenOptions::new().write(true).create_new(true).open(&removal) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // Of a process that ended in the middle of it.
                if File::open(&removal).is_ok_and(|file| !is_fresh(folder, &file, STALE).unwrap_or(true)) {
                    let _ = fs::remove_file(&removal);
                }
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
    }
    let path = folder.join(CLAIM);
    let removed = match files::is_at(claim, &path) {
        Ok(true) => fs::remove_file(&path),
        other => other.map(drop),
    };
    if state == Claim::Expired {
        let _ = fs::remove_file(&removal);
    }
    removed.map(|()| true)
}

/// Removes a claim that nobody has any more.
pub fn remove_left(folder: &Path) {
    let opened = files::open_own(&folder.join(CLAIM), OpenOptions::new().read(true).write(true));
    if let Ok(file) = opened
        && let Ok(claim @ (Claim::Left | Claim::Expired)) = judge(folder, &file, &Holder::me(), STALE)
    {
        let _ = remove(folder, &file, claim);
    }
}

/// Whether somebody has claimed `folder`, as far as can be seen; nothing is changed.
pub fn is_held(folder: &Path) -> bool {
    let path = folder.join(CLAIM);
    if files::refuse_other_than_files(&path).is_err() {
        return false;
    }
    let Ok(file) = File::open(path) else { return false };
    let locked = match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => return true,
        Err(TryLockError::Error(_)) => false,
        Ok(()) => {
            let _ = file.unlock();
            true
        }
    };
    let held = holder(&file)
        .and_then(|found| is_held_by(folder, &file, found.as_ref(), locked, &Holder::me(), STALE));
    held.unwrap_or(false)
}

/// Who has claimed a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimant {
    /// No process, as far as can be seen.
    Nobody,
    /// One on this machine, by its number.
    Here(u32),
    /// One on another machine, by that one's name.
    Elsewhere(String),
}

/// Which process has claimed `folder`, as far as can be seen; nothing is changed.
pub fn claimant(folder: &Path) -> Claimant {
    if !is_held(folder) {
        return Claimant::Nobody;
    }
    // Of one that has just been let go, or is nonsense, nobody.
    match File::open(folder.join(CLAIM)).and_then(|file| holder(&file)) {
        Ok(Some(found)) if found.host == host() => Claimant::Here(found.process),
        Ok(Some(found)) => Claimant::Elsewhere(harmless(&found.host, 100)),
        _ => Claimant::Nobody,
    }
}

/// Whether this process has claimed `folder`.
pub fn is_mine(folder: &Path) -> bool {
    let path = folder.join(CLAIM);
    files::refuse_other_than_files(&path).is_ok()
        && File::open(path).and_then(|file| holder(&file)).is_ok_and(|found| found == Some(Holder::me()))
}

/// What `claim` means to `me`, who then has its lock where it is not held.
fn judge(folder: &Path, claim: &File, me: &Holder, stale: Duration) -> std::io::Result<Claim> {
    let locked = match files::lock(claim) {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => return Ok(Claim::Held),
        // No locks here: what the file says is all there is.
        Err(TryLockError::Error(_)) => false,
    };
    let mut found = holder(claim)?;
    for _ in 0..UNWRITTEN_POLLS {
        // Whoever created it on another machine is about to write it.
        let is_unwritten = found.is_none() && is_fresh(folder, claim, UNWRITTEN_POLL * 8)?;
        if !is_unwritten {
            break;
        }
        thread::sleep(UNWRITTEN_POLL);
        found = holder(claim)?;
    }
    if is_held_by(folder, claim, found.as_ref(), locked, me, stale)? {
        return Ok(Claim::Held);
    }
    let is_ours = locked && found.is_none_or(|found| found.host == me.host);
    Ok(if is_ours { Claim::Left } else { Claim::Expired })
}

/// Who is named in `claim`; `None` of one that is not written, or is nonsense.
fn holder(mut claim: &File) -> std::io::Result<Option<Holder>> {
    let mut text = Vec::new();
    claim.seek(SeekFrom::Start(0))?;
    claim.take(MAX_BYTES).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text).ok())
}

/// Whether `claim` makes `folder` theirs who are named in it; of one that is not written or is
/// nonsense, nobody is.
fn is_held_by(
    folder: &Path,
    claim: &File,
    found: Option<&Holder>,
    locked: bool,
    me: &Holder,
    stale: Duration,
) -> std::io::Result<bool> {
    // The lock of a process on this machine would have been seen.
    let could_be_unseen = !locked || found.is_some_and(|found| found.host != me.host);
    Ok(could_be_unseen && is_fresh(folder, claim, stale)?)
}

/// Whether `claim` was written lately, by the clock of the disk that both are on. One from the
/// future was not.
fn is_fresh(folder: &Path, claim: &File, stale: Duration) -> std::io::Result<bool> {
    let now = tempfile::tempfile_in(folder)?.metadata()?.modified()?;
    let at = claim.metadata()?.modified()?;
    Ok(now.duration_since(at).or_else(|_| at.duration_since(now)).unwrap_or_default() < stale)
}

/// This machine's name.
fn host() -> String {
    #[cfg(unix)]
    return rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    return std::env::var("COMPUTERNAME").unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn one_has_it_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lease::take(folder.path()).unwrap().unwrap();
        assert!(Lease::take(folder.path()).unwrap().is_none());
        assert!(is_held(folder.path()) && is_mine(folder.path()));
        drop(first);
        assert!(!is_mine(folder.path()));
        assert!(!is_held(folder.path()));
        assert!(!folder.path().join(CLAIM).exists());
        assert!(Lease::take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn of_many_that_start_together_one_has_it() {
        let folder = tempfile::tempdir().unwrap();
        for round in 0..20 {
            // An expired one is in the way of every other round.
            if round % 2 == 1 {
                fs::write(folder.path().join(CLAIM), "").unwrap();
                let old = File::options().write(true).open(folder.path().join(CLAIM)).unwrap();
                old.set_modified(SystemTime::now() - 2 * STALE).unwrap();
            }
            let start = std::sync::Barrier::new(8);
            let taken: Vec<Option<Lease>> = thread::scope(|scope| {
                let take = || {
                    start.wait();
                    Lease::take(folder.path()).unwrap()
                };
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(take)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(taken.iter().flatten().count(), 1, "round {round}");
            drop(taken);
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "round {round}");
        }
    }

    #[test]
    fn another_machines_claim_counts_until_it_is_stale() {
        let folder = tempfile::tempdir().unwrap();
        let other = serde_json::to_vec(&Holder { host: "elsewhere".into(), process: 7 }).unwrap();
        fs::write(folder.path().join(CLAIM), &other).unwrap();
        assert!(Lease::take(folder.path()).unwrap().is_none(), "its machine may be at work");
        assert!(is_held(folder.path()));
        let long_ago = SystemTime::now() - 2 * STALE;
        let file = File::options().write(true).open(folder.path().join(CLAIM)).unwrap();
        file.set_modified(long_ago).unwrap();
        assert!(!is_held(folder.path()));
        assert!(Lease::take(folder.path()).unwrap().is_some(), "its machine is gone");
        // Nor does one from the future hold for ever.
        fs::write(folder.path().join(CLAIM), other).unwrap();
        let file = File::options().write(true).open(folder.path().join(CLAIM)).unwrap();
        file.set_modified(SystemTime::now() + 2 * STALE).unwrap();
        assert!(!is_held(folder.path()));
        assert!(Lease::take(folder.path()).unwrap().is_some());
        // What a program on this machine left when it was killed is nobody's at once.
        let dead = serde_json::to_vec(&Holder { host: host(), process: 1 }).unwrap();
        fs::write(folder.path().join(CLAIM), dead).unwrap();
        assert!(Lease::take(folder.path()).unwrap().is_some());
        // Nonsense is nobody's.
        fs::write(folder.path().join(CLAIM), "?").unwrap();
        assert!(Lease::take(folder.path()).unwrap().is_some());
    }
}
