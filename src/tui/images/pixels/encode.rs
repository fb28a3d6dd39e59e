//! A grid of colours as what a terminal is sent, and the cells that it takes.

use image::{DynamicImage, Rgba, RgbaImage};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Rect, Size};
use ratatui::widgets::Widget;
use ratatui_image::Image;
use ratatui_image::protocol::Protocol;
use ratatui_image::protocol::iterm2::Iterm2;
use ratatui_image::protocol::kitty::Kitty;
use ratatui_image::protocol::sixel::Sixel;

use super::sixel::sixels;
use super::{Font, ImageProtocol, PixelGrid};

/// What a cell of kitty's begins with that shows a part of an image.
const PLACEHOLDER: char = '\u{10EEEE}';

/// A picture for the terminal.
#[derive(Debug)]
pub struct Encoded {
    /// Sent once, ahead of the cells.
    pub ahead: String,
    /// Row by row.
    pub cells: Vec<Cell>,
}

/// Encodes `grid` for `place`, in squares as large as fit there with whole numbers of
/// pixels; `None` where it does not fit, or there are no pixels. The `id` is kitty's.
pub fn encode(images: ImageProtocol, grid: &PixelGrid, place: Rect, font: Font, id: u32) -> Option<Encoded> {
    let (width, height) =
        (u32::from(place.width) * u32::from(font.width), u32::from(place.height) * u32::from(font.height));
    let times = width.min(height) / u32::try_from(grid.size).ok()?.max(1);
    if times == 0 || grid.colours.len() != grid.size * grid.size || grid.size == 0 {
        return None;
    }
    let size = Size::new(place.width, place.height);
    // Whole cells, so that no terminal makes it larger or smaller; nothing beside the grid.
    let image = || {
        DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, |x, y| {
            let (x, y) = ((x / times) as usize, (y / times) as usize);
            if x >= grid.size || y >= grid.size {
                return Rgba([0; 4]);
            }
            let [r, g, b] = grid.colours[y * grid.size + x];
            Rgba([r, g, b, 255])
        }))
    };
    let protocol = match images {
        ImageProtocol::Halfblocks => return None,
        // All that have placeholders also inflate.
        ImageProtocol::Kitty => Protocol::Kitty(Kitty::new(image(), size, id, false, true).ok()?),
        ImageProtocol::Iterm2 => Protocol::ITerm2(Iterm2::new(image(), size, false).ok()?),
        ImageProtocol::Sixel => {
            let data = erase(size) + &sixels(grid, times as usize);
            Protocol::Sixel(Sixel { data, size, is_tmux: false })
        }
    };
    let mut buffer = Buffer::empty(Rect::new(0, 0, place.width, place.height));
    Image::new(&protocol).render(buffer.area, &mut buffer);
    let mut cells = buffer.content;
    let mut ahead = String::new();
    if images == ImageProtocol::Kitty {
        let first = cells.first_mut()?;
        let at = first.symbol().find(PLACEHOLDER)?;
        let (image, cell) = first.symbol().split_at(at);
        ahead = image.to_owned();
        let cell = cell.to_owned();
        first.set_symbol(&cell);
    }
    Some(Encoded { ahead, cells })
}

/// Empties the cells below the cursor and to its right, and brings it back: what was written
/// there before is not painted over.
fn erase(size: Size) -> String {
    let row = format!("\x1b[{}X\x1b[1B", size.width);
    row.repeat(size.height.into()) + &format!("\x1b[{}A", size.height)
}

/// Takes the images `ids` out of kitty's memory.
pub fn delete(ids: std::ops::Range<u32>) -> String {
    ids.map(|id| format!("\x1b_Ga=d,d=I,q=2,i={id}\x1b\\")).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::super::sixel::tests::decode;
    use super::*;

    const FONT: Font = Font { width: 9, height: 19 };
    const PLACE: Rect = Rect::new(3, 4, 4, 2);

    /// 7×7 in 36×38 pixels: each value is 5×5 of them.
    fn grid() -> PixelGrid {
        PixelGrid { size: 7, colours: (0..49_u8).map(|i| [i * 5, 255 - i, i % 7 * 40]).collect() }
    }

    fn base64(text: &str) -> Vec<u8> {
        let digit = |c: u8| match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => panic!("no digit: {c}"),
        };
        let bits = |four: &[u8]| four.iter().fold(0_u32, |bits, c| bits << 6 | u32::from(digit(*c)));
        let digits = text.trim_end_matches('=').as_bytes();
        let whole =
            |four: &[u8]| (bits(four) << (6 * (4 - four.len()))).to_be_bytes()[1..four.len()].to_vec();
        digits.chunks(4).flat_map(whole).collect()
    }

    /// That the square of the grid's pixels is exact, and nothing is beside it.
    fn assert_shows(image: &RgbaImage) {
        assert_eq!(image.dimensions(), (36, 38));
        let grid = grid();
        for (x, y, pixel) in image.enumerate_pixels() {
            let wanted = match x < 35 && y < 35 {
                true => {
                    let [r, g, b] = grid.colours[(y / 5 * 7 + x / 5) as usize];
                    [r, g, b, 255]
                }
                false => [0; 4],
            };
            assert_eq!(pixel.0, wanted, "{x} {y}");
        }
    }

    #[test]
    fn kitty_gets_the_very_pixels() {
        let encoded = encode(ImageProtocol::Kitty, &grid(), PLACE, FONT, 0x01_0203).unwrap();
        let mut data = String::new();
        for (i, chunk) in encoded.ahead.split_terminator("\x1b\\").enumerate() {
            let (keys, part) = chunk.strip_prefix("\x1b_G").unwrap().split_once(';').unwrap();
            let first = "q=2,i=66051,a=T,U=1,f=32,o=z,t=d,s=36,v=38,m=";
            assert!(i > 0 || keys.starts_with(first), "{keys}");
            data += part;
        }
        let mut pixels = Vec::new();
        flate2::read::ZlibDecoder::new(&base64(&data)[..]).read_to_end(&mut pixels).unwrap();
        assert_shows(&RgbaImage::from_raw(36, 38, pixels).unwrap());
        // Its cells have its name for a colour, and say which row they are.
        assert_eq!(encoded.cells.len(), 8);
        for cell in &encoded.cells {
            assert!(cell.symbol().starts_with(PLACEHOLDER));
            assert_eq!(cell.fg, ratatui::style::Color::Rgb(1, 2, 3));
        }
        assert_eq!(encoded.cells[0].symbol(), "\u{10EEEE}\u{305}\u{305}\u{305}");
        assert_eq!(encoded.cells[4].symbol(), "\u{10EEEE}\u{30D}\u{305}\u{305}");
        assert_eq!(delete(7..9), "\x1b_Ga=d,d=I,q=2,i=7\x1b\\\x1b_Ga=d,d=I,q=2,i=8\x1b\\");
    }

    #[test]
    fn inline_images_have_the_very_pixels() {
        let encoded = encode(ImageProtocol::Iterm2, &grid(), PLACE, FONT, 1).unwrap();
        assert_eq!(encoded.ahead, "");
        let text = encoded.cells[0].symbol();
        let (erased, rest) = text.split_once("\x1b]1337;File=inline=1;").unwrap();
        assert_eq!(erased, erase(Size::new(4, 2)));
        let (keys, data) = rest.strip_suffix('\x07').unwrap().split_once(':').unwrap();
        assert!(keys.contains("width=36px;height=38px") && keys.contains("doNotMoveCursor=1"), "{keys}");
        assert_shows(&image::load_from_memory(&base64(data)).unwrap().to_rgba8());
    }

    #[test]
    fn sixels_have_the_pixels_in_percent() {
        let encoded = encode(ImageProtocol::Sixel, &grid(), PLACE, FONT, 1).unwrap();
        let text = encoded.cells[0].symbol().strip_prefix(&erase(Size::new(4, 2))).unwrap();
        let (width, pixels) = decode(text);
        assert_eq!(width, 35);
        for (i, pixel) in pixels.into_iter().enumerate() {
            let rgb = grid().colours[i / 35 / 5 * 7 + i % 35 / 5];
            for (part, percent) in rgb.into_iter().zip(pixel.unwrap()) {
                assert!((f32::from(part) - f32::from(percent) * 2.55).abs() <= 1.3, "{i}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_no_picture() {
        for images in
            [ImageProtocol::Halfblocks, ImageProtocol::Kitty, ImageProtocol::Sixel, ImageProtocol::Iterm2]
        {
            let large = PixelGrid { size: 37, colours: vec![[0; 3]; 37 * 37] };
            assert!(encode(images, &large, PLACE, FONT, 1).is_none());
            let cut = PixelGrid { size: 7, colours: vec![[0; 3]; 48] };
            assert!(encode(images, &cut, PLACE, FONT, 1).is_none());
            let empty = PixelGrid { size: 0, colours: Vec::new() };
            assert!(encode(images, &empty, PLACE, FONT, 1).is_none());
        }
    }
}
