//! `export` on the command line.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::DataPlace;

/// What to write, and where.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Run directories; when there are several, anything else among them is skipped
    #[arg(required = true, value_name = "RUN")]
    pub runs: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// Output directory; created if missing
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Replace existing files. An event file of the same run is added to, with or without it
    #[arg(long)]
    pub force: bool,
    /// Where the datasets are: the PyTorch format's spec.json has their mean and deviation.
    #[command(flatten)]
    pub place: DataPlace,
}

/// In which format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// An event file for each run: scalars, histograms of activations and saved weights,
    /// hyperparameters; repeated, it adds what is new, which an open TensorBoard shows
    Tensorboard,
    /// metrics.csv, one row per value, and summary.csv, one row per run
    Csv,
    /// The same two tables as Parquet files
    Parquet,
    /// For each run: the weights, the network in PyTorch, the spec, and a script that loads them
    Pytorch,
}
