//! Broken and hostile archives and folders: each fault has a message that names the file and
//! the entry, and nothing outside is read, nothing anywhere written.

use std::io::{Cursor, Write};

use super::*;

/// Names and bytes.
pub type Contents = Vec<(String, Vec<u8>)>;

/// A gzipped tar, also with names and kinds that a builder would refuse.
pub fn tar_of(files: &[(String, Vec<u8>)], kind: tar::EntryType) -> Vec<u8> {
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gz);
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        tar.append(&header, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// `count` records of CIFAR-10, the i-th of class i modulo ten and all pixels i.
pub fn records(count: usize) -> Vec<u8> {
    (0..count).flat_map(|i| [vec![(i % 10) as u8], vec![i as u8; 3072]].concat()).collect()
}

pub fn cifar10() -> Contents {
    let names = (1..=5).map(|i| format!("data_batch_{i}.bin")).chain(["test_batch.bin".into()]);
    names.map(|name| (format!("cifar-10-batches-bin/{name}"), records(20))).collect()
}

/// A batch of the Python version: `count` images, `labels`, and `data` made by `maker`.
pub fn pickle(maker: &str, count: u32, pixels: usize, labels: &[u8]) -> Vec<u8> {
    let mut out = b"\x80\x02}(U\x04data".to_vec();
    out.extend(format!("c{maker}\n").replace('.', "\n").replace("numpy\ncore\n", "numpy.core.").bytes());
    out.extend(b"cnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01J");
    out.extend(count.to_le_bytes());
    out.extend(b"M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T");
    out.extend((pixels as u32).to_le_bytes());
    out.extend(vec![7; pixels]);
    out.extend(b"tbU\x06labels](");
    labels.iter().for_each(|label| out.extend([b'K', *label]));
    out.extend(b"eu.");
    out
}

fn said(line: &str, folder: &Path) -> String {
    read(line, folder).unwrap_err()
}

/// The message for an archive of these bytes.
fn of_archive(line: &str, name: &str, bytes: &[u8]) -> Result<LoadedImages, String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    let result = read(line, folder.path());
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, [name], "nothing is written beside an archive");
    result
}

#[test]
fn cifars_faults_are_named() {
    const ARCHIVE: &str = "cifar-10-binary.tar.gz";
    let attempt = |change: &dyn Fn(&mut Contents)| {
        let mut files = cifar10();
        change(&mut files);
        of_archive("resnet@cifar10", ARCHIVE, &tar_of(&files, tar::EntryType::Regular))
    };
    let whole = attempt(&|_| {}).unwrap();
    assert_eq!((whole.training.len(), whole.test.labels[7], whole.test.image(7)[3071]), (100, 7, 7));
    assert!(whole.classes.is_empty(), "without names, classes go by number");
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Contents));
    let cases: [Case; 6] = [
        ("data_batch_3.bin is missing", &|files| drop(files.remove(2))),
        ("data_batch_1.bin: 5000 bytes, not a whole number", &|files| files[0].1.truncate(5000)),
        ("data_batch_2.bin: label 10 of image 0", &|files| files[1].1[0] = 10),
        ("data_batch_4.bin: twice in the archive", &|files| files.push(files[3].clone())),
        ("test_batch.bin: 0 bytes", &|files| files[5].1.clear()),
        ("no training image of class 3", &|files| {
            files[..5].iter_mut().for_each(|file| file.1 = records(3));
        }),
    ];
    for (words, change) in cases {
        let said = attempt(change).unwrap_err();
        assert!(said.contains(words) && said.contains(ARCHIVE), "{said}");
    }
    // What else there is passes, but nothing that would lead elsewhere where it was unpacked.
    let more = |files: &mut Contents| files.push(("cifar-10-batches-bin/readme.html".into(), b"x".to_vec()));
    assert_eq!(attempt(&more).unwrap().training.len(), 100);
    for name in ["../../outside", "/tmp/hiresnet-outside", "../cifar-10-batches-bin/data_batch_1.bin"] {
        let said = attempt(&|files| files.push((name.into(), records(3)))).unwrap_err();
        assert!(said.contains("leaves the archive") && said.contains(name), "{said}");
        assert!(!Path::new("/tmp/hiresnet-outside").exists());
    }
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Fifo] {
        let said = of_archive("resnet@cifar10", ARCHIVE, &tar_of(&cifar10(), kind)).unwrap_err();
        assert!(said.contains("not a regular file") || said.contains("broken"), "{said}");
    }
    let whole = tar_of(&cifar10(), tar::EntryType::Regular);
    for cut in [0, 1, 10, whole.len() / 2, whole.len() - 1] {
        let said = of_archive("resnet@cifar10", ARCHIVE, &whole[..cut]).unwrap_err();
        assert!(said.contains(ARCHIVE), "{cut}: {said}");
    }
    assert!(of_archive("resnet@cifar10", ARCHIVE, b"not a tar archive at all").is_err());
}

#[test]
fn a_bomb_is_not_unpacked() {
    // A gigabyte and more of zeroes in a megabyte.
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut header = tar::Header::new_gnu();
    header.set_path("cifar-10-batches-bin/data_batch_1.bin").unwrap();
    header.set_size(300 << 20);
    header.set_cksum();
    gz.write_all(header.as_bytes()).unwrap();
    let zeroes = vec![0; 1 << 20];
    (0..300).for_each(|_| gz.write_all(&zeroes).unwrap());
    let said = of_archive("resnet@cifar10", "cifar-10-binary.tar.gz", &gz.finish().unwrap()).unwrap_err();
    assert!(said.contains("longer than 268435456 bytes"), "{said}");
}

#[test]
fn pickles_that_are_no_data_are_refused() {
    let attempt = |batch: Vec<u8>| {
        let names = (1..=5).map(|i| format!("data_batch_{i}")).chain(["test_batch".into()]);
        let files: Contents =
            names.map(|name| (format!("cifar-10-batches-py/{name}"), batch.clone())).collect();
        let bytes = tar_of(&files, tar::EntryType::Regular);
        of_archive("resnet@cifar10", "cifar-10-python.tar.gz", &bytes)
    };
    const MAKER: &str = "numpy.core.multiarray._reconstruct";
    let all: Vec<u8> = (0..10).rev().collect();
    let whole = attempt(pickle(MAKER, 10, 10 * 3072, &all)).unwrap();
    assert_eq!((whole.training.len(), whole.test.labels[0], whole.test.image(1)[0]), (50, 9, 7));
    let some = attempt(pickle(MAKER, 2, 2 * 3072, &[3, 9])).unwrap_err();
    assert!(some.contains("no training image of class 0"), "{some}");
    for (batch, words) in [
        (pickle("posix.system", 2, 2 * 3072, &[3, 9]), "posix.system, which is not called"),
        (pickle(MAKER, 3, 2 * 3072, &[3, 9]), "6144 bytes of 'data' for 3 images"),
        (pickle(MAKER, u32::MAX, 2 * 3072, &[3, 9]), "is not an array"),
        (pickle(MAKER, 2, 2 * 3072, &[3]), "1 of 'labels' for 2 images"),
        (pickle(MAKER, 2, 2 * 3072, &[3, 10]), "label 10 of image 1"),
        (b"\x80\x02}.".to_vec(), "no 'data' in it"),
        (b"cposix\nsystem\n(U\x04true".to_vec(), "cut off"),
        (b"".to_vec(), "cut off"),
        (b"\x80\x02}(U\x04dataK\x01u.".to_vec(), "is not an array"),
    ] {
        let said = attempt(batch).unwrap_err();
        assert!(said.contains(words) && said.contains("data_batch_1"), "{said}");
    }
}

pub fn jpeg(size: u32) -> Vec<u8> {
    let image = image::RgbImage::from_fn(size, size, |x, y| image::Rgb([x as u8, y as u8, 90]));
    let mut out = Cursor::new(Vec::new());
    image.write_to(&mut out, image::ImageFormat::Jpeg).unwrap();
    out.into_inner()
}

/// Tiny-ImageNet's files, one image a class.
pub fn tiny() -> Contents {
    let ids: Vec<_> = (0..200).map(|i| format!("n{i:08}")).collect();
    let image = jpeg(64);
    let mut files = vec![("wnids.txt".into(), ids.join("\n").into_bytes())];
    for id in &ids {
        files.push((format!("train/{id}/images/{id}_0.JPEG"), image.clone()));
    }
    let annotations: Vec<_> = ids.iter().map(|id| format!("val_{id}.JPEG\t{id}\t0\t0\t9\t9")).collect();
    files.extend(ids.iter().map(|id| (format!("val/images/val_{id}.JPEG"), image.clone())));
    files.push(("val/val_annotations.txt".into(), annotations.join("\n").into_bytes()));
    files
}

pub fn zip_of(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(format!("tiny-imagenet-200/{name}"), zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn tiny_imagenets_faults_are_named() {
    const ARCHIVE: &str = "tiny-imagenet-200.zip";
    let attempt = |change: &dyn Fn(&mut Contents)| {
        let mut files = tiny();
        change(&mut files);
        of_archive("resnet@tiny-imagenet", ARCHIVE, &zip_of(&files))
    };
    let whole = attempt(&|_| {}).unwrap();
    assert_eq!(
        (whole.training.len(), whole.test.len(), whole.classes[3].name.as_str()),
        (200, 200, "n00000003")
    );
    type Case<'a> = (&'a str, &'a dyn Fn(&mut Contents));
    let cases: [Case; 11] = [
        ("wnids.txt: 199 different ids", &|files| files[0].1.truncate(199 * 10)),
        ("wnids.txt: not text", &|files| files[0].1.push(0xff)),
        ("train/n00000001/images: no images of this class", &|files| drop(files.remove(2))),
        ("n00000004_0.JPEG: an image of 32×32, expected 64×64", &|files| files[5].1 = jpeg(32)),
        ("n00000005_0.JPEG: neither a JPEG nor a PNG", &|files| files[6].1 = b"GIF89a nothing".to_vec()),
        ("n00000006_0.JPEG: cannot be decoded", &|files| files[7].1.truncate(200)),
        // A decoder fills in what is missing at the end.
        ("n00000007_0.JPEG: cannot be decoded: it is cut off", &|files| {
            let half = files[8].1.len() - 40;
            files[8].1.truncate(half);
        }),
        ("val_annotations.txt: line 1: a file's name that leads elsewhere", &|files| {
            files.last_mut().unwrap().1 = b"../../../etc/passwd\tn00000001\t0\t0\t9\t9".to_vec();
        }),
        ("val_annotations.txt: line 2: val_n00000001.JPEG is there twice", &|files| {
            files.last_mut().unwrap().1 =
                b"val_n00000001.JPEG\tn00000001\nval_n00000001.JPEG\tn00000001".to_vec();
        }),
        ("val_annotations.txt: line 1: 'n9␛' is not an id", &|files| {
            files.last_mut().unwrap().1 = b"val_n00000001.JPEG\tn9\x1b".to_vec();
        }),
        ("no.JPEG: missing, though val_annotations.txt lists it", &|files| {
            files.last_mut().unwrap().1 = b"no.JPEG\tn00000001".to_vec();
        }),
    ];
    for (words, change) in cases {
        let said = attempt(change).unwrap_err();
        assert!(said.contains(words) && said.contains(ARCHIVE) && !said.contains('\x1b'), "{said}");
    }
    let whole = zip_of(&tiny());
    for cut in [0, 100, whole.len() / 2, whole.len() - 1] {
        assert!(of_archive("resnet@tiny-imagenet", ARCHIVE, &whole[..cut]).unwrap_err().contains(ARCHIVE));
    }
    // Names that would lead elsewhere, and names that are there twice.
    let said = attempt(&|files| files.push(("../../outside".into(), b"x".to_vec()))).unwrap_err();
    assert!(said.contains("leaves the archive: tiny-imagenet-200/../../outside"), "{said}");
    let twin = |files: &mut Contents| files.push((files[3].0.replace("_0.JPEG", "_1.JPEG"), jpeg(64)));
    let mut bytes = {
        let mut files = tiny();
        twin(&mut files);
        zip_of(&files)
    };
    let (other, same) = (b"n00000002_1.JPEG", b"n00000002_0.JPEG");
    let places: Vec<_> = (0..bytes.len() - 16).filter(|i| bytes[*i..*i + 16] == other[..]).collect();
    places.iter().for_each(|at| bytes[*at..*at + 16].copy_from_slice(same));
    let said = of_archive("resnet@tiny-imagenet", ARCHIVE, &bytes).unwrap_err();
    assert!(places.len() == 2 && said.contains("twice in the archive"), "{said}");
    // One file that unpacks to far more than an image.
    let bomb = attempt(&|files| files[9].1 = vec![0; 40 << 20]).unwrap_err();
    assert!(bomb.contains("n00000008_0.JPEG: longer than"), "{bomb}");
}

#[test]
fn a_folder_of_images_has_what_the_spec_says_or_says_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("pets");
    let add = |name: &str, bytes: &[u8]| {
        fs::create_dir_all(root.join(name).parent().unwrap()).unwrap();
        fs::write(root.join(name), bytes).unwrap();
    };
    let line = "resnet@folder folder=pets classes=2 image_size=16";
    assert!(said(line, folder.path()).contains("no folder 'pets' with train/CLASS"));
    add("train/cat/1.jpg", &jpeg(20));
    assert!(said(line, folder.path()).contains("1 classes where the spec has 2; set classes=1 (found: cat)"));
    add("train/dog/notes.txt", b"none");
    let neither = said(line, folder.path());
    assert!(neither.contains("neither a folder test nor a folder val") && neither.contains("it has train/"));
    add("val/cat/1.JPEG", &jpeg(20));
    let both = said(line, folder.path());
    assert!(
        both.contains(
            "no .png, .jpg, .jpeg, .webp, .bmp, .gif or .tiff in 2 folders: train/dog: it has 0 folders"
        ) && both.contains("; val/dog: there is no such folder"),
        "{both}"
    );
    add("train/dog/1.png", b"\x89PNG\r\n\x1a\nbroken");
    assert!(said(line, folder.path()).contains("val/dog: no .png"));
    add("val/dog/1.jpg", &jpeg(33));
    assert!(said(line, folder.path()).contains("train/dog/1.png: cannot be decoded"));
    add("train/dog/1.png", &jpeg(40));
    let shelf = read(line, folder.path()).unwrap();
    assert_eq!((shelf.training.len(), shelf.test.labels.clone(), shelf.test.size), (2, vec![0, 1], 16));
    add("val/fish/1.jpg", &jpeg(16));
    assert!(said(line, folder.path()).contains("val/fish: a class that train does not have"));
    fs::rename(root.join("val/fish"), root.join("val/cats")).unwrap();
    assert!(
        said(line, folder.path()).contains("val/cats: a class that train does not have; did you mean cat?")
    );
    let near = said("resnet@folder folder=pet classes=2", folder.path());
    assert!(near.contains("no folder 'pet'") && near.contains("did you mean folder=pets?"), "{near}");
    for name in ["../pets", "/etc", "a/b", ".hidden", ""] {
        let line = format!("resnet@folder folder={name} classes=2");
        assert!(line.parse::<ExperimentSpec>().is_err(), "{name}");
    }
    let keys = "resnet@cifar10 folder=pets".parse::<ExperimentSpec>().unwrap_err().to_string();
    assert!(keys.contains("keys of dataset = folder only"), "{keys}");
}
