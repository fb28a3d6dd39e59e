//! Per-channel normalisation by the train split's own statistics.

use rayon::prelude::*;

use super::Images;

/// Mean and standard deviation of each channel, of pixels scaled to [0, 1], and the
/// table that applies them.
#[derive(Debug, Clone)]
pub struct Normalisation {
    /// By channel.
    pub mean: Vec<f64>,
    /// By channel, population (n in the denominator).
    pub std: Vec<f64>,
    tables: Vec<[f32; 256]>,
}

impl Normalisation {
    /// Statistics over the images at `indices`, as they are in the files (borders that
    /// padding adds later are not counted, as is usual in torchvision).
    pub fn of(images: &Images, indices: &[u32]) -> Self {
        let plane = images.size * images.size;
        let (mut mean, mut std, mut tables) = (Vec::new(), Vec::new(), Vec::new());
        for channel in 0..images.channels {
            let of_one = |i: &u32| sums(&images.image(*i)[channel * plane..][..plane]);
            let add = |a: (u128, u128), b: (u128, u128)| (a.0 + b.0, a.1 + b.1);
            // Whole numbers: the order of summing changes nothing.
            let (sum, squares) = indices.par_iter().map(of_one).reduce(|| (0, 0), add);
            let (m, s) = moments((indices.len() * plane) as u128, sum, squares);
            // A channel that never changes stays at zero instead of dividing by it.
            let divisor = if s > 0.0 { s } else { 1.0 };
            tables.push(std::array::from_fn(|v| ((v as f64 / 255.0 - m) / divisor) as f32));
            mean.push(m);
            std.push(s);
        }
        Self { mean, std, tables }
    }

    /// One that leaves pixels as they are, 0 to 255.
    pub(super) fn none(channels: usize) -> Self {
        let table = std::array::from_fn(|value| value as f32);
        Self { mean: vec![0.0; channels], std: vec![1.0 / 255.0; channels], tables: vec![table; channels] }
    }

    /// The pixels 0 to 255 of a channel as the network sees them.
    pub(super) fn table(&self, channel: usize) -> &[f32; 256] {
        &self.tables[channel]
    }

    /// Black as the network sees it in one of its three channels.
    pub fn black(&self, channel: usize) -> f32 {
        self.tables[channel % self.tables.len()][0]
    }

    /// Writes one image as the network sees it: normalised, centred on black (pixel 0)
    /// borders up to `size`.
    ///
    /// `out` is `[channels, size, size]` with the file's own channels, or `[3, size, size]`,
    /// over which a grey image is repeated.
    pub fn write(&self, images: &Images, index: u32, size: usize, out: &mut [f32]) {
        let (image, inner) = (images.image(index), images.size);
        let border = (size - inner) / 2;
        for (channel, plane) in out.chunks_exact_mut(size * size).enumerate() {
            let source = channel % images.channels;
            let table = &self.tables[source];
            plane.fill(table[0]);
            for y in 0..inner {
                let row = &image[(source * inner + y) * inner..][..inner];
                let target = &mut plane[(y + border) * size + border..][..inner];
                for (value, pixel) in target.iter_mut().zip(row) {
                    *value = table[usize::from(*pixel)];
                }
            }
        }
    }
}

/// The sum of some pixels and that of their squares, exactly.
fn sums(pixels: &[u8]) -> (u128, u128) {
    let (mut sum, mut squares) = (0u64, 0u64);
    // Short enough for 32 bits, which is what makes it fast.
    for part in pixels.chunks(1 << 15) {
        let (mut s, mut q) = (0u32, 0u32);
        for &pixel in part {
            let pixel = u32::from(pixel);
            s += pixel;
            q += pixel * pixel;
        }
        sum += u64::from(s);
        squares += u64::from(q);
    }
    (sum.into(), squares.into())
}

/// Mean and standard deviation of `n` values v/255 with the given sums of v and v², exact
/// up to the last rounding.
fn moments(n: u128, sum: u128, squares: u128) -> (f64, f64) {
    let n = n.max(1);
    let mean = sum as f64 / n as f64 / 255.0;
    let variance = (n * squares - sum * sum) as f64 / (n as f64 * n as f64) / (255.0 * 255.0);
    (mean, variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_by_two(pixels: &[u8]) -> Images {
        Images { pixels: pixels.to_vec().into(), labels: vec![0; pixels.len() / 4], channels: 1, size: 2 }
    }

    #[test]
    fn statistics_are_of_the_chosen_images_only() {
        let images = two_by_two(&[0, 255, 0, 255, 9, 9, 9, 9]);
        let n = Normalisation::of(&images, &[0]);
        assert_eq!((n.mean[0], n.std[0]), (0.5, 0.5));
    }

    #[test]
    fn images_are_centred_on_normalised_black_and_repeated() {
        let images = two_by_two(&[0, 255, 255, 255]);
        let n = Normalisation::of(&images, &[0]);
        let mut out = vec![9.0; 3 * 16];
        n.write(&images, 0, 4, &mut out);
        let (black, white) = (n.tables[0][0], n.tables[0][255]);
        let mut plane = [black; 16];
        (plane[6], plane[9], plane[10]) = (white, white, white);
        assert_eq!(out, [plane, plane, plane].concat());
    }

    #[test]
    fn a_constant_channel_becomes_zero() {
        let images = two_by_two(&[7; 4]);
        let n = Normalisation::of(&images, &[0]);
        assert_eq!((n.std[0], n.tables[0][7]), (0.0, 0.0));
    }
}
