//! The one table of keys: it makes the key map, the help, the footer and `KEYS.md`.

use super::command::{Command, Panel, Place};
use crate::domain::hops::HopGroup;

/// A row of the table.
#[derive(Debug)]
pub struct Binding {
    /// Where it holds.
    pub place: Place,
    /// How the config file calls it.
    pub name: &'static str,
    /// Keys, unless the config file says others.
    pub keys: &'static [&'static str],
    /// What they ask for.
    pub command: Command,
    /// The help's words.
    pub about: &'static str,
    /// The footer's word, for the few that belong there.
    pub hint: Option<&'static str>,
}

const fn row(
    place: Place,
    name: &'static str,
    keys: &'static [&'static str],
    command: Command,
    about: &'static str,
) -> Binding {
    Binding { place, name, keys, command, about, hint: None }
}

impl Binding {
    const fn hint(mut self, word: &'static str) -> Self {
        self.hint = Some(word);
        self
    }
}

use Command::*;
use Place::{Anywhere, Asking, Editing, Helping, In};

const WIRING: Place = In(Panel::Wiring);
const SETUP: Place = In(Panel::Setup);
const CURVES: Place = In(Panel::Curves);
const ACTIVATIONS: Place = In(Panel::Activations);
const FEATURES: Place = In(Panel::Features);
const DATA: Place = In(Panel::Data);
const TABLE: Place = In(Panel::Table);
const RUNS: Place = In(Panel::Runs);
const STATUS: Place = In(Panel::Status);

const REPLAYING: Place = Place::Replaying;

const ORDERS: &str = "switch every hop of that order (P1 to P8)";

/// Every key.
pub static BINDINGS: &[Binding] = &[
    row(Anywhere, "train", &["t"], Train, "train the draft; it waits its turn while another run trains").hint("train"),
    row(Anywhere, "pause", &["space"], Pause, "pause the run that trains, or let it go on").hint("pause"),
    row(Anywhere, "stop", &["x"], Stop, "stop it after its current step; it is kept").hint("stop"),
    row(Anywhere, "twin", &["b"], Twin, "same-seed A/B: queue the current run's twin with the draft's hops, same seed, initial weights and data order; the run becomes the baseline").hint("A/B twin"),
    row(Anywhere, "lesions", &["e"], Lesions, "lesions of the current run: what it loses without each hop, without each block's F, and without what is switched off in the draft, not trained again; once more ends it").hint("lesions"),
    row(Anywhere, "lesion-pairs", &["E"], LesionPairs, "the same, and without each two of them; the log has the worst"),
    row(Anywhere, "p1", &["1"], Press(HopGroup::Order(1)), ORDERS),
    row(Anywhere, "p2", &["2"], Press(HopGroup::Order(2)), ORDERS),
    row(Anywhere, "p3", &["3"], Press(HopGroup::Order(3)), ORDERS),
    row(Anywhere, "p4", &["4"], Press(HopGroup::Order(4)), ORDERS),
    row(Anywhere, "p5", &["5"], Press(HopGroup::Order(5)), ORDERS),
    row(Anywhere, "p6", &["6"], Press(HopGroup::Order(6)), ORDERS),
    row(Anywhere, "p7", &["7"], Press(HopGroup::Order(7)), ORDERS),
    row(Anywhere, "p8", &["8"], Press(HopGroup::Order(8)), ORDERS),
    row(Anywhere, "copy", &["y"], CopySpec, "copy the draft's one-line spec (OSC 52: also over ssh)"),
    row(Anywhere, "next-panel", &["tab"], NextPanel, "focus the next panel").hint("next panel"),
    row(Anywhere, "previous-panel", &["shift-tab"], PreviousPanel, "focus the panel before"),
    row(Anywhere, "wiring", &["W"], Focus(Panel::Wiring), "focus Wiring"),
    row(Anywhere, "setup", &["S"], Focus(Panel::Setup), "focus Setup"),
    row(Anywhere, "curves", &["C"], Focus(Panel::Curves), "focus Curves"),
    row(Anywhere, "activations", &["A"], Focus(Panel::Activations), "focus Activations"),
    row(Anywhere, "features", &["F"], Focus(Panel::Features), "focus Features"),
    row(Anywhere, "data", &["D"], Focus(Panel::Data), "focus Data"),
    row(Anywhere, "table", &["T"], Focus(Panel::Table), "focus Table"),
    row(Anywhere, "runs", &["R"], Focus(Panel::Runs), "focus Runs"),
    row(Anywhere, "log", &["L"], Focus(Panel::Status), "focus Status and its log"),
    row(Anywhere, "zoom", &["z"], Zoom, "give the focused panel the whole screen, and back").hint("zoom"),
    row(Anywhere, "back", &["esc"], Back, "close what is open: zoom, filter, cursor"),
    row(Anywhere, "picture", &["ctrl-s"], Picture, "keep the screen as an SVG picture in the current folder"),
    row(Anywhere, "rescan", &["ctrl-r"], Rescan, "look for runs on disk again, and for a dataset that was not there"),
    row(Anywhere, "redraw", &["ctrl-l"], Redraw, "paint the screen anew"),
    row(Anywhere, "suspend", &["ctrl-z"], Suspend, "suspend; fg resumes"),
    row(Anywhere, "help", &["?", "f1"], Help, "this help").hint("help"),
    row(Anywhere, "quit", &["q", "ctrl-c"], Quit, "quit; asks while a run trains").hint("quit"),
    //
    row(WIRING, "press-all", &["a"], Press(HopGroup::All), "switch all hops").hint("all"),
    row(WIRING, "press-none", &["n"], Press(HopGroup::None), "no hops: the baseline").hint("none"),
    row(WIRING, "press-in", &["i"], Press(HopGroup::In), "switch the hops from level 0").hint("In"),
    row(WIRING, "press-out", &["o"], Press(HopGroup::Out), "switch the hops into the last block").hint("Out"),
    row(WIRING, "hop-left", &["left", "h"], Left, "move to the hop on the left"),
    row(WIRING, "hop-right", &["right", "l"], Right, "move to the hop on the right"),
    row(WIRING, "hop-up", &["up", "k"], Up, "move to a longer hop"),
    row(WIRING, "hop-down", &["down", "j"], Down, "move to a shorter hop, then to the block"),
    row(WIRING, "press-hop", &["enter"], PressCursor, "switch the hop under the cursor; a block's F off for the next lesion").hint("this hop"),
    //
    row(SETUP, "field-up", &["up", "k"], Up, "the field above"),
    row(SETUP, "field-down", &["down", "j"], Down, "the field below"),
    row(SETUP, "field-previous", &["left", "h"], Left, "the previous choice, or a smaller number"),
    row(SETUP, "field-next", &["right", "l"], Right, "the next choice, or a larger number").hint("change"),
    row(SETUP, "field-edit", &["enter"], Enter, "type a value; it is checked as you type").hint("edit"),
    row(SETUP, "field-default", &["d", "delete"], Default, "the paper's value for this dataset").hint("default"),
    row(SETUP, "save-preset", &["w"], SavePreset, "keep the draft as a preset of your own; asks for its name").hint("save"),
    row(SETUP, "field-first", &["home"], First, "the first field"),
    row(SETUP, "field-last", &["end"], Last, "the last field"),
    //
    row(CURVES, "metric", &["m"], CycleMetric, "loss, top-1, or both").hint("metric"),
    row(CURVES, "lines", &["v"], CycleLines, "train and validation, or one of them").hint("lines"),
    row(CURVES, "log-y", &["l"], LogY, "linear or logarithmic y").hint("log y"),
    row(CURVES, "x-axis", &["u"], CycleX, "x by step, by epoch or by time").hint("x axis"),
    row(CURVES, "smoother", &["]"], Smoother, "smooth the train curves more (bias-corrected EMA)"),
    row(CURVES, "rougher", &["["], Rougher, "smooth them less"),
    row(CURVES, "inspect", &["i", "enter"], Inspect, "cursor on or off: reads every run at its x").hint("inspect"),
    row(CURVES, "curve-left", &["left", "h"], Left, "move the cursor left, else the view"),
    row(CURVES, "curve-right", &["right"], Right, "move the cursor right, else the view"),
    row(CURVES, "zoom-in", &["+", "=", "up"], ZoomIn, "zoom in on x"),
    row(CURVES, "zoom-out", &["-", "down"], ZoomOut, "zoom out"),
    row(CURVES, "whole", &["0", "home"], First, "all of x, following the live run"),
    row(CURVES, "bands", &["s"], Bands, "mean ± standard deviation over runs that differ only in seed").hint("seeds"),
    row(CURVES, "outliers", &["f"], Outliers, "fit y to all points, or leave outliers out of the scale"),
    //
    row(ACTIVATIONS, "epoch-back", &["left", "h"], Left, "the epoch before").hint("epochs"),
    row(ACTIVATIONS, "epoch-on", &["right", "l"], Right, "the epoch after"),
    row(ACTIVATIONS, "epoch-first", &["home"], First, "the first epoch"),
    row(ACTIVATIONS, "epoch-last", &["end", "f"], Last, "the newest, and follow it").hint("follow"),
    row(ACTIVATIONS, "spread", &["v"], Spread, "means as bars, or how the values are spread").hint("spread"),
    row(ACTIVATIONS, "bars-up", &["up", "k"], Up, "scroll up"),
    row(ACTIVATIONS, "bars-down", &["down", "j"], Down, "scroll down"),
    //
    row(FEATURES, "image-back", &["left", "h"], Left, "the validation image before"),
    row(FEATURES, "image-on", &["right", "l"], Right, "the image after").hint("images"),
    row(FEATURES, "image-first", &["home"], First, "the first image"),
    row(FEATURES, "image-last", &["end"], Last, "the last image"),
    row(FEATURES, "block-back", &["up", "k"], Up, "the block before"),
    row(FEATURES, "block-on", &["down", "j"], Down, "the block after").hint("blocks"),
    row(FEATURES, "channels-back", &["[", "pageup"], PageUp, "the channels before"),
    row(FEATURES, "channels-on", &["]", "pagedown"], PageDown, "the channels after").hint("channels"),
    row(FEATURES, "scale", &["c"], CycleScale, "one scale for all maps of the block, or each map its own").hint("scale"),
    row(FEATURES, "look-again", &["enter"], Enter, "read the current run's weights and the image again").hint("again"),
    //
    row(DATA, "class-up", &["up", "k"], Up, "the class before"),
    row(DATA, "class-down", &["down", "j"], Down, "the class after").hint("classes"),
    row(DATA, "classes-up", &["pageup", "["], PageUp, "ten classes back"),
    row(DATA, "classes-down", &["pagedown", "]"], PageDown, "ten classes on"),
    row(DATA, "class-first", &["home"], First, "the first class"),
    row(DATA, "class-last", &["end"], Last, "the last class"),
    row(DATA, "samples-back", &["left", "h"], Left, "the images before"),
    row(DATA, "samples-on", &["right", "l"], Right, "more images").hint("images"),
    row(DATA, "split", &["s"], CycleSplit, "images and counts of the train, the validation or the test split").hint("split"),
    row(DATA, "one-class", &["enter"], Enter, "fill the panel with images of this class, or show class by class").hint("one class"),
    row(DATA, "alter", &["v"], Alter, "training images as their files have them, or shifted and mirrored as the network sees them in the first epoch").hint("augmented"),
    row(DATA, "fetch", &["f"], FetchData, "fetch the draft's dataset where it is not here; x ends that").hint("fetch"),
    //
    row(TABLE, "table-up", &["up", "k"], Up, "scroll up"),
    row(TABLE, "table-down", &["down", "j"], Down, "scroll down"),
    row(TABLE, "table-left", &["left", "h"], Left, "the datasets on the left"),
    row(TABLE, "table-right", &["right", "l"], Right, "the datasets on the right").hint("datasets"),
    row(TABLE, "table-page-up", &["pageup"], PageUp, "a page up"),
    row(TABLE, "table-page-down", &["pagedown"], PageDown, "a page down"),
    row(TABLE, "table-first", &["home"], First, "the first row"),
    row(TABLE, "table-last", &["end"], Last, "the last row"),
    row(TABLE, "other-table", &["enter", "m"], Enter, "Table 1 or Table 2").hint("Table 1/2"),
    row(TABLE, "recipe", &["v"], NextRecipe, "the same table of runs with another recipe: other epochs, limits or widths").hint("recipe"),
    //
    row(RUNS, "run-up", &["up", "k"], Up, "the run above; the current run's curves are always drawn"),
    row(RUNS, "run-down", &["down", "j"], Down, "the run below"),
    row(RUNS, "runs-page-up", &["pageup"], PageUp, "a page up"),
    row(RUNS, "runs-page-down", &["pagedown"], PageDown, "a page down"),
    row(RUNS, "run-first", &["home"], First, "the first run"),
    row(RUNS, "run-last", &["end"], Last, "the last run"),
    row(RUNS, "show", &["enter", "v"], Show, "keep the run's curves drawn, or no more").hint("overlay"),
    row(RUNS, "show-none", &["c"], ShowNone, "draw no run but the current one"),
    row(RUNS, "pin", &["p"], Pin, "make it the baseline that others are compared with, or unpin it").hint("baseline"),
    row(RUNS, "resume", &["r"], Resume, "go on with a run that was stopped or cut off, exactly from its last checkpoint").hint("resume"),
    row(RUNS, "use", &["u"], Use, "make its spec the draft").hint("use"),
    row(RUNS, "filter", &["/"], Filter, "show only runs whose line has these words").hint("filter"),
    row(RUNS, "sort", &["s"], Sort, "sort by the next column").hint("sort"),
    row(RUNS, "reverse", &["o"], Reverse, "sort the other way"),
    row(RUNS, "earlier", &["K"], Earlier, "move a waiting run towards the front of the queue"),
    row(RUNS, "later", &["J"], Later, "move it towards the back"),
    row(RUNS, "delete", &["d", "delete"], Delete, "delete the run from disk (asks), or take it from the queue"),
    //
    row(STATUS, "log-up", &["up", "k"], Up, "scroll the log up"),
    row(STATUS, "log-down", &["down", "j"], Down, "scroll it down"),
    row(STATUS, "log-page-up", &["pageup"], PageUp, "a page up"),
    row(STATUS, "log-page-down", &["pagedown"], PageDown, "a page down"),
    row(STATUS, "log-first", &["home"], First, "the oldest line"),
    row(STATUS, "log-last", &["end", "f"], Last, "the newest, and follow it").hint("follow"),
    //
    row(REPLAYING, "play", &["space"], Play, "play the recording, or stop where it is").hint("play/pause"),
    row(REPLAYING, "step-on", &["."], StepOn, "to the end of the next epoch").hint("step"),
    row(REPLAYING, "step-back", &[","], StepBack, "to the end of the epoch before"),
    row(REPLAYING, "faster", &[">"], Faster, "twice as fast, up to 1000 times").hint("faster"),
    row(REPLAYING, "slower", &["<"], Slower, "half as fast, down to a quarter"),
    row(REPLAYING, "go-to", &["g"], GoTo, "go to a percentage (37%), an epoch of this run (e12) or a time (1:30)").hint("go to"),
    row(REPLAYING, "loop", &["r"], Loop, "begin again at the end, or not"),
    //
    row(Editing, "accept", &["enter"], Enter, "take what was typed").hint("accept"),
    row(Editing, "cancel", &["esc", "ctrl-c"], Back, "leave it as it was").hint("cancel"),
    //
    row(Asking, "yes", &["y"], Yes, "yes").hint("yes"),
    row(Asking, "no", &["n", "esc", "q"], No, "no").hint("no"),
    row(Asking, "abandon", &["ctrl-c"], Quit, "leave at once; what is on disk stays"),
    //
    row(Helping, "help-close", &["?", "esc", "q", "f1", "enter", "ctrl-c"], Back, "close the help").hint("close"),
    row(Helping, "help-up", &["up", "k"], Up, "scroll up"),
    row(Helping, "help-down", &["down", "j"], Down, "scroll down").hint("scroll"),
    row(Helping, "help-page-up", &["pageup"], PageUp, "a page up"),
    row(Helping, "help-page-down", &["pagedown", "space"], PageDown, "a page down"),
    row(Helping, "help-first", &["home"], First, "the beginning"),
];
