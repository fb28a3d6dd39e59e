//! What is said below a table.

use super::TablePanel;
use super::draw::marks;
use crate::domain::report::table::Table;
use crate::domain::text::{plural, wrap};
use crate::tui::theme::Theme;

/// How a report's note on networks without a row begins; here it is as long as fits.
const WITHOUT_ROW: &str = "Runs of networks that";
/// The most lines of that note.
const MOST: usize = 2;

impl TablePanel {
    /// What the marks mean, and the table's own notes, each in lines.
    pub(super) fn notes(
        &self,
        table: &Table,
        published: bool,
        theme: &Theme,
        width: usize,
    ) -> Vec<Vec<String>> {
        let [on, wait, off] = marks(theme);
        let mut first = String::from("test top-1 in percent, mean(std) over n seeds");
        if published {
            first += "; below: the paper's, and the difference";
        }
        let key = format!("{on} epochs of runs that train, {wait} runs that wait, {off} unfinished");
        // Parameters are no column here.
        let is_said = |note: &&String| !note.starts_with("#P") && !note.starts_with(WITHOUT_ROW);
        let others = table.notes.iter().filter(is_said);
        let mut notes: Vec<_> = [first, key].iter().chain(others).map(|note| wrap(note, width)).collect();
        let without_row = self.without_row.get(&table.recipe);
        notes.extend(without_row.map(|names| without_row_note(table.which.title(), names, width)));
        notes
    }
}

/// Networks that have runs but no row, as many as two lines have room for.
fn without_row_note(title: &str, names: &[String], width: usize) -> Vec<String> {
    let text = |n: usize| {
        let more = match names.len() - n {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        wrap(&format!("{WITHOUT_ROW} {title} has no row for: {}{more}.", names[..n].join(", ")), width)
    };
    let whole = text(names.len());
    if whole.len() <= MOST {
        return whole;
    }
    let some = (1..names.len()).map(text).take_while(|lines| lines.len() <= MOST).last();
    some.unwrap_or_else(|| wrap(&format!("{} without a row.", plural(names.len(), "network")), width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_without_a_row_take_two_lines() {
        let names = |n: usize| (0..n).map(|i| format!("plain+hires[P{i}]@cifar10")).collect::<Vec<_>>();
        let note = |n, width| without_row_note("Table 2", &names(n), width);
        assert_eq!(note(1, 78), ["Runs of networks that Table 2 has no row for: plain+hires[P0]@cifar10."]);
        assert_eq!(
            note(9, 78),
            [
                "Runs of networks that Table 2 has no row for: plain+hires[P0]@cifar10,",
                "plain+hires[P1]@cifar10, plain+hires[P2]@cifar10 and 6 more."
            ]
        );
        assert_eq!(note(9, 38), ["9 networks without a row."]);
        for n in 1..30 {
            assert!((30..200).all(|width| note(n, width).len() <= MOST), "{n}");
        }
    }
}
