//! `data`: datasets' files.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use crate::domain::error::suggestion;
use crate::engine::fetch::{Form, HOMES, Home, home};

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
        datasets: Vec<&'static Home>,
        /// Archive format of CIFAR [default: binary]; other datasets have only one
        #[arg(long, value_name = "FORM", value_parser = form())]
        form: Option<Form>,
        /// Download URL/FILENAME instead of from the official source; http is fine, as checksums are
        /// built in
        #[arg(long, value_name = "URL")]
        mirror: Option<String>,
        /// Where.
        #[command(flatten)]
        place: DataPlace,
    },
    /// Compare the archives on disk with their known checksums, and say which datasets lack images;
    /// exit code 1 if one differs, lacks images, or was named and is missing
    Verify {
        /// Names [default: all]
        #[arg(value_name = "DATASET", value_parser = dataset)]
        datasets: Vec<&'static Home>,
        /// Where.
        #[command(flatten)]
        place: DataPlace,
    },
    /// Print the directories that are searched, or where a dataset is
    Path {
        /// Its name
        #[arg(value_name = "DATASET", value_parser = dataset)]
        dataset: Option<&'static Home>,
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

fn dataset(name: &str) -> Result<&'static Home, String> {
    let names: Vec<_> = HOMES.iter().map(|home| home.dataset).collect();
    home(name).ok_or_else(|| format!("unknown dataset{}", suggestion(name, &names)))
}

fn form() -> impl TypedValueParser<Value = Form> {
    PossibleValuesParser::new(Form::ALL.map(|(name, _)| name)).map(|asked| {
        let named = Form::ALL.into_iter().find(|(name, _)| *name == asked);
        named.map_or(Form::Binary, |(_, form)| form)
    })
}
