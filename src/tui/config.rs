//! The user's settings: `config.toml` in the XDG config folder.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use serde::de::value::StringDeserializer;
use serde::de::{Error, IntoDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::bindings::bindings;
use super::images::{Gallery, ImageProtocol, doubt, images};
use super::keymap::{Keymap, Overrides};
use super::layout::Pages;
use super::theme::{Depth, Ground, Symbols, Theme};
use crate::engine::error::{EngineError, Result};
use crate::engine::{files, toml_error};

/// Longest config file read, bytes.
const MAX_FILE: u64 = 256 << 10;

/// Something found out from the terminal unless it is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice<T> {
    /// As said.
    Said(T),
    /// Find out: `auto`.
    #[default]
    Auto,
}

impl<T: Serialize> Serialize for Choice<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        match self {
            Self::Said(value) => value.serialize(serializer),
            Self::Auto => serializer.serialize_str("auto"),
        }
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Choice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let said: StringDeserializer<D::Error> = text.into_deserializer();
        let wrong = |error: D::Error| D::Error::custom(format!("{error}, or `auto`"));
        T::deserialize(said).map(Self::Said).map_err(wrong)
    }
}

/// `config.toml`; every key may be left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `auto`, `dark` or `light`.
    pub theme: Choice<Ground>,
    /// `auto`, `truecolor`, `256`, `16` or `none`.
    pub colors: Choice<Depth>,
    /// `auto`, `braille`, `block` or `ascii`.
    pub symbols: Choice<Symbols>,
    /// `auto`, `halfblocks`, `kitty`, `sixel` or `iterm2`.
    pub images: Choice<ImageProtocol>,
    /// Whether clicks and the wheel are used; without, the terminal selects text.
    pub mouse: bool,
    /// Panels of small, medium and wide terminals.
    pub layout: Pages,
    /// Other keys, by command.
    pub keys: Overrides,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            theme: Choice::Auto,
            colors: Choice::Auto,
            symbols: Choice::Auto,
            images: Choice::Auto,
            mouse: true,
            layout: Pages::default(),
            keys: Overrides::new(),
        }
    }
}

impl Config {
    /// Where the file is, whether or not it exists; `None` without a home folder.
    pub fn path() -> Option<PathBuf> {
        let base = etcetera::choose_base_strategy().ok()?;
        Some(base.config_dir().join(env!("CARGO_PKG_NAME")).join("config.toml"))
    }

    /// The user's settings, or the defaults where there is no file.
    ///
    /// # Errors
    /// When the file cannot be read, or is wrong somewhere.
    pub fn load() -> Result<Self> {
        match Self::path() {
            Some(path) if path.exists() => Self::read(&path).map(|(config, _)| config),
            _ => Ok(Self::default()),
        }
    }

    /// Reads one file; with its text.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn read(path: &Path) -> Result<(Self, String)> {
        let bytes = files::read_bounded(path, MAX_FILE)?;
        let text = String::from_utf8(bytes).map_err(|_| EngineError::run(path, "not text"))?;
        let config: Self =
            toml::from_str(&text).map_err(|e| EngineError::run(path, toml_error::describe(&text, &e)))?;
        for (size, pages) in [
            ("small", &config.layout.small),
            ("medium", &config.layout.medium),
            ("wide", &config.layout.wide),
        ] {
            if pages.is_empty() {
                return Err(EngineError::run(path, format!("layout: {size} has no page")));
            }
        }
        Keymap::new(&config.keys).map_err(|reason| EngineError::run(path, format!("keys: {reason}")))?;
        Ok((config, text))
    }

    /// The settings as a file that could be kept, with every command and its keys.
    pub fn to_toml(&self) -> String {
        let mut all = self.clone();
        for binding in bindings() {
            let keys = || binding.keys.iter().map(|key| (*key).to_owned()).collect();
            all.keys.entry(binding.name.to_owned()).or_insert_with(keys);
        }
        let path = Self::path().map_or_else(|| "config.toml".to_owned(), |path| path.display().to_string());
        let head = format!(
            "# hiresnet-tui's settings as they are now. Keep what you change in {path}\n\
             # theme: auto, dark, light; colors: auto, truecolor, 256, 16, none (NO_COLOR is heeded);\n\
             # symbols: auto, braille, block, ascii; images: auto, halfblocks, kitty, sixel, iterm2;\n\
             # layout: columns between |, panels between /.\n"
        );
        head + &toml::to_string(&all).unwrap_or_default()
    }

    /// How things look on the terminal that stdout is; asks it for its background where
    /// that is not said.
    pub fn theme(&self) -> Theme {
        self.theme_by(background)
    }

    /// The same, with the background that `background` finds where it is not said.
    pub fn theme_by(&self, background: impl FnOnce() -> Ground) -> Theme {
        let depth = match self.colors {
            Choice::Said(depth) => depth,
            Choice::Auto => match supports_color::on(supports_color::Stream::Stdout) {
                None => Depth::None,
                Some(level) if level.has_16m => Depth::Truecolor,
                Some(level) if level.has_256 => Depth::Ansi256,
                Some(_) => Depth::Ansi16,
            },
        };
        let symbols = match self.symbols {
            Choice::Said(symbols) => symbols,
            Choice::Auto => symbols_of(|name| std::env::var(name).ok()),
        };
        let ground = match self.theme {
            Choice::Said(ground) => ground,
            Choice::Auto if depth == Depth::None => Ground::Dark,
            Choice::Auto => background(),
        };
        Theme { depth, ground, symbols }
    }

    /// How images and feature maps are shown with this theme, as far as the environment tells.
    pub fn gallery(&self, theme: &Theme) -> Gallery {
        let said = match self.images {
            Choice::Said(images) => Some(images),
            Choice::Auto => None,
        };
        let variable = |name: &str| std::env::var(name).ok();
        let images = images(said, theme, variable);
        Gallery::new(images, said.is_some()).doubted(doubt(images, variable))
    }
}

/// What the terminal's font has, as far as the environment tells.
fn symbols_of(variable: impl Fn(&str) -> Option<String>) -> Symbols {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default();
    let locale = locale.to_ascii_lowercase();
    if !locale.contains("utf-8") && !locale.contains("utf8") {
        return Symbols::Ascii;
    }
    // The Linux console's fonts have boxes and blocks, and no braille.
    if variable("TERM").as_deref() == Some("linux") { Symbols::Block } else { Symbols::Braille }
}

fn background() -> Ground {
    let mut options = terminal_colorsaurus::QueryOptions::default();
    // Over a slow ssh line; terminals that do not answer are told by another reply.
    options.timeout = std::time::Duration::from_millis(500);
    match terminal_colorsaurus::theme_mode(options) {
        Ok(terminal_colorsaurus::ThemeMode::Light) => Ground::Light,
        _ => Ground::Dark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_kept() {
        let mut config = Config { theme: Choice::Said(Ground::Light), ..Config::default() };
        config.colors = Choice::Said(Depth::Ansi16);
        config.images = Choice::Said(ImageProtocol::Iterm2);
        config.keys.insert("train".into(), vec!["f5".into()]);
        let read: Config = toml::from_str(&config.to_toml()).unwrap();
        assert_eq!((read.theme, read.colors, read.symbols), (config.theme, config.colors, Choice::Auto));
        assert_eq!(read.images, config.images);
        assert_eq!(read.layout, config.layout);
        assert_eq!(read.keys["train"], ["f5"]);
        assert_eq!(read.keys.len(), bindings().len());
        assert!(Keymap::new(&read.keys).is_ok());
    }

    #[test]
    fn mistakes_name_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let said = |text: &str| {
            let path = folder.path().join("config.toml");
            std::fs::write(&path, text).unwrap();
            Config::read(&path).unwrap_err().to_string()
        };
        assert!(said("mouse = true\ntheme = \"blue\"").contains("line 2"));
        assert!(said("thme = \"dark\"").contains("unknown field `thme`"));
        assert!(said("[keys]\ntrian = [\"t\"]").contains("did you mean 'train'?"));
        assert!(said("[layout]\nsmall = [\"wirin\"]").contains("did you mean 'wiring'?"));
        assert!(said("mouse = 1").contains("line 1"));
        let pink = said("\n\ntheme = \"pink\"");
        assert!(
            pink.contains("line 3") && pink.contains("`dark` or `light`") && pink.contains("`auto`"),
            "{pink}"
        );
        let crt = said("images = \"crt\"");
        assert!(crt.contains("line 1") && crt.contains("`sixel`") && crt.contains("`auto`"), "{crt}");
        assert!(said("[layout]\nsmall = []").contains("small has no page"));
        assert!(said("[keys]\nquit = []").contains("quit must have a key"));
    }

    #[test]
    fn fonts_are_guessed_from_the_locale() {
        let guess = |pairs: &[(&str, &str)]| {
            symbols_of(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(guess(&[("LANG", "de_DE.UTF-8"), ("TERM", "xterm-256color")]), Symbols::Braille);
        assert_eq!(guess(&[("LANG", "C.utf8"), ("TERM", "linux")]), Symbols::Block);
        assert_eq!(guess(&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")]), Symbols::Ascii);
        assert_eq!(guess(&[]), Symbols::Ascii);
    }
}
