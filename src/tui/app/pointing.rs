//! The mouse: what was painted where, and what a click on it means.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{App, Question};
use crate::tui::command::{Command, Panel};
use crate::tui::run::RunId;
use crate::tui::wiring;

/// Something on the screen that can be pointed at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spot {
    /// A panel, or the part of it that nothing more special covers.
    Panel(Panel),
    /// The title of a panel, in the header.
    Tab(Panel),
    /// Part of the wiring.
    Wiring(wiring::Spot),
    /// A field's row.
    Field(usize),
    /// A run's row.
    Run(RunId),
    /// The mark that says whether a run is drawn.
    Mark(RunId),
    /// A key of the footer, or of a question.
    Key(Command),
}

/// What was painted where; later ones lie above earlier ones.
pub type Hits = Vec<(Rect, Spot)>;

impl App {
    fn at(&self, column: u16, row: u16) -> Option<Spot> {
        let position = Position::new(column, row);
        self.view.hits.iter().rev().find(|(area, _)| area.contains(position)).map(|(_, spot)| *spot)
    }

    /// Does what the mouse asks for.
    pub(super) fn point(&mut self, mouse: MouseEvent) {
        let (column, row) = (mouse.column, mouse.row);
        let spot = self.at(column, row);
        if self.question.is_some() || self.editing.is_some() || self.view.help.is_some() {
            return self.point_at_what_is_open(mouse.kind, spot);
        }
        match (mouse.kind, spot) {
            (MouseEventKind::Down(MouseButton::Left), Some(spot)) => {
                self.notice = None;
                self.click(spot, column, row);
            }
            (MouseEventKind::Drag(MouseButton::Left), Some(Spot::Panel(Panel::Curves))) => {
                self.curves.click(column, row);
            }
            (MouseEventKind::ScrollUp, Some(spot)) => self.wheel(spot, column, row, true),
            (MouseEventKind::ScrollDown, Some(spot)) => self.wheel(spot, column, row, false),
            _ => {}
        }
    }

    /// A question, a help or a text has the mouse's attention.
    fn point_at_what_is_open(&mut self, kind: MouseEventKind, spot: Option<Spot>) {
        match (kind, spot) {
            (MouseEventKind::ScrollUp, _) if self.view.help.is_some() => self.obey(Command::Up),
            (MouseEventKind::ScrollDown, _) if self.view.help.is_some() => self.obey(Command::Down),
            (MouseEventKind::Down(MouseButton::Left), Some(Spot::Key(command))) => self.obey(command),
            _ => {}
        }
    }

    fn click(&mut self, spot: Spot, column: u16, row: u16) {
        match spot {
            Spot::Panel(panel) => {
                self.focus = panel;
                if panel == Panel::Curves {
                    self.curves.click(column, row);
                }
            }
            Spot::Tab(panel) => self.focus = panel,
            Spot::Wiring(wiring) => {
                self.focus = Panel::Wiring;
                match wiring {
                    wiring::Spot::Group(group) => self.press(group),
                    wiring::Spot::Spec => self.obey(Command::CopySpec),
                    wiring::Spot::Hop(hop) => {
                        self.draft.point_at(Some(hop));
                        self.obey(Command::PressCursor);
                    }
                    wiring::Spot::Residual(block) => {
                        self.draft.stand_on(block);
                        self.obey(Command::PressCursor);
                    }
                }
            }
            Spot::Field(field) => {
                // The second click on a field edits it.
                let again = self.focus == Panel::Setup && self.setup.row() == field;
                self.focus = Panel::Setup;
                self.setup.select(field);
                if again {
                    self.edit_field();
                }
            }
            Spot::Run(id) => {
                self.focus = Panel::Runs;
                self.runs.select(id);
            }
            Spot::Mark(id) => {
                self.focus = Panel::Runs;
                self.runs.select(id);
                self.obey(Command::Show);
            }
            Spot::Key(command) => self.obey(command),
        }
    }

    fn wheel(&mut self, spot: Spot, column: u16, row: u16, up: bool) {
        let by = if up { -1 } else { 1 };
        match spot {
            Spot::Panel(Panel::Curves) => self.curves.wheel(column, row, up),
            Spot::Panel(Panel::Activations) => self.activations.scroll(by as i32),
            Spot::Panel(Panel::Features) => self.features.move_channels(by),
            Spot::Panel(Panel::Data) => self.data.move_class(by),
            Spot::Panel(Panel::Table) => self.table.scroll(by),
            Spot::Panel(Panel::Status) => self.log.scroll(-by * 3),
            Spot::Panel(Panel::Setup) | Spot::Field(_) => self.setup.move_by(by),
            Spot::Panel(Panel::Runs) | Spot::Run(_) | Spot::Mark(_) => self.runs.move_cursor(by),
            _ => {}
        }
    }

    /// What is asked, in words.
    pub fn question_text(&self) -> Option<String> {
        Some(match self.question? {
            Question::Quit => {
                let waiting = self.runs.queue().len();
                let queue = match waiting {
                    0 => String::new(),
                    1 => " 1 run still waits and will not be trained.".into(),
                    n => format!(" {n} runs still wait and will not be trained."),
                };
                let stop =
                    if self.runs.active().is_some() { "Stop the run and quit? It is kept." } else { "Quit?" };
                format!("{stop}{queue}")
            }
            Question::Fetch => self.fetching.as_ref()?.question(),
            Question::Delete(id) => {
                let line = self.runs.get(id).map_or("", |run| run.line.as_str());
                format!("Delete this run, its record and its weights from disk? {line}")
            }
            Question::ReplacePreset => {
                format!("Replace your preset {} with the draft? {}", self.setup.replacing, self.draft.line())
            }
        })
    }
}
