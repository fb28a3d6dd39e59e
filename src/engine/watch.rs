//! Which folders of a store change: the system says so, where it can. Nothing is polled here.
//!
//! Linux has inotify, which costs nothing until something happens. It says nothing of what other
//! machines do to a shared folder; whoever watches one has to look from time to time as well.

use std::ffi::OsString;
use std::path::Path;

/// A change, in a folder that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderChange {
    /// A file or a folder in it appeared, went or was written: its name.
    In(WatchId, OsString),
    /// A file in it is closed by a program that could write it. Its locks go a moment later.
    Closed(WatchId, OsString),
    /// It is not watched any more: it is gone, or was moved.
    Gone(WatchId),
    /// Something changed, somewhere: there was too much to be told.
    Anything,
}

/// Stands for a watched folder.
pub type WatchId = i32;

/// Watches folders until it is dropped.
#[derive(Debug)]
pub struct FolderWatch {
    #[cfg(target_os = "linux")]
    inotify: std::sync::Arc<rustix::fd::OwnedFd>,
    /// Closed with this, which ends the thread.
    #[cfg(target_os = "linux")]
    _end: std::io::PipeWriter,
}

#[cfg(not(target_os = "linux"))]
impl FolderWatch {
    /// `None`: this system is not asked.
    pub fn start(_send: impl Fn(Vec<FolderChange>) -> bool + Send + 'static) -> Option<Self> {
        None
    }

    /// Watches nothing.
    pub fn add(&self, _folder: &Path, _writes: bool) -> Option<WatchId> {
        None
    }

    /// Watches it no longer.
    pub fn remove(&self, _id: WatchId) {}
}

#[cfg(target_os = "linux")]
mod linux {
    use std::ffi::OsStr;
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::fd::OwnedFd;
    use rustix::fs::inotify::{CreateFlags, ReadFlags, Reader, WatchFlags, add_watch, init, remove_watch};
    use rustix::io::Errno;

    use super::{FolderChange, FolderWatch, WatchId};

    /// Between two times that changes are sent: a run that takes hundreds of steps a second is
    /// looked at ten times.
    const GATHER: Duration = Duration::from_millis(100);

    impl FolderWatch {
        /// A thread that sends changes until `send` says that nobody wants them, or this is
        /// dropped; `None` where the system has no more to give.
        pub fn start(send: impl Fn(Vec<FolderChange>) -> bool + Send + 'static) -> Option<Self> {
            let inotify = Arc::new(init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?);
            let (ended, end) = std::io::pipe().ok()?;
            let read = Arc::clone(&inotify);
            let work = move || {
                while !has_ended(&read, &ended) {
                    let changes = changes(&read);
                    if !changes.is_empty() && !send(changes) {
                        break;
                    }
                    thread::sleep(GATHER);
                }
            };
            thread::Builder::new().name("watch".into()).spawn(work).ok()?;
            Some(Self { inotify, _end: end })
        }

        /// Watches which names appear in `folder` and go, and whether its files are written, but
        /// not folders in it. Of one that is watched already it changes the latter. `None` where
        /// it cannot be watched, or too many are already.
        pub fn add(&self, folder: &Path, writes: bool) -> Option<WatchId> {
            let names = WatchFlags::CREATE
                | WatchFlags::DELETE
                | WatchFlags::MOVED_FROM
                | WatchFlags::MOVED_TO
                | WatchFlags::MOVE_SELF
                | WatchFlags::ONLYDIR;
            let written = WatchFlags::MODIFY | WatchFlags::CLOSE_WRITE;
            add_watch(&*self.inotify, folder, if writes { names | written } else { names }).ok()
        }

        /// Watches it no longer.
        pub fn remove(&self, id: WatchId) {
            // It may be gone.
            let _ = remove_watch(&*self.inotify, id);
        }
    }

    /// Waits for changes; whether there is nobody any more who wants them.
    fn has_ended(inotify: &OwnedFd, ended: &std::io::PipeReader) -> bool {
        let mut both = [PollFd::new(inotify, PollFlags::IN), PollFd::new(ended, PollFlags::IN)];
        match poll(&mut both, None) {
            Ok(_) => !both[1].revents().is_empty(),
            Err(error) => error != Errno::INTR,
        }
    }

    /// What has happened, each once.
    fn changes(inotify: &OwnedFd) -> Vec<FolderChange> {
        let mut buffer = [MaybeUninit::uninit(); 16 << 10];
        let mut reader = Reader::new(inotify, &mut buffer);
        let mut changes: Vec<FolderChange> = Vec::new();
        while let Ok(event) = reader.next() {
            let (id, what) = (event.wd(), event.events());
            let change = if what.contains(ReadFlags::QUEUE_OVERFLOW) {
                FolderChange::Anything
            } else if what.intersects(ReadFlags::IGNORED | ReadFlags::MOVE_SELF) {
                FolderChange::Gone(id)
            } else if let Some(name) = event.file_name() {
                let name = OsStr::from_bytes(name.to_bytes()).to_owned();
                match what.contains(ReadFlags::CLOSE_WRITE) {
                    true => FolderChange::Closed(id, name),
                    false => FolderChange::In(id, name),
                }
            } else {
                continue;
            };
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
        changes
    }
}

/// Whether `folder` may be changed from other machines: it, or what it will be in once it is
/// made, is on a network's file system.
pub fn is_shared(folder: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        /// NFS, SMB, CIFS, SMB 2, 9P, Ceph, Lustre, AFS, GPFS, `BeeGFS`, and FUSE, which has many.
        const SHARED: [u32; 11] = [
            0x6969,
            0x517b,
            0xff53_4d42,
            0xfe53_4d42,
            0x0102_1997,
            0x00c3_6400,
            0x0bd0_0bd0,
            0x5346_414f,
            0x4750_4653,
            0x1983_0326,
            0x6573_5546,
        ];
        let facts = folder.ancestors().find_map(|folder| {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            rustix::fs::statfs(folder).ok()
        });
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the kernel's are 32 bits"
        )]
        return facts.is_some_and(|facts| SHARED.contains(&(facts.f_type as u32)));
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        true
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;

    #[test]
    fn changes_are_told_by_name_until_the_folder_goes() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("folder");
        fs::create_dir(&folder).unwrap();
        let (sender, told) = channel();
        let watch = FolderWatch::start(move |changes| sender.send(changes).is_ok()).unwrap();
        let next = || told.recv_timeout(Duration::from_secs(60)).unwrap();
        let id = watch.add(&folder, true).unwrap();
        let mut file = fs::File::create(folder.join("file")).unwrap();
        assert_eq!(next(), [FolderChange::In(id, "file".into())]);
        file.write_all(b"one").unwrap();
        drop(file);
        while !next().contains(&FolderChange::Closed(id, "file".into())) {}
        assert_eq!(watch.add(&folder, false), Some(id));
        fs::write(folder.join("file"), "two").unwrap();
        fs::write(folder.join("other"), "").unwrap();
        assert_eq!(next(), [FolderChange::In(id, "other".into())], "only names");
        fs::remove_dir_all(&folder).unwrap();
        while !next().contains(&FolderChange::Gone(id)) {}
        assert_eq!(watch.add(&folder, true), None);
        // Its thread ends with it, and so does what it sends with.
        drop(watch);
        while told.recv_timeout(Duration::from_secs(60)).is_ok() {}
    }

    #[test]
    fn a_local_folder_is_not_shared_though_it_is_not_there_yet() {
        let root = tempfile::tempdir().unwrap();
        assert_eq!(is_shared(&root.path().join("not/there")), is_shared(root.path()));
    }
}
