//! A look at the data of a run, for those who want to see what they train on.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::split::by_class;
use super::{Dataset, DatasetCache, Images, Normalisation};
use crate::domain::data_preview::{ClassPreview, DataPreview, PreviewImage, PreviewRequest};
use crate::domain::event::Split;
use crate::domain::spec::ExperimentSpec;
use crate::engine::error::{EngineError, Result, shown};

/// Classes whose images are told at once.
pub const CLASSES: usize = 24;
/// Images told of each of them: with 64×64 colours and as many altered ones, 28 MB in all.
const SAMPLES: usize = 48;
/// The splits, in the order of their counts.
const SPLITS: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

/// Answers `asks` until nobody can ask any more. The dataset's split and statistics stay in
/// memory between asks about the same data. Where several wait, all but the newest are
/// passed over.
pub fn answer(
    library: &Mutex<DatasetCache>,
    asks: Receiver<PreviewRequest>,
    tell: &mut dyn FnMut(PreviewRequest, Result<DataPreview>),
) {
    let mut kept: Option<Kept> = None;
    while let Ok(first) = asks.recv() {
        let ask = asks.try_iter().last().unwrap_or(first);
        let kept = &mut kept;
        let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let data = match kept.take().filter(|kept| kept.spec == *ask.spec) {
                Some(data) => data,
                None => Kept::read(library, &ask.spec)?,
            };
            Ok(kept.insert(data).look(&ask))
        }));
        let broken =
            |_| Err(EngineError::data(ask.spec.dataset.name(), "reading it broke down; the log says where"));
        let answer = answer.unwrap_or_else(broken);
        tell(ask, answer);
    }
}

/// Looks once.
///
/// # Errors
/// When the dataset is not there or not what it should be, or a split would be empty.
pub fn look(library: &Mutex<DatasetCache>, ask: PreviewRequest) -> Result<DataPreview> {
    let (asker, asks) = channel();
    let name = ask.spec.dataset.name();
    // It is received below; then there is nobody left to ask.
    let _ = asker.send(ask);
    drop(asker);
    let mut answered = None;
    answer(library, asks, &mut |_, answer| answered = Some(answer));
    answered.unwrap_or_else(|| Err(EngineError::data(name, "there was no answer")))
}

/// A dataset, split.
struct Kept {
    spec: ExperimentSpec,
    data: Dataset,
    place: Option<PathBuf>,
    short: Option<String>,
    classes: Arc<[ClassPreview]>,
    /// By split, then class: the places of its images.
    members: [Vec<Vec<u32>>; 3],
}

impl Kept {
    fn read(library: &Mutex<DatasetCache>, spec: &ExperimentSpec) -> Result<Self> {
        let shelf = library.lock().unwrap_or_else(PoisonError::into_inner).images(spec)?;
        let short = spec.dataset.shortage((shelf.training.len(), shelf.test.len()));
        let data = Dataset::new(spec, shelf.training, shelf.test)?;
        let members = SPLITS.map(|split| {
            let (images, indices) = (data.images(split), data.indices(split));
            let labels: Vec<u16> = indices.iter().map(|i| images.labels[*i as usize]).collect();
            let mut members = by_class(&labels, data.classes);
            members.iter_mut().flatten().for_each(|i| *i = indices[*i as usize]);
            members
        });
        let class = |class: usize| {
            let named = shelf.classes.get(class).cloned().unwrap_or_default();
            let counts = [0, 1, 2].map(|split: usize| members[split][class].len());
            ClassPreview { name: named.name, group: named.group, counts }
        };
        let classes = (0..data.classes).map(class).collect();
        Ok(Self { spec: spec.clone(), place: shelf.place, short, classes, members, data })
    }

    fn look(&self, ask: &PreviewRequest) -> DataPreview {
        let data = &self.data;
        let images = data.images(ask.split);
        let members = &self.members[SPLITS.iter().position(|split| *split == ask.split).unwrap_or(0)];
        let plain = Normalisation::none(images.channels);
        let sample = |index: &u32| PreviewImage {
            pixels: images.image(*index).to_vec(),
            altered: self.altered(&images, *index, ask.split, &plain),
        };
        let of_class = |members: &Vec<u32>| members.iter().take(SAMPLES).map(sample).collect();
        let first = ask.first.min(members.len().saturating_sub(CLASSES));
        DataPreview {
            place: self.place.as_deref().map(shown),
            short: self.short.clone(),
            channels: images.channels,
            size: images.size,
            seen: data.image_size,
            mean: data.normalisation.mean.clone(),
            std: data.normalisation.std.clone(),
            sizes: data.sizes(),
            classes: Arc::clone(&self.classes),
            split: ask.split,
            first,
            samples: members.iter().skip(first).take(CLASSES).map(of_class).collect(),
        }
    }

    /// What becomes of a training image in the first epoch.
    fn altered(&self, images: &Images, index: u32, split: Split, plain: &Normalisation) -> Option<Vec<u8>> {
        let augmentation = self.data.augmentation.filter(|_| split == Split::Train)?;
        let size = self.data.image_size;
        let mut out = vec![0.0; images.channels * size * size];
        let draw = augmentation.draw(1, index, size);
        draw.write(images, index, size, plain, &mut out);
        let mean = &self.data.normalisation.mean;
        draw.erase(size, &mut out, |channel| (mean[channel % images.channels] * 255.0) as f32);
        Some(out.into_iter().map(|value| value as u8).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(keys: &str, split: Split, first: usize) -> PreviewRequest {
        PreviewRequest::new(&format!("plain@fashion-embedded {keys}").parse().unwrap(), split, first)
    }

    #[test]
    fn a_look_says_what_a_run_would_train_on() {
        let library = Mutex::new(DatasetCache::with_cache(None, None));
        let seen = look(&library, ask("train_limit=95 seed=3", Split::Validation, 7)).unwrap();
        assert_eq!((seen.channels, seen.size, seen.seen, &seen.place), (1, 28, 32, &None));
        assert_eq!(seen.short, None, "limits leave nothing missing");
        assert_eq!((seen.sizes.train, seen.sizes.validation, seen.sizes.test), (95, 1000, 2000));
        assert_eq!((seen.classes.len(), &*seen.classes[7].name), (10, "Sneaker"));
        assert!(seen.classes.iter().all(|class| (9..=10).contains(&class.counts[0])));
        assert!(seen.classes.iter().all(|class| class.counts[1..] == [100, 200]));
        assert!((0.2..0.4).contains(&seen.mean[0]) && (0.2..0.5).contains(&seen.std[0]));
        // All classes are told, and each image is of its class and of this split.
        assert_eq!((seen.first, seen.samples.len()), (0, 10));
        let spec = ask("train_limit=95 seed=3", Split::Validation, 0).spec;
        let data = library.lock().unwrap().dataset(&spec).unwrap();
        let (images, indices) = (data.images(Split::Validation), data.indices(Split::Validation));
        for (class, samples) in seen.samples.iter().enumerate() {
            assert_eq!(samples.len(), SAMPLES);
            let of_class = indices.iter().filter(|i| usize::from(images.labels[**i as usize]) == class);
            for (index, sample) in of_class.zip(samples) {
                assert_eq!((images.image(*index), &sample.altered), (&sample.pixels[..], &None));
            }
        }
    }

    #[test]
    fn training_images_are_altered_as_in_the_first_epoch() {
        let library = Mutex::new(DatasetCache::with_cache(None, None));
        let altering = ask("crop_padding=2 flip=true", Split::Train, 0);
        let seen = look(&library, altering.clone()).unwrap();
        let data = library.lock().unwrap().dataset(&altering.spec).unwrap();
        let images = data.images(Split::Train);
        let index = *data.indices(Split::Train).iter().find(|i| images.labels[**i as usize] == 4).unwrap();
        let mut network = vec![0.0; 3 * 32 * 32];
        let draw = data.augmentation.unwrap().draw(1, index, 32);
        draw.write(&images, index, 32, &data.normalisation, &mut network);
        let altered = seen.samples[4][0].altered.as_ref().unwrap();
        assert_eq!(altered.len(), 32 * 32);
        for (pixel, value) in altered.iter().zip(&network) {
            assert_eq!(data.normalisation.table(0)[usize::from(*pixel)], *value);
        }
        let unaltered = look(&library, ask("crop_padding=2 flip=true", Split::Test, 0)).unwrap();
        assert!(unaltered.samples.iter().flatten().all(|sample| sample.altered.is_none()));
    }

    #[test]
    fn what_is_not_there_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let library = Mutex::new(DatasetCache::with_cache(Some(folder.path().into()), None));
        let ask = PreviewRequest::new(&"plain@cifar10".parse().unwrap(), Split::Train, 0);
        let error = look(&library, ask).unwrap_err().to_string();
        assert!(error.contains("no cifar10 here"), "{error}");
    }
}
