//! What people have: datasets that were packed, pickled, renamed and rearranged, and images in
//! other formats. They are read as the publishers' files are, bit by bit.

use super::*;

/// Folders in a folder, by name.
fn folders(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut all: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

#[test]
fn variants_are_read_as_the_publishers_files() {
    let Some(folder) = made() else { return };
    let mut read_variants = 0;
    for (line, within, name, ..) in FORMATS.into_iter().filter(|format| format.2 != "folder") {
        let publishers = read(line, &folder.join(within)).unwrap();
        for variant in folders(&folder.join("variants").join(name)) {
            let images =
                read(line, &variant).unwrap_or_else(|error| panic!("{}: {error}", variant.display()));
            for (found, wanted) in
                [(&images.training, &publishers.training), (&images.test, &publishers.test)]
            {
                assert!(found.labels == wanted.labels, "{}", variant.display());
                assert!(found.pixels[..] == wanted.pixels[..], "{}", variant.display());
            }
            // Names of classes go with the lists that some scripts leave out.
            if !variant.file_name().unwrap().to_string_lossy().starts_with("plain") || name == "mnist" {
                assert_eq!(images.classes, publishers.classes, "{}", variant.display());
            }
            read_variants += 1;
        }
    }
    assert!(read_variants > 50, "{read_variants}");
}

#[test]
fn images_of_every_format_are_what_pillow_reads() {
    let Some(folder) = made() else { return };
    let line = "resnet@folder folder=formats classes=2 image_size=16";
    let mut library = DatasetCache::with_cache(Some(folder.join("variants/formats")), None);
    let images = library.images(&spec(line)).unwrap();
    assert_alike(folder, "formats", &images, 8, 0.8);
    let notes = library.notes();
    for said in [
        "formats: 2 files not read: train/a (1 .heic, 1 .txt, 1 folder)",
        "formats: 12 images with transparent parts: the alpha channel is dropped",
        "formats: 4 images with more than 8 bits per channel: reduced to 8",
        "formats: 12 images with several frames or pages: only the first is used",
    ] {
        assert!(notes.iter().any(|note| note == said), "{said}: {notes:#?}");
    }
}

/// What a file that is none is said to be, under the publisher's name and in its place.
#[test]
fn what_is_found_in_place_of_a_file_is_named() {
    let page = b"<!DOCTYPE html>\n<html><title>Sign in</title></html>".to_vec();
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 170052171\n".to_vec();
    for (bytes, words) in [
        (page, "a web page saved under this name"),
        (pointer, "a Git LFS pointer"),
        (Vec::new(), "empty"),
        (b"\xfd7zXZ\0\0\x04".to_vec(), "an xz archive, which is not read"),
    ] {
        for (line, names) in [
            ("resnet@cifar10", &["cifar-10-binary.tar.gz"][..]),
            ("resnet@cifar100", &["cifar-100-python.tar.gz"]),
            ("resnet@tiny-imagenet", &["tiny-imagenet-200.zip"]),
            ("resnet@cifar100", &["cifar-100-python/train", "cifar-100-python/test"]),
            ("resnet@cifar100", &["cifar-100-binary/train.bin", "cifar-100-binary/test.bin"]),
            (
                "resnet@mnist",
                &[
                    "mnist/train-images-idx3-ubyte",
                    "mnist/train-labels-idx1-ubyte.gz",
                    "mnist/t10k-images-idx3-ubyte",
                    "mnist/t10k-labels-idx1-ubyte.gz",
                ],
            ),
            (
                "resnet@folder classes=2",
                &[
                    "images/train/a/1.jpg",
                    "images/train/b/1.jpg",
                    "images/test/a/1.jpg",
                    "images/test/b/1.jpg",
                ],
            ),
            // Under another name it is found as well, and is not taken for the dataset.
            ("resnet@cifar10", &["CIFAR10.zip"]),
            ("resnet@cifar10", &["cifar10/cifar-10-python.tar.gz"]),
            ("resnet@tiny-imagenet", &["tiny-imagenet/tiny-imagenet-200.zip"]),
            ("resnet@tiny-imagenet", &["Tiny-ImageNet.tar.gz"]),
            ("resnet@mnist", &["mnist.zip"]),
        ] {
            let folder = tempfile::tempdir().unwrap();
            for name in names {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, &bytes).unwrap();
            }
            let error = read(line, folder.path()).unwrap_err();
            let name = names[0].rsplit('/').next().unwrap();
            assert!(error.contains(words) && error.contains(name), "{names:?}: {error}");
        }
    }
}

#[test]
fn what_is_missing_is_named_beside_what_was_found() {
    let attempt = |line: &str, files: &[(&str, &[u8])]| {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        read(line, folder.path()).unwrap_err()
    };
    let ids: String = (0..200).map(|i| format!("n{i:08}\n")).collect();
    let mut trained: Vec<(String, Vec<u8>)> =
        (0..200).map(|i| (format!("tiny-imagenet-200/train/n{i:08}/images/0.JPEG"), Vec::new())).collect();
    trained.push(("tiny-imagenet-200/wnids.txt".into(), ids.into_bytes()));
    let tiny = |more: &[(&str, &[u8])]| {
        let files: Vec<_> = trained.iter().map(|(name, bytes)| (&**name, &**bytes)).collect();
        attempt("resnet@tiny-imagenet", &[&files[..], more].concat())
    };
    let coarse: Vec<u8> =
        [19, 20].into_iter().flat_map(|label| [vec![label, 1], vec![0; 3072]].concat()).collect();
    for (error, words) in [
        (tiny(&[]), "no folder val (or valid, or validation) beside train; it has train/, wnids.txt"),
        (tiny(&[("tiny-imagenet-200/val/images/val_0.JPEG", b"")]), "nothing says which class an image has"),
        (
            tiny(&[("tiny-imagenet-200/val/val_annotations.txt", b"val_0.JPEG\tn00000001\t0\t0\t9\t9")]),
            "it has none of the 1 images of val_annotations.txt",
        ),
        (
            attempt("resnet@cifar10", &[("cifar-10-batches-bin/data_batch_1.bin", b"x")]),
            "data_batch_5.bin, test_batch.bin are missing from it",
        ),
        (
            attempt("resnet@cifar10", &[("cifar10/readme.txt", b"x")]),
            "found the folder cifar10, which has readme.txt",
        ),
        (
            attempt("resnet@cifar10", &[("cifar-10-binary.tar.gz.part", b"\x1f\x8b")]),
            "an unfinished download that 'data fetch' resumes",
        ),
        (
            attempt("resnet@mnist", &[("mnist/train-images-idx3-ubyte", b"x")]),
            "train-labels-idx1-ubyte[.gz] is missing from MNIST's four files",
        ),
        (
            attempt(
                "resnet@mnist",
                &[("mnist/train-images-idx3-ubyte", b"x"), ("mnist/train-label-idx1-ubyte.gz", b"x")],
            ),
            "four files; rename train-label-idx1-ubyte.gz to train-labels-idx1-ubyte.gz",
        ),
        (
            attempt(
                "resnet@cifar10",
                &[
                    ("cifar-10-batches-py/data_batch_1", b"x"),
                    ("cifar-10-batches-py/databatch_2", b"x"),
                    ("cifar-10-batches-py/test_batch", b"x"),
                ],
            ),
            "data_batch_2 is missing from it; rename databatch_2 to data_batch_2",
        ),
        (
            attempt(
                "resnet@folder folder=pets classes=2",
                &[("pets/cat/1.png", b"x"), ("pets/dog/1.png", b"x")],
            ),
            "'pets' has cat/, dog/: move its classes to pets/train and pets/test",
        ),
        (
            attempt("resnet@folder folder=pets classes=2", &[("pets/Train/cat/1.png", b"x")]),
            "'pets' has Train/: rename Train in it to train",
        ),
        (
            attempt(
                "resnet@folder folder=pets classes=2",
                &[("pets/train/a/1.png", b"x"), ("pets/train/b/1.png", b"x"), ("pets/Tests/a/1.png", b"x")],
            ),
            "it has Tests/, train/; rename Tests to test",
        ),
        (
            attempt("resnet@cifar10", &[("cifar-10-python.tar.xz", b"\xfd7zXZ\0")]),
            "xz archive, which is not read",
        ),
        (
            attempt(
                "resnet@cifar100",
                &[("cifar-100-binary/train.bin", &coarse), ("cifar-100-binary/test.bin", &coarse)],
            ),
            "coarse label 20 of image 1 is not a class from 0 to 19",
        ),
        (
            attempt("resnet@folder folder=pets classes=2", &[("pets.zip", b"x")]),
            "pets.zip is there: unpack it",
        ),
    ] {
        assert!(error.contains(words), "{words}: {error}");
    }
    // Swapped files, and what a pickle holds instead.
    let images = [&b"\0\0\x08\x03\0\0\0\x01\0\0\0\x1c\0\0\0\x1c"[..], &[9; 784]].concat();
    let labels = b"\0\0\x08\x01\0\0\0\x01\0";
    let swapped = attempt(
        "resnet@mnist",
        &[
            ("mnist/train-images-idx3-ubyte", labels),
            ("mnist/train-labels-idx1-ubyte", &images),
            ("mnist/t10k-images-idx3-ubyte", &images),
            ("mnist/t10k-labels-idx1-ubyte", labels),
        ],
    );
    assert!(swapped.contains("it holds labels and no images; are two files swapped?"), "{swapped}");
}

#[test]
fn all_unreadable_images_are_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    for split in ["train", "test"] {
        for class in ["a", "b"] {
            let class = folder.path().join("images").join(split).join(class);
            fs::create_dir_all(&class).unwrap();
            for i in 0..9 {
                let broken = split == "train" && i > 1 || i == 8;
                fs::write(
                    class.join(format!("{i}.jpg")),
                    if broken { b"none".to_vec() } else { faults::jpeg(20) },
                )
                .unwrap();
            }
        }
    }
    let error = read("resnet@folder classes=2", folder.path()).unwrap_err();
    assert!(error.contains("16 of its 36 files cannot be read: train/a/2.jpg: "), "{error}");
    assert!(error.contains("train/b/4.jpg: ") && !error.contains("train/b/5.jpg"), "{error}");
    assert!(error.ends_with("; and 6 more"), "{error}");
}
