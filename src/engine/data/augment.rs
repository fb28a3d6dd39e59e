//! Augmentation: each training image shifted over black and mirrored, by the run's seed,
//! the epoch and the image's own index alone. The paper's recipe has none.

use rand::RngExt;

use super::{Images, Normalisation};
use crate::domain::spec::ExperimentSpec;
use crate::engine::random;

/// What is done to training images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Augmentation {
    seed: u64,
    padding: usize,
    flip: bool,
}

/// What is done to one image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Draw {
    /// How far down and right the image is moved, pixels.
    shift: [isize; 2],
    /// Whether left is right.
    mirrored: bool,
}

impl Augmentation {
    /// What `spec` asks for; `None` where that is nothing.
    pub fn of(spec: &ExperimentSpec) -> Option<Self> {
        let this = Self { seed: spec.seed, padding: spec.crop_padding, flip: spec.flip };
        (this.padding > 0 || this.flip).then_some(this)
    }

    /// What happens to image `index` in `epoch` (from 1): whatever the batch, the order or
    /// the thread.
    pub fn draw(&self, epoch: usize, index: u32) -> Draw {
        let mut generator = random::generator(self.seed, &format!("augment/{epoch}/{index}"));
        let padding = self.padding as i32;
        let shift = [(); 2].map(|()| generator.random_range(-padding..=padding) as isize);
        Draw { shift, mirrored: generator.random::<bool>() && self.flip }
    }
}

impl Draw {
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
        let draws: Vec<_> = (0..200).map(|i| a.draw(3, i)).collect();
        let b = Augmentation::of(&spec("crop_padding=4 flip=true")).unwrap();
        assert!((0..200).rev().all(|i| b.draw(3, i) == draws[i as usize]));
        assert!((0..200).any(|i| a.draw(4, i) != draws[i as usize]));
        let other = Augmentation::of(&spec("crop_padding=4 flip=true seed=1")).unwrap();
        assert!((0..200).any(|i| other.draw(3, i) != draws[i as usize]));
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
        assert!(
            (0..50)
                .all(|i| !unflipped.draw(1, i).mirrored && unflipped.draw(1, i).shift == a.draw(1, i).shift)
        );
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
                Draw { shift, mirrored }.write(&images, 0, size, &normalisation, &mut out);
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
        Draw { shift: [0, 0], mirrored: false }.write(&images, 0, size, &normalisation, &mut a);
        normalisation.write(&images, 0, size, &mut b);
        assert_eq!(a, b);
    }
}
