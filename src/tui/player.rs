//! Plays a tape of recorded runs through the same messages that training sends.

use super::action::Message;
use super::run::{RunId, RunStage};
use crate::domain::event::EventKind;
use crate::domain::run_state::RunState;
use crate::domain::timeline::{SeekGoal, Timeline, TimelinePosition};

/// How a tape is played by keys, times as fast as it was recorded.
const SPEEDS: [f64; 13] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1000.0];

/// What a person wants of the player.
#[derive(Debug, Clone, PartialEq)]
pub enum PlayerOrder {
    /// Play, or stop where it is.
    PlayOrPause,
    /// To the end of the next epoch, or of the one before.
    Step(bool),
    /// Twice as fast, or half.
    Faster(bool),
    /// Go to a place.
    Seek(SeekGoal),
    /// Begin again at the end, or not.
    Loop,
}

/// What the screen shows of the player.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Playback {
    /// Seconds from the beginning.
    pub t: f64,
    /// Seconds of the whole.
    pub seconds: f64,
    /// Whether time passes.
    pub playing: bool,
    /// Times as fast as it was recorded.
    pub speed: f64,
    /// Whether it begins again at the end.
    pub looping: bool,
}

/// What a tape has to offer a person who looks for a place in it, seconds from its beginning.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TapeMarks {
    /// When each run begins.
    pub runs: Vec<f64>,
    /// When each epoch ends.
    pub epochs: Vec<f64>,
}

/// A tape and where it is.
#[derive(Debug)]
pub struct Player {
    tape: Timeline,
    place: TimelinePosition,
    playback: Playback,
}

impl Player {
    /// Where the tape starts, playing at any speed above 0.
    pub fn new(tape: Timeline, speed: f64, looping: bool) -> Self {
        let playback = Playback { t: tape.from(), seconds: tape.seconds(), playing: true, speed, looping };
        Self { tape, place: TimelinePosition { run: 0, events: 0 }, playback }
    }

    /// The speed at which `tape` lasts so many seconds.
    pub fn speed_to_fit(tape: &Timeline, seconds: f64) -> f64 {
        (tape.seconds() - tape.from()) / seconds.max(1e-3)
    }

    /// Whether time passes.
    pub const fn is_playing(&self) -> bool {
        self.playback.playing
    }

    /// The tape's runs, none of which has begun, and what has happened where it starts.
    pub fn introduce(&mut self) -> Vec<Message> {
        let runs = self.tape.runs().iter().enumerate();
        let mut all: Vec<_> =
            runs.map(|(id, run)| Message::Recorded(id, Box::new(run.spec.clone()))).collect();
        let said = self.tape.runs().iter().enumerate().filter(|(_, run)| !run.annotation.is_empty());
        all.extend(said.map(|(id, run)| Message::RecordedNotes(id, run.annotation.clone())));
        let runs = (0..self.tape.runs().len()).filter_map(|run| self.tape.begin(run)).collect();
        all.push(Message::TapeMarks(TapeMarks { runs, epochs: self.tape.epoch_ends() }));
        match self.tape.from() > 0.0 {
            true => all.extend(self.jump(self.tape.from())),
            false => all.push(Message::Playing(self.playback)),
        }
        all
    }

    /// Lets `seconds` of real time pass, and tells what happened.
    pub fn advance(&mut self, seconds: f64) -> Vec<Message> {
        if !self.playback.playing {
            return Vec::new();
        }
        let t = self.playback.t + seconds * self.playback.speed;
        if t >= self.playback.seconds && self.playback.looping && self.playback.seconds > 0.0 {
            // The end is seen before it begins again.
            return match self.playback.t < self.playback.seconds {
                true => self.go_to(self.playback.seconds),
                false => self.jump(self.tape.from()),
            };
        }
        let mut sent = self.go_to(t.min(self.playback.seconds));
        if t >= self.playback.seconds {
            self.playback.playing = false;
            sent.push(Message::Playing(self.playback));
        }
        sent
    }

    /// Does what `order` says; what that changed.
    pub fn handle_order(&mut self, order: &PlayerOrder) -> Vec<Message> {
        match order {
            PlayerOrder::PlayOrPause => {
                self.playback.playing = !self.playback.playing;
                if self.playback.playing && self.playback.t >= self.playback.seconds {
                    return self.jump(self.tape.from());
                }
            }
            PlayerOrder::Faster(faster) => {
                let now = self.playback.speed;
                let next = match faster {
                    true => SPEEDS.into_iter().find(|speed| *speed > now),
                    false => SPEEDS.into_iter().rev().find(|speed| *speed < now),
                };
                self.playback.speed = next.unwrap_or(now);
            }
            PlayerOrder::Loop => self.playback.looping = !self.playback.looping,
            PlayerOrder::Step(forward) => {
                self.playback.playing = false;
                return self.step(*forward);
            }
            PlayerOrder::Seek(goal) => {
                let run = self.place.run.min(self.tape.runs().len().saturating_sub(1));
                return self.jump(self.tape.seek(*goal, run));
            }
        }
        vec![Message::Playing(self.playback)]
    }

    /// To the end of the epoch after or before this moment.
    fn step(&mut self, forward: bool) -> Vec<Message> {
        let t = self.playback.t;
        let ends = self.tape.epoch_ends();
        match forward {
            true => {
                let next = ends.iter().copied().find(|end| *end > t).unwrap_or(self.playback.seconds);
                self.go_to(next)
            }
            false => self.jump(ends.iter().rev().copied().find(|end| *end < t).unwrap_or(0.0)),
        }
    }

    /// Plays on to `t`, event by event.
    fn go_to(&mut self, t: f64) -> Vec<Message> {
        let goal = self.tape.at(t);
        let mut sent = Vec::new();
        while self.place < goal {
            let Some(run) = self.tape.runs().get(self.place.run) else { break };
            let last = if goal.run > self.place.run { run.events.len() } else { goal.events };
            let id: RunId = self.place.run;
            sent.extend(run.events[self.place.events..last].iter().map(|e| Message::Event(id, e.clone())));
            self.place.events = last;
            if goal.run > self.place.run {
                sent.push(Message::Ended { id, error: None, holds: false });
                self.place = TimelinePosition { run: self.place.run + 1, events: 0 };
            }
        }
        self.playback.t = t;
        sent.push(Message::Playing(self.playback));
        sent
    }

    /// To `t` at once: every run as it was then.
    fn jump(&mut self, t: f64) -> Vec<Message> {
        self.place = self.tape.at(t);
        self.playback.t = t;
        let scene = self.tape.runs().iter().enumerate().map(|(id, run)| {
            let (stage, state) = match id.cmp(&self.place.run) {
                std::cmp::Ordering::Less => (RunStage::Over, run.state(run.events.len())),
                std::cmp::Ordering::Equal if self.place.events > 0 => {
                    (RunStage::Live, run.state(self.place.events))
                }
                _ => (RunStage::Waiting, RunState::default()),
            };
            (id, stage, state)
        });
        vec![Message::Scene(scene.collect()), Message::Playing(self.playback)]
    }
}

/// Whether an event begins a run.
pub const fn begins(kind: &EventKind) -> bool {
    matches!(kind, EventKind::RunStarted(_))
}
