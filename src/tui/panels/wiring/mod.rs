//! The network as the paper's Fig. 1 draws it, with every hop that there could be, and
//! what follows from those that are on.

mod arcs;
mod columns;
mod diagram;
mod facts;
mod grid;
mod losses;
mod pairs;
mod ranking;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use self::arcs::Rows;
pub(in crate::tui) use self::arcs::mark;
use self::columns::Columns;
use self::diagram::WORDS;
pub use self::diagram::draw;
pub use self::pairs::draw_pairs;
pub use self::ranking::{draw_ranking, ranked};
use crate::domain::hops::{Hop, HopGroup};
use crate::domain::term::Term;
use crate::tui::draft::Draft;
use crate::tui::lesions::Study;
use crate::tui::log::Level;
use crate::tui::paint::{cut_words, put};
use crate::tui::panel::{Click, Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind, PanelTarget};
use crate::tui::panes::Wish;
use crate::tui::session::Session;
use crate::tui::theme::Theme;

/// What a click meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WiringTarget {
    /// A hop.
    Hop(Hop),
    /// What a block itself computes.
    Residual(usize),
    /// The button of a group.
    Group(HopGroup),
    /// The spec in one line.
    Spec,
    /// A row of the table of lesions.
    Lesion(usize),
    /// A cell of the heat map of pairs: row and column.
    Pair(usize, usize),
}

/// What the panel shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum WiringView {
    /// The draft, with what lesions of its network have cost.
    #[default]
    Diagram,
    /// Lesions as a table.
    Ranking,
    /// Lesions of every two terms as a heat map.
    Pairs,
}

/// The panel. The draft and its cursor matter to others, and are in the session.
#[derive(Debug, Default)]
pub struct WiringPanel {
    view: WiringView,
    /// The row under the cursor in the table.
    row: usize,
    /// Row and column of the cell under the cursor in the heat map.
    cell: (usize, usize),
}

/// Rows of a page.
const PAGE: isize = 10;

impl PanelKind for WiringPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Wiring",
        short: "Wiring",
        name: "wiring",
        focus: ("wiring", &["W"], "focus Wiring"),
        mouse: "click an arc: toggle the hop; a block: leave its F out of the next lesion; a round button: select that set; a square one: toggle its projections; the spec: copy it; a lesion in the table or heat map: read it out",
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("press-all", &["a"], "select all projections", |_, session| {
            session.press(HopGroup::All);
        })
        .hint("all"),
        PanelKey::<Self>::new(
            "press-none",
            &["n"],
            "select no projections: the original network",
            |_, session| {
                session.press(HopGroup::None);
            },
        )
        .hint("none"),
        PanelKey::<Self>::new("press-in", &["i"], "select In: the projections from level 0", |_, session| {
            session.press(HopGroup::In);
        })
        .hint("In"),
        PanelKey::<Self>::new(
            "press-out",
            &["o"],
            "select Out: the projections into the last block",
            |_, session| session.press(HopGroup::Out),
        )
        .hint("Out"),
        PanelKey::<Self>::new(
            "hop-left",
            &["left", "h"],
            "move to the hop, or the cell, on the left",
            |panel, session| panel.step(-1, 0, session),
        ),
        PanelKey::<Self>::new(
            "hop-right",
            &["right", "l"],
            "move to the hop, or the cell, on the right",
            |panel, session| panel.step(1, 0, session),
        ),
        PanelKey::<Self>::new("hop-up", &["up", "k"], "move to a longer hop, or a row up", |panel, session| {
            panel.step(0, -1, session);
        }),
        PanelKey::<Self>::new(
            "hop-down",
            &["down", "j"],
            "move to a shorter hop, then to the block; or a row down",
            |panel, session| panel.step(0, 1, session),
        ),
        PanelKey::<Self>::new(
            "press-hop",
            &["enter"],
            "toggle the hop under the cursor, or the block's F for the next lesion; show a lesion in the diagram",
            |panel, session| panel.enter(session),
        )
        .hint("toggle"),
        PanelKey::<Self>::new(
            "wiring-view",
            &["v"],
            "show the diagram, lesions as a table, or pairs as a heat map",
            |panel, session| panel.next_view(session),
        )
        .hint("view")
        .enabled(|_, session| study(session).is_some()),
        PanelKey::<Self>::new("lesions-page-up", &["pageup"], "page up in lesions", |panel, session| {
            panel.move_rows(-PAGE, session);
        }),
        PanelKey::<Self>::new("lesions-page-down", &["pagedown"], "page down in lesions", |panel, session| {
            panel.move_rows(PAGE, session);
        }),
        PanelKey::<Self>::new("lesion-first", &["home"], "first lesion", |panel, session| {
            panel.move_rows(isize::MIN, session);
        }),
        PanelKey::<Self>::new("lesion-last", &["end"], "last lesion", |panel, session| {
            panel.move_rows(isize::MAX, session);
        }),
    ];
}

impl Panel for WiringPanel {
    /// What the network is for, or of which weights lesions are; how far they are.
    fn summary(&self, session: &Session, room: usize) -> String {
        match (session.lesions.running(), self.shown(session)) {
            (Some(running), _) if running.ending => "cancelling lesions".into(),
            (Some(running), _) => format!("lesions {}/{}", running.done, running.total),
            (None, (WiringView::Diagram, _)) => match whose(session) {
                Some(text) => cut_words(&text, room),
                None => session.draft.spec().dataset.name().to_owned(),
            },
            (None, (_, study)) => cut_words(&study.map_or_else(String::new, Study::title), room),
        }
    }

    fn columns_wanted(&self, session: &Session) -> Wish {
        let full = Columns::full(session.draft.network(), &session.theme).width as u16;
        Wish::new(LEAST.min(full), full.min(MOST))
    }

    fn rows_wanted(&self, session: &Session, width: u16) -> Wish {
        let (draft, theme) = (&session.draft, &session.theme);
        let columns = Columns::fit(draft.network(), width.into(), theme);
        let (least, wanted) = Rows::least_and_wanted(draft.blocks(), columns.lines());
        let switches = facts::rows_of(&facts::switches(draft, theme), width.into());
        Wish::new((least + switches) as u16 + WORDS, (wanted + switches) as u16 + 2 * WORDS)
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        let (session, area, focused) = (canvas.session, canvas.area, canvas.is_focused);
        let (draft, theme) = (&session.draft, canvas.theme());
        let targets = match self.shown(session) {
            (WiringView::Ranking, Some(study)) => {
                draw_ranking(study, draft, self.row, focused, area, buf, theme)
            }
            (WiringView::Pairs, Some(study)) => {
                draw_pairs(study, draft, self.cell, focused, area, buf, theme)
            }
            _ => {
                let study = session.lesions.shown(draft, session.runs.current().map(|run| run.id));
                draw(draft, study, focused, area, buf, theme)
            }
        };
        let hits = targets.into_iter().map(|(area, target)| (area, PanelTarget::Wiring(target)));
        Drawn { hits: hits.collect(), cursor: None }
    }

    fn click(&mut self, click: Click, session: &mut Session) {
        let PanelTarget::Wiring(target) = click.target else { return };
        match target {
            WiringTarget::Lesion(row) => self.row = row,
            WiringTarget::Pair(row, column) => self.cell = (row, column),
            _ if click.is_drag => {}
            WiringTarget::Group(group) => session.press(group),
            WiringTarget::Spec => session.copy_spec(),
            WiringTarget::Hop(hop) => {
                session.draft.point_at(Some(hop));
                toggle_cursor(session);
            }
            WiringTarget::Residual(block) => {
                session.draft.stand_on(block);
                toggle_cursor(session);
            }
        }
    }

    fn wheel(&mut self, by: isize, _at: Position, session: &mut Session) {
        self.move_rows(by, session);
    }
}

/// Whose scores the diagram shows, where they are not the current run's.
fn whose(session: &Session) -> Option<String> {
    let current = session.runs.current().map(|run| run.id);
    let study = session.lesions.shown(&session.draft, current)?;
    let is_others = study.intact().is_some() && current.is_some_and(|run| run != study.run());
    is_others.then(|| format!("lesions of {}", study.name()))
}

/// The lesions that a table can list now.
fn study(session: &Session) -> Option<&Study> {
    session.lesions.listed(&session.draft, session.runs.current().map(|run| run.id))
}

impl WiringPanel {
    /// The view that there is something to show in, and the lesions of a table or heat map.
    fn shown<'a>(&self, session: &'a Session) -> (WiringView, Option<&'a Study>) {
        let study = study(session);
        let has = |count| study.is_some_and(|study| study.has(count));
        let view = match self.view {
            WiringView::Pairs if has(2) => WiringView::Pairs,
            WiringView::Ranking | WiringView::Pairs if study.is_some_and(Study::has_any) => {
                WiringView::Ranking
            }
            _ => WiringView::Diagram,
        };
        (view, study)
    }

    /// The next view that there is something to show in; says how others get something.
    fn next_view(&mut self, session: &mut Session) {
        let (view, study) = self.shown(session);
        let has_pairs = study.is_some_and(|study| study.has(2));
        let has_any = study.is_some_and(Study::has_any);
        self.view = match view {
            WiringView::Diagram if has_any => WiringView::Ranking,
            WiringView::Diagram | WiringView::Ranking if has_pairs => WiringView::Pairs,
            _ => WiringView::Diagram,
        };
        if !has_any {
            session.say(Level::Info, "no lesions to list: e scores each hop and each F, E also every pair");
        } else if view == WiringView::Ranking && !has_pairs {
            session.say(Level::Info, "no pairs for a heat map: E scores every pair");
        }
    }

    /// Moves the cursor of what is shown, down and to the right where the numbers are positive.
    fn step(&mut self, dx: i32, dy: i32, session: &mut Session) {
        match self.shown(session) {
            (WiringView::Diagram, _) => session.draft.move_cursor(dx, -dy),
            (WiringView::Pairs, Some(study)) => {
                let last = study.terms().len().saturating_sub(1);
                self.cell.1 = self.cell.1.min(last).saturating_add_signed(dx as isize).min(last);
                self.move_rows(dy as isize, session);
            }
            _ => self.move_rows(dy as isize, session),
        }
    }

    /// Moves the cursor of the table or heat map by rows.
    fn move_rows(&mut self, by: isize, session: &Session) {
        let (row, rows) = match self.shown(session) {
            (WiringView::Ranking, Some(study)) => (&mut self.row, ranked(study).len()),
            (WiringView::Pairs, Some(study)) => (&mut self.cell.0, study.terms().len()),
            _ => return,
        };
        let last = rows.saturating_sub(1);
        *row = (*row).min(last).saturating_add_signed(by).min(last);
    }

    /// Toggles what is under the cursor in the diagram, or goes there from a lesion.
    fn enter(&mut self, session: &mut Session) {
        let cut = match self.shown(session) {
            (WiringView::Ranking, Some(study)) => {
                let rows = ranked(study);
                rows.get(self.row.min(rows.len().saturating_sub(1)))
                    .and_then(|(cuts, _)| cuts.first().copied())
            }
            (WiringView::Pairs, Some(study)) => study.terms().get(self.cell.0).copied(),
            _ => return toggle_cursor(session),
        };
        self.view = WiringView::Diagram;
        match cut {
            Some(Term::Hop(hop)) => session.draft.point_at(Some(hop)),
            Some(Term::Residual(block)) => session.draft.stand_on(block),
            None => {}
        }
    }
}

fn toggle_cursor(session: &mut Session) {
    if let Err(error) = session.draft.toggle_cursor() {
        session.say(Level::Warn, error.reason);
    }
}

/// Writes whose lesions are listed, where the draft is another network; what is left of `area`.
fn below_heading(study: &Study, draft: &Draft, area: Rect, buffer: &mut Buffer, theme: &Theme) -> Rect {
    let Some((whose, style)) = other_network(study, draft, area.width.into(), theme) else { return area };
    put(buffer, area, area.x, area.y, &whose, style, theme);
    Rect { y: area.y + 1, height: area.height - 1, ..area }
}

/// Of whose lesions scores are, where the draft is not that network: as long as there is room
/// for, and how it looks.
fn other_network(study: &Study, draft: &Draft, width: usize, theme: &Theme) -> Option<(String, Style)> {
    let why = study.unlike(draft)?;
    let whole = format!("lesions of {}; {why}", study.name());
    let forms = [whole, why.to_owned(), why.replace("the draft has ", "").replace("the draft is ", "")];
    let fitting = forms.iter().find(|form| form.chars().count() <= width).or(forms.last());
    Some((fitting.cloned().unwrap_or_default(), theme.warn()))
}

/// The columns that the diagram asks for at least, and at most.
const LEAST: u16 = 36;
const MOST: u16 = 64;
