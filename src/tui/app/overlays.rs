//! The help and the command palette: their keys, and what is typed into them.

use crossterm::event::KeyEvent;

use super::App;
use crate::tui::chrome::{help, palette};
use crate::tui::command::{
    AppCommand, Binding, EditCommand, GlobalCommand, HelpCommand, KeyScope, PaletteCommand,
};
use crate::tui::keymap::Keymap;
use crate::tui::overlay::{CommandPalette, HelpView, Overlay, PaletteRow};
use crate::tui::panels::PanelId;

/// Lines of a page of the help, and commands of one of the palette.
const PAGE: usize = 10;

impl App {
    /// A key that is no command goes to the text being typed.
    pub(super) fn type_key(&mut self, key: KeyEvent) {
        match self.open_overlay() {
            Some(overlay) => overlay.type_key(key),
            None => self.session.type_key(key),
        }
    }

    /// Text from the clipboard.
    pub(super) fn paste(&mut self, text: &str) {
        match self.open_overlay().filter(|overlay| overlay.takes_text()) {
            Some(overlay) => overlay.paste(text),
            None => self.session.paste(text),
        }
    }

    /// What lies over the panels, where nothing lies over it.
    fn open_overlay(&mut self) -> Option<&mut Overlay> {
        let is_covered = self.session.editing.is_some() || self.session.question.is_some();
        self.screen.overlay.as_mut().filter(|_| !is_covered)
    }

    /// Does what `command` means to what is open.
    pub(super) fn handle_in_overlay(&mut self, command: AppCommand) {
        let closes = match (&mut self.screen.overlay, command) {
            (Some(Overlay::Help(help)), AppCommand::Edit(command)) => {
                end_search(help, command);
                false
            }
            (Some(Overlay::Help(help)), AppCommand::Help(command)) => scroll(help, command),
            (Some(Overlay::Help(_)), AppCommand::Global(GlobalCommand::Help)) => true,
            (Some(Overlay::Palette(open)), AppCommand::Edit(EditCommand::Accept)) => {
                let row = open.row;
                return self.run_row(row);
            }
            (Some(Overlay::Palette(_)), AppCommand::Edit(EditCommand::Cancel)) => true,
            (Some(Overlay::Palette(open)), AppCommand::Palette(command)) => {
                choose(open, command);
                false
            }
            _ => false,
        };
        if closes {
            self.screen.overlay = None;
        }
    }

    /// Scrolls what is open by a notch of the wheel.
    pub(super) fn scroll_overlay(&mut self, down: bool) {
        let (help, palette) = match down {
            true => (HelpCommand::Down, PaletteCommand::Down),
            false => (HelpCommand::Up, PaletteCommand::Up),
        };
        self.handle_command(match self.screen.overlay {
            Some(Overlay::Palette(_)) => AppCommand::Palette(palette),
            _ => AppCommand::Help(help),
        });
    }

    /// Closes the palette and runs the command in this row of it; a panel's is run in the panel.
    pub(super) fn run_row(&mut self, row: usize) {
        let Some(Overlay::Palette(open)) = &self.screen.overlay else { return };
        let Some(command) = self.palette_rows(open).get(row).map(|row| row.binding.command) else { return };
        self.screen.overlay = None;
        if let AppCommand::Panel(panel, _) = command {
            self.focus = panel;
        }
        self.handle_command(command);
    }

    /// The commands that the palette lists: those of the focused panel come first.
    pub fn palette_rows(&self, open: &CommandPalette) -> Vec<PaletteRow> {
        let replay = self.session.playback.map(|_| KeyScope::Replay);
        let others = PanelId::ALL.iter().filter(|panel| **panel != self.focus);
        let scopes = [Some(KeyScope::In(self.focus)), replay, Some(KeyScope::Everywhere)];
        let scopes = scopes.into_iter().flatten().chain(others.map(|panel| KeyScope::In(*panel)));
        let is_offered = |binding: &&Binding| binding.command != GlobalCommand::Palette.into();
        let bindings = scopes.flat_map(Keymap::bindings_of).filter(is_offered);
        open.rows(bindings.collect())
    }

    /// Keeps the help from being scrolled beyond its end, and the palette's cursor on a row.
    pub(super) fn keep_overlay_inside(&mut self) {
        let last = match &self.screen.overlay {
            Some(Overlay::Help(view)) => help::last_line(self, view, self.screen.size),
            Some(Overlay::Palette(open)) => palette::last_row(self, open),
            None => return,
        };
        match &mut self.screen.overlay {
            Some(Overlay::Help(help)) => help.line = help.line.min(last),
            Some(Overlay::Palette(open)) => open.row = open.row.min(last),
            None => {}
        }
    }
}

/// Keeps the lines that were found, or shows all again.
fn end_search(help: &mut HelpView, command: EditCommand) {
    match command {
        EditCommand::Accept => help.is_typing = false,
        EditCommand::Cancel => *help = HelpView::default(),
        EditCommand::Complete => {}
    }
}

/// Scrolls the help; whether it closes.
fn scroll(help: &mut HelpView, command: HelpCommand) -> bool {
    match command {
        HelpCommand::Close if help.search.value().is_empty() => return true,
        HelpCommand::Close => *help = HelpView::default(),
        HelpCommand::Up => help.line = help.line.saturating_sub(1),
        HelpCommand::Down => help.line += 1,
        HelpCommand::PageUp => help.line = help.line.saturating_sub(PAGE),
        HelpCommand::PageDown => help.line += PAGE,
        HelpCommand::First => help.line = 0,
        HelpCommand::Search => help.is_typing = true,
    }
    false
}

fn choose(open: &mut CommandPalette, command: PaletteCommand) {
    open.row = match command {
        PaletteCommand::Up => open.row.saturating_sub(1),
        PaletteCommand::Down => open.row + 1,
        PaletteCommand::PageUp => open.row.saturating_sub(PAGE),
        PaletteCommand::PageDown => open.row + PAGE,
    };
}
