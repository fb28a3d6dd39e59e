//! The loop: takes in keys, signals and what the background sends, and paints when it is time.

use std::io::{self, Write};
use std::time::Duration;

use crossterm::event::{Event as Input, KeyEventKind, MouseEventKind};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout};

use super::action::{Action, Message, TerminalEffect};
use super::app::App;
use super::background::BackgroundTasks;
use super::background::jobs::test_panic;
use super::log::Level;
use super::run::RunStage;
use super::screen::TerminalScreen;
use super::{picture, screen};
use crate::domain::event::{Control, EventKind};
use crate::exit::Exit;
use crate::signals::{SIGHUP, SignalStream, hangup_is_ignored};

/// Between frames, at least: 30 a second.
const FRAME: Duration = Duration::from_millis(34);
/// Between frames that only messages ask for. A person reads no faster, and painting takes
/// its time from training.
const CALM: Duration = Duration::from_millis(125);
/// Between looks at a recording that is played.
const PLAY: Duration = Duration::from_millis(40);
/// For a run to pause before this process is stopped.
const PATIENCE: Duration = Duration::from_secs(2);
/// The most messages taken in before keys are looked at again.
const AT_ONCE: usize = 512;

/// When to paint next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// Nothing has changed.
    Not,
    /// Something has.
    Calmly,
    /// Somebody pressed a key and waits.
    Soon,
}

/// What the loop waits for, apart from the background.
pub struct Inputs {
    /// Keys, mouse, pastes and new sizes.
    pub input: UnboundedReceiver<io::Result<Input>>,
    /// Signals that end the program, by number.
    pub signals: SignalStream,
    /// That this process continues after it was stopped.
    pub resumed: UnboundedReceiver<()>,
    /// Where each frame is reported: how many inputs it has taken in, and when it was painted.
    pub painted: Option<UnboundedSender<(usize, std::time::Instant)>>,
}

/// Runs until the user or a signal ends it, or the terminal is gone. Without one, the run in
/// progress is stopped as by SIGHUP; where that is ignored, it and the queue are trained first.
pub async fn run<W: Write>(
    app: &mut App,
    screen: &mut TerminalScreen<W>,
    tasks: &mut BackgroundTasks,
    inputs: &mut Inputs,
) -> Exit {
    let mut second = interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut playing = interval(PLAY);
    playing.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut exit = Exit::Done;
    // Whether a signal came, the terminal is gone, and that is why the program ends.
    let (mut signalled, mut gone, mut leaving) = (false, false, false);
    let mut taken = 0;
    let mut due = Due::Soon;
    let mut painted = Instant::now() - CALM;
    loop {
        for effect in app.effects() {
            due = Due::Soon;
            let Some(effect) = tasks.execute(effect) else { continue };
            match effect {
                TerminalEffect::Copy(text) => gone |= screen.copy(&text).is_err(),
                TerminalEffect::Screenshot => {
                    let saved = save_screenshot(app);
                    app.update(Action::Sent(saved));
                }
                TerminalEffect::Redraw => gone |= screen.forget().is_err(),
                TerminalEffect::Mouse(on) => gone |= screen.use_mouse(on).is_err(),
                TerminalEffect::Suspend => {
                    let paused = pause(app, tasks).await;
                    gone |= screen.suspend().is_err();
                    if paused {
                        tasks.order(Control::Continue);
                    }
                }
                TerminalEffect::Quit => return exit,
            }
        }
        tasks.take_ready().into_iter().for_each(|message| app.update(Action::Sent(message)));
        gone |= screen.is_gone();
        if gone && !leaving {
            if exit == Exit::Done {
                exit = Exit::Signal(SIGHUP);
            }
            leaving = !hangup_is_ignored() || app.session.is_idle();
            if leaving {
                app.update(Action::Leave);
                continue;
            }
        }
        let at = painted + if due == Due::Soon { FRAME } else { CALM };
        if due != Due::Not && !gone && Instant::now() >= at {
            gone |= screen.paint(app).is_err();
            if let Some(painted) = &inputs.painted {
                let _ = painted.send((taken, std::time::Instant::now()));
            }
            (painted, due) = (Instant::now(), Due::Not);
        }
        tokio::select! {
            biased;
            Some(number) = inputs.signals.recv() => {
                // Once more: at once. What was recorded is on disk.
                if signalled {
                    return exit;
                }
                signalled = true;
                exit = Exit::Signal(number);
                app.update(Action::Leave);
            }
            Some(()) = inputs.resumed.recv() => {
                gone |= screen.retake().is_err();
                due = Due::Soon;
            }
            input = inputs.input.recv(), if !gone => match input {
                Some(Ok(input)) => {
                    test_panic("screen");
                    taken += 1;
                    // One that only moves changes nothing.
                    let is_mouse = matches!(input, Input::Mouse(_));
                    match action(input) {
                        Some(action) => {
                            app.update(action);
                            due = Due::Soon;
                        }
                        None if is_mouse => {}
                        None => due = due.max(Due::Calmly),
                    }
                }
                // Nothing reads the keyboard any more.
                Some(Err(_)) | None => gone = true,
            },
            () = sleep_until(at), if due != Due::Not && !gone => {}
            message = tasks.next() => {
                app.update(Action::Sent(message));
                // What has come already is taken in together.
                for _ in 0..AT_ONCE {
                    match at_once(tasks.next()).await {
                        Some(message) => app.update(Action::Sent(message)),
                        None => break,
                    }
                }
                due = due.max(Due::Calmly);
            }
            _ = playing.tick(), if tasks.is_playing() => {
                tasks.play().into_iter().for_each(|message| app.update(Action::Sent(message)));
                due = Due::Soon;
            }
            _ = second.tick() => {
                let had_notice = app.session.notice.is_some();
                app.update(Action::Sent(tick()));
                if app.session.runs.active().is_some() || had_notice != app.session.notice.is_some() {
                    due = due.max(Due::Calmly);
                }
            }
        }
    }
}

/// Pauses what trains, so that the time for which this process is stopped does not count as
/// training; whether it has to go on afterwards.
async fn pause(app: &mut App, tasks: &mut BackgroundTasks) -> bool {
    let trains =
        app.session.runs.active().is_some_and(|run| run.stage == RunStage::Live && !run.state.paused);
    if !trains || app.session.playback.is_some() {
        return false;
    }
    tasks.order(Control::Pause);
    let paused = async {
        loop {
            let message = tasks.next().await;
            let is_over = match &message {
                Message::Event(_, event) => matches!(event.kind, EventKind::Paused),
                Message::Ended { .. } => true,
                _ => false,
            };
            app.update(Action::Sent(message));
            if is_over {
                break;
            }
        }
    };
    // A GPU that compiles its kernels takes no orders meanwhile; nobody waits that long.
    let _ = timeout(PATIENCE, paused).await;
    true
}

/// What `future` yields without waiting.
async fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match future.as_mut().poll(context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        })
    })
    .await
}

/// What an input means to the app; `None` where it only has to be painted anew, or nothing.
fn action(input: Input) -> Option<Action> {
    match input {
        Input::Key(key) if key.kind != KeyEventKind::Release => Some(Action::Key(key)),
        Input::Mouse(mouse) if mouse.kind != MouseEventKind::Moved => Some(Action::Mouse(mouse)),
        Input::Paste(text) => Some(Action::Paste(text)),
        _ => None,
    }
}

/// The clock and the machine, once a second.
fn tick() -> Message {
    let clock = jiff::ZonedDateTime::now().strftime("%H:%M:%S").to_string();
    Message::Second { clock, memory: crate::engine::memory::resident() }
}

/// Writes what is on the screen as a picture into the current folder.
fn save_screenshot(app: &mut App) -> Message {
    let size = app.screen.size;
    let svg = picture::svg(&screen::frame(app, size), &app.session.theme);
    let name = jiff::ZonedDateTime::now().strftime("hiresnet-tui-%Y%m%d-%H%M%S.svg").to_string();
    match crate::engine::files::write_own(std::path::Path::new(&name), svg.as_bytes()) {
        Ok(()) => Message::Notice(Level::Good, format!("screenshot saved to {name}")),
        Err(error) => Message::Notice(Level::Bad, error.to_string()),
    }
}
