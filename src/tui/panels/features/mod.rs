//! Feature maps: one image, and what every term of a block's hierarchical sum makes of it.

mod draw;

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::draw::{MapsGeometry, MapsPicture};
use crate::domain::event::EventKind;
use crate::domain::features::{BlockMaps, Features};
use crate::domain::text::{grouped, wrap};
use crate::tui::action::{Effect, Message};
use crate::tui::asked::Asked;
use crate::tui::images::{Font, PictureKey};
use crate::tui::paint::put;
use crate::tui::panel::{Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind};
use crate::tui::run::{RunId, RunStage, TrackedRun};
use crate::tui::session::Session;

/// The panel.
#[derive(Debug, Default)]
pub struct FeaturesPanel {
    /// Index of the image in the validation split.
    image: usize,
    /// Index of the block.
    block: usize,
    /// The first channel shown.
    channel: usize,
    /// Whether all channels are shown, however small their maps become.
    all: bool,
    /// Whether every map has a scale of its own.
    own_scale: bool,
    /// Maps of a run and an image.
    asked: Asked<(RunId, usize), Arc<Features>>,
    /// Channels that fit side by side.
    across: usize,
}

impl PanelKind for FeaturesPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Features",
        short: "Feat.",
        name: "features",
        focus: ("features", &["F"], "focus Features"),
        mouse: "wheel: move through the channels",
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("image-back", &["left", "h"], "previous validation image", |panel, _| {
            panel.move_image(-1);
        }),
        PanelKey::<Self>::new("image-on", &["right", "l"], "next image", |panel, _| panel.move_image(1))
            .hint("images"),
        PanelKey::<Self>::new("image-first", &["home"], "first image", |panel, _| panel.image = 0),
        PanelKey::<Self>::new("image-last", &["end"], "last image", |panel, _| panel.move_image(isize::MAX)),
        PanelKey::<Self>::new("block-back", &["up", "k"], "previous block", |panel, _| panel.move_block(-1)),
        PanelKey::<Self>::new("block-on", &["down", "j"], "next block", |panel, _| panel.move_block(1))
            .hint("blocks"),
        PanelKey::<Self>::new("channels-back", &["[", "pageup"], "previous channels", |panel, _| {
            panel.page_channels(-1);
        }),
        PanelKey::<Self>::new("channels-on", &["]", "pagedown"], "next channels", |panel, _| {
            panel.page_channels(1);
        })
        .hint("channels"),
        PanelKey::<Self>::new(
            "all-channels",
            &["a"],
            "all channels at once, in smaller maps, or fewer and larger ones",
            |panel, _| {
                panel.all = !panel.all;
                panel.channel = 0;
            },
        )
        .hint("all channels"),
        PanelKey::<Self>::new(
            "scale",
            &["c"],
            "one colour scale for all maps of the block, or one for each map",
            |panel, _| {
                panel.own_scale = !panel.own_scale;
            },
        )
        .hint("scale"),
        PanelKey::<Self>::new(
            "look-again",
            &["enter"],
            "reload the current run's weights and the image",
            |panel, _| {
                panel.asked.ask_again();
            },
        )
        .hint("reload"),
    ];
}

impl Panel for FeaturesPanel {
    /// The network, and which of its weights were used.
    fn summary(&self, session: &Session, _room: usize) -> String {
        let Some(run) = session.runs.current() else { return String::new() };
        let weights = match self.asked.last() {
            Some(((of, _), features)) if *of == run.id => format!(", {} weights", features.checkpoint.name()),
            _ => String::new(),
        };
        format!("{}{weights}", run.spec.network_name())
    }

    fn layout(&mut self, session: &Session, area: Rect) {
        let plan = self
            .shown(session)
            .and_then(|(_, features)| Some(MapsGeometry::new(features, self.maps()?, area, self.all).plan))
            .filter(|_| !area.is_empty());
        if let Some(plan) = plan {
            self.across = plan.across;
        }
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        let (session, theme) = (canvas.session, canvas.theme());
        let area = canvas.area.intersection(buf.area);
        if area.is_empty() {
            return Drawn::default();
        }
        if let Some((run, features)) = self.shown(session) {
            let (dataset, paint) = (run.spec.dataset, canvas.paint);
            MapsPicture { panel: self, features, dataset, theme, paint }.draw(area, buf);
        } else {
            let text = self.why_nothing(session);
            for (line, y) in wrap(&text, area.width.into()).iter().zip(area.top()..area.bottom()) {
                put(buf, area, area.x, y, line, theme.dim(), theme);
            }
        }
        Drawn::default()
    }

    fn request(&mut self, session: &mut Session) -> Option<Effect> {
        let run = session.runs.current().filter(|_| session.playback.is_none())?;
        let path = run.path.clone()?;
        let (id, image) = self.asked.ask((run.id, self.image))?;
        Some(Effect::Look { id, path, spec: Box::new(run.spec.clone()), image })
    }

    fn handle_message(&mut self, message: &Message, session: &Session) {
        match message {
            Message::Looked(run, image, answer) => self.answer(*run, *image, answer.clone()),
            // Another program's run has found better weights, or its last ones.
            Message::Appended { path, events, .. }
                if events.iter().any(|(_, event)| matches!(event.kind, EventKind::EpochEnded { .. }))
                    && self.asked.key().map(|(asked, _)| *asked) == session.runs.at(path) =>
            {
                self.asked.ask_again();
            }
            // Its weights were saved before this was sent.
            Message::Event(run, event)
                if matches!(event.kind, EventKind::EpochEnded { .. })
                    && self.asked.key().is_some_and(|(asked, _)| asked == run) =>
            {
                self.asked.ask_again();
            }
            _ => {}
        }
    }

    fn wheel(&mut self, by: isize, _at: Position, _session: &mut Session) {
        self.move_channels(by);
    }

    fn picture_key(&self, session: &Session, area: Rect, font: Font) -> Option<PictureKey> {
        let (_, features) = self.shown(session).filter(|_| !area.is_empty())?;
        let choice = vec![self.block, self.channel, self.own_scale.into(), self.all.into()];
        Some(PictureKey { source: Arc::clone(features) as _, choice, area, theme: session.theme, font })
    }
}

impl FeaturesPanel {
    fn answer(&mut self, run: RunId, image: usize, answer: Result<Arc<Features>, String>) {
        let found = answer.as_ref().ok().map(|features| features.image.index);
        let is_newest = self.asked.answer(&(run, image), answer, |(asked, _)| *asked == run);
        if let Some(index) = found.filter(|_| is_newest) {
            // Another run may have fewer images.
            self.image = index;
            self.asked.correct((run, index));
        }
        self.settle();
    }

    fn features(&self) -> Option<&Features> {
        self.asked.last().map(|(_, features)| features.as_ref())
    }

    fn maps(&self) -> Option<&BlockMaps> {
        self.features()?.blocks.get(self.block)
    }

    /// What is shown of the current run, where anything is.
    fn shown<'a>(&'a self, session: &'a Session) -> Option<(&'a TrackedRun, &'a Arc<Features>)> {
        let run = session.runs.current().filter(|_| session.playback.is_none())?;
        let ((of, _), features) = self.asked.shown()?;
        (run.id == *of).then_some((run, features))
    }

    fn why_nothing(&self, session: &Session) -> String {
        let what = "F, every projection into a block and their sum for one validation image";
        match session.runs.current() {
            _ if session.playback.is_some() => {
                format!("A recording has no weights. For runs on disk, this panel shows {what}.")
            }
            None => format!("No run selected. Choose one in Runs to see {what}."),
            Some(run) if run.path.is_none() => match run.stage {
                RunStage::Over => "This run was not saved, so it has no weights.".into(),
                _ => format!("This run has not started. After its first epoch: {what}."),
            },
            Some(run) if run.is_active() && run.state.epochs.is_empty() => {
                format!("This run has no checkpoint yet. After its first epoch: {what}.")
            }
            Some(run) => match (self.asked.error(), self.asked.key()) {
                (Some(error), Some((asked, _))) if *asked == run.id => error.clone(),
                _ => format!("Reading the weights and image {}", grouped(self.image.saturating_add(1))),
            },
        }
    }

    fn move_image(&mut self, by: isize) {
        let last = self.features().map_or(usize::MAX, |features| features.image.of.saturating_sub(1));
        if by < isize::MAX || self.features().is_some() {
            self.image = self.image.saturating_add_signed(by).min(last);
        }
    }

    fn move_block(&mut self, by: isize) {
        self.block = self.block.saturating_add_signed(by);
        self.settle();
    }

    /// As many channels on as are shown, or back.
    fn page_channels(&mut self, pages: isize) {
        self.move_channels(pages * self.across.max(1) as isize);
    }

    fn move_channels(&mut self, by: isize) {
        self.channel = self.channel.saturating_add_signed(by);
        self.settle();
    }

    /// Brings block and channel back to what there is.
    fn settle(&mut self) {
        let blocks = self.features().map_or(0, |features| features.blocks.len());
        self.block = self.block.min(blocks.saturating_sub(1));
        let channels = self.maps().map_or(0, BlockMaps::channels);
        self.channel = self.channel.min(channels.saturating_sub(self.across.max(1)));
    }
}
