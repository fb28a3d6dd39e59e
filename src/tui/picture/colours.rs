//! A terminal's colours as 0xRRGGBB.

use ratatui::style::Color;

use crate::tui::theme::Ground;

/// `share` of `ink` on `paper`.
pub fn mixed(ink: u32, paper: u32, share: f64) -> u32 {
    let channel = |shift: u32| {
        let [ink, paper] = [ink, paper].map(|colour| f64::from(colour >> shift & 0xff));
        ((paper + (ink - paper) * share).round() as u32) << shift
    };
    channel(16) | channel(8) | channel(0)
}

/// Text, background and frame of a window.
pub const fn ground(ground: Ground) -> (u32, u32, u32) {
    match ground {
        Ground::Dark => (0xd8dce3, 0x15181e, 0x3a3f4a),
        Ground::Light => (0x23262b, 0xfcfcfa, 0xc8ccd2),
    }
}

/// xterm's sixteen, a little softened.
const ANSI: [u32; 16] = [
    0x000000, 0xcd3131, 0x0f9d58, 0xc7a500, 0x2472c8, 0xbc3fbc, 0x11a8cd, 0xc8ccd2, 0x666c76, 0xf14c4c,
    0x23d18b, 0xf5f543, 0x3b8eea, 0xd670d6, 0x29b8db, 0xffffff,
];

/// `colour`, or what is usual where it is none.
pub fn colour(colour: Color, usual: u32) -> u32 {
    let indexed = |n: u8| match n {
        0..=15 => ANSI[n as usize],
        16..=231 => {
            let step = |n: u32| if n == 0 { 0 } else { 55 + 40 * n };
            let n = u32::from(n) - 16;
            step(n / 36) << 16 | step(n / 6 % 6) << 8 | step(n % 6)
        }
        _ => (8 + 10 * (u32::from(n) - 232)) * 0x01_01_01,
    };
    match colour {
        Color::Reset => usual,
        Color::Rgb(r, g, b) => u32::from(r) << 16 | u32::from(g) << 8 | u32::from(b),
        Color::Indexed(n) => indexed(n),
        Color::Black => ANSI[0],
        Color::Red => ANSI[1],
        Color::Green => ANSI[2],
        Color::Yellow => ANSI[3],
        Color::Blue => ANSI[4],
        Color::Magenta => ANSI[5],
        Color::Cyan => ANSI[6],
        Color::Gray => ANSI[7],
        Color::DarkGray => ANSI[8],
        Color::LightRed => ANSI[9],
        Color::LightGreen => ANSI[10],
        Color::LightYellow => ANSI[11],
        Color::LightBlue => ANSI[12],
        Color::LightMagenta => ANSI[13],
        Color::LightCyan => ANSI[14],
        Color::White => ANSI[15],
    }
}
