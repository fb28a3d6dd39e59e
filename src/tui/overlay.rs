//! What lies over the panels and takes the keys: the help, or the command palette.

use crossterm::event::KeyEvent;
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use tui_input::{Input, InputRequest};

use super::command::{Binding, KeyScope};
use super::line_editor;

/// Columns of where a command holds, and of its name.
const PLACE: usize = 11;
const NAME: usize = 15;
/// Longest text that is searched for, characters.
const LONGEST: usize = 100;

/// What is open.
#[derive(Debug)]
pub enum Overlay {
    /// The help.
    Help(HelpView),
    /// The command palette.
    Palette(CommandPalette),
}

impl Overlay {
    /// Whether text is typed into it.
    pub const fn takes_text(&self) -> bool {
        match self {
            Self::Help(help) => help.is_typing,
            Self::Palette(_) => true,
        }
    }

    /// A key that is no command, where text is typed.
    pub fn type_key(&mut self, key: KeyEvent) {
        if let Some(request) = line_editor::request(key) {
            self.edit(request);
        }
    }

    /// Text from the clipboard, where text is typed.
    pub fn paste(&mut self, text: &str) {
        for c in text.trim().chars().filter(|c| !c.is_control()).take(LONGEST) {
            self.edit(InputRequest::InsertChar(c));
        }
    }

    fn edit(&mut self, request: InputRequest) {
        let (input, first) = match self {
            Self::Help(help) if help.is_typing => (&mut help.search, &mut help.line),
            Self::Palette(palette) => (&mut palette.input, &mut palette.row),
            Self::Help(_) => return,
        };
        let is_full = input.value().chars().count() >= LONGEST;
        if !(is_full && matches!(request, InputRequest::InsertChar(_))) {
            let before = input.value().len();
            input.handle(request);
            if before != input.value().len() {
                *first = 0;
            }
        }
    }
}

/// The help, as far as it is open.
#[derive(Debug, Default)]
pub struct HelpView {
    /// How far it is scrolled, lines.
    pub line: usize,
    /// Words that its lines have; empty for the help of what is on the screen.
    pub search: Input,
    /// Whether they are being typed.
    pub is_typing: bool,
}

/// Every command, found by a few letters of its words.
#[derive(Debug, Default)]
pub struct CommandPalette {
    /// What is typed.
    pub input: Input,
    /// The row that Enter runs.
    pub row: usize,
}

/// A command of the palette.
#[derive(Debug)]
pub struct PaletteRow {
    /// The command.
    pub binding: &'static Binding,
    /// Where it holds, its name in the config file, and what it does, in columns.
    pub text: String,
    /// The characters of the text that were typed, by number.
    pub matched: Vec<u32>,
}

impl CommandPalette {
    /// Those of `bindings` that have what was typed, the best first; among equals their order
    /// stays.
    pub fn rows(&self, bindings: Vec<&'static Binding>) -> Vec<PaletteRow> {
        let rows = bindings.into_iter().map(|binding| {
            let place = match binding.scope {
                KeyScope::In(panel) => panel.facts().title,
                KeyScope::Replay => "Replay",
                _ => "",
            };
            let text = format!("{place:<PLACE$} {:<NAME$} {}", binding.name, binding.about);
            PaletteRow { binding, text, matched: Vec::new() }
        });
        let pattern = Pattern::parse(self.input.value(), CaseMatching::Ignore, Normalization::Smart);
        if pattern.atoms.is_empty() {
            return rows.collect();
        }
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut characters = Vec::new();
        let mut found: Vec<_> = rows
            .filter_map(|mut row| {
                let text = Utf32Str::new(&row.text, &mut characters);
                let score = pattern.indices(text, &mut matcher, &mut row.matched)?;
                row.matched.sort_unstable();
                row.matched.dedup();
                // What it is called counts for more than what is said of it.
                let is_named = row.binding.name.starts_with(self.input.value().trim());
                Some((is_named, score, row))
            })
            .collect();
        // Letters that lie about in a long sentence are no match where others stand together.
        let best = found.iter().map(|(_, score, _)| *score).max().unwrap_or(0);
        found.retain(|(is_named, score, _)| *is_named || 2 * score >= best);
        // Of those that are called so, the shortest is most of what was typed.
        let rank = |(is_named, score, row): &(bool, u32, PaletteRow)| {
            let longer = if *is_named { row.binding.name.len() } else { 0 };
            (std::cmp::Reverse(*is_named), longer, std::cmp::Reverse(*score))
        };
        found.sort_by_key(rank);
        found.into_iter().map(|(.., row)| row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::bindings::bindings;

    fn found(text: &str) -> Vec<&'static str> {
        let palette = CommandPalette { input: Input::new(text.into()), row: 0 };
        palette.rows(bindings().iter().collect()).iter().map(|row| row.binding.name).collect()
    }

    #[test]
    fn everything_is_there_until_something_is_typed() {
        assert_eq!(found("").len(), bindings().len());
        assert_eq!(found("  ").len(), bindings().len());
        assert_eq!(found("zxqjzxqj"), [""; 0]);
    }

    #[test]
    fn a_few_letters_find_a_command() {
        for (text, name) in [
            ("log y", "log-y"),
            ("smooth", "smoother"),
            ("lesion pairs", "lesion-pairs"),
            ("train", "train"),
            ("TRAIN", "train"),
            ("curves outl", "outliers"),
            ("tnsrbrd", "tensorboard"),
            ("p3", "p3"),
            ("lesion", "lesions"),
            ("resize", "wider"),
        ] {
            assert_eq!(found(text).first(), Some(&name), "{text}");
        }
    }

    #[test]
    fn characters_that_were_typed_are_known() {
        let palette = CommandPalette { input: Input::new("qt".into()), row: 0 };
        let quit = bindings().iter().find(|binding| binding.name == "quit").unwrap();
        let rows = palette.rows(vec![quit]);
        let text: Vec<char> = rows[0].text.chars().collect();
        let matched: String = rows[0].matched.iter().map(|at| text[*at as usize]).collect();
        assert_eq!(matched, "qt");
    }

    #[test]
    fn text_is_bounded() {
        let mut overlay = Overlay::Palette(CommandPalette::default());
        overlay.paste(&"a\u{1b}\n".repeat(10_000));
        let Overlay::Palette(palette) = &overlay else { panic!() };
        assert_eq!(palette.input.value(), "a".repeat(LONGEST));
    }
}
