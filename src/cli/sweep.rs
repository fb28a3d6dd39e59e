//! `sweep`: the runs of a sweep, and a cluster that trains them.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values::{at_least_one, memory, plain, time_limit};
use crate::engine::device::{DeviceChoice, device_help};

/// What to do with a sweep.
#[derive(Debug, Subcommand)]
pub enum SweepCommand {
    /// List its runs with their numbers, as --only takes them, and how far each is
    List {
        /// Which runs.
        #[command(flatten)]
        runs: SweepRuns,
        /// The folder with the runs: say how far each is
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a script for Slurm's sbatch: an array of tasks that train the runs into one shared folder, and
    /// go on with them after a time limit or a preemption
    Slurm(SlurmArgs),
}

/// Which runs a sweep has.
#[derive(Debug, Args)]
pub struct SweepRuns {
    /// Sweeps, presets, files or one-line specs; keys may follow as words of their own
    #[arg(required = true, num_args = 1.., value_name = "SPEC")]
    pub specs: Vec<String>,
    /// Set a key of every run; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Every run with each of these seeds: 0..4 (both ends included) or 0,2,7
    #[arg(long)]
    pub seeds: Option<String>,
}

/// `sweep slurm`.
#[derive(Debug, Args)]
pub struct SlurmArgs {
    /// Which runs.
    #[command(flatten)]
    pub runs: SweepRuns,
    /// Folder that keeps the runs, on a disk that all nodes share
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// The script, which is replaced [default: sweep.sbatch in --out]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Folder with the datasets' files, as nodes see it [default: as for --batch]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, default_value = "auto", help = device_help())]
    pub device: DeviceChoice,
    /// CPU threads, and CPUs, of a task
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
    /// Time limit of a task, such as 4:00:00 or 1-12, at least 5 minutes; a run that needs more goes on in the
    /// same task, queued again [default: the partition's]
    #[arg(long, value_name = "HH:MM:SS", value_parser = time_limit)]
    pub time: Option<String>,
    /// Partition [default: the cluster's]
    #[arg(long, value_name = "NAME", value_parser = plain)]
    pub partition: Option<String>,
    /// GPUs of a task; a run uses one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub gpus: Option<u8>,
    /// Memory of a task, such as 4G [default: the cluster's]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub mem: Option<String>,
    /// Most tasks at the same time [default: as many as the cluster lets]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub tasks_at_once: Option<NonZeroU32>,
    /// Runs of a task, one after the other; more than asked for where an array would be too long
    #[arg(long, value_name = "K", default_value = "1", value_parser = at_least_one)]
    pub runs_per_task: NonZeroU32,
    /// Steps between checkpoints, besides those at the end of each epoch and where a run is stopped
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    pub checkpoint_every: u32,
}
