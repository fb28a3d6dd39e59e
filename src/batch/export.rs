//! `export`: runs in the formats of others.

use super::Exit;
use crate::cli::{ExportArgs, ExportFormat};
use crate::domain::text::plural;
use crate::engine::error::{Result, shown};
use crate::engine::export::{Exported, FileFormat, export};
use crate::engine::run_args::Skipped;
use crate::output::{error, note, say};

/// Most names of what is no run that are said.
const MOST_NAMED: usize = 5;

/// Writes the runs, and says which files.
///
/// # Errors
/// When there is no run, something is there already, or the folder cannot be written.
pub fn run(args: &ExportArgs) -> Result<Exit> {
    let format = match args.format {
        ExportFormat::Tensorboard => FileFormat::Tensorboard,
        ExportFormat::Csv => FileFormat::Csv,
        ExportFormat::Parquet => FileFormat::Parquet,
        ExportFormat::Pytorch => FileFormat::Pytorch,
    };
    let Exported { written, extended, left } =
        export(&args.runs, format, &args.output, args.force, args.place.data_dir.as_deref())?;
    say_left(&left);
    written.iter().for_each(|path| say(&format!("wrote {}", shown(path))));
    for (path, added) in &extended {
        let path = shown(path);
        say(&match added {
            None => format!("{path}: left to the process that is writing it"),
            Some(0) => format!("{path} is up to date"),
            Some(added) => format!("added {} to {path}", plural(*added, "value")),
        });
    }
    Ok(Exit::Done)
}

/// Says what was named on the command line and is left out.
pub fn say_left(left: &Skipped) {
    left.errors.iter().for_each(|skipped| error(&format!("left out: {skipped}")));
    if !left.others.is_empty() {
        let mut names: Vec<_> = left.others.iter().take(MOST_NAMED).map(|path| shown(path)).collect();
        match left.others.len().saturating_sub(MOST_NAMED) {
            0 => {}
            more => names.push(format!("and {more} more")),
        }
        note(&format!("passed over, no runs: {}", names.join(", ")));
    }
}
