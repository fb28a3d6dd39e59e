//! What can happen to the [`App`](super::app::App), and what it wants done.

use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use super::command::AppCommand;
use super::config_file::ConfigChange;
use super::log::Level;
use super::panels::data::Unavailable;
use super::player::{Playback, PlayerOrder, TapeMarks};
use super::remembered::Remembered;
use super::run::{RunId, RunStage};
use crate::domain::annotation::{Annotation, AnnotationEdit};
use crate::domain::data_preview::{DataPreview, PreviewRequest};
use crate::domain::event::{Control, Event};
use crate::domain::features::Features;
use crate::domain::lesion::{Lesioned, LesionedWeights};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::domain::term::Term;
use crate::engine::detach::{Attached, DetachedProcess, DetachedWork};
use crate::engine::device::{DeviceChoice, DeviceFacts};
use crate::engine::fetch::{FetchProgress, Fetched, Offer};
use crate::engine::store::SavedRun;

/// Everything that changes the screen goes through `App::update` as one of these.
#[derive(Debug)]
pub enum Action {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// Text was pasted.
    Paste(String),
    /// A command, from wherever.
    Do(AppCommand),
    /// A signal asked the program to end: stop the run in progress, then leave.
    Leave,
    /// Sent from the background.
    Sent(Message),
}

/// What the background sends.
#[derive(Debug)]
pub enum Message {
    /// A line for the log.
    Log(Level, String),
    /// A message above the footer.
    Notice(Level, String),
    /// A run's folder exists, and it trains.
    Started(RunId, PathBuf),
    /// What happened in a run; it is on disk already.
    Event(RunId, Event),
    /// A run has ended, or could not start; where its folder could not be written, the
    /// queue holds.
    Ended {
        /// Which.
        id: RunId,
        /// What went wrong.
        error: Option<String>,
        /// Whether the next run would meet the same.
        holds: bool,
    },
    /// A run could not begin: its dataset was not found, but could be downloaded; with the error.
    Missing(RunId, Offer, String),
    /// How far the download of a dataset is, and bytes a second; there is one at a time.
    Fetching(FetchProgress, f64),
    /// It has ended.
    FetchEnded(Result<Fetched, String>),
    /// A run was found on disk; only the last of its steps is kept.
    Found(Box<SavedRun>),
    /// The search for runs has ended: the folders that are there.
    Searched(Vec<PathBuf>),
    /// A recorded run that has not begun to be played; runs come in the order of their
    /// numbers, from 0.
    Recorded(RunId, Box<ExperimentSpec>),
    /// What a person said of a recorded run.
    RecordedNotes(RunId, Annotation),
    /// Every recorded run as it was at another moment.
    Scene(Vec<(RunId, RunStage, RunState)>),
    /// Where runs begin and epochs end in the recording.
    TapeMarks(TapeMarks),
    /// Where the recording is.
    Playing(Playback),
    /// Another program has added events to the record of a run, each with the record's length at
    /// its end, bytes; or it has let go of it.
    Appended {
        /// Its folder.
        path: PathBuf,
        /// What happened in it.
        events: Vec<(u64, Event)>,
        /// Whether a program has it open to write it.
        being_written: bool,
    },
    /// A run's folder is there no longer.
    Gone(PathBuf),
    /// A run on disk was read again, with all its steps: so many bytes of its record, 0 where
    /// this program writes it.
    Loaded(RunId, u64, Result<Box<RunState>, String>),
    /// Another process goes on with the work, or does not.
    Detached(Result<DetachedProcess, String>),
    /// The process that trained a run has stopped, or has not.
    Attached(RunId, Result<Box<Attached>, String>),
    /// A run was deleted, or not.
    Deleted(RunId, Result<(), String>),
    /// What a person says of the run in this folder.
    Annotated(PathBuf, Annotation),
    /// What is kept of a run's lesions; intact first.
    LesionsRead(RunId, LesionedWeights, Vec<Lesioned>),
    /// A run was scored without some of its terms; intact first.
    Lesioned(RunId, Lesioned),
    /// No more lesions of this run come: the weights that were scored, or what went wrong.
    LesionsDone(RunId, Result<LesionedWeights, String>),
    /// The devices, and why `auto` selects what it selects.
    Devices(Vec<DeviceFacts>, Option<String>),
    /// The user's own presets.
    Presets(Vec<(String, ExperimentSpec)>),
    /// The feature maps of a run's network for one image, by its index in the validation split.
    Looked(RunId, usize, Result<Arc<Features>, String>),
    /// A look at a dataset, or why there is none.
    DataSeen(PreviewRequest, Result<Arc<DataPreview>, Box<Unavailable>>),
    /// What a later session begins with cannot be kept.
    NotKept(String),
    /// A second has passed: wall-clock time, and memory held, bytes.
    Second {
        /// `21:04:07`.
        clock: String,
        /// Unknown on some systems.
        memory: Option<u64>,
    },
}

/// What the app wants done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Read the data and train, or resume the run in a folder.
    Start(RunId, Box<ExperimentSpec>, Option<PathBuf>, DeviceChoice),
    /// Download a dataset.
    Fetch(Offer),
    /// Cancel that.
    EndFetch,
    /// An order to the run in progress.
    Order(Control),
    /// Have runs write `TensorBoard` event files in a folder while they train, or write no more.
    WriteBoards(Option<PathBuf>),
    /// Read a run again, with all its steps.
    Load(RunId, PathBuf),
    /// Have another process do this work when this one has ended.
    Detach(DetachedWork),
    /// Ask the process that trains the run in a folder to stop.
    Attach(RunId, PathBuf),
    /// Delete these runs' folders, one after the other.
    Delete(Vec<(RunId, PathBuf)>),
    /// Change what a person says of the runs in these folders.
    Annotate {
        /// The folders.
        paths: Vec<PathBuf>,
        /// The change.
        edit: AnnotationEdit,
        /// What it changes, for a message.
        what: &'static str,
    },
    /// Write the runs in these folders in another format.
    Export {
        /// The folders.
        runs: Vec<PathBuf>,
        /// The format.
        format: ExportAs,
        /// The folder to write into; of a recording, the file.
        target: String,
    },
    /// Score a run without some of its terms.
    Lesion {
        /// Which.
        run: RunId,
        /// Its folder.
        path: PathBuf,
        /// What to leave out, one after the other.
        wanted: Vec<Vec<Term>>,
        /// Where.
        device: DeviceChoice,
    },
    /// Score no more of them.
    EndLesions,
    /// Save a spec as one of the user's own presets.
    SavePreset {
        /// What it is called.
        name: String,
        /// The spec.
        spec: Box<ExperimentSpec>,
        /// Whether one of that name is replaced.
        replace: bool,
    },
    /// Look at one image through a run's network.
    Look {
        /// Which run.
        id: RunId,
        /// Its folder.
        path: PathBuf,
        /// What was run.
        spec: Box<ExperimentSpec>,
        /// Index of the image in the validation split.
        image: usize,
    },
    /// Keep what a later session begins with, and what of it was kept before: where they agree,
    /// what another program has kept since stays.
    Remember(Box<Remembered>, Box<Remembered>),
    /// Keep a setting in the config file.
    Configure(ConfigChange),
    /// Look at a dataset.
    LookAtData(PreviewRequest),
    /// Look for runs on disk, and follow what other programs do to them.
    Search,
    /// What to do with the recording that is being played.
    Play(PlayerOrder),
    /// What only the terminal can do.
    Terminal(TerminalEffect),
}

/// What runs are exported as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportAs {
    /// `metrics.csv` and `summary.csv`.
    Csv,
    /// The same tables as Parquet files.
    Parquet,
    /// An event file for each run.
    TensorBoard,
    /// Weights, network and a script for each run.
    PyTorch,
    /// One file that can be replayed.
    Recording,
}

impl ExportAs {
    const ALL: [Self; 5] = [Self::Csv, Self::Parquet, Self::TensorBoard, Self::PyTorch, Self::Recording];

    /// The one after it, the first after the last.
    pub fn next(self) -> Self {
        let place = Self::ALL.iter().position(|format| *format == self).unwrap_or(0);
        Self::ALL[(place + 1) % Self::ALL.len()]
    }

    /// In a word.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Parquet => "Parquet",
            Self::TensorBoard => "TensorBoard",
            Self::PyTorch => "PyTorch",
            Self::Recording => "recording",
        }
    }

    /// What is asked for.
    pub const fn question(self) -> &'static str {
        match self {
            Self::Csv => "Export as CSV to directory",
            Self::Parquet => "Export as Parquet to directory",
            Self::TensorBoard => "Export for TensorBoard to directory",
            Self::PyTorch => "Export for PyTorch to directory",
            Self::Recording => "Export as a recording to file",
        }
    }

    /// Where to, unless somebody says otherwise.
    pub const fn target(self) -> &'static str {
        match self {
            Self::Recording => "runs.hrec",
            _ => "export",
        }
    }
}

/// What only the program's terminal can do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminalEffect {
    /// Copy to the clipboard of the user's terminal.
    Copy(String),
    /// Save the screen as a picture.
    Screenshot,
    /// Paint everything anew.
    Redraw,
    /// Use the mouse, or leave it to the terminal.
    Mouse(bool),
    /// Stop the process as a shell's job.
    Suspend,
    /// End the program.
    Quit,
}
