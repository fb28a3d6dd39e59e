//! Images decoded from JPEG and PNG files, many at a time.

use std::io::Cursor;

use image::imageops::{FilterType, crop_imm, resize};
use image::{ImageFormat, ImageReader, Limits, RgbImage};
use rayon::prelude::*;

use super::images::Images;
use super::tree::Tree;
use crate::engine::error::{EngineError, Result};

/// Largest side of an image that is decoded, pixels.
const MAX_SIDE: u32 = 16_384;
/// Most memory that decoding one image takes, bytes.
const MAX_MEMORY: u64 = 512 << 20;

/// How images are brought to one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResizeMode {
    /// They have it, or are refused.
    Exactly,
    /// The shorter side is scaled to it, and the middle is taken.
    Crop,
}

/// Decodes the files called `names`, of the classes `labels`, to three channels of
/// `size` × `size` pixels; grey images have the same in all three.
///
/// # Errors
/// When a file cannot be read or decoded, or has another size and must not; the first in
/// order is named.
pub fn images(
    tree: &Tree,
    names: &[String],
    labels: Vec<u16>,
    size: usize,
    fit: ResizeMode,
) -> Result<Images> {
    let each = 3 * size * size;
    let bytes = names.len().checked_mul(each).filter(|bytes| *bytes <= MAX_DATASET).ok_or_else(|| {
        let (count, most) = (names.len(), MAX_DATASET >> 30);
        EngineError::data(tree.place(""), format!("{count} images of {size}×{size} are more than {most} GiB"))
    })?;
    let mut pixels = vec![0; bytes];
    let one = |(out, name): (&mut [u8], &String)| {
        let bytes = tree.read(name)?;
        let image =
            decode(&bytes, size, fit).map_err(|reason| EngineError::data(tree.place(name), reason))?;
        planes(&image, out);
        Ok(())
    };
    // The first error in order, whichever thread is first.
    let errors: Vec<_> = pixels.par_chunks_exact_mut(each).zip(names).map(one).collect();
    errors.into_iter().collect::<Result<()>>()?;
    Ok(Images { pixels: pixels.into(), labels, channels: 3, size })
}

/// Most bytes of a decoded split: five times Tiny-ImageNet's.
const MAX_DATASET: usize = 8 << 30;

/// One image of a JPEG or PNG file, in colour.
///
/// # Errors
/// When it is neither, is broken or too large, or has another size and must not.
pub fn decode(bytes: &[u8], size: usize, fit: ResizeMode) -> std::result::Result<RgbImage, String> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|e| e.to_string())?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png)) {
        return Err("neither a JPEG nor a PNG image".into());
    }
    if reader.format() == Some(ImageFormat::Jpeg) && !jpeg_ends(bytes) {
        return Err("cannot be decoded: it is cut off".into());
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_MEMORY);
    reader.limits(limits);
    let image = reader.decode().map_err(|e| format!("cannot be decoded: {e}"))?.into_rgb8();
    let (width, height) = image.dimensions();
    let side = size as u32;
    match fit {
        _ if (width, height) == (side, side) => Ok(image),
        ResizeMode::Exactly => Err(format!("an image of {width}×{height}, expected {size}×{size}")),
        ResizeMode::Crop => {
            let shorter = width.min(height).max(1);
            let scaled = |n: u32| {
                ((u64::from(n) * u64::from(side) + u64::from(shorter) / 2) / u64::from(shorter)) as u32
            };
            let (width, height) = (scaled(width).max(side), scaled(height).max(side));
            if width.max(height) > MAX_SIDE {
                return Err(format!("too long and thin to be made {size} pixels wide"));
            }
            let image = resize(&image, width, height, FilterType::Triangle);
            Ok(crop_imm(&image, (width - side) / 2, (height - side) / 2, side, side).to_image())
        }
    }
}

/// Whether the last scan of a JPEG has an end: the decoder fills what is missing with grey.
fn jpeg_ends(bytes: &[u8]) -> bool {
    let scan = bytes.windows(2).rposition(|pair| pair == [0xff, 0xda]);
    scan.is_some_and(|scan| bytes[scan..].windows(2).any(|pair| pair == [0xff, 0xd9]))
}

/// Red, green and blue planes of an image.
fn planes(image: &RgbImage, out: &mut [u8]) {
    let plane = out.len() / 3;
    for (i, pixel) in image.pixels().enumerate() {
        for (channel, value) in pixel.0.into_iter().enumerate() {
            out[channel * plane + i] = value;
        }
    }
}
