//! Who may work on a run's folder, among programs on this machine and on others that share
//! the disk.
//!
//! A lease is a file `claim` in the folder, locked by the program that has it: the system
//! gives the lock back however the program ends. Some shared folders have no locks, or keep
//! them within one machine, so the file also says who has it, and is renewed from time
//! to time: that of another machine expires when it was not renewed for a while.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::error::{EngineError, Result};

/// The file's name.
pub(super) const CLAIM: &str = "claim";
/// How often a lease is renewed.
const BEAT: Duration = Duration::from_secs(15);
/// A lease of another machine that was not renewed for so long is nobody's.
const STALE: Duration = Duration::from_secs(120);
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
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(io("open"))?;
        let locked = match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock) => return Ok(None),
            // No locks here: what the file says is all there is.
            Err(TryLockError::Error(_)) => false,
        };
        if is_anothers(folder, &file, locked, me, stale).map_err(io("look at"))? {
            return Ok(None);
        }
        let text = serde_json::to_vec(me).unwrap_or_default();
        file.set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| file.write_all(&text))
            .and_then(|()| file.sync_data())
            .map_err(io("write"))?;
        let (stop, stopped) = channel();
        let touched = file.try_clone().map_err(io("open"))?;
        let beat = thread::Builder::new().name("claim".into()).spawn(move || {
            while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                let _ = touched.set_modified(SystemTime::now());
            }
        });
        let beat = beat.map_err(io("start a thread for"))?;
        Ok(Some(Self { path, file, beat: Some((stop, beat)) }))
    }

    /// Gives the folder back with nothing left of the claim, of a run that will not be taken again.
    pub fn finish(self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.beat.take() {
            drop(stop);
            let _ = thread.join();
        }
        // Nobody has it now, which those without locks must see as well.
        let _ = self.file.set_len(0);
    }
}

/// Whether somebody has claimed `folder`, as far as can be seen; nothing is changed.
pub fn is_held(folder: &Path) -> bool {
    let Ok(file) = File::open(folder.join(CLAIM)) else { return false };
    let locked = match file.try_lock_shared() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => return true,
        Err(TryLockError::Error(_)) => false,
    };
    is_anothers(folder, &file, locked, &Holder::me(), STALE).unwrap_or(false)
}

/// Whether what `claim` says makes it another's than `me`, who has its lock if it is `locked`.
fn is_anothers(
    folder: &Path,
    claim: &File,
    locked: bool,
    me: &Holder,
    stale: Duration,
) -> std::io::Result<bool> {
    let mut text = Vec::new();
    claim.take(MAX_BYTES).read_to_end(&mut text)?;
    let Ok(holder) = serde_json::from_slice::<Holder>(&text) else { return Ok(false) };
    // The lock of a program on this machine would have been seen.
    let could_be_unseen = !locked || holder.host != me.host;
    Ok(could_be_unseen && holder != *me && is_fresh(folder, claim, stale)?)
}

/// Whether `claim` was touched lately, by the clock of the disk that both are on.
fn is_fresh(folder: &Path, claim: &File, stale: Duration) -> std::io::Result<bool> {
    let now = tempfile::tempfile_in(folder)?.metadata()?.modified()?;
    Ok(now.duration_since(claim.metadata()?.modified()?).unwrap_or_default() < stale)
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
    use super::*;

    #[test]
    fn one_has_it_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let first = Lease::take(folder.path()).unwrap().unwrap();
        assert!(Lease::take(folder.path()).unwrap().is_none());
        assert!(is_held(folder.path()));
        drop(first);
        assert!(!is_held(folder.path()));
        let second = Lease::take(folder.path()).unwrap().unwrap();
        second.finish();
        assert!(!folder.path().join(CLAIM).exists());
        assert!(Lease::take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn another_machines_claim_counts_until_it_is_stale() {
        let folder = tempfile::tempdir().unwrap();
        let other = serde_json::to_vec(&Holder { host: "elsewhere".into(), process: 7 }).unwrap();
        fs::write(folder.path().join(CLAIM), other).unwrap();
        assert!(Lease::take(folder.path()).unwrap().is_none(), "its machine may be at work");
        assert!(is_held(folder.path()));
        let long_ago = SystemTime::now() - 2 * STALE;
        let file = File::options().write(true).open(folder.path().join(CLAIM)).unwrap();
        file.set_modified(long_ago).unwrap();
        assert!(!is_held(folder.path()));
        assert!(Lease::take(folder.path()).unwrap().is_some(), "its machine is gone");
        // What a program on this machine left when it was killed is nobody's at once.
        let dead = serde_json::to_vec(&Holder { host: host(), process: 1 }).unwrap();
        fs::write(folder.path().join(CLAIM), dead).unwrap();
        assert!(Lease::take(folder.path()).unwrap().is_some());
        // Nonsense is nobody's.
        fs::write(folder.path().join(CLAIM), "?").unwrap();
        assert!(Lease::take(folder.path()).unwrap().is_some());
    }
}
