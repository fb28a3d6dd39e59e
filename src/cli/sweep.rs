//! `sweep`: the runs of a sweep, and a cluster that trains them.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::values::{at_least_one, memory, plain, time_limit};
use crate::engine::device::{DeviceChoice, device_help};

/// What to do with a sweep.
#[derive(Debug, Subcommand)]
pub enum SweepCommand {
    /// List its runs with the numbers that --only takes, and their status
    List {
        /// Which runs.
        #[command(flatten)]
        runs: SweepRuns,
        /// Directory with the runs: show each one's status
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write a Slurm script: a job array that trains the runs into one shared directory and resumes them
    /// after a time limit or preemption
    Slurm(SlurmArgs),
}

/// Which runs a sweep has.
#[derive(Debug, Args)]
pub struct SweepRuns {
    /// Sweeps, presets, files or one-line specs, optionally followed by KEY=VALUE arguments
    #[arg(required = true, num_args = 1.., value_name = "SPEC")]
    pub specs: Vec<String>,
    /// Set a key of every run; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Use these seeds for every run: 0..4 (both ends included) or 0,2,7
    #[arg(long)]
    pub seeds: Option<String>,
}

/// `sweep slurm`.
#[derive(Debug, Args)]
pub struct SlurmArgs {
    /// Which runs.
    #[command(flatten)]
    pub runs: SweepRuns,
    /// Directory for the runs, on a file system that all nodes share
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
    /// Output file, replaced if it exists [default: sweep.sbatch in --out]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Directory with the datasets, as seen by the nodes [default: as for --batch]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Directory for TensorBoard event files, written while the runs train, as seen by the nodes
    #[arg(long, value_name = "DIR")]
    pub tensorboard: Option<PathBuf>,
    /// Where to compute.
    #[arg(long, default_value = "auto", help = device_help())]
    pub device: DeviceChoice,
    /// CPU threads, and CPUs, per task
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: u16,
    /// Time limit per task, such as 4:00:00 or 1-12, at least 5 minutes; a task that needs more requeues
    /// itself and resumes [default: the partition's]
    #[arg(long, value_name = "HH:MM:SS", value_parser = time_limit)]
    pub time: Option<String>,
    /// Partition [default: the cluster's]
    #[arg(long, value_name = "NAME", value_parser = plain)]
    pub partition: Option<String>,
    /// GPUs per task; a run uses one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub gpus: Option<u8>,
    /// Memory per task, such as 4G [default: the cluster's]
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub mem: Option<String>,
    /// Maximum number of tasks at once [default: the cluster's limit]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub tasks_at_once: Option<NonZeroU32>,
    /// Runs per task, one after the other; raised if the array would be too long
    #[arg(long, value_name = "K", default_value = "1", value_parser = at_least_one)]
    pub runs_per_task: NonZeroU32,
    /// Steps between checkpoints, in addition to those after each epoch and when a run is stopped
    #[arg(long, value_name = "STEPS", default_value_t = 0)]
    pub checkpoint_every: u32,
}
