//! placeholder
use super::Exit;
use crate::engine::error::Result;
pub fn run(_batch: usize, _only: Option<&str>, _ours: bool, _json: bool) -> Result<Exit> {
    Ok(Exit::Done)
}
