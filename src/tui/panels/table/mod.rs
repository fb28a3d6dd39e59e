//! The paper's tables, filled as runs come: what is in them, and which part is shown.

mod draw;
mod notes;
mod runs;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_width::UnicodeWidthStr;

use self::runs::CellRun;
use crate::domain::event::Checkpoint;
use crate::domain::report::groups::{DataSignature, RunGroup, groups, recipe};
use crate::domain::report::table::{ReportTable, TableKind, tables};
use crate::domain::report::{self, ReportOptions};
use crate::domain::spec::ExperimentSpec;
use crate::tui::log::Level;
use crate::tui::paint::cut_words;
use crate::tui::panel::{Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind};
use crate::tui::run::{RunStage, TrackedRun};
use crate::tui::runs::RunList;
use crate::tui::session::Session;

/// Runs of one cell that have no result yet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UnderWay {
    /// Runs that train, here or elsewhere.
    pub training: usize,
    /// Epochs that these have.
    pub done: usize,
    /// Epochs that they will have.
    pub of: usize,
    /// Runs that wait in the queue.
    pub waiting: usize,
    /// Runs that were stopped or cut off.
    pub unfinished: usize,
}

/// Rows of a page.
const PAGE: isize = 5;

/// Network, dataset and recipe.
type CellKey = (String, String, String);

/// The panel.
#[derive(Debug)]
pub struct TablePanel {
    which: TableKind,
    /// What the shown table's runs have otherwise than the paper's; `None` until it is chosen:
    /// that of the table with most results.
    recipe: Option<String>,
    made: Vec<ReportTable>,
    under_way: BTreeMap<CellKey, UnderWay>,
    /// The runs that each cell is the mean of, by seed.
    runs: BTreeMap<CellKey, Vec<CellRun>>,
    /// What the tables were made from.
    print: Option<u64>,
    /// First row and first column shown.
    row: usize,
    column: usize,
}

impl Default for TablePanel {
    fn default() -> Self {
        Self {
            which: TableKind::Table2,
            recipe: None,
            made: Vec::new(),
            under_way: BTreeMap::new(),
            runs: BTreeMap::new(),
            print: None,
            row: 0,
            column: 0,
        }
    }
}

impl PanelKind for TablePanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Table",
        short: "Table",
        name: "table",
        focus: ("table", &["T"], "focus Table"),
        mouse: "wheel: scroll",
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("table-up", &["up", "k"], "scroll up", |panel, _| panel.scroll(-1)),
        PanelKey::<Self>::new("table-down", &["down", "j"], "scroll down", |panel, _| panel.scroll(1)),
        PanelKey::<Self>::new("table-left", &["left", "h"], "datasets on the left", |panel, _| {
            panel.scroll_columns(-1);
        }),
        PanelKey::<Self>::new("table-right", &["right", "l"], "datasets on the right", |panel, _| {
            panel.scroll_columns(1);
        })
        .hint("datasets"),
        PanelKey::<Self>::new("table-page-up", &["pageup"], "page up", |panel, _| panel.scroll(-PAGE)),
        PanelKey::<Self>::new("table-page-down", &["pagedown"], "page down", |panel, _| panel.scroll(PAGE)),
        PanelKey::<Self>::new("table-first", &["home"], "first row", |panel, _| panel.scroll(isize::MIN)),
        PanelKey::<Self>::new("table-last", &["end"], "last row", |panel, _| panel.scroll(isize::MAX)),
        PanelKey::<Self>::new("other-table", &["enter", "m"], "Table 1 or Table 2", |panel, _| {
            panel.switch();
        })
        .hint("Table 1/2"),
        PanelKey::<Self>::new(
            "recipe",
            &["v"],
            "runs with another recipe: other epochs, limits or widths",
            |panel, session| {
                if !panel.next_recipe() {
                    session.say(Level::Info, "all runs of this table share one recipe");
                }
            },
        )
        .hint("recipe"),
    ];
}

impl Panel for TablePanel {
    /// TableKind table; of a long recipe whole keys.
    fn summary(&self, _session: &Session, room: usize) -> String {
        let Some((place, table)) = self.shown() else { return self.which.title().into() };
        let of = match self.made.len() {
            1 => String::new(),
            several => format!(", {} of {several}", place + 1),
        };
        format!("{}{of}", cut_words(&table.title(), room.saturating_sub(of.width())))
    }

    fn layout(&mut self, session: &Session, area: Rect) {
        if !area.is_empty() {
            self.prepare(&session.runs, area);
        }
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        self.paint(canvas.area, buf, canvas.theme());
        Drawn::default()
    }

    fn wheel(&mut self, by: isize, _at: Position, _session: &mut Session) {
        self.scroll(by);
    }
}

impl TablePanel {
    /// Makes the tables anew where runs have changed in what they show, and scrolls no further
    /// than `area` needs.
    fn prepare(&mut self, runs: &RunList, area: Rect) {
        self.make(runs);
        let Some((_, table)) = self.shown() else { return };
        let fit = self.fit(table, area);
        let (row, column) =
            (table.rows.len().saturating_sub(fit.rows), table.columns.len().saturating_sub(fit.columns));
        (self.row, self.column) = (self.row.min(row), self.column.min(column));
    }

    fn make(&mut self, runs: &RunList) {
        let mut hasher = DefaultHasher::new();
        self.which.title().hash(&mut hasher);
        for run in runs.all() {
            let state = &run.state;
            let outcome = state.outcome.map(|outcome| outcome.name());
            let tested = [Checkpoint::Best, Checkpoint::Last].map(|c| state.test(c).is_some());
            (run.id, run.stage as u8, state.epochs.len(), outcome, tested, run.elsewhere).hash(&mut hasher);
        }
        let print = hasher.finish();
        if self.print == Some(print) {
            return;
        }
        self.print = Some(print);
        let reported: Vec<report::ReportRun> = runs.all().map(reported).collect();
        let mut groups = groups(&reported);
        runs.all().filter(|run| run.stage == RunStage::Waiting).for_each(|run| waits(&mut groups, run));
        self.made = tables(self.which, &groups, &ReportOptions::default());
        self.runs = groups.iter().map(runs::of_group).collect();
        self.under_way.clear();
        for run in runs.all().filter(|run| run.state.outcome.is_none() && run.error.is_none()) {
            let key = (run.spec.network_name(), DataSignature::of(&run.spec).name(), recipe(&run.spec));
            let sum = self.under_way.entry(key).or_default();
            match run.stage {
                RunStage::Waiting => sum.waiting += 1,
                RunStage::Over if !run.elsewhere => sum.unfinished += 1,
                _ => {
                    sum.training += 1;
                    sum.done += run.state.epochs.len();
                    sum.of += run.spec.epochs;
                }
            }
        }
    }

    /// The table shown and its place among those of other recipes.
    fn shown(&self) -> Option<(usize, &ReportTable)> {
        let chosen = self.made.iter().position(|table| Some(&table.recipe) == self.recipe.as_ref());
        let place = chosen.unwrap_or(0);
        Some((place, self.made.get(place)?))
    }

    /// The runs that a cell is the mean of, by seed.
    fn runs(&self, network: &str, data: &DataSignature, recipe: &str) -> &[CellRun] {
        let key = (network.to_owned(), data.name(), recipe.to_owned());
        self.runs.get(&key).map_or(&[], Vec::as_slice)
    }

    fn under_way(&self, network: &str, data: &DataSignature, recipe: &str) -> UnderWay {
        let key = (network.to_owned(), data.name(), recipe.to_owned());
        self.under_way.get(&key).copied().unwrap_or_default()
    }

    /// The other table.
    fn switch(&mut self) {
        self.which = match self.which {
            TableKind::Table1 => TableKind::Table2,
            TableKind::Table2 => TableKind::Table1,
        };
        (self.recipe, self.row, self.column) = (None, 0, 0);
    }

    /// The same table of runs with another recipe; `false` where there is none.
    fn next_recipe(&mut self) -> bool {
        let place = self.shown().map_or(0, |(place, _)| place);
        let next = self.made.get((place + 1) % self.made.len().max(1));
        self.recipe = next.map(|table| table.recipe.clone());
        self.made.len() > 1
    }

    /// Scrolls by rows, as far as there are any.
    fn scroll(&mut self, by: isize) {
        let last = self.shown().map_or(0, |(_, table)| table.rows.len().saturating_sub(1));
        self.row = self.row.saturating_add_signed(by).min(last);
    }

    /// Scrolls by columns.
    fn scroll_columns(&mut self, by: isize) {
        let last = self.shown().map_or(0, |(_, table)| table.columns.len().saturating_sub(1));
        self.column = self.column.saturating_add_signed(by).min(last);
    }
}

/// A run that has not begun was not cut off either, as reports take it to be.
fn waits(groups: &mut [RunGroup], run: &TrackedRun) {
    let spec = ExperimentSpec { seed: 0, ..run.spec.clone() };
    let Some(group) = groups.iter_mut().find(|group| group.spec == spec) else { return };
    if run.state.outcome.is_none()
        && let Some(unfinished) = group.others.get_mut("unfinished")
    {
        *unfinished -= 1;
        group.others.retain(|_, count| *count > 0);
        *group.others.entry("waiting").or_default() += 1;
    }
}

fn reported(run: &TrackedRun) -> report::ReportRun<'_> {
    let dir = run.path.as_deref().and_then(Path::file_name).and_then(OsStr::to_str);
    report::ReportRun {
        name: dir.unwrap_or(&run.line),
        spec: &run.spec,
        state: &run.state,
        training: run.elsewhere || run.is_active(),
    }
}
