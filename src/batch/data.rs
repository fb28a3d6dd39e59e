//! `data`: where datasets' files are, whether they are right, and fetching them.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use indicatif::ProgressBar;
use serde::Serialize;

use super::Exit;
use super::batch_output::BatchOutput;
use crate::cli::DataCommand;
use crate::domain::dataset::DatasetId;
use crate::domain::text::{duration, filesize, grouped, harmless, plural, without_user};
use crate::engine::data::places;
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::fetch::{
    DATASET_SOURCES, DatasetSource, FetchOptions, FetchProgress, FetchStage, Fetched, Offer, RemoteFile,
    Verdict, fetch_all, found, images_here, verify,
};
use crate::output::{error, note, overflows, right, say, say_json, table};
use crate::signals::{SIGHUP, event_loop, signals};

/// `data`.
///
/// # Errors
/// When a mirror's or a proxy's address is none, or there is no data folder.
pub fn run(what: &DataCommand) -> Result<Exit> {
    match what {
        DataCommand::List { place, json } => list(place.data_dir.as_deref(), *json),
        DataCommand::Fetch { datasets, form, mirror, place } => {
            let options = FetchOptions::new(mirror.clone())?;
            let mut offers = Vec::new();
            for home in datasets {
                match Offer::of(home, *form, place.data_dir.as_deref()) {
                    Some(offer) if !offers.contains(&offer) => offers.push(offer),
                    Some(_) => {}
                    None if home.forms.is_empty() => say(&nothing_to_fetch(home)),
                    None => return Err(no_folder()),
                }
            }
            fetch(offers, options)
        }
        DataCommand::Verify { datasets, place } => Ok(check(datasets, place.data_dir.as_deref())),
        DataCommand::Path { dataset, place } => path(*dataset, place.data_dir.as_deref()),
    }
}

fn nothing_to_fetch(home: &DatasetSource) -> String {
    format!("{}: built in, nothing to fetch", home.dataset)
}

fn no_folder() -> EngineError {
    EngineError::data(
        "data",
        "there is no home folder to keep it in; name a folder with --data-dir or HIRESNET_DATA",
    )
}

fn shortage(home: &DatasetSource, here: Option<(usize, usize)>) -> Option<String> {
    home.id()?.shortage(here?)
}

#[derive(Serialize)]
struct Row {
    name: &'static str,
    classes: usize,
    train_images: usize,
    test_images: usize,
    /// Those that are here, where it is here and can be read.
    train_images_here: Option<usize>,
    test_images_here: Option<usize>,
    /// What is missing, in words.
    short: Option<String>,
    embedded: bool,
    found: Option<String>,
    download_bytes: u64,
    files: Vec<&'static str>,
    licence: &'static str,
    home: &'static str,
}

impl Row {
    fn new(home: &'static DatasetSource, folder: Option<&Path>) -> Self {
        let files = home.files(None);
        let here = images_here(home, folder).unwrap_or_else(|error| {
            note(&format!("{}: its images cannot be counted: {error}", home.dataset));
            None
        });
        let all = home.id().and_then(DatasetId::images).unwrap_or_default();
        Self {
            name: home.dataset,
            classes: home.classes,
            train_images: all.0,
            test_images: all.1,
            train_images_here: here.map(|here| here.0),
            test_images_here: here.map(|here| here.1),
            short: shortage(home, here),
            embedded: home.forms.is_empty(),
            found: found(home, folder).map(|path| path.to_string_lossy().into_owned()),
            download_bytes: files.iter().map(|file| file.bytes).sum(),
            files: files.iter().map(|file| &*file.file).collect(),
            licence: home.licence,
            home: home.page,
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
        if self.embedded { "–".into() } else { filesize(self.download_bytes) }
    }
}

fn list(folder: Option<&Path>, json: bool) -> Result<Exit> {
    let rows: Vec<_> = DATASET_SOURCES.iter().map(|home| Row::new(home, folder)).collect();
    if json {
        say_json(&rows);
        return Ok(Exit::Done);
    }
    let mut table = table(["dataset", "classes", "train + test", "fetch", "here"]);
    right(&mut table, 1..4);
    for row in &rows {
        let classes = row.classes.to_string();
        table.add_row([row.name.to_owned(), classes, row.images(), row.download(), row.place()]);
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
        say(&format!("{}: {}\n  licence: {}", row.name, row.home, row.licence));
        row.short.iter().for_each(|short| say(&format!("  {short}")));
    }
    Ok(Exit::Done)
}

fn path(dataset: Option<&'static DatasetSource>, folder: Option<&Path>) -> Result<Exit> {
    let Some(home) = dataset else {
        let roots = places::roots(folder);
        roots.iter().for_each(|root| say(&shown(root)));
        return if roots.is_empty() { Err(no_folder()) } else { Ok(Exit::Done) };
    };
    if home.forms.is_empty() {
        note(&nothing_to_fetch(home));
        return Ok(Exit::Done);
    }
    match found(home, folder) {
        Some(path) => say(&shown(&path)),
        None => return Ok(missing(home)),
    }
    Ok(Exit::Done)
}

/// Says that a dataset that was asked for is not here.
fn missing(home: &DatasetSource) -> Exit {
    let name = home.dataset;
    error(&format!("{name} not found locally; get it with 'hiresnet-tui data fetch {name}'"));
    Exit::Failed
}

/// Compares archives with their checksums.
fn check(datasets: &[&'static DatasetSource], folder: Option<&Path>) -> Exit {
    let all: Vec<_> = DATASET_SOURCES.iter().collect();
    let roots = places::roots(folder);
    let mut exit = Exit::Done;
    for home in if datasets.is_empty() { &all } else { datasets } {
        let name = home.dataset;
        if home.forms.is_empty() {
            say(&format!("ok       {name}: built in"));
            continue;
        }
        let (mut any, mut whole) = (false, true);
        for (_, files) in home.forms {
            let there: Vec<_> = files.iter().map(|file| (file, place(file, &roots))).collect();
            if there.iter().all(|(_, place)| place.is_none()) {
                continue;
            }
            any = true;
            for (file, place) in there {
                whole &= tell_of(name, file, place.as_deref());
            }
        }
        if !any {
            let unpacked = found(home, folder)
                .map(|path| format!(" as an archive; in {}, which has no known checksum", shown(&path)));
            say(&format!("missing  {name}{}", unpacked.unwrap_or_default()));
        }
        // What cannot be read has been said to differ, or is for a run to say.
        if let Some(short) = shortage(home, images_here(home, folder).unwrap_or_default()) {
            say(&format!("short    {name}: {}", short.trim_start_matches("short: ")));
            whole = false;
        }
        if !whole {
            exit = Exit::Failed;
        }
        // Where all are looked at, datasets that were never fetched are no failure.
        if !datasets.is_empty() && found(home, folder).is_none() {
            exit = missing(home);
        }
    }
    exit
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
    let verdict = verify(path, file, &mut |_| ControlFlow::Continue(()));
    let (is_right, text) = match verdict {
        Ok(Verdict::Differs(how)) => (false, format!("differs  {name}: {}: {how}", shown(path))),
        Ok(_) => (true, format!("ok       {name}: {}", shown(path))),
        Err(error) => (false, format!("differs  {name}: {error}")),
    };
    say(&text);
    is_right
}

/// Fetches one dataset after the other, until a signal ends it.
fn fetch(offers: Vec<Offer>, options: FetchOptions) -> Result<Exit> {
    let runtime = event_loop().map_err(EngineError::io("start the event loop for", "data fetch"))?;
    runtime.block_on(async {
        let mut signals = signals();
        let stop = Arc::new(AtomicBool::new(false));
        let (sender, mut ended) = tokio::sync::mpsc::unbounded_channel();
        let stopped = Arc::clone(&stop);
        std::thread::Builder::new()
            .name("fetcher".into())
            .spawn(move || {
                let _ = sender.send(fetch_each(&offers, &options, &stopped));
            })
            .map_err(EngineError::io("start a thread for", "data fetch"))?;
        let mut exit = Exit::Done;
        loop {
            tokio::select! {
                biased;
                Some(number) = signals.recv() => {
                    if exit != Exit::Done && number == SIGHUP {
                        continue;
                    }
                    if exit != Exit::Done {
                        std::process::exit(128 + i32::from(number));
                    }
                    exit = Exit::Signal(number);
                    stop.store(true, Ordering::Relaxed);
                }
                result = ended.recv() => {
                    let result = result.unwrap_or(Exit::Failed);
                    return Ok(if exit == Exit::Done { result } else { exit });
                }
            }
        }
    })
}

/// On a thread of its own: what it waits for keeps nobody else waiting.
fn fetch_each(offers: &[Offer], options: &FetchOptions, stop: &AtomicBool) -> Exit {
    let screen = BatchOutput::new(true);
    let mut exit = Exit::Done;
    for offer in offers {
        let name = offer.dataset;
        let from = options.mirror.as_deref().unwrap_or(offer.host());
        screen.line(&format!(
            "{name}: {} in {} from {} to {}",
            filesize(offer.bytes()),
            plural(offer.sources.len(), "file"),
            harmless(&without_user(from), 200),
            shown(&offer.folder)
        ));
        let mut bar = Bar::new(&screen, name);
        let fetched = fetch_all(offer.sources, &offer.folder, options, &mut |progress| {
            bar.show(&progress);
            if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        bar.remove();
        match fetched {
            Ok(Fetched::Interrupted) => {
                screen.line(&format!("{name}: interrupted; run the same command again to resume"));
                return exit;
            }
            Ok(Fetched::Now) => say(&format!("{name}: fetched, checksums match")),
            Ok(Fetched::Already) => say(&format!("{name}: already here, checksums match")),
            Err(error) => {
                screen.error(&format!("{name}: {error}"));
                exit = exit.or_failed();
            }
        }
    }
    exit
}

/// Progress of one dataset: a bar on a terminal, elsewhere a line for what goes wrong.
struct Bar<'a> {
    screen: &'a BatchOutput,
    bar: Option<ProgressBar>,
    name: &'static str,
    /// Bytes that were there at first, and since when more come.
    begun: Option<(u64, Instant)>,
    /// The last thing that went wrong, said once.
    trouble: Option<String>,
}

impl<'a> Bar<'a> {
    fn new(screen: &'a BatchOutput, name: &'static str) -> Self {
        Self { screen, bar: screen.bar(""), name, begun: None, trouble: None }
    }

    fn show(&mut self, progress: &FetchProgress) {
        match &progress.stage {
            FetchStage::Waiting { reason, .. } if self.trouble.as_ref() != Some(reason) => {
                self.screen.line(&format!("{}: {reason}; trying again", self.name));
                self.trouble = Some(reason.clone());
            }
            FetchStage::Fetching => self.trouble = None,
            _ => {}
        }
        let (begun, since) = *self.begun.get_or_insert((progress.done, Instant::now()));
        let Some(bar) = &self.bar else { return };
        bar.set_length(progress.total);
        bar.set_position(progress.done);
        let doing = match &progress.stage {
            FetchStage::Asking => "asking".into(),
            FetchStage::Checking => "checking".into(),
            FetchStage::Waiting { seconds, .. } => format!("again in {seconds}s"),
            FetchStage::Fetching => {
                let rate =
                    (progress.done.saturating_sub(begun)) as f64 / since.elapsed().as_secs_f64().max(0.1);
                let left = (progress.total - progress.done) as f64 / rate.max(1.0);
                format!("{}/s eta {}", filesize(rate as u64), duration(left))
            }
        };
        let done = format!("{} of {} {doing}", filesize(progress.done), filesize(progress.total));
        self.screen.set_message(bar, &done);
    }

    fn remove(self) {
        if let Some(bar) = &self.bar {
            self.screen.remove(bar);
        }
    }
}
