//! The command line.

mod bench;
mod data;
mod export;
mod facts;
mod manual;
mod note;
mod report;
mod sweep;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::domain::timeline::SeekGoal;
use crate::engine::device::{DeviceChoice, device_help};

pub use bench::{BenchCommand, DataBench, OpsBench, ParityBench, ReplayBench, TrainBench, UiBench};
pub use data::{DataCommand, DataPlace, NamedDataset};
pub use export::{ExportArgs, ExportFormat};
pub use facts::ENVIRONMENT;
use facts::{after_help, version_facts};
pub use manual::{completions, man_pages, markdown};
pub use note::NoteArgs;
pub use report::{ReportArgs, ReportFormat, ReportKind};
pub use sweep::{SlurmArgs, SweepCommand, SweepRuns};
use values::{percent, seconds, size, speed};

/// Arguments of the program.
#[derive(Debug, Parser)]
#[command(
    version,
    long_version = version_facts(),
    about,
    after_long_help = after_help(),
    max_term_width = 100,
    args_conflicts_with_subcommands = true
)]
pub struct Cli {
    /// What to do instead.
    #[command(subcommand)]
    pub command: Option<CliCommand>,
    /// Training without a screen.
    #[command(flatten)]
    pub batch: BatchArgs,
    /// Directory for the runs, one subdirectory each
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Replay a recording instead of training: a file made by `record`, or a built-in one such as
    /// demo; with --batch, print its table of results
    #[arg(long, value_name = "FILE")]
    pub replay: Option<String>,
    /// With --replay: playback speed, 0.25 to 1000 times real time
    #[arg(long, value_name = "TIMES", default_value_t = 1.0, requires = "replay", value_parser = speed)]
    pub speed: f64,
    /// With --replay: pick the speed that makes it last this many seconds
    #[arg(long, value_name = "SECONDS", requires = "replay", conflicts_with = "speed", value_parser = seconds)]
    pub fit: Option<f64>,
    /// With --replay: start over at the end
    #[arg(long = "loop", requires = "replay")]
    pub looping: bool,
    /// Leave the terminal: the workbench starts such a process to let its runs go on
    #[arg(long, hide = true, requires = "batch")]
    pub detached: bool,
    /// Print the workbench's settings as a config file, and where it belongs
    #[arg(long, conflicts_with = "batch")]
    pub print_config: bool,
    /// Where and on what.
    #[command(flatten)]
    pub machine: MachineArgs,
}

/// `--batch` and what goes with it.
#[derive(Debug, Args)]
pub struct BatchArgs {
    /// Train each SPEC in turn, without a screen, then print a table of results. A SPEC is the name of
    /// a preset or sweep, a TOML file, one line such as resnet+hires@fashion-embedded epochs=3, or the
    /// directory of an unfinished run, which is resumed
    #[arg(long, num_args = 0.., value_name = "SPEC")]
    pub batch: Option<Vec<String>>,
    /// Train every SPEC with each of these seeds: 0..4 (five seeds, both ends included) or 0,2,7
    #[arg(long, requires = "batch")]
    pub seeds: Option<String>,
    /// Set a key of every SPEC; repeatable (keys: see --help)
    #[arg(long, value_name = "KEY=VALUE", requires = "batch")]
    pub set: Vec<String>,
    /// Train up to N runs at once, with the same results. Meant for a GPU that one run does not fill;
    /// on the CPU the runs share the cores and gain little
    #[arg(long, value_name = "N", default_value_t = 1, requires = "batch", value_parser = clap::value_parser!(u8).range(1..=64))]
    pub parallel: u8,
    /// Resume unfinished runs in --out from their last checkpoint, and skip finished ones; a sweep
    /// always does
    #[arg(long, requires = "batch")]
    pub resume: bool,
    /// Steps between checkpoints, in addition to those after each epoch and when a run is stopped
    #[arg(long, value_name = "STEPS", default_value_t = 0, requires = "batch")]
    pub checkpoint_every: u32,
    /// Keep the last checkpoint of finished runs, so that --resume with more epochs extends them
    #[arg(long, requires = "batch")]
    pub keep_checkpoint: bool,
    /// Write a TensorBoard event file for each run into this directory while it trains; key B in the
    /// workbench turns it on and off
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    pub tensorboard: Option<PathBuf>,
    /// Train only the runs with these numbers in the sweep, starting at 1, such as 3 or 1..8
    #[arg(long, value_name = "NUMBERS", requires = "batch")]
    pub only: Option<String>,
    /// Print every event as a line of JSON on stdout; everything else goes to stderr
    #[arg(long, requires = "batch")]
    pub json: bool,
    /// Also report the first epoch whose validation top-1 reaches this percentage
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
    /// Directory with the datasets [default: $HIRESNET_DATA, the user's data directory, Debian's]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// CPU threads [default: all cores]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Everything but training.
#[derive(Debug, Subcommand)]
pub enum CliCommand {
    /// Count parameters: of the paper's networks, next to the published counts, or of given specs
    Params {
        /// Presets, files or one-line specs [default: the paper's networks]
        specs: Vec<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the runs in a directory
    Runs {
        /// The directory given to --out
        #[arg(default_value = "runs")]
        dir: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Name runs, tag them and write notes on them; without options, print what is there. Works while
    /// a run is in progress, and an open workbench shows it at once
    Note(NoteArgs),
    /// List the devices, what each can do, and what is missing
    Devices {
        /// Train three steps on each GPU and compare the losses with the CPU's; exit code 1 if one fails
        /// or disagrees
        #[arg(long)]
        check: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Evaluate a run's saved weights on the test set again, and compare with its record
    Eval {
        /// The run's directory
        run: PathBuf,
        /// Where and on what.
        #[command(flatten)]
        machine: MachineArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the first steps of a run for PyTorch to repeat (see tests/parity); always on the CPU
    Parity {
        /// Output directory
        dir: PathBuf,
        /// A preset, a file or a one-line spec, optionally followed by KEY=VALUE arguments
        #[arg(required = true, num_args = 1..)]
        spec: Vec<String>,
        /// Data and threads.
        #[command(flatten)]
        data: DataArgs,
    },
    /// Evaluate a trained run on the validation split with each hop, and each block's F, removed: what it
    /// loses without retraining
    Lesion {
        /// The run's directory
        run: PathBuf,
        /// Also remove each pair of them
        #[arg(long)]
        pairs: bool,
        /// Remove only these, together, such as 0-2,F3
        #[arg(long, value_name = "TERMS", conflicts_with = "pairs")]
        without: Option<String>,
        /// Where and on what.
        #[command(flatten)]
        machine: MachineArgs,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make the paper's tables and figures from a directory of runs, next to the published values, and
    /// test the differences for significance
    Report(ReportArgs),
    /// Pack runs into one file for --replay
    Record {
        /// Run directories; when there are several, anything else among them is skipped
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// Start playback here: a percentage (37%), an epoch of the first run (e12), or a time (1:30)
        /// counted over all runs. Everything before it is already on the screen
        #[arg(long, value_name = "PLACE")]
        from: Option<SeekGoal>,
        /// End the recording here, in the same form; an epoch is one of the last run
        #[arg(long, value_name = "PLACE")]
        to: Option<SeekGoal>,
        /// Output file; an existing recording is replaced
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
        /// Also replace a file that is not a recording
        #[arg(long)]
        force: bool,
    },
    /// Export runs to TensorBoard, CSV, Parquet or PyTorch
    Export(ExportArgs),
    /// List or print presets, built-in and your own
    Presets {
        /// What.
        #[command(subcommand)]
        what: PresetsCommand,
    },
    /// List a sweep's runs, or write a Slurm script that trains them
    Sweep {
        /// What.
        #[command(subcommand)]
        what: SweepCommand,
    },
    /// List, download, verify and locate datasets
    Data {
        /// What.
        #[command(subcommand)]
        what: DataCommand,
    },
    /// Print the workbench's key bindings as Markdown
    Keys,
    /// Render the workbench with the runs in --out to a file, .svg or .txt
    Picture(PictureArgs),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print the man page, or write one for every command
    Man {
        /// Directory for the pages, such as ~/.local/share/man/man1; without one, print the program's
        dir: Option<PathBuf>,
        /// Print the command-line reference as Markdown instead
        #[arg(long, conflicts_with = "dir")]
        markdown: bool,
    },
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
    /// List presets and sweeps, with their runs and parameters
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print one as TOML, to edit and keep
    Show {
        /// Its name
        name: String,
    },
}

/// A frame of the interactive screen, and what is pressed before it.
#[derive(Debug, Args)]
pub struct PictureArgs {
    /// Output file, .svg or .txt
    pub file: PathBuf,
    /// Columns and rows
    #[arg(long, value_name = "WxH", default_value = "120x40", value_parser = size)]
    pub size: (u16, u16),
    /// Keys to press first, by name, such as 'C m ] enter'; text:WORDS types text
    #[arg(long, default_value = "")]
    pub keys: String,
    /// Directory with the runs
    #[arg(long, value_name = "DIR", default_value = "runs")]
    pub out: PathBuf,
    /// Use the light theme
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
