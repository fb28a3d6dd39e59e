//! `lesions.json` in a run's folder: what its network has lost without some of its terms, as far
//! as that has been scored, so that it need not be scored again.
//!
//! It names the weights by their digest: where a run has found better ones since, what is known
//! of the old ones counts for nothing.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{EngineError, Result};
use super::files;
use super::store::SavedRun;
use crate::domain::event::Checkpoint;
use crate::domain::lesion::{Lesioned, LesionedWeights};
use crate::domain::spec::ExperimentSpec;
use crate::domain::term::{Term, terms};

/// The file's name.
pub const LESIONS: &str = "lesions.json";
/// Version of the format; others are not read.
const VERSION: u32 = 1;
/// Longest file read, bytes: of every two terms of eight blocks with every hop it is a tenth.
const MAX_FILE: u64 = 2 << 20;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LesionFile {
    version: u32,
    checkpoint: Checkpoint,
    /// Digest of the weights that were scored.
    weights: String,
    /// The intact network first.
    scores: Vec<Lesioned>,
}

/// What is known of the weights that the run has now, the intact network first; `None` where
/// nothing is, or nothing that could be true.
pub fn read(run: &SavedRun) -> Option<(LesionedWeights, Vec<Lesioned>)> {
    let kept = parse(&run.path, &run.spec)?;
    let (_, weights) = run.weights(kept.checkpoint).ok()??;
    if weights.digest() != kept.weights {
        return None;
    }
    Some((scored_weights(run, kept.checkpoint), kept.scores))
}

/// Which weights of `run` those of `checkpoint` are.
pub fn scored_weights(run: &SavedRun, checkpoint: Checkpoint) -> LesionedWeights {
    let epoch = match checkpoint {
        Checkpoint::Best => run.state.best_epoch(),
        Checkpoint::Last => run.state.epochs.last(),
    };
    LesionedWeights { checkpoint, epoch: epoch.map(|record| record.epoch) }
}

/// Keeps `scored`, the intact network first, beside what is known of the same weights.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn keep(
    run: &SavedRun,
    checkpoint: Checkpoint,
    weights: String,
    scored: Vec<Lesioned>,
) -> Result<()> {
    let path = run.path.join(LESIONS);
    let known = parse(&run.path, &run.spec).filter(|kept| kept.weights == weights);
    let all = known.into_iter().flat_map(|kept| kept.scores).chain(scored);
    // Of what was scored twice the newer counts; the intact network has the fewest terms off.
    let by_terms: BTreeMap<Vec<Term>, Lesioned> = all
        .filter(|lesioned| lesioned.score.loss.is_finite())
        .map(|mut lesioned| {
            lesioned.without.sort_unstable();
            (lesioned.without.clone(), lesioned)
        })
        .collect();
    let file = LesionFile { version: VERSION, checkpoint, weights, scores: by_terms.into_values().collect() };
    let bytes =
        serde_json::to_vec(&file).map_err(|e| EngineError::run(&path, format!("cannot be encoded: {e}")))?;
    files::write_own(&path, &bytes)
}

/// The file in folder `path`, where it is one that a run of `spec` can have.
fn parse(path: &Path, spec: &ExperimentSpec) -> Option<LesionFile> {
    let bytes = files::read_bounded(&path.join(LESIONS), MAX_FILE).ok()?;
    let file: LesionFile = serde_json::from_slice(&bytes).ok()?;
    let there = terms(&spec.hops().ok()?, spec.blocks.len());
    let is_possible = |lesioned: &Lesioned| {
        let Lesioned { without, score } = lesioned;
        without.is_sorted_by(|a, b| a < b)
            && without.iter().all(|term| there.contains(term))
            && score.images > 0
            && score.hits <= score.images
            && score.hits5.is_none_or(|hits| (score.hits..=score.images).contains(&hits))
            && score.loss.is_finite()
    };
    let has_intact = file.scores.first().is_some_and(|first| first.without.is_empty());
    (file.version == VERSION && has_intact && file.scores.iter().all(is_possible)).then_some(file)
}
