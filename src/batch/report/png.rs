//! SVG to PNG, with a font that the program brings along, so that a figure looks the same
//! everywhere.

use std::sync::Arc;

use resvg::{tiny_skia, usvg};

/// DejaVu Sans, as far as figures use it; its licence is beside it.
const FONT: &[u8] = include_bytes!("../../../assets/fonts/DejaVuSans-subset.ttf");
/// Pixels for each of the SVG's.
const SCALE: f32 = 2.0;
/// Most pixels of a side.
const MAX_SIDE: f32 = 20_000.0;

/// The picture that `svg` is.
///
/// # Errors
/// When it is too large, or cannot be drawn.
pub fn bytes(svg: &str) -> Result<Vec<u8>, String> {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    let options = usvg::Options { fontdb: Arc::new(fonts), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(svg, &options).map_err(|e| format!("cannot be drawn: {e}"))?;
    let size = tree.size();
    let (width, height) = (size.width() * SCALE, size.height() * SCALE);
    if width.max(height) > MAX_SIDE {
        return Err(format!(
            "would be a picture of {width:.0}x{height:.0} pixels, more than {MAX_SIDE:.0}; take svg or html, or fewer runs: with --dataset, or from a folder with fewer"
        ));
    }
    let mut pixels = tiny_skia::Pixmap::new(width.ceil() as u32, height.ceil() as u32)
        .ok_or("cannot be drawn: there is nothing in it")?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|e| format!("cannot be encoded: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the figures write besides letters and digits has to be in the font.
    #[test]
    fn text_is_drawn() {
        let dark = |text: &str| {
            let svg = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"20\"><text x=\"2\" y=\"15\" font-size=\"14\" font-family=\"DejaVu Sans, Verdana, sans-serif\">{text}</text></svg>"
            );
            let png = bytes(&svg).unwrap();
            let image = tiny_skia::Pixmap::decode_png(&png).unwrap();
            image.pixels().iter().filter(|pixel| pixel.alpha() > 100).count()
        };
        for text in ["F", "−", "Δ", "–", "…", "·"] {
            assert!(dark(text) > 4, "{text}");
        }
        assert_eq!(dark(" "), 0);
    }

    #[test]
    fn what_is_no_figure_is_refused() {
        assert!(bytes("<svg").unwrap_err().contains("cannot be drawn"));
        let large = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90000\" height=\"20\"/>";
        assert!(bytes(large).unwrap_err().contains("20000"));
    }
}
