//! A look at the draft's data: what its keys do.

use super::App;
use crate::tui::command::Command;
use crate::tui::log::Level;

/// Classes of a page.
const PAGE: isize = 10;

impl App {
    /// Commands about the dataset's images.
    pub(super) fn look_at_data(&mut self, command: Command) {
        let data = &mut self.data;
        match command {
            Command::Up => data.move_class(-1),
            Command::Down => data.move_class(1),
            Command::PageUp => data.move_class(-PAGE),
            Command::PageDown => data.move_class(PAGE),
            Command::First => data.move_class(isize::MIN),
            Command::Last => data.move_class(isize::MAX),
            Command::Left => data.turn(false),
            Command::Right => data.turn(true),
            Command::CycleSplit => data.cycle_split(),
            Command::Enter => data.toggle_one_class(),
            Command::Alter => {
                let altered = data.toggle_altered(self.draft.spec());
                let text =
                    "nothing is done to these images: that takes crop_padding or flip, and the train split";
                if !altered {
                    self.say(Level::Info, text);
                }
            }
            Command::FetchData => self.fetch_data(),
            _ => {}
        }
    }

    fn fetch_data(&mut self) {
        if self.fetching.is_some() {
            return self.say(Level::Info, "one dataset is being fetched already; x ends that");
        }
        match self.data.offer() {
            Some((fault, offer)) => self.fetch(fault, offer),
            None => self.say(Level::Info, "nothing here is to be fetched"),
        }
    }
}
