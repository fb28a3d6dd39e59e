//! The terminal that bars are drawn on, which may go away at any time.

use std::io;

use console::Term;
use indicatif::TermLike;

/// A terminal that takes everything: what it cannot write, as it was closed, is lost, and
/// nothing else. Bars panic where theirs fails.
#[derive(Debug)]
pub struct Tty(pub Term);

/// Whatever became of it.
fn lost<T>(_: io::Result<T>) -> io::Result<()> {
    Ok(())
}

impl TermLike for Tty {
    fn width(&self) -> u16 {
        TermLike::width(&self.0)
    }

    fn height(&self) -> u16 {
        TermLike::height(&self.0)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        lost(self.0.move_cursor_up(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        lost(self.0.move_cursor_down(n))
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        lost(self.0.move_cursor_right(n))
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        lost(self.0.move_cursor_left(n))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        lost(self.0.write_line(text))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        lost(self.0.write_str(text))
    }

    fn clear_line(&self) -> io::Result<()> {
        lost(self.0.clear_line())
    }

    fn flush(&self) -> io::Result<()> {
        lost(self.0.flush())
    }
}
