//! `data`: datasets' files.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::domain::error::suggestion;
use crate::engine::fetch::{CifarFormat, DATASET_SOURCES, DatasetSource, dataset_source};

/// What to do with datasets' files.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// List every dataset: its images, whether it is here and where, its home and licence
    List {
        /// Where.
        #[command(flatten)]
        place: DataPlace,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch datasets from their homes into the first data folder; what was broken off is gone on
    /// with, and only files with the right checksums are kept. HTTPS_PROXY, HTTP_PROXY, ALL_PROXY
    /// and NO_PROXY are heeded
    Fetch {
        /// By name, such as cifar10
        #[arg(required = true, value_name = "DATASET", value_parser = dataset)]
        datasets: Vec<&'static DatasetSource>,
        /// CIFAR's form: binary, unless another is asked for; other datasets have one form only
        #[arg(long, value_name = "FORM", value_parser = form())]
        form: Option<CifarFormat>,
        /// Ask for URL/NAME-OF-THE-FILE instead of the files' homes; http will do, for checksums are
        /// known
        #[arg(long, value_name = "URL")]
        mirror: Option<String>,
        /// Where.
        #[command(flatten)]
        place: DataPlace,
    },
    /// Compare the archives that are here with their known checksums, and say which datasets are
    /// short of images; exit code 1 when one differs, is short, or was named and is not here
    Verify {
        /// By name; all when there are none
        #[arg(value_name = "DATASET", value_parser = dataset)]
        datasets: Vec<&'static DatasetSource>,
        /// Where.
        #[command(flatten)]
        place: DataPlace,
    },
    /// Print the folders that are looked in, or where a dataset is
    Path {
        /// By name
        #[arg(value_name = "DATASET", value_parser = dataset)]
        dataset: Option<&'static DatasetSource>,
        /// Where.
        #[command(flatten)]
        place: DataPlace,
    },
}

/// Where datasets' files are.
#[derive(Debug, Clone, Args)]
pub struct DataPlace {
    /// Folder with the datasets' files [default: $HIRESNET_DATA, else the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
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
