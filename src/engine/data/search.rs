//! Datasets under other names than their publishers': folders and archives that hold what a
//! dataset has, and what else there is whose name is like it.

use std::path::{Path, PathBuf};

use super::candidates::names_in;
use super::source::MissingDataset;
use super::tree::Tree;
use super::{archive, candidates, places, sniff};
use crate::domain::dataset::DatasetId;
use crate::domain::error::nearest;
use crate::domain::text::harmless;
use crate::engine::error::EngineError;

/// Things with a name like a dataset's that a message tells of.
const MAX_NEAR: usize = 4;

/// Whose files a folder of a tree has.
pub type WhoseFiles<'a> = &'a dyn Fn(&Tree, &str) -> Option<DatasetId>;

/// How a dataset is known by what it holds.
pub struct DatasetMarks<'a> {
    /// Which.
    pub dataset: DatasetId,
    /// Whether a folder of a tree holds the dataset, or part of it.
    pub is_folder: &'a dyn Fn(&Tree, &str) -> bool,
    /// Whether these names, the last of them its own, are those of an archive of it.
    pub is_archive: &'a dyn Fn(&[String]) -> bool,
    /// Where another dataset has files of the same names, so that the names of folders and
    /// archives decide: whose files a folder of a tree has, by what is in them.
    pub whose: Option<WhoseFiles<'a>>,
}

impl DatasetMarks<'_> {
    /// The dataset in one of `roots`, under whatever name, nearest to the top first: a folder,
    /// else an archive.
    pub fn find(&self, roots: &[PathBuf]) -> Option<(PathBuf, bool)> {
        roots.iter().find_map(|root| {
            let folder = self.folder(root).map(|folder| (folder, false));
            folder.or_else(|| self.archive(root).map(|archive| (archive, true)))
        })
    }

    fn folder(&self, root: &Path) -> Option<PathBuf> {
        let tree = Tree::Folder(root.to_path_buf());
        let is_own = |tree: &Tree, folder: &str| {
            let Some(whose) = self.whose else { return true };
            says(self.dataset, root, folder).unwrap_or_else(|| whose(tree, folder) == Some(self.dataset))
        };
        let found = tree.folders_where(|tree, folder| (self.is_folder)(tree, folder) && is_own(tree, folder));
        found.first().map(|folder| if folder.is_empty() { root.to_path_buf() } else { root.join(folder) })
    }

    /// The first archive below `root` that holds the dataset, by its contents; those that are
    /// named like another dataset are not looked into.
    fn archive(&self, root: &Path) -> Option<PathBuf> {
        let is_other = |name: &str| {
            DatasetId::ALL.into_iter().any(|other| other != self.dataset && is_like(other, name))
        };
        let found = candidates::below(root).into_iter().find(|name| {
            let last = name.rsplit('/').next().unwrap_or(name);
            if !is_like(self.dataset, last) && is_other(last) {
                return false;
            }
            let names = peeked(&root.join(name), name);
            (self.is_archive)(&names) && self.is_own_archive(root, name, &names)
        });
        found.map(|name| root.join(name))
    }

    /// Whether an archive that has the right files is not another dataset's: by its name, by
    /// those of the folders that it is in or that are in it, else by what is in its files.
    fn is_own_archive(&self, root: &Path, name: &str, names: &[String]) -> bool {
        let Some(whose) = self.whose else { return true };
        let within = names.iter().filter_map(|inner| Some(format!("{name}/{}", inner.rsplit_once('/')?.0)));
        let said: Vec<_> =
            within.chain([name.to_owned()]).filter_map(|name| says(self.dataset, root, &name)).collect();
        if !said.is_empty() {
            return said.contains(&true);
        }
        let Ok(tree) = Tree::open(&root.join(name), &|inner| inner.contains("ubyte")) else { return false };
        let folders = tree.folders_where(|tree, folder| (self.is_folder)(tree, folder));
        folders.first().is_some_and(|folder| whose(&tree, folder) == Some(self.dataset))
    }

    /// An archive below `root` with files of the right names, which may be another dataset's.
    pub fn nameless_archive(&self, root: &Path) -> Option<PathBuf> {
        let is_it = |name: &String| {
            let is_said = DatasetId::ALL.into_iter().any(|any| is_like(any, name));
            !is_said && (self.is_archive)(&peeked(&root.join(name), name))
        };
        candidates::below(root).into_iter().find(is_it).map(|name| root.join(name))
    }

    /// That the dataset is nowhere: what was looked for, what there is whose name is like it,
    /// and what `help`s.
    pub fn missing(&self, title: &str, looked_for: &str, roots: &[PathBuf], help: &str) -> MissingDataset {
        let near: Vec<_> = roots.iter().flat_map(|root| near(self.dataset, root)).take(MAX_NEAR).collect();
        let partial = near.iter().any(|(_, is_archive)| *is_archive);
        let near: Vec<_> = near.into_iter().map(|(text, _)| text).collect();
        let found = (!near.is_empty()).then(|| format!("found {}", near.join("; ")));
        let said = found.iter().map(|found| format!("; {found}")).collect::<String>();
        let reason =
            format!("no {title} here (looked for {looked_for} in: {}){said}{help}", places::listed(roots));
        let error = EngineError::data(roots.first().cloned().unwrap_or_default(), reason);
        MissingDataset { error, partial, found }
    }
}

/// Some names in an archive, and its own.
fn peeked(archive: &Path, name: &str) -> Vec<String> {
    let mut names = archive::peek(archive);
    names.extend((!names.is_empty()).then(|| name.to_owned()));
    names
}

/// Whether a path below `root` names the dataset (or another): by the innermost of its steps
/// that is like a dataset's name, last of all by the name of `root`. `None` where none is.
pub fn says(dataset: DatasetId, root: &Path, path: &str) -> Option<bool> {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    let top = root.file_name().unwrap_or_default().to_string_lossy();
    path.rsplit('/').chain([&*top]).find_map(|step| {
        let named: Vec<_> = DatasetId::ALL.into_iter().filter(|any| is_like(*any, step)).collect();
        (!named.is_empty()).then(|| named.contains(&dataset))
    })
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

/// What in `root` has a name like the dataset's or holds an archive of it, and whether that is
/// an archive.
fn near(dataset: DatasetId, root: &Path) -> Vec<(String, bool)> {
    let named = names_in(root).into_iter().filter(|name| is_like(dataset, name));
    let named = named.filter(|name| !name.ends_with(".from"));
    let mut near: Vec<_> = named.filter_map(|name| near_one(root, &name)).collect();
    let said = near.len();
    // An archive in another is named and not read: reading it would take both at once.
    let is_others = |name: &String| {
        let last = name.rsplit('/').next().unwrap_or(name);
        DatasetId::ALL.into_iter().any(|other| other != dataset && is_like(other, last))
    };
    for name in candidates::below(root).into_iter().filter(|name| !is_others(name)) {
        let mut within = archive::peek(&root.join(&name)).into_iter();
        let is_it = |inner: &String| candidates::is_archive_name(inner) && is_like(dataset, inner);
        if let Some(inner) = within.find(is_it) {
            let (name, inner) = (harmless(&name, 80), harmless(&inner, 80));
            near.push((format!("{name}, which has the archive {inner} in it: unpack {name}"), true));
        }
    }
    if near.len() > said {
        near.drain(..said);
    }
    near
}

/// What the thing called `name` in `root` is; `None` where it cannot be read.
fn near_one(root: &Path, name: &str) -> Option<(String, bool)> {
    let (path, said) = (root.join(name), harmless(name, 80));
    if path.is_dir() {
        let wrong = candidates::named_in(&path).into_iter().find_map(|name| {
            let what = sniff::mistaken(&sniff::head_of(&path.join(&name)).ok()?)?;
            Some((format!("{said}/{}, which is {what}", harmless(&name, 80)), true))
        });
        let has = || (format!("the folder {said}, which has {}", Tree::Folder(path.clone()).listed()), false);
        return Some(wrong.unwrap_or_else(has));
    }
    if name.ends_with(".part") {
        return Some((format!("{said}, an unfinished download that 'data fetch' resumes"), false));
    }
    if candidates::is_unfinished(name) {
        let what = "a download that has not finished, or did not: wait for it, or download the file again";
        return Some((format!("{said}, {what}"), true));
    }
    let head = sniff::head_of(&path).ok()?;
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
    let is_meant = candidates::is_archive_name(name) || sniff::mistaken(&head).is_some();
    Some((format!("{said}, {what}"), is_meant))
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
