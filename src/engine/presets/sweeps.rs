//! Sweeps by name and from files.

use std::path::{Path, PathBuf};

use super::{SWEEPS, check_name, is_file, is_line, is_shipped, read_text, user_folder};
use crate::domain::keys::KeyValue;
use crate::domain::sweep::Sweep;
use crate::engine::error::{EngineError, Result};

/// The sweep that a word on the command line means: one that comes with the program, the
/// user's own, or a TOML file with a table `[axes]`. `None` where the word means one run, or
/// nothing.
///
/// # Errors
/// When it is meant to be a sweep and is none.
pub fn sweep(text: &str) -> Result<Option<Sweep>> {
    if is_line(text) {
        return Ok(None);
    }
    if let Some((name, toml)) = SWEEPS.iter().find(|(name, _)| *name == text) {
        return parse_sweep(Path::new(&format!("preset {name}")), toml);
    }
    let own = user_folder().map(|folder| folder.join(format!("{text}.toml")));
    let own = own.filter(|path| check_name(text).is_ok() && !is_shipped(text) && path.exists());
    let path = own.or_else(|| is_file(text).then(|| PathBuf::from(text)).filter(|path| path.exists()));
    path.map_or(Ok(None), |path| read_sweep(&path))
}

/// The sweep in a file; `None` where it is none.
///
/// # Errors
/// When it cannot be read, or is meant to be a sweep and is none.
pub fn read_sweep(path: &Path) -> Result<Option<Sweep>> {
    parse_sweep(path, &read_text(path)?)
}

/// The text of the user's own sweep of this name, where it is one.
///
/// # Errors
/// When its file cannot be read.
pub fn own_sweep(name: &str) -> Result<Option<String>> {
    let own = user_folder().map(|folder| folder.join(format!("{name}.toml")));
    let Some(path) = own.filter(|path| check_name(name).is_ok() && path.exists()) else { return Ok(None) };
    let text = read_text(&path)?;
    Ok(parse_sweep(&path, &text)?.map(|_| text))
}

/// Reads a sweep's text; `None` where it has no table `[axes]`.
///
/// # Errors
/// When it is no sweep; `path` is for messages.
pub fn parse_sweep(path: &Path, text: &str) -> Result<Option<Sweep>> {
    let Ok(mut table) = text.parse::<toml::Table>() else { return Ok(None) };
    let Some(axes) = table.remove("axes") else {
        // Of one run nothing is a table: this was to be one of axes.
        let other = table.iter().find(|(_, value)| value.is_table());
        return other.map_or(Ok(None), |(name, _)| {
            let reason = format!("[{name}] is not a table of a spec (did you mean [axes]?)");
            Err(EngineError::run(path, reason))
        });
    };
    let fail = |key: &str, e: toml::de::Error| {
        EngineError::run(path, format!("{key}: {}", e.message().lines().next().unwrap_or_default()))
    };
    let toml::Value::Table(axes) = axes else {
        return Err(EngineError::run(path, "axes: not a table of keys and their values"));
    };
    let pairs = |table: toml::Table| {
        let pair = |(key, value): (String, toml::Value)| match value.try_into::<KeyValue>() {
            Ok(value) => Ok((key, value)),
            Err(e) => Err(fail(&key, e)),
        };
        table.into_iter().map(pair).collect::<Result<Vec<_>>>()
    };
    let sweep = Sweep::new(pairs(table)?, pairs(axes)?).map_err(|e| EngineError::run(path, e.to_string()))?;
    Ok(Some(sweep))
}
