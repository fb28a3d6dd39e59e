//! What can happen to the [`App`](super::app::App), and what it wants done.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use crossterm::event::{KeyEvent, MouseEvent};

use super::command::Command;
use super::data::Unseen;
use super::log::Level;
use super::player::{Order, Playback};
use super::run::{RunId, Stage};
use crate::domain::data_preview::{DataPreview, PreviewRequest};
use crate::domain::event::{Control, Event};
use crate::domain::features::Features;
use crate::domain::lesion::{Lesioned, LesionedWeights};
use crate::domain::run_state::RunState;
use crate::domain::spec::ExperimentSpec;
use crate::domain::term::Term;
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
    Do(Command),
    /// The program was told to end by a signal: stop what trains, then leave.
    Leave,
    /// News from the background.
    Told(Message),
}

/// News from the background.
#[derive(Debug)]
pub enum Message {
    /// A line for the log.
    Log(Level, String),
    /// A line for the footer.
    Said(Level, String),
    /// A run's folder exists, and it trains.
    Started(RunId, PathBuf),
    /// What a run told; it is on disk already.
    Event(RunId, Event),
    /// A run has ended, or could not start; where its folder could not be written, the
    /// queue holds.
    Ended {
        /// Which.
        id: RunId,
        /// What went wrong.
        fault: Option<String>,
        /// Whether the next run would meet the same.
        holds: bool,
    },
    /// A run could not begin: its dataset is not here, but could be fetched; with the error.
    Missing(RunId, Offer, String),
    /// How far the fetch of a dataset is, and bytes a second; there is one at a time.
    Fetching(FetchProgress, f64),
    /// It has ended.
    FetchEnded(Result<Fetched, String>),
    /// A run was found on disk; only the last of its steps is kept.
    Found(Box<SavedRun>),
    /// The search for runs has ended: the folders that are there.
    Searched(Vec<PathBuf>),
    /// A recorded run that has not begun to be played; runs are told in the order of their
    /// numbers, from 0.
    Recorded(RunId, Box<ExperimentSpec>),
    /// Every recorded run as it was at another moment.
    Scene(Vec<(RunId, Stage, RunState)>),
    /// Where the recording is.
    Playing(Playback),
    /// A run on disk was read again, with all its steps.
    Loaded(RunId, Result<Box<RunState>, String>),
    /// A run was deleted, or not.
    Deleted(RunId, Result<(), String>),
    /// A run was scored without some of its terms; intact first.
    Lesioned(RunId, Lesioned),
    /// No more lesions of this run come: the weights that were scored, or what went wrong.
    LesionsDone(RunId, Result<LesionedWeights, String>),
    /// What there is to compute on, and why `auto` takes what it takes.
    Devices(Vec<DeviceFacts>, Option<String>),
    /// The user's own presets.
    Presets(Vec<(String, ExperimentSpec)>),
    /// What one image makes of a run's network, by its index among the validation split.
    Looked(RunId, usize, Result<Arc<Features>, String>),
    /// A look at a dataset, or why there is none.
    DataSeen(PreviewRequest, Result<Arc<DataPreview>, Box<Unseen>>),
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
    /// Read the data and train, or go on with the run in a folder.
    Start(RunId, Box<ExperimentSpec>, Option<PathBuf>, DeviceChoice),
    /// Fetch a dataset.
    Fetch(Offer),
    /// Fetch no more of it.
    EndFetch,
    /// An order to the run that trains.
    Order(Control),
    /// Read a run again, with all its steps.
    Load(RunId, PathBuf),
    /// Delete a run's folder.
    Delete(RunId, PathBuf),
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
    /// Keep a spec as one of the user's own presets.
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
        /// Index of the image among the validation split.
        image: usize,
    },
    /// Look at a dataset.
    LookAtData(PreviewRequest),
    /// Look for runs on disk.
    Search,
    /// Look for runs on disk once more, but not into these folders; says nothing about others.
    SearchAgain(HashSet<PathBuf>),
    /// What to do with the recording that is being played.
    Play(Order),
    /// Copy to the clipboard of the user's terminal.
    Copy(String),
    /// Keep the next frame as a picture.
    Picture,
    /// Paint everything anew.
    Redraw,
    /// Stop the process as a shell's job.
    Suspend,
    /// End the program.
    Quit,
}
