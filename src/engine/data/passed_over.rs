//! Files of a dataset that are not read, how many of each class and why.

use std::collections::BTreeMap;
use std::path::Path;

use crate::domain::text::{grouped, harmless};

/// Classes whose files a note tells of.
const TOLD: usize = 10;

/// What is passed over: by folder and reason, how many.
#[derive(Debug, Clone, Default)]
pub struct PassedOver {
    /// Files.
    files: usize,
    /// Of files, or of folders.
    reasons: BTreeMap<String, BTreeMap<String, usize>>,
}

impl PassedOver {
    /// Adds some files of `folder`.
    pub fn add(&mut self, folder: &str, reason: &str, files: usize) {
        self.files += files;
        self.count(folder, reason, files);
    }

    /// Adds some folders in `folder`, whose files nobody counts.
    pub fn add_folders(&mut self, folder: &str, folders: usize) {
        self.count(folder, if folders == 1 { "folder" } else { "folders" }, folders);
    }

    /// Adds some hidden folders in `folder`, likewise.
    pub fn add_hidden_folders(&mut self, folder: &str, folders: usize) {
        self.count(folder, if folders == 1 { "hidden folder" } else { "hidden folders" }, folders);
    }

    fn count(&mut self, folder: &str, reason: &str, number: usize) {
        if number > 0 {
            let reasons = self.reasons.entry(folder.to_owned()).or_default();
            *reasons.entry(reason.to_owned()).or_default() += number;
        }
    }

    /// Keeps the names that are `wanted`, and adds the others, by their extensions.
    pub fn retain(&mut self, folder: &str, names: &mut Vec<String>, wanted: fn(&str) -> bool) {
        names.retain(|name| {
            let keeps = wanted(name);
            if !keeps {
                let ending = Path::new(name).extension().map(|ending| ending.to_string_lossy());
                let reason = ending.map(|ending| format!(".{}", harmless(&ending, 12)));
                self.add(folder, reason.as_deref().unwrap_or("without extension"), 1);
            }
            keeps
        });
    }

    /// What was passed over of the dataset called `name`, in one line; `None` where nothing was.
    pub fn note(&self, name: &str) -> Option<String> {
        let folder = |(folder, reasons): (&String, &BTreeMap<String, usize>)| {
            let reasons: Vec<_> =
                reasons.iter().map(|(why, number)| format!("{} {why}", grouped(*number))).collect();
            format!("{} ({})", harmless(folder, 60), reasons.join(", "))
        };
        let told: Vec<_> = self.reasons.iter().take(TOLD).map(folder).collect();
        let more = match self.reasons.len() - told.len() {
            0 => String::new(),
            more => format!(" and {} more folders", grouped(more)),
        };
        let files = match self.files {
            0 => String::new(),
            1 => "1 file ".into(),
            more => format!("{} files ", grouped(more)),
        };
        let name = harmless(name, 60);
        (!told.is_empty()).then(|| format!("{name}: {files}not read: {}{more}", told.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_over_is_counted_by_folder_and_reason() {
        let mut passed_over = PassedOver::default();
        assert_eq!(passed_over.note("pets"), None);
        let mut names: Vec<_> = ["1.png", "2.txt", "3.txt", "4"].map(str::to_owned).into();
        passed_over.retain("train/cat", &mut names, |name| name.ends_with(".png"));
        passed_over.add("train/d\u{202e}g", "hidden", 2000);
        passed_over.add_folders("train/cat", 2);
        passed_over.add_hidden_folders("train/cat", 1);
        assert_eq!(names, ["1.png"]);
        let note = passed_over.note("pets").unwrap();
        let expected = "pets: 2,003 files not read: train/cat (2 .txt, 2 folders, 1 hidden folder, 1 without extension), \
                        train/d·g (2,000 hidden)";
        assert_eq!(note, expected);
    }
}
