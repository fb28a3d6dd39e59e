//! Where Tiny-ImageNet's validation images are that were moved, or saved again in another format.

use std::collections::HashMap;

use super::folder::is_image;
use super::tree::Tree;
use crate::engine::error::Result;

/// Images in and below the folder of validation images, by their names without endings.
pub struct ValidationFiles {
    split: String,
    by_stem: HashMap<String, Vec<String>>,
}

fn stem(name: &str) -> &str {
    let name = name.rsplit('/').next().unwrap_or(name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

impl ValidationFiles {
    /// Those in `split` itself, in its folder `images`, and in its classes' folders.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn of(tree: &Tree, split: &str, wnids: &[String]) -> Result<Self> {
        let mut by_stem = HashMap::<_, Vec<_>>::new();
        let classes = wnids.iter().flat_map(|id| [format!("{split}/{id}/images"), format!("{split}/{id}")]);
        for folder in [format!("{split}/images")].into_iter().chain(classes).chain([split.to_owned()]) {
            for name in tree.files(&folder)?.into_iter().filter(|name| is_image(name)) {
                by_stem.entry(stem(&name).to_owned()).or_default().push(format!("{folder}/{name}"));
            }
        }
        Ok(Self { split: split.to_owned(), by_stem })
    }

    /// The image that the list calls `file` and says is of class `id`.
    ///
    /// # Errors
    /// When it is not there; the error is that in another class's folder, if there is one.
    pub fn find(&self, file: &str, id: &str) -> std::result::Result<&str, Option<&str>> {
        let all = self.by_stem.get(stem(file)).map_or(&[][..], Vec::as_slice);
        let split = &self.split;
        let folders = ["images".to_owned(), format!("{id}/images"), id.to_owned(), String::new()];
        let folders = folders.map(|folder| format!("{split}/{folder}").trim_end_matches('/').to_owned());
        let own = |exact: bool| {
            folders.iter().find_map(|folder| {
                all.iter().find(|name| {
                    name.rsplit_once('/')
                        .is_some_and(|(within, last)| within == folder && (!exact || last == file))
                })
            })
        };
        own(true).or_else(|| own(false)).map(String::as_str).ok_or_else(|| all.first().map(String::as_str))
    }
}
