//! Log: device, progress, how busy the machine is, and what happened.

mod lines;
mod system;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use self::lines::LogLines;
use crate::domain::run_state::RunState;
use crate::domain::text::{duration, learning_rate};
use crate::tui::chrome::header::doing;
use crate::tui::fetching::Fetching;
use crate::tui::log::Level;
use crate::tui::paint::{cut, gauge, put};
use crate::tui::panel::{Drawn, Panel, PanelCanvas, PanelFacts, PanelKey, PanelKind};
use crate::tui::panes::Wish;
use crate::tui::session::Session;

/// Rows of a page.
const PAGE: isize = 10;
/// Lines that a notch of the wheel scrolls.
const NOTCH: isize = 3;

/// The panel.
#[derive(Debug, Default)]
pub struct StatusPanel {
    log: LogLines,
}

impl PanelKind for StatusPanel {
    const FACTS: PanelFacts = PanelFacts {
        title: "Log",
        short: "Log",
        name: "status",
        focus: ("log", &["L"], "focus Log"),
        mouse: "wheel: scroll",
    };

    const KEYS: &'static [PanelKey<Self>] = &[
        PanelKey::<Self>::new("log-up", &["up", "k"], "scroll up", |panel, _| panel.log.scroll(1)),
        PanelKey::<Self>::new("log-down", &["down", "j"], "scroll down", |panel, _| panel.log.scroll(-1)),
        PanelKey::<Self>::new("log-page-up", &["pageup"], "page up", |panel, _| panel.log.scroll(PAGE)),
        PanelKey::<Self>::new("log-page-down", &["pagedown"], "page down", |panel, _| {
            panel.log.scroll(-PAGE);
        }),
        PanelKey::<Self>::new("log-first", &["home"], "oldest line", |panel, _| panel.log.scroll(isize::MAX)),
        PanelKey::<Self>::new("log-last", &["end", "f"], "newest line, and follow it", |panel, _| {
            panel.log.follow();
        })
        .hint("follow"),
    ];
}

impl StatusPanel {
    /// Lines below the last one shown.
    pub const fn below(&self) -> usize {
        self.log.below()
    }
}

impl Panel for StatusPanel {
    fn summary(&self, _session: &Session, _room: usize) -> String {
        match self.below() {
            0 => String::new(),
            below => format!("{below} newer below"),
        }
    }

    fn columns_wanted(&self, _session: &Session) -> Wish {
        Wish::new(30, 60)
    }

    fn rows_wanted(&self, _session: &Session, _width: u16) -> Wish {
        Wish::new(5, 12).or_more()
    }

    fn layout(&mut self, session: &Session, area: Rect) {
        let log = log_area(session, area);
        self.log.layout(&session.log, log.width.into(), log.height.into());
    }

    fn draw(&self, canvas: &PanelCanvas, buf: &mut Buffer) -> Drawn {
        let (session, area, theme) = (canvas.session, canvas.area, canvas.theme());
        draw_facts(session, area, buf);
        let log = log_area(session, area);
        for (i, (level, text)) in self.log.lines().iter().take(log.height.into()).enumerate() {
            let style = match level {
                Level::Info => theme.text(),
                Level::Good => theme.good(),
                Level::Warn => theme.warn(),
                Level::Bad => theme.bad(),
            };
            put(buf, log, log.x, log.y + i as u16, text, style, theme);
        }
        Drawn::default()
    }

    fn wheel(&mut self, by: isize, _at: Position, _session: &mut Session) {
        self.log.scroll(-by * NOTCH);
    }
}

/// Lines of facts above the log.
fn facts_height(session: &Session, area: Rect) -> u16 {
    match area.height {
        0..=2 => 0,
        3..=5 => 2,
        _ => match session.runs.active() {
            None => 2,
            Some(run) if area.height > 7 && !run.state.system.is_empty() => 5,
            Some(_) => 4,
        },
    }
}

/// The part of the panel that the log has.
fn log_area(session: &Session, area: Rect) -> Rect {
    let facts = facts_height(session, area);
    Rect { y: area.y + facts, height: area.height - facts, ..area }
}

/// Device and memory; what is being done; how fast; which run.
fn draw_facts(session: &Session, area: Rect, buf: &mut Buffer) {
    let facts = facts_height(session, area);
    let (theme, width, y) = (&session.theme, usize::from(area.width), area.y);
    if facts == 0 {
        return;
    }
    put(buf, area, area.x, y, &cut(&machine(session), width), theme.dim(), theme);
    let Some(run) = session.runs.active() else {
        let idle = match (session.playback, &session.fetching) {
            (Some(_), _) => "recording: Space plays it".into(),
            (None, Some(fetching)) => format!("{} {}", fetching.doing(), fetching.details()),
            (None, None) => "idle: t trains the draft".into(),
        };
        put(buf, area, area.x, y + 1, &cut(&idle, width), theme.dim(), theme);
        return;
    };
    let (part, words) = match session.run_fetching() {
        Some(fetching) => (fetching.part(), String::new()),
        None => progress(&run.state),
    };
    let doing = doing(session, run);
    let text = if words.is_empty() { doing } else { format!("{doing} · {words}") };
    let bar = (area.width / 4).min(20);
    let x = gauge(buf, area, area.x, y + 1, bar, part, theme);
    let room = width.saturating_sub(usize::from(bar) + 1);
    put(buf, area, x + 1, y + 1, &cut(&text, room), theme.good(), theme);
    if facts >= 4 {
        let rates = session.run_fetching().map_or_else(|| rates(&run.state), Fetching::details);
        put(buf, area, area.x, y + 2, &cut(&rates, width), theme.text(), theme);
        put(buf, area, area.x, y + 3, &cut(&run.line, width), theme.dim(), theme);
    }
    if facts == 5 {
        system::draw(&run.state.system, Rect { y: y + 4, height: 1, ..area }, buf, theme);
    }
}

/// Device and memory, in one line.
fn machine(session: &Session) -> String {
    let used =
        session.runs.active().or_else(|| session.runs.current()).and_then(|run| run.state.started.as_ref());
    let device = match used.filter(|_| session.runs.active().is_some()) {
        Some(started) => {
            let isa = started.instructions.as_ref().map_or(String::new(), |isa| format!(" ({isa})"));
            format!("{}{isa}", started.device)
        }
        None => format!("device {}", session.setup.device),
    };
    let memory = match session.machine.memory {
        Some(bytes) => format!(" · memory {:.0} MiB", bytes as f64 / f64::from(1 << 20)),
        None => String::new(),
    };
    let queue = match session.runs.queue().len() {
        0 => String::new(),
        n => format!(" · {n} queued"),
    };
    let board = if session.boards.is_on() { " · TensorBoard" } else { "" };
    format!("{device}{memory}{queue}{board}")
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
        parts.push(format!("lr {}", learning_rate(state.learning_rate(state.step().max(1)))));
    }
    if let Some(step) = state.steps.last() {
        parts.push(format!("loss {:.4}", step.loss));
    }
    parts.join(" · ")
}
