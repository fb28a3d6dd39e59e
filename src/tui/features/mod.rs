//! Feature maps: one image, and what every term of a block's hierarchical sum makes of it.

mod draw;

use std::cell::Cell;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::images::Font;
use super::run::{Run, RunId};
use super::theme::Theme;
use crate::domain::features::{BlockMaps, Features};

/// Which maps are shown, of which run and image.
#[derive(Debug, Default)]
pub struct FeatureMaps {
    /// Index of the image among the validation split.
    image: usize,
    /// Index of the block.
    block: usize,
    /// The first channel shown.
    channel: usize,
    /// Whether every map has a scale of its own.
    own_scale: bool,
    /// What was asked for last: a run and an image.
    asked: Option<(RunId, usize)>,
    /// Whether the answer is still to come.
    waits: bool,
    /// The last answer that had maps.
    shown: Option<(RunId, Arc<Features>)>,
    /// Why the last answer had none.
    fault: Option<String>,
    /// Channels that fit side by side, known only where they are drawn.
    across: Cell<usize>,
}

/// All that decides what pictures there are of maps, and where.
#[derive(Debug, Clone)]
pub struct Pictured {
    features: Arc<Features>,
    block: usize,
    channel: usize,
    own_scale: bool,
    area: Rect,
    theme: Theme,
    font: Font,
}

impl PartialEq for Pictured {
    fn eq(&self, other: &Self) -> bool {
        let whole =
            |this: &Self| (this.block, this.channel, this.own_scale, this.area, this.theme, this.font);
        // No answer is changed, so the same one has the same maps.
        Arc::ptr_eq(&self.features, &other.features) && whole(self) == whole(other)
    }
}

impl FeatureMaps {
    /// The image to ask for, where that of `run` has not been asked for already.
    pub fn ask(&mut self, run: RunId) -> Option<usize> {
        let wanted = Some((run, self.image));
        if self.asked == wanted {
            return None;
        }
        (self.asked, self.waits, self.fault) = (wanted, true, None);
        Some(self.image)
    }

    /// Asks again for what was asked for last.
    pub fn ask_again(&mut self) {
        self.asked = None;
    }

    /// The weights of `run` may be others than before.
    pub fn changed(&mut self, run: RunId) {
        if self.asked.is_some_and(|(asked, _)| asked == run) {
            self.ask_again();
        }
    }

    /// Takes in the answer for `run` and `image`.
    pub fn answered(&mut self, run: RunId, image: usize, answer: Result<Arc<Features>, String>) {
        if self.asked.is_none_or(|(asked, _)| asked != run) {
            return;
        }
        let is_newest = self.asked == Some((run, image));
        self.waits &= !is_newest;
        match answer {
            Ok(features) => {
                if is_newest {
                    // Another run may have fewer images.
                    self.image = features.image.index;
                    self.asked = Some((run, self.image));
                }
                self.shown = Some((run, features));
                self.settle();
            }
            Err(reason) if is_newest => (self.fault, self.shown) = (Some(reason), None),
            Err(_) => {}
        }
    }

    fn features(&self) -> Option<&Features> {
        self.shown.as_ref().map(|(_, features)| features.as_ref())
    }

    fn maps(&self) -> Option<&BlockMaps> {
        self.features()?.blocks.get(self.block)
    }

    /// What decides the pictures that [`draw`](Self::draw) paints in `area`; `None` where there
    /// are none.
    pub fn pictured(
        &self,
        run: Option<&Run>,
        replays: bool,
        area: Rect,
        theme: &Theme,
        font: Font,
    ) -> Option<Pictured> {
        let (_, features) = self.shown_of(run, replays).filter(|_| !area.is_empty())?;
        Some(Pictured {
            features: Arc::clone(features),
            block: self.block,
            channel: self.channel,
            own_scale: self.own_scale,
            area,
            theme: *theme,
            font,
        })
    }

    /// Which weights the maps of `run` were made with, in words.
    pub fn about(&self, run: RunId) -> Option<String> {
        let (of, features) = self.shown.as_ref()?;
        (*of == run).then(|| format!("{} weights", features.checkpoint.name()))
    }

    /// Goes `by` images on, or back.
    pub fn move_image(&mut self, by: isize) {
        let last = self.features().map_or(usize::MAX, |features| features.image.of.saturating_sub(1));
        self.image = self.image.saturating_add_signed(by).min(last);
    }

    /// Goes to the first image.
    pub fn first_image(&mut self) {
        self.image = 0;
    }

    /// Goes to the last image.
    pub fn last_image(&mut self) {
        if let Some(features) = self.features() {
            self.image = features.image.of.saturating_sub(1);
        }
    }

    /// Goes `by` blocks deeper, or back.
    pub fn move_block(&mut self, by: isize) {
        self.block = self.block.saturating_add_signed(by);
        self.settle();
    }

    /// Goes as many channels on as are shown, or back.
    pub fn page_channels(&mut self, on: bool) {
        let by = self.across.get().max(1) as isize;
        self.move_channels(if on { by } else { -by });
    }

    /// Goes `by` channels on, or back.
    pub fn move_channels(&mut self, by: isize) {
        self.channel = self.channel.saturating_add_signed(by);
        self.settle();
    }

    /// One scale for the block, or one for each map.
    pub fn toggle_scale(&mut self) {
        self.own_scale = !self.own_scale;
    }

    /// Brings block and channel back to what there is.
    fn settle(&mut self) {
        let blocks = self.features().map_or(0, |features| features.blocks.len());
        self.block = self.block.min(blocks.saturating_sub(1));
        self.channel = self.channel.min(self.last_start());
    }

    /// The first channel of those that are shown last.
    fn last_start(&self) -> usize {
        let channels = self.maps().map_or(0, BlockMaps::channels);
        channels.saturating_sub(self.across.get().max(1))
    }
}
