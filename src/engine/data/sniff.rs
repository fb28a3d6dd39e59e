//! What a file is by its first bytes, whatever it is called: for archives under other names,
//! and for messages about files that are something else.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::engine::error::{EngineError, Result};

/// First bytes looked at: a tar's magic is at 257.
const HEAD: usize = 1024;

/// Kinds of archives that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArchiveKind {
    /// A zip archive.
    Zip,
    /// A tar archive.
    Tar,
    /// Something gzipped, such as a tar archive.
    Gzip,
}

/// The kind of archive that begins like this.
pub fn archive_kind(head: &[u8]) -> Option<ArchiveKind> {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Some(ArchiveKind::Zip)
    } else if head.starts_with(&[0x1f, 0x8b]) {
        Some(ArchiveKind::Gzip)
    } else if head.get(257..262) == Some(b"ustar") {
        Some(ArchiveKind::Tar)
    } else {
        None
    }
}

/// The first bytes of a file.
///
/// # Errors
/// When it cannot be read, or is no regular file.
pub fn head_of(path: &Path) -> Result<Vec<u8>> {
    let facts = std::fs::metadata(path).map_err(EngineError::io("open", path))?;
    if !facts.is_file() {
        return Err(EngineError::data(path, "not a regular file"));
    }
    let mut head = Vec::with_capacity(HEAD);
    let file = File::open(path).map_err(EngineError::io("open", path))?;
    file.take(HEAD as u64).read_to_end(&mut head).map_err(EngineError::io("read", path))?;
    Ok(head)
}

/// What is here in place of a data file, and what would mend it; `None` where the bytes do not
/// tell.
pub fn mistaken(bytes: &[u8]) -> Option<&'static str> {
    let head = &bytes[..bytes.len().min(HEAD)];
    if head.is_empty() {
        return Some("an empty file: download or copy it again");
    }
    macro_rules! packed {
        ($kind:literal) => {
            concat!($kind, " archive, which is not read: unpack it, or pack it again as .tar.gz or .zip")
        };
    }
    let other = [
        (&b"\xfd7zXZ\0"[..], packed!("an xz")),
        (b"BZh", packed!("a bzip2")),
        (b"\x28\xb5\x2f\xfd", packed!("a zstd")),
        (b"7z\xbc\xaf\x27\x1c", packed!("a 7z")),
        (b"Rar!", packed!("a RAR")),
        (b"PAR1", "a Parquet file, which is not read: download the dataset's original archive"),
        (b"\x89HDF", "an HDF5 file, which is not read: download the dataset's original archive"),
    ];
    if let Some((_, what)) = other.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(what);
    }
    let text = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_ascii_lowercase();
    if ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| text.starts_with(tag))
        || (text.starts_with("<?xml") || text.starts_with("<!--")) && text.contains("<html")
    {
        return Some("a web page saved under this name, not the file itself: download the file again");
    }
    if text.starts_with("version https://git-lfs.github.com/spec/") {
        return Some("a Git LFS pointer, not the file itself: run 'git lfs pull' in its repository");
    }
    if text.starts_with("<?xml") || text.starts_with("<error") {
        return Some("an XML answer of a server, not the file itself: download the file again");
    }
    None
}

/// `reason`, or what the file is instead.
pub fn explained(bytes: &[u8], reason: impl Into<String>) -> String {
    match mistaken(bytes) {
        Some(_) if bytes.is_empty() => format!("{} (the file is empty)", reason.into()),
        Some(what) => what.into(),
        None => reason.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_the_file_is_named() {
        for (bytes, words) in [
            (&b""[..], "empty"),
            (b"\n <!DOCTYPE html><html>", "web page"),
            (b"\xef\xbb\xbf<HTML lang=en>", "web page"),
            (b"<?xml version=\"1.0\"?><!DOCTYPE x><html>", "web page"),
            (b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>", "XML answer"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git lfs pull"),
            (b"\xfd7zXZ\0\0", "xz archive"),
        ] {
            assert!(mistaken(bytes).is_some_and(|said| said.contains(words)), "{words}");
        }
        for bytes in [&b"\x1f\x8b\x08"[..], b"PK\x03\x04", b"\0\0\x08\x03", b"\x80\x02}", b"plain text"] {
            assert_eq!(mistaken(bytes), None);
        }
    }
}
