//! What is looked at inside networks: activations, and feature maps, which are asked for where
//! they are on the screen.

use super::App;
use crate::tui::action::Effect;
use crate::tui::command::{Command, Panel};

impl App {
    /// Commands about the activations.
    pub(super) fn scrub(&mut self, command: Command) {
        let Some(run) = self.runs.current() else { return };
        match command {
            Command::Left => self.activations.scrub(-1, &run.state),
            Command::Right => self.activations.scrub(1, &run.state),
            Command::First => self.activations.first(),
            Command::Last => self.activations.follow(),
            Command::Spread => self.activations.toggle_spread(),
            Command::Up => self.activations.scroll(-1),
            Command::Down => self.activations.scroll(1),
            _ => {}
        }
    }

    /// Commands about the feature maps.
    pub(super) fn look(&mut self, command: Command) {
        let features = &mut self.features;
        match command {
            Command::Left => features.move_image(-1),
            Command::Right => features.move_image(1),
            Command::First => features.first_image(),
            Command::Last => features.last_image(),
            Command::Up => features.move_block(-1),
            Command::Down => features.move_block(1),
            Command::PageUp => features.page_channels(false),
            Command::PageDown => features.page_channels(true),
            Command::CycleScale => features.toggle_scale(),
            Command::Enter => features.ask_again(),
            _ => {}
        }
    }

    /// Asks for the maps of the current run, where they are on the screen and have not been
    /// asked for.
    pub(super) fn look_at_what_is_shown(&mut self) {
        if self.playback.is_some() {
            return;
        }
        if self.is_visible(Panel::Data)
            && let Some(ask) = self.data.ask(self.draft.spec())
        {
            self.effects.push(Effect::LookAtData(ask));
        }
        if !self.is_visible(Panel::Features) {
            return;
        }
        let Some(run) = self.runs.current() else { return };
        if let Some(path) = &run.path
            && let Some(image) = self.features.ask(run.id)
        {
            let (path, spec) = (path.clone(), Box::new(run.spec.clone()));
            self.effects.push(Effect::Look { id: run.id, path, spec, image });
        }
    }

    /// Whether a panel is on the next frame.
    pub(super) fn is_visible(&self, panel: Panel) -> bool {
        let arrangement = self.pages.arrange(self.view.size, self.focus, self.view.zoomed);
        arrangement.is_some_and(|arrangement| arrangement.panels.iter().any(|(which, _)| *which == panel))
    }
}
