//! `data`: where datasets' files are, and whether they are whole.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::Exit;
use super::fetching::fetch;
use crate::cli::{DataCommand, NamedDataset};
use crate::domain::architecture::Family;
use crate::domain::dataset::{DatasetId, ImageFolder};
use crate::domain::spec::{ExperimentSpec, Version};
use crate::domain::text::{filesize, grouped};
use crate::engine::data::{self, DatasetState, places};
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::fetch::{
    self as fetches, DATASET_SOURCES, DatasetSource, FetchOptions, Offer, RemoteFile, Verdict,
};
use crate::output::{error, note, overflows, right, say, say_json, table};

/// `data`.
///
/// # Errors
/// When a mirror's or a proxy's address is none, or there is no data folder.
pub fn run(what: &DataCommand) -> Result<Exit> {
    match what {
        DataCommand::List { place, json } => {
            let folder = place.data_dir.as_deref();
            let exit = if names_a_directory(folder) { Exit::Done } else { Exit::Failed };
            list(folder, *json);
            Ok(exit)
        }
        DataCommand::Fetch { datasets, form, mirror, place } => {
            let options = FetchOptions::new(mirror.clone())?;
            let mut offers = Vec::new();
            for home in datasets {
                match Offer::of(home, *form, place.data_dir.as_deref()) {
                    Some(offer) if !offers.contains(&offer) => offers.push(offer),
                    Some(_) => {}
                    None if home.forms.is_empty() => say(&nothing_to_fetch(home.dataset)),
                    None => return Err(no_folder()),
                }
            }
            fetch(offers, options)
        }
        DataCommand::Verify { datasets, place } => {
            let folder = place.data_dir.as_deref();
            let is_there = names_a_directory(folder);
            let exit = check_all(datasets, folder);
            Ok(if is_there { exit } else { Exit::Failed })
        }
        DataCommand::Path { dataset, place } => path(dataset.as_ref(), place.data_dir.as_deref()),
    }
}

/// Whether the data directory that somebody named is one; says so where it is not.
fn names_a_directory(folder: Option<&Path>) -> bool {
    let absent = places::absent(folder);
    absent.iter().for_each(|text| error(text));
    absent.is_none()
}

fn nothing_to_fetch(name: &str) -> String {
    format!("{name}: built in, nothing to fetch")
}

fn no_folder() -> EngineError {
    EngineError::data(
        "data",
        "there is no home folder to keep it in; name a folder with --data-dir or HIRESNET_DATA",
    )
}

/// All that have a home, and the folders of images that are here.
fn all_datasets(folder: Option<&Path>) -> Vec<NamedDataset> {
    let known = DATASET_SOURCES.iter().map(NamedDataset::Known);
    let own = data::image_folders(folder).into_iter().map(|own| NamedDataset::Folder(own.name));
    known.chain(own).collect()
}

impl NamedDataset {
    fn name(&self) -> String {
        match self {
            Self::Known(home) => home.dataset.into(),
            Self::Folder(name) => format!("folder={name}"),
        }
    }

    /// Its folder of images, with as many classes as it has.
    fn images(&self, folder: Option<&Path>) -> Option<ImageFolder> {
        let Self::Folder(name) = self else { return None };
        Some(data::image_folder(name, folder))
    }

    /// What there is of it, by what was read before where there is a `cache`.
    fn state(&self, folder: Option<&Path>, cache: Option<&Path>) -> Option<DatasetState> {
        match self {
            Self::Known(home) => fetches::state(home, folder, cache),
            Self::Folder(_) => {
                let mut spec = ExperimentSpec::paper(Family::Plain, Version::Original, DatasetId::Folder);
                spec.folder = self.images(folder)?;
                Some(data::state(&spec, folder, cache))
            }
        }
    }

    fn shortage(&self, here: (usize, usize)) -> Option<String> {
        match self {
            Self::Known(home) => home.id()?.shortage(here),
            Self::Folder(_) => None,
        }
    }

    fn is_built_in(&self) -> bool {
        matches!(self, Self::Known(home) if home.forms.is_empty())
    }

    /// Says that it was asked for and is not here.
    fn say_missing(&self, why: Option<&EngineError>) {
        match (self, why) {
            (Self::Known(home), None) => {
                let name = home.dataset;
                error(&format!("{name} not found locally; get it with 'hiresnet-tui data fetch {name}'"));
            }
            (Self::Known(home), Some(why)) => error(&format!("{} not found locally: {why}", home.dataset)),
            (Self::Folder(name), why) => {
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                error(&format!("folder={name} not found locally{why}"));
            }
        }
    }
}

#[derive(Serialize)]
struct Row {
    name: String,
    classes: usize,
    train_images: usize,
    test_images: usize,
    /// Those that are here, where it is here and can be read.
    train_images_here: Option<usize>,
    test_images_here: Option<usize>,
    /// What is missing, in words.
    short: Option<String>,
    /// Why what is here cannot be trained on.
    problem: Option<String>,
    /// Whether all of it is here and can be read.
    whole: bool,
    embedded: bool,
    found: Option<String>,
    download_bytes: u64,
    files: Vec<&'static str>,
    licence: &'static str,
    home: &'static str,
}

impl Row {
    fn new(dataset: &NamedDataset, folder: Option<&Path>) -> Self {
        let (mut here, mut place, mut problem) = (None, None, None);
        match dataset.state(folder, places::cache().as_deref()) {
            Some(DatasetState::Here { place: at, images, notes }) => {
                notes.iter().for_each(|text| note(text));
                (here, place) = (Some(images), at);
            }
            Some(DatasetState::Broken { place: at, error, images }) => {
                (here, place, problem) = (images, Some(at), Some(error.to_string()));
            }
            Some(DatasetState::Missing(missing)) if missing.partial => {
                problem = Some(missing.error.to_string());
            }
            _ => {}
        }
        let short = here.and_then(|here| dataset.shortage(here));
        let home = match dataset {
            NamedDataset::Known(home) => Some(*home),
            NamedDataset::Folder(_) => None,
        };
        let files = home.map_or(&[][..], |home| home.files(None));
        let all = home.and_then(DatasetSource::id).and_then(DatasetId::images).or(here).unwrap_or_default();
        let classes = dataset.images(folder).map_or(0, |images| images.classes);
        Self {
            name: dataset.name(),
            classes: home.map_or(classes, |home| home.classes),
            train_images: all.0,
            test_images: all.1,
            train_images_here: here.map(|here| here.0),
            test_images_here: here.map(|here| here.1),
            whole: here.is_some() && short.is_none() && problem.is_none(),
            short,
            problem,
            embedded: dataset.is_built_in(),
            found: place.map(|path| path.to_string_lossy().into_owned()),
            download_bytes: files.iter().map(|file| file.bytes).sum(),
            files: files.iter().map(|file| &*file.file).collect(),
            licence: home.map_or("", |home| home.licence),
            home: home.map_or("", |home| home.page),
        }
    }

    fn place(&self) -> String {
        match &self.found {
            _ if self.embedded => "built in".into(),
            Some(path) => shown(Path::new(path)),
            None => "no".into(),
        }
    }

    fn images(&self) -> String {
        format!("{} + {}", grouped(self.train_images), grouped(self.test_images))
    }

    fn download(&self) -> String {
        if self.files.is_empty() { "–".into() } else { filesize(self.download_bytes) }
    }
}

fn list(folder: Option<&Path>, json: bool) {
    let rows: Vec<_> = all_datasets(folder).iter().map(|dataset| Row::new(dataset, folder)).collect();
    if json {
        return say_json(&rows);
    }
    let mut table = table(["dataset", "classes", "train + test", "fetch", "here"]);
    right(&mut table, 1..4);
    for row in &rows {
        let classes = row.classes.to_string();
        table.add_row([row.name.clone(), classes, row.images(), row.download(), row.place()]);
    }
    let text = table.to_string();
    if overflows(&text) {
        for row in &rows {
            let (classes, images) = (row.classes, row.images());
            say(&format!("{}\n  {classes} classes, {images} images, {}", row.name, row.download()));
            say(&format!("  here: {}", row.place()));
        }
    } else {
        say(&text);
    }
    say("");
    for row in &rows {
        if row.home.is_empty() {
            say(&format!("{}: images of your own", row.name));
        } else {
            say(&format!("{}: {}\n  licence: {}", row.name, row.home, row.licence));
        }
        row.short.iter().for_each(|short| say(&format!("  {short}")));
        row.problem.iter().for_each(|problem| say(&format!("  cannot be read: {problem}")));
    }
}

fn path(dataset: Option<&NamedDataset>, folder: Option<&Path>) -> Result<Exit> {
    let Some(dataset) = dataset else {
        let roots = places::roots(folder);
        roots.iter().for_each(|root| say(&shown(root)));
        let is_there = names_a_directory(folder);
        return match roots.is_empty() {
            true => Err(no_folder()),
            false => Ok(if is_there { Exit::Done } else { Exit::Failed }),
        };
    };
    match dataset.state(folder, places::cache().as_deref()) {
        Some(DatasetState::Here { place: Some(place), images, .. }) => {
            say(&shown(&place));
            dataset.shortage(images).iter().for_each(|short| note(&format!("{}: {short}", dataset.name())));
            Ok(Exit::Done)
        }
        Some(DatasetState::Broken { place, error: why, .. }) => {
            say(&shown(&place));
            error(&format!("{} cannot be read: {why}", dataset.name()));
            Ok(Exit::Failed)
        }
        Some(DatasetState::Missing(missing)) => {
            dataset.say_missing(missing.found.is_some().then_some(&missing.error));
            Ok(Exit::Failed)
        }
        Some(DatasetState::Here { place: None, .. }) | None => {
            note(&nothing_to_fetch(&dataset.name()));
            Ok(Exit::Done)
        }
    }
}

fn check_all(datasets: &[NamedDataset], folder: Option<&Path>) -> Exit {
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
