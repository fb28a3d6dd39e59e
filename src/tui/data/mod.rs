//! A look at the draft's data: splits, class balance, and images by class.

mod draw;

use std::cell::Cell;
use std::sync::Arc;

use ratatui::layout::Rect;

use super::images::Font;
use super::theme::Theme;
use crate::domain::data_preview::{DataPreview, PreviewImage, PreviewRequest};
use crate::domain::event::Split;
use crate::domain::spec::ExperimentSpec;
use crate::engine::fetch::Offer;

/// Classes between the starts of two asks; fewer than are told at once, so that those after
/// the cursor are there as well.
const STRIDE: usize = 12;

/// Why there is nothing to see.
#[derive(Debug, Clone, PartialEq)]
pub struct Unseen {
    /// In words.
    pub fault: String,
    /// What could be fetched.
    pub offer: Option<Offer>,
}

/// Which images are shown.
#[derive(Debug)]
pub struct DataPanel {
    /// Under the cursor.
    class: usize,
    /// Which of the class's images, in screenfuls.
    page: usize,
    split: Split,
    /// Whether all images are of one class.
    one_class: bool,
    /// Whether training images are shown as the network sees them.
    altered: bool,
    /// What was asked for last.
    asked: Option<PreviewRequest>,
    /// Whether the answer is still to come.
    waits: bool,
    /// The last answer that had images.
    shown: Option<(PreviewRequest, Arc<DataPreview>)>,
    /// Why the last answer had none.
    unseen: Option<Unseen>,
    /// Images on a page of a class, known only where they are drawn.
    a_page: Cell<usize>,
}

impl Default for DataPanel {
    fn default() -> Self {
        Self {
            class: 0,
            page: 0,
            split: Split::Train,
            one_class: false,
            altered: false,
            asked: None,
            waits: false,
            shown: None,
            unseen: None,
            a_page: Cell::new(1),
        }
    }
}

/// All that decides what pictures there are of images, and where.
#[derive(Debug, Clone)]
pub struct Pictured {
    look: Arc<DataPreview>,
    class: usize,
    page: usize,
    one_class: bool,
    altered: bool,
    area: Rect,
    theme: Theme,
    font: Font,
}

impl PartialEq for Pictured {
    fn eq(&self, other: &Self) -> bool {
        let which = |this: &Self| (this.class, this.page, this.one_class, this.altered);
        let whole = |this: &Self| (which(this), this.area, this.theme, this.font);
        // No answer is changed, so the same one has the same images.
        Arc::ptr_eq(&self.look, &other.look) && whole(self) == whole(other)
    }
}

impl DataPanel {
    /// What to ask for to show the data of `spec`, where that has not been asked for already.
    pub fn ask(&mut self, spec: &ExperimentSpec) -> Option<PreviewRequest> {
        self.class = self.class.min(spec.classes().saturating_sub(1));
        let wanted = PreviewRequest::new(spec, self.split, self.class / STRIDE * STRIDE);
        if self.asked.as_ref() == Some(&wanted) {
            return None;
        }
        (self.asked, self.waits, self.unseen) = (Some(wanted.clone()), true, None);
        Some(wanted)
    }

    /// Asks again for what could not be seen.
    pub fn ask_again(&mut self) {
        if self.unseen.is_some() {
            self.asked = None;
        }
    }

    /// Takes in an answer.
    pub fn answered(&mut self, ask: &PreviewRequest, answer: Result<Arc<DataPreview>, Box<Unseen>>) {
        if self.asked.as_ref() != Some(ask) {
            return;
        }
        self.waits = false;
        match answer {
            Ok(look) => {
                self.class = self.class.min(look.classes.len().saturating_sub(1));
                self.shown = Some((ask.clone(), look));
            }
            Err(unseen) => (self.unseen, self.shown) = (Some(*unseen), None),
        }
    }

    /// Why there is nothing to see, and what could be fetched.
    pub fn offer(&self) -> Option<(String, Offer)> {
        let Unseen { fault, offer } = self.unseen.as_ref()?;
        Some((fault.clone(), offer.clone()?))
    }

    /// What is known of the data of `spec`; of another split or other classes where those of
    /// the cursor are still to come.
    fn look(&self, spec: &ExperimentSpec, replays: bool) -> Option<&Arc<DataPreview>> {
        let (ask, look) = self.shown.as_ref().filter(|_| !replays && self.unseen.is_none())?;
        (PreviewRequest::new(spec, ask.split, ask.first) == *ask).then_some(look)
    }

    /// What decides the pictures that [`draw`](Self::draw) paints in `area`; `None` where there
    /// are none.
    pub fn pictured(
        &self,
        spec: &ExperimentSpec,
        replays: bool,
        area: Rect,
        theme: &Theme,
        font: Font,
    ) -> Option<Pictured> {
        let look = self.look(spec, replays).filter(|_| !area.is_empty())?;
        let (class, page, one_class) = (self.class, self.page, self.one_class);
        let altered = self.altered;
        Some(Pictured { look: Arc::clone(look), class, page, one_class, altered, area, theme: *theme, font })
    }

    /// Goes `by` classes on, or back.
    pub fn move_class(&mut self, by: isize) {
        let last = self.shown.as_ref().map_or(0, |(_, look)| look.classes.len().saturating_sub(1));
        self.class = self.class.saturating_add_signed(by).min(last);
        self.page = 0;
    }

    /// Goes to more images of the class, or back.
    pub fn turn(&mut self, on: bool) {
        let images = self.samples().len();
        let last = images.div_ceil(self.a_page.get().max(1)).saturating_sub(1);
        self.page = self.page.saturating_add_signed(if on { 1 } else { -1 }).min(last);
    }

    fn samples(&self) -> &[PreviewImage] {
        let Some((_, look)) = &self.shown else { return &[] };
        samples(look, self.class)
    }

    /// The next split's images.
    pub fn cycle_split(&mut self) {
        self.page = 0;
        self.split = match self.split {
            Split::Train => Split::Validation,
            Split::Validation => Split::Test,
            Split::Test => Split::Train,
        };
    }

    /// All images of one class, or class by class.
    pub fn toggle_one_class(&mut self) {
        self.one_class = !self.one_class;
        self.page = 0;
    }

    /// Images as their files have them, or as the network sees them; `false` where that is
    /// the same.
    pub fn toggle_altered(&mut self, spec: &ExperimentSpec) -> bool {
        let differs = self.split == Split::Train && (spec.crop_padding > 0 || spec.flip);
        self.altered = differs && !self.altered;
        differs
    }
}

/// The images of a class, as far as they were told.
fn samples(look: &DataPreview, class: usize) -> &[PreviewImage] {
    let at = class.checked_sub(look.first);
    at.and_then(|at| look.samples.get(at)).map_or(&[], Vec::as_slice)
}
