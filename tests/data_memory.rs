//! Small files that claim to be large take little memory, however many threads read them.

#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::data::DatasetCache;

/// In a child: the folder to read from, and the spec.
const FOLDER: &str = "HIRESNET_TEST_FOLDER";
const SPEC: &str = "HIRESNET_TEST_SPEC";
/// What the program takes before it reads anything, with room to spare, MiB.
const AT_REST: u64 = 96;

/// Not a test by itself: reads what the environment names, and says how much memory that took.
#[test]
fn reads_in_a_child() {
    let (Some(folder), Ok(line)) = (std::env::var_os(FOLDER), std::env::var(SPEC)) else { return };
    let spec: ExperimentSpec = line.parse().unwrap();
    let read = DatasetCache::with_cache(Some(folder.into()), None).images(&spec);
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").trim().parse().unwrap();
    println!("PEAK {} {}", peak / 1024, read.map_or_else(|error| error.to_string(), |_| "read".into()));
}

/// Peak memory of a process that reads `line` from `folder` with eight threads, MiB, and what
/// came of it.
fn read(folder: &Path, line: &str) -> (u64, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "reads_in_a_child", "--nocapture", "--test-threads=1"]);
    command.env(FOLDER, folder).env(SPEC, line).env("RAYON_NUM_THREADS", "8");
    let out = command.output().unwrap();
    let said = String::from_utf8_lossy(&out.stdout).into_owned();
    let line = said.lines().find_map(|line| line.split_once("PEAK ")).map(|(_, rest)| rest.to_owned());
    let line = line.unwrap_or_else(|| panic!("{said}\n{}", String::from_utf8_lossy(&out.stderr)));
    let (peak, outcome) = line.split_once(' ').unwrap();
    println!("{peak} MiB: {outcome}");
    (peak.parse().unwrap(), outcome.into())
}

fn chunk(kind: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
    let body = [&kind[..], bytes].concat();
    let (length, sum) = ((bytes.len() as u32).to_be_bytes(), crc32fast::hash(&body).to_be_bytes());
    [&length[..], &body, &sum].concat()
}

/// A grey PNG of `side` × `side` pixels of `bits` each, all black.
fn png(side: u32, bits: u8) -> Vec<u8> {
    let mut data = ZlibEncoder::new(Vec::new(), Compression::best());
    let row = vec![0; 1 + (side as usize * usize::from(bits)).div_ceil(8)];
    (0..side).for_each(|_| data.write_all(&row).unwrap());
    let head = [&side.to_be_bytes()[..], &side.to_be_bytes(), &[bits, 0, 0, 0, 0]].concat();
    let parts = [chunk(b"IHDR", &head), chunk(b"IDAT", &data.finish().unwrap()), chunk(b"IEND", b"")];
    [&b"\x89PNG\r\n\x1a\n"[..], &parts.concat()].concat()
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

#[test]
fn images_share_one_budget() {
    let folder = tempfile::tempdir().unwrap();
    // Four of them take more than all of the budget.
    let bytes = png(12_288, 1);
    assert!(bytes.len() < 32 << 10, "{}", bytes.len());
    for name in ["train/a/0", "train/a/1", "train/b/2", "train/b/3", "test/a/4", "test/b/5"] {
        put(folder.path(), &format!("images/{name}.png"), &bytes);
    }
    let (peak, outcome) = read(folder.path(), "resnet@folder classes=2");
    assert_eq!(outcome, "read");
    assert!(peak < 512 + AT_REST, "{peak} MiB");
    // What takes more than all of it by itself is refused, and nothing is lost over it.
    let bytes = png(16_384, 16);
    for name in ["train/a/0", "train/a/1", "train/b/2", "train/b/3"] {
        put(folder.path(), &format!("images/{name}.png"), &bytes);
    }
    let (peak, outcome) = read(folder.path(), "resnet@folder classes=2");
    assert!(outcome.contains("4 of its 6 files cannot be read: train/a/0.png: "), "{outcome}");
    assert!(peak < 512 + AT_REST, "{peak} MiB");
}

#[test]
fn colour_profiles_take_little() {
    let mut profile = ZlibEncoder::new(Vec::new(), Compression::fast());
    let zeroes = vec![0; 1 << 20];
    (0..300).for_each(|_| profile.write_all(&zeroes).unwrap());
    let profile = chunk(b"iCCP", &[&b"name\0\0"[..], &profile.finish().unwrap()].concat());
    let plain = png(64, 8);
    let bytes = [&plain[..33], &profile, &plain[33..]].concat();
    let folder = tempfile::tempdir().unwrap();
    for name in ["train/a", "train/b", "test/a", "test/b"] {
        (0..4).for_each(|i| put(folder.path(), &format!("images/{name}/{i}.png"), &bytes));
    }
    let (peak, outcome) = read(folder.path(), "resnet@folder classes=2");
    assert_eq!(outcome, "read");
    assert!(peak < 2 * AT_REST, "{peak} MiB");
}

/// A gzip file of `head` and `megabytes` of zeroes.
fn gzipped(head: &[u8], megabytes: usize) -> Vec<u8> {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(head).unwrap();
    let zeroes = vec![0; 1 << 20];
    (0..megabytes).for_each(|_| gz.write_all(&zeroes).unwrap());
    gz.finish().unwrap()
}

#[test]
fn idx_files_take_what_comes_and_not_what_they_claim() {
    for (count, megabytes, words) in [
        (10_000_000_u32, 1, "more than 512 MiB of data"),
        (10_000_000, 900, "more than 512 MiB of data"),
        (600_000, 1, "truncated: 1048576 bytes"),
        // As many as the header says, and more.
        (1_000, 900, "more data than its dimensions"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let head = [0x803, count, 28, 28].map(u32::to_be_bytes).concat();
        for name in ["train-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte.gz"] {
            put(folder.path(), &format!("mnist/{name}"), &gzipped(&head, megabytes));
        }
        for name in ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"] {
            put(folder.path(), &format!("mnist/{name}"), b"\0\0\x08\x01\0\0\0\0");
        }
        let (peak, outcome) = read(folder.path(), "resnet@mnist");
        assert!(outcome.contains(words) && outcome.contains("train-images"), "{outcome}");
        assert!(peak < AT_REST, "{count}, {megabytes}: {peak} MiB");
    }
}

#[test]
fn tar_headers_take_what_comes_and_not_what_they_claim() {
    let head = |kind: tar::EntryType, name: &str, size: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_path(name).unwrap();
        header.set_size(size);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    const NAME: &str = "cifar-10-batches-bin/data_batch_1.bin";
    const LARGE: u64 = 900 << 20;
    use tar::EntryType;
    let mut holes = tar::Header::new_gnu();
    holes.set_entry_type(EntryType::GNUSparse);
    holes.set_path(NAME).unwrap();
    holes.set_size(0);
    holes.as_gnu_mut().unwrap().realsize = *b"00000000000\0";
    holes.as_gnu_mut().unwrap().set_real_size(LARGE);
    holes.set_cksum();
    for (head, megabytes, words) in [
        (head(EntryType::Regular, NAME, LARGE), 900, "longer than 268435456 bytes"),
        (head(EntryType::Regular, NAME, 200 << 20), 1, "cut off within the archive"),
        (head(EntryType::GNULongName, "././@LongLink", LARGE), 900, "a name or header of 943718400 bytes"),
        (head(EntryType::GNULongLink, "././@LongLink", LARGE), 900, "a name or header of 943718400 bytes"),
        (head(EntryType::XHeader, "pax", LARGE), 900, "a name or header of 943718400 bytes"),
        (head(EntryType::XGlobalHeader, "pax", LARGE), 900, "a name or header of 943718400 bytes"),
        (head(EntryType::Regular, "other", LARGE), 900, "none of cifar10's files in it"),
        (holes.as_bytes().to_vec(), 1, "not a regular file in the archive"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        put(folder.path(), "cifar-10-binary.tar.gz", &gzipped(&head, megabytes));
        let (peak, outcome) = read(folder.path(), "resnet@cifar10");
        assert!(outcome.contains(words), "{words}: {outcome}");
        assert!(peak < AT_REST, "{words}: {peak} MiB");
    }
}

#[test]
fn zip_entries_share_one_budget() {
    let folder = tempfile::tempdir().unwrap();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    let zeroes = vec![0; 31 << 20];
    for i in 0..200 {
        zip.start_file(format!("tiny-imagenet-200/train/n{i:08}/images/0.JPEG"), options).unwrap();
        // A few of them are enough to fill all threads.
        zip.write_all(if i < 16 { &zeroes } else { b"none" }).unwrap();
    }
    let annotations: String = (0..200).map(|i| format!("val_{i}.JPEG\tn{i:08}\n")).collect();
    zip.start_file("tiny-imagenet-200/val/val_annotations.txt", options).unwrap();
    zip.write_all(annotations.as_bytes()).unwrap();
    zip.start_file("tiny-imagenet-200/val/images/val_0.JPEG", options).unwrap();
    put(folder.path(), "tiny-imagenet-200.zip", &zip.finish().unwrap().into_inner());
    let (peak, outcome) = read(folder.path(), "resnet@tiny-imagenet");
    assert!(outcome.contains("400 of its 400 files cannot be read: "), "{outcome}");
    assert!(peak < 128 + AT_REST, "{peak} MiB");
}
