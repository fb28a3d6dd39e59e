//! Colours and characters of values.

use ratatui::style::{Color, Style};

use crate::tui::theme::{Depth, Ground, Theme};

/// Red, green and blue.
pub type Rgb = [u8; 3];

/// From the most negative value over zero to the most positive: blue and orange, which the
/// colour-blind tell apart, either growing lighter on a dark ground and darker on a light one.
const DARK: [Rgb; 5] =
    [[0x9c, 0xd9, 0xff], [0x1f, 0x7c, 0xc2], [0x12, 0x15, 0x1b], [0xb8, 0x6a, 0x00], [0xff, 0xc6, 0x66]];
const LIGHT: [Rgb; 5] =
    [[0x00, 0x3d, 0x6b], [0x48, 0x9c, 0xd6], [0xf3, 0xf1, 0xed], [0xe3, 0x8f, 0x2a], [0x78, 0x3a, 0x00]];
/// What is no number.
const NAN: Rgb = [0xd0, 0x20, 0x20];

/// Positive values by size, and images by brightness.
const SHADES: &[u8; 10] = b" .:-=+*#%@";

/// Whether values are drawn as characters, for want of colours or blocks.
pub fn is_shaded(theme: &Theme) -> bool {
    theme.is_ascii() || matches!(theme.depth, Depth::None | Depth::Ansi16)
}

/// The colour of a value, -1 to 1.
pub fn diverging(value: f32, ground: Ground) -> Rgb {
    if value.is_nan() {
        return NAN;
    }
    let stops = match ground {
        Ground::Dark => &DARK,
        Ground::Light => &LIGHT,
    };
    let at = (value.clamp(-1.0, 1.0) + 1.0) * 2.0;
    let left = (at as usize).min(3);
    let part = at - left as f32;
    std::array::from_fn(|i| {
        let (from, to) = (f32::from(stops[left][i]), f32::from(stops[left + 1][i]));
        (from + (to - from) * part).round() as u8
    })
}

/// The character of a value, -1 to 1: shades where it is positive, digits where it is
/// negative; with colours also in one of two.
pub fn shade(value: f32, theme: &Theme) -> (char, Style) {
    if value.is_nan() {
        return ('?', theme.bad());
    }
    let level = (value.abs().min(1.0) * 9.0).round() as u8;
    match level {
        0 => (' ', Style::new()),
        _ if value < 0.0 => (char::from(b'0' + level), theme.series(0)),
        _ => (char::from(SHADES[usize::from(level)]), theme.series(1)),
    }
}

/// The character of a brightness, 0 to 1.
pub fn brightness(value: f32, theme: &Theme) -> (char, Style) {
    // Ink is dark on a light ground.
    let ink = if theme.ground == Ground::Light { 1.0 - value } else { value };
    let level = (ink.clamp(0.0, 1.0) * 9.0).round() as usize;
    (char::from(SHADES[level]), theme.text())
}

/// The terminal's nearest to a colour.
pub fn colour(rgb: Rgb, theme: &Theme) -> Color {
    match theme.depth {
        Depth::Truecolor => Color::Rgb(rgb[0], rgb[1], rgb[2]),
        _ => Color::Indexed(indexed(rgb)),
    }
}

/// The nearest of the 6×6×6 cube and the greys.
fn indexed(rgb: Rgb) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let distance =
        |other: Rgb| -> u32 { rgb.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum() };
    let step = |part: u8| (0..6).min_by_key(|i| STEPS[*i].abs_diff(part)).unwrap_or(0);
    let cube = rgb.map(step);
    let mean = rgb.iter().map(|part| u32::from(*part)).sum::<u32>() / 3;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    match distance(cube.map(|i| STEPS[i])) <= distance([8 + 10 * grey; 3]) {
        true => (16 + 36 * cube[0] + 6 * cube[1] + cube[2]) as u8,
        false => 232 + grey,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brightness as eyes weigh it.
    fn light(rgb: Rgb) -> f32 {
        0.21 * f32::from(rgb[0]) + 0.72 * f32::from(rgb[1]) + 0.07 * f32::from(rgb[2])
    }

    #[test]
    fn colours_leave_zero_steadily_and_their_sides_differ() {
        for (ground, sign) in [(Ground::Dark, 1.0), (Ground::Light, -1.0)] {
            for side in [-1.0, 1.0] {
                let lights = (0..=20).map(|i| sign * light(diverging(side * i as f32 / 20.0, ground)));
                assert!(lights.collect::<Vec<_>>().is_sorted(), "{ground:?} {side}");
            }
            for v in [0.3, 0.6, 1.0] {
                let [r, _, b] = diverging(v, ground);
                assert!(r > b, "positive is orange");
                let [r, _, b] = diverging(-v, ground);
                assert!(b > r, "negative is blue");
            }
            assert_eq!(diverging(7.0, ground), diverging(1.0, ground));
        }
    }

    #[test]
    fn indexed_colours_are_near() {
        assert_eq!([indexed([0; 3]), indexed([255; 3]), indexed([255, 0, 0])], [16, 231, 196]);
        assert_eq!([indexed([0x12; 3]), indexed([128; 3])], [233, 244]);
    }

    #[test]
    fn characters_say_size_and_sign() {
        let theme = Theme { depth: Depth::None, ..Theme::FULL };
        let line: String = (-9..=9).map(|i| shade(i as f32 / 9.0, &theme).0).collect();
        assert_eq!(line, "987654321 .:-=+*#%@");
        assert_eq!(shade(f32::NAN, &theme).0, '?');
        assert_eq!(shade(f32::NEG_INFINITY, &theme).0, '9');
    }
}
