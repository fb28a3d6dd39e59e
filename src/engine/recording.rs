//! Several runs in one file: what replay plays.
//!
//! A recording is gzipped lines of JSON: a head with the version and the number of runs;
//! then, for each run, a line with its name and the number of its events, and its events
//! as they are in its own record. Nothing else is needed to show it, or to print its table.

use std::fs::{self, File};
use std::io::{BufReader, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::error::{EngineError, Result};
use super::event_log::{self, LogLine};
use super::files;
use super::presets;
use super::run_args::{self, Skipped};
use super::store::{self, SavedRun, events_of};
use crate::domain::annotation::Annotation;
use crate::domain::event::{Event, EventKind};
use crate::domain::record::RecordCheck;
use crate::domain::text::harmless;
use crate::domain::timeline::{RecordedRun, SeekGoal, Timeline};

/// Version of the format; readers accept this and older.
pub const VERSION: u32 = 3;
/// The version of one in which no run has a name, note or tags.
const UNNAMED: u32 = 2;
/// The version of one that is played from its beginning besides.
const WHOLE: u32 = 1;

/// Longest recording read, bytes; compressed, and not.
const MAX_FILE: u64 = 64 << 20;
const MAX_TEXT: u64 = 256 << 20;
/// Most runs in one, and most events in all of them.
const MAX_RUNS: usize = 1_000;
const MAX_EVENTS: usize = 3_000_000;
/// Longest first line, bytes.
const MAX_HEAD: u64 = 1 << 10;
/// Longest name of a run that is shown, characters.
const MAX_NAME: usize = 200;

macro_rules! shipped {
    ($($name:literal),*) => {
        &[$((
            $name,
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/recordings/", $name, ".hrec")),
        )),*]
    };
}

/// Recordings built in, name and bytes: a ResNet and a HiResNet of one seed on the full
/// Fashion-MNIST, each alone and one after the other.
pub const SHIPPED: &[(&str, &[u8])] = shipped!["demo", "resnet", "hiresnet"];

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    hiresnet_recording: u32,
    runs: usize,
    /// From where it is played, seconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    from: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(seconds: &f64) -> bool {
    *seconds == 0.0
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RunHead {
    name: String,
    events: usize,
    #[serde(default, skip_serializing_if = "Annotation::is_empty")]
    annotation: Annotation,
}

/// Which part of its runs, one after the other, a recording has.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecordedPart {
    /// From where it is played: what happened before is there when it starts. An epoch is one
    /// of the first run.
    pub from: Option<SeekGoal>,
    /// Where it ends; an epoch is one of the last run.
    pub to: Option<SeekGoal>,
}

impl RecordedPart {
    fn of(self, runs: Vec<RecordedRun>) -> std::result::Result<Timeline, String> {
        let tape = Timeline::new(runs);
        let last = tape.runs().len().saturating_sub(1);
        let from = self.from.map_or(0.0, |goal| tape.seek(goal, 0));
        let to = self.to.map_or(tape.seconds(), |goal| tape.seek(goal, last));
        if self.to.is_some() && to <= from || self.from.is_some() && from >= tape.seconds() {
            let seconds = tape.seconds();
            return Err(format!(
                "nothing to record: it would start at {from:.1} s and end at {to:.1} s of {seconds:.1} s"
            ));
        }
        let tape = if self.to.is_some() { tape.cut_after(to) } else { tape };
        Ok(tape.starting_at(from))
    }
}

/// Packs the runs in these folders into the file `to`. A recording there is replaced; with
/// `force` any file is. Of several, what is no run, or cannot be recorded, is left out.
///
/// # Errors
/// When there is no run, nothing of `part`, `to` is another file, or it cannot be written.
pub fn pack(
    folders: &[impl AsRef<Path>],
    part: RecordedPart,
    to: &Path,
    force: bool,
) -> Result<(Timeline, Skipped)> {
    let mut seen = Vec::new();
    let target = std::path::absolute(to).ok().and_then(|to| to.parent()?.canonicalize().ok());
    for folder in folders {
        let folder = folder.as_ref();
        let Some(place) = folder.canonicalize().ok().filter(|place| store::is_run(place)) else { continue };
        if target.as_ref() == Some(&place) {
            return Err(EngineError::run(to, "a recording is not written into a run that it is made of"));
        }
        if seen.contains(&place) {
            return Err(EngineError::run(folder, "given twice"));
        }
        seen.push(place);
    }
    let (runs, left) = run_args::read(folders, |folder| {
        let SavedRun { spec, annotation, .. } = SavedRun::open_condensed(folder)?;
        let name = folder.canonicalize().ok();
        let name = name.as_deref().unwrap_or(folder).file_name().unwrap_or_default();
        let events = events_of(folder)?;
        let name = harmless(&name.to_string_lossy(), MAX_NAME);
        if !matches!(events.first(), Some(Event { kind: EventKind::RunStarted(_), .. })) {
            return Err(EngineError::run(folder, "a run that has not started"));
        }
        Ok(RecordedRun { name, spec, events, annotation })
    })?;
    if !force && holds_something_else(to) {
        return Err(EngineError::exists(to, "a file of that name exists and is not a recording"));
    }
    let tape = part.of(runs).map_err(|reason| EngineError::run(to, reason))?;
    files::write_atomically(to, &bytes(&tape).map_err(EngineError::io("compress the runs for", to))?)?;
    Ok((tape, left))
}

/// Whether there is a file at `path` with anything in it that is no recording, of whatever
/// version. What is no file is not replaced in any case.
fn holds_something_else(path: &Path) -> bool {
    if !fs::metadata(path).is_ok_and(|facts| facts.is_file() && facts.len() > 0) {
        return false;
    }
    let Ok(file) = File::open(path) else { return true };
    let mut reader = BufReader::new(MultiGzDecoder::new(file).take(MAX_HEAD));
    let mut line = Vec::new();
    let read = event_log::next_line(&mut reader, &mut line);
    !matches!(read, Ok(LogLine::Whole)) || serde_json::from_slice::<Head>(&line).is_err()
}

/// A recording of these runs.
///
/// # Errors
/// When an event cannot be encoded.
pub fn bytes(tape: &Timeline) -> std::io::Result<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::new(), Compression::best());
    let version = match tape.from() > 0.0 {
        _ if tape.runs().iter().any(|run| !run.annotation.is_empty()) => VERSION,
        true => UNNAMED,
        false => WHOLE,
    };
    write_line(&mut out, &Head { hiresnet_recording: version, runs: tape.runs().len(), from: tape.from() })?;
    for run in tape.runs() {
        let (name, annotation) = (run.name.clone(), run.annotation.clone());
        write_line(&mut out, &RunHead { name, events: run.events.len(), annotation })?;
        for event in &run.events {
            write_line(&mut out, event)?;
        }
    }
    out.finish()
}

fn write_line(out: &mut impl Write, value: &impl Serialize) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    out.write_all(&line)
}

/// A recording: a shipped one by its name, or a file.
///
/// # Errors
/// When it is none.
pub fn open(name: &str) -> Result<Timeline> {
    if let Some((_, bytes)) = SHIPPED.iter().find(|(shipped, _)| *shipped == name) {
        return read(*bytes, Path::new(name));
    }
    let path = Path::new(name);
    if !path.exists() {
        let names: Vec<_> = SHIPPED.iter().map(|(name, _)| *name).collect();
        let preset = presets::SHIPPED.iter().any(|(preset, _)| *preset == name);
        let what = if preset { "a preset, which can be trained and then recorded" } else { "no such file" };
        let reason = format!("{what}, and no recording that comes with the program ({})", names.join(", "));
        return Err(EngineError::data(path, reason));
    }
    let facts = fs::metadata(path).map_err(EngineError::io("open", path))?;
    if facts.is_dir() {
        return Err(EngineError::data(path, "a folder; `hiresnet-tui record` makes a recording of runs"));
    }
    if !facts.is_file() || facts.len() > MAX_FILE {
        return Err(EngineError::data(path, format!("not a regular file of at most {MAX_FILE} bytes")));
    }
    read(File::open(path).map_err(EngineError::io("open", path))?, path)
}

/// Reads a recording; `path` is for messages.
///
/// # Errors
/// When it is none, is from a newer version, is cut off, or is too large.
pub fn read(source: impl Read, path: &Path) -> Result<Timeline> {
    let mut reader = BufReader::new(MultiGzDecoder::new(source).take(MAX_TEXT));
    let mut line = Vec::new();
    let mut number = 0;
    let error = |number: usize, reason: &str| EngineError::data(path, format!("line {number}: {reason}"));
    let mut next = |line: &mut Vec<u8>| -> Result<usize> {
        number += 1;
        match event_log::next_line(&mut reader, line) {
            Ok(LogLine::Whole) => Ok(number),
            Ok(LogLine::TooLong) => Err(error(number, "too long")),
            Ok(LogLine::Torn | LogLine::End) if reader.get_ref().limit() == 0 => {
                Err(error(number, &format!("more than the {MAX_TEXT} bytes that a recording may have")))
            }
            Ok(LogLine::Torn | LogLine::End) => Err(error(number, "the recording is cut off here")),
            Err(_) if number == 1 => Err(EngineError::data(
                path,
                "not a recording, as `hiresnet-tui record` makes them: not gzipped",
            )),
            Err(e) => Err(error(number, &format!("the recording is damaged or cut off here ({e})"))),
        }
    };
    next(&mut line)?;
    let head: Head = serde_json::from_slice(&line).map_err(|_| EngineError::data(path, "not a recording"))?;
    if head.hiresnet_recording == 0 {
        return Err(EngineError::data(path, "a recording in no version of the format"));
    }
    if head.hiresnet_recording > VERSION {
        let reason = format!(
            "a recording in version {} of the format; this program reads up to {VERSION}",
            head.hiresnet_recording
        );
        return Err(EngineError::data(path, reason));
    }
    if head.runs == 0 || head.runs > MAX_RUNS {
        return Err(EngineError::data(path, format!("{} runs; a recording has 1 to {MAX_RUNS}", head.runs)));
    }
    let (mut runs, mut total) = (Vec::new(), 0usize);
    for _ in 0..head.runs {
        let at = next(&mut line)?;
        let RunHead { name, events: count, annotation } =
            serde_json::from_slice(&line).map_err(|_| error(at, "not the head of a run"))?;
        annotation.check().map_err(|reason| error(at, &reason))?;
        total = total.saturating_add(count);
        if total > MAX_EVENTS {
            return Err(error(at, &format!("more than the {MAX_EVENTS} events that a recording may have")));
        }
        // Grown as they come: a count is believed only when its events are there.
        let mut events: Vec<Event> = Vec::new();
        let mut check = RecordCheck::default();
        for _ in 0..count {
            let at = next(&mut line)?;
            let event = event_log::parse(&line).map_err(|reason| error(at, &reason))?;
            check.accept(&event).map_err(|reason| error(at, &reason))?;
            events.push(event);
        }
        let spec = check.spec().cloned().ok_or_else(|| error(at, "a run that has not started"))?;
        runs.push(RecordedRun { name: harmless(&name, MAX_NAME), spec, events, annotation });
    }
    if !matches!(event_log::next_line(&mut reader, &mut line), Ok(LogLine::End)) {
        return Err(EngineError::data(path, "something follows the last run"));
    }
    let tape = Timeline::new(runs);
    if !(0.0..=tape.seconds()).contains(&head.from) {
        return Err(EngineError::data(
            path,
            format!("it starts at {} s, but lasts {} s", head.from, tape.seconds()),
        ));
    }
    Ok(tape.starting_at(head.from))
}
