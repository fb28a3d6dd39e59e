//! `TensorBoard` event files of runs that train.

use std::path::PathBuf;

use super::Session;
use crate::domain::text::harmless;
use crate::tui::action::Effect;
use crate::tui::log::Level;

/// Whether and where runs write event files while they train.
#[derive(Debug, Clone, Default)]
pub struct Boards {
    /// Each run in a folder of its name below this one.
    folder: PathBuf,
    is_on: bool,
}

impl Boards {
    /// Whether they do.
    pub const fn is_on(&self) -> bool {
        self.is_on
    }

    /// Below which folder, where they do.
    pub fn folder(&self) -> Option<PathBuf> {
        self.is_on.then(|| self.folder.clone())
    }
}

impl Session {
    /// Has runs write event files below `asked`; below `root`, where the runs are, once the
    /// user says so.
    pub fn set_boards(&mut self, asked: Option<PathBuf>, root: PathBuf) {
        let is_on = asked.is_some();
        self.boards = Boards { folder: asked.unwrap_or(root), is_on };
        if is_on {
            self.want(Effect::WriteBoards(Some(self.boards.folder.clone())));
        }
    }

    /// Has runs write event files, or write no more.
    pub fn toggle_boards(&mut self) {
        if self.is_replay("nothing is trained here") {
            return;
        }
        self.boards.is_on = !self.boards.is_on;
        let folder = self.boards.folder();
        let text = match &folder {
            None => "no longer writing TensorBoard event files".into(),
            Some(folder) => {
                let folder = harmless(&folder.to_string_lossy(), 400);
                format!("writing TensorBoard event files; to view: tensorboard --logdir {folder}")
            }
        };
        self.want(Effect::WriteBoards(folder));
        self.say(Level::Info, text);
    }

    /// A run's event file cannot be written.
    pub(super) fn board_failed(&mut self, message: &str) {
        self.say(Level::Warn, harmless(message, 4000));
    }
}
