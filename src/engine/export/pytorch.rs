//! A run as `PyTorch` takes it up: its weights, which have its names already, the network's
//! definition, all that is no tensor, and a script that puts them together.

use serde::Serialize;

use super::{Content, Product, Run};
use crate::domain::architecture::BasicBlockShape;
use crate::domain::event::{Checkpoint, Score};
use crate::domain::spec::ExperimentSpec;
use crate::engine::data::DatasetCache;
use crate::engine::error::{EngineError, Result};
use crate::engine::lesion::NO_WEIGHTS;
use crate::engine::store;

const DEFINITION: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/pytorch/hiresnet.py"));
const LOADER: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/pytorch/load.py"));

/// `spec.json`.
#[derive(Debug, Serialize)]
struct Sheet<'a> {
    /// The run in one line, which this program takes.
    line: String,
    spec: &'a ExperimentSpec,
    network: NetworkSheet<'a>,
    /// Height and width that the network sees, pixels.
    image_size: usize,
    /// `null` where the dataset was not at hand.
    normalisation: Option<Normalisation>,
    /// The files of weights, those to be taken first.
    weights: Vec<Kept>,
}

/// The arguments of the network's class.
#[derive(Debug, Serialize)]
struct NetworkSheet<'a> {
    /// Every basic block, by block.
    blocks: &'a [Vec<BasicBlockShape>],
    /// Source and target of every hop.
    hops: Vec<[usize; 2]>,
    classes: usize,
}

/// By channel, of pixels scaled to [0, 1].
#[derive(Debug, Serialize)]
struct Normalisation {
    mean: Vec<f64>,
    std: Vec<f64>,
}

#[derive(Debug, Serialize)]
struct Kept {
    file: String,
    epoch: Option<usize>,
    /// Percent, as it was recorded.
    test_top1: Option<f64>,
    test_loss: Option<f64>,
}

pub(super) fn products(run: &Run, library: &mut DatasetCache) -> Result<Vec<Product>> {
    let (spec, state) = (&run.saved.spec, &run.saved.state);
    let (mut products, mut weights) = (Vec::new(), Vec::new());
    for checkpoint in Checkpoint::ALL {
        let path = store::weights_path(&run.saved.path, checkpoint);
        if !path.exists() {
            continue;
        }
        // A file that is none of this program's is not handed on.
        store::read_weights(&path)?;
        let tested = state.tests.iter().find(|(of, ..)| *of == checkpoint);
        let score: Option<&Score> = tested.map(|(.., score)| score);
        let last = match checkpoint {
            Checkpoint::Best => state.best_epoch(),
            Checkpoint::Last => state.epochs.last(),
        };
        let file = format!("{}.safetensors", checkpoint.name());
        products.push(Product { place: vec![run.name.clone(), file.clone()], content: Content::Copy(path) });
        weights.push(Kept {
            file,
            epoch: tested.map(|(_, epoch, _)| *epoch).or(last.map(|epoch| epoch.epoch)),
            test_top1: score.map(Score::top1),
            test_loss: score.map(|score| score.loss),
        });
    }
    if weights.is_empty() {
        return Err(EngineError::run(&run.saved.path, NO_WEIGHTS));
    }
    let normalisation = match library.dataset(spec) {
        Ok(data) => Some(Normalisation { mean: data.normalisation.mean, std: data.normalisation.std }),
        Err(error) => {
            tracing::info!(%error, "spec.json has no mean and deviation");
            None
        }
    };
    let architecture = spec.architecture()?;
    let network = NetworkSheet {
        blocks: &architecture.blocks,
        hops: architecture.hops.iter().map(|hop| [hop.source, hop.target]).collect(),
        classes: architecture.classes,
    };
    let sheet = Sheet {
        line: spec.to_string(),
        spec,
        network,
        image_size: spec.image_size(),
        normalisation,
        weights,
    };
    let json = serde_json::to_vec_pretty(&sheet)
        .map_err(|e| EngineError::run(&run.saved.path, format!("its spec cannot be encoded: {e}")))?;
    products.push(Product::new(&[&run.name, "spec.json"], json));
    products.push(Product::new(&[&run.name, "hiresnet.py"], DEFINITION.into()));
    products.push(Product::new(&[&run.name, "load.py"], LOADER.into()));
    Ok(products)
}
