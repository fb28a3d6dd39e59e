//! Pasted text: one spec, several, or a command line that has one.

use std::path::Path;

use tui_input::InputRequest;

use super::editing::LONGEST;
use super::{Question, Session};
use crate::domain::error::SpecError;
use crate::domain::spec::ExperimentSpec;
use crate::domain::text::plural;
use crate::engine::presets;
use crate::tui::log::Level;
use crate::tui::setup::Field;

/// The most runs that a paste can queue.
const MOST: usize = 256;
/// Options of a command line that change how its runs are shown or kept, not which they are.
const HARMLESS: [&str; 11] = [
    "--resume",
    "--json",
    "--out",
    "--data-dir",
    "--device",
    "--threads",
    "--checkpoint-every",
    "--keep-checkpoint",
    "--target",
    "--parallel",
    "--tensorboard",
];

impl Session {
    /// Takes in pasted text: into what is typed; else a spec becomes the draft, and several,
    /// a line each, are queued once the user says so.
    pub fn paste(&mut self, text: &str) {
        if self.editing.is_some() {
            let text = text.trim().chars().take(LONGEST).filter(|c| !c.is_control());
            return self.request(&text.map(InputRequest::InsertChar).collect::<Vec<_>>());
        }
        if self.question.is_some() {
            return self.say(Level::Info, "answer the question, then paste again");
        }
        let lines: Vec<&str> = text
            .split(['\r', '\n'])
            // A command that goes on in the next line ends with a backslash.
            .map(|line| line.trim().trim_end_matches('\\').trim_end())
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .take(MOST + 1)
            .collect();
        if lines.len() > 1 && self.paste_several(&lines) {
            return;
        }
        match self.pasted_spec(&lines) {
            Ok(spec) => match self.draft.replace(spec) {
                Ok(()) => self.say(Level::Good, "the pasted spec is now the draft"),
                Err(error) => self.say(Level::Bad, format!("can't use the pasted spec: {error}")),
            },
            Err(reason) => self.say(Level::Bad, format!("can't parse the pasted text: {reason}")),
        }
    }

    /// Asks whether to queue the spec of each line, or says which line is none; `false` where
    /// the lines are a single text that was copied where it was wrapped.
    fn paste_several(&mut self, lines: &[&str]) -> bool {
        let of = lines.len();
        if of > MOST {
            self.say(
                Level::Bad,
                format!("more than {MOST} lines pasted: save them as a sweep and train it with --batch"),
            );
            return true;
        }
        let each: Vec<_> = lines.iter().map(|line| self.spec_of(line)).collect();
        if let Some(wrong) = each.iter().position(Result::is_err) {
            let is_wrapped =
                each.iter().filter(|spec| spec.is_ok()).count() < 2 && self.pasted_spec(lines).is_ok();
            if is_wrapped || each.iter().all(Result::is_err) {
                return false;
            }
            if let Some(Err(reason)) = each.get(wrong) {
                self.say(
                    Level::Bad,
                    format!("nothing queued: line {} of {of} is not a spec: {reason}", wrong + 1),
                );
            }
            return true;
        }
        if self.is_replay("nothing is trained here") {
            return true;
        }
        self.pasted = each.into_iter().flatten().collect();
        self.question = Some(Question::QueuePasted);
        true
    }

    /// The one spec that was pasted, perhaps wrapped: between words, or within one.
    fn pasted_spec(&self, lines: &[&str]) -> Result<ExperimentSpec, SpecError> {
        let cut = |text: String| text.chars().take(LONGEST).collect::<String>();
        let (spaced, whole) = (cut(lines.join(" ")), cut(lines.concat()));
        self.spec_of(&spaced).or_else(|error| match lines.len() {
            1 => Err(error),
            _ => self.spec_of(&whole),
        })
    }

    /// The spec that a line names: in one-line form, quoted or not, by a preset's name, or as
    /// the one that a command line trains.
    fn spec_of(&self, line: &str) -> Result<ExperimentSpec, SpecError> {
        let line: String = line.chars().filter(|c| !c.is_control()).collect();
        let line = unprompted(&line);
        let words = shlex::split(line).unwrap_or_default();
        let text = match &words[..] {
            [program, arguments @ ..] if is_us(program) => command_spec(arguments)?,
            // Quotes around the whole, as in a script; hops need theirs not be a shell's.
            [only] if *only != *line => only.clone(),
            _ => line.to_owned(),
        };
        let field = if presets::is_line(&text) { Field::Line } else { Field::Preset };
        let mut draft = self.draft.clone();
        self.setup.clone().set(field, &text, &mut draft)?;
        Ok(draft.spec().clone())
    }

    /// The question's text: what would be queued.
    pub(super) fn pasted_text(&self) -> String {
        let lines: Vec<_> = self.pasted.iter().take(3).map(ToString::to_string).collect();
        let more = match self.pasted.len().saturating_sub(lines.len()) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        format!("{} pasted: {}{more}", plural(self.pasted.len(), "spec"), lines.join("; "))
    }

    /// Queues what was pasted.
    pub(super) fn queue_pasted(&mut self) {
        let specs = std::mem::take(&mut self.pasted);
        let said = format!("queued {}", plural(specs.len(), "run"));
        specs.into_iter().for_each(|spec| self.queue(spec));
        self.say(Level::Good, said);
    }
}

/// A line without the prompt of the shell that it was copied from.
fn unprompted(line: &str) -> &str {
    ["$ ", "% ", "> "].iter().find_map(|prompt| line.strip_prefix(prompt)).unwrap_or(line).trim()
}

/// Whether the first word of a command line is this program.
fn is_us(word: &str) -> bool {
    Path::new(word).file_stem().is_some_and(|name| name == env!("CARGO_PKG_NAME"))
}

/// The spec that a command line with these arguments trains.
fn command_spec(arguments: &[String]) -> Result<String, SpecError> {
    let refused = |reason: String| Err(SpecError::new("pasted command", reason));
    let (mut specs, mut is_spec) = (Vec::new(), false);
    for word in arguments {
        match word.split('=').next().filter(|option| option.starts_with('-')) {
            Some("--batch") => {
                is_spec = true;
                specs.extend(word.strip_prefix("--batch=").map(str::to_owned));
            }
            Some(option) if HARMLESS.contains(&option) => is_spec = false,
            Some(option) => {
                return refused(format!("{option} is not part of a spec; paste the specs alone, one a line"));
            }
            None if is_spec => specs.push(word.clone()),
            None => {}
        }
    }
    match specs.is_empty() {
        true => refused("it trains nothing with --batch; paste a spec".to_owned()),
        false => Ok(specs.join(" ")),
    }
}
