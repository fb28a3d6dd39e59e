//! The draft's data: splits, class balance, and images by class.

mod draw;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::draw::{DataGeometry, DataPicture};
use crate::domain::data_preview::{DataPreview, PreviewImage, PreviewRequest};
use crate::domain::event::Split;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::{filesize, harmless, wrap};
use crate::engine::fetch::{Fetched, Offer};
use crate::tui::action::{Effect, Message};
use crate::tui::asked::Asked;
use crate::tui::images::{Font, PictureKey};
use crate::tui::log::Level;
use crate::tui::paint::put;
use crate::tui::panel::{Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind};
use crate::tui::session::{NoticeState, Session};

/// Classes between the starts of two asks; fewer than are sent at once, so that those after
/// the cursor are there as well.
const STRIDE: usize = 12;
/// Classes of a page.
const PAGE: isize = 10;

/// Why a dataset cannot be shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Unavailable {
    /// In words.
    pub error: String,
    /// What could be downloaded.
    pub offer: Option<Offer>,
}

/// The panel.
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
    augmented: bool,
    asked: Asked<PreviewRequest, Arc<DataPreview>, Unavailable>,
    /// Images on a page of a class.
    a_page: usize,
}

impl Default for DataPanel {
    fn default() -> Self {
        Self {
            class: 0,
            page: 0,
            split: Split::Train,
            one_class: false,
            augmented: false,
            asked: Asked::default(),
            a_page: 1,
        }
    }
}

impl PanelKind for DataPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Data",
        short: "Data",
        name: "data",
        focus: ("data", &["D"], "focus Data"),
        mouse: "wheel: move through the classes",
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("class-up", &["up", "k"], "previous class", |panel, _| panel.move_class(-1)),
        PanelKey::<Self>::new("class-down", &["down", "j"], "next class", |panel, _| panel.move_class(1))
            .hint("classes"),
        PanelKey::<Self>::new("classes-up", &["pageup", "["], "ten classes back", |panel, _| {
            panel.move_class(-PAGE);
        }),
        PanelKey::<Self>::new("classes-down", &["pagedown", "]"], "ten classes on", |panel, _| {
            panel.move_class(PAGE);
        }),
        PanelKey::<Self>::new("class-first", &["home"], "first class", |panel, _| {
            panel.move_class(isize::MIN);
        }),
        PanelKey::<Self>::new("class-last", &["end"], "last class", |panel, _| panel.move_class(isize::MAX)),
        PanelKey::<Self>::new("samples-back", &["left", "h"], "previous images", |panel, _| panel.turn(-1)),
        PanelKey::<Self>::new("samples-on", &["right", "l"], "next images", |panel, _| panel.turn(1))
            .hint("images"),
        PanelKey::<Self>::new("split", &["s"], "train, validation or test split", |panel, _| {
            panel.cycle_split();
        })
        .hint("split"),
        PanelKey::<Self>::new(
            "one-class",
            &["enter"],
            "fill the panel with this class, or show class by class",
            |panel, _| {
                panel.toggle_one_class();
            },
        )
        .hint("one class"),
        PanelKey::<Self>::new(
            "alter",
            &["v"],
            "training images as stored, or augmented as in the first epoch",
            |panel, session| {
                panel.toggle_augmented(session);
            },
        )
        .hint("augmented"),
        PanelKey::<Self>::new(
            "fetch",
            &["f"],
            "download the draft's dataset if it is missing; x cancels",
            |panel, session| {
                panel.fetch(session);
            },
        )
        .hint("download")
        .enabled(|panel, session| session.fetching.is_none() && panel.offer().is_some()),
    ];
}

impl Panel for DataPanel {
    fn summary(&self, session: &Session, _room: usize) -> String {
        format!("draft: {}", session.draft.spec().dataset.name())
    }

    fn layout(&mut self, session: &Session, area: Rect) {
        if let Some(look) = self.look(session).filter(|_| !area.is_empty()) {
            self.a_page = DataGeometry::new(self, look, area).a_page(self.one_class);
        }
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        let (session, theme) = (canvas.session, canvas.theme());
        let area = canvas.area.intersection(buf.area);
        if area.is_empty() {
            return Drawn::default();
        }
        if let Some(look) = self.look(session) {
            DataPicture { panel: self, look, theme, paint: canvas.paint }.draw(area, buf);
            return Drawn::default();
        }
        let mut y = area.top();
        for paragraph in self.why_nothing(session) {
            for line in wrap(&paragraph, area.width.into()) {
                put(buf, area, area.x, y, &line, theme.dim(), theme);
                y += 1;
            }
            y += 1;
        }
        Drawn::default()
    }

    fn request(&mut self, session: &mut Session) -> Option<Effect> {
        if session.playback.is_some() {
            return None;
        }
        let spec = session.draft.spec();
        self.class = self.class.min(spec.classes().saturating_sub(1));
        let wanted = PreviewRequest::new(spec, self.split, self.class / STRIDE * STRIDE);
        self.asked.ask(wanted).map(Effect::LookAtData)
    }

    fn handle_message(&mut self, message: &Message, _session: &Session) {
        match message {
            Message::DataSeen(ask, answer) => {
                let classes = answer.as_ref().map_or(usize::MAX, |look| look.classes.len());
                if self.asked.answer(ask, answer.clone().map_err(|reason| *reason), |_| false) {
                    self.class = self.class.min(classes.saturating_sub(1));
                }
            }
            Message::FetchEnded(Ok(Fetched::Now | Fetched::Already)) => self.retry(),
            _ => {}
        }
    }

    fn retry(&mut self) {
        if self.asked.error().is_some() {
            self.asked.ask_again();
        }
    }

    fn wheel(&mut self, by: isize, _at: Position, _session: &mut Session) {
        self.move_class(by);
    }

    fn picture_key(&self, session: &Session, area: Rect, font: Font) -> Option<PictureKey> {
        let look = self.look(session).filter(|_| !area.is_empty())?;
        let choice = vec![self.class, self.page, self.one_class.into(), self.augmented.into()];
        Some(PictureKey { source: Arc::clone(look) as _, choice, area, theme: session.theme, font })
    }
}

impl DataPanel {
    /// Why there is nothing to see, and what could be downloaded.
    fn offer(&self) -> Option<(String, Offer)> {
        let Unavailable { error, offer } = self.asked.error()?;
        Some((error.clone(), offer.clone()?))
    }

    /// What is known of the draft's data; of another split or other classes while those of
    /// the cursor are still to come.
    fn look(&self, session: &Session) -> Option<&Arc<DataPreview>> {
        let (ask, look) = self.asked.shown().filter(|_| session.playback.is_none())?;
        (PreviewRequest::new(session.draft.spec(), ask.split, ask.first) == *ask).then_some(look)
    }

    fn why_nothing(&self, session: &Session) -> Vec<String> {
        let dataset = session.draft.spec().dataset.name();
        if session.playback.is_some() {
            return vec![format!(
                "A recording has no images. Without one, this panel shows the draft's dataset, here {dataset}."
            )];
        }
        let Some(Unavailable { error, offer }) = self.asked.error() else {
            return vec![format!("Reading {dataset}")];
        };
        let offer = offer.as_ref().map(|offer| {
            let dir = harmless(&offer.folder.to_string_lossy(), 200);
            let (size, host) = (filesize(offer.bytes()), offer.host());
            format!("Press f to download {size} from {host} to {dir}.")
        });
        std::iter::once(error.clone()).chain(offer).collect()
    }

    fn fetch(&self, session: &mut Session) {
        if session.fetching.is_some() {
            let text = "a download is in progress; x cancels it";
            return session.say_while(NoticeState::Fetches, Level::Info, text);
        }
        match self.offer() {
            Some((error, offer)) => session.fetch(error, offer),
            None => session.say(Level::Info, "nothing to download"),
        }
    }

    fn move_class(&mut self, by: isize) {
        let last = self.asked.last().map_or(0, |(_, look)| look.classes.len().saturating_sub(1));
        self.class = self.class.saturating_add_signed(by).min(last);
        self.page = 0;
    }

    /// More images of the class, or those before.
    fn turn(&mut self, by: isize) {
        let images = self.asked.last().map_or(0, |(_, look)| samples(look, self.class).len());
        let last = images.div_ceil(self.a_page.max(1)).saturating_sub(1);
        self.page = self.page.saturating_add_signed(by).min(last);
    }

    fn cycle_split(&mut self) {
        self.page = 0;
        self.split = match self.split {
            Split::Train => Split::Validation,
            Split::Validation => Split::Test,
            Split::Test => Split::Train,
        };
    }

    fn toggle_one_class(&mut self) {
        self.one_class = !self.one_class;
        self.page = 0;
    }

    /// Images as stored, or as the network sees them; says so where that is the same.
    fn toggle_augmented(&mut self, session: &mut Session) {
        let ExperimentSpec { crop_padding, flip, cutout, .. } = *session.draft.spec();
        let differs = self.split == Split::Train && (crop_padding > 0 || flip || cutout > 0);
        self.augmented = differs && !self.augmented;
        if !differs {
            session.say(Level::Info, "no augmentation: set crop_padding, flip or cutout; train split only");
        }
    }
}

/// The images of a class, as far as they were sent.
fn samples(look: &DataPreview, class: usize) -> &[PreviewImage] {
    let at = class.checked_sub(look.first);
    at.and_then(|at| look.samples.get(at)).map_or(&[], Vec::as_slice)
}
