//! A report as every text format lays it out: headings, grids, figures, sentences.

use crate::domain::report::activations::ActivationSummary;
use crate::domain::report::compare::Comparison;
use crate::domain::report::curves::CurveSet;
use crate::domain::report::hop_effects::HopEffects;
use crate::domain::report::table::ReportTable;

/// A whole report.
#[derive(Debug)]
pub struct Document<'a> {
    /// Heading of all.
    pub title: String,
    /// How the numbers are made.
    pub lead: Vec<String>,
    /// In order.
    pub sections: Vec<Section<'a>>,
}

/// One table or figure and what goes with it.
#[derive(Debug)]
pub struct Section<'a> {
    /// Its heading.
    pub heading: String,
    /// Drawn where the format can.
    pub figure: Option<Figure<'a>>,
    /// Its numbers.
    pub grid: DocumentTable,
    /// Results in plain words.
    pub sentences: Vec<String>,
    /// What a reader should know.
    pub notes: Vec<String>,
    /// Commands that fill what is missing.
    pub commands: Vec<String>,
}

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub enum Figure<'a> {
    /// Results beside the paper's.
    Dots(&'a ReportTable),
    /// Fig. 2.
    Bars(&'a ActivationSummary),
    /// Learning curves.
    Lines(&'a CurveSet),
    /// Differences with their intervals.
    Forest(&'a Comparison),
    /// What hops add, with intervals.
    Hops(&'a HopEffects),
}

/// A table of text.
#[derive(Debug, Default)]
pub struct DocumentTable {
    /// What it shows.
    pub caption: String,
    /// Headings above several columns, with how many; nothing where there are none.
    pub spans: Vec<(String, usize)>,
    /// Headings of columns.
    pub header: Vec<String>,
    /// Rows.
    pub rows: Vec<GridRow>,
    /// How many columns, from the left, are words; the others are numbers.
    pub words: usize,
}

/// A row of a grid.
#[derive(Debug)]
pub enum GridRow {
    /// A heading over all columns.
    Heading(String),
    /// As many as there are columns.
    Cells(Vec<String>),
}
