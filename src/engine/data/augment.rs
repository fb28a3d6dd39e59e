//! Augmentation: each training image shifted over black and mirrored, with a square cut out of
//! it, and mixed with another, by the run's seed, the epoch and the image's own index alone. The
//! paper's recipe has none.

use rand::RngExt;
use rand_distr::{Beta, Distribution};
use serde::Serialize;

use super::{Images, Normalisation};
use crate::domain::spec::ExperimentSpec;
use crate::engine::random;

/// What is done to training images.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Augmentation {
    seed: u64,
    padding: usize,
    flip: bool,
    cutout: usize,
    mixup: f64,
}

/// What is done to one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct DrawnAugmentation {
    /// How far down and right the image is moved, pixels.
    shift: [isize; 2],
    /// Whether left is right.
    mirrored: bool,
    /// Rows and columns of the square that is cut out; from and to, pixels.
    cut: Option<[(usize, usize); 2]>,
}

impl Augmentation {
    /// What `spec` asks for; `None` where that is nothing.
    pub fn of(spec: &ExperimentSpec) -> Option<Self> {
        let ExperimentSpec { seed, crop_padding: padding, flip, cutout, mixup, .. } = *spec;
        let is_some = padding > 0 || flip || cutout > 0 || mixup > 0.0;
        is_some.then_some(Self { seed, padding, flip, cutout, mixup })
    }

    /// What happens to image `index` in `epoch` (from 1), `size` pixels high and wide: whatever
    /// the batch, the order or the thread.
    pub fn draw(&self, epoch: usize, index: u32, size: usize) -> DrawnAugmentation {
        let mut generator = random::generator(self.seed, &format!("augment/{epoch}/{index}"));
        let padding = self.padding as i32;
        let shift = [(); 2].map(|()| generator.random_range(-padding..=padding) as isize);
        let mirrored = generator.random::<bool>() && self.flip;
        // Around any pixel, so that squares at the border are cut off there (DeVries and Taylor).
        let cut = (self.cutout > 0).then(|| {
            [(); 2].map(|()| {
                let centre = generator.random_range(0..size);
                let from = centre as isize - (self.cutout / 2) as isize;
                (from.max(0) as usize, size.min((from + self.cutout as isize).max(0) as usize))
            })
        });
        DrawnAugmentation { shift, mirrored, cut }
    }

    /// The share of the other image that is mixed into each of a batch of images, by the first
    /// one's index; `None` where they stay as they are.
    pub fn mixed_share(&self, epoch: usize, batch: &[u32]) -> Option<f64> {
        let first = batch.first().filter(|_| self.mixup > 0.0 && batch.len() > 1)?;
        let mut generator = random::generator(self.seed, &format!("mixup/{epoch}/{first}"));
        Some(1.0 - Beta::new(self.mixup, self.mixup).ok()?.sample(&mut generator))
    }
}

impl DrawnAugmentation {
    /// Writes one image as [`Normalisation::write`] does, shifted and mirrored.
    ///
    /// `out` is `[3, size, size]`. A shift is that of a crop out of the image with a border
    /// of black around it.
    pub fn write(
        self,
        images: &Images,
        index: u32,
        size: usize,
        normalisation: &Normalisation,
        out: &mut [f32],
    ) {
        let (image, inner) = (images.image(index), images.size);
        let border = (size - inner) / 2;
        let [top, left] = self.shift.map(|shift| border as isize + shift);
        // The columns of the output that see the image, and where they begin in it.
        let start = left.max(0) as usize;
        let end = (left + inner as isize).clamp(0, size as isize) as usize;
        let skipped = (start as isize - left) as usize;
        for (channel, plane) in out.chunks_exact_mut(size * size).enumerate() {
            let source = channel % images.channels;
            let table = normalisation.table(source);
            plane.fill(table[0]);
            for (y, row) in plane.chunks_exact_mut(size).enumerate() {
                let Some(y) = (y as isize - top).try_into().ok().filter(|y: &usize| *y < inner) else {
                    continue;
                };
                if start >= end {
                    continue;
                }
                let from = &image[(source * inner + y) * inner + skipped..][..end - start];
                if self.mirrored {
                    let target = row[size - end..size - start].iter_mut().rev();
                    target.zip(from).for_each(|(value, pixel)| *value = table[usize::from(*pixel)]);
                } else {
                    let target = row[start..end].iter_mut();
                    target.zip(from).for_each(|(value, pixel)| *value = table[usize::from(*pixel)]);
                }
            }
        }
    }
}

impl DrawnAugmentation {
    /// Fills the square that is cut out of an image as [`Self::write`] writes it, with the value
    /// of each channel.
    pub fn erase(self, size: usize, out: &mut [f32], fill: impl Fn(usize) -> f32) {
        let Some([(top, bottom), (left, right)]) = self.cut else { return };
        for (channel, plane) in out.chunks_exact_mut(size * size).enumerate() {
            for row in plane.chunks_exact_mut(size).take(bottom).skip(top) {
                row[left..right].fill(fill(channel));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(keys: &str) -> ExperimentSpec {
        format!("plain@cifar10 {keys}").parse().unwrap()
    }

    #[test]
    fn the_paper_has_none_and_draws_depend_on_seed_epoch_and_index_only() {
        assert_eq!(Augmentation::of(&spec("")), None);
        let a = Augmentation::of(&spec("crop_padding=4 flip=true")).unwrap();
        let draws: Vec<_> = (0..200).map(|i| a.draw(3, i, 32)).collect();
        let b = Augmentation::of(&spec("crop_padding=4 flip=true")).unwrap();
        assert!((0..200).rev().all(|i| b.draw(3, i, 32) == draws[i as usize]));
        assert!((0..200).any(|i| a.draw(4, i, 32) != draws[i as usize]));
        let other = Augmentation::of(&spec("crop_padding=4 flip=true seed=1")).unwrap();
        assert!((0..200).any(|i| other.draw(3, i, 32) != draws[i as usize]));
        // All nine shifts each way, and about half mirrored.
        for axis in 0..2 {
            let mut shifts: Vec<_> = draws.iter().map(|draw| draw.shift[axis]).collect();
            shifts.sort_unstable();
            shifts.dedup();
            assert_eq!(shifts, (-4..=4).collect::<Vec<_>>());
        }
        let mirrored = draws.iter().filter(|draw| draw.mirrored).count();
        assert!((70..130).contains(&mirrored), "{mirrored}");
        let unflipped = Augmentation::of(&spec("crop_padding=4")).unwrap();
        assert!((0..50).all(|i| !unflipped.draw(1, i, 32).mirrored
            && unflipped.draw(1, i, 32).shift == a.draw(1, i, 32).shift));
    }

    #[test]
    fn an_image_is_cropped_from_a_black_border_then_mirrored() {
        // Against the plain way: pad, crop, flip, look up.
        let (inner, size) = (28, 32);
        let pixels: Vec<u8> = (0..3 * inner * inner).map(|i| (i * 7 % 251) as u8).collect();
        let images = Images { pixels: pixels.clone().into(), labels: vec![0], channels: 3, size: inner };
        let normalisation = Normalisation::of(&images, &[0]);
        for shift in [[0, 0], [3, -4], [-4, 4], [40, 0], [0, -40], [-30, 31]] {
            for mirrored in [false, true] {
                let mut out = vec![9.0; 3 * size * size];
                DrawnAugmentation { shift, mirrored, cut: None }.write(
                    &images,
                    0,
                    size,
                    &normalisation,
                    &mut out,
                );
                for (i, value) in out.iter().enumerate() {
                    let (channel, y, x) = (i / (size * size), i / size % size, i % size);
                    let x = if mirrored { size - 1 - x } else { x };
                    let (y, x) = (y as isize - 2 - shift[0], x as isize - 2 - shift[1]);
                    let inside = (0..inner as isize).contains(&y) && (0..inner as isize).contains(&x);
                    let pixel =
                        if inside { pixels[(channel * inner + y as usize) * inner + x as usize] } else { 0 };
                    assert_eq!(*value, normalisation.table(channel)[usize::from(pixel)]);
                }
            }
        }
        // Nothing drawn is nothing done.
        let (mut a, mut b) = (vec![0.0; 3 * size * size], vec![1.0; 3 * size * size]);
        DrawnAugmentation { shift: [0, 0], mirrored: false, cut: None }.write(
            &images,
            0,
            size,
            &normalisation,
            &mut a,
        );
        normalisation.write(&images, 0, size, &mut b);
        assert_eq!(a, b);
    }

    #[test]
    fn a_square_around_any_pixel_is_cut_out_and_cut_off_at_the_border() {
        let augmentation = Augmentation::of(&spec("cutout=6")).unwrap();
        let mut whole = 0;
        for index in 0..300 {
            let draw = augmentation.draw(1, index, 32);
            let [(top, bottom), (left, right)] = draw.cut.unwrap();
            assert!((3..=6).contains(&(bottom - top)) && bottom <= 32, "{draw:?}");
            assert!((3..=6).contains(&(right - left)) && right <= 32, "{draw:?}");
            whole += usize::from((bottom - top, right - left) == (6, 6));
            let mut out = vec![1.0; 3 * 32 * 32];
            draw.erase(32, &mut out, |channel| channel as f32 - 9.0);
            for (i, value) in out.iter().enumerate() {
                let (channel, y, x) = (i / 1024, i / 32 % 32, i % 32);
                let is_cut = (top..bottom).contains(&y) && (left..right).contains(&x);
                assert_eq!(*value, if is_cut { channel as f32 - 9.0 } else { 1.0 });
            }
        }
        // 27 of 32 places each way.
        assert!((180..250).contains(&whole), "{whole}");
        assert_eq!(Augmentation::of(&spec("flip=true")).unwrap().draw(1, 0, 32).cut, None);
    }

    #[test]
    fn shares_of_mixed_images_follow_the_beta_distribution() {
        let shares = |mixup: &str| -> Vec<f64> {
            let augmentation = Augmentation::of(&spec(&format!("mixup={mixup}"))).unwrap();
            (0..2000).map(|first| augmentation.mixed_share(1, &[first, 9]).unwrap()).collect()
        };
        // Mean ½ and variance 1 / (4 (2α + 1)).
        for (mixup, variance) in [("0.2", 0.178_571), ("1", 0.083_333), ("8", 0.014_706)] {
            let shares = shares(mixup);
            assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
            let mean = shares.iter().sum::<f64>() / 2000.0;
            let spread = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / 2000.0;
            assert!(
                (mean - 0.5).abs() < 0.03 && (spread / variance - 1.0).abs() < 0.1,
                "{mixup}: {mean} {spread}"
            );
        }
        let one = Augmentation::of(&spec("mixup=1")).unwrap();
        assert_eq!(one.mixed_share(1, &[3]), None, "nothing to mix it with");
        assert_ne!(one.mixed_share(1, &[3, 4]), one.mixed_share(2, &[3, 4]));
        assert_eq!(one.mixed_share(1, &[3, 4]), one.mixed_share(1, &[3, 7]));
    }
}
