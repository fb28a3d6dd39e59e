//! `data verify`: archives compared with their checksums, and datasets read to the last image.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::Exit;
use super::data::all_datasets;
use crate::cli::NamedDataset;
use crate::domain::text::grouped;
use crate::engine::data::{DatasetState, places};
use crate::engine::error::shown;
use crate::engine::fetch::{self as fetches, RemoteFile, Verdict};
use crate::output::{note, say};

/// Checks these datasets, or all.
pub fn check_all(datasets: &[NamedDataset], folder: Option<&Path>) -> Exit {
    let all = if datasets.is_empty() { all_datasets(folder) } else { datasets.to_vec() };
    let mut exit = Exit::Done;
    for dataset in &all {
        // Where all are looked at, datasets that were never fetched are no failure.
        if !check(dataset, folder, !datasets.is_empty()) {
            exit = Exit::Failed;
        }
    }
    exit
}

/// Compares archives with their checksums, reads the dataset to its last image, and says what
/// it turned out to be; `false` when it is not whole.
fn check(dataset: &NamedDataset, folder: Option<&Path>, is_wanted: bool) -> bool {
    let name = dataset.name();
    if dataset.is_built_in() {
        say(&format!("ok       {name}: built in"));
        return true;
    }
    let (has_archives, is_right) = check_archives(dataset, folder);
    // Nothing that was read before counts: the files may have changed unseen.
    let is_whole = match dataset.state(folder, None) {
        Some(DatasetState::Here { place, images, notes }) => {
            notes.iter().for_each(|text| note(text));
            let short = dataset.shortage(images);
            match &short {
                Some(short) => {
                    say(&format!("short    {name}: {}", short.trim_start_matches("short: ")));
                }
                None => {
                    let images = format!("{} + {} images read", grouped(images.0), grouped(images.1));
                    let place = place.map(|place| shown(&place)).unwrap_or_default();
                    let is_unknown = !has_archives && matches!(dataset, NamedDataset::Known(_));
                    let by = if is_unknown { "; no checksum is known" } else { "" };
                    say(&format!("ok       {name}: {place}: {images}{by}"));
                }
            }
            short.is_none()
        }
        Some(DatasetState::Broken { error, images, .. }) => {
            say(&format!("broken   {name}: {error}"));
            if let Some(short) = images.and_then(|images| dataset.shortage(images)) {
                say(&format!("short    {name}: {}", short.trim_start_matches("short: ")));
            }
            false
        }
        Some(DatasetState::Missing(missing)) => {
            if missing.partial {
                say(&format!("broken   {name}: {}", missing.error));
            } else if !has_archives {
                say(&format!("missing  {name}"));
            }
            // Once is enough.
            if is_wanted && !missing.partial {
                dataset.say_missing(missing.found.is_some().then_some(&missing.error));
            }
            !is_wanted && !missing.partial
        }
        None => true,
    };
    is_right && is_whole
}

/// Whether there are archives of the dataset, and those that are there are the right ones.
fn check_archives(dataset: &NamedDataset, folder: Option<&Path>) -> (bool, bool) {
    let NamedDataset::Known(home) = dataset else { return (false, true) };
    let roots = places::roots(folder);
    let found = fetches::found(home, folder);
    let (mut any, mut right) = (false, true);
    for (_, files) in home.forms {
        let place = |file: &RemoteFile| {
            place(file, &roots).or_else(|| found.as_deref().and_then(|found| within(found, file)))
        };
        let there: Vec<_> = files.iter().map(|file| (file, place(file))).collect();
        if there.iter().all(|(_, place)| place.is_none()) {
            continue;
        }
        any = true;
        for (file, place) in there {
            let beside = || unpacked(file, &roots, found.as_deref());
            match place.is_none().then(beside).flatten() {
                Some(path) => {
                    say(&format!("ok       {}: {}: no checksum is known", home.dataset, shown(&path)));
                }
                None => right &= tell_of(home.dataset, file, place.as_deref()),
            }
        }
    }
    (any, right)
}

/// A file of this name that was found elsewhere: in the dataset's folder, or as its archive.
fn within(found: &Path, file: &RemoteFile) -> Option<PathBuf> {
    if found.is_dir() {
        let path = found.join(file.name());
        return path.is_file().then_some(path);
    }
    // Under another name as well, where it has the right length.
    let is_it =
        found.ends_with(file.name()) || fs::metadata(found).is_ok_and(|facts| facts.len() == file.bytes);
    is_it.then(|| found.to_path_buf())
}

/// What a packed file is unpacked, where that is there in its place.
fn unpacked(file: &RemoteFile, roots: &[PathBuf], found: Option<&Path>) -> Option<PathBuf> {
    let plain = file.file.strip_suffix(".gz").filter(|_| !file.file.ends_with(".tar.gz"))?;
    let name = plain.rsplit('/').next().unwrap_or(plain);
    let in_roots = roots.iter().map(|root| root.join(plain));
    in_roots.chain(found.map(|found| found.join(name))).find(|path| path.is_file())
}

fn place(source: &RemoteFile, roots: &[PathBuf]) -> Option<PathBuf> {
    roots.iter().map(|root| root.join(&*source.file)).find(|path| fs::symlink_metadata(path).is_ok())
}

/// Says what a file turned out to be; `false` when it differs.
fn tell_of(name: &str, file: &RemoteFile, place: Option<&Path>) -> bool {
    let Some(path) = place else {
        say(&format!("missing  {name}: {}", file.file));
        return true;
    };
    let verdict = fetches::verify(path, file, &mut |_| ControlFlow::Continue(()));
    let (is_right, text) = match verdict {
        Ok(Verdict::Differs(how)) => (false, format!("differs  {name}: {}: {how}", shown(path))),
        Ok(_) => (true, format!("ok       {name}: {}: its checksums match", shown(path))),
        Err(error) => (false, format!("differs  {name}: {error}")),
    };
    say(&text);
    is_right
}
