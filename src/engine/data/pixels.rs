//! One image file, decoded to eight bits and brought to its size, in bounded memory.

use std::io::Cursor;

use image::imageops::{FilterType, crop_imm, resize};
use image::metadata::Orientation;
use image::{
    ColorType, DynamicImage, GrayImage, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader,
    ImageResult, Limits, Pixel, RgbImage,
};

use super::budget::DECODED;
use super::frames;
use super::sniff::explained;
use crate::domain::text::filesize;

/// Largest side of an image that is decoded, pixels.
const MAX_SIDE: u32 = 16_384;
/// Bytes that may come ahead of an image's pixels; most have less, none has more.
const AHEAD: u64 = 8 << 20;
const MOST_AHEAD: u64 = 64 << 20;
/// Bytes of a pixel while it is scaled: four numbers of 32 bits.
const SCALED: u64 = 16;

/// How images are brought to one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResizeMode {
    /// They have it, or are refused.
    Exactly,
    /// The shorter side is scaled to it, and the middle is taken.
    Crop,
}

/// What was lost of an image.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReducedImage {
    /// An alpha channel that is not all opaque.
    pub alpha: bool,
    /// More than eight bits a channel.
    pub depth: bool,
    /// Frames or pages after the first.
    pub frames: bool,
}

/// Decodes one image file into `out`, three planes of `size` × `size` pixels; grey images have
/// the same in all three.
///
/// # Errors
/// When it is no image of a known format, is broken or too large, or has another size and must
/// not.
pub fn decode(bytes: &[u8], size: usize, fit: ResizeMode, out: &mut [u8]) -> Result<ReducedImage, String> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    let format = known(reader.format(), bytes, fit)?;
    if format == ImageFormat::Jpeg && !jpeg_ends(bytes) {
        return Err("cannot be decoded: it is cut off".into());
    }
    let failed = |e: ImageError| undecodable(&e, format);
    let (mut decoder, ahead) = match opened(bytes, format, AHEAD) {
        Err(ImageError::Limits(_)) => (opened(bytes, format, MOST_AHEAD).map_err(failed)?, MOST_AHEAD),
        decoder => (decoder.map_err(failed)?, 0),
    };
    decoder.set_limits(limits(DECODED.total())).map_err(failed)?;
    let ((width, height), color, total) = (decoder.dimensions(), decoder.color_type(), decoder.total_bytes());
    // Orientation that cannot be read is none.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let side = size as u32;
    let scaled = scaled_size(width, height, side, fit)?;
    let while_scaled = scaled.map_or(0, |(w, h)| (u64::from(width) + u64::from(w)) * u64::from(h) * SCALED);
    let beside = inside(bytes, format, total).saturating_add(while_scaled).saturating_add(ahead);
    let needed = total.saturating_add(beside);
    let _share = DECODED.take(needed).ok_or_else(|| {
        let (needed, most) = (filesize(needed), filesize(DECODED.total()));
        format!("an image of {width}×{height}: decoding it takes {needed} of memory, more than {most}")
    })?;
    let mut samples = vec![0; usize::try_from(total).map_err(|_| "too large")?];
    decoder.read_image(&mut samples).map_err(failed)?;
    let (channels, mut reduced) = to_eight_bits(&mut samples, color)?;
    reduced.frames = frames::has_more(bytes, format);
    let broken = || "cannot be decoded: its size is not that of its pixels".to_owned();
    let image = if channels == 1 {
        let grey = GrayImage::from_raw(width, height, samples).ok_or_else(broken)?;
        DynamicImage::ImageLuma8(fitted(grey, scaled))
    } else {
        let rgb = RgbImage::from_raw(width, height, samples).ok_or_else(broken)?;
        DynamicImage::ImageRgb8(fitted(rgb, scaled))
    };
    write(image, orientation, side, out);
    Ok(reduced)
}

/// Why an image cannot be decoded; one of a kind that no decoder here reads can be saved again.
fn undecodable(error: &ImageError, format: ImageFormat) -> String {
    /// What of a decoder's words tells the kind, and the kind.
    const KINDS: [(&str, &str); 8] = [
        ("RGBPalette", "with a palette"),
        ("TransparencyMask", "that is a transparency mask"),
        ("YCbCr", "in YCbCr colours"),
        ("Lab", "in Lab colours"),
        ("CMYK", "in CMYK colours"),
        ("64", "with 64 bits per channel"),
        ("32", "with 32 bits per channel"),
        ("Unknown", "in other colours than red, green and blue"),
    ];
    let text = error.to_string();
    if !matches!(error, ImageError::Unsupported(_)) {
        return format!("cannot be decoded: {text}");
    }
    let kind = KINDS.iter().find(|(word, _)| text.contains(word));
    let kind =
        kind.map_or_else(|| format!("of a kind that is not read ({text})"), |(_, kind)| (*kind).into());
    let name = format!("{format:?}").to_uppercase();
    format!("a {name} image {kind}: save it as an RGB PNG of 8 bits per channel")
}

/// A decoder that has read what is ahead of the pixels, as colour profiles: of at most `ahead`
/// bytes, unpacked.
fn opened(bytes: &[u8], format: ImageFormat, ahead: u64) -> ImageResult<impl ImageDecoder> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits(ahead));
    reader.into_decoder()
}

fn limits(bytes: u64) -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(bytes);
    limits
}

/// The file's format, where it is one that is read.
fn known(format: Option<ImageFormat>, bytes: &[u8], fit: ResizeMode) -> Result<ImageFormat, String> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    match (format, fit) {
        (Some(format @ (Jpeg | Png)), _) => Ok(format),
        (Some(format @ (WebP | Bmp | Gif | Tiff)), ResizeMode::Crop) => Ok(format),
        (_, ResizeMode::Exactly) => Err(explained(bytes, "neither a JPEG nor a PNG image")),
        (_, ResizeMode::Crop) => Err(explained(bytes, "no PNG, JPEG, WebP, BMP, GIF or TIFF image")),
    }
}

/// Bytes that a decoder takes beside the `total` that it fills.
fn inside(bytes: &[u8], format: ImageFormat, total: u64) -> u64 {
    match format {
        // Two bytes a coefficient, until the last scan.
        ImageFormat::Jpeg if is_progressive(bytes) => total.saturating_mul(2),
        ImageFormat::WebP | ImageFormat::Gif | ImageFormat::Tiff => total,
        _ => 0,
    }
}

/// Whether a JPEG's frame is a progressive one.
fn is_progressive(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some([0xff, marker]) = bytes.get(at..at + 2) {
        match marker {
            0xc2 | 0xc6 | 0xca | 0xce => return true,
            0xda | 0xd9 => return false,
            0xff => at += 1,
            0x01 | 0xd0..=0xd8 => at += 2,
            _ => match bytes.get(at + 2..at + 4) {
                Some([high, low]) => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
                _ => return false,
            },
        }
    }
    // Not as it should be: the worse case.
    true
}

/// Whether the last scan of a JPEG has an end: the decoder fills what is missing with grey.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let scan = bytes.windows(2).rposition(|pair| pair == [0xff, 0xda]);
    scan.is_some_and(|scan| bytes[scan..].windows(2).any(|pair| pair == [0xff, 0xd9]))
}

/// The size to scale to, where an image has another than it must have.
fn scaled_size(width: u32, height: u32, side: u32, fit: ResizeMode) -> Result<Option<(u32, u32)>, String> {
    if (width, height) == (side, side) {
        return Ok(None);
    }
    if fit == ResizeMode::Exactly {
        return Err(format!("an image of {width}×{height}, expected {side}×{side}"));
    }
    let shorter = width.min(height).max(1);
    let scaled =
        |n: u32| ((u64::from(n) * u64::from(side) + u64::from(shorter) / 2) / u64::from(shorter)) as u32;
    let (width, height) = (scaled(width).max(side), scaled(height).max(side));
    if width.max(height) > MAX_SIDE {
        return Err(format!("too long and thin to be made {side} pixels wide"));
    }
    Ok(Some((width, height)))
}

/// Makes samples of any kind ones of eight bits, without alpha, in their place; grey stays one
/// channel. How many channels there are then, and what was lost.
fn to_eight_bits(samples: &mut Vec<u8>, color: ColorType) -> Result<(usize, ReducedImage), String> {
    let channels = usize::from(color.channel_count());
    let bytes = usize::from(color.bytes_per_pixel()) / channels;
    let kept = if color.has_color() { 3 } else { 1 };
    let read: fn(&[u8]) -> u8 = match (bytes, color) {
        (1, _) => |sample| sample[0],
        // Rounded, as the image crate does.
        (2, _) => |sample| ((u32::from(u16::from_ne_bytes([sample[0], sample[1]])) + 128) / 257) as u8,
        (4, ColorType::Rgb32F | ColorType::Rgba32F) => |sample| {
            let value = f32::from_ne_bytes([sample[0], sample[1], sample[2], sample[3]]);
            (value.clamp(0.0, 1.0) * 255.0).round() as u8
        },
        _ => return Err(format!("pixels of an unknown kind ({color:?})")),
    };
    let mut reduced = ReducedImage { depth: bytes > 1, ..ReducedImage::default() };
    if channels == kept && bytes == 1 {
        return Ok((kept, reduced));
    }
    let pixels = samples.len() / (channels * bytes);
    for pixel in 0..pixels {
        let sample = |channel: usize| (pixel * channels + channel) * bytes;
        if channels > kept {
            reduced.alpha |= read(&samples[sample(channels - 1)..][..bytes]) != u8::MAX;
        }
        for channel in 0..kept {
            // Never beyond where it is read.
            samples[pixel * kept + channel] = read(&samples[sample(channel)..][..bytes]);
        }
    }
    samples.truncate(pixels * kept);
    Ok((kept, reduced))
}

fn fitted<P: Pixel<Subpixel = u8> + 'static>(
    image: ImageBuffer<P, Vec<u8>>,
    scaled: Option<(u32, u32)>,
) -> ImageBuffer<P, Vec<u8>> {
    match scaled {
        Some((width, height)) => resize(&image, width, height, FilterType::Triangle),
        None => image,
    }
}

/// Writes the middle of an image, turned as it should be seen, as red, green and blue planes.
fn write(mut image: DynamicImage, orientation: Orientation, side: u32, out: &mut [u8]) {
    image.apply_orientation(orientation);
    let plane = out.len() / 3;
    let middle = |width: u32, height: u32| ((width - side) / 2, (height - side) / 2);
    match &image {
        DynamicImage::ImageLuma8(grey) => {
            let (left, top) = middle(grey.width(), grey.height());
            let grey = crop_imm(grey, left, top, side, side).to_image();
            out.chunks_exact_mut(plane).for_each(|plane| plane.copy_from_slice(grey.as_raw()));
        }
        DynamicImage::ImageRgb8(rgb) => {
            let (left, top) = middle(rgb.width(), rgb.height());
            for (i, pixel) in crop_imm(rgb, left, top, side, side).to_image().pixels().enumerate() {
                for (channel, value) in pixel.0.into_iter().enumerate() {
                    out[channel * plane + i] = value;
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageBuffer, Luma, LumaA, Rgb, Rgba};

    /// An image of noise, of every kind of pixels that a PNG has.
    fn noise() -> Vec<DynamicImage> {
        let (width, height) = (37, 29);
        let byte = |i: usize| (i.wrapping_mul(2_654_435_761) >> 11) as u8;
        let word = |i: usize| (i.wrapping_mul(2_654_435_761) >> 7) as u16;
        let bytes = |channels: usize| (0..37 * 29 * channels).map(byte).collect::<Vec<_>>();
        let words = |channels: usize| (0..37 * 29 * channels).map(word).collect::<Vec<_>>();
        vec![
            GrayImage::from_raw(width, height, bytes(1)).unwrap().into(),
            ImageBuffer::<LumaA<u8>, _>::from_raw(width, height, bytes(2)).unwrap().into(),
            RgbImage::from_raw(width, height, bytes(3)).unwrap().into(),
            ImageBuffer::<Rgba<u8>, _>::from_raw(width, height, bytes(4)).unwrap().into(),
            ImageBuffer::<Luma<u16>, _>::from_raw(width, height, words(1)).unwrap().into(),
            ImageBuffer::<LumaA<u16>, _>::from_raw(width, height, words(2)).unwrap().into(),
            ImageBuffer::<Rgb<u16>, _>::from_raw(width, height, words(3)).unwrap().into(),
            ImageBuffer::<Rgba<u16>, _>::from_raw(width, height, words(4)).unwrap().into(),
        ]
    }

    #[test]
    fn pixels_are_those_of_a_copy_in_colour() {
        for (i, image) in noise().into_iter().enumerate() {
            let mut file = Cursor::new(Vec::new());
            image.write_to(&mut file, ImageFormat::Png).unwrap();
            let mut out = vec![0; 3 * 16 * 16];
            let reduced = decode(file.get_ref(), 16, ResizeMode::Crop, &mut out).unwrap();
            assert_eq!((reduced.alpha, reduced.depth, reduced.frames), (i % 2 == 1, i > 3, false));
            // As the image crate makes it of the whole image in colour.
            let whole = resize(&image.into_rgb8(), 20, 16, FilterType::Triangle);
            let middle = crop_imm(&whole, 2, 0, 16, 16).to_image();
            for (at, pixel) in middle.pixels().enumerate() {
                let found = [out[at], out[256 + at], out[512 + at]];
                assert_eq!(found, pixel.0, "kind {i}, pixel {at}");
            }
        }
    }

    #[test]
    fn progressive_images_are_told_from_others() {
        let start = b"\xff\xd8\xff\xe0\x00\x04JF";
        for (marker, progressive) in [(0xc0, false), (0xc2, true)] {
            let frame = [&start[..], &[0xff, marker, 0, 2], b"\xff\xda"].concat();
            assert_eq!(is_progressive(&frame), progressive);
        }
        assert!(is_progressive(&start[..6]), "what is broken counts as the worse case");
    }
}
