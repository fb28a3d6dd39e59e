//! Tables whose rows are printed as soon as they are known.

use crate::output::say;

/// Columns of known width; the first is for words, the others for figures.
#[derive(Debug)]
pub struct Lines(Vec<usize>);

impl Lines {
    /// Prints the header. The first column is `first` wide, others as wide as their title
    /// or `least`.
    pub fn begin(header: &[&str], first: usize, least: usize) -> Self {
        let width =
            |(i, title): (usize, &&str)| title.chars().count().max(if i == 0 { first } else { least });
        let lines = Self(header.iter().enumerate().map(width).collect());
        lines.row(header);
        say(&"─".repeat(lines.0.iter().sum::<usize>() + 2 * (lines.0.len() - 1)));
        lines
    }

    /// Prints a row.
    pub fn row<T: AsRef<str>>(&self, cells: &[T]) {
        let cell = |(i, (text, width)): (usize, (&T, &usize))| {
            let text = text.as_ref();
            let blank = " ".repeat(width.saturating_sub(text.chars().count()));
            if i == 0 { format!("{text}{blank}") } else { format!("{blank}{text}") }
        };
        let cells: Vec<_> = cells.iter().zip(&self.0).enumerate().map(cell).collect();
        say(cells.join("  ").trim_end());
    }
}
