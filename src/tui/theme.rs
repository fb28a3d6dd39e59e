//! Colours and glyphs by what they mean, for every kind of terminal.
//!
//! Nothing is said by colour alone: what is on is also drawn in other lines than what is
//! off, and curves carry letters where there are no colours to tell them apart.

use std::fmt;

use ratatui::style::{Color, Modifier, Style};
use ratatui::symbols::{Marker, border};
use serde::{Deserialize, Serialize};

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Depth {
    /// None, or none wanted (`NO_COLOR`).
    #[serde(rename = "none")]
    None,
    /// The sixteen of ANSI.
    #[serde(rename = "16")]
    Ansi16,
    /// 256 of a fixed table.
    #[serde(rename = "256")]
    Ansi256,
    /// Any.
    #[serde(rename = "truecolor")]
    Truecolor,
}

/// What the terminal's background is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ground {
    /// Light text on it.
    Dark,
    /// Dark text on it.
    Light,
}

/// What the terminal's font has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Symbols {
    /// Box lines, arrows and braille dots.
    Braille,
    /// Box lines and blocks, as the Linux console has them.
    Block,
    /// ASCII only.
    Ascii,
}

/// Everything that decides how a thing looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Theme {
    /// Colours there are.
    pub depth: Depth,
    /// Background.
    pub ground: Ground,
    /// Font.
    pub symbols: Symbols,
}

/// A colour in each depth: red, green and blue; of the 256; of the 16.
struct Ink(u32, u8, Color);

/// Okabe and Ito's palette, which most of the colour-blind can tell apart, lightened on a
/// dark ground and darkened on a light one where it would be hard to read; first in pairs
/// that differ most.
const SERIES: [(Ink, Ink); 8] = [
    (Ink(0x56b4e9, 74, Color::LightBlue), Ink(0x0072b2, 25, Color::Blue)),
    (Ink(0xe69f00, 214, Color::Yellow), Ink(0xa36200, 130, Color::Red)),
    (Ink(0x2fc9a0, 43, Color::LightGreen), Ink(0x007a59, 29, Color::Green)),
    (Ink(0xee8fc2, 212, Color::LightMagenta), Ink(0xa6447f, 132, Color::Magenta)),
    (Ink(0xf0e442, 227, Color::LightYellow), Ink(0x6b6400, 58, Color::Yellow)),
    (Ink(0xff7f50, 209, Color::LightRed), Ink(0xc04000, 166, Color::LightRed)),
    (Ink(0xb9a5ff, 147, Color::LightCyan), Ink(0x5b3fb5, 61, Color::Cyan)),
    (Ink(0xd0d0d0, 252, Color::White), Ink(0x404040, 238, Color::Black)),
];

impl Theme {
    /// What a terminal with everything shows; also what pictures are made with.
    pub const FULL: Self = Self { depth: Depth::Truecolor, ground: Ground::Dark, symbols: Symbols::Braille };

    /// Letters of curves, in the order of their colours.
    const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /// Runs that can be drawn at once: letters tell so many apart, while colours come again.
    pub const MOST_DRAWN: usize = Self::LETTERS.len();

    fn ink(&self, dark: Ink, light: Ink) -> Style {
        let Ink(rgb, indexed, ansi) = match self.ground {
            Ground::Dark => dark,
            Ground::Light => light,
        };
        match self.depth {
            Depth::None => Style::new(),
            Depth::Ansi16 => Style::new().fg(ansi),
            Depth::Ansi256 => Style::new().fg(Color::Indexed(indexed)),
            Depth::Truecolor => Style::new().fg(Color::from_u32(rgb)),
        }
    }

    /// Plain text, also over a coloured frame.
    pub const fn text(&self) -> Style {
        Style::new().fg(Color::Reset)
    }

    /// Text that need not be read: units, hints, frames of panels.
    pub fn dim(&self) -> Style {
        let style = match self.depth {
            Depth::None => Style::new().add_modifier(Modifier::DIM),
            _ => self.ink(Ink(0x8a8f98, 245, Color::DarkGray), Ink(0x6a6f78, 242, Color::DarkGray)),
        };
        // Also over the frame of the focused panel, which is bold.
        style.remove_modifier(Modifier::BOLD)
    }

    /// Text that is to be read first.
    pub const fn strong(&self) -> Style {
        Style::new().fg(Color::Reset).add_modifier(Modifier::BOLD)
    }

    /// What is on, chosen, or can be pressed.
    pub fn accent(&self) -> Style {
        self.ink(Ink(0x56b4e9, 74, Color::LightCyan), Ink(0x0072b2, 25, Color::Blue))
            .add_modifier(Modifier::BOLD)
    }

    /// What is off: there, but not to be looked at.
    pub fn off(&self) -> Style {
        match self.depth {
            Depth::None => Style::new().add_modifier(Modifier::DIM),
            _ => self.ink(Ink(0x5c626b, 240, Color::DarkGray), Ink(0xa0a5ad, 248, Color::Gray)),
        }
    }

    /// What went well.
    pub fn good(&self) -> Style {
        self.ink(Ink(0x2fc9a0, 43, Color::LightGreen), Ink(0x007a59, 29, Color::Green))
    }

    /// What should be noticed.
    pub fn warn(&self) -> Style {
        self.ink(Ink(0xe69f00, 214, Color::LightYellow), Ink(0xa36200, 130, Color::Red))
    }

    /// What went wrong.
    pub fn bad(&self) -> Style {
        self.ink(Ink(0xff6b4a, 203, Color::LightRed), Ink(0xc03000, 160, Color::Red))
            .add_modifier(Modifier::BOLD)
    }

    /// The row, hop or key under the cursor.
    pub const fn selected(&self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The frame of a panel.
    pub fn border(&self, focused: bool) -> Style {
        if focused { self.accent() } else { self.off() }
    }

    /// The letter of a curve.
    pub fn letter(slot: usize) -> &'static str {
        let at = slot % Self::LETTERS.len();
        Self::LETTERS.get(at..=at).unwrap_or_default()
    }

    /// The curve in colour slot `slot`.
    pub fn series(&self, slot: usize) -> Style {
        let (dark, light) = &SERIES[slot % SERIES.len()];
        self.ink(Ink(dark.0, dark.1, dark.2), Ink(light.0, light.1, light.2))
    }

    /// Whether curves need letters, because there is no colour to tell them apart.
    pub fn needs_letters(&self) -> bool {
        self.depth == Depth::None
    }

    /// Lines of frames.
    pub const fn frame(&self) -> border::Set<'static> {
        match self.symbols {
            Symbols::Braille => border::ROUNDED,
            Symbols::Block => border::PLAIN,
            Symbols::Ascii => border::Set {
                top_left: "+",
                top_right: "+",
                bottom_left: "+",
                bottom_right: "+",
                vertical_left: "|",
                vertical_right: "|",
                horizontal_top: "-",
                horizontal_bottom: "-",
            },
        }
    }

    /// What curves are drawn with: dots of 2×4 to a character, or coarser.
    pub const fn marker(&self) -> Marker {
        match self.symbols {
            Symbols::Braille => Marker::Braille,
            Symbols::Block => Marker::HalfBlock,
            Symbols::Ascii => Marker::Custom('*'),
        }
    }

    /// Whether only ASCII may be shown.
    pub fn is_ascii(&self) -> bool {
        self.symbols == Symbols::Ascii
    }

    /// `full` where the font has it, else its ASCII stand-in.
    pub fn glyph<T>(&self, full: T, ascii: T) -> T {
        if self.is_ascii() { ascii } else { full }
    }

    /// `text` with what ASCII has no letter for replaced.
    pub fn plain<'a>(&self, text: &'a str) -> std::borrow::Cow<'a, str> {
        if !self.is_ascii() || text.is_ascii() {
            return text.into();
        }
        let mut out = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '→' => out.push_str("->"),
                '←' => out.push_str("<-"),
                '·' | '–' | '—' | '−' => out.push('-'),
                '±' => out.push_str("+-"),
                '×' => out.push('x'),
                '²' => out.push('2'),
                '³' => out.push('3'),
                // One for one: what was cut to a column's width still fits it.
                '…' => out.push('~'),
                'ℓ' => out.push('l'),
                'Δ' => out.push('d'),
                '↑' => out.push('^'),
                '↓' => out.push('v'),
                '●' | '■' | '▌' => out.push('*'),
                '○' | '□' => out.push('o'),
                '▶' => out.push('>'),
                c if c.is_ascii() => out.push(c),
                _ => out.push('?'),
            }
        }
        out.into()
    }
}

impl fmt::Display for Depth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no colours",
            Self::Ansi16 => "16 colours",
            Self::Ansi256 => "256 colours",
            Self::Truecolor => "true colour",
        })
    }
}
