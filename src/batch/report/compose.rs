//! From the models of a report to what text formats lay out.

use super::document::{Document, DocumentTable, Figure, GridRow, Section};
use super::{AnnotatedRun, JsonReport, hops};
use crate::domain::annotation::Annotation;
use crate::domain::event::Checkpoint;
use crate::domain::paper::Accuracy;
use crate::domain::report::activations::ActivationSummary;
use crate::domain::report::compare::{Comparison, ComparisonRow, p_text};
use crate::domain::report::curves::{CurveLine, CurveMetric, CurveSet};
use crate::domain::report::table::{ReportTable, TableCell, TableKind};
use crate::domain::report::{ReportOptions, SeedSample, recipe_name};
use crate::domain::stats;
use crate::domain::text::{grouped, plural};

/// What stands where a cell has no result.
pub const MISSING: &str = "missing";
pub const NOTHING: &str = "–";
/// Columns that belong to the one before them.
pub const PAPER: &str = "paper";
pub const DELTA: &str = "Δ";

/// `report` laid out.
pub fn document<'a>(report: &'a JsonReport, options: &ReportOptions) -> Document<'a> {
    let mut sections: Vec<Section> = Vec::new();
    sections.extend(report.tables.iter().map(table));
    let last = report.fig2.len().saturating_sub(1);
    sections.extend(report.fig2.iter().enumerate().map(|(i, figure)| {
        // Once, below the last.
        activations(figure, if i == last { &report.fig2_notes } else { &[] })
    }));
    sections.extend(report.curves.iter().map(curves));
    sections.extend(report.comparisons.iter().map(comparison));
    sections.extend(report.hops.iter().flat_map(hops::sections));
    sections.extend((!report.notes.is_empty()).then(|| notes(&report.notes)));
    Document { title: report.kind.title().into(), lead: lead(report, options), sections }
}

/// What people say of the runs, completed or not.
fn notes(runs: &[AnnotatedRun]) -> Section<'_> {
    let row = |row: &AnnotatedRun| {
        let Annotation { name, note, tags } = &row.annotation;
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        let or_nothing = |text: &str| if text.is_empty() { NOTHING.to_owned() } else { text.to_owned() };
        let said = [name, &tags.join(" "), note].map(|text| or_nothing(text));
        GridRow::Cells([row.run.clone(), row.spec.clone()].into_iter().chain(said).collect())
    };
    let header = ["Run", "Spec", "Name", "Tags", "Note"];
    Section {
        heading: "Notes on runs".into(),
        figure: None,
        grid: DocumentTable {
            caption: "Names, tags and notes, as they were given to runs.".into(),
            spans: Vec::new(),
            header: header.map(String::from).to_vec(),
            rows: runs.iter().map(row).collect(),
            words: header.len(),
        },
        sentences: Vec::new(),
        notes: Vec::new(),
        commands: Vec::new(),
    }
}

fn lead(report: &JsonReport, options: &ReportOptions) -> Vec<String> {
    let weights = match options.checkpoint {
        Checkpoint::Best => "the epoch with the best validation top-1",
        Checkpoint::Last => "the last epoch",
    };
    let mut lead = Vec::new();
    if !report.tables.is_empty() || !report.comparisons.is_empty() || !report.hops.is_empty() {
        lead.push(format!("Test scores are of the weights of {weights}."));
    }
    lead.push(
        "Values are mean(sample standard deviation) over seeds; only completed runs count, and of several with \
         the same spec and seed the newest."
            .into(),
    );
    if !report.comparisons.is_empty() {
        lead.push(
            "Runs of equal seed share the split and the order of the data and, where layers are the same, initial \
             weights, so differences are taken in pairs of equal seeds: a paired t test, its 95% interval, and \
             d_z, the mean difference in standard deviations of the differences. With fewer than two such pairs \
             it is Welch's test, and d in pooled standard deviations. p is corrected by Holm over the comparisons \
             of one table."
                .into(),
        );
    }
    if !report.hops.is_empty() {
        lead.push(
            "What a hop adds is the mean difference of test top-1 over every two runs of equal seed, split and order \
             of the data whose networks differ in this hop alone: a paired t test, its 95% interval, and d_z, the \
             mean difference in standard deviations of the differences. p is corrected by Holm over the hops."
                .into(),
        );
    }
    lead
}

fn sample_text(sample: &SeedSample, usual: usize) -> String {
    let other = if sample.n() == usual { String::new() } else { format!(", n={}", sample.n()) };
    format!("{}{other}", sample.text(2))
}

fn cells(cell: &TableCell, published: bool, usual: usize) -> Vec<String> {
    let measured = match &cell.measured {
        Some(sample) => sample_text(sample, usual),
        None if cell.command.is_some() => MISSING.into(),
        None => NOTHING.into(),
    };
    if !published {
        return vec![measured];
    }
    let paper = cell.published.map_or(NOTHING.into(), |p| p.printed.to_owned());
    vec![measured, paper, cell.difference.map_or(NOTHING.into(), |d| format!("{d:+.2}"))]
}

fn table(table: &ReportTable) -> Section<'_> {
    let usual = table.most_seeds();
    let mut header = vec!["Version".to_owned(), "#P".to_owned()];
    let mut spans = vec![(String::new(), 2)];
    for column in &table.columns {
        let top5 = column.accuracy == Accuracy::Top5;
        header.push(column.accuracy.title().into());
        if column.published {
            header.extend([PAPER.to_owned(), DELTA.to_owned()]);
        }
        let width = if column.published { 3 } else { 1 };
        match spans.last_mut() {
            Some((title, columns)) if top5 && *title == column.title => *columns += width,
            _ => spans.push((column.title.clone(), width)),
        }
    }
    let mut rows = Vec::new();
    let mut family = "";
    for row in &table.rows {
        if table.which == TableKind::Table1 && row.family != family {
            family = row.family;
            rows.push(GridRow::Heading(format!("Baseline architecture: {family}")));
        }
        let mut line = vec![row.version.clone(), grouped(row.parameters)];
        for (cell, column) in row.cells.iter().zip(&table.columns) {
            line.extend(cells(cell, column.published, usual));
        }
        rows.push(GridRow::Cells(line));
    }
    let over = match usual {
        0 => "no runs yet".into(),
        n => format!("mean(std) over {}", plural(n, "seed")),
    };
    let beside = match table.columns.iter().any(|column| column.published) {
        true => "; beside it the paper's value, and Δ, the difference of the means in points",
        false => "",
    };
    let (which, recipe) = (table.which.title(), recipe_name(&table.recipe));
    let caption =
        format!("Test accuracy in percent, rows as in the paper's {which}, {recipe}: {over}{beside}.");
    Section {
        heading: table.title(),
        figure: (table.measured() > 0).then_some(Figure::Dots(table)),
        grid: DocumentTable { caption, spans, header, rows, words: 1 },
        sentences: Vec::new(),
        notes: table.notes.iter().cloned().chain(table.without_row_note(10)).collect(),
        commands: table.commands().into_iter().map(str::to_owned).collect(),
    }
}

fn activations<'a>(figure: &'a ActivationSummary, notes: &[String]) -> Section<'a> {
    let mut header = vec!["Block".to_owned(), "F".to_owned()];
    let orders = figure.orders();
    header.extend(orders.iter().flat_map(|k| [format!("P{k}"), "% of F".to_owned()]));
    let row = |block: &crate::domain::report::activations::BlockBars| {
        let mut line = vec![block.block.to_string()];
        let value = |sample: &SeedSample| sample.text(3);
        line.push(block.bars.first().map_or(NOTHING.into(), |bar| value(&bar.value)));
        for k in orders.iter().copied() {
            match block.bars.iter().find(|bar| bar.order(block.block) == k) {
                Some(bar) => {
                    let percent = bar.percent_of_f.map_or(NOTHING.into(), |p| format!("{p:.0}"));
                    line.extend([value(&bar.value), percent]);
                }
                None => line.extend([NOTHING.to_owned(), NOTHING.to_owned()]),
            }
        }
        GridRow::Cells(line)
    };
    let seeds = plural(figure.seeds.len(), "seed");
    let caption = format!(
        "{}: mean absolute activation on the test images by block, with the weights of the best epoch, over {seeds}: \
         F, and the terms of the hops by order k (Pk comes from k levels below).",
        figure.title()
    );
    let rows = figure.blocks.iter().map(row).collect();
    Section {
        heading: format!("Fig. 2, {}", figure.title()),
        figure: Some(Figure::Bars(figure)),
        grid: DocumentTable { caption, spans: Vec::new(), header, rows, words: 1 },
        sentences: Vec::new(),
        notes: notes.to_vec(),
        commands: Vec::new(),
    }
}

fn curves(curves: &CurveSet) -> Section<'_> {
    let target = curves.target;
    let header = ["Network", "Seeds", "Epochs", "Best validation top-1", "Last validation top-1"];
    let mut header: Vec<String> = header.map(String::from).to_vec();
    header.push(format!("Epochs to {target}%"));
    let row = |line: &CurveLine| {
        let last = line.epochs.last();
        let at_end = last.map(|epoch| {
            let (mean, std) = epoch.of(CurveMetric::ValTop1);
            stats::mean_std_text(mean, std, 2)
        });
        let mut to = line.epochs_to.as_ref().map_or(NOTHING.into(), |sample| sample.text(1));
        if line.never > 0 {
            to += &format!(", {} never", line.never);
        }
        GridRow::Cells(vec![
            line.network.clone(),
            line.seeds.len().to_string(),
            last.map_or(0, |epoch| epoch.epoch).to_string(),
            line.best.as_ref().map_or(NOTHING.into(), |sample| sample.text(2)),
            at_end.unwrap_or(NOTHING.into()),
            to,
        ])
    };
    let why = match curves.target_asked {
        true => "",
        false => ", the highest whole percent that every run here reached",
    };
    let caption = format!(
        "Learning curves, {}: mean and standard deviation over seeds. Epochs to {target}%: the first epoch whose \
         validation top-1 is at least {target}%{why}.",
        curves.title()
    );
    Section {
        heading: format!("Learning curves, {}", curves.title()),
        figure: Some(Figure::Lines(curves)),
        grid: DocumentTable {
            caption,
            spans: Vec::new(),
            header,
            rows: curves.lines.iter().map(row).collect(),
            words: 1,
        },
        sentences: Vec::new(),
        notes: curves.notes.clone(),
        commands: Vec::new(),
    }
}

/// p as a cell has it.
pub fn p_cell(p: f64) -> String {
    p_text(p).trim_start_matches("p = ").trim_start_matches("p ").to_owned()
}

fn comparison(comparison: &Comparison) -> Section<'_> {
    let digits = comparison.measure.decimals();
    let header = [
        "Network",
        "Baseline",
        "Mean(std)",
        "Baseline's",
        "Pairs",
        "Difference",
        "95% interval",
        "p",
        "p, Holm",
        "Effect",
    ];
    let row = |entry: &ComparisonRow| {
        let test = entry.test.ok();
        let or_nothing = |text: Option<String>| text.unwrap_or_else(|| NOTHING.into());
        let numbers = |sample: &Option<SeedSample>, never: usize| {
            let text = or_nothing(sample.as_ref().map(|sample| sample.text(digits)));
            if never > 0 { format!("{text}, {never} never") } else { text }
        };
        GridRow::Cells(vec![
            entry.network.clone(),
            entry.baseline.clone(),
            numbers(&entry.sample, entry.never.0),
            numbers(&entry.baseline_sample, entry.never.1),
            entry.common_seeds.len().to_string(),
            or_nothing(entry.difference.map(|d| format!("{d:+.digits$}"))),
            or_nothing(test.map(|t| format!("{:+.digits$} to {:+.digits$}", t.interval.0, t.interval.1))),
            or_nothing(test.map(|t| p_cell(t.p))),
            or_nothing(entry.corrected_p.map(p_cell)),
            or_nothing(test.map(|t| format!("{} = {:.2}", t.method.effect_name(), t.effect))),
        ])
    };
    Section {
        heading: format!("Comparison, {}", comparison.title()),
        figure: Some(Figure::Forest(comparison)),
        grid: DocumentTable {
            caption: format!("Differences to the baseline, {}.", comparison.title()),
            spans: Vec::new(),
            header: header.map(String::from).to_vec(),
            rows: comparison.entries.iter().map(row).collect(),
            words: 2,
        },
        sentences: comparison.entries.iter().map(|entry| entry.sentence.clone()).collect(),
        notes: comparison.notes.clone(),
        commands: Vec::new(),
    }
}
