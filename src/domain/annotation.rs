//! What a person says of a run: a name, a note, tags.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar;

use super::text::plural;

/// Longest name, characters.
pub const MAX_NAME: usize = 60;
/// Longest note, characters.
pub const MAX_NOTE: usize = 2_000;
/// Longest tag, characters.
pub const MAX_TAG: usize = 40;
/// Most tags of a run.
pub const MAX_TAGS: usize = 32;

/// What a person says of a run. Everything in it is one line, and safe to show.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Annotation {
    /// In the place of network and seed; empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whatever there is to remember; empty where there is nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Words to find it by, in order.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
}

/// A change of a run's annotation; what is `None` or in neither set stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnnotationEdit {
    /// The name; an empty one removes it.
    pub name: Option<String>,
    /// The note; an empty one removes it.
    pub note: Option<String>,
    /// Tags that it gets.
    pub add: BTreeSet<String>,
    /// Tags that it loses.
    pub remove: BTreeSet<String>,
}

impl Annotation {
    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Its tags as they are typed.
    pub fn tags_text(&self) -> String {
        self.tags.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    /// Makes a change.
    ///
    /// # Errors
    /// When there would be too many tags.
    pub fn apply(&mut self, edit: &AnnotationEdit) -> Result<(), String> {
        let mut tags = self.tags.clone();
        tags.extend(edit.add.iter().cloned());
        tags.retain(|tag| !edit.remove.contains(tag));
        if tags.len() > MAX_TAGS {
            return Err(format!("at most {} a run; this would be {}", plural(MAX_TAGS, "tag"), tags.len()));
        }
        self.tags = tags;
        if let Some(name) = &edit.name {
            self.name.clone_from(name);
        }
        if let Some(note) = &edit.note {
            self.note.clone_from(note);
        }
        Ok(())
    }

    /// Whether it could have been written by this program.
    ///
    /// # Errors
    /// With what could not.
    pub fn check(&self) -> Result<(), String> {
        let is_same = |read: Result<String, String>, text: &str, what: &str| match read {
            Ok(read) if read == text => Ok(()),
            Ok(_) => Err(format!("the {what} has line breaks or spaces around it")),
            Err(reason) => Err(reason),
        };
        is_same(name(&self.name), &self.name, "name")?;
        is_same(note(&self.note), &self.note, "note")?;
        for text in &self.tags {
            is_same(tag(text), text, "tag")?;
        }
        match self.tags.len() > MAX_TAGS {
            true => Err(format!("more than {MAX_TAGS} tags")),
            false => Ok(()),
        }
    }
}

impl AnnotationEdit {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A name as it is kept.
///
/// # Errors
/// When it is too long, or has characters that a terminal would act on.
pub fn name(text: &str) -> Result<String, String> {
    one_line(text, "name", MAX_NAME)
}

/// A note as it is kept: line breaks become spaces.
///
/// # Errors
/// As [`name`].
pub fn note(text: &str) -> Result<String, String> {
    one_line(text, "note", MAX_NOTE)
}

/// A tag as it is kept, without the `#` it may begin with.
///
/// # Errors
/// As [`name`], and when it is empty or more than one word.
pub fn tag(text: &str) -> Result<String, String> {
    let tag = one_line(text, "tag", MAX_TAG)?;
    let tag = tag.strip_prefix('#').unwrap_or(&tag);
    match tag {
        "" => Err("a tag needs a letter".into()),
        tag if tag.contains(|c: char| c.is_whitespace() || c == ',' || c == '#') => {
            Err(format!("'{tag}': a tag is one word, without commas and #"))
        }
        tag => Ok(tag.to_owned()),
    }
}

/// Tags between spaces or commas.
///
/// # Errors
/// As [`tag`], and when there are too many.
pub fn tags(text: &str) -> Result<BTreeSet<String>, String> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let tags = words.map(tag).collect::<Result<BTreeSet<_>, _>>()?;
    match tags.len() > MAX_TAGS {
        true => Err(format!("at most {MAX_TAGS} tags a run")),
        false => Ok(tags),
    }
}

/// `text` without spaces around it and with its line breaks as spaces.
fn one_line(text: &str, what: &str, most: usize) -> Result<String, String> {
    let text = text.trim().replace("\r\n", " ").replace(['\n', '\r', '\t'], " ");
    let length = text.chars().count();
    if length > most {
        return Err(format!("a {what} has at most {most} characters; this has {length}"));
    }
    // What is harmless to show is shown as it is.
    let is_shown = |c: char| c == ' ' || super::text::harmless(c.encode_utf8(&mut [0; 4]), 1).contains(c);
    match text.chars().find(|c| !is_shown(*c) || c.width().is_none()) {
        Some(c) => Err(format!("a {what} without the character U+{:04X}", u32::from(c))),
        None => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_kept_as_one_harmless_line() {
        assert_eq!(name("  wide run ").unwrap(), "wide run");
        assert_eq!(note("a\nb\tc\r\nd").unwrap(), "a b c d");
        assert_eq!(tag("#ablation").unwrap(), "ablation");
        assert_eq!(tags("b, a  #b,").unwrap().into_iter().collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(name("日本 ü").unwrap(), "日本 ü");
        assert_eq!(name("\u{1b}[31m").unwrap_err(), "a name without the character U+001B");
        assert_eq!(note("a\u{202e}b").unwrap_err(), "a note without the character U+202E");
        assert!(name(&"x".repeat(61)).unwrap_err().contains("at most 60 characters; this has 61"));
        assert!(note(&"x".repeat(2_000)).is_ok() && note(&"x".repeat(2_001)).is_err());
        assert!(tag("").is_err() && tag("#").is_err() && tag("a b").is_err() && tag("a#b").is_err());
        assert!(tags(&(0..33).map(|n| format!("t{n} ")).collect::<String>()).is_err());
    }

    #[test]
    fn changes_leave_the_rest_alone() {
        let mut kept = Annotation { name: "a".into(), note: "b".into(), tags: tags("x y").unwrap() };
        let edit = AnnotationEdit {
            note: Some(String::new()),
            add: tags("z").unwrap(),
            remove: tags("x").unwrap(),
            ..AnnotationEdit::default()
        };
        kept.apply(&edit).unwrap();
        assert_eq!((kept.name.as_str(), kept.note.as_str(), kept.tags_text().as_str()), ("a", "", "y z"));
        let many = (0..31).map(|n| format!("t{n} ")).collect::<String>();
        let edit = AnnotationEdit { add: tags(&many).unwrap(), ..AnnotationEdit::default() };
        assert_eq!(kept.apply(&edit).unwrap_err(), "at most 32 tags a run; this would be 33");
        assert_eq!(kept.tags_text(), "y z");
    }

    #[test]
    fn what_is_read_is_checked() {
        let read = |json: &str| serde_json::from_str::<Annotation>(json).unwrap().check();
        assert_eq!(read(r#"{"name":"a","note":"b c","tags":["x"]}"#), Ok(()));
        assert!(read(r#"{"name":"a\u001b[2J"}"#).is_err());
        assert!(read(r#"{"note":"a\nb"}"#).is_err());
        assert!(read(r#"{"tags":["a b"]}"#).is_err());
        assert!(read(r##"{"tags":["#a"]}"##).is_err());
    }
}
