//! A file, try after try, until it is here and is the right one.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::check::{Verdict, verify};
use super::error::{FetchError, Retry, Stop};
use super::http::{Request, Response, ResponseHead, ask};
use super::part::PartialFile;
use super::{FetchOptions, FetchProgress, FetchStage, Fetched, RemoteFile};
use crate::domain::text::{duration, filesize, harmless, without_user};
use crate::engine::error::{EngineError, Result};
use crate::engine::files;

/// Between looks at whether anybody still wants the file.
const LOOK: Duration = Duration::from_millis(100);
/// Bytes that a try must bring to count as none in vain.
const WORTH: u64 = 1 << 20;
/// Bytes a second that must come, on average over the time a server may be silent: one that
/// sends a byte now and then would keep everybody waiting for days.
const SLOWEST: f64 = 1024.0;

/// Who hears how far it is.
type Tell<'a> = &'a mut dyn FnMut(FetchProgress) -> ControlFlow<()>;

/// Fetches one file into `folder`, resumes a part that is there, and leaves alone what
/// is there whole. `tell` hears how far it is, ten times a second at least, and ends it.
///
/// # Errors
/// When the disk refuses, another process fetches it, a wrong file is in its place, or
/// retry is at its end.
pub fn fetch(source: &RemoteFile, folder: &Path, options: &FetchOptions, tell: Tell<'_>) -> Result<Fetched> {
    let target = folder.join(&*source.file);
    if fs::symlink_metadata(&target).is_ok() {
        return already(source, &target, tell);
    }
    let parent = target.parent().unwrap_or(folder);
    files::create_folders(parent)?;
    let mut part = PartialFile::open(&target)?;
    // Another process may have finished it before this one had the lock.
    if fs::symlink_metadata(&target).is_ok() {
        part.leave();
        return already(source, &target, tell);
    }
    let fetched = until_it_is_here(source, &target, part.len(), options, &mut part, tell);
    match fetched {
        Ok(true) => part.finish(&target).map(|()| Fetched::Now),
        Ok(false) => {
            part.leave();
            Ok(Fetched::Interrupted)
        }
        Err(error) => {
            part.leave();
            Err(error)
        }
    }
}

/// A file in the place of the one that is wanted.
fn already(source: &RemoteFile, target: &Path, tell: Tell<'_>) -> Result<Fetched> {
    let mut checked = |done| tell(progress(source, done, FetchStage::Checking));
    match verify(target, source, &mut checked)? {
        Verdict::Right => Ok(Fetched::Already),
        Verdict::Unknown => Ok(Fetched::Interrupted),
        Verdict::Differs(how) => {
            let reason = format!("another file is already here ({how}); move it away to fetch the right one");
            Err(EngineError::data(target, reason))
        }
    }
}

fn progress(source: &RemoteFile, done: u64, doing: FetchStage) -> FetchProgress {
    FetchProgress { file: source.name().to_owned(), done, total: source.bytes, stage: doing }
}

/// Tries until the part is the whole file; `false` when nobody wants it any more.
fn until_it_is_here(
    source: &RemoteFile,
    target: &Path,
    begun: u64,
    options: &FetchOptions,
    part: &mut PartialFile,
    tell: Tell<'_>,
) -> Result<bool> {
    let url = source.address(options.mirror.as_deref());
    if begun > source.bytes {
        part.clear()?;
    }
    check_room(target, source.bytes - part.len())?;
    let (mut fruitless, mut tries, mut second_chance) = (0, 0, true);
    loop {
        let before = part.len();
        tries += 1;
        let error = match attempt(source, &url, options, part, tell) {
            Ok(()) => return Ok(true),
            Err(Stop::Interrupted) => return Ok(false),
            Err(Stop::Error(error)) => return Err(error),
            Err(Stop::Fetch(error)) => error,
        };
        fruitless = if part.len() >= before.saturating_add(WORTH) { 1 } else { fruitless + 1 };
        let goes_on = match error.again {
            Retry::Yes => fruitless < options.retry.tries,
            Retry::Once => std::mem::take(&mut second_chance),
            Retry::No => false,
        };
        let reason = harmless(&error.reason, 400);
        tracing::info!(url = without_user(&url), reason, tries, "a try to fetch failed");
        if !goes_on {
            let after = if tries > 1 { format!(" (after {tries} tries)") } else { String::new() };
            return Err(EngineError::fetch(&url, format!("{reason}{after}")));
        }
        let wait = options.retry.wait(fruitless, error.after);
        if sleep(source, part.len(), wait, &reason, tell).is_break() {
            return Ok(false);
        }
    }
}

/// Whether the disk has room for `bytes` more.
fn check_room(target: &Path, bytes: u64) -> Result<()> {
    #[cfg(unix)]
    if let Some(folder) = target.parent()
        && let Ok(disk) = rustix::fs::statvfs(folder)
    {
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        // Some file systems do not know, and say nothing is there at all.
        if disk.f_blocks > 0 && free < bytes {
            let reason = format!(
                "the disk has no room: {} are free and {} are to come",
                filesize(free),
                filesize(bytes)
            );
            return Err(EngineError::data(target, reason));
        }
    }
    let _ = (target, bytes);
    Ok(())
}

/// Waits before another try.
fn sleep(source: &RemoteFile, done: u64, wait: Duration, reason: &str, tell: Tell<'_>) -> ControlFlow<()> {
    let until = Instant::now() + wait;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let seconds = left.as_secs_f64().ceil() as u64;
        tell(progress(source, done, FetchStage::Waiting { seconds, reason: reason.to_owned() }))?;
        if left.is_zero() {
            return ControlFlow::Continue(());
        }
        std::thread::sleep(left.min(LOOK));
    }
}

/// One try: the rest of the file, then its checksums.
fn attempt(
    source: &RemoteFile,
    url: &str,
    options: &FetchOptions,
    part: &mut PartialFile,
    tell: Tell<'_>,
) -> std::result::Result<(), Stop> {
    if part.len() < source.bytes {
        let from = part.len();
        let validator = if from > 0 { part.validator(url) } else { None };
        let silence = options.retry.silence;
        let request = Request { url: url.to_owned(), from, validator, silence };
        let answers = ask(request, options.proxies.clone())?;
        let mut listener = Listener { source, answers, silence, tell };
        let head = match listener.next(part.len(), &FetchStage::Asking)? {
            Response::Head(head) => head,
            _ => return Err(FetchError::new(Retry::Yes, "no answer").into()),
        };
        accept(source, url, &head, part)?;
        let mut pace = Pace { since: Instant::now(), from: part.len(), over: silence };
        while let Response::Bytes(bytes) = listener.next(part.len(), &FetchStage::Fetching)? {
            if part.len() + bytes.len() as u64 > source.bytes {
                part.clear()?;
                let reason = format!("it is longer than the expected {} bytes", source.bytes);
                return Err(FetchError::new(Retry::Once, reason).into());
            }
            part.append(&bytes)?;
            pace.check(part.len(), source.bytes)?;
        }
        if part.len() < source.bytes {
            let reason = format!("the answer ended after {} of {} bytes", part.len(), source.bytes);
            return Err(FetchError::new(Retry::Yes, reason).into());
        }
    }
    let mut checked = |done| tell(progress(source, done, FetchStage::Checking));
    match verify(part.path(), source, &mut checked)? {
        Verdict::Right => Ok(()),
        Verdict::Unknown => Err(Stop::Interrupted),
        Verdict::Differs(how) => {
            part.clear()?;
            Err(FetchError::new(Retry::Once, format!("what came is not the file: {how}; it was thrown away"))
                .into())
        }
    }
}

/// How fast bytes come.
struct Pace {
    since: Instant,
    /// Bytes that were here then.
    from: u64,
    /// How long until it is judged.
    over: Duration,
}

impl Pace {
    /// Whether enough came lately, with `here` of `all` bytes.
    ///
    /// # Errors
    /// When it did not.
    fn check(&mut self, here: u64, all: u64) -> std::result::Result<(), FetchError> {
        let elapsed = self.since.elapsed();
        if elapsed < self.over || here >= all {
            return Ok(());
        }
        let came = here - self.from;
        if (came as f64) < SLOWEST * elapsed.as_secs_f64() {
            let reason = format!("too slow: {came} bytes in {}", duration(elapsed.as_secs_f64()));
            return Err(FetchError::new(Retry::Yes, reason));
        }
        (self.since, self.from) = (Instant::now(), here);
        Ok(())
    }
}

/// Whether the answer to a request for the rest of `part` is one that can go into it; it is
/// emptied where the answer is the file from its beginning.
fn accept(
    source: &RemoteFile,
    url: &str,
    head: &ResponseHead,
    part: &mut PartialFile,
) -> std::result::Result<(), Stop> {
    let from = part.len();
    let status = head.status;
    match status {
        200 => {}
        206 if from > 0 => {
            if !head.range.as_deref().is_some_and(|range| fits(range, from, source.bytes)) {
                let got = head.range.as_deref().unwrap_or("nothing");
                let reason = format!("asked for the bytes from {from}, the server sends '{got}'");
                part.clear()?;
                return Err(FetchError::new(Retry::Yes, reason).into());
            }
        }
        // The part is none of this file.
        416 if from > 0 => {
            part.clear()?;
            return Err(
                FetchError::new(Retry::Yes, "the server has no more bytes than there are here").into()
            );
        }
        _ => return Err(refusal(head).into()),
    }
    // Said before anything is thrown away: the page that a hotel's network shows instead of
    // the file is no reason to lose what has come.
    let rest = if status == 206 { source.bytes - from } else { source.bytes };
    if let Some(length) = head.length.filter(|length| *length > rest || status == 200 && *length != rest) {
        let reason = format!("the server announces {length} bytes, expected {rest}");
        return Err(FetchError::new(Retry::Once, reason).into());
    }
    if status == 200 {
        part.clear()?;
    }
    part.keep_origin(url, head.validator.clone());
    Ok(())
}

/// What an answer without the file means.
fn refusal(head: &ResponseHead) -> FetchError {
    let (again, what) = match head.status {
        408 | 425 | 429 | 500..=599 => (Retry::Yes, "the server is busy or broken"),
        401 | 403 => (Retry::No, "the server refuses it"),
        404 | 410 => (Retry::No, "there is no such file"),
        _ => (Retry::No, "an unexpected answer"),
    };
    let reason = format!("{what} (status {})", head.status);
    FetchError { after: head.after, ..FetchError::new(again, reason) }
}

/// Whether a `Content-Range` is of the bytes from `from` of a file of `bytes`.
fn fits(range: &str, from: u64, bytes: u64) -> bool {
    let parsed = || {
        let (span, whole) = range.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = span.trim().split_once('-')?;
        let whole = whole.trim();
        let is_whole = whole == "*" || whole.parse::<u64>().ok()? == bytes;
        Some((first.parse::<u64>().ok()?, last.parse::<u64>().ok()?, is_whole))
    };
    parsed().is_some_and(|(first, last, is_whole)| first == from && first <= last && last < bytes && is_whole)
}

/// Waits for answers, and asks meanwhile whether anybody wants them.
struct Listener<'a, 'b> {
    source: &'a RemoteFile,
    answers: Receiver<Response>,
    silence: Duration,
    tell: &'a mut (dyn FnMut(FetchProgress) -> ControlFlow<()> + 'b),
}

impl Listener<'_, '_> {
    fn next(&mut self, done: u64, doing: &FetchStage) -> std::result::Result<Response, Stop> {
        // The thread has limits of its own for each step; this is for all it might forget.
        let until = Instant::now() + self.silence.saturating_mul(3);
        loop {
            if (self.tell)(progress(self.source, done, doing.clone())).is_break() {
                return Err(Stop::Interrupted);
            }
            match self.answers.recv_timeout(LOOK) {
                Ok(Response::Broken(error)) => return Err(error.into()),
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) if Instant::now() < until => {}
                Err(RecvTimeoutError::Timeout) => {
                    let reason = format!("silence for {}", duration(self.silence.as_secs_f64() * 3.0));
                    return Err(FetchError::new(Retry::Yes, reason).into());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(FetchError::new(Retry::Yes, "the thread that reads broke down").into());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_fit_or_do_not() {
        for good in ["bytes 3-9/10", "bytes 3-7/10", "bytes 3-9/*", "bytes 3-9/ 10"] {
            assert!(fits(good, 3, 10), "{good}");
        }
        for bad in [
            "",
            "3-9/10",
            "bytes 0-9/10",
            "bytes 3-9/11",
            "bytes 3-10/10",
            "bytes 3-2/10",
            "bytes */10",
            "x 3-9/10",
        ] {
            assert!(!fits(bad, 3, 10), "{bad}");
        }
    }
}
