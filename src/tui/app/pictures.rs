//! Pictures in the terminal's own pixels: which there are in the next frame.

use super::{App, inside};
use crate::tui::command::Panel;
use crate::tui::{data, features};

/// What they show: of maps, and of a dataset's images.
pub(super) type Pictured = (Option<features::Pictured>, Option<data::Pictured>);

impl App {
    /// Makes the pictures that the next frame paints, where they are not made already. With
    /// something over them half-blocks are painted instead: of a picture no part can be
    /// covered and come back.
    pub(super) fn prepare_pictures(&mut self) {
        let Some(font) = self.gallery.font() else { return };
        let covered = self.is_covered();
        self.gallery.veil(covered);
        let (run, replays, theme) = (self.runs.current(), self.playback.is_some(), &self.theme);
        let [maps, images] = [Panel::Features, Panel::Data].map(|panel| self.area(panel).map(inside));
        let wanted = (
            maps.and_then(|area| self.features.pictured(run, replays, area, theme, font)),
            images.and_then(|area| self.data.pictured(self.draft.spec(), replays, area, theme, font)),
        );
        if wanted == self.pictured {
            return;
        }
        let mut pictures = match (&wanted.0, maps) {
            (Some(_), Some(area)) => self.features.pictures(run, replays, area, theme, font),
            _ => Vec::new(),
        };
        if let (Some(_), Some(area)) = (&wanted.1, images) {
            pictures.extend(self.data.pictures(self.draft.spec(), replays, area, theme, font));
        }
        self.gallery.show(&pictures);
        self.pictured = wanted;
    }

    /// The terminal may have lost its pictures: they are made anew.
    pub fn forget_pictures(&mut self) {
        self.pictured = (None, None);
    }
}
