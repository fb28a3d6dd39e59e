//! The command line.

mod bench;
mod data;
mod export;
mod report;
mod sweep;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::domain::keys::KEYS;
use crate::engine::device::{DeviceChoice, device_help};
use crate::engine::presets::SHIPPED;

pub use bench::{BenchCommand, DataBench, OpsBench, ParityBench, ReplayBench, TrainBench, UiBench};
pub use data::{DataCommand, DataPlace};
pub use export::{ExportArgs, ExportFormat};
pub use report::{ReportArgs, ReportFormat, ReportKind};
pub use sweep::{SlurmArgs, SweepCommand, SweepRuns};
use values::{percent, seconds, size, speed};

/// Arguments of the program.
#[derive(Debug, Parser)]
#[command(version, about, after_long_help = after_help(), max_term_width = 100, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<CliCommand>,
    /// Training without a screen.
    #[command(flatten)]
    pub batch: BatchArgs,
    /// Folder that keeps the runs, one folder each
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Show a recording instead of training: a file made by `record`, or one that comes with the
    /// program, such as demo; with --batch, print its table of results
    #[arg(long, value_name = "FILE")]
    pub replay: Option<String>,
    /// With --replay: times as fast as it was recorded, 0.25 to 1000
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, requires = "replay", value_parser = speed)]
    pub speed: f64,
    /// With --replay: as fast as makes it last so many seconds
    #[arg(long, value_name = "SECONDS", requires = "replay", conflicts_with = "speed", value_parser = seconds)]
    pub fit: Option<f64>,
    /// With --replay: begin again at the end
    #[arg(long = "loop", requires = "replay")]
    pub looping: bool,
    /// Print the settings of the interactive screen as a config file, and where it belongs
    #[arg(long, conflicts_with = "batch")]
    pub print_config: bool,
    /// Where and on what.
    #[command(flatten)]
    pub machine: MachineArgs,
}

/// `--batch` and what goes with it.
#[derive(Debug, Args)]
pub struct BatchArgs {
    /// Train each SPEC in turn, then print a table of results. A SPEC is the name of a preset or a
    /// sweep, a TOML file, or one line such as resnet+hires@fashion-embedded epochs=3
    #[arg(long, num_args = 0.., value_name = "SPEC")]
    pub batch: Option<Vec<String>>,
    /// Train every SPEC with each of these seeds: 0..4 (five seeds, both ends included) or 0,2,7
    #[arg(long, requires = "batch")]
    pub seeds: Option<String>,
    /// Set a key of every SPEC; may be repeated (keys: see --help)
    #[arg(long, value_name = "KEY=VALUE", requires = "batch")]
    pub set: Vec<String>,
    /// Train up to N runs at the same time, with the same results. Meant for a GPU that one run
    /// does not fill; on the CPU the runs share the cores and little is gained
    #[arg(long, value_name = "N", default_value_t = 1, requires = "batch", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub parallel: u8,
    /// Go on with runs of --out that did not end, from their last checkpoint, and do not repeat
    /// finished ones; a sweep always does
    #[arg(long, requires = "batch")]
    pub resume: bool,
    /// Steps between checkpoints, besides those at the end of each epoch and where a run is stopped
    #[arg(long, value_name = "STEPS", default_value_t = 0, requires = "batch")]
    pub checkpoint_every: u32,
    /// Only the runs of these numbers, from 1 in the order of the sweep, such as 3 or 1..8
    #[arg(long, value_name = "NUMBERS", requires = "batch")]
    pub only: Option<String>,
    /// Print every event as a line of JSON on stdout; all else goes to stderr
    #[arg(long, requires = "batch")]
    pub json: bool,
    /// Also report the first epoch whose validation top-1 is at least this many percent
    #[arg(long, value_name = "PERCENT", requires = "batch", value_parser = percent)]
    pub target: Option<f64>,
}

/// Where and on what a command computes: not part of a spec.
#[derive(Debug, Clone, Args)]
pub struct MachineArgs {
    /// Where to compute.
    #[arg(long, default_value = "auto", help = device_help())]
    pub device: DeviceChoice,
    /// Data and threads.
    #[command(flatten)]
    pub data: DataArgs,
}

/// What a command needs that always computes on the CPU.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// Folder with the datasets' files [default: $HIRESNET_DATA, the user's data folder, Debian's]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// CPU threads to compute with [default: all cores]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Everything but training.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Count parameters: the paper's networks beside the paper's figures, or given specs
    Params {
        /// Presets, files or one-line specs; the paper's networks when there are none
        specs: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the runs that a folder keeps
    Runs {
        /// The folder given to --out
        #[arg(default_value = "runs")]
        dir: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List what there is to compute on, what each device can do, and what it lacks
    Devices {
        /// Train three steps on each GPU and compare the losses with the CPU's; exit code 1 when one
        /// does not work or disagrees
        #[arg(long)]
        check: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Score the test set again with the weights that a run kept
    Eval {
        /// The run's folder
        run: PathBuf,
        /// Where and on what.
        #[command(flatten)]
        machine: MachineArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the first steps of a run, for PyTorch to repeat (see tests/parity); always on the CPU
    Parity {
        /// Folder to write to
        dir: PathBuf,
        /// A preset, a file or a one-line spec; its keys may follow as words of their own
        #[arg(required = true, num_args = 1..)]
        spec: Vec<String>,
        /// Data and threads.
        #[command(flatten)]
        data: DataArgs,
    },
    /// Score the validation split without each hop, and without each block's F, of a trained run:
    /// what it loses without training it again
    Lesion {
        /// The run's folder
        run: PathBuf,
        /// Also without every two of them
        #[arg(long)]
        pairs: bool,
        /// Only without these together, such as 0-2,F3
        #[arg(long, value_name = "TERMS", conflicts_with = "pairs")]
        without: Option<String>,
        /// Where and on what.
        #[command(flatten)]
        machine: MachineArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make the paper's tables and figures from the runs in a folder, beside the paper's values, and
    /// say what differences are worth
    Report(ReportArgs),
    /// Pack runs into one file that --replay shows anywhere
    Record {
        /// The runs' folders; among several, what is no run is passed over
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// The file; a recording is replaced
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Replace a file that is no recording, too
        #[arg(long)]
        force: bool,
    },
    /// Write runs in the formats of others: TensorBoard, CSV, Parquet, PyTorch
    Export(ExportArgs),
    /// Presets: those that come with the program, and the user's own
    Presets {
        /// What.
        #[command(subcommand)]
        what: PresetsCommand,
    },
    /// Sweeps: their runs, and a script that trains them on a cluster
    Sweep {
        /// What.
        #[command(subcommand)]
        what: SweepCommand,
    },
    /// Datasets' files: list, fetch, verify, find
    Data {
        /// What.
        #[command(subcommand)]
        what: DataCommand,
    },
    /// Print every key of the interactive screen as a Markdown page
    Keys,
    /// Paint the interactive screen into a file, .svg or .txt, with the runs in --out
    Picture(PictureArgs),
    /// Measure speed, and agreement between devices
    Bench {
        /// What.
        #[command(subcommand)]
        what: BenchCommand,
    },
}

/// What to do with presets.
#[derive(Debug, Subcommand)]
pub enum PresetsCommand {
    /// List them, with their runs and parameters
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print one, as a file that could be changed and kept
    Show {
        /// Its name
        name: String,
    },
}

/// A frame of the interactive screen, and what is pressed before it.
#[derive(Debug, Args)]
pub struct PictureArgs {
    /// The file
    pub file: PathBuf,
    /// Columns and rows
    #[arg(long, value_name = "WxH", default_value = "120x40", value_parser = size)]
    pub size: (u16, u16),
    /// Keys pressed one after the other, by name, such as 'C m ] enter'; text:WORDS types
    #[arg(long, default_value = "")]
    pub keys: String,
    /// Folder that keeps the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// On a light ground
    #[arg(long)]
    pub light: bool,
    /// Where images of the panels Data and Features come from.
    #[command(flatten)]
    pub place: DataPlace,
}

impl Cli {
    /// Whether it may compute on a GPU: only then is one looked for.
    pub const fn may_use_a_gpu(&self) -> bool {
        match &self.command {
            None => !self.print_config,
            Some(CliCommand::Bench { what }) => {
                matches!(what, BenchCommand::Train(_) | BenchCommand::Ui(_) | BenchCommand::Parity(_))
            }
            Some(command) => matches!(
                command,
                CliCommand::Devices { .. }
                    | CliCommand::Eval { .. }
                    | CliCommand::Lesion { .. }
                    | CliCommand::Picture(_)
            ),
        }
    }

    /// CPU threads that were asked for.
    pub fn threads(&self) -> Option<u16> {
        match &self.command {
            None => self.machine.data.threads,
            Some(CliCommand::Eval { machine, .. } | CliCommand::Lesion { machine, .. }) => {
                machine.data.threads
            }
            Some(CliCommand::Parity { data, .. }) => data.threads,
            Some(CliCommand::Bench { what }) => match what {
                BenchCommand::Train(args) => args.threads,
                BenchCommand::Ops(args) => args.threads,
                BenchCommand::Ui(args) => args.threads,
                BenchCommand::Data(_) | BenchCommand::Parity(_) | BenchCommand::Replay(_) => None,
            },
            Some(_) => None,
        }
    }
}

fn after_help() -> String {
    let few: Vec<_> =
        SHIPPED.iter().map(|(name, _)| *name).filter(|name| !name.starts_with("table")).collect();
    let mut text = format!(
        "Presets: {}, and every row of the paper's Tables 1 and 2: see `presets list`\n\nKeys of a spec (for --set, one-line specs and TOML), with the paper's recipe as defaults:\n",
        few.join(", ")
    );
    for key in KEYS {
        text += &format!("  {:15} {}\n", key.name, key.about);
    }
    text += "\nExit codes: 0 done, 1 a run diverged (now or before), failed, was not reproduced, or has a damaged \
             folder, devices disagree, data differ, are short of images, are not here though they were named, or \
             could not be fetched, or stdout took no more, 2 bad input, \
             130 interrupted (143 by SIGTERM, 129 by SIGHUP, 131 by SIGQUIT).\n\
             HIRESNET_LOG=info (or debug) logs to stderr; HIRESNET_ISA=avx2 or portable makes the CPU do without \
             its best instructions.";
    text
}
