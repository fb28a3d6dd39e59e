//! Datasets under other names than their publishers': folders and archives that hold what a
//! dataset has, and what else there is whose name is like it.

use std::fs;
use std::path::{Path, PathBuf};

use super::source::MissingDataset;
use super::tree::Tree;
use super::{archive, places, sniff};
use crate::domain::dataset::DatasetId;
use crate::domain::error::nearest;
use crate::domain::text::harmless;
use crate::engine::error::EngineError;

/// Archives of one folder that are looked into, and names of it.
const MAX_ARCHIVES: usize = 32;
const MAX_NAMES: usize = 5_000;
/// Things with a name like a dataset's that a message tells of.
const MAX_NEAR: usize = 4;

/// How a dataset is known by what it holds.
pub struct DatasetMarks<'a> {
    /// Which.
    pub dataset: DatasetId,
    /// Whether a folder of a tree holds the dataset, or part of it.
    pub is_folder: &'a dyn Fn(&Tree, &str) -> bool,
    /// Whether these names, the last of them its own, are those of an archive of it.
    pub is_archive: &'a dyn Fn(&[String]) -> bool,
    /// Whether folders and archives must have a name like the dataset's: another has the same
    /// files.
    pub by_name: bool,
}

impl DatasetMarks<'_> {
    /// The dataset in one of `roots`, under whatever name, nearest to the top first: a folder,
    /// else an archive.
    pub fn find(&self, roots: &[PathBuf]) -> Option<(PathBuf, bool)> {
        roots.iter().find_map(|root| {
            let folder = self.folder(root).map(|folder| (folder, false));
            folder.or_else(|| self.archives(root).into_iter().next().map(|archive| (archive, true)))
        })
    }

    fn folder(&self, root: &Path) -> Option<PathBuf> {
        let tree = Tree::Folder(root.to_path_buf());
        let top = root.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let is_it = |tree: &Tree, folder: &str| {
            let named = if folder.is_empty() { &top } else { folder };
            (!self.by_name || is_like(self.dataset, named)) && (self.is_folder)(tree, folder)
        };
        let found = tree.folders_where(is_it);
        found.first().map(|folder| if folder.is_empty() { root.to_path_buf() } else { root.join(folder) })
    }

    /// Archives in `root` and the folders in it that hold the dataset, by their contents; those
    /// that are named like another dataset are not looked into.
    fn archives(&self, root: &Path) -> Vec<PathBuf> {
        let mut found = archives_in(root);
        for folder in Tree::Folder(root.to_path_buf()).folders("").unwrap_or_default().iter().take(100) {
            found.extend(archives_in(&root.join(folder)));
        }
        let is_other = |name: &str| {
            DatasetId::ALL.into_iter().any(|other| other != self.dataset && is_like(other, name))
        };
        found.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_named = is_like(self.dataset, &name);
            (is_named || !self.by_name && !is_other(&name)) && (self.is_archive)(&peeked(path, &name))
        });
        found
    }

    /// That the dataset is nowhere: what was looked for, what there is whose name is like it,
    /// and what `help`s.
    pub fn missing(&self, title: &str, looked_for: &str, roots: &[PathBuf], help: &str) -> MissingDataset {
        let near: Vec<_> = roots.iter().flat_map(|root| near(self.dataset, root)).take(MAX_NEAR).collect();
        let partial = near.iter().any(|(_, is_archive)| *is_archive);
        let near: Vec<_> = near.into_iter().map(|(text, _)| text).collect();
        let is_near = !near.is_empty();
        let found = if near.is_empty() { String::new() } else { format!("; found {}", near.join("; ")) };
        let reason =
            format!("no {title} here (looked for {looked_for} in: {}){found}{help}", places::listed(roots));
        MissingDataset {
            error: EngineError::data(roots.first().cloned().unwrap_or_default(), reason),
            partial,
            near: is_near,
        }
    }
}

/// Some names in an archive, and its own.
fn peeked(archive: &Path, name: &str) -> Vec<String> {
    let mut names = archive::peek(archive);
    names.extend((!names.is_empty()).then(|| name.to_owned()));
    names
}

fn is_archive_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let endings = [".zip", ".tar", ".tgz", ".gz"];
    endings.iter().any(|ending| name.ends_with(ending)) && !name.contains("ubyte")
}

fn archives_in(folder: &Path) -> Vec<PathBuf> {
    archives_named_in(folder).into_iter().map(|name| folder.join(name)).collect()
}

/// The names of files in a folder that are those of archives.
fn archives_named_in(folder: &Path) -> Vec<String> {
    let mut names = names_in(folder);
    names.retain(|name| is_archive_name(name) && folder.join(name).is_file());
    names.truncate(MAX_ARCHIVES);
    names
}

/// Names in a folder, sorted, so far as they are text.
fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_NAMES);
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    names
}

/// Whether a name, or a path, is like a dataset's.
pub fn is_like(dataset: DatasetId, name: &str) -> bool {
    let mut plain = name.to_ascii_lowercase();
    plain.retain(|c| c.is_ascii_alphanumeric());
    let has = |part: &str| plain.contains(part);
    match dataset {
        DatasetId::Cifar10 => has("cifar10") && !has("cifar100"),
        DatasetId::Cifar100 => has("cifar100"),
        DatasetId::TinyImagenet => has("tinyimagenet") || has("tinyimgnet") || has("tinyimagnet"),
        DatasetId::Fashion => has("fashion") || has("fmnist"),
        DatasetId::Mnist => {
            let others = ["fashion", "fmnist", "kmnist", "emnist", "qmnist", "notmnist", "kuzushiji"];
            has("mnist") && !others.iter().any(|other| has(other))
        }
        DatasetId::FashionEmbedded | DatasetId::Folder => false,
    }
}

/// What in `root` has a name like the dataset's, and whether that is an archive.
fn near(dataset: DatasetId, root: &Path) -> Vec<(String, bool)> {
    let mut near = Vec::new();
    for name in names_in(root).into_iter().filter(|name| is_like(dataset, name)) {
        let path = root.join(&name);
        let said = harmless(&name, 80);
        if path.is_dir() {
            let wrong = archives_named_in(&path).into_iter().find_map(|name| {
                let what = sniff::mistaken(&sniff::head_of(&path.join(&name)).ok()?)?;
                Some((format!("{said}/{}, which is {what}", harmless(&name, 80)), true))
            });
            let has =
                || (format!("the folder {said}, which has {}", Tree::Folder(path.clone()).listed()), false);
            near.push(wrong.unwrap_or_else(has));
            continue;
        }
        if name.ends_with(".from") {
            continue;
        }
        if name.ends_with(".part") {
            near.push((format!("{said}, an unfinished download that 'data fetch' resumes"), false));
            continue;
        }
        let Ok(head) = sniff::head_of(&path) else { continue };
        let what = match (sniff::mistaken(&head), sniff::archive_kind(&head)) {
            (Some(what), _) => format!("which is {what}"),
            (None, Some(_)) => {
                let mut names: Vec<_> =
                    archive::peek(&path).iter().map(|name| harmless(name, 60)).take(3).collect();
                names.extend((names.is_empty()).then(|| "nothing that can be read".into()));
                format!("which has {} in it, and not the files of this dataset", names.join(", "))
            }
            (None, None) => "which is no archive".into(),
        };
        let is_meant = is_archive_name(&name) || sniff::mistaken(&head).is_some();
        near.push((format!("{said}, {what}"), is_meant));
    }
    near
}

/// What would mend it that the file `wanted` is not at the top of `tree`, as the end of a
/// message: that of another whose name is like it and not `known`. Empty where there is none.
pub fn rename_hint(tree: &Tree, wanted: &str, known: impl Fn(&str) -> bool) -> String {
    let mut names = tree.files("").unwrap_or_default();
    names.retain(|name| !known(name));
    nearest(wanted, names.iter().map(String::as_str)).map_or_else(String::new, |near| {
        let ending = if near.ends_with(".gz") { ".gz" } else { "" };
        format!("; rename {} to {wanted}{ending}", harmless(near, 80))
    })
}

/// The folder of `root` whose name is most like `wanted`, which is not there.
pub fn near_folder(root: &Path, wanted: &str) -> Option<String> {
    let mut names = names_in(root);
    names.retain(|name| root.join(name).is_dir());
    nearest(wanted, names.iter().map(String::as_str)).map(str::to_owned)
}
