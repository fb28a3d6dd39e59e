//! The Curves panel: pictures of it, and what must hold of every one.

use hiresnet_tui::domain::event::{EVENT_VERSION, Event, EventKind, Phase, RunStarted, Score, SplitSizes};
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::tui::curves::{Curves, Shown};
use hiresnet_tui::tui::theme::{Depth, Symbols, Theme};
use proptest::prelude::*;
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
    let mut x = (((i as u64) << 20) | seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
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
    let mut out = Vec::new();
    for (key, Run { name, spec, state }) in runs.iter().enumerate() {
        out.push(Shown {
            key,
            name,
            slot: key,
            spec,
            state,
            baseline: key == 0 && runs.len() > 1,
            current: false,
        });
    }
    out
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
fn two_metrics_one_above_the_other() {
    let mut curves = Curves::new();
    curves.cycle_metric();
    curves.cycle_metric();
    curves.cycle_lines();
    insta::assert_snapshot!(picture(&mut curves, &three(), (66, 24), &Theme::FULL));
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

#[test]
fn too_small_for_anything() {
    for (width, height) in [(0, 0), (1, 1), (3, 2), (9, 3)] {
        let mut curves = Curves::new();
        let picture = picture(&mut curves, &three(), (width, height), &Theme::FULL);
        assert_eq!(picture.lines().count(), usize::from(height));
        curves.toggle_cursor();
        curves.move_cursor(1);
        self::picture(&mut curves, &three(), (width, height), &Theme::FULL);
    }
}

/// The run's record cut after so many events.
fn prefix(run: &Run, events: &[Event], count: usize) -> Run {
    Run { name: run.name, spec: run.spec.clone(), state: RunState::replay(&events[..count]) }
}

#[test]
fn following_a_run_shows_what_reading_it_at_once_shows() {
    let spec: ExperimentSpec = "resnet+hires@fashion-embedded epochs=10".parse().unwrap();
    let mut runs = three();
    let events = events(&spec, 900, PER_EPOCH, 130.0, 9);
    let (size, theme) = ((76, 18), Theme::FULL);
    let mut curves = Curves::new();
    for count in [0, 1, 2, 3, 50, 92, 93, 94, 600, events.len()] {
        runs[1] = prefix(&runs[1], &events, count);
        let followed = picture(&mut curves, &runs, size, &theme);
        assert_eq!(followed, picture(&mut Curves::new(), &runs, size, &theme), "after {count} events");
    }
    runs[1] = prefix(&runs[1], &events, 40);
    let again = picture(&mut curves, &runs, size, &theme);
    assert_eq!(again, picture(&mut Curves::new(), &runs, size, &theme), "a run that began anew");
}

#[test]
fn outliers_are_left_out_and_counted() {
    let mut runs = live();
    for (i, loss) in [(300, 40.0), (301, 90.0), (500, 30.0)] {
        runs[0].state.steps[i].loss = loss;
    }
    let mut curves = Curves::new();
    curves.rougher();
    curves.rougher();
    let cut = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    let note = cut.lines().find(|line| line.contains("above")).expect("a note");
    let count: usize = note.split_whitespace().rev().nth(1).unwrap().parse().unwrap();
    let top = cut.lines().find(|line| line.contains('┤')).unwrap();
    let top: f32 = top.split('┤').next().unwrap().trim().parse().unwrap();
    let above = runs[0].state.steps.iter().filter(|s| s.loss > top).count();
    assert_eq!(count, above, "{cut}");
    assert!(above >= 3);
    curves.toggle_outliers();
    let whole = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert!(!whole.contains("above") && whole.contains("100┤"), "{whole}");
}

#[test]
fn values_that_are_not_finite_do_not_break_the_scale() {
    let sound = three();
    let mut runs = three();
    for (i, loss) in [(1, f32::NAN), (399, f32::INFINITY), (700, f32::NEG_INFINITY)] {
        runs[0].state.steps[i].loss = loss;
    }
    runs[2].state.epochs[2].validation.loss = f64::NAN;
    for log in [false, true] {
        let mut curves = [Curves::new(), Curves::new()];
        if log {
            curves.iter_mut().for_each(Curves::toggle_log_y);
        }
        let labels = |picture: String| -> Vec<String> {
            let ticks = picture.lines().filter(|l| l.contains('┤'));
            ticks.map(|l| l.split('┤').next().unwrap().trim().to_owned()).collect()
        };
        let [a, b] = &mut curves;
        let broken = labels(picture(a, &runs, (76, 18), &Theme::FULL));
        assert_eq!(broken, labels(picture(b, &sound, (76, 18), &Theme::FULL)));
    }
}

#[test]
fn losses_of_zero_are_left_out_of_a_log_axis() {
    let mut runs = live();
    runs[0].state.steps[100].loss = 0.0;
    let mut curves = Curves::new();
    curves.toggle_log_y();
    curves.rougher();
    curves.rougher();
    let shown = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    let lowest = shown.lines().rfind(|l| l.contains('┤')).unwrap();
    assert!(lowest.trim_start().starts_with("0.2┤"), "{shown}");
}

#[test]
fn the_cursor_reads_what_was_measured() {
    let runs = three();
    let mut curves = Curves::new();
    (0..2).for_each(|_| curves.rougher());
    picture(&mut curves, &runs, (110, 28), &Theme::FULL);
    curves.toggle_cursor();
    curves.move_cursor(-3);
    let read = picture(&mut curves, &runs, (110, 28), &Theme::FULL);
    let mut lines = read.lines();
    let heading: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
    let step: usize = heading[1].parse().unwrap();
    for (run, line) in runs.iter().zip(lines) {
        let train = match run.state.steps.iter().find(|s| s.step == step) {
            Some(point) => format!("{:.3}", point.loss),
            None => "–".into(),
        };
        let reached = run.state.steps.last().unwrap().step >= step;
        let epoch = run.state.epochs.iter().rev().find(|e| e.step <= step).filter(|_| reached);
        let validation = epoch.map_or("–".into(), |e| format!("{:.3}", e.validation.loss));
        assert!(line.contains(&format!(" {train}")), "{train} in {line}");
        assert!(line.contains(&format!(" {validation}")), "{validation} in {line}");
    }
}

#[test]
fn a_click_reads_and_the_wheel_zooms_there() {
    let runs = live();
    let mut curves = Curves::new();
    picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    curves.click(0, 0);
    let missed = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert!(!missed.lines().next().unwrap().contains("step"), "outside of the plot");
    curves.click(40, 8);
    let read = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert_eq!(read.lines().nth(8).unwrap().chars().nth(40), Some('│'), "{read}");
    curves.wheel(40, 8, true);
    curves.wheel(40, 8, true);
    let zoomed = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert_eq!(zoomed.lines().nth(8).unwrap().chars().nth(40), Some('│'), "{zoomed}");
    assert!(curves.summary().contains("zoomed"));
    let heading = |picture: &str| picture.lines().next().map(str::to_owned);
    assert_eq!(heading(&read), heading(&zoomed), "the cursor stays");
    curves.drag(10_000);
    let start = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert!(start.lines().last().unwrap().trim_start().starts_with("step 0"), "{start}");
    curves.reset_view();
    assert!(!curves.summary().contains("zoomed"));
}

#[test]
fn the_summary_says_what_is_shown() {
    let mut curves = Curves::new();
    assert_eq!(curves.summary(), "loss · by step · EMA 0.9 of train");
    curves.toggle_log_y();
    curves.cycle_metric();
    curves.cycle_x();
    curves.toggle_bands();
    curves.cycle_lines();
    assert_eq!(curves.summary(), "top-1 · validation · log y · by epoch · ±std");
}

#[test]
fn runs_without_a_line_in_the_legend_are_counted() {
    let runs: Vec<Run> = (0..8).map(|i| seeds().remove(i % 5)).collect();
    let shown = picture(&mut Curves::new(), &runs, (66, 16), &Theme::FULL);
    assert!(shown.lines().next().unwrap().contains("+4 more"), "{shown}");
    let low = picture(&mut Curves::new(), &runs, (66, 6), &Theme::FULL);
    assert!(low.lines().next().unwrap().contains("+7 more"), "{low}");
}

#[test]
fn without_colours_each_line_ends_in_its_letter() {
    let mut curves = Curves::new();
    curves.cycle_lines();
    curves.cycle_lines();
    let shown = picture(&mut curves, &three(), (76, 18), &NO_COLOR);
    let plot: String = shown.lines().skip(4).filter_map(|line| line.split(['│', '┤']).nth(1)).collect();
    for letter in ['a', 'b', 'c'] {
        assert_eq!(plot.matches(letter).count(), 1, "{letter} in {shown}");
    }
}

#[test]
fn a_seed_that_only_began_hides_nothing_of_the_others() {
    let mut runs = seeds();
    runs.truncate(2);
    runs[1].state.steps.truncate(20);
    runs[1].state.epochs.clear();
    let mut curves = Curves::new();
    curves.toggle_bands();
    let shown = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert!(shown.contains("×2 seeds") && shown.lines().last().unwrap().contains("800"), "{shown}");
    runs[1].state.steps.clear();
    let shown = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert!(!shown.contains("seeds") && !shown.contains("Waiting"), "{shown}");
}

fn command(curves: &mut Curves, which: u8) {
    let of: [fn(&mut Curves); 19] = [
        Curves::cycle_metric,
        Curves::cycle_lines,
        Curves::toggle_log_y,
        Curves::cycle_x,
        Curves::smoother,
        Curves::rougher,
        Curves::zoom_in,
        Curves::zoom_out,
        |c| c.pan(3),
        |c| c.pan(-3),
        Curves::reset_view,
        Curves::toggle_cursor,
        |c| c.move_cursor(5),
        |c| c.move_cursor(-40),
        Curves::toggle_bands,
        Curves::toggle_outliers,
        |c| c.click(20, 6),
        |c| c.drag(7),
        |c| c.wheel(12, 5, true),
    ];
    of[usize::from(which) % of.len()](curves);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_order_of_commands_breaks_it_or_paints_outside(
        commands in prop::collection::vec((any::<u8>(), 0u16..90, 0u16..30, 0usize..6), 1..24),
        symbols in prop_oneof![Just(Symbols::Braille), Just(Symbols::Block), Just(Symbols::Ascii)],
        depth in prop_oneof![Just(Depth::None), Just(Depth::Ansi16), Just(Depth::Truecolor)],
    ) {
        let theme = Theme { depth, symbols, ..Theme::FULL };
        let mut runs = three();
        runs.extend(seeds());
        runs[1].state.steps.truncate(1);
        runs[1].state.epochs.clear();
        let mut curves = Curves::new();
        for (which, width, height, count) in commands {
            command(&mut curves, which);
            let area = Rect::new(2, 1, width, height);
            let mut buf = Buffer::empty(Rect::new(0, 0, width + 4, height + 2));
            curves.prepare(&shown(&runs)[..count], area);
            curves.draw(area, &mut buf, &theme);
            for place in buf.area.positions() {
                let symbol = buf[place].symbol();
                prop_assert!(area.contains(place) || symbol == " ", "{symbol} at {place}");
                prop_assert!(symbols != Symbols::Ascii || symbol.is_ascii(), "{symbol}");
            }
        }
    }
}

/// A picture of `runs` with the one at `current` under the cursor in Runs, read at a line.
fn inspected(curves: &mut Curves, runs: &[Run], current: usize, size: (u16, u16)) -> String {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut shown = shown(runs);
    shown[current].current = true;
    let mut buf = Buffer::empty(area);
    curves.prepare(&shown, area);
    curves.draw(area, &mut buf, &Theme::FULL);
    text(&buf)
}

fn eight() -> Vec<Run> {
    let names = ["run a", "run b", "run c", "run d", "run e", "run f", "run g", "run h"];
    let line = |seed: usize| format!("resnet+hires@fashion-embedded epochs=10 seed={seed}");
    let of = |(i, name)| run_of(name, &line(i), 300, PER_EPOCH, 80.0 + 20.0 * i as f64, i);
    names.into_iter().enumerate().map(of).collect()
}

#[test]
fn at_the_cursor_every_run_can_be_read() {
    let runs = eight();
    let mut curves = Curves::new();
    let before = inspected(&mut curves, &runs, 7, (76, 18));
    assert!(before.contains("+3 more") && before.contains("run h"), "{before}");
    curves.toggle_cursor();
    let all = inspected(&mut curves, &runs, 7, (76, 18));
    assert!(runs.iter().all(|run| all.contains(run.name)) && !all.contains("more"), "{all}");
    assert!(all.lines().filter(|line| line.contains(['│', '┤'])).count() >= 6, "{all}");
    insta::assert_snapshot!("all_runs_at_the_cursor", all);
    // Too low for all: the one under the cursor in Runs and the baseline are first.
    let some = inspected(&mut curves, &runs, 6, (76, 11));
    assert!(some.contains("+5 more"), "{some}");
    let names: Vec<&str> =
        some.lines().skip(1).take(3).map(|line| &line[line.find("run").unwrap()..][..5]).collect();
    assert_eq!(names, ["run g", "run a", "run b"]);
    // One line alone is about the current run.
    let one = inspected(&mut curves, &runs, 6, (76, 7));
    assert!(one.lines().next().unwrap().contains("run g +7 more"), "{one}");
    // A plot above the other is not given up for it.
    curves.cycle_metric();
    curves.cycle_metric();
    let both = inspected(&mut curves, &runs, 6, (76, 24));
    assert!(both.contains("top-1") && both.contains("+1 more"), "{both}");
}

#[test]
fn a_logarithmic_axis_has_three_ticks_or_more() {
    for height in 10..40 {
        for cycles in 0..2 {
            let mut curves = Curves::new();
            curves.toggle_log_y();
            (0..cycles).for_each(|_| curves.cycle_metric());
            let shown = picture(&mut curves, &live(), (60, height), &Theme::FULL);
            assert!(shown.matches('┤').count() >= 3, "{shown}");
        }
    }
    let mut curves = Curves::new();
    curves.toggle_log_y();
    curves.cycle_metric();
    insta::assert_snapshot!("logarithmic_top1", picture(&mut curves, &live(), (60, 12), &Theme::FULL));
}

#[test]
fn a_wide_band_does_not_reach_below_zero() {
    let mut runs = seeds();
    // One seed of three goes astray for a while: the deviation is above the mean.
    let (name, spec) = (runs[0].name, runs[0].spec.clone());
    let mut events = events(&spec, 900, PER_EPOCH, 200.0, 10);
    for event in &mut events {
        if let EventKind::Step { step: 300..600, loss, .. } = &mut event.kind {
            *loss = 60.0;
        }
    }
    runs[0] = Run { name, state: RunState::replay(&events), spec };
    for is_log in [false, true] {
        let mut curves = Curves::new();
        curves.toggle_bands();
        curves.toggle_outliers();
        if is_log {
            curves.toggle_log_y();
        }
        let shown = picture(&mut curves, &runs, (80, 20), &Theme::FULL);
        let labels = shown.lines().filter_map(|line| line.split_once('┤')).map(|(label, _)| label.trim());
        let labels: Vec<f64> = labels.map(|label| label.parse().unwrap()).collect();
        assert!(labels.iter().all(|at| *at >= if is_log { 0.05 } else { 0.0 }), "{labels:?}\n{shown}");
        insta::assert_snapshot!(if is_log { "wide_band_logarithmic" } else { "wide_band" }, shown);
    }
}
