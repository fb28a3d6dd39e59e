//! Clicks, drags and the wheel, and no more: crossterm's own command also asks for every
//! motion, which over ssh is a stream of reports that nothing uses.

use std::fmt;

use crossterm::Command;

/// Asks the terminal for buttons, drags and the wheel.
pub struct CaptureButtons;

impl Command for CaptureButtons {
    fn write_ansi(&self, f: &mut impl fmt::Write) -> fmt::Result {
        // Buttons, drags, and both in a form without a limit of 223 columns.
        f.write_str("\x1b[?1000h\x1b[?1002h\x1b[?1006h")
    }

    #[cfg(windows)]
    fn execute_winapi(&self) -> std::io::Result<()> {
        crossterm::event::EnableMouseCapture.execute_winapi()
    }

    #[cfg(windows)]
    fn is_ansi_code_supported(&self) -> bool {
        false
    }
}
