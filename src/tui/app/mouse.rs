//! The mouse: what was painted where, and what a click on it means.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::App;
use crate::domain::timeline::SeekGoal;
use crate::tui::action::Effect;
use crate::tui::chrome::seek_bar;
use crate::tui::command::AppCommand;
use crate::tui::panel::{Click, PanelTarget};
use crate::tui::panels::PanelId;
use crate::tui::panes::Border;
use crate::tui::player::PlayerOrder;

/// Something on the screen that can be clicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HitTarget {
    /// Something in a panel.
    In(PanelId, PanelTarget),
    /// A border between two panes.
    Border(Border),
    /// The title of a panel, in the header.
    Tab(PanelId),
    /// A key of the footer, or of a question.
    Key(AppCommand),
    /// The seek bar of a recording.
    SeekBar,
    /// A row of the command palette.
    PaletteRow(usize),
}

/// What was painted where; later ones lie above earlier ones.
pub type Hits = Vec<(Rect, HitTarget)>;

impl App {
    fn target_at(&self, at: Position) -> Option<HitTarget> {
        self.screen.hits.iter().rev().find(|(area, _)| area.contains(at)).map(|(_, target)| *target)
    }

    /// Does what the mouse asks for.
    pub(super) fn handle_mouse(&mut self, mouse: MouseEvent) {
        let at = Position::new(mouse.column, mouse.row);
        let target = self.target_at(at);
        let is_open = self.session.question.is_some() || self.session.editing.is_some();
        if is_open || self.screen.overlay.is_some() {
            return self.point_at_what_is_open(mouse.kind, target);
        }
        // The wheel moves what a message may be about.
        if matches!(mouse.kind, MouseEventKind::ScrollUp | MouseEventKind::ScrollDown) {
            self.session.notice = None;
        }
        match (mouse.kind, target) {
            (MouseEventKind::Down(MouseButton::Left), Some(target)) => {
                self.session.notice = None;
                (self.screen.dragged, self.screen.seeking) = (None, None);
                self.click(target, at);
            }
            (MouseEventKind::Drag(MouseButton::Left), _) if self.screen.dragged.is_some() => self.drag_to(at),
            (MouseEventKind::Drag(MouseButton::Left), _) if self.screen.seeking.is_some() => self.seek(at),
            (MouseEventKind::Up(MouseButton::Left), _) => {
                (self.screen.dragged, self.screen.seeking) = (None, None);
            }
            (MouseEventKind::Drag(MouseButton::Left), Some(HitTarget::In(id, target))) => {
                let click = Click { target, at, was_focused: self.focus == id, is_drag: true };
                self.panels.get_mut(id).click(click, &mut self.session);
            }
            (MouseEventKind::ScrollUp, Some(HitTarget::SeekBar)) => {
                self.session.want(Effect::Play(PlayerOrder::Step(false)));
            }
            (MouseEventKind::ScrollDown, Some(HitTarget::SeekBar)) => {
                self.session.want(Effect::Play(PlayerOrder::Step(true)));
            }
            (MouseEventKind::ScrollUp, Some(HitTarget::In(id, _))) => {
                self.panels.get_mut(id).wheel(-1, at, &mut self.session);
            }
            (MouseEventKind::ScrollDown, Some(HitTarget::In(id, _))) => {
                self.panels.get_mut(id).wheel(1, at, &mut self.session);
            }
            _ => {}
        }
    }

    /// A question, the help or a text has the mouse's attention.
    fn point_at_what_is_open(&mut self, kind: MouseEventKind, target: Option<HitTarget>) {
        match (kind, target) {
            (MouseEventKind::ScrollUp, _) => self.scroll_overlay(false),
            (MouseEventKind::ScrollDown, _) => self.scroll_overlay(true),
            (MouseEventKind::Down(MouseButton::Left), Some(HitTarget::PaletteRow(row))) => self.run_row(row),
            (MouseEventKind::Down(MouseButton::Left), Some(HitTarget::Key(command))) => {
                self.handle_command(command);
            }
            _ => {}
        }
    }

    /// Goes to the place in the recording that the seek bar has under the mouse.
    fn seek(&mut self, at: Position) {
        if let Some(bar) = self.screen.seeking {
            let goal = SeekGoal::Part(seek_bar::part_at(bar, at.x));
            self.session.want(Effect::Play(PlayerOrder::Seek(goal)));
        }
    }

    fn click(&mut self, target: HitTarget, at: Position) {
        match target {
            HitTarget::In(id, target) => {
                let was_focused = std::mem::replace(&mut self.focus, id) == id;
                let click = Click { target, at, was_focused, is_drag: false };
                self.panels.get_mut(id).click(click, &mut self.session);
            }
            HitTarget::Border(border) => {
                self.grab(border, at);
                // The frame is also the panel's.
                let panels = self.screen.arrangement.iter().flat_map(|all| &all.panels);
                if let Some((id, _)) = panels.clone().find(|(_, area)| area.contains(at)) {
                    self.focus = *id;
                }
            }
            HitTarget::Tab(panel) => self.focus = panel,
            HitTarget::Key(command) => self.handle_command(command),
            HitTarget::PaletteRow(row) => self.run_row(row),
            HitTarget::SeekBar => {
                let hit = self.screen.hits.iter().rev().find(|(_, target)| *target == HitTarget::SeekBar);
                self.screen.seeking = hit.map(|(bar, _)| *bar);
                self.seek(at);
            }
        }
    }
}
