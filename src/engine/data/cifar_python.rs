//! CIFAR's Python version: pickled dictionaries with an array `data` of 8-bit
//! `[image, 3072]` and lists of labels.

use std::borrow::Cow;

use super::archive::Named;
use super::cifar::{CifarVersion, Names, PIXELS, Records, SIZE};
use super::images::class_names;
use super::pickle::{Id, Pickle, PickleValue};
use super::sniff::explained;
use crate::domain::text::harmless;
use crate::engine::error::{EngineError, Result};

/// Adds a batch's records.
///
/// # Errors
/// When it is no such dictionary, the array is of another shape or kind, or labels are
/// too few, too many, or no classes.
pub fn read(form: &CifarVersion, bytes: &[u8], records: &mut Records) -> std::result::Result<(), String> {
    let pickle =
        Pickle::read(bytes).map_err(|reason| explained(bytes, format!("no pickle of data: {reason}")))?;
    let (count, pixels) = pixels(&pickle, pickle.item("data").ok_or("there is no 'data' in it")?)?;
    let labels = |key: &str| {
        let list = numbers(&pickle, pickle.item(key), key)?;
        if list.len() != count {
            return Err(format!("{} of '{key}' for {count} images", list.len()));
        }
        Ok(list)
    };
    let fine = labels(if form.coarse { "fine_labels" } else { "labels" })?;
    for (i, label) in fine.into_iter().enumerate() {
        records.labels.push(form.label(label, i)?);
    }
    if form.coarse {
        for (i, label) in labels("coarse_labels")?.into_iter().enumerate() {
            records.coarse.push(form.coarse_label(label, i)?);
        }
    }
    records.pixels.extend_from_slice(&pixels);
    Ok(())
}

/// Labels, from a list or an array of whole numbers.
fn numbers(
    pickle: &Pickle<'_>,
    value: Option<&PickleValue<'_>>,
    key: &str,
) -> std::result::Result<Vec<i64>, String> {
    let others = || format!("something else than numbers in '{key}'");
    match value {
        Some(PickleValue::List(list)) => {
            let number = |id: &Id| match pickle.get(*id) {
                PickleValue::Int(n) => Ok(*n),
                _ => Err(others()),
            };
            list.iter().map(number).collect()
        }
        Some(call @ PickleValue::Call { .. }) => {
            let array = NumpyArray::of(pickle, call, key)?;
            let (signed, width) = match (array.kind.as_bytes(), array.shape.len()) {
                ([kind @ (b'i' | b'u'), width @ (b'1' | b'2' | b'4' | b'8')], 1) => {
                    (*kind == b'i', width - b'0')
                }
                _ => return Err(others()),
            };
            let number = |bytes: &[u8]| {
                let negative = signed && bytes.last().is_some_and(|byte| *byte > 127);
                let mut whole = [if negative { 0xff } else { 0 }; 8];
                whole[..bytes.len()].copy_from_slice(bytes);
                i64::from_le_bytes(whole)
            };
            Ok(array.bytes.chunks_exact(width.into()).map(number).collect())
        }
        _ => Err(format!("no list '{key}' in it")),
    }
}

/// Images and bytes of an array `[image, 3072]`, or `[image, 3, 32, 32]`, which is the same.
fn pixels<'a>(
    pickle: &Pickle<'a>,
    value: &PickleValue<'a>,
) -> std::result::Result<(usize, Cow<'a, [u8]>), String> {
    let array = NumpyArray::of(pickle, value, "data")?;
    let count = match array.shape[..] {
        [count, PIXELS] | [count, 3, SIZE, SIZE] if array.kind == "u1" => count,
        _ => {
            let (shape, kind) = (&array.shape, harmless(&array.kind, 8));
            return Err(format!(
                "its 'data' is not an array of 8-bit numbers, images of 3,072 each, but {shape:?} of '{kind}'"
            ));
        }
    };
    if count == 0 || count.checked_mul(PIXELS) != Some(array.bytes.len()) {
        return Err(format!("{} bytes of 'data' for {count} images of 3,072", array.bytes.len()));
    }
    Ok((count, array.bytes))
}

/// A pickled numpy array, in rows.
struct NumpyArray<'a> {
    shape: Vec<usize>,
    /// Such as `u1`.
    kind: String,
    bytes: Cow<'a, [u8]>,
}

impl<'a> NumpyArray<'a> {
    fn of(pickle: &Pickle<'a>, value: &PickleValue<'a>, key: &str) -> std::result::Result<Self, String> {
        let none = || format!("its '{key}' is not an array");
        let PickleValue::Call { callable, arguments, state } = value else { return Err(none()) };
        let PickleValue::Global(name) = pickle.get(*callable) else { return Err(none()) };
        let list = |id: Id| match pickle.get(id) {
            PickleValue::List(list) => Ok(&list[..]),
            _ => Err(none()),
        };
        let (shape, kind, bytes, in_rows) = match (name.as_str(), state) {
            // numpy's state: a version, the shape, the kind, whether columns come first, the bytes.
            ("numpy.core.multiarray._reconstruct" | "numpy._core.multiarray._reconstruct", Some(state)) => {
                let [_, shape, kind, by_column, bytes] = *list(*state)? else { return Err(none()) };
                (shape, kind, bytes, *pickle.get(by_column) == PickleValue::Int(0))
            }
            // Protocol 5: the bytes, the kind, the shape, the order.
            ("numpy.core.numeric._frombuffer" | "numpy._core.numeric._frombuffer", _) => {
                let [bytes, kind, shape, order] = *list(*arguments)? else { return Err(none()) };
                (shape, kind, bytes, *pickle.get(order) == PickleValue::Text("C".into()))
            }
            ("numpy.core.multiarray._reconstruct" | "numpy._core.multiarray._reconstruct", None) => {
                return Err(none());
            }
            _ => return Err(format!("its '{key}' is made by {}, which is not called", harmless(name, 80))),
        };
        let side = |id: &Id| match pickle.get(*id) {
            PickleValue::Int(n) => usize::try_from(*n).map_err(|_| none()),
            _ => Err(none()),
        };
        let shape = list(shape)?.iter().map(side).collect::<std::result::Result<Vec<_>, _>>()?;
        let PickleValue::Call { arguments, .. } = pickle.get(kind) else { return Err(none()) };
        let kind = match list(*arguments)?.first().map(|id| pickle.get(*id)) {
            Some(PickleValue::Bytes(name)) => String::from_utf8_lossy(name).into_owned(),
            Some(PickleValue::Text(name)) => name.clone().into_owned(),
            _ => return Err(none()),
        };
        if !in_rows && shape.len() > 1 {
            return Err(format!("its '{key}' is stored by column; pickle numpy.ascontiguousarray of it"));
        }
        Ok(Self { shape, kind, bytes: bytes_of(pickle, bytes).ok_or_else(none)? })
    }
}

/// Bytes, also where they are written as text.
fn bytes_of<'a>(pickle: &Pickle<'a>, id: Id) -> Option<Cow<'a, [u8]>> {
    if let PickleValue::Bytes(bytes) = pickle.get(id) {
        return Some(bytes.clone());
    }
    let bytes = pickle.encoded(id)?.chars().map(|c| u8::try_from(u32::from(c)).ok());
    bytes.collect::<Option<Vec<_>>>().map(Cow::Owned)
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
        let texts: Vec<_> =
            list.iter()
                .filter_map(|id| match pickle.get(*id) {
                    PickleValue::Bytes(bytes) => Some(String::from_utf8_lossy(bytes)),
                    PickleValue::Text(text) => Some(Cow::Borrowed(&**text)),
                    PickleValue::Call { .. } => bytes_of(&pickle, *id)
                        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned().into()),
                    _ => None,
                })
                .collect();
        class_names(texts.iter().map(AsRef::as_ref))
    };
    Ok((list(&["label_names", "fine_label_names"]), list(&["coarse_label_names"])))
}
