//! What a key, a click or a menu can ask for.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::hops::HopGroup;

/// A part of the screen that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Panel {
    /// The network and its hops.
    Wiring,
    /// The fields of the draft.
    Setup,
    /// Loss and accuracy.
    Curves,
    /// Fig. 2's bars.
    Activations,
    /// What one image looks like inside the network.
    Features,
    /// Images of the draft's dataset.
    Data,
    /// The paper's tables, from the runs there are.
    Table,
    /// Runs, queue, baseline.
    Runs,
    /// Device, progress and log.
    Status,
}

impl Panel {
    /// All, in the order in which Tab visits them.
    pub const ALL: [Self; 9] = [
        Self::Wiring,
        Self::Setup,
        Self::Curves,
        Self::Activations,
        Self::Features,
        Self::Data,
        Self::Table,
        Self::Runs,
        Self::Status,
    ];

    /// Its title; its first letter, with Shift, moves the focus there (Status has the Log's).
    pub const fn title(self) -> &'static str {
        match self {
            Self::Wiring => "Wiring",
            Self::Setup => "Setup",
            Self::Curves => "Curves",
            Self::Activations => "Activations",
            Self::Features => "Features",
            Self::Data => "Data",
            Self::Table => "Table",
            Self::Runs => "Runs",
            Self::Status => "Log",
        }
    }

    /// Its title where there is little room.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Activations => "Activ.",
            Self::Features => "Feat.",
            other => other.title(),
        }
    }

    /// Its name in the config file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wiring => "wiring",
            Self::Setup => "setup",
            Self::Curves => "curves",
            Self::Activations => "activations",
            Self::Features => "features",
            Self::Data => "data",
            Self::Table => "table",
            Self::Runs => "runs",
            Self::Status => "status",
        }
    }

    /// The panel called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|panel| panel.name() == name)
    }
}

/// Where a key has its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// Everywhere but where text is typed or a question is asked.
    Anywhere,
    /// While this panel has the focus.
    In(Panel),
    /// While a recording is played.
    Replaying,
    /// While text is typed.
    Editing,
    /// While a question is asked.
    Asking,
    /// While the help is open.
    Helping,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Anywhere => "Everywhere",
            Self::In(panel) => panel.title(),
            Self::Replaying => "In a replay",
            Self::Editing => "While typing",
            Self::Asking => "While asked",
            Self::Helping => "In the help",
        })
    }
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Train the draft, after what waits already.
    Train,
    /// Pause the run that trains, or let it go on.
    Pause,
    /// End it after its current step.
    Stop,
    /// Queue the current run's same-seed twin with the draft's hops.
    Twin,
    /// What the current run loses without each of its terms.
    Lesions,
    /// The same, and without each two of them.
    LesionPairs,
    /// Leave the program.
    Quit,
    /// Open or close the help.
    Help,
    /// Close what is open: help, filter, cursor, zoom.
    Back,
    /// Focus the next panel.
    NextPanel,
    /// Focus the one before.
    PreviousPanel,
    /// Focus this one.
    Focus(Panel),
    /// Give the focused panel the whole screen, or take it back.
    Zoom,
    /// Copy the draft's line.
    CopySpec,
    /// Stop the process as a shell's job.
    Suspend,
    /// Paint everything anew.
    Redraw,
    /// Keep the screen as a picture.
    Picture,
    /// Look for runs on disk again.
    Rescan,
    /// Press the switch of a group of hops.
    Press(HopGroup),
    /// Press the hop under the cursor.
    PressCursor,
    /// Up, in hops, rows or lines.
    Up,
    /// Down.
    Down,
    /// Left: a hop, a choice, a step, an epoch.
    Left,
    /// Right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first row, epoch or line, or the whole of the curves.
    First,
    /// To the last, which follows what is live.
    Last,
    /// Edit the field, or accept what was typed.
    Enter,
    /// Give the field the recipe's value.
    Default,
    /// Ask for a name, and keep the draft as a preset.
    SavePreset,
    /// Loss, top-1 or both.
    CycleMetric,
    /// Train, validation or both.
    CycleLines,
    /// Linear or logarithmic y.
    LogY,
    /// x by step, epoch or time.
    CycleX,
    /// Smooth the train curves more.
    Smoother,
    /// Smooth them less.
    Rougher,
    /// A shorter stretch of x.
    ZoomIn,
    /// A longer one.
    ZoomOut,
    /// Read all runs at one x.
    Inspect,
    /// Mean and deviation over seeds.
    Bands,
    /// Leave outliers out of the scale.
    Outliers,
    /// How activations are spread, or their means.
    Spread,
    /// One scale for all maps of a block, or one for each map.
    CycleScale,
    /// Images of the next split.
    CycleSplit,
    /// Images as their files have them, or as the network sees them.
    Alter,
    /// Fetch the draft's dataset.
    FetchData,
    /// A table of runs with another recipe.
    NextRecipe,
    /// Draw the run, or do not.
    Show,
    /// Draw no run but the current one.
    ShowNone,
    /// Make the run the baseline, or no run.
    Pin,
    /// Delete the run, or take it from the queue.
    Delete,
    /// Show only runs whose line has some words.
    Filter,
    /// Sort by the next column.
    Sort,
    /// Sort the other way.
    Reverse,
    /// Go on with the run.
    Resume,
    /// Make the run's spec the draft.
    Use,
    /// Move a queued run to the front.
    Earlier,
    /// Move it back.
    Later,
    /// Play the recording, or stop where it is.
    Play,
    /// To the end of the recording's next epoch.
    StepOn,
    /// To the end of the epoch before.
    StepBack,
    /// Play twice as fast.
    Faster,
    /// Play half as fast.
    Slower,
    /// Ask for a time, an epoch or a percentage, and go there.
    GoTo,
    /// Begin again at the recording's end, or not.
    Loop,
    /// Yes.
    Yes,
    /// No.
    No,
}
