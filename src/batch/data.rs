//! `data`: where datasets' files are, and whether they are whole.

use std::path::Path;

use serde::Serialize;

use super::Exit;
use super::data_check::check_all;
use super::fetching::fetch;
use crate::cli::{DataCommand, NamedDataset};
use crate::domain::architecture::Family;
use crate::domain::dataset::{DatasetId, ImageFolder};
use crate::domain::spec::{ExperimentSpec, Version};
use crate::domain::text::{filesize, grouped};
use crate::engine::data::{self, DatasetState, places};
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::fetch::{self as fetches, DATASET_SOURCES, DatasetSource, FetchOptions, Offer};
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
    absent.iter().for_each(error);
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
pub fn all_datasets(folder: Option<&Path>) -> Vec<NamedDataset> {
    let known = DATASET_SOURCES.iter().map(NamedDataset::Known);
    let own = data::image_folders(folder).into_iter().map(|own| NamedDataset::Folder(own.name));
    known.chain(own).collect()
}

impl NamedDataset {
    /// As commands have it.
    pub fn name(&self) -> String {
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
    pub fn state(&self, folder: Option<&Path>, cache: Option<&Path>) -> Option<DatasetState> {
        match self {
            Self::Known(home) => fetches::state(home, folder, cache),
            Self::Folder(_) => {
                let mut spec = ExperimentSpec::paper(Family::Plain, Version::Original, DatasetId::Folder);
                spec.folder = self.images(folder)?;
                Some(data::state(&spec, folder, cache))
            }
        }
    }

    /// What its images lack of the whole dataset, in words.
    pub fn shortage(&self, here: (usize, usize)) -> Option<String> {
        match self {
            Self::Known(home) => home.id()?.shortage(here),
            Self::Folder(_) => None,
        }
    }

    /// Whether it needs no files.
    pub fn is_built_in(&self) -> bool {
        matches!(self, Self::Known(home) if home.forms.is_empty())
    }

    /// Says that it was asked for and is not here.
    pub fn say_missing(&self, why: Option<&EngineError>) {
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
