//! Datasets in their publishers' formats: what is read is what independent readers read, and
//! what is wrong is named.
//!
//! The archives are made by `tests/datasets/make.py`, read again by `read.py`, and packed,
//! moved and pickled again by `variants.py`, which need Python with numpy and Pillow. Where
//! there is none, those tests say so and pass, unless `HIRESNET_REQUIRE_PYTHON` is set.
//! `HIRESNET_PYTHON` names another interpreter.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use hiresnet_tui::domain::event::{Event, EventKind, Outcome, Split};
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::data::{Dataset, DatasetCache, Images, LoadedImages};
use hiresnet_tui::engine::device::Device;
use hiresnet_tui::engine::worker::Worker;

fn spec(line: &str) -> ExperimentSpec {
    line.parse().unwrap()
}

/// The folder that the scripts filled; `None` without Python.
fn made() -> Option<&'static Path> {
    static MADE: OnceLock<Option<tempfile::TempDir>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let python = std::env::var("HIRESNET_PYTHON").unwrap_or_else(|_| "python3".into());
        let has = Command::new(&python).args(["-c", "import numpy, PIL"]).output();
        if !has.is_ok_and(|out| out.status.success()) {
            assert!(
                std::env::var_os("HIRESNET_REQUIRE_PYTHON").is_none(),
                "no {python} with numpy and Pillow"
            );
            eprintln!("skipped: no {python} with numpy and Pillow");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        for script in ["make.py", "read.py", "variants.py"] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/datasets").join(script);
            let out = Command::new(&python).arg(path).arg(folder.path()).output().unwrap();
            assert!(out.status.success(), "{script}: {}", String::from_utf8_lossy(&out.stderr));
        }
        Some(folder)
    });
    made.as_ref().map(tempfile::TempDir::path)
}

fn read(line: &str, folder: &Path) -> Result<LoadedImages, String> {
    DatasetCache::with_cache(Some(folder.to_path_buf()), None).images(&spec(line)).map_err(|e| e.to_string())
}

/// Labels and pixels as `read.py` wrote them.
fn expected(folder: &Path, name: &str, split: &str) -> (Vec<u16>, Vec<u8>, usize) {
    let bytes = fs::read(folder.join("expected").join(format!("{name}.{split}"))).unwrap();
    let word = |i: usize| u32::from_le_bytes(bytes[4 * i..][..4].try_into().unwrap()) as usize;
    let (count, size) = (word(0), word(1));
    let (labels, pixels) = bytes[8..].split_at(2 * count);
    let labels = labels.chunks(2).map(|l| u16::from_le_bytes([l[0], l[1]])).collect();
    (labels, pixels.to_vec(), size)
}

/// Asserts the same labels and sizes, and pixels that differ by at most `most`, on average
/// by at most `mean`. Two JPEG decoders or two scalers round differently; nothing else may
/// differ.
fn assert_alike(folder: &Path, name: &str, shelf: &LoadedImages, most: u8, mean: f64) {
    for (split, images) in [("train", &shelf.training), ("test", &shelf.test)] {
        let (labels, pixels, size) = expected(folder, name, split);
        assert_eq!((&images.labels, images.size), (&labels, size), "{name} {split}");
        assert_eq!(images.pixels.len(), pixels.len(), "{name} {split}");
        let differences = images.pixels.iter().zip(&pixels).map(|(a, b)| a.abs_diff(*b));
        let worst = differences.clone().max().unwrap();
        let average = differences.map(f64::from).sum::<f64>() / pixels.len() as f64;
        println!("{name} {split}: at most {worst}, on average {average:.4}");
        assert!(worst <= most && average <= mean, "{name} {split}: at most {worst}, on average {average}");
    }
}

/// Every format, its folder, and how exactly pixels must agree.
const FORMATS: [(&str, &str, &str, u8, f64); 7] = [
    ("resnet@cifar10", "binary", "cifar10-binary", 0, 0.0),
    ("resnet@cifar10", "python", "cifar10-python", 0, 0.0),
    ("resnet@cifar100", "binary", "cifar100-binary", 0, 0.0),
    ("resnet@cifar100", "python", "cifar100-python", 0, 0.0),
    ("resnet@mnist", "", "mnist", 0, 0.0),
    ("resnet@tiny-imagenet", "", "tiny-imagenet", 8, 0.5),
    ("resnet@folder folder=things classes=3", "", "folder", 8, 0.6),
];

#[test]
fn every_format_is_what_independent_readers_read() {
    let Some(folder) = made() else { return };
    for (line, within, name, most, mean) in FORMATS {
        assert_alike(folder, name, &read(line, &folder.join(within)).unwrap(), most, mean);
    }
}

/// Unpacks the archive at `path` into a folder of its own.
fn unpacked(path: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let file = fs::File::open(path).unwrap();
    if path.extension().is_some_and(|e| e == "zip") {
        zip::ZipArchive::new(file).unwrap().extract(folder.path()).unwrap();
    } else {
        tar::Archive::new(flate2::read::GzDecoder::new(file)).unpack(folder.path()).unwrap();
    }
    folder
}

#[test]
fn unpacked_archives_are_the_same() {
    let Some(folder) = made() else { return };
    let archives = ["cifar-10-binary.tar.gz", "cifar-10-python.tar.gz", "cifar-100-binary.tar.gz"];
    let archives = archives.into_iter().chain(["cifar-100-python.tar.gz", "", "tiny-imagenet-200.zip"]);
    for ((line, within, name, most, mean), archive) in FORMATS.into_iter().zip(archives) {
        if !archive.is_empty() {
            let parts = unpacked(&folder.join(within).join(archive));
            let shelf = read(line, parts.path()).unwrap();
            assert_alike(folder, name, &shelf, most, mean);
            // The folder itself may be named as well.
            let inner = fs::read_dir(parts.path()).unwrap().next().unwrap().unwrap().path();
            assert_eq!(read(line, &inner).unwrap().test.pixels[..], shelf.test.pixels[..]);
        }
    }
}

#[test]
fn classes_have_their_names() {
    let Some(folder) = made() else { return };
    let names = |line: &str, within: &str, class: usize| {
        let shelf = read(line, &folder.join(within)).unwrap();
        let class = &shelf.classes[class];
        (class.name.clone(), class.group.clone())
    };
    for kind in ["binary", "python"] {
        assert_eq!(names("resnet@cifar10", kind, 3), ("cat".into(), String::new()));
        assert_eq!(names("resnet@cifar100", kind, 57), ("fine 57".into(), "coarse 11".into()));
    }
    let (name, _) = names("resnet@tiny-imagenet", "", 0);
    assert!(name.starts_with("thing n") && !name.contains("other"), "{name}");
    assert_eq!(names("resnet@folder folder=things classes=3", "", 0).0, "Ankle boot");
}

#[test]
fn an_epoch_is_trained_from_each_format() {
    let Some(folder) = made() else { return };
    for (line, within, name, ..) in FORMATS {
        let keys = "epochs=1 batch=20 blocks=1,1 widths=4,8 val_fraction=0.34 probe_images=4 train_limit=60 \
                    val_limit=20 test_limit=20 crop_padding=2 flip=true";
        let spec = spec(&format!("{line} {keys}").replacen("resnet@", "resnet+hires@", 1));
        let mut library = DatasetCache::with_cache(Some(folder.join(within)), None);
        let data = library.dataset(&spec).unwrap();
        let runs = tempfile::tempdir().unwrap();
        let device = Device::CPU;
        let tested = data.sizes().test;
        let mut worker = Worker::start(spec, data, device, runs.path()).unwrap();
        let mut events: Vec<Event> = Vec::new();
        while let Some(event) = worker.events.blocking_recv() {
            events.push(event);
        }
        assert_eq!(worker.join().unwrap(), Outcome::Completed, "{name}");
        assert!(
            events
                .iter()
                .any(|e| matches!(&e.kind, EventKind::Tested { score, .. } if score.images == tested))
        );
    }
}

#[test]
fn tiny_imagenet_is_read_once_and_mapped_afterwards() {
    let Some(folder) = made() else { return };
    let cache = tempfile::tempdir().unwrap();
    let line = "resnet@tiny-imagenet val_fraction=0.34";
    let load = |root: &Path| {
        DatasetCache::with_cache(Some(root.into()), Some(cache.path().into())).dataset(&spec(line)).unwrap()
    };
    let first = load(folder);
    // An archive of the same length and time counts as the same: its images are not read.
    let copy = tempfile::tempdir().unwrap();
    let archive = folder.join("tiny-imagenet-200.zip");
    let there = copy.path().join("tiny-imagenet-200.zip");
    fs::copy(&archive, &there).unwrap();
    let seen = load(copy.path());
    let changed = fs::metadata(&there).unwrap().modified().unwrap();
    fs::write(&there, vec![0; fs::metadata(&archive).unwrap().len() as usize]).unwrap();
    fs::File::options().write(true).open(&there).unwrap().set_modified(changed).unwrap();
    let again = load(copy.path());
    for split in [Split::Train, Split::Validation, Split::Test] {
        let pixels = |data: &Dataset| data.images(split).pixels.to_vec();
        assert!(pixels(&first) == pixels(&again) && pixels(&seen) == pixels(&again));
        assert_eq!(first.indices(split), again.indices(split));
    }
    assert_eq!(first.normalisation.mean, again.normalisation.mean);
    // Changed, it is read, and found broken.
    fs::write(&there, b"something else").unwrap();
    let fault =
        DatasetCache::with_cache(Some(copy.path().into()), Some(cache.path().into())).dataset(&spec(line));
    assert!(fault.unwrap_err().to_string().contains("tiny-imagenet-200.zip"));
}

#[test]
fn splits_are_the_papers_unless_the_spec_says_otherwise() {
    let Some(folder) = made() else { return };
    let load = |line: &str| DatasetCache::with_cache(Some(folder.into()), None).dataset(&spec(line)).unwrap();
    let data = load("resnet@tiny-imagenet val_fraction=0.34");
    assert_eq!((data.sizes().train, data.sizes().validation, data.sizes().test), (400, 200, 400));
    let data = load("resnet@tiny-imagenet val_from=test");
    assert_eq!((data.sizes().train, data.sizes().validation, data.sizes().test), (600, 400, 400));
    let pixels = |split| -> Vec<u8> {
        let images: std::sync::Arc<Images> = data.images(split);
        data.indices(split).iter().flat_map(|i| images.image(*i).to_vec()).collect()
    };
    assert_eq!(pixels(Split::Validation), pixels(Split::Test));
}

#[path = "datasets/bytes.rs"]
mod bytes;
#[path = "datasets/faults.rs"]
mod faults;
#[cfg(unix)]
#[path = "datasets/found.rs"]
mod found;
#[path = "datasets/mutations.rs"]
mod mutations;
#[path = "datasets/notes.rs"]
mod notes;
#[cfg(unix)]
#[path = "datasets/states.rs"]
mod states;
#[path = "datasets/variants.rs"]
mod variants;
