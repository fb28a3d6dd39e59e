//! What each command does.

use super::{App, Leaving, Question};
use crate::domain::event::Control;
use crate::domain::hops::HopGroup;
use crate::domain::spec::ExperimentSpec;
use crate::tui::action::Effect;
use crate::tui::command::{Command, Panel};
use crate::tui::log::Level;
use crate::tui::player::Order;
use crate::tui::run::{Run, Stage};
use crate::tui::setup::Field;

/// Rows of a page in lists.
const PAGE: isize = 10;

impl App {
    /// Does what `command` asks for.
    pub(super) fn obey(&mut self, command: Command) {
        if self.editing.is_some() {
            return self.finish_typing(command);
        }
        if let Some(question) = self.question {
            return self.answer(question, command);
        }
        if self.view.help.is_some() {
            return self.scroll_help(command);
        }
        match command {
            Command::Train | Command::Pause | Command::Stop | Command::Twin if self.playback.is_some() => {
                self.say(Level::Info, "this is a recording: nothing is trained here");
            }
            Command::Play => self.effects.push(Effect::Play(Order::PlayOrPause)),
            Command::StepOn | Command::StepBack => {
                self.effects.push(Effect::Play(Order::Step(command == Command::StepOn)));
            }
            Command::Faster | Command::Slower => {
                self.effects.push(Effect::Play(Order::Faster(command == Command::Faster)));
            }
            Command::Loop => self.effects.push(Effect::Play(Order::Loop)),
            Command::GoTo => self.edit_goal(),
            Command::Train => self.train(),
            Command::Pause => self.pause(),
            Command::Stop => self.stop(),
            Command::Twin => self.twin(),
            Command::Lesions => self.lesion(false),
            Command::LesionPairs => self.lesion(true),
            Command::Quit => self.quit(),
            Command::Help => self.view.help = Some(0),
            Command::Back => self.back(),
            Command::NextPanel => self.focus_by(1),
            Command::PreviousPanel => self.focus_by(Panel::ALL.len() - 1),
            Command::Focus(panel) => self.focus = panel,
            Command::Zoom => self.view.zoomed = !self.view.zoomed,
            Command::CopySpec => {
                self.effects.push(Effect::Copy(self.draft.line().to_owned()));
                self.say(Level::Good, "copied the draft's line to the terminal's clipboard");
            }
            Command::Suspend => self.effects.push(Effect::Suspend),
            Command::Redraw => self.effects.push(Effect::Redraw),
            Command::Picture => self.effects.push(Effect::Picture),
            Command::Rescan => {
                self.data.ask_again();
                self.effects.push(Effect::Search);
            }
            Command::Press(group) => self.press(group),
            // Answers, with no question open.
            Command::Yes | Command::No => {}
            other => match self.focus {
                Panel::Wiring => self.wire(other),
                Panel::Setup => self.set_up(other),
                Panel::Curves => self.plot(other),
                Panel::Activations => self.scrub(other),
                Panel::Features => self.look(other),
                Panel::Data => self.look_at_data(other),
                Panel::Table => self.tabulate(other),
                Panel::Runs => self.manage(other),
                Panel::Status => self.read_log(other),
            },
        }
    }

    fn focus_by(&mut self, by: usize) {
        let now = Panel::ALL.iter().position(|panel| *panel == self.focus).unwrap_or(0);
        self.focus = Panel::ALL[(now + by) % Panel::ALL.len()];
    }

    /// Queues the draft. A run that trains is never altered. Where the queue is held it goes
    /// on, and a draft that waits in it already is not queued once more.
    fn train(&mut self) {
        let spec = self.draft.spec();
        let waits = self.runs.queue().any(|id| self.runs.get(id).is_some_and(|run| run.spec == *spec));
        if std::mem::take(&mut self.held) && waits {
            self.declined = None;
            self.say(Level::Info, "the queue goes on");
            return self.start_next();
        }
        self.queue(self.draft.spec().clone());
    }

    fn queue(&mut self, spec: ExperimentSpec) {
        self.declined = None;
        let line = spec.to_string();
        let same = |run: &Run| run.spec == spec && run.stage != Stage::Over;
        let again = self.runs.listed().any(same);
        let before = self.runs.queue().len() + usize::from(self.runs.active().is_some());
        let id = self.runs.enqueue(spec);
        if before == 0 {
            self.runs.select(id);
            self.say(Level::Info, format!("starting {line}"));
        } else if again {
            self.say(Level::Warn, format!("queued; the very same run trains or waits already: {line}"));
        } else {
            self.say(Level::Info, format!("queued, {before} before it: {line}"));
        }
        self.start_next();
    }

    fn pause(&mut self) {
        let Some(run) = self.runs.active() else {
            return self.say(Level::Info, "nothing trains; t trains the draft");
        };
        if self.run_fetching().is_some() {
            return self.say(Level::Info, "its data are being fetched; x ends that");
        }
        let order = if run.state.paused { Control::Continue } else { Control::Pause };
        self.effects.push(Effect::Order(order));
    }

    fn stop(&mut self) {
        match self.runs.active().is_some() {
            _ if self.end_fetch() => {
                self.say(Level::Info, "ending the fetch; what has come is gone on with next time");
            }
            false => self.say(Level::Info, "nothing trains"),
            true => {
                self.effects.push(Effect::Order(Control::Stop));
                self.say(Level::Info, "stopping after the current step; the run is kept");
            }
        }
    }

    /// Same-seed A/B: the current run's spec with the draft's version and hops. Weights are
    /// drawn by seed and name, so what both networks have starts alike.
    fn twin(&mut self) {
        let Some(run) = self.runs.chosen().filter(|run| run.stage != Stage::Waiting) else {
            return self.say(Level::Info, "A/B needs a run that has started; choose one in Runs");
        };
        let (id, version) = (run.id, self.draft.spec().version.clone());
        match (ExperimentSpec { version, ..run.spec.clone() }).checked() {
            Ok(twin) if twin == run.spec => {
                self.say(Level::Warn, "the draft has the same hops as this run; switch some first");
            }
            Ok(twin) => {
                if let Err(reason) = self.runs.show(id) {
                    return self.say(Level::Warn, reason);
                }
                self.runs.pin(Some(id));
                self.queue(twin);
            }
            Err(reason) => self.say(Level::Warn, format!("no twin: {reason}")),
        }
    }

    fn quit(&mut self) {
        if self.playback.is_some() {
            self.effects.push(Effect::Quit);
        } else if self.runs.active().is_some() || self.runs.queue().len() > 0 {
            self.question = Some(Question::Quit);
        } else {
            self.effects.push(Effect::Quit);
        }
    }

    /// Ends the program when the run that trains has ended by itself.
    pub fn quit_when_over(&mut self) {
        self.leaving = Leaving::WhenStopped;
    }

    /// Stops what trains, and ends the program when it has stopped.
    pub(super) fn leave(&mut self) {
        self.leaving = Leaving::WhenStopped;
        self.end_lesions();
        match self.playback.is_none() && self.runs.active().is_some() {
            true if self.end_fetch() => {}
            true => self.effects.push(Effect::Order(Control::Stop)),
            false => self.effects.push(Effect::Quit),
        }
    }

    fn answer(&mut self, question: Question, command: Command) {
        match (question, command) {
            // Asked for twice: at once. What was recorded is on disk.
            (_, Command::Quit) => self.effects.push(Effect::Quit),
            (Question::Quit, Command::Yes) => self.leave(),
            (Question::Delete(id), Command::Yes) => {
                if let Some(Run { path: Some(path), .. }) = self.runs.get(id) {
                    self.effects.push(Effect::Delete(id, path.clone()));
                }
            }
            (Question::ReplacePreset, Command::Yes) => {
                let name = std::mem::take(&mut self.setup.replacing);
                self.keep_preset(name, true);
            }
            (Question::Fetch, Command::Yes | Command::No) => self.answer_fetch(command == Command::Yes),
            (_, Command::No) => {}
            // A click elsewhere, say: the question stays.
            _ => return,
        }
        self.question = None;
        self.ask_to_fetch();
    }

    fn scroll_help(&mut self, command: Command) {
        let line = self.view.help.unwrap_or(0);
        self.view.help = match command {
            Command::Up => Some(line.saturating_sub(1)),
            Command::Down => Some(line + 1),
            Command::PageUp => Some(line.saturating_sub(PAGE as usize)),
            Command::PageDown => Some(line + PAGE as usize),
            Command::First => Some(0),
            Command::Back | Command::Help => None,
            _ => Some(line),
        };
    }

    fn back(&mut self) {
        if self.view.zoomed {
            self.view.zoomed = false;
        } else if self.focus == Panel::Curves && self.curves.is_inspecting() {
            self.curves.toggle_cursor();
        } else if self.focus == Panel::Runs && !self.runs.filter().is_empty() {
            self.runs.set_filter("");
        }
    }

    pub(super) fn press(&mut self, group: HopGroup) {
        if let Err(reason) = self.draft.press(group) {
            self.say(Level::Warn, reason.reason);
        }
    }

    fn wire(&mut self, command: Command) {
        match command {
            Command::Left => self.draft.move_cursor(-1, 0),
            Command::Right => self.draft.move_cursor(1, 0),
            Command::Up => self.draft.move_cursor(0, 1),
            Command::Down => self.draft.move_cursor(0, -1),
            Command::PressCursor => {
                if let Err(reason) = self.draft.toggle_cursor() {
                    self.say(Level::Warn, reason.reason);
                }
            }
            _ => {}
        }
    }

    fn set_up(&mut self, command: Command) {
        let field = self.setup.field();
        match command {
            Command::Up => self.setup.move_by(-1),
            Command::Down => self.setup.move_by(1),
            Command::First => self.setup.select(0),
            Command::Last => self.setup.select(usize::MAX),
            Command::Left | Command::Right => {
                let forward = command == Command::Right;
                match self.setup.neighbour(field, &self.draft, forward) {
                    Some(value) => self.set_field(field, &value),
                    None => self
                        .say(Level::Info, format!("{}: nothing further; Enter types a value", field.name())),
                }
            }
            Command::Default => match self.setup.default_of(field, &self.draft) {
                Some(value) => self.set_field(field, &value),
                None => self.say(Level::Info, format!("{}: there is no default", field.name())),
            },
            Command::Enter => self.edit_field(),
            Command::SavePreset => self.edit_preset_name(),
            _ => {}
        }
    }

    fn set_field(&mut self, field: Field, value: &str) {
        if let Err(error) = self.setup.set(field, value, &mut self.draft) {
            self.say(Level::Warn, error.to_string());
        }
    }

    fn plot(&mut self, command: Command) {
        let curves = &mut self.curves;
        match command {
            Command::CycleMetric => curves.cycle_metric(),
            Command::CycleLines => curves.cycle_lines(),
            Command::LogY => curves.toggle_log_y(),
            Command::CycleX => curves.cycle_x(),
            Command::Smoother => curves.smoother(),
            Command::Rougher => curves.rougher(),
            Command::ZoomIn => curves.zoom_in(),
            Command::ZoomOut => curves.zoom_out(),
            Command::Inspect => curves.toggle_cursor(),
            Command::Bands => curves.toggle_bands(),
            Command::Outliers => curves.toggle_outliers(),
            Command::First => curves.reset_view(),
            Command::Left | Command::Right => {
                let by = if command == Command::Left { -1 } else { 1 };
                if curves.is_inspecting() { curves.move_cursor(by) } else { curves.pan(by) }
            }
            _ => {}
        }
    }

    fn manage(&mut self, command: Command) {
        match command {
            Command::Up => self.runs.move_cursor(-1),
            Command::Down => self.runs.move_cursor(1),
            Command::PageUp => self.runs.move_cursor(-PAGE),
            Command::PageDown => self.runs.move_cursor(PAGE),
            Command::First => self.runs.move_cursor(isize::MIN),
            Command::Last => self.runs.move_cursor(isize::MAX),
            Command::Filter => self.edit_filter(),
            Command::Sort => self.runs.sort_next(),
            Command::Reverse => self.runs.reverse(),
            Command::ShowNone => self.runs.hide_all(),
            _ => self.manage_current(command),
        }
    }

    /// Commands about the run under the cursor.
    fn manage_current(&mut self, command: Command) {
        let Some(run) = self.runs.chosen() else {
            return self.say(Level::Info, "no run is chosen");
        };
        let (id, stage) = (run.id, run.stage);
        match command {
            Command::Show if stage == Stage::Waiting => self.say(Level::Info, "it has not begun"),
            Command::Show if run.slot.is_some() => self.runs.hide(id),
            Command::Show => {
                if let Err(reason) = self.runs.show(id) {
                    self.say(Level::Warn, reason);
                }
            }
            Command::Pin if stage == Stage::Waiting => self.say(Level::Info, "it has not begun"),
            Command::Pin => {
                let pinned = self.runs.baseline().is_some_and(|run| run.id == id);
                self.runs.pin((!pinned).then_some(id));
            }
            Command::Resume if self.playback.is_some() => {
                self.say(Level::Info, "this is a recording: nothing trains here");
            }
            Command::Resume => match run.why_not_resumed() {
                Some(reason) => self.say(Level::Info, reason),
                None => {
                    let text = format!("going on with {}", run.line);
                    (self.held, self.declined) = (false, None);
                    self.runs.enqueue_again(id);
                    self.say(Level::Info, text);
                    self.start_next();
                }
            },
            Command::Use => {
                let spec = run.spec.clone();
                match self.draft.replace(spec) {
                    Ok(()) => self.say(Level::Good, "its spec is the draft now"),
                    Err(reason) => self.say(Level::Warn, reason.to_string()),
                }
            }
            Command::Earlier | Command::Later => {
                let by = if command == Command::Earlier { -1 } else { 1 };
                if stage != Stage::Waiting {
                    self.say(Level::Info, "only runs that wait can be moved");
                }
                self.runs.reorder(id, by);
            }
            Command::Delete => match stage {
                _ if self.playback.is_some() => {
                    self.say(Level::Info, "this is a recording: nothing is deleted here")
                }
                Stage::Waiting => {
                    self.say(Level::Info, "taken out of the queue");
                    self.runs.unqueue(id);
                    // A queue that holds nothing is not held.
                    self.held &= self.runs.queue().len() > 0;
                }
                Stage::Over if run.path.is_none() => self.runs.remove(id),
                Stage::Over => self.question = Some(Question::Delete(id)),
                _ => self.say(Level::Warn, "it trains; x stops it"),
            },
            _ => {}
        }
    }

    fn read_log(&mut self, command: Command) {
        match command {
            Command::Up => self.log.scroll(1),
            Command::Down => self.log.scroll(-1),
            Command::PageUp => self.log.scroll(PAGE),
            Command::PageDown => self.log.scroll(-PAGE),
            Command::First => self.log.scroll(isize::MAX),
            Command::Last => self.log.follow(),
            _ => {}
        }
    }
}
