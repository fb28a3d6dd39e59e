//! Pasted text: one spec, several, or a command line that has one.

use std::path::Path;

use tui_input::InputRequest;

use super::editing::LONGEST;
use super::{Question, Session};
use crate::domain::error::SpecError;
use crate::domain::keys;
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
            // The end of a line parts words, as a space does.
            let text = text.trim().replace("\r\n", "\n").replace(['\r', '\n', '\t'], " ");
            let text = text.chars().take(LONGEST).filter(|c| !c.is_control());
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
                Ok(()) => {
                    let unused = unused_options(&lines);
                    self.say(Level::Good, format!("the pasted spec is now the draft{unused}"));
                }
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
        self.unused_of_pasted = unused_options(lines);
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
        let words = shlex::split(line);
        if let Some(arguments) = words.as_deref().and_then(arguments) {
            return self.spec_of_words(&command_spec(arguments)?);
        }
        let whole = match words.as_deref() {
            // Quotes around the whole, as in a script; hops need theirs not be a shell's.
            Some([only]) if *only != *line => only,
            _ => line,
        };
        self.spec_of_words(&[whole.to_owned()]).or_else(|error| match words {
            Some(words) if words.len() > 1 => self.spec_of_words(&words),
            Some(_) => Err(error),
            None => Err(SpecError::new("pasted text", "a quote is not closed")),
        })
    }

    /// One spec: a preset's name, or the first word of a line, and keys.
    fn spec_of_words(&self, words: &[String]) -> Result<ExperimentSpec, SpecError> {
        let is_start = |word: &&String| presets::is_line(word) && !is_pair(word);
        let starts = words.iter().filter(is_start).count();
        if starts > 1 {
            return Err(SpecError::new(
                "pasted text",
                format!("{starts} specs in a line; paste them one a line"),
            ));
        }
        let (mut draft, mut setup) = (self.draft.clone(), self.setup.clone());
        let Some((first, keys)) = words.split_first().filter(|_| starts == 0) else {
            setup.set(Field::Line, &words.join(" "), &mut draft)?;
            return Ok(draft.spec().clone());
        };
        if !keys.iter().all(|word| is_pair(word)) {
            setup.set(Field::Preset, &words.join(" "), &mut draft)?;
            return Ok(draft.spec().clone());
        }
        setup.set(Field::Preset, first, &mut draft)?;
        let mut spec = draft.spec().clone();
        for (key, value) in keys.iter().filter_map(|word| word.split_once('=')) {
            spec.set(key, value)?;
        }
        spec.checked()
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
        let unused = std::mem::take(&mut self.unused_of_pasted);
        let said = format!("queued {}{unused}", plural(specs.len(), "run"));
        specs.into_iter().for_each(|spec| self.queue(spec));
        self.say(Level::Good, said);
    }
}

/// A line without the prompt of the shell that it was copied from.
fn unprompted(line: &str) -> &str {
    ["$ ", "% ", "> "].iter().find_map(|prompt| line.strip_prefix(prompt)).unwrap_or(line).trim()
}

/// Whether a word is a key with its value.
fn is_pair(word: &str) -> bool {
    word.split_once('=').is_some_and(|(key, _)| keys::find(key).is_ok())
}

/// The arguments of this program, where `words` are a command that starts it: by itself, by cargo,
/// with variables before it, or by way of a program such as nohup.
fn arguments(words: &[String]) -> Option<&[String]> {
    let is_us =
        |word: &String| Path::new(word).file_stem().is_some_and(|name| name == env!("CARGO_PKG_NAME"));
    let is_variable = |word: &String| {
        let name = word.split_once('=').map_or("", |(name, _)| name);
        !name.is_empty() && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    let is_starter =
        |word: &String| ["nohup", "env", "time", "nice", "exec", "setsid"].contains(&word.as_str());
    let begins = words.iter().position(|word| !is_variable(word) && !is_starter(word))?;
    let arguments = match &words[begins..] {
        [program, arguments @ ..] if is_us(program) => arguments,
        [cargo, run, rest @ ..] if cargo == "cargo" && run == "run" => {
            &rest[rest.iter().position(|word| word == "--")? + 1..]
        }
        _ => return None,
    };
    // What the shell does with its output, or in the background.
    let is_shells = |word: &String| {
        ["&", "&&", "|", ";", ">", ">>", "<"].contains(&word.as_str())
            || word.contains(">&")
            || word.starts_with("2>")
    };
    let end = arguments.iter().position(is_shells).unwrap_or(arguments.len());
    Some(&arguments[..end])
}

/// The options of pasted command lines that say how to train and not what, as the end of a
/// message; empty where there are none.
fn unused_options(lines: &[&str]) -> String {
    let mut options: Vec<&str> = Vec::new();
    let split: Vec<_> = lines.iter().filter_map(|line| shlex::split(unprompted(line))).collect();
    for word in split.iter().filter_map(|words| arguments(words)).flatten() {
        let option = HARMLESS.into_iter().find(|option| word.split('=').next() == Some(*option));
        options.extend(option.filter(|option| !options.contains(option)));
    }
    match options.is_empty() {
        true => String::new(),
        false => format!("; not used here: {}", options.join(", ")),
    }
}

/// The words of the spec that a command line with these arguments trains.
fn command_spec(arguments: &[String]) -> Result<Vec<String>, SpecError> {
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
        false => Ok(specs),
    }
}
