//! Wanted files out of a tar archive. Whatever else is in it is passed over, and nothing
//! is ever written anywhere, so its names cannot lead out of a folder.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::engine::error::{EngineError, Result};

/// Longest file within: CIFAR-100's training images are 154 MB.
pub const MAX_FILE: u64 = 256 << 20;
/// Longest archive, unpacked, and most entries in one.
const MAX_ARCHIVE: u64 = 1 << 30;
const MAX_ENTRIES: usize = 1_000;

/// A file's name for messages, and its bytes.
pub type Named = (PathBuf, Vec<u8>);

/// The files `folder/NAME` of the gzipped tar `archive`, in the order of `names`; `None`
/// for those that it does not have.
///
/// # Errors
/// When the archive is broken, cut off or too long, or a wanted entry is twice in it or no
/// regular file.
pub fn files(archive: &Path, folder: &str, names: &[&str]) -> Result<Vec<Option<Named>>> {
    let facts = std::fs::metadata(archive).map_err(EngineError::io("open", archive))?;
    if !facts.is_file() {
        return Err(EngineError::data(archive, "not a regular file"));
    }
    let file = File::open(archive).map_err(EngineError::io("open", archive))?;
    read(archive, BufReader::new(file), folder, names)
}

/// As [`files`], from bytes; `archive` is for messages only.
///
/// # Errors
/// As [`files`].
pub fn read(archive: &Path, bytes: impl Read, folder: &str, names: &[&str]) -> Result<Vec<Option<Named>>> {
    let broken = |e: std::io::Error| EngineError::data(archive, format!("broken or cut off: {e}"));
    let mut tar = tar::Archive::new(MultiGzDecoder::new(bytes).take(MAX_ARCHIVE));
    let mut found: Vec<Option<Named>> = names.iter().map(|_| None).collect();
    for (number, entry) in tar.entries().map_err(broken)?.enumerate() {
        let mut entry = entry.map_err(broken)?;
        if number == MAX_ENTRIES {
            return Err(EngineError::data(archive, format!("more than {MAX_ENTRIES} entries")));
        }
        let path = entry.path().map_err(broken)?.into_owned();
        if let Some(name) = leads_out(&path) {
            return Err(EngineError::data(
                archive,
                format!("an entry whose path leaves the archive: {name}"),
            ));
        }
        let kind = entry.header().entry_type();
        if kind.is_symlink() || kind.is_hard_link() {
            return Err(EngineError::data(
                archive.join(path),
                "not a regular file in the archive but a link",
            ));
        }
        let steps: Vec<_> = path.components().filter(|step| *step != Component::CurDir).collect();
        let [Component::Normal(within), Component::Normal(name)] = steps[..] else { continue };
        let wanted = names.iter().position(|wanted| name == *wanted).filter(|_| within == folder);
        let Some(wanted) = wanted else { continue };
        let place = archive.join(folder).join(names[wanted]);
        if !entry.header().entry_type().is_file() {
            return Err(EngineError::data(place, "not a regular file in the archive"));
        }
        if entry.size() > MAX_FILE {
            return Err(EngineError::data(place, format!("longer than {MAX_FILE} bytes")));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(broken)?;
        if bytes.len() as u64 != entry.size() {
            return Err(EngineError::data(place, "cut off within the archive"));
        }
        if found[wanted].replace((place.clone(), bytes)).is_some() {
            return Err(EngineError::data(place, "twice in the archive"));
        }
    }
    // To the end, where the checksum of the packed bytes is.
    std::io::copy(&mut tar.into_inner(), &mut std::io::sink()).map_err(broken)?;
    Ok(found)
}

/// The name of an entry that does not stay below the folder where it would be unpacked.
pub fn leads_out(path: &Path) -> Option<String> {
    let stays = |step: Component| matches!(step, Component::Normal(_) | Component::CurDir);
    (!path.components().all(stays)).then(|| path.display().to_string())
}
