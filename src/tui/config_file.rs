//! Changes of the config file: one setting is written, and everything else that a person wrote
//! there stays as it is, comments included.

use std::path::{Path, PathBuf};

use toml_edit::{Array, DocumentMut, Item, Table, Value, value};

use super::config::Config;
use crate::engine::error::{EngineError, Result};
use crate::engine::files;

/// A change of the config file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigChange {
    /// The setting, or the command whose keys are set.
    pub name: String,
    /// Its value; `None` where the file is to say nothing of it.
    pub value: Option<ConfigValue>,
}

/// What a setting can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigValue {
    /// A word.
    Word(String),
    /// On or off.
    Switch(bool),
    /// Keys of a command.
    Keys(Vec<String>),
}

impl ConfigChange {
    /// Makes the change in the user's config file, which is created where there is none; its path.
    ///
    /// # Errors
    /// When there is no home folder, or as [`ConfigChange::write_to`].
    pub fn write(&self) -> Result<PathBuf> {
        let path =
            Config::path().ok_or_else(|| EngineError::Failed("no home folder for the config file".into()))?;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(EngineError::io("create", folder))?;
        }
        self.write_to(&path)?;
        Ok(path)
    }

    /// Makes the change in this file.
    ///
    /// # Errors
    /// When it cannot be read or written, or is wrong as it is: then it stays so.
    pub fn write_to(&self, path: &Path) -> Result<()> {
        let text = match path.exists() {
            true => Config::read(path)?.1,
            false => String::new(),
        };
        let wrong = |e: toml_edit::TomlError| EngineError::run(path, e.to_string());
        let mut document: DocumentMut = text.parse().map_err(wrong)?;
        let is_keys = matches!(self.value, Some(ConfigValue::Keys(_)));
        let table = match is_keys || document.get("keys").is_some_and(|keys| keys.get(&self.name).is_some()) {
            false => document.as_table_mut(),
            true => {
                let keys = document.entry("keys").or_insert_with(|| Item::Table(Table::new()));
                let table = keys.as_table_mut();
                table.ok_or_else(|| {
                    EngineError::run(path, "keys is not a [keys] table; edit the file by hand")
                })?
            }
        };
        match &self.value {
            None => _ = table.remove(&self.name),
            Some(new) => {
                let mut new = match new {
                    ConfigValue::Word(word) => Value::from(word.as_str()),
                    ConfigValue::Switch(on) => Value::from(*on),
                    ConfigValue::Keys(keys) => {
                        Value::Array(keys.iter().map(String::as_str).collect::<Array>())
                    }
                };
                match table.get_mut(&self.name).and_then(Item::as_value_mut) {
                    Some(old) => {
                        // A comment behind the value stays there.
                        *new.decor_mut() = old.decor().clone();
                        *old = new;
                    }
                    None => _ = table.insert(&self.name, value(new)),
                }
            }
        }
        files::write_atomically(path, document.to_string().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Ground;

    fn change(name: &str, value: Option<ConfigValue>) -> ConfigChange {
        ConfigChange { name: name.into(), value }
    }

    #[test]
    fn what_a_person_wrote_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        let text =
            "# mine\nmouse = false # over ssh\n\n[keys]\n# as in vim\ntrain = [\"V\"]\nstop = [\"X\"]\n";
        std::fs::write(&path, text).unwrap();
        change("mouse", Some(ConfigValue::Switch(true))).write_to(&path).unwrap();
        change("theme", Some(ConfigValue::Word("light".into()))).write_to(&path).unwrap();
        change("train", Some(ConfigValue::Keys(vec!["f5".into(), "ctrl-t".into()]))).write_to(&path).unwrap();
        change("stop", None).write_to(&path).unwrap();
        let now = std::fs::read_to_string(&path).unwrap();
        let (config, _) = Config::read(&path).unwrap();
        assert!(config.mouse, "{now}");
        assert_eq!(config.keys["train"], ["f5", "ctrl-t"]);
        assert!(!config.keys.contains_key("stop"));
        for kept in ["# mine\n", "mouse = true # over ssh\n", "# as in vim\n"] {
            assert!(now.contains(kept), "{kept}: {now}");
        }
        change("theme", None).write_to(&path).unwrap();
        assert!(!std::fs::read_to_string(&path).unwrap().contains("theme"));
    }

    #[test]
    fn a_file_is_made_and_one_that_is_wrong_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        change("quit", Some(ConfigValue::Keys(vec!["f10".into()]))).write_to(&path).unwrap();
        assert_eq!(Config::read(&path).unwrap().0.keys["quit"], ["f10"]);
        let broken = "theme = \"pink\"\n";
        std::fs::write(&path, broken).unwrap();
        assert!(change("mouse", None).write_to(&path).unwrap_err().to_string().contains("line 1"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
        // Keys in another form, which TOML allows.
        std::fs::write(&path, "keys = { train = [\"V\"] }\n").unwrap();
        let keys = change("stop", Some(ConfigValue::Keys(vec!["X".into()])));
        assert!(keys.write_to(&path).unwrap_err().to_string().contains("by hand"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_file_elsewhere_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (path, real) = (folder.path().join("config.toml"), folder.path().join("dotfiles.toml"));
        std::fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &path).unwrap();
        change("theme", Some(ConfigValue::Word("dark".into()))).write_to(&path).unwrap();
        assert!(path.is_symlink());
        assert_eq!(Config::read(&real).unwrap().0.theme, super::super::config::Choice::Said(Ground::Dark));
    }
}
