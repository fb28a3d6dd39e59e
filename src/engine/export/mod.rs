//! Runs in the formats of others: `TensorBoard`, CSV, Parquet, `PyTorch`.
//!
//! Everything is read and made before anything is written, and nothing that is there already
//! is replaced unasked; an event file of the same run is added to. Files go into one folder,
//! each run's own into a folder in it that has the run's name.

mod csv;
mod parquet;
mod points;
mod pytorch;
mod spreads;
mod table;
mod tensorboard;

use std::fs;
use std::path::{Path, PathBuf};

use self::tensorboard::Board;
use super::data::DatasetCache;
use super::error::{EngineError, Result};
use super::files;
use super::run_args::{self, Skipped};
use super::store::{self, SavedRun};
use crate::domain::event::Event;

pub use tensorboard::{BoardSwitch, LiveBoard, frame, is_event_file, masked_crc};

/// Longest name of a run's folder.
const LONGEST: usize = 120;

/// What runs are turned into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// An event file for each run.
    Tensorboard,
    /// `metrics.csv`, one row a value, and `summary.csv`, one row a run.
    Csv,
    /// The same two tables as Parquet files.
    Parquet,
    /// Weights, the network's definition, its spec, and a script that loads them.
    Pytorch,
}

/// A run as it is exported.
struct Run {
    /// Its folder's name, as a file may be called anywhere.
    name: String,
    saved: SavedRun,
    events: Vec<Event>,
}

/// A file to be written.
struct Product {
    /// Below the folder: names, and nothing that leads out of it.
    place: Vec<String>,
    content: Content,
}

enum Content {
    Bytes(Vec<u8>),
    /// What an event file has, or is to have.
    Events(Board),
    /// The bytes of a file.
    Copy(PathBuf),
}

impl Product {
    fn new(place: &[&str], bytes: Vec<u8>) -> Self {
        Self { place: place.iter().map(|&name| name.to_owned()).collect(), content: Content::Bytes(bytes) }
    }

    fn events(board: Board) -> Self {
        Self { place: board.place.to_vec(), content: Content::Events(board) }
    }

    fn path(&self, folder: &Path) -> PathBuf {
        self.place.iter().fold(folder.to_path_buf(), |path, name| path.join(name))
    }
}

/// What was written.
#[derive(Debug)]
pub struct Exported {
    /// New files, and those that were replaced.
    pub written: Vec<PathBuf>,
    /// Event files that were there, and how many values were added to each; `None` of one that
    /// another process is writing.
    pub extended: Vec<(PathBuf, Option<usize>)>,
    /// What was named and is in none of them.
    pub left: Skipped,
}

/// Writes the runs in the folders `runs` into `folder` as `format`; `data` is where datasets
/// are looked for first. Of several, what is no run, and runs that cannot be read or have
/// nothing of the kind, are left out.
///
/// # Errors
/// When there is nothing to write, a file is there already and `force` is not, or the folder
/// cannot be written.
pub fn export(
    runs: &[PathBuf],
    format: FileFormat,
    folder: &Path,
    force: bool,
    data: Option<&Path>,
) -> Result<Exported> {
    let mut names: Vec<String> = Vec::new();
    let (read, mut left) = run_args::read(runs, |path| {
        let saved = SavedRun::open_condensed(path)?;
        let events = store::events_of(path)?;
        let name = name_of(path, |name| names.iter().any(|taken| taken.eq_ignore_ascii_case(name)));
        names.push(name.clone());
        Ok(Run { name, saved, events })
    })?;
    let products = match format {
        FileFormat::Tensorboard => {
            let board = |run: &Run| Board::of(run).map(Product::events);
            read.iter().map(board).collect::<Result<Vec<_>>>()?
        }
        FileFormat::Csv => csv::products(&read)?,
        FileFormat::Parquet => parquet::products(&read)?,
        FileFormat::Pytorch => {
            let mut library = DatasetCache::new(data.map(Path::to_path_buf));
            let mut products = Vec::new();
            for run in &read {
                match pytorch::products(run, &mut library) {
                    Ok(made) => products.extend(made),
                    Err(error) => left.skip(error, runs.len() > 1)?,
                }
            }
            products
        }
    };
    if products.is_empty() {
        return Err(left.into_error(runs));
    }
    products.iter().try_for_each(|product| check(product, folder, force))?;
    let (mut written, mut extended) = (Vec::new(), Vec::new());
    for product in products {
        let path = product.path(folder);
        if let Some(parent) = path.parent() {
            files::create_folders(parent)?;
        }
        match product.content {
            Content::Bytes(bytes) => files::write_own(&path, &bytes)?,
            Content::Events(board) => {
                let is_there = || path.symlink_metadata().is_ok();
                // Without `force` one that does not fit has been refused.
                if force && is_there() && !board.fits(folder)? {
                    // Whoever has it open has to open it again.
                    fs::remove_file(&path).map_err(EngineError::io("replace", &path))?;
                }
                let is_new = !is_there();
                let added = board.write(folder)?;
                if !is_new {
                    extended.push((path, added));
                    continue;
                }
            }
            Content::Copy(from) => {
                let mut from = fs::File::open(&from).map_err(EngineError::io("open", &from))?;
                files::write_own_by(&path, |file| std::io::copy(&mut from, file).map(drop))?;
            }
        }
        written.push(path);
    }
    Ok(Exported { written, extended, left })
}

/// What a run is called below the folder: its own folder's name in letters, digits and a few
/// signs, and unlike those that are `taken`.
fn name_of(path: &Path, taken: impl Fn(&str) -> bool) -> String {
    let whole = path.canonicalize();
    let name = whole.as_deref().unwrap_or(path).file_name().unwrap_or_default().to_string_lossy();
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.+".contains(c) { c } else { '-' };
    let name: String = name.chars().map(plain).take(LONGEST).collect();
    let name = match name.trim_start_matches('.') {
        "" => "run".to_owned(),
        name => name.to_owned(),
    };
    let numbered = (2..).map(|n| format!("{name}-{n}"));
    let mut all = std::iter::once(name.clone()).chain(numbered);
    all.find(|name| !taken(name)).unwrap_or(name)
}

/// That no link is in the way of the folder called `name` below `folder`.
fn check_folder(folder: &Path, name: &str) -> Result<()> {
    let path = folder.join(name);
    match fs::symlink_metadata(&path) {
        Ok(facts) if !facts.is_dir() => {
            Err(EngineError::run(path, "something else is there; it is left alone"))
        }
        _ => Ok(()),
    }
}

/// That nothing is in a file's way, and that no link on its way leads out of `folder`.
fn check(product: &Product, folder: &Path, force: bool) -> Result<()> {
    let mut path = folder.to_path_buf();
    for (i, name) in product.place.iter().enumerate() {
        path.push(name);
        let Ok(facts) = fs::symlink_metadata(&path) else { return Ok(()) };
        let is_last = i + 1 == product.place.len();
        if !is_last && !facts.is_dir() || is_last && !facts.is_file() {
            return Err(EngineError::run(path, "something else is there; it is left alone"));
        }
        let is_extended = || match &product.content {
            Content::Events(board) => board.fits(folder),
            _ => Ok(false),
        };
        if is_last && !force && !is_extended()? {
            return Err(EngineError::exists(path, "there already"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_nowhere() {
        let free = |_: &str| false;
        for (path, name) in [
            ("runs/resnet+hires-s0", "resnet+hires-s0"),
            ("runs/a b\u{1b}[2J;$(x)", "a-b--2J---x-"),
            ("runs/...hidden", "hidden"),
            ("runs/…", "-"),
            ("..", "run"),
        ] {
            // Only what is there can be made absolute.
            let found =
                if path == ".." { name_of(Path::new("/"), free) } else { name_of(Path::new(path), free) };
            assert_eq!(found, name, "{path}");
        }
        assert_eq!(name_of(Path::new("runs/a"), |name| name != "a-3"), "a-3");
        assert!(name_of(Path::new(&"x".repeat(500)), free).len() <= LONGEST);
    }
}
