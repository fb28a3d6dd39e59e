//! Where batches come from: the device, where the data fits there, else the host.

use burn::tensor::backend::Backend;
use burn::tensor::{Int, Tensor};

use super::resident::Resident;
use super::{Batches, Dataset};
use crate::domain::event::Split;
use crate::engine::loss::MixedIn;

/// Some images on the device, ready for the network.
#[derive(Debug, Clone)]
pub struct DeviceBatch<B: Backend> {
    /// Normalised inputs, `[batch, 3, size, size]`.
    pub images: Tensor<B, 4>,
    /// One class an image, `[batch]`.
    pub targets: Tensor<B, 1, Int>,
    /// Of mixed images, what was mixed in.
    pub mixed: Option<MixedIn<B>>,
    /// The classes on the host, where hits are counted; of mixed images, those with the larger
    /// share.
    pub labels: Vec<i32>,
}

/// The batches of a dataset on one device. Both sources give the same bits.
#[derive(Debug)]
pub struct Feed<'a, B: Backend> {
    data: &'a Dataset,
    device: &'a B::Device,
    resident: Option<Resident<B>>,
}

impl<'a, B: Backend> Feed<'a, B> {
    /// Uploads all of `data` where that takes at most `resident_bytes`; otherwise every
    /// batch is made on the host and uploaded when its turn comes.
    pub fn new(data: &'a Dataset, device: &'a B::Device, resident_bytes: usize) -> Self {
        let fits = Resident::<B>::bytes(data) <= resident_bytes;
        Self { data, device, resident: fits.then(|| Resident::upload(data, device)) }
    }

    /// What it feeds.
    pub fn data(&self) -> &'a Dataset {
        self.data
    }

    /// The images of `split` at positions `order`, `size` at a time; the last batch may be
    /// smaller.
    pub fn batches(
        &self,
        split: Split,
        order: Vec<u32>,
        size: usize,
    ) -> Box<dyn Iterator<Item = DeviceBatch<B>> + '_> {
        match &self.resident {
            Some(resident) => Box::new((0..order.len()).step_by(size).map(move |start| {
                let end = order.len().min(start + size);
                resident.batch(split, &order[start..end])
            })),
            None => {
                let batches = Batches::new(self.data, split, order, size);
                Box::new(batches.map(|batch| batch.into_device(self.device)))
            }
        }
    }

    /// Images to train on in `epoch` (from 1), `size` at a time. Augmented images differ in
    /// every epoch, so they come from the host.
    pub fn training(
        &self,
        epoch: usize,
        order: Vec<u32>,
        size: usize,
    ) -> Box<dyn Iterator<Item = DeviceBatch<B>> + '_> {
        if self.data.augmentation.is_none() {
            return self.batches(Split::Train, order, size);
        }
        let batches = Batches::training(self.data, epoch, order, size);
        Box::new(batches.map(|batch| batch.into_device(self.device)))
    }

    /// A split in the order of its files.
    pub fn in_order(&self, split: Split, size: usize) -> Box<dyn Iterator<Item = DeviceBatch<B>> + '_> {
        self.batches(split, self.data.indices(split).to_vec(), size)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use burn_flex::{Flex, FlexDevice};

    use super::super::{Images, epoch_order};
    use super::*;
    use crate::domain::spec::ExperimentSpec;

    fn spec(line: &str) -> ExperimentSpec {
        line.parse().unwrap()
    }

    /// Images of random-looking pixels in three channels.
    fn colour(count: u32) -> Arc<Images> {
        let (channels, size) = (3, 32);
        let pixels = (0..count * 3 * 32 * 32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let labels = (0..count).map(|i| (i % 10) as u16).collect();
        Arc::new(Images { pixels: Vec::into(pixels), labels, channels, size })
    }

    /// Asserts that batches of `size` are the same bits from the host and from the device.
    fn assert_alike(data: &Dataset, split: Split, order: &[u32], size: usize) {
        let feed = |bytes| Feed::<Flex>::new(data, &FlexDevice, bytes);
        let (host, resident) = (feed(0), feed(usize::MAX));
        assert!(host.resident.is_none() && resident.resident.is_some());
        let collect = |feed: &Feed<Flex>| feed.batches(split, order.to_vec(), size).collect::<Vec<_>>();
        let (host, resident) = (collect(&host), collect(&resident));
        assert_eq!(host.len(), order.len().div_ceil(size));
        assert_eq!(host.len(), resident.len());
        for (a, b) in host.into_iter().zip(resident) {
            assert_eq!(a.images.dims(), [a.labels.len(), 3, data.image_size, data.image_size]);
            assert_eq!(a.labels, b.labels);
            for (a, b) in
                [(a.images.into_data(), b.images.into_data()), (a.targets.into_data(), b.targets.into_data())]
            {
                assert_eq!((&a.shape, a.dtype), (&b.shape, b.dtype));
                assert!(a.as_bytes() == b.as_bytes(), "other bits in {split:?}");
            }
        }
    }

    #[test]
    fn resident_batches_are_the_hosts_to_the_bit() {
        let grey = spec("plain@fashion-embedded seed=3 val_limit=50 test_limit=50 train_limit=100");
        let colours = spec("plain@cifar10 seed=3");
        for (spec, data) in [
            (&grey, Dataset::load(&grey, None).unwrap()),
            (&colours, Dataset::new(&colours, colour(130), colour(30)).unwrap()),
        ] {
            for epoch in [1, 2] {
                assert_alike(&data, Split::Train, &epoch_order(&data, spec.seed, epoch), 16);
            }
            for split in [Split::Validation, Split::Test] {
                assert_alike(&data, split, &data.indices(split), 7);
                assert_alike(&data, split, &data.indices(split), 1000);
            }
        }
    }

    #[test]
    fn data_beyond_the_limit_stays_on_the_host() {
        let spec = spec("plain@cifar10");
        let data = Dataset::new(&spec, colour(100), colour(10)).unwrap();
        let bytes = 110 * 3 * 32 * 32 * 4;
        let is_resident = |limit| Feed::<Flex>::new(&data, &FlexDevice, limit).resident.is_some();
        assert!(is_resident(bytes) && !is_resident(bytes - 1));
    }
}
