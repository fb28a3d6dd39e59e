//! Good files with bytes changed, cut and doubled: each is read or refused, and nothing else.
//! `FUZZ_CASES=1000000` for a long night; `tests/fuzz` has the same as a fuzz target.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::bytes::{FORMATS, read};
use super::faults::{cifar10, jpeg, pickle, records, tar_of, tiny, zip_of};

fn cases() -> usize {
    std::env::var("FUZZ_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_400)
}

/// A good file of each format.
fn good(format: u8) -> Vec<u8> {
    match format {
        0 => tar_of(&cifar10(), tar::EntryType::Regular),
        1 => records(3),
        2 => {
            let labels: Vec<u8> = (0..100).collect();
            let batch = pickle("numpy.core.multiarray._reconstruct", 100, 100 * 3072, &labels);
            let text = batch.windows(7).position(|w| w == b"U\x06label").unwrap();
            let mut end = b"U\x0bfine_labels](".to_vec();
            labels.iter().for_each(|label| end.extend([b'K', *label]));
            end.extend(b"eU\x0dcoarse_labels](");
            labels.iter().for_each(|label| end.extend([b'K', *label / 5]));
            end.extend(b"eu.");
            [&batch[..text], &end].concat()
        }
        3 => zip_of(&tiny()),
        4 => [&b"\0\0\x08\x03\0\0\0\x0a\0\0\0\x1c\0\0\0\x1c"[..], &[9; 10 * 784]].concat(),
        5 => jpeg(9),
        _ => b"HRNDATA\x01\0\0\0\0".to_vec(),
    }
}

fn mutated(good: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = good.to_vec();
    for _ in 0..random.random_range(1..=4) {
        if bytes.is_empty() {
            break;
        }
        // Heads and tails are where formats say what they hold.
        let near = bytes.len().min(300);
        let at = match random.random_range(0..3) {
            0 => random.random_range(0..near),
            1 => bytes.len() - 1 - random.random_range(0..near),
            _ => random.random_range(0..bytes.len()),
        };
        match random.random_range(0..5) {
            0 => bytes[at] = random.random(),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.random_range(0..5)],
            2 => bytes.truncate(at),
            3 => drop(bytes.remove(at)),
            _ => bytes.insert(at, random.random()),
        }
    }
    bytes
}

#[test]
fn mutated_files_are_read_or_refused_and_nothing_else() {
    let goods: Vec<_> = (0..FORMATS).map(good).collect();
    for (format, good) in (0..FORMATS).zip(&goods) {
        let folder = tempfile::tempdir().unwrap();
        let shelf = read(format, good, folder.path());
        assert!(shelf.is_ok(), "{format}: {shelf:?}");
    }
    let mut random = ChaCha8Rng::seed_from_u64(9);
    let mut refused = 0;
    for case in 0..cases() {
        // The zip of 401 images takes as long as all others together.
        let format = if case % 49 == 0 { 3 } else { [0, 1, 2, 4, 5, 6][case % 6] };
        let folder = tempfile::tempdir().unwrap();
        match read(format, &mutated(&goods[usize::from(format)], &mut random), folder.path()) {
            Ok(shelf) => assert!(shelf.test.labels.iter().all(|label| *label < 200)),
            Err(reason) => {
                refused += 1;
                assert!(!reason.is_empty() && !reason.chars().any(char::is_control), "{reason:?}");
            }
        }
    }
    assert!(refused > cases() / 3, "{refused} of {} refused", cases());
}
