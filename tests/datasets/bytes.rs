//! One file's bytes as a dataset: what the fuzz target and the mutations have in common.

use std::fs;
use std::path::Path;

use hiresnet_tui::domain::event::Split;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::engine::data::{Dataset, DatasetCache, LoadedImages};

/// The formats, by number.
pub const FORMATS: u8 = 7;

/// Puts `bytes` where a file of format `format` belongs in `folder`, with good files beside
/// it, and reads the dataset.
pub fn read(format: u8, bytes: &[u8], folder: &Path) -> Result<LoadedImages, String> {
    let put = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("below the folder")).expect("a folder is made");
        fs::write(path, bytes).expect("a file is written");
    };
    // One image of each class.
    let record: Vec<u8> = (0..10).flat_map(|class| [vec![class], vec![0; 3072]].concat()).collect();
    let line = match format % FORMATS {
        0 => {
            put("cifar-10-binary.tar.gz", bytes);
            "resnet@cifar10"
        }
        1 => {
            (1..=5).for_each(|i| put(&format!("cifar-10-batches-bin/data_batch_{i}.bin"), &record));
            put("cifar-10-batches-bin/test_batch.bin", bytes);
            "resnet@cifar10"
        }
        2 => {
            for name in ["train", "test", "meta"] {
                put(&format!("cifar-100-python/{name}"), bytes);
            }
            "resnet@cifar100"
        }
        3 => {
            put("tiny-imagenet-200.zip", bytes);
            "resnet@tiny-imagenet"
        }
        4 => {
            for name in ["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"] {
                put(&format!("mnist/{name}"), bytes);
            }
            for name in ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte"] {
                put(
                    &format!("mnist/{name}"),
                    b"\0\0\x08\x01\0\0\0\x0a\0\x01\x02\x03\x04\x05\x06\x07\x08\x09",
                );
            }
            "resnet@mnist"
        }
        5 => {
            for name in ["train/a/1.png", "train/b/1.jpg", "val/a/1.png", "val/b/1.jpg"] {
                put(&format!("images/{name}"), bytes);
            }
            "resnet@folder classes=2 image_size=8"
        }
        _ => {
            (1..=5).for_each(|i| put(&format!("cifar-10-batches-bin/data_batch_{i}.bin"), &record));
            put("cifar-10-batches-bin/test_batch.bin", &record);
            "resnet@cifar10"
        }
    };
    let spec: ExperimentSpec = line.parse().expect("a spec");
    let cache = folder.join("cache");
    let read = || DatasetCache::with_cache(Some(folder.into()), Some(cache.clone())).images(&spec);
    if format % FORMATS == 6 {
        // The cache's own file: it is there after a first reading.
        read().expect("good files");
        for entry in fs::read_dir(&cache).expect("the cache").flatten() {
            fs::write(entry.path(), bytes).expect("a file is written");
        }
    }
    let shelf = read().map_err(|e| e.to_string())?;
    let _ = Dataset::new(&spec, shelf.training.clone(), shelf.test.clone())
        .map(|data| data.images(Split::Train).image(0).len());
    Ok(shelf)
}
