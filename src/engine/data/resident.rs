//! A whole dataset in the device's memory, so that a step uploads nothing but indices.

use std::sync::Arc;

use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor, TensorData};

use super::{Dataset, DeviceBatch, Images};
use crate::domain::event::Split;

/// Images normalised on the host at a time: 50 MB of CIFAR's, so that the host never
/// holds a second copy of the data.
const CHUNK: usize = 4096;

/// Every image of a dataset's two files on the device.
#[derive(Debug)]
pub struct Resident<B: Backend> {
    training: ResidentImages<B>,
    test: ResidentImages<B>,
    val_from_test: bool,
}

impl<B: Backend> Resident<B> {
    /// What the images of `data` take on a device, bytes.
    pub fn bytes(data: &Dataset) -> usize {
        let pixels = |split| {
            let images = data.images(split);
            images.len() * images.channels * data.image_size * data.image_size
        };
        (pixels(Split::Train) + pixels(Split::Test)) * size_of::<f32>()
    }

    /// Normalises and uploads `data`.
    pub fn upload(data: &Dataset, device: &B::Device) -> Self {
        let images = |split| ResidentImages::upload(data, data.images(split), device);
        Self {
            training: images(Split::Train),
            test: images(Split::Test),
            val_from_test: data.is_of_test_images(Split::Validation),
        }
    }

    /// The images of `split` at `indices`, in that order.
    pub fn batch(&self, split: Split, indices: &[u32]) -> DeviceBatch<B> {
        if self.val_from_test && split == Split::Validation || split == Split::Test {
            return self.test.gather(indices);
        }
        self.training.gather(indices)
    }
}

/// The images of one file.
#[derive(Debug)]
struct ResidentImages<B: Backend> {
    /// Normalised and padded, `[image, channel, size, size]` with the file's own channels.
    images: Tensor<B, 4>,
    /// One class an image, `[image]`.
    targets: Tensor<B, 1, Int>,
    /// As the file has them.
    host: Arc<Images>,
}

impl<B: Backend> ResidentImages<B> {
    fn upload(data: &Dataset, host: Arc<Images>, device: &B::Device) -> Self {
        let (channels, size) = (host.channels, data.image_size);
        let each = channels * size * size;
        let mut images = Tensor::empty([host.len(), channels, size, size], device);
        for start in (0..host.len()).step_by(CHUNK) {
            let end = host.len().min(start + CHUNK);
            let mut values = vec![0.0f32; (end - start) * each];
            for (index, out) in (start as u32..).zip(values.chunks_exact_mut(each)) {
                data.normalisation.write(&host, index, size, out);
            }
            let values = TensorData::new(values, [end - start, channels, size, size]);
            images = images.slice_assign([start..end, 0..channels], Tensor::from_data(values, device));
        }
        let labels: Vec<i32> = host.labels.iter().map(|label| i32::from(*label)).collect();
        Self { images, targets: Tensor::from_data(labels.as_slice(), device), host }
    }

    fn gather(&self, indices: &[u32]) -> DeviceBatch<B> {
        let labels = indices.iter().map(|i| i32::from(self.host.labels[*i as usize])).collect();
        let indices: Vec<i32> = indices.iter().map(|i| *i as i32).collect();
        let indices = Tensor::<B, 1, Int>::from_data(indices.as_slice(), &self.images.device());
        let images = self.images.clone().select(0, indices.clone());
        let images = if self.host.channels == 1 { images.repeat_dim(1, 3) } else { images };
        DeviceBatch { images, targets: self.targets.clone().select(0, indices), mixed: None, labels }
    }
}
