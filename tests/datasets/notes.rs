//! What is not read of a dataset is said in both faces, at the first start and at every later
//! one, when the dataset comes from the cache.

use super::*;

/// Two classes of images, one with an alpha channel, and files that are no images.
fn pets(root: &Path) {
    for split in ["train", "test"] {
        for class in ["cat", "dog"] {
            let folder = root.join("pets").join(split).join(class);
            fs::create_dir_all(&folder).unwrap();
            for i in 0..10 {
                fs::write(folder.join(format!("{i}.jpg")), faults::jpeg(8)).unwrap();
            }
        }
    }
    let clear = image::RgbaImage::from_pixel(8, 8, image::Rgba([1, 2, 3, 4]));
    clear.save(root.join("pets/train/cat/clear.png")).unwrap();
    fs::write(root.join("pets/train/dog/notes.txt"), "none").unwrap();
    fs::write(root.join("pets/train/dog/raw.heic"), "none").unwrap();
}

const SAID: [&str; 2] = [
    "pets: 2 files not read: train/dog (1 .heic, 1 .txt)",
    "pets: 1 image with transparent parts: the alpha channel is dropped",
];
const LINE: &str = "resnet@folder folder=pets classes=2 image_size=8 epochs=1 batch=4 blocks=1,1 widths=4,4 \
                    probe_images=2";

#[test]
fn notes_come_again_from_the_cache() {
    let folder = tempfile::tempdir().unwrap();
    pets(folder.path());
    let cache = folder.path().join("cache");
    for _ in 0..2 {
        let mut library = DatasetCache::with_cache(Some(folder.path().into()), Some(cache.clone()));
        library.images(&spec(LINE)).unwrap();
        assert_eq!(library.notes(), SAID);
        library.images(&spec(LINE)).unwrap();
        assert!(library.notes().is_empty(), "said once");
    }
}

#[test]
fn a_batch_says_them_on_stderr() {
    let folder = tempfile::tempdir().unwrap();
    pets(folder.path());
    for run in 0..2 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
        command.args(["--batch", LINE, "--device", "cpu", "--data-dir"]).arg(folder.path());
        command.arg("--out").arg(folder.path().join(format!("runs{run}")));
        let out = command.env("HIRESNET_CACHE", folder.path().join("cache")).output().unwrap();
        let said = String::from_utf8_lossy(&out.stderr);
        assert!(out.status.success(), "{said}");
        SAID.iter().for_each(|note| assert!(said.lines().any(|line| line == *note), "{note}: {said}"));
    }
}

#[test]
fn the_workbench_logs_them() {
    let folder = tempfile::tempdir().unwrap();
    pets(folder.path());
    for run in 0..2 {
        let picture = folder.path().join(format!("{run}.txt"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_hiresnet-tui"));
        let keys = "S down enter ctrl-u text:resnet@folder space text:folder=pets space text:classes=2 space \
                    text:image_size=8 enter D L z";
        command.args(["picture", "--size", "160x40", "--keys", keys, "--data-dir"]).arg(folder.path());
        command.arg("--out").arg(folder.path().join("runs")).arg(&picture);
        let out = command.env("HIRESNET_CACHE", folder.path().join("cache")).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let screen = fs::read_to_string(&picture).unwrap();
        SAID.iter().for_each(|note| assert!(screen.contains(note), "{note}: {screen}"));
    }
}
