//! Pictures in a terminal's own pixels, where it has a protocol for them.
//!
//! They are encoded when what they show changes, not when it is painted. A frame has the
//! same cells as the last one, so nothing is sent again; cells that show no picture any
//! more are others than before, and what is written into them covers it.

mod choice;
mod encode;
mod sixel;

use std::cell::RefCell;
use std::mem;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use rayon::prelude::*;

pub use choice::{ImageProtocol, doubt, images};
use encode::{delete, encode};

use super::palette::Rgb;

/// Most pixels of all pictures: twice those of a screen that is 4,000 wide.
const MOST: u64 = 1 << 24;
/// Pixels that a cell may be wide or high.
const CELL: std::ops::RangeInclusive<u16> = 2..=128;

/// A square of colours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PixelGrid {
    /// Its side.
    pub size: usize,
    /// Row by row.
    pub colours: Vec<Rgb>,
}

/// A cell's pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Font {
    /// From left to right.
    pub width: u16,
    /// From top to bottom.
    pub height: u16,
}

impl Font {
    /// That of a terminal with so many cells and pixels; `None` where that makes no sense,
    /// as it does not where a terminal does not say its pixels.
    pub fn of(cells: (u16, u16), pixels: (u16, u16)) -> Option<Self> {
        let (width, height) = (pixels.0.checked_div(cells.0)?, pixels.1.checked_div(cells.1)?);
        (CELL.contains(&width) && CELL.contains(&height)).then_some(Self { width, height })
    }
}

/// Kitty's images that are in the terminal's memory: the first and the one after the last.
static SENT: AtomicU64 = AtomicU64::new(0);

fn sent() -> Range<u32> {
    let both = SENT.load(Ordering::SeqCst);
    (both >> 32) as u32..both as u32
}

/// What takes every image out of the terminal's memory that was sent to it; empty where
/// none was. Can be called from anywhere.
pub fn farewell() -> String {
    let ids = sent();
    SENT.store(0, Ordering::SeqCst);
    delete(ids)
}

/// The pictures that are shown, and where.
#[derive(Debug, Default)]
pub struct Gallery {
    /// How.
    images: ImageProtocol,
    /// Whether that was said, and not guessed.
    said: bool,
    /// Why they may stay blank.
    doubt: Option<&'static str>,
    /// A cell's pixels, as far as the terminal says them.
    font: Option<Font>,
    /// Whether half-blocks stand in for them.
    veiled: bool,
    /// Kitty's name of the next image.
    next: u32,
    shown: Vec<(Rect, Vec<Cell>)>,
    /// For the terminal, before the next frame.
    ahead: String,
}

impl Gallery {
    /// Shows pictures as `images` says, which the user said, or not.
    pub fn new(images: ImageProtocol, said: bool) -> Self {
        // Another program that was stopped on this terminal has names of its own.
        let next = (std::process::id() % 0xffff + 1) << 8;
        Self { images, said, next, ..Self::default() }
    }

    /// The same, where pictures may stay blank for a reason.
    #[must_use]
    pub fn doubted(self, doubt: Option<&'static str>) -> Self {
        Self { doubt, ..self }
    }

    /// Shows pictures as another gallery would, from now on.
    pub fn change_to(&mut self, other: Self) {
        self.show(&[]);
        (self.images, self.said, self.doubt) = (other.images, other.said, other.doubt);
    }

    /// Whether it matters how large cells are.
    pub fn needs_font(&self) -> bool {
        self.images != ImageProtocol::Halfblocks
    }

    /// Cells are that large.
    pub fn set_font(&mut self, font: Option<Font>) {
        self.font = font;
    }

    /// A cell's pixels, where pictures can be shown.
    pub fn font(&self) -> Option<Font> {
        self.font.filter(|_| self.needs_font())
    }

    /// Shows half-blocks in place of pictures, or no more; what it was before.
    pub fn veil(&mut self, veiled: bool) -> bool {
        mem::replace(&mut self.veiled, veiled)
    }

    /// Why there are no pixels although they were asked for, or maybe none.
    pub fn why_none(&self) -> Option<&'static str> {
        let none = self.said && self.needs_font() && self.font.is_none() && !self.veiled;
        let doubt = self.doubt.filter(|_| self.font().is_some() && !self.veiled);
        none.then_some("half-blocks: the terminal does not report its pixel size").or(doubt)
    }

    /// Shows these pictures and no other.
    pub fn show(&mut self, wanted: &[(Rect, PixelGrid)]) {
        self.shown.clear();
        let Some(font) = self.font() else { return self.replace(self.next..self.next) };
        let cells: u64 = wanted.iter().map(|(place, _)| u64::from(place.area())).sum();
        let pixels = cells * u64::from(font.width) * u64::from(font.height);
        let wanted = if pixels > MOST { &[] } else { wanted };
        let (images, first) = (self.images, self.next);
        let encoded: Vec<_> = wanted
            .par_iter()
            .zip(first..first + wanted.len() as u32)
            .map(|((place, grid), id)| (*place, encode(images, grid, *place, font, id)))
            .collect();
        for (place, encoded) in encoded {
            if let Some(encoded) = encoded {
                self.ahead += &encoded.ahead;
                self.shown.push((place, encoded.cells));
            }
        }
        // Names have 24 bits where all terminals understand them.
        self.next = first + wanted.len() as u32;
        self.replace(first..self.next);
        if self.next > 0xf0_0000 {
            self.next = 1 << 8;
        }
    }

    /// Kitty has these images and no other.
    fn replace(&mut self, ids: Range<u32>) {
        if self.images == ImageProtocol::Kitty {
            self.ahead += &delete(sent());
            SENT.store(u64::from(ids.start) << 32 | u64::from(ids.end), Ordering::SeqCst);
        }
    }

    /// What the terminal has to be sent before the next frame, once.
    pub fn ahead(&mut self) -> String {
        mem::take(&mut self.ahead)
    }

    /// Paints the picture that fills `place`; `false` where there is none.
    pub fn paint(&self, place: Rect, buf: &mut Buffer) -> bool {
        if self.veiled || self.font().is_none() {
            return false;
        }
        let Some((_, cells)) = self.shown.iter().find(|(at, _)| *at == place) else { return false };
        for (at, cell) in place.positions().zip(cells) {
            if let Some(to) = buf.cell_mut(at) {
                to.clone_from(cell);
            }
        }
        true
    }
}

impl Paint<'_> {
    /// As [`Gallery::why_none`].
    pub fn why_none(&self) -> Option<&'static str> {
        match self {
            Self::Listed(..) => None,
            Self::Shown(gallery) => gallery.why_none(),
        }
    }
}

/// What tiles are painted as.
#[derive(Debug, Clone, Copy)]
pub enum Paint<'a> {
    /// Not at all: what they would be is put down.
    Listed(&'a RefCell<Vec<(Rect, PixelGrid)>>, Font),
    /// Pictures where there are any, else characters.
    Shown(&'a Gallery),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gallery(images: ImageProtocol) -> Gallery {
        let mut gallery = Gallery::new(images, true);
        gallery.set_font(Font::of((80, 24), (800, 480)));
        gallery
    }

    #[test]
    fn fonts_are_whole_pixels_that_make_sense() {
        assert_eq!(Font::of((80, 24), (800, 480)), Some(Font { width: 10, height: 20 }));
        assert_eq!(Font::of((80, 24), (809, 490)), Some(Font { width: 10, height: 20 }));
        for (cells, pixels) in
            [((80, 24), (0, 0)), ((0, 0), (800, 480)), ((80, 24), (80, 480)), ((1, 24), (60_000, 480))]
        {
            assert_eq!(Font::of(cells, pixels), None);
        }
    }

    #[test]
    fn a_picture_is_sent_once_and_written_over_when_it_goes() {
        for images in [ImageProtocol::Sixel, ImageProtocol::Iterm2] {
            let mut gallery = gallery(images);
            let place = Rect::new(1, 1, 4, 2);
            gallery.show(&[(place, PixelGrid { size: 2, colours: vec![[9, 99, 199]; 4] })]);
            assert_eq!(gallery.ahead(), "");
            let empty = Buffer::empty(Rect::new(0, 0, 6, 4));
            let mut buffer = empty.clone();
            assert!(gallery.paint(place, &mut buffer));
            // The first cell carries all of it.
            let sent = empty.diff(&buffer);
            assert_eq!(sent.iter().map(|(x, y, _)| (*x, *y)).collect::<Vec<_>>(), [(1, 1)]);
            let mut again = empty.clone();
            assert!(gallery.paint(place, &mut again));
            assert_eq!(buffer.diff(&again).len(), 0);
            // Every cell is written, though it is blank as the empty buffer's are.
            let gone: Vec<_> =
                buffer.diff(&empty).iter().map(|(x, y, _)| ratatui::layout::Position::new(*x, *y)).collect();
            assert_eq!(gone, place.positions().collect::<Vec<_>>());
            assert!(!gallery.paint(Rect::new(2, 1, 4, 2), &mut again), "nothing is there");
            gallery.veil(true);
            assert!(!gallery.paint(place, &mut again));
        }
    }

    #[test]
    fn more_than_a_screen_holds_is_not_encoded() {
        let mut gallery = gallery(ImageProtocol::Sixel);
        let grid = PixelGrid { size: 1, colours: vec![[1; 3]] };
        let wanted: Vec<_> = (0..9).map(|i| (Rect::new(0, i, 100, 100), grid.clone())).collect();
        gallery.show(&wanted);
        assert!(!gallery.paint(wanted[0].0, &mut Buffer::empty(Rect::new(0, 0, 100, 120))));
        gallery.show(&wanted[..8]);
        assert!(gallery.paint(wanted[0].0, &mut Buffer::empty(Rect::new(0, 0, 100, 120))));
    }
}
