//! `export`: runs in the formats of others.

use super::Exit;
use crate::cli::{ExportArgs, ExportFormat};
use crate::engine::error::{Result, shown};
use crate::engine::export::{Format, export};
use crate::output::say;

/// Writes the runs, and says which files.
///
/// # Errors
/// When a run cannot be read, something is there already, or the folder cannot be written.
pub fn run(args: &ExportArgs) -> Result<Exit> {
    let format = match args.format {
        ExportFormat::Tensorboard => Format::Tensorboard,
        ExportFormat::Csv => Format::Csv,
        ExportFormat::Parquet => Format::Parquet,
        ExportFormat::Pytorch => Format::Pytorch,
    };
    let written = export(&args.runs, format, &args.output, args.force, args.place.data_dir.as_deref())?;
    written.iter().for_each(|path| say(&format!("wrote {}", shown(path))));
    Ok(Exit::Done)
}
