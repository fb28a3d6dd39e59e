//! `lesion`: what a trained network loses without each of its terms.

use std::path::Path;

use serde::Serialize;

use super::lines::Lines;
use crate::cli::MachineArgs;
use crate::domain::event::Checkpoint;
use crate::domain::lesion::{Lesioned, lesions};
use crate::domain::term::Term;
use crate::engine::error::Result;
use crate::engine::lesion::{LesionProgress, lesion};
use crate::engine::store::SavedRun;
use crate::exit::Exit;
use crate::output::{note, say, say_json};

#[derive(Serialize)]
struct Report<'a> {
    run: String,
    checkpoint: Checkpoint,
    /// Validation images.
    images: usize,
    intact: &'a Lesioned,
    lesions: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    #[serde(flatten)]
    lesioned: &'a Lesioned,
    top1: f64,
    /// Percent points of top-1, and nats of loss.
    top1_lost: f64,
    loss_gained: f64,
}

/// Scores the run in folder `run` intact, then without each term (with `pairs` also each
/// two), or without the terms in `without` together.
///
/// # Errors
/// When the run, its weights or its data cannot be read, or it has no such terms.
pub fn run(
    run: &Path,
    pairs: bool,
    without: Option<&str>,
    machine: &MachineArgs,
    json: bool,
) -> Result<Exit> {
    let saved = SavedRun::open(run)?;
    let blocks = saved.spec.blocks.len();
    let wanted = match without {
        Some(terms) => {
            let mut cuts = terms.split(',').map(str::parse).collect::<std::result::Result<Vec<Term>, _>>()?;
            cuts.sort_unstable();
            cuts.dedup();
            vec![cuts]
        }
        None => lesions(&saved.spec.hops()?, blocks, pairs),
    };
    let device = super::train::device(machine.device)?;
    let data = super::train::dataset(&saved.spec, machine.data.data_dir.as_deref())?;
    let mut scored: Vec<Lesioned> = Vec::new();
    let mut lines = None;
    let first =
        wanted.iter().map(|cuts| name(cuts).chars().count()).max().unwrap_or(0).max("(nothing)".len());
    let checkpoint = lesion(&saved, &data, device, &wanted, &mut |progress| {
        if let LesionProgress::Scored(lesioned) = progress {
            if !json {
                let lines = lines.get_or_insert_with(|| {
                    say(&format!(
                        "{}\n{} validation images on {device}; Δ against the intact network",
                        saved.spec, lesioned.score.images
                    ));
                    Lines::begin(&["without", "top-1 %", "Δ", "loss", "Δ"], first, 7)
                });
                lines.row(&cells(lesioned, scored.first().unwrap_or(lesioned)));
            }
            scored.push(lesioned.clone());
        }
        true
    })?;
    if checkpoint == Checkpoint::Last {
        note("these are the weights of the last step: the run has none of a best epoch");
    }
    if let (true, Some((intact, rest))) = (json, scored.split_first()) {
        let row = |lesioned| row(lesioned, intact);
        let lesions = rest.iter().map(row).collect();
        let (run, images) = (saved.path.to_string_lossy().into_owned(), intact.score.images);
        say_json(&Report { run, checkpoint, images, intact, lesions });
    }
    Ok(Exit::Done)
}

fn row<'a>(lesioned: &'a Lesioned, intact: &Lesioned) -> Row<'a> {
    Row {
        lesioned,
        top1: lesioned.score.top1(),
        top1_lost: lesioned.lost(&intact.score),
        loss_gained: lesioned.score.loss - intact.score.loss,
    }
}

fn cells(lesioned: &Lesioned, intact: &Lesioned) -> Vec<String> {
    let Row { top1, top1_lost, loss_gained, .. } = row(lesioned, intact);
    let (lost, gained) = match lesioned.without.is_empty() {
        true => (String::new(), String::new()),
        // A lesion that changes nothing has changed by 0, never by -0.
        false => (format!("{:+.2}", 0.0 - top1_lost), format!("{loss_gained:+.4}")),
    };
    vec![name(&lesioned.without), format!("{top1:.2}"), lost, format!("{:.4}", lesioned.score.loss), gained]
}

fn name(cuts: &[Term]) -> String {
    match cuts {
        [] => "(nothing)".into(),
        cuts => cuts.iter().map(Term::to_string).collect::<Vec<_>>().join(" + "),
    }
}
