//! The IDX format of MNIST and its kin: big-endian magic, dimensions, bytes.

use std::io::{ErrorKind, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::sniff::explained;
use crate::domain::text::filesize;
use crate::engine::error::{EngineError, Result};

/// The most images a file may hold: ten times the largest of this family.
const MAX_ITEMS: usize = 10_000_000;
/// The most bytes of data: ten times MNIST's.
const MAX_DATA: usize = 512 << 20;

/// Bytes of an IDX file of 8-bit values with `N` dimensions, and its dimensions.
///
/// `bytes` may be gzipped; `path` is for messages only.
///
/// # Errors
/// When the magic, the dimensions or the length are not what the format says.
pub fn parse<const N: usize>(path: &Path, bytes: &[u8]) -> Result<([usize; N], Vec<u8>)> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        let header = &bytes[..bytes.len().min(header_len::<N>())];
        let dims = dimensions::<N>(path, header, bytes)?;
        let data = &bytes[header.len()..];
        length_agrees(path, &dims, data.len())?;
        return Ok((dims, data.to_vec()));
    }
    let mut reader = MultiGzDecoder::new(bytes);
    let broken = |e: std::io::Error| match e.kind() {
        ErrorKind::UnexpectedEof => EngineError::data(path, "its gzip data is cut off"),
        _ => EngineError::data(path, format!("broken gzip data: {e}")),
    };
    let mut header = Vec::new();
    reader.by_ref().take(header_len::<N>() as u64).read_to_end(&mut header).map_err(broken)?;
    let dims = dimensions::<N>(path, &header, &header)?;
    let mut data = Vec::new();
    // It grows with what comes, not with what the header claims; one byte more than promised is
    // enough to know that there are too many.
    let expected = dims.iter().product::<usize>() as u64;
    reader.take(expected + 1).read_to_end(&mut data).map_err(broken)?;
    length_agrees(path, &dims, data.len())?;
    Ok((dims, data))
}

const fn header_len<const N: usize>() -> usize {
    4 + 4 * N
}

/// The dimensions in `header`; `bytes` are what it is of, for messages.
fn dimensions<const N: usize>(path: &Path, header: &[u8], bytes: &[u8]) -> Result<[usize; N]> {
    let words: Vec<u32> = header.as_chunks().0.iter().map(|word| u32::from_be_bytes(*word)).collect();
    let magic = 0x0800 + N as u32;
    let reason = match words.first() {
        Some(&found) if found == magic && words.len() == N + 1 => None,
        Some(&found) if found != magic => {
            let swapped = match found {
                0x0801 => ": it holds labels and no images; are two files swapped?",
                0x0803 => ": it holds images and no labels; are two files swapped?",
                _ => "",
            };
            Some(format!("magic number {found:#010x}, expected {magic:#010x}{swapped}"))
        }
        _ => Some("shorter than an IDX header".into()),
    };
    if bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(EngineError::data(path, "gzipped twice: unpack it once, as with gunzip"));
    }
    if let Some(reason) = reason {
        return Err(EngineError::data(path, explained(bytes, reason)));
    }
    let dims = std::array::from_fn(|i| words[i + 1] as usize);
    if dims[0] > MAX_ITEMS || dims[1..].iter().any(|d| *d > 4096) {
        return Err(EngineError::data(
            path,
            format!("dimensions {dims:?} are beyond what such a file holds"),
        ));
    }
    if dims.iter().product::<usize>() > MAX_DATA {
        let most = filesize(MAX_DATA as u64);
        return Err(EngineError::data(path, format!("dimensions {dims:?} are more than {most} of data")));
    }
    Ok(dims)
}

fn length_agrees(path: &Path, dims: &[usize], found: usize) -> Result<()> {
    let expected = dims.iter().product::<usize>();
    match found.cmp(&expected) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(EngineError::data(
            path,
            format!("truncated: {found} bytes of data where the dimensions {dims:?} promise {expected}"),
        )),
        std::cmp::Ordering::Greater => Err(EngineError::data(
            path,
            format!("more data than its dimensions {dims:?} promise ({expected} bytes)"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn labels(magic: u32, count: u32, data: &[u8]) -> Vec<u8> {
        [&magic.to_be_bytes(), &count.to_be_bytes(), data].concat()
    }

    fn reason(bytes: &[u8]) -> String {
        parse::<1>(Path::new("x"), bytes).unwrap_err().to_string()
    }

    #[test]
    fn plain_and_gzipped_are_read_alike() {
        let plain = labels(0x801, 3, &[4, 5, 6]);
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&plain).unwrap();
        for bytes in [plain, gz.finish().unwrap()] {
            assert_eq!(parse::<1>(Path::new("x"), &bytes).unwrap(), ([3], vec![4, 5, 6]));
        }
    }

    #[test]
    fn every_fault_has_its_own_words() {
        assert!(reason(&[]).contains("shorter than an IDX header"));
        assert!(reason(&labels(0x803, 1, &[0])).contains("are two files swapped?"));
        assert!(reason(&labels(0x1234, 1, &[0])).contains("magic number 0x00001234"));
        assert!(reason(b"<!DOCTYPE html><html>").contains("web page"));
        assert!(reason(&labels(0x801, 5, &[0])).contains("truncated: 1 bytes"));
        assert!(reason(&labels(0x801, 1, &[0, 0])).contains("more data"));
        assert!(reason(&labels(0x801, u32::MAX, &[0])).contains("beyond what such a file holds"));
        assert!(reason(&[0x1f, 0x8b, 8, 0, 1]).contains("gzip data is cut off"));
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&labels(0x801, 10, &[9; 100_000])).unwrap();
        assert!(reason(&gz.finish().unwrap()).contains("more data"));
    }
}
