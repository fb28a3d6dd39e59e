//! The MNIST family: Fashion-MNIST and MNIST from their IDX files, a subset of Fashion-MNIST
//! built in.

use std::path::{Path, PathBuf};

use super::images::{Decoded, Images, class_names};
use super::search::{self, DatasetMarks};
use super::source::{FileFingerprint, FoundDataset, LocatedDataset, MissingDataset};
use super::tree::{Tree, joined};
use super::{idx, places};
use crate::domain::dataset::DatasetId;
use crate::engine::error::{EngineError, Result, shown};

/// Height and width of an image, pixels.
const SIZE: usize = 28;
/// Longest file read: the raw training images are 47 MB.
const MAX_BYTES: u64 = 256 << 20;
/// The four files, images before labels, training before test.
const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Other spellings of a file's name: MNIST's page has a dot, some rename the test files.
fn spellings(name: &str) -> Vec<String> {
    let dotted = name.replacen("-idx", ".idx", 1);
    let mut all = vec![name.to_owned(), dotted];
    all.extend(name.strip_prefix("t10k-").map(|rest| format!("test-{rest}")));
    all.iter().flat_map(|name| [name.clone(), format!("{name}.gz")]).collect()
}

/// Where one of the datasets may be. Both have files of the same names, so that only one
/// of them may lie in a data folder itself.
struct Layout {
    title: &'static str,
    /// Folders below a data folder, torchvision's among them.
    subfolders: &'static [&'static str],
    /// Where Debian's package puts them.
    debian: Option<&'static str>,
    help: &'static str,
}

const FASHION: Layout = Layout {
    title: "Fashion-MNIST",
    subfolders: &["fashion-mnist", "FashionMNIST/raw", ""],
    debian: Some("/usr/share/datasets/fashion-mnist"),
    help: "; on Debian install dataset-fashion-mnist, elsewhere get it with 'hiresnet-tui data fetch fashion', give \
           its folder with --data-dir or HIRESNET_DATA, or use the dataset fashion-embedded",
};

const MNIST: Layout = Layout {
    title: "MNIST",
    subfolders: &["mnist", "MNIST/raw"],
    debian: None,
    help: "; get it with 'hiresnet-tui data fetch mnist', or give the folder above with --data-dir or HIRESNET_DATA",
};

macro_rules! embedded {
    ($name:literal) => {
        (
            concat!("embedded ", $name),
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/fashion-mnist/", $name, ".gz"))
                as &[u8],
        )
    };
}

/// The subset of Fashion-MNIST that is built in.
///
/// # Errors
/// Never, unless the program was built from broken files.
pub fn embedded() -> Result<Decoded> {
    let parts = [
        embedded!("train-images-idx3-ubyte"),
        embedded!("train-labels-idx1-ubyte"),
        embedded!("t10k-images-idx3-ubyte"),
        embedded!("t10k-labels-idx1-ubyte"),
    ];
    decode(DatasetId::FashionEmbedded, &parts.map(|(name, bytes)| (PathBuf::from(name), bytes)))
}

/// The four files in `folder` of a tree, those that are there, gzipped or not, or each in a
/// folder of its own name, as some archives have them.
fn files_in(tree: &Tree, folder: &str) -> [Option<String>; 4] {
    FILES.map(|name| {
        let plain = spellings(name).into_iter();
        let nested = spellings(name).into_iter().map(|name| format!("{name}/{name}"));
        plain.chain(nested).map(|name| joined(folder, &name)).find(|name| tree.has_file(name))
    })
}

/// The four files in a folder.
fn files_at(folder: &Path) -> [Option<String>; 4] {
    files_in(&Tree::Folder(folder.to_path_buf()), "")
}

fn is_whole(found: &[Option<String>; 4]) -> bool {
    found.iter().all(Option::is_some)
}

/// Finds Fashion-MNIST or MNIST.
///
/// # Errors
/// When it is not there, or not all of its files.
pub fn locate(
    dataset: DatasetId,
    folder: Option<&Path>,
) -> std::result::Result<LocatedDataset, MissingDataset> {
    let layout = if dataset == DatasetId::Mnist { &MNIST } else { &FASHION };
    let (place, is_guess) = layout.find(dataset, folder)?;
    let at = place.clone();
    let open = move || {
        let mut found = source(dataset, at)?;
        found.notes.extend(is_guess.then(|| layout.guess(&found.place)));
        Ok(found)
    };
    Ok(LocatedDataset { place, open: Box::new(open) })
}

/// The dataset in a folder, or an archive.
fn source(dataset: DatasetId, place: PathBuf) -> Result<FoundDataset> {
    let mut fingerprint = FileFingerprint::new("idx 1");
    if place.is_dir() {
        let tree = Tree::Folder(place.clone());
        for name in files_in(&tree, "").iter().flatten() {
            fingerprint.file(&tree.place(name))?;
        }
    } else {
        fingerprint.file(&place)?;
    }
    let at = place.clone();
    let decode = move || {
        let is_idx = |name: &str| {
            let last = name.rsplit('/').next().unwrap_or(name);
            FILES.iter().any(|file| spellings(file).iter().any(|spelling| spelling == last))
        };
        let tree = if at.is_dir() { Tree::Folder(at.clone()) } else { Tree::open(&at, &is_idx)? };
        let folders = tree.folders_where(|tree, folder| is_whole(&files_in(tree, folder)));
        // An archive may have both datasets.
        let said = |folder: &&String| search::says(dataset, &at, folder);
        let own = folders.iter().find(|folder| said(folder) == Some(true));
        let own = own.or_else(|| folders.iter().find(|folder| said(folder).is_none())).or(folders.first());
        let found = files_in(&tree, own.map_or("", String::as_str));
        let mut parts = Vec::with_capacity(4);
        for (name, file) in found.into_iter().zip(FILES) {
            let missing = || format!("{file} is missing from it; it has {}", tree.listed());
            let name = name.ok_or_else(|| EngineError::data(&at, missing()))?;
            parts.push((tree.place(&name), tree.read_up_to(&name, MAX_BYTES)?));
        }
        let part = |i: usize| (parts[i].0.clone(), parts[i].1.as_slice());
        decode(dataset, &[part(0), part(1), part(2), part(3)])
    };
    Ok(FoundDataset { place, fingerprint: fingerprint.finish(), notes: Vec::new(), decode: Box::new(decode) })
}

impl Layout {
    /// The folder or archive of the four files, and whether nothing but their place says of which
    /// dataset they are. A folder that the user named is the only place looked in.
    fn find(
        &self,
        dataset: DatasetId,
        folder: Option<&Path>,
    ) -> std::result::Result<(PathBuf, bool), MissingDataset> {
        let mut roots = places::roots(folder);
        let below = roots.iter().flat_map(|root| self.subfolders.iter().map(|sub| root.join(sub)));
        let mut folders: Vec<PathBuf> = below.collect();
        if let Some(debian) = self.debian.filter(|_| places::is_unsaid(folder)) {
            folders.push(debian.into());
            roots.push(debian.into());
        }
        for folder in folders.iter().filter(|folder| is_whole(&files_at(folder))) {
            // Files in a data folder itself may be those of either.
            let is_own = match roots.contains(folder) && self.debian.map(Path::new) != Some(folder) {
                false => Some(true),
                true => search::says(dataset, folder, "")
                    .or_else(|| Some(whose(&Tree::Folder(folder.clone()), "")? == dataset)),
            };
            if is_own != Some(false) {
                return Ok((folder.clone(), is_own.is_none()));
            }
        }
        let marks = DatasetMarks {
            dataset,
            is_folder: &|tree, folder| is_whole(&files_in(tree, folder)),
            is_archive: &|names| {
                let has = |name: &String| {
                    let last = name.rsplit('/').next().unwrap_or(name);
                    spellings(FILES[0]).iter().chain(&spellings(FILES[3])).any(|spelling| spelling == last)
                };
                names.iter().any(has)
            },
            whose: Some(&whose),
        };
        if let Some((place, _)) = marks.find(&roots) {
            return Ok((place, false));
        }
        for folder in &folders {
            let found = files_at(folder);
            if let Some(i) = found.iter().position(Option::is_none)
                && found.iter().any(Option::is_some)
            {
                let tree = Tree::Folder(folder.clone());
                let known = |name: &str| found.iter().flatten().any(|file| file == name);
                let hint = search::rename_hint(&tree, FILES[i], known);
                let reason = format!("{}[.gz] is missing from {}'s four files{hint}", FILES[i], self.title);
                return Err(MissingDataset::instead(folder, reason, true));
            }
        }
        if let Some(root) = roots.iter().find(|root| is_whole(&files_at(root))) {
            let is_known =
                search::says(dataset, root, "").is_some() || whose(&Tree::Folder(root.clone()), "").is_some();
            let are = if is_known { "are" } else { "are taken for" };
            let other = if dataset == DatasetId::Mnist { FASHION.title } else { MNIST.title };
            let (title, to) = (self.title, shown(&root.join(self.subfolders[0])));
            let reason = format!("the four files here {are} {other}'s; put {title}'s into {to}");
            return Err(MissingDataset::instead(root, reason, false));
        }
        let looked_for = format!("{}[.gz] and its three companions", FILES[0]);
        let mut missing = marks.missing(self.title, &looked_for, &roots, self.help);
        if let Some(folder) = roots.iter().find_map(|root| self.nameless(root)) {
            let reason = format!(
                "four IDX files are here, and nothing says of which dataset: rename the folder to {}",
                self.subfolders[0]
            );
            missing = MissingDataset::instead(&folder, reason, missing.partial);
        } else if let Some(archive) = roots.iter().find_map(|root| marks.nameless_archive(root)) {
            let reason = format!(
                "MNIST's four files or those of a dataset like it, and nothing says of which: rename it to {}.zip",
                self.subfolders[0]
            );
            missing = MissingDataset::instead(&archive, reason, true);
        }
        Err(missing)
    }

    /// That files in the folder `place` are taken for this dataset's.
    fn guess(&self, place: &Path) -> String {
        let (title, named) = (self.title, self.subfolders[0]);
        format!(
            "{}: the four files here are taken for {title}'s, but nothing says of which dataset they are; \
             move {title}'s to {}, MNIST's to {}",
            shown(place),
            shown(&place.join(named)),
            shown(&place.join(MNIST.subfolders[0]))
        )
    }

    /// A folder below `root` with four IDX files and a name that says nothing.
    fn nameless(&self, root: &Path) -> Option<PathBuf> {
        let tree = Tree::Folder(root.to_path_buf());
        let is_it = |tree: &Tree, folder: &str| !folder.is_empty() && is_whole(&files_in(tree, folder));
        let others = [DatasetId::Mnist, DatasetId::Fashion];
        let found = tree.folders_where(is_it);
        let mut nameless =
            found.iter().filter(|name| !others.iter().any(|other| search::is_like(*other, name)));
        nameless.next().map(|name| root.join(name))
    }
}

/// How the training labels of both datasets begin.
const FIRST_LABELS: [(DatasetId, [u8; 20]); 2] = [
    (DatasetId::Mnist, [5, 0, 4, 1, 9, 2, 1, 3, 1, 4, 3, 5, 3, 6, 1, 7, 2, 8, 6, 9]),
    (DatasetId::Fashion, [9, 0, 0, 3, 0, 2, 7, 2, 5, 5, 0, 9, 5, 5, 7, 9, 1, 0, 6, 4]),
];

/// Whose training labels these are, by how they begin.
fn whose_labels<T: Copy + Into<u16>>(labels: &[T]) -> Option<DatasetId> {
    let begins = |first: &[u8]| {
        let found = labels.iter().map(|label| (*label).into());
        labels.len() >= first.len() && found.zip(first).all(|(a, b): (u16, _)| a == u16::from(*b))
    };
    FIRST_LABELS.into_iter().find(|(_, first)| begins(first)).map(|(dataset, _)| dataset)
}

/// Whose the four files in `folder` of a tree are, by the training labels.
fn whose(tree: &Tree, folder: &str) -> Option<DatasetId> {
    let [_, labels, ..] = files_in(tree, folder);
    let (name, most) = (labels?, MAX_BYTES);
    let bytes = tree.read_up_to(&name, most).ok()?;
    whose_labels(&idx::parse::<1>(&tree.place(&name), &bytes).ok()?.1)
}

/// From the four files.
fn decode(dataset: DatasetId, files: &[(PathBuf, &[u8]); 4]) -> Result<Decoded> {
    let names = (0..10).filter_map(|class| dataset.class_name(class));
    let (training, test) = (images(&files[0], &files[1])?, images(&files[2], &files[3])?);
    let other = whose_labels(&training.labels).filter(|whose| *whose != dataset);
    let other = other.filter(|_| dataset != DatasetId::FashionEmbedded).map(|other| {
        let (at, name) = (shown(&files[1].0), other.name());
        format!(
            "{}: {at} has the labels of {name}: are the files of {name} in the wrong folder?",
            dataset.name()
        )
    });
    Ok(Decoded { training, test, classes: class_names(names), notes: other.into_iter().collect() })
}

fn images(pixels: &(PathBuf, &[u8]), labels: &(PathBuf, &[u8])) -> Result<Images> {
    let ([count, height, width], data) = idx::parse::<3>(&pixels.0, pixels.1)?;
    if (height, width) != (SIZE, SIZE) {
        return Err(EngineError::data(&pixels.0, format!("images of {height}×{width}, expected 28×28")));
    }
    let ([named], classes) = idx::parse::<1>(&labels.0, labels.1)?;
    if named != count {
        return Err(EngineError::data(
            &labels.0,
            format!("{named} labels for the {count} images of {}", shown(&pixels.0)),
        ));
    }
    if let Some(i) = classes.iter().position(|label| *label > 9) {
        return Err(EngineError::data(
            &labels.0,
            format!("label {} of image {i} is not a class from 0 to 9", classes[i]),
        ));
    }
    Ok(Images {
        pixels: data.into(),
        labels: classes.into_iter().map(u16::from).collect(),
        channels: 1,
        size: SIZE,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_subset_is_balanced() {
        let Decoded { training, test, classes, .. } = embedded().unwrap();
        assert_eq!((classes.len(), classes[9].name.as_str()), (10, "Ankle boot"));
        for (images, each) in [(training, 1000), (test, 200)] {
            for class in 0..10 {
                assert_eq!(images.labels.iter().filter(|l| **l == class).count(), each);
            }
            assert_eq!(images.pixels.len(), images.len() * SIZE * SIZE);
        }
    }
}
