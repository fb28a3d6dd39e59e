//! `bench`: what to measure.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values::size;
use crate::engine::device::{DeviceChoice, device_help};

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Time training steps (forward, cross-entropy, backward, Adam) on a synthetic batch
    Train(TrainBench),
    /// Time each operation of the CPU, forward and backward, beside burn's own
    Ops(OpsBench),
    /// Time how fast batches are made ready, without and with augmentation, apart from training
    Data(DataBench),
    /// Measure what the interactive screen costs: how soon a key is answered while a run trains,
    /// and how much slower the run is
    Ui(UiBench),
    /// Measure how soon a recording is sought to 0%, 37% and 100% and painted
    Replay(ReplayBench),
    /// Compare a device's logits with the CPU's; exit code 1 when they are too far apart
    Parity(ParityBench),
}

/// `bench train`.
#[derive(Debug, Args)]
pub struct TrainBench {
    /// Presets, files or one-line specs, their keys as words of their own
    #[arg(default_value = "resnet+hires@fashion-embedded")]
    pub spec: Vec<String>,
    /// Time forward passes for evaluation instead
    #[arg(long)]
    pub eval: bool,
    /// Vary batch, width, depth and number of blocks around the spec
    #[arg(long, conflicts_with = "eval")]
    pub scaling: bool,
    /// Steps that are timed; the median counts
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: u32,
    /// Steps before them that are not
    #[arg(long, default_value_t = 3)]
    pub warmup: u32,
    /// Where to compute.
    #[arg(long, default_value = "auto", help = device_help())]
    pub device: DeviceChoice,
    /// CPU threads to compute with [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print a JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `bench ops`.
#[derive(Debug, Args)]
pub struct OpsBench {
    /// Images in a batch
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub batch: u32,
    /// Only operations whose name contains this
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// Leave out burn's own operations, which take most of the time
    #[arg(long)]
    pub ours: bool,
    /// CPU threads to compute with [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `bench data`.
#[derive(Debug, Args)]
pub struct DataBench {
    /// Images made up in the shape of this spec's dataset; with --real, the dataset itself
    #[arg(default_value = "resnet@cifar10")]
    pub spec: Vec<String>,
    /// Read the dataset, and say how long that took
    #[arg(long)]
    pub real: bool,
    /// Passes over the training images, each without and with augmentation; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Folder with the datasets' files [default: $HIRESNET_DATA, the user's data folder, Debian's]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `bench ui`.
#[derive(Debug, Args)]
pub struct UiBench {
    /// A preset, a file or a one-line spec
    #[arg(default_value = "resnet+hires@fashion-embedded")]
    pub spec: Vec<String>,
    /// Steps of each run
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub steps: u32,
    /// Runs alone, and as many on the screen, in turn
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Columns and rows of the screen
    #[arg(long, value_name = "WxH", default_value = "120x40", value_parser = size)]
    pub size: (u16, u16),
    /// Where to compute.
    #[arg(long, default_value = "auto", help = device_help())]
    pub device: DeviceChoice,
    /// CPU threads to compute with [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `bench replay`.
#[derive(Debug, Args)]
pub struct ReplayBench {
    /// A recording; without, two runs of 120 epochs are made up
    pub recording: Option<String>,
    /// Times that each place is sought
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rounds: u32,
    /// Columns and rows of the screen
    #[arg(long, value_name = "WxH", default_value = "120x40", value_parser = size)]
    pub size: (u16, u16),
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `bench parity`.
#[derive(Debug, Args)]
pub struct ParityBench {
    /// A preset, a file or a one-line spec; its keys may follow as words of their own
    #[arg(default_value = "resnet+hires@fashion-embedded")]
    pub spec: Vec<String>,
    /// Where to compute.
    #[arg(long, default_value = "auto", help = device_help())]
    pub device: DeviceChoice,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
