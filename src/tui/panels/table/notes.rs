//! What is said below a table.

use super::TablePanel;
use super::draw::marks;
use crate::domain::report::table::ReportTable;
use crate::domain::text::{plural, wrap};
use crate::tui::theme::Theme;

/// The most lines of the note on networks without a row.
const MOST: usize = 2;

impl TablePanel {
    /// What the marks mean, and the table's own notes, each in lines; those on parameters where
    /// these are a column.
    pub(super) fn notes(
        &self,
        table: &ReportTable,
        published: bool,
        parameters: bool,
        theme: &Theme,
        width: usize,
    ) -> Vec<Vec<String>> {
        let [on, wait, off] = marks(theme);
        let mut first = String::from("test top-1 in percent, mean(std) over n seeds");
        if published {
            first += "; second line: the paper's value and the difference";
        }
        let key = format!("{on} epochs of runs in progress, {wait} queued, {off} unfinished");
        let is_said = |note: &&String| parameters || !note.starts_with("#P");
        let others = table.notes.iter().filter(is_said);
        let mut notes: Vec<_> = [first, key].iter().chain(others).map(|note| wrap(note, width)).collect();
        notes.push(without_row(table, width));
        notes.retain(|lines| !lines.is_empty());
        notes
    }
}

/// Networks that have runs but no row, as many as two lines have room for.
fn without_row(table: &ReportTable, width: usize) -> Vec<String> {
    let of = table.without_row.len();
    let text = |most: usize| table.without_row_note(most).map_or(Vec::new(), |note| wrap(&note, width));
    let fitting = (1..=of).rev().map(text).find(|lines| lines.len() <= MOST);
    let none = || {
        if of == 0 { Vec::new() } else { wrap(&format!("{} without a row.", plural(of, "network")), width) }
    };
    fitting.unwrap_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::report::ReportOptions;
    use crate::domain::report::table::{TableKind, tables};

    #[test]
    fn networks_without_a_row_take_two_lines() {
        let names = |n: usize| (0..n).map(|i| format!("plain+hires[P{i}]@cifar10")).collect::<Vec<_>>();
        let note = |n, width| {
            let mut table = tables(TableKind::Table2, &[], &ReportOptions::default()).swap_remove(0);
            table.without_row = names(n);
            without_row(&table, width)
        };
        assert_eq!(note(1, 78), ["Not in Table 2: plain+hires[P0]@cifar10."]);
        assert_eq!(
            note(9, 78),
            [
                "Not in Table 2: plain+hires[P0]@cifar10, plain+hires[P1]@cifar10,",
                "plain+hires[P2]@cifar10, plain+hires[P3]@cifar10 and 5 more."
            ]
        );
        assert_eq!(note(9, 38), ["Not in Table 2:", "plain+hires[P0]@cifar10 and 8 more."]);
        assert_eq!(note(9, 20), ["9 networks without a", "row."]);
        for n in 0..30 {
            assert!((30..200).all(|width| note(n, width).len() <= MOST), "{n}");
        }
    }
}
