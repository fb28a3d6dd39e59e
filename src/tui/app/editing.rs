//! Text being typed: a field of the draft, or the filter of the runs.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};

use super::{App, Question};
use crate::engine::presets;
use crate::tui::action::Effect;
use crate::tui::command::Command;
use crate::tui::log::Level;
use crate::tui::player::{Goal, Order};
use crate::tui::setup::Field;

/// The longest text that can be typed or pasted, characters.
const LONGEST: usize = 2_000;

/// What is being typed.
#[derive(Clone, Copy)]
pub enum Typing {
    /// A field of the draft.
    Field(Field),
    /// The filter of the runs.
    Filter,
    /// A place on the recording.
    Goal,
    /// The name of the draft as a preset.
    PresetName,
}

/// Text being typed.
pub struct Editing {
    /// What it is.
    pub what: Typing,
    /// The text and its cursor.
    pub input: Input,
    /// What is wrong with it.
    pub fault: Option<String>,
    /// The text before.
    before: String,
    /// Whether no key has been pressed: a first letter then replaces a short value.
    untouched: bool,
}

impl Editing {
    /// Whether it is a text of words, for which a panel's column is too narrow.
    pub const fn is_long(&self) -> bool {
        match self.what {
            Typing::Field(field) => matches!(field, Field::Line | Field::Preset),
            Typing::Goal | Typing::PresetName => true,
            Typing::Filter => false,
        }
    }

    /// What is being typed, in a word or two.
    pub const fn title(&self) -> &'static str {
        match self.what {
            Typing::Field(field) => field.name(),
            Typing::Filter => "filter",
            Typing::Goal => "go to: 37%, e12, 1:30",
            Typing::PresetName => "keep the draft as a preset called",
        }
    }
}

impl std::fmt::Debug for Editing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Editing").field("text", &self.input.value()).field("fault", &self.fault).finish()
    }
}

impl App {
    /// Begins to edit the chosen field.
    pub(super) fn edit_field(&mut self) {
        let field = self.setup.field();
        self.edit(Typing::Field(field), self.setup.value(field, &self.draft));
    }

    /// Begins to edit the filter.
    pub(super) fn edit_filter(&mut self) {
        self.edit(Typing::Filter, self.runs.filter().to_owned());
    }

    /// Begins to ask for a place on the recording.
    pub(super) fn edit_goal(&mut self) {
        self.edit(Typing::Goal, String::new());
    }

    /// Begins to ask for a preset's name.
    pub(super) fn edit_preset_name(&mut self) {
        self.edit(Typing::PresetName, String::new());
    }

    fn edit(&mut self, what: Typing, text: String) {
        self.editing = Some(Editing {
            what,
            input: Input::new(text.clone()),
            fault: None,
            before: text,
            untouched: true,
        });
    }

    /// A key that is no command, while something is typed.
    pub(super) fn type_key(&mut self, key: KeyEvent) {
        if let Some(request) = request(key) {
            self.request(&[request]);
        }
    }

    /// Pasted text: into what is typed, else, where it is a spec, into the draft.
    pub(super) fn type_text(&mut self, text: &str) {
        let text: String = text.trim().chars().take(LONGEST).collect();
        // A line that was copied where it was wrapped: between words, or within one.
        let spaced: String = text.split(char::is_control).map(str::trim).collect::<Vec<_>>().join(" ");
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        if self.editing.is_none() {
            let field = if presets::is_line(&text) { Field::Line } else { Field::Preset };
            let pasted = self.setup.set(field, &spaced, &mut self.draft);
            return match pasted.or_else(|_| self.setup.set(field, &text, &mut self.draft)) {
                Ok(()) => self.say(Level::Good, "the pasted spec is the draft now"),
                Err(reason) => self.say(Level::Bad, format!("pasted text is no spec: {reason}")),
            };
        }
        let requests: Vec<_> = text.chars().map(InputRequest::InsertChar).collect();
        self.request(&requests);
    }

    fn request(&mut self, requests: &[InputRequest]) {
        let Some(editing) = &mut self.editing else { return };
        let replaces = matches!(requests.first(), Some(InputRequest::InsertChar(_))) && !editing.is_long();
        if std::mem::take(&mut editing.untouched) && replaces && matches!(editing.what, Typing::Field(_)) {
            editing.input.handle(InputRequest::DeleteLine);
        }
        for request in requests {
            let full = editing.input.value().chars().count() >= LONGEST;
            if !(full && matches!(request, InputRequest::InsertChar(_))) {
                editing.input.handle(*request);
            }
        }
        match editing.what {
            Typing::Filter => self.runs.set_filter(editing.input.value()),
            Typing::Goal => editing.fault = editing.input.value().parse::<Goal>().err(),
            Typing::PresetName => editing.fault = self.setup.check_name(editing.input.value()).err(),
            Typing::Field(field) => {
                let checked = self.setup.check(field, editing.input.value(), &self.draft);
                editing.fault = checked.err().map(|error| error.reason);
            }
        }
    }

    /// Keeps the draft as a preset of the user's own.
    pub(super) fn keep_preset(&mut self, name: String, replace: bool) {
        self.effects.push(Effect::SavePreset { name, spec: Box::new(self.draft.spec().clone()), replace });
    }

    /// Takes what was typed, or leaves things as they were.
    pub(super) fn finish_typing(&mut self, command: Command) {
        let Some(editing) = &mut self.editing else { return };
        match (command, editing.what) {
            (Command::Enter, Typing::Filter) => {}
            (Command::Enter, Typing::Field(field)) => {
                if let Err(error) = self.setup.set(field, editing.input.value(), &mut self.draft) {
                    // The text stays, to be mended.
                    editing.fault = Some(error.reason);
                    return;
                }
            }
            (Command::Enter, Typing::Goal) => match editing.input.value().parse() {
                Ok(goal) => self.effects.push(Effect::Play(Order::Seek(goal))),
                Err(reason) => {
                    editing.fault = Some(reason);
                    return;
                }
            },
            (Command::Enter, Typing::PresetName) => {
                let name = editing.input.value().to_owned();
                if let Err(reason) = self.setup.check_name(&name) {
                    editing.fault = Some(reason);
                    return;
                }
                if self.setup.is_own(&name) {
                    self.setup.replacing = name;
                    self.question = Some(Question::ReplacePreset);
                } else {
                    self.keep_preset(name, false);
                }
            }
            (Command::Back, Typing::Filter) => {
                let before = std::mem::take(&mut editing.before);
                self.runs.set_filter(&before);
            }
            (Command::Back, Typing::Field(_) | Typing::Goal | Typing::PresetName) => {}
            _ => return,
        }
        self.editing = None;
    }
}

/// What a key does to text, as in a shell's line editor.
fn request(key: KeyEvent) -> Option<InputRequest> {
    use InputRequest::*;
    let word = key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::Char(c) if key.modifiers.contains(KeyModifiers::CONTROL) => match c {
            'a' => GoToStart,
            'e' => GoToEnd,
            'b' => GoToPrevChar,
            'f' => GoToNextChar,
            'h' => DeletePrevChar,
            'd' => DeleteNextChar,
            'w' => DeletePrevWord,
            'u' => DeleteFromStart,
            'k' => DeleteTillEnd,
            'y' => Yank,
            _ => return None,
        },
        KeyCode::Char('b') if word => GoToPrevWord,
        KeyCode::Char('f') if word => GoToNextWord,
        KeyCode::Char('d') if word => DeleteNextWord,
        KeyCode::Char(_) if word => return None,
        KeyCode::Char(c) if c.is_control() => return None,
        KeyCode::Char(c) => InsertChar(c),
        KeyCode::Backspace if word => DeletePrevWord,
        KeyCode::Backspace => DeletePrevChar,
        KeyCode::Delete if word => DeleteNextWord,
        KeyCode::Delete => DeleteNextChar,
        KeyCode::Left if word => GoToPrevWord,
        KeyCode::Right if word => GoToNextWord,
        KeyCode::Left => GoToPrevChar,
        KeyCode::Right => GoToNextChar,
        KeyCode::Home => GoToStart,
        KeyCode::End => GoToEnd,
        _ => return None,
    })
}
