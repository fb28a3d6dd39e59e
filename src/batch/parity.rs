//! `parity`: the first steps of a run, for PyTorch to repeat.

use std::path::Path;

use super::Exit;
use super::specs;
use crate::cli::DataArgs;
use crate::engine::error::{Result, shown};
use crate::engine::parity;
use crate::output::{note, say};

/// Writes the first steps of the spec that `words` are into `dir`.
///
/// # Errors
/// When they are no spec, its data cannot be read, or `dir` cannot be written.
pub fn run(dir: &Path, words: &[String], machine: &DataArgs) -> Result<Exit> {
    let spec = specs::one(words)?;
    let data = super::train::dataset(&spec, machine.data_dir.as_deref())?;
    parity::write(dir, &spec, &data, |step| {
        if step % 5 == 0 {
            note(&format!("{spec}: step {step} of {}", parity::STEPS));
        }
    })?;
    say(&format!("wrote {} steps of {spec} to {}", parity::STEPS, shown(dir)));
    Ok(Exit::Done)
}
