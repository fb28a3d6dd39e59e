//! `report`: tables and figures from a folder of runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::values::percent;

/// Which report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// The paper's Table 1: three families in three versions
    Table1,
    /// The paper's Table 2: a ResNet with all, some and no hops
    Table2,
    /// The paper's Fig. 2: mean |activation| by block
    Fig2,
    /// Learning curves with bands over seeds, and epochs to reach an accuracy
    Curves,
    /// Every network against a baseline: differences, intervals, tests
    Compare,
    /// Which hops matter: what each adds over networks that differ only in it, and a ranking
    Hops,
    /// All of them
    All,
}

impl ReportKind {
    /// As headings have it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Table1 => "Table 1",
            Self::Table2 => "Table 2",
            Self::Fig2 => "Fig. 2",
            Self::Curves => "Learning curves",
            Self::Compare => "Comparison",
            Self::Hops => "Which hops matter",
            Self::All => "Report",
        }
    }
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// Markdown
    Md,
    /// One number per row
    Csv,
    /// Everything, including each seed's values
    Json,
    /// Tables for \input, using booktabs
    Latex,
    /// Figures
    Svg,
    /// Figures, as pixels
    Png,
    /// Tables and figures on one self-contained page
    Html,
}

impl ReportFormat {
    /// The format of files that end so.
    pub fn of_extension(extension: &str) -> Option<Self> {
        Some(match extension {
            "md" | "markdown" => Self::Md,
            "csv" => Self::Csv,
            "json" => Self::Json,
            "tex" => Self::Latex,
            "svg" => Self::Svg,
            "png" => Self::Png,
            "html" | "htm" => Self::Html,
            _ => return None,
        })
    }
}

/// What to report, on what, and where to.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Which report
    pub what: ReportKind,
    /// The directory given to --out
    #[arg(default_value = "runs")]
    pub dir: PathBuf,
    /// Output format [default: by the output file's extension, else md]
    #[arg(long)]
    pub format: Option<ReportFormat>,
    /// Output file, replaced if it exists [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only this dataset; repeatable, or several separated by commas. Tables have a column for each
    #[arg(long, value_name = "DATASET")]
    pub dataset: Vec<String>,
    /// Validation top-1 for "epochs to x%" [default: the highest whole percent that all runs of a
    /// figure reached]
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub target: Option<f64>,
    /// Compare with this spec, or with this network on every dataset, such as resnet+adjusted [default:
    /// the original of the same family, else the first]
    #[arg(long, value_name = "SPEC")]
    pub baseline: Option<String>,
    /// Report test scores of the last epoch's weights instead of the best epoch's
    #[arg(long)]
    pub last: bool,
    /// Seeds that every cell of a table should have; the report has commands for the missing ones
    #[arg(long, value_name = "SEEDS", default_value = "0..4")]
    pub seeds: String,
}
