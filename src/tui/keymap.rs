//! From keys to commands: the table of [`bindings`](super::bindings) with the user's changes.

use std::collections::{BTreeMap, HashMap};

use crokey::{KeyCombination, KeyCombinationFormat};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use unicode_width::UnicodeWidthChar;

use super::bindings::bindings;
use super::command::{AppCommand, Binding, EditCommand, GlobalCommand, KeyScope};
use crate::domain::error::suggestion;

/// What every key means, everywhere.
#[derive(Debug, Clone)]
pub struct Keymap {
    /// By row of the table.
    keys: Vec<Vec<KeyCombination>>,
    commands: HashMap<(KeyScope, KeyCombination), AppCommand>,
}

/// Keys by the names of [`bindings`], as the config file has them.
pub type Overrides = BTreeMap<String, Vec<String>>;

impl Keymap {
    /// The table, with other keys for the commands that `overrides` names.
    ///
    /// # Errors
    /// For a name that is none, a key that is none, and two commands on one key.
    pub fn new(overrides: &Overrides) -> Result<Self, String> {
        let names: Vec<_> = bindings().iter().map(|b| b.name).collect();
        if let Some(name) = overrides.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(format!("unknown command '{name}'{}", suggestion(name, &names)));
        }
        let mut keys = Vec::with_capacity(bindings().len());
        for binding in bindings() {
            let own: Vec<&str> = match overrides.get(binding.name) {
                Some(own) => own.iter().map(String::as_str).collect(),
                None => binding.keys.to_vec(),
            };
            let parsed = own.iter().map(|text| parse(text).map_err(|e| format!("{}: {e}", binding.name)));
            keys.push(parsed.collect::<Result<Vec<_>, _>>()?);
        }
        let mut commands = HashMap::new();
        let mut owners: HashMap<(KeyScope, KeyCombination), &str> = HashMap::new();
        for (binding, keys) in bindings().iter().zip(&keys) {
            for key in keys {
                if let Some(other) = owners.insert((binding.scope, *key), binding.name) {
                    let key = shown(*key);
                    return Err(format!(
                        "{} and {other} are both bound to {key} ({})",
                        binding.name, binding.scope
                    ));
                }
                commands.insert((binding.scope, *key), binding.command);
            }
        }
        // Not at once, but without these nobody would get out.
        for (command, scope) in [
            (GlobalCommand::Quit.into(), KeyScope::Everywhere),
            (AppCommand::Edit(EditCommand::Cancel), KeyScope::Edit),
        ] {
            if !commands.iter().any(|((at, _), asks)| *at == scope && *asks == command) {
                let row = bindings().iter().find(|b| b.scope == scope && b.command == command);
                return Err(format!("{} must have a key", row.map_or("quit", |b| b.name)));
            }
        }
        Ok(Self { keys, commands })
    }

    /// What `key` asks for in the first of `scopes` where it asks for anything.
    pub fn command(&self, key: KeyEvent, scopes: &[KeyScope]) -> Option<AppCommand> {
        let key = combination(key);
        scopes.iter().find_map(|scope| self.commands.get(&(*scope, key)).copied())
    }

    /// The rows of `scope`, in the table's order.
    pub fn bindings_of(scope: KeyScope) -> impl Iterator<Item = &'static Binding> {
        bindings().iter().filter(move |binding| binding.scope == scope)
    }

    /// The rows of `scope` with their keys, in the table's order.
    pub fn rows(&self, scope: KeyScope) -> impl Iterator<Item = (&'static Binding, &[KeyCombination])> {
        bindings()
            .iter()
            .zip(&self.keys)
            .filter(move |(b, _)| b.scope == scope)
            .map(|(b, k)| (b, k.as_slice()))
    }

    /// The help of `scope`: keys and words; rows with the same words are one.
    pub fn help(&self, scope: KeyScope) -> Vec<(String, &'static str)> {
        let mut lines: Vec<(String, &str)> = Vec::new();
        for (binding, keys) in self.rows(scope) {
            let keys: Vec<_> = keys.iter().map(|key| shown(*key)).collect();
            match lines.last_mut() {
                Some((before, about)) if *about == binding.about => {
                    *before += " ";
                    *before += &keys.join(" ");
                }
                _ => lines.push((keys.join(" "), binding.about)),
            }
        }
        lines.retain(|(keys, _)| !keys.is_empty());
        lines
    }

    /// The first key of a command, as shown; `None` where it has none.
    pub fn key_of(&self, command: AppCommand) -> Option<String> {
        let row = bindings().iter().position(|b| b.command == command)?;
        self.keys[row].first().map(|key| shown(*key))
    }
}

/// A key as users write it; a capital letter means Shift.
///
/// # Errors
/// When it is no key.
pub fn parse(text: &str) -> Result<KeyCombination, String> {
    let no_key = || format!("can't parse the key '{text}'; examples: t, T, ctrl-t, f5, enter");
    let last = text.chars().next_back().ok_or_else(no_key)?;
    let modifiers = text.strip_suffix(last).unwrap_or_default();
    let is_alone = modifiers.is_empty() || modifiers.ends_with('-');
    let shift = if is_alone && last.is_uppercase() { "shift-" } else { "" };
    if is_alone && !last.is_ascii() {
        // crokey knows those of ASCII only; a letter takes the place of another meanwhile.
        let is_seen = !last.is_control() && !last.is_whitespace() && last.width().is_some_and(|w| w > 0);
        let key = crokey::parse(&format!("{modifiers}{shift}a")).ok().filter(|_| is_seen);
        let KeyCombination { modifiers, .. } = key.ok_or_else(no_key)?;
        let mut upper = last.to_uppercase();
        let c = match (upper.next(), upper.next()) {
            (Some(upper), None) if modifiers.contains(KeyModifiers::SHIFT) => upper,
            _ => last,
        };
        return Ok(KeyCombination::one_key(KeyCode::Char(c), modifiers));
    }
    let text = match text {
        "shift-tab" => "backtab".to_owned(),
        _ if is_alone => format!("{modifiers}{shift}{last}"),
        text => text.to_owned(),
    };
    crokey::parse(&text).map(KeyCombination::normalized).map_err(|_| no_key())
}

/// An event as the table has it.
fn combination(mut event: KeyEvent) -> KeyCombination {
    // Some terminals say Shift of '?', others do not; the character says it already.
    if let KeyCode::Char(c) = event.code
        && !c.is_alphabetic()
    {
        event.modifiers -= KeyModifiers::SHIFT;
    }
    if event.code == KeyCode::BackTab {
        event.modifiers |= KeyModifiers::SHIFT;
    }
    event.into()
}

/// A key as the help shows it.
pub fn shown(key: KeyCombination) -> String {
    KeyCombinationFormat::default()
        .with_implicit_shift()
        .with_lowercase_modifiers()
        .to_string(key)
        .replace("Hyphen", "-")
        .replace("shift-BackTab", "Shift-Tab")
        .replace("BackTab", "Shift-Tab")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::panels::PanelId;
    use crossterm::event::KeyModifiers;

    fn press(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    fn overridden(name: &str, keys: &[&str]) -> Result<Keymap, String> {
        Keymap::new(&[(name.to_owned(), keys.iter().map(|k| (*k).to_owned()).collect())].into())
    }

    #[test]
    fn the_focused_panel_comes_before_everywhere() {
        let keys = Keymap::new(&Overrides::new()).unwrap();
        let l = press(KeyCode::Char('l'), KeyModifiers::NONE);
        let at = |panel| {
            let command = keys.command(l, &[KeyScope::In(panel), KeyScope::Everywhere])?;
            bindings().iter().find(|binding| binding.command == command).map(|binding| binding.name)
        };
        assert_eq!(at(PanelId::Curves), Some("log-y"));
        assert_eq!(at(PanelId::Wiring), Some("hop-right"));
        assert_eq!(at(PanelId::Status), None);
        let big = press(KeyCode::Char('L'), KeyModifiers::SHIFT);
        assert_eq!(
            keys.command(big, &[KeyScope::In(PanelId::Curves), KeyScope::Everywhere]),
            Some(GlobalCommand::Focus(PanelId::Status).into())
        );
    }

    #[test]
    fn shift_is_said_in_different_ways() {
        let keys = Keymap::new(&Overrides::new()).unwrap();
        for modifiers in [KeyModifiers::NONE, KeyModifiers::SHIFT] {
            let anywhere = |code| keys.command(press(code, modifiers), &[KeyScope::Everywhere]);
            assert_eq!(anywhere(KeyCode::Char('?')), Some(GlobalCommand::Help.into()));
            assert_eq!(anywhere(KeyCode::BackTab), Some(GlobalCommand::PreviousPanel.into()));
            assert_eq!(anywhere(KeyCode::Char('C')), Some(GlobalCommand::Focus(PanelId::Curves).into()));
        }
    }

    #[test]
    fn the_users_keys_replace_the_tables() {
        let keys = overridden("train", &["ctrl-t", "V"]).unwrap();
        let anywhere = |key| keys.command(key, &[KeyScope::Everywhere]);
        assert_eq!(
            anywhere(press(KeyCode::Char('t'), KeyModifiers::CONTROL)),
            Some(GlobalCommand::Train.into())
        );
        assert_eq!(
            anywhere(press(KeyCode::Char('V'), KeyModifiers::SHIFT)),
            Some(GlobalCommand::Train.into())
        );
        assert_eq!(anywhere(press(KeyCode::Char('t'), KeyModifiers::NONE)), None);
        assert!(keys.help(KeyScope::Everywhere).iter().any(|(keys, _)| keys == "ctrl-t V"));
    }

    #[test]
    fn keys_of_every_alphabet_are_keys() {
        for (text, code, modifiers) in [
            ("é", 'é', KeyModifiers::NONE),
            ("É", 'É', KeyModifiers::SHIFT),
            ("ctrl-ж", 'ж', KeyModifiers::CONTROL),
            ("alt-Ж", 'Ж', KeyModifiers::ALT | KeyModifiers::SHIFT),
            ("shift-é", 'É', KeyModifiers::SHIFT),
            ("字", '字', KeyModifiers::NONE),
            ("€", '€', KeyModifiers::NONE),
        ] {
            let keys = overridden("train", &[text]).unwrap();
            let pressed = press(KeyCode::Char(code), modifiers);
            assert_eq!(
                keys.command(pressed, &[KeyScope::Everywhere]),
                Some(GlobalCommand::Train.into()),
                "{text}"
            );
            assert_eq!(parse(&shown(parse(text).unwrap())), parse(text), "{text}");
        }
    }

    #[test]
    fn no_text_breaks_the_parser() {
        let odd = [
            "", "-", "é-", "-é", "éa", "aé", "ééé", "ctrl-", "é-a", "\u{301}", "\u{a0}", "\u{202e}", "\u{9b}",
        ];
        for text in odd {
            let parsed = parse(text);
            assert!(parsed.is_ok() == (text == "-"), "{text:?}: {parsed:?}");
        }
        // Every cut of every character, alone and after modifiers.
        for c in ('\0'..=char::MAX).step_by(97) {
            for text in [format!("{c}"), format!("ctrl-{c}"), format!("{c}{c}"), format!("{c}-{c}")] {
                let _ = parse(&text);
            }
        }
    }

    #[test]
    fn mistakes_are_explained() {
        assert!(overridden("trian", &["t"]).unwrap_err().contains("did you mean 'train'?"));
        assert!(overridden("train", &["hyper-t"]).unwrap_err().contains("can't parse the key 'hyper-t'"));
        let twice = overridden("train", &["x"]).unwrap_err();
        assert!(
            twice.contains("train") && twice.contains("stop") && twice.contains("both bound to x"),
            "{twice}"
        );
        assert!(overridden("train", &[]).is_ok(), "a command may have no key");
    }

    #[test]
    fn names_are_unique_and_every_row_is_explained() {
        let mut names: Vec<_> = bindings().iter().map(|b| b.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), bindings().len());
        assert!(bindings().iter().all(|b| !b.about.is_empty() && !b.keys.is_empty()));
    }
}
