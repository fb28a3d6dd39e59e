//! Datasets under names that a browser, a file manager or a website gave them, and what is said
//! of things that are almost a dataset: found by contents, or named with what mends them.

use super::states::{State, World, gzipped, mnist};
use super::*;

/// How MNIST's training labels begin, and Fashion-MNIST's.
const MNIST_BEGINS: [u8; 20] = [5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7, 2, 8, 6, 9];
const FASHION_BEGINS: [u8; 20] = [9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9, 1, 0, 6, 4];

/// The four files, whose training labels begin like this.
fn digits(begins: Option<[u8; 20]>) -> faults::Contents {
    let mut files = mnist([40, 10]);
    if let Some(begins) = begins {
        files[1].1[8..28].copy_from_slice(&begins);
    }
    files.into_iter().map(|(name, bytes)| (name.replace("mnist/", ""), bytes)).collect()
}

fn below(folder: &str, files: faults::Contents) -> faults::Contents {
    files.into_iter().map(|(name, bytes)| (format!("{folder}/{name}"), bytes)).collect()
}

fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).unwrap();
        std::io::Write::write_all(&mut zip, bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// What `data verify` prints, stderr too.
fn verified(world: &World) -> String {
    let out = world.run(&["verify", world.name]);
    String::from_utf8([out.stdout, out.stderr].concat()).unwrap()
}

#[test]
fn an_archive_is_known_by_its_contents_under_any_name() {
    let cifar = faults::tar_of(&faults::cifar10(), tar::EntryType::Regular);
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&cifar[..]), &mut unpacked).unwrap();
    for name in [
        "cifar-10-binary",
        "cifar-10-binary.tar.gz (1)",
        "cifar-10-binary (1).tar.gz",
        "cifar-10-binary.tar.gz.1",
        "cifar-10-binary.gz",
        "archive",
        "data.tar.gz",
        "cifar10/archive.zip",
        "downloads/new/data",
    ] {
        let all = "100 of 50,000 training images";
        World::new("resnet@cifar10", "cifar10").put(name, &cifar).is(State::Short, all);
        World::new("resnet@cifar10", "cifar10").put(name, &unpacked).is(State::Short, all);
    }
    let tiny = faults::zip_of(&faults::tiny());
    for name in ["tiny-imagenet-200", "tiny-imagenet-200.zip.1", "archive.zip", "photos"] {
        let world = World::new("resnet@tiny-imagenet", "tiny-imagenet");
        world.put(name, &tiny).is(State::Short, "200 of 100,000 training images");
    }
    // By the names around it, else by how its labels begin.
    for (name, files) in [
        ("mnist/archive.zip", digits(None)),
        ("MNIST/raw/data", digits(None)),
        ("archive.zip", below("mnist", digits(None))),
        ("archive.zip", digits(Some(MNIST_BEGINS))),
        ("data.zip", below("raw", digits(Some(MNIST_BEGINS)))),
    ] {
        let world = World::new("resnet@mnist", "mnist");
        world.put(name, &zipped(&files)).is(State::Short, "40 of 60,000 training images");
        World::new("resnet@fashion", "fashion").put(name, &zipped(&files)).is(State::Missing, "");
    }
    let both =
        [below("a/fashion-mnist", digits(None)), below("a/mnist", digits(Some(MNIST_BEGINS)))].concat();
    let world = World::new("resnet@mnist", "mnist");
    world.put("both.zip", &zipped(&both));
    let images = read(&world.line, &world.path("")).unwrap();
    assert_eq!(images.training.labels[..3], [5, 0, 4]);
}

#[test]
fn what_passes_for_a_dataset_is_named_with_what_mends_it() {
    let cifar = faults::tar_of(&faults::cifar10(), tar::EntryType::Regular);
    let packed = zipped(&[("cifar-10-binary.tar.gz".into(), cifar.clone())]);
    for (name, bytes, words) in [
        (
            "archive.zip",
            &packed,
            "archive.zip, which has the archive cifar-10-binary.tar.gz in it: unpack archive.zip",
        ),
        ("new/archive", &packed, "new/archive, which has the archive cifar-10-binary.tar.gz in it"),
        ("cifar-10-binary.tar.gz.crdownload", &cifar, "a download that has not finished"),
    ] {
        let world = World::new("resnet@cifar10", "cifar10");
        world.put(name, bytes).is(State::Missing, "");
        let said = verified(&world);
        assert_eq!(said.matches(words).count(), 1, "{said}");
        let error = read(&world.line, &world.path("")).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
    for line in ["mnist", "fashion"] {
        let world = World::new(if line == "mnist" { "resnet@mnist" } else { "resnet@fashion" }, line);
        world.put("archive.zip", &zipped(&digits(None))).is(State::Missing, "");
        let said = verified(&world);
        let named = if line == "mnist" { "mnist.zip" } else { "fashion-mnist.zip" };
        assert_eq!(
            said.matches(&format!("nothing says of which: rename it to {named}")).count(),
            1,
            "{said}"
        );
    }
}

#[test]
fn whose_files_lie_in_the_data_directory_is_said_or_known() {
    let bare = |line: &str, name, begins| {
        let world = World::new(line, name);
        for (name, bytes) in digits(begins) {
            world.put(&name, &bytes);
        }
        world
    };
    let guess = "are taken for Fashion-MNIST's, but nothing says of which dataset they are";
    let fashion = bare("resnet@fashion", "fashion", None);
    fashion.is(State::Short, "40 of 60,000");
    for args in [&["verify", "fashion"][..], &["list"], &["list", "--json"]] {
        let out = fashion.run(args);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(said.matches(guess).count(), 1, "{args:?}: {said}");
    }
    let mut library = DatasetCache::with_cache(Some(fashion.path("")), None);
    library.images(&spec(&fashion.line)).unwrap();
    assert!(library.notes().iter().any(|note| note.contains(guess)));
    bare("resnet@mnist", "mnist", None).is(State::Missing, "");

    // By the labels there is nothing to guess.
    for (line, name, begins, state) in [
        ("resnet@fashion", "fashion", FASHION_BEGINS, State::Short),
        ("resnet@mnist", "mnist", FASHION_BEGINS, State::Missing),
        ("resnet@mnist", "mnist", MNIST_BEGINS, State::Short),
        ("resnet@fashion", "fashion", MNIST_BEGINS, State::Missing),
    ] {
        let world = bare(line, name, Some(begins));
        world.is(state, "");
        assert!(!verified(&world).contains("taken for"), "{line}");
    }
    // In the other one's folder they are read, and it is said.
    let world = World::new("resnet@mnist", "mnist");
    for (name, bytes) in below("mnist", digits(Some(FASHION_BEGINS))) {
        world.put(&name, &bytes);
    }
    for _ in 0..2 {
        let out = world.run(&["list"]);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(
            said.contains("has the labels of fashion: are the files of fashion in the wrong folder?"),
            "{said}"
        );
    }
}

#[test]
fn a_file_that_is_there_unpacked_is_not_missing() {
    let world = World::new("resnet@mnist", "mnist");
    for (i, (name, bytes)) in mnist([40, 10]).into_iter().enumerate() {
        match i {
            0 => world.put(&format!("{name}.gz"), &gzipped(&bytes)),
            _ => world.put(&name, &bytes),
        };
    }
    let said = verified(&world);
    assert!(!said.contains("missing"), "{said}");
    assert_eq!(said.matches("-ubyte: no checksum is known").count(), 3, "{said}");
    assert!(said.contains("differs  mnist: ") && said.contains("train-images-idx3-ubyte.gz"), "{said}");
}

#[test]
fn a_gzip_in_a_gzip_is_said_to_be_one() {
    let world = World::new("resnet@mnist", "mnist");
    for (name, bytes) in mnist([40, 10]) {
        world.put(&format!("{name}.gz"), &gzipped(&gzipped(&bytes)));
    }
    world.is(State::Broken, "gzipped twice: unpack it once");
}

#[test]
fn a_data_directory_that_is_not_there_is_said() {
    let world = World::new("resnet@cifar10", "cifar10");
    fs::remove_dir(world.path("")).unwrap();
    let words = "named by --data-dir, does not exist";
    for args in [&["list"][..], &["list", "--json"], &["verify"], &["path"]] {
        let out = world.run(args);
        let said = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(1), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: {said}");
    }
    let error = read(&world.line, &world.path("")).unwrap_err();
    assert!(error.contains("/data/, which does not exist"), "{error}");
    // What is built in needs none, and is trained all the same.
    let mut library = DatasetCache::with_cache(Some(world.path("")), None);
    library.images(&spec("resnet@fashion-embedded")).unwrap();
    assert!(library.notes().iter().any(|note| note.contains(words)));
}

#[test]
fn all_that_is_wrong_with_validation_images_is_said_at_once() {
    let world = World::new("resnet@tiny-imagenet", "tiny-imagenet");
    let other = faults::tiny();
    let put = |name: &str, bytes: &[u8]| _ = world.put(&format!("tiny-imagenet-200/{name}"), bytes);
    let png = {
        let mut out = std::io::Cursor::new(Vec::new());
        image::RgbImage::new(64, 64).write_to(&mut out, image::ImageFormat::Png).unwrap();
        out.into_inner()
    };
    for (name, bytes) in &other {
        // Two are gone, one was saved as PNG, one lies in another class's folder.
        match name.as_str() {
            "val/images/val_n00000003.JPEG" | "val/images/val_n00000150.JPEG" => {}
            "val/images/val_n00000004.JPEG" => put("val/images/val_n00000004.png", &png),
            "val/images/val_n00000005.JPEG" => put("val/n00000006/val_n00000005.JPEG", bytes),
            _ => put(name, bytes),
        }
    }
    std::os::unix::fs::symlink("/nowhere", world.path("tiny-imagenet-200/train/n00000009/images/x.JPEG"))
        .unwrap();
    world.is(
        State::Broken,
        "4 of its 401 files cannot be read: train/n00000009/images/x.JPEG: a link that leads nowhere",
    );
    let said = verified(&world);
    for words in [
        "val/images/val_n00000003.JPEG: missing, though val_annotations.txt lists it",
        "val/n00000006/val_n00000005.JPEG: val_annotations.txt says that it is of class n00000005",
        "val/images/val_n00000150.JPEG: missing",
    ] {
        assert_eq!(said.matches(words).count(), 1, "{said}");
    }
    assert!(!said.contains("val_n00000004"), "{said}");
    // Lines that are wrong, all of them.
    let list = world.path("tiny-imagenet-200/val/val_annotations.txt");
    let lines = fs::read_to_string(&list).unwrap().replacen("\tn00000001\t", "\tn1\t", 1);
    fs::write(list, lines + "\n../x\tn00000001\n").unwrap();
    let said = verified(&world);
    assert!(
        said.contains("'n1' is not an id in wnids.txt; line ") && said.contains("leads elsewhere"),
        "{said}"
    );
}

#[test]
fn all_empty_classes_and_links_of_a_folder_are_said_at_once() {
    let world = World::new("resnet@folder folder=pets classes=3", "folder=pets");
    for split in ["train", "test"] {
        for class in ["ant", "bee", "cat"] {
            world.put(&format!("pets/{split}/{class}/1.jpg"), &faults::jpeg(20));
        }
    }
    world
        .put("pets/train/.cache/1.jpg", &faults::jpeg(20))
        .put("pets/train/ant/.old/1.jpg", &faults::jpeg(20));
    let said = verified(&world);
    assert!(said.contains("pets: not read: train (1 hidden folder), train/ant (1 hidden folder)"), "{said}");
    for link in ["train/ant/2.jpg", "test/cat/3.jpg"] {
        std::os::unix::fs::symlink("/nowhere", world.path("pets").join(link)).unwrap();
    }
    world.put("pets/train/bee/4.jpg", b"none");
    let words =
        "3 of its 9 files cannot be read: train/ant/2.jpg: a link that leads nowhere; train/bee/4.jpg: ";
    world.is(State::Broken, words);
    assert!(verified(&world).contains("test/cat/3.jpg: a link that leads nowhere"));
    for gone in ["train/bee", "test/cat"] {
        fs::remove_dir_all(world.path("pets").join(gone)).unwrap();
        fs::create_dir(world.path("pets").join(gone)).unwrap();
    }
    world.is(State::Broken, "in 2 folders: train/bee: the folder is empty; test/cat: the folder is empty");
}

/// A grey or palette TIFF of 8 × 8 pixels: its photometric interpretation, and bits a pixel.
fn tiff(photometric: u16, bits: u16) -> Vec<u8> {
    let pixels = 8 * u32::from(bits);
    let map = 8 + pixels;
    let tags: [(u16, u16, u32, u32); 10] = [
        (256, 3, 1, 8),
        (257, 3, 1, 8),
        (258, 3, 1, bits.into()),
        (259, 3, 1, 1),
        (262, 3, 1, photometric.into()),
        (273, 4, 1, 8),
        (277, 3, 1, 1),
        (278, 3, 1, 8),
        (279, 4, 1, pixels),
        (320, 3, 768, map),
    ];
    let used = if photometric == 3 { &tags[..] } else { &tags[..9] };
    let mut out = b"II*\0".to_vec();
    out.extend((map + 1536).to_le_bytes());
    out.resize((map + 1536) as usize, 0);
    out.extend((used.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in used {
        out.extend([tag.to_le_bytes(), kind.to_le_bytes()].concat());
        out.extend([count.to_le_bytes(), value.to_le_bytes()].concat());
    }
    out.extend([0; 4]);
    out
}

#[test]
fn a_tiff_of_a_kind_that_is_not_read_is_named_in_plain_words() {
    let world = World::new("resnet@folder folder=pets classes=2", "folder=pets");
    for name in ["train/ant/1", "train/bee/1", "test/ant/1", "test/bee/1"] {
        world.put(&format!("pets/{name}.tif"), &tiff(1, 8));
    }
    world.is(State::Whole, "2 + 2 images read");
    for (photometric, bits, words) in [(3, 8, "with a palette"), (1, 32, "with 32 bits per channel")] {
        world.put("pets/train/ant/2.tif", &tiff(photometric, bits));
        let words = format!("2.tif: a TIFF image {words}: save it as an RGB PNG of 8 bits per channel");
        world.is(State::Broken, &words);
    }
}
