//! The Curves panel: pictures of it, and what must hold of every one.

use hiresnet_tui::domain::event::{Event, EventKind, RunStarted};
use hiresnet_tui::domain::run_state::{EpochRecord, RunState};
use hiresnet_tui::domain::spec::ExperimentSpec;
use hiresnet_tui::tui::draft::Draft;
use hiresnet_tui::tui::panel::{Click, Panel, PanelKind, PanelTarget};
use hiresnet_tui::tui::panels::curves::{CurvesPanel, ShownRun};
use hiresnet_tui::tui::session::Session;
use hiresnet_tui::tui::theme::{Depth, Symbols, Theme};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Color;

use made::{Course, PER_EPOCH, RunEvents, started};

mod made;

const NO_COLOR: Theme = Theme { depth: Depth::None, ..Theme::FULL };
const ASCII: Theme = Theme { depth: Depth::None, symbols: Symbols::Ascii, ..Theme::FULL };
const BLOCK: Theme = Theme { depth: Depth::Ansi16, symbols: Symbols::Block, ..Theme::FULL };

struct MadeRun {
    name: &'static str,
    spec: ExperimentSpec,
    state: RunState,
}

fn events(spec: &ExperimentSpec, steps: usize, per_epoch: usize, pace: f64, salt: usize) -> Vec<Event> {
    let facts = RunStarted { steps_per_epoch: per_epoch, ..started(spec, "2026-01-01T00:00:00Z") };
    let mut run = RunEvents::of(facts);
    run.train(steps, Course { pace, salt });
    run.events
}

fn run_of(name: &'static str, line: &str, steps: usize, per_epoch: usize, pace: f64, salt: usize) -> MadeRun {
    let spec: ExperimentSpec = line.parse().unwrap();
    let state = RunState::replay(&events(&spec, steps, per_epoch, pace, salt));
    MadeRun { name, spec, state }
}

fn live() -> Vec<MadeRun> {
    let line = "resnet+hires@fashion-embedded epochs=20";
    vec![run_of("resnet+hires@fashion-embedded", line, 700, PER_EPOCH, 150.0, 1)]
}

fn three() -> Vec<MadeRun> {
    let of = |version: &str| format!("resnet{version}@fashion-embedded epochs=10");
    vec![
        run_of("resnet", &of(""), 900, PER_EPOCH, 240.0, 1),
        run_of("resnet+hires", &of("+hires"), 900, PER_EPOCH, 120.0, 2),
        run_of("resnet+hires[P1,P2]", &of("+hires[P1,P2]"), 400, PER_EPOCH, 160.0, 3),
    ]
}

fn seeds() -> Vec<MadeRun> {
    let of = |seed: usize, version: &str| format!("resnet{version}@fashion-embedded epochs=10 seed={seed}");
    let mut runs: Vec<MadeRun> = (0..3)
        .map(|i| run_of("resnet", &of(i, ""), 900, PER_EPOCH, 200.0 + 40.0 * i as f64, 10 + i))
        .collect();
    runs.push(run_of("resnet+hires s0", &of(0, "+hires"), 900, PER_EPOCH, 80.0, 20));
    runs.push(run_of("resnet+hires s1", &of(1, "+hires"), 540, PER_EPOCH, 100.0, 21));
    runs
}

fn shown(runs: &[MadeRun]) -> Vec<ShownRun<'_>> {
    let mut out = Vec::new();
    for (key, MadeRun { name, spec, state }) in runs.iter().enumerate() {
        out.push(ShownRun {
            key,
            name,
            group: name.split(' ').next().unwrap_or_default(),
            slot: key,
            spec,
            state,
            baseline: key == 0 && runs.len() > 1,
            current: false,
        });
    }
    out
}

fn buffer(curves: &mut CurvesPanel, runs: &[MadeRun], size: (u16, u16), theme: &Theme) -> Buffer {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut buf = Buffer::empty(area);
    curves.prepare(&shown(runs), area);
    curves.paint(area, &mut buf, theme);
    buf
}

fn session() -> Session {
    Session::new(Draft::new("resnet@fashion-embedded".parse().unwrap()).unwrap(), Theme::FULL)
}

/// Presses the key that the config file calls `name`.
fn press(curves: &mut CurvesPanel, name: &str) {
    let key = CurvesPanel::KEYS.iter().find(|key| key.name == name).unwrap();
    (key.run)(curves, &mut session());
}

fn click(at: Position) -> Click {
    Click { target: PanelTarget::Background, at, was_focused: true, is_drag: false }
}

fn text(buf: &Buffer) -> String {
    let rows = (0..buf.area.height).map(|y| {
        let row: String = (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect();
        row.trim_end().to_owned() + "\n"
    });
    rows.collect()
}

fn picture(curves: &mut CurvesPanel, runs: &[MadeRun], size: (u16, u16), theme: &Theme) -> String {
    text(&buffer(curves, runs, size, theme))
}

#[test]
fn one_live_run_in_a_narrow_panel() {
    insta::assert_snapshot!(picture(&mut CurvesPanel::new(), &live(), (38, 8), &Theme::FULL));
}

#[test]
fn three_runs_with_cursor_and_baseline() {
    let mut curves = CurvesPanel::new();
    let runs = three();
    picture(&mut curves, &runs, (66, 16), &Theme::FULL);
    press(&mut curves, "inspect");
    insta::assert_snapshot!(picture(&mut curves, &runs, (66, 16), &Theme::FULL));
}

#[test]
fn both_metrics_side_by_side() {
    let mut curves = CurvesPanel::new();
    press(&mut curves, "metric");
    press(&mut curves, "metric");
    press(&mut curves, "x-axis");
    insta::assert_snapshot!(picture(&mut curves, &three(), (110, 28), &Theme::FULL));
}

#[test]
fn logarithmic() {
    let mut curves = CurvesPanel::new();
    press(&mut curves, "log-y");
    press(&mut curves, "x-axis");
    press(&mut curves, "x-axis");
    insta::assert_snapshot!(picture(&mut curves, &three(), (76, 18), &Theme::FULL));
}

#[test]
fn bands_over_seeds() {
    let mut curves = CurvesPanel::new();
    press(&mut curves, "bands");
    insta::assert_snapshot!(picture(&mut curves, &seeds(), (110, 28), &Theme::FULL));
}

#[test]
fn ascii_only() {
    let mut curves = CurvesPanel::new();
    let picture = picture(&mut curves, &three(), (76, 18), &ASCII);
    assert!(picture.is_ascii() && picture.contains("resnet+hires"), "{picture}");
}

#[test]
fn ascii_bands() {
    let mut curves = CurvesPanel::new();
    press(&mut curves, "bands");
    press(&mut curves, "inspect");
    let picture = picture(&mut curves, &seeds(), (76, 18), &ASCII);
    assert!(picture.is_ascii());
    insta::assert_snapshot!(picture);
}

#[test]
fn two_metrics_one_above_the_other() {
    let mut curves = CurvesPanel::new();
    press(&mut curves, "metric");
    press(&mut curves, "metric");
    press(&mut curves, "lines");
    let shown = picture(&mut curves, &three(), (66, 24), &Theme::FULL);
    assert!(shown.contains("loss") && shown.contains("top-1"), "{shown}");
    assert_eq!(shown.matches("step 0").count(), 2, "an axis each: {shown}");
}

#[test]
fn without_colours() {
    let buf = buffer(&mut CurvesPanel::new(), &three(), (76, 18), &NO_COLOR);
    assert!(buf.content.iter().all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset));
}

#[test]
fn a_console_has_blocks_and_no_braille() {
    let shown = picture(&mut CurvesPanel::new(), &three(), (76, 18), &BLOCK);
    assert!(!shown.contains(|c| ('\u{2800}'..='\u{28ff}').contains(&c)) && !shown.is_ascii(), "{shown}");
}

#[test]
fn a_hundred_thousand_steps() {
    let line = "resnet+hires@fashion-embedded epochs=120";
    let runs = [run_of("a long run", line, 100_000, 1000, 9000.0, 1)];
    insta::assert_snapshot!(picture(&mut CurvesPanel::new(), &runs, (110, 28), &Theme::FULL));
}

#[test]
fn nothing_yet() {
    let shown = picture(&mut CurvesPanel::new(), &[], (66, 16), &Theme::FULL);
    assert_eq!(shown.trim(), "No curves yet: press t to train");
}

#[test]
fn too_small_for_anything() {
    for (width, height) in [(0, 0), (1, 1), (3, 2), (9, 3)] {
        let mut curves = CurvesPanel::new();
        let picture = picture(&mut curves, &three(), (width, height), &Theme::FULL);
        assert_eq!(picture.lines().count(), usize::from(height));
        press(&mut curves, "inspect");
        press(&mut curves, "curve-right");
        self::picture(&mut curves, &three(), (width, height), &Theme::FULL);
    }
}

/// The run's record cut after so many events.
fn prefix(run: &MadeRun, events: &[Event], count: usize) -> MadeRun {
    MadeRun { name: run.name, spec: run.spec.clone(), state: RunState::replay(&events[..count]) }
}

#[test]
fn following_a_run_shows_what_reading_it_at_once_shows() {
    let spec: ExperimentSpec = "resnet+hires@fashion-embedded epochs=10".parse().unwrap();
    let mut runs = three();
    let events = events(&spec, 900, PER_EPOCH, 130.0, 9);
    let (size, theme) = ((76, 18), Theme::FULL);
    let mut curves = CurvesPanel::new();
    for count in [0, 1, 2, 3, 50, 92, 93, 94, 600, events.len()] {
        runs[1] = prefix(&runs[1], &events, count);
        let followed = picture(&mut curves, &runs, size, &theme);
        assert_eq!(followed, picture(&mut CurvesPanel::new(), &runs, size, &theme), "after {count} events");
    }
    runs[1] = prefix(&runs[1], &events, 40);
    let again = picture(&mut curves, &runs, size, &theme);
    assert_eq!(again, picture(&mut CurvesPanel::new(), &runs, size, &theme), "a run that began anew");
}

#[test]
fn outliers_are_left_out_and_counted() {
    let mut runs = live();
    for (i, loss) in [(300, 40.0), (301, 90.0), (500, 30.0)] {
        runs[0].state.steps[i].loss = loss;
    }
    let mut curves = CurvesPanel::new();
    press(&mut curves, "rougher");
    press(&mut curves, "rougher");
    let cut = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    let note = cut.lines().find(|line| line.contains("above")).expect("a note");
    let count: usize = note.split_whitespace().rev().nth(1).unwrap().parse().unwrap();
    let top = cut.lines().find(|line| line.contains('┤')).unwrap();
    let top: f32 = top.split('┤').next().unwrap().trim().parse().unwrap();
    let above = runs[0].state.steps.iter().filter(|s| s.loss > top).count();
    assert_eq!(count, above, "{cut}");
    assert!(above >= 3);
    press(&mut curves, "outliers");
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
        let mut curves = [CurvesPanel::new(), CurvesPanel::new()];
        if log {
            curves.iter_mut().for_each(|curves| press(curves, "log-y"));
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
    let mut curves = CurvesPanel::new();
    press(&mut curves, "log-y");
    press(&mut curves, "rougher");
    press(&mut curves, "rougher");
    let shown = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    let lowest = shown.lines().rfind(|l| l.contains('┤')).unwrap();
    assert!(lowest.trim_start().starts_with("0.2┤"), "{shown}");
}

#[test]
fn the_cursor_reads_what_was_measured() {
    let runs = three();
    let mut curves = CurvesPanel::new();
    (0..2).for_each(|_| press(&mut curves, "rougher"));
    picture(&mut curves, &runs, (110, 28), &Theme::FULL);
    press(&mut curves, "inspect");
    (0..3).for_each(|_| press(&mut curves, "curve-left"));
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
    let mut curves = CurvesPanel::new();
    picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    curves.click(click(Position::new(0, 0)), &mut session());
    let missed = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert!(!missed.lines().next().unwrap().contains("step"), "outside of the plot");
    curves.click(click(Position::new(40, 8)), &mut session());
    let read = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert_eq!(read.lines().nth(8).unwrap().chars().nth(40), Some('│'), "{read}");
    curves.wheel(-1, Position::new(40, 8), &mut session());
    curves.wheel(-1, Position::new(40, 8), &mut session());
    let zoomed = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert_eq!(zoomed.lines().nth(8).unwrap().chars().nth(40), Some('│'), "{zoomed}");
    assert!(curves.view_summary().contains("zoomed"));
    let heading = |picture: &str| picture.lines().next().map(str::to_owned);
    assert_eq!(heading(&read), heading(&zoomed), "the cursor stays");
    // Without a cursor the keys move the view.
    press(&mut curves, "inspect");
    (0..99).for_each(|_| press(&mut curves, "curve-left"));
    let start = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert!(start.lines().last().unwrap().trim_start().starts_with("step 0"), "{start}");
    press(&mut curves, "whole");
    assert!(!curves.view_summary().contains("zoomed"));
}

#[test]
fn the_summary_says_what_is_shown() {
    let mut curves = CurvesPanel::new();
    assert_eq!(curves.view_summary(), "loss · by step · EMA 0.9 of train");
    press(&mut curves, "log-y");
    press(&mut curves, "metric");
    assert_eq!(curves.view_summary(), "top-1 · by step · EMA 0.9 of train", "each metric has its own scale");
    press(&mut curves, "log-y");
    press(&mut curves, "log-x");
    press(&mut curves, "x-axis");
    press(&mut curves, "bands");
    press(&mut curves, "lines");
    assert_eq!(curves.view_summary(), "top-1 · validation · log y · by log epoch · ±std");
    press(&mut curves, "metric");
    press(&mut curves, "outliers");
    let both = "loss and top-1 · validation · log y · by log epoch · ±std · all points";
    assert_eq!(curves.view_summary(), both);
}

#[test]
fn runs_without_a_line_in_the_legend_are_counted() {
    let runs: Vec<MadeRun> = (0..8).map(|i| seeds().remove(i % 5)).collect();
    let shown = picture(&mut CurvesPanel::new(), &runs, (66, 16), &Theme::FULL);
    assert!(shown.lines().next().unwrap().contains("+4 more"), "{shown}");
    let low = picture(&mut CurvesPanel::new(), &runs, (66, 6), &Theme::FULL);
    assert!(low.lines().next().unwrap().contains("+7 more"), "{low}");
}

#[test]
fn without_colours_each_line_ends_in_its_letter() {
    let mut curves = CurvesPanel::new();
    press(&mut curves, "lines");
    press(&mut curves, "lines");
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
    let mut curves = CurvesPanel::new();
    press(&mut curves, "bands");
    let shown = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert!(shown.contains("×2 seeds") && shown.lines().last().unwrap().contains("800"), "{shown}");
    runs[1].state.steps.clear();
    let shown = picture(&mut curves, &runs, (76, 18), &Theme::FULL);
    assert!(!shown.contains("seeds") && !shown.contains("Waiting"), "{shown}");
}

/// Presses any of the panel's keys, or clicks or turns the wheel somewhere.
fn command(curves: &mut CurvesPanel, which: u8, at: Position) {
    let keys = CurvesPanel::KEYS;
    let session = &mut session();
    match keys.get(usize::from(which) % (keys.len() + 2)) {
        Some(key) => (key.run)(curves, session),
        None if which.is_multiple_of(2) => curves.click(click(at), session),
        None => curves.wheel(if which < 128 { -1 } else { 1 }, at, session),
    }
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
        let mut curves = CurvesPanel::new();
        for (which, width, height, count) in commands {
            command(&mut curves, which, Position::new(width / 3, height / 2));
            let area = Rect::new(2, 1, width, height);
            let mut buf = Buffer::empty(Rect::new(0, 0, width + 4, height + 2));
            curves.prepare(&shown(&runs)[..count], area);
            curves.paint(area, &mut buf, &theme);
            for place in buf.area.positions() {
                let symbol = buf[place].symbol();
                prop_assert!(area.contains(place) || symbol == " ", "{symbol} at {place}");
                prop_assert!(symbols != Symbols::Ascii || symbol.is_ascii(), "{symbol}");
            }
        }
    }
}

/// A picture of `runs` with the one at `current` under the cursor in Runs, read at a line.
fn inspected(curves: &mut CurvesPanel, runs: &[MadeRun], current: usize, size: (u16, u16)) -> String {
    let area = Rect::new(0, 0, size.0, size.1);
    let mut shown = shown(runs);
    shown[current].current = true;
    let mut buf = Buffer::empty(area);
    curves.prepare(&shown, area);
    curves.paint(area, &mut buf, &Theme::FULL);
    text(&buf)
}

fn eight() -> Vec<MadeRun> {
    let names = ["run a", "run b", "run c", "run d", "run e", "run f", "run g", "run h"];
    let line = |seed: usize| format!("resnet+hires@fashion-embedded epochs=10 seed={seed}");
    let of = |(i, name)| run_of(name, &line(i), 300, PER_EPOCH, 80.0 + 20.0 * i as f64, i);
    names.into_iter().enumerate().map(of).collect()
}

#[test]
fn at_the_cursor_every_run_can_be_read() {
    let runs = eight();
    let mut curves = CurvesPanel::new();
    let before = inspected(&mut curves, &runs, 7, (76, 18));
    assert!(before.contains("+3 more") && before.contains("run h"), "{before}");
    press(&mut curves, "inspect");
    let all = inspected(&mut curves, &runs, 7, (76, 18));
    assert!(runs.iter().all(|run| all.contains(run.name)) && !all.contains("more"), "{all}");
    assert!(all.lines().filter(|line| line.contains(['│', '┤'])).count() >= 6, "{all}");
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
    press(&mut curves, "metric");
    press(&mut curves, "metric");
    let both = inspected(&mut curves, &runs, 6, (76, 24));
    assert!(both.contains("top-1") && both.contains("+1 more"), "{both}");
}

#[test]
fn a_logarithmic_axis_has_three_ticks_or_more() {
    for height in 10..40 {
        for cycles in 0..2 {
            let mut curves = CurvesPanel::new();
            (0..cycles).for_each(|_| press(&mut curves, "metric"));
            press(&mut curves, "log-y");
            let shown = picture(&mut curves, &live(), (60, height), &Theme::FULL);
            assert!(shown.matches('┤').count() >= 3, "{shown}");
        }
    }
    let mut curves = CurvesPanel::new();
    press(&mut curves, "metric");
    press(&mut curves, "log-y");
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
    runs[0] = MadeRun { name, state: RunState::replay(&events), spec };
    for is_log in [false, true] {
        let mut curves = CurvesPanel::new();
        press(&mut curves, "bands");
        press(&mut curves, "outliers");
        if is_log {
            press(&mut curves, "log-y");
        }
        let shown = picture(&mut curves, &runs, (80, 20), &Theme::FULL);
        let labels = shown.lines().filter_map(|line| line.split_once('┤')).map(|(label, _)| label.trim());
        let labels: Vec<f64> = labels.map(|label| label.parse().unwrap()).collect();
        assert!(labels.iter().all(|at| *at >= if is_log { 0.05 } else { 0.0 }), "{labels:?}\n{shown}");
        if !is_log {
            insta::assert_snapshot!("wide_band", shown);
        }
    }
}

#[test]
fn the_same_seed_counts_once() {
    let mut runs = seeds();
    runs.truncate(3);
    let mut again = run_of("resnet", "resnet@fashion-embedded epochs=10 seed=2", 400, PER_EPOCH, 90.0, 33);
    // Trained before the other of that seed.
    again.state.started.as_mut().unwrap().at = "2025-01-01T00:00:00Z".into();
    let mut curves = CurvesPanel::new();
    press(&mut curves, "bands");
    let alone = picture(&mut curves, &runs, (110, 28), &Theme::FULL);
    assert!(alone.contains("×3 seeds"), "{alone}");
    runs.push(again);
    let with_it = picture(&mut curves, &runs, (110, 28), &Theme::FULL);
    let group = |shown: &str| shown.lines().find(|line| line.contains("×3 seeds")).map(str::to_owned);
    assert_eq!(group(&with_it), group(&alone), "{with_it}");
    assert_eq!(with_it.matches("━●━").count(), 2, "the other is drawn by itself: {with_it}");
}

/// The highest label of the y axis.
fn top_of(picture: &str) -> f64 {
    let label = picture.lines().find_map(|line| Some(line.split_once('┤')?.0.trim()));
    label.unwrap().parse().unwrap()
}

#[test]
fn epochs_whose_running_statistics_have_not_settled_flatten_nothing() {
    // What small networks give in their first epochs; runs of any length.
    let early = [27.2, 12.0, 4.1, 1.9];
    for epochs in [1, 2, 3, 4, 7, 20] {
        let mut runs = live();
        let per_epoch = runs[0].state.epochs[0].step;
        runs[0].state.steps.truncate(per_epoch * epochs.min(7));
        let last = *runs[0].state.epochs.last().unwrap();
        runs[0].state.epochs = (1..=epochs)
            .map(|epoch| {
                let mut record = EpochRecord { epoch, step: per_epoch * epoch, ..last };
                record.validation.loss = early.get(epoch - 1).copied().unwrap_or(1.2);
                record
            })
            .collect();
        let shown = picture(&mut CurvesPanel::new(), &runs, (76, 18), &Theme::FULL);
        assert!(top_of(&shown) < 8.0 && shown.contains(" above"), "{epochs} epochs: {shown}");
        // What stays high is no outlier.
        runs[0].state.epochs.iter_mut().for_each(|epoch| epoch.validation.loss = 6.0);
        if epochs >= 5 {
            let shown = picture(&mut CurvesPanel::new(), &runs, (76, 18), &Theme::FULL);
            assert!(top_of(&shown) >= 6.0, "{epochs} epochs: {shown}");
        }
    }
    // Alone, a few epochs are all that there is.
    let mut runs = live();
    runs[0].state.epochs.truncate(3);
    for (epoch, loss) in runs[0].state.epochs.iter_mut().zip([9.0, 3.0, 1.0]) {
        epoch.validation.loss = loss;
    }
    let mut curves = CurvesPanel::new();
    press(&mut curves, "lines");
    assert!(top_of(&picture(&mut curves, &runs, (76, 18), &Theme::FULL)) >= 9.0);
}

#[test]
fn a_run_that_diverged_has_a_cross_where_it_did() {
    let mut runs = three();
    let crosses = |runs: &[MadeRun], theme: &Theme, cross: char| {
        picture(&mut CurvesPanel::new(), runs, (76, 18), theme).matches(cross).count()
    };
    assert_eq!(crosses(&runs, &Theme::FULL, '✕'), 0);
    runs[2].state.divergence = Some((5, 401, "NaN".into()));
    assert_eq!(crosses(&runs, &Theme::FULL, '✕'), 1);
    let mut curves = CurvesPanel::new();
    (0..2).for_each(|_| press(&mut curves, "metric"));
    let both = picture(&mut curves, &runs, (120, 18), &ASCII);
    let columns: Vec<_> = both.lines().flat_map(|line| line.match_indices('X').map(|(at, _)| at)).collect();
    assert_eq!(columns.len(), 2, "{both}");
}

#[test]
fn a_legend_with_more_runs_than_rows_scrolls() {
    let names = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7"];
    let line = "resnet@fashion-embedded epochs=10";
    let runs: Vec<_> =
        names.iter().enumerate().map(|(i, name)| run_of(name, line, 40, PER_EPOCH, 90.0, i)).collect();
    let area = Rect::new(0, 0, 60, 12);
    let mut panel = CurvesPanel::new();
    let mut session = Session::new(Draft::new(line.parse().unwrap()).unwrap(), Theme::FULL);
    let look = |panel: &mut CurvesPanel| {
        panel.prepare(&shown(&runs), area);
        let mut buffer = Buffer::empty(area);
        panel.paint(area, &mut buffer, &Theme::FULL);
        let text: String = buffer.content().iter().map(|cell| cell.symbol()).collect();
        names.into_iter().filter(|name| text.contains(name)).collect::<Vec<_>>()
    };
    let first = look(&mut panel);
    assert!(first.len() < names.len() && first[0] == "r0", "{first:?}");
    let mut seen = first.clone();
    for _ in 0..names.len() {
        panel.wheel(1, Position::new(3, 1), &mut session);
        seen.extend(look(&mut panel));
    }
    names.iter().for_each(|name| assert!(seen.contains(name), "{name}: {seen:?}"));
    assert!(!panel.view_summary().contains("zoomed"), "over the legend the wheel zooms nothing");
    let last = look(&mut panel);
    assert_eq!(last.last(), Some(&"r7"));
    panel.wheel(-1, Position::new(3, 1), &mut session);
    assert_ne!(look(&mut panel), last, "one step up is enough after too many down");
    panel.wheel(-1, Position::new(30, 9), &mut session);
    assert!(panel.view_summary().contains("zoomed"));
}
