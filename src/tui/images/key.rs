//! What decides pictures, so that they are encoded only when it changes.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::pixels::Font;
use crate::tui::theme::Theme;

/// All that decides which pictures a panel has, and where.
#[derive(Clone)]
pub struct PictureKey {
    /// The answer that they are made from. No answer is changed, so the same one has the
    /// same pictures.
    pub source: Arc<dyn Any + Send + Sync>,
    /// What of it is shown, and how.
    pub choice: Vec<usize>,
    /// Where.
    pub area: Rect,
    /// Colours.
    pub theme: Theme,
    /// A cell's pixels.
    pub font: Font,
}

impl PartialEq for PictureKey {
    fn eq(&self, other: &Self) -> bool {
        let rest = |this: &Self| (this.area, this.theme, this.font);
        Arc::ptr_eq(&self.source, &other.source) && self.choice == other.choice && rest(self) == rest(other)
    }
}

impl fmt::Debug for PictureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PictureKey")
            .field("choice", &self.choice)
            .field("area", &self.area)
            .finish_non_exhaustive()
    }
}
