//! The paper's tables: what their keys do, and how they hear of runs of other programs.

use super::App;
use crate::tui::action::Effect;
use crate::tui::command::{Command, Panel};
use crate::tui::log::Level;

/// Seconds between looks for runs that other programs train, while a table is shown.
const BETWEEN: u32 = 5;
/// Rows of a page.
const PAGE: isize = 5;

impl App {
    /// Commands about the tables.
    pub(super) fn tabulate(&mut self, command: Command) {
        let table = &mut self.table;
        match command {
            Command::Up => table.scroll(-1),
            Command::Down => table.scroll(1),
            Command::PageUp => table.scroll(-PAGE),
            Command::PageDown => table.scroll(PAGE),
            Command::First => table.scroll(isize::MIN),
            Command::Last => table.scroll(isize::MAX),
            Command::Left => table.scroll_columns(-1),
            Command::Right => table.scroll_columns(1),
            Command::Enter => table.switch(),
            Command::NextRecipe if !table.next_recipe() => {
                self.say(Level::Info, "all runs of this table have one recipe");
            }
            _ => {}
        }
    }

    /// Looks now and then for what other programs have done, where a table shows it. What is
    /// over does not change, and is not read again.
    pub(super) fn look_for_runs(&mut self) {
        self.since_search += 1;
        let due = self.since_search >= BETWEEN && !self.searching;
        if !due || self.playback.is_some() || !self.is_visible(Panel::Table) {
            return;
        }
        let over = self.runs.all().filter(|run| run.state.outcome.is_some() || run.is_active());
        let known = over.filter_map(|run| run.path.clone()).collect();
        (self.searching, self.since_search) = (true, 0);
        self.effects.push(Effect::SearchAgain(known));
    }
}
