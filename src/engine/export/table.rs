//! Runs as two tables: every value in a row of its own, and every run in one.

use super::Run;
use super::points::points;
use crate::domain::event::{Checkpoint, Score};

/// A table, column by column; all are equally long.
#[derive(Debug)]
pub struct ExportTable {
    /// What its file is called, without an ending.
    pub name: &'static str,
    /// Names and values.
    pub columns: Vec<(&'static str, ExportColumn)>,
}

/// The values of a column; `None` where there is none.
#[derive(Debug)]
pub enum ExportColumn {
    /// Words.
    Text(Vec<Option<String>>),
    /// Whole numbers.
    Whole(Vec<Option<u64>>),
    /// All other numbers.
    Real(Vec<Option<f64>>),
}

impl ExportTable {
    /// Its rows.
    pub fn rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }
}

impl ExportColumn {
    /// Its values.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Whole(values) => values.len(),
            Self::Real(values) => values.len(),
        }
    }

    /// One of them as text; empty where there is none.
    pub fn text(&self, row: usize) -> String {
        match self {
            Self::Text(values) => values[row].clone().unwrap_or_default(),
            Self::Whole(values) => values[row].map_or_else(String::new, |value| value.to_string()),
            // As short as it reads back the same.
            Self::Real(values) => values[row].map_or_else(String::new, |value| value.to_string()),
        }
    }
}

/// Every value that was recorded, in a row of its own.
pub fn metrics(runs: &[Run]) -> ExportTable {
    let (mut names, mut specs, mut metrics) = (Vec::new(), Vec::new(), Vec::new());
    let (mut seeds, mut epochs, mut steps) = (Vec::new(), Vec::new(), Vec::new());
    let (mut seconds, mut values) = (Vec::new(), Vec::new());
    for run in runs {
        let spec = run.saved.spec.to_string();
        for point in points(&run.events) {
            names.push(Some(run.name.clone()));
            specs.push(Some(spec.clone()));
            seeds.push(Some(run.saved.spec.seed));
            epochs.push(Some(point.epoch as u64));
            steps.push(Some(point.step as u64));
            seconds.push(Some(point.t));
            metrics.push(Some(point.metric));
            values.push(Some(point.value));
        }
    }
    let columns = vec![
        ("run", ExportColumn::Text(names)),
        ("spec", ExportColumn::Text(specs)),
        ("seed", ExportColumn::Whole(seeds)),
        ("epoch", ExportColumn::Whole(epochs)),
        ("step", ExportColumn::Whole(steps)),
        ("seconds", ExportColumn::Real(seconds)),
        ("metric", ExportColumn::Text(metrics)),
        ("value", ExportColumn::Real(values)),
    ];
    ExportTable { name: "metrics", columns }
}

/// What a person says of a run, where they say anything.
fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Every run in one row.
pub fn summary(runs: &[Run]) -> ExportTable {
    let text = |of: &dyn Fn(&Run) -> Option<String>| ExportColumn::Text(runs.iter().map(of).collect());
    let whole = |of: &dyn Fn(&Run) -> Option<usize>| {
        ExportColumn::Whole(runs.iter().map(|run| of(run).map(|value| value as u64)).collect())
    };
    let real = |of: &dyn Fn(&Run) -> Option<f64>| ExportColumn::Real(runs.iter().map(of).collect());
    let started = |run: &Run| run.saved.state.started.clone();
    let best = |run: &Run| run.saved.state.best_epoch().copied();
    let tested = |run: &Run, wanted: Checkpoint| -> Option<Score> {
        let mut tests = run.saved.state.tests.iter();
        tests.find(|(checkpoint, ..)| *checkpoint == wanted).map(|(.., score)| *score)
    };
    let columns = vec![
        ("run", text(&|run| Some(run.name.clone()))),
        ("spec", text(&|run| Some(run.saved.spec.to_string()))),
        ("network", text(&|run| Some(run.saved.spec.network_name()))),
        ("dataset", text(&|run| Some(run.saved.spec.dataset.name().to_owned()))),
        ("seed", ExportColumn::Whole(runs.iter().map(|run| Some(run.saved.spec.seed)).collect())),
        ("outcome", text(&|run| run.saved.state.outcome.map(|outcome| outcome.name().to_owned()))),
        ("parameters", whole(&|run| started(run).map(|facts| facts.parameters))),
        ("train_images", whole(&|run| started(run).map(|facts| facts.images.train))),
        ("epochs", whole(&|run| Some(run.saved.state.epochs.len()))),
        ("best_epoch", whole(&|run| best(run).map(|epoch| epoch.epoch))),
        ("train_loss", real(&|run| best(run).map(|epoch| epoch.train.loss))),
        ("train_top1", real(&|run| best(run).map(|epoch| epoch.train.top1()))),
        ("val_loss", real(&|run| best(run).map(|epoch| epoch.validation.loss))),
        ("val_top1", real(&|run| best(run).map(|epoch| epoch.validation.top1()))),
        ("test_loss", real(&|run| tested(run, Checkpoint::Best).map(|score| score.loss))),
        ("test_top1", real(&|run| tested(run, Checkpoint::Best).map(|score| score.top1()))),
        ("test_top1_last", real(&|run| tested(run, Checkpoint::Last).map(|score| score.top1()))),
        ("seconds", real(&|run| Some(run.saved.state.t))),
        ("device", text(&|run| started(run).map(|facts| facts.device))),
        ("program", text(&|run| started(run).map(|facts| facts.program))),
        ("started", text(&|run| started(run).map(|facts| facts.at))),
        ("name", text(&|run| said(&run.saved.annotation.name))),
        ("tags", text(&|run| said(&run.saved.annotation.tags_text()))),
        ("note", text(&|run| said(&run.saved.annotation.note))),
    ];
    ExportTable { name: "summary", columns }
}
