//! The first line: panels by name, and the run in progress.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::domain::event::Phase;
use crate::domain::text::{duration, plural};
use crate::tui::app::{App, HitTarget, Hits};
use crate::tui::fetching::Fetching;
use crate::tui::paint::{cut, put};
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
    // Preferences are seldom looked at, and have no room here until they are.
    let is_shown = |id: &PanelId| *id != PanelId::Preferences || app.focus == *id;
    for id in PanelId::ALL.iter().copied().filter(is_shown) {
        let facts = id.facts();
        let style = if id == app.focus { theme.selected() } else { theme.dim() };
        let start = x;
        let (title, apart) = match area.width {
            // Where there is no room for names there is for their keys.
            ..NARROW if id != app.focus => (facts.title.get(..1).unwrap_or_default(), true),
            ..NARROW => (facts.short, true),
            // What a run is doing needs the columns more than the gaps do.
            NARROW..ROOMY => (facts.short, false),
            _ => (facts.title, true),
        };
        let text = if apart { format!(" {title} ") } else { title.to_owned() };
        x = put(buf, area, x, area.y, &text, style, theme) + u16::from(!apart);
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

/// Where the recording is, and how fast it is played; times are at the seek bar.
fn replay(session: &Session, playback: &Playback) -> String {
    let sign = match playback.playing {
        true => session.theme.glyph("▶", ">"),
        false => session.theme.glyph("‖", "="),
    };
    // 100% is the end, and nothing before it.
    let part = (100.0 * playback.t / playback.seconds.max(f64::MIN_POSITIVE)).floor();
    let looping = if playback.looping { " loop" } else { "" };
    format!("replay {sign} {}× {part:.0}%{looping}", speed(playback.speed))
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
            None => match session.runs.elsewhere() {
                0 => "idle".into(),
                count => {
                    let whole = format!("idle · {} elsewhere", plural(count, "run"));
                    let forms = [whole, format!("{count} elsewhere"), "idle".into()];
                    forms.into_iter().find(|form| form.width() <= room).unwrap_or_default()
                }
            },
        };
    };
    let state = &run.state;
    if let Some(fetching) = session.run_fetching() {
        return described(fetching);
    }
    let doing = doing(session, run);
    let epoch = format!("{}/{}", state.epoch, run.spec.epochs);
    let eta = state.eta().map(|eta| format!("eta {}", duration(eta)));
    let loss = state.steps.last().map(|step| format!("loss {:.3}", step.loss));
    let rate = state.images_per_s().map(|rate| format!("{rate:.0} img/s"));
    let mut text = format!("{doing} {epoch}");
    // That a run trains is plain from its loss, which is worth more than the word.
    if let Some(loss) = loss.as_ref().filter(|loss| text.width() + 3 + loss.width() > room)
        && doing == TRAINING
        && let Some(short) = [format!("epoch {epoch} · {loss}"), format!("{epoch} · {loss}")]
            .into_iter()
            .find(|short| short.width() <= room)
    {
        return short;
    }
    for part in [loss, eta, rate].into_iter().flatten() {
        if text.width() + 3 + part.width() <= room {
            text = format!("{text} · {part}");
        }
    }
    let name = match run.annotation.name.as_str() {
        "" => run.spec.network_name(),
        name => name.to_owned(),
    };
    if name.width() + 3 + text.width() <= room { format!("{name} · {text}") } else { text }
}

/// What the engine does most of the time.
const TRAINING: &str = "training";

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
        (_, Some(Phase::Training)) => format!("{TRAINING}{silent}"),
        (_, Some(Phase::Validating)) => "validating".into(),
        (_, Some(Phase::Testing)) => "testing".into(),
    }
}
