//! The first line, with the run in progress, and the last, with the keys that matter now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::domain::event::Phase;
use crate::domain::text::duration;
use crate::tui::app::{App, HitTarget, Hits};
use crate::tui::command::{AppCommand, GlobalCommand, KeyScope};
use crate::tui::fetching::Fetching;
use crate::tui::keymap::shown;
use crate::tui::log::Level;
use crate::tui::paint::{cut, cut_front, put};
use crate::tui::panels::PanelId;
use crate::tui::player::Playback;
use crate::tui::run::{RunStage, TrackedRun};
use crate::tui::session::Session;

/// From this width on panels' names are whole, columns, and below that one first letters.
const ROOMY: u16 = 100;
const NARROW: u16 = 64;

/// Panels by name, then the run in progress.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer, hits: &mut Hits) {
    let theme = &app.session.theme;
    let mut x = area.x;
    for id in PanelId::ALL.iter().copied() {
        let facts = id.facts();
        let style = if id == app.focus { theme.selected() } else { theme.dim() };
        let start = x;
        let title = match area.width {
            // Where there is no room for names there is for their keys.
            ..NARROW if id != app.focus => facts.title.get(..1).unwrap_or_default(),
            ..ROOMY => facts.short,
            _ => facts.title,
        };
        x = put(buf, area, x, area.y, &format!(" {title} "), style, theme);
        hits.push((Rect { x: start, y: area.y, width: x - start, height: 1 }, HitTarget::Tab(id)));
    }
    let room = usize::from(area.right().saturating_sub(x + 1));
    let text = cut(&summary(&app.session, room), room);
    let style = if app.session.runs.active().is_some() || app.session.playback.is_some_and(|p| p.playing) {
        theme.good()
    } else {
        theme.dim()
    };
    let at = area.right().saturating_sub(text.width() as u16);
    put(buf, area, at, area.y, &text, style, theme);
}

/// The run in progress, in at most about `room` columns.
fn summary(session: &Session, room: usize) -> String {
    let replay = session.playback.as_ref().map(|playback| replay(session, playback));
    let Some(replay) = replay else { return training(session, room) };
    let rest = training(session, room.saturating_sub(replay.width() + 3));
    match session.runs.active() {
        Some(_) if rest.width() + 3 + replay.width() <= room => format!("{rest} · {replay}"),
        _ => replay,
    }
}

/// Where the recording is, and how fast it is played.
fn replay(session: &Session, playback: &Playback) -> String {
    let sign = match playback.playing {
        true => session.theme.glyph("▶", ">"),
        false => session.theme.glyph("‖", "="),
    };
    // 100% is the end, and nothing before it.
    let part = (100.0 * playback.t / playback.seconds.max(f64::MIN_POSITIVE)).floor();
    let looping = if playback.looping { " loop" } else { "" };
    let (t, seconds) = (duration(playback.t), duration(playback.seconds));
    format!("{sign} {}× {t} of {seconds}, {part:.0}%{looping}", speed(playback.speed))
}

/// Two digits, or as many as a whole number has.
fn speed(speed: f64) -> String {
    let digits = if speed >= 10.0 || speed.fract() == 0.0 { 0 } else { 2 };
    format!("{speed:.digits$}")
}

fn training(session: &Session, room: usize) -> String {
    let described = |fetching: &Fetching| {
        let (doing, details) = (fetching.doing(), fetching.details());
        let all = format!("{doing} · {details}");
        if details.is_empty() || all.width() > room { doing } else { all }
    };
    let Some(run) = session.runs.active() else {
        if let Some(fetching) = &session.fetching {
            return described(fetching);
        }
        return match session.lesions.running() {
            Some(running) => format!("lesions {}/{}", running.done, running.total),
            None if session.is_held() => "queue held".into(),
            None => "idle".into(),
        };
    };
    let state = &run.state;
    if let Some(fetching) = session.run_fetching() {
        return described(fetching);
    }
    let first = format!("{} {}/{}", doing(session, run), state.epoch, run.spec.epochs);
    let eta = state.eta().map(|eta| format!("eta {}", duration(eta)));
    let loss = state.steps.last().map(|step| format!("loss {:.3}", step.loss));
    let rate = state.images_per_s().map(|rate| format!("{rate:.0} img/s"));
    let mut text = first;
    for part in [eta, loss, rate].into_iter().flatten() {
        if text.width() + 3 + part.width() <= room {
            text = format!("{text} · {part}");
        }
    }
    let name = run.spec.network_name();
    if name.width() + 3 + text.width() <= room { format!("{name} · {text}") } else { text }
}

/// What the engine does, in a word or two.
pub fn doing(session: &Session, run: &TrackedRun) -> String {
    let state = &run.state;
    if session.is_leaving() {
        return "stopping".into();
    }
    if state.paused {
        return "paused".into();
    }
    let silent = match session.machine.silent {
        // A recording that stands still is not silent.
        _ if session.playback.is_some() => String::new(),
        0..=1 => String::new(),
        seconds => format!(" {seconds}s"),
    };
    match (run.stage, state.phase) {
        (RunStage::Live, _) if let Some((kernels, seconds)) = state.compiling => {
            format!("{kernels} kernels compiled, {}", duration(seconds))
        }
        (RunStage::Starting, _) if let Some(fetching) = session.run_fetching() => fetching.doing(),
        (RunStage::Starting, _) => format!("reading data{silent}"),
        (_, None) => format!("starting{silent}"),
        (_, Some(Phase::Preparing)) => format!("preparing{silent}"),
        (_, Some(Phase::Training)) => format!("training{silent}"),
        (_, Some(Phase::Validating)) => "validating".into(),
        (_, Some(Phase::Testing)) => "testing".into(),
    }
}

/// The last message, or the keys that matter now.
pub fn draw_footer(app: &App, area: Rect, buf: &mut Buffer, hits: &mut Hits) {
    let theme = &app.session.theme;
    if let Some((level, text)) = &app.session.notice {
        let style = match level {
            Level::Info => theme.text(),
            Level::Good => theme.good(),
            Level::Warn => theme.warn(),
            Level::Bad => theme.bad(),
        };
        let whole = text.width() <= area.width.into();
        // What is cut off here is whole in the log.
        let more = app
            .keymap
            .key_of(GlobalCommand::Focus(PanelId::Status).into())
            .filter(|_| !whole && *level != Level::Info);
        let more = more.map_or(String::new(), |key| format!(" ({key}: full text)"));
        let room = usize::from(area.width).saturating_sub(more.width());
        let text = if *level == Level::Bad { cut_front(text, room) } else { cut(text, room) };
        let x = put(buf, area, area.x, area.y, &text, style, theme);
        put(buf, area, x, area.y, &more, theme.accent(), theme);
        return;
    }
    let hints = hints(app);
    // How to get help and how to get out are always there.
    let (last, first): (Vec<_>, Vec<_>) = hints.into_iter().partition(|hint| {
        matches!(hint.command, AppCommand::Global(GlobalCommand::Help | GlobalCommand::Quit))
    });
    let reserved: usize = last.iter().map(|hint| hint.width() + 2).sum();
    let mut left = area;
    left.width = left.width.saturating_sub(reserved as u16);
    let mut x = area.x;
    for hint in &first {
        if usize::from(x - area.x) + hint.width() > left.width.into() {
            break;
        }
        x = hint.draw(app, left, x, buf, hits);
    }
    let mut x = left.right() + 2;
    for hint in &last {
        x = hint.draw(app, area, x, buf, hits);
    }
}

/// A key that matters now, and what it does.
struct Hint {
    command: AppCommand,
    key: String,
    word: &'static str,
}

impl Hint {
    fn width(&self) -> usize {
        self.key.width() + 1 + self.word.width()
    }

    /// Paints it, and returns where the next one begins.
    fn draw(&self, app: &App, area: Rect, x: u16, buf: &mut Buffer, hits: &mut Hits) -> u16 {
        let theme = &app.session.theme;
        let end = put(buf, area, x, area.y, &self.key, theme.accent(), theme);
        let end = put(buf, area, end, area.y, &format!(" {}", self.word), theme.dim(), theme);
        hits.push((Rect { x, y: area.y, width: end - x, height: 1 }, HitTarget::Key(self.command)));
        (end + 2).min(area.right())
    }
}

/// The keys that matter now: those of training, then most special first.
fn hints(app: &App) -> Vec<Hint> {
    let mut hints = Vec::new();
    for scope in app.key_scopes() {
        for (binding, keys) in app.keymap.rows(scope) {
            let (Some(word), Some(key)) = (binding.hint, keys.first()) else { continue };
            let word = match (binding.command, app.session.question) {
                (AppCommand::Answer(answer), Some(question)) => question.label(answer),
                _ => word,
            };
            if app.makes_sense(binding.command) && !is_shadowed(app, scope, *key) {
                hints.push(Hint { command: binding.command, key: shown(*key), word });
            }
        }
    }
    // First those of the run in progress, or what starts one.
    let first: &[_] = match app.session.runs.active() {
        Some(_) => &[GlobalCommand::Pause, GlobalCommand::Stop],
        None => &[GlobalCommand::Train],
    };
    let is_first = |hint: &Hint| matches!(hint.command, AppCommand::Global(it) if first.contains(&it));
    hints.sort_by_key(|hint| !is_first(hint));
    hints
}

/// Whether the focused panel has another use for a key that holds everywhere.
fn is_shadowed(app: &App, scope: KeyScope, key: crokey::KeyCombination) -> bool {
    let here = KeyScope::In(app.focus);
    scope == KeyScope::Everywhere && app.keymap.rows(here).any(|(_, keys)| keys.contains(&key))
}
