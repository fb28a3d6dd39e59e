//! How many images there are of a dataset that is here.

use std::fs;
use std::path::Path;

use super::offer::found;
use super::sources::DatasetSource;
use crate::domain::architecture::Family;
use crate::domain::spec::{ExperimentSpec, Version};
use crate::engine::data;
use crate::engine::error::Result;

/// Training and test images of a dataset that is here; `None` where it is not. Files that are
/// as long as the official ones are not read, for they have all of them.
///
/// # Errors
/// When the dataset cannot be read.
pub fn images_here(home: &DatasetSource, folder: Option<&Path>) -> Result<Option<(usize, usize)>> {
    let Some(dataset) = home.id() else { return Ok(None) };
    if home.forms.is_empty() {
        return Ok(dataset.images());
    }
    if found(home, folder).is_none() {
        return Ok(None);
    }
    let spec = ExperimentSpec::paper(Family::Plain, Version::Original, dataset);
    let source = data::find(&spec, folder)?;
    if is_official(home, &source.place) {
        return Ok(dataset.images());
    }
    data::count(dataset, source).map(Some)
}

/// Whether `place` is an archive, or a folder of archives, as long as the home's.
fn is_official(home: &DatasetSource, place: &Path) -> bool {
    let length = |path: &Path| fs::metadata(path).map_or(0, |facts| facts.len());
    home.forms.iter().any(|(_, files)| match *files {
        [file] if place.ends_with(file.name()) => length(place) == file.bytes,
        files => files.iter().all(|file| length(&place.join(file.name())) == file.bytes),
    })
}
