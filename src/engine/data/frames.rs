//! Whether an image file has more pictures than the one that is read: animations and pages.

use image::ImageFormat;

/// Whether there is more than one. Where the file is broken after the first, there is not.
pub fn has_more(bytes: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Gif => gif_images(bytes).is_some_and(|images| images > 1),
        // The extended header's flag.
        ImageFormat::WebP => bytes.get(12..16) == Some(b"VP8X") && bytes.get(20).is_some_and(|b| b & 2 != 0),
        ImageFormat::Png => is_animated_png(bytes).unwrap_or(false),
        ImageFormat::Tiff => tiff_goes_on(bytes).unwrap_or(false),
        _ => false,
    }
}

/// Images of a GIF, counted up to two.
fn gif_images(bytes: &[u8]) -> Option<usize> {
    let table = |flags: u8| if flags & 0x80 != 0 { 3 << ((flags & 7) + 1) } else { 0 };
    let mut at = 13 + table(*bytes.get(10)?);
    let mut images = 0;
    let blocks_end = |mut at: usize| {
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                return Some(at);
            }
        }
    };
    loop {
        match bytes.get(at) {
            Some(0x21) => at = blocks_end(at + 2)?,
            Some(0x2c) => {
                images += 1;
                if images == 2 {
                    return Some(images);
                }
                at = blocks_end(at + 11 + table(*bytes.get(at + 9)?))?;
            }
            _ => return Some(images),
        }
    }
}

fn is_animated_png(bytes: &[u8]) -> Option<bool> {
    let mut at = 8;
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?) as usize;
        match bytes.get(at + 4..at + 8)? {
            // Its first number is how many frames there are.
            b"acTL" => return Some(*bytes.get(at + 8..at + 12)? > [0, 0, 0, 1][..]),
            b"IDAT" => return Some(false),
            _ => at = at.checked_add(length)?.checked_add(12)?,
        }
    }
}

/// Whether the first directory of a TIFF leads to another.
fn tiff_goes_on(bytes: &[u8]) -> Option<bool> {
    let little = bytes.starts_with(b"II");
    let number = |at: usize, length: usize| {
        let bytes = bytes.get(at..at.checked_add(length)?)?;
        let fold = |sum: usize, byte: &u8| sum << 8 | usize::from(*byte);
        Some(if little { bytes.iter().rev().fold(0, fold) } else { bytes.iter().fold(0, fold) })
    };
    let first = number(4, 4)?;
    let entries = number(first, 2)?;
    Some(number(first.checked_add(2 + 12 * entries)?, 4)? != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gif(images: usize) -> Vec<u8> {
        // A palette of two colours, a comment before each image.
        let mut bytes = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
        for _ in 0..images {
            bytes.extend(b"\x21\xfe\x02hi\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0");
        }
        bytes.push(0x3b);
        bytes
    }

    #[test]
    fn animations_and_pages_are_seen() {
        assert!(has_more(&gif(2), ImageFormat::Gif) && !has_more(&gif(1), ImageFormat::Gif));
        let tiff = |next: u8| [&b"II*\0\x08\0\0\0\x01\0"[..], &[0; 12], &[next, 0, 0, 0]].concat();
        assert!(has_more(&tiff(9), ImageFormat::Tiff) && !has_more(&tiff(0), ImageFormat::Tiff));
        let png = |chunk: &[u8; 4], frames| {
            [&b"\x89PNG\r\n\x1a\n\0\0\0\x08"[..], chunk, &[0, 0, 0, frames], &[0; 8]].concat()
        };
        assert!(has_more(&png(b"acTL", 2), ImageFormat::Png));
        assert!(
            !has_more(&png(b"acTL", 1), ImageFormat::Png) && !has_more(&png(b"IDAT", 2), ImageFormat::Png)
        );
        let webp = |flags| [&b"RIFF....WEBPVP8X...."[..], &[flags]].concat();
        assert!(has_more(&webp(2), ImageFormat::WebP) && !has_more(&webp(0x10), ImageFormat::WebP));
        // Whatever is cut off is no reason to fail.
        for length in 0..40 {
            for format in [ImageFormat::Gif, ImageFormat::Png, ImageFormat::Tiff, ImageFormat::WebP] {
                has_more(&gif(2)[..length], format);
            }
        }
    }
}
