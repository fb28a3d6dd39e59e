//! The data panel: what it shows, when it asks for what, and what becomes of a dataset that
//! is not here.

use std::path::Path;
use std::sync::Arc;

use hiresnet_tui::domain::data_preview::{ClassPreview, DataPreview, PreviewImage, PreviewRequest};
use hiresnet_tui::domain::event::{Split, SplitSizes};
use hiresnet_tui::engine::fetch::{FetchProgress, FetchStage, Fetched, Offer, dataset_source};
use hiresnet_tui::tui::TerminalScreen;
use hiresnet_tui::tui::action::{Effect, Message};
use hiresnet_tui::tui::images::{Font, Gallery, ImageProtocol};
use hiresnet_tui::tui::panels::data::Unavailable;
use hiresnet_tui::tui::player::Playback;
use hiresnet_tui::tui::theme::Theme;
use insta::assert_snapshot;
use ratatui::layout::Size;

use crate::screens::ASCII;
use crate::world::{DRAFT, World};

const SMALL: (u16, u16) = (80, 24);

/// What a dataset with the classes of `ask` might look like: a square or a slope for each
/// image, and fewer images the later the class.
fn sample(ask: &PreviewRequest) -> DataPreview {
    let (classes, seen) = (ask.spec.classes(), ask.spec.image_size());
    let colour = ask.spec.dataset.name() != "fashion-embedded";
    let (channels, size) = if colour { (3, seen) } else { (1, 28) };
    let class = |class: usize| {
        let name = ask.spec.dataset.class_name(class).map_or_else(|| format!("n{class:04}"), str::to_owned);
        let group = if classes == 100 { format!("group {}", class / 5) } else { String::new() };
        ClassPreview {
            name,
            group,
            counts: [900 - 3 * class, 100, 0].map(|n: usize| n + usize::from(class != 5)),
        }
    };
    let pixel = |class: usize, i: usize, size: usize, at: usize| {
        let (channel, y, x) = (at / (size * size), at / size % size, at % size);
        let inside = x.abs_diff(size / 2) + y.abs_diff(size / 2) < 4 + class + i % 7;
        if inside { (60 + 40 * channel + 5 * x).min(255) as u8 } else { (8 * i) as u8 }
    };
    let known: Arc<[ClassPreview]> = (0..classes).map(class).collect();
    let first = ask.first.min(classes.saturating_sub(24));
    let alters = ask.split == Split::Train && (ask.spec.crop_padding > 0 || ask.spec.flip);
    let image = |class: usize, i: usize, size: usize| {
        (0..channels * size * size).map(|at| pixel(class, i, size, at)).collect::<Vec<u8>>()
    };
    let of_class = |class: usize| {
        let count = known[class].count(ask.split).min(48);
        let one = |i| PreviewImage {
            pixels: image(class, i, size),
            altered: alters.then(|| image(class, i + 3, seen)),
        };
        (0..count).map(one).collect()
    };
    DataPreview {
        place: colour.then(|| "/data/cifar-10-batches-bin".into()),
        short: None,
        channels,
        size,
        seen,
        mean: [0.491, 0.482, 0.447][..channels].to_vec(),
        std: [0.247, 0.243, 0.262][..channels].to_vec(),
        sizes: SplitSizes { train: 45_000, validation: 5_000, test: 10_000 },
        split: ask.split,
        first,
        samples: (first..classes).take(24).map(of_class).collect(),
        classes: Arc::clone(&known),
    }
}

impl World {
    /// Answers what was asked about data: whose images, and from which class on.
    pub fn see(&mut self) -> Vec<(Split, usize)> {
        let mut asks = Vec::new();
        for effect in self.effects() {
            if let Effect::LookAtData(ask) = effect {
                asks.push((ask.split, ask.first));
                let look = Arc::new(sample(&ask));
                self.tell(Message::DataSeen(ask, Ok(look)));
            }
        }
        asks
    }
}

fn seeing(line: &str, theme: Theme, size: (u16, u16)) -> World {
    let mut world = World::with(line, &Default::default(), theme);
    world.screen(size);
    world.keys("D");
    assert!(world.screen(size).contains("Reading "), "it says so meanwhile");
    assert_eq!(world.see(), [(Split::Train, 0)]);
    world
}

fn picture(name: &str, world: &mut World, size: (u16, u16)) {
    insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false }, {
        assert_snapshot!(format!("tui_data_{name}_{}x{}", size.0, size.1), world.screen(size));
    });
}

#[test]
fn pictures() {
    for size in [SMALL, (120, 40), (200, 60)] {
        let mut world = seeing(DRAFT, ASCII, size);
        assert!(world.screen(size).is_ascii());
        if size == (120, 40) {
            picture("grey", &mut world, size);
        }
        let mut world = seeing("plain@tiny-imagenet", Theme::FULL, size);
        world.keys("end");
        assert_eq!(world.see(), [(Split::Train, 192)]);
        assert!(world.screen(size).contains("199 n0199"), "{}", world.screen(size));
        if size == SMALL {
            picture("last_of_200", &mut world, size);
        }
    }
    let mut world = seeing("plain@cifar100 flip=true", ASCII, (120, 40));
    world.keys("down down enter right v");
    picture("one_class_altered", &mut world, (120, 40));
    picture("least", &mut seeing(DRAFT, ASCII, (40, 10)), (40, 10));
}

#[test]
fn keys_choose_class_split_and_images() {
    let mut world = seeing("plain@cifar10", Theme::FULL, (120, 40));
    let mut after = |keys: &str| {
        world.keys(keys);
        world.see();
        world.screen((120, 40))
    };
    let text = after("");
    assert!(text.contains("0 airplane · 901 images") && text.contains("images 1–3 of 901"), "{text}");
    assert!(text.contains("first 48 previewed"), "{text}");
    assert!(after("right right").contains("images 7–9 of 901"));
    assert!(after("left left left").contains("images 1–3 of 901"));
    assert!(after("").contains("▸train 45,000 · validation 5,000 · test 10,000"), "which split is said");
    assert!(after("s").contains("train 45,000 · ▸validation 5,000 · test"));
    after("s s");
    let text = after("right down");
    assert!(text.contains("1 automobile · 898 images") && text.contains("images 1–3 of 898"), "{text}");
    assert!(after("pagedown").contains("9 truck · 874 images"));
    assert!(after("home up").contains("0 airplane · 901 images"));
    assert!(after("s").contains("0 airplane · 101 images"), "validation");
    assert!(after("s").contains("images 1–1 of 1"), "test");
    let text = after("down down down down down");
    assert!(text.contains("5 dog · 0 images") && text.contains("no images"), "{text}");
    assert!(after("s home").contains("901 images"));
    let text = after("enter");
    assert!(!text.contains("1 automobile · "), "all of one class: {text}");
    assert!(after("right").contains("images 10–18 of 901"));
    after("v");
    assert!(world.notice().contains("crop_padding, flip or cutout"), "{}", world.notice());
}

#[test]
fn the_draft_s_data_are_asked_for_where_they_are_seen_and_only_when_they_change() {
    let mut world = World::of("plain@tiny-imagenet");
    world.screen(SMALL);
    world.keys("S down up");
    assert_eq!(world.see(), [], "the panel is on another page");
    world.keys("D");
    assert_eq!(world.see(), [(Split::Train, 0)]);
    world.keys("down right enter v 1").tell(Message::Second { clock: String::new(), memory: None });
    assert_eq!(world.see(), [], "nor does another network matter");
    world.keys("pagedown down");
    assert_eq!(world.see(), [(Split::Train, 12)]);
    world.keys("end s");
    assert_eq!(world.see(), [(Split::Train, 192), (Split::Validation, 192)]);
    // Another dataset, with fewer classes.
    world.app.session.draft.replace("plain@cifar10".parse().unwrap()).unwrap();
    world.tell(Message::Second { clock: String::new(), memory: None });
    assert!(world.screen(SMALL).contains("Reading cifar10"), "the other's images are gone at once");
    assert_eq!(world.see(), [(Split::Validation, 0)]);
    assert!(world.screen(SMALL).contains("9 truck"));
    // An answer that comes late.
    let old = PreviewRequest::new(&"plain@tiny-imagenet".parse().unwrap(), Split::Train, 0);
    let look = Arc::new(sample(&old));
    world.tell(Message::DataSeen(old, Ok(look)));
    assert!(world.screen(SMALL).contains("9 truck"));
}

#[test]
fn a_dataset_that_is_not_whole_says_so() {
    for (size, theme) in [((120, 40), Theme::FULL), ((120, 12), ASCII)] {
        let mut world = World::with("plain@cifar10", &Default::default(), theme);
        world.screen(size);
        world.keys("D");
        let effects = world.effects();
        let [Effect::LookAtData(ask)] = &effects[..] else { panic!("{effects:?}") };
        let short = "short: 1,000 of 50,000 training images";
        let look = Arc::new(DataPreview { short: Some(short.into()), ..sample(ask) });
        world.tell(Message::DataSeen(ask.clone(), Ok(look)));
        let text = world.screen(size);
        assert!(text.contains(short), "{text}");
    }
}

#[test]
fn what_training_makes_of_images_is_shown_where_it_makes_anything() {
    let mut world = seeing("plain@cifar10 crop_padding=4", Theme::FULL, (120, 40));
    assert!(world.screen((120, 40)).contains("v shows them augmented"));
    let before = world.buffer((120, 40));
    world.keys("v");
    assert!(world.screen((120, 40)).contains("augmented as in the first epoch"));
    assert_ne!(world.buffer((120, 40)), before);
    world.keys("s");
    world.see();
    let text = world.screen((120, 40));
    assert!(!text.contains("in the first epoch"), "no validation image is altered: {text}");
}

fn said(world: &mut World) -> String {
    let text = world.screen(SMALL);
    text.replace(['│', '\n'], " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_missing_dataset_is_offered_and_fetched() {
    let mut world = World::of("plain@cifar10");
    world.screen(SMALL);
    world.keys("D");
    let offer = Offer::of(dataset_source("cifar10").unwrap(), None, Some(Path::new("/data"))).unwrap();
    let miss = |world: &mut World| {
        let effects = world.effects();
        let [Effect::LookAtData(ask)] = &effects[..] else { panic!("{effects:?}") };
        let unseen = Unavailable { error: "/data: no cifar10 here".into(), offer: Some(offer.clone()) };
        world.tell(Message::DataSeen(ask.clone(), Err(Box::new(unseen))));
    };
    miss(&mut world);
    let text = said(&mut world);
    assert!(text.contains("/data: no cifar10 here Press f to download 162 MiB from"), "{text}");
    world.keys("f");
    assert_eq!(world.effects(), [Effect::Fetch(offer.clone())]);
    world.tell(Message::Fetching(
        FetchProgress { done: 85_026_086, total: 170_052_171, stage: FetchStage::Fetching, file: "a".into() },
        4e6,
    ));
    assert!(world.keys("left").screen((120, 40)).contains("downloading cifar10 50%"));
    world.keys("f x");
    assert_eq!(world.effects(), [Effect::EndFetch]);
    world.tell(Message::FetchEnded(Ok(Fetched::Interrupted)));
    assert!(world.notice().contains("it resumes from here next time"), "{}", world.notice());
    assert!(said(&mut world).contains("Press f to download"));

    // A run that wants it meanwhile begins when it is here.
    world.keys("f");
    assert_eq!(world.effects(), [Effect::Fetch(offer.clone())]);
    world.keys("t");
    let (id, _) = world.started();
    world.tell(Message::Missing(id, offer.clone(), "missing".into()));
    assert_eq!((world.app.session.question, world.effects()), (None, vec![]));
    world.tell(Message::FetchEnded(Ok(Fetched::Now)));
    let effects = world.effects();
    assert!(
        matches!(&effects[..], [Effect::Start(of, ..), Effect::LookAtData(_)] if *of == id),
        "{effects:?}"
    );
    // Another one that trains is what x stops, not the fetch of somebody who looks.
    let mut world = World::of("plain@cifar10");
    world.train();
    world.screen(SMALL);
    world.keys("D");
    miss(&mut world);
    world.keys("f x");
    let effects = world.effects();
    assert!(matches!(&effects[..], [Effect::Fetch(_), Effect::Order(_)]), "{effects:?}");
}

#[test]
fn a_recording_has_no_images() {
    let mut world = World::new();
    world.tell(Message::Recorded(0, Box::new(DRAFT.parse().unwrap())));
    let (t, seconds, speed) = (1.0, 2.0, 1.0);
    world.tell(Message::Playing(Playback { t, seconds, speed, playing: false, looping: false }));
    world.keys("D");
    assert!(said(&mut world).contains("A recording has no images."));
    assert_eq!(world.see(), []);
}

#[test]
fn images_are_sent_as_pixels_where_the_terminal_has_them() {
    let size = (120, 40);
    let mut world = seeing("plain@cifar10", Theme::FULL, size);
    world.app.gallery = Gallery::new(ImageProtocol::Kitty, true);
    world.app.gallery.set_font(Some(Font { width: 10, height: 20 }));
    let mut screen = TerminalScreen::fixed(Size::new(size.0, size.1), Vec::new()).unwrap();
    screen.paint(&mut world.app).unwrap();
    let begins = |world: &mut World| {
        world.app.prepare(Size::new(size.0, size.1));
        world.app.gallery.ahead().matches("a=T,U=1").count()
    };
    assert_eq!(begins(&mut world), 0, "they were sent");
    world.keys("right");
    assert_eq!(begins(&mut world), 9, "three of each of three classes");
    world.keys("W");
    assert_eq!(begins(&mut world), 0);
}
