//! The terminal: taken over, painted on, and always given back.

use std::io::{self, BufWriter, ErrorKind, IsTerminal, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossterm::clipboard::CopyToClipboard;
use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode,
};
use crossterm::{execute, queue};
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::{Terminal, TerminalOptions, Viewport};

use super::app::App;
use super::background::jobs::test_panic;
use super::images::{Font, farewell};
use super::mouse::CaptureButtons;

/// Whether the terminal is ours and has to be given back.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// Whether the terminal no longer takes anything.
static GONE: AtomicBool = AtomicBool::new(false);
/// Between tries to write to a terminal that takes nothing for the moment.
const RETRY: Duration = Duration::from_millis(1);

/// Gives the terminal back as it was, if it was taken. Can be called from anywhere, also
/// while panicking.
pub fn give_back() {
    if !TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // After a hangup nobody reads this.
    let _ = out.write_all(farewell().as_bytes());
    let _ = execute!(out, DisableBracketedPaste, DisableMouseCapture, LeaveAlternateScreen, Show);
    let _ = disable_raw_mode();
}

/// The way to the terminal. What it no longer takes is lost, and nothing fails for it.
#[derive(Debug)]
pub struct Outlet(Stdout);

impl Outlet {
    fn attempt<T>(&mut self, lost: T, mut write: impl FnMut(&mut Stdout) -> io::Result<T>) -> io::Result<T> {
        while !GONE.load(Ordering::Relaxed) {
            match write(&mut self.0) {
                Ok(done) => return Ok(done),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Somebody else who has it open made it so.
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(RETRY),
                Err(_) => GONE.store(true, Ordering::Relaxed),
            }
        }
        Ok(lost)
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(bytes.len(), |out| out.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt((), Write::flush)
    }
}

/// What frames are painted on: the terminal, or something like one that nobody sees.
pub struct TerminalScreen<W: Write> {
    terminal: Terminal<CrosstermBackend<W>>,
    /// Whether it is the terminal.
    is_real: bool,
    mouse: bool,
    /// Whether the terminal may have lost what it was sent.
    lost: bool,
    /// Frames painted so far.
    pub frames: u64,
}

impl TerminalScreen<BufWriter<Outlet>> {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When stdout is none.
    pub fn take(mouse: bool) -> io::Result<Self> {
        let out = BufWriter::with_capacity(1 << 16, Outlet(io::stdout()));
        let terminal = Terminal::new(CrosstermBackend::new(out))?;
        let mut screen = Self { terminal, is_real: true, mouse, lost: false, frames: 0 };
        screen.retake()?;
        Ok(screen)
    }
}

impl<W: Write> TerminalScreen<W> {
    /// One of a fixed size that writes its escape sequences to `out`.
    ///
    /// # Errors
    /// Never, but that ratatui says it might.
    pub fn fixed(size: Size, out: W) -> io::Result<Self> {
        let area = Rect::new(0, 0, size.width, size.height);
        let options = TerminalOptions { viewport: Viewport::Fixed(area) };
        let terminal = Terminal::with_options(CrosstermBackend::new(out), options)?;
        Ok(Self { terminal, is_real: false, mouse: false, lost: false, frames: 0 })
    }

    /// Whether the terminal is gone for good.
    pub fn is_gone(&self) -> bool {
        self.is_real && (GONE.load(Ordering::Relaxed) || !io::stdout().is_terminal())
    }

    /// Takes the terminal over again, after it was given back or changed by others.
    ///
    /// # Errors
    /// When the terminal does not take it.
    pub fn retake(&mut self) -> io::Result<()> {
        if !self.is_real {
            return Ok(());
        }
        TAKEN.store(true, Ordering::SeqCst);
        // Both: what stopped this process may have changed the modes behind crossterm's back,
        // which sets them only where it believes that they are not set. In the background
        // the first one stops this process until it is in the foreground.
        disable_raw_mode()?;
        enable_raw_mode()?;
        let out = self.terminal.backend_mut();
        execute!(out, EnterAlternateScreen, EnableBracketedPaste)?;
        if self.mouse {
            execute!(out, CaptureButtons)?;
        }
        self.forget()
    }

    /// Uses the mouse, or leaves it to the terminal.
    ///
    /// # Errors
    /// When the terminal does not take it.
    pub fn use_mouse(&mut self, on: bool) -> io::Result<()> {
        if !self.is_real || std::mem::replace(&mut self.mouse, on) == on {
            return Ok(());
        }
        let out = self.terminal.backend_mut();
        if on { execute!(out, CaptureButtons) } else { execute!(out, DisableMouseCapture) }
    }

    /// Paints a frame; cells that did not change are not sent.
    ///
    /// # Errors
    /// When the terminal does not take it.
    pub fn paint(&mut self, app: &mut App) -> io::Result<()> {
        if self.is_real {
            queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
            if app.gallery.needs_font() {
                app.gallery.set_font(font());
            }
        }
        if std::mem::take(&mut self.lost) {
            app.forget_pictures();
        }
        self.terminal.autoresize()?;
        app.prepare(self.terminal.get_frame().area().as_size());
        self.terminal.backend_mut().write_all(app.gallery.ahead().as_bytes())?;
        self.terminal.draw(|frame| {
            test_panic("paint");
            let area = frame.area();
            // Somebody drags the window's corner right now.
            if area.as_size() != app.screen.size {
                app.prepare(area.as_size());
            }
            let (hits, cursor) = app.draw(area, frame.buffer_mut());
            app.screen.hits = hits;
            if let Some(cursor) = cursor {
                frame.set_cursor_position(cursor);
            }
        })?;
        self.frames += 1;
        if self.is_real {
            execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        }
        Ok(())
    }

    /// Paints all cells with the next frame.
    ///
    /// # Errors
    /// When the terminal does not take it.
    pub fn forget(&mut self) -> io::Result<()> {
        // Not `clear`, which asks the terminal for its cursor: the thread that reads keys
        // would get the answer.
        self.lost = true;
        let area = self.terminal.get_frame().area();
        self.terminal.resize(area)
    }

    /// Asks the terminal to put `text` into the user's clipboard.
    ///
    /// # Errors
    /// When the terminal does not take it.
    pub fn copy(&mut self, text: &str) -> io::Result<()> {
        execute!(self.terminal.backend_mut(), CopyToClipboard::to_clipboard_from(text))
    }

    /// Gives the terminal back, stops this process as Ctrl-Z does a shell's job, and takes
    /// the terminal again when it goes on.
    ///
    /// # Errors
    /// When the terminal does not take it.
    pub fn suspend(&mut self) -> io::Result<()> {
        if !self.is_real {
            return Ok(());
        }
        give_back();
        #[cfg(unix)]
        {
            use rustix::process::{Signal, kill_current_process_group};
            // The whole group, as the terminal would: whatever started us stops too. Without
            // a shell that could resume it the system ignores this.
            kill_current_process_group(Signal::TSTP)?;
        }
        self.retake()
    }
}

impl<W: Write> Drop for TerminalScreen<W> {
    fn drop(&mut self) {
        // A frame that broke off is still in the buffer, which is written when it is dropped.
        if self.is_real {
            let _ = queue!(self.terminal.backend_mut(), EndSynchronizedUpdate);
        }
    }
}

/// The pixels of the terminal's cells, where the system knows them.
fn font() -> Option<Font> {
    let size = crossterm::terminal::window_size().ok()?;
    Font::of((size.columns, size.rows), (size.width, size.height))
}

/// A frame of `size` that is not shown anywhere, all in characters.
pub fn frame(app: &mut App, size: Size) -> Buffer {
    let area = Rect::new(0, 0, size.width, size.height);
    let mut buffer = Buffer::empty(area);
    app.prepare(size);
    let veiled = app.gallery.veil(true);
    let (hits, _) = app.draw(area, &mut buffer);
    app.gallery.veil(veiled);
    app.screen.hits = hits;
    buffer
}
