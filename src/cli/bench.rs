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
    /// Time each CPU operation, forward and backward, next to burn's own
    Ops(OpsBench),
    /// Time how fast batches are prepared, without and with augmentation
    Data(DataBench),
    /// Measure what the workbench costs: how fast it responds to keys while a run trains, and how much
    /// it slows the run down
    Ui(UiBench),
    /// Measure how long it takes to seek a recording to 0%, 37% and 100% and draw it
    Replay(ReplayBench),
    /// Compare a device's logits with the CPU's; exit code 1 if they are too far apart
    Parity(ParityBench),
}

/// `bench train`.
#[derive(Debug, Args)]
pub struct TrainBench {
    /// Presets, files or one-line specs, optionally followed by KEY=VALUE arguments
    #[arg(default_value = "resnet+hires@fashion-embedded")]
    pub spec: Vec<String>,
    /// Time evaluation forward passes instead
    #[arg(long)]
    pub eval: bool,
    /// Vary batch size, width, depth and number of blocks around the spec
    #[arg(long, conflicts_with = "eval")]
    pub scaling: bool,
    /// Timed steps; the median is reported
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: u32,
    /// Untimed steps before them
    #[arg(long, default_value_t = 3)]
    pub warmup: u32,
    /// Where to compute.
    #[arg(long, default_value = "auto", help = device_help())]
    pub device: DeviceChoice,
    /// CPU threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print one JSON object per line
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
    /// Skip burn's own operations, which take most of the time
    #[arg(long)]
    pub ours: bool,
    /// CPU threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `bench data`.
#[derive(Debug, Args)]
pub struct DataBench {
    /// Use synthetic images in the shape of this spec's dataset; with --real, the dataset itself
    #[arg(default_value = "resnet@cifar10")]
    pub spec: Vec<String>,
    /// Read the real dataset, and report how long that took
    #[arg(long)]
    pub real: bool,
    /// Passes over the training images, each without and with augmentation; the median is reported
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Directory with the datasets [default: $HIRESNET_DATA, the user's data directory, Debian's]
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
    /// Steps per run
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(2..=10_000))]
    pub steps: u32,
    /// Number of unwatched runs, and of runs in the workbench, in turn
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// Columns and rows of the screen
    #[arg(long, value_name = "WxH", default_value = "120x40", value_parser = size)]
    pub size: (u16, u16),
    /// Where to compute.
    #[arg(long, default_value = "auto", help = device_help())]
    pub device: DeviceChoice,
    /// CPU threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `bench replay`.
#[derive(Debug, Args)]
pub struct ReplayBench {
    /// A recording [default: two synthetic runs of 120 epochs]
    pub recording: Option<String>,
    /// Seeks to each position
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
    /// A preset, a file or a one-line spec, optionally followed by KEY=VALUE arguments
    #[arg(default_value = "resnet+hires@fashion-embedded")]
    pub spec: Vec<String>,
    /// Where to compute.
    #[arg(long, default_value = "auto", help = device_help())]
    pub device: DeviceChoice,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}
