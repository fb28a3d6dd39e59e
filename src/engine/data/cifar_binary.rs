//! CIFAR's binary version: records of the label (CIFAR-100: coarse, then fine) and 3,072
//! bytes, red, green and blue planes of 32×32.

use super::archive::Named;
use super::cifar::{CifarVersion, Names, PIXELS, Records, lines};
use super::sniff::explained;

/// Adds a file's records.
///
/// # Errors
/// When it is no whole number of records, or a label is no class.
pub fn read(form: &CifarVersion, bytes: &[u8], records: &mut Records) -> Result<(), String> {
    let labels = 1 + usize::from(form.coarse);
    let record = labels + PIXELS;
    if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
        let reason = format!("{} bytes, not a whole number of {record}-byte records", bytes.len());
        return Err(explained(bytes, reason));
    }
    for (i, record) in bytes.chunks_exact(record).enumerate() {
        let (labels, pixels) = record.split_at(labels);
        records.labels.push(form.label(labels[labels.len() - 1].into(), i)?);
        if form.coarse {
            records.coarse.push(form.coarse_label(labels[0].into(), i)?);
        }
        records.pixels.extend_from_slice(pixels);
    }
    Ok(())
}

/// The names of the classes and of those above them, a line each, where there are files.
pub fn names(files: Vec<Option<Named>>) -> Names {
    let mut files = files.into_iter().map(|file| file.map_or(Vec::new(), |(_, bytes)| lines(&bytes)));
    (files.next().unwrap_or_default(), files.next().unwrap_or_default())
}
