//! The activations panel: pictures, and what scrubbing shows.

use hiresnet_tui::domain::annotation::Annotation;
use hiresnet_tui::domain::event::{BlockActivity, EventKind, HopActivity, Outcome, Split};
use hiresnet_tui::domain::histogram::Histogram;
use hiresnet_tui::domain::run_state::RunState;
use hiresnet_tui::engine::store::SavedRun;
use hiresnet_tui::tui::draft::Draft;
use hiresnet_tui::tui::panel::PanelKind;
use hiresnet_tui::tui::panels::activations::ActivationsPanel;
use hiresnet_tui::tui::session::Session;
use hiresnet_tui::tui::theme::{Depth, Ground, Symbols, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use made::{RunEvents, event, probed};

mod made;

const ASCII: Theme = Theme { depth: Depth::None, ground: Ground::Dark, symbols: Symbols::Ascii };
const BLOCK: Theme = Theme { depth: Depth::Ansi16, ground: Ground::Dark, symbols: Symbols::Block };

fn tell(run: &mut RunState, kind: EventKind) {
    run.apply(&event(0.0, kind));
}

fn started(line: &str) -> RunState {
    RunEvents::new(&line.parse().unwrap(), "").state()
}

/// F as a ReLU leaves it, a hop's term as batch norm does: a bell, wider for longer hops.
fn spread(order: usize) -> Option<Histogram> {
    let normal = |i: usize| {
        let sum: f64 = (1..=12).map(|n| (i as f64 * 0.618_034 * f64::from(n * n)).fract()).sum();
        sum - 6.0
    };
    let values = (1..=2000).map(normal).map(|v| match order {
        0 => v.max(0.0) as f32 * 1.5,
        order => (v * order as f64 / 2.0) as f32,
    });
    let mut made = Histogram::default();
    made.add(&values.collect::<Vec<_>>());
    Some(made)
}

/// Values that differ by block, source and epoch in a way that can be foretold.
fn probe(run: &mut RunState, epoch: usize, split: Split) {
    let spec = run.started.as_ref().unwrap().spec.clone();
    let measure = |block: usize, source: Option<usize>| match source {
        None => (0.4 * block as f64 + 0.1 * epoch as f64, spread(0)),
        Some(source) => (0.11 * ((block - source) * epoch) as f64, spread(block - source)),
    };
    tell(run, probed(&spec, epoch, split, &measure));
}

fn trained(line: &str, epochs: usize) -> RunState {
    let mut run = started(line);
    (1..=epochs).for_each(|epoch| probe(&mut run, epoch, Split::Validation));
    run
}

fn ended(line: &str, epochs: usize) -> RunState {
    let mut run = trained(line, epochs);
    probe(&mut run, 2, Split::Test);
    tell(&mut run, EventKind::Finished { outcome: Outcome::Completed, message: None });
    run
}

fn paint(
    panel: &mut ActivationsPanel,
    run: Option<&RunState>,
    baseline: Option<&RunState>,
    (width, height): (u16, u16),
    theme: &Theme,
) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let baseline = baseline.map(|run| ("resnet", run));
    panel.prepare(run, buffer.area);
    panel.paint(run.map(|run| ("resnet+hires", run)), baseline, buffer.area, &mut buffer, theme);
    let rows = buffer.content().chunks(width.max(1) as usize);
    let rows =
        rows.map(|row| row.iter().map(|cell| cell.symbol()).collect::<String>().trim_end().to_string());
    rows.collect::<Vec<_>>().join("\n").trim_end().to_string()
}

/// Presses the key that the config file calls `name` while `run` is the current one.
fn press(panel: &mut ActivationsPanel, name: &str, run: &RunState) {
    let spec = run.started.as_ref().map_or_else(|| THREE.parse().unwrap(), |facts| facts.spec.clone());
    let mut session = Session::new(Draft::new(spec.clone()).unwrap(), Theme::FULL);
    let path = "runs/r".into();
    session.runs.found(SavedRun {
        path,
        spec,
        state: run.clone(),
        torn: false,
        being_written: false,
        bytes: 0,
        annotation: Annotation::default(),
        annotation_error: None,
    });
    session.runs.refresh();
    let key = ActivationsPanel::KEYS.iter().find(|key| key.name == name).unwrap();
    (key.run)(panel, &mut session);
}

const THREE: &str = "resnet+hires@fashion-embedded";
const EIGHT: &str = "resnet+hires@fashion-embedded blocks=1,1,1,1,1,1,1,1 widths=8,8,8,8,8,8,8,8";

#[test]
fn every_panel() {
    let mut panel = ActivationsPanel::default();
    for (name, line) in
        [("three", THREE), ("eight", EIGHT), ("one", "resnet+hires@fashion blocks=1 widths=8")]
    {
        let run = trained(line, 7);
        for size in [(36, 8), (38, 16), (60, 22), (78, 19), (118, 36)] {
            let shown = paint(&mut panel, Some(&run), None, size, &Theme::FULL);
            assert!(shown.contains("block 1") && shown.contains("epoch 7/"), "{shown}");
            if name == "three" && [(36, 8), (78, 19)].contains(&size) {
                insta::assert_snapshot!(format!("three_{}x{}", size.0, size.1), shown);
            }
        }
    }
}

#[test]
fn how_values_are_spread() {
    let mut panel = ActivationsPanel::default();
    let run = trained(THREE, 3);
    press(&mut panel, "spread", &run);
    let shown =
        [(36, 8), (78, 12), (118, 16)].map(|size| paint(&mut panel, Some(&run), None, size, &Theme::FULL));
    insta::assert_snapshot!("spread_full", shown.join("\n\n"));
    let shown = [BLOCK, ASCII].map(|theme| paint(&mut panel, Some(&run), None, (78, 12), &theme));
    assert!(shown[1].is_ascii());
    insta::assert_snapshot!("spread_plain", shown.join("\n\n"));

    let mut old = run.clone();
    for block in old.probes.iter_mut().flat_map(|probe| &mut probe.blocks) {
        block.histogram = None;
        block.hops.iter_mut().for_each(|hop| hop.histogram = None);
    }
    let shown = paint(&mut panel, Some(&old), None, (78, 12), &Theme::FULL);
    assert!(shown.contains("This run recorded means only"), "{shown}");
    press(&mut panel, "spread", &run);
    assert!(paint(&mut panel, Some(&old), None, (78, 12), &Theme::FULL).contains("mean |activation|"));
}

#[test]
fn every_kind_of_terminal_and_a_baseline() {
    let (run, baseline) = (ended(THREE, 4), ended("resnet@fashion-embedded", 5));
    let mut panel = ActivationsPanel::default();
    for (name, theme) in [("full", Theme::FULL), ("block", BLOCK), ("ascii", ASCII)] {
        press(&mut panel, "epoch-last", &run);
        let test = paint(&mut panel, Some(&run), Some(&baseline), (118, 12), &theme);
        (0..2).for_each(|_| press(&mut panel, "epoch-back", &run));
        let third = paint(&mut panel, Some(&run), Some(&baseline), (78, 18), &theme);
        assert!(!theme.is_ascii() || (test.is_ascii() && third.is_ascii()), "{test}\n{third}");
        assert!(test.contains("baseline resnet"), "{test}");
        if name != "block" {
            insta::assert_snapshot!(format!("baseline_{name}"), format!("{test}\n\n{third}"));
        }
    }
}

#[test]
fn scrubbing_stays_within_the_run_and_follows_at_its_end() {
    let mut panel = ActivationsPanel::default();
    let mut run = trained(THREE, 3);
    let title = |panel: &mut ActivationsPanel, run: &RunState| {
        paint(panel, Some(run), None, (60, 10), &Theme::FULL).lines().next().unwrap().to_string()
    };
    assert!(title(&mut panel, &run).starts_with("epoch 3/10, validation split  live"));
    probe(&mut run, 4, Split::Validation);
    assert!(title(&mut panel, &run).starts_with("epoch 4/10, validation split  live"));
    press(&mut panel, "epoch-back", &run);
    assert!(title(&mut panel, &run).starts_with("epoch 3/10, validation split  pinned at epoch"));
    probe(&mut run, 5, Split::Validation);
    assert!(title(&mut panel, &run).starts_with("epoch 3/10, validation split  pinned at epoch"));
    (0..9).for_each(|_| press(&mut panel, "epoch-back", &run));
    assert!(title(&mut panel, &run).starts_with("epoch 1/10"));
    (0..9).for_each(|_| press(&mut panel, "epoch-on", &run));
    assert!(title(&mut panel, &run).contains("live"));
    press(&mut panel, "epoch-first", &run);
    assert!(title(&mut panel, &run).starts_with("epoch 1/10, validation split  pinned at epoch"));
    press(&mut panel, "epoch-last", &run);
    probe(&mut run, 2, Split::Test);
    tell(&mut run, EventKind::Finished { outcome: Outcome::Completed, message: None });
    assert!(title(&mut panel, &run).starts_with("test split, best weights (epoch 2)  final"));
    press(&mut panel, "epoch-back", &run);
    // Another run, which has fewer measurements.
    assert!(title(&mut panel, &trained(THREE, 2)).starts_with("epoch 2/10"));
    press(&mut panel, "epoch-on", &RunState::default());
}

#[test]
fn values_and_ratios_are_those_of_the_run() {
    let run = trained(THREE, 5);
    let shown = paint(&mut ActivationsPanel::default(), Some(&run), None, (100, 12), &Theme::FULL);
    // Block 3 at epoch 5: F is 1.7; 0→3 is 0.11·3·5.
    let row = shown.lines().find(|line| line.contains("0→3")).unwrap();
    let last: Vec<_> = row.split("0→3").nth(1).unwrap().split_whitespace().collect();
    assert_eq!(last[last.len() - 2..], ["1.65", "97%"]);
}

#[test]
fn every_row_can_be_scrolled_to_and_none_beyond() {
    let run = trained(EIGHT, 2);
    let mut panel = ActivationsPanel::default();
    let size = (40, 12);
    let first = paint(&mut panel, Some(&run), None, size, &Theme::FULL);
    assert!(first.contains("block 1") && first.contains("↓ ") && !first.contains("↑"), "{first}");
    (0..99).for_each(|_| press(&mut panel, "bars-down", &run));
    let last = paint(&mut panel, Some(&run), None, size, &Theme::FULL);
    assert!(last.contains("7→8") && last.contains("↑ ") && !last.contains("↓"), "{last}");
    press(&mut panel, "bars-up", &run);
    assert_ne!(paint(&mut panel, Some(&run), None, size, &Theme::FULL), last);
    (0..99).for_each(|_| press(&mut panel, "bars-up", &run));
    assert_eq!(paint(&mut panel, Some(&run), None, size, &Theme::FULL), first);
}

#[test]
fn without_data_it_says_when_there_will_be_some() {
    let mut panel = ActivationsPanel::default();
    let mut said = |run: Option<&RunState>| paint(&mut panel, run, None, (200, 3), &ASCII);
    assert!(said(None).starts_with("No run yet"));
    assert!(said(Some(&started(THREE))).starts_with("After the first epoch"));
    let unprobed = started("resnet+hires@fashion-embedded probe_images=0");
    assert!(said(Some(&unprobed)).starts_with("probe_images is 0"));
    let mut stopped = started(THREE);
    tell(&mut stopped, EventKind::Finished { outcome: Outcome::Stopped, message: None });
    assert!(said(Some(&stopped)).starts_with("no activations recorded"));
}

#[test]
fn no_size_is_too_small_and_no_value_too_odd() {
    let mut run = ended(EIGHT, 3);
    let odd = |value| HopActivity { source: 0, value, histogram: None };
    let hops = [f64::NAN, f64::INFINITY, 0.0, 1e300, 1e-300].map(odd).to_vec();
    let blocks = vec![BlockActivity { block: 1, residual: 0.0, histogram: None, hops }];
    tell(&mut run, EventKind::Probed { epoch: 4, split: Split::Validation, blocks });
    for fixed in [false, true] {
        let mut panel = ActivationsPanel::default();
        if fixed {
            press(&mut panel, "epoch-first", &run);
        }
        for width in 0..=100 {
            for height in 0..=40 {
                paint(&mut panel, Some(&run), Some(&ended(THREE, 1)), (width, height), &Theme::FULL);
            }
        }
    }
}

#[test]
fn histograms_are_as_tall_as_there_is_room() {
    let run = trained(THREE, 5);
    let mut panel = ActivationsPanel::default();
    press(&mut panel, "spread", &run);
    let rows = |panel: &mut ActivationsPanel, height: u16, said: &str| {
        let shown = paint(panel, Some(&run), None, (100, height), &Theme::FULL);
        assert!(shown.contains(said), "{shown}");
        // Each term is named once, whatever its height.
        assert_eq!(shown.matches("0→3").count(), 1, "{shown}");
        let is_drawn = |line: &&str| line.chars().any(|c| ('▁'..='█').contains(&c));
        shown.lines().filter(is_drawn).count()
    };
    let low = rows(&mut panel, 14, "near 0");
    let tall = rows(&mut panel, 50, "near 0");
    assert!(tall >= 3 * low, "{low} {tall}");
    press(&mut panel, "spread", &run);
    assert!(rows(&mut panel, 50, "epochs 1–10") > rows(&mut panel, 14, "epochs 1–10"));
    press(&mut panel, "spread", &run);
    assert_eq!(rows(&mut panel, 50, "mean |activation|"), rows(&mut panel, 14, "mean |activation|"));
}
