//! Questions: what is asked, and what an answer does.

use super::Session;
use crate::tui::action::{Effect, TerminalEffect};
use crate::tui::command::QuestionAnswer;
use crate::tui::run::{RunId, TrackedRun};

/// A question that waits for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Whether to quit although a run is in progress or waits.
    Quit,
    /// Whether to delete this run from disk.
    Delete(RunId),
    /// Whether to delete the marked runs.
    DeleteMarked,
    /// Whether the draft replaces a preset of the user's own.
    ReplacePreset,
    /// Whether to download the dataset of this run.
    Fetch,
    /// Whether to train the specs that were pasted.
    QueuePasted,
    /// What to do with a spec of which there is a run.
    Repeat,
    /// Whether to stop the process that trains this run, and resume it here.
    Attach(RunId),
}

impl Question {
    /// In a word or two, as a title.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Quit => "Quit?",
            Self::Delete(_) => "Delete run?",
            Self::DeleteMarked => "Delete marked runs?",
            Self::ReplacePreset => "Replace preset?",
            Self::Fetch => "Download dataset?",
            Self::QueuePasted => "Queue pasted specs?",
            Self::Repeat => "Train again?",
            Self::Attach(_) => "Attach to run?",
        }
    }

    /// What an answer does, in a word.
    pub const fn label(self, answer: QuestionAnswer) -> &'static str {
        match (answer, self) {
            (QuestionAnswer::Yes, Self::Quit) => "Quit",
            (QuestionAnswer::Yes, Self::Delete(_) | Self::DeleteMarked) => "Delete",
            (QuestionAnswer::Yes, Self::ReplacePreset) => "Replace",
            (QuestionAnswer::Yes, Self::Fetch) => "Download",
            (QuestionAnswer::Yes, Self::QueuePasted) => "Queue",
            (QuestionAnswer::Yes, Self::Repeat) => "Train again",
            (QuestionAnswer::Yes, Self::Attach(_)) => "Attach",
            (QuestionAnswer::Detach, _) => "Detach",
            (QuestionAnswer::Resume, _) => "Resume",
            (QuestionAnswer::FreeSeed, _) => "Next seed",
            (QuestionAnswer::No, _) => "Cancel",
            (QuestionAnswer::Abandon, _) => "Quit at once",
        }
    }
}

impl Session {
    /// What Yes would do, in full.
    pub fn question_text(&self) -> Option<String> {
        Some(match self.question? {
            Question::Quit => {
                let stops = self.runs.active().map(|_| "The run stops and can be resumed.".to_owned());
                let queue = match self.runs.queue().len() {
                    0 => None,
                    1 => Some("1 run is still queued and will not be trained.".to_owned()),
                    n => Some(format!("{n} runs are still queued and will not be trained.")),
                };
                let detach = "Detach lets the work go on in the background.".to_owned();
                let detach = self.can_detach().then_some(detach);
                stops.into_iter().chain(queue).chain(detach).collect::<Vec<_>>().join(" ")
            }
            Question::Fetch => self.fetching.as_ref()?.question(),
            Question::QueuePasted => self.pasted_text(),
            Question::Repeat => self.repeated_text()?,
            Question::Attach(id) => self.attach_text(id)?,
            Question::DeleteMarked => self.delete_marked_text(),
            Question::Delete(id) => {
                let line = self.runs.get(id).map_or("", |run| run.line.as_str());
                format!("Its record and its weights are deleted from disk: {line}")
            }
            Question::ReplacePreset => {
                format!("The draft replaces your preset {}: {}", self.setup.replacing, self.draft.line())
            }
        })
    }

    /// Whether `question` can be answered so.
    pub fn takes_answer(&self, question: Question, answer: QuestionAnswer) -> bool {
        match answer {
            QuestionAnswer::Yes | QuestionAnswer::No | QuestionAnswer::Abandon => true,
            QuestionAnswer::FreeSeed => question == Question::Repeat,
            QuestionAnswer::Detach => question == Question::Quit && self.can_detach(),
            QuestionAnswer::Resume => question == Question::Repeat && self.repeated_can_be_resumed(),
        }
    }

    /// Does what was answered.
    pub fn answer(&mut self, question: Question, answer: QuestionAnswer) {
        if !self.takes_answer(question, answer) {
            return;
        }
        match (answer, question) {
            // Asked for twice: at once. What was recorded is on disk.
            (QuestionAnswer::Abandon, _) => self.want_of_terminal(TerminalEffect::Quit),
            (QuestionAnswer::Yes, Question::Quit) => self.leave(),
            (QuestionAnswer::Detach, _) => self.detach(),
            (QuestionAnswer::Yes, Question::Attach(id)) => self.attach(id),
            (QuestionAnswer::Yes, Question::Delete(id)) => {
                if let Some(TrackedRun { path: Some(path), .. }) = self.runs.get(id) {
                    let path = path.clone();
                    self.want(Effect::Delete(vec![(id, path)]));
                }
            }
            (QuestionAnswer::Yes, Question::DeleteMarked) => self.delete_all_marked(),
            (QuestionAnswer::Yes, Question::ReplacePreset) => {
                let name = std::mem::take(&mut self.setup.replacing);
                self.save_preset(name, true);
            }
            (QuestionAnswer::Yes, Question::Fetch) => self.answer_fetch(true),
            (QuestionAnswer::Yes, Question::QueuePasted) => self.queue_pasted(),
            (QuestionAnswer::Yes, Question::Repeat) => self.repeat(),
            (QuestionAnswer::FreeSeed, Question::Repeat) => self.repeat_with_free_seed(),
            (QuestionAnswer::Resume, Question::Repeat) => self.resume_repeated(),
            (QuestionAnswer::No, Question::Repeat) => self.repeated = None,
            (QuestionAnswer::Resume | QuestionAnswer::FreeSeed, _) => {}
            (QuestionAnswer::No, Question::QueuePasted) => self.pasted.clear(),
            (QuestionAnswer::No, Question::Fetch) => self.answer_fetch(false),
            (
                QuestionAnswer::No,
                Question::Quit
                | Question::Delete(_)
                | Question::DeleteMarked
                | Question::ReplacePreset
                | Question::Attach(_),
            ) => {}
        }
        self.question = None;
        self.ask_to_fetch();
    }
}
