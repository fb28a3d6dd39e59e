//! Preferences that are changed: the screen follows at once, and the config file is written.

use super::{EditedText, Session};
use crate::tui::action::Effect;
use crate::tui::log::Level;
use crate::tui::preferences::{Preference, Preferences};

impl Session {
    /// The next choice of the setting under the cursor, or the one before.
    pub fn change_preference(&mut self, forward: bool) {
        let which = self.preferences.chosen();
        match self.preferences.neighbour(which, forward) {
            Some(value) => self.prefer(which, value),
            None => self.say(Level::Info, "press Enter to type its keys"),
        }
    }

    /// The next choice of the setting under the cursor; of a command's keys, begins to type them.
    pub fn edit_preference(&mut self) {
        let which = self.preferences.chosen();
        match which {
            Preference::Keys(_) => self.edit(EditedText::Preference(which), self.preferences.value(which)),
            _ => self.change_preference(true),
        }
    }

    /// The default of the setting under the cursor.
    pub fn reset_preference(&mut self) {
        let which = self.preferences.chosen();
        self.prefer(which, &Preferences::default_of(which));
    }

    /// Begins to ask for the name of a setting to go to.
    pub fn find_preference(&mut self) {
        self.edit(EditedText::PreferenceName(self.preferences.row()), String::new());
    }

    /// Gives a setting another value, and keeps it.
    pub(super) fn prefer(&mut self, which: Preference, text: &str) {
        match self.preferences.set(which, text) {
            Ok(change) => self.want(Effect::Configure(change)),
            Err(reason) => self.say(Level::Warn, reason),
        }
    }
}
