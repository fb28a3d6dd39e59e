//! Everything that a run needs to resume as if it had never been interrupted.
//!
//! Random numbers depend on seed, purpose, epoch and index alone (see [`super::random`]), so
//! the place among the steps is all that there is to keep of them.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::data::DataFingerprint;
use super::error::{EngineError, Result};
use super::model::Weights;
use crate::domain::event::Score;

/// Where a run is, between two steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// The current epoch, from 1; one past the last when all are done.
    pub epoch: usize,
    /// Steps of it that were taken.
    pub done: usize,
    /// Steps of the whole run.
    pub step: usize,
    /// Over those steps: the loss is the sum over images, not their mean.
    pub train: Score,
    /// Seconds since the run started.
    pub t: f64,
}

impl Position {
    /// Before the first step.
    pub const fn start() -> Self {
        Self {
            epoch: 1,
            done: 0,
            step: 0,
            train: Score { loss: 0.0, images: 0, hits: 0, hits5: None },
            t: 0.0,
        }
    }
}

/// The best epoch so far.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Best<W> {
    /// From 1.
    pub epoch: usize,
    /// Validation top-1, percent.
    pub top1: f64,
    /// Weights after it.
    pub weights: W,
}

/// What an optimizer keeps of every parameter that has had a step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OptimizerState {
    /// Steps taken.
    pub time: usize,
    /// By [name](super::optimizer::UpdateRule::buffers), then parameter.
    pub buffers: BTreeMap<String, Weights>,
}

/// A run between two steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// Its data.
    pub data: DataFingerprint,
    /// Where it is.
    pub position: Position,
    /// Parameters and running statistics.
    pub weights: Weights,
    /// The optimiser's state.
    pub optimizer: OptimizerState,
    /// The moving average of the weights, where there is one.
    pub average: Option<Weights>,
    /// The best epoch so far, where one has ended.
    pub best: Option<Best<Weights>>,
}

/// What a file holds besides tensors.
#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    spec: String,
    data: DataFingerprint,
    /// Bytes of the run's record that had been written.
    events: u64,
    position: Position,
    best: Option<Best<()>>,
    /// Steps that the optimizer took, whichever it is.
    adam_time: usize,
}

/// The metadata's entries: [`Facts`], and a checksum over them and every tensor.
const ENTRY: &str = "snapshot";
const CHECKSUM: &str = "crc32";
/// What tensors' names begin with.
const NETWORK: &str = "network";
const AVERAGE: &str = "ema";
const BEST: &str = "best";
const BUFFERS: [&str; 3] = ["adam.first", "adam.second", "sgd.momentum"];

impl Snapshot {
    /// As a safetensors file, of the run called `spec` with `events` bytes of record.
    ///
    /// # Errors
    /// When the format cannot hold it; `path` is for messages.
    pub fn to_bytes(&self, spec: &str, events: u64, path: &Path) -> Result<Vec<u8>> {
        let best = self.best.as_ref();
        let buffers = self.optimizer.buffers.iter().map(|(name, all)| (name.as_str(), all));
        let parts = [(NETWORK, &self.weights)].into_iter().chain(best.map(|b| (BEST, &b.weights)));
        let parts = parts.chain(self.average.as_ref().map(|weights| (AVERAGE, weights)));
        let mut all = Weights::default();
        for (part, weights) in parts.chain(buffers) {
            all.0.extend(weights.0.iter().map(|(name, tensor)| (format!("{part}.{name}"), tensor.clone())));
        }
        let facts = Facts {
            spec: spec.to_owned(),
            data: self.data.clone(),
            events,
            position: self.position.clone(),
            best: best.map(|b| Best { epoch: b.epoch, top1: b.top1, weights: () }),
            adam_time: self.optimizer.time,
        };
        let text = serde_json::to_string(&facts)
            .map_err(|e| EngineError::run(path, format!("cannot be encoded: {e}")))?;
        let sum = checksum(&text, &all).to_string();
        all.to_safetensors(HashMap::from([(ENTRY.to_owned(), text), (CHECKSUM.to_owned(), sum)]), path)
    }

    /// Reads what [`Self::to_bytes`] wrote, and how many bytes of record it belongs to.
    ///
    /// # Errors
    /// When it is something else, damaged, or of another run than `spec`.
    pub fn from_bytes(bytes: &[u8], spec: &str, path: &Path) -> Result<(Self, u64)> {
        let fail = |reason: &str| EngineError::run(path, reason);
        let (_, metadata) = safetensors::SafeTensors::read_metadata(bytes)
            .map_err(|e| EngineError::run(path, format!("not a checkpoint: {e}")))?;
        let entry = |name| metadata.metadata().as_ref().and_then(|entries| entries.get(name));
        let text = entry(ENTRY).ok_or_else(|| fail("not a checkpoint that a run can resume from"))?;
        let facts: Facts = serde_json::from_str(text)
            .map_err(|e| EngineError::run(path, format!("a checkpoint of another version: {e}")))?;
        if facts.spec != spec {
            return Err(fail("a checkpoint of another run"));
        }
        let all = Weights::from_safetensors(bytes, path)?;
        // A disk that returns other bits than it was given would make another run of this one.
        if entry(CHECKSUM).is_none_or(|sum| *sum != checksum(text, &all).to_string()) {
            return Err(fail("damaged: its checksum is another"));
        }
        let mut parts: BTreeMap<&str, Weights> = BTreeMap::new();
        for (name, tensor) in all.0 {
            let of = |part: &'static str| Some((part, name.strip_prefix(part)?.strip_prefix('.')?));
            let found = [NETWORK, AVERAGE, BEST].into_iter().chain(BUFFERS).find_map(of);
            let (part, name) =
                found.ok_or_else(|| fail("it holds a tensor that belongs to no part of a run"))?;
            parts.entry(part).or_default().0.insert(name.to_owned(), tensor);
        }
        let average = parts.remove(AVERAGE);
        let mut take = |part| parts.remove(part).unwrap_or_default();
        let (weights, best) = (take(NETWORK), take(BEST));
        let position = facts.position;
        if position.epoch == 0 || !position.t.is_finite() || position.t < 0.0 {
            return Err(fail("a checkpoint at no possible place"));
        }
        let best = facts.best.map(|b| Best { epoch: b.epoch, top1: b.top1, weights: best });
        let buffers = parts.into_iter().map(|(name, all)| (name.to_owned(), all)).collect();
        let optimizer = OptimizerState { time: facts.adam_time, buffers };
        Ok((Self { data: facts.data, position, weights, optimizer, average, best }, facts.events))
    }
}

/// CRC-32 of the facts' text and of every tensor's name, shape and values.
fn checksum(text: &str, all: &Weights) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(text.as_bytes());
    for (name, tensor) in &all.0 {
        hasher.update(name.as_bytes());
        hasher.update(bytemuck::cast_slice(&tensor.shape));
        hasher.update(bytemuck::cast_slice(&tensor.values));
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::SplitSizes;
    use crate::engine::model::Tensor32;

    fn weights(v: f32) -> Weights {
        let tensor = Tensor32 { shape: vec![2], values: vec![v, -v] };
        Weights([("stem.conv.weight".to_owned(), tensor)].into())
    }

    fn state(buffers: &[(&str, f32)]) -> OptimizerState {
        let buffers = buffers.iter().map(|(name, v)| ((*name).to_owned(), weights(*v))).collect();
        OptimizerState { time: 107, buffers }
    }

    fn snapshot() -> Snapshot {
        let train = Score { loss: 12.345_678_901_234_567, images: 30, hits: 9, hits5: None };
        let images = SplitSizes { train: 90, validation: 10, test: 20 };
        Snapshot {
            data: DataFingerprint { images, mean: vec![0.1 + 0.2], std: vec![1.0 / 3.0] },
            position: Position { epoch: 3, done: 7, step: 107, train, t: 1.25 },
            weights: weights(1.0),
            average: None,
            optimizer: state(&[("adam.first", 0.1), ("adam.second", f32::MIN_POSITIVE / 4.0)]),
            best: Some(Best { epoch: 2, top1: 100.0 / 3.0, weights: weights(0.5) }),
        }
    }

    #[test]
    fn a_file_holds_all_of_it_to_the_bit() {
        let path = Path::new("x");
        for optimizer in [OptimizerState::default(), state(&[("sgd.momentum", 0.3)]), snapshot().optimizer] {
            let best = snapshot().best.filter(|_| optimizer.time > 0);
            let average = (optimizer.buffers.len() == 1).then(|| weights(0.7));
            let snapshot = Snapshot { best, optimizer, average, ..snapshot() };
            let bytes = snapshot.to_bytes("plain@fashion", 4321, path).unwrap();
            assert_eq!(Snapshot::from_bytes(&bytes, "plain@fashion", path).unwrap(), (snapshot, 4321));
        }
    }

    #[test]
    fn other_files_are_refused() {
        let path = Path::new("x");
        let said = |bytes: &[u8], spec| Snapshot::from_bytes(bytes, spec, path).unwrap_err().to_string();
        let bytes = snapshot().to_bytes("plain@fashion", 1, path).unwrap();
        assert!(said(&bytes, "resnet@fashion").contains("another run"));
        assert!(said(b"", "plain@fashion").contains("not a checkpoint"));
        for cut in (0..bytes.len()).step_by(7) {
            assert!(Snapshot::from_bytes(&bytes[..cut], "plain@fashion", path).is_err());
        }
        // A bit of any byte, and it is another file, or refused.
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            let read = Snapshot::from_bytes(&flipped, "plain@fashion", path);
            assert!(read.is_err_and(|e| !e.to_string().is_empty()), "byte {at} of {}", bytes.len());
        }
        let plain = snapshot().weights.to_safetensors(HashMap::new(), path).unwrap();
        assert!(said(&plain, "plain@fashion").contains("resume from"));
    }
}
