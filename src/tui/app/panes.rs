//! Panes made larger and smaller, by keys and with the mouse.

use ratatui::layout::Position;

use super::App;
use crate::tui::command::Resize;
use crate::tui::log::Level;
use crate::tui::panels::{PanelId, Panels};
use crate::tui::panes::{Border, PaneLine, PaneSizes, Wish, Wishes};
use crate::tui::session::Session;

/// A border that is being dragged.
#[derive(Debug, Clone, Copy)]
pub struct DraggedBorder {
    border: Border,
    /// The column or row that the pointer was in last.
    at: u16,
}

/// What the panels ask for.
pub(super) struct Asking<'a> {
    pub(super) panels: &'a Panels,
    pub(super) session: &'a Session,
}

impl Wishes for Asking<'_> {
    fn columns(&self, panel: PanelId) -> Wish {
        self.panels.get(panel).columns_wanted(self.session)
    }

    fn rows(&self, panel: PanelId, width: u16) -> Wish {
        self.panels.get(panel).rows_wanted(self.session, width)
    }
}

impl App {
    /// The sizes that panes were given by hand, to be kept.
    pub const fn pane_sizes(&self) -> &PaneSizes {
        &self.pane_sizes
    }

    /// Gives panes the sizes that were kept.
    pub fn set_pane_sizes(&mut self, sizes: PaneSizes) {
        self.pane_sizes = sizes;
    }

    /// Makes the focused panel's pane larger or smaller.
    pub(super) fn resize(&mut self, how: Resize) {
        // Keys may come faster than frames.
        self.arrange(self.screen.size);
        let Some((column, row)) = self.screen.arrangement.as_ref().and_then(|all| all.place(self.focus))
        else {
            return;
        };
        let (line, place, by) = match how {
            Resize::Wider => (PaneLine::Columns, column, 2),
            Resize::Narrower => (PaneLine::Columns, column, -2),
            Resize::Taller => (PaneLine::Rows(column), row, 1),
            Resize::Shorter => (PaneLine::Rows(column), row, -1),
        };
        let count = self.screen.arrangement.as_ref().map_or(0, |all| all.sizes(line).len());
        if count < 2 {
            let text = match line {
                _ if self.screen.zoomed => "this panel has the whole screen; z shows the others",
                PaneLine::Columns => "no panel beside this one",
                PaneLine::Rows(_) => "no panel above or below this one",
            };
            return self.session.say(Level::Info, text);
        }
        // The last one's border is that before it.
        let (before, by) = if place + 1 < count { (place, by) } else { (place - 1, -by) };
        if !self.move_border(Border { line, before }, by) {
            self.session.say(Level::Info, "the panels here can't be made smaller");
        }
    }

    /// Every pane gets the size that is reckoned.
    pub(super) fn reset_layout(&mut self) {
        let text = if self.pane_sizes.is_empty() { "the layout is as it was" } else { "layout reset" };
        self.pane_sizes.reset();
        self.session.say(Level::Info, text);
    }

    /// The mouse takes hold of a border.
    pub(super) fn grab(&mut self, border: Border, at: Position) {
        self.screen.dragged = Some(DraggedBorder { border, at: along(border, at) });
    }

    /// The mouse has moved a border to a cell.
    pub(super) fn drag_to(&mut self, at: Position) {
        let Some(dragged) = self.screen.dragged else { return };
        let to = along(dragged.border, at);
        let by = i32::from(to) - i32::from(dragged.at);
        let before = self.border_at(dragged.border);
        self.move_border(dragged.border, by);
        let moved = self.border_at(dragged.border) - before;
        // Where the border could not follow, it waits for the pointer to come back.
        let at = (i32::from(dragged.at) + moved).clamp(0, u16::MAX.into()) as u16;
        self.screen.dragged = Some(DraggedBorder { at, ..dragged });
    }

    fn border_at(&self, border: Border) -> i32 {
        let sizes = self.screen.arrangement.as_ref().map_or(&[][..], |all| all.sizes(border.line));
        sizes.iter().take(border.before + 1).map(|size| i32::from(*size)).sum()
    }

    /// Moves a border and lays the screen out anew, so that the next move begins there.
    fn move_border(&mut self, border: Border, by: i32) -> bool {
        let Some(all) = &self.screen.arrangement else { return false };
        let moved = self.pane_sizes.drag(&all.page, border, by, all.sizes(border.line));
        if moved {
            self.arrange(self.screen.size);
        }
        moved
    }
}

/// The pointer's place in the direction in which a border moves.
const fn along(border: Border, at: Position) -> u16 {
    match border.line {
        PaneLine::Columns => at.x,
        PaneLine::Rows(_) => at.y,
    }
}
