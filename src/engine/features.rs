//! What a trained network makes of one image, term by term.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::data::{Batches, Dataset, DatasetCache};
use super::device::{DeviceContext, OnDevice, on_cpu};
use super::error::{EngineError, Result};
use super::lesion::NO_WEIGHTS;
use super::model::{Mode, Network};
use super::ops::to_vec_f32;
use super::ops::{NetworkOps, TrainingBackend};
use super::store;
use crate::domain::event::{Checkpoint, Split};
use crate::domain::features::{BlockMaps, FeatureImage, Features, Maps, predictions};
use crate::domain::spec::ExperimentSpec;

/// Classes that are told with their probabilities.
const MOST_LIKELY: usize = 3;

/// An image to be looked at through a trained network.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureRequest {
    /// The run's folder.
    pub run: PathBuf,
    /// What was run.
    pub spec: ExperimentSpec,
    /// Which image of the validation split, from 0; the last where there are fewer.
    pub image: usize,
}

/// Answers `looks` until nobody can ask any more, on the CPU, where one image takes no time
/// worth speaking of and a run on another device is not disturbed. The network and its data
/// stay in memory between images of one run; weights that were written meanwhile are read.
///
/// Where several wait, all but the newest are passed over: somebody leafs through images.
pub fn answer<K: Send>(
    library: &Mutex<DatasetCache>,
    looks: Receiver<(K, FeatureRequest)>,
    tell: &mut (dyn FnMut(K, Result<Features>) + Send),
) {
    on_cpu(Answering { library, looks, tell });
}

/// Looks at one image, once.
///
/// # Errors
/// When the run kept no weights, they are not its network's, or its data are not there.
pub fn feature_maps(library: &Mutex<DatasetCache>, request: FeatureRequest) -> Result<Features> {
    let (asker, looks) = channel();
    let run = request.run.clone();
    // It is received below; then there is nobody left to ask.
    let _ = asker.send(((), request));
    drop(asker);
    let mut answered = None;
    answer(library, looks, &mut |(), answer| answered = Some(answer));
    answered.unwrap_or_else(|| Err(EngineError::run(run, "there was no answer")))
}

struct Answering<'a, K> {
    library: &'a Mutex<DatasetCache>,
    looks: Receiver<(K, FeatureRequest)>,
    tell: &'a mut (dyn FnMut(K, Result<Features>) + Send),
}

impl<K: Send> OnDevice for Answering<'_, K> {
    type Output = ();

    fn run<B: TrainingBackend>(self, context: &DeviceContext<B::Device>) {
        let mut kept: Option<Trained<B::InnerBackend>> = None;
        while let Ok(first) = self.looks.recv() {
            let (key, request) = self.looks.try_iter().last().unwrap_or(first);
            let (library, kept) = (self.library, &mut kept);
            // A network that breaks down must not take those with it that come after it.
            let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let facts = Facts::of(&request)?;
                let trained = match kept.take().filter(|kept| kept.facts == facts) {
                    Some(trained) => trained,
                    None => Trained::read(facts, library, &context.device)?,
                };
                kept.insert(trained).features(request.image, &context.device)
            }));
            let broken =
                |_| Err(EngineError::run(&request.run, "its network broke down; the log says where"));
            (self.tell)(key, answer.unwrap_or_else(broken));
        }
    }
}

/// What decides whether a network in memory is the one on disk.
#[derive(Debug, PartialEq)]
struct Facts {
    spec: ExperimentSpec,
    checkpoint: Checkpoint,
    file: PathBuf,
    written: Option<SystemTime>,
}

impl Facts {
    fn of(request: &FeatureRequest) -> Result<Self> {
        let Some((checkpoint, file)) = store::kept_weights(&request.run) else {
            return Err(EngineError::run(&request.run, NO_WEIGHTS));
        };
        let written = file.metadata().and_then(|facts| facts.modified()).ok();
        Ok(Self { spec: request.spec.clone(), checkpoint, file, written })
    }
}

/// A network as it was kept, and what it was trained on.
struct Trained<B: NetworkOps> {
    facts: Facts,
    network: Network<B>,
    data: Dataset,
}

impl<B: NetworkOps> Trained<B> {
    fn read(facts: Facts, library: &Mutex<DatasetCache>, device: &B::Device) -> Result<Self> {
        let weights = store::read_weights(&facts.file)?;
        let network = Network::new(&facts.spec.architecture()?, facts.spec.seed, device);
        let network = weights.load_into(network, &facts.file)?;
        let data = library.lock().unwrap_or_else(PoisonError::into_inner).dataset(&facts.spec)?;
        Ok(Self { facts, network, data })
    }

    /// One forward pass with the running statistics.
    fn features(&self, image: usize, device: &B::Device) -> Result<Features> {
        let indices = self.data.indices(Split::Validation);
        let index = image.min(indices.len().saturating_sub(1));
        let pass = Batches::new(&self.data, Split::Validation, indices[index..=index].to_vec(), 1).next();
        let Some(batch) = pass else {
            return Err(EngineError::run(&self.facts.file, "the image could not be prepared"));
        };
        // Block, then F and the hops into it.
        let mut terms: Vec<Vec<Maps>> = vec![Vec::new(); self.facts.spec.blocks.len()];
        let logits = self.network.forward_watched(batch.images(device), Mode::Eval, |term, value| {
            let [_, channels, size, _] = value.dims();
            terms[term.block() - 1].push(Maps::new(Some(term), to_vec_f32(value.clone()), channels, size));
            true
        });
        let block = |(block, mut maps): (usize, Vec<Maps>)| {
            let residual = maps.remove(0);
            BlockMaps::new(block, residual, maps)
        };
        let images = self.data.images(Split::Validation);
        let place = indices[index];
        Ok(Features {
            image: FeatureImage {
                index,
                of: indices.len(),
                class: images.labels[place as usize].into(),
                pixels: images.image(place).to_vec(),
                channels: images.channels,
                size: images.size,
            },
            checkpoint: self.facts.checkpoint,
            predicted: predictions(&to_vec_f32(logits), MOST_LIKELY),
            blocks: (1..).zip(terms).map(block).collect(),
        })
    }
}
