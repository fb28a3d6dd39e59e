//! A disk made from a log of calls: what is on it while they go on, and what a power cut
//! leaves of it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

#[derive(Debug, Clone, Default)]
struct Content {
    now: Vec<u8>,
    flushed: Vec<u8>,
}

/// Which names a power cut leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Those that were flushed with their folder.
    Flushed,
    /// The same without those that were removed since: removals first.
    FlushedWithoutRemoved,
    /// All, as when only the program is killed.
    All,
}

/// Which contents it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    Flushed,
    All,
}

/// Every way in which a cut may end.
pub const WAYS: [(Names, Contents); 6] = [
    (Names::FlushedWithoutRemoved, Contents::Flushed),
    (Names::FlushedWithoutRemoved, Contents::All),
    (Names::Flushed, Contents::Flushed),
    (Names::Flushed, Contents::All),
    (Names::All, Contents::Flushed),
    (Names::All, Contents::All),
];

/// Files by path, `None` for folders.
pub type Tree = BTreeMap<PathBuf, Option<Vec<u8>>>;

/// The folder `root` and what is below it.
#[derive(Debug)]
pub struct Disk {
    root: PathBuf,
    contents: Vec<Content>,
    /// The system's numbers of files; it uses them again.
    inodes: HashMap<u64, usize>,
    now: BTreeMap<PathBuf, Node>,
    flushed: BTreeMap<PathBuf, Node>,
    /// `flushed` without what was removed since.
    left: BTreeMap<PathBuf, Node>,
}

impl Disk {
    /// What is in `root`, all of it safe.
    pub fn of(root: &Path) -> Self {
        let (contents, inodes) = (Vec::new(), HashMap::new());
        let names = BTreeMap::new;
        let mut disk =
            Self { root: root.into(), contents, inodes, now: names(), flushed: names(), left: names() };
        disk.read(root);
        disk.flushed = disk.now.clone();
        disk.left = disk.now.clone();
        disk
    }

    fn read(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.now.insert(path.clone(), Node::Folder);
                self.read(&path);
            } else {
                let bytes = fs::read(&path).unwrap();
                self.inodes.insert(fs::metadata(&path).unwrap().ino(), self.contents.len());
                self.now.insert(path, Node::File(self.contents.len()));
                self.contents.push(Content { now: bytes.clone(), flushed: bytes });
            }
        }
    }

    /// Does the next call of `log`, of which the rest comes back; `None` at its end.
    pub fn step<'a>(&mut self, log: &'a [u8]) -> Option<(String, &'a [u8])> {
        let end = log.iter().position(|byte| *byte == b'\n')?;
        let line = std::str::from_utf8(&log[..end]).unwrap();
        let mut rest = &log[end + 1..];
        let (call, words) = line.split_once(' ').unwrap();
        let number = |text: &str| text.parse::<usize>().unwrap();
        let path = || PathBuf::from(words);
        match call {
            "C" => {
                let (inode, path) = words.split_once(' ').unwrap();
                self.inodes.insert(inode.parse().unwrap(), self.contents.len());
                self.now.insert(path.into(), Node::File(self.contents.len()));
                self.contents.push(Content::default());
            }
            "W" => {
                let words: Vec<&str> = words.split(' ').collect();
                let (at, length) = (number(words[1]), number(words[2]));
                if let Some(content) = self.content(words[0]) {
                    content.now.resize(content.now.len().max(at + length), 0);
                    content.now[at..at + length].copy_from_slice(&rest[..length]);
                }
                rest = &rest[length + 1..];
            }
            "T" => {
                let (inode, length) = words.split_once(' ').unwrap();
                if let Some(content) = self.content(inode) {
                    content.now.resize(number(length), 0);
                }
            }
            "F" => {
                if let Some(content) = self.content(words) {
                    content.flushed.clone_from(&content.now);
                }
            }
            "D" => {
                let folder = path();
                let is_in = |path: &Path| path.parent() == Some(&folder);
                self.flushed.retain(|path, _| !is_in(path));
                self.flushed
                    .extend(self.now.iter().filter(|(path, _)| is_in(path)).map(|(p, n)| (p.clone(), *n)));
                self.left.retain(|path, _| !is_in(path));
                self.left
                    .extend(self.now.iter().filter(|(path, _)| is_in(path)).map(|(p, n)| (p.clone(), *n)));
            }
            "R" => {
                let (from, to) = words.split_once('\t').unwrap();
                let node = self.now.remove(Path::new(from)).unwrap();
                self.now.insert(to.into(), node);
            }
            "U" | "X" => {
                self.now.remove(&path());
                self.left.remove(&path());
            }
            "M" => _ = self.now.insert(path(), Node::Folder),
            other => panic!("no such call: {other}"),
        }
        Some((line.to_owned(), rest))
    }

    fn content(&mut self, inode: &str) -> Option<&mut Content> {
        self.inodes.get(&inode.parse().unwrap()).map(|index| &mut self.contents[*index])
    }

    /// What is there after a power cut now, by paths below the root.
    pub fn after_a_cut(&self, (names, contents): (Names, Contents)) -> Tree {
        let names = match names {
            Names::Flushed => &self.flushed,
            Names::FlushedWithoutRemoved => &self.left,
            Names::All => &self.now,
        };
        let is_there = |path: &Path| {
            let mut above = path.ancestors().skip(1).take_while(|folder| *folder != self.root);
            above.all(|folder| names.contains_key(folder))
        };
        let file = |index: usize| match contents {
            Contents::Flushed => self.contents[index].flushed.clone(),
            Contents::All => self.contents[index].now.clone(),
        };
        let node = |node: &Node| match node {
            Node::Folder => None,
            Node::File(index) => Some(file(*index)),
        };
        let there = names.iter().filter(|(path, _)| is_there(path));
        there.map(|(path, kind)| (path.strip_prefix(&self.root).unwrap().into(), node(kind))).collect()
    }
}

/// The tree of a real folder.
pub fn tree(root: &Path) -> Tree {
    Disk::of(root).after_a_cut((Names::All, Contents::All))
}

/// Makes a tree in the empty folder `root`.
pub fn plant(tree: &Tree, root: &Path) {
    // Folders come before what is in them.
    for (path, content) in tree {
        let path = root.join(path);
        match content {
            None => fs::create_dir(path).unwrap(),
            Some(bytes) => fs::write(path, bytes).unwrap(),
        }
    }
}
