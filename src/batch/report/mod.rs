//! `report`: the paper's tables and figures from a folder of runs, in the formats that
//! papers, pages and programs take.

mod compose;
mod csv;
mod document;
mod figures;
mod hops;
mod html;
mod latex;
mod markdown;
mod png;

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::cli::{ReportArgs, ReportFormat, ReportKind};
use crate::domain::annotation::Annotation;
use crate::domain::error::SpecError;
use crate::domain::event::Checkpoint;
use crate::domain::report::activations::{ActivationSummary, activations};
use crate::domain::report::compare::{Baseline, Comparison, compare};
use crate::domain::report::curves::{CurveSet, curves};
use crate::domain::report::groups::{DataSignature, RunGroup, groups};
use crate::domain::report::hop_effects::{HopEffects, hop_effects};
use crate::domain::report::table::{ReportTable, TableKind, tables};
use crate::domain::report::{ReportOptions, ReportRun};
use crate::domain::seeds;
use crate::domain::text::{harmless, plural};
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::files;
use crate::engine::store::{self, SavedRun};
use crate::exit::Exit;
use crate::output::{error, note, say};

/// What was asked for, as JSON has it.
#[derive(Debug, Serialize)]
pub struct JsonReport {
    #[serde(rename = "report")]
    kind: ReportKind,
    checkpoint: Checkpoint,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tables: Vec<ReportTable>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fig2: Vec<ActivationSummary>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fig2_notes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    curves: Vec<CurveSet>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    comparisons: Vec<Comparison>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hops: Vec<HopEffects>,
    /// What people say of the runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<AnnotatedRun>,
}

/// A run that somebody named, tagged or wrote a note on.
#[derive(Debug, Serialize)]
pub struct AnnotatedRun {
    run: String,
    spec: String,
    #[serde(flatten)]
    annotation: Annotation,
}

/// Those among the runs of the datasets that are reported on, by name of their folders.
fn annotated(saved: &[SavedRun], options: &ReportOptions) -> Vec<AnnotatedRun> {
    let wanted = saved.iter().filter(|run| options.wants(&DataSignature::of(&run.spec)));
    let said = wanted.filter(|run| !run.annotation.is_empty());
    let row = |run: &SavedRun| AnnotatedRun {
        run: harmless(&run.path.file_name().unwrap_or_default().to_string_lossy(), 120),
        spec: run.spec.to_string(),
        annotation: run.annotation.clone(),
    };
    let mut rows: Vec<_> = said.map(row).collect();
    rows.sort_by(|a, b| a.run.cmp(&b.run));
    rows
}

impl JsonReport {
    /// The report `kind` of `groups`.
    ///
    /// # Errors
    /// When the baseline is not among them.
    pub fn new(
        kind: ReportKind,
        groups: &[RunGroup],
        baseline: Option<&Baseline>,
        options: &ReportOptions,
    ) -> std::result::Result<Self, SpecError> {
        let has = |part: ReportKind| kind == part || kind == ReportKind::All;
        let mut report = Self {
            kind,
            checkpoint: options.checkpoint,
            tables: Vec::new(),
            fig2: Vec::new(),
            fig2_notes: Vec::new(),
            curves: Vec::new(),
            comparisons: Vec::new(),
            hops: Vec::new(),
            notes: Vec::new(),
        };
        for (part, which) in
            [(ReportKind::Table1, TableKind::Table1), (ReportKind::Table2, TableKind::Table2)]
        {
            if has(part) {
                report.tables.extend(tables(which, groups, options));
            }
        }
        if has(ReportKind::Fig2) {
            (report.fig2, report.fig2_notes) = activations(groups, options);
        }
        if has(ReportKind::Curves) {
            report.curves = curves(groups, options);
        }
        if has(ReportKind::Compare) {
            report.comparisons = compare(groups, baseline, options)?;
        }
        if has(ReportKind::Hops) {
            report.hops = hop_effects(groups, options)?;
            if kind == ReportKind::All {
                // A folder of a few networks tells of some hops by accident.
                report.hops.retain(HopEffects::is_whole);
            }
        }
        Ok(report)
    }

    /// Why there is nothing to see; `None` where there is something.
    fn nothing(&self) -> Option<&'static str> {
        let nothing = self.tables.is_empty()
            && self.fig2.is_empty()
            && self.curves.is_empty()
            && self.comparisons.is_empty()
            && self.hops.is_empty();
        nothing.then_some(match self.kind {
            ReportKind::Fig2 => "no completed run of a network with hops",
            ReportKind::Compare => {
                "nothing to compare: no two networks with completed runs of one dataset and recipe"
            }
            ReportKind::Hops => {
                "no hop to judge: no two networks with completed runs of one seed that differ in one hop alone; \
                 the sweep hop-sets trains them all"
            }
            _ => "no completed run",
        })
    }

    /// The report in `format`.
    ///
    /// # Errors
    /// When the format cannot hold it.
    pub fn render(
        &self,
        format: ReportFormat,
        options: &ReportOptions,
    ) -> std::result::Result<Vec<u8>, String> {
        let document = compose::document(self, options);
        let drawing = || {
            let sheet = figures::sheet(&document);
            let drawn = sheet.height > 0.0;
            drawn
                .then(|| sheet.file(&document.title))
                .ok_or("there is no result to draw yet; md has what is missing")
        };
        Ok(match format {
            ReportFormat::Md => markdown::text(&document).into_bytes(),
            ReportFormat::Latex => latex::text(&document).into_bytes(),
            ReportFormat::Html => html::page(&document).into_bytes(),
            ReportFormat::Csv => csv::text(self)?.into_bytes(),
            ReportFormat::Json => {
                let mut text =
                    serde_json::to_string_pretty(self).map_err(|e| format!("cannot be encoded: {e}"))?;
                text.push('\n');
                text.into_bytes()
            }
            ReportFormat::Svg => drawing()?.into_bytes(),
            ReportFormat::Png => png::bytes(&drawing()?)?,
        })
    }
}

/// Reports on the runs in a folder.
///
/// # Errors
/// When there are none, when the options contradict what is there, or the file cannot be
/// written.
pub fn run(args: &ReportArgs) -> Result<Exit> {
    let format = format(args)?;
    let options = options(args)?;
    let baseline = args.baseline.as_deref().map(Baseline::parse).transpose()?;
    let saved = read(&args.dir)?;
    let names: Vec<String> = saved.iter().map(|run| shown(&run.path)).collect();
    let runs: Vec<ReportRun> = saved
        .iter()
        .zip(&names)
        .map(|(run, name)| ReportRun {
            name,
            spec: &run.spec,
            state: &run.state,
            training: run.being_written,
        })
        .collect();
    let groups = groups(&runs);
    let mut report = JsonReport::new(args.what, &groups, baseline.as_ref(), &options)?;
    report.notes = annotated(&saved, &options);
    if let Some(reason) = report.nothing() {
        let data: Vec<&str> = options.datasets.iter().map(|id| id.name()).collect();
        let ends = incomplete(&groups, &options);
        let on = if data.is_empty() { String::new() } else { format!(" on {}", data.join(", ")) };
        return Err(EngineError::run(&args.dir, format!("{reason}{on}{ends}")));
    }
    let target = args.output.as_deref().unwrap_or(Path::new("stdout"));
    let bytes = report.render(format, &options).map_err(|reason| EngineError::run(target, reason))?;
    match &args.output {
        Some(file) => {
            files::write_atomically(file, &bytes)?;
            note(&format!("{} of {} in {}", report.kind.title(), plural(saved.len(), "run"), shown(file)));
        }
        None => say(String::from_utf8_lossy(&bytes).trim_end()),
    }
    Ok(Exit::Done)
}

/// How the runs ended that did not complete, in brackets; nothing where all did.
fn incomplete(groups: &[RunGroup], options: &ReportOptions) -> String {
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for group in groups.iter().filter(|group| options.wants(&group.data)) {
        group.others.iter().for_each(|(how, n)| *ends.entry(how).or_default() += n);
    }
    let parts: Vec<String> = ends.iter().map(|(how, n)| format!("{n} {how}")).collect();
    if parts.is_empty() { String::new() } else { format!(" ({}; export has their curves)", parts.join(", ")) }
}

/// The format asked for, else the file's, else Markdown.
fn format(args: &ReportArgs) -> Result<ReportFormat> {
    let extension =
        args.output.as_deref().and_then(Path::extension).map(|e| e.to_string_lossy().to_lowercase());
    let format = match (args.format, extension) {
        (Some(format), _) => format,
        (None, None) if args.output.is_none() => ReportFormat::Md,
        (None, extension) => extension.as_deref().and_then(ReportFormat::of_extension).ok_or_else(|| {
            SpecError::new(
                "--format",
                "the file's name does not say which; give md, csv, json, latex, svg, png or html",
            )
        })?,
    };
    if format == ReportFormat::Png && args.output.is_none() {
        return Err(SpecError::new("--format", "a png needs a file: give -o FILE").into());
    }
    Ok(format)
}

fn options(args: &ReportArgs) -> Result<ReportOptions> {
    let mut datasets = Vec::new();
    for names in &args.dataset {
        for name in names.split(',') {
            datasets.push(crate::domain::dataset::DatasetId::parse(name.trim())?);
        }
    }
    Ok(ReportOptions {
        checkpoint: if args.last { Checkpoint::Last } else { Checkpoint::Best },
        datasets,
        seeds: seeds::parse(&args.seeds)?,
        target: args.target,
        out: args.dir.to_string_lossy().into_owned(),
    })
}

fn read(dir: &Path) -> Result<Vec<SavedRun>> {
    if !dir.is_dir() {
        let reason = if dir.exists() { "not a folder" } else { "there is no such folder" };
        return Err(EngineError::run(dir, reason));
    }
    let (runs, errors) = store::list(dir)?;
    errors.iter().for_each(|skipped| error(&format!("left out: {skipped}")));
    crate::batch::notes::say_unread(&runs);
    if runs.is_empty() {
        let reason = match SavedRun::open_condensed(dir) {
            Ok(_) => "a run, not a folder of runs; give the folder that it is in",
            Err(_) => "no runs in it",
        };
        return Err(EngineError::run(dir, reason));
    }
    Ok(runs)
}
