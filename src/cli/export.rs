//! `export` on the command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::DataPlace;

/// What to write, and where.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The runs' folders; among several, what is no run is passed over
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// What to write
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// The folder to write to; it is made where there is none
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Replace files that are there already
    #[arg(long)]
    pub force: bool,
    /// Where the datasets are: the PyTorch format's spec.json has their mean and deviation.
    #[command(flatten)]
    pub place: DataPlace,
}

/// In which format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// An event file for each run: scalars, histograms of activations and kept weights, hyperparameters
    Tensorboard,
    /// metrics.csv, a row for each value, and summary.csv, a row for each run
    Csv,
    /// The same two tables as Parquet files
    Parquet,
    /// For each run its weights, the network in PyTorch, its spec, and a script that loads them
    Pytorch,
}
