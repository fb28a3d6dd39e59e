//! Batches made ahead of the step that needs them, on a thread of their own.

use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor, TensorData};

use super::{Augmentation, Dataset, DeviceBatch};
use crate::domain::event::Split;
use crate::engine::loss::MixedIn;
use crate::engine::random;

/// How many batches may wait: one being used up, two ready.
const AHEAD: usize = 2;

/// Some images, ready for the network.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Normalised inputs, `[batch, 3, size, size]`.
    pub inputs: Vec<f32>,
    /// One class an image, `[batch]`.
    pub labels: Vec<i32>,
    /// Where images were mixed, the classes of those that were mixed in, and their share.
    pub mixed: Option<(Vec<i32>, f64)>,
    /// Height and width, pixels.
    pub size: usize,
}

impl Batch {
    /// Number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The inputs on the device, `[batch, 3, size, size]`.
    pub fn images<B: Backend>(&self, device: &B::Device) -> Tensor<B, 4> {
        self.clone().into_device(device).images
    }

    /// All of it on the device.
    pub fn into_device<B: Backend>(self, device: &B::Device) -> DeviceBatch<B> {
        let shape = [self.len(), 3, self.size, self.size];
        let on = |labels: &[i32]| Tensor::from_data(labels, device);
        let mixed = self.mixed.as_ref().map(|(labels, share)| MixedIn { classes: on(labels), share: *share });
        let targets = on(&self.labels);
        // Of a mixed image, what it shows more of.
        let labels = match self.mixed {
            Some((labels, share)) if share > 0.5 => labels,
            _ => self.labels,
        };
        let images = Tensor::from_data(TensorData::new(self.inputs, shape), device);
        DeviceBatch { images, targets, mixed, labels }
    }

    /// The labels on the device, `[batch]`.
    pub fn targets<B: Backend>(&self, device: &B::Device) -> Tensor<B, 1, Int> {
        Tensor::from_data(self.labels.as_slice(), device)
    }
}

/// The batches of one pass over some images, in order; the last may be smaller.
///
/// Dropping it ends the thread behind it.
pub struct Batches(Receiver<Batch>);

impl Batches {
    /// Prepares the images of `split` at positions `order`, `size` at a time.
    pub fn new(dataset: &Dataset, split: Split, order: Vec<u32>, size: usize) -> Self {
        Self::prepare(dataset, split, order, size, None)
    }

    /// Prepares images to train on in `epoch` (from 1): augmented, where the spec says so.
    pub fn training(dataset: &Dataset, epoch: usize, order: Vec<u32>, size: usize) -> Self {
        Self::prepare(dataset, Split::Train, order, size, dataset.augmentation.map(|a| (a, epoch)))
    }

    fn prepare(
        dataset: &Dataset,
        split: Split,
        order: Vec<u32>,
        size: usize,
        augmentation: Option<(Augmentation, usize)>,
    ) -> Self {
        let (sender, receiver) = sync_channel(AHEAD);
        let dataset = dataset.clone();
        #[expect(clippy::expect_used, reason = "as `thread::spawn`, which gives no name to a thread")]
        thread::Builder::new()
            .name("batches".into())
            .spawn(move || {
                for chunk in order.chunks(size) {
                    if sender.send(assemble(&dataset, split, chunk, augmentation)).is_err() {
                        return;
                    }
                }
            })
            .expect("the system starts a thread");
        Self(receiver)
    }

    /// A split in the order of its files.
    pub fn in_order(dataset: &Dataset, split: Split, size: usize) -> Self {
        Self::new(dataset, split, dataset.indices(split).to_vec(), size)
    }
}

impl Iterator for Batches {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        self.0.recv().ok()
    }
}

/// The train split in the order of `epoch` (from 1), which depends on the seed and the
/// epoch only.
pub fn epoch_order(dataset: &Dataset, seed: u64, epoch: usize) -> Vec<u32> {
    let mut order = dataset.indices(Split::Train).to_vec();
    random::shuffle(seed, &format!("order/{epoch}"), &mut order);
    order
}

fn assemble(
    dataset: &Dataset,
    split: Split,
    chunk: &[u32],
    augmentation: Option<(Augmentation, usize)>,
) -> Batch {
    let (images, size) = (dataset.images(split), dataset.image_size);
    let each = 3 * size * size;
    let mut inputs = vec![0.0; chunk.len() * each];
    for (&index, out) in chunk.iter().zip(inputs.chunks_exact_mut(each)) {
        match augmentation {
            Some((augmentation, epoch)) => {
                let draw = augmentation.draw(epoch, index, size);
                draw.write(&images, index, size, &dataset.normalisation, out);
                // The mean of the train split.
                draw.erase(size, out, |_| 0.0);
            }
            None => dataset.normalisation.write(&images, index, size, out),
        }
    }
    let labels: Vec<_> = chunk.iter().map(|i| i32::from(images.labels[*i as usize])).collect();
    let share = augmentation.and_then(|(augmentation, epoch)| augmentation.mixed_share(epoch, chunk));
    let mixed = share.map(|share| {
        mix_in_previous(&mut inputs, each, share);
        let mut others = labels.clone();
        others.rotate_right(1);
        (others, share)
    });
    Batch { inputs, labels, mixed, size }
}

/// Mixes into every image of `each` values the one before it, and into the first the last, as
/// `torchvision.transforms.v2.MixUp` does.
fn mix_in_previous(inputs: &mut [f32], each: usize, share: f64) {
    let (own, others) = ((1.0 - share) as f32, share as f32);
    let mut previous = inputs[inputs.len() - each..].to_vec();
    for image in inputs.chunks_exact_mut(each) {
        let before = image.to_vec();
        for (value, other) in image.iter_mut().zip(&previous) {
            *value = *other * others + *value * own;
        }
        previous = before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::spec::ExperimentSpec;

    fn tiny() -> (ExperimentSpec, Dataset) {
        let spec: ExperimentSpec = "plain@fashion-embedded train_limit=50".parse().unwrap();
        let data = Dataset::load(&spec, None).unwrap();
        (spec, data)
    }

    #[test]
    fn a_pass_covers_every_image_once_and_the_last_batch_may_be_small() {
        let (spec, data) = tiny();
        let order = epoch_order(&data, spec.seed, 1);
        let batches: Vec<_> = Batches::new(&data, Split::Train, order.clone(), 16).collect();
        assert_eq!(batches.iter().map(Batch::len).collect::<Vec<_>>(), [16, 16, 16, 2]);
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted[..], data.indices(Split::Train)[..]);
        assert_ne!(order, epoch_order(&data, spec.seed, 2));
        assert_eq!(order, epoch_order(&data, spec.seed, 1));
    }

    #[test]
    fn the_train_split_is_normalised_to_mean_zero_and_deviation_one_inside_its_border() {
        let (_, data) = tiny();
        let inside: Vec<f64> = Batches::in_order(&data, Split::Train, 50)
            .flat_map(|b| b.inputs)
            .enumerate()
            .filter(|(i, _)| (2..30).contains(&(i % 32)) && (2..30).contains(&(i / 32 % 32)))
            .map(|(_, v)| f64::from(v))
            .collect();
        assert_eq!(inside.len(), 50 * 3 * 28 * 28);
        let mean = inside.iter().sum::<f64>() / inside.len() as f64;
        let variance = inside.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / inside.len() as f64;
        assert!(mean.abs() < 1e-5 && (variance - 1.0).abs() < 1e-5, "{mean} {variance}");
    }

    #[test]
    fn mixed_images_have_the_classes_of_both() {
        let (_, plain) = tiny();
        let spec: ExperimentSpec = "plain@fashion-embedded train_limit=50 mixup=1".parse().unwrap();
        let data = Dataset::load(&spec, None).unwrap();
        let order = epoch_order(&data, 0, 1);
        let plain = Batches::new(&plain, Split::Train, order.clone(), 16);
        let mixed = Batches::training(&data, 1, order, 16).collect::<Vec<_>>();
        for (plain, mixed) in plain.zip(&mixed) {
            let (others, share) = mixed.mixed.as_ref().unwrap();
            assert_eq!(mixed.labels, plain.labels);
            let each = 3 * 32 * 32;
            for (image, values) in mixed.inputs.chunks_exact(each).enumerate() {
                let previous = (image + plain.len() - 1) % plain.len();
                assert_eq!(others[image], plain.labels[previous]);
                let images = plain.inputs[image * each..].iter().zip(&plain.inputs[previous * each..]);
                for (value, (own, other)) in values.iter().zip(images) {
                    let expected = f64::from(*own) * (1.0 - share) + f64::from(*other) * share;
                    assert!((f64::from(*value) - expected).abs() < 1e-5);
                }
            }
            let counted = mixed.clone().into_device::<burn_flex::Flex>(&burn_flex::FlexDevice).labels;
            assert_eq!(&counted, if *share > 0.5 { others } else { &plain.labels });
        }
        assert_eq!(mixed.len(), 4);
    }

    #[test]
    fn dropping_a_pass_early_is_fine() {
        let (_, data) = tiny();
        let mut pass = Batches::in_order(&data, Split::Train, 1);
        assert!(pass.next().is_some());
    }
}
