//! What of the screen depends on preferences.

use super::App;
use crate::tui::action::TerminalEffect;
use crate::tui::keymap::Keymap;

impl App {
    /// Follows preferences that have changed.
    pub(super) fn follow_preferences(&mut self) {
        if !self.session.preferences.take_changed() {
            return;
        }
        let preferences = &self.session.preferences;
        let (config, theme) = (preferences.config(), preferences.theme(self.session.theme));
        // Checked when they were set.
        if let Ok(keymap) = Keymap::new(&config.keys) {
            self.keymap = keymap;
        }
        self.gallery.change_to(config.gallery(&theme));
        let mouse = config.mouse;
        self.session.theme = theme;
        self.forget_pictures();
        self.session.want_of_terminal(TerminalEffect::Mouse(mouse));
        self.session.want_of_terminal(TerminalEffect::Redraw);
    }
}
