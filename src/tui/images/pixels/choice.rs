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
pub enum ImageProtocol {
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
pub fn images(
    said: Option<ImageProtocol>,
    theme: &Theme,
    variable: impl Fn(&str) -> Option<String>,
) -> ImageProtocol {
    let no_color = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_shaded(theme) || no_color {
        return ImageProtocol::Halfblocks;
    }
    said.unwrap_or_else(|| guess(variable))
}

/// Why pictures that were asked for may stay blank all the same, which nobody would guess.
pub fn doubt(images: ImageProtocol, variable: impl Fn(&str) -> Option<String>) -> Option<&'static str> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let in_tmux = set("TMUX").is_some() || set("TERM").is_some_and(|term| term.starts_with("tmux"));
    match images {
        ImageProtocol::Sixel if in_tmux => Some("blank? tmux has sixels only where it was built for them"),
        ImageProtocol::Kitty | ImageProtocol::Iterm2 if in_tmux => {
            Some("blank? these pictures do not get through tmux")
        }
        _ => None,
    }
}

fn guess(variable: impl Fn(&str) -> Option<String>) -> ImageProtocol {
    let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
    let any = |names: &[&str]| names.iter().any(|name| variable(name).is_some());
    let (term, program) =
        (variable("TERM").unwrap_or_default(), variable("TERM_PROGRAM").unwrap_or_default());
    if any(&NESTED) || term.starts_with("screen") || term.starts_with("tmux") {
        return ImageProtocol::Halfblocks;
    }
    // What the terminal itself has set, and not the one it was started from.
    match term.as_str() {
        "xterm-kitty" | "xterm-ghostty" => return ImageProtocol::Kitty,
        "foot" | "foot-extra" | "foot-direct" => return ImageProtocol::Sixel,
        "wezterm" => return ImageProtocol::Iterm2,
        "xterm-256color" if !any(&OTHERS) => {}
        _ => return ImageProtocol::Halfblocks,
    }
    match program.as_str() {
        "ghostty" => ImageProtocol::Kitty,
        "WezTerm" | "iTerm.app" => ImageProtocol::Iterm2,
        "" if variable("KITTY_WINDOW_ID").is_some() => ImageProtocol::Kitty,
        _ => ImageProtocol::Halfblocks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::{Depth, Symbols};

    fn of(said: Option<ImageProtocol>, theme: &Theme, pairs: &[(&str, &str)]) -> ImageProtocol {
        images(said, theme, |name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    #[test]
    fn terminals_are_told_by_their_environment() {
        let cases: [(&[(&str, &str)], ImageProtocol); 24] = [
            (&[], ImageProtocol::Halfblocks),
            (&[("TERM", "xterm-256color")], ImageProtocol::Halfblocks),
            (&[("TERM", "linux")], ImageProtocol::Halfblocks),
            (&[("TERM", "xterm-kitty"), ("KITTY_WINDOW_ID", "1")], ImageProtocol::Kitty),
            // Over ssh.
            (&[("TERM", "xterm-kitty")], ImageProtocol::Kitty),
            (&[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1")], ImageProtocol::Kitty),
            (&[("TERM", "xterm-ghostty"), ("TERM_PROGRAM", "ghostty")], ImageProtocol::Kitty),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "ghostty")], ImageProtocol::Kitty),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "WezTerm")], ImageProtocol::Iterm2),
            (&[("TERM", "wezterm")], ImageProtocol::Iterm2),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "iTerm.app")], ImageProtocol::Iterm2),
            (&[("TERM", "foot")], ImageProtocol::Sixel),
            (&[("TERM", "foot-extra")], ImageProtocol::Sixel),
            (&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "Apple_Terminal")], ImageProtocol::Halfblocks),
            // Within another, which may pass nothing on.
            (&[("TERM", "screen-256color"), ("KITTY_WINDOW_ID", "1")], ImageProtocol::Halfblocks),
            (&[("TERM", "tmux-256color"), ("TERM_PROGRAM", "WezTerm")], ImageProtocol::Halfblocks),
            (&[("TERM", "xterm-kitty"), ("TMUX", "/tmp/tmux-0/default,1,0")], ImageProtocol::Halfblocks),
            (&[("TERM", "foot"), ("ZELLIJ", "0")], ImageProtocol::Halfblocks),
            (
                &[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1"), ("NVIM", "/x")],
                ImageProtocol::Halfblocks,
            ),
            (&[("TERM", "xterm-kitty"), ("TMUX", "")], ImageProtocol::Kitty),
            // Started from another.
            (
                &[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1"), ("VTE_VERSION", "7600")],
                ImageProtocol::Halfblocks,
            ),
            (&[("TERM", "alacritty"), ("KITTY_WINDOW_ID", "1")], ImageProtocol::Halfblocks),
            (
                &[("TERM", "xterm-256color"), ("KITTY_WINDOW_ID", "1"), ("TERM_PROGRAM", "vscode")],
                ImageProtocol::Halfblocks,
            ),
            (&[("TERM", "xterm"), ("TERM_PROGRAM", "WezTerm")], ImageProtocol::Halfblocks),
        ];
        for (pairs, images) in cases {
            assert_eq!(of(None, &Theme::FULL, pairs), images, "{pairs:?}");
        }
    }

    #[test]
    fn what_is_said_holds_but_not_without_colours() {
        let (kitty, said) = ([("TERM", "xterm-kitty")], Some(ImageProtocol::Sixel));
        assert_eq!(of(said, &Theme::FULL, &kitty), ImageProtocol::Sixel);
        assert_eq!(of(said, &Theme::FULL, &[("TMUX", "1")]), ImageProtocol::Sixel);
        assert_eq!(of(Some(ImageProtocol::Halfblocks), &Theme::FULL, &kitty), ImageProtocol::Halfblocks);
        let few = Theme { depth: Depth::Ansi256, ..Theme::FULL };
        assert_eq!(of(None, &few, &kitty), ImageProtocol::Kitty);
        for theme in [
            Theme { depth: Depth::None, ..Theme::FULL },
            Theme { depth: Depth::Ansi16, ..Theme::FULL },
            Theme { symbols: Symbols::Ascii, ..Theme::FULL },
        ] {
            assert_eq!(of(None, &theme, &kitty), ImageProtocol::Halfblocks);
            assert_eq!(of(said, &theme, &kitty), ImageProtocol::Halfblocks);
        }
        assert_eq!(of(said, &Theme::FULL, &[("NO_COLOR", "1")]), ImageProtocol::Halfblocks);
        assert_eq!(of(said, &Theme::FULL, &[("NO_COLOR", "")]), ImageProtocol::Sixel);
    }

    #[test]
    fn tmux_is_in_doubt() {
        let doubt = |images, name, value: &str| doubt(images, |n| (n == name).then(|| value.to_owned()));
        assert!(doubt(ImageProtocol::Sixel, "TMUX", "/tmp/x,1,0").unwrap().contains("tmux has sixels only"));
        assert!(doubt(ImageProtocol::Kitty, "TERM", "tmux-256color").unwrap().contains("through tmux"));
        assert_eq!(doubt(ImageProtocol::Halfblocks, "TMUX", "1"), None);
        assert_eq!(doubt(ImageProtocol::Sixel, "TMUX", ""), None);
        assert_eq!(doubt(ImageProtocol::Sixel, "TERM", "foot"), None);
    }
}
