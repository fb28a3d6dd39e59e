//! The terminal that bars are drawn on, which may go away or change its width at any time.

use std::io;
use std::sync::atomic::{AtomicU16, Ordering};

use console::Term;
use indicatif::TermLike;

/// A terminal that takes everything: what it cannot write, as it was closed, is lost, and
/// nothing else. Bars panic where theirs fails.
///
/// In another width nobody knows how many rows the last bars have: some terminals wrap lines
/// anew, others cut them. Then only the row of the cursor is cleared, which a bar had last, so
/// that no line above is ever lost; part of an old bar may stay.
#[derive(Debug)]
pub struct Tty {
    term: Term,
    /// The width in which bars were drawn last; 0 before.
    drawn: AtomicU16,
}

impl Tty {
    /// One that writes to `term`.
    pub const fn new(term: Term) -> Self {
        Self { term, drawn: AtomicU16::new(0) }
    }

    /// Whether the last bars were drawn in another width.
    fn is_resized(&self) -> bool {
        ![0, TermLike::width(&self.term)].contains(&self.drawn.load(Ordering::Relaxed))
    }

    /// Moves the cursor, unless nobody knows where to.
    fn moved(&self, way: impl FnOnce(&Term) -> io::Result<()>) -> io::Result<()> {
        if self.is_resized() { Ok(()) } else { lost(way(&self.term)) }
    }
}

/// Whatever became of it.
fn lost<T>(_: io::Result<T>) -> io::Result<()> {
    Ok(())
}

impl TermLike for Tty {
    fn width(&self) -> u16 {
        TermLike::width(&self.term)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.term)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.moved(|term| term.move_cursor_up(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.moved(|term| term.move_cursor_down(n))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        lost(self.term.move_cursor_right(n))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        lost(self.term.move_cursor_left(n))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        lost(self.term.write_line(text))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        lost(self.term.write_str(text))
    }

    fn clear_line(&self) -> io::Result<()> {
        lost(self.term.clear_line())
    }

    fn flush(&self) -> io::Result<()> {
        self.drawn.store(self.width(), Ordering::Relaxed);
        lost(self.term.flush())
    }
}
