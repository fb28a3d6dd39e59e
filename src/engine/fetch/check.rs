//! Checksums of files.

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::RemoteFile;
use crate::engine::data::hex;
use crate::engine::error::{EngineError, Result};

/// Bytes read at a time.
const BLOCK: usize = 1 << 20;

/// What a file turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The right one.
    Right,
    /// Another; in what it differs.
    Differs(String),
    /// Nobody waited for the end.
    Unknown,
}

/// Compares `path` with what is pinned for `source`; `tell` hears how many bytes were read.
///
/// # Errors
/// When it cannot be read, or is no regular file.
pub fn verify(
    path: &Path,
    source: &RemoteFile,
    tell: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Verdict> {
    let facts = std::fs::metadata(path).map_err(EngineError::io("open", path))?;
    if !facts.is_file() {
        return Err(EngineError::data(path, "not a regular file"));
    }
    let length = facts.len();
    if length != source.bytes {
        return Ok(Verdict::Differs(format!("{length} bytes long, expected {}", source.bytes)));
    }
    let mut file = File::open(path).map_err(EngineError::io("open", path))?;
    let (mut md5, mut sha256) = (Md5::new(), source.sha256.as_ref().map(|_| Sha256::new()));
    let mut block = vec![0; BLOCK];
    let mut done = 0;
    loop {
        let read = file.read(&mut block).map_err(EngineError::io("read", path))?;
        if read == 0 {
            break;
        }
        md5.update(&block[..read]);
        if let Some(sha256) = &mut sha256 {
            sha256.update(&block[..read]);
        }
        done += read as u64;
        if tell(done).is_break() {
            return Ok(Verdict::Unknown);
        }
    }
    let found = [
        ("MD5", Some(&source.md5), Some(hex(&md5.finalize()))),
        ("SHA-256", source.sha256.as_ref(), sha256.map(|sum| hex(&sum.finalize()))),
    ];
    for (kind, pinned, found) in found {
        if let (Some(pinned), Some(found)) = (pinned, found)
            && !found.eq_ignore_ascii_case(pinned)
        {
            return Ok(Verdict::Differs(format!("its {kind} is {found}, expected {pinned}")));
        }
    }
    Ok(Verdict::Right)
}
