//! A report as CSV: one line a number, so that nothing needs taking apart.

use super::{JsonReport, ReportKind};
use crate::domain::report::SeedSample;
use crate::domain::report::curves::CurveMetric;
use crate::domain::seeds;
use crate::domain::significance::TTest;

/// The lines of the one kind that `report` is.
///
/// # Errors
/// Of [`Kind::All`], whose kinds have different columns.
pub fn text(report: &JsonReport) -> Result<String, String> {
    let mut lines = Lines(::csv::Writer::from_writer(Vec::new()));
    match report.kind {
        ReportKind::Table1 | ReportKind::Table2 => tables(&mut lines, report),
        ReportKind::Fig2 => activations(&mut lines, report),
        ReportKind::Curves => curves(&mut lines, report),
        ReportKind::Compare => comparisons(&mut lines, report),
        ReportKind::Hops => hops(&mut lines, report),
        ReportKind::All => {
            return Err("csv holds one report; name table1, table2, fig2, curves, compare or hops".into());
        }
    }
    .map_err(|e| format!("cannot be written as CSV: {e}"))?;
    let bytes = lines.0.into_inner().map_err(|e| format!("cannot be written as CSV: {e}"))?;
    String::from_utf8(bytes).map_err(|e| format!("cannot be written as CSV: {e}"))
}

struct Lines(::csv::Writer<Vec<u8>>);

impl Lines {
    fn add(&mut self, cells: &[String]) -> ::csv::Result<()> {
        self.0.write_record(cells)
    }

    fn header(&mut self, names: &[&str]) -> ::csv::Result<()> {
        self.0.write_record(names)
    }
}

fn number(value: Option<f64>) -> String {
    value.filter(|v| v.is_finite()).map_or_else(String::new, |v| v.to_string())
}

/// n, mean, std and seeds.
fn sample(sample: Option<&SeedSample>) -> [String; 4] {
    let list = |s: &SeedSample| seeds::text(&s.values.iter().map(|(seed, _)| *seed).collect::<Vec<_>>());
    [
        sample.map_or(0, SeedSample::n).to_string(),
        number(sample.map(|s| s.mean)),
        number(sample.and_then(|s| s.std)),
        sample.map_or_else(String::new, list),
    ]
}

fn tables(lines: &mut Lines, report: &JsonReport) -> ::csv::Result<()> {
    lines.header(&[
        "recipe",
        "family",
        "version",
        "network",
        "parameters",
        "dataset",
        "measure",
        "n",
        "mean",
        "std",
        "seeds",
        "paper_mean",
        "paper_std",
        "difference",
        "command",
    ])?;
    for table in &report.tables {
        for (row, column, cell) in table.cells() {
            let mut line = vec![
                table.recipe.clone(),
                row.family.to_owned(),
                row.version.clone(),
                row.network.clone(),
                row.parameters.to_string(),
                column.data.name(),
                column.accuracy.title().to_owned(),
            ];
            line.extend(sample(cell.measured.as_ref()));
            line.push(number(cell.published.map(|p| p.mean)));
            line.push(number(cell.published.map(|p| p.std)));
            line.push(number(cell.difference));
            line.push(cell.command.clone().unwrap_or_default());
            lines.add(&line)?;
        }
    }
    Ok(())
}

fn activations(lines: &mut Lines, report: &JsonReport) -> ::csv::Result<()> {
    lines.header(&[
        "recipe",
        "network",
        "dataset",
        "block",
        "term",
        "source",
        "n",
        "mean",
        "std",
        "seeds",
        "percent_of_f",
    ])?;
    for figure in &report.fig2 {
        for block in &figure.blocks {
            for bar in &block.bars {
                let source = bar.source.map_or_else(String::new, |source| source.to_string());
                let term =
                    if bar.source.is_none() { "F".into() } else { format!("P{}", bar.order(block.block)) };
                let mut line = vec![figure.recipe.clone(), figure.network.clone(), figure.data.name()];
                line.extend([block.block.to_string(), term, source]);
                line.extend(sample(Some(&bar.value)));
                line.push(number(bar.percent_of_f));
                lines.add(&line)?;
            }
        }
    }
    Ok(())
}

fn curves(lines: &mut Lines, report: &JsonReport) -> ::csv::Result<()> {
    let mut header = ["recipe", "network", "dataset", "epoch", "n"].map(String::from).to_vec();
    header.extend(CurveMetric::ALL.iter().flat_map(|m| [m.name().to_owned(), format!("{}_std", m.name())]));
    header.extend(["target", "epochs_to_target"].map(String::from));
    lines.add(&header)?;
    for curves in &report.curves {
        for curve in &curves.lines {
            for epoch in &curve.epochs {
                let mut line = vec![curves.recipe.clone(), curve.network.clone(), curves.data.name()];
                line.extend([epoch.epoch.to_string(), epoch.n.to_string()]);
                line.extend(epoch.metrics.iter().flat_map(|(mean, std)| [number(Some(*mean)), number(*std)]));
                line.push(curves.target.to_string());
                line.push(number(curve.epochs_to.as_ref().map(|s| s.mean)));
                lines.add(&line)?;
            }
        }
    }
    Ok(())
}

fn comparisons(lines: &mut Lines, report: &JsonReport) -> ::csv::Result<()> {
    lines.header(&[
        "recipe",
        "dataset",
        "measure",
        "network",
        "baseline",
        "n",
        "mean",
        "std",
        "seeds",
        "baseline_n",
        "baseline_mean",
        "baseline_std",
        "baseline_seeds",
        "never",
        "baseline_never",
        "test",
        "difference",
        "low",
        "high",
        "t",
        "df",
        "p",
        "p_holm",
        "effect",
        "sentence",
    ])?;
    for comparison in &report.comparisons {
        for entry in &comparison.entries {
            let mut line =
                vec![comparison.recipe.clone(), comparison.data.name(), comparison.measure.title()];
            line.extend([entry.network.clone(), entry.baseline.clone()]);
            line.extend(sample(entry.sample.as_ref()));
            line.extend(sample(entry.baseline_sample.as_ref()));
            line.extend([entry.never.0, entry.never.1].map(|n| n.to_string()));
            let test = entry.test.ok();
            line.push(test.map_or("none", |t| t.method.name()).to_owned());
            line.push(number(entry.difference));
            line.extend(tested(test, entry.corrected_p));
            line.push(entry.sentence.clone());
            lines.add(&line)?;
        }
    }
    Ok(())
}

/// What every hop adds, then the networks by rank; `what` says which a line is.
fn hops(lines: &mut Lines, report: &JsonReport) -> ::csv::Result<()> {
    lines.header(&[
        "recipe",
        "dataset",
        "family",
        "what",
        "hops",
        "network",
        "parameters",
        "rank",
        "n",
        "mean",
        "std",
        "seeds",
        "pairs",
        "difference",
        "low",
        "high",
        "t",
        "df",
        "p",
        "p_holm",
        "effect",
        "sentence",
    ])?;
    for effects in &report.hops {
        let begun = |what: &str| {
            vec![effects.recipe.clone(), effects.data.name(), effects.family.to_owned(), what.to_owned()]
        };
        let nothing = String::new;
        for effect in &effects.effects {
            let mut line = begun("hop");
            line.push(effect.hop.clone());
            line.extend(std::iter::repeat_with(nothing).take(7));
            line.push(effect.pairs.to_string());
            line.push(number(Some(effect.difference)));
            line.extend(tested(effect.test.ok(), effect.corrected_p));
            line.push(effect.sentence.clone());
            lines.add(&line)?;
        }
        for (rank, ranked) in effects.ranks() {
            let mut line = begun("network");
            line.extend([ranked.hops.join(" "), ranked.network.clone()]);
            line.extend([ranked.parameters.to_string(), rank.to_string()]);
            line.extend(sample(Some(&ranked.sample)));
            line.extend(std::iter::repeat_with(nothing).take(10));
            lines.add(&line)?;
        }
    }
    Ok(())
}

/// Its interval, t, df, p, corrected p and effect.
fn tested(test: Option<TTest>, corrected_p: Option<f64>) -> [String; 7] {
    [
        test.map(|t| t.interval.0),
        test.map(|t| t.interval.1),
        test.map(|t| t.t),
        test.map(|t| t.df),
        test.map(|t| t.p),
        corrected_p,
        test.map(|t| t.effect),
    ]
    .map(number)
}
