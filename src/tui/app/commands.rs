//! What each command does.

use super::App;
use crate::tui::action::{Effect, TerminalEffect};
use crate::tui::command::{AppCommand, GlobalCommand, PlaybackCommand};
use crate::tui::overlay::{CommandPalette, HelpView, Overlay};
use crate::tui::panels::PanelId;
use crate::tui::player::PlayerOrder;

impl App {
    /// Does what `command` asks for, unless something is open that has its own commands.
    pub(super) fn handle_command(&mut self, command: AppCommand) {
        let session = &mut self.session;
        if session.editing.is_some() {
            if let AppCommand::Edit(command) = command {
                session.finish_typing(command);
            }
        } else if let Some(question) = session.question {
            // A click elsewhere, say: the question stays.
            if let AppCommand::Answer(answer) = command {
                session.answer(question, answer);
            }
        } else if self.screen.overlay.is_some() {
            self.handle_in_overlay(command);
        } else {
            match command {
                AppCommand::Global(command) => self.handle_global(command),
                AppCommand::Panel(id, key) => self.panels.get_mut(id).press(key, session),
                AppCommand::Replay(command) => self.handle_playback(command),
                // With nothing open that they could mean.
                AppCommand::Edit(_)
                | AppCommand::Answer(_)
                | AppCommand::Help(_)
                | AppCommand::Palette(_) => {}
            }
        }
    }

    fn handle_global(&mut self, command: GlobalCommand) {
        let session = &mut self.session;
        match command {
            GlobalCommand::Train => session.train(),
            GlobalCommand::Pause => session.pause(),
            GlobalCommand::Stop => session.stop(),
            GlobalCommand::Twin => session.twin(),
            GlobalCommand::Lesions => session.lesion(false),
            GlobalCommand::LesionPairs => session.lesion(true),
            GlobalCommand::Press(group) => session.press(group),
            GlobalCommand::CopySpec => session.copy_spec(),
            GlobalCommand::WriteBoards => session.toggle_boards(),
            GlobalCommand::NextPanel => self.focus_by(1),
            GlobalCommand::PreviousPanel => self.focus_by(PanelId::ALL.len() - 1),
            GlobalCommand::Focus(panel) => self.focus = panel,
            GlobalCommand::Zoom => self.screen.zoomed = !self.screen.zoomed,
            GlobalCommand::Resize(how) => self.resize(how),
            GlobalCommand::ResetLayout => self.reset_layout(),
            GlobalCommand::Back => self.back(),
            GlobalCommand::Screenshot => session.want_of_terminal(TerminalEffect::Screenshot),
            GlobalCommand::Rescan => {
                PanelId::ALL.iter().for_each(|id| self.panels.get_mut(*id).retry());
                session.want(Effect::Search);
            }
            GlobalCommand::Redraw => session.want_of_terminal(TerminalEffect::Redraw),
            GlobalCommand::Suspend => session.want_of_terminal(TerminalEffect::Suspend),
            GlobalCommand::Palette => self.screen.overlay = Some(Overlay::Palette(CommandPalette::default())),
            GlobalCommand::Help => self.screen.overlay = Some(Overlay::Help(HelpView::default())),
            GlobalCommand::Detach => session.detach(),
            GlobalCommand::Quit => session.quit(),
        }
    }

    fn handle_playback(&mut self, command: PlaybackCommand) {
        let order = match command {
            PlaybackCommand::PlayOrPause => PlayerOrder::PlayOrPause,
            PlaybackCommand::StepOn => PlayerOrder::Step(true),
            PlaybackCommand::StepBack => PlayerOrder::Step(false),
            PlaybackCommand::Faster => PlayerOrder::Faster(true),
            PlaybackCommand::Slower => PlayerOrder::Faster(false),
            PlaybackCommand::Loop => PlayerOrder::Loop,
            PlaybackCommand::GoTo => return self.session.edit_goal(),
        };
        self.session.want(Effect::Play(order));
    }

    fn focus_by(&mut self, by: usize) {
        let now = PanelId::ALL.iter().position(|panel| *panel == self.focus).unwrap_or(0);
        self.focus = PanelId::ALL[(now + by) % PanelId::ALL.len()];
    }

    fn back(&mut self) {
        if self.screen.zoomed {
            self.screen.zoomed = false;
        } else {
            self.panels.get_mut(self.focus).close(&mut self.session);
        }
    }
}
