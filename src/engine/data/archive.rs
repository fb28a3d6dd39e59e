//! Wanted files out of a tar archive, packed with gzip or not. Whatever else is in it is passed
//! over, and nothing is ever written anywhere, so its names cannot lead out of a folder.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::sniff::{self, ArchiveKind};
use crate::domain::text::filesize;
use crate::engine::error::{EngineError, Result};

/// Longest file within: CIFAR-100's training images are 154 MB.
pub const MAX_FILE: u64 = 256 << 20;
/// Longest of all wanted files together.
const MAX_WANTED: u64 = 512 << 20;
/// Longest archive, unpacked, and most entries in one.
const MAX_ARCHIVE: u64 = 1 << 30;
const MAX_ENTRIES: usize = 2_000_000;
/// Longest name, and what else goes before a file's own header.
const MAX_EXTENSION: u64 = 64 << 10;
/// Entries and bytes looked at to find out what an archive holds.
const PEEKED: usize = 4_000;
const PEEKED_BYTES: u64 = 64 << 20;

/// A file's name for messages, and its bytes.
pub type Named = (PathBuf, Vec<u8>);

/// The wanted files of an archive, in memory.
#[derive(Debug, Default)]
pub struct UnpackedFiles {
    bytes: Vec<u8>,
    places: HashMap<String, Range<usize>>,
    /// Some names of other files, for messages.
    pub others: Vec<String>,
}

impl UnpackedFiles {
    /// Names of all of them, in no order.
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.places.keys()
    }

    /// The bytes of one.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.places.get(name).map(|place| &self.bytes[place.clone()])
    }
}

/// The files of the tar archive at `path` whose names are `wanted`.
///
/// # Errors
/// When the archive is broken, cut off or too long, or a wanted entry is twice in it or no
/// regular file.
pub fn files(path: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<UnpackedFiles> {
    let head = sniff::head_of(path)?;
    let file = BufReader::new(File::open(path).map_err(EngineError::io("open", path))?);
    let read = match sniff::archive_kind(&head) {
        Some(ArchiveKind::Gzip) => read(path, MultiGzDecoder::new(file), wanted),
        _ => read(path, file, wanted),
    };
    read.map_err(|error| match sniff::mistaken(&head) {
        Some(what) => EngineError::data(path, what),
        None => error,
    })
}

/// As [`files`], of unpacked bytes; `archive` is for messages only.
fn read(archive: &Path, bytes: impl Read, wanted: &dyn Fn(&str) -> bool) -> Result<UnpackedFiles> {
    let broken = |e: io::Error| EngineError::data(archive, format!("broken or cut off: {e}"));
    let mut tar = tar::Archive::new(Bounded { inner: bytes, left: MAX_ARCHIVE });
    let mut found = UnpackedFiles::default();
    let mut ahead = Ahead::default();
    for (number, entry) in tar.entries().map_err(broken)?.raw(true).enumerate() {
        let mut entry = entry.map_err(broken)?;
        if number == MAX_ENTRIES {
            return Err(EngineError::data(archive, format!("more than {MAX_ENTRIES} entries")));
        }
        if ahead.takes(&mut entry).map_err(broken)? {
            continue;
        }
        let Ahead { name, odd } = std::mem::take(&mut ahead);
        let path = name.map_or_else(|| entry.path().map(Into::into), Ok).map_err(broken)?;
        if let Some(name) = leads_out(&path) {
            let reason = format!("an entry whose path leaves the archive: {name}");
            return Err(EngineError::data(archive, reason));
        }
        let kind = entry.header().entry_type();
        if kind.is_symlink() || kind.is_hard_link() {
            let reason = "not a regular file in the archive but a link";
            return Err(EngineError::data(archive.join(path), reason));
        }
        let Some(name) = plain_name(&path) else { continue };
        if kind.is_dir() {
            continue;
        }
        if !wanted(&name) {
            if found.others.len() < 5 {
                found.others.push(name);
            }
            continue;
        }
        let place = archive.join(&name);
        if odd || !kind.is_file() {
            return Err(EngineError::data(place, "not a regular file in the archive"));
        }
        if entry.size() > MAX_FILE {
            return Err(EngineError::data(place, format!("longer than {MAX_FILE} bytes")));
        }
        let first = found.bytes.len();
        if first as u64 + entry.size() > MAX_WANTED {
            let reason = format!("its files are longer than {} together", filesize(MAX_WANTED));
            return Err(EngineError::data(archive, reason));
        }
        // It grows with what comes, not with what the header claims.
        entry.read_to_end(&mut found.bytes).map_err(broken)?;
        if (found.bytes.len() - first) as u64 != entry.size() {
            return Err(EngineError::data(place, "cut off within the archive"));
        }
        if found.places.insert(name, first..found.bytes.len()).is_some() {
            return Err(EngineError::data(place, "twice in the archive"));
        }
    }
    // To the end, where the checksum of the packed bytes is.
    io::copy(&mut tar.into_inner(), &mut io::sink()).map_err(broken)?;
    Ok(found)
}

/// Some names in the archive at `path`, a tar or a zip; none where it is no archive.
pub fn peek(path: &Path) -> Vec<String> {
    let Ok(head) = sniff::head_of(path) else { return Vec::new() };
    let Ok(file) = File::open(path) else { return Vec::new() };
    let file = BufReader::new(file);
    match sniff::archive_kind(&head) {
        Some(ArchiveKind::Zip) => zip::ZipArchive::new(file).map_or_else(
            |_| Vec::new(),
            |zip| zip.file_names().flatten().take(PEEKED).map(|name| name.to_string()).collect(),
        ),
        Some(ArchiveKind::Gzip) => peek_tar(MultiGzDecoder::new(file)),
        Some(ArchiveKind::Tar) => peek_tar(file),
        None => Vec::new(),
    }
}

fn peek_tar(bytes: impl Read) -> Vec<String> {
    let mut tar = tar::Archive::new(Bounded { inner: bytes, left: PEEKED_BYTES });
    let Ok(entries) = tar.entries() else { return Vec::new() };
    let mut ahead = Ahead::default();
    let mut names = Vec::new();
    for entry in entries.raw(true).take(PEEKED) {
        let Ok(mut entry) = entry else { break };
        match ahead.takes(&mut entry) {
            Ok(true) => continue,
            Ok(false) => {}
            Err(_) => break,
        }
        let path = std::mem::take(&mut ahead).name.or_else(|| entry.path().ok().map(Into::into));
        names.extend(path.as_deref().and_then(plain_name));
    }
    names
}

/// What entries before a file's own say of it.
#[derive(Default)]
struct Ahead {
    name: Option<PathBuf>,
    /// Its length is not what its own header says, as that of a file with holes.
    odd: bool,
}

impl Ahead {
    /// Whether an entry is of this kind; such are never longer than a few names.
    fn takes(&mut self, entry: &mut tar::Entry<'_, impl Read>) -> io::Result<bool> {
        let kind = entry.header().entry_type();
        if !(kind.is_gnu_longname()
            || kind.is_gnu_longlink()
            || kind.is_pax_local_extensions()
            || kind.is_pax_global_extensions())
        {
            return Ok(false);
        }
        if entry.size() > MAX_EXTENSION {
            return Err(io::Error::other(format!("a name or header of {} bytes", entry.size())));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        if kind.is_gnu_longname() {
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            self.name = Some(text(&bytes[..end])?.into());
        } else if kind.is_pax_local_extensions() {
            for extension in tar::PaxExtensions::new(&bytes) {
                let extension = extension?;
                match extension.key_bytes() {
                    b"path" => self.name = Some(text(extension.value_bytes())?.into()),
                    b"size" => self.odd = true,
                    key if key.starts_with(b"GNU.sparse") => self.odd = true,
                    _ => {}
                }
            }
        }
        Ok(true)
    }
}

fn text(bytes: &[u8]) -> io::Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| io::Error::other("a name that is not UTF-8"))
}

/// A name with slashes; `None` for what no dataset has: hidden files and what macOS adds.
fn plain_name(path: &Path) -> Option<String> {
    let mut name = String::new();
    for step in path.components() {
        let Component::Normal(step) = step else { continue };
        let step = step.to_str()?;
        if step.starts_with('.') || step == "__MACOSX" {
            return None;
        }
        if !name.is_empty() {
            name.push('/');
        }
        name.push_str(step);
    }
    (!name.is_empty()).then_some(name)
}

/// The name of an entry that does not stay below the folder where it would be unpacked.
pub fn leads_out(path: &Path) -> Option<String> {
    let stays = |step: Component| matches!(step, Component::Normal(_) | Component::CurDir);
    (!path.components().all(stays)).then(|| path.display().to_string())
}

/// Fails where more comes than may.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| io::Error::other("it is longer, unpacked, than any dataset's archive"))?;
        Ok(read)
    }
}
