//! The one table of keys: it makes the key map, the help, the footer and `KEYS.md`. Panels
//! bring their own rows.

use std::sync::LazyLock;

use super::command::{
    self, AppCommand, Binding, EditCommand, GlobalCommand, HelpCommand, KeyScope, PaletteCommand,
    PlaybackCommand, QuestionAnswer,
};
use super::panels::PanelId;
use crate::domain::hops::HopGroup;

static BINDINGS: LazyLock<Vec<Binding>> = LazyLock::new(|| {
    let everywhere = before_panels().into_iter().chain(PanelId::ALL.iter().map(|id| focus(*id)));
    let panels = PanelId::ALL.iter().flat_map(|id| id.bindings());
    everywhere.chain(after_panels()).chain(panels).chain(others()).collect()
});

/// Every key.
pub fn bindings() -> &'static [Binding] {
    &BINDINGS
}

const fn row(
    scope: KeyScope,
    name: &'static str,
    keys: &'static [&'static str],
    command: AppCommand,
    about: &'static str,
) -> Binding {
    Binding { scope, name, keys, command, about, hint: None }
}

impl Binding {
    const fn hint(mut self, word: &'static str) -> Self {
        self.hint = Some(word);
        self
    }
}

fn focus(id: PanelId) -> Binding {
    let (name, keys, about) = id.facts().focus;
    global(name, keys, GlobalCommand::Focus(id), about)
}

const fn global(
    name: &'static str,
    keys: &'static [&'static str],
    command: GlobalCommand,
    about: &'static str,
) -> Binding {
    row(KeyScope::Everywhere, name, keys, AppCommand::Global(command), about)
}

const fn order(name: &'static str, keys: &'static [&'static str], order: usize) -> Binding {
    let command = GlobalCommand::Press(HopGroup::Order(order));
    global(name, keys, command, "toggle all projections of that order (P1 to P8), whatever else is on")
}

fn before_panels() -> Vec<Binding> {
    use GlobalCommand::*;
    vec![
        global("train", &["t"], Train, "train the draft; it is queued while another run is in progress").hint("train"),
        global("pause", &["space"], Pause, "pause the run in progress, or resume it").hint("pause"),
        global("stop", &["x"], Stop, "stop the run after its current step; it can be resumed").hint("stop"),
        global("twin", &["b"], Twin, "same-seed A/B: queue a twin of the current run with the draft's projections and the same seed, initial weights and data order; the current run becomes the baseline").hint("A/B twin"),
        global("lesions", &["e"], Lesions, "lesions of the current run: score it without each projection, without each block's F, and without what is off in the draft, with no retraining; again to cancel").hint("lesions"),
        global("lesion-pairs", &["E"], LesionPairs, "lesions of the current run, and of every pair of terms; the ten worst pairs are logged"),
        order("p1", &["1"], 1),
        order("p2", &["2"], 2),
        order("p3", &["3"], 3),
        order("p4", &["4"], 4),
        order("p5", &["5"], 5),
        order("p6", &["6"], 6),
        order("p7", &["7"], 7),
        order("p8", &["8"], 8),
        global("copy", &["y"], CopySpec, "copy the draft's spec to the clipboard (OSC 52: also over ssh)"),
        global("tensorboard", &["B"], WriteBoards, "start or stop writing TensorBoard event files while runs train: into --tensorboard DIR, else into each run's directory"),
        global("next-panel", &["tab"], NextPanel, "focus the next panel").hint("next panel"),
        global("previous-panel", &["shift-tab"], PreviousPanel, "focus the previous panel"),
    ]
}

fn after_panels() -> Vec<Binding> {
    use GlobalCommand::*;
    vec![
        global("zoom", &["z"], Zoom, "zoom the focused panel to the whole screen, and back").hint("zoom"),
        global(
            "wider",
            &["ctrl-right", ")"],
            Resize(command::Resize::Wider),
            "resize: make the focused panel wider, at the expense of the column beside it; borders can also be dragged",
        ),
        global(
            "narrower",
            &["ctrl-left", "("],
            Resize(command::Resize::Narrower),
            "resize: make the focused panel narrower",
        ),
        global(
            "taller",
            &["ctrl-up", "}"],
            Resize(command::Resize::Taller),
            "resize: make it taller, at the expense of the panel below or above it",
        ),
        global(
            "shorter",
            &["ctrl-down", "{"],
            Resize(command::Resize::Shorter),
            "resize: make the focused panel shorter",
        ),
        global(
            "reset-layout",
            &["Z"],
            ResetLayout,
            "reset the layout: each panel gets the room its contents need",
        ),
        global(
            "back",
            &["esc"],
            Back,
            "close what is open: zoom, filter, cursor, or a panel that is shown alone",
        ),
        global("picture", &["ctrl-s"], Screenshot, "save a screenshot (SVG) in the current directory"),
        global("rescan", &["ctrl-r"], Rescan, "rescan the disk for runs and missing datasets"),
        global("redraw", &["ctrl-l"], Redraw, "redraw the screen"),
        global("suspend", &["ctrl-z"], Suspend, "suspend; fg resumes"),
        global("commands", &[":"], Palette, "command palette: find any command by a few letters, and run it")
            .hint("commands"),
        global("help", &["?", "f1"], Help, "this help").hint("help"),
        global(
            "detach",
            &["Q"],
            Detach,
            "detach: quit, and let the run in progress and the queue go on in the background; to attach again, resume the run",
        ),
        global("quit", &["q", "ctrl-c"], Quit, "quit; asks first while a run is in progress").hint("quit"),
    ]
}

fn others() -> Vec<Binding> {
    let replay =
        |name, keys, command, about| row(KeyScope::Replay, name, keys, AppCommand::Replay(command), about);
    let edit = |name, keys, command, about| row(KeyScope::Edit, name, keys, AppCommand::Edit(command), about);
    let question =
        |name, keys, answer, about| row(KeyScope::Question, name, keys, AppCommand::Answer(answer), about);
    let help = |name, keys, command, about| row(KeyScope::Help, name, keys, AppCommand::Help(command), about);
    let palette =
        |name, keys, command, about| row(KeyScope::Palette, name, keys, AppCommand::Palette(command), about);
    vec![
        replay("play", &["space"], PlaybackCommand::PlayOrPause, "play or pause the recording")
            .hint("play/pause"),
        replay("step-on", &["."], PlaybackCommand::StepOn, "to the end of the next epoch").hint("step"),
        replay("step-back", &[","], PlaybackCommand::StepBack, "to the end of the previous epoch"),
        replay("faster", &[">"], PlaybackCommand::Faster, "twice as fast, up to 1000×").hint("faster"),
        replay("slower", &["<"], PlaybackCommand::Slower, "half as fast, down to 0.25×"),
        replay(
            "go-to",
            &["g"],
            PlaybackCommand::GoTo,
            "go to a percentage (37%), an epoch of this run (e12) or a time (1:30)",
        )
        .hint("go to"),
        replay("loop", &["r"], PlaybackCommand::Loop, "loop at the end, or stop there"),
        edit("accept", &["enter"], EditCommand::Accept, "apply what was typed").hint("apply"),
        edit("cancel", &["esc", "ctrl-c"], EditCommand::Cancel, "discard it").hint("cancel"),
        edit("complete", &["tab"], EditCommand::Complete, "in a filter: complete the key or its value"),
        question("yes", &["y"], QuestionAnswer::Yes, "yes").hint("yes"),
        question("resume-instead", &["r"], QuestionAnswer::Resume, "resume the run that is there")
            .hint("resume"),
        question("free-seed", &["s"], QuestionAnswer::FreeSeed, "train it with the next free seed")
            .hint("next seed"),
        question(
            "detach-instead",
            &["d"],
            QuestionAnswer::Detach,
            "quit, and let the run and the queue go on in the background",
        )
        .hint("detach"),
        question("no", &["n", "esc", "q"], QuestionAnswer::No, "no").hint("cancel"),
        question("abandon", &["ctrl-c"], QuestionAnswer::Abandon, "quit at once; what is on disk stays"),
        help("help-close", &["?", "esc", "q", "f1", "enter", "ctrl-c"], HelpCommand::Close, "close the help")
            .hint("close"),
        help("help-up", &["up", "k"], HelpCommand::Up, "scroll up"),
        help("help-down", &["down", "j"], HelpCommand::Down, "scroll down").hint("scroll"),
        help("help-page-up", &["pageup"], HelpCommand::PageUp, "page up"),
        help("help-page-down", &["pagedown", "space"], HelpCommand::PageDown, "page down"),
        help("help-first", &["home"], HelpCommand::First, "the beginning"),
        help(
            "help-search",
            &["/"],
            HelpCommand::Search,
            "search all keys and what they do; Esc ends the search",
        )
        .hint("search"),
        palette("palette-up", &["up", "ctrl-p", "shift-tab"], PaletteCommand::Up, "previous command"),
        palette("palette-down", &["down", "ctrl-n", "tab"], PaletteCommand::Down, "next command")
            .hint("next"),
        palette("palette-page-up", &["pageup"], PaletteCommand::PageUp, "page up"),
        palette("palette-page-down", &["pagedown"], PaletteCommand::PageDown, "page down"),
    ]
}
