//! Keys that edit a line of text, as in a shell.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::InputRequest;

/// What a key does to text; `None` where it does nothing.
pub fn request(key: KeyEvent) -> Option<InputRequest> {
    use InputRequest::*;
    let word = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => match c {
            'a' => GoToStart,
            'e' => GoToEnd,
            'b' => GoToPrevChar,
            'f' => GoToNextChar,
            'h' => DeletePrevChar,
            'd' => DeleteNextChar,
            'w' => DeletePrevWord,
            'u' => DeleteFromStart,
            'k' => DeleteTillEnd,
            'y' => Yank,
            _ => return None,
        },
        KeyCode::Char('b') if word => GoToPrevWord,
        KeyCode::Char('f') if word => GoToNextWord,
        KeyCode::Char('d') if word => DeleteNextWord,
        KeyCode::Char(_) if word => return None,
        KeyCode::Char(c) if c.is_control() => return None,
        KeyCode::Char(c) => InsertChar(c),
        KeyCode::Backspace if word => DeletePrevWord,
        KeyCode::Backspace => DeletePrevChar,
        KeyCode::Delete if word => DeleteNextWord,
        KeyCode::Delete => DeleteNextChar,
        KeyCode::Left if word => GoToPrevWord,
        KeyCode::Right if word => GoToNextWord,
        KeyCode::Left => GoToPrevChar,
        KeyCode::Right => GoToNextChar,
        KeyCode::Home => GoToStart,
        KeyCode::End => GoToEnd,
        _ => return None,
    })
}
