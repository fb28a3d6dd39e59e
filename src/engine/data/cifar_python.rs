//! CIFAR's Python version: pickled dictionaries with an array `data` of 8-bit
//! `[image, 3072]` and lists of labels.

use super::archive::Named;
use super::cifar::{CifarVersion, Names, PIXELS, Records};
use super::images::class_names;
use super::pickle::{Pickle, PickleValue};
use crate::engine::error::{EngineError, Result};

/// Adds a batch's records.
///
/// # Errors
/// When it is no such dictionary, the array is of another shape or kind, or labels are
/// too few, too many, or no classes.
pub fn read(form: &CifarVersion, bytes: &[u8], records: &mut Records) -> std::result::Result<(), String> {
    let pickle = Pickle::read(bytes).map_err(|reason| format!("no pickle of data: {reason}"))?;
    let (count, pixels) = array(&pickle, pickle.item("data").ok_or("there is no 'data' in it")?)?;
    let labels = |key: &str| {
        let Some(PickleValue::List(list)) = pickle.item(key) else {
            return Err(format!("no list '{key}' in it"));
        };
        if list.len() != count {
            return Err(format!("{} of '{key}' for {count} images", list.len()));
        }
        let number = |id: &usize| match pickle.get(*id) {
            PickleValue::Int(n) => Ok(*n),
            _ => Err(format!("something else than numbers in '{key}'")),
        };
        list.iter().map(number).collect::<std::result::Result<Vec<_>, _>>()
    };
    let fine = labels(if form.coarse { "fine_labels" } else { "labels" })?;
    for (i, label) in fine.into_iter().enumerate() {
        records.labels.push(form.label(label, i)?);
    }
    if form.coarse {
        let coarse = labels("coarse_labels")?;
        records.coarse.extend(coarse.into_iter().map(|label| u8::try_from(label).unwrap_or(u8::MAX)));
    }
    records.pixels.extend_from_slice(pixels);
    Ok(())
}

/// Images and bytes of a pickled numpy array `[image, 3072]`.
fn array<'a>(pickle: &Pickle<'a>, value: &PickleValue<'a>) -> std::result::Result<(usize, &'a [u8]), String> {
    let PickleValue::Call { callable, state: Some(state), .. } = value else {
        return Err("its 'data' is not an array".into());
    };
    let names = ["numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"];
    match pickle.get(*callable) {
        PickleValue::Global(name) if names.contains(&name.as_str()) => {}
        PickleValue::Global(name) => {
            return Err(format!("its 'data' is made by {name}, which is not called"));
        }
        _ => return Err("its 'data' is not an array".into()),
    }
    let broken = || "its 'data' is not an array of 8-bit numbers, images of 3,072 each".to_owned();
    // numpy's state: a version, the shape, the kind, whether columns come first, the bytes.
    let PickleValue::List(state) = pickle.get(*state) else { return Err(broken()) };
    let [_, shape, kind, by_column, bytes] = state[..] else { return Err(broken()) };
    let (PickleValue::List(shape), PickleValue::Bytes(bytes)) = (pickle.get(shape), pickle.get(bytes)) else {
        return Err(broken());
    };
    let PickleValue::Call { arguments, .. } = pickle.get(kind) else { return Err(broken()) };
    let PickleValue::List(arguments) = pickle.get(*arguments) else { return Err(broken()) };
    let is_u8 = arguments.first().is_some_and(|id| match pickle.get(*id) {
        PickleValue::Bytes(name) => *name == b"u1",
        PickleValue::Text(name) => *name == "u1",
        _ => false,
    });
    let side = |i: usize| match shape.get(i).map(|id| pickle.get(*id)) {
        Some(PickleValue::Int(n)) => usize::try_from(*n).ok(),
        _ => None,
    };
    let (Some(count), Some(PIXELS), 2) = (side(0), side(1), shape.len()) else { return Err(broken()) };
    if !is_u8 || *pickle.get(by_column) != PickleValue::Int(0) {
        return Err(broken());
    }
    if count == 0 || count.checked_mul(PIXELS) != Some(bytes.len()) {
        return Err(format!("{} bytes of 'data' for {count} images of 3,072", bytes.len()));
    }
    Ok((count, bytes))
}

/// The names of the classes and of those above them, from the file beside the batches.
///
/// # Errors
/// When it is no pickle.
pub fn names(files: Vec<Option<Named>>) -> Result<Names> {
    let Some((path, bytes)) = files.into_iter().flatten().next() else { return Ok(Names::default()) };
    let pickle = Pickle::read(&bytes)
        .map_err(|reason| EngineError::data(path, format!("no pickle of data: {reason}")))?;
    let list = |keys: &[&str]| {
        let Some(PickleValue::List(list)) = keys.iter().find_map(|key| pickle.item(key)) else {
            return Vec::new();
        };
        let texts: Vec<_> = list
            .iter()
            .filter_map(|id| match pickle.get(*id) {
                PickleValue::Bytes(bytes) => Some(String::from_utf8_lossy(bytes)),
                PickleValue::Text(text) => Some((*text).into()),
                _ => None,
            })
            .collect();
        class_names(texts.iter().map(AsRef::as_ref))
    };
    Ok((list(&["label_names", "fine_label_names"]), list(&["coarse_label_names"])))
}
