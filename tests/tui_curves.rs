//! The Curves panel: pictures of it, and what must hold of every one.

use hiresnet_tui::domain::event::{EVENT_VERSION, Event, EventKind, Phase, RunStarted, Score, SplitSizes};
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::tui::curves::{Curves, Shown};
use hiresnet_tui::tui::theme::{Depth, Symbols, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

const PER_EPOCH: usize = 90;

const NO_COLOR: Theme = Theme { depth: Depth::None, ..Theme::FULL };
const ASCII: Theme = Theme { depth: Depth::None, symbols: Symbols::Ascii, ..Theme::FULL };
const BLOCK: Theme = Theme { depth: Depth::Ansi16, symbols: Symbols::Block, ..Theme::FULL };

struct Run {
    name: &'static str,
    spec: ExperimentSpec,
    state: RunState,
}

/// Even between 0 and 1, the same everywhere.
fn noise(i: usize, seed: usize) -> f64 {
    let mut x = (i as u64) << 20 | seed as u64;
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ (x >> 31)) as f64 / u64::MAX as f64
}

fn loss_at(step: usize, pace: f64) -> f64 {
    0.25 + 2.1 * (-(step as f64) / pace).exp()
}

fn event(t: f64, kind: EventKind) -> Event {
    Event { v: EVENT_VERSION, t, kind }
}

fn events(spec: &ExperimentSpec, steps: usize, per_epoch: usize, pace: f64, salt: usize) -> Vec<Event> {
    let started = RunStarted {
        spec: spec.clone(),
        device: "cpu".into(),
        instructions: None,
        parameters: 273_466,
        images: SplitSizes { train: 9000, validation: 1000, test: 1000 },
        steps_per_epoch: per_epoch,
        program: "test".into(),
        at: "2026-01-01T00:00:00Z".into(),
    };
    let mut events = vec![
        event(0.0, EventKind::RunStarted(Box::new(started))),
        event(1.0, EventKind::Phase { phase: Phase::Training }),
    ];
    let score =
        |loss: f64| Score { loss, images: 1000, hits: (1000.0 * (1.0 - loss / 2.6)) as usize, hits5: None };
    for step in 1..=steps {
        let loss = loss_at(step, pace) * (0.8 + 0.4 * noise(step, salt));
        let hits = (100.0 * (1.0 - loss / 3.0)) as usize;
        let (epoch, t) = (step.div_ceil(per_epoch), 1.0 + step as f64 * 0.4);
        events.push(event(t, EventKind::Step { epoch, step, loss: loss as f32, images: 100, hits }));
        if step % per_epoch == 0 {
            let validation = score(loss_at(step, pace) + 0.12 + 0.15 * noise(step, salt + 1));
            let ended = EventKind::EpochEnded { epoch, step, train: score(loss), validation, best: true };
            events.push(event(t + 2.0, ended));
        }
    }
    events
}

fn run_of(name: &'static str, line: &str, steps: usize, per_epoch: usize, pace: f64, salt: usize) -> Run {
    let spec: ExperimentSpec = line.parse().unwrap();
    let state = RunState::replay(&events(&spec, steps, per_epoch, pace, salt));
    Run { name, spec, state }
}

fn live() -> Vec<Run> {
    let line = "resnet+hires@fashion-embedded epochs=20";
    vec![run_of("resnet+hires@fashion-embedded", line, 700, PER_EPOCH, 150.0, 1)]
}

fn three() -> Vec<Run> {
    let of = |version: &str| format!("resnet{version}@fashion-embedded epochs=10");
    vec![
        run_of("resnet", &of(""), 900, PER_EPOCH, 240.0, 1),
        run_of("resnet+hires", &of("+hires"), 900, PER_EPOCH, 120.0, 2),
        run_of("resnet+hires[P1,P2]", &of("+hires[P1,P2]"), 400, PER_EPOCH, 160.0, 3),
    ]
}

fn seeds() -> Vec<Run> {
    let of = |seed: usize, version: &str| format!("resnet{version}@fashion-embedded epochs=10 seed={seed}");
    let mut runs: Vec<Run> = (0..3)
        .map(|i| run_of("resnet", &of(i, ""), 900, PER_EPOCH, 200.0 + 40.0 * i as f64, 10 + i))
        .collect();
    runs.push(run_of("resnet+hires s0", &of(0, "+hires"), 900, PER_EPOCH, 80.0, 20));
    runs.push(run_of("resnet+hires s1", &of(1, "+hires"), 540, PER_EPOCH, 100.0, 21));
    runs
}

fn shown(runs: &[Run]) -> Vec<Shown<'_>> {
    let of = |(i, run): (usize, &'_ Run)| (i, run.name, run);
    runs.iter()
        .enumerate()
        .map(of)
        .map(|(i, name, run)| Shown {
            key: i,
            name,
            slot: i,
            spec: &run.spec,
            state: &run.state,
            baseline: i == 0 && runs.len() > 1,
        })
        .collect()
}

fn buffer(curves: &mut Curves, runs: &[Run], size: (u16, u16), theme: &Theme) -> Buffer {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buf = Buffer::empty(area);
    curves.prepare(&shown(runs), area);
    curves.draw(area, &mut buf, theme);
    buf
}

fn text(buf: &Buffer) -> String {
    let rows = (0..buf.area.height).map(|y| {
        let row: String = (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect();
        row.trim_end().to_owned() + "\n"
    });
    rows.collect()
}

fn picture(curves: &mut Curves, runs: &[Run], size: (u16, u16), theme: &Theme) -> String {
    text(&buffer(curves, runs, size, theme))
}

#[test]
fn one_live_run() {
    let mut curves = Curves::new();
    insta::assert_snapshot!(picture(&mut curves, &live(), (76, 18), &Theme::FULL));
}

#[test]
fn one_live_run_in_a_narrow_panel() {
    insta::assert_snapshot!(picture(&mut Curves::new(), &live(), (38, 8), &Theme::FULL));
}

#[test]
fn three_runs_with_cursor_and_baseline() {
    let mut curves = Curves::new();
    let runs = three();
    picture(&mut curves, &runs, (66, 16), &Theme::FULL);
    curves.toggle_cursor();
    insta::assert_snapshot!(picture(&mut curves, &runs, (66, 16), &Theme::FULL));
}

#[test]
fn both_metrics_side_by_side() {
    let mut curves = Curves::new();
    curves.cycle_metric();
    curves.cycle_metric();
    curves.cycle_x();
    insta::assert_snapshot!(picture(&mut curves, &three(), (110, 28), &Theme::FULL));
}

#[test]
fn logarithmic() {
    let mut curves = Curves::new();
    curves.toggle_log_y();
    curves.cycle_x();
    curves.cycle_x();
    insta::assert_snapshot!(picture(&mut curves, &three(), (76, 18), &Theme::FULL));
}

#[test]
fn bands_over_seeds() {
    let mut curves = Curves::new();
    curves.toggle_bands();
    insta::assert_snapshot!(picture(&mut curves, &seeds(), (110, 28), &Theme::FULL));
}

#[test]
fn ascii_only() {
    let mut curves = Curves::new();
    let picture = picture(&mut curves, &three(), (76, 18), &ASCII);
    assert!(picture.is_ascii());
    insta::assert_snapshot!(picture);
}

#[test]
fn ascii_bands() {
    let mut curves = Curves::new();
    curves.toggle_bands();
    curves.toggle_cursor();
    let picture = picture(&mut curves, &seeds(), (76, 18), &ASCII);
    assert!(picture.is_ascii());
    insta::assert_snapshot!(picture);
}

#[test]
fn without_colours() {
    let buf = buffer(&mut Curves::new(), &three(), (76, 18), &NO_COLOR);
    assert!(buf.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
    insta::assert_snapshot!(text(&buf));
}

#[test]
fn blocks() {
    insta::assert_snapshot!(picture(&mut Curves::new(), &three(), (76, 18), &BLOCK));
}

#[test]
fn a_hundred_thousand_steps() {
    let line = "resnet+hires@fashion-embedded epochs=120";
    let runs = [run_of("a long run", line, 100_000, 1000, 9000.0, 1)];
    insta::assert_snapshot!(picture(&mut Curves::new(), &runs, (110, 28), &Theme::FULL));
}

#[test]
fn nothing_yet() {
    insta::assert_snapshot!(picture(&mut Curves::new(), &[], (66, 16), &Theme::FULL));
}
