//! `data list`, `data path`, `data verify` and training say the same of a dataset, in every
//! form that it has, whole or not.

use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use super::*;

/// What there is of a dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// All of it, and it can be read.
    Whole,
    /// Some of its images, which can be read.
    Short,
    /// It is here and cannot be read.
    Broken,
    /// Part of its files is here, or it is not at all.
    Missing,
}

/// A data folder that is looked at.
pub struct World {
    folder: tempfile::TempDir,
    pub line: String,
    pub name: &'static str,
}

impl World {
    pub fn new(line: &str, name: &'static str) -> Self {
        let world = Self { folder: tempfile::tempdir().unwrap(), line: line.into(), name };
        fs::create_dir(world.path("")).unwrap();
        world
    }

    pub fn put(&self, name: &str, bytes: &[u8]) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    pub fn run(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
        command.arg("data").args(args).arg("--data-dir").arg(self.path(""));
        command.env("HIRESNET_CACHE", self.folder.path().join("cache")).output().unwrap()
    }

    /// Asserts what each command says, and training; nothing changes when they are asked again.
    pub fn is(&self, state: State, words: &str) {
        for time in ["first", "again"] {
            let at = format!("{} {} {time}", self.name, self.line);
            let cache = Some(self.folder.path().join("cache"));
            let trained = DatasetCache::with_cache(Some(self.path("")), None).images(&spec(&self.line));
            let cached = DatasetCache::with_cache(Some(self.path("")), cache).images(&spec(&self.line));
            let can_train = matches!(state, State::Whole | State::Short);
            assert_eq!((trained.is_ok(), cached.is_ok()), (can_train, can_train), "{at}: {trained:?}");

            let verified = self.run(&["verify", self.name]);
            let said = String::from_utf8_lossy(&verified.stdout).into_owned();
            assert_eq!(verified.status.code(), Some(i32::from(state != State::Whole)), "{at}: {said}");
            let label = match state {
                State::Whole => "ok  ",
                State::Short => "short  ",
                State::Broken => "broken  ",
                State::Missing => "",
            };
            assert!(said.lines().any(|line| line.starts_with(label) && line.contains(words)), "{at}: {said}");

            let path = self.run(&["path", self.name]);
            assert_eq!(path.status.code(), Some(i32::from(!can_train)), "{at}: {path:?}");
            assert_eq!(path.stdout.is_empty(), state == State::Missing, "{at}: {path:?}");

            let list = self.run(&["list", "--json"]);
            assert!(list.status.success());
            let rows: Vec<Value> = serde_json::from_slice(&list.stdout).unwrap();
            let row = rows.iter().find(|row| row["name"] == self.name);
            let row = row.unwrap_or(&Value::Null);
            if row.is_null() {
                // A folder of images without any that can be found.
                assert!(self.name.starts_with("folder=") && !can_train, "{at}");
                continue;
            }
            assert_eq!(row["whole"], state == State::Whole, "{at}: {row}");
            assert_eq!(row["found"].is_null(), state == State::Missing, "{at}: {row}");
            assert!(
                state == State::Broken || row["short"].is_string() == (state == State::Short),
                "{at}: {row}"
            );
            assert!(row["train_images_here"].is_number() || !can_train, "{at}: {row}");
            if state == State::Broken {
                assert!(row["problem"].as_str().unwrap().contains(words), "{at}: {row}");
            }
        }
    }
}

/// An IDX file of `count` items that take `each` bytes, all of `value`.
fn idx(dims: &[u32], bytes: Vec<u8>) -> Vec<u8> {
    let magic = (0x0800 + dims.len() as u32).to_be_bytes();
    let dims: Vec<u8> = dims.iter().flat_map(|dim| dim.to_be_bytes()).collect();
    [&magic[..], &dims, &bytes].concat()
}

/// MNIST's four files with so many images, gzipped or not.
pub fn mnist(counts: [u32; 2]) -> faults::Contents {
    let mut files = Vec::new();
    for (split, count) in ["train", "t10k"].into_iter().zip(counts) {
        let labels = (0..count).map(|i| (i % 10) as u8).collect();
        files.push((
            format!("mnist/{split}-images-idx3-ubyte"),
            idx(&[count, 28, 28], vec![1; count as usize * 784]),
        ));
        files.push((format!("mnist/{split}-labels-idx1-ubyte"), idx(&[count], labels)));
    }
    files
}

pub fn gzipped(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(bytes).unwrap();
    gz.finish().unwrap()
}

#[test]
fn idx_files_are_whole_or_not_for_everybody() {
    let attempt = |change: &dyn Fn(&mut faults::Contents), state: State, words: &str| {
        for gz in [false, true] {
            let world = World::new("resnet@mnist", "mnist");
            let mut files = mnist([20, 10]);
            change(&mut files);
            for (name, bytes) in files {
                let name = if gz { format!("{name}.gz") } else { name };
                world.put(&name, &if gz { gzipped(&bytes) } else { bytes });
            }
            // Under the publisher's name it is compared with the checksum as well.
            world.is(state, words);
        }
    };
    attempt(&|_| {}, State::Short, "20 of 60,000 training images, 10 of 10,000 test images");
    attempt(&|files| files[0].1.truncate(5000), State::Broken, "truncated: 4984 bytes");
    attempt(&|files| files[3].1.truncate(12), State::Broken, "truncated: 4 bytes");
    attempt(&|files| files[1].1[8 + 7] = 10, State::Broken, "label 10 of image 7 is not a class");
    let fewer = idx(&[19], (0..19).map(|i| i % 10).collect());
    attempt(&|files| files[1].1 = fewer.clone(), State::Broken, "19 labels for the 20 images");
    attempt(&|files| files[1].1[8..].fill(3), State::Broken, "no training image of class 0");
    attempt(&|files| drop(files.remove(3)), State::Missing, "t10k-labels-idx1-ubyte[.gz] is missing");
    attempt(&|files| files.clear(), State::Missing, "missing  mnist");
    // As long as the publisher's files, unpacked: there is no checksum, and all is read.
    let world = World::new("resnet@mnist", "mnist");
    for (name, bytes) in mnist([60_000, 10_000]) {
        world.put(&name, &bytes);
    }
    world.is(State::Whole, "60,000 + 10,000 images read; no checksum is known");
    let labels = world.path("mnist/train-labels-idx1-ubyte");
    let mut bytes = fs::read(&labels).unwrap();
    bytes.pop();
    fs::write(&labels, &bytes).unwrap();
    world.is(State::Broken, "truncated: 59999 bytes");
}

#[test]
fn cifar_is_whole_or_not_for_everybody() {
    let attempt = |change: &dyn Fn(&mut faults::Contents), state: State, words: &str| {
        let mut files = faults::cifar10();
        change(&mut files);
        let unpacked = World::new("resnet@cifar10", "cifar10");
        files.iter().for_each(|(name, bytes)| _ = unpacked.put(name, bytes));
        unpacked.is(state, words);
        if !files.is_empty() {
            // Packed otherwise than by the publisher: no checksum is known.
            let packed = World::new("resnet@cifar10", "cifar10");
            packed.put("cifar-10.tgz", &faults::tar_of(&files, tar::EntryType::Regular));
            packed.is(state, words);
        }
    };
    let all = "100 of 50,000 training images, 20 of 10,000 test images";
    attempt(&|_| {}, State::Short, all);
    attempt(
        &|files| files[4].1.truncate(3073 * 3 - 1),
        State::Broken,
        "not a whole number of 3073-byte records",
    );
    attempt(&|files| files[5].1[3073] = 11, State::Broken, "label 11 of image 1");
    attempt(&|files| drop(files.remove(2)), State::Broken, "data_batch_3.bin is missing");
    attempt(&|files| files.clear(), State::Missing, "missing  cifar10");
    // The publisher's archive, cut off, and another under its name.
    let world = World::new("resnet@cifar10", "cifar10");
    let archive = faults::tar_of(&faults::cifar10(), tar::EntryType::Regular);
    world.put("cifar-10-binary.tar.gz", &archive[..archive.len() / 2]).is(State::Broken, "broken or cut off");
    world.put("cifar-10-binary.tar.gz", &archive).is(State::Short, all);
    let said = world.run(&["verify"]).stdout;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("differs  cifar10: ") && said.contains("expected 170052171"), "{said}");
    // All images, unpacked.
    let world = World::new("resnet@cifar10", "cifar10");
    for (name, _) in faults::cifar10() {
        world.put(&name, &faults::records(10_000));
    }
    world.is(State::Whole, "50,000 + 10,000 images read; no checksum is known");
}

#[test]
fn tiny_imagenet_is_whole_or_not_for_everybody() {
    let attempt = |change: &dyn Fn(&mut faults::Contents), state: State, words: &str| {
        let mut files = faults::tiny();
        change(&mut files);
        let unpacked = World::new("resnet@tiny-imagenet", "tiny-imagenet");
        files.iter().for_each(|(name, bytes)| _ = unpacked.put(&format!("tiny-imagenet-200/{name}"), bytes));
        unpacked.is(state, words);
        let packed = World::new("resnet@tiny-imagenet", "tiny-imagenet");
        packed.put("tiny.zip", &faults::zip_of(&files)).is(state, words);
    };
    let by_class = |files: &mut faults::Contents| {
        files.pop();
        for (name, _) in files.iter_mut().filter(|(name, _)| name.starts_with("val/")) {
            let id = name.trim_start_matches("val/images/val_").trim_end_matches(".JPEG").to_owned();
            *name = format!("val/{id}/{id}.JPEG");
        }
    };
    let some = "200 of 100,000 training images, 200 of 10,000 test images";
    attempt(&|_| {}, State::Short, some);
    attempt(&by_class, State::Short, some);
    attempt(&|files| files.retain(|(name, _)| !name.starts_with("val/")), State::Broken, "no folder val");
    attempt(
        &|files| files.retain(|(name, _)| !name.contains("n00000007/")),
        State::Broken,
        "no images of this class",
    );
    attempt(&|files| files[9].1.truncate(300), State::Broken, "n00000008_0.JPEG: cannot be decoded");
    attempt(&|files| files[9].1.clear(), State::Broken, "n00000008_0.JPEG: neither a JPEG nor a PNG");
    attempt(
        &|files| files.retain(|(name, _)| name != "val/images/val_n00000003.JPEG"),
        State::Broken,
        "val_n00000003.JPEG",
    );
    attempt(
        &|files| files.retain(|(name, _)| !name.starts_with("val/images")),
        State::Broken,
        "it has none of the 200 images",
    );
    let none = World::new("resnet@tiny-imagenet", "tiny-imagenet");
    none.is(State::Missing, "missing  tiny-imagenet");
}

#[test]
fn folders_of_images_are_whole_or_not_for_everybody() {
    let world = World::new("resnet@folder folder=pets classes=2", "folder=pets");
    world.is(State::Missing, "");
    for name in ["train/cat/1.png", "train/dog/2.jpg", "validation/cat/3.jpg", "validation/dog/4.jpeg"] {
        world.put(&format!("pets/{name}"), &faults::jpeg(20));
    }
    world.is(State::Whole, "2 + 2 images read");
    world
        .put("pets/train/dog/5.webp", b"RIFF....WEBPVP8 ")
        .is(State::Broken, "train/dog/5.webp: cannot be decoded");
    fs::remove_file(world.path("pets/train/dog/5.webp")).unwrap();
    fs::remove_file(world.path("pets/validation/cat/3.jpg")).unwrap();
    world.is(State::Broken, "validation/cat: no .png");
}

#[test]
fn other_folders_are_no_datasets() {
    let world = World::new("resnet@tiny-imagenet", "tiny-imagenet");
    // Ten of ImageNet's classes, and images with boxes.
    for i in 0..10 {
        world.put(&format!("imagenette/train/n0000000{i}/1.jpg"), &faults::jpeg(20));
        world.put(&format!("imagenette/val/n0000000{i}/1.jpg"), &faults::jpeg(20));
    }
    world.put("coco/train/images/1.jpg", &faults::jpeg(20)).put("coco/train/labels/1.txt", b"0 0 0 1 1");
    world.put("coco/val/images/1.jpg", &faults::jpeg(20)).put("coco/val/labels/1.txt", b"0 0 0 1 1");
    world.put("downloads/photos.zip", b"none").put("notes/train", b"none").put("notes/test", b"none");
    // As an archive unpacks that has a folder of its own name.
    for class in ["cat", "dog"] {
        world.put(&format!("pets/pets/train/{class}/1.jpg"), &faults::jpeg(20));
        world.put(&format!("pets/pets/test/{class}/1.jpg"), &faults::jpeg(20));
    }
    world.put("pets/readme.txt", b"none");
    world.is(State::Missing, "missing  tiny-imagenet");
    let out = world.run(&["verify"]);
    let said = String::from_utf8_lossy(&out.stdout);
    assert!(out.status.success() && said.contains("ok       folder=imagenette"), "{said}");
    assert!(said.contains("ok       folder=pets"), "{said}");
    let path = world.run(&["path", "folder=pets"]);
    assert!(String::from_utf8_lossy(&path.stdout).trim_end().ends_with("pets/pets"));
    assert!(!said.contains("coco") && said.matches("missing").count() == 5, "{said}");
}

#[cfg(unix)]
#[test]
fn names_from_outside_never_reach_a_terminal_as_they_are() {
    let bad = "x\u{202e}y\u{9b}31mz";
    let world = World::new("resnet@folder folder=pets classes=2", "folder=pets");
    for name in [
        format!("train/{bad}/1.jpg"),
        "train/dog/2.jpg".into(),
        format!("test/{bad}/3.jpg"),
        "test/dog/4.jpg".into(),
    ] {
        world.put(&format!("pets/{name}"), &faults::jpeg(20));
    }
    world.put(&format!("pets/train/dog/{bad}.t{bad}"), b"none");
    world.put(&format!("cifar10 {bad}.zip"), b"none");
    world.put(&format!("mnist-{bad}/train-images-idx3-ubyte"), b"none");
    let outer = world.path(bad);
    fs::create_dir_all(&outer).unwrap();
    fs::rename(world.path("pets"), outer.join("pets")).unwrap();
    fs::rename(world.path(&format!("cifar10 {bad}.zip")), outer.join(format!("cifar10 {bad}.zip"))).unwrap();
    // Everything again in a data folder with such a name.
    let run = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
        command.arg("data").args(args).arg("--data-dir").arg(&outer).env("HIRESNET_CACHE", "");
        let out = command.output().unwrap();
        let said = [out.stdout, out.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        let harms = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{202e}' | '\u{9b}');
        assert!(!said.contains(harms), "{args:?}: {said:?}");
        said
    };
    let listed = run(&["list"]);
    assert!(listed.contains("folder=pets") && listed.contains("1 file"), "{listed}");
    let json: Vec<Value> = {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
        command.args(["data", "list", "--json", "--data-dir"]).arg(&outer).env("HIRESNET_CACHE", "");
        let out = command.output().unwrap();
        assert!(!String::from_utf8(out.stdout.clone()).unwrap().contains(['\u{202e}', '\u{9b}']));
        serde_json::from_slice(&out.stdout).unwrap()
    };
    // Nothing is lost of a path all the same.
    assert_eq!(json.last().unwrap()["found"], outer.join("pets").to_str().unwrap());
    for args in
        [&["verify"][..], &["path"], &["path", "cifar10"], &["path", "folder=pets"], &["verify", "mnist"]]
    {
        run(args);
    }
    fs::write(outer.join("pets/train/dog/2.jpg"), "none").unwrap();
    run(&["verify", "folder=pets"]);
    let trained =
        DatasetCache::with_cache(Some(outer), None).images(&spec("resnet@folder folder=pets classes=3"));
    let error = trained.unwrap_err().to_string();
    assert!(error.contains("dog, x·y·31mz") && !error.contains('\u{202e}'), "{error}");
}
