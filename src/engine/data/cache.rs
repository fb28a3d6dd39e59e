//! Decoded datasets, each kept once in a file that later runs map into memory.
//!
//! The file begins with a header: what the source was when it was read, and for each of
//! the two splits how many images of which size follow, with a checksum. Labels and pixels
//! follow, each beginning at a multiple of [`ALIGNMENT`] bytes.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crc32fast::Hasher;
use memmap2::Mmap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::images::{Class, Decoded, Images, Pixels};
use super::source::{FoundDataset, hex};
use crate::engine::error::{EngineError, Result};
use crate::engine::files;

/// How the file begins; another layout has another number.
const MAGIC: &[u8; 8] = b"HRNDATA\x02";
const ALIGNMENT: usize = 64;
/// Ending of the name of a file of counts, and the longest of such.
const COUNTED: &str = "counted";
const MAX_COUNTED: u64 = 64 << 10;
/// Longest header read: names of 22,000 classes.
const MAX_HEADER: usize = 16 << 20;
/// Bytes whose checksum one thread takes at a time.
const CHUNK: usize = 8 << 20;
/// A half-written file of a program that died is removed when it is older.
const ABANDONED: Duration = Duration::from_secs(3600);

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    fingerprint: String,
    classes: Vec<Class>,
    splits: [Shape; 2],
    /// What of its images was reduced.
    notes: Vec<String>,
}

/// That a dataset was read, and how many images it has; it is not kept itself.
#[derive(Debug, Serialize, Deserialize)]
struct CountedImages {
    fingerprint: String,
    images: (usize, usize),
    /// What of its images was reduced.
    notes: Vec<String>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Shape {
    images: usize,
    channels: usize,
    size: usize,
    /// CRC-32 of the labels, then of the pixels.
    labels_crc: u32,
    pixels_crc: u32,
}

/// The dataset of `source`: from its file in `folder` where that is there, whole and of the
/// same source; else it is read and kept there. Without a folder, or where it cannot be
/// written, the dataset stays in memory.
///
/// What went wrong with the file, and is no reason not to go on, is told to `note`.
///
/// # Errors
/// When the source cannot be read.
pub fn load(
    folder: Option<&Path>,
    name: &str,
    source: FoundDataset,
    note: &mut dyn FnMut(String),
) -> Result<Decoded> {
    let Some(folder) = folder else { return (source.decode)() };
    let path = file(folder, name, &source.place);
    match open(&path, &source.fingerprint) {
        Ok(Some(decoded)) => return Ok(decoded),
        Ok(None) => {}
        Err(error) => note(format!("{error}; reading the dataset again")),
    }
    let FoundDataset { fingerprint, decode, .. } = source;
    let decoded = decode()?;
    if let Err(error) = keep(&path, fingerprint.clone(), &decoded) {
        note(format!("{error}; the dataset stays in memory and will be read again next time"));
        return Ok(decoded);
    }
    // Before it is mapped: a large one would not fit twice.
    drop(decoded);
    open(&path, &fingerprint)?.ok_or_else(|| EngineError::data(&path, "it was replaced just now; try again"))
}

/// Training and test images of `source`, and what was reduced of them, where it was read before
/// and has not changed since; only the head of a file is read.
pub fn counts(
    folder: Option<&Path>,
    name: &str,
    source: &FoundDataset,
) -> Option<((usize, usize), Vec<String>)> {
    let path = file(folder?, name, &source.place);
    counts_of_kept(&path, source).or_else(|| {
        let bytes = files::read_bounded(&path.with_extension(COUNTED), MAX_COUNTED).ok()?;
        let counted: CountedImages = serde_json::from_slice(&bytes).ok()?;
        (counted.fingerprint == source.fingerprint).then_some((counted.images, counted.notes))
    })
}

/// Keeps how many images the dataset at `place` has, so that they need not be counted again.
pub fn remember(
    folder: Option<&Path>,
    name: &str,
    place: &Path,
    fingerprint: String,
    images: (usize, usize),
    notes: &[String],
) {
    let Some(folder) = folder else { return };
    let path = file(folder, name, place).with_extension(COUNTED);
    let Ok(json) = serde_json::to_vec(&CountedImages { fingerprint, images, notes: notes.to_vec() }) else {
        return;
    };
    if fs::create_dir_all(folder).is_ok() && !path.is_symlink() {
        // It is only read again otherwise.
        let _ = files::write_atomically(&path, &json);
    }
}

fn counts_of_kept(path: &Path, source: &FoundDataset) -> Option<((usize, usize), Vec<String>)> {
    let mut file = File::open(path).ok()?;
    let mut start = [0; MAGIC.len() + 8];
    file.read_exact(&mut start).ok()?;
    let (len, checksum) = start.strip_prefix(MAGIC)?.split_first_chunk()?;
    let len = u32::from_le_bytes(*len) as usize;
    let mut text = vec![0; if len <= MAX_HEADER { len } else { return None }];
    file.read_exact(&mut text).ok()?;
    let is_whole = *checksum == crc32fast::hash(&text).to_le_bytes();
    let header: Header = serde_json::from_slice(&text).ok().filter(|_| is_whole)?;
    let [training, test] = header.splits.map(|shape| shape.images);
    (header.fingerprint == source.fingerprint).then_some(((training, test), header.notes))
}

/// The file of the dataset at `place`.
fn file(folder: &Path, name: &str, place: &Path) -> PathBuf {
    let place = place.canonicalize().unwrap_or_else(|_| place.to_path_buf());
    let digest = Sha256::digest(place.as_os_str().as_encoded_bytes());
    folder.join(format!("{name}-{}.images", hex(&digest[..6])))
}

/// Maps a kept dataset; `None` where there is none of this fingerprint.
///
/// # Errors
/// When it cannot be read, or is not what was written.
fn open(path: &Path, fingerprint: &str) -> Result<Option<Decoded>> {
    if !path.is_file() {
        return Ok(None);
    }
    let file = File::open(path).map_err(EngineError::io("open", path))?;
    // SAFETY: nobody writes to a file of this name: it is filled under another and renamed.
    // A user who overwrites it all the same would change pixels, which are plain bytes.
    #[expect(unsafe_code, reason = "a memory map")]
    let map = unsafe { Mmap::map(&file) }.map_err(EngineError::io("map", path))?;
    if map.starts_with(&MAGIC[..7]) && map.get(7) < MAGIC.get(7) {
        // Of an older version of this program.
        return Ok(None);
    }
    let Some((header, places)) = parse(&map).map_err(|reason| EngineError::data(path, reason))? else {
        return Err(EngineError::data(path, "broken: it is not what was written"));
    };
    if header.fingerprint != fingerprint {
        return Ok(None);
    }
    let map = Arc::new(map);
    let images = |shape: Shape, place: &Place| {
        let labels = map[place.labels.clone()].as_chunks().0.iter().map(|pair| u16::from_le_bytes(*pair));
        let pixels = Pixels::Mapped(Arc::clone(&map), place.pixels.clone());
        Images { pixels, labels: labels.collect(), channels: shape.channels, size: shape.size }
    };
    let [training, test] = [0, 1].map(|i| images(header.splits[i], &places[i]));
    Ok(Some(Decoded { training, test, classes: header.classes, notes: header.notes }))
}

/// Where a split's labels and pixels are in the file.
struct Place {
    labels: Range<usize>,
    pixels: Range<usize>,
}

/// The header, and where everything is; `None` where a checksum differs.
fn parse(bytes: &[u8]) -> std::result::Result<Option<(Header, [Place; 2])>, &'static str> {
    let foreign = "not a decoded dataset of this version";
    let rest = bytes.strip_prefix(MAGIC).ok_or(foreign)?;
    let (len, rest) = rest.split_first_chunk().ok_or("cut off")?;
    let (checksum, rest) = rest.split_first_chunk().ok_or("cut off")?;
    let len = u32::from_le_bytes(*len) as usize;
    let text = rest.get(..len).filter(|_| len <= MAX_HEADER).ok_or("cut off")?;
    if crc32fast::hash(text) != u32::from_le_bytes(*checksum) {
        return Ok(None);
    }
    let header: Header = serde_json::from_slice(text).map_err(|_| foreign)?;
    let mut end = MAGIC.len() + 8 + len;
    let mut next = |len: Option<usize>| {
        let start = end.next_multiple_of(ALIGNMENT);
        end =
            len.and_then(|len| start.checked_add(len)).filter(|end| *end <= bytes.len()).ok_or("cut off")?;
        Ok::<_, &'static str>(start..end)
    };
    let mut place = |shape: Shape| {
        let pixels = shape.images.checked_mul(shape.channels).and_then(|n| n.checked_mul(shape.size));
        Ok::<_, &'static str>(Place {
            labels: next(shape.images.checked_mul(2))?,
            pixels: next(pixels.and_then(|n| n.checked_mul(shape.size)))?,
        })
    };
    let places = [place(header.splits[0])?, place(header.splits[1])?];
    let whole = header.splits.iter().zip(&places).all(|(shape, place)| {
        crc(&bytes[place.labels.clone()]) == shape.labels_crc
            && crc(&bytes[place.pixels.clone()]) == shape.pixels_crc
    });
    Ok(whole.then_some((header, places)))
}

/// CRC-32 of some bytes, on all threads.
fn crc(bytes: &[u8]) -> u32 {
    let of_part = |part: &[u8]| {
        let mut hasher = Hasher::new();
        hasher.update(part);
        hasher
    };
    let parts: Vec<_> = bytes.par_chunks(CHUNK).map(of_part).collect();
    let mut whole = Hasher::new();
    parts.iter().for_each(|part| whole.combine(part));
    whole.finalize()
}

/// Keeps a dataset, replacing what was there.
///
/// # Errors
/// When the folder cannot be made or the file not written, as on a full disk.
fn keep(path: &Path, fingerprint: String, decoded: &Decoded) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(EngineError::io("create the folder", folder))?;
    remove_abandoned(folder);
    if path.is_symlink() {
        // It would be followed.
        fs::remove_file(path).map_err(EngineError::io("replace", path))?;
    }
    let splits = [&decoded.training, &decoded.test];
    let labels = splits.map(|images| images.labels.iter().flat_map(|l| l.to_le_bytes()).collect::<Vec<_>>());
    let shape = |i: usize| Shape {
        images: splits[i].len(),
        channels: splits[i].channels,
        size: splits[i].size,
        labels_crc: crc(&labels[i]),
        pixels_crc: crc(&splits[i].pixels),
    };
    let (classes, notes) = (decoded.classes.clone(), decoded.notes.clone());
    let header = Header { fingerprint, classes, splits: [shape(0), shape(1)], notes };
    let text = serde_json::to_vec(&header)
        .map_err(|e| EngineError::data(path, format!("its header cannot be written: {e}")))?;
    if text.len() > MAX_HEADER {
        return Err(EngineError::data(path, "the names of its classes are too long to be kept"));
    }
    let length = (text.len() as u32).to_le_bytes();
    let checksum = crc32fast::hash(&text).to_le_bytes();
    files::write_own_by(path, |file| {
        let mut at = 0;
        let mut part = |bytes: &[u8], aligned: bool| {
            let gap = if aligned { usize::next_multiple_of(at, ALIGNMENT) - at } else { 0 };
            at += gap + bytes.len();
            file.write_all(&[0; ALIGNMENT][..gap])?;
            file.write_all(bytes)
        };
        part(&[&MAGIC[..], &length, &checksum, &text].concat(), false)?;
        for (labels, images) in labels.iter().zip(splits) {
            part(labels, true)?;
            part(&images.pixels, true)?;
        }
        Ok(())
    })
}

/// Removes what programs left that were ended while they wrote.
fn remove_abandoned(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_temporary = entry.file_name().to_string_lossy().starts_with(files::TEMPORARY);
        let changed = entry.metadata().and_then(|facts| facts.modified()).ok();
        let age = changed.and_then(|time| SystemTime::now().duration_since(time).ok());
        if is_temporary && age.is_some_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn decoded() -> Decoded {
        let images = |count: usize, first: u8| Images {
            pixels: (0..count * 3 * 16).map(|i| (i as u8).wrapping_add(first)).collect::<Vec<_>>().into(),
            labels: (0..count as u16).collect(),
            channels: 3,
            size: 4,
        };
        let classes = vec![Class { name: "cat".into(), group: "animal".into() }, Class::default()];
        Decoded { training: images(7, 1), test: images(3, 9), classes, notes: vec!["noted".into()] }
    }

    fn source(place: &Path, fingerprint: &str, read: Option<Decoded>) -> FoundDataset {
        let place = place.to_path_buf();
        let decode = move || read.ok_or_else(|| EngineError::data("", "it was read again"));
        FoundDataset { place, fingerprint: fingerprint.into(), notes: Vec::new(), decode: Box::new(decode) }
    }

    fn assert_same(a: &Decoded, b: &Decoded) {
        assert_eq!((&a.classes, &a.notes), (&b.classes, &b.notes));
        for (a, b) in [(&a.training, &b.training), (&a.test, &b.test)] {
            assert_eq!(
                (&a.pixels[..], &a.labels, a.channels, a.size),
                (&b.pixels[..], &b.labels, b.channels, b.size)
            );
        }
    }

    #[test]
    fn a_dataset_is_read_once_and_again_when_its_source_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, place) = (Some(folder.path().join("cache")), folder.path().join("data"));
        let load = |fingerprint: &str, read| {
            load(cache.as_deref(), "d", source(&place, fingerprint, read), &mut |note| panic!("{note}"))
        };
        assert_same(&load("a", Some(decoded())).unwrap(), &decoded());
        let kept = load("a", None).unwrap();
        assert!(matches!(kept.training.pixels, Pixels::Mapped(..)));
        assert_same(&kept, &decoded());
        assert!(load("b", None).is_err(), "another source is another dataset");
        assert_same(&load("b", Some(decoded())).unwrap(), &decoded());
        assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 1);
    }

    #[test]
    fn what_is_not_what_was_written_is_never_used() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("data");
        let path = file(folder.path(), "d", &place);
        keep(&path, "a".into(), &decoded()).unwrap();
        let whole = fs::read(&path).unwrap();
        let refused = Cell::new(0);
        let attempt = |bytes: &[u8]| {
            fs::write(&path, bytes).unwrap();
            assert!(load(Some(folder.path()), "d", source(&place, "a", None), &mut |_| {}).is_err());
            refused.set(refused.get() + 1);
        };
        for cut in 0..whole.len() {
            attempt(&whole[..cut]);
        }
        let header = MAGIC.len() + 8 + whole.iter().position(|b| *b == b'}').unwrap();
        for place in (0..header).chain([whole.len() - 1, whole.len() - 3 * 3 * 16, whole.len() - 500]) {
            let mut changed = whole.clone();
            changed[place] ^= 1;
            attempt(&changed);
        }
        assert!(refused.get() > 500);
        // A folder that cannot be written is no reason not to train.
        let full = Some(Path::new("/proc/no-such-folder"));
        let mut notes = Vec::new();
        let kept =
            load(full, "d", source(&place, "a", Some(decoded())), &mut |note| notes.push(note)).unwrap();
        assert_same(&kept, &decoded());
        assert!(notes.len() == 1 && notes[0].contains("stays in memory"), "{notes:?}");
    }
}
