//! Preferences: the settings of the config file as they are now, and how they can be changed.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::bindings::bindings;
use super::command::KeyScope;
use super::config::{Choice, Config};
use super::config_file::{ConfigChange, ConfigValue};
use super::keymap::{Keymap, parse, shown};
use super::theme::{Ground, Theme};

/// A setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Preference {
    /// The terminal's background.
    Theme,
    /// How many colours there are.
    Colors,
    /// Which symbols the font has.
    Symbols,
    /// How images are shown.
    Images,
    /// Whether the mouse is used.
    Mouse,
    /// The keys of a command, by its row among the bindings.
    Keys(usize),
}

impl Preference {
    const FIXED: [Self; 5] = [Self::Theme, Self::Colors, Self::Symbols, Self::Images, Self::Mouse];

    /// How many there are.
    pub fn count() -> usize {
        Self::FIXED.len() + bindings().len()
    }

    /// The one in this row.
    pub fn at(row: usize) -> Self {
        let keys = || Self::Keys((row - Self::FIXED.len()).min(bindings().len() - 1));
        Self::FIXED.get(row).copied().unwrap_or_else(keys)
    }

    /// In the config file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Theme => "theme",
            Self::Colors => "colors",
            Self::Symbols => "symbols",
            Self::Images => "images",
            Self::Mouse => "mouse",
            Self::Keys(row) => bindings()[row].name,
        }
    }

    /// What it decides.
    pub fn about(self) -> String {
        match self {
            Self::Theme => "background of the terminal; auto asks the terminal at the start".into(),
            Self::Colors => "colors of the terminal; auto goes by its environment".into(),
            Self::Symbols => "what curves are drawn with; auto goes by locale and terminal".into(),
            Self::Images => "how images and feature maps are drawn; auto goes by the terminal".into(),
            Self::Mouse => "clicks and the wheel; off, the terminal selects text without Shift".into(),
            Self::Keys(row) => match bindings()[row].scope {
                KeyScope::Everywhere => bindings()[row].about.to_owned(),
                scope => format!("{scope}: {}", bindings()[row].about),
            },
        }
    }

    /// What it can be; empty where that is typed.
    const fn choices(self) -> &'static [&'static str] {
        match self {
            Self::Theme => &["auto", "dark", "light"],
            Self::Colors => &["auto", "truecolor", "256", "16", "none"],
            Self::Symbols => &["auto", "braille", "block", "ascii"],
            Self::Images => &["auto", "halfblocks", "kitty", "sixel", "iterm2"],
            Self::Mouse => &["true", "false"],
            Self::Keys(_) => &[],
        }
    }

    /// The first row whose name begins with `text`, else one that has it.
    pub fn find(text: &str) -> Option<usize> {
        let text = text.trim().to_lowercase();
        let mut rows = 0..Self::count();
        let begins = rows.clone().find(|row| Self::at(*row).name().starts_with(&text));
        begins.or_else(|| rows.find(|row| Self::at(*row).name().contains(&text)))
    }
}

/// The settings as they are now.
#[derive(Debug)]
pub struct Preferences {
    config: Config,
    /// The terminal's background, where it was asked for it.
    ground: Option<Ground>,
    row: usize,
    /// Whether the screen does not follow them yet.
    is_changed: bool,
}

impl Preferences {
    /// Those of `config`, which led to `theme`.
    pub fn new(config: Config, theme: Theme) -> Self {
        let ground = (config.theme == Choice::Auto).then_some(theme.ground);
        Self { config, ground, row: 0, is_changed: false }
    }

    /// As the config file would have them.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// How the screen is to look; `now` where only the next start finds it out.
    pub fn theme(&self, now: Theme) -> Theme {
        self.config.theme_by(|| self.ground.unwrap_or(now.ground))
    }

    /// Whether they have changed since the last look.
    pub const fn take_changed(&mut self) -> bool {
        std::mem::replace(&mut self.is_changed, false)
    }

    /// The row under the cursor.
    pub const fn row(&self) -> usize {
        self.row
    }

    /// The setting under the cursor.
    pub fn chosen(&self) -> Preference {
        Preference::at(self.row)
    }

    /// Moves the cursor to a row, or to the last one.
    pub fn select(&mut self, row: usize) {
        self.row = row.min(Preference::count() - 1);
    }

    /// The value of a setting, as text that could be typed.
    pub fn value(&self, which: Preference) -> String {
        fn word<T: serde::Serialize>(choice: Choice<T>) -> String {
            let value = serde_json::to_value(choice).ok();
            value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        }
        match which {
            Preference::Theme => word(self.config.theme),
            Preference::Colors => word(self.config.colors),
            Preference::Symbols => word(self.config.symbols),
            Preference::Images => word(self.config.images),
            Preference::Mouse => self.config.mouse.to_string(),
            Preference::Keys(row) => match self.config.keys.get(bindings()[row].name) {
                // As the help shows them.
                Some(own) => own
                    .iter()
                    .map(|key| parse(key).map_or_else(|_| key.clone(), shown))
                    .collect::<Vec<_>>()
                    .join(" "),
                None => default_keys(row),
            },
        }
    }

    /// The value that holds where the file says nothing.
    pub fn default_of(which: Preference) -> String {
        match which {
            Preference::Keys(row) => default_keys(row),
            _ => which.choices().first().copied().unwrap_or_default().to_owned(),
        }
    }

    /// The choice after this one, or before it; `None` where it is typed.
    pub fn neighbour(&self, which: Preference, forward: bool) -> Option<&'static str> {
        let (choices, now) = (which.choices(), self.value(which));
        let at = choices.iter().position(|choice| *choice == now)?;
        let step = if forward { 1 } else { choices.len() - 1 };
        Some(choices[(at + step) % choices.len()])
    }

    /// What is wrong with a value.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, which: Preference, text: &str) -> Result<(), String> {
        self.with(which, text).map(drop)
    }

    /// Gives a setting another value; how the config file then changes.
    ///
    /// # Errors
    /// As [`Preferences::check`].
    pub fn set(&mut self, which: Preference, text: &str) -> Result<ConfigChange, String> {
        self.config = self.with(which, text)?;
        self.is_changed = true;
        let is_default = self.value(which) == Self::default_of(which);
        let value = match which {
            Preference::Mouse => ConfigValue::Switch(self.config.mouse),
            Preference::Keys(_) => ConfigValue::Keys(words(text)),
            _ => ConfigValue::Word(text.to_owned()),
        };
        Ok(ConfigChange { name: which.name().to_owned(), value: (!is_default).then_some(value) })
    }

    fn with(&self, which: Preference, text: &str) -> Result<Config, String> {
        fn choice<'de, T: Deserialize<'de>>(text: &'de str) -> Result<Choice<T>, String> {
            let deserializer: StrDeserializer<'de, Error> = text.into_deserializer();
            Choice::deserialize(deserializer).map_err(|error| error.to_string())
        }
        let mut config = self.config.clone();
        match which {
            Preference::Theme => config.theme = choice(text)?,
            Preference::Colors => config.colors = choice(text)?,
            Preference::Symbols => config.symbols = choice(text)?,
            Preference::Images => config.images = choice(text)?,
            Preference::Mouse => config.mouse = text.parse().map_err(|_| "true or false".to_owned())?,
            Preference::Keys(row) => {
                let name = bindings()[row].name.to_owned();
                match default_keys(row) == text {
                    true => _ = config.keys.remove(&name),
                    false => _ = config.keys.insert(name, words(text)),
                }
                Keymap::new(&config.keys)?;
            }
        }
        Ok(config)
    }
}

fn default_keys(row: usize) -> String {
    let keys = bindings()[row].keys.iter().map(|key| parse(key).map_or_else(|_| (*key).to_owned(), shown));
    keys.collect::<Vec<_>>().join(" ")
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::theme::Depth;

    fn preferences() -> Preferences {
        Preferences::new(Config::default(), Theme::FULL)
    }

    fn keys_of(name: &str) -> Preference {
        Preference::Keys(bindings().iter().position(|binding| binding.name == name).unwrap())
    }

    #[test]
    fn every_choice_is_one_that_the_file_may_have() {
        for row in 0..Preference::count() {
            let which = Preference::at(row);
            let mut all = preferences();
            for choice in which.choices() {
                let change = all.set(which, choice).unwrap();
                assert_eq!(all.value(which), *choice);
                assert_eq!(change.value.is_none(), *choice == Preferences::default_of(which), "{choice}");
            }
            assert!(all.check(which, "pink-ish").is_err(), "{}", which.name());
            // What it is can be typed again.
            all.check(which, &all.value(which)).unwrap_or_else(|error| panic!("{}: {error}", which.name()));
        }
    }

    #[test]
    fn keys_are_those_that_were_typed() {
        let mut all = preferences();
        let train = keys_of("train");
        let change = all.set(train, "F5 ctrl-t").unwrap();
        assert_eq!(change.value, Some(ConfigValue::Keys(vec!["F5".into(), "ctrl-t".into()])));
        assert_eq!(all.value(train), "F5 ctrl-t");
        assert!(all.take_changed() && !all.take_changed());
        assert!(all.check(train, "x").unwrap_err().contains("both bound to x"));
        assert!(all.check(keys_of("quit"), "").unwrap_err().contains("must have a key"));
        assert_eq!(all.set(train, "t").unwrap().value, None, "as it is anyway");
        assert!(all.config().keys.is_empty());
    }

    #[test]
    fn a_background_that_was_never_asked_for_stays_as_it_is() {
        let said = Config {
            theme: Choice::Said(Ground::Light),
            colors: Choice::Said(Depth::Ansi16),
            ..Config::default()
        };
        let now = Theme { ground: Ground::Light, depth: Depth::Ansi16, ..Theme::FULL };
        let mut all = Preferences::new(said, now);
        all.set(Preference::Theme, "auto").unwrap();
        assert_eq!(all.theme(now).ground, Ground::Light);
        all.set(Preference::Theme, "dark").unwrap();
        assert_eq!(all.theme(now).ground, Ground::Dark);
        all.set(Preference::Symbols, "ascii").unwrap();
        assert!(all.theme(now).is_ascii());
    }

    #[test]
    fn no_setting_is_called_like_a_command() {
        let mut names: Vec<_> = (0..Preference::count()).map(|row| Preference::at(row).name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Preference::count());
    }

    #[test]
    fn names_are_found() {
        let name = |text| Preference::find(text).map(|row| Preference::at(row).name());
        assert_eq!(name("sym"), Some("symbols"));
        assert_eq!(name("Lesion-p"), Some("lesion-pairs"));
        assert!(name("page-up").is_some_and(|name| name.contains("page-up")));
        assert_eq!(name("nosuch"), None);
    }
}
