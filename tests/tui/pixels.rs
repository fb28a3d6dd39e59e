//! Feature maps in a terminal's own pixels: what is sent when, and what takes it away.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use hiresnet_tui::tui::TerminalScreen;
use hiresnet_tui::tui::images::{Font, Gallery, ImageProtocol, farewell};
use hiresnet_tui::tui::theme::Theme;
use ratatui::layout::Size;

use crate::features::looking;
use crate::world::World;

const SIZE: (u16, u16) = (120, 40);

/// What the terminal is sent.
#[derive(Clone, Default)]
struct Wire(Rc<RefCell<Vec<u8>>>);

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Seat {
    world: World,
    screen: TerminalScreen<Wire>,
    wire: Wire,
}

impl Seat {
    fn new(images: ImageProtocol, said: bool, font: Option<Font>) -> Self {
        let mut world = looking(Theme::FULL, SIZE);
        world.app.gallery = Gallery::new(images, said);
        world.app.gallery.set_font(font);
        let wire = Wire::default();
        let screen = TerminalScreen::fixed(Size::new(SIZE.0, SIZE.1), wire.clone()).unwrap();
        Self { world, screen, wire }
    }

    /// Presses keys, answers and paints; what is sent.
    fn after(&mut self, keys: &str) -> String {
        self.world.keys(keys);
        self.world.look();
        self.screen.paint(&mut self.world.app).unwrap();
        String::from_utf8(std::mem::take(&mut *self.wire.0.borrow_mut())).unwrap()
    }
}

/// How many pictures begin in what was sent.
fn pictures(sent: &str, images: ImageProtocol) -> usize {
    let begins = match images {
        ImageProtocol::Kitty => "a=T,U=1",
        ImageProtocol::Sixel => "\x1bP0;1;0q",
        ImageProtocol::Iterm2 => "\x1b]1337;File=",
        ImageProtocol::Halfblocks => "▀",
    };
    sent.matches(begins).count()
}

const FONT: Option<Font> = Some(Font { width: 10, height: 20 });

#[test]
fn pictures_are_sent_once_and_taken_away() {
    for images in [ImageProtocol::Kitty, ImageProtocol::Sixel, ImageProtocol::Iterm2] {
        let mut seat = Seat::new(images, false, FONT);
        let still = seat.world.screen(SIZE);
        let first = seat.after("");
        let count = pictures(&first, images);
        // The image, and at least two channels of F, a hop and their sum.
        assert!(count > 6, "{images:?}: {count}");
        assert_eq!(pictures(&first, ImageProtocol::Halfblocks), 0, "{images:?}");
        for _ in 0..2 {
            let idle = seat.after("");
            assert!(pictures(&idle, images) == 0 && idle.len() < 100, "{images:?}: {idle:?}");
        }
        // Kept as a picture, it is characters, and the screen has not changed.
        assert_eq!(seat.world.screen(SIZE), still);
        assert!(seat.after("").len() < 100);

        let covered = seat.after("?");
        assert_eq!(pictures(&covered, images), 0);
        assert!(covered.contains('▀') && covered.contains("next image"));
        let back = seat.after("esc");
        let again = if images == ImageProtocol::Kitty { 0 } else { count };
        assert_eq!(pictures(&back, images), again);
        assert_eq!(back.contains('\u{10EEEE}'), images == ImageProtocol::Kitty);
        assert!(!back.contains('▀'));

        let other = seat.after("right");
        // The very same pixels of the image itself stay where they are; kitty's have other names.
        let (anew, deleted) = if images == ImageProtocol::Kitty { (count, count) } else { (count - 1, 0) };
        assert_eq!(pictures(&other, images), anew, "{images:?}: another image");
        assert_eq!(other.matches("a=d,d=I").count(), deleted);
        assert_eq!(pictures(&seat.after("c"), images), anew, "a scale of their own");

        seat.screen.forget().unwrap();
        assert_eq!(pictures(&seat.after(""), images), count, "all is sent anew");

        let page = seat.after("C");
        assert_eq!(pictures(&page, images), 0);
        assert_eq!(page.matches("a=d,d=I").count(), deleted, "{images:?}");
        assert_eq!(pictures(&seat.after("F"), images), count);
        assert_eq!(farewell().matches("a=d,d=I").count(), deleted);
        assert_eq!(farewell(), "");
    }
}

#[test]
fn without_pixels_there_are_half_blocks_and_it_is_said_why() {
    let words = "half-blocks: the terminal does not report its pixel size";
    for (said, font) in [(true, None), (false, None), (true, FONT)] {
        let mut seat = Seat::new(ImageProtocol::Sixel, said, font);
        let sent = seat.after("");
        assert_eq!(sent.contains('▀'), font.is_none());
        assert_eq!(sent.contains(words), said && font.is_none());
    }
    // Where they may stay blank, that is said as well, and they are sent.
    for covered in [false, true] {
        let mut seat = Seat::new(ImageProtocol::Sixel, true, FONT);
        let gallery = std::mem::take(&mut seat.world.app.gallery);
        seat.world.app.gallery = gallery.doubted(Some("blank? so it goes"));
        let sent = seat.after(if covered { "?" } else { "" });
        assert_eq!(sent.contains("blank? so it goes"), !covered);
        assert_eq!(pictures(&sent, ImageProtocol::Sixel) > 0, !covered);
    }
    let sent = Seat::new(ImageProtocol::Halfblocks, true, FONT).after("");
    assert!(sent.contains('▀') && !sent.contains(words));
}
