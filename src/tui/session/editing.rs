//! Text being typed: a field of the draft, or the filter of the runs.

use crossterm::event::KeyEvent;
use tui_input::{Input, InputRequest};

use super::{Question, Session};
use crate::domain::annotation;
use crate::domain::timeline::SeekGoal;
use crate::tui::action::{Effect, ExportAs};
use crate::tui::command::EditCommand;
use crate::tui::filter;
use crate::tui::line_editor;
use crate::tui::log::Level;
use crate::tui::player::PlayerOrder;
use crate::tui::plot::axis::AxisLimits;
use crate::tui::run::RunId;
use crate::tui::setup::Field;

/// The longest text that can be typed or pasted, characters.
pub(super) const LONGEST: usize = 2_000;

/// What is being typed.
#[derive(Clone, Copy)]
pub enum EditedText {
    /// A field of the draft.
    Field(Field),
    /// The name of a field to go to, and the row to go back to.
    FieldName(usize),
    /// The filter of the runs.
    Filter,
    /// A position in the recording.
    Goal,
    /// The name of the draft as a preset.
    PresetName,
    /// The ends of the y axis of a metric in Curves, by its number: loss, top-1.
    Limits(usize),
    /// The name of a run.
    RunName(RunId),
    /// The note on a run.
    RunNote(RunId),
    /// Tags of runs.
    RunTags,
    /// Where runs are exported to.
    Export(ExportAs),
}

/// Text being typed.
pub struct Editing {
    /// What it is.
    pub what: EditedText,
    /// The text and its cursor.
    pub input: Input,
    /// What is wrong with it.
    pub error: Option<String>,
    /// What it is about and what keys do; empty where that is plain.
    pub about: String,
    /// The runs that it is of.
    runs: Vec<RunId>,
    /// The text before.
    before: String,
    /// Whether no key has been pressed: a first letter then replaces a short value.
    untouched: bool,
}

impl Editing {
    /// Whether it is a text of words, for which a panel's column is too narrow.
    pub const fn is_long(&self) -> bool {
        match self.what {
            EditedText::Field(field) => matches!(field, Field::Line | Field::Preset),
            EditedText::Goal
            | EditedText::PresetName
            | EditedText::Limits(..)
            | EditedText::RunName(_)
            | EditedText::RunNote(_)
            | EditedText::RunTags
            | EditedText::Export(_) => true,
            EditedText::Filter | EditedText::FieldName(_) => false,
        }
    }

    /// What is being typed, in a word or two.
    pub const fn title(&self) -> &'static str {
        match self.what {
            EditedText::Field(field) => field.name(),
            EditedText::Filter => "filter",
            EditedText::FieldName(_) => "field",
            EditedText::Goal => "Go to: 37%, e12, 1:30",
            EditedText::PresetName => "Save preset as",
            EditedText::RunName(_) => "Name of the run",
            EditedText::RunNote(_) => "Note",
            EditedText::RunTags => "Tags",
            EditedText::Export(format) => format.question(),
            EditedText::Limits(0) => "Loss axis: 0.1..2, empty to fit",
            EditedText::Limits(..) => "Top-1 axis: 80..95, empty to fit",
        }
    }
}

impl std::fmt::Debug for Editing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Editing").field("text", &self.input.value()).field("error", &self.error).finish()
    }
}

impl Session {
    /// Begins to edit a field.
    pub fn edit_field(&mut self, field: Field) {
        self.edit(EditedText::Field(field), self.setup.value(field, &self.draft));
    }

    /// Begins to ask for the name of a field to go to.
    pub fn find_field(&mut self) {
        self.edit(EditedText::FieldName(self.setup.row()), String::new());
    }

    /// Begins to edit the filter.
    pub fn edit_filter(&mut self) {
        self.edit(EditedText::Filter, self.runs.filter().to_owned());
    }

    /// Begins to ask for a position in the recording.
    pub fn edit_goal(&mut self) {
        self.edit(EditedText::Goal, String::new());
    }

    /// Begins to ask for the ends of the y axis of a metric, by its number.
    pub fn edit_limits(&mut self, metric: usize) {
        self.edit(EditedText::Limits(metric), self.y_limits[metric].to_string());
    }

    /// Begins to ask for a preset's name.
    pub fn edit_preset_name(&mut self) {
        self.edit(EditedText::PresetName, String::new());
    }

    fn edit(&mut self, what: EditedText, text: String) {
        self.edit_about(what, text, String::new(), Vec::new());
    }

    /// Begins to edit a text that is about these runs.
    pub(super) fn edit_about(&mut self, what: EditedText, text: String, about: String, runs: Vec<RunId>) {
        self.editing = Some(Editing {
            what,
            input: Input::new(text.clone()),
            error: None,
            about,
            runs,
            before: text,
            untouched: true,
        });
    }

    /// A key that is no command, while something is typed.
    pub fn type_key(&mut self, key: KeyEvent) {
        if let Some(request) = line_editor::request(key) {
            self.request(&[request]);
        }
    }

    pub(super) fn request(&mut self, requests: &[InputRequest]) {
        let Some(editing) = &mut self.editing else { return };
        let replaces = matches!(requests.first(), Some(InputRequest::InsertChar(_))) && !editing.is_long();
        if std::mem::take(&mut editing.untouched) && replaces && matches!(editing.what, EditedText::Field(_))
        {
            editing.input.handle(InputRequest::DeleteLine);
        }
        for request in requests {
            let full = editing.input.value().chars().count() >= LONGEST;
            if !(full && matches!(request, InputRequest::InsertChar(_))) {
                editing.input.handle(*request);
            }
        }
        match editing.what {
            EditedText::Filter => editing.error = self.runs.set_filter(editing.input.value()).err(),
            EditedText::FieldName(_) => {
                let found = Field::find(editing.input.value());
                found.into_iter().for_each(|row| self.setup.select(row));
                editing.error = found.is_none().then(|| "no such field".to_owned());
            }
            EditedText::Goal => editing.error = editing.input.value().parse::<SeekGoal>().err(),
            EditedText::PresetName => editing.error = self.setup.check_name(editing.input.value()).err(),
            EditedText::Limits(..) => editing.error = editing.input.value().parse::<AxisLimits>().err(),
            EditedText::RunName(_) => editing.error = annotation::name(editing.input.value()).err(),
            EditedText::RunNote(_) => editing.error = annotation::note(editing.input.value()).err(),
            EditedText::RunTags => editing.error = annotation::tags(editing.input.value()).err(),
            EditedText::Export(_) => {
                let is_empty = editing.input.value().trim().is_empty();
                editing.error = is_empty.then(|| "where to?".to_owned());
            }
            EditedText::Field(field) => {
                let checked = self.setup.check(field, editing.input.value(), &self.draft);
                editing.error = checked.err().map(|error| error.reason);
            }
        }
    }

    /// Saves the draft as a preset of the user's own.
    pub(super) fn save_preset(&mut self, name: String, replace: bool) {
        self.want(Effect::SavePreset { name, spec: Box::new(self.draft.spec().clone()), replace });
    }

    /// Completes the word of the filter or of tags before the cursor, or says how it could go on;
    /// of an export, goes to the next format.
    fn complete(&mut self) {
        let tags = self.all_tags();
        let Some(editing) = self.editing.as_mut() else { return };
        match editing.what {
            EditedText::Filter | EditedText::RunTags => {}
            EditedText::Export(format) => {
                let (runs, text) = (std::mem::take(&mut editing.runs), editing.input.value().to_owned());
                self.edit_export_as(format.next(), runs);
                // What somebody typed stays.
                if let Some(editing) = self.editing.as_mut().filter(|_| text != format.target()) {
                    editing.input = Input::new(text);
                }
                return;
            }
            _ => return,
        }
        let text: Vec<char> = editing.input.value().chars().collect();
        let (before, after) = text.split_at(editing.input.cursor().min(text.len()));
        let start = before.iter().rposition(|c| c.is_whitespace()).map_or(0, |at| at + 1);
        let word: String = before[start..].iter().collect();
        let is_filter = matches!(editing.what, EditedText::Filter);
        let completed = match is_filter {
            true => filter::complete(&word, self.runs.all()),
            false => filter::complete_among(&word, tags),
        };
        let Some((whole, choices)) = completed else { return };
        let kept: String = before[..start].iter().collect();
        let cursor = kept.chars().count() + whole.chars().count();
        let text = format!("{kept}{whole}{}", after.iter().collect::<String>());
        if text.chars().count() > LONGEST {
            return;
        }
        editing.input = Input::new(text).with_cursor(cursor);
        editing.error = match is_filter {
            true => self.runs.set_filter(editing.input.value()).err(),
            false => annotation::tags(editing.input.value()).err(),
        };
        if !choices.is_empty() {
            self.say(Level::Info, choices.join(" "));
        }
    }

    /// Applies what was typed, or discards it.
    pub fn finish_typing(&mut self, command: EditCommand) {
        let Some(editing) = &mut self.editing else { return };
        match (command, editing.what) {
            (EditCommand::Complete, _) => return self.complete(),
            (EditCommand::Accept, EditedText::Filter | EditedText::FieldName(_)) => {
                if editing.error.is_some() {
                    return;
                }
            }
            (EditCommand::Cancel, EditedText::FieldName(before)) => self.setup.select(before),
            (EditCommand::Accept, EditedText::Field(field)) => {
                if let Err(error) = self.setup.set(field, editing.input.value(), &mut self.draft) {
                    // The text stays, to be corrected.
                    editing.error = Some(error.reason);
                    return;
                }
            }
            (EditCommand::Accept, EditedText::Goal) => match editing.input.value().parse() {
                Ok(goal) => self.want(Effect::Play(PlayerOrder::Seek(goal))),
                Err(reason) => {
                    editing.error = Some(reason);
                    return;
                }
            },
            (EditCommand::Accept, EditedText::Limits(metric)) => match editing.input.value().parse() {
                Ok(limits) => self.y_limits[metric] = limits,
                Err(reason) => {
                    editing.error = Some(reason);
                    return;
                }
            },
            (
                EditCommand::Accept,
                what @ (EditedText::RunName(_) | EditedText::RunNote(_) | EditedText::RunTags),
            ) => {
                let (text, runs) = (editing.input.value().to_owned(), editing.runs.clone());
                if let Err(reason) = self.annotate(what, &text, &runs) {
                    if let Some(editing) = &mut self.editing {
                        editing.error = Some(reason);
                    }
                    return;
                }
            }
            (EditCommand::Accept, EditedText::Export(format)) => {
                if editing.error.is_some() {
                    return;
                }
                let (text, runs) = (editing.input.value().to_owned(), editing.runs.clone());
                self.export(format, &text, &runs);
            }
            (EditCommand::Accept, EditedText::PresetName) => {
                let name = editing.input.value().to_owned();
                if let Err(reason) = self.setup.check_name(&name) {
                    editing.error = Some(reason);
                    return;
                }
                if self.setup.is_own(&name) {
                    self.setup.replacing = name;
                    self.question = Some(Question::ReplacePreset);
                } else {
                    self.save_preset(name, false);
                }
            }
            (EditCommand::Cancel, EditedText::Filter) => {
                let before = std::mem::take(&mut editing.before);
                // It was one that can be understood.
                let _ = self.runs.set_filter(&before);
            }
            (EditCommand::Cancel, _) => {}
        }
        self.editing = None;
    }
}
