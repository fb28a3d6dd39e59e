//! Printing that survives a closed pipe, a terminal that is gone and a full disk.

use std::fmt::Display;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use comfy_table::{Cell, CellAlignment, LineStyle, Table, TableStyle};
use serde::Serialize;

use crate::domain::text::{harmless, harmless_json, wrap};

/// Whether something could not be printed for another reason than a reader gone away.
static UNPRINTED: AtomicBool = AtomicBool::new(false);

/// A line on stdout. A reader that went away, as a closed terminal, is no reason to stop a
/// run; a full disk is none either, but it is said, once, and ends in
/// [`Exit::Failed`](crate::exit::Exit::Failed).
pub fn say(text: &str) {
    let mut stdout = io::stdout();
    printed(writeln!(stdout, "{text}").and_then(|()| stdout.flush()));
}

/// Takes in what became of printing to stdout, by [`say`]'s rule.
pub fn printed(result: io::Result<()>) {
    if let Err(e) = result
        && !is_reader_gone(&e)
        && !UNPRINTED.swap(true, Ordering::Relaxed)
    {
        error(&format!("cannot print to stdout: {e}"));
    }
}

/// Whether nobody is there any more to read stdout, rather than something being wrong.
fn is_reader_gone(error: &io::Error) -> bool {
    // What a terminal says that was closed; of a file it is a broken disk.
    #[cfg(unix)]
    if rustix::io::Errno::from_io_error(error) == Some(rustix::io::Errno::IO) {
        let is_file = |facts: rustix::fs::Stat| rustix::fs::FileType::from_raw_mode(facts.st_mode).is_file();
        return !rustix::fs::fstat(io::stdout()).is_ok_and(is_file);
    }
    matches!(error.kind(), ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::NotConnected)
}

/// Whether everything said was printed, as far as anybody read it.
pub fn all_printed() -> bool {
    !UNPRINTED.load(Ordering::Relaxed)
}

/// An error on stderr, control characters from outside made harmless.
pub fn error(error: &impl Display) {
    note(&format!("error: {}", harmless(&error.to_string(), 4000)));
}

/// A line on stderr.
pub fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// A value as indented JSON on stdout.
pub fn say_json(value: &impl Serialize) {
    match serde_json::to_string_pretty(value) {
        Ok(text) => say(&harmless_json(&text)),
        Err(e) => error(&format!("cannot print JSON: {e}")),
    }
}

/// An empty table with this header.
pub fn table<C: Into<Cell>>(header: impl IntoIterator<Item = C>) -> Table {
    let mut table = Table::new();
    let rule = LineStyle::none().fill('─').junction('─');
    table.load_style(TableStyle::new().header_separator(rule)).set_header(header);
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    table
}

/// Whether a line of `text` is too long for the terminal that stdout is.
pub fn overflows(text: &str) -> bool {
    let widest = text.lines().map(|line| line.trim_end().chars().count()).max().unwrap_or(0);
    columns().is_some_and(|columns| widest > usize::from(columns))
}

/// Columns of the terminal that stdout is; `None` where it is none.
fn columns() -> Option<u16> {
    let is_terminal = io::stdout().is_terminal();
    // Asked only where it is one: crossterm would start programs to find out.
    is_terminal.then(crossterm::terminal::size)?.ok().map(|(columns, _)| columns)
}

/// `text` broken between words where the terminal's line ends.
pub fn wrapped(text: &str) -> String {
    columns().map_or_else(|| text.to_owned(), |width| wrap(text, width.into()).join("\n"))
}

/// Aligns these columns to the right.
pub fn right(table: &mut Table, columns: impl IntoIterator<Item = usize>) {
    for index in columns {
        if let Some(column) = table.column_mut(index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
