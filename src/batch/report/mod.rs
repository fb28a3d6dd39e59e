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

use std::path::Path;

use serde::Serialize;

use crate::cli::{Format, Kind, ReportArgs};
use crate::domain::error::SpecError;
use crate::domain::event::Checkpoint;
use crate::domain::report::activations::{Activations, activations};
use crate::domain::report::compare::{Baseline, Comparison, compare};
use crate::domain::report::curves::{Curves, curves};
use crate::domain::report::groups::{Group, groups};
use crate::domain::report::hop_effects::{HopEffects, hop_effects};
use crate::domain::report::table::{Table, Which, tables};
use crate::domain::report::{Options, Run};
use crate::domain::seeds;
use crate::domain::text::plural;
use crate::engine::error::{EngineError, Result, shown};
use crate::engine::files;
use crate::engine::store::{self, SavedRun};
use crate::exit::Exit;
use crate::output::{error, note, say};

/// What was asked for, as JSON has it.
#[derive(Debug, Serialize)]
pub struct Report {
    #[serde(rename = "report")]
    kind: Kind,
    checkpoint: Checkpoint,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tables: Vec<Table>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fig2: Vec<Activations>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fig2_notes: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    curves: Vec<Curves>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    comparisons: Vec<Comparison>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hops: Vec<HopEffects>,
}

impl Report {
    /// The report `kind` of `groups`.
    ///
    /// # Errors
    /// When the baseline is not among them.
    pub fn new(
        kind: Kind,
        groups: &[Group],
        baseline: Option<&Baseline>,
        options: &Options,
    ) -> std::result::Result<Self, SpecError> {
        let has = |part: Kind| kind == part || kind == Kind::All;
        let mut report = Self {
            kind,
            checkpoint: options.checkpoint,
            tables: Vec::new(),
            fig2: Vec::new(),
            fig2_notes: Vec::new(),
            curves: Vec::new(),
            comparisons: Vec::new(),
            hops: Vec::new(),
        };
        for (part, which) in [(Kind::Table1, Which::Table1), (Kind::Table2, Which::Table2)] {
            if has(part) {
                report.tables.extend(tables(which, groups, options));
            }
        }
        if has(Kind::Fig2) {
            (report.fig2, report.fig2_notes) = activations(groups, options);
        }
        if has(Kind::Curves) {
            report.curves = curves(groups, options);
        }
        if has(Kind::Compare) {
            report.comparisons = compare(groups, baseline, options)?;
        }
        if has(Kind::Hops) {
            report.hops = hop_effects(groups, options)?;
            if kind == Kind::All {
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
            Kind::Fig2 => "no completed run of a network with hops",
            Kind::Compare => {
                "nothing to compare: no two networks with completed runs of one dataset and recipe"
            }
            Kind::Hops => {
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
    pub fn render(&self, format: Format, options: &Options) -> std::result::Result<Vec<u8>, String> {
        let document = compose::document(self, options);
        let drawing = || {
            let sheet = figures::sheet(&document);
            let drawn = sheet.height > 0.0;
            drawn
                .then(|| sheet.file(&document.title))
                .ok_or("there is no result to draw yet; md has what is missing")
        };
        Ok(match format {
            Format::Md => markdown::text(&document).into_bytes(),
            Format::Latex => latex::text(&document).into_bytes(),
            Format::Html => html::page(&document).into_bytes(),
            Format::Csv => csv::text(self)?.into_bytes(),
            Format::Json => {
                let mut text =
                    serde_json::to_string_pretty(self).map_err(|e| format!("cannot be encoded: {e}"))?;
                text.push('\n');
                text.into_bytes()
            }
            Format::Svg => drawing()?.into_bytes(),
            Format::Png => png::bytes(&drawing()?)?,
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
    let runs: Vec<Run> = saved
        .iter()
        .zip(&names)
        .map(|(run, name)| Run { name, spec: &run.spec, state: &run.state, training: run.being_written })
        .collect();
    let groups = groups(&runs);
    let report = Report::new(args.what, &groups, baseline.as_ref(), &options)?;
    if let Some(reason) = report.nothing() {
        let data: Vec<&str> = options.datasets.iter().map(|id| id.name()).collect();
        let on = if data.is_empty() { String::new() } else { format!(" on {}", data.join(", ")) };
        return Err(EngineError::run(&args.dir, format!("{reason}{on}")));
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

/// The format asked for, else the file's, else Markdown.
fn format(args: &ReportArgs) -> Result<Format> {
    let extension =
        args.output.as_deref().and_then(Path::extension).map(|e| e.to_string_lossy().to_lowercase());
    let format = match (args.format, extension) {
        (Some(format), _) => format,
        (None, None) if args.output.is_none() => Format::Md,
        (None, extension) => extension.as_deref().and_then(Format::of_extension).ok_or_else(|| {
            SpecError::new(
                "--format",
                "the file's name does not say which; give md, csv, json, latex, svg, png or html",
            )
        })?,
    };
    if format == Format::Png && args.output.is_none() {
        return Err(SpecError::new("--format", "a png needs a file: give -o FILE").into());
    }
    Ok(format)
}

fn options(args: &ReportArgs) -> Result<Options> {
    let mut datasets = Vec::new();
    for names in &args.dataset {
        for name in names.split(',') {
            datasets.push(crate::domain::dataset::DatasetId::parse(name.trim())?);
        }
    }
    Ok(Options {
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
    let (runs, faults) = store::list(dir)?;
    faults.iter().for_each(|fault| error(&format!("left out: {fault}")));
    if runs.is_empty() {
        let reason = match SavedRun::open(dir) {
            Ok(_) => "a run, not a folder of runs; give the folder that it is in",
            Err(_) => "no runs in it",
        };
        return Err(EngineError::run(dir, reason));
    }
    Ok(runs)
}
