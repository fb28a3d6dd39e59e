//! Which protocol a terminal has, as far as its environment tells.
//!
//! Nothing is asked of the terminal: one that does not answer would cost seconds, and late
//! answers would be read as keys. A wrong guess fills the screen with garbage, so in doubt
//! there are none.

use serde::{Deserialize, Serialize};

use super::super::palette::is_shaded;
use crate::tui::theme::Theme;

/// How pictures get to the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Images {
    /// As characters, two pixels to a cell.
    #[default]
    Halfblocks,
    /// Kitty's graphics protocol with Unicode placeholders: kitty, Ghostty.
    Kitty,
    /// Sixels, as of DEC's VT340: foot, mlterm, xterm where it is switched on.
    Sixel,
    /// Inline images: iTerm2, `WezTerm`.
    Iterm2,
}

/// Terminals within terminals, whose variables are also those of the outer one.
const NESTED: [&str; 6] = ["TMUX", "STY", "ZELLIJ", "NVIM", "VIM_TERMINAL", "INSIDE_EMACS"];

/// Terminals that leave the variables of the one they were started from as they were.
const OTHERS: [&str; 6] = [
    "XTERM_VERSION",
    "VTE_VERSION",
    "KONSOLE_VERSION",
    "ALACRITTY_WINDOW_ID",
    "WT_SESSION",
    "TERMINAL_EMULATOR",
];

/// What is used where `said` was said, or nothing. Pictures are in colours: without those,
/// or where only ASCII may be shown, they are characters whatever was said.
pub fn images(said: Option<Images>, theme: &Theme, variable: impl Fn(&str) -> Option<String>) -> Images {
    let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_shaded(theme) || no_color {
        return Images::Halfblocks;
    }
    said.unwrap_or_else(|| guess(variable))
}

/// Why pictures that were asked for may stay blank all the same, which nobody would guess.
pub fn doubt(images: Images, variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let in_tmux = set("TMUX").is_some() || set("TERM").is_some_and(|term| term.starts_with("tmux"));
    match images {
        Images::Sixel if in_tmux => Some("blank? tmux has sixels only where it was built for them"),
        Images::Kitty | Images::Iterm2 if in_tmux => Some("blank? these pictures do not get through tmux"),
        _ => None,
    }
}

fn guess(variable: impl Fn(&str) -> Option<String>) -> Images {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let any = |names: &[&str]| names.iter().any(|name| variable(name).is_some());
    let (term, program) =
        (variable("TERM").unwrap_or_default(), variable("TERM_PROGRAM").unwrap_or_default());
    if any(&NESTED) || term.starts_with("screen") || term.starts_with("tmux") {
        return Images::Halfblocks;
    }
    // What the terminal itself has set, and not the one it was started from.
    match term.as_str() {
        "xterm-kitty" | "xterm-ghostty" => return Images::Kitty,
        "foot" | "foot-extra" | "foot-direct" => return Images::Sixel,
        "wezterm" => return Images::Iterm2,
        "xterm-256color" if !any(&OTHERS) => {}
        _ => return Images::Halfblocks,
    }
    match program.as_str() {
        "ghostty" => Images::Kitty,
        "WezTerm" | "iTerm.app" => Images::Iterm2,
        "" if variable("KITTY_WINDOW_ID").is_some() => Images::Kitty,
        _ => Images::Halfblocks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Depth, Symbols};

    fn of(said: Option<Images>, theme: &Theme, pairs: &[(&str, &str)]) -> Images {
        images(said, theme, |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn terminals_are_told_by_their_environment() {
        let cases: [(&[(&str, &str)], Images); 24] = [
            (&[], Images::Halfblocks),
            (&[("TERM", "xterm-256color")], Images::Halfblocks),
            (&[("TERM", "linux")], Images::Halfblocks),
            (&[("TERM", "xterm-kitty"), ("KITTY_WINDOW_ID", "1")], Images::Kitty),
            // Over ssh.
            (&[("TERM", "xterm-kitty")], Images::Kitty),
            (&[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1")], Images::Kitty),
            (&[("TERM", "xterm-ghostty"), ("TERM_PROGRAM", "ghostty")], Images::Kitty),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "ghostty")], Images::Kitty),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "WezTerm")], Images::Iterm2),
            (&[("TERM", "wezterm")], Images::Iterm2),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")], Images::Iterm2),
            (&[("TERM", "foot")], Images::Sixel),
            (&[("TERM", "foot-extra")], Images::Sixel),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")], Images::Halfblocks),
            // Within another, which may pass nothing on.
            (&[("TERM", "screen-256color"), ("KITTY_WINDOW_ID", "1")], Images::Halfblocks),
            (&[("TERM", "tmux-256color"), ("TERM_PROGRAM", "WezTerm")], Images::Halfblocks),
            (&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/tmux-0/default,1,0")], Images::Halfblocks),
            (&[("TERM", "foot"), ("ZELLIJ", "0")], Images::Halfblocks),
            (&[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1"), ("NVIM", "/x")], Images::Halfblocks),
            (&[("TERM", "xterm-kitty"), ("TMUX", "")], Images::Kitty),
            // Started from another.
            (
                &[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1"), ("VTE_VERSION", "7600")],
                Images::Halfblocks,
            ),
            (&[("TERM", "alacritty"), ("KITTY_WINDOW_ID", "1")], Images::Halfblocks),
            (
                &[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1"), ("TERM_PROGRAM", "vscode")],
                Images::Halfblocks,
            ),
            (&[("TERM", "xterm"), ("TERM_PROGRAM", "WezTerm")], Images::Halfblocks),
        ];
        for (pairs, images) in cases {
            assert_eq!(of(None, &Theme::FULL, pairs), images, "{pairs:?}");
        }
    }

    #[test]
    fn what_is_said_holds_but_not_without_colours() {
        let (kitty, said) = ([("TERM", "xterm-kitty")], Some(Images::Sixel));
        assert_eq!(of(said, &Theme::FULL, &kitty), Images::Sixel);
        assert_eq!(of(said, &Theme::FULL, &[("TMUX", "1")]), Images::Sixel);
        assert_eq!(of(Some(Images::Halfblocks), &Theme::FULL, &kitty), Images::Halfblocks);
        let few = Theme { depth: Depth::Ansi256, ..Theme::FULL };
        assert_eq!(of(None, &few, &kitty), Images::Kitty);
        for theme in [
            Theme { depth: Depth::None, ..Theme::FULL },
            Theme { depth: Depth::Ansi16, ..Theme::FULL },
            Theme { symbols: Symbols::Ascii, ..Theme::FULL },
        ] {
            assert_eq!(of(None, &theme, &kitty), Images::Halfblocks);
            assert_eq!(of(said, &theme, &kitty), Images::Halfblocks);
        }
        assert_eq!(of(said, &Theme::FULL, &[("NO_COLOR", "1")]), Images::Halfblocks);
        assert_eq!(of(said, &Theme::FULL, &[("NO_COLOR", "")]), Images::Sixel);
    }

    #[test]
    fn tmux_is_in_doubt() {
        let doubt = |images, name, value: &str| doubt(images, |n| (n == name).then(|| value.to_owned()));
        assert!(doubt(Images::Sixel, "TMUX", "/tmp/x,1,0").unwrap().contains("tmux has sixels only"));
        assert!(doubt(Images::Kitty, "TERM", "tmux-256color").unwrap().contains("through tmux"));
        assert_eq!(doubt(Images::Halfblocks, "TMUX", "1"), None);
        assert_eq!(doubt(Images::Sixel, "TMUX", ""), None);
        assert_eq!(doubt(Images::Sixel, "TERM", "foot"), None);
    }
}
