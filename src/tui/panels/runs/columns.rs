//! The columns beside a run's name: which there is room for, and what each says.

use ratatui::style::Style;

use crate::domain::event::Outcome;
use crate::domain::text::{duration, plural, signed};
use crate::tui::run::{RunStage, RunStatus, TrackedRun};
use crate::tui::session::Session;
use crate::tui::theme::Theme;

/// From this width on the longest status is whole.
const ROOMY: u16 = 90;
/// The least width of mark and spec.
pub const SPEC: u16 = 26;

/// A column: its title, how wide it is, and its cell of a run.
pub struct Column {
    pub title: &'static str,
    pub width: u16,
    cell: Cell,
}

/// What a cell says of a run, and how it looks.
enum Cell {
    Plain(fn(&Session, &TrackedRun) -> String),
    Styled(fn(&Session, &TrackedRun) -> (String, Style)),
}

const fn column(title: &'static str, width: u16, text: fn(&Session, &TrackedRun) -> String) -> Column {
    Column { title, width, cell: Cell::Plain(text) }
}

impl Column {
    /// Its cell of a run.
    pub fn cell(&self, session: &Session, run: &TrackedRun) -> (String, Style) {
        match self.cell {
            Cell::Plain(text) => (text(session, run), session.theme.text()),
            Cell::Styled(cell) => cell(session, run),
        }
    }
}

fn percent(value: Option<f64>) -> String {
    value.map_or("–".into(), |value| format!("{value:.2}"))
}

/// What a run's number is more than the baseline's, percent points, where that says something of
/// the networks: `…` where they were not trained alike, nothing where one of them has no such
/// number, and of the baseline itself. `within` has the number of the epochs that both have ended.
fn difference(
    session: &Session,
    run: &TrackedRun,
    number: fn(&TrackedRun) -> Option<f64>,
    within: fn(&TrackedRun, usize) -> Option<f64>,
) -> Difference {
    let baseline = session.runs.baseline().filter(|baseline| baseline.id != run.id);
    let Some(baseline) = baseline.filter(|baseline| number(run).and(number(baseline)).is_some()) else {
        return Difference::Nothing;
    };
    if !run.spec.recipe_differences(&baseline.spec).is_empty() {
        return Difference::Unlike;
    }
    let epochs = common_epochs(run, baseline);
    let both = within(run, epochs).zip(within(baseline, epochs));
    both.map_or(Difference::Unlike, |(own, its)| Difference::Points(own - its))
}

/// The epochs that two runs have both ended.
fn common_epochs(run: &TrackedRun, other: &TrackedRun) -> usize {
    run.state.epochs.len().min(other.state.epochs.len())
}

/// The best validation top-1 of a run's first `epochs`, percent.
fn validation_within(run: &TrackedRun, epochs: usize) -> Option<f64> {
    let all = run.state.epochs.iter().take(epochs).map(|epoch| epoch.validation.top1());
    all.reduce(f64::max)
}

/// Test top-1 of a run that has ended after `epochs`, percent.
fn test_after(run: &TrackedRun, epochs: usize) -> Option<f64> {
    run.test().filter(|_| run.state.epochs.len() == epochs)
}

/// Against the baseline.
enum Difference {
    Nothing,
    Unlike,
    Points(f64),
}

impl Difference {
    fn cell(&self, theme: &Theme) -> (String, Style) {
        match *self {
            Self::Nothing => (String::new(), theme.dim()),
            Self::Unlike => ("…".into(), theme.dim()),
            Self::Points(points) if points > 0.0 => (signed(points, 2), theme.good()),
            Self::Points(points) if points < 0.0 => (signed(points, 2), theme.warn()),
            Self::Points(points) => (signed(points, 2), theme.dim()),
        }
    }
}

/// Why a run's numbers are not set against the baseline's, or not all of them; `None` where they
/// are.
pub fn why_unlike(session: &Session, run: &TrackedRun) -> Option<String> {
    let baseline = session.runs.baseline().filter(|baseline| baseline.id != run.id)?;
    let keys = run.spec.recipe_differences(&baseline.spec);
    if !keys.is_empty() {
        return Some(format!("no Δ: baseline differs in {}", keys.join(", ")));
    }
    let (own, its) = (run.state.epochs.len(), baseline.state.epochs.len());
    let both = plural(own.min(its), "epoch");
    (own != its && own.min(its) > 0).then(|| format!("Δ val over the first {both}"))
}

/// Validation, with a mark where it is the best of runs that differ only in seed.
fn best(session: &Session, run: &TrackedRun) -> (String, Style) {
    let (mark, style) = match session.runs.is_best(run.id) {
        true => ("*", session.theme.strong()),
        false => (" ", session.theme.text()),
    };
    (format!("{}{mark}", percent(run.validation())), style)
}

fn status_style(session: &Session, run: &TrackedRun) -> Style {
    let theme = &session.theme;
    match run.status() {
        RunStatus::Training | RunStatus::Starting => theme.good(),
        RunStatus::Ended(Outcome::Failed | Outcome::Diverged) => theme.bad(),
        RunStatus::Paused | RunStatus::Unfinished | RunStatus::Ended(Outcome::Stopped) => theme.warn(),
        RunStatus::Queued | RunStatus::Elsewhere => theme.accent(),
        RunStatus::Ended(Outcome::Completed) => theme.dim(),
    }
}

/// Columns after the spec, each with its rank: the highest is the first to be given up. Where
/// it is `wide`, the longest status is whole.
pub fn all_columns(session: &Session, wide: bool) -> Vec<(u8, Column)> {
    let status_width = if wide { RunStatus::Elsewhere.name().len() as u16 } else { 10 };
    let status = if wide { status } else { short_status };
    let has_baseline = session.runs.baseline().is_some();
    let mut all = vec![
        (0, Column { title: "status", width: status_width, cell: Cell::Styled(status) }),
        // What is compared comes before how far it is.
        (if has_baseline { 5 } else { 3 }, column("epochs", 7, |_, run| run.epochs())),
        match session.runs.has_best() {
            // The mark is beside the number, which stays where those below it are.
            true => (1, Column { title: "val ", width: 7, cell: Cell::Styled(best) }),
            false => (1, column("val", 6, |_, run| percent(run.validation()))),
        },
        (2, column("test", 6, |_, run| percent(run.test()))),
        (
            6,
            column("time", 7, |_, run| match run.stage {
                RunStage::Waiting => "–".into(),
                _ => duration(run.state.t),
            }),
        ),
        (
            7,
            column("started (UTC)", 16, |_, run| {
                run.began()
                    .map_or(String::new(), |at| at.chars().take(16).collect::<String>().replace('T', " "))
            }),
        ),
    ];
    if has_baseline {
        let column = |title, cell| Column { title, width: 6, cell: Cell::Styled(cell) };
        let test = |session: &Session, run: &TrackedRun| {
            difference(session, run, TrackedRun::test, test_after).cell(&session.theme)
        };
        let val = |session: &Session, run: &TrackedRun| {
            difference(session, run, TrackedRun::validation, validation_within).cell(&session.theme)
        };
        all.insert(4, (4, column("Δ test", test)));
        all.insert(3, (3, column("Δ val", val)));
    }
    all
}

/// As many of them as there is room for.
pub fn columns(session: &Session, width: u16) -> Vec<Column> {
    // Only where somebody else trains one is the longest status there.
    let is_elsewhere = |run: &TrackedRun| run.status() == RunStatus::Elsewhere;
    let all = all_columns(session, width >= ROOMY && session.runs.listed().any(is_elsewhere));
    // Enough of the spec to tell runs apart comes first.
    let mut room = width.saturating_sub(SPEC);
    let mut order: Vec<u8> = all.iter().map(|(rank, _)| *rank).collect();
    order.sort_unstable();
    let fits: Vec<u8> = order
        .into_iter()
        .take_while(|rank| {
            let width = all.iter().find(|(r, _)| r == rank).map_or(0, |(_, column)| column.width + 1);
            let fits = room >= width;
            room = room.saturating_sub(width);
            fits
        })
        .collect();
    all.into_iter().filter(|(rank, _)| fits.contains(rank)).map(|(_, column)| column).collect()
}

fn status(session: &Session, run: &TrackedRun) -> (String, Style) {
    let text = match session.runs.queue().position(|id| id == run.id) {
        Some(place) => format!("queued {}", place + 1),
        None => run.status().name().to_owned(),
    };
    (text, status_style(session, run))
}

/// Without what is in brackets.
fn short_status(session: &Session, run: &TrackedRun) -> (String, Style) {
    let (status, style) = status(session, run);
    (status.split_once(" (").map_or(status.as_str(), |(short, _)| short).to_owned(), style)
}
