//! Tables 1 and 2 from runs, the paper's values beside them.

use serde::Serialize;

use super::groups::{DataSignature, RunGroup, left_out};
use super::{ReportOptions, SeedSample, recipe_name, test};
use crate::domain::architecture::Family;
use crate::domain::dataset::DatasetId;
use crate::domain::hops::{HopGroup, HopSelection};
use crate::domain::paper::{self, Accuracy, DATASETS, Published};
use crate::domain::params;
use crate::domain::spec::{ExperimentSpec, Version};
use crate::domain::text::grouped;

/// Which of the paper's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TableKind {
    /// Three families in three versions.
    Table1,
    /// A ResNet with all, some and no hops.
    Table2,
}

/// One of the paper's tables, from the runs of one recipe.
#[derive(Debug, Clone, Serialize)]
pub struct ReportTable {
    /// Which.
    pub which: TableKind,
    /// What the runs have otherwise than the paper's recipe.
    pub recipe: String,
    /// Datasets and measures.
    pub columns: Vec<TableColumn>,
    /// Networks.
    pub rows: Vec<TableRow>,
    /// Networks with completed runs that it has no row for, with their dataset.
    pub without_row: Vec<String>,
    /// What else a reader should know.
    pub notes: Vec<String>,
}

/// What one column has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableColumn {
    /// The dataset.
    #[serde(rename = "dataset")]
    pub data: DataSignature,
    /// As headings have it.
    pub title: String,
    /// Top-1 or top-5.
    pub accuracy: Accuracy,
    /// Whether the paper has it, too.
    pub published: bool,
}

/// One network.
#[derive(Debug, Clone, Serialize)]
pub struct TableRow {
    /// As specs name it.
    pub network: String,
    /// The baseline architecture that the paper's rows are under; Table 2 has only one.
    pub family: &'static str,
    /// As the paper names it.
    pub version: String,
    /// Trainable parameters, with the classes of the first column.
    pub parameters: usize,
    /// One a column.
    pub cells: Vec<TableCell>,
}

/// One result.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableCell {
    /// The runs' result; `None` where there is none.
    pub measured: Option<SeedSample>,
    /// The paper's.
    pub published: Option<Published>,
    /// Mean measured less mean published, percent points.
    pub difference: Option<f64>,
    /// Trains what is missing; `None` where nothing is, or nothing can be.
    pub command: Option<String>,
}

impl TableKind {
    /// The paper's name for it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Table1 => "Table 1",
            Self::Table2 => "Table 2",
        }
    }

    /// Networks by row: family, version, and the paper's name.
    fn rows(self) -> Vec<(Family, Version, &'static str)> {
        let hires = |group| Version::HiRes(HopSelection::group(group));
        match self {
            Self::Table1 => {
                let versions = |family| {
                    [
                        (Version::Original, "Original"),
                        (Version::Adjusted, "Adjusted"),
                        (Version::hires(), "HiResNet"),
                    ]
                    .map(|(version, title)| (family, version, title))
                };
                Family::ALL.into_iter().flat_map(versions).collect()
            }
            Self::Table2 => [
                (Version::Original, "ResNet (orig.)"),
                (Version::Adjusted, "ResNet (adj.)"),
                (Version::hires(), "HiResNet"),
                (hires(HopGroup::In), "HiResNet-In"),
                (hires(HopGroup::Out), "HiResNet-Out"),
                (hires(HopGroup::Order(1)), "HiResNet-P1"),
                (hires(HopGroup::Order(2)), "HiResNet-P2"),
                (hires(HopGroup::Order(3)), "HiResNet-P3"),
            ]
            .map(|(version, title)| (Family::ResNet, version, title))
            .to_vec(),
        }
    }

    /// The paper's datasets in it.
    fn datasets(self) -> &'static [DatasetId] {
        match self {
            Self::Table1 => &DATASETS,
            Self::Table2 => &DATASETS[..1],
        }
    }

    fn has(self, spec: &ExperimentSpec) -> bool {
        self.rows().iter().any(|(family, version, _)| (*family, version) == (spec.family, &spec.version))
    }
}

/// The table `which`, one for every recipe of the runs in `groups`, the most complete first.
/// With no run that belongs in it there is one, of the paper's recipe, with every cell missing.
pub fn tables(which: TableKind, groups: &[RunGroup], options: &ReportOptions) -> Vec<ReportTable> {
    let of_table = |group: &&RunGroup| which.has(&group.spec) && options.wants(&group.data);
    let mut recipes: Vec<&str> = groups.iter().filter(of_table).map(|group| group.recipe.as_str()).collect();
    recipes.sort_unstable();
    recipes.dedup();
    if recipes.is_empty() {
        recipes.push("");
    }
    let mut tables: Vec<ReportTable> =
        recipes.into_iter().map(|recipe| table(which, recipe, groups, options)).collect();
    // Stable: of equals, the paper's recipe, which is the shortest, comes first.
    tables.sort_by_key(|table| std::cmp::Reverse(table.measured()));
    tables
}

impl ReportTable {
    /// Cells with a result.
    pub fn measured(&self) -> usize {
        self.cells().filter(|(.., cell)| cell.measured.is_some()).count()
    }

    /// Every cell with its row and column.
    pub fn cells(&self) -> impl Iterator<Item = (&TableRow, &TableColumn, &TableCell)> {
        self.rows.iter().flat_map(|row| {
            row.cells.iter().zip(&self.columns).map(move |(cell, column)| (row, column, cell))
        })
    }

    /// `Table 1, epochs=3`.
    pub fn title(&self) -> String {
        format!("{}, {}", self.which.title(), recipe_name(&self.recipe))
    }

    /// The most seeds that a result has.
    pub fn most_seeds(&self) -> usize {
        self.cells().filter_map(|(.., cell)| cell.measured.as_ref().map(SeedSample::n)).max().unwrap_or(0)
    }

    /// What it has no row for, the first `most` by name; `None` where nothing is.
    pub fn without_row_note(&self, most: usize) -> Option<String> {
        let shown = self.without_row[..self.without_row.len().min(most)].join(", ");
        let more = match self.without_row.len().saturating_sub(most) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let title = self.which.title();
        (!shown.is_empty()).then(|| format!("Not in {title}: {shown}{more}."))
    }

    /// Commands that fill what is missing, each once.
    pub fn commands(&self) -> Vec<&str> {
        let mut commands: Vec<&str> = Vec::new();
        for (.., cell) in self.cells() {
            if let Some(command) = &cell.command
                && !commands.contains(&command.as_str())
            {
                commands.push(command);
            }
        }
        commands
    }
}

/// The paper's columns where the recipe has a run on one of its datasets or is the paper's,
/// then those of the runs.
fn columns(
    which: TableKind,
    groups: &[&RunGroup],
    recipe: &str,
    options: &ReportOptions,
) -> Vec<TableColumn> {
    let of_paper = which.datasets();
    let touched = groups.iter().any(|group| of_paper.contains(&group.data.id));
    let asked = |id: &DatasetId| options.datasets.contains(id);
    let mut all: Vec<DataSignature> = Vec::new();
    for id in of_paper.iter().chain(&DatasetId::ALL) {
        let wanted = match options.datasets.is_empty() {
            true => of_paper.contains(id) && (recipe.is_empty() || touched),
            false => asked(id) && *id != DatasetId::Folder,
        };
        let runs = groups.iter().filter(|group| group.data.id == *id).map(|group| group.data.clone());
        for data in wanted.then(|| DataSignature::named(*id)).into_iter().chain(runs) {
            if !all.contains(&data) && options.wants(&data) {
                all.push(data);
            }
        }
    }
    let many = |data: &DataSignature| {
        data.id == DatasetId::TinyImagenet || data.folder.as_ref().is_some_and(|folder| folder.classes > 10)
    };
    let of = |data: DataSignature| {
        let accuracies: &[Accuracy] =
            if many(&data) { &[Accuracy::Top1, Accuracy::Top5] } else { &[Accuracy::Top1] };
        let column = move |accuracy: &Accuracy| TableColumn {
            title: data.title(),
            published: of_paper.contains(&data.id),
            accuracy: *accuracy,
            data: data.clone(),
        };
        accuracies.iter().map(column).collect::<Vec<_>>()
    };
    all.into_iter().flat_map(of).collect()
}

fn table(which: TableKind, recipe: &str, groups: &[RunGroup], options: &ReportOptions) -> ReportTable {
    let here: Vec<&RunGroup> =
        groups.iter().filter(|group| group.recipe == recipe && options.wants(&group.data)).collect();
    let in_rows: Vec<&RunGroup> = here.iter().copied().filter(|group| which.has(&group.spec)).collect();
    let columns = columns(which, &in_rows, recipe, options);
    let row = |(family, version, title): (Family, Version, &str)| {
        let usual = ExperimentSpec::paper(family, version, DatasetId::Cifar10);
        let network = usual.network_name();
        let specs = columns.iter().map(|column| column.data.spec(&network, recipe));
        let cells = specs.clone().zip(&columns).map(|(spec, column)| cell(spec, column, &in_rows, options));
        let network_of = |spec: Option<ExperimentSpec>| spec.unwrap_or(usual.clone()).architecture().ok();
        let parameters = network_of(specs.clone().next().flatten()).map_or(0, |a| params::count(&a));
        TableRow {
            cells: cells.collect(),
            family: family.title(),
            version: title.into(),
            parameters,
            network,
        }
    };
    let rows: Vec<TableRow> = which.rows().into_iter().map(row).collect();
    let notes = notes(which, recipe, &here, &columns, &rows);
    let without_row = here
        .iter()
        .filter(|group| !which.has(&group.spec) && !group.runs.is_empty())
        .map(|group| format!("{}@{}", group.network(), group.data.id.name()))
        .collect();
    ReportTable { which, recipe: recipe.into(), without_row, notes, columns, rows }
}

fn cell(
    spec: Option<ExperimentSpec>,
    column: &TableColumn,
    groups: &[&RunGroup],
    options: &ReportOptions,
) -> TableCell {
    let Some(spec) = spec else {
        return TableCell { measured: None, published: None, difference: None, command: None };
    };
    let group = groups.iter().find(|group| group.spec == spec).copied();
    let measured = group.and_then(|group| {
        group.sample(|state| {
            let score = test(state, options)?;
            match column.accuracy {
                Accuracy::Top1 => Some(score.top1()),
                Accuracy::Top5 => score.top5(),
            }
        })
    });
    let published = paper::result(&spec, column.accuracy).filter(|_| column.published);
    let is_whole = group.is_none_or(|group| group.short().is_none());
    let difference = measured.as_ref().zip(published).filter(|_| is_whole).map(|(m, p)| m.mean - p.mean);
    let missing = options.missing(group);
    let command = (!missing.is_empty()).then(|| options.command(&spec, &missing));
    TableCell { measured, published, difference, command }
}

fn notes(
    which: TableKind,
    recipe: &str,
    here: &[&RunGroup],
    columns: &[TableColumn],
    rows: &[TableRow],
) -> Vec<String> {
    let mut notes = Vec::new();
    let beside = rows.iter().flat_map(|row| &row.cells).any(|cell| cell.difference.is_some());
    if beside && !recipe.is_empty() {
        notes.push(format!(
            "The published values are of the paper's recipe and five seeds; these runs have {recipe}."
        ));
    }
    if recipe.contains("val_from=test") {
        notes.push(
            "The best epoch was chosen on the test images: these are not scores of unseen images.".into(),
        );
    }
    let first = columns.first().map(|column| &column.data);
    for column in columns.iter().filter(|column| Some(&column.data) != first) {
        let more = more_parameters(first, &column.data, recipe);
        let note = |more: usize| {
            format!("#P is for {}; {} has {} more.", columns[0].title, column.title, grouped(more))
        };
        if let Some(note) = more.map(note).filter(|note| !notes.contains(note)) {
            notes.push(note);
        }
    }
    for (data, short) in shortages(here) {
        notes.push(format!(
            "Runs on {} had no whole dataset ({short}): they are not compared with the paper's.",
            data.title()
        ));
    }
    notes.extend(left_out(here.iter().copied().filter(|group| which.has(&group.spec))));
    notes
}

/// Datasets that some of the runs had only a part of, with what the first of them lacked.
fn shortages<'a>(here: &'a [&RunGroup]) -> Vec<(&'a DataSignature, String)> {
    let mut found: Vec<(&DataSignature, String)> = Vec::new();
    for group in here {
        if let Some(short) = group.short().filter(|_| !found.iter().any(|(data, _)| **data == group.data)) {
            found.push((&group.data, short));
        }
    }
    found
}

/// How many parameters every network has more on `other` than on `first`: one row of the
/// last layer for each class.
fn more_parameters(first: Option<&DataSignature>, other: &DataSignature, recipe: &str) -> Option<usize> {
    let count =
        |data: &DataSignature| Some(params::count(&data.spec("resnet", recipe)?.architecture().ok()?));
    count(other)?.checked_sub(count(first?)?).filter(|more| *more > 0)
}
