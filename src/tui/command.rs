//! What a key, a click or a menu can ask for, by where it has its meaning.

use std::fmt;

use super::panels::PanelId;
use crate::domain::hops::HopGroup;

/// Where a key has its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyScope {
    /// Everywhere but where text is typed or a question is asked.
    Everywhere,
    /// While this panel has the focus.
    In(PanelId),
    /// While a recording is played.
    Replay,
    /// While text is typed.
    Edit,
    /// While a question is asked.
    Question,
    /// While the help is open.
    Help,
    /// While the command palette is open.
    Palette,
}

impl fmt::Display for KeyScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Everywhere => "Everywhere",
            Self::In(panel) => panel.facts().title,
            Self::Replay => "In a replay",
            Self::Edit => "While typing",
            Self::Question => "In a question",
            Self::Help => "In the help",
            Self::Palette => "In the command palette",
        })
    }
}

/// A key and what it asks for.
#[derive(Debug)]
pub struct Binding {
    /// Where it holds.
    pub scope: KeyScope,
    /// In the config file.
    pub name: &'static str,
    /// Keys, unless the config file says others.
    pub keys: &'static [&'static str],
    /// What they ask for.
    pub command: AppCommand,
    /// The help's words.
    pub about: &'static str,
    /// The footer's word, for the few that belong there.
    pub hint: Option<&'static str>,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppCommand {
    /// What has its meaning everywhere.
    Global(GlobalCommand),
    /// The key at this place of a panel's list.
    Panel(PanelId, usize),
    /// Of the recording.
    Replay(PlaybackCommand),
    /// Of the text being typed.
    Edit(EditCommand),
    /// Of the question being asked.
    Answer(QuestionAnswer),
    /// Of the help.
    Help(HelpCommand),
    /// Of the command palette.
    Palette(PaletteCommand),
}

/// What has its meaning everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlobalCommand {
    /// Train the draft, after what waits already.
    Train,
    /// Pause the run in progress, or resume it.
    Pause,
    /// Stop it after its current step.
    Stop,
    /// Queue the current run's same-seed twin with the draft's hops.
    Twin,
    /// What the current run loses without each of its terms.
    Lesions,
    /// The same, and without each two of them.
    LesionPairs,
    /// Press the switch of a group of hops.
    Press(HopGroup),
    /// Copy the draft's line.
    CopySpec,
    /// Have runs write `TensorBoard` event files, or write no more.
    WriteBoards,
    /// Focus the next panel.
    NextPanel,
    /// Focus the one before.
    PreviousPanel,
    /// Focus this one.
    Focus(PanelId),
    /// Give the focused panel the whole screen, or take it back.
    Zoom,
    /// Move a border of the focused panel's pane.
    Resize(Resize),
    /// Give every pane the size that is reckoned.
    ResetLayout,
    /// Close what is open: zoom, then what the focused panel has open.
    Back,
    /// Save the screen as a picture.
    Screenshot,
    /// Look for runs and datasets on disk again.
    Rescan,
    /// Paint everything anew.
    Redraw,
    /// Stop the process as a shell's job.
    Suspend,
    /// Open the help.
    Help,
    /// Open the command palette.
    Palette,
    /// Let runs go on in the background, and leave the program.
    Detach,
    /// Leave the program.
    Quit,
}

/// How a pane can be made larger or smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resize {
    /// By two columns.
    Wider,
    /// By two columns.
    Narrower,
    /// By a row.
    Taller,
    /// By a row.
    Shorter,
}

/// What can be done with a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaybackCommand {
    /// Play it, or stop where it is.
    PlayOrPause,
    /// To the end of the next epoch.
    StepOn,
    /// To the end of the epoch before.
    StepBack,
    /// Play twice as fast.
    Faster,
    /// Play half as fast.
    Slower,
    /// Ask for a time, an epoch or a percentage, and go there.
    GoTo,
    /// Begin again at its end, or not.
    Loop,
}

/// What ends the typing of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditCommand {
    /// Apply what was typed.
    Accept,
    /// Leave things as they were.
    Cancel,
    /// Complete the word before the cursor, where that can be.
    Complete,
}

/// Answers to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionAnswer {
    /// Do it.
    Yes,
    /// Resume the run that is there instead.
    Resume,
    /// Do it with a seed that no run has.
    FreeSeed,
    /// Let it go on in the background.
    Detach,
    /// Do not.
    No,
    /// Leave the program at once.
    Abandon,
}

/// What can be done with the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HelpCommand {
    /// Close it.
    Close,
    /// A line up.
    Up,
    /// A line down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To its beginning.
    First,
    /// Look for words in it.
    Search,
}

/// What can be done in the command palette, besides typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaletteCommand {
    /// The command above.
    Up,
    /// The command below.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
}

impl From<GlobalCommand> for AppCommand {
    fn from(command: GlobalCommand) -> Self {
        Self::Global(command)
    }
}
