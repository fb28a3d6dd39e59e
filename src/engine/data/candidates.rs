//! Files that may be archives: by their names, and where those do not tell, by how they begin,
//! as that of a file which lost its extension or had a number added by a browser.

use std::fs;
use std::path::Path;

use super::folder::is_image;
use super::sniff;
use super::tree::{Tree, joined};

/// Files of one folder that are looked into as archives, and those whose first bytes are looked
/// at since their names do not say what they are.
const MAX_ARCHIVES: usize = 32;
const MAX_SNIFFED: usize = 64;
/// Names of one folder, and folders below a data folder.
const MAX_NAMES: usize = 5_000;
const MAX_FOLDERS: usize = 100;
/// How deep these folders are.
const MAX_DEPTH: usize = 2;
/// Endings of files that a browser or this program is still writing.
const UNFINISHED: [&str; 6] = [".part", ".partial", ".crdownload", ".download", ".opdownload", ".tmp"];

/// Names of archives in `root` and in the folders below it, nearest to the top first.
pub fn below(root: &Path) -> Vec<String> {
    let tree = Tree::Folder(root.to_path_buf());
    let (mut found, mut level, mut left) = (Vec::new(), vec![String::new()], MAX_FOLDERS);
    for depth in 0..=MAX_DEPTH {
        let mut next = Vec::new();
        for folder in level {
            found.extend(archives_in(&root.join(&folder)).iter().map(|name| joined(&folder, name)));
            if depth < MAX_DEPTH {
                let mut folders = tree.folders(&folder).unwrap_or_default();
                folders.truncate(left);
                left -= folders.len();
                next.extend(folders.iter().map(|name| joined(&folder, name)));
            }
        }
        level = next;
    }
    found
}

/// Names of archives in a folder, those that are called so first.
fn archives_in(folder: &Path) -> Vec<String> {
    let mut found = named_in(folder);
    let mut others = names_in(folder);
    others.retain(|name| {
        !is_archive_name(name) && !is_unfinished(name) && !is_image(name) && !name.contains("ubyte")
    });
    let is_archive = |name: &String| {
        sniff::head_of(&folder.join(name)).is_ok_and(|head| sniff::archive_kind(&head).is_some())
    };
    found.extend(others.into_iter().take(MAX_SNIFFED).filter(is_archive).take(MAX_ARCHIVES));
    found
}

/// Names of the files in a folder that are those of archives.
pub fn named_in(folder: &Path) -> Vec<String> {
    let mut names = names_in(folder);
    names.retain(|name| is_archive_name(name) && folder.join(name).is_file());
    names.truncate(MAX_ARCHIVES);
    names
}

/// Names in a folder, sorted, so far as they are text.
pub fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_NAMES);
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    names
}

/// Whether a name says that its file is an archive.
pub fn is_archive_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let endings = [".zip", ".tar", ".tgz", ".gz"];
    endings.iter().any(|ending| name.ends_with(ending)) && !name.contains("ubyte")
}

/// Whether a name says that its file is still written, or was given up.
pub fn is_unfinished(name: &str) -> bool {
    UNFINISHED.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_known_by_their_beginning_where_their_names_do_not_tell() {
        let root = tempfile::tempdir().unwrap();
        let put = |name: &str, bytes: &[u8]| {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        };
        for name in ["plain", "a.tar.gz (1)", "x/b.zip.1", "x/y/c", "x/y/z/too-deep"] {
            put(name, b"PK\x03\x04");
        }
        for name in ["notes", "x/1.png.txt"] {
            put(name, b"text");
        }
        for name in ["a.tar.gz.crdownload", "b.zip.part", "1.png", "train-images-idx3-ubyte.gz", ".hidden"] {
            put(name, b"\x1f\x8b\x08");
        }
        put("named.zip", b"not looked at yet");
        assert_eq!(below(root.path()), ["named.zip", "a.tar.gz (1)", "plain", "x/b.zip.1", "x/y/c"]);
    }
}
