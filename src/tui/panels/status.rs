//! Status: device, progress, memory, and the log.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::header::doing;
use crate::domain::run_state::RunState;
use crate::domain::text::duration;
use crate::tui::app::App;
use crate::tui::fetching::Fetching;
use crate::tui::log::Level;
use crate::tui::paint::{cut, gauge, put};

/// Lines of facts above the log.
fn facts_height(app: &App, area: Rect) -> u16 {
    match area.height {
        0..=2 => 0,
        3..=5 => 2,
        _ if app.runs.active().is_none() => 2,
        _ => 4,
    }
}

/// The part of the panel that the log has.
pub fn log_area(app: &App, area: Rect) -> Rect {
    let facts = facts_height(app, area);
    Rect { y: area.y + facts, height: area.height - facts, ..area }
}

/// Paints facts and log.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.theme;
    let width = usize::from(area.width);
    let facts = facts_height(app, area);
    let mut y = area.y;
    if facts > 0 {
        put(buf, area, area.x, y, &cut(&machine(app), width), theme.dim(), theme);
        y += 1;
        match app.runs.active() {
            None => {
                let idle = match (app.playback, &app.fetching) {
                    (Some(_), _) => "a recording: Space plays it".into(),
                    (None, Some(fetching)) => format!("{} {}", fetching.doing(), fetching.details()),
                    (None, None) => "idle: t trains the draft".into(),
                };
                put(buf, area, area.x, y, &cut(&idle, width), theme.dim(), theme);
            }
            Some(run) => {
                let (part, words) = match app.run_fetching() {
                    Some(fetching) => (fetching.part(), String::new()),
                    None => progress(&run.state),
                };
                let doing = doing(app, run);
                let text = if words.is_empty() { doing } else { format!("{doing} · {words}") };
                let bar = (area.width / 4).min(20);
                let x = gauge(buf, area, area.x, y, bar, part, theme);
                put(
                    buf,
                    area,
                    x + 1,
                    y,
                    &cut(&text, width.saturating_sub(usize::from(bar) + 1)),
                    theme.good(),
                    theme,
                );
            }
        }
        y += 1;
    }
    if facts == 4
        && let Some(run) = app.runs.active()
    {
        let rates = app.run_fetching().map_or_else(|| rates(&run.state), Fetching::details);
        put(buf, area, area.x, y, &cut(&rates, width), theme.text(), theme);
        put(buf, area, area.x, y + 1, &cut(&run.line, width), theme.dim(), theme);
    }
    let log = log_area(app, area);
    for (i, (level, text)) in app.log.lines().iter().take(log.height.into()).enumerate() {
        let style = match level {
            Level::Info => theme.text(),
            Level::Good => theme.good(),
            Level::Warn => theme.warn(),
            Level::Bad => theme.bad(),
        };
        put(buf, log, log.x, log.y + i as u16, text, style, theme);
    }
}

/// Device and memory, in one line.
fn machine(app: &App) -> String {
    let used = app.runs.active().or_else(|| app.runs.current()).and_then(|run| run.state.started.as_ref());
    let device = match used.filter(|_| app.runs.active().is_some()) {
        Some(started) => {
            let isa = started.instructions.as_ref().map_or(String::new(), |isa| format!(" ({isa})"));
            format!("{}{isa}", started.device)
        }
        None => format!("device {}", app.setup.device),
    };
    let memory = match app.machine.memory {
        Some(bytes) => format!(" · memory {:.0} MiB", bytes as f64 / f64::from(1 << 20)),
        None => String::new(),
    };
    let queue = match app.runs.queue().len() {
        0 => String::new(),
        n => format!(" · {n} waiting"),
    };
    format!("{device}{memory}{queue}")
}

/// How far the run, or the split that is scored, is; as a part of 1 and in words.
fn progress(state: &RunState) -> (f64, String) {
    let Some(started) = &state.started else { return (0.0, String::new()) };
    let epochs = started.spec.epochs;
    if let Some((done, total)) = state.scored {
        return (
            done as f64 / total.max(1) as f64,
            format!("epoch {}/{epochs} · {done}/{total} images", state.epoch),
        );
    }
    let (step, total) = (state.step(), state.total_steps());
    (step as f64 / total.max(1) as f64, format!("epoch {}/{epochs} · step {step}/{total}", state.epoch))
}

/// Throughput, time left, learning rate, loss.
fn rates(state: &RunState) -> String {
    let mut parts = Vec::new();
    if let Some(rate) = state.images_per_s() {
        parts.push(format!("{rate:.0} images/s"));
    }
    if let Some(eta) = state.eta() {
        parts.push(format!("eta {}", duration(eta)));
    }
    if state.epoch > 0 {
        parts.push(format!("lr {}", state.lr));
    }
    if let Some(step) = state.steps.last() {
        parts.push(format!("loss {:.4}", step.loss));
    }
    parts.join(" · ")
}
