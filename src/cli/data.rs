//! `data`: datasets' files.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::domain::dataset::ImageFolder;
use crate::domain::error::suggestion;
use crate::engine::fetch::{CifarFormat, DATASET_SOURCES, DatasetSource, dataset_source};

/// What to do with datasets' files.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// List every dataset: its images, whether and where it is on disk, its source and licence
    List {
        /// Where.
        #[command(flatten)]
        place: DataPlace,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Download datasets into the first data directory. Interrupted downloads are resumed, and only
    /// files with the right checksums are kept. Respects HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and
    /// NO_PROXY
    Fetch {
        /// Names, such as cifar10
        #[arg(required = true, value_name = "DATASET", value_parser = dataset)]
        datasets: Vec<&'static DatasetSource>,
        /// Archive format of CIFAR [default: binary]; other datasets have only one
        #[arg(long, value_name = "FORM", value_parser = form())]
        form: Option<CifarFormat>,
        /// Download URL/FILENAME instead of from the official source; http is fine, as checksums are
        /// built in
        #[arg(long, value_name = "URL")]
        mirror: Option<String>,
        /// Where.
        #[command(flatten)]
        place: DataPlace,
    },
    /// Read datasets to the last image as training does, compare archives with their known
    /// checksums, and say what is wrong; exit code 1 if one cannot be read, differs, lacks images, or
    /// was named and is missing
    Verify {
        /// Names, or folder=NAME for images of your own [default: all that are found]
        #[arg(value_name = "DATASET", value_parser = any_dataset)]
        datasets: Vec<NamedDataset>,
        /// Where.
        #[command(flatten)]
        place: DataPlace,
    },
    /// Print the directories that are searched, or where a dataset is; exit code 1 if it is missing or
    /// cannot be read
    Path {
        /// Its name, or folder=NAME for images of your own
        #[arg(value_name = "DATASET", value_parser = any_dataset)]
        dataset: Option<NamedDataset>,
        /// Where.
        #[command(flatten)]
        place: DataPlace,
    },
}

/// Where datasets' files are.
#[derive(Debug, Clone, Args)]
pub struct DataPlace {
    /// Directory with the datasets [default: $HIRESNET_DATA, the user's data directory]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// A dataset by name.
#[derive(Debug, Clone)]
pub enum NamedDataset {
    /// One that has a home.
    Known(&'static DatasetSource),
    /// A folder of the user's own images.
    Folder(String),
}

fn any_dataset(name: &str) -> Result<NamedDataset, String> {
    match name.strip_prefix("folder=") {
        Some(folder) => ImageFolder::parse_name(folder).map(NamedDataset::Folder).map_err(|e| e.reason),
        None => dataset(name)
            .map(NamedDataset::Known)
            .map_err(|unknown| format!("{unknown}; images of your own are folder=NAME")),
    }
}

fn dataset(name: &str) -> Result<&'static DatasetSource, String> {
    let names: Vec<_> = DATASET_SOURCES.iter().map(|source| source.dataset).collect();
    dataset_source(name).ok_or_else(|| format!("unknown dataset{}", suggestion(name, &names)))
}

fn form() -> impl TypedValueParser<Value = CifarFormat> {
    PossibleValuesParser::new(CifarFormat::ALL.map(|(name, _)| name)).map(|asked| {
        let named = CifarFormat::ALL.into_iter().find(|(name, _)| *name == asked);
        named.map_or(CifarFormat::Binary, |(_, form)| form)
    })
}
